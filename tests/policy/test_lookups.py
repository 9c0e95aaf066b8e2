"""Lookups and bands: found exactly, on the day's rows, unknown where there is none; published figures come out."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases import policy_of, rule, small, written
from restructure.errors import InvalidPolicy
from restructure.policy.amounts.bands import Mode, Stretch, banded
from restructure.policy.amounts.expression import worth, write_amount
from restructure.policy.amounts.lookups import Edition, Lookup, Sheet
from restructure.policy.language.templates import read_amount
from restructure.policy.loading.loading import load_policy
from restructure.policy.policy import Policy
from restructure.testing.verdicts import known_from

DAY = date(2026, 3, 18)


def own(facts: str, lookups: str = "", parameters: str = "") -> str:
    """A policy as text with facts of its own and lookups."""
    head = f"lookups:\n{lookups}" if lookups else ""
    return small(parameters=parameters, rules=rule(), tail=f"{head}facts:\n{facts}")


def fact(name: str, value: str, unit: str = "money") -> str:
    return f"  {name}: {{title: t, reference: own, unit: {unit}, value: {value}}}\n"


def known(policy: Policy, on: date = DAY, **values):
    return known_from(policy.at(on), values)


# The table of residual incomes for loans from 80,000 up (us_affordability_va_residual.json): region × family size.
RESIDUAL = """\
  residual:
    title: Residual income
    reference: own
    keys: [{name: region, unit: choice}, {name: family_size, unit: count, match: next_lower}]
    columns: [{name: needed, unit: money}]
    values: residual.csv
"""
REGIONS = {
    "Northeast": (450, 755, 909, 1025, 1062),
    "Midwest": (441, 738, 889, 1003, 1039),
    "South": (441, 738, 889, 1003, 1039),
    "West": (491, 823, 990, 1117, 1158),
}


def residual(folder: Path) -> Policy:
    rows = [f"{r},{k},{n}" for r, line in REGIONS.items() for k, n in enumerate(line, 1)]
    written(folder, "\n".join(["region,family_size,needed", *rows]), "residual.csv")
    region = (
        "  region: {title: t, reference: own, unit: choice, choices: [Northeast, Midwest, South, West]}\n"
    )
    size = "{sum: [1, {fact: dependants}]}"
    needed = f"{{lookup: residual, at: {{region: {{fact: region}}, family_size: {size}}}}}"
    more = f"{{bands: {size}, mode: marginal, rates: [{{from: 0, rate: 0}}, {{above: 5, rate: {{parameter: each}}}}]}}"
    each = "  each: {title: t, unit: money, source: own, values: {2026-01-01: 80}}\n"
    conclusions = """\
conclusions:
  - {id: south, title: t, reference: own, when: {fact: claim, op: ">", value: 0}, conclude: {region: South}}
"""
    text = own(region + fact("needed", f"{{sum: [{needed}, {more}]}}"), RESIDUAL, each) + conclusions
    return load_policy(written(folder, text, "policy.yaml"))


@pytest.mark.parametrize(
    ("dependants", "needed"), [(3, "1003"), (0, "441"), (4, "1039"), (5, "1119"), (6, "1199")]
)
def test_the_residual_income_of_a_region_and_a_family_comes_from_a_file(tmp_path, dependants, needed):
    case = known(residual(tmp_path), claim=Decimal(250000), dependants=dependants)
    assert case.value("needed") == Decimal(needed)


def test_what_is_looked_up_is_unknown_without_its_keys_and_says_how_it_came_about(tmp_path):
    policy = residual(tmp_path)
    assert known(policy, claim=Decimal(1)).value("needed") is None
    assert known(policy, dependants=2).value("needed") is None
    told = {one.fact: one.derivation for one in known(policy, claim=Decimal(1), dependants=3).concluded}
    assert told["needed"] == (
        "needed = residual(region, 1 + dependants) + (marginal bands of (1 + dependants) (from 0: 0; above 5: each)) "
        "= 1,003.00 (region South, dependants 3)"
    )


# Income-contingent repayment (us_student_idr.json): multipliers by the next higher rate, a factor on a straight line.
ICR = """\
  multiplier:
    title: Constant multipliers
    reference: own
    keys: [{name: rate, unit: ratio, match: next_higher}]
    columns: [{name: factor, unit: ratio}]
    values: [[8.5%, 0.133207], [8.25%, 0.1315452], [8%, 0.129894]]
  share:
    title: Income percentage factors
    reference: own
    keys: [{name: agi, unit: money, match: interpolate}]
    columns: [{name: factor, unit: ratio}]
    values: [[19159, 71.89%], [22791, 80.33%], [28515, 88.77%]]
