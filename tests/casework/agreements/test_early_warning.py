"""Early warning: signals with their evidence, the policy's next steps, and no enforcement before an assessment."""

from datetime import timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cases import applications, consumer_policy, example, packaged, policy_of, small
from casework.agreed import SHOWN, illness
from laws import examples
from restructure.calculator.servicing.contract import Payment
from restructure.casework.agreements.case_history import History, Stage
from restructure.casework.agreements.early_warning import may_enforce, watch
from restructure.casework.agreements.history_file import read_history, write_history
from restructure.casework.agreements.performance import AgreementStatus
from restructure.casework.decisions.decision import decide
from restructure.casework.decisions.outcome import Outcome
from restructure.casework.decisions.rounds import CounterRequest
from restructure.casework.negotiation.counter import counter
from restructure.casework.negotiation.replay import replay
from restructure.errors import InvalidInput
from restructure.intake.application import Application, ContractLoan

POLICY = packaged("cn-consumer-finance")
CASE = illness()
DAY = CASE.as_of
ENFORCE = "  - {id: sue, title: Sue, text: Go to court., kind: enforce, reference: own, when: {fact: days_past_due, op: '>=', value: 0}}\n"


def steps(*rows: tuple[str, str, str]) -> str:
    return "".join(
        f"  - {{id: {name}, title: {name}, text: Do it., kind: {kind}, reference: own, when: {when}}}\n"
        for name, kind, when in rows
    )


def watching(*rows: tuple[str, str, str], more: str = ""):
    return policy_of(small(tail=f"actions:\n{steps(*rows)}{more}"))


SIGNALS = watching(
    (
        "drift",
        "call",
        "{all: [{fact: delay_lately, op: '>', value: {fact: delay_before}}, {fact: days_past_due, op: '==', value: 0}]}",
    ),
    ("partial", "call", "{fact: paid_in_part, op: '>=', value: 2}"),
    ("thin", "invite", "{fact: margin_share, op: '<', value: 5%}"),
    ("reset", "remind", "{fact: rate_change, op: '>', value: 0}"),
    ("early", "remind", "{fact: days_past_due, op: '>', value: 0}"),
    ("assess", "assess", "{fact: days_past_due, op: '>', value: 30}"),
    more=ENFORCE,
)


def loan_paid(*days_late: int, on_days: int = 200, parts: tuple[int, ...] = (), **terms) -> Application:
    """A loan of 12 × 1,000 without interest, its instalments paid so many days late, some of them in two parts."""
    data = example("illness")
    contract = {
        "currency": "CNY", "principal": "12000", "annual_rate": 0, "instalments": 12,
        "start": "2026-01-01", "first_due": "2026-02-01",
    } | terms  # fmt: skip
    payments = []
    for k, late in enumerate(days_late):
        due = f"2026-{k + 2:02}-01"
        on = (date_of(due) + timedelta(days=late)).isoformat()
        if k in parts:
            payments += [{"on": due, "amount": "400"}, {"on": on, "amount": "600"}]
        else:
            payments.append({"on": on, "amount": "1000"})
    last = max([payment["on"] for payment in payments], default="2026-01-31")
    data["loan"] = {"basis": "contract", "reference": "L", "contract": contract, "payments": payments}
    return Application.model_validate(data | {"as_of": last, "previous_restructurings": [], "hardship": {}})


def date_of(text: str):
    from datetime import date

    return date.fromisoformat(text)


def seen(application: Application, policy=SIGNALS, **more) -> list[str]:
    return [one.id for one in watch(application, policy, on=application.as_of, **more).steps]


# --- signals


def test_a_loan_that_is_paid_ever_later_is_called_before_anything_is_overdue():
    assert "drift" not in seen(loan_paid(0, 0, 0, 0, 0, 0))
    assert "drift" in seen(loan_paid(0, 0, 0, 2, 4, 7))
    found = watch(loan_paid(0, 0, 0, 2, 4, 7), SIGNALS, on=loan_paid(0, 0, 0, 2, 4, 7).as_of)
    assert (found.assessment.delay_before, found.assessment.delay_lately) == (0, 4)  # (2 + 4 + 7) / 3
    assert found.stage.value == "current"


