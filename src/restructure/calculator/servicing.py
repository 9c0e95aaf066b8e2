"""Servicing: what is owed on a date, derived from the contract and the payments received up to it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

from restructure.calculator.bills import Bills
from restructure.calculator.contract import (
    FLAT_TERM,
    Claim,
    Component,
    Contract,
    OverdueInterest,
    Payment,
    Prepayment,
    Timing,
)
from restructure.calculator.dates import Closed, step_after, weekend
from restructure.calculator.money import from_minor, rounder, to_minor
from restructure.calculator.position import Buckets, Position
from restructure.calculator.rows import Row, RowTuple
from restructure.calculator.schedule import Repayment, terms_rows
from restructure.calculator.scheme import LastRow, Method, Scheme, interest_factors, repay
from restructure.errors import InvalidInput, Issue

__all__ = ["payment_problems", "position_of"]

_PRINCIPAL, _INTEREST = Row._fields.index("principal"), Row._fields.index("interest")
_ACCRUED, _BALANCE = Row._fields.index("accrued"), Row._fields.index("balance")

# On one day instalments fall due first, then fees, then payments arrive: those that wait before those
# that repay principal, so that the order in which they are listed does not matter.
_FEE = -1
_ARRIVING = list(Prepayment)


def position_of(
    contract: Contract, payments: Sequence[Payment] = (), *, on: date, closed: Closed = weekend
) -> Position:
    """Derive what is owed on a date from the contract and the payments received up to it.

    Each instalment is billed on its due date; payments clear what is past due and due in the contract's
    allocation order. What is left waits for the next due date (`hold`), and what still waits on `on` counts
    against the accrued interest, then the principal, then stands as `credit`; or it repays on its day the
    interest accrued and then principal, the schedule is laid out anew and `repayment` describes the new one.
    Payments after `on` are not looked at. Raises `InvalidInput` for a payment in another currency, before
    the loan or repeated under one id.

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
    currency = contract.currency
    events: defaultdict[tuple[date, int], int] = defaultdict(int)
    for charge in contract.charges:
        if charge.on <= on:
            events[charge.on, _FEE] += to_minor(charge.amount, currency)
    for payment in payments:
        if payment.on <= on and payment.amount:
            kind = _ARRIVING.index(payment.prepayment or contract.prepayment)
            events[payment.on, kind] += to_minor(payment.amount, currency)
    account = _Account(contract, closed)
    for (day, kind), amount in sorted(events.items()):
        account.reach(day)
        if kind == _FEE:
            account.charge(amount)
        else:
            account.receive(amount, _ARRIVING[kind])
    account.reach(on)
    return account.position()


