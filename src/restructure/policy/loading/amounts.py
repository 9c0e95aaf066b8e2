"""Amounts: numbers that a policy works out, checked while they are plain data, word by word.

What a word takes and how it is checked is one entry of a table, `AmountCheck`; the words of arithmetic, of dates and
events, and of formulas have a module each.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple, Protocol

from pydantic import ValidationError

from restructure.calculator.conventions.quantity import Kind
from restructure.errors import did_you_mean
from restructure.intake.facts import Fact
from restructure.policy.amounts.expression import AMOUNT_WORDS, Amount
from restructure.policy.constants import constant
from restructure.policy.language.templates import read_amount
from restructure.policy.loading.findings import Spot
from restructure.policy.loading.scope import Scope, quoted

__all__ = ["AmountCheck", "AmountReader", "KindCheck"]


class KindCheck(Protocol):
    """Check an amount and tell its kind, `None` for a plain number or where something was reported."""

    def __call__(
        self, amounts: "AmountReader", word: str, raw: Mapping[str, Any], spot: Spot, *, of_plan: bool
    ) -> Kind | None:
        """Check the amount `raw`, whose word is `word`, at a place."""


class AmountCheck(NamedTuple):
    """How the amounts of one word are checked."""

    kind: KindCheck
    """Checks what the word applies to, and tells the kind of the amount."""
    fields: tuple[str, ...] | None = ()
    """The fields such an amount has; empty for the word alone, `None` if the check itself looks at them."""


class AmountReader:
    """Read amounts in the scope of a policy; what cannot be read is reported."""

    def __init__(self, scope: Scope, checks: Mapping[str, AmountCheck]) -> None:
        self.scope = scope
        self.findings = scope.findings
        self._checks = checks

    def amount(self, raw: Any, spot: Spot, *, of_plan: bool, kind: Kind | None = None) -> Amount | None:
        """Read an amount that has to be of a kind, `None` if something in it, or a lookup it applies, is reported."""
        before = self.findings.count
        held = self.kind(raw, spot, of_plan=of_plan)
        if self.findings.count > before:
            return None
        if kind is not None and not _together(held, kind):
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

    def kind(self, raw: Any, spot: Spot, *, of_plan: bool) -> Kind | None:
        """Check an amount and tell its kind; a plain number has none and fits every kind but a date."""
        if isinstance(raw, date):
            return Kind.DATE
        if not isinstance(raw, Mapping):
            self._number(raw, spot)
            return None
        words = [word for word in AMOUNT_WORDS if word in raw]
        if len(words) != 1:
            both = f", not {' and '.join(words)} together; nest one inside the other" if words else ""
            near = did_you_mean(next(iter(raw), ""), AMOUNT_WORDS).partition(" (known")[0]
            self.findings.report(
                "amount-shape",
                f"an amount is a number or has one of the words {', '.join(AMOUNT_WORDS)}{both or near}",
                spot,
            )
            return None
        word = words[0]
        check = self._checks[word]
        if check.fields is not None:
            fields = check.fields or (word,)
            self.findings.report_unknown_fields(raw, fields, f'an amount with "{word}"', spot)
        return check.kind(self, word, raw, spot, of_plan=of_plan)

    def _number(self, raw: Any, spot: Spot) -> None:
        fact = Fact("an amount", Kind.RATIO, 12, "", "", "", (), of_plan=False)
        try:
            constant(fact, raw)
        except ValueError as error:
            why = "write a date without quotes" if _is_day(raw) else error
            self.findings.report("amount-shape", f"{quoted(raw)} is not an amount: {why}", spot)

    def common_kind(self, kinds: Sequence[Kind | None], spot: Spot, before: int) -> Kind | None:
        """Check that amounts may be combined, unless something in them was reported after `before` findings."""
        if self.findings.count > before:
            return None
        first, *others = sorted(kinds, key=lambda kind: kind is None) or [None]
        for kind in others:
            if not _together(first, kind):
                self.findings.report(
                    "value-kind",
                    f"{first or 'a plain number'} and {kind or 'a plain number'} cannot be combined in one amount",
                    spot,
                )
                return None
        return first

    def countable(self, word: str, kind: Kind | None, spot: Spot) -> Kind | None:
        """Refuse a date where a number is needed."""
        if kind is not Kind.DATE:
            return kind
        instead = {"least": "earliest_of", "greatest": "latest_of"}.get(
            word, "after, days_between or months_between"
        )
        self.findings.report(
            "value-kind", f'"{word}" takes numbers, and this is a date; write {instead}', spot
        )
        return None


def _is_day(raw: Any) -> bool:
    try:
        return isinstance(raw, str) and bool(date.fromisoformat(raw))
    except ValueError:
        return False


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


def _together(first: Kind | None, second: Kind | None) -> bool:
    """Tell whether two amounts may be combined: money with money, dates with dates, numbers with numbers."""
    if Kind.DATE in (first, second):
        return first is second
    return first is None or second is None or (first is Kind.MONEY) == (second is Kind.MONEY)
