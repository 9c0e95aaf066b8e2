"""Position: what is owed on a date, in seven buckets, stated or derived from contract and payments."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Literal, Self

from pydantic import Field, model_validator

from restructure.calculator.accrual import interest_factors
from restructure.calculator.contract import STANDARD_ORDER, Allocation
from restructure.calculator.dates import Closed, DayCount, step_after, weekend, year_fraction
from restructure.calculator.money import Currency, Money, Rate, from_minor, rounder, to_minor
from restructure.calculator.rows import Divide, Row, RowTuple
from restructure.calculator.schedule import terms_rows
from restructure.calculator.scheme import Method, repay
from restructure.calculator.terms import Repayment, Terms, scale_problems
from restructure.errors import InvalidInput, Issue
from restructure.record import Record, refuse

__all__ = [
    "Bucket",
    "Buckets",
    "Charge",
    "Component",
    "Contract",
    "Payment",
    "Penalty",
    "Position",
    "payment_problems",
    "position_of",
]


_ACCRUED = Row._fields.index("accrued")


class Bucket(StrEnum):
    """The seven places where money owed can stand."""

    PRINCIPAL = "principal"
    """Not yet due."""
    PRINCIPAL_ARREARS = "principal_arrears"
    """Due and unpaid principal."""
    INTEREST_ARREARS = "interest_arrears"
    """Due and unpaid interest, with the contract interest on overdue principal."""
    ACCRUED = "accrued"
    """Interest since the last due date, not yet billed."""
    PENALTY = "penalty"
    """Penalty interest."""
    FEES = "fees"
    """Fees charged and unpaid."""
    PARKED = "parked"
    """Set aside by an earlier measure, bearing no interest, due at maturity."""


class Buckets(Record):
    """What is owed, split by what it is; nothing else may hold money."""

    principal: Money = Decimal("0.00")
    """Principal not yet due."""
    principal_arrears: Money = Decimal("0.00")
    """Principal due and unpaid."""
    interest_arrears: Money = Decimal("0.00")
    """Interest due and unpaid, with the contract interest on overdue principal."""
    accrued: Money = Decimal("0.00")
    """Interest since the last due date, not yet billed."""
    penalty: Money = Decimal("0.00")
    """Penalty interest (罚息)."""
    fees: Money = Decimal("0.00")
    """Fees charged and unpaid."""
    parked: Money = Decimal("0.00")
    """Set aside by an earlier measure, bearing no interest, due at maturity."""

    @property
    def claim(self) -> Decimal:
        """Everything owed: the sum of the seven buckets."""
        return sum((getattr(self, name) for name in type(self).model_fields), Decimal(0))


class ParkedDue(Record):
    """When a part of the parked money falls due."""

    amount: Money
    """The part."""
    on: date | None = None
    """Falls due with the first instalment on or after this day; absent: with the last one."""
    annual_rate: Rate = Fraction(0)
    """Simple interest that it bears from the day of the balances on, due together with it."""


class Position(Record):
    """What is owed on a date, and how the rest was to be repaid."""

    on: date
    """The day the buckets hold, interest accrued up to it."""
    currency: Currency
    """ISO 4217 code of every amount."""
    buckets: Buckets
    """The seven buckets."""
    repayment: Repayment
    """How the principal not yet due was to be repaid from here on."""
    oldest_unpaid_due: date | None = None
    """Due date of the oldest instalment not paid in full; absent when none is."""
    missed_instalments: int = Field(default=0, ge=0)
    """Instalments past due and not paid in full."""
    parked_due: tuple[ParkedDue, ...] = ()
    """When parked money falls due; what this does not name falls due with the last instalment."""
    allocation: Allocation = STANDARD_ORDER
    """What a payment goes to first."""
    credit: Money = Decimal("0.00")
    """Received beyond everything owed; it is the borrower's money and no bucket holds it."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        buckets, terms, found = self.buckets, self.repayment, list[tuple[str, ...]]()
        for name in Buckets.model_fields:
            found += scale_problems(getattr(buckets, name), self.currency, "buckets", name)
        found += scale_problems(terms.instalment, self.currency, "repayment", "instalment")
        if terms.first_due <= self.on:
            found.append(
                (
                    "date-order",
                    f"first_due {terms.first_due} is not after the day of the balances {self.on}; "
                    "the instalment due then is in the arrears",
                )
            )
        if self.oldest_unpaid_due is not None and self.oldest_unpaid_due > self.on:
            found.append(
                (
                    "date-order",
                    f"oldest_unpaid_due {self.oldest_unpaid_due} lies after the day of the balances {self.on}",
                )
            )
        for broken, sentence in (
            (
                buckets.principal and not terms.instalments,
                "principal is not zero but no instalments are left; what is already due stands in principal_arrears",
            ),
            (
                buckets.principal_arrears and self.oldest_unpaid_due is None,
                "principal_arrears is not zero, so oldest_unpaid_due must say since when",
            ),
            (
                self.missed_instalments and not (buckets.principal_arrears or buckets.interest_arrears),
                f"missed_instalments is {self.missed_instalments} but principal_arrears and interest_arrears are zero",
            ),
        ):
            if broken:
                found.append(("balances-inconsistent", sentence))
        refuse(found)
        return self

    @property
    def regular_instalment(self) -> Decimal:
        """The next instalment as agreed, with the interest of its whole period but without arrears."""
        terms, currency = self.repayment, self.currency
        balance = to_minor(self.buckets.principal, currency)
        agreed = None if terms.instalment is None else to_minor(terms.instalment, currency)
        if not terms.instalments:
            return from_minor(agreed or 0, currency)
        if agreed is not None and terms.method is Method.LEVEL:
            return from_minor(agreed, currency)
        dues, factors, year = terms.periods(terms.period_start(), terms.instalments, terms.rate_path(self.on))
        scheme = terms.scheme(balance, currency)
        repaid = repay(scheme, dues, balance, agreed, factors, year)
        paid = next(row for row in repaid.rows if row[1] or row[2] or row is repaid.rows[-1])
        return from_minor(repaid.instalment if scheme.annuity else paid[1] + paid[2], currency)

    @property
    def days_past_due(self) -> int:
        """Days since the oldest unpaid instalment fell due (oldest-unpaid-instalment rule)."""
        return (self.on - self.oldest_unpaid_due).days if self.oldest_unpaid_due else 0


