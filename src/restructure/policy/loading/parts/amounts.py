"""Amounts: numbers that a policy works out, read from plain data once their words have checked it."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from restructure.calculator.conventions.quantity import Kind
from restructure.policy.amounts.expression import Amount, check_amount
from restructure.policy.amounts.unit_check import compatible
from restructure.policy.language.templates import read_amount
from restructure.policy.loading.findings import Spot
from restructure.policy.loading.parts.scope import Scope

__all__ = ["AmountReader"]


class AmountReader:
    """Read amounts in the scope of a policy; what cannot be read is reported."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.findings = scope.findings

    def amount(self, raw: Any, spot: Spot, *, of_plan: bool, kind: Kind | None = None) -> Amount | None:
        """Read an amount that has to be of a kind, `None` if something in it, or a lookup it applies, is reported."""
        before = self.findings.count
        held = check_amount(raw, spot, self.scope, of_plan=of_plan)
        if self.findings.count > before:
            return None
        if kind is not None and not compatible(held, kind):
            self.findings.report(
                "value-kind", f"the amount is {held or 'a plain number'} where {kind} is expected", spot
            )
            return None
        if Kind.MONEY in (held, kind) and _holds_money(raw):
            self.scope.money.append(spot)
        try:
            return read_amount(raw)
        except ValidationError:
            # It applies a lookup that could not be read, so its keys are not checked; the lookup is reported.
            if not self.findings.issues:
                raise
            return None


def _holds_money(raw: Any) -> bool:
    """Tell whether an amount of money has a plain number that is money in it, and not only shares and facts."""
    if not isinstance(raw, Mapping):
        return str(raw).strip("0. ") != ""  # 0 is the same in every currency
    if "lookup" in raw:
        return True
    parts: list[Any] = []
    if "bands" in raw and isinstance(raw.get("rates"), list):
        bands = [band for band in raw["rates"] if isinstance(band, Mapping)]
        figures = [band[key] for band in bands for key in ("above", "from", "fixed") if key in band]
        parts = [raw["bands"], *figures]
    for word in ("least", "greatest", "sum", "difference", "round", "first_known"):
        inside = raw.get(word, [])
        if isinstance(inside, Mapping) and word in ("least", "greatest"):
            parts += inside.values()
        else:
            parts += inside if isinstance(inside, list) else [inside]
    return any(map(_holds_money, parts))
