"""Searches against brute force: every value of a step's grid is tried with the calculator, and the page says which one it is."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import Any

import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

import compositions
from cases import SMALL, changed, example, limit, policy_of, rule, small
from laws import examples
from restructure.calculator.amortisation.repayment import Repayment
from restructure.calculator.amortisation.scheme import HolidayInterest, LastRow
from restructure.calculator.measures.catalogue import Measure
from restructure.calculator.measures.deferral import Capitalise, Defer, Spread
from restructure.calculator.measures.holiday import Holiday
from restructure.calculator.measures.rate import ChangeRate as Rate
from restructure.calculator.measures.relief import Forgive, Waive
from restructure.calculator.measures.timing import Extend
from restructure.calculator.measures.up_front import Pay
from restructure.calculator.plans.figures import figures_of
from restructure.calculator.plans.plan import Plan, reschedule
from restructure.calculator.servicing.position import Buckets, Position
from restructure.casework.decisions.decision import Decision, decide
from restructure.casework.decisions.judge import judge
from restructure.errors import InvalidPolicy, Refused
from restructure.intake.application import Application
from restructure.intake.assessment import assess
from restructure.policy.case_facts import facts_of
from restructure.policy.language.search import MONOTONE
from strategies import DECIMALS, major, positions

DAY = date(2026, 3, 18)
ILLNESS = Application.model_validate(example("illness"))
BASE = assess(ILLNESS, on=DAY)
INCOME = Fraction(7000)


def figure(name: str, *measures: Measure) -> Fraction:
    """A figure of the plan that the measures make, straight from the calculator."""
    figures = figures_of(reschedule(BASE.position, measures))
    if name == "payment_to_income_after":
        exact = Fraction(figures.instalment_after) / INCOME
        return Fraction(int(exact * 1_000_000 + Fraction(1, 2)), 1_000_000)
    return Fraction(getattr(figures, name))


def decided(
    *steps: str,
    target: str,
    stop: str,
    before: str = "",
    if_missed: str = "refuse",
    application: Application = ILLNESS,
    **more: str,
) -> Decision:
    """Decide the example by one rule that searches."""
    lines = [f"      - {one}\n" for one in ([before] if before else [])]
    lines += ["      - search:\n", f"          target: {target}\n", f"          stop: {stop}\n"]
    lines += [f"          if_missed: {if_missed}\n", "          steps:\n"]
    lines += [f"            - {one}\n" for one in steps]
    text = "  - id: r\n    title: t\n    reason: r\n    reference: own\n    when: {fact: claim, op: known}\n    offer:\n"
    return decide(application, policy_of(small(rules=text + "".join(lines), **more)), on=DAY)


def only(decision: Decision):
    """The one offer or refusal."""
    (found,) = [*decision.offers, *decision.refusals]
    return found


# --- one step on a small grid, by brute force


@dataclass(frozen=True)
class Number:
    """A number of a measure that a step may look for, with values as the policy writes them."""

    word: str
    field: str
    rest: str
    start: Fraction
    up: bool

    def step(self, by: str, end: str, more: str = "") -> str:
        start = "from: {fact: contract_rate}, " if self.field == "annual_rate" else ""
        vary = f"{{vary: {{{start}{'up_to' if self.up else 'down_to'}: {end}, by: {by}{more}}}}}"
        return f"{{id: s, measure: {{measure: {self.word}{self.rest}, {self.field}: {vary}}}}}"

    def measure(self, value: Fraction) -> Measure:
        match self.word, self.field:
            case "rate", _:
                return Rate(annual_rate=value)
            case "extend", _:
                return Extend(instalments=int(value))
            case "defer", "share":
                return Defer(of="principal", share=value)
            case "defer", _:
                return Defer(of="principal", amount=Decimal(value.numerator) / value.denominator)
            case _:
                return Forgive(share=value)


NUMBERS = {
    "rate down": Number("rate", "annual_rate", "", Fraction(18, 100), up=False),
    "rate up": Number("rate", "annual_rate", "", Fraction(18, 100), up=True),
    "months": Number("extend", "instalments", "", Fraction(0), up=True),
    "share parked": Number("defer", "share", ", of: principal", Fraction(0), up=True),
    "amount parked": Number("defer", "amount", ", of: principal", Fraction(0), up=True),
    "share forgiven": Number("forgive", "share", "", Fraction(0), up=True),
}
GRIDS = {
    "annual_rate": [("0.01", "0.09"), ("0.005", "0.151"), ("0.02", "0.13")],
    "instalments": [("1", "9"), ("3", "13"), ("5", "20")],
    "share": [("0.05", "0.4"), ("0.07", "0.33"), ("0.001", "0.006")],
    "amount": [("2000", "13000.01"), ("0.01", "0.09"), ("777.77", "7000")],
}
UPWARDS = {"0.09": "0.27", "0.151": "0.209", "0.13": "0.23"}


def grid_of(number: Number, by: str, end: str, *, lands: bool = True) -> list[Fraction]:
    """The values of a step: whole steps from the start, and a last part step onto the end."""
    values, last = [number.start], Fraction(end)
    way = 1 if number.up else -1
    while way * (values[-1] + way * Fraction(by) - last) <= 0:
        values.append(values[-1] + way * Fraction(by))
    if lands and values[-1] != last:
        values.append(last)
    return values


def page(stop: str, op: str, figures: list[Fraction], target: Fraction) -> int | None:
    """The index at which a step stops, by the words of the page; None if it goes to its end in vain."""
    falls = op in ("<=", "<")

    def beyond(one: Fraction) -> bool:
        return one < target if falls else one > target

    def there(one: Fraction) -> bool:
        return beyond(one) if op in ("<", ">") else beyond(one) or one == target

    first = next((k for k, one in enumerate(figures) if k and there(one)), None)
    match stop:
        case "closest_not_crossing":
            crossing = next((k for k, one in enumerate(figures) if k and beyond(one)), None)
            if crossing is not None:
                return crossing - 1
            return len(figures) - 1 if figures[-1] == target else None
        case "exact":
            if first is None:
                return None
            nearest = min(abs(one - target) for one in figures[: first + 1])
            if abs(figures[first] - target) == nearest:
                return first
            return max(k for k, one in enumerate(figures[:first]) if abs(one - target) == nearest)
        case "test_only":
            return None
    return first


STOPS = [
    ("at_or_below", "<="),
    ("strictly_below", "<"),
    ("at_or_above", ">="),
    ("strictly_above", ">"),
    ("closest_not_crossing", "<="),
    ("closest_not_crossing", ">="),
    ("exact", "<="),
    ("exact", ">="),
    ("test_only", "<="),
    ("test_only", ">"),
]
# The first three move in one direction with every number, the others to and fro by cents or not at all.
FIGURES = [
    "instalment_after",
    "payment_to_income_after",
    "payment_reduction",
    "highest_payment_after",
    "extra_cost",
]


def one_step(rng: random.Random) -> str:
    number = NUMBERS[rng.choice(list(NUMBERS))]
    by, end = rng.choice(GRIDS[number.field])
    if number.field == "annual_rate" and number.up:
        end = UPWARDS[end]
    name = rng.choice(FIGURES)
    if number.field == "amount" and name in ("highest_payment_after", "extra_cost"):
        name = "instalment_after"  # cents are looked at by bisection alone
    stop, op = rng.choice(STOPS)
    lands = rng.random() < 0.8
    before: tuple[Measure, ...] = rng.choice(
        [(), (Capitalise(of=("interest_arrears",)),), (Extend(instalments=4),)]
    )
    if number.word == "extend" and before and isinstance(before[0], Extend):
        before = ()
    grid = grid_of(number, by, end, lands=lands)
    figures = [
        figure(name, *before, *((number.measure(value),) if k else ())) for k, value in enumerate(grid)
    ]
    # Aim at a figure of the grid, between two of them, or where none is.
    aim = rng.choice([*figures, *figures, (figures[0] + figures[-1]) / 2, 2 * figures[-1] - figures[0]])
    money = name not in ("payment_to_income_after", "payment_reduction")
    places = 2 if money else 6
    aim = Fraction(round(aim * 10**places), 10**places)
    target = f"{{fact: {name}, op: '{op}', value: {Decimal(aim.numerator) / aim.denominator:f}}}"
    written = {
        "Capitalise": "{measure: capitalise, of: interest_arrears}", "Extend": "{measure: extend, instalments: 4}",
    }  # fmt: skip
    found = only(
        decided(
            number.step(by, end, "" if lands else ", land_on_end: false"),
            target=target,
            stop=stop,
            before=written[type(before[0]).__name__] if before else "",
            if_missed="offer",
        )
    )
    (step,) = found.steps
    said = (number, by, end, lands, stop, op, name, aim, figures, step)
    reached = {
        "<=": figures[0] <= aim,
        "<": figures[0] < aim,
        ">=": figures[0] >= aim,
        ">": figures[0] > aim,
    }[op]
    if reached and stop != "test_only":
        assert step.outcome == "not-needed", said
        assert figure_of(found, name) == figures[0], said
        return "not-needed"
    index = page(stop, op, figures, aim)
    outcome = "exhausted" if index is None else "applied"
    index = len(grid) - 1 if index is None else index
    if len(grid) == 1:
        outcome = "no-room"
    assert step.outcome == outcome, said
    assert figure_of(found, name) == figures[index], said
    if name in ("highest_payment_after", "extra_cost") or stop in ("at_or_below", "at_or_above"):
        assert value_of(step.value) == grid[index], said
    gap = abs(figures[index] - aim)
    met = {
        "<=": figures[index] <= aim,
        "<": figures[index] < aim,
        ">=": figures[index] >= aim,
        ">": figures[index] > aim,
    }
    assert bool(step.gap) is not met[op], said
    if step.gap:
        more = Fraction(1, 10**places) if op in ("<", ">") else 0
        assert value_of(step.gap) == gap + more, said
    return outcome


def figure_of(found, name: str) -> Fraction:
    """The figure of an offer, or the one a refusal tells."""
    return Fraction(getattr(found.prospect, name))


def value_of(text: str) -> Fraction:
    text = text.replace(",", "")
    return Fraction(text.removesuffix(" %")) / 100 if text.endswith("%") else Fraction(text.split(" ")[0])


def test_a_step_stops_where_the_page_says_at_every_stop_mode():
    rng, seen = random.Random(20260318), set()
    for _ in range(150):
        seen.add(one_step(rng))
    assert seen == {"not-needed", "applied", "exhausted"}


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_a_step_stops_where_the_page_says_in_very_many_cases(seed):
    rng = random.Random(seed)
    for _ in range(1500):
        one_step(rng)


# --- figures that are said to move in one direction


RISES = {
    "instalment_after": {"rate": 1, "extend": -1, "defer": -1, "forgive": -1, "pay": -1},
    "payment_reduction": {"rate": -1, "extend": 1, "defer": 1, "forgive": 1, "pay": 1},
    "payment_to_income_after": {"rate": 1, "extend": -1, "defer": -1, "forgive": -1, "pay": -1},
    "term_after": {"extend": 1},
    "term_added": {"extend": 1},
    "relief": {"forgive": 1, "waive": 1},
    "balance_after": {"defer": -1, "forgive": -1},
    "parked_after": {"defer": 1, "forgive": -1},
}


def test_every_figure_that_is_bisected_is_among_those_checked_here():
    for (measure, _), figures in MONOTONE.items():
        for name in figures:
            assert RISES[name][measure]


ALREADY: list[list[Measure]] = [
    [],
    [],
    [Capitalise(of=("principal_arrears", "interest_arrears", "accrued"))],
    [Holiday(instalments=2, pay="interest")],
    [Holiday(instalments=3)],
    [Spread(of=("interest_arrears", "penalty"), instalments=2)],
    [Extend(instalments=5)],
    [Rate(annual_rate="1%")],
    [Defer(of="principal", share="10%")],
    [Forgive(share="10%"), Extend(instalments=7)],
]


def varied(measure: str, field: str, value: Any, bucket: str) -> Measure:
    match measure:
        case "rate":
            return Rate(annual_rate=value)
        case "extend":
            return Extend(instalments=value)
        case "defer":
            return Defer(of="principal", **{field: value})
        case "forgive":
            return Forgive(**{field: value})
        case "waive":
            return Waive(of=bucket, **{field: value})
    return Pay(amount=value)


def made(position: Position, measures: Sequence[Measure]) -> Plan | None:
    try:
        return reschedule(position, measures)
    except Refused:
        return None


def monotone(position, rng: random.Random) -> None:
    """Try values in order, neighbours among them, and compare each figure with the one before."""
    places = DECIMALS[position.currency]
    measure, field = rng.choice(sorted(MONOTONE))
    others = rng.choice(ALREADY)
    spread = any(isinstance(one, Spread) for one in others) or any(
        one.interest is HolidayInterest.SPREAD for one in position.repayment.suspensions
    )
    # Whether there is an extra row then changes the parts by a cent, to and fro.
    assume(not (spread and position.repayment.last_row is LastRow.EXTRA_ROW))
    # So does the share of what rounding left over change an instalment; of a few cents each, many rows hang on one.
    assume(position.repayment.last_row is not LastRow.EQUALISE)
    given_up = sum(
        one.instalments for one in position.repayment.suspensions if one.interest is HolidayInterest.WAIVE
    )
    slack = {"relief": Fraction(major(given_up, position.currency))}
    principal = int(position.buckets.principal.scaleb(places))
    bucket = rng.choice(["interest_arrears", "accrued", "penalty", "fees"])
    most = {
        "annual_rate": max(int(position.repayment.annual_rate * 1_000_000), 10),
        "instalments": 30,
        "share": 1_000_000,
        "amount": {
            "pay": int(position.buckets.claim.scaleb(places)),
            "waive": int(getattr(position.buckets, bucket).scaleb(places)),
        }.get(measure, principal),
    }[field]
    numbers = {1, most}
    for _ in range(3):
        middle = rng.randint(1, max(most, 1))
        numbers |= {one for one in range(middle - 2, middle + 3) if 1 <= one <= most}
    before: dict[str, Fraction] = {}
    kept = {plan.instalment for plan in map(partial(made, position), ((), others)) if plan is not None}
    for number in sorted(numbers):
        value: Any = {
            "annual_rate": Fraction(number, 1_000_000),
            "share": Fraction(number, 1_000_000),
            "instalments": number,
        }.get(field, major(number, position.currency))
        plan = made(position, (*others, varied(measure, field, value, bucket)))
        if plan is None:
            continue
        figures = figures_of(plan)
        if position.repayment.instalment is not None and figures.instalment_after in kept:
            continue  # agreed, and kept as long as the balance is what it was, though it may not repay the loan
        for name in MONOTONE[measure, field] - {"payment_to_income_after"}:  # a share of the instalment
            if getattr(figures, name) is None:
                continue
            now = Fraction(getattr(figures, name))
            if name in before:
                moved = RISES[name][measure] * (now - before[name])
                assert moved >= -slack.get(name, 0), (measure, field, name, number)
            before[name] = now
    event(f"{measure}.{field}: {'tried' if before else 'refused'}")


@examples(150)
@given(positions(), st.integers(0, 10**9))
def test_a_figure_that_is_bisected_moves_in_one_direction_to_the_cent(position, seed):
    monotone(position, random.Random(seed))


@examples(60)
@given(compositions.owed(), st.integers(0, 10**9))
def test_a_figure_that_is_bisected_moves_in_one_direction_for_any_loan(position, seed):
    monotone(position, random.Random(seed))


@pytest.mark.slow
@settings(max_examples=6000)
@given(positions() | compositions.owed(), st.integers(0, 10**9))
def test_a_figure_that_is_bisected_moves_in_one_direction_for_very_many_loans(position, seed):
    monotone(position, random.Random(seed))


# --- several steps

MONTHS = "{id: months, measure: {measure: extend, instalments: {vary: {up_to: 6}}}}"
PARKED = "{id: parked, measure: {measure: defer, of: principal, share: {vary: {up_to: 30%, by: 1%}}}}"
RATE = "{id: rate, measure: {measure: rate, annual_rate: {vary: {from: {fact: contract_rate}, down_to: 10%, by: 1%}}}}"


def instalment(*measures: Measure) -> Fraction:
    return figure("instalment_after", *measures)


def test_steps_are_taken_in_order_each_from_where_the_earlier_ones_ended():
    lowest, longer = Rate(annual_rate="10%"), Extend(instalments=6)
    after_rate, after_months = instalment(lowest), instalment(lowest, longer)
    shares = [Fraction(k, 100) for k in range(31)]
    aim = instalment(lowest, longer, Defer(of="principal", share="11%")) + Fraction(1, 100)
    found = only(
        decided(
            RATE,
            MONTHS,
            PARKED,
            target=f"{{fact: instalment_after, value: {float(aim):.2f}}}",
            stop="at_or_below",
        )
    )
    needed = next(
        k for k in range(1, 31) if instalment(lowest, longer, Defer(of="principal", share=shares[k])) <= aim
    )
    assert [(step.id, step.outcome) for step in found.steps] == [
        ("rate", "exhausted"), ("months", "exhausted"), ("parked", "applied"),
    ]  # fmt: skip
    assert [value_of(step.value) for step in found.steps] == [Fraction(1, 10), 6, Fraction(needed, 100)]
    before = [value_of(step.figure_before) for step in found.steps]
    after = [value_of(step.figure_after) for step in found.steps]
    assert before == [instalment(), after_rate, after_months]
    assert after == [after_rate, after_months, figure_of(found, "instalment_after")]
    assert [step.gap for step in found.steps][-1] == ""
    assert [value_of(step.gap) for step in found.steps[:2]] == [after_rate - aim, after_months - aim]
    assert {step.field for step in found.steps} == {"rate.annual_rate", "extend.instalments", "defer.share"}


def test_what_the_first_step_reaches_needs_no_other():
    aim = instalment(Rate(annual_rate="15%"))
    found = only(
        decided(
            RATE,
            MONTHS,
            PARKED,
            target=f"{{fact: instalment_after, value: {float(aim):.2f}}}",
            stop="at_or_below",
        )
    )
    assert [step.outcome for step in found.steps] == ["applied", "not-needed", "not-needed"]
    assert found.steps[0].value == "15 %"
    assert found.prospect.term_added == 0
    assert found.steps[1].value == found.steps[1].figure_after == ""


def test_a_target_that_holds_from_the_start_needs_no_step():
    found = only(
        decided(
            RATE,
            MONTHS,
            target="{fact: instalment_after, value: 5000}",
            stop="at_or_below",
            before="{measure: waive, of: penalty, share: 100%}",
        )
    )
    assert [step.outcome for step in found.steps] == ["not-needed", "not-needed"]
    assert found.prospect.waived == Decimal("29.50")
    assert figure_of(found, "instalment_after") == instalment()


def test_the_measures_before_a_search_are_applied_first():
    capitalised = Capitalise(of=("principal_arrears", "interest_arrears", "accrued"))
    found = only(
        decided(
            MONTHS, target="{fact: instalment_after, value: 1}", stop="test_only", if_missed="offer",
            before="{measure: capitalise, of: [principal_arrears, interest_arrears, accrued]}",
        )
    )  # fmt: skip
    assert value_of(found.steps[0].figure_before) == instalment(capitalised)
    assert figure_of(found, "instalment_after") == instalment(capitalised, Extend(instalments=6))


@pytest.mark.parametrize(
    ("guard", "outcome"),
    [
        (
            "{fact: instalment_after, op: '<', value: 2300}",
            "exhausted",
        ),  # only true after the rate has fallen
        ("{fact: instalment_after, op: '>', value: 2300}", "skipped"),
        ("{fact: term_added, op: '==', value: 0}", "exhausted"),
        ("{fact: reachable}", "exhausted"),
        ("{fact: disputed}", "skipped"),
        ("{fact: months_since_restructuring, op: '>', value: 3}", "skipped"),  # unknown
        ("{not: {fact: months_since_restructuring, op: '>', value: 3}}", "skipped"),
        ("{fact: months_since_restructuring, op: unknown}", "exhausted"),
    ],
)
def test_a_guard_sees_the_state_after_the_earlier_steps_and_must_be_true(guard, outcome):
    assert instalment() > 2300 > instalment(Rate(annual_rate="10%"))
    months = MONTHS.replace("{id: months,", f"{{id: months, when: {guard},")
    found = only(
        decided(
            RATE, months, target="{fact: instalment_after, value: 1}", stop="at_or_below", if_missed="offer"
        )
    )
    assert [step.outcome for step in found.steps] == ["exhausted", outcome]
    assert bool(found.steps[1].because) is (outcome == "skipped")
    assert found.prospect.term_added == (0 if outcome == "skipped" else 6)


def test_an_amount_of_a_step_sees_the_state_after_the_earlier_steps():
    twice = MONTHS.replace("up_to: 6", "up_to: {fact: term_after, times: 0.5}")
    more = twice.replace("id: months", "id: more")
    found = only(
        decided(
            MONTHS,
            twice.replace("id: months", "id: half"),
            more,
            target="{fact: instalment_after, value: 1}",
            stop="at_or_below",
            if_missed="offer",
        )
    )
    # 16 + 6 = 22, half of it is 11; 33, and a half of that is 16.5, of which a cap takes no more than 16.
    assert [value_of(step.value) for step in found.steps] == [6, 11, 16]
    assert found.prospect.term_after == 16 + 6 + 11 + 16


# --- caps


@pytest.mark.parametrize(
    ("caps", "bound", "end"),
    [
        ("{least: {share: {fact: principal, times: 30%}, fixed: 5000}}", "fixed", Fraction(5000)),
        # 33,863.52 x 10 % = 3,386.352, of which no part of a cent is parked too much.
        ("{least: {share: {fact: principal, times: 10%}, fixed: 5000}}", "share", Fraction("3386.35")),
        ("{least: {one: 500, two: 500.00}}", "one", Fraction(500)),
        ("{least: {one: 500.004, two: 500.009}}", "one", Fraction(500)),
        ("{greatest: {one: 500, two: 700}}", "two", Fraction(700)),
        ("500", "", Fraction(500)),
        ("{fact: penalty}", "", Fraction("29.50")),
    ],
)
def test_the_cap_that_bound_is_named_and_none_is_exceeded_by_rounding(caps, bound, end):
    step = f"{{id: s, measure: {{measure: defer, of: principal, amount: {{vary: {{up_to: {caps}}}}}}}}}"
    found = only(
        decided(step, target="{fact: instalment_after, value: 1}", stop="at_or_below", if_missed="offer")
    )
    assert (found.steps[0].outcome, found.steps[0].bound) == ("exhausted", bound)
    assert value_of(found.steps[0].end) == value_of(found.steps[0].value) == end
    assert figure_of(found, "instalment_after") == instalment(
        Defer(of="principal", amount=Decimal(end.numerator) / end.denominator)
    )


def test_a_cap_that_does_not_bind_is_not_named():
    step = "{id: s, measure: {measure: defer, of: principal, amount: {vary: {up_to: {least: {a: 30000, b: 20000}}}}}}"
    found = only(decided(step, target="{fact: instalment_after, value: 2000}", stop="at_or_below"))
    assert (found.steps[0].outcome, found.steps[0].bound) == ("applied", "")
    assert value_of(found.steps[0].end) == 20000


def test_a_floor_is_the_greatest_of_several_and_none_is_undercut_by_rounding():
    step = (
        "{id: s, measure: {measure: rate, annual_rate: {vary: {from: {fact: contract_rate}, "
        "down_to: {greatest: {law: 2%, third: {quotient: [{fact: contract_rate}, 7]}}}, by: 0.5%}}}}"
    )
    found = only(
        decided(step, target="{fact: instalment_after, value: 1}", stop="at_or_below", if_missed="offer")
    )
    # 18 % / 7 = 2.571428…: in six decimals, and not below.
    assert (found.steps[0].bound, found.steps[0].value) == ("third", "2.5715 %")
    assert figure_of(found, "instalment_after") == instalment(Rate(annual_rate="0.025715"))


@pytest.mark.parametrize(
    ("vary", "start"),
    [
        ("{up_to: {difference: [10, {fact: remaining_term}]}}", "0"),  # 16 are left
        ("{up_to: 0}", "0"),
        ("{from: 5, up_to: 5}", "5"),
        ("{from: 5, up_to: 3}", "5"),
        ("{up_to: 0.9}", "0"),
        ("{up_to: 4, by: 5, land_on_end: false}", "0"),
    ],
)
def test_an_end_that_leaves_no_room_is_told_and_the_next_step_is_taken(vary, start):
    nothing = f"{{id: s, measure: {{measure: extend, instalments: {{vary: {vary}}}}}}}"
    found = only(
        decided(
            nothing,
            PARKED,
            target="{fact: instalment_after, value: 1}",
            stop="at_or_below",
            if_missed="offer",
        )
    )
    assert [step.outcome for step in found.steps] == ["no-room", "exhausted"]
    assert (found.steps[0].start, found.steps[0].value) == (start, start)
    assert found.prospect.term_added == 0


def test_a_start_and_a_step_are_rounded_half_up_to_what_the_field_holds():
    # From 0.005 x 100 = 0.5 cents, which is one cent; by 1.5 months, which are two.
    step = "{id: s, measure: {measure: defer, of: principal, amount: {vary: {from: 0.005, up_to: 0.02}}}}"
    found = only(
        decided(step, target="{fact: instalment_after, value: 1}", stop="test_only", if_missed="offer")
    )
    assert (found.steps[0].start, found.steps[0].value) == ("0.01", "0.02")
    months = "{id: s, measure: {measure: extend, instalments: {vary: {from: 0.5, up_to: 6, by: 1.5, land_on_end: false}}}}"
    found = only(
        decided(months, target="{fact: instalment_after, value: 1}", stop="test_only", if_missed="offer")
    )
    assert (found.steps[0].start, found.steps[0].value) == ("1", "5")


def test_more_than_the_calculator_takes_is_as_good_as_a_cap():
    # Nobody can set aside more than the principal, and a good deal less is enough.
    step = "{id: s, measure: {measure: defer, of: principal, amount: {vary: {up_to: 1000000}}}}"
    aim = instalment(Defer(of="principal", amount="12345.67"))
    found = only(
        decided(step, target=f"{{fact: instalment_after, value: {float(aim):.2f}}}", stop="at_or_below")
    )
    assert found.steps[0].outcome == "applied"
    value = Decimal(found.steps[0].value.replace(",", ""))
    assert instalment(Defer(of="principal", amount=value)) == aim
    assert instalment(Defer(of="principal", amount=value - Decimal("0.01"))) > aim
    # Where even that is not enough the step says what the calculator said.
    found = only(decided(step, target="{fact: instalment_after, value: 0}", stop="strictly_below"))
    assert (found.stage, found.code, found.steps[0].outcome) == ("search", "target-missed", "refused")
    assert found.steps[0].because


def test_an_amount_that_no_measure_can_have_is_a_refusal_and_no_crash():
    for offer, code in (
        ("[{measure: waive, of: penalty, amount: {difference: [{fact: fees}, 5]}}]", "money-negative"),
        ("[{measure: holiday, instalments: {difference: [{fact: restructurings}, 5]}}]", "value-invalid"),
        (
            "[{measure: waive, of: penalty, share: {quotient: [{fact: claim}, {fact: principal}]}}]",
            "value-invalid",
        ),
    ):
        decision = decide(ILLNESS, policy_of(small(rules=rule(offer=offer))), on=DAY)
        assert (only(decision).stage, only(decision).code) == ("measure", code)
    below = "{id: s, measure: {measure: rate, annual_rate: {vary: {from: {fact: contract_rate}, down_to: {difference: [0, 5%]}, by: 1%}}}}"
    found = only(decided(below, target="{fact: instalment_after, value: 2200}", stop="at_or_below"))
    grid = [Fraction(18 - k, 100) for k in range(19)]
    first = next(k for k in range(1, 19) if instalment(Rate(annual_rate=grid[k])) <= 2200)
    assert (found.steps[0].outcome, value_of(found.steps[0].value)) == ("applied", grid[first])


# --- missed, unknown


def test_a_target_that_is_missed_refuses_with_how_far_it_is_or_offers_as_far_as_it_went():
    low = instalment(Extend(instalments=6))
    for if_missed in ("refuse", "offer"):
        found = only(
            decided(
                MONTHS,
                target="{fact: instalment_after, value: 1500}",
                stop="at_or_below",
                if_missed=if_missed,
            )
        )
        (step,) = found.steps
        assert (step.outcome, step.value) == ("exhausted", "6")
        assert value_of(step.gap) == low - 1500
        if if_missed == "refuse":
            assert (found.stage, found.code) == ("search", "target-missed")
            (condition,) = found.conditions
            assert (value_of(condition.actual), value_of(condition.threshold)) == (low, 1500)
            assert value_of(condition.distance) == low - 1500
        else:
            assert figure_of(found, "instalment_after") == low


def test_an_offer_that_missed_its_target_is_still_held_against_the_limits():
    decision = decided(
        MONTHS, target="{fact: instalment_after, value: 1500}", stop="at_or_below", if_missed="offer",
        limits=limit("short", "{fact: term_after, op: '<=', value: 20}"),
    )  # fmt: skip
    assert (only(decision).stage, only(decision).code) == ("limit", "short")
    assert only(decision).steps[0].value == "6"


@pytest.mark.parametrize("stop", ["closest_not_crossing", "exact"])
def test_a_search_that_stops_short_of_its_target_on_purpose_makes_its_offer(stop):
    grid = [instalment(Extend(instalments=k)) for k in range(7)]
    aim = (2 * grid[3] + grid[4]) / 3 if stop == "exact" else (grid[3] + 2 * grid[4]) / 3
    found = only(decided(MONTHS, target=f"{{fact: instalment_after, value: {float(aim):.2f}}}", stop=stop))
    assert (found.steps[0].outcome, found.steps[0].value) == ("applied", "3")
    assert found.prospect.term_added == 3
    assert found.steps[0].gap


def without_income() -> Application:
    return Application.model_validate(changed(example("illness"), "finances.income", ...))


def test_a_figure_or_a_target_that_is_unknown_makes_no_offer_and_asks():
    for target in (
        "{fact: payment_to_income_after, value: 31%}",
        "{fact: instalment_after, value: {fact: monthly_income, times: 0.3}}",
    ):
        decision = decided(MONTHS, target=target, stop="at_or_below", application=without_income())
        found = only(decision)
        assert (found.stage, found.code) == ("measure", "amount-unknown")
        assert decision.outcome == "refer"
        assert "r" in {
            name for one in decision.missing for name in one.needed_by if one.place == "finances.income"
        }


def test_an_amount_that_is_unknown_makes_no_offer_unless_its_step_is_not_needed():
    unknown = MONTHS.replace("up_to: 6", "up_to: {quotient: [{fact: monthly_income}, 1000]}").replace(
        "extend, instalments", "defer, of: principal, amount"
    ).replace("{quotient: [{fact: monthly_income}, 1000]}", "{fact: monthly_income}")  # fmt: skip
    decision = decided(
        unknown,
        target="{fact: instalment_after, value: 1500}",
        stop="at_or_below",
        application=without_income(),
    )
    assert (only(decision).stage, only(decision).code) == ("measure", "amount-unknown")
    assert "monthly_income" in only(decision).message
    assert decision.outcome == "refer"
    later = decided(
        RATE,
        unknown,
        target="{fact: instalment_after, value: 2300}",
        stop="at_or_below",
        application=without_income(),
    )
    assert [step.outcome for step in only(later).steps] == ["applied", "not-needed"]


def test_a_target_may_depend_on_the_plan_itself():
    # Until no more than a twentieth of all that is paid is interest.
    target = "{fact: interest_after, op: '<=', value: {fact: total_after, times: 0.05}}"
    found = only(decided(RATE.replace("down_to: 10%", "down_to: 0%"), target=target, stop="at_or_below"))
    grid = [Fraction(18 - k, 100) for k in range(19)]

    def there(k: int) -> bool:
        return figure("interest_after", Rate(annual_rate=grid[k])) * 20 <= figure(
            "total_after", Rate(annual_rate=grid[k])
        )

    assert value_of(found.steps[0].value) == grid[next(k for k in range(1, 19) if there(k))]


SPARE = """\
facts:
  spare: {title: S, unit: money, reference: own, value: {difference: [{fact: disposable_income}, {fact: instalment_after}]}}
  months: {title: M, unit: months, reference: own, value: {product: [{fact: term_added}, 1]}}
  hill: {title: H, unit: count, reference: own, value: {greatest: {hill: {difference: [9, {product: [{difference: [{fact: months}, 3]}, {difference: [{fact: months}, 3]}]}]}, wall: {product: [{difference: [{fact: months}, 6]}, 25]}}}}