def test_the_evidence_of_a_step_holds_the_figures_and_their_borders():
    found = watch(loan_paid(0, 0, 0, 0, parts=(1, 2)), SIGNALS, on=loan_paid(0, 0, 0, 0, parts=(1, 2)).as_of)
    assert [one.id for one in found.steps] == []
    found = loan_paid(0, 3, 3, 0, parts=(1, 2))
    (step,) = [one for one in watch(found, SIGNALS, on=found.as_of).steps if one.id == "partial"]
    assert [(one.fact, one.actual, one.op, one.threshold) for one in step.because] == [
        ("paid_in_part", "2", ">=", "2")
    ]


def test_what_a_borrower_has_left_over_warns_before_it_is_gone():
    data = example("illness")
    data["finances"]["income"] = [{"source": "wage", "monthly": "7500.00", "verified": True}]
    case = Application.model_validate(data)
    facts = watch(case, SIGNALS, on=case.as_of).assessment
    assert facts.margin == 7500 - 4600 - 300 - facts.instalment_before
    assert "thin" in seen(case)


def test_an_agreed_rise_of_the_rate_is_seen_coming():
    rising = loan_paid(0, annual_rate="6%", rates=[{"starts": "2026-09-01", "annual_rate": "9%"}])
    facts = watch(rising, SIGNALS, on=rising.as_of).assessment
    assert (facts.next_rate_change.isoformat(), str(facts.rate_change)) == ("2026-09-01", "0.030000")
    assert "reset" in seen(rising)
    falling = loan_paid(0, annual_rate="6%", rates=[{"starts": "2026-09-01", "annual_rate": "3%"}])
    assert "reset" not in seen(falling)


def test_each_stage_of_lateness_has_its_step():
    late = CASE.model_copy(update={"as_of": DAY})
    assert {"early", "assess"} <= set(seen(late))
    assert watch(late, SIGNALS, on=DAY).stage.value == "31-60 days"


def test_a_loan_by_stated_balances_says_nothing_about_how_it_was_paid():
    from bench.thirty import stated

    case = stated(CASE)
    facts = watch(case, SIGNALS, on=case.as_of).assessment
    assert (facts.delay_lately, facts.paid_late, facts.paid_in_part) == (None, None, None)
    assert "drift" not in seen(case)


# --- no enforcement before assessment


def begun(application=CASE, policy=POLICY, **follow_up) -> History:
    from restructure.policy.language.follow_up import FollowUp

    decision = decide(application, policy, on=application.as_of)
    return History().proposed(decision.model_copy(update={"follow_up": FollowUp(**follow_up)}))


def running(**follow_up) -> History:
    return begun(**follow_up).accepted(
        rule="illness-relief", on=DAY, by=CASE.borrower.reference, channel="phone", evidence=SHOWN
    )


def test_enforcement_is_withheld_and_said_to_be():
    found = watch(CASE, SIGNALS, on=DAY)
    assert [one.id for one in found.withheld] == ["sue"]
    assert "sue" not in [one.id for one in found.steps]
    assert found.enforcement == "no assessment has been made"


def test_an_open_offer_bars_enforcement_until_it_runs_out():
    history = begun(valid_days=14)
    assert may_enforce(history, on=DAY + timedelta(days=14)) == (False, "an offer is open")
    allowed, why = may_enforce(history, on=DAY + timedelta(days=15))
    assert allowed
    assert "expired" in why
    assert not may_enforce(begun(), on=DAY + timedelta(days=9999))[0], "an offer without end stays open"


def test_an_agreement_bars_enforcement_until_it_is_broken():
    history = running(broken_after_days=60)
    first = history.agreement.plan.schedule.rows[0].due
    assert not may_enforce(history, on=first + timedelta(days=60))[0]
    assert may_enforce(history, on=first + timedelta(days=61))[0]


def test_a_decision_withholds_what_its_own_record_bars():
    enforcing = watching(("early", "remind", "{fact: days_past_due, op: '>', value: 0}"), more=ENFORCE)
    decision = decide(CASE, enforcing, on=DAY)
    assert decision.enforcement_barred
    assert [one.id for one in decision.actions] == ["early"]


def test_the_history_of_another_loan_opens_nothing():
    other = loan_paid(0, 0)
    with pytest.raises(InvalidInput, match="loan-differs"):
        watch(other, SIGNALS, on=other.as_of, history=begun())


