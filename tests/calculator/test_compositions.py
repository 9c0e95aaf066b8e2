"""All measures together on any position: every cent read again from outside, the laws of composition, worked cases."""

import itertools
import re
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal, localcontext
from fractions import Fraction
from math import ceil

import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from calculator.oracles import fraction_of_year, rounded
from calculator.replay import BUCKETS, Replay, frequency, only
from compositions import compositions, owed
from laws import examples, how_many
from restructure.blocks import to_text
from restructure.calculator.amortisation.repayment import Repayment
from restructure.calculator.amortisation.schedule import Schedule
from restructure.calculator.measures.books import MovementKind
from restructure.calculator.measures.deferral import Capitalise, Defer, Spread
from restructure.calculator.measures.holiday import Holiday
from restructure.calculator.measures.method import ChangeMethod
from restructure.calculator.measures.presets import preset
from restructure.calculator.measures.rate import ChangeRate
from restructure.calculator.measures.relief import Forgive, Waive
from restructure.calculator.measures.solve import Reamortise
from restructure.calculator.measures.timing import ChangeFrequency, Extend, MoveDue
from restructure.calculator.measures.up_front import Pay, Settle
from restructure.calculator.plans.figures import figures_of
from restructure.calculator.plans.plan import Plan, reschedule
from restructure.calculator.servicing.position import Buckets, Position
from restructure.errors import CATALOGUE, Refused
from restructure.views import summarise
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
            assert figures_of(other) == figures_of(first)


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


@pytest.mark.hypothesis
def test_every_cent_of_any_composition_is_accounted_for():
    tried = run_compositions(how_many(500))
    assert tried[True] > 0.85 * tried.total()


@pytest.mark.slow
def test_every_cent_of_twenty_thousand_compositions_is_accounted_for(record_property):
    tried = run_compositions(20_000)
    record_property("accepted", tried[True])
    print(f"\n{tried[True]:,} of {tried.total():,} compositions could be carried out")
    assert tried.total() >= 20_000
    assert tried[True] > 0.85 * tried.total()


