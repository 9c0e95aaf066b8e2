"""Contract: a loan agreement with its late charges and allocation order, and the payments received under it."""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, PlainSerializer, PlainValidator, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from restructure.calculator.amortisation.scheme import Method
from restructure.calculator.amortisation.terms import Terms
from restructure.calculator.conventions.currency_scale import scale_problems
from restructure.calculator.conventions.day_counts import DayCount
from restructure.calculator.conventions.money import Currency, Money, Rate, Share, to_minor
from restructure.errors import Issue, did_you_mean
from restructure.record import Record, refuse

__all__ = [
    "STANDARD_ORDER",
    "AllocateBy",
    "Allocation",
    "AllocationClaim",
    "Charge",
    "Component",
    "Compound",
    "Contract",
    "OverdueInterest",
    "Payment",
    "Penalty",
    "Prepayment",
    "ServicingTerms",
    "Timing",
    "allocation_problems",
    "payment_problems",
    "received_problems",
]


class Component(StrEnum):
    """Component of a bill that a payment can be allocated to, whatever its due date."""

    FEES = "fees"
    PENALTY = "penalty"
    INTEREST = "interest"
    PRINCIPAL = "principal"


class Timing(StrEnum):
    """Timing of an instalment's due date relative to the day of a payment."""

    PAST_DUE = "past_due"
    """Fell due on an earlier day."""
    DUE = "due"
    """Falls due on the day itself."""
    IN_ADVANCE = "in_advance"
    """Falls due later."""


class AllocationClaim(StrEnum):
    """Component of a bill that a payment can be allocated to, together with the timing of the bill."""

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
        """Whether the instalment is past due, due or still to come."""
        return Timing(self.value.rpartition("_")[0])

    @property
    def component(self) -> Component:
        """The component, whatever its timing."""
        return Component(self.value.rpartition("_")[2])


_CLAIMS: dict[str, Component | AllocationClaim] = {
    claim.value: claim for kind in (Component, AllocationClaim) for claim in kind
}


def _read_claim(value: Any) -> Component | AllocationClaim:
    if isinstance(value, str) and value in _CLAIMS:
        return _CLAIMS[value]
    raise PydanticCustomError(
        "choice-unknown",
        "{text} is nothing a payment can go to{hint}",
        {
            "text": f'"{value}"'[:60],
            "hint": did_you_mean(value, _CLAIMS) or f" (known: {', '.join(_CLAIMS)})",
        },
    )


Allocation = tuple[
    Annotated[
        Component | AllocationClaim,
        PlainValidator(_read_claim),
        PlainSerializer(lambda claim: claim.value, return_type=str, when_used="json"),
        WithJsonSchema({"type": "string", "enum": [*_CLAIMS]}),
    ],
    ...,
]
"""Order in which payments clear what is due: the four components, or the claims past due, due and in advance."""

STANDARD_ORDER: tuple[Component | AllocationClaim, ...] = tuple(Component)
"""Costs, then interest, then principal (PRC Civil Code Art. 561)."""


def allocation_problems(allocation: tuple[Component | AllocationClaim, ...]) -> list[tuple[str, ...]]:
    """List the problems of an allocation order, each as code, sentence and field."""
    claims = [claim for claim in allocation if isinstance(claim, AllocationClaim)]
    if not claims:
        if sorted(allocation) != sorted(Component):
            sentence = "allocation must name fees, penalty, interest and principal once each"
            return [("value-invalid", sentence, "allocation")]
        return []
    if len(claims) < len(allocation):
        sentence = "allocation mixes words with and without past_due, due or in_advance; keep one kind"
        return [("value-invalid", sentence, "allocation")]
    problems: list[tuple[str, ...]] = []
    needed = [claim for claim in AllocationClaim if claim.timing is not Timing.IN_ADVANCE]
    missing = [claim.value for claim in needed if claim not in claims]
    if missing or len(set(claims)) < len(claims):
        sentence = "allocation must name the four past_due and the four due words once each" + (
            f"; missing: {', '.join(missing)}" if missing else "; one is named twice"
        )
        problems.append(("value-invalid", sentence, "allocation"))
    if any(
        earlier.timing is Timing.IN_ADVANCE and later.timing is not Timing.IN_ADVANCE
        for earlier, later in pairwise(claims)
    ):
        sentence = (
            "allocation names in_advance words before others; nothing is prepaid while something is due"
        )
        problems.append(("value-invalid", sentence, "allocation"))
    return problems