class Component(StrEnum):
    """What a payment can be allocated to."""

    FEES = "fees"
    PENALTY = "penalty"
    INTEREST = "interest"
    PRINCIPAL = "principal"


class Penalty(Record):
    """Penalty interest on what is overdue (罚息)."""

    annual_rate: Rate
    """Rate a year on top of the contract interest, as a fraction of one."""
    base: Literal["overdue_principal", "overdue_instalment"] = "overdue_principal"
    """Whether the rate runs on overdue principal or on the whole overdue instalment."""
    grace_days: int = Field(default=0, ge=0)
    """Days after which a late instalment bears penalty, then from its due date."""
    day_count: DayCount = DayCount.ACT_365F
    """How days become a part of a year."""


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


class Contract(Terms):
    """A loan agreement: its terms, what lateness costs, and what payments go to first."""

    overdue_interest: bool = True
    """Whether overdue principal goes on bearing contract interest until it is paid."""
    penalty: Penalty | None = None
    """Penalty interest, if the contract has it."""
    charges: tuple[Charge, ...] = ()
    """Fees charged so far."""
    allocation: tuple[Component, ...] = (
        Component.FEES,
        Component.PENALTY,
        Component.INTEREST,
        Component.PRINCIPAL,
    )
    """What a payment goes to first (default: costs, then interest, then principal, as PRC Civil Code Art. 561)."""
    allocate_by: Literal["row", "bucket"] = "row"
    """By row clears the oldest instalment before the next; by bucket clears one component of all of them first."""

    def contradictions(self) -> list[tuple[str, ...]]:
        """List what contradicts itself, as code, sentence and field."""
        found = super().contradictions()
        if sorted(self.allocation) != sorted(Component):
            found.append(
                (
                    "value-invalid",
                    "allocation must name fees, penalty, interest and principal once each",
                    "allocation",
                )
            )
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


