"""Current schedule: the rows of a loan in servicing, those that fell due and those still to come."""

from collections.abc import Iterable
from datetime import date
from fractions import Fraction
from typing import Any

from restructure.calculator.amortisation.agreed_changes import Suspension
from restructure.calculator.amortisation.repaid import Repaid
from restructure.calculator.amortisation.repayment import Repayment
from restructure.calculator.amortisation.repricing import known_rates, repay_repriced
from restructure.calculator.amortisation.rows import Row, RowTuple
from restructure.calculator.amortisation.schedule import Layout, rows_with_suspended_interest
from restructure.calculator.amortisation.scheme import HolidayInterest, LastRow, Method, Scheme
from restructure.calculator.amortisation.timetable import Timetable
from restructure.calculator.conventions.accrual import interest_factors, without_repetition
from restructure.calculator.conventions.dates import Closed, step_after
from restructure.calculator.servicing.contract import Prepayment

__all__ = ["CurrentSchedule"]

_ACCRUED, _BALANCE = Row._fields.index("accrued"), Row._fields.index("balance")
_OFF_SCHEDULE = slice(Row._fields.index("arrears_principal"), _ACCRUED)
_DEFERRED = (HolidayInterest.PARK, HolidayInterest.SPREAD)


class CurrentSchedule:
    """The rows of a loan as they are now; amounts are minor units.

    Prepayments and interest on overdue principal lay out anew the rows still to come.
    """

    def __init__(self, terms: Repayment, currency: str, balance: int, layout: Layout, closed: Closed) -> None:
        self.terms, self.currency, self.closed = terms, currency, closed
        self.rows = list(layout.rows)
        self.scheduled = layout.scheduled
        """Day on which each row's period ends before any roll."""
        self.odd_rows = int(layout.odd_row)
        """1 where the first row is no instalment but the interest of an odd first period, else 0."""
        self.ahead = int(layout.scheduled[0] < terms.first_due and layout.odd_row)
        """Rows before the first due date of the terms."""
        self.count = 0
        """Rows that fell due."""
        self.extra = int(terms.last_row is LastRow.EXTRA_ROW)
        self.most = len(layout.scheduled) - self.extra
        """Largest number of rows, apart from an extra one."""
        self.scheme = terms.scheme(balance, currency)
        self.paused = {
            k + self.odd_rows: pause for pause in self.scheme.pauses for k in range(pause.first, pause.end)
        }
        self.instalment = layout.instalment
        """The level instalment (the first, if stepped), or the part of principal in an instalment."""
        self.anew = layout.anew
        """Rows from which it is solved anew: index of the row, and the instalment from there on."""

    # --- time

    @property
    def ended(self) -> bool:
        """Whether every row has fallen due."""
        return self.count >= len(self.rows)

    def border(self, k: int) -> date:
        """Give the day on which the interest period of a row ends."""
        return self.rows[k][0] if self.terms.roll_accrues else self.scheduled[k]

    def growth(self, start: date, end: date) -> Fraction:
        """Give the interest on a unit of balance from one day to another."""
        terms = self.terms
        if end <= start:
            return Fraction(0)
        anchor = terms.anchor_before(self.count - self.ahead)
        rates = without_repetition(terms.rate_path(start))
        factors, year = interest_factors(terms.day_count, [start, end], anchor, rates, terms.compounding)
        return Fraction(factors[0], year)

    def growth_within(self, begin: date, end: date, start: date, stop: date) -> Fraction:
        """Give the growth from `start` to `stop` within the period from `begin` to `end`; parts add up exactly."""
        return self.growth(begin, min(stop, end)) - self.growth(begin, min(start, end))

    def next_due(self, today: date) -> date:
        """Give the next due date after today, as scheduled where that is still ahead, else as rolled."""
        if not self.ended:
            due, rolled = self.scheduled[self.count], self.rows[self.count][0]
            return due if due > today else date.fromordinal(max(rolled.toordinal(), today.toordinal() + 1))
        due = self.rows[-1][0] if self.rows else self.terms.first_due
        while due <= today:
            due = step_after(due, self.terms.every, self.terms.anchor)
        return due

    # --- what is left

    @property
    def left(self) -> int:
        """Number of instalments left; an extra row after them counts only where no other row is left."""
        left = len(self.rows) - self.count
        return min(left, max(self.most - self.count, 1))

    @property
    def spare_rows(self) -> int:
        """Number of rows that may follow the last instalment."""
        return self.extra if self.scheme.annuity and not self.scheme.balloon else 0

    @property
    def last_amortising(self) -> int:
        """Index of the last row of the amortisation, -1 if none is left; later rows hold only deferred amounts."""
        for k in reversed(range(self.count, len(self.rows))):
            row = Row(*self.rows[k])
            before = row.balance + row.principal - row.capitalised
            if before or row.principal or (row.accrued and self.terms.method is Method.FLAT):
                return k
        return -1

    def only_deferred_next(self, remaining: dict[str, Any]) -> bool:
        """Whether the next row is not an instalment but holds only what is deferred to a day of its own."""
        return not self.ended and self.scheduled[self.count] != remaining["first_due"]

    def remaining_fields(self, on: date) -> dict[str, object]:
        """Give the fields of the terms that have changed through the rows that fell due, as of a day."""
        terms = self.terms
        if self.count < self.odd_rows:
            # The row before the instalments is one of which only the interest is paid.
            odd_row = Suspension(instalments=1, pay="interest")
            later = (
                suspension.model_copy(update={"starts": suspension.starts + 1})
                for suspension in terms.suspensions
            )
            # Moves are numbered by due dates, of which a long first period has one more.
            moves = (
                move.model_copy(update={"instalment": move.instalment + self.ahead}) for move in terms.moves
            )
            return terms.rest(0, on) | {
                "first_due": self.scheduled[0],
                "moves": tuple(moves),
                "suspensions": (odd_row, *later),
                "steps": terms.steps and terms.steps.model_copy(update={"passed": terms.steps.passed - 1}),
            }
        return terms.rest(self.count - self.odd_rows, on, before=self.odd_rows - self.ahead)

    def deferred(self) -> list[tuple[date | None, int]]:
        """List the amounts of later rows outside the amortisation: due date, None for the last row, and amount."""
        due: list[tuple[int, date | None, int]] = []
        interest = dict[int, int]()
        still_to_accrue, carried = 0, list[tuple[int, int]]()
        end = self.last_amortising
        for k, cells in enumerate(self.rows[self.count :], self.count):
            row = Row(*cells)
            interest[k] = row.parked_interest
            last = row.parked_principal + row.parked_interest if k == end else 0
            due += [(k, None, last), (k, row.due, sum(cells[_OFF_SCHEDULE]) - last)]
            pause = self.paused.get(k)
            if pause is not None and pause.unpaid is HolidayInterest.CARRY:
                carried.append((pause.end + self.odd_rows, row.accrued - row.interest))
            elif pause is not None and pause.unpaid in _DEFERRED:
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

    # --- changes

    def take_repriced_instalment(self) -> None:
        """Change over to the instalment of the next row in which one is paid."""
        # Where suspended amounts alone repay the balance, no further instalment is paid.
        first = next((k for k in range(self.count, len(self.rows)) if k not in self.paused), len(self.rows))
        for begin, instalment in self.anew:
            if begin <= first:
                self.instalment = instalment

    def lay_out(self, balance: int, held: int, since: date, prepayment: Prepayment = Prepayment.HOLD) -> None:
        """Lay out the rows still to come, from a balance on a day.

        `held` is interest from before that day that the next instalment also covers.
        """
        rest = self.terms.model_copy(
            update=self.remaining_fields(since) | {"instalments": self.most - self.count}
        )
        timetable = Timetable(rest, since, rest.rate_path(since), self.closed)
        if not balance:
            # Interest that is still owed needs an instalment to be billed with.
            dues = timetable.periods(self.most - self.count, spare=bool(self.extra)).days
            self.rows[self.count :] = [(dues[0], *(0,) * _BALANCE)] if held else []
            return
        self.scheme = self.scheme._replace(balloon=min(self.scheme.balloon, balance))
        scheme = rest.scheme(balance, self.currency)._replace(
            balloon=self.scheme.balloon, flat_base=self.scheme.flat_base, growing=True
        )
        self.rows[self.count :] = _RemainingRows(self, timetable, scheme, balance, held).rows(prepayment)


