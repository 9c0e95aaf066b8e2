"""Arithmetic: amounts that are a parameter, a multiple of a fact, a sum, a product, a rounding or one of several."""

from collections.abc import Mapping
from typing import Any

from restructure.calculator.conventions.money import Rounding
from restructure.calculator.conventions.quantity import Kind
from restructure.intake.facts import Fact
from restructure.policy.constants import constant
from restructure.policy.loading.amounts import AmountCheck, AmountReader
from restructure.policy.loading.findings import Spot

__all__ = ["ARITHMETIC_CHECKS"]

_COUNTED = (Kind.MONEY, Kind.RATIO, Kind.DAYS, Kind.MONTHS, Kind.COUNT)


def _parameter(
    amounts: AmountReader, word: str, raw: Mapping[str, Any], spot: Spot, *, of_plan: bool
) -> Kind | None:
    unit = amounts.scope.parameter(raw[word], (*spot, word))
    return unit.kind if unit is not None else None


def _multiple(
    amounts: AmountReader, word: str, raw: Mapping[str, Any], spot: Spot, *, of_plan: bool
) -> Kind | None:
    fact = amounts.scope.fact(raw[word], (*spot, word), of_plan=of_plan)
    if fact is None:
        return None
    if fact.kind is Kind.DATE and "times" not in raw:
        return fact.kind
    report = amounts.findings.report
    if fact.kind not in _COUNTED:
        report(
            "operator-kind", f"{fact.name} is {fact.kind}, which cannot be used in arithmetic", (*spot, word)
        )
        return None
    if "times" in raw:
        at = (*spot, "times")
        factor = amounts.kind(raw["times"], at, of_plan=of_plan)
        if factor is Kind.DATE:
            amounts.countable("times", factor, at)
        if factor is Kind.MONEY:
            if fact.kind is Kind.MONEY:
                report("value-kind", "two amounts of money cannot be multiplied", at)
            return Kind.MONEY
    return fact.kind


def _rounded(
    amounts: AmountReader, word: str, raw: Mapping[str, Any], spot: Spot, *, of_plan: bool
) -> Kind | None:
    held = amounts.kind(raw[word], (*spot, word), of_plan=of_plan)
    kind = amounts.countable(word, held, spot)
    try:
        unit = Fact("a unit", Kind.RATIO, 12, "", "", "", (), of_plan=False)
        positive = constant(unit, raw.get("to")) > 0
    except ValueError:
        positive = False
    if not positive:
        sentence = '"to" is the unit to round to, a number above 0'
        amounts.findings.report("amount-shape", sentence, (*spot, "to"))
    modes = [mode.value for mode in Rounding]
    if raw.get("mode", modes[0]) not in modes:
        amounts.findings.report(
            "choice-unknown",
            f'"{raw["mode"]}" is not a way to round (known: {", ".join(modes)})',
            (*spot, "mode"),
        )
    return kind


def _named_parts(
    amounts: AmountReader, word: str, raw: Mapping[str, Any], spot: Spot, *, of_plan: bool
) -> Kind | None:
    parts = raw[word]
    if not isinstance(parts, Mapping) or not parts:
        amounts.findings.report("amount-shape", f'"{word}" takes names, each with an amount', (*spot, word))
        return None
    before = amounts.findings.count
    kinds = [amounts.kind(part, (*spot, word, name), of_plan=of_plan) for name, part in parts.items()]
    return amounts.countable(word, amounts.common_kind(kinds, spot, before), spot)


def _listed_parts(
    amounts: AmountReader, word: str, raw: Mapping[str, Any], spot: Spot, *, of_plan: bool
) -> Kind | None:
    parts = raw[word]
    two = word in ("difference", "quotient")
    if not isinstance(parts, list) or not parts or (two and len(parts) != 2):
        amounts.findings.report(
            "amount-shape",
            f'"{word}" takes a list of {"two" if two else "one or more"} amounts',
            (*spot, word),
        )
        return None
    before = amounts.findings.count
    kinds = [amounts.kind(part, (*spot, word, k), of_plan=of_plan) for k, part in enumerate(parts)]
    if word == "first_known":
        return amounts.common_kind(kinds, spot, before)
    if Kind.DATE in kinds:
        return amounts.countable(word, Kind.DATE, spot)
    if word in ("sum", "difference"):
        return amounts.common_kind(kinds, spot, before)
    if word == "product":
        if kinds.count(Kind.MONEY) > 1:
            amounts.findings.report("value-kind", "two amounts of money cannot be multiplied", spot)
        return Kind.MONEY if Kind.MONEY in kinds else Kind.RATIO
    upper, lower = kinds
    if lower is Kind.MONEY:
        if upper not in (Kind.MONEY, None):
            amounts.findings.report("value-kind", f"{upper} cannot be divided by money", spot)
        return Kind.RATIO
    return Kind.MONEY if upper is Kind.MONEY else Kind.RATIO


ARITHMETIC_CHECKS: dict[str, AmountCheck] = {
    "parameter": AmountCheck(_parameter),
    "fact": AmountCheck(_multiple, ("fact", "times")),
    "round": AmountCheck(_rounded, ("round", "to", "mode")),
    **dict.fromkeys(("least", "greatest"), AmountCheck(_named_parts)),
    **dict.fromkeys(("sum", "difference", "product", "quotient", "first_known"), AmountCheck(_listed_parts)),
}
"""The words of arithmetic, each with how its amounts are checked."""
