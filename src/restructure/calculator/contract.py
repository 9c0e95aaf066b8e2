"""Contract: a loan agreement, what lateness costs under it, what payments go to, and the payments themselves."""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, PlainSerializer, PlainValidator, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from restructure.calculator.dates import DayCount
from restructure.calculator.money import Currency, Money, Rate, Share, to_minor
from restructure.calculator.scheme import Method
from restructure.calculator.terms import Terms, scale_problems
from restructure.errors import Issue, did_you_mean
from restructure.record import Record, refuse

__all__ = [
    "STANDARD_ORDER",
    "AllocateBy",
    "Allocation",
    "Charge",
    "Claim",
    "Component",
    "Compound",
    "Contract",
    "Handling",
    "OverdueInterest",
    "Payment",
    "Penalty",
    "Prepayment",
    "Timing",
    "allocation_problems",
    "payment_problems",
    "received_problems",
]


class Component(StrEnum):
    """What a payment can be allocated to, past due and due together."""

    FEES = "fees"
    PENALTY = "penalty"
    INTEREST = "interest"
    PRINCIPAL = "principal"


class Timing(StrEnum):
    """How the due date of an instalment lies to the day of a payment."""

    PAST_DUE = "past_due"
    """It fell due on an earlier day."""
    DUE = "due"
    """It falls due on the day itself."""
    IN_ADVANCE = "in_advance"
    """It falls due later."""


class Claim(StrEnum):
    """What a payment can be allocated to, by how its due date lies to the day of the payment."""

    PAST_DUE_FEES = "past_due_fees"
    PAST_DUE_PENALTY = "past_due_penalty"
    PAST_DUE_INTEREST = "past_due_interest"
    PAST_DUE_PRINCIPAL = "past_due_principal"
    DUE_FEES = "due_fees"
    DUE_PENALTY = "due_penalty"
    DUE_INTEREST = "due_interest"
    DUE_PRINCIPAL = "due_principal"
    IN_ADVANCE_FEES = "in_advance_fees"
    IN_ADVANCE_PENALTY = "in_advance_penalty"
    IN_ADVANCE_INTEREST = "in_advance_interest"
    IN_ADVANCE_PRINCIPAL = "in_advance_principal"

    @property
    def timing(self) -> Timing:
        """Whether it stands in instalments past due, due or still to come."""
        return Timing(self.value.rpartition("_")[0])

    @property
    def component(self) -> Component:
        """What it is, whenever it falls due."""
        return Component(self.value.rpartition("_")[2])


_WORDS: dict[str, Component | Claim] = {word.value: word for kind in (Component, Claim) for word in kind}


def _read_word(value: Any) -> Component | Claim:
    if isinstance(value, str) and value in _WORDS:
        return _WORDS[value]
    raise PydanticCustomError(
        "choice-unknown",
        "{text} is nothing a payment can go to{hint}",
        {"text": f'"{value}"'[:60], "hint": did_you_mean(value, _WORDS) or f" (known: {', '.join(_WORDS)})"},
    )


Allocation = tuple[
    Annotated[
        Component | Claim,
        PlainValidator(_read_word),
        PlainSerializer(lambda word: word.value, return_type=str, when_used="json"),
        WithJsonSchema({"type": "string", "enum": [*_WORDS]}),
    ],
    ...,
]
"""What a payment goes to first: the four components in some order, or the claims past due, due and in advance."""

STANDARD_ORDER: tuple[Component | Claim, ...] = tuple(Component)
"""Costs, then interest, then principal (PRC Civil Code Art. 561)."""


def allocation_problems(allocation: tuple[Component | Claim, ...]) -> list[tuple[str, ...]]:
    """List what is wrong with an allocation order, as code, sentence and field."""
    claims = [word for word in allocation if isinstance(word, Claim)]
    if not claims:
        if sorted(allocation) != sorted(Component):
            sentence = "allocation must name fees, penalty, interest and principal once each"
            return [("value-invalid", sentence, "allocation")]
        return []
    if len(claims) < len(allocation):
        sentence = "allocation mixes words with and without past_due, due or in_advance; keep one kind"
        return [("value-invalid", sentence, "allocation")]
    found: list[tuple[str, ...]] = []
    needed = [claim for claim in Claim if claim.timing is not Timing.IN_ADVANCE]
    missing = [claim.value for claim in needed if claim not in claims]
    if missing or len(set(claims)) < len(claims):
        sentence = "allocation must name the four past_due and the four due words once each" + (
            f"; missing: {', '.join(missing)}" if missing else "; one is named twice"
        )
        found.append(("value-invalid", sentence, "allocation"))
    if any(
        earlier.timing is Timing.IN_ADVANCE and later.timing is not Timing.IN_ADVANCE
        for earlier, later in pairwise(claims)
    ):
        sentence = (
            "allocation names in_advance words before others; nothing is prepaid while something is due"
        )
        found.append(("value-invalid", sentence, "allocation"))
    return found


