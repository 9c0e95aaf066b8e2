"""Reviews: how an agreement is kept, whatever the order of payments, and what follows if it is not."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.agreed import agreed, illness, paid_as_agreed
from laws import examples
from restructure.calculator.measures.books import MovementKind
from restructure.calculator.servicing.contract import Payment
from restructure.casework.agreements.performance import AgreementStatus
from restructure.casework.agreements.review import review, take_effect
from restructure.errors import InvalidInput
from restructure.intake.application import position_on
from restructure.policy.language.follow_up import Clock, FollowUp

PLAIN = agreed()
ROWS = PLAIN.plan.schedule.rows
FIRST = ROWS[0].due


def days_after(day: date, days: int) -> date:
    return day + timedelta(days=days)


def payments_of(draw_from):
    """Payments of any size on any day since the agreement, a few of them without an id."""
    return st.lists(
        st.builds(
            lambda days, cents, name: Payment(
                on=days_after(PLAIN.on, days), amount=Decimal(cents).scaleb(-2), id=name
            ),
            st.integers(0, 800),
            st.integers(0, 400_000),
            st.none() | st.uuids().map(str),
        ),
        max_size=draw_from,
    )


# --- laws


@examples(60)
@given(payments_of(12), st.randoms(use_true_random=False), st.integers(0, 3))
def test_any_order_and_payments_sent_twice_give_the_same_review(payments, random, again):
    agreement = agreed(grace_days=3, broken_after_missed=3, reversed_when_broken=("waived",))
    on = days_after(PLAIN.on, 800)
    shuffled = random.sample(payments, len(payments))
    shuffled += [one for one in shuffled[:again] if one.id]
    assert review(agreement, shuffled, on=on) == review(agreement, payments, on=on)


@examples(60)
@given(payments_of(12), st.integers(0, 800))
def test_every_cent_received_stands_in_an_instalment_or_goes_beyond_all_of_them(payments, days):
    on = days_after(PLAIN.on, days)
    known = [one for one in payments if one.on <= on]
    seen = review(PLAIN, known, on=on)
    total = sum((one.amount for one in known), Decimal(0))
    assert seen.received == total
    assert sum(one.paid for one in seen.instalments) == min(total, sum(one.total for one in seen.instalments))
    filling = [one.paid == one.total for one in seen.instalments if one.total]
    assert filling == sorted(filling, reverse=True), "an instalment was paid before an older one"
    due = sum((one.total for one in seen.instalments if one.due < on), Decimal(0))
    if seen.standing is not AgreementStatus.COMPLETED:
        assert seen.overdue == max(Decimal(0), due - total)
        assert (seen.days_past_due > 0) == (seen.overdue > 0)


@examples(40)
@given(payments_of(8), st.integers(0, 700), st.integers(1, 3), st.integers(0, 20))
def test_what_comes_back_is_what_was_given_up_and_stands_in_what_is_owed(payments, days, missed, grace):
    on = days_after(PLAIN.on, days)
    known = [one for one in payments if one.on <= on]
    kept = review(agreed(grace_days=grace, broken_after_missed=missed), known, on=on)
    back = review(
        agreed(grace_days=grace, broken_after_missed=missed, reversed_when_broken=("waived", "forgiven")),
        known,
        on=on,
    )
    assert (kept.standing, kept.broken_on, kept.reinstated) == (back.standing, back.broken_on, ())
    came = sum((one.amount for one in back.reinstated), Decimal(0))
    assert back.owed.buckets.claim == kept.owed.buckets.claim + came
    assert came == (PLAIN.plan.moved(MovementKind.WAIVED) if back.standing is AgreementStatus.BROKEN else 0)


@examples(40)
@given(payments_of(8), st.integers(0, 600), st.integers(0, 200))
def test_what_is_broken_or_completed_stays_so(payments, days, more):
    agreement = agreed(broken_after_days=30, broken_after_missed=2)
    early, later = days_after(PLAIN.on, days), days_after(PLAIN.on, days + more)
    first = review(agreement, [one for one in payments if one.on <= early], on=early)
    second = review(agreement, [one for one in payments if one.on <= later], on=later)
    for name in ("broken_on", "completed_on"):
        if getattr(first, name) is not None:
            assert getattr(second, name) == getattr(first, name)


# --- standing


def test_who_pays_every_instalment_on_its_day_is_on_track_and_then_done():
    payments = paid_as_agreed(PLAIN)
    half = review(PLAIN, payments[:12], on=ROWS[11].due)
    assert (half.standing, half.overdue, half.days_past_due) == (AgreementStatus.ON_TRACK, 0, 0)
    done = review(PLAIN, payments, on=ROWS[-1].due)
    assert (done.standing, done.completed_on) == (AgreementStatus.COMPLETED, ROWS[-1].due)
    assert done.owed.buckets.claim == 0


@pytest.mark.parametrize(("grace", "late", "standing"), [(0, 1, "late"), (3, 3, "on_track"), (3, 4, "late")])
def test_an_instalment_is_missed_once_its_days_of_grace_are_over(grace, late, standing):
    seen = review(agreed(grace_days=grace), [], on=days_after(FIRST, late))
    assert (seen.standing.value, seen.days_past_due) == (standing, late)


def test_on_the_due_date_nothing_is_late():
    seen = review(PLAIN, [], on=FIRST)
    assert (seen.standing, seen.overdue, seen.days_past_due) == (AgreementStatus.ON_TRACK, 0, 0)


def test_who_catches_up_is_cured_and_not_on_track():
    late = Payment(on=days_after(FIRST, 9), amount=ROWS[0].total)
    assert review(PLAIN, [late], on=late.on).standing is AgreementStatus.CURED


@pytest.mark.parametrize(
    ("short", "standing"), [("1.00", AgreementStatus.ON_TRACK), ("1.01", AgreementStatus.LATE)]
)
def test_what_the_policy_tolerates_is_not_missed(short, standing):
    agreement = agreed(tolerance="1.00")
    payment = Payment(on=FIRST, amount=ROWS[0].total - Decimal(short))
    assert review(agreement, [payment], on=days_after(FIRST, 5)).standing is standing


def test_tolerated_shortfalls_do_not_add_up_beyond_the_tolerance():
    agreement = agreed(tolerance="1.00")
    payments = [Payment(on=row.due, amount=row.total - Decimal("0.60")) for row in ROWS[:2]]
    seen = review(agreement, payments, on=days_after(ROWS[1].due, 1))
    assert [one.missed for one in seen.instalments[:2]] == [False, True]


@pytest.mark.parametrize(("days", "broken"), [(30, False), (31, True)])
def test_an_agreement_is_broken_by_lateness_on_the_first_day_beyond(days, broken):
    seen = review(agreed(broken_after_days=30), [], on=days_after(FIRST, days))
    assert (seen.standing is AgreementStatus.BROKEN) is broken
    assert seen.broken_on == (days_after(FIRST, 31) if broken else None)


def test_instalments_that_are_missed_one_after_another_do_not_break_an_agreement_for_two_at_one_time():
    agreement = agreed(broken_after_missed=2)
    late = [Payment(on=days_after(row.due, 20), amount=row.total) for row in ROWS[:3]]
    assert review(agreement, late, on=late[-1].on).standing is AgreementStatus.CURED
    seen = review(agreement, [], on=days_after(ROWS[1].due, 1))
    assert (seen.standing, seen.broken_on) == (AgreementStatus.BROKEN, days_after(ROWS[1].due, 1))


def test_paying_everything_that_is_owed_early_completes_the_agreement():
    day = days_after(ROWS[2].due, 10)
    regular = paid_as_agreed(PLAIN, 3)
    owed = review(PLAIN, regular, on=day).owed.buckets.claim
    seen = review(PLAIN, [*regular, Payment(on=day, amount=owed)], on=days_after(day, 200))
    assert (seen.standing, seen.completed_on, seen.overdue) == (AgreementStatus.COMPLETED, day, 0)
    short = review(PLAIN, [*regular, Payment(on=day, amount=owed - Decimal("0.01"))], on=day)
    assert short.completed_on is None


def test_a_trial_is_passed_by_payments_in_time_and_failed_by_a_miss():
    agreement = agreed(trial_payments=3, grace_days=5)
    on_time = paid_as_agreed(agreement, 3)
    passed = review(agreement, on_time, on=ROWS[2].due)
    assert (passed.trial.paid, passed.trial.passed_on) == (3, ROWS[2].due)
    failed = review(agreement, on_time[:1], on=days_after(ROWS[1].due, 6))
    assert (failed.trial.paid, failed.trial.failed_on) == (1, days_after(ROWS[1].due, 6))
    assert failed.standing is AgreementStatus.BROKEN
    assert "trial" in failed.reason


def test_while_a_trial_lasts_the_loan_is_owed_as_it_was_and_a_failed_one_gives_nothing_back():
    """What was never given up cannot come back."""
    agreement = agreed(trial_payments=3, reversed_when_broken=("waived",))
    loan, day = illness().loan, days_after(FIRST, 1)
    on_trial = review(agreement, [], on=PLAIN.on, loan=loan)
    assert on_trial.owed == PLAIN.plan.position
    failed = review(agreement, [], on=day, loan=loan)
    assert (failed.standing, failed.reinstated) == (AgreementStatus.BROKEN, ())
    assert failed.owed == position_on(loan, day)
    stated = review(agreement, [], on=day)
    assert stated.owed.buckets.claim > review(PLAIN, [], on=day).owed.buckets.claim


def test_a_passed_trial_lets_the_same_measures_take_effect_on_what_is_then_owed():
    agreement = agreed(trial_payments=3)
    payments = paid_as_agreed(agreement, 3)
    with pytest.raises(InvalidInput, match="trial-not-passed"):
        take_effect(agreement, payments[:2])
    with pytest.raises(InvalidInput, match="trial-not-passed"):
        take_effect(agreed(), payments)
    loan = illness().loan
    after = take_effect(agreement, payments, loan=loan)
    on = ROWS[2].due
    assert (after.id, after.effective_on, after.on_trial) == (agreement.id, on, False)
    assert after.plan.measures == agreement.plan.measures
    assert after.plan.position == review(agreement, payments, on=on, loan=loan).owed
    assert after.plan.identities.hold
    # Paid for the trial, the first three instalments pay nothing of the new plan; the fourth does.
    first = after.plan.schedule.rows[0]
    seen = review(after, [*payments, Payment(on=first.due, amount=first.total, id="n1")], on=first.due)
    assert (seen.received, seen.trial, seen.standing) == (first.total, None, AgreementStatus.ON_TRACK)


# --- clocks


def observed(**clock) -> FollowUp:
    return {"clocks": (Clock(id="observation", title={"en": "Observation"}, reference="own", **clock),)}


OBSERVATION = observed(months=12, instalments=2, starts="first_due", restarts_when_late=0)


def test_an_observation_of_a_year_runs_from_the_first_due_date():
    """The restructured-asset rule of China: from the first due date, two periods and a year at least."""
    (clock,) = review(agreed(**OBSERVATION), [], on=FIRST).clocks
    assert (clock.since, clock.ends) == (FIRST, FIRST.replace(year=FIRST.year + 1))


def test_an_observation_begins_anew_on_the_day_of_what_was_missed():
    agreement = agreed(**OBSERVATION)
    payments = paid_as_agreed(agreement, 8)
    payments[4] = payments[4].model_copy(update={"on": days_after(ROWS[4].due, 2)})
    seen = review(agreement, payments, on=ROWS[7].due)
    (clock,) = seen.clocks
    assert (clock.since, clock.restarts) == (ROWS[4].due, 1)
    assert clock.ends == ROWS[4].due.replace(year=ROWS[4].due.year + 1)


def test_two_periods_are_longer_than_a_year_for_a_loan_that_is_seldom_paid():
    (clock,) = review(agreed(**observed(months=1, instalments=2, starts="first_due")), [], on=FIRST).clocks
    assert clock.ends == ROWS[2].due


CHAIN = {
    "clocks": (
        Clock(id="cure", title={"en": "Cure"}, reference="own", months=12, starts="granted"),
        Clock(
            id="probation",
            title={"en": "Probation"},
            reference="own",
            months=24,
            follows="cure",
            restarts_when_late=30,
            restarts="cure",
        ),
    )
}


def test_probation_follows_cure_so_that_three_years_pass_at_least():
    """EBA Q&A 2014_1018: a year of cure, then two of probation."""
    cure, probation = review(agreed(**CHAIN), [], on=PLAIN.on).clocks
    on = PLAIN.plan.position.on
    assert (cure.since, cure.ends) == (on, on.replace(year=on.year + 1))
    assert (probation.since, probation.ends) == (cure.ends, on.replace(year=on.year + 3))


@pytest.mark.parametrize(("late", "restarts"), [(30, 0), (31, 1)])
def test_more_than_thirty_days_late_in_probation_begins_with_cure_again(late, restarts):
    agreement = agreed(**CHAIN)
    payments = paid_as_agreed(agreement)
    k = next(k for k, row in enumerate(ROWS) if row.due > days_after(PLAIN.on, 400))
    day = days_after(ROWS[k].due, late)
    payments = [one for one in payments[:k] if one.on <= day]
    payments.append(Payment(on=day, amount=ROWS[k].total, id="late"))
    cure, probation = review(agreement, payments, on=day).clocks
    assert cure.restarts == restarts
    if restarts:
        assert (cure.since, probation.since) == (days_after(ROWS[k].due, 31), cure.ends)


# --- wrong input


def codes(payments, *, on=None) -> list[str]:
    with pytest.raises(InvalidInput) as refused:
        review(PLAIN, payments, on=on or days_after(PLAIN.on, 100))
    return [issue.code for issue in refused.value.issues]


def test_payments_that_cannot_be_are_refused_together():
    found = codes(
        [
            Payment(on=days_after(PLAIN.on, -1), amount="1.00"),
            Payment(on=days_after(PLAIN.on, 101), amount="1.00"),
            Payment(on=PLAIN.on, amount="1.00", currency="USD"),
            Payment(on=PLAIN.on, amount="0.001"),
            Payment(on=PLAIN.on, amount="1.00", id="a"),
            Payment(on=PLAIN.on, amount="2.00", id="a"),
        ]
    )
    assert sorted(found) == sorted(
        [
            "payment-before-agreement",
            "date-after-decision",
            "currency-mixed",
            "money-scale",
            "payment-repeated",
        ]
    )


def test_a_negative_payment_cannot_be_made():
    with pytest.raises(ValueError, match="negative"):
        Payment(on=PLAIN.on, amount="-1.00")


def test_a_review_before_the_agreement_is_refused():
    assert codes([], on=days_after(PLAIN.on, -1)) == ["date-order"]


def test_lateness_costs_what_the_contract_says():
    loan, day = illness().loan, days_after(FIRST, 90)
    with_contract = review(PLAIN, [], on=day, loan=loan).owed
    without = review(PLAIN, [], on=day).owed
    assert loan.contract.penalty is not None
    assert with_contract.buckets.penalty > without.buckets.penalty == 0


@pytest.mark.parametrize(
    ("of", "where"), [("accrued", "interest_arrears"), ("penalty", "penalty"), ("interest_arrears",) * 2]
)
def test_what_comes_back_stands_where_it_would_be_owed_now(of, where):
    from restructure.calculator.measures.relief import Waive
    from restructure.calculator.plans.plan import reschedule

    waived = reschedule(PLAIN.plan.position, [Waive(of=of, share=1)])
    day = days_after(waived.schedule.rows[0].due, 1)
    kept, back = (
        review(
            agreed(broken_after_missed=1, reversed_when_broken=said).model_copy(update={"plan": waived}),
            [],
            on=day,
        )
        for said in ((), ("waived",))
    )
    amount = getattr(PLAIN.plan.position.buckets, of)
    assert amount > 0
    assert getattr(back.owed.buckets, where) - getattr(kept.owed.buckets, where) == amount


def test_principal_that_was_forgiven_comes_back_as_overdue():
    from restructure.calculator.measures.relief import Forgive
    from restructure.calculator.plans.plan import reschedule

    forgiven = reschedule(PLAIN.plan.position, [Forgive(amount="500")])
    day = days_after(forgiven.schedule.rows[0].due, 1)
    agreement = agreed(broken_after_missed=1, reversed_when_broken=("forgiven",)).model_copy(
        update={"plan": forgiven}
    )
    kept = review(agreement.model_copy(update={"follow_up": FollowUp(broken_after_missed=1)}), [], on=day)
    back = review(agreement, [], on=day)
    assert back.owed.buckets.principal_arrears - kept.owed.buckets.principal_arrears == 500
    assert back.owed.buckets.principal == kept.owed.buckets.principal


def test_who_paid_every_instalment_but_not_what_lateness_cost_still_owes_it():
    loan = illness().loan
    payments = paid_as_agreed(PLAIN)
    payments[4] = payments[4].model_copy(update={"on": days_after(ROWS[4].due, 9)})
    last = ROWS[-1].due
    seen = review(PLAIN, payments, on=last, loan=loan)
    assert (seen.standing, seen.completed_on) == (AgreementStatus.CURED, None)
    assert seen.owed.buckets.claim > 0
    assert str(seen.owed.buckets.claim) in seen.reason
    rest = Payment(on=last, amount=seen.owed.buckets.claim)
    assert review(PLAIN, [*payments, rest], on=last, loan=loan).standing is AgreementStatus.COMPLETED
    forgiving = agreed(tolerance=seen.owed.buckets.claim)
    assert review(forgiving, payments, on=last, loan=loan).standing is AgreementStatus.COMPLETED


def test_an_agreement_that_leaves_nothing_to_pay_is_completed_at_once():
    from restructure.calculator.measures.relief import Waive
    from restructure.calculator.plans.plan import reschedule
    from restructure.calculator.servicing.position import Buckets

    little = PLAIN.plan.position.model_copy(
        update={"buckets": Buckets(penalty="12.34"), "oldest_unpaid_due": None, "missed_instalments": 0}
    )
    nothing = reschedule(little, [Waive(of="penalty", share=1)])
    assert not nothing.schedule.rows
    seen = review(PLAIN.model_copy(update={"plan": nothing}), [], on=days_after(PLAIN.on, 3))
    assert (seen.standing, seen.completed_on, seen.instalments) == (AgreementStatus.COMPLETED, PLAIN.on, ())