@examples(40)
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
    figures, position = figures_of(plan), plan.position
    seen = Replay(plan)
    unit = Decimal(1).scaleb(-DECIMALS[position.currency])
    before = [row.total for row in plan.before.rows] if plan.before else None
    after = [row.total for row in plan.schedule.rows]
    paid = sum((m.amount for m in plan.ledger if m.kind == "paid"), Decimal(0))
    given_up = {kind: seen.moved(kind) * unit for kind in ("waived", "forgiven")}
    claim = sum((getattr(position.buckets, name) for name in BUCKETS), Decimal(0))
    assert figures.total_after == sum(after, paid)
    assert figures.extra_cost == (None if before is None else sum(after, paid) - sum(before, Decimal(0)))
    assert figures.highest_payment_after == max(after, default=Decimal(0))
    assert figures.paid_up_front == paid
    assert figures.interest_after == sum((row.accrued for row in plan.schedule.rows), Decimal(0))
    assert (figures.waived, figures.forgiven) == (given_up["waived"], given_up["forgiven"])
    relief = sum(given_up.values(), Decimal(0))
    assert figures.relief == relief
    assert figures.relief_share == Decimal(rounded(Fraction(relief) / Fraction(claim) * 10**6)).scaleb(-6)
    assert figures.instalment_after == plan.instalment
    try:
        old = Fraction(position.regular_instalment)
        old = None if old < 0 and before is None else old  # steps that outgrow the balance
    except Refused:
        own = [] if before is None else [row.principal + row.interest for row in plan.before.rows]
        old = Fraction(next(paid for paid in own if paid)) if own else None
    if old is None:
        assert figures.payment_reduction is None
    else:
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
        if plan.before is None:
            assert figures.modification_loss is figures.npv_loss is figures.substantial_modification is None
        else:
            old = worth(plan.before, months_of(plan, plan.before), month)
            new = worth(plan.schedule, months, month) + paid
            allowed = unit * Decimal("0.5001") + old * Decimal("1e-12")
            assert abs(figures.modification_loss - (old - new)) <= allowed
            if old:
                assert abs(figures.npv_loss - (1 - new / old)) <= Decimal("0.00000051")
            assert figures.substantial_modification == (abs(figures.npv_loss) >= Decimal("0.1"))
        if not plan.measures:
            assert figures.npv_loss == figures.modification_loss == figures.extra_cost == 0
        # What a holiday gives up accrued after the claim, so it is no part of it.
        given_up = sum(
            (m.amount for m in plan.ledger if m.kind in ("waived", "forgiven") and m.on == plan.position.on),
            Decimal(0),
        )
        if not plan.measures:
            assert given_up == 0
            assert not figures.relief or any(
                one.interest == "waive" for one in plan.position.repayment.suspensions
            )
        financed = claim - given_up - paid
        if financed <= 0 or plan.schedule.total <= financed:
            assert figures.apr_after == figures.apr_effective_after == 0
            return
        slack = financed * Decimal("1e-9")
        if (
            figures.apr_effective_after is None
        ):  # at a rate of a millionfold a year the rows are worth more still
            assert worth(plan.schedule, months, 1_000_001 ** (Decimal(1) / 12) - 1) >= financed - slack
        if figures.apr_after is None:
            assert worth(plan.schedule, months, Decimal(1_000_000) / 12) >= financed - slack
        if figures.apr_after is None or figures.apr_effective_after is None:
            return
        step = Decimal("0.0000501")
        low = max(figures.apr_after - step, Decimal(0)) / 12
        high = (figures.apr_after + step) / 12
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
    unit, size = frequency(terms.every)
    return [
        Pay(amount=0),
        *(Waive(of=bucket, share=0) for bucket in ("interest_arrears", "accrued", "penalty", "fees")),
        Waive(of="fees", share=1, cap=0),
        Waive(of="accrued", amount=0),
        Forgive(share=0),
        Forgive(of="parked", amount=0),
        Forgive(of="principal_arrears", share=0),
        Defer(of="principal", share=0, annual_rate="5%", until=position.on + timedelta(days=40)),
        Defer(of=["fees", "parked"], share=0),
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


@examples(60)
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


@examples(60)
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
            [Defer(of=bucket, amount=one, **more), Defer(of=bucket, amount=two, **more)],
            [Defer(of=bucket, amount=both, **more)],
        )
        x, y = draw(share), draw(share)
        yield (
            [Defer(of=bucket, share=x, **more), Defer(of=bucket, share=y, **more)],
            [Defer(of=bucket, share=x + y, **more)],
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


@examples(25)
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


@examples(60)
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
    assert (plan.instalment, plan.up_front, plan.repayment) == (0, paid, None)
    assert plan.identities.hold
    assert plan.moved(MovementKind.WAIVED) + plan.moved(MovementKind.FORGIVEN) == buckets.claim - paid
    figures = figures_of(plan)
    assert (figures.total_after, figures.highest_payment_after, figures.term_after) == (paid, 0, 0)
    assert (figures.last_due_after, figures.interest_after) == (position.on, 0)
    assert figures.relief == buckets.claim - paid
    check_figures(plan)
    check_json(plan)
    Replay(plan).check()


@examples(40)
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
    figures = figures_of(plan)
    assert (figures.relief, figures.total_after) == (0, position.buckets.claim)
    # Every bucket is paid in full, in the column of what it is.
    assert {m.kind for m in plan.ledger} == {MovementKind.CARRIED}
    Replay(plan).check()


@examples(40)
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


@examples(40)
@given(owed(fewest=1), st.integers(1, 12))
def test_presets_are_the_measures_they_stand_for(position, number):
    arrears = ["fees", "penalty", "interest_arrears", "principal_arrears"]
    first_due = position.on + timedelta(days=35)
    written_out = {
        ("payment holiday", number): [Holiday(instalments=number)],
        ("interest-only period", number): [Holiday(instalments=number, pay="interest")],
        ("repayment plan", number): [Spread(of=arrears, instalments=number)],
        ("deferral to the end", None): [Defer(of=arrears)],
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
    return int(figures_of(reschedule(position, [*measures, Reamortise()])).total_after * 100)


loans = dict(cents=st.integers(10**4, 10**8), rate=rates(2400), count=st.integers(1, 120))


@examples(80)
@given(
    **loans, parts=st.tuples(st.fractions(0, 1, max_denominator=50), st.fractions(0, 1, max_denominator=50))
)
def test_more_relief_lowers_what_is_paid_but_for_the_rounding_of_the_instalment(cents, rate, count, parts):
    position = monthly(cents, rate, count, fees=cents // 3)
    small, large = sorted(parts)
    for of, relief in (
        ("principal", lambda share: [Forgive(share=share)]),
        ("fees", lambda share: [Waive(of="fees", share=share), Capitalise(of="fees")]),
        ("parked at nothing", lambda share: [Defer(of="principal", share=share)]),
        ("paid up front", lambda share: [Pay(amount=major(int(share * cents)))]),
    ):
        assert all_paid(position, *relief(large)) <= all_paid(position, *relief(small)) + bound(
            rate, count
        ), of


@examples(80)
@given(**loans, other=rates(2400))
def test_a_lower_rate_lowers_what_is_paid_but_for_the_rounding_of_the_instalment(cents, rate, count, other):
    position = monthly(cents, rate, count)
    low, high = sorted((rate, other))
    cheap, dear = (all_paid(position, ChangeRate(annual_rate=one)) for one in (low, high))
    assert cheap <= dear + bound(high, count)


@examples(80)
@given(**loans, longer=st.integers(1, 60))
def test_a_longer_term_raises_what_is_paid_but_for_the_rounding_of_the_instalment(cents, rate, count, longer):
    position = monthly(cents, rate, count)
    assert all_paid(position) <= all_paid(position, Extend(instalments=longer)) + bound(rate, count + longer)
    holiday = all_paid(position, Holiday(instalments=min(longer, 12)))
    assert all_paid(position) <= holiday + bound(rate, count + 12)


# --- worked by hand

ON = date(2026, 1, 1)


def loan(*, terms=None, **buckets) -> Position:
    """1,200.00 at 12 % a year, which is 1 % a month, over 12 months; due on the first of each month."""
    repayment = dict(annual_rate="12%", instalments=12, first_due="2026-02-01") | (terms or {})
    more = {name: buckets.pop(name) for name in ("parked_due", "allocation") if name in buckets}
    return Position(
        on=ON,
        currency="CNY",
        buckets=Buckets(**{"principal": "1200"} | buckets),
        repayment=Repayment(**repayment),
        oldest_unpaid_due="2025-11-01"
        if {"principal_arrears", "interest_arrears"} & buckets.keys()
        else None,
        **more,
    )


FREE = {"annual_rate": 0}
INTEREST_ONLY = {"method": "interest_only"}
OWING = dict(fees="10", penalty="20", interest_arrears="30", principal_arrears="100")


def worked(position: Position, *measures) -> Plan:
    plan = reschedule(position, measures)
    Replay(plan).check()
    check_figures(plan)
    return plan


def column(plan: Plan, name: str) -> list[str]:
    return [str(getattr(row, name)) for row in plan.schedule.rows]


def booked(plan: Plan, kind: str) -> dict[str, str]:
    """What the ledger says of one kind, by bucket."""
    sums: Counter = Counter()
    for move in plan.ledger:
        if move.kind == kind:
            sums[move.bucket.value] += move.amount
    return {bucket: str(amount) for bucket, amount in sums.items()}


def test_a_payment_goes_through_the_standard_order_and_what_is_left_repays_principal():
    # 280 − 10 fees − 20 penalty − 30 interest − 100 principal arrears leaves 120 of the 1,200; 1,080 / 12 = 90.
    plan = worked(loan(terms=FREE, **OWING), Pay(amount="200"), Pay(amount="80"))
    assert booked(plan, "paid") == {
        **{name: f"{amount}.00" for name, amount in OWING.items()},
        "principal": "120.00",
    }
    assert column(plan, "total") == ["90.00"] * 12
    figures = figures_of(plan)
    # 280 now and 1,080 later is the claim of 1,360.
    assert (figures.total_after, figures.paid_up_front, figures.highest_payment_after) == (1360, 280, 90)
    assert figures.extra_cost == 0


def test_a_payment_follows_the_allocation_of_the_position():
    allocation = ["principal", "interest", "penalty", "fees"]
    plan = worked(loan(terms=FREE, allocation=allocation, **OWING), Pay(amount="140"))
    assert booked(plan, "paid") == {
        "principal_arrears": "100.00",
        "interest_arrears": "30.00",
        "penalty": "10.00",
    }
    # 10 penalty and 10 fees are left, due with the first instalment of 100.
    assert column(plan, "total") == ["120.00"] + ["100.00"] * 11


def test_waivers_are_amounts_shares_or_capped_shares():
    plan = worked(
        loan(terms=FREE, accrued="7", **OWING),
        Waive(of="fees", amount="2.50"),
        Waive(of=["penalty", "accrued"], share="1/2"),  # 10.00 and 3.50
        Waive(of="interest_arrears", share="2/3", cap="12"),  # 20.00, but at most 12.00
    )
    assert booked(plan, "waived") == {
        "fees": "2.50",
        "penalty": "10.00",
        "accrued": "3.50",
        "interest_arrears": "12.00",
    }
    # 7.50 fees, 10 penalty, 18 + 3.50 interest and 100 principal come on top of the first 100.
    assert column(plan, "total")[:2] == ["239.00", "100.00"]
    assert figures_of(plan).relief == 28


def test_forgiving_takes_from_each_bucket_of_principal():
    plan = worked(
        loan(terms=FREE, principal_arrears="100", parked="50"),
        Forgive(amount="240"),
        Forgive(of="principal_arrears", share="1/4"),
        Forgive(of="parked", amount="20"),
    )
    assert booked(plan, "forgiven") == {
        "principal": "240.00",
        "principal_arrears": "25.00",
        "parked": "20.00",
    }
    # 960 / 12 = 80; 75 of arrears with the first, 30 parked with the last.
    assert column(plan, "total") == ["155.00", *["80.00"] * 10, "110.00"]


def test_capitalised_arrears_bear_interest():
    plan = worked(
        loan(terms=INTEREST_ONLY, interest_arrears="30", fees="70"),
        Capitalise(of=["interest_arrears", "fees"]),
    )
    # 1 % of 1,300
    assert column(plan, "total") == ["13.00"] * 11 + ["1313.00"]
    assert booked(plan, "capitalised") == {"interest_arrears": "30.00", "fees": "70.00"}


def test_parked_money_waits_with_or_without_interest_for_a_day_or_for_the_end():
    plan = worked(
        loan(terms=FREE, fees="12"),
        Defer(of="principal", amount="360", until="2026-07-01", annual_rate="10%"),
        Defer(of="principal", share="1/5"),
        Defer(of="fees", share="1/3", until="2026-03-02"),
    )
    # 1,200 − 360 − 240 = 600 over 12 is 50. 4.00 of the fees wait for the first instalment on or after 2 March,
    # 8.00 are due at once; 360 half a year at 10 % bear 18.00; 240 wait for the end.
    wanted = ["58.00", "50.00", "54.00", "50.00", "50.00", "428.00", *["50.00"] * 5, "290.00"]
    assert column(plan, "total") == wanted
    assert (str(plan.schedule.rows[5].parked_principal), str(plan.schedule.rows[5].interest)) == (
        "360.00",
        "18.00",
    )
    assert figures_of(plan).interest_after == 18


def test_what_was_parked_earlier_falls_due_as_it_was_said_then_and_bears_what_was_said():
    later = [dict(amount="100", on="2026-04-01", annual_rate="8%")]
    plan = worked(loan(terms=FREE, parked="150", parked_due=later), Forgive(of="parked", amount="20"))
    # What is forgiven has gone from the 50 due at the end. A quarter at 8 % of 100 is 2.00.
    assert column(plan, "total") == ["100.00", "100.00", "202.00", *["100.00"] * 8, "130.00"]


def test_what_waits_beyond_the_end_counts_the_months_of_the_loan():
    # From 1 January to 16 June are five months and 15 of the 30 days of June: 1,000 · 8 % · 5.5/12 = 36.67.
    park = Defer(of="principal_arrears", until="2026-06-16", annual_rate="8%")
    plan = worked(loan(terms=FREE | {"instalments": 2}, principal_arrears="1000"), park)
    assert (column(plan, "total")[-1], plan.schedule.last_due) == ("1036.67", date(2026, 6, 16))


def test_the_kept_instalment_covers_what_accrued_unless_a_holiday_comes_first():
    position = loan(terms=FREE | {"instalment": "100"}, accrued="7")
    # 93 of principal and the 7.00 are the first instalment; half of them waived, it is that much smaller.
    assert column(worked(position), "principal")[:2] == ["93.00", "100.00"]
    assert column(worked(position, Waive(of="accrued", share="1/2")), "total")[:2] == ["96.50", "100.00"]
    assert (
        column(worked(position, Capitalise(of="accrued"), Reamortise(solve="nothing")), "total")[0]
        == "100.00"
    )
    # The instalment after a holiday covers its own period; the 7.00 come on top of it.
    later = worked(position, Holiday(instalments=1), Reamortise(solve="nothing"))
    assert column(later, "total")[:3] == ["0.00", "107.00", "100.00"]


def test_two_halves_set_aside_at_a_rate_bear_what_the_whole_bears():
    half = Defer(of="fees", amount="0.75", until="2026-02-01", annual_rate="4%")
    # A month at 4 % of 1.50 is 0.005, which is 0.01; of each 0.75 alone it would be 0.0025, which is nothing.
    plan = worked(loan(terms=FREE, fees="1.50"), half, half)
    assert str(plan.schedule.rows[0].interest) == "0.01"


def test_spread_money_comes_in_equal_parts_on_top():
    plan = worked(
        loan(terms=FREE, fees="10", penalty="24"), Spread(of="fees", instalments=3), Spread(of="penalty")
    )
    # 10 / 3 is 3.33, the last 3.34; 24 / 12 is 2.
    assert column(plan, "fees") == ["3.33", "3.33", "3.34"] + ["0.00"] * 9
    assert column(plan, "penalty") == ["2.00"] * 12
    assert str(plan.instalment) == "105.33"


def test_rates_between_days_are_laid_over_the_agreed_ones():
    # Agreed: 1 % a month, 0.5 % from July. Said now: nothing in March and April, 2 % from September.
    position = loan(terms=INTEREST_ONLY | {"rates": [dict(starts="2026-07-01", annual_rate="6%")]})
    plan = worked(
        position,
        ChangeRate(annual_rate=0, starts="2026-03-01", ends="2026-05-01"),
        ChangeRate(annual_rate="24%", starts="2026-09-01"),
    )
    # February and March are paid for January and February; 1 April and 1 May for the pause; then 12, 12, 6, 6, 24 …
    assert column(plan, "interest") == [f"{one}.00" for one in (12, 12, 0, 0, 12, 12, 6, 6, 24, 24, 24, 24)]


@pytest.mark.parametrize(
    ("interest", "balances", "last"),
    [
        # 1 % of 1,200 is 12.00, of 1,212 it is 12.12
        ("capitalise", ["1212.00", "1224.12"], None),
        ("capitalise_at_end", ["1200.00", "1224.00"], None),
        ("park", ["1200.00", "1200.00"], "24.00"),
        ("spread", ["1200.00", "1200.00"], "2.00"),  # 24 / 12
        ("waive", ["1200.00", "1200.00"], "0.00"),
    ],
)
def test_the_interest_of_a_holiday_has_five_fates(interest, balances, last):
    plan = worked(loan(), Holiday(instalments=2, interest=interest))
    assert column(plan, "balance")[:2] == balances
    assert column(plan, "total")[:2] == ["0.00", "0.00"]
    assert len(plan.schedule.rows) == 14
    assert last is None or column(plan, "parked_interest")[-1] == last
    assert booked(plan, "waived") == ({"accrued": "24.00"} if interest == "waive" else {})


def test_the_interest_of_a_holiday_in_the_middle_is_spread_over_what_comes_after_it():
    # 1 % of 1,200 twice is 24.00, over the eight instalments that follow the fourth: 3.00 each.
    plan = worked(
        loan(terms=INTEREST_ONLY), Holiday(instalments=2, starts=3, interest="spread", keep_term=True)
    )
    assert column(plan, "parked_interest") == ["0.00"] * 4 + ["3.00"] * 8
    # Fees that are spread besides begin with the first instalment.
    both = worked(
        loan(terms=INTEREST_ONLY, fees="12"),
        Holiday(instalments=2, starts=3, interest="spread", keep_term=True),
        Spread(of="fees"),
    )
    assert column(both, "fees") == ["1.00"] * 12


def test_a_solved_term_does_not_end_in_a_suspension():
    measures = [
        Forgive(share=1),
        Holiday(instalments=3, pay="interest"),
        Reamortise(solve="term", instalment="5"),
    ]
    plan = worked(loan(terms=FREE, fees="12"), *measures)
    assert (column(plan, "total")[0], plan.repayment.instalments) == ("12.00", 4)
    check_json(plan)


def test_equal_parts_after_a_holiday_are_parts_of_what_it_leaves_whatever_the_first_one_covers():
    # 120 and 120 of 1,200 are paid in the holiday; 960 over twelve is 80.
    for covers in ((), ("interest_arrears",)):
        measures = [Holiday(instalments=2, amount="120"), Reamortise(covers=covers)]
        plan = worked(loan(terms=FREE | {"method": "equal_principal"}, interest_arrears="7"), *measures)
        assert column(plan, "principal") == ["120.00"] * 2 + ["80.00"] * 12


def test_two_holidays_at_the_start_spread_what_one_spreads():
    # 0.50 a month at 12 % on 50.00: 1.00 over twelve is 0.08, the last 0.12; 0.50 and 0.50 alone would be 0.04 each.
    def parts(*holidays):
        return column(worked(loan(principal="50"), *holidays), "parked_interest")

    one, two = (Holiday(instalments=1, starts=k, interest="spread") for k in (1, 2))
    assert parts(one, two) == parts(Holiday(instalments=2, interest="spread"))
    assert parts(one, two)[1:4] == ["0.00", "0.08", "0.08"]


def test_after_a_holiday_a_row_is_there_for_arrears_though_no_principal_is_left():
    suspended = [Holiday(instalments=4), Holiday(instalments=1, starts=6)]
    plan = worked(
        loan(terms=FREE, fees="12"),
        Forgive(share=1),
        *suspended,
        Reamortise(solve="term", instalment="5"),
        Spread(of="fees"),
    )
    assert column(plan, "total") == ["0.00"] * 4 + ["12.00"]


def test_a_holiday_in_the_middle_keeps_the_term_or_lengthens_it():
    # 100 a month: the third and the fourth are suspended; nine paid instalments over ten, or twelve over fourteen.
    kept = worked(loan(terms=FREE), Holiday(instalments=2, starts=3, keep_term=True))
    assert column(kept, "total") == ["120.00"] * 2 + ["0.00"] * 2 + ["120.00"] * 8
    longer = worked(loan(terms=FREE), Holiday(instalments=2, starts=3))
    assert column(longer, "total") == ["100.00"] * 2 + ["0.00"] * 2 + ["100.00"] * 10


def test_of_a_suspended_instalment_the_interest_an_amount_or_a_share_may_still_be_paid():
    interest = worked(loan(), Holiday(instalments=2, pay="interest"))
    assert column(interest, "total")[:2] == ["12.00", "12.00"]
    # 5.00 of 12.00, 7.00 join: then 5.00 of 12.07
    amount = worked(loan(), Holiday(instalments=2, amount="5"))
    assert column(amount, "total")[:2] == ["5.00", "5.00"]
    assert column(amount, "balance")[:2] == ["1207.00", "1214.07"]
    # 20.00: 12.00 of interest, 8.00 of principal
    more = worked(loan(), Holiday(instalments=1, amount="20"))
    assert (column(more, "principal")[0], column(more, "balance")[0]) == ("8.00", "1192.00")
    # The annuity of 1,200 at 1 % over 12 is 106.62; a tenth of it is 10.66.
    share = worked(loan(), Holiday(instalments=1, share="10%"))
    assert column(share, "total")[0] == "10.66"


def test_a_term_is_lengthened_and_shortened():
    assert column(worked(loan(terms=FREE), Extend(instalments=4)), "total") == ["75.00"] * 16
    assert column(worked(loan(terms=FREE), Extend(instalments=-4)), "total") == ["150.00"] * 8


def test_a_moved_due_date_moves_the_later_ones_and_the_interest_between():
    # 1 January to 15 February is a month and a half: 1 % and 14/28 of 1 %, 18.00; then 12.00 a month.
    first = worked(loan(terms=INTEREST_ONLY), MoveDue(to="2026-02-15"))
    assert [row.due.isoformat() for row in first.schedule.rows[:3]] == [
        "2026-02-15",
        "2026-03-15",
        "2026-04-15",
    ]
    assert column(first, "interest")[0] == "18.00"
    third = worked(loan(terms=FREE), MoveDue(instalment=3, to="2026-04-20", anchor_day=1))
    days = [row.due.isoformat() for row in third.schedule.rows[:5]]
    assert days == ["2026-02-01", "2026-03-01", "2026-04-20", "2026-05-01", "2026-06-01"]


def test_another_frequency_takes_as_many_instalments_as_it_says_or_as_fall_due_by_the_old_last_day():
    # Two weeks from 1 February: the last by 1 January 2027 is the 24th, on 20 December; 1,200 / 24 = 50.
    fortnights = worked(loan(terms=FREE), ChangeFrequency(every="2 weeks"))
    assert column(fortnights, "total") == ["50.00"] * 24
    assert fortnights.schedule.last_due == date(2026, 12, 20)
    quarters = worked(loan(terms=FREE), ChangeFrequency(every="1 quarter", instalments=6))
    assert column(quarters, "total") == ["200.00"] * 6
    assert quarters.schedule.last_due == date(2027, 5, 1)


@pytest.mark.parametrize(
    ("measure", "totals"),
    [
        # 1 % of 1,200, 900, 600 and 300 on top of 300 each
        (ChangeMethod(method="equal_principal"), ["312.00", "309.00", "306.00", "303.00"]),
        (ChangeMethod(method="interest_only"), ["12.00", "12.00", "12.00", "1212.00"]),
        (ChangeMethod(method="bullet"), ["0.00", "0.00", "0.00", "1248.00"]),
        (ChangeMethod(method="flat"), ["312.00"] * 4),
        # 1,200·0.01·1.01^4/(1.01^4 − 1) = 307.537…; balances 904.46, 605.96, 304.48, on which the last bears 3.04
        (ChangeMethod(method="level"), ["307.54", "307.54", "307.54", "307.52"]),
    ],
    ids=lambda value: value.method.value if isinstance(value, ChangeMethod) else "",
)
def test_each_method_repays_in_its_own_way(measure, totals):
    assert (
        column(
            worked(
                loan(terms={"instalments": 4, "method": "stepped", "steps": dict(every=1, amount="1")}),
                measure,
            ),
            "total",
        )
        == totals
    )


def test_stepped_instalments_rise_by_what_they_are_told():
    steps = dict(every=2, amount="20", times=1)
    plan = worked(loan(terms=FREE | {"instalments": 4}), ChangeMethod(method="stepped", steps=steps))
    # 2·x + 2·(x + 20) = 1,200
    assert column(plan, "total") == ["290.00", "290.00", "310.00", "310.00"]


def test_a_new_instalment_is_solved_above_a_balloon_and_may_cover_interest():
    # (1,200 − 240) / 12 = 80, and 240 with the last
    plan = worked(loan(terms=FREE), Reamortise(balloon="240"))
    assert column(plan, "total") == ["80.00"] * 11 + ["320.00"]
    # Four instalments that repay 1,200 and 36 of interest together are 309; the first repays 36 less principal.
    plan = worked(
        loan(terms=FREE | {"instalments": 4}, interest_arrears="36"), Reamortise(covers="interest_arrears")
    )
    assert column(plan, "total") == ["309.00"] * 4
    assert (column(plan, "principal")[0], column(plan, "arrears_interest")[0]) == ("273.00", "36.00")


def test_with_the_instalment_kept_the_term_a_balloon_or_the_last_one_is_the_unknown():
    position = loan(terms=FREE | {"instalment": "100"})
    # 900 at 100 a month
    assert column(worked(position, Forgive(share="1/4"), Reamortise(solve="term")), "total") == ["100.00"] * 9
    assert column(worked(position, Reamortise(solve="term", instalment="250")), "total") == ["250.00"] * 4 + [
        "200.00"
    ]
    # 1,200 − 11·70 = 430
    assert column(worked(position, Reamortise(solve="balloon", instalment="70")), "total") == [
        "70.00"
    ] * 11 + ["430.00"]
    kept = worked(position, Extend(instalments=3), Reamortise(solve="nothing"))
    assert column(kept, "total") == ["100.00"] * 12


def test_where_no_instalment_is_agreed_the_one_that_is_paid_today_is_kept():
    # 1,200·0.01·1.01^12/(1.01^12 − 1) = 106.618…: what twelve instalments come to is kept for a larger balance.
    position = loan(penalty="300")
    assert str(position.regular_instalment) == "106.62"
    longer = worked(position, Capitalise(of="penalty"), Reamortise(solve="term"))
    # 1,500 at 1 %: ln(106.62 / (106.62 − 15)) / ln 1.01 = 15.24, so 15 of them and a smaller one
    assert column(longer, "total")[:15] == ["106.62"] * 15
    assert len(longer.schedule.rows) == 16
    assert longer.instalment == position.regular_instalment
    at_end = worked(position, Capitalise(of="penalty"), Reamortise(solve="balloon"))
    assert column(at_end, "total")[:11] == ["106.62"] * 11
    assert len(at_end.schedule.rows) == 12
    stays = worked(position, Capitalise(of="penalty"), Extend(instalments=2), Reamortise(solve="nothing"))
    assert column(stays, "total")[:13] == ["106.62"] * 13
    assert len(stays.schedule.rows) == 14


def test_a_kept_part_of_principal_is_the_part_alone_without_its_interest():
    # Twelve parts of 100; 1,500 in parts of 100 are fifteen, and the first pays 15.00 of interest.
    position = loan(terms={"method": "equal_principal"}, penalty="300")
    plan = worked(position, Capitalise(of="penalty"), Reamortise(solve="term"))
    assert column(plan, "principal") == ["100.00"] * 15
    assert column(plan, "total")[0] == "115.00"


def test_a_kept_instalment_covers_the_interest_of_the_running_period_as_an_agreed_one_does():
    # Half of the period from 1 January is gone on the 16th, and 6.00 of its 12.00 have accrued.
    implied, agreed = (
        loan(terms=terms | {"day_count": "30E/360"}, accrued="6", penalty="100").model_copy(
            update={"on": date(2026, 1, 16)}
        )
        for terms in ({}, {"instalment": "106.62"})
    )
    for solve in ("term", "balloon", "nothing"):
        kept, said = (
            worked(position, Capitalise(of="penalty"), Reamortise(solve=solve))
            for position in (implied, agreed)
        )
        assert kept.schedule == said.schedule
        # 6.50 on 1,300 for half a month, 6.00 from before; 106.62 − 12.50 repay principal
        first = kept.schedule.rows[0]
        assert [str(one) for one in (first.principal, first.interest, first.arrears_interest)] == [
            "94.12",
            "6.50",
            "6.00",
        ]


def test_where_no_instalment_can_be_derived_none_is_kept():
    matured = loan(terms={"instalments": 0}, principal=0, principal_arrears="60")
    measures = [Capitalise(of="principal_arrears"), Extend(instalments=3)]
    assert outcome(matured, [*measures, Reamortise(solve="nothing")]) == ["instalment-unknown"]
    assert (
        column(worked(matured, *measures, Reamortise(solve="nothing", instalment="25")), "total")[0]
        == "25.00"
    )
    # Half a year at 8 % of 300 yen is 12; over 34 half-years that is more than the instalment of 9 would carry.
    rates = [dict(starts="2026-01-05", annual_rate="0.8%")]
    terms = dict(annual_rate="8%", rates=rates, every="6 months", instalments=34, first_due="2026-01-12")
    assert outcome(loan(terms=terms, principal="3.00"), [Reamortise(solve="nothing")]) == [
        "instalment-unknown"
    ]


@pytest.mark.parametrize("method", ["interest_only", "bullet"])
def test_neither_a_term_nor_a_balloon_follows_from_an_instalment_that_a_method_has_not(method):
    agreed, changed = loan(terms={"method": method}), [ChangeMethod(method=method)]
    for reamortise in (
        Reamortise(solve="term"),
        Reamortise(solve="balloon"),
        Reamortise(solve="term", instalment="200"),
        Reamortise(solve="nothing", instalment="200"),
    ):
        assert outcome(agreed, [reamortise]) == ["method-has-no-instalment"]
        assert outcome(loan(), [*changed, reamortise]) == ["method-has-no-instalment"]
    # That instalments and term stay can be said of them.
    assert worked(agreed, Reamortise(solve="nothing")).schedule == worked(agreed).schedule
    assert len(worked(agreed, Extend(instalments=3)).schedule.rows) == 15


# --- what cannot go on as agreed, and is cured


def test_measures_cure_a_loan_that_cannot_be_paid_as_agreed():
    # 1 % of 1,200 is 12.00, and an instalment of 10.00 does not cover it.
    position = loan(terms={"instalment": "10"}, fees="5")
    assert (
        outcome(position, []) == outcome(position, [Waive(of="fees", share=1)]) == ["negative-amortisation"]
    )
    plan = worked(position, Waive(of="fees", share=1), Extend(instalments=3), Reamortise())
    # The annuity of 1,200 at 1 % over 15 is 86.548….
    assert (str(plan.instalment), len(plan.schedule.rows), plan.identities.hold) == ("86.55", 15, True)
    assert (plan.before, plan.changes) == (None, ())
    check_json(plan)
    figures = figures_of(plan)
    unknown = (
        figures.extra_cost,
        figures.npv_loss,
        figures.modification_loss,
        figures.substantial_modification,
    )
    assert unknown == (None, None, None, None)
    # What needs no schedule as agreed is known: the borrower pays 10.00 today, (10 − 86.55) / 10.
    assert (str(figures.payment_reduction), figures.relief, figures.term_added) == ("-7.655000", 5, 3)
    assert "so there is no comparison" in to_text(summarise(plan))


def test_a_rate_cut_cures_an_instalment_below_the_interest():
    plan = worked(loan(terms={"instalment": "10"}), ChangeRate(annual_rate=0), Reamortise(solve="term"))
    assert column(plan, "total") == ["10.00"] * 120
    assert plan.before is None


def test_a_settlement_needs_no_loan_that_could_be_paid_as_agreed():
    plan = worked(loan(terms={"instalment": "10"}), Settle(payments=[dict(on="2026-03-01", amount="800")]))
    assert (column(plan, "total"), plan.before) == (["800.00"], None)


def test_steps_that_outgrow_the_balance_are_cured_by_another_method():
    terms = FREE | {"instalments": 3, "method": "stepped", "steps": dict(every=1, amount="5", times=1)}
    position = loan(terms=terms | {"last_row": "equalise", "negative_amortisation": True}, principal="1.80")
    assert outcome(position, []) == ["negative-amortisation"]
    plan = worked(position, ChangeMethod(method="level"))
    assert column(plan, "total") == ["0.60"] * 3
    # Nobody can say what would be paid as agreed.
    assert (plan.before, figures_of(plan).payment_reduction) == (None, None)


# --- instalments that are not there


def test_the_move_of_an_instalment_beyond_the_term_is_refused():
    beyond = ["move-beyond-term"]
    assert outcome(loan(), [MoveDue(instalment=13, to="2027-02-10")]) == beyond
    assert outcome(loan(), [MoveDue(instalment=13, to="2027-02-01")]) == beyond
    moved = worked(loan(), Extend(instalments=1), MoveDue(instalment=13, to="2027-02-10"))
    assert moved.schedule.last_due == date(2027, 2, 10)
    # 1,200 at 300 a month are repaid with the fourth.
    short = [Reamortise(solve="term", instalment="300"), MoveDue(instalment=5, to="2026-06-10")]
    assert outcome(loan(terms=FREE), short) == beyond
    agreed, kept = loan(terms=FREE | {"instalment": "300"}, fees="12"), Reamortise(solve="nothing")
    assert outcome(agreed, [MoveDue(instalment=5, to="2026-06-10"), kept]) == beyond
    # Money that is spread over the whole term keeps the later instalments.
    spread = worked(agreed, Spread(of="fees"), MoveDue(instalment=5, to="2026-06-10"), kept)
    assert spread.schedule.rows[4].due == date(2026, 6, 10)
    # A row for what was parked until a day of its own is no instalment of the loan.
    parked = [Defer(of="fees", until="2027-12-24"), MoveDue(instalment=13, to="2027-02-10")]
    assert outcome(loan(fees="5"), parked) == beyond


# --- what is paid up front


def test_what_is_paid_up_front_stands_before_the_first_instalment():
    position = loan(terms=FREE, fees="10", parked_due=())
    plan = worked(position, Pay(amount="250"), Capitalise(of="fees"))
    first, second, *_ = plan.changes
    assert (first.number, first.due_before, first.due_after) == (0, None, ON)
    assert [str(one) for one in (first.total_before, first.total_after, first.difference)] == [
        "0.00",
        "250.00",
        "250.00",
    ]
    # 250 pay the fees of 10 and 240 of principal.
    assert (str(first.balance_before), str(first.balance_after)) == ("1200.00", "960.00")
    # The first instalment as agreed is 100 and 10 of fees; (1,200 − 240) / 12 = 80 now.
    assert (second.number, str(second.total_before), str(second.total_after)) == (1, "110.00", "80.00")
    assert sum(one.difference for one in plan.changes) == figures_of(plan).extra_cost == 0
    table = to_text(summarise(plan))
    assert re.search(r"^0 +– +0\.00 +2026-01-01 +250\.00 +250\.00 +960\.00$", table, re.MULTILINE)


def test_nothing_stands_before_the_first_instalment_where_nothing_is_paid_up_front():
    assert [one.number for one in worked(loan(), Extend(instalments=1)).changes] == list(range(1, 14))


# --- shares are of what the earlier phases left


def test_a_share_is_of_what_the_earlier_phases_leave_in_a_bucket():
    position = loan(terms=FREE, fees="100")
    plan = worked(
        position,
        Pay(amount="20"),
        Waive(of="fees", share="1/2"),
        Defer(of="fees", share="1/4"),
        Capitalise(of="accrued"),
    )
    # 20 are paid; half of the 80 left is waived; a quarter of the 40 left is parked.
    assert (booked(plan, "waived"), booked(plan, "parked")) == ({"fees": "40.00"}, {"fees": "10.00"})
    halves = worked(position, Forgive(share="1/2"), Defer(of="principal", share="1/2"))
    assert (booked(halves, "forgiven"), booked(halves, "parked")) == (
        {"principal": "600.00"},
        {"principal": "300.00"},
    )
    # All of what is left, in two shares: 1/2 and 1/2 of 33.33 are 16.67 and 16.66.
    both = worked(
        loan(fees="100"),
        Waive(of="fees", amount="66.67"),
        Defer(of="fees", share="1/2", until="2026-05-01"),
        Defer(of="fees", share="1/2"),
    )
    assert sorted(column(both, "fees"))[-2:] == ["16.66", "16.67"]


def test_a_balloon_of_equal_parts_is_told_from_the_interest_beside_them():
    # Parts of 100 repay the 1,200, so that no balloon is left though the last instalment is 100 and 1.00 of interest.
    position = loan(terms={"method": "equal_principal"})
    with pytest.raises(Refused) as caught:
        reschedule(position, [Reamortise(solve="balloon", instalment="100")])
    assert [issue.code for issue in caught.value.issues] == ["balloon-not-needed"]
    plan = worked(position, Reamortise(solve="balloon", instalment="90"))
    assert column(plan, "principal") == ["90.00"] * 11 + ["210.00"]


def test_a_settlement_is_paid_in_lump_sums_and_the_rest_is_given_up():
    sums = [dict(on="2026-03-01", amount="500"), dict(on="2026-02-01", amount="100")]
    plan = worked(loan(**OWING), Waive(of="fees", amount="4"), Settle(payments=sums))
    # 600: 6 fees, 20 penalty, 30 interest, 100 principal arrears, 444 principal; the other 756 are forgiven.
    assert [(row.due.isoformat(), str(row.total)) for row in plan.schedule.rows] == [
        ("2026-02-01", "100.00"),
        ("2026-03-01", "500.00"),
    ]
    first, second = plan.schedule.rows
    assert [first.fees, first.penalty, first.arrears_interest, first.arrears_principal] == [6, 20, 30, 44]
    assert [second.arrears_principal, second.principal, second.balance] == [56, 444, 0]
    assert (booked(plan, "waived"), booked(plan, "forgiven")) == ({"fees": "4.00"}, {"principal": "756.00"})
    figures = figures_of(plan)
    assert (figures.total_after, figures.relief, figures.interest_after) == (600, 760, 0)
    # 760 / 1,360
    assert str(figures.relief_share) == "0.558824"


def test_a_settlement_waives_what_it_does_not_reach_of_interest_penalty_and_fees():
    allocation = ["principal", "interest", "penalty", "fees"]
    plan = worked(loan(allocation=allocation, **OWING), Settle(payments=[dict(on=ON, amount="110")]))
    # 100 of principal arrears, 10 of interest
    assert booked(plan, "waived") == {"interest_arrears": "20.00", "penalty": "20.00", "fees": "10.00"}
    assert booked(plan, "forgiven") == {"principal": "1200.00"}


def test_paying_everything_leaves_no_instalment():
    plan = worked(loan(**OWING), Pay(amount="1360"), Extend(instalments=6))
    assert (len(plan.schedule.rows), plan.up_front, plan.repayment) == (0, 1360, None)
    assert figures_of(plan).last_due_after == ON
    # 12 instalments of 106.62 less rounding, and 160 with the first, are no longer due; 1,360 are paid today.
    assert sum(change.difference for change in plan.changes) == 1360 - plan.before.total


# --- what used to go wrong


@pytest.mark.parametrize(
    ("measures", "code"),
    [
        ([Reamortise(balloon="0.001")], "money-scale"),
        ([Holiday(instalments=1, amount="0.001")], "money-scale"),
        ([ChangeMethod(method="stepped", steps=dict(every=1, amount="0.001"))], "money-scale"),
        ([Extend(instalments=1189)], "term-too-long"),
        ([ChangeFrequency(every="1 day"), Extend(instalments=1000)], "term-too-long"),
        # 24 years in days are more than 1,200 instalments, whoever counts them.
        (
            [Extend(instalments=-4), ChangeFrequency(every="1 day", instalments=1200), Extend(instalments=5)],
            "term-too-long",
        ),
    ],
)
def test_what_could_not_be_read_back_is_refused(measures, code):
    for listed in itertools.permutations(measures):
        assert outcome(loan(), listed) == [code]


def test_amounts_that_outgrow_what_can_be_read_back_are_refused():
    # 90 million million grow by a fifth a month, to more than 100 million million after one.
    large = loan(terms={"annual_rate": "240%"}, principal="90000000000000")
    assert outcome(large, [Holiday(instalments=1)]) == ["money-too-large"]
    both = loan(interest_arrears="90000000000000", accrued="90000000000000")
    assert outcome(both, []) == ["money-too-large"]
    assert outcome(both, [Spread(of=["interest_arrears", "accrued"])]).identities.hold


def test_steps_that_would_pay_the_borrower_are_refused():
    terms = {"method": "stepped", "steps": dict(every=2, amount="-100"), "negative_amortisation": True}
    falling = loan(terms=terms | {"instalment": "150"})
    assert outcome(falling, []) == ["negative-amortisation"]
    assert outcome(falling, [ChangeMethod(method="level")]).before is None


def test_a_frequency_of_days_over_a_long_term_is_refused_not_cut():
    assert outcome(loan(terms={"instalments": 60}), [ChangeFrequency(every="1 day")]) == ["term-too-long"]
    assert len(worked(loan(terms=FREE), Extend(instalments=1188)).schedule.rows) == 1200


@pytest.mark.parametrize(
    "measure",
    [
        MoveDue(to="2026-02-01"),
        MoveDue(to="2026-05-01", instalment=4),
        ChangeFrequency(every="every 1 month"),
        ChangeMethod(method="level"),
    ],
    ids=lambda measure: measure.measure,
)
def test_a_measure_that_says_what_is_agreed_keeps_the_agreed_instalment(measure):
    plan = worked(loan(terms={"instalment": "150"}), measure)
    assert plan.schedule == plan.before
    assert plan.instalment == 150


def test_a_move_back_to_the_agreed_day_moves_back():
    position = loan(terms=FREE | {"moves": [dict(instalment=2, to="2026-03-10")]})
    plan = worked(position, MoveDue(instalment=2, to="2026-03-01"))
    assert [row.due.day for row in plan.schedule.rows] == [1] * 12


@pytest.mark.parametrize(
    ("measure", "totals"),
    [
        (ChangeMethod(method="equal_principal"), ["100.00"] * 12),
        (ChangeFrequency(every="1 quarter", instalments=4), ["300.00"] * 4),
    ],
    ids=lambda value: getattr(value, "measure", ""),
)
def test_what_was_agreed_under_another_method_or_frequency_is_solved_anew_and_cannot_be_kept(measure, totals):
    position = loan(terms=FREE | {"instalment": "110"})
    for said in ([], [ChangeFrequency(every="1 month")] if measure.measure == "method" else []):
        assert column(worked(position, measure, *said), "total") == totals
        for solve in ("term", "balloon", "nothing"):
            assert outcome(position, [measure, *said, Reamortise(solve=solve)]) == ["instalment-unknown"]
    # A given one is kept all the same.
    kept = worked(position, measure, Reamortise(solve="term", instalment="400"))
    assert column(kept, "total") == ["400.00"] * 3


def test_an_instalment_below_zero_is_refused():
    # 1.80 in three instalments that rise by 5.00 once; equalised the first would be −0.53.
    terms = FREE | {"instalments": 3, "method": "stepped", "steps": dict(every=1, amount="5", times=1)}
    position = loan(terms=terms | {"last_row": "equalise", "negative_amortisation": True}, principal="1.80")
    for holiday in (Holiday(instalments=3), Holiday(instalments=3, share="1/2")):
        assert outcome(position, [holiday]) == ["negative-amortisation"]


def test_a_plan_has_figures_though_a_whole_first_period_would_outgrow_the_instalment():
    # Half a year at 8 % of 300 yen is 12; eleven days of it are 1, and an instalment of 9 carries that.
    rates = [dict(starts="2026-01-05", annual_rate="0.8%")]
    terms = {
        "annual_rate": "8%",
        "rates": rates,
        "every": "6 months",
        "instalments": 34,
        "first_due": "2026-01-12",
    }
    position = loan(terms=terms, principal="3.00")
    with pytest.raises(Refused):
        position.regular_instalment  # noqa: B018
    figures = figures_of(worked(position, Extend(instalments=1)))
    # (9 − 9) / 9: 3.00 over 34 or 35 is 0.09 before any interest
    assert figures.payment_reduction == 0


def test_flat_interest_stops_with_the_last_instalment_though_money_waits_longer():
    terms = {"method": "flat", "last_row": "extra_row", "instalments": 4}
    plan = worked(loan(terms=terms, fees="5"), Defer(of="fees", until="2026-12-31"))
    assert column(plan, "total") == ["312.00"] * 4 + ["5.00"]


def test_a_due_date_that_rolls_back_to_the_effective_date_stands_in_the_arrears():
    # 1 February 2026 is a Sunday; on Friday or Saturday before it, what rolls back to Friday is due already.
    for day in ("2026-01-30", "2026-01-31"):
        position = loan(terms={"roll": "preceding"}).model_copy(update={"on": date.fromisoformat(day)})
        for measures in ([], [Holiday(instalments=1)]):
            assert outcome(position, measures) == ["date-order"]
    early = loan(terms={"roll": "preceding"}).model_copy(update={"on": date(2026, 1, 29)})
    assert worked(early, Holiday(instalments=1)).schedule.rows[0].due == date(2026, 1, 30)


def test_a_matured_loan_takes_the_next_due_date_that_rolls_beyond_the_effective_date():
    terms = {"roll": "preceding", "instalments": 0, "first_due": "2026-02-01"}
    position = loan(terms=terms, principal=0, principal_arrears="60").model_copy(
        update={"on": date(2026, 1, 30)}
    )
    assert [row.due.isoformat() for row in worked(position).schedule.rows] == [
        "2026-02-27"
    ]  # 1 March is a Sunday
    plan = worked(
        position, Capitalise(of="principal_arrears"), ChangeRate(annual_rate=0), Extend(instalments=2)
    )
    assert [(row.due.isoformat(), str(row.total)) for row in plan.schedule.rows] == [
        ("2026-02-27", "30.00"),
        ("2026-04-01", "30.00"),
    ]


def test_a_matured_loan_whose_next_due_date_rolls_back_steps_on_from_its_own_day():
    # 31 May 2020 is a Sunday; modified following, it falls due on Friday the 29th, which is today.
    terms = {"roll": "modified_following", "instalments": 0, "first_due": "2020-05-31"}
    position = Position(
        on="2020-05-29",
        currency="CNY",
        buckets=Buckets(principal_arrears="60"),
        repayment=Repayment(annual_rate=0, **terms),
        oldest_unpaid_due="2020-04-30",
    )
    plan = worked(position, Capitalise(of="principal_arrears"), Extend(instalments=3))
    assert [row.due.isoformat() for row in plan.schedule.rows] == ["2020-06-30", "2020-07-31", "2020-08-31"]


@pytest.mark.parametrize(
    ("roll", "first_due", "on"),
    [
        ("preceding", "2029-02-03", "2029-02-02"),  # a Saturday, which is due on Friday
        ("modified_following", "2020-05-31", "2020-05-29"),
    ],
)
@pytest.mark.parametrize("more", [[], [Capitalise(of="principal_arrears"), Extend(instalments=3)]])
def test_a_move_to_the_day_that_is_due_already_is_none_where_a_matured_loan_rolls(roll, first_due, on, more):
    due = date.fromisoformat(first_due)
    terms = FREE | {"roll": roll, "instalments": 0, "first_due": due, "anchor_day": due.day}
    position = Position(
        on=on,
        currency="CNY",
        buckets=Buckets(principal_arrears="60"),
        repayment=Repayment(**terms),
        oldest_unpaid_due="2020-01-31",
    )
    plain = worked(position, *more)
    for move in (
        MoveDue(to=due),
        MoveDue(to=due, anchor_day=due.day),
        MoveDue(to=plain.repayment.first_due, anchor_day=due.day),
    ):
        moved = worked(position, *more, move)
        assert (moved.schedule, moved.repayment) == (plain.schedule, plain.repayment)
    elsewhere = worked(position, *more, MoveDue(to=due + timedelta(days=20)))
    assert elsewhere.schedule != plain.schedule


def test_a_term_that_ends_before_a_suspension_can_be_read_back():
    plan = worked(
        loan(terms=FREE), Holiday(instalments=2, starts=11), Reamortise(solve="term", instalment="300")
    )
    assert len(plan.schedule.rows) == 4
    assert plan.repayment.suspensions == ()
    check_json(plan)


# The first made the rows differ, the second divided by the instalments that were thought to be left: none.
@pytest.mark.parametrize(("instalment", "ends"), [("401", "2026-02-20"), ("395", "2026-03-02")])
def test_a_suspension_after_a_found_term_changes_no_row(instalment, ends):
    terms = {
        "repricing": "recalculate",
        "method": "stepped",
        "steps": dict(every=1, share="1/40"),
        "last_row": "equalise",
        "rounding": "up",
        "instalments": 4,
        "negative_amortisation": True,
    }
    found = [ChangeRate(annual_rate="1%", ends=ends), Reamortise(solve="term", instalment=instalment)]
    plain = worked(loan(terms=terms), *found)
    assert len(plain.schedule.rows) == 3
    assert worked(loan(terms=terms), *found, Holiday(instalments=1, starts=4)).schedule == plain.schedule


def test_the_suspensions_of_a_repayment_stand_in_their_order():
    two = [Holiday(instalments=1, starts=5), Holiday(instalments=1, starts=2)]
    assert reschedule(loan(), two).repayment == reschedule(loan(), two[::-1]).repayment


# --- what used to go wrong behind suspensions and in extra rows


def test_a_term_is_found_beyond_a_suspension_of_the_24th_instalment():
    # 1,200 at 30 a month take 40 instalments, and two are suspended.
    measures = [Holiday(instalments=2, starts=23), Reamortise(solve="term", instalment="30")]
    plan = reschedule(loan(terms=FREE | {"instalments": 30}), measures)
    assert plan.identities.hold
    assert len(plan.schedule.rows) == 42


def test_the_term_of_a_flat_loan_is_found():
    plan = reschedule(loan(terms={"method": "flat"}), [Reamortise(solve="term", instalment="300")])
    assert column(plan, "total") == ["312.00"] * 4


@pytest.mark.parametrize(
    ("terms", "measures"),
    [
        # 12.00 of interest held back by a bullet, then 700 twice
        ({"method": "bullet"}, [Holiday(instalments=3, starts=2, amount="700")]),
        # Nothing accrues but in February: 25 % of 1,100 are 275, of which 250 are paid; 25 wait while the rest is repaid.
        (
            {
                "annual_rate": 0,
                "negative_amortisation": True,
                "rates": [
                    dict(starts="2026-02-01", annual_rate="300%"),
                    dict(starts="2026-03-01", annual_rate=0),
                ],
            },
            [
                Holiday(instalments=9, starts=2, amount="250", interest="capitalise_at_end"),
                Reamortise(solve="nothing", instalment="100"),
            ],
        ),
    ],
    ids=["bullet", "waiting"],
)
def test_interest_held_back_is_not_lost_when_suspended_amounts_repay_the_loan(terms, measures):
    assert reschedule(loan(terms=terms), measures).identities.hold


@pytest.mark.parametrize("rounding_per", ["row", "sub_interval"])
@pytest.mark.parametrize("balloon", [None, "100"])
def test_flat_interest_goes_on_where_a_suspension_at_the_start_repays_the_loan(balloon, rounding_per):
    # 1 % of the original 1,200 with each of the six instalments, though the second of 700 leaves 0.
    terms = {"method": "flat", "instalments": 6, "balloon": balloon, "rounding_per": rounding_per}
    plan = worked(loan(terms=terms), Holiday(instalments=3, amount="700", keep_term=True))
    assert column(plan, "balance")[:2] == ["512.00", "0.00"]
    assert column(plan, "accrued") == ["12.00"] * 6
    # The same as where the suspension begins later.
    later = worked(loan(terms=terms), Holiday(instalments=3, starts=2, amount="1300", keep_term=True))
    assert column(later, "accrued") == ["12.00"] * 6


def test_a_rate_may_change_in_the_extra_row_where_interest_is_rounded_in_pieces():
    terms = {
        "last_row": "extra_row",
        "rounding_per": "sub_interval",
        "instalments": 3,
        "instalment_rounding": "down",
    }
    plan = reschedule(loan(terms=terms), [ChangeRate(annual_rate="6%", starts="2026-04-10")])
    assert plan.identities.hold


def test_a_term_of_nothing_but_suspended_instalments_is_refused_with_the_sum():
    with pytest.raises(
        Refused, match=r"12 instalments \+0 leave 12 to repay over, and 12 of them are suspended"
    ):
        reschedule(loan(), [Holiday(instalments=12, keep_term=True)])
    with pytest.raises(Refused, match=r"12 instalments -12 leave 0 to repay over$"):
        reschedule(loan(), [Extend(instalments=-12)])
    with pytest.raises(Refused, match=f"ends on {ON}, so that it prices no night from {ON} on"):
        reschedule(loan(), [ChangeRate(annual_rate=0, ends=ON)])