@st.composite
def histories(draw):
    """Any history of a random case: decided or not, accepted or not, paid in any way, reviewed or not."""
    application = draw(applications())
    policy = consumer_policy(application.loan.currency)
    if draw(st.booleans()):
        return application, None, application.as_of
    decision = decide(application, policy, on=application.as_of)
    from restructure.policy.language.follow_up import FollowUp

    asked = FollowUp(
        valid_days=draw(st.none() | st.integers(0, 40)),
        broken_after_missed=draw(st.none() | st.integers(1, 3)),
        grace_days=draw(st.integers(0, 10)),
    )
    history = History().proposed(decision.model_copy(update={"follow_up": asked}))
    on = decision.on + timedelta(days=draw(st.integers(0, 400)))
    for _ in range(draw(st.integers(0, 2)) if decision.offers else 0):
        most = draw(st.sampled_from(history.decision.offers)).plan.instalment * draw(st.integers(3, 6)) / 5
        answer = counter(history.decision, CounterRequest(max_monthly_payment=f"{most:.2f}"), policy)
        history = history.countered(answer, on=decision.on)
        assert history.decision == answer
    if decision.offers and draw(st.booleans()):
        history = history.accepted(
            rule=draw(st.sampled_from([one.rule for one in decision.offers])),
            on=decision.on, by=application.borrower.reference, channel="written", evidence=SHOWN,
        )  # fmt: skip
        for k, row in enumerate(history.agreement.plan.schedule.rows[:12]):
            if row.due <= on and draw(st.booleans()):
                history = history.paid(Payment(on=row.due, amount=row.total, id=str(k)))
        if draw(st.booleans()):
            history = history.reviewed(on)
    return application, history, on


@examples(150)
@given(histories())
def test_enforcement_begins_only_after_a_complete_assessment_and_its_answer(case):
    _, history, on = case
    allowed, why = may_enforce(history, on=on)
    assert why
    if not allowed:
        return
    decision = history.decision
    assert decision.assessment.file_complete
    if decision.outcome is Outcome.DECLINE:
        assert decision.refusals
        return
    assert decision.outcome is Outcome.OFFER
    assert decision.offers
    if history.agreement is not None:
        assert history.review(on).standing is AgreementStatus.BROKEN
    else:
        assert history.stage in (Stage.PROPOSED, Stage.WITHDRAWN)
        assert on > decision.on + timedelta(days=decision.follow_up.valid_days)


@examples(60)
@given(histories())
def test_any_history_is_read_as_it_was_written_and_its_negotiation_replays(case):
    application, history, on = case
    assume(history is not None)
    again = read_history(write_history(history))
    assert again == history
    assert (again.stage, again.decision, again.agreement) == (
        history.stage,
        history.decision,
        history.agreement,
    )
    if history.agreement is not None:
        assert again.review(on) == history.review(on)
    # The strategy changes what the policy asks for, and the replay notices nothing else.
    told = replay(again.decision, consumer_policy(application.loan.currency))
    assert all(one.startswith("follow_up") for one in told.differences)


@examples(60)
@given(histories())
def test_a_step_of_enforcement_is_returned_only_where_it_may_be(case):
    application, history, on = case
    if not isinstance(application.loan, ContractLoan):
        on = application.as_of
    policy = watching(more=ENFORCE).model_copy(update={"currency": application.loan.currency})
    found = watch(application, policy, on=on, history=history)
    allowed, _ = may_enforce(history, on=on)
    assert [one.id for one in found.steps] == (["sue"] if allowed else [])
    assert [one.id for one in found.withheld] == ([] if allowed else ["sue"])


def test_a_refusal_on_an_incomplete_file_opens_no_enforcement():
    data = example("illness")
    data["hardship"]["evidence"] = []
    incomplete = Application.model_validate(data)
    refusing = watching(more=ENFORCE + "limits:\n  - {id: no, title: No, reason: No., reference: own, "
                        "require: {fact: instalment_after, op: '<', value: 1}}\n")  # fmt: skip
    decision = decide(incomplete, refusing, on=DAY)
    assert decision.outcome is Outcome.DECLINE
    assert not decision.assessment.file_complete
    history = History().proposed(decision)
    assert may_enforce(history, on=DAY) == (False, "the assessment is not complete")
    whole = History().proposed(decide(CASE, refusing, on=DAY))
    assert may_enforce(whole, on=DAY)[0]