class OverdueInterest(StrEnum):
    """Whether overdue principal bears contract interest after its due date, and where that interest is billed."""

    SEPARATE = "separate"
    """Interest accrues on each overdue instalment until it is paid, on top of every instalment."""
    IN_INSTALMENT = "in_instalment"
    """The next instalment bears the interest: its total stays as scheduled, so that it repays less principal."""
    NONE = "none"
    """Overdue principal bears no contract interest."""


def _read_overdue(value: Any) -> Any:
    if isinstance(value, bool):
        return OverdueInterest.SEPARATE if value else OverdueInterest.NONE
    return value


class Penalty(Record):
    """Penalty interest or a fixed charge on what is overdue (罚息).

    Give either `annual_rate` or `amount`. `cap` and `cap_share` limit the total penalty of an instalment, what was
    already paid of it included; where both are given the lower limit applies.
    """

    annual_rate: Rate | None = None
    """Penalty rate a year on top of the contract interest, as a fraction of one, e.g. "0.09" or "9%"."""
    amount: Money | None = None
    """Fixed charge per instalment later than `grace_days`, in the loan's currency, e.g. 25.00, instead of a rate."""
    base: Literal["overdue_principal", "overdue_instalment", "outstanding_principal"] = "overdue_principal"
    """Amount that the rate is charged on: the overdue principal, the whole overdue instalment, or, while anything is
    overdue, all principal still owed (billed with the oldest overdue instalment)."""
    grace_days: int = Field(default=0, ge=0)
    """Days late up to which no penalty is charged, e.g. 3; later instalments bear it from their due date."""
    day_count: DayCount = DayCount.ACT_365F
    """Day-count convention of the penalty, e.g. "ACT/360"."""
    cap: Money | None = None
    """Limit of the penalty of an instalment, in the loan's currency, e.g. 50.00."""
    cap_share: Share | None = None
    """Limit of the penalty of an instalment, as a share of the amount billed, e.g. "5%"."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        problems: list[tuple[str, ...]] = []
        if (self.annual_rate is None) == (self.amount is None):
            sentence = "a penalty is either an annual_rate or an amount; give exactly one of the two"
            problems.append(("value-invalid", sentence))
        fixed = Penalty.model_fields
        for name in ("base", "day_count"):
            if self.amount is not None and getattr(self, name) != fixed[name].default:
                sentence = f"{name} belongs to a penalty by annual_rate; a fixed amount does not read it"
                problems.append(("value-invalid", sentence, name))
        refuse(problems)
        return self

    def finer_than(self, currency: str, *place: str) -> list[tuple[str, ...]]:
        """List the amounts that have more decimals than a currency, each with its field after `place`."""
        amounts = {"amount": self.amount, "cap": self.cap}
        return [
            problem
            for name, amount in amounts.items()
            for problem in scale_problems(amount, currency, *place, name)
        ]


class Compound(Record):
    """Compound interest on unpaid interest (复利), as Chinese loan contracts charge it beside penalty interest.

    Interest that was billed and not paid bears simple interest from its due date; the compound interest
    itself bears none. It is owed and paid as penalty.
    """

    annual_rate: Rate | None = None
    """Rate a year on unpaid interest, as a fraction of one, e.g. "0.18" or "18%"; absent: the contract rate."""
    day_count: DayCount = DayCount.ACT_365F
    """Day-count convention of the compound interest, e.g. "ACT/365F"."""


class Prepayment(StrEnum):
    """Use of the rest of a payment once everything past due and due is paid."""

    HOLD = "hold"
    """Kept for the next due date; nothing else changes until then."""
    SHORTEN_TERM = "shorten_term"
    """Repays principal on its day; the instalment stays the same and the term becomes shorter."""
    LOWER_INSTALMENT = "lower_instalment"
    """Repays principal on its day; the term stays the same and the instalment becomes lower."""


class Charge(Record):
    """A fee charged to the borrower."""

    on: date
    """Day the fee falls due, e.g. 2026-02-20."""
    amount: Money
    """Amount of the fee, in the loan's currency, e.g. 30.00."""


class Payment(Record):
    """Money received from the borrower."""

    on: date
    """Day the payment was received, e.g. 2026-02-15."""
    amount: Money
    """Amount received, in the loan's currency, e.g. 1100.16."""
    id: str | None = None
    """Id of the payment in the servicing system, e.g. "P-2026-0215"; no two payments may have the same one."""
    currency: Currency | None = None
    """Currency of the payment, as an ISO 4217 code, e.g. CNY; it must be the loan's. Absent: the loan's."""
    prepayment: Prepayment | None = None
    """Use of the rest once everything past due and due is paid, e.g. `shorten_term`; absent: as the contract says."""