class _RemainingRows:
    """The rows still to come of a schedule that is laid out anew."""

    def __init__(
        self, schedule: CurrentSchedule, timetable: Timetable, scheme: Scheme, balance: int, held: int
    ) -> None:
        self.schedule, self.timetable, self.scheme = schedule, timetable, scheme
        self.balance, self.held = balance, held
        self.wanted = schedule.most - schedule.count
        self.periods = timetable.periods(self.wanted, spare=bool(schedule.extra))

    def rows(self, prepayment: Prepayment) -> list[RowTuple]:
        """Make the rows; a prepayment may lower the schedule's instalment or shorten its term."""
        schedule, wanted = self.schedule, self.wanted
        if prepayment is Prepayment.LOWER_INSTALMENT:
            schedule.most = min(schedule.most, len(schedule.rows))
            wanted = schedule.most - schedule.count
            if wanted:
                schedule.instalment = min(schedule.instalment, self._repaid(wanted, None).instalment)
        repaid = self._repaid(wanted, schedule.instalment)
        if prepayment is Prepayment.SHORTEN_TERM:
            at_known_rates = self._repaid_at_known_rates(wanted) if repaid.anew else repaid
            needed = self._needed(at_known_rates.rows, wanted)
            if needed < wanted:
                repaid, wanted = self._repaid(needed, schedule.instalment), needed
                schedule.most = schedule.count + needed
        schedule.anew = [(schedule.count + begin, instalment) for begin, instalment in repaid.anew]
        return rows_with_suspended_interest(repaid, self.periods.days, wanted)

    def _repaid(self, count: int, instalment: int | None) -> Repaid:
        periods = self.periods
        if count < len(periods.dues):
            due, factor = periods.dues[count], periods.factors[count]
            periods = periods._replace(
                dues=periods.dues[:count],
                factors=periods.factors[:count],
                spare=(due, factor) if self.schedule.extra else None,
            )
        return repay_repriced(
            self.timetable, self.scheme, periods, self.balance, instalment, covered=self.held
        )

    def _repaid_at_known_rates(self, count: int) -> Repaid:
        """Repay at the rates that a term is solved with."""
        timetable = self.timetable._replace(rates=known_rates(self.timetable))
        steady = _RemainingRows(self.schedule, timetable, self.scheme, self.balance, self.held)
        return steady._repaid(count, self.schedule.instalment)

    def _needed(self, rows: list[RowTuple], count: int) -> int:
        """Count the fewest instalments that repay the balance, the balloon falling due with the last of them."""
        schedule = self.schedule
        odd_rows = max(schedule.odd_rows - schedule.count, 0)  # the row of an odd first period repays nothing
        balloon, instalment = schedule.scheme.balloon, schedule.instalment
        match schedule.terms.method:
            case Method.LEVEL:
                owed, covered = self.balance, self.held
                for k, row in enumerate(rows[:count], 1):
                    paused = k <= odd_rows or schedule.count + k - 1 in schedule.paused
                    if not paused and owed - balloon <= instalment - row[_ACCRUED] - covered:
                        return k
                    owed, covered = row[_BALANCE], covered if paused else 0
                return count
            case Method.EQUAL_PRINCIPAL if instalment and not schedule.paused:
                parts = -(-(self.balance - balloon) // instalment)
                return min(max(parts, 1) + odd_rows, count)
            case _:
                return count
