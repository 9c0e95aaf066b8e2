"""Changes: a sentence for each measure of an offer and for each movement of what is owed."""

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import assert_never

from restructure.calculator.conventions.dates import step_of
from restructure.calculator.measures.books import MovementKind
from restructure.calculator.measures.catalogue import Measure
from restructure.calculator.measures.deferral import Capitalise, Defer, Spread
from restructure.calculator.measures.holiday import Holiday
from restructure.calculator.measures.method import ChangeMethod
from restructure.calculator.measures.rate import ChangeRate
from restructure.calculator.measures.relief import Forgive, Waive
from restructure.calculator.measures.solve import Reamortise
from restructure.calculator.measures.timing import ChangeFrequency, Extend, MoveDue
from restructure.calculator.measures.up_front import Pay, Settle
from restructure.calculator.plans.plan import Plan
from restructure.calculator.servicing.position import Bucket
from restructure.report.letters.words import Words

__all__ = ["PHRASES", "sentences"]

PHRASES: dict[str, Sequence[str]] = {
    "pay": ("paid",),
    "waive": ("waived",),
    "forgive": ("forgiven",),
    "capitalise": ("capitalised",),
    "defer": ("parked", "parked_bears"),
    "spread": ("spread",),
    "rate": ("rate", "rate_from", "rate_until", "rate_rises"),
    "holiday": ("holiday",),
    "extend": ("longer", "shorter", "same_term"),
    "move_due": ("due_moved",),
    "frequency": ("frequency",),
    "method": ("method",),
    "reamortise": ("reamortise", "balloon"),
    "settle": ("settled",),
}
"""The phrases of a language file with which a letter describes each measure."""


def sentences(
    words: Words, plan: Plan, *, contract_rate: Decimal, term_added: int, money: Callable[[Decimal], str]
) -> Iterator[str]:
    """Describe what happens to each part of what is owed, and what changes in the terms.

    `contract_rate` is the rate before the change, `term_added` the instalments by which the loan ends later.
    """
    settled = next((measure for measure in plan.measures if isinstance(measure, Settle)), None)
    for kind, bucket, amount in moved(plan):
        # The lump sums of a settlement have dates of their own, which the schedule shows.
        if settled is None or kind is not MovementKind.CARRIED:
            bucket_name = words.named("buckets", bucket.value)
            yield words.say(kind.value, amount=money(amount), bucket=bucket_name)
    if plan.up_front:
        yield words.say("paid", amount=money(plan.up_front), on=words.day(plan.position.on))
    for measure in plan.measures:
        yield from _of_terms(words, plan, measure, contract_rate, money)
    suspended = sum(measure.instalments for measure in plan.measures if isinstance(measure, Holiday))
    if suspended:
        yield words.counted("holiday", suspended)
    if settled is not None:
        total = sum((payment.amount for payment in settled.payments), Decimal(0))
        yield words.counted("settled", len(settled.payments), amount=money(total))
    elif term_added:
        yield words.counted("longer" if term_added > 0 else "shorter", abs(term_added))
    else:
        yield words.say("same_term")


def moved(plan: Plan) -> Iterator[tuple[MovementKind, Bucket, Decimal]]:
    """Sum up the movements of each bucket on the effective date, without principal that is repaid as before."""
    sums: dict[tuple[MovementKind, Bucket], Decimal] = {}
    for movement in plan.ledger:
        if movement.on == plan.position.on:
            key = movement.kind, movement.bucket
            sums[key] = sums.get(key, Decimal(0)) + movement.amount
    sums.pop((MovementKind.CARRIED, Bucket.PRINCIPAL), None)
    for kind in MovementKind:
        for bucket in Bucket:
            amount = sums.get((kind, bucket))
            if amount and kind is not MovementKind.PAID:
                yield kind, bucket, amount


def _of_terms(
    words: Words, plan: Plan, measure: Measure, contract_rate: Decimal, money: Callable[[Decimal], str]
) -> Iterator[str]:
    """Describe a change of the terms that neither the movements nor the length of the term show."""
    match measure:
        case Defer():
            if measure.annual_rate:
                yield words.say("parked_bears", rate=words.rate(_decimal(measure.annual_rate)))
        case ChangeRate():
            yield from _of_rate(words, plan, measure, contract_rate)
        case MoveDue():
            # The business day on which it falls due if it rolls.
            due = min((row.due for row in plan.schedule.rows), key=lambda day: abs(day - measure.to))
            yield words.say("due_moved", number=words.number(measure.instalment), on=words.day(due))
        case ChangeFrequency():
            step = step_of(measure.every)
            yield words.counted("frequency", step.size, of=step.unit)
        case ChangeMethod():
            yield words.named("method", measure.method.value)
        case Reamortise():
            yield words.named("reamortise", measure.solve.value)
            if measure.balloon:
                yield words.say("balloon", amount=money(measure.balloon))
        case Pay() | Waive() | Forgive() | Capitalise() | Spread() | Holiday() | Extend() | Settle():
            return  # the movements, or the sums over all holidays and extensions, describe these
        case _:
            assert_never(measure)


def _of_rate(words: Words, plan: Plan, change: ChangeRate, contract_rate: Decimal) -> Iterator[str]:
    effective = plan.position.on
    starts = max(change.starts or effective, effective)
    rate, before = words.rate(_decimal(change.annual_rate)), words.rate(contract_rate.normalize())
    if change.ends is not None:
        dates = {"starts": words.day(starts), "ends": words.day(change.ends)}
        yield words.say("rate_until", rate=rate, before=before, **dates)
    elif starts > effective:
        yield words.say("rate_from", rate=rate, before=before, starts=words.day(starts))
    else:
        yield words.say("rate", rate=rate, before=before)
    if change.rises_by and change.rises_to is not None:
        step, highest = words.rate(_decimal(change.rises_by)), words.rate(_decimal(change.rises_to))
        yield words.counted("rate_rises", change.rises_every or 12, step=step, highest=highest)


def _decimal(rate: Fraction) -> Decimal:
    return Decimal(rate.numerator) / Decimal(rate.denominator)
