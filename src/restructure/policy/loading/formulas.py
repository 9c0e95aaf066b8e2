"""Formulas: checks of amounts that apply a lookup, bands, a discount rate or an annuity."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from restructure.calculator.conventions.quantity import Kind
from restructure.errors import did_you_mean
from restructure.policy.amounts.annuities import LEVEL_FIGURES
from restructure.policy.amounts.bands import Mode
from restructure.policy.constants import constant, unit_fact
from restructure.policy.loading.amounts import AmountCheck, AmountReader
from restructure.policy.loading.findings import Spot

__all__ = ["FORMULA_CHECKS"]

_BAND = ("above", "from", "rate", "fixed")
_REPAID = ("repaid_by", "annual_rate", "instalments")
_WORDS = (Kind.CHOICE, Kind.FLAG)
_MOST_LAG = 120


def _looked_up(
    amounts: AmountReader, word: str, raw: Mapping[str, Any], spot: Spot, *, of_plan: bool
) -> Kind | None:
    name = raw["lookup"]
    if not isinstance(name, str) or name not in amounts.scope.lookups:
        amounts.findings.report(
            "lookup-unknown",
            f'there is no lookup "{name}"{did_you_mean(name, amounts.scope.lookups)}',
            (*spot, "lookup"),
        )
        return None
    lookup = amounts.scope.lookups[name]
    if lookup is None:
        return None  # reported where it is declared
    kind = _column(amounts, raw, lookup["columns"], spot)
    at, here = raw.get("at"), (*spot, "at")
    keys = [str(key["name"]) for key in lookup["keys"]]
    if not isinstance(at, Mapping):
        amounts.findings.report("lookup-shape", f"at gives every key its value: {', '.join(keys)}", here)
        return kind
    amounts.findings.report_unknown_fields(at, keys, f"the lookup {name}", here)
    missing = [key for key in keys if key not in at]
    if missing:
        amounts.findings.report("lookup-shape", f"at gives no value for {', '.join(missing)}; add it", here)
    for position, key in enumerate(lookup["keys"]):
        name_of_key, kind_of_key = key["name"], key["unit"]
        if name_of_key not in at:
            continue
        spot_of_key = (*here, name_of_key)
        if kind_of_key not in _WORDS:
            _check_number_key(amounts, key, at[name_of_key], spot_of_key, of_plan=of_plan)
            continue
        rows = (row for edition in lookup["values"] for row in edition["rows"] or ())
        words = list(dict.fromkeys(row[position] for row in rows))
        word_key = _WordKey(name_of_key, kind_of_key, words)
        _check_word_key(amounts, word_key, at[name_of_key], spot_of_key, of_plan=of_plan)
    return kind


def _column(
    amounts: AmountReader, raw: Mapping[str, Any], columns: Sequence[Mapping[str, Any]], spot: Spot
) -> Kind | None:
    kinds: dict[str, Kind] = {str(column["name"]): column["unit"] for column in columns}
    if "column" not in raw:
        if len(kinds) > 1:
            amounts.findings.report("lookup-shape", f"say which column: {', '.join(kinds)}", spot)
        return next(iter(kinds.values()))
    name = raw["column"]
    if name not in kinds:
        amounts.findings.report(
            "lookup-shape",
            f'the lookup has no column "{name}"{did_you_mean(name, kinds)}',
            (*spot, "column"),
        )
    return kinds.get(str(name))


class _WordKey(NamedTuple):
    """A key of a lookup that is a word, or yes or no."""

    name: str
    kind: Kind
    words: Sequence[Any]
    """What the rows have for it."""


def _check_number_key(
    amounts: AmountReader, key: Mapping[str, Any], raw: Any, spot: Spot, *, of_plan: bool
) -> None:
    name, kind = key["name"], key["unit"]
    held = amounts.kind(raw, spot, of_plan=of_plan)
    if (kind is Kind.MONEY) != (held is Kind.MONEY) and held is not None:
        sentence = f"{name} is {kind} but what it is looked up by is {held}"
        amounts.findings.report("value-kind", sentence, spot)


def _check_word_key(amounts: AmountReader, key: _WordKey, raw: Any, spot: Spot, *, of_plan: bool) -> None:
    name, kind, words = key
    report = amounts.findings.report
    if not isinstance(raw, Mapping):
        if raw not in words or isinstance(raw, bool) != (kind is Kind.FLAG):
            sentence = f'no row has "{raw}" for {name}{did_you_mean(raw, map(str, words))}'
            report("lookup-shape", sentence, spot)
        return
    if set(raw) != {"fact"}:
        report("lookup-shape", f"{name} is {kind}; write {{fact: name}} or a constant", spot)
        return
    at = (*spot, "fact")
    fact = amounts.scope.fact(raw["fact"], at, of_plan=of_plan)
    if fact is None:
        return
    if fact.kind is not kind:
        report("value-kind", f"{name} is {kind} but {fact.name} is {fact.kind}", at)
        return
    odd = [word for word in words if kind is Kind.CHOICE and word not in fact.choices]
    if odd:
        report(
            "lookup-shape",
            f"{fact.name} is never {odd[0]}, which rows of the lookup have for {name}"
            f"{did_you_mean(odd[0], fact.choices)}",
            at,
        )


def _banded(
    amounts: AmountReader, word: str, raw: Mapping[str, Any], spot: Spot, *, of_plan: bool
) -> Kind | None:
    modes = [mode.value for mode in Mode]
    if raw.get("mode") not in modes:
        amounts.findings.report(
            "bands-shape",
            f"say what a rate is applied to, mode: {' or '.join(modes)}; the two give different amounts",
            (*spot, "mode") if "mode" in raw else spot,
        )
    base = amounts.kind(raw["bands"], (*spot, "bands"), of_plan=of_plan)
    rates = raw.get("rates")
    if not isinstance(rates, list) or not rates:
        amounts.findings.report(
            "bands-shape", "rates is a list of bands: {above or from, rate or fixed}", (*spot, "rates")
        )
        return None
    before = amounts.findings.count
    starts: list[tuple[Any, Spot]] = []
    kinds: list[Kind | None] = []
    for k, band in enumerate(rates):
        at = (*spot, "rates", k)
        if not _is_band(band):
            sentence = "a band has one of above and from, and one of rate and fixed"
            amounts.findings.report("bands-shape", sentence, at)
            continue
        amounts.findings.report_unknown_fields(band, _BAND, "a band", at)
        start = "above" if "above" in band else "from"
        started = amounts.kind(band[start], (*at, start), of_plan=of_plan)
        if started is not None:
            amounts.common_kind([base, started], (*at, start), before)
        starts.append((band[start], (*at, start)))
        kinds.append(_figure_kind(amounts, band, base, at, of_plan=of_plan))
    _report_falling(amounts, starts)
    return amounts.common_kind(kinds, spot, before)


def _is_band(band: Any) -> bool:
    return (
        isinstance(band, Mapping)
        and len({"above", "from"} & set(band)) == 1
        and len({"rate", "fixed"} & set(band)) == 1
    )


def _figure_kind(
    amounts: AmountReader, band: Mapping[str, Any], base: Kind | None, spot: Spot, *, of_plan: bool
) -> Kind | None:
    """Check the rate or the fixed amount of a band, and tell the kind of what the band gives."""
    figure = "rate" if "rate" in band else "fixed"
    held = amounts.kind(band[figure], (*spot, figure), of_plan=of_plan)
    if figure == "rate" and base is Kind.MONEY:
        if held is Kind.MONEY:
            sentence = "two amounts of money cannot be multiplied"
            amounts.findings.report("value-kind", sentence, (*spot, figure))
        return Kind.MONEY
    return held


def _report_falling(amounts: AmountReader, starts: Sequence[tuple[Any, Spot]]) -> None:
    """Report bands whose starts are plain numbers that do not rise."""
    for (earlier, _), (later, at) in pairwise(starts):
        plain = not isinstance(earlier, Mapping) and not isinstance(later, Mapping)
        if plain and _number(earlier) >= _number(later):
            sentence = f"{later} does not come after {earlier}; the lowest band is first"
            amounts.findings.report("bands-shape", sentence, at)


def _present(amounts: AmountReader, word: str, raw: Mapping[str, Any], spot: Spot, *, of_plan: bool) -> Kind:
    if not of_plan:
        amounts.findings.report(
            "fact-not-yet",
            "a present value exists only once a plan exists; limits, flags, ranking and searches may read it",
            spot,
        )
    if raw["present_value"] not in ("plan", "agreed"):
        amounts.findings.report(
            "amount-shape",
            "what is discounted is the plan or what was agreed: write present_value: plan, or agreed",
            (*spot, "present_value"),
        )
    if raw.get("compounding", "monthly") not in ("monthly", "yearly"):
        amounts.findings.report(
            "amount-shape", "a present value compounds monthly or yearly", (*spot, "compounding")
        )
    if raw.get("time", "periods") not in ("periods", "days"):
        amounts.findings.report("amount-shape", "time goes by periods or by days", (*spot, "time"))
    lag = raw.get("lag_months", 0)
    if not isinstance(lag, int) or isinstance(lag, bool) or not 0 <= lag <= _MOST_LAG:
        amounts.findings.report(
            "amount-shape", f"lag_months is a whole number from 0 to {_MOST_LAG}", (*spot, "lag_months")
        )
    if "annual_rate" not in raw:
        amounts.findings.report("amount-shape", "say at which annual_rate the plan is discounted", spot)
    for figure in ("annual_rate", "prepaid_after"):
        at = (*spot, figure)
        if figure in raw and amounts.kind(raw[figure], at, of_plan=of_plan) is Kind.MONEY:
            amounts.findings.report("value-kind", f"{figure} is a number and not money", at)
    return Kind.MONEY


def _repaid_by(
    amounts: AmountReader, word: str, raw: Mapping[str, Any], spot: Spot, *, of_plan: bool
) -> Kind:
    _report_missing(amounts, raw, _REPAID, "what instalments repay depends on", spot)
    kinds = _figures(amounts, raw, _REPAID, spot, of_plan=of_plan)
    if kinds["repaid_by"] not in (Kind.MONEY, None):
        amounts.findings.report(
            "value-kind", f"an instalment is money and not {kinds['repaid_by']}", (*spot, "repaid_by")
        )
    return Kind.MONEY


def _level(
    amounts: AmountReader, word: str, raw: Mapping[str, Any], spot: Spot, *, of_plan: bool
) -> Kind | None:
    figure = raw["level"]
    if figure not in LEVEL_FIGURES:
        hint = "; the principal is written repaid_by" if figure == "principal" else ""
        amounts.findings.report(
            "amount-shape",
            f"say which figure of a level loan is asked, level: {' or '.join(LEVEL_FIGURES)}{hint}",
            (*spot, "level"),
        )
        return None
    others = ("principal", *(word for word in LEVEL_FIGURES if word != figure))
    amounts.findings.report_unknown_fields(raw, ("level", *others), f'an amount with "level: {figure}"', spot)
    before = amounts.findings.count
    _report_missing(amounts, raw, others, f"its {figure} depends on", spot)
    kinds = _figures(amounts, raw, others, spot, of_plan=of_plan)
    if figure == "instalment":
        return kinds.get("principal")
    amounts.common_kind([kinds.get(word) for word in ("principal", "instalment")], spot, before)
    return Kind.RATIO


def _report_missing(
    amounts: AmountReader, raw: Mapping[str, Any], words: Sequence[str], depends: str, spot: Spot
) -> None:
    """Report figures of a level loan that are not given; `depends` says what cannot be worked out without them."""
    missing = [word for word in words if word not in raw]
    if missing:
        sentence = f"{depends} {' and '.join(missing)} too; write it"
        amounts.findings.report("amount-shape", sentence, spot)


def _figures(
    amounts: AmountReader, raw: Mapping[str, Any], words: Sequence[str], spot: Spot, *, of_plan: bool
) -> dict[str, Kind | None]:
    """Give the kind of each figure of a level loan, and check that its rate and number are plain numbers."""
    kinds = {word: amounts.kind(raw[word], (*spot, word), of_plan=of_plan) for word in words if word in raw}
    for word, kind in kinds.items():
        if kind is Kind.DATE or (kind is Kind.MONEY and word in ("annual_rate", "instalments")):
            amounts.findings.report("value-kind", f"{word} is a plain number", (*spot, word))
    return kinds


def _number(raw: Any) -> Any:
    """Read a start that was written as a number; what is none was reported."""
    try:
        return constant(unit_fact("start", Kind.RATIO), raw)
    except ValueError:
        return 0


FORMULA_CHECKS: dict[str, AmountCheck] = {
    "lookup": AmountCheck(_looked_up, ("lookup", "column", "at")),
    "bands": AmountCheck(_banded, ("bands", "mode", "rates")),
    "present_value": AmountCheck(
        _present, ("present_value", "annual_rate", "lag_months", "prepaid_after", "compounding", "time")
    ),
    "repaid_by": AmountCheck(_repaid_by, _REPAID),
    "level": AmountCheck(_level, None),
}
"""The words of formulas, each with how its amounts are checked."""
