"""Measures, amounts and conditions in words, for every view that shows them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from restructure.calculator.conventions.money import write_money
from restructure.calculator.conventions.quantity import Kind
from restructure.calculator.measures.catalogue import Measure
from restructure.intake.facts import facts
from restructure.policy.amounts.arithmetic import Difference, ProductAmount, Quotient, Sum
from restructure.policy.amounts.extremes import Greatest, Least
from restructure.policy.amounts.references import FactAmount, ParameterAmount
from restructure.policy.amounts.word import AmountWord, write_amount
from restructure.policy.engine.normal_form import Operator
from restructure.policy.language.conditions import AllOf, AnyOf, Comparison, Condition, Not
from restructure.policy.language.content import PolicyContent
from restructure.policy.language.search import Search, TargetTier, Vary
from restructure.policy.language.templates import field_kind, is_amount, read_amount, read_vary
from restructure.record import Record
from restructure.report.wording import Wording

__all__ = ["PolicyWording", "measure_text", "value_text"]

_WITH_SIGNS = (FactAmount, Sum, Difference, ProductAmount, Quotient)
_BARE = (Operator.KNOWN, Operator.UNKNOWN)


def value_text(value: Any, kind: Kind | None, currency: str, wording: Wording) -> str:
    """Write the constant of a field or a parameter for people.

    >>> value_text(Decimal("0.5"), Kind.RATIO, "CNY", Wording.of("en"))
    '50 %'
    """
    match value:
        case None:
            return wording("word.none")
        case bool():
            return wording("word.yes" if value else "word.no")
        case Decimal() | int() | Fraction() | str() if kind is Kind.RATIO:
            return _percent(value)
        case Decimal() | int() if kind is Kind.MONEY and currency:
            return write_money(Decimal(value), currency)
        case Decimal() | int() if kind in (Kind.DAYS, Kind.MONTHS):
            return wording.counted("unit.day" if kind is Kind.DAYS else "unit.month", int(value))
        case Decimal() | int():
            return f"{value:,f}" if isinstance(value, Decimal) else f"{value:,}"
        case Record():
            fields = ((name, getattr(value, name)) for name in type(value).model_fields)
            given = ((name, part) for name, part in fields if part is not None)
            return wording.listed(
                f"{name} {value_text(part, None, currency, wording)}" for name, part in given
            )
        case tuple() | list():
            return wording.listed(value_text(part, kind, currency, wording) for part in value)
        case _:
            return wording.name("word", value)


def _percent(value: Any) -> str:
    text = str(value).strip()
    share = Fraction(text[:-1].strip()) / 100 if text.endswith("%") else Fraction(text)
    percent = Decimal(share.numerator * 100) / share.denominator
    return f"{percent.normalize():f} %" if Fraction(percent) == share * 100 else str(share)


def measure_text(measure: Measure, currency: str, wording: Wording) -> str:
    """Write a measure of a plan in words, without what is left at its default.

    >>> from restructure import Extend
    >>> measure_text(Extend(instalments=6), "CNY", Wording.of("en"))
    'term extension: 6 instalments'
    """
    word, fields = measure.measure, type(measure).model_fields
    given = ((name, getattr(measure, name)) for name, info in fields.items())
    changed = [
        (name, value) for name, value in given if fields[name].is_required() or value != fields[name].default
    ]

    def write(name: str, value: Any) -> str:
        return _field(name, value_text(value, field_kind(word, name), currency, wording), wording)

    return _measure(word, changed, write, wording)


def _measure(
    word: str, fields: Iterable[tuple[str, Any]], write: Callable[[str, Any], str], wording: Wording
) -> str:
    parts = []
    for name, value in fields:
        if name == "of":
            buckets = [value] if isinstance(value, str) else value
            parts.append(wording.listed(wording.name("bucket", bucket) for bucket in buckets))
        elif name != "measure":
            parts.append(write(name, value))
    said = wording.name("measure", word)
    return (
        wording("measure.with", measure=said, parts=wording("measure.comma").join(parts)) if parts else said
    )


def _field(name: str, text: str, wording: Wording) -> str:
    form = wording.name("measure_field", name)
    return form.replace("{value}", text) if "{value}" in form else f"{form} {text}"


class PolicyWording:
    """The conditions, amounts and measures of a policy in words.

    A parameter is written with its latest value, since a policy has no day: `30 % (serious_income_drop)`.
    """

    def __init__(self, policy: PolicyContent, wording: Wording) -> None:
        self._policy, self._wording = policy, wording

    def fact(self, name: str) -> str:
        """Give the label of a fact of the policy or of the catalogue, its name if it has none."""
        own = self._policy.facts.get(name)
        return self._wording.text(own.title) if own is not None else self._wording.name("fact", name)

    def _kind(self, fact: str) -> Kind | None:
        own = self._policy.facts.get(fact)
        if own is not None:
            return own.unit
        return facts()[fact].kind if fact in facts() else None

    def _latest(self, name: str, kind: Kind | None = None) -> str:
        parameter = self._policy.parameters[name]
        value = parameter.values[-1].value
        return value_text(value, kind or parameter.unit, self._policy.currency, self._wording)

    def parameter(self, name: str, kind: Kind | None = None) -> str:
        """Write the latest value of a parameter, with its name; of a field that counts, without its unit."""
        if name not in self._policy.parameters:
            return name
        counts = kind if kind is Kind.COUNT else None
        return self._wording("join.named", label=self._latest(name, counts), name=name)

    def amount(self, amount: Any, kind: Kind | None = None) -> str:
        """Write an amount: parameters with their values, facts by their labels; rarer words by the names they read."""
        match amount:
            case ParameterAmount():
                return self.parameter(amount.parameter, kind)
            case FactAmount() if amount.once:
                return self.fact(amount.fact)
            case FactAmount():
                return self._joined(" × ", (amount.times, FactAmount(fact=amount.fact)))
            case Sum():
                return self._joined(" + ", amount.sum, kind)
            case Difference():
                return self._joined(" − ", amount.difference, kind)
            case ProductAmount():
                return self._joined(" × ", amount.product)
            case Quotient():
                return self._joined(" / ", amount.quotient)
            case Least() | Greatest():
                parts = self._wording.listed(self._inside(part, kind) for part in amount.parts)
                return self._wording(f"amount.{amount.word()}", parts=parts)
            case AmountWord():
                return write_amount(amount)
            case _:
                return value_text(amount, kind, self._policy.currency, self._wording)

    def _joined(self, sign: str, parts: Iterable[Any], kind: Kind | None = None) -> str:
        return sign.join(self._inside(part, kind) for part in parts)

    def _inside(self, amount: Any, kind: Kind | None = None) -> str:
        text = self.amount(amount, kind)
        if isinstance(amount, _WITH_SIGNS) and not (isinstance(amount, FactAmount) and amount.once):
            return self._wording("condition.inside", part=text)
        return text

    # --- conditions

    def condition_lines(self, condition: Condition) -> str:
        """Write a condition with a line for each of its parts."""
        match condition:
            case AllOf():
                parts, form = condition.all, "condition.and_line"
            case AnyOf():
                parts, form = condition.any, "condition.or_line"
            case _:
                return self.condition(condition)
        if len(parts) == 1:
            return self.condition_lines(parts[0])
        first, *others = (self.condition(part, inside=True) for part in parts)
        return "\n".join([first, *(self._wording(form, part=part) for part in others)])

    def condition(self, condition: Condition, *, inside: bool = False) -> str:
        """Write a condition, in brackets if it has several parts and is inside another."""
        wording = self._wording
        match condition:
            case Comparison():
                return self._comparison(condition)
            case Not():
                return wording("condition.not", part=self.condition(condition.negated))
            case AllOf():
                parts, joint = condition.all, wording("condition.and")
            case AnyOf():
                parts, joint = condition.any, wording("condition.or")
        if len(parts) == 1:
            return self.condition(parts[0], inside=inside)
        text = joint.join(self.condition(part, inside=True) for part in parts)
        return wording("condition.inside", part=text) if inside else text

    def _comparison(self, comparison: Comparison) -> str:
        wording, op = self._wording, comparison.op
        fact = self.fact(comparison.fact)
        form = f"condition.{op.name.lower()}"
        if op in _BARE:
            return wording(form, fact=fact)
        return wording(form, fact=fact, value=self._threshold(comparison))

    def _threshold(self, comparison: Comparison) -> str:
        if comparison.parameter is not None:
            return self.parameter(comparison.parameter)
        if isinstance(comparison, TargetTier) and comparison.amount is not None:
            return self.amount(comparison.amount, self._kind(comparison.fact))
        if comparison.other is None:
            kind = self._kind(comparison.fact)
            if kind is Kind.CHOICE and comparison.fact not in self._policy.facts:
                return self._wording.name(comparison.fact, comparison.value)
            return value_text(comparison.value, kind, self._policy.currency, self._wording)
        other = self.fact(comparison.other)
        return other if comparison.times == 1 else f"{_percent(comparison.times)} × {other}"

    # --- measures

    def measure(self, template: Mapping[str, Any]) -> str:
        """Write a measure as the policy has it, with amounts in place of numbers."""
        word = template["measure"]

        def write(name: str, value: Any) -> str:
            kind, wording = field_kind(word, name), self._wording
            if isinstance(value, Mapping) and set(value) == {"vary"}:
                return self._vary(read_vary(value["vary"]), kind)
            if is_amount(value):
                amount = read_amount(value)
                if isinstance(amount, ParameterAmount) and amount.parameter in self._policy.parameters:
                    # Of months a measure's field takes the number, as its instalments.
                    label = _field(name, self._latest(amount.parameter, kind), wording)
                    return wording("join.named", label=label, name=amount.parameter)
                return self.amount(amount, kind)
            if isinstance(value, Mapping):
                return wording.listed(write(key, part) for key, part in value.items())
            return _field(name, value_text(value, kind, self._policy.currency, wording), wording)

        return _measure(word, template.items(), write, self._wording)

    def _vary(self, vary: Vary, kind: Kind | None) -> str:
        ends = {"start": self.amount(vary.start, kind), "end": self.amount(vary.end, kind)}
        if vary.by is None:
            return self._wording("measure.vary", **ends)
        return self._wording("measure.vary_by", by=self.amount(vary.by, kind), **ends)

    def search(self, search: Search) -> Iterator[str]:
        """Write what a search aims at, and each of its steps in order."""
        tiers = self._wording("condition.else").join(self._comparison(tier) for tier in search.tiers)
        yield self._wording("measure.until", target=tiers)
        for number, step in enumerate(search.steps, 1):
            text = self.measure(step.measure)
            if step.when is not None:
                text = self._wording("measure.if", measure=text, condition=self.condition(step.when))
            yield f"{number}. {text}"
