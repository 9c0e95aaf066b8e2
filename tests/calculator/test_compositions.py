"""All measures together on any position: every cent read again from outside, the laws of composition, worked cases."""

import itertools
from collections import Counter
from datetime import timedelta
from decimal import Decimal, localcontext
from fractions import Fraction
from math import ceil

import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from calculator.oracles import fraction_of_year, rounded
from calculator.replay import BUCKETS, Replay, only, rhythm
from compositions import compositions, owed
from restructure.calculator.figures import compare
from restructure.calculator.measures import (
    Capitalise,
    ChangeFrequency,
    ChangeMethod,
    ChangeRate,
    Extend,
    Forgive,
    Holiday,
    MoveDue,
    Park,
    Pay,
    Reamortise,
    Settle,
    Spread,
    Waive,
)
from restructure.calculator.plan import MovementKind, Plan, reschedule
from restructure.calculator.position import Buckets, Position
from restructure.calculator.presets import preset
from restructure.calculator.schedule import Schedule
from restructure.calculator.terms import Repayment
from restructure.errors import CATALOGUE, Refused
from strategies import DECIMALS, major, rates

# --- every composition


def outcome(position: Position, measures) -> Plan | list[str]:
    """The plan, or the codes it is refused with."""
    try:
        return reschedule(position, measures)
    except Refused as refused:
        return [issue.code for issue in refused.issues]


def known(plan: Plan) -> tuple:
    """What of a plan may not depend on the order in which measures are listed."""
    return plan.schedule, plan.before, plan.instalment, plan.repayment, plan.identities, plan.changes


def check_order(position: Position, measures, listings) -> None:
    """Any listing gives the same plan, or is refused for the same reason."""
    first = outcome(position, measures)
    for listed in listings:
        other = outcome(position, listed)
        if isinstance(first, list):
            assert other == first
        else:
            assert known(other) == known(first)
            assert Counter(other.ledger) == Counter(first.ledger)
            assert compare(other) == compare(first)


def check_composition(case, random) -> bool:
    """Everything there is to check; tells whether the measures could be carried out."""
    position, measures = case
    check_order(position, measures, [random.sample(measures, len(measures))])
    plan = outcome(position, measures)
    if isinstance(plan, list):
        assert plan
        assert set(plan) <= CATALOGUE.keys()
        event(plan[0])
        return False
    seen = Replay(plan)
    seen.check()
    check_figures(plan)
    check_json(plan)
    if seen.amortised and seen.settlement is None:
        check_repayment(seen)
    return True


def check_repayment(seen: Replay) -> None:
    """The repayment of a plan repays, on its own, the balance that the plan amortises."""
    plan, position = seen.plan, seen.position
    if seen.covered(kept=False) or position.buckets.accrued or plan.repayment.instalment == 0:
        return  # what the first instalment covers of interest from before is no part of the repayment
    again = reschedule(
        Position(
            on=position.on,
            currency=position.currency,
            buckets=Buckets(principal=major(seen.amortised, position.currency)),
            repayment=plan.repayment,
        )
    )
    for old, new in zip(plan.schedule.rows, again.schedule.rows, strict=False):
        assert (old.due, old.principal, old.balance) == (new.due, new.principal, new.balance)


def check_json(plan: Plan) -> None:
    read = Plan.model_validate_json(plan.model_dump_json())
    assert read == plan
    assert hash(read.schedule.rows) == hash(plan.schedule.rows)


def run_compositions(number: int, **options) -> Counter:
    tried: Counter = Counter()

    @settings(max_examples=number, **options)
    @given(compositions(), st.randoms(use_true_random=False))
    def draw(case, random):
        tried[check_composition(case, random)] += 1

    draw()
    return tried


def test_every_cent_of_any_composition_is_accounted_for():
    tried = run_compositions(500)
    assert tried[True] > 0.85 * tried.total()


@pytest.mark.slow
def test_every_cent_of_twenty_thousand_compositions_is_accounted_for(record_property):
    tried = run_compositions(20_000)
    record_property("accepted", tried[True])
    print(f"\n{tried[True]:,} of {tried.total():,} compositions could be carried out")
    assert tried.total() >= 20_000
    assert tried[True] > 0.85 * tried.total()


