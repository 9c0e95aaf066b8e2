"""The two cases of the article this library began with, from the first warning to the end.

A sudden illness: warned, assessed, talked through, agreed, paid. Over-spending with no assessment: a reasoned answer,
and nobody is taken to court before one. Run it with `python examples/founding_article.py`.
"""

from datetime import timedelta
from pathlib import Path

from restructure import (
    CounterRequest,
    History,
    Payment,
    counter,
    decide,
    evidence_digest,
    load_policy,
    may_enforce,
    read_application,
    read_history,
    watch,
    write_history,
)

here = Path(__file__).parent
policy = load_policy("cn-consumer-finance")

# --- the success: illness, six more months and part of the interest given up

illness = read_application(here / "illness.json")
today = illness.as_of
seen = watch(illness, policy, on=today)
print(
    f"{today}: {illness.borrower.reference} is {seen.assessment.days_past_due} days past due ({seen.stage.value})."
)
for step in seen.steps:
    print(f"  next step: {step.title['en']}")
print(f"  enforcement: {seen.enforcement}")

decision = decide(illness, policy, on=today)
history = History().proposed(decision)
best = decision.offers[0]
print(
    f"{today}: {len(decision.offers)} offers; the best is {best.title['en']!r} at {best.plan.instalment:,} a month."
)

answer = counter(decision, CounterRequest(max_monthly_payment="2000"), policy, rule=best.rule)
round_ = answer.rounds[0]
print(f"  asked for at most 2,000 a month: {round_.answer.value}, {round_.message}")
history = history.countered(answer, on=today)
agreed_offer = answer.offers[0]

history = history.accepted(
    rule=agreed_offer.rule,
    on=today + timedelta(days=2),
    by=illness.borrower.reference,
    channel="phone",
    evidence=evidence_digest("the recording of the call in which the plan was read out"),
)
plan = history.agreement.plan
print(
    f"{history.agreement.on}: agreed by phone: {len(plan.schedule.rows)} instalments of {plan.instalment:,}."
)

for row in plan.schedule.rows:
    late = 3 if row.number == 5 else 0  # once the salary came late
    history = history.reviewed(row.due) if row.due > history.agreement.on else history
    history = history.paid(
        Payment(on=row.due + timedelta(days=late), amount=row.total, id=f"N-{row.number:02}")
    )
    history = history.reviewed(row.due + timedelta(days=late))
# Nothing else happened to this loan, so its file says that, and the lender's books can be told a class.
file = illness.model_copy(update={"history": ()})
for on in (plan.schedule.rows[0].due, plan.schedule.rows[-2].due):
    classed = history.review(on, policy=policy, application=file).classification
    print(f"{on}: suggested class {classed.value}, by {classed.grounds[0].title['en']!r}.")
last = plan.schedule.rows[-1].due
print(f"{last}: {history.review(last).reason}.")
history = history.paid(
    Payment(on=last, amount=history.review(last).owed.buckets.claim, id="N-rest")
).reviewed(last)
success = history.review(last)
print(
    f"{last}: {success.standing.value}; {success.received:,} received, {success.owed.buckets.claim:,} left."
)
assert read_history(write_history(history)) == history

# --- the failure: over-spending, long overdue, no assessment

overspending = read_application(here / "overspending.json")
on = overspending.as_of
refused = decide(overspending, policy, on=on)
print(f"{on}: {overspending.borrower.reference} asks; the outcome is {refused.outcome.value!r}, because:")
for gate in refused.failed_gates:
    print(f"  {gate.reason['en']}")
print(f"  still missing: {', '.join(one.place for one in refused.missing)}")
failure = History().proposed(refused)
allowed, why = may_enforce(failure, on=on)
print(f"  enforcement: {'may begin' if allowed else 'may not begin'}: {why}")