class OverdueInterest(StrEnum):
    """Whether overdue principal goes on bearing contract interest, and where that interest is billed."""

    SEPARATE = "separate"
    """It accrues on each overdue instalment until that is paid, on top of every instalment."""
    IN_INSTALMENT = "in_instalment"
    """The next instalment bears it: its total stays as scheduled, so that it repays less principal."""
    NONE = "none"
    """Overdue principal bears none."""


def _read_overdue(value: Any) -> Any:
    if isinstance(value, bool):
        return OverdueInterest.SEPARATE if value else OverdueInterest.NONE
    return value


class Penalty(Record):
    """Penalty interest or a fixed charge on what is overdue (罚息).

    Give either `annual_rate` or `amount`. `cap` and `cap_share` bound what one instalment can be charged in
    all, what was already paid of it included; where both are given the lesser binds.
    """

    annual_rate: Rate | None = None
    """Rate a year on top of the contract interest, as a fraction of one."""
    amount: Money | None = None
    """Charged once for each instalment that is later than the grace days, instead of a rate."""
    base: Literal["overdue_principal", "overdue_instalment", "outstanding_principal"] = "overdue_principal"
    """What the rate runs on: the overdue principal, the whole overdue instalment, or, while anything is
    overdue, all principal still owed (then it stands with the oldest overdue instalment)."""
    grace_days: int = Field(default=0, ge=0)
    """Days after which a late instalment bears penalty, then from its due date."""
    day_count: DayCount = DayCount.ACT_365F
    """How days become a part of a year."""
    cap: Money | None = None
    """The most that one instalment is charged."""
    cap_share: Share | None = None
    """The most that one instalment is charged, as a share of it as it was billed."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        found: list[tuple[str, ...]] = []
        if (self.annual_rate is None) == (self.amount is None):
            sentence = "a penalty is either an annual_rate or an amount; give exactly one of the two"
            found.append(("value-invalid", sentence))
        fixed = Penalty.model_fields
        for name in ("base", "day_count"):
            if self.amount is not None and getattr(self, name) != fixed[name].default:
                sentence = f"{name} belongs to a penalty by annual_rate; a fixed amount does not read it"
                found.append(("value-invalid", sentence, name))
        refuse(found)
        return self

    def finer_than(self, currency: str, *place: str) -> list[tuple[str, ...]]:
        """List the amounts that have more decimals than a currency, each with its field after `place`."""
        amounts = {"amount": self.amount, "cap": self.cap}
        return [one for name, held in amounts.items() for one in scale_problems(held, currency, *place, name)]


class Compound(Record):
    """Compound interest on unpaid interest (复利), as Chinese loan contracts charge it beside penalty interest.

    Interest that was billed and not paid bears simple interest from its due date; the compound interest
    itself bears none. It is owed, and paid, as penalty.
    """

    annual_rate: Rate | None = None
    """Rate a year, as a fraction of one; absent: the contract rate."""
    day_count: DayCount = DayCount.ACT_365F
    """How days become a part of a year."""


class Prepayment(StrEnum):
    """What becomes of money that is left when everything past due and due is paid."""

    HOLD = "hold"
    """It waits for the next due date and changes nothing until then."""
    SHORTEN_TERM = "shorten_term"
    """It repays principal on its day; the instalment stays and the last ones fall away."""
    LOWER_INSTALMENT = "lower_instalment"
    """It repays principal on its day; as many instalments stay, each of them lower."""


class Charge(Record):
    """A fee charged on a day."""

    on: date
    """Day the fee falls due."""
    amount: Money
    """Amount of the fee."""


class Payment(Record):
    """Money received from the borrower."""

    on: date
    """Day it was received."""
    amount: Money
    """Amount received."""
    id: str | None = None
    """The servicing system's id; two payments may not carry the same one."""
    currency: Currency | None = None
    """The loan's currency if absent; another one is an error."""
    prepayment: Prepayment | None = None
    """What becomes of what is left of it, where that is not as the contract says."""


AllocateBy = Literal["row", "bucket"]
"""By row (horizontal) or by bucket (vertical)."""


