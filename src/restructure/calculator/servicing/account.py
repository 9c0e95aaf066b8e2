"""Servicing: what is owed on a date, derived from the contract and the payments received up to it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from restructure.calculator.amortisation.amortise import Repaid, hold_above_zero
from restructure.calculator.amortisation.repricing import known_rates, repay_repriced
from restructure.calculator.amortisation.rows import Row, RowTuple
from restructure.calculator.amortisation.schedule import LaidOut, lay_out, whole_rows
from restructure.calculator.amortisation.scheme import HolidayInterest, LastRow, Method
from restructure.calculator.amortisation.terms import Advance, Repayment, Suspension
from restructure.calculator.conventions.accrual import interest_factors, without_repetition
from restructure.calculator.conventions.dates import Closed, step_after, weekend
from restructure.calculator.conventions.money import LARGEST, from_minor, rounder, to_minor
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
from restructure.calculator.servicing.position import Buckets, ParkedDue, Position
from restructure.errors import InvalidInput, Issue, Refused
from restructure.inputs import Day, day_of

__all__ = ["Account", "position_of"]

_INTEREST, _ACCRUED, _BALANCE = (Row._fields.index(name) for name in ("interest", "accrued", "balance"))
_ASIDE = slice(Row._fields.index("arrears_principal"), _ACCRUED)
_KEPT = (HolidayInterest.CAPITALISE, HolidayInterest.CAPITALISE_AT_END)
_SET_ASIDE = (HolidayInterest.PARK, HolidayInterest.SPREAD, HolidayInterest.CARRY)

# On one day instalments fall due first, then money is paid out, then fees are charged, then payments arrive: those
# that wait before those that repay principal, so that the order in which they are listed does not matter.
_ADVANCE, _FEE = -2, -1
_ARRIVING = list(Prepayment)


def position_of(
    contract: Contract, payments: Sequence[Payment] = (), *, on: Day, closed: Closed = weekend
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
    laid = lay_out(contract, closed)
    account = Account(contract, contract, contract.currency, contract.start, principal, laid, closed)
    account.live(payments, contract.charges, contract.advances, until=on)
    return account.position()


class Account:
    """A loan as it is lived through: the schedule as it stands, what fell due, and what was received."""

    def __init__(
        self,
        handling: ServicingTerms,
        terms: Repayment,
        currency: str,
        start: date,
        balance: int,
        laid: LaidOut,
        closed: Closed,
    ) -> None:
        self.handling, self.terms, self.currency, self.closed = handling, terms, currency, closed
        self.divide = rounder(terms.rounding)
        self.bills = Bills(handling, terms, currency, self.divide)
        self.rows = list(laid.rows)
        """The schedule as it stands; prepaying and late interest lay out anew what is still to come."""
        self.scheduled = laid.scheduled
        self.own = int(laid.own)
        """Whether the first row is no instalment but the interest of an odd first period."""
        self.ahead = int(laid.scheduled[0] < terms.first_due and laid.own)
        """Rows before the first due date of the terms."""
        self.count = 0
        """Rows that fell due."""
        self.extra = int(terms.last_row is LastRow.EXTRA_ROW)
        self.most = len(laid.scheduled) - self.extra
        """Rows the schedule may have, but for an extra one."""
        self.today = self.since = start
        """`since`: the day up to which interest is in `held` or `unbilled`."""
        self.balance = balance
        """Principal not yet due."""
        self.coming_in: dict[date, int] = {}
        """What is still to be paid out, by day."""
        self.joined: list[tuple[date, int]] = []
        """What was paid out since the running period began; it is in the balance."""
        self.scheme = terms.scheme(balance, currency)
        self.paused = {
            k + self.own: pause for pause in self.scheme.pauses for k in range(pause.first, pause.end)
        }
        self.waiting = self.held = self.unbilled = 0
        """`waiting`: money received before anything was due; `held`: interest left unpaid by a payment in advance,
        due with the next instalment; `unbilled`: interest that the schedule itself bills later."""
        self.bears_late = handling.overdue_interest is OverdueInterest.IN_INSTALMENT
        self.late = self.late_beyond = Fraction(0)
        """Contract interest on overdue principal that the next instalment bears, and the one after it."""
        self.instalment = laid.instalment
        """The level instalment (the first, if they step), or the part of principal in one."""
        self.anew = laid.anew
        """Where it is solved anew: index of the row, and the instalment from there on."""

    # --- time

    def live(
        self,
        payments: Sequence[Payment],
        charges: Sequence[Charge] = (),
        advances: Sequence[Advance] = (),
        *,
        until: date,
    ) -> None:
        """Live on to a day with everything that happens up to it, in whatever order it is listed."""
        events: defaultdict[tuple[date, int], int] = defaultdict(int)
        for advance in advances:
            amount = to_minor(advance.amount, self.currency)
            self.coming_in[advance.on] = self.coming_in.get(advance.on, 0) + amount
            events[advance.on, _ADVANCE] += amount
        for charge in charges:
            events[charge.on, _FEE] += to_minor(charge.amount, self.currency)
        for payment in payments:
            kind = _ARRIVING.index(payment.prepayment or self.handling.prepayment)
            events[payment.on, kind] += to_minor(payment.amount, self.currency)
        for (day, kind), amount in sorted(events.items()):
            if day > until or not amount:
                continue
            self.reach(day)
            if kind == _ADVANCE:
                self.advance(amount)
            elif kind == _FEE:
                self.charge(amount)
            else:
                self.receive(amount, _ARRIVING[kind])
        self.reach(until)

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
        if self.bears_late and self.count < len(self.rows):
            overdue, border = self.bills.overdue_principal, self._border(self.count)
            if overdue:
                self.late += overdue * self._between(self.since, border, self.today, day)
                self.late_beyond += overdue * self._between(border, day, self.today, day)
        self.today = day

    def _border(self, k: int) -> date:
        """Give the day on which the interest period of a row ends."""
        return self.rows[k][0] if self.terms.roll_accrues else self.scheduled[k]

    def _growth(self, start: date, end: date) -> Fraction:
        """Give the interest of a unit of balance from one day to another."""
        terms = self.terms
        if end <= start:
            return Fraction(0)
        anchor = terms.anchor_before(self.count - self.ahead)
        rates = without_repetition(terms.rate_path(start))
        factors, year = interest_factors(terms.day_count, [start, end], anchor, rates, terms.compounding)
        return Fraction(factors[0], year)

    def _between(self, begin: date, end: date, start: date, stop: date) -> Fraction:
        """Give the growth from `start` to `stop` as far as it lies in a period, so that parts add up to it."""
        return self._growth(begin, min(stop, end)) - self._growth(begin, min(start, end))

    def _running(self, day: date) -> int:
        """Give the interest accrued since `since`, the part on overdue principal included."""
        later = sum(amount for on, amount in self.joined if on > self.since)
        base = self.scheme.flat_base if self.terms.method is Method.FLAT else self.balance - later
        exact = base * self._growth(self.since, day) if self.balance else Fraction(0)
        for on, amount in self.joined:
            if on > self.since:
                exact += amount * self._growth(on, day)
        if self.bears_late:
            exact += self.late + self.late_beyond
        return self.divide(exact.numerator, exact.denominator)

    # --- what falls due

    def _fall_due(self) -> None:
        k, row = self.count, Row(*self.rows[self.count])
        principal, interest, border = row.principal, row.interest, self._border(self.count)
        moved = 0
        if self.bears_late and border > self.today:
            # Rolled back: the instalment bears its whole period, and so does what is overdue.
            growth = self._between(self.since, border, self.today, border)
            self.late += self.bills.overdue_principal * growth
        if self.late:
            principal, accrued = self._bear_late(principal, row.accrued, border)
            interest += accrued - row.accrued
        else:
            moved = row.accrued - row.interest - row.capitalised
            pause = self.paused.get(k)
            if pause is not None and pause.unpaid not in _KEPT:
                moved = 0  # given up, or set aside to be billed with a later row
        self.count, self.since = k + 1, border
        if self.anew:
            self._reprice()
        self.unbilled += moved
        self.balance += row.capitalised - principal
        self.joined = [(on, amount) for on, amount in self.joined if on >= border]
        self.late, self.late_beyond = self.late_beyond, Fraction(0)
        if self.terms.method is not Method.BULLET or self.count == len(self.rows):
            interest, self.held = interest + self.held, 0
        # What is paid out on the due date itself stands in the printed balance already.
        if self.balance + self.coming_in.get(border, 0) != row.balance:
            self._lay_out()
        # Where the balance may grow, the interest that the instalment does not cover has joined it.
        self.bills.add(
            row.due,
            max(principal, 0) + row.arrears_principal + row.parked_principal,
            interest + min(principal, 0) + row.arrears_interest + row.parked_interest,
            penalty=row.penalty,
            fees=row.fees,
        )

    def _reprice(self) -> None:
        """Go over to the instalment of the next row that pays one."""
        # Where suspended amounts alone repay what is left, no instalment is paid any more.
        first = next((k for k in range(self.count, len(self.rows)) if k not in self.paused), len(self.rows))
        for begin, instalment in self.anew:
            if begin <= first:
                self.instalment = instalment

    def _bear_late(self, principal: int, interest: int, border: date) -> tuple[int, int]:
        """Let an instalment of the scheduled total bear the interest on overdue principal too."""
        exact = self.late + self.balance * self._growth(self.since, border)
        more = self.divide(exact.numerator, exact.denominator) - interest
        if self.count + 1 == self.most + self._spare():
            return self.balance, interest + more
        planned = self.scheme.instalment_at(self.count, self.instalment)
        if self.scheme.annuity:
            # Nothing is `held` here: whoever prepays has paid what was overdue.
            planned -= interest
        least = min(planned, 0) if self.terms.negative_amortisation else 0
        return min(self.balance, max(planned - more, least)), interest + more

    def _spare(self) -> int:
        """Count the rows that may follow the last instalment."""
        return self.extra if self.scheme.annuity and not self.scheme.balloon else 0

    # --- what comes in and goes out

    def advance(self, amount: int) -> None:
        """Pay out a further part of the loan today."""
        self.balance += amount
        self.joined.append((self.today, amount))

    def charge(self, amount: int) -> None:
        """Owe a fee from today."""
        self.bills.charge(self.today, amount)
        self._clear_waiting()

    def receive(self, amount: int, prepayment: Prepayment = Prepayment.HOLD) -> None:
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
            for word in self.handling.allocation
            if isinstance(word, AllocationClaim) and word.timing is Timing.IN_ADVANCE
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
        accrued = self.held + self.unbilled + self._running(day)
        interest, principal = self._split(amount, accrued)
        self.held, self.unbilled, self.since = accrued - interest, 0, day
        self.late = self.late_beyond = Fraction(0)
        self.balance -= principal
        self._lay_out(prepayment)
        return amount - interest - principal

    # --- the schedule anew

    def _rest(self) -> Repayment:
        """Give the repayment from the next row on, before any prepayment changes it."""
        return self.terms.model_copy(
            update=self._passed(self.since) | {"instalments": self.most - self.count}
        )

    def _passed(self, on: date) -> dict[str, object]:
        """Give what has changed in the terms by the rows that fell due."""
        if self.count < self.own:
            # The row before the instalments is one of which only the interest is paid.
            apart = Suspension(instalments=1, pay="interest")
            later = (one.model_copy(update={"starts": one.starts + 1}) for one in self.terms.suspensions)
            # Moves are numbered by due dates, of which a long first period has one more.
            moves = (
                one.model_copy(update={"instalment": one.instalment + self.ahead}) for one in self.terms.moves
            )
            return self.terms.rest(0, on) | {
                "first_due": self.scheduled[0],
                "moves": tuple(moves),
                "suspensions": (apart, *later),
                "steps": self.terms.steps
                and self.terms.steps.model_copy(update={"passed": self.terms.steps.passed - 1}),
            }
        return self.terms.rest(self.count - self.own, on, before=self.own - self.ahead)

    def _lay_out(self, prepayment: Prepayment = Prepayment.HOLD) -> None:
        """Lay out the rows still to come from the balance as it is now."""
        k, rest = self.count, self._rest()
        done, wanted = self.rows[:k], self.most - k
        rates = rest.rate_path(self.since)
        dues, factors, year = rest.periods(self.since, wanted + self.extra, rates, self.closed)
        if not self.balance:
            # Interest that is still owed needs an instalment to be billed with.
            last = [(dues[0], *(0,) * _BALANCE)] if self.held else []
            self.rows = [*done, *last]
            return
        self.scheme = self.scheme._replace(balloon=min(self.scheme.balloon, self.balance))
        scheme = rest.scheme(self.balance, self.currency)._replace(
            balloon=self.scheme.balloon,
            flat_base=self.scheme.flat_base,
            growing=True,
        )

        def run(count: int, instalment: int | None, steady: bool = False) -> Repaid:
            path, priced, over = rates, factors, year
            if steady and (path := known_rates(rest, rates, self.closed)) != rates:
                _, priced, over = rest.periods(self.since, wanted + self.extra, path, self.closed)
            spare = (dues[count], priced[count]) if self.extra else None
            return repay_repriced(
                rest, self.since, path, self.closed,
                scheme, dues[:count], self.balance, instalment, priced[:count], over,
                covered=self.held, spare=spare,
            )  # fmt: skip

        if prepayment is Prepayment.LOWER_INSTALMENT:
            self.most = min(self.most, len(self.rows))
            wanted = self.most - k
            if wanted:
                self.instalment = min(self.instalment, run(wanted, None).instalment)
        repaid = run(wanted, self.instalment)
        if prepayment is Prepayment.SHORTEN_TERM:
            steady = run(wanted, self.instalment, steady=True) if repaid.anew else repaid
            needed = self._needed(steady.rows, wanted)
            if needed < wanted:
                repaid, wanted = run(needed, self.instalment), needed
                self.most = k + needed
        self.anew = [(k + begin, instalment) for begin, instalment in repaid.anew]
        self.rows = [*done, *whole_rows(repaid, dues, wanted)]

    def _needed(self, rows: list[RowTuple], count: int) -> int:
        """Find how few instalments repay the balance, the balloon falling due with the last of them."""
        apart = max(self.own - self.count, 0)  # the row of an odd first period repays nothing
        match self.terms.method:
            case Method.LEVEL:
                owed, covered = self.balance, self.held
                for k, row in enumerate(rows[:count], 1):
                    paused = k <= apart or self.count + k - 1 in self.paused
                    if not paused and owed - self.scheme.balloon <= self.instalment - row[_ACCRUED] - covered:
                        return k
                    owed, covered = row[_BALANCE], covered if paused else 0
                return count
            case Method.EQUAL_PRINCIPAL if self.instalment and not self.paused:
                parts = -(-(self.balance - self.scheme.balloon) // self.instalment)
                return min(max(parts, 1) + apart, count)
            case _:
                return count

    # --- what is owed

    def _alone(self, rest: dict[str, Any]) -> bool:
        """Tell whether what comes next is not an instalment but a row for what waits for a day of its own."""
        return self.count < len(self.rows) and self.scheduled[self.count] != rest["first_due"]

    def _end(self) -> int:
        """Give the index of the last row of the amortisation; later ones hold only what waits for their own day."""
        for k in reversed(range(self.count, len(self.rows))):
            row = Row(*self.rows[k])
            before = row.balance + row.principal - row.capitalised
            if before or row.principal or (row.accrued and self.terms.method is Method.FLAT):
                return k
        return -1

    def parked(self) -> list[tuple[date | None, int]]:
        """List what waits for later rows outside the amortisation: the day, none for the last row, and how much."""
        due: list[tuple[int, date | None, int]] = []
        interest = dict[int, int]()
        still_to_accrue, carried = 0, list[tuple[int, int]]()
        end = self._end()
        for k, cells in enumerate(self.rows[self.count :], self.count):
            row = Row(*cells)
            interest[k] = row.parked_interest
            last = row.parked_principal + row.parked_interest if k == end else 0
            due += [(k, None, last), (k, row.due, sum(cells[_ASIDE]) - last)]
            pause = self.paused.get(k)
            if pause is not None and pause.unpaid is HolidayInterest.CARRY:
                carried.append((pause.end + self.own, row.accrued - row.interest))
            elif pause is not None and pause.unpaid in _SET_ASIDE:
                still_to_accrue += row.accrued - row.interest

        def leave_out(amount: int, places: Iterable[int]) -> None:
            for place in places:
                k, day, held = due[place]
                part = min(amount, held, interest[k])
                due[place], interest[k], amount = (k, day, held - part), interest[k] - part, amount - part

        # Interest that a suspension has yet to leave unpaid is not owed: carried, it falls due with the first
        # instalment paid after it, else with the last of them.
        for first, amount in carried:
            leave_out(amount, [place for place, (k, _, _) in enumerate(due) if k >= first])
        places = range(len(due))
        leave_out(still_to_accrue, sorted(places, key=lambda place: (due[place][0] > end, -place)))
        return [(day, amount) for _, day, amount in due if amount]

    def position(self) -> Position:
        """Say what is owed today and how the rest is to be repaid."""
        terms, currency = self.terms, self.currency
        accrued, coming = self.held + self.unbilled, self.count < len(self.rows)
        if coming:
            accrued += self._running(self.today)
        interest, principal = self._split(self.waiting, accrued)
        balance = self.balance - principal
        unpaid = [bill for bill in self.bills.open if bill.unpaid]
        parked = self.parked()

        def total(component: Component) -> Decimal:
            return from_minor(self.bills.total(component), currency)

        credit = self.waiting - interest - principal
        owed = [self.bills.total(component) for component in Component]
        largest = max(balance, interest, credit, self.instalment, *owed)
        if from_minor(largest, currency) >= LARGEST:
            sentence = f"by {self.today} an amount has more than 14 digits; correct the rates, the day or the payments"
            raise Refused(Issue("money-too-large", sentence))
        hold_above_zero(self.instalment)
        fields = {name: getattr(terms, name) for name in Repayment.model_fields} | self._passed(self.today)
        # A loan that is repaid earlier than planned never comes to its later suspensions, and ends in none.
        planned = self._left() if self._end() >= 0 else 0
        suspensions = tuple(one for one in fields["suspensions"] if one.starts <= planned)
        left = max([self._left(), *(one.starts + one.instalments for one in suspensions)])
        alone, coming_due, moves = self._alone(fields), self._coming(), fields["moves"]
        if moves and moves[0].instalment == 1:
            fields["anchor_day"] = moves[0].anchor if alone else fields["anchor_day"]
            moves = (moves[0].model_copy(update={"to": coming_due}), *moves[1:])
        if alone:
            left, moves = 0, ()
        flat_base = terms.flat_base
        if terms.method is Method.FLAT:
            # A term that is over has charged all of its interest; a new one would have a base of its own.
            flat_base = from_minor(self.scheme.flat_base, currency) if left else None
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
                parked=from_minor(sum(amount for _, amount in parked), currency),
            ),
            repayment=Repayment(
                **fields
                | {
                    "suspensions": suspensions,
                    "instalments": left,
                    "first_due": coming_due,
                    "moves": moves,
                    "instalment": from_minor(self.instalment, currency),
                    "balloon": terms.balloon and min(terms.balloon, from_minor(balance, currency)),
                    "flat_base": flat_base,
                }
            ),
            oldest_unpaid_due=unpaid[0].due if unpaid else None,
            missed_instalments=sum(bill.due < self.today for bill in unpaid),
            parked_due=tuple(
                ParkedDue(amount=from_minor(amount, currency), on=day) for day, amount in parked
            ),
            credit=from_minor(credit, currency),
            allocation=self.handling.allocation,
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
        due = self.rows[-1][0] if self.rows else self.terms.first_due
        while due <= today:
            due = step_after(due, self.terms.every, self.terms.anchor)
        return due
