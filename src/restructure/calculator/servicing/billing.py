"""Billing: the instalments that fell due, what accrues on them while they are late, and how payments clear them."""

from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from itertools import groupby

from restructure.calculator.amortisation.repayment import Repayment
from restructure.calculator.amortisation.rows import Divide
from restructure.calculator.conventions.accrual import interest_factors, without_repetition
from restructure.calculator.conventions.day_counts import DayCount, year_fraction
from restructure.calculator.conventions.money import to_minor
from restructure.calculator.servicing.contract import (
    AllocationClaim,
    Component,
    OverdueInterest,
    Penalty,
    ServicingTerms,
    Timing,
)

__all__ = ["Bill", "Bills"]

# Each payment compares the components of every bill, and looking up `Component.FEES` each time is slow.
_FEES, _PENALTY, _INTEREST, _PRINCIPAL = _COMPONENTS = tuple(Component)
_NOTHING = Fraction(0)
_ClearingStep = tuple[Timing | None, tuple[Component, ...]]
"""Timing of the bills that are cleared, or None for all of them, and the components cleared bill by bill."""


class Bill:
    """An instalment that fell due, or fees charged while no instalment was open; in minor units."""

    __slots__ = (
        "billed",
        "compounded",
        "due",
        "fees",
        "interest",
        "late",
        "late_paid",
        "penal",
        "penal_paid",
        "penalised",
        "penalty",
        "principal",
    )

    def __init__(self, due: date, principal: int = 0, interest: int = 0, *, penalty: int = 0) -> None:
        self.due, self.principal, self.interest, self.fees = due, principal, interest, 0
        self.penalty = penalty
        """Penalty for earlier lateness that a plan bills with this instalment."""
        self.billed = principal + interest
        # What accrues while it is late: exact sums, rounded only when read, so that the number of payments in
        # between does not change what is owed.
        self.late = self.penal = self.compounded = _NOTHING
        self.late_paid = self.penal_paid = 0
        self.penalised = False

    @property
    def unpaid(self) -> bool:
        """Whether any of the instalment itself is still open."""
        return bool(self.principal or self.interest)

    def timing(self, day: date) -> Timing:
        """Give its timing relative to the day of a payment."""
        return Timing.PAST_DUE if self.due < day else Timing.DUE

    def pay(self, component: Component, amount: int) -> None:
        """Book a payment of part of what is owed."""
        if component is _FEES:
            self.fees -= amount
        elif component is _PENALTY:
            self.penal_paid += amount
        elif component is _INTEREST:
            billed = min(amount, self.interest)
            self.interest -= billed
            self.late_paid += amount - billed
        else:
            self.principal -= amount