@settings(max_examples=40)
@given(compositions())
def test_all_listings_of_a_small_set_are_one_set(case):
    position, measures = case
    few = measures[:4]
    check_order(position, few, itertools.permutations(few))


# --- figures


def months_of(plan: Plan, schedule: Schedule) -> list[Fraction]:
    """Scheduled months from the effective date to each row."""
    borders = [plan.position.on, *(row.due for row in schedule.rows)]
    anchor = plan.position.repayment.anchor_day or plan.position.repayment.first_due.day
    steps = (
        fraction_of_year("30/360 by month", a, b, anchor)
        if a <= b
        else -fraction_of_year("30/360 by month", b, a, anchor)
        for a, b in itertools.pairwise(borders)
    )
    return [12 * years for years in itertools.accumulate(steps)]


def worth(schedule: Schedule, months: list[Fraction], rate: Decimal) -> Decimal:
    """Present value of the rows at a rate a month, in major units."""
    fall = -(1 + rate).ln()
    return sum(
        (
            row.total * (fall * at.numerator / at.denominator).exp()
            for row, at in zip(schedule.rows, months, strict=True)
            if row.total
        ),
        Decimal(0),
    )


def check_figures(plan: Plan) -> None:
    """Work every figure out again, from the public models and in decimals."""
    figures, position = compare(plan), plan.position
    seen = Replay(plan)
    unit = Decimal(1).scaleb(-DECIMALS[position.currency])
    before = [row.total for row in plan.before.rows]
    after = [row.total for row in plan.schedule.rows]
    paid = sum((m.amount for m in plan.ledger if m.kind == "paid"), Decimal(0))
    given_up = {kind: seen.moved(kind) * unit for kind in ("waived", "forgiven")}
    claim = sum((getattr(position.buckets, name) for name in BUCKETS), Decimal(0))
    assert figures.total_after == sum(after, paid)
    assert figures.extra_cost == sum(after, paid) - sum(before, Decimal(0))
    assert figures.highest_payment_after == max([*after, paid])
    assert figures.interest_after == sum((row.accrued for row in plan.schedule.rows), Decimal(0))
    assert (figures.waived, figures.forgiven) == (given_up["waived"], given_up["forgiven"])
    relief = sum(given_up.values(), Decimal(0))
    assert figures.relief == relief
    assert figures.relief_share == Decimal(rounded(Fraction(relief) / Fraction(claim) * 10**6)).scaleb(-6)
    assert figures.instalment_after == plan.instalment
    old = Fraction(position.regular_instalment)
    fall = (old - Fraction(plan.instalment)) / (old or Fraction(unit))
    assert figures.payment_reduction == Decimal(rounded(fall * 10**6)).scaleb(-6)
    assert figures.term_after == len(after)
    assert figures.term_added == len(after) - position.repayment.instalments
    assert figures.last_due_after == (plan.schedule.rows[-1].due if after else position.on)
    months = months_of(plan, plan.schedule)
    check_present_values(plan, figures, claim, paid, months)
    repaid = [row.principal + row.arrears_principal + row.parked_principal for row in plan.schedule.rows]
    life = Fraction(0)
    if sum(repaid):
        weighted = (Fraction(part) * at for part, at in zip(repaid, months, strict=True))
        life = sum(weighted, Fraction(0)) / (12 * Fraction(sum(repaid)))
    assert abs(Fraction(figures.weighted_average_life_after) - life) <= Fraction(50001, 10**9)


