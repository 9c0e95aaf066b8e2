"""Bills: the instalments that fell due, what accrues on them while they are late, and how payments clear them."""

from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from itertools import groupby

from restructure.calculator.amortisation.rows import Divide
from restructure.calculator.amortisation.terms import Repayment
from restructure.calculator.conventions.accrual import interest_factors, without_repetition
from restructure.calculator.conventions.day_counts import DayCount, year_fraction
from restructure.calculator.conventions.money import to_minor
from restructure.calculator.servicing.contract import (
    AllocationClaim,
    Component,
    OverdueInterest,
    ServicingTerms,
    Timing,
)

__all__ = ["Bill", "Bills"]

# Every bill is asked four times for each payment, and `Component.FEES` is looked up each time.
_FEES, _PENALTY, _INTEREST, _PRINCIPAL = _COMPONENTS = tuple(Component)
_NOTHING = Fraction(0)
_ClearingStep = tuple[Timing | None, tuple[Component, ...]]
"""Components that are cleared row after row, in all rows or in those of one timing."""


class Bill:
    """One instalment that fell due, or fees charged while none was open."""

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
        """What of earlier lateness a plan bills with it."""
        self.billed = principal + interest
        # What accrues on it while late: exact sums, rounded only when asked for, so that the number
        # of payments in between does not change what is owed.
        self.late = self.penal = self.compounded = _NOTHING
        self.late_paid = self.penal_paid = 0
        self.penalised = False

    @property
    def unpaid(self) -> bool:
        """Whether any of the instalment itself is still open."""
        return bool(self.principal or self.interest)

    def timing(self, day: date) -> Timing:
        """Tell how its due date lies to the day of a payment."""
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
    """What fell due and is not yet paid, oldest first."""

    def __init__(self, handling: ServicingTerms, terms: Repayment, currency: str, divide: Divide) -> None:
        self.handling, self.terms, self.divide = handling, terms, divide
        self.open: list[Bill] = []
        self.steps = list(_steps(handling))
        penalty = handling.penalty
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
        """Put a fee on the newest open instalment, or where none is open on a bill of its own."""
        if not self.open:
            self.open.append(Bill(on))
        self.open[-1].fees += amount

    def owed(self, bill: Bill, component: Component) -> int:
        """Give what is owed of one component of a bill, in minor units."""
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
        """Sum what is owed of one component."""
        return sum(self.owed(bill, component) for bill in self.open)

    @property
    def overdue_principal(self) -> int:
        """Principal that fell due and is unpaid."""
        return sum(bill.principal for bill in self.open)

    def _penal(self, bill: Bill) -> Fraction:
        """Give the penalty, as far as its cap allows, and the compound interest."""
        exact = bill.penal if bill.penalised else _NOTHING
        if self.cap is not None:
            exact = min(exact, Fraction(self.cap))
        if self.cap_share is not None:
            exact = min(exact, bill.billed * self.cap_share)
        return exact + bill.compounded if bill.compounded else exact

    def run(self, start: date, end: date, balance: int) -> None:
        """Let interest and penalty run on what is overdue, from one event to the next.

        `balance` is the principal not yet due, which some penalties run on as well.
        """
        late = [bill for bill in self.open if bill.unpaid]
        if not late:
            return
        terms, anchor = self.terms, self.terms.anchor
        penalty, compound = self.handling.penalty, self.handling.compound
        path = without_repetition(terms.rate_path(start))
        if self.handling.overdue_interest is OverdueInterest.SEPARATE:
            factor = _growth(terms.day_count, start, end, anchor, path)
            for bill in late:
                bill.late += bill.principal * factor
        if compound is not None:
            rates = path if compound.annual_rate is None else [(start, compound.annual_rate)]
            factor = _growth(compound.day_count, start, end, anchor, rates)
            for bill in late:
                bill.compounded += bill.interest * factor
        if penalty is None:
            return
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
        """Clear what is due in the contract's order; gives what is left over."""
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
    """Give the simple interest on a unit from one day to another."""
    factors, year = interest_factors(day_count, [start, end], anchor, rates)
    return Fraction(factors[0], year)


def _steps(handling: ServicingTerms) -> Iterator[_ClearingStep]:
    """Put the allocation order into steps, leaving out what falls due later."""
    words = [
        (word.timing, word.component) if isinstance(word, AllocationClaim) else (None, word)
        for word in handling.allocation
    ]
    if handling.allocate_by == "bucket":
        yield from ((timing, (component,)) for timing, component in words if timing is not Timing.IN_ADVANCE)
        return
    for timing, group in groupby(words, key=lambda word: word[0]):
        if timing is not Timing.IN_ADVANCE:
            yield timing, tuple(component for _, component in group)