class _Billed:
    """One instalment that fell due, while payments are being allocated to it."""

    __slots__ = (
        "due",
        "fees",
        "interest",
        "late",
        "late_paid",
        "penal",
        "penal_paid",
        "penalised",
        "principal",
    )

    def __init__(self, due: date, principal: int, interest: int) -> None:
        self.due, self.principal, self.interest, self.fees = due, principal, interest, 0
        # What accrues on it while late: exact sums, rounded only when asked for, so that the number
        # of payments in between does not change what is owed.
        self.late, self.penal = Fraction(0), Fraction(0)
        self.late_paid = self.penal_paid = 0
        self.penalised = False

    def owed(self, component: Component, divide: Divide) -> int:
        match component:
            case Component.FEES:
                return self.fees
            case Component.PENALTY:
                exact = self.penal if self.penalised else Fraction(0)
                return divide(exact.numerator, exact.denominator) - self.penal_paid
            case Component.INTEREST:
                return self.interest + divide(self.late.numerator, self.late.denominator) - self.late_paid
            case Component.PRINCIPAL:
                return self.principal

    def pay(self, component: Component, amount: int) -> None:
        match component:
            case Component.FEES:
                self.fees -= amount
            case Component.PENALTY:
                self.penal_paid += amount
            case Component.INTEREST:
                billed = min(amount, self.interest)
                self.interest -= billed
                self.late_paid += amount - billed
            case Component.PRINCIPAL:
                self.principal -= amount


def position_of(
    contract: Contract, payments: Sequence[Payment] = (), *, on: date, closed: Closed = weekend
) -> Position:
    """Derive what is owed on a date from the contract and the payments received up to it.

    Each instalment is billed on its due date; payments clear what is due in the contract's allocation
    order; money received early waits for the next due date, and what still waits on `on` counts against
    the accrued interest, then the principal, then stands as `credit`. Payments after `on` are not looked at. Raises
    `InvalidInput` for a payment in another currency, before the loan or repeated under one id.

    >>> loan = Contract(currency="CNY", principal="12000", annual_rate="18%", instalments=12,
    ...                 start="2026-01-15", first_due="2026-02-15")
    >>> now = position_of(loan, [Payment(on="2026-02-15", amount="1100.16")], on=date(2026, 4, 1))
    >>> now.days_past_due, str(now.buckets.principal_arrears), str(now.buckets.interest_arrears)
    (17, '933.96', '173.88')
    """
    issues = payment_problems(contract, payments)
    if on < contract.start:
        issues.append(
            Issue(
                "date-before-origination",
                f"{on} is before the loan's start {contract.start}; nothing was owed yet",
                "on",
            )
        )
    if issues:
        raise InvalidInput(issues)
    currency, divide = contract.currency, rounder(contract.rounding)
    rows = terms_rows(contract, closed=closed)
    received = sorted((p for p in payments if p.on <= on and p.amount), key=lambda p: p.on)
    charges = sorted((c for c in contract.charges if c.on <= on), key=lambda c: c.on)
    billed: list[_Billed] = []
    waiting = 0  # money received before anything was due
    balance, held_back, count = to_minor(contract.principal, currency), 0, 0

    # On one day instalments fall due first, then fees, then payments arrive.
    events = sorted(
        [(row[0], 0, k) for k, row in enumerate(rows) if row[0] <= on]
        + [(charge.on, 1, k) for k, charge in enumerate(charges)]
        + [(payment.on, 2, k) for k, payment in enumerate(received)]
    )
    today = contract.start
    for day, kind, k in events:
        if day > today:
            _run_late(contract, billed, today, day)
            today = day
        if kind == 0:
            row = rows[k]
            billed.append(_Billed(row[0], row[1], row[2]))
            balance, count = row[-1], k + 1
            held_back += row[_ACCRUED] - row[2]  # interest that a bullet bills only at the end
        elif kind == 1:
            if not billed:
                billed.append(_Billed(contract.start, 0, 0))
            billed[-1].fees += to_minor(charges[k].amount, currency)
        else:
            waiting += to_minor(received[k].amount, currency)
        if waiting:
            waiting = _allocate(contract, billed, waiting, divide)
    if on > today:
        _run_late(contract, billed, today, on)
        if waiting:
            waiting = _allocate(contract, billed, waiting, divide)

    scheduled = contract.dues(max(len(rows), contract.instalments))  # an extra row comes one step later
    borders = [row[0] for row in rows] if contract.roll_accrues else scheduled
    begun = borders[count - 1] if count else contract.start
    principal = to_minor(contract.principal, currency)
    scheme = contract.scheme(principal, currency)
    accrued = held_back
    if on > begun and balance:
        factors, year = interest_factors(
            contract.day_count,
            [begun, on],
            contract.anchor,
            [(begun, contract.annual_rate)],
            contract.compounding,
        )
        accrued += scheme.interest(balance, factors[0], year)
    from_accrued = min(waiting, accrued)
    from_principal = min(balance, waiting - from_accrued)
    accrued, balance = accrued - from_accrued, balance - from_principal
    unpaid = [row for row in billed if row.interest or row.principal]

    def total(component: Component) -> Decimal:
        return from_minor(sum(row.owed(component, divide) for row in billed), currency)

    left = len(rows) - count
    instalment = rows[0][1] + (rows[0][2] if contract.method is Method.LEVEL else 0)
    return Position(
        on=on,
        currency=currency,
        buckets=Buckets(
            principal=from_minor(balance, currency),
            principal_arrears=total(Component.PRINCIPAL),
            interest_arrears=total(Component.INTEREST),
            accrued=from_minor(accrued, currency),
            penalty=total(Component.PENALTY),
            fees=total(Component.FEES),
        ),
        repayment=Repayment(
            **{name: getattr(contract, name) for name in Repayment.model_fields}
            | {
                "instalments": left,
                "first_due": _coming(contract, scheduled, rows, count, on),
                "anchor_day": contract.anchor,
                "instalment": contract.instalment or from_minor(instalment, currency),
                "flat_base": contract.flat_base
                or (contract.principal if contract.method is Method.FLAT else None),
            }
        ),
        oldest_unpaid_due=unpaid[0].due if unpaid else None,
        missed_instalments=sum(row.due < on for row in unpaid),
        credit=from_minor(waiting - from_accrued - from_principal, currency),
    )