"""
AGI = fact("agi", "{fact: monthly_income, times: 12}")


def icr() -> Policy:
    multiplier = "{lookup: multiplier, at: {rate: {fact: contract_rate}}}"
    factor = "{lookup: share, at: {agi: {fact: agi}}}"
    formula = f"{{product: [{{fact: claim}}, {multiplier}, {factor}]}}"
    discretionary = "{product: [20%, {difference: [{fact: agi}, {parameter: poverty_line}]}]}"
    annual = f"{{least: {{formula: {formula}, discretionary: {discretionary}}}}}"
    line = "  poverty_line: {title: t, unit: money, source: own, values: {2026-01-01: 7890}}\n"
    facts = AGI + fact("annual", annual) + fact("monthly", "{quotient: [{fact: annual}, 12]}")
    return policy_of(own(facts + fact("factor", factor, "ratio"), ICR, line))


def test_the_published_income_contingent_payment_comes_out():
    case = known(
        icr(), claim=Decimal(12500), contract_rate=Decimal("0.082"), monthly_income=Decimal("1899.25")
    )
    assert case.value("agi") == Decimal(22791)
    assert case.value("annual") == Decimal("1320.88")
    assert case.value("monthly") == Decimal("110.07")


def test_a_factor_between_two_rows_lies_on_a_straight_line_and_is_unknown_outside_them():
    half = known(icr(), monthly_income=Decimal("2137.75"))  # 25,653 a year, half way between two rows
    assert half.value("factor") == Decimal("0.845500")
    assert known(icr(), monthly_income=Decimal(1000)).value("factor") is None
    assert known(icr(), monthly_income=Decimal(5000)).value("factor") is None


# The repayment assistance plan (us_student_idr.json): a rate on all of the income, a flat amount below.
RATES = [f"{{above: {k}0000, rate: {k}%}}" for k in range(1, 11)]
RAP = f"{{bands: {{fact: agi}}, mode: whole, rates: [{{from: 0, fixed: 120}}, {', '.join(RATES)}]}}"


@pytest.mark.parametrize(
    ("agi", "payment"),
    [(120000, "1000.00"), (9000, "10.00"), (10000, "10.00"), (24000, "40.00"), (20000, "16.67")],
)
def test_the_published_assistance_payments_come_out(agi, payment):
    least = f"{{greatest: {{band: {{quotient: [{RAP}, 12]}}, at least: 10}}}}"
    policy = policy_of(own(AGI + fact("payment", least)))
    assert known(policy, monthly_income=Decimal(agi) / 12).value("payment") == Decimal(payment)


# --- dates


DATED = """\
  cost:
    title: Cost of living
    reference: own
    keys: [dependants]
    columns: [{name: needed, unit: money}]
    values:
      2026-01-01: [[0, 450], [1, 500]]
      2027-01-01: [{dependants: 0, needed: 460}, {dependants: 1, needed: "-"}]
      2028-01-01: null
"""
USED = fact("needed", "{lookup: cost, at: {dependants: {fact: dependants}}}")


def test_the_rows_of_the_day_are_found():
    policy = policy_of(own(USED, DATED))
    for on, children, needed in (
        (date(2026, 12, 31), 0, "450"),
        (date(2026, 1, 1), 1, "500"),
        (date(2027, 1, 1), 0, "460"),
        (date(2027, 1, 1), 1, None),
        (date(2026, 5, 1), 2, None),
    ):
        found = known(policy, on, dependants=children).value("needed")
        assert found == (None if needed is None else Decimal(needed)), (on, children)


@pytest.mark.parametrize("on", [date(2025, 12, 31), date(2028, 1, 1)])
def test_a_day_without_rows_is_refused_if_the_lookup_is_used(on):
    with pytest.raises(InvalidPolicy, match="lookup-undefined"):
        policy_of(own(USED, DATED)).at(on)
    assert policy_of(own(fact("a", "{fact: claim}"), DATED)).at(on).editions == {"cost": None}


def test_the_digest_changes_with_the_rows_of_the_day_and_with_no_others():
    def digest(lookups: str, on: date = DAY) -> str:
        return policy_of(own(USED, lookups)).at(on).digest

    assert digest(DATED) == digest(DATED.replace("needed: 460", "needed: 461"))
    assert digest(DATED) == digest(DATED.replace("450", "450.00"))
    assert digest(DATED) != digest(DATED.replace("450", "451"))
    assert digest(DATED) != digest(DATED, date(2027, 1, 1))


def test_a_policy_without_lookups_keeps_its_digest():
    before = Path(__file__).parents[1] / "golden" / "policy_as_first_pinned.yaml"
    assert load_policy(before).at(DAY).digest == (
        "b93de200973d819877909ab8c6d0945108be62e6fc1a39bed1eeaa33185ebe3f"
    )


# --- finding a row, by what the words say


def sheet(match: str, beyond: str, rows: dict[Fraction, Fraction]) -> Sheet:
    lookup = Lookup.model_validate(
        {
            "title": "t",
            "reference": "own",
            "keys": [{"name": "at", "unit": "ratio", "match": match, "beyond": beyond}],
            "columns": [{"name": "value", "unit": "ratio"}],
            "values": [{"rows": None}],
        }
    )
    return Sheet(lookup, Edition.model_construct(since=date.min, rows=tuple(rows.items())))


NUMBERS = st.integers(-40, 40).map(lambda number: Fraction(number, 4))


@given(
    rows=st.dictionaries(NUMBERS, NUMBERS, min_size=1, max_size=8),
    at=NUMBERS | st.fractions(-11, 11, max_denominator=9),
    match=st.sampled_from(["next_higher", "next_lower", "interpolate"]),
    clamp=st.booleans(),
)
def test_a_number_finds_what_the_word_for_its_match_says(rows, at, match, clamp):
    below = max((key for key in rows if key <= at), default=None)
    above = min((key for key in rows if key >= at), default=None)
    if match == "interpolate":
        if below is None or above is None:
            expected = rows[above if below is None else below] if clamp else None
        elif below == above:
            expected = rows[at]
        else:
            share = (at - below) / (above - below)
            expected = rows[below] * (1 - share) + rows[above] * share
    else:
        nearest, end = (above, max) if match == "next_higher" else (below, min)
        expected = rows[nearest] if nearest is not None else rows[end(rows)] if clamp else None
    assert sheet(match, "clamp" if clamp else "unknown", rows).find([at], None) == expected


def test_words_truth_values_and_counts_are_found_exactly():
    facts = fact(
        "by_word",
        "{lookup: share, column: first, at: {hardship_cause: {fact: hardship_cause}, vulnerable: true}}",
        "ratio",
    ) + fact(
        "by_flag",
        "{lookup: share, column: second, at: {hardship_cause: illness, vulnerable: {fact: vulnerable}}}",
        "count",
    )
    lookups = """\
  share:
    title: Share given up
    reference: own
    keys: [hardship_cause, vulnerable]
    columns: [{name: first, unit: ratio}, {name: second, unit: count}]
    values: [[illness, true, 50%, 3], [illness, false, 25%, 2], [disaster, true, 100%, 1]]