"""


def test_a_fact_of_the_policy_that_reads_the_plan_is_aimed_at_anew_after_every_step():
    found = only(
        decided(RATE.replace("by: 1%", "by: 2%"), MONTHS, target="{fact: spare, op: '>=', value: 200}", stop="at_or_above", tail=SPARE)
    )  # fmt: skip
    lowest = Rate(annual_rate="10%")
    months = next(k for k in range(1, 7) if 2100 - instalment(lowest, Extend(instalments=k)) >= 200)
    assert [(step.outcome, value_of(step.value)) for step in found.steps] == [
        ("exhausted", Fraction(1, 10)), ("applied", months),
    ]  # fmt: skip
    assert [value_of(step.figure_before) for step in found.steps] == [
        2100 - instalment(), 2100 - instalment(lowest),
    ]  # fmt: skip


def test_exact_is_the_nearest_of_all_values_up_to_the_first_that_has_reached_the_target():
    # 0, 5, 8, 9, 8, 5, 0 and then 25: of these 9 is nearest to 12.
    far = MONTHS.replace("up_to: 6", "up_to: 12")
    found = only(decided(far, target="{fact: hill, op: '>=', value: 12}", stop="exact", tail=SPARE))
    assert (found.steps[0].outcome, found.steps[0].value, found.steps[0].figure_after) == (
        "applied",
        "3",
        "9",
    )
    found = only(decided(far, target="{fact: hill, op: '>=', value: 9}", stop="at_or_above", tail=SPARE))
    assert (found.steps[0].value, found.prospect.term_added) == ("3", 3)
    found = only(
        decided(far, target="{fact: hill, op: '>=', value: 10}", stop="closest_not_crossing", tail=SPARE)
    )
    assert (found.steps[0].value, found.steps[0].figure_after) == ("6", "0")


def test_an_agreed_instalment_that_does_not_repay_the_loan_is_solved_anew_with_the_first_value():
    # Three instalments of 20.00 do not repay 100.00; the least that is set aside makes them 33.33, and more makes them less.
    position = Position(
        on=DAY,
        currency="CNY",
        buckets=Buckets(principal="100.00"),
        repayment=Repayment(annual_rate="0", instalments=3, first_due=date(2026, 4, 18), instalment="20.00"),
    )
    step = "{id: s, measure: {measure: defer, of: principal, amount: {vary: {up_to: 90}}}}"
    offer = (
        f"[{{search: {{target: {{fact: instalment_after, value: 25}}, stop: at_or_above, steps: [{step}]}}}}]"
    )
    assessment = BASE.model_copy(update={"position": position})
    (made_,) = judge(facts_of(policy_of(small(rules=rule(offer=offer))).at(DAY), assessment)).offers
    assert (made_.steps[0].figure_before, made_.steps[0].value) == ("20.00", "0.01")
    assert made_.prospect.instalment_after == Decimal("33.33")


def test_a_step_that_would_never_arrive_for_one_borrower_makes_that_borrower_no_offer():
    never = MONTHS.replace("up_to: 6", "up_to: 6, by: {fact: restructurings}")  # there were none
    decision = decided(never, target="{fact: instalment_after, value: 1}", stop="at_or_below")
    (refusal,) = decision.refusals
    assert (refusal.stage, refusal.code) == ("measure", "search-endless")


def test_more_values_than_can_be_tried_one_by_one_make_no_offer():
    far = MONTHS.replace("up_to: 6", "up_to: 10001")
    decision = decided(far, target="{fact: total_after, op: '>=', value: 1000000}", stop="at_or_above")
    (refusal,) = decision.refusals
    assert (refusal.stage, refusal.code) == ("measure", "search-too-fine")


def test_bisection_tries_few_plans_where_walking_would_try_very_many():
    step = "{id: s, measure: {measure: defer, of: principal, amount: {vary: {up_to: {fact: principal}}}}}"
    found = only(decided(step, target="{fact: instalment_after, value: 1234.56}", stop="at_or_below"))
    value = Decimal(found.steps[0].value.replace(",", ""))
    assert instalment(Defer(of="principal", amount=value)) <= Fraction("1234.56")
    assert instalment(Defer(of="principal", amount=value - Decimal("0.01"))) > Fraction("1234.56")
    assert found.steps[0].tried <= 30  # of 3,386,353


@examples(40)
@given(positions(fewest=2), st.integers(0, 10**9))
def test_a_search_on_any_loan_finds_the_first_cent_that_is_enough(position, seed):
    assume(position.currency == "CNY" and position.buckets.principal > 1)
    rng = random.Random(seed)
    share = Fraction(rng.randint(1, 900), 1000)
    try:
        aim = figures_of(reschedule(position, (Defer(of="principal", share=share),))).instalment_after
    except Refused:
        return
    assessment = BASE.model_copy(
        update={"position": position, "currency": "CNY", "principal": position.buckets.principal}
    )
    step = "{id: s, measure: {measure: defer, of: principal, amount: {vary: {up_to: {fact: principal}}}}}"
    search = f"target: {{fact: instalment_after, value: {aim}}}, stop: at_or_below, if_missed: offer, steps: [{step}]"
    text = small(rules=rule(offer=f"[{{search: {{{search}}}}}]"))
    judged = judge(facts_of(policy_of(text).at(DAY), assessment))
    (offer,) = judged.offers
    (step,) = offer.steps
    if step.outcome == "not-needed":
        assert figures_of(reschedule(position, ())).instalment_after <= aim
        return
    assert offer.prospect.instalment_after <= aim
    less = Decimal(step.value.replace(",", "")) - Decimal("0.01")
    measures = (Defer(of="principal", amount=less),) if less else ()
    assert figures_of(reschedule(position, measures)).instalment_after > aim


def test_a_step_that_sets_a_rate_stands_in_for_the_one_that_was_set_before():
    target = "{fact: instalment_after, value: 2300}"
    lower = "{id: lower, measure: {measure: rate, annual_rate: {vary: {from: 24%, down_to: 6%, by: 0.125%}}}}"
    before = "{measure: rate, annual_rate: 24%}"
    (offer,) = decided(lower, target=target, stop="at_or_below", before=before).offers
    (step,) = offer.steps
    assert step.outcome == "applied"
    at_first = figure("instalment_after", Rate(annual_rate=Fraction("0.24")))
    assert step.figure_before == f"{float(at_first):,.2f}"
    (rate,) = offer.plan.measures
    assert isinstance(rate, Rate)
    assert figure("instalment_after", rate) <= 2300
    assert figure("instalment_after", Rate(annual_rate=rate.annual_rate + Fraction("0.00125"))) > 2300


@pytest.mark.parametrize(("by", "too_fine"), [("0.05%", False), ("0.0005", False), ("0.049%", True)])
def test_a_step_as_coarse_as_the_finding_asks_for_is_coarse_enough(by, too_fine):
    steps = f"{{id: lower, measure: {{measure: rate, annual_rate: {{vary: {{from: 10%, down_to: 2%, by: {by}}}}}}}}}"
    offer = (
        f"[{{search: {{target: {{fact: total_after, value: 1500}}, stop: at_or_below, steps: [{steps}]}}}}]"
    )
    text = f"{SMALL}rules:\n{rule(offer=offer)}"
    if too_fine:
        with pytest.raises(InvalidPolicy, match=r"search-too-fine.*at least 0\.0005"):
            policy_of(text)
    else:
        policy_of(text)