def check_present_values(plan: Plan, figures, claim: Decimal, paid: Decimal, months: list[Fraction]) -> None:
    rate = plan.position.repayment.annual_rate
    with localcontext(prec=40):
        month = Decimal(rate.numerator) / rate.denominator / 12
        unit = Decimal(1).scaleb(-DECIMALS[plan.position.currency])
        old = worth(plan.before, months_of(plan, plan.before), month)
        new = worth(plan.schedule, months, month) + paid
        assert abs(figures.modification_loss - (old - new)) <= unit * Decimal("0.5001") + old * Decimal(
            "1e-12"
        )
        if old:
            assert abs(figures.npv_loss - (1 - new / old)) <= Decimal("0.00000051")
        assert figures.substantial_modification == (abs(figures.npv_loss) >= Decimal("0.1"))
        if not plan.measures:
            assert figures.npv_loss == figures.modification_loss == figures.extra_cost == figures.relief == 0
        # What a holiday gives up accrued after the claim, so it is no part of it.
        given_up = sum(
            (m.amount for m in plan.ledger if m.kind in ("waived", "forgiven") and m.on == plan.position.on),
            Decimal(0),
        )
        financed = claim - given_up - paid
        if financed <= 0 or plan.schedule.total <= financed:
            assert figures.apr_after == figures.apr_effective_after == 0
            return
        step = Decimal("0.0000501")
        low = max(figures.apr_after - step, Decimal(0)) / 12
        high = (figures.apr_after + step) / 12
        slack = financed * Decimal("1e-9")
        assert worth(plan.schedule, months, low) >= financed - slack
        assert worth(plan.schedule, months, high) <= financed + slack
        effective = ((1 + low) ** 12 - 1, (1 + high) ** 12 - 1)
        assert effective[0] - step <= figures.apr_effective_after <= effective[1] + step


# --- the laws of composition


def carried_out(position: Position, measures) -> Plan:
    plan = outcome(position, measures)
    if isinstance(plan, list):
        event(plan[0])
        assume(False)
    return plan


def nothings(position: Position) -> list:
    """Every measure that changes nothing."""
    terms = position.repayment
    anchor = terms.anchor_day or terms.first_due.day
    if terms.moves and terms.moves[0].instalment == 1:
        anchor = terms.moves[0].anchor_day or terms.moves[0].to.day
    turns = [one.starts for one in terms.rates if one.starts > position.on]
    until = {"ends": turns[0]} if turns else {}
    rate = [one.annual_rate for one in terms.rates if one.starts <= position.on] or [terms.annual_rate]
    unit, size = rhythm(terms.every)
    return [
        Pay(amount=0),
        *(Waive(of=bucket, share=0) for bucket in ("interest_arrears", "accrued", "penalty", "fees")),
        Waive(of="fees", share=1, cap=0),
        Waive(of="accrued", amount=0),
        Forgive(share=0),
        Forgive(of="parked", amount=0),
        Forgive(of="principal_arrears", share=0),
        Park(of="principal", share=0, annual_rate="5%", until=position.on + timedelta(days=40)),
        Park(of=["fees", "parked"], share=0),
        Holiday(instalments=0, starts=3, interest="waive"),
        Holiday(instalments=0, share="1/2", keep_term=True),
        Extend(instalments=0),
        ChangeRate(annual_rate=rate[-1], **until),
        ChangeMethod(method=terms.method, steps=terms.steps),
        ChangeFrequency(every=terms.every),
        ChangeFrequency(every=f"{size} {unit}")
        if unit in ("days", "months")
        else ChangeFrequency(every=terms.every),
        MoveDue(to=terms.dues(1)[0], anchor_day=anchor),
    ]


@settings(max_examples=60)
@given(owed(), st.data())
def test_measures_that_do_nothing_leave_everything_as_it_is(position, data):
    untouched = carried_out(position, [])
    for nothing in nothings(position):
        plan = outcome(position, [nothing])
        assert not isinstance(plan, list), (nothing, plan)
        assert plan.schedule == plan.before == untouched.schedule, nothing
        assert plan.ledger == untouched.ledger, nothing
        assert (plan.instalment, plan.repayment) == (untouched.instalment, untouched.repayment), nothing
        assert all(change.unchanged for change in plan.changes)


@settings(max_examples=60)
@given(compositions(), st.data())
def test_measures_that_do_nothing_add_nothing_to_a_set(case, data):
    position, measures = case
    plan = carried_out(position, measures)
    kinds = (Pay, Waive, Forgive) if only(measures, Settle) else (Pay, Waive, Forgive, Extend, Holiday)
    more = [
        one
        for one in nothings(position)
        if isinstance(one, kinds) and not (isinstance(one, Extend) and only(measures, Reamortise))
    ]
    again = reschedule(position, [*more, *measures])
    assert known(again) == known(plan)
    assert again.ledger == plan.ledger