def _coming(
    contract: Contract, scheduled: Sequence[date], rows: Sequence[RowTuple], count: int, on: date
) -> date:
    """Give the next due date after a day, as scheduled where that is still ahead, else as rolled."""
    if count < len(rows):
        due = scheduled[count]
        return due if due > on else date.fromordinal(max(rows[count][0].toordinal(), on.toordinal() + 1))
    due = rows[-1][0]
    while due <= on:
        due = step_after(due, contract.every, contract.anchor)
    return due


def payment_problems(
    contract: Contract, payments: Sequence[Payment], *, prefix: str = "payments"
) -> list[Issue]:
    """List every payment that cannot belong to the contract, each with its place after `prefix`."""
    issues: list[Issue] = []
    seen: set[str] = set()
    for k, payment in enumerate(payments):
        place = f"{prefix}.{k}"
        if payment.currency not in (None, contract.currency):
            issues.append(
                Issue(
                    "currency-mixed",
                    f"the payment is in {payment.currency} but the loan in {contract.currency}; convert it first",
                    f"{place}.currency",
                )
            )
        if payment.on < contract.start:
            issues.append(
                Issue(
                    "date-before-origination",
                    f"the payment on {payment.on} is before the loan's start {contract.start}; correct one of them",
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
            to_minor(payment.amount, contract.currency)
        except ValueError as error:
            issues.append(Issue("money-scale", str(error), f"{place}.amount"))
    return issues


def _run_late(contract: Contract, billed: list[_Billed], start: date, end: date) -> None:
    """Let interest and penalty run on what is overdue, from one event to the next."""
    penalty = contract.penalty
    for row in billed:
        if not (row.principal or row.interest):
            continue
        if contract.overdue_interest and row.principal:
            part, year = year_fraction(contract.day_count, start, end, anchor_day=contract.anchor)
            row.late += row.principal * contract.annual_rate * Fraction(part, year)
        if penalty is not None:
            base = row.principal + (row.interest if penalty.base == "overdue_instalment" else 0)
            part, year = year_fraction(penalty.day_count, start, end, anchor_day=contract.anchor)
            row.penal += base * penalty.annual_rate * Fraction(part, year)
            row.penalised = row.penalised or (end - row.due).days > penalty.grace_days


def _allocate(contract: Contract, billed: list[_Billed], amount: int, divide: Divide) -> int:
    """Clear what is due in the contract's order; gives what is left over."""
    order = contract.allocation
    steps = (
        ((row, component) for row in billed for component in order)
        if contract.allocate_by == "row"
        else ((row, component) for component in order for row in billed)
    )
    for row, component in steps:
        part = min(amount, row.owed(component, divide))
        if part > 0:
            row.pay(component, part)
            amount -= part
            if not amount:
                break
    billed[:] = [row for row in billed if any(row.owed(component, divide) for component in Component)]
    return amount
