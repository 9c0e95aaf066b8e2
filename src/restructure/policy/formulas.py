"""Formulas: amounts that apply a lookup, bands, a discount rate or an annuity, checked."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from restructure.calculator.quantity import Kind
from restructure.errors import did_you_mean, quoted
from restructure.policy.amounts import AMOUNT_WORDS
from restructure.policy.annuities import LEVEL_FIGURES
from restructure.policy.bands import Mode
from restructure.policy.constants import constant, unit_fact
from restructure.policy.reading import Reader, Spot

__all__ = ["FormulaReader"]

_LOOKUP, _BANDS, _BAND = (
    ("lookup", "column", "at"),
    ("bands", "mode", "rates"),
    ("above", "from", "rate", "fixed"),
)
_PRESENT = ("present_value", "annual_rate", "lag_months", "prepaid_after", "compounding", "time")
_REPAID = ("repaid_by", "annual_rate", "instalments")
_WORDS = (Kind.CHOICE, Kind.FLAG)
_MOST_LAG = 120


class FormulaReader(Reader):
    """Reads amounts that apply a lookup, bands, a discount rate or an annuity."""

    def _kind(self, raw: Any, spot: Spot, *, of_plan: bool) -> Kind | None:
        words = [word for word in AMOUNT_WORDS if word in raw] if isinstance(raw, Mapping) else []
        match words:
            case ["lookup"]:
                return self._looked_up(raw, spot, of_plan=of_plan)
            case ["bands"]:
                return self._banded(raw, spot, of_plan=of_plan)
            case ["present_value"]:
                return self._present(raw, spot, of_plan=of_plan)
            case ["repaid_by"]:
                return self._repaid_by(raw, spot, of_plan=of_plan)
            case ["level"]:
                return self._level(raw, spot, of_plan=of_plan)
        return super()._kind(raw, spot, of_plan=of_plan)

    # --- lookups

    def _looked_up(self, raw: Mapping[str, Any], spot: Spot, *, of_plan: bool) -> Kind | None:
        self.only(raw, _LOOKUP, 'an amount with "lookup"', spot)
        name = raw["lookup"]
        if not isinstance(name, str) or name not in self.lookups:
            self.report(
                "lookup-unknown",
                f"there is no lookup {quoted(name)}{did_you_mean(name, self.lookups)}",
                (*spot, "lookup"),
            )
            return None
        lookup = self.lookups[name]
        if lookup is None:
            return None  # reported where it is declared
        kind = self._column(raw, lookup["columns"], spot)
        at, here = raw.get("at"), (*spot, "at")
        keys = [str(key["name"]) for key in lookup["keys"]]
        if not isinstance(at, Mapping):
            self.report("lookup-shape", f"at gives every key its value: {', '.join(keys)}", here)
            return kind
        self.only(at, keys, f"the lookup {name}", here)
        missing = [key for key in keys if key not in at]
        if missing:
            self.report("lookup-shape", f"at gives no value for {', '.join(missing)}; add it", here)
        for place, key in enumerate(lookup["keys"]):
            if key["name"] in at:
                words = list(
                    dict.fromkeys(row[place] for one in lookup["values"] for row in one["rows"] or ())
                )
                self._key(key, words, at[key["name"]], (*here, key["name"]), of_plan=of_plan)
        return kind

    def _column(
        self, raw: Mapping[str, Any], columns: Sequence[Mapping[str, Any]], spot: Spot
    ) -> Kind | None:
        kinds: dict[str, Kind] = {str(column["name"]): column["unit"] for column in columns}
        if "column" not in raw:
            if len(kinds) > 1:
                self.report("lookup-shape", f"say which column: {', '.join(kinds)}", spot)
            return next(iter(kinds.values()))
        name = raw["column"]
        if name not in kinds:
            self.report(
                "lookup-shape",
                f"the lookup has no column {quoted(name)}{did_you_mean(name, kinds)}",
                (*spot, "column"),
            )
        return kinds.get(str(name))

    def _key(
        self, key: Mapping[str, Any], known: Sequence[Any], raw: Any, spot: Spot, *, of_plan: bool
    ) -> None:
        """Check what a row is to be found by."""
        name, kind = key["name"], key["unit"]
        if kind not in _WORDS:
            held = self._kind(raw, spot, of_plan=of_plan)
            if (kind is Kind.MONEY) != (held is Kind.MONEY) and held is not None:
                self.report("value-kind", f"{name} is {kind} but what it is looked up by is {held}", spot)
            return
        if isinstance(raw, Mapping):
            if set(raw) != {"fact"}:
                self.report("lookup-shape", f"{name} is {kind}; write {{fact: name}} or a constant", spot)
                return
            fact = self.fact(raw["fact"], (*spot, "fact"), of_plan=of_plan)
            if fact is None:
                return
            if fact.kind is not kind:
                self.report("value-kind", f"{name} is {kind} but {fact.name} is {fact.kind}", (*spot, "fact"))
                return
            odd = [word for word in known if kind is Kind.CHOICE and word not in fact.choices]
            if odd:
                self.report(
                    "lookup-shape",
                    f"{fact.name} is never {odd[0]}, which rows of the lookup have for {name}"
                    f"{did_you_mean(odd[0], fact.choices)}",
                    (*spot, "fact"),
                )
        elif raw not in known or isinstance(raw, bool) != (kind is Kind.FLAG):
            self.report(
                "lookup-shape",
                f"no row has {quoted(raw)} for {name}{did_you_mean(raw, map(str, known))}",
                spot,
            )

    # --- bands

    def _banded(self, raw: Mapping[str, Any], spot: Spot, *, of_plan: bool) -> Kind | None:
        self.only(raw, _BANDS, 'an amount with "bands"', spot)
        modes = [mode.value for mode in Mode]
        if raw.get("mode") not in modes:
            self.report(
                "bands-shape",
                f"say what a rate is applied to, mode: {' or '.join(modes)}; the two give different amounts",
                (*spot, "mode") if "mode" in raw else spot,
            )
        base = self._kind(raw["bands"], (*spot, "bands"), of_plan=of_plan)
        rates = raw.get("rates")
        if not isinstance(rates, list) or not rates:
            self.report(
                "bands-shape", "rates is a list of bands: {above or from, rate or fixed}", (*spot, "rates")
            )
            return None
        before = len(self.issues)
        starts: list[tuple[Any, Spot]] = []
        kinds: list[Kind | None] = []
        for k, band in enumerate(rates):
            at = (*spot, "rates", k)
            if (
                not isinstance(band, Mapping)
                or len({"above", "from"} & set(band)) != 1
                or len({"rate", "fixed"} & set(band)) != 1
            ):
                self.report("bands-shape", "a band has one of above and from, and one of rate and fixed", at)
                continue
            self.only(band, _BAND, "a band", at)
            word, figure = ("above" if "above" in band else "from"), ("rate" if "rate" in band else "fixed")
            started = self._kind(band[word], (*at, word), of_plan=of_plan)
            if started is not None:
                self._alike([base, started], (*at, word), before)
            starts.append((band[word], (*at, word)))
            held = self._kind(band[figure], (*at, figure), of_plan=of_plan)
            if figure == "rate" and base is Kind.MONEY:
                if held is Kind.MONEY:
                    self.report("value-kind", "two amounts of money cannot be multiplied", (*at, figure))
                held = Kind.MONEY
            kinds.append(held)
        for (one, _), (after, at) in pairwise(starts):
            if (
                not isinstance(one, Mapping)
                and not isinstance(after, Mapping)
                and _number(one) >= _number(after)
            ):
                self.report("bands-shape", f"{after} does not come after {one}; the lowest band is first", at)
        return self._alike(kinds, spot, before)

    # --- present value

    def _present(self, raw: Mapping[str, Any], spot: Spot, *, of_plan: bool) -> Kind:
        self.only(raw, _PRESENT, 'an amount with "present_value"', spot)
        if not of_plan:
            self.report(
                "fact-not-yet",
                "a present value exists only once a plan exists; limits, flags, ranking and searches may read it",
                spot,
            )
        if raw["present_value"] not in ("plan", "agreed"):
            self.report(
                "amount-shape",
                "what is discounted is the plan or what was agreed: write present_value: plan, or agreed",
                (*spot, "present_value"),
            )
        if raw.get("compounding", "monthly") not in ("monthly", "yearly"):
            self.report("amount-shape", "a present value compounds monthly or yearly", (*spot, "compounding"))
        if raw.get("time", "periods") not in ("periods", "days"):
            self.report("amount-shape", "time goes by periods or by days", (*spot, "time"))
        lag = raw.get("lag_months", 0)
        if not isinstance(lag, int) or isinstance(lag, bool) or not 0 <= lag <= _MOST_LAG:
            self.report(
                "amount-shape", f"lag_months is a whole number from 0 to {_MOST_LAG}", (*spot, "lag_months")
            )
        if "annual_rate" not in raw:
            self.report("amount-shape", "say at which annual_rate the plan is discounted", spot)
        for word in ("annual_rate", "prepaid_after"):
            if word in raw and self._kind(raw[word], (*spot, word), of_plan=of_plan) is Kind.MONEY:
                self.report("value-kind", f"{word} is a number and not money", (*spot, word))
        return Kind.MONEY

    # --- annuity

    def _repaid_by(self, raw: Mapping[str, Any], spot: Spot, *, of_plan: bool) -> Kind:
        self.only(raw, _REPAID, 'an amount with "repaid_by"', spot)
        kinds = self._figures(raw, _REPAID, "what instalments repay depends on", spot, of_plan=of_plan)
        if kinds["repaid_by"] not in (Kind.MONEY, None):
            self.report(
                "value-kind", f"an instalment is money and not {kinds['repaid_by']}", (*spot, "repaid_by")
            )
        return Kind.MONEY

    def _level(self, raw: Mapping[str, Any], spot: Spot, *, of_plan: bool) -> Kind | None:
        figure = raw["level"]
        if figure not in LEVEL_FIGURES:
            hint = "; the principal is written repaid_by" if figure == "principal" else ""
            self.report(
                "amount-shape",
                f"say which figure of a level loan is asked, level: {' or '.join(LEVEL_FIGURES)}{hint}",
                (*spot, "level"),
            )
            return None
        others = ("principal", *(word for word in LEVEL_FIGURES if word != figure))
        self.only(raw, ("level", *others), f'an amount with "level: {figure}"', spot)
        before = len(self.issues)
        kinds = self._figures(raw, others, f"its {figure} depends on", spot, of_plan=of_plan)
        if figure == "instalment":
            return kinds.get("principal")
        self._alike([kinds.get(word) for word in ("principal", "instalment")], spot, before)
        return Kind.RATIO

    def _figures(
        self, raw: Mapping[str, Any], words: Sequence[str], depends: str, spot: Spot, *, of_plan: bool
    ) -> dict[str, Kind | None]:
        """Check that the figures of a level loan are there, its rate and number plain, and give what each is."""
        missing = [word for word in words if word not in raw]
        if missing:
            self.report("amount-shape", f"{depends} {' and '.join(missing)} too; say it", spot)
        kinds = {word: self._kind(raw[word], (*spot, word), of_plan=of_plan) for word in words if word in raw}
        for word, kind in kinds.items():
            if kind is Kind.DATE or (kind is Kind.MONEY and word in ("annual_rate", "instalments")):
                self.report("value-kind", f"{word} is a plain number", (*spot, word))
        return kinds


def _number(raw: Any) -> Any:
    """Read a start that was written as a number; what is none was reported."""
    try:
        return constant(unit_fact("start", Kind.RATIO), raw)
    except ValueError:
        return 0
