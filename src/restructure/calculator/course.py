"""Course: how the new principal is repaid. Rates laid over time, the holiday first, then the one solve."""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import assert_never

from restructure.calculator.dates import Closed, weekend
from restructure.calculator.ledger import Aside, Books, MovementKind
from restructure.calculator.measures import ChangeRate, Holiday, HolidayInterest, Reamortise, Solve
from restructure.calculator.position import Bucket, Position
from restructure.calculator.rows import Row, RowTuple
from restructure.calculator.scheme import LastRow, Method, repay
from restructure.errors import Issue, Refused

__all__ = ["Course"]

_LONGEST = 1200
_PRINCIPAL, _INTEREST = Row._fields.index("principal"), Row._fields.index("interest")
_PARKED_INTEREST = Row._fields.index("parked_interest")


class Course:
    """The amortisation of the new principal: holiday first, then the one solve."""

    def __init__(
        self,
        position: Position,
        principal: int,
        *,
        changed: bool,
        rates: Sequence[ChangeRate],
        holiday: Holiday | None,
        extension: int,
        reamortise: Reamortise | None,
        closed: Closed = weekend,
    ) -> None:
        terms = position.repayment
        self.position, self.principal = position, principal
        self.holiday, self.reamortise = holiday, reamortise
        self.scheme = terms.scheme(principal, position.currency)
        self.closed = closed
        self.held_off = holiday.instalments if holiday else 0
        """Instalments of the holiday."""
        self.total = terms.instalments + extension + (0 if holiday and holiday.keep_term else self.held_off)
        """Instalments planned, the holiday included."""
        if not self.total and not principal and not extension:
            self.total = 1  # a matured loan without principal left still needs a row for its arrears
        left = self.total - self.held_off
        if left < 1:
            raise Refused(
                Issue(
                    "term-not-positive",
                    f"{terms.instalments} instalments {extension:+d} leave {left} to repay over",
                )
            )
        self.rates = _rate_segments(position, rates)
        same_rate = self.rates == [(position.on, terms.annual_rate)]
        self.changed = changed or bool(self.held_off or extension) or not same_rate
        nothing_paid = self.held_off if holiday and holiday.pay == "none" else 0
        self.first_paid = self.total - 1 if terms.method is Method.BULLET else nothing_paid
        """The first row in which anything is paid."""
        self.instalment = 0
        """The regular instalment that was solved or kept."""
        self.asides: list[Aside] = []
        """Interest of the holiday that is due outside the amortisation."""
        self.dues: list[date] = []
        self.factors: list[int] = []
        self.year = 1
        self.spare: tuple[date, int] | None = None
        self.plan_periods(self.total)

    def plan_periods(self, count: int) -> None:
        """Lay out due dates and interest factors of so many instalments."""
        terms = self.position.repayment
        extra = int(terms.last_row is LastRow.EXTRA_ROW)
        dues, factors, self.year = terms.periods(self.position.on, count + extra, self.rates, self.closed)
        self.dues, self.factors = dues[:count], factors[:count]
        self.spare = (dues[count], factors[count]) if extra else None

    def run(self, books: Books) -> list[RowTuple]:
        """Make the rows of holiday and repayment, booking what a holiday does to interest."""
        rows, balance = self._suspend(books)
        terms = self.position.repayment
        solve = (
            self.reamortise.solve
            if self.reamortise
            else (Solve.INSTALMENT if self.changed else Solve.NOTHING)
        )
        agreed = None
        if solve is not Solve.INSTALMENT:
            given = self.reamortise.instalment if self.reamortise else None
            kept = given if given is not None else terms.instalment
            agreed = None if kept is None else books.minor(kept)
        covered = 0
        if agreed is not None and not self.held_off and not (self.reamortise and self.reamortise.instalment):
            # The agreed instalment covers the interest of its whole period, the part before the
            # effective date included; what was capitalised, parked or spread of that part it no longer has to.
            covered = books.opening[Bucket.ACCRUED] - sum(
                amount
                for _, kind, bucket, amount in books.moves
                if bucket is Bucket.ACCRUED
                and kind in (MovementKind.CAPITALISED, MovementKind.PARKED, MovementKind.SPREAD)
            )
        if solve is Solve.TERM and agreed is not None:
            self._find_term(balance, agreed, covered)
        dues, factors = self.dues[self.held_off :], self.factors[self.held_off :]
        paid, self.instalment = repay(
            self.scheme, dues, balance, agreed, factors, self.year, covered=covered, spare=self.spare
        )
        if terms.method is not Method.LEVEL:
            self.instalment = paid[0][_PRINCIPAL] + paid[0][_INTEREST]
        return rows + paid

    def _suspend(self, books: Books) -> tuple[list[RowTuple], int]:
        """Run the holiday; gives its rows and the balance after it."""
        rows: list[RowTuple] = []
        balance, waiting = self.principal, 0
        for k in range(self.held_off):
            holiday = self.holiday
            assert holiday is not None
            accrued = self.scheme.interest(balance, self.factors[k], self.year)
            paid = joining = 0
            if holiday.pay == "interest":
                paid = accrued
            else:
                match holiday.interest:
                    case HolidayInterest.CAPITALISE:
                        joining = accrued
                    case HolidayInterest.CAPITALISE_AT_END:
                        waiting += accrued
                        if k == self.held_off - 1:
                            joining = waiting
                    case HolidayInterest.PARK | HolidayInterest.SPREAD:
                        waiting += accrued
                    case HolidayInterest.WAIVE:
                        books.move(MovementKind.WAIVED, Bucket.ACCRUED, accrued, on=self.dues[k])
                    case _:
                        assert_never(holiday.interest)
            if joining:
                books.move(MovementKind.CAPITALISED, Bucket.ACCRUED, joining, on=self.dues[k])
            balance += joining
            rows.append((self.dues[k], 0, paid, 0, 0, 0, 0, 0, 0, accrued, joining, balance))
        if (
            waiting
            and self.holiday
            and self.holiday.interest in (HolidayInterest.PARK, HolidayInterest.SPREAD)
        ):
            parked = self.holiday.interest is HolidayInterest.PARK
            books.move(
                MovementKind.PARKED if parked else MovementKind.SPREAD,
                Bucket.ACCRUED,
                waiting,
                on=self.dues[self.held_off - 1],
            )
            self.asides.append(
                Aside(_PARKED_INTEREST, waiting, at_maturity=parked, parts=None if parked else 0)
            )
        return rows, balance

    def _find_term(self, balance: int, agreed: int, covered: int) -> None:
        """Find how many instalments the balance takes, doubling the horizon until it is repaid."""
        terms = self.position.repayment
        count = 12
        while True:
            count = min(count * 2, _LONGEST)
            self.plan_periods(self.held_off + count)
            rows, _ = repay(
                self.scheme,
                self.dues[self.held_off :],
                balance,
                agreed,
                self.factors[self.held_off :],
                self.year,
                covered=covered,
            )
            # The last row of a full horizon takes everything left, so only an ordinary one tells the term.
            level = terms.method is Method.LEVEL
            last = rows[-1][_PRINCIPAL] + (rows[-1][_INTEREST] if level else 0)
            if len(rows) < count or last <= agreed:
                self.plan_periods(self.held_off + len(rows))
                self.total = self.held_off + len(rows)
                return
            if count == _LONGEST:
                raise Refused(
                    Issue(
                        "term-too-long", "the instalment does not repay the balance within 1,200 instalments"
                    )
                )


def _rate_segments(position: Position, changes: Sequence[ChangeRate]) -> list[tuple[date, Fraction]]:
    """Lay the rate changes over the contract rate; two changes for one night are refused."""
    contract = position.repayment.annual_rate
    spans = sorted(
        ((max(c.starts or position.on, position.on), c.ends or date.max, c.annual_rate) for c in changes),
        key=lambda span: span[:2],
    )
    segments: list[tuple[date, Fraction]] = [(position.on, contract)]
    busy_until = position.on
    for start, end, rate in spans:
        if end <= start:
            raise Refused(
                Issue("rate-segment-empty", f"a rate change ends on {end}, before it starts on {start}")
            )
        if start < busy_until:
            if (start, rate) in segments and end == busy_until:
                continue  # the same change said twice
            raise Refused(Issue("rate-segments-overlap", f"two rate changes both claim the night of {start}"))
        segments = [segment for segment in segments if segment[0] < start]
        segments.append((start, rate))
        if end < date.max:
            segments.append((end, contract))
        busy_until = end
    merged = segments[:1]
    for start, rate in segments[1:]:
        if rate != merged[-1][1]:
            merged.append((start, rate))
    return merged