class Bills:
    """Bills that are not fully paid, oldest first; in minor units."""

    def __init__(self, servicing: ServicingTerms, terms: Repayment, currency: str, divide: Divide) -> None:
        self.servicing, self.terms, self.divide = servicing, terms, divide
        self.open: list[Bill] = []
        self.steps = list(_clearing_steps(servicing))
        penalty = servicing.penalty
        self.fixed = self.cap = None
        self.cap_share = None if penalty is None else penalty.cap_share
        if penalty is not None and penalty.amount is not None:
            self.fixed = to_minor(penalty.amount, currency)
        if penalty is not None and penalty.cap is not None:
            self.cap = to_minor(penalty.cap, currency)

    def add(self, due: date, principal: int, interest: int, *, penalty: int = 0, fees: int = 0) -> None:
        """Bill an instalment on its due date."""
        self.open.append(Bill(due, principal, interest, penalty=penalty))
        self.open[-1].fees = fees

    def charge(self, on: date, amount: int) -> None:
        """Add a fee to the newest open bill, or to a new one if none is open."""
        if not self.open:
            self.open.append(Bill(on))
        self.open[-1].fees += amount

    def owed(self, bill: Bill, component: Component) -> int:
        """Give the amount owed of a component of a bill."""
        if component is _FEES:
            return bill.fees
        if component is _PENALTY:
            exact = self._penal(bill)
            return bill.penalty + self.divide(exact.numerator, exact.denominator) - bill.penal_paid
        if component is _INTEREST:
            late = self.divide(bill.late.numerator, bill.late.denominator)
            return bill.interest + late - bill.late_paid
        return bill.principal

    def total(self, component: Component) -> int:
        """Sum the amounts owed of a component."""
        return sum(self.owed(bill, component) for bill in self.open)

    @property
    def overdue_principal(self) -> int:
        """Sum of the principal that fell due and is unpaid."""
        return sum(bill.principal for bill in self.open)

    def _penal(self, bill: Bill) -> Fraction:
        """Give the penalty, limited by its caps, plus the compound interest."""
        exact = bill.penal if bill.penalised else _NOTHING
        if self.cap is not None:
            exact = min(exact, Fraction(self.cap))
        if self.cap_share is not None:
            exact = min(exact, bill.billed * self.cap_share)
        return exact + bill.compounded if bill.compounded else exact

    def accrue(self, start: date, end: date, balance: int) -> None:
        """Accrue interest and penalty on what is overdue, from one day to another.

        `balance` is the principal not yet due, which some penalties are charged on as well.
        """
        late = [bill for bill in self.open if bill.unpaid]
        if not late:
            return
        terms, anchor = self.terms, self.terms.anchor
        penalty, compound = self.servicing.penalty, self.servicing.compound
        path = without_repetition(terms.rate_path(start))
        if self.servicing.overdue_interest is OverdueInterest.SEPARATE:
            factor = _growth(terms.day_count, start, end, anchor, path)
            for bill in late:
                bill.late += bill.principal * factor
        if compound is not None:
            rates = path if compound.annual_rate is None else [(start, compound.annual_rate)]
            factor = _growth(compound.day_count, start, end, anchor, rates)
            for bill in late:
                bill.compounded += bill.interest * factor
        if penalty is not None:
            self._accrue_penalty(penalty, late, start, end, balance)

    def _accrue_penalty(
        self, penalty: Penalty, late: list[Bill], start: date, end: date, balance: int
    ) -> None:
        anchor = self.terms.anchor
        if penalty.annual_rate is not None:
            part, year = year_fraction(penalty.day_count, start, end, anchor_day=anchor)
            factor = penalty.annual_rate * Fraction(part, year)
            if penalty.base == "outstanding_principal":
                late[0].penal += (balance + self.overdue_principal) * factor
            else:
                whole = penalty.base == "overdue_instalment"
                for bill in late:
                    bill.penal += (bill.principal + (bill.interest if whole else 0)) * factor
        for bill in late:
            if (end - bill.due).days > penalty.grace_days:
                bill.penalised = True
                if self.fixed is not None:
                    bill.penal = Fraction(self.fixed)

    def clear(self, amount: int, on: date) -> int:
        """Clear what is due in the contract's order; gives the rest of the amount."""
        for timing, components in self.steps:
            for bill in self.open:
                if timing is not None and bill.timing(on) is not timing:
                    continue
                for component in components:
                    part = min(amount, self.owed(bill, component))
                    if part > 0:
                        bill.pay(component, part)
                        amount -= part
                if not amount:
                    break
            if not amount:
                break
        self.open = [
            bill for bill in self.open if any(self.owed(bill, component) for component in _COMPONENTS)
        ]
        return amount


def _growth(
    day_count: DayCount, start: date, end: date, anchor: int, rates: list[tuple[date, Fraction]]
) -> Fraction:
    """Give the simple interest on a unit of money from one day to another."""
    factors, year = interest_factors(day_count, [start, end], anchor, rates)
    return Fraction(factors[0], year)


def _clearing_steps(servicing: ServicingTerms) -> Iterator[_ClearingStep]:
    """Turn the allocation order into steps, leaving out what falls due later."""
    words = [
        (word.timing, word.component) if isinstance(word, AllocationClaim) else (None, word)
        for word in servicing.allocation
    ]
    if servicing.allocate_by == "bucket":
        yield from ((timing, (component,)) for timing, component in words if timing is not Timing.IN_ADVANCE)
        return
    for timing, group in groupby(words, key=lambda word: word[0]):
        if timing is not Timing.IN_ADVANCE:
            yield timing, tuple(component for _, component in group)