class Handling(Record):
    """How lateness and payments are dealt with, whatever the terms of the loan."""

    overdue_interest: Annotated[
        OverdueInterest,
        BeforeValidator(_read_overdue),
        WithJsonSchema(
            {
                "anyOf": [
                    {"type": "string", "enum": [word.value for word in OverdueInterest]},
                    {"type": "boolean"},
                ]
            }
        ),
    ] = OverdueInterest.SEPARATE
    """Whether overdue principal goes on bearing contract interest, and where it is billed; `true` is read as
    separate, `false` as none."""
    penalty: Penalty | None = None
    """Penalty interest or a fixed charge, if the contract has it."""
    compound: Compound | None = None
    """Compound interest on unpaid interest, if the contract has it."""
    allocation: Allocation = STANDARD_ORDER
    """What a payment goes to first (default: costs, then interest, then principal, as PRC Civil Code Art. 561):
    `fees`, `penalty`, `interest`, `principal`, or the same four after `past_due_`, `due_` and `in_advance_`."""
    allocate_by: AllocateBy = "row"
    """By row clears the oldest instalment before the next, within words of one timing that stand together; by
    bucket clears each word over all instalments before the next word."""
    prepayment: Prepayment = Prepayment.HOLD
    """What becomes of money that is left when everything past due and due is paid."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        refuse(self.contradictions())
        return self

    def contradictions(self) -> list[tuple[str, ...]]:
        """List what contradicts itself, as code, sentence and field."""
        return allocation_problems(self.allocation)


class Contract(Handling, Terms):
    """A loan agreement: its terms, what lateness costs, and what payments go to first."""

    charges: tuple[Charge, ...] = ()
    """Fees charged so far."""

    def contradictions(self) -> list[tuple[str, ...]]:
        """List what contradicts itself, as code, sentence and field."""
        found = [*Terms.contradictions(self), *Handling.contradictions(self)]
        if self.method is Method.FLAT:
            if self.prepayment is Prepayment.SHORTEN_TERM:
                found.append(("value-invalid", FLAT_TERM, "prepayment"))
            if self.overdue_interest is OverdueInterest.IN_INSTALMENT:
                sentence = (
                    "flat interest runs on the original principal whether it is paid or not; "
                    "say separate or none"
                )
                found.append(("value-invalid", sentence, "overdue_interest"))
        if self.advances and self.prepayment is not Prepayment.HOLD:
            sentence = "what is paid back early while the loan is still being paid out waits; say hold"
            found.append(("value-invalid", sentence, "prepayment"))
        if self.overdue_interest is OverdueInterest.IN_INSTALMENT and (self.advances or self.suspensions):
            name = "advances" if self.advances else "suspensions"
            sentence = (
                f"an instalment that bears the interest on overdue principal contradicts {name}; say separate"
            )
            found.append(("value-invalid", sentence, "overdue_interest"))
        if self.penalty is not None:
            found += self.penalty.finer_than(self.currency, "penalty")
        for charge in self.charges:
            found += scale_problems(charge.amount, self.currency, "charges")
            if charge.on < self.start:
                found.append(
                    (
                        "date-before-origination",
                        f"a charge on {charge.on} is before the loan's start {self.start}",
                        "charges",
                    )
                )
        return found


FLAT_TERM = (
    "flat interest runs on the original principal for the whole term, so prepaying cannot shorten it; "
    "say lower_instalment or hold"
)


def payment_problems(
    contract: Contract, payments: Sequence[Payment], *, prefix: str = "payments"
) -> list[Issue]:
    """List every payment that cannot belong to the contract, each with its place after `prefix`."""
    issues = received_problems(contract.currency, contract.start, payments, prefix=prefix)
    if contract.method is Method.FLAT:
        for k, payment in enumerate(payments):
            if payment.prepayment is Prepayment.SHORTEN_TERM:
                issues.append(Issue("value-invalid", FLAT_TERM, f"{prefix}.{k}.prepayment"))
    return issues


def received_problems(
    currency: str, start: date, payments: Sequence[Payment], *, prefix: str = "payments"
) -> list[Issue]:
    """List every payment that cannot have been received since a day."""
    issues: list[Issue] = []
    seen: set[str] = set()
    for k, payment in enumerate(payments):
        place = f"{prefix}.{k}"
        if payment.currency not in (None, currency):
            issues.append(
                Issue(
                    "currency-mixed",
                    f"the payment is in {payment.currency} but the loan in {currency}; convert it first",
                    f"{place}.currency",
                )
            )
        if payment.on < start:
            issues.append(
                Issue(
                    "date-before-origination",
                    f"the payment on {payment.on} is before the loan's start {start}; correct one of them",
                    f"{place}.on",
                )
            )
        if payment.id is not None and payment.id in seen:
            issues.append(
                Issue(
                    "payment-repeated",
                    f'the id "{payment.id}" was already used; remove one payment',
                    f"{place}.id",
                )
            )
        if payment.id is not None:
            seen.add(payment.id)
        try:
            to_minor(payment.amount, currency)
        except ValueError as error:
            issues.append(Issue("money-scale", str(error), f"{place}.amount"))
    return issues