def parts_of(position: Position, data):
    """A measure in two parts, and in one."""
    currency, held = position.currency, {}
    for name in BUCKETS:
        held[name] = int(getattr(position.buckets, name).scaleb(DECIMALS[currency]))
    draw = data.draw
    count = position.repayment.instalments
    a, b = draw(st.integers(0, 6)), draw(st.integers(0, 6))
    yield [Extend(instalments=a), Extend(instalments=b)], [Extend(instalments=a + b)]
    yield [Extend(instalments=a + b), Extend(instalments=-b)], [Extend(instalments=a)]
    share = st.sampled_from([Fraction(0), Fraction(1, 3), Fraction(1, 2), Fraction(1, 7)])
    until = draw(st.none() | st.integers(1, 500).map(lambda days: position.on + timedelta(days=days)))

    def amounts(most):
        one = draw(st.integers(0, most))
        two = draw(st.integers(0, most - one))
        return major(one, currency), major(two, currency), major(one + two, currency)

    one, two, both = amounts(sum(held.values()))
    yield [Pay(amount=one), Pay(amount=two)], [Pay(amount=both)]
    for bucket in ("interest_arrears", "accrued", "penalty", "fees"):
        one, two, both = amounts(held[bucket])
        yield [Waive(of=bucket, amount=one), Waive(of=bucket, amount=two)], [Waive(of=bucket, amount=both)]
        x, y = draw(share), draw(share)
        yield [Waive(of=bucket, share=x), Waive(of=bucket, share=y)], [Waive(of=bucket, share=x + y)]
    for bucket in ("principal", "principal_arrears", "parked"):
        one, two, both = amounts(held[bucket])
        yield (
            [Forgive(of=bucket, amount=one), Forgive(of=bucket, amount=two)],
            [Forgive(of=bucket, amount=both)],
        )
    for bucket in BUCKETS:
        one, two, both = amounts(held[bucket])
        more = dict(until=until, annual_rate=draw(st.sampled_from(["0", "5%"])))
        yield (
            [Park(of=bucket, amount=one, **more), Park(of=bucket, amount=two, **more)],
            [Park(of=bucket, amount=both, **more)],
        )
        x, y = draw(share), draw(share)
        yield (
            [Park(of=bucket, share=x, **more), Park(of=bucket, share=y, **more)],
            [Park(of=bucket, share=x + y, **more)],
        )
    yield (
        [
            Spread(of="fees"),
            Spread(of="penalty"),
            Capitalise(of="accrued"),
            Capitalise(of="interest_arrears"),
        ],
        [Spread(of=["fees", "penalty"]), Capitalise(of=["interest_arrears", "accrued"])],
    )
    middle = position.on + timedelta(days=draw(st.integers(1, 200)))
    yield (
        [ChangeRate(annual_rate="7%", ends=middle), ChangeRate(annual_rate="7%", starts=middle)],
        [ChangeRate(annual_rate="7%")],
    )
    if not position.repayment.suspensions and count:
        paid = dict(
            interest=draw(st.sampled_from(["capitalise", "waive"])),
            pay=draw(st.sampled_from(["none", "interest"])),
        )
        yield (
            [Holiday(instalments=1, **paid), Holiday(instalments=2, starts=2, **paid)],
            [Holiday(instalments=3, **paid)],
        )


@settings(max_examples=25)
@given(owed(), st.data())
def test_two_parts_of_a_measure_are_the_whole_measure(position, data):
    for parts, whole in parts_of(position, data):
        two, one = outcome(position, parts), outcome(position, whole)
        if isinstance(one, list):
            assert two == one, whole
            continue
        assert not isinstance(two, list), (two, whole)
        assert (two.schedule, two.instalment, two.changes) == (one.schedule, one.instalment, one.changes), (
            whole
        )
        assert isinstance(whole[0], Holiday) or two.repayment == one.repayment, whole

        dated = not isinstance(whole[0], Holiday)

        def booked(plan, dated=dated):
            sums: Counter = Counter()
            for move in plan.ledger:
                sums[move.on if dated else None, move.kind, move.bucket] += move.amount
            return sums

        assert booked(two) == booked(one), whole