AllocateBy = Literal["row", "bucket"]
"""Allocation by row (horizontal) or by bucket (vertical)."""


class ServicingTerms(Record):
    """Late charges and allocation of payments, independent of the terms of repayment."""

    overdue_interest: Annotated[
        OverdueInterest,
        BeforeValidator(_read_overdue),
        WithJsonSchema({"enum": [*(word.value for word in OverdueInterest), True, False]}),
    ] = OverdueInterest.SEPARATE
    """Whether overdue principal bears contract interest after its due date, and where it is billed, e.g. `separate`;
    `true` is read as `separate`, `false` as `none`."""
    penalty: Penalty | None = None
    """Penalty interest or a fixed charge on what is overdue (罚息); absent: the contract has none."""
    compound: Compound | None = None
    """Compound interest on unpaid interest (复利); absent: the contract has none."""
    allocation: Allocation = STANDARD_ORDER
    """Order in which payments clear what is due (default: costs, then interest, then principal, PRC Civil Code
    Art. 561): `fees`, `penalty`, `interest`, `principal`, or the same four after `past_due_`, `due_` and
    `in_advance_`."""
    allocate_by: AllocateBy = "row"
    """`row` clears the oldest instalment before the next, within neighbouring words of the same timing; `bucket` clears
    each word of `allocation` over all instalments before the next word."""
    prepayment: Prepayment = Prepayment.HOLD
    """Use of the rest of a payment once everything past due and due is paid, e.g. `shorten_term`."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        refuse(self.contradictions())
        return self

    def contradictions(self) -> list[tuple[str, ...]]:
        """List contradictory fields, each as code, sentence and field."""
        return allocation_problems(self.allocation)


class Contract(ServicingTerms, Terms):
    """A loan agreement: its terms, its late charges, and the order in which payments clear what is due."""

    charges: tuple[Charge, ...] = ()
    """Fees charged so far, each with its day and amount."""

    def contradictions(self) -> list[tuple[str, ...]]:
        """List contradictory fields, each as code, sentence and field."""
        problems = [*Terms.contradictions(self), *ServicingTerms.contradictions(self)]
        problems += self._servicing_problems()
        if self.penalty is not None:
            problems += self.penalty.finer_than(self.currency, "penalty")
        for charge in self.charges:
            problems += scale_problems(charge.amount, self.currency, "charges")
            if charge.on < self.start:
                sentence = f"a charge on {charge.on} is before the loan's start {self.start}"
                problems.append(("date-before-origination", sentence, "charges"))
        return problems

    def _servicing_problems(self) -> list[tuple[str, ...]]:
        """List what the terms of repayment and those of servicing contradict in each other."""
        problems: list[tuple[str, ...]] = []
        in_instalment = self.overdue_interest is OverdueInterest.IN_INSTALMENT
        if self.method is Method.FLAT:
            if self.prepayment is Prepayment.SHORTEN_TERM:
                problems.append(("value-invalid", FLAT_TERM, "prepayment"))
            if in_instalment:
                sentence = (
                    "flat interest runs on the original principal whether it is paid or not; "
                    "say separate or none"
                )
                problems.append(("value-invalid", sentence, "overdue_interest"))
        if self.advances and self.prepayment is not Prepayment.HOLD:
            sentence = "what is paid back early while the loan is still being paid out waits; say hold"
            problems.append(("value-invalid", sentence, "prepayment"))
        if in_instalment and (self.advances or self.suspensions):
            name = "advances" if self.advances else "suspensions"
            sentence = (
                f"an instalment that bears the interest on overdue principal contradicts {name}; say separate"
            )
            problems.append(("value-invalid", sentence, "overdue_interest"))
        return problems


FLAT_TERM = (
    "flat interest runs on the original principal for the whole term, so prepaying cannot shorten it; "
    "say lower_instalment or hold"
)


def payment_problems(
    contract: Contract, payments: Sequence[Payment], *, prefix: str = "payments"
) -> list[Issue]:
    """List the payments that cannot belong to the contract, each with its place after `prefix`."""
    issues = received_problems(contract.currency, contract.start, payments, prefix=prefix)
    if contract.method is Method.FLAT:
        for k, payment in enumerate(payments):
            if payment.prepayment is Prepayment.SHORTEN_TERM:
                issues.append(Issue("value-invalid", FLAT_TERM, f"{prefix}.{k}.prepayment"))
    return issues


def received_problems(
    currency: str, start: date, payments: Sequence[Payment], *, prefix: str = "payments"
) -> list[Issue]:
    """List the payments that cannot have been received since a day, each with its place after `prefix`."""
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
