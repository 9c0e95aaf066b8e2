"""Account: a loan in servicing, from its contract and the payments received up to a day."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from fractions import Fraction

from restructure.calculator.amortisation.repayment import Repayment
from restructure.calculator.amortisation.rows import Row
from restructure.calculator.amortisation.schedule import Layout, lay_out
from restructure.calculator.amortisation.scheme import HolidayInterest, Method
from restructure.calculator.amortisation.terms import Advance
from restructure.calculator.conventions.dates import Closed, weekend
from restructure.calculator.conventions.money import rounder, to_minor
from restructure.calculator.servicing.billing import Bills
from restructure.calculator.servicing.contract import (
    AllocationClaim,
    Charge,
    Component,
    Contract,
    OverdueInterest,
    Payment,
    Prepayment,
    ServicingTerms,
    Timing,
    payment_problems,
)
from restructure.calculator.servicing.current_schedule import CurrentSchedule
from restructure.calculator.servicing.position import Position
from restructure.calculator.servicing.statement import Balances, stated_position
from restructure.errors import InvalidInput, Issue
from restructure.inputs import Day, day_of, record_of

__all__ = ["Account", "position_of"]

_CAPITALISED = (HolidayInterest.CAPITALISE, HolidayInterest.CAPITALISE_AT_END)

# On one day instalments fall due first, then money is paid out, then fees are charged, then payments arrive: those
# that wait before those that repay principal, so that the order in which they are listed does not matter.
_ADVANCE, _FEE = -2, -1
_ARRIVING = list(Prepayment)


def position_of(
    contract: Contract, payments: Sequence[Payment] = (), *, on: Day, closed: Closed = weekend
) -> Position:
    """Derive what is owed on a date from the contract and the payments received up to it.

    Each instalment is billed on its due date; payments clear what is past due and due in the contract's
    allocation order. The rest of a payment is kept for the next due date (`hold`), and what is still kept on `on`
    is counted against the accrued interest, then the principal, then as `credit`; or it repays on its day the
    interest accrued and then principal, the schedule is laid out anew and `repayment` describes the new one.
    Payments after `on` are ignored. Raises `InvalidInput` for a payment in another currency, before the loan or
    repeated under one id.

    >>> loan = Contract(currency="CNY", principal="12000", annual_rate="18%", instalments=12,
    ...                 start="2026-01-15", first_due="2026-02-15")
    >>> now = position_of(loan, [Payment(on="2026-02-15", amount="1100.16")], on=date(2026, 4, 1))
    >>> now.days_past_due, str(now.buckets.principal_arrears), str(now.buckets.interest_arrears)
    (17, '933.96', '173.88')
    >>> twice = Payment(on="2026-02-15", amount="4100.16", prepayment="shorten_term")
    >>> rest = position_of(loan, [twice], on=date(2026, 2, 15)).repayment
    >>> rest.instalments, str(rest.instalment)
    (8, '1100.16')
    """
    record_of(Contract, contract, "contract")
    on = day_of(on)
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
    principal = to_minor(contract.principal, contract.currency)
    layout = lay_out(contract, closed)
    account = Account(contract, contract, contract.currency, contract.start, principal, layout, closed)
    account.process(payments, contract.charges, contract.advances, until=on)
    return account.position()


class Account:
    """A loan in servicing: its current schedule, the bills that fell due, and the money received; in minor units."""

    def __init__(
        self,
        servicing: ServicingTerms,
        terms: Repayment,
        currency: str,
        start: date,
        balance: int,
        layout: Layout,
        closed: Closed,
    ) -> None:
        self.servicing, self.terms, self.currency = servicing, terms, currency
        self.divide = rounder(terms.rounding)
        self.bills = Bills(servicing, terms, currency, self.divide)
        self.schedule = CurrentSchedule(terms, currency, balance, layout, closed)
        self.today = start
        self.since = start
        """Day up to which accrued interest is in `held` or `unbilled`."""
        self.balance = balance
        """Principal not yet due."""
        self.coming_in: dict[date, int] = {}
        """Advances of the loan, by the day they are paid out."""
        self.joined: list[tuple[date, int]] = []
        """Advances paid out since the current period began; they are in the balance."""
        self.waiting = 0
        """Money received before anything was due."""
        self.held = 0
        """Interest left unpaid by a payment in advance, due with the next instalment."""
        self.unbilled = 0
        """Interest that the schedule itself bills later."""
        self.bears_late = servicing.overdue_interest is OverdueInterest.IN_INSTALMENT
        self.late = Fraction(0)
        """Contract interest on overdue principal that the next instalment bears."""
        self.late_beyond = Fraction(0)
        """The same of the instalment after the next."""

    # --- time

    def process(
        self,
        payments: Sequence[Payment],
        charges: Sequence[Charge] = (),
        advances: Sequence[Advance] = (),
        *,
        until: date,
    ) -> None:
        """Process every event up to a day, in whatever order they are listed."""
        events: defaultdict[tuple[date, int], int] = defaultdict(int)
        for advance in advances:
            amount = to_minor(advance.amount, self.currency)
            self.coming_in[advance.on] = self.coming_in.get(advance.on, 0) + amount
            events[advance.on, _ADVANCE] += amount
        for charge in charges:
            events[charge.on, _FEE] += to_minor(charge.amount, self.currency)
        for payment in payments:
            kind = _ARRIVING.index(payment.prepayment or self.servicing.prepayment)
            events[payment.on, kind] += to_minor(payment.amount, self.currency)
        for (day, kind), amount in sorted(events.items()):
            if day > until or not amount:
                continue
            self.advance_to(day)
            if kind == _ADVANCE:
                self.pay_out(amount)
            elif kind == _FEE:
                self.charge(amount)
            else:
                self.receive(amount, _ARRIVING[kind])
        self.advance_to(until)

    def advance_to(self, day: date) -> None:
        """Move on to a day, billing every instalment that falls due up to it."""
        schedule = self.schedule
        while not schedule.ended and schedule.rows[schedule.count][0] <= day:
            self._accrue_to(schedule.rows[schedule.count][0])
            self._bill_next()
            self._clear_waiting()
        self._accrue_to(day)
        self._clear_waiting()

    def _accrue_to(self, day: date) -> None:
        if day <= self.today:
            return
        self.bills.accrue(self.today, day, self.balance)
        schedule = self.schedule
        if self.bears_late and not schedule.ended:
            overdue, border = self.bills.overdue_principal, schedule.border(schedule.count)
            if overdue:
                self.late += overdue * schedule.growth_within(self.since, border, self.today, day)
                self.late_beyond += overdue * schedule.growth_within(border, day, self.today, day)
        self.today = day

    def _accrued_until(self, day: date) -> int:
        """Give the interest accrued from `since` to a day, the part on overdue principal included."""
        schedule = self.schedule
        later = sum(amount for on, amount in self.joined if on > self.since)
        flat = self.terms.method is Method.FLAT
        base = schedule.scheme.flat_base if flat else self.balance - later
        exact = base * schedule.growth(self.since, day) if self.balance else Fraction(0)
        for on, amount in self.joined:
            if on > self.since:
                exact += amount * schedule.growth(on, day)
        if self.bears_late:
            exact += self.late + self.late_beyond
        return self.divide(exact.numerator, exact.denominator)

    # --- what falls due

    def _bill_next(self) -> None:
        schedule = self.schedule
        k = schedule.count
        row, border = Row(*schedule.rows[k]), schedule.border(k)
        principal, interest = row.principal, row.interest
        postponed = 0
        if self.bears_late and border > self.today:
            # Rolled back: the instalment bears its whole period, and so does what is overdue.
            growth = schedule.growth_within(self.since, border, self.today, border)
            self.late += self.bills.overdue_principal * growth
        if self.late:
            principal, accrued = self._with_late_interest(principal, row.accrued, border)
            interest += accrued - row.accrued
        else:
            postponed = row.accrued - row.interest - row.capitalised
            pause = schedule.paused.get(k)
            if pause is not None and pause.unpaid not in _CAPITALISED:
                postponed = 0  # waived, or deferred to a later row, which bills it
        schedule.count, self.since = k + 1, border
        if schedule.anew:
            schedule.take_repriced_instalment()
        self.unbilled += postponed
        self.balance += row.capitalised - principal
        self.joined = [(on, amount) for on, amount in self.joined if on >= border]
        self.late, self.late_beyond = self.late_beyond, Fraction(0)
        if self.terms.method is not Method.BULLET or schedule.ended:
            interest, self.held = interest + self.held, 0
        # An advance paid out on the due date itself is in the printed balance already.
        if self.balance + self.coming_in.get(border, 0) != row.balance:
            self._lay_out()
        # Where the balance may grow, the interest that the instalment does not cover has been added to it.
        self.bills.add(
            row.due,
            max(principal, 0) + row.arrears_principal + row.parked_principal,
            interest + min(principal, 0) + row.arrears_interest + row.parked_interest,
            penalty=row.penalty,
            fees=row.fees,
        )

    def _with_late_interest(self, principal: int, interest: int, border: date) -> tuple[int, int]:
        """Give principal and interest of an instalment of the scheduled total that bears late interest too."""
        schedule = self.schedule
        exact = self.late + self.balance * schedule.growth(self.since, border)
        more = self.divide(exact.numerator, exact.denominator) - interest
        if schedule.count + 1 == schedule.most + schedule.spare_rows:
            return self.balance, interest + more
        planned = schedule.scheme.instalment_at(schedule.count, schedule.instalment)
        if schedule.scheme.annuity:
            # `held` is zero here: a payment in advance clears what is overdue first.
            planned -= interest
        least = min(planned, 0) if self.terms.negative_amortisation else 0
        return min(self.balance, max(planned - more, least)), interest + more

    def _lay_out(self, prepayment: Prepayment = Prepayment.HOLD) -> None:
        self.schedule.lay_out(self.balance, self.held, self.since, prepayment)

    # --- money paid out and received

    def pay_out(self, amount: int) -> None:
        """Pay out a further part of the loan today."""
        self.balance += amount
        self.joined.append((self.today, amount))

    def charge(self, amount: int) -> None:
        """Charge a fee today."""
        self.bills.charge(self.today, amount)
        self._clear_waiting()

    def receive(self, amount: int, prepayment: Prepayment = Prepayment.HOLD) -> None:
        """Clear what is past due and due, and treat the rest as agreed."""
        rest = self.bills.clear(amount, self.today)
        if rest and prepayment is not Prepayment.HOLD and not self.schedule.ended:
            rest = self._prepay(rest, prepayment)
        self.waiting += rest

    def _clear_waiting(self) -> None:
        if self.waiting:
            self.waiting = self.bills.clear(self.waiting, self.today)

    def _split(self, amount: int, accrued: int) -> tuple[int, int]:
        """Split money received in advance into interest and principal, in the order the contract names."""
        named = [
            claim.component
            for claim in self.servicing.allocation
            if isinstance(claim, AllocationClaim) and claim.timing is Timing.IN_ADVANCE
        ]
        principal_first = Component.PRINCIPAL in named and (
            Component.INTEREST not in named
            or named.index(Component.PRINCIPAL) < named.index(Component.INTEREST)
        )
        if principal_first:
            principal = min(amount, self.balance)
            return min(amount - principal, accrued), principal
        interest = min(amount, accrued)
        return interest, min(amount - interest, self.balance)

    def _prepay(self, amount: int, prepayment: Prepayment) -> int:
        """Repay accrued interest and principal before they fall due; gives the rest of the amount.

        The current period is cut here, its interest rounded once before and once after. Money received between
        a due date and the day it was rolled to counts from the due date, as the instalment itself does.
        """
        day = min(max(self.today, self.since), self.schedule.border(self.schedule.count))
        accrued = self.held + self.unbilled + self._accrued_until(day)
        interest, principal = self._split(amount, accrued)
        self.held, self.unbilled, self.since = accrued - interest, 0, day
        self.late = self.late_beyond = Fraction(0)
        self.balance -= principal
        self._lay_out(prepayment)
        return amount - interest - principal

    # --- what is owed

    def position(self) -> Position:
        """State what is owed today and how the rest is to be repaid."""
        accrued = self.held + self.unbilled
        if not self.schedule.ended:
            accrued += self._accrued_until(self.today)
        interest, principal = self._split(self.waiting, accrued)
        balances = Balances(self.balance - principal, accrued - interest, self.waiting - interest - principal)
        return stated_position(self.today, self.schedule, self.bills, balances)