class _Account:
    """A loan as it is lived through: the schedule as it stands, what fell due, and what was received."""

    def __init__(self, contract: Contract, closed: Closed) -> None:
        self.contract, self.closed = contract, closed
        self.divide = rounder(contract.rounding)
        self.bills = Bills(contract, self.divide)
        self.rows: list[RowTuple] = terms_rows(contract, closed=closed)
        """The schedule as it stands; prepaying and late interest lay out anew what is still to come."""
        self.count = 0
        """Rows that fell due."""
        self.most = contract.instalments
        """Rows the schedule may have, but for an extra one."""
        self.extra = int(contract.last_row is LastRow.EXTRA_ROW)
        self.scheduled = contract.dues(self.most + self.extra)
        self.today = self.since = contract.start
        """`since`: the day up to which interest is in `held`."""
        self.balance = to_minor(contract.principal, contract.currency)
        """Principal not yet due."""
        self.scheme = contract.scheme(self.balance, contract.currency)
        self.waiting = self.held = 0
        """`waiting`: money received before anything was due; `held`: interest accrued, unpaid and not yet billed."""
        self.overdue_interest = contract.overdue_interest is OverdueInterest.IN_INSTALMENT
        self.late = self.late_beyond = Fraction(0)
        """Contract interest on overdue principal that the next instalment bears, and the one after it."""
        first = self.rows[0]
        level = contract.method is Method.LEVEL
        self.instalment = (
            first[_PRINCIPAL] + (first[_INTEREST] if level else 0)
            if contract.instalment is None
            else to_minor(contract.instalment, contract.currency)
        )
        """The level instalment, or the part of principal in one."""

    # --- time

    def reach(self, day: date) -> None:
        """Live on to a day, billing every instalment that falls due up to it."""
        while self.count < len(self.rows) and self.rows[self.count][0] <= day:
            self._pass(self.rows[self.count][0])
            self._fall_due()
            self._clear_waiting()
        self._pass(day)
        self._clear_waiting()

    def _pass(self, day: date) -> None:
        if day <= self.today:
            return
        self.bills.run(self.today, day, self.balance)
        if self.overdue_interest and self.count < len(self.rows):
            overdue, border = self.bills.overdue_principal, self._border(self.count)
            if overdue:
                self.late += overdue * self._between(self.since, border, self.today, day)
                self.late_beyond += overdue * self._between(border, day, self.today, day)
        self.today = day

    def _border(self, k: int) -> date:
        """Give the day on which the interest period of a row ends."""
        return self.rows[k][0] if self.contract.roll_accrues else self.scheduled[k]

    def _growth(self, start: date, end: date) -> Fraction:
        """Give the interest of a unit of balance from one day to another."""
        contract = self.contract
        if end <= start:
            return Fraction(0)
        factors, year = interest_factors(
            contract.day_count,
            [start, end],
            contract.anchor,
            [(start, contract.annual_rate)],
            contract.compounding,
        )
        return Fraction(factors[0], year)

    def _between(self, begin: date, end: date, start: date, stop: date) -> Fraction:
        """Give the growth from `start` to `stop` as far as it lies in a period, so that parts add up to it."""
        return self._growth(begin, min(stop, end)) - self._growth(begin, min(start, end))

    def _running(self, day: date) -> int:
        """Give the interest accrued since `since`, the part on overdue principal included."""
        base = self.scheme.flat_base if self.contract.method is Method.FLAT else self.balance
        exact = base * self._growth(self.since, day) if self.balance else Fraction(0)
        if self.overdue_interest:
            exact += self.late + self.late_beyond
        return self.divide(exact.numerator, exact.denominator)

    # --- what falls due

    def _fall_due(self) -> None:
        k, row = self.count, self.rows[self.count]
        principal, interest, border = row[_PRINCIPAL], row[_ACCRUED], self._border(self.count)
        if self.overdue_interest and border > self.today:
            # Rolled back: the instalment bears its whole period, and so does what is overdue.
            growth = self._between(self.since, border, self.today, border)
            self.late += self.bills.overdue_principal * growth
        if self.late:
            principal, interest = self._bear_late(principal, interest, border)
        self.count, self.since = k + 1, border
        self.balance -= principal
        self.late, self.late_beyond = self.late_beyond, Fraction(0)
        if self.contract.method is Method.BULLET and self.count < len(self.rows):
            self.held += interest  # billed only at the end
            interest = 0
        else:
            interest, self.held = interest + self.held, 0
        if self.balance != row[_BALANCE]:
            self._lay_out()
        # Where the balance may grow, the interest that the instalment does not cover has joined it.
        self.bills.add(row[0], max(principal, 0), interest + min(principal, 0))

    def _bear_late(self, principal: int, interest: int, border: date) -> tuple[int, int]:
        """Let an instalment of the scheduled total bear the interest on overdue principal too."""
        exact = self.late + self.balance * self._growth(self.since, border)
        more = self.divide(exact.numerator, exact.denominator) - interest
        if self.count + 1 == self.most + self._spare():
            return self.balance, interest + more
        level = self.contract.method is Method.LEVEL
        # Nothing is `held` here: whoever prepays has paid what was overdue.
        planned = self.instalment - interest if level else self.instalment
        least = min(planned, 0) if self.contract.negative_amortisation else 0
        return min(self.balance, max(planned - more, least)), interest + more

    def _spare(self) -> int:
        """Count the rows that may follow the last instalment."""
        return self.extra if self.contract.method is Method.LEVEL and not self.scheme.balloon else 0

    # --- what comes in

    def charge(self, amount: int) -> None:
        """Owe a fee from today."""
        self.bills.charge(self.today, amount)
        self._clear_waiting()

    def receive(self, amount: int, prepayment: Prepayment) -> None:
        """Clear what is past due and due, and do with the rest as agreed."""
        rest = self.bills.clear(amount, self.today)
        if rest and prepayment is not Prepayment.HOLD and self.count < len(self.rows):
            rest = self._prepay(rest, prepayment)
        self.waiting += rest

    def _clear_waiting(self) -> None:
        if self.waiting:
            self.waiting = self.bills.clear(self.waiting, self.today)

    def _split(self, amount: int, accrued: int) -> tuple[int, int]:
        """Split money received in advance into interest and principal, in the order the contract names."""
        named = [
            word.component
            for word in self.contract.allocation
            if isinstance(word, Claim) and word.timing is Timing.IN_ADVANCE
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
        """Repay accrued interest and principal before they fall due; gives what is left over.

        The running period is cut here, its interest rounded once before and once after. Money that comes between
        a due date and the day it was rolled to counts from the due date, as the instalment itself does.
        """
        day = min(max(self.today, self.since), self._border(self.count))
        accrued = self.held + self._running(day)
        interest, principal = self._split(amount, accrued)
        self.held, self.since = accrued - interest, day
        self.late = self.late_beyond = Fraction(0)
        self.balance -= principal
        self._lay_out(prepayment)
        return amount - interest - principal

    # --- the schedule anew

    @cached_property
    def _paid_on(self) -> list[date]:
        """The due dates after any roll."""
        contract = self.contract
        rates = [(contract.start, contract.annual_rate)]
        return contract.periods(contract.start, len(self.scheduled), rates, self.closed)[0]

    def _lay_out(self, prepayment: Prepayment = Prepayment.HOLD) -> None:
        """Lay out the rows still to come from the balance as it is now."""
        contract, k = self.contract, self.count
        done = self.rows[:k]
        if not self.balance:
            # Interest that is still owed needs an instalment to be billed with.
            last = [(self._paid_on[k], *(0,) * _BALANCE)] if self.held else []
            self.rows = [*done, *last]
            return
        scheme = replace(self.scheme, balloon=min(self.scheme.balloon, self.balance), growing=True)
        self.scheme = scheme
        dues = self._paid_on[k:]
        borders = dues if contract.roll_accrues else self.scheduled[k:]
        factors, year = interest_factors(
            contract.day_count,
            [self.since, *borders],
            contract.anchor,
            [(self.since, contract.annual_rate)],
            contract.compounding,
        )
        if prepayment is Prepayment.LOWER_INSTALMENT:
            self.most = min(self.most, len(self.rows))
        count = self.most - k
        if prepayment is Prepayment.LOWER_INSTALMENT and count:
            self.instalment = min(self.instalment, self._solved(scheme, dues, factors, year))

        def run(count: int) -> list[RowTuple]:
            spare = (dues[count], factors[count]) if self.extra else None
            return repay(
                scheme, dues[:count], self.balance, self.instalment, factors[:count], year,
                covered=self.held, spare=spare,
            )[0]  # fmt: skip

        rows = run(count)
        if prepayment is Prepayment.SHORTEN_TERM:
            needed = self._needed(rows, count)
            if needed < count:
                rows = run(needed)
                self.most = k + needed
        self.rows = [*done, *rows]

    def _solved(self, scheme: Scheme, dues: list[date], factors: list[int], year: int) -> int:
        """Solve the instalment that repays the balance, and the interest that is still held, over the same rows."""
        count = self.most - self.count
        if self.held and scheme.method is Method.LEVEL:
            # The first instalment covers what is held: as if the first period cost so much more.
            factors = [factor * self.balance for factor in factors]
            factors[0] += self.held * year
            year *= self.balance
        spare = (dues[count], factors[count]) if self.extra else None
        return repay(scheme, dues[:count], self.balance, None, factors[:count], year, spare=spare)[1]

    def _needed(self, rows: list[RowTuple], count: int) -> int:
        """Find how few instalments repay the balance, the balloon falling due with the last of them."""
        match self.contract.method:
            case Method.LEVEL:
                owed, covered = self.balance, self.held
                for k, row in enumerate(rows[:count], 1):
                    if owed - self.scheme.balloon <= self.instalment - row[_ACCRUED] - covered:
                        return k
                    owed, covered = row[_BALANCE], 0
                return count
            case Method.EQUAL_PRINCIPAL if self.instalment:
                parts = -(-(self.balance - self.scheme.balloon) // self.instalment)
                return min(max(parts, 1), count)
            case _:
                return count

    # --- what is owed

    def position(self) -> Position:
        """Say what is owed today and how the rest is to be repaid."""
        contract, currency = self.contract, self.contract.currency
        accrued, coming = self.held, self.count < len(self.rows)
        if coming:
            accrued += self._running(self.today)
        interest, principal = self._split(self.waiting, accrued)
        balance = self.balance - principal
        unpaid = [bill for bill in self.bills.open if bill.unpaid]

        def total(component: Component) -> Decimal:
            return from_minor(self.bills.total(component), currency)

        return Position(
            on=self.today,
            currency=currency,
            buckets=Buckets(
                principal=from_minor(balance, currency),
                principal_arrears=total(Component.PRINCIPAL),
                interest_arrears=total(Component.INTEREST),
                accrued=from_minor(accrued - interest, currency),
                penalty=total(Component.PENALTY),
                fees=total(Component.FEES),
            ),
            repayment=Repayment(
                **{name: getattr(contract, name) for name in Repayment.model_fields}
                | {
                    "instalments": self._left(),
                    "first_due": self._coming(),
                    "anchor_day": contract.anchor,
                    "instalment": from_minor(self.instalment, currency),
                    "balloon": contract.balloon and min(contract.balloon, from_minor(balance, currency)),
                    "flat_base": contract.flat_base
                    or (contract.principal if contract.method is Method.FLAT else None),
                }
            ),
            oldest_unpaid_due=unpaid[0].due if unpaid else None,
            missed_instalments=sum(bill.due < self.today for bill in unpaid),
            credit=from_minor(self.waiting - interest - principal, currency),
            allocation=contract.allocation,
        )

    def _left(self) -> int:
        """Count the instalments left; an extra row after them is not one, unless it alone is left."""
        left = len(self.rows) - self.count
        return min(left, max(self.most - self.count, 1))

    def _coming(self) -> date:
        """Give the next due date after today, as scheduled where that is still ahead, else as rolled."""
        today, count = self.today, self.count
        if count < len(self.rows):
            due, rolled = self.scheduled[count], self.rows[count][0]
            return due if due > today else date.fromordinal(max(rolled.toordinal(), today.toordinal() + 1))
        due = self.rows[-1][0] if self.rows else self.contract.first_due
        while due <= today:
            due = step_after(due, self.contract.every, self.contract.anchor)
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
        if contract.method is Method.FLAT and payment.prepayment is Prepayment.SHORTEN_TERM:
            issues.append(Issue("value-invalid", FLAT_TERM, f"{place}.prepayment"))
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