@settings(max_examples=60)
@given(owed(), st.sampled_from(["pay", "give up", "both"]), st.booleans())
def test_when_everything_is_paid_or_given_up_nothing_is_left_to_pay(position, how, more):
    carried_out(position, [])
    buckets = position.buckets
    relief = [
        *(Waive(of=bucket, share=1) for bucket in ("interest_arrears", "accrued", "penalty", "fees")),
        *(Forgive(of=bucket, share=1) for bucket in ("principal", "principal_arrears", "parked")),
    ]
    paid = {"pay": buckets.claim, "give up": Decimal(0), "both": major(1, position.currency)}[how]
    measures = [Pay(amount=paid), *(relief if how != "pay" else [])]
    # What would change instalments changes nothing where none are left.
    others = (
        [Holiday(instalments=2), Extend(instalments=3), Capitalise(of="fees"), Reamortise()] if more else []
    )
    plan = reschedule(position, [*measures, *others])
    assert (len(plan.schedule.rows), plan.schedule.total, plan.schedule.last_due) == (0, 0, None)
    assert (plan.instalment, plan.up_front, plan.repayment.instalments) == (0, paid, 0)
    assert plan.identities.hold
    assert plan.moved(MovementKind.WAIVED) + plan.moved(MovementKind.FORGIVEN) == buckets.claim - paid
    figures = compare(plan)
    assert (figures.total_after, figures.highest_payment_after, figures.term_after) == (paid, paid, 0)
    assert (figures.last_due_after, figures.interest_after) == (position.on, 0)
    assert figures.relief == buckets.claim - paid
    check_figures(plan)
    check_json(plan)
    Replay(plan).check()