"""
    policy = policy_of(own(facts, lookups))
    case = known(policy, hardship_cause="disaster", vulnerable=False)
    assert (case.value("by_word"), case.value("by_flag")) == (Decimal(1), 2)
    case = known(policy, hardship_cause="divorce", vulnerable=True)
    assert (case.value("by_word"), case.value("by_flag")) == (None, 3)
    assert known(policy).value("by_flag") is None


# --- bands


STARTS = st.lists(st.integers(-20, 20), min_size=1, max_size=6, unique=True).map(sorted)


@given(STARTS, st.data())
def test_marginal_bands_are_the_sum_of_what_every_unit_of_the_amount_pays(starts, data):
    rates = [data.draw(st.integers(-5, 5)) for _ in starts]
    bands = [Stretch(Fraction(s), True, Fraction(r), False) for s, r in zip(starts, rates, strict=True)]
    amount = data.draw(st.integers(starts[0], 40))
    unit_by_unit = sum(
        next(rate for start, rate in reversed(list(zip(starts, rates, strict=True))) if unit >= start)
        for unit in range(starts[0], amount)
    )
    assert banded(Fraction(amount), Mode.MARGINAL, bands) == unit_by_unit
    held = next(rate for start, rate in reversed(list(zip(starts, rates, strict=True))) if amount >= start)
    assert banded(Fraction(amount), Mode.WHOLE, bands) == held * amount
    assert banded(Fraction(starts[0]) - 1, Mode.WHOLE, bands) is None
    assert banded(Fraction(starts[0]) - 1, Mode.MARGINAL, bands) is None


def value(raw, **facts) -> Fraction | None:
    return worth(read_amount(raw), {"top": Decimal(50)}.get, facts.get)


BAND = {
    "bands": {"fact": "a"},
    "mode": "marginal",
    "rates": ({"above": 0, "fixed": 5}, {"from": {"parameter": "top"}, "rate": "10%"}),
}


@pytest.mark.parametrize(
    ("amount", "marginal", "whole"),
    [(0, None, None), (1, 5, 5), (Decimal("49.99"), 5, 5), (50, 5, 5), (60, 6, 6), (None, None, None)],
)
def test_a_start_may_lie_inside_or_not_and_a_figure_may_be_fixed(amount, marginal, whole):
    assert value(BAND, a=amount) == marginal
    assert value({**BAND, "mode": "whole"}, a=amount) == whole


def test_bands_whose_starts_do_not_rise_on_the_day_are_unknown():
    assert value({**BAND, "rates": ({"from": 50, "rate": 1}, *BAND["rates"][1:])}, a=60) is None
    assert value({**BAND, "rates": ({"from": 0, "rate": {"fact": "b"}},)}, a=60) is None


def test_bands_are_written_for_people():
    assert write_amount(read_amount(BAND)) == "marginal bands of a (above 0: fixed 5; from top: 0.1)"