@settings(max_examples=40)
@given(owed(), st.integers(1, 3), st.integers(0, 400))
def test_settling_for_the_whole_claim_loses_nothing(position, number, wait):
    carried_out(position, [])
    claim = int(position.buckets.claim.scaleb(DECIMALS[position.currency]))
    sums = [claim // number] * (number - 1) + [claim - claim // number * (number - 1)]
    plan = reschedule(
        position,
        [
            Settle(
                payments=[
                    dict(on=position.on + timedelta(days=wait + k), amount=major(amount, position.currency))
                    for k, amount in enumerate(sums)
                ]
            )
        ],
    )
    figures = compare(plan)
    assert (figures.relief, figures.total_after) == (0, position.buckets.claim)
    # Every bucket is paid in full, in the column of what it is.
    assert {m.kind for m in plan.ledger} == {MovementKind.CARRIED}
    Replay(plan).check()


@settings(max_examples=40)
@given(owed(fewest=1), st.fractions(0, 1, max_denominator=20))
def test_forgiving_principal_and_solving_anew_is_the_plan_of_a_smaller_loan(position, share):
    assume(position.repayment.flat_base is None and not position.buckets.parked)
    forgiven = carried_out(position, [Forgive(share=share), Reamortise()])
    left = position.buckets.principal - forgiven.moved(MovementKind.FORGIVEN)
    assume(left)
    smaller = position.model_copy(update={"buckets": position.buckets.model_copy(update={"principal": left})})
    plan = reschedule(smaller, [Reamortise()])
    assert plan.schedule == forgiven.schedule
    assert (plan.instalment, plan.repayment) == (forgiven.instalment, forgiven.repayment)


@settings(max_examples=40)
@given(owed(fewest=1), st.integers(1, 12))
def test_presets_are_the_measures_they_stand_for(position, number):
    arrears = ["fees", "penalty", "interest_arrears", "principal_arrears"]
    first_due = position.on + timedelta(days=35)
    written_out = {
        ("payment holiday", number): [Holiday(instalments=number)],
        ("interest-only period", number): [Holiday(instalments=number, pay="interest")],
        ("repayment plan", number): [Spread(of=arrears, instalments=number)],
        ("deferral to the end", None): [Park(of=arrears)],
        ("re-amortise", None): [
            Capitalise(of="principal_arrears"),
            Reamortise(covers=["interest_arrears", "accrued"]),
        ],
        ("re-age", (first_due, "2 weeks", number)): [
            Capitalise(of="principal_arrears"),
            MoveDue(to=first_due),
            ChangeFrequency(every="2 weeks", instalments=number),
            Reamortise(covers=["interest_arrears", "accrued"]),
        ],
        ("个性化分期", (Fraction(1, 10), number)): [
            Capitalise(of=["principal_arrears", "interest_arrears", "accrued", "fees"]),
            ChangeRate(annual_rate="10%"),
            ChangeFrequency(every="1 month", instalments=number),
        ],
    }
    for (name, said), measures in written_out.items():
        match said:
            case None:
                values = {}
            case int():
                values = {"instalments": said}
            case (due, every, count):
                values = {"first_due": due, "every": every, "instalments": count}
            case (rate, count):
                values = {"annual_rate": rate, "instalments": count}
        assert outcome(position, preset(name, **values)) == outcome(position, measures), name


# --- monotonicities that are false to the cent, with their bound (DESIGN §4)


def bound(rate: Fraction, count: int) -> int:
    """0.5·((1+r)^n − 1)/r + 0.5·n·(1+r)^n + 1 cents, for the whole life of a monthly level loan."""
    month = rate / 12
    growth = (1 + month) ** count
    return ceil(Fraction(1, 2) * ((growth - 1) / month if month else count) + Fraction(count, 2) * growth + 1)


def monthly(cents: int, rate: Fraction, count: int, **buckets) -> Position:
    return Position(
        on="2026-03-18",
        currency="CNY",
        buckets=Buckets(principal=major(cents), **{name: major(amount) for name, amount in buckets.items()}),
        repayment=Repayment(annual_rate=rate, instalments=count, first_due="2026-04-18"),
        oldest_unpaid_due="2026-01-18",
    )


def all_paid(position: Position, *measures) -> int:
    return int(compare(reschedule(position, [*measures, Reamortise()])).total_after * 100)


loans = dict(cents=st.integers(10**4, 10**8), rate=rates(2400), count=st.integers(1, 120))


@settings(max_examples=80)
@given(
    **loans, parts=st.tuples(st.fractions(0, 1, max_denominator=50), st.fractions(0, 1, max_denominator=50))
)
def test_more_relief_lowers_what_is_paid_but_for_the_rounding_of_the_instalment(cents, rate, count, parts):
    position = monthly(cents, rate, count, fees=cents // 3)
    small, large = sorted(parts)
    for of, relief in (
        ("principal", lambda share: [Forgive(share=share)]),
        ("fees", lambda share: [Waive(of="fees", share=share), Capitalise(of="fees")]),
        ("parked at nothing", lambda share: [Park(of="principal", share=share)]),
        ("paid up front", lambda share: [Pay(amount=major(int(share * cents)))]),
    ):
        assert all_paid(position, *relief(large)) <= all_paid(position, *relief(small)) + bound(
            rate, count
        ), of


@settings(max_examples=80)
@given(**loans, other=rates(2400))
def test_a_lower_rate_lowers_what_is_paid_but_for_the_rounding_of_the_instalment(cents, rate, count, other):
    position = monthly(cents, rate, count)
    low, high = sorted((rate, other))
    cheap, dear = (all_paid(position, ChangeRate(annual_rate=one)) for one in (low, high))
    assert cheap <= dear + bound(high, count)


@settings(max_examples=80)
@given(**loans, longer=st.integers(1, 60))
def test_a_longer_term_raises_what_is_paid_but_for_the_rounding_of_the_instalment(cents, rate, count, longer):
    position = monthly(cents, rate, count)
    assert all_paid(position) <= all_paid(position, Extend(instalments=longer)) + bound(rate, count + longer)
    holiday = all_paid(position, Holiday(instalments=min(longer, 12)))
    assert all_paid(position) <= holiday + bound(rate, count + 12)
