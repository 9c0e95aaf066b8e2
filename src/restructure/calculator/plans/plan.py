"""Plan: what a set of measures makes of a position, with every cent accounted for.

`reschedule` splits each bucket exactly (room `ledger`), repays the new principal (room `course`) and lays
the money that was set aside on top. The measures are sorted into their phases first, so the order in
which they are listed never matters.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property, lru_cache
from operator import sub
from typing import NamedTuple, Self, TypeVar, assert_never, cast

from pydantic import model_validator

from restructure.calculator.amortisation.off_schedule import OffScheduleAmount, add_off_schedule
from restructure.calculator.amortisation.repaid import reject_oversized_amounts
from restructure.calculator.amortisation.repayment import Repayment
from restructure.calculator.amortisation.rows import PAID, Row, Rows, RowTuple
from restructure.calculator.amortisation.schedule import Schedule
from restructure.calculator.conventions.currency_scale import scaled, set_scale
from restructure.calculator.conventions.dates import Closed, Roll, weekend
from restructure.calculator.conventions.day_counts import year_fraction
from restructure.calculator.conventions.money import Money, SignedMoney, from_minor, minor_digits
from restructure.calculator.measures.books import (
    DUE_IN,
    OF_PRINCIPAL,
    Books,
    Ledger,
    Movement,
    MovementKind,
    carry,
)
from restructure.calculator.measures.catalogue import Measure
from restructure.calculator.measures.deferral import Capitalise, Defer, Spread, capitalise, park, spread
from restructure.calculator.measures.rate import ChangeRate
from restructure.calculator.measures.relief import Forgive, Waive, forgive, waive
from restructure.calculator.measures.solve import Reamortise, Solve
from restructure.calculator.measures.timing import ChangeFrequency, ChangeMethod, Extend, Holiday, MoveDue
from restructure.calculator.measures.up_front import Pay, Settle, pay, settle
from restructure.calculator.plans.reamortisation import Changes, Course
from restructure.calculator.plans.row_changes import RowChange, row_changes
from restructure.calculator.servicing.position import Bucket, ParkedDue, Position
from restructure.errors import Issue, Refused
from restructure.record import Listed, Record, trusted

__all__ = ["Identities", "Movement", "MovementKind", "Plan", "reschedule"]

_PRINCIPAL, _INTEREST = Row._fields.index("principal"), Row._fields.index("interest")
_ACCRUED = Row._fields.index("accrued")
_PRINCIPAL_COLUMNS = (_PRINCIPAL, DUE_IN[Bucket.PRINCIPAL_ARREARS], DUE_IN[Bucket.PARKED])
_KINDS = tuple(MovementKind)


class Identities(Record):
    """The five identities of a plan; each is exactly zero, or the plan is wrong."""

    claim: SignedMoney
    """Claim − waived − forgiven + interest after the effective date − all payments, the up-front one included."""
    principal: SignedMoney
    """Principal + capitalised − forgiven − principal paid up front and in the rows, parked parts included."""
    interest: SignedMoney
    """Interest accrued after the effective date − paid − waived − capitalised − set aside."""
    buckets: SignedMoney
    """Sum over the buckets of |opening − paid − waived − forgiven − capitalised − parked − spread − carried|."""
    replay: SignedMoney
    """Sum over the rows of |interest − interest replayed from the printed balance| plus the last balance."""

    @property
    def hold(self) -> bool:
        """Whether all five are zero."""
        return not any(getattr(self, name) for name in type(self).model_fields)


_IDENTITIES = tuple(Identities.model_fields)


class Plan(Record):
    """A restructured loan: the new schedule, the ledger and the identities that prove it."""

    position: Position
    """What was owed when the plan was made."""
    measures: tuple[Measure, ...]
    """The measures, in the order they were listed (which does not matter)."""
    instalment: Money
    """The regular instalment after any holiday: the solved or kept one plus what is spread onto it."""
    schedule: Schedule
    """The new instalments."""
    before: Schedule | None
    """The schedule without any measure: as agreed, with arrears due at the first instalment. None where paying as
    agreed cannot be carried out, such as an agreed instalment below the interest; `reschedule(position)` says why."""
    ledger: Listed[Movement]
    """What became of every bucket, in order."""
    identities: Identities
    """Five sums that are exactly zero."""

    @model_validator(mode="after")
    def _spell(self) -> Self:
        set_scale(self, self.position.currency)
        return self

    @cached_property
    def changes(self) -> tuple[RowChange, ...]:
        """What changes row by row against paying as agreed, what is paid up front first; nothing without `before`."""
        if self.before is None:
            return ()
        return row_changes(self.before, self.schedule, up_front=self.up_front, on=self.position.on)

    @cached_property
    def _onward(self) -> "_Onward":
        done = _execute(self.position, self.measures, weekend)
        course = done.course
        if course is None:
            return _Onward(None, (), (), done.bearing)
        return _Onward(course.repayment, course.anew, course.covers, done.bearing)

    @property
    def repayment(self) -> Repayment | None:
        """How the balance is repaid from the effective date on, what was set aside apart; none where the loan ends."""
        return self._onward.repayment

    @cached_property
    def solved_anew(self) -> tuple[tuple[int, Decimal], ...]:
        """Where a change of rate solves the instalment anew: number of the row, and the instalment from there on."""
        currency = self.position.currency
        return tuple((k + 1, from_minor(instalment, currency)) for k, instalment in self._onward.anew)

    @cached_property
    def covered(self) -> Decimal:
        """Interest from before the effective date that is due with the first instalment and makes it no larger."""
        covers, effective = self._onward.covers, self.position.on
        return sum(
            (
                m.amount
                for m in self.ledger
                if m.kind is MovementKind.CARRIED and m.bucket in covers and m.on == effective
            ),
            from_minor(0, self.position.currency),
        )

    @cached_property
    def bearing(self) -> tuple[ParkedDue, ...]:
        """Parked money that bears interest from the effective date on, and when it falls due."""
        days = [row[0] for row in self.schedule.rows.minor]
        return tuple(
            ParkedDue(
                amount=from_minor(aside.amount, self.position.currency),
                on=None if aside.until is None else next(day for day in days if day >= aside.until),
                annual_rate=aside.annual_rate,
            )
            for aside in self._onward.bearing
        )

    @property
    def up_front(self) -> Decimal:
        """What is paid on the effective date itself, before the first instalment."""
        return self.moved(MovementKind.PAID)

    def moved(self, kind: MovementKind, *buckets: Bucket) -> Decimal:
        """Sum the ledger over one kind of movement, of all buckets or of some."""
        chosen = buckets or tuple(Bucket)
        nothing = from_minor(0, self.position.currency)
        return sum((m.amount for m in self.ledger if m.kind is kind and m.bucket in chosen), nothing)


class _Onward(NamedTuple):
    """What whoever goes on from a plan needs to know beyond its rows."""

    repayment: Repayment | None
    anew: Sequence[tuple[int, int]]
    covers: Sequence[Bucket]
    bearing: Sequence[OffScheduleAmount]


def reschedule(position: Position, measures: Iterable[Measure] = (), *, closed: Closed = weekend) -> Plan:
    """Apply a set of measures to a position and account for every cent.

    The measures may come in any order. Raises `Refused` with a reason code for what cannot be done: waiving more
    than a bucket holds, an instalment below the interest, no term left; but not for what cannot be carried out as
    agreed and the measures cure. `closed` tells the days without business on which due dates roll, if the loan
    rolls them.

    >>> from restructure.calculator.servicing.position import Buckets
    >>> from restructure.calculator.amortisation.repayment import Repayment
    >>> now = Position(on="2026-03-18", currency="CNY",
    ...                buckets=Buckets(principal="36000", interest_arrears="1080", penalty="162"),
    ...                repayment=Repayment(annual_rate="18%", instalments=18, first_due="2026-04-18"))
    >>> plan = reschedule(now, [Waive(of="interest_arrears", share="1/2"), Waive(of="penalty", share=1),
    ...                         Capitalise(of="interest_arrears"), Extend(instalments=6)])
    >>> str(plan.instalment), len(plan.schedule.rows), plan.identities.hold
    ('1824.23', 24, True)
    """
    measures = scaled(tuple(measures), position.currency)
    currency, places = position.currency, minor_digits(position.currency)
    done, before = _execute(position, measures, closed), _as_agreed(position, closed)
    (new,) = trusted(Schedule, [{"currency": currency, "rows": Rows(done.rows, places)}])
    (plan,) = trusted(
        Plan,
        [
            {
                "position": position,
                "measures": measures,
                "instalment": from_minor(done.instalment, currency),
                "schedule": new,
                "before": before,
                "ledger": Ledger(done.books.moves, currency),
                "identities": _shown(tuple(_identities(done, new.rows).values()), currency),
            }
        ],
    )
    return plan


@lru_cache(maxsize=64)
def _shown(proof: tuple[int, ...], currency: str) -> Identities:
    """Show the identities as amounts; but for a wrong plan they are five zeros, so one record serves them all."""
    amounts = (from_minor(value, currency) for value in proof)
    return trusted(Identities, [dict(zip(_IDENTITIES, amounts, strict=True))])[0]


def _as_agreed(position: Position, closed: Closed) -> Schedule | None:
    """Give the schedule without any measure, none where it cannot be carried out.

    It is made once for each position where the calendar says nothing about it.
    """
    known, lasting = position.__dict__, position.repayment.roll is Roll.NONE
    if lasting and "_as_agreed" in known:
        return cast("Schedule | None", known["_as_agreed"])
    try:
        rows = Rows(_execute(position, (), closed).rows, minor_digits(position.currency))
        (agreed,) = trusted(Schedule, [{"currency": position.currency, "rows": rows}])
    except Refused:
        agreed = None
    if lasting:
        # Beside the fields, where cached properties stand; a copy with changes does not take it along.
        known["_as_agreed"] = agreed
    return agreed


class _Done(NamedTuple):
    """What applying measures came to, in minor units."""

    books: Books
    rows: list[RowTuple]
    instalment: int
    course: Course | None
    bearing: list[OffScheduleAmount]
    borne: Mapping[int, int]
    """Interest of what was set aside, by index of the row in which it falls due."""

    def replayed(self) -> list[int]:
        """Make each row's interest once more from the printed balance."""
        return [0] * len(self.rows) if self.course is None else self.course.replay(self.rows, self.borne)


def _execute(position: Position, measures: Sequence[Measure], closed: Closed) -> _Done:
    books = Books.open(position)
    if not any(books.opening.values()):
        raise Refused(
            Issue("nothing-owed", "the position holds no money, so there is nothing to restructure")
        )
    sorted_out = _Sorted(measures)
    pay(books, sorted_out.pays)
    waive(books, sorted_out.waives)
    forgive(books, sorted_out.forgives)
    if sorted_out.settlement is not None:
        return _ended(books, settle(books, sorted_out.settlement))
    if not any(books.rest.values()):
        return _ended(books, [])  # everything is paid or given up, so no instalment is left to change
    joined = capitalise(books, sorted_out.capitalises)
    asides = [*park(books, sorted_out.parks), *spread(books, sorted_out.spreads)]
    carried = carry(books)
    principal = books.rest[Bucket.PRINCIPAL] + joined
    books.move(MovementKind.CARRIED, Bucket.PRINCIPAL, books.rest[Bucket.PRINCIPAL])

    course = Course(
        position,
        principal,
        changed=principal != books.opening[Bucket.PRINCIPAL],
        changes=sorted_out.changes,
        closed=closed,
    )
    rows = course.run(books)

    def interest(amount: int, rate: Fraction, due: date) -> int:
        terms = position.repayment
        part, year = year_fraction(terms.day_count, position.on, due, anchor_day=terms.anchor)
        return course.scheme.divide(amount * part * rate.numerator, year * rate.denominator)

    laid = add_off_schedule(
        rows,
        [*carried, *course.asides, *asides],
        course.dues,
        first=course.first_paid,
        total=course.total,
        interest=interest,
    )
    course.check_moves(rows, sorted_out.changes.moves)
    reject_oversized_amounts(rows, sum(books.opening.values()), position.currency)
    return _Done(
        books,
        rows,
        course.instalment + laid.regular,
        course,
        [aside for aside in (*carried, *asides) if aside.annual_rate],
        laid.interest,
    )


def _ended(books: Books, rows: list[RowTuple]) -> _Done:
    """Give what is left of a loan that ends: lump sums without interest, or nothing."""
    return _Done(books, rows, 0, None, [], {})


class _Sorted:
    """A set of measures by phase, those that add up added up."""

    def __init__(self, measures: Sequence[Measure]) -> None:
        self.pays: list[Pay] = []
        self.waives: list[Waive] = []
        self.forgives: list[Forgive] = []
        self.capitalises: list[Capitalise] = []
        self.parks: list[Defer] = []
        self.spreads: list[Spread] = []
        self.settlement: Settle | None = None
        rates: list[ChangeRate] = []
        holidays: list[Holiday] = []
        moves: list[MoveDue] = []
        changes = self.changes = Changes(rates=rates, holidays=holidays, moves=moves)
        for measure in measures:
            match measure:
                case Pay():
                    self.pays.append(measure)
                case Waive():
                    self.waives.append(measure)
                case Forgive():
                    self.forgives.append(measure)
                case Capitalise():
                    self.capitalises.append(measure)
                case Defer():
                    self.parks.append(measure)
                case Spread():
                    self.spreads.append(measure)
                case ChangeRate():
                    rates.append(measure)
                case Holiday():
                    if measure.instalments and measure not in holidays:
                        holidays.append(measure)
                case Extend():
                    changes.extension += measure.instalments
                case MoveDue():
                    others = [one for one in moves if one.instalment == measure.instalment]
                    _only_one(others[0] if others else None, measure)
                    moves.append(measure)
                case ChangeFrequency():
                    changes.frequency = _only_one(changes.frequency, measure)
                case ChangeMethod():
                    changes.method = _only_one(changes.method, measure)
                case Reamortise():
                    changes.reamortise = _only_one(changes.reamortise, measure)
                case Settle():
                    self.settlement = _only_one(self.settlement, measure)
                case _:
                    assert_never(measure)
        if changes.extension and changes.reamortise and changes.reamortise.solve is Solve.TERM:
            raise Refused(
                Issue(
                    "term-said-twice",
                    "extend sets the term and reamortise solves for it; keep one of the two",
                )
            )
        if self.settlement and (
            changes or changes.reamortise or self.capitalises or self.parks or self.spreads
        ):
            raise Refused(
                Issue(
                    "settle-excludes",
                    "a settlement ends the loan, so only pay, waive and forgive go with it",
                )
            )


_Single = TypeVar("_Single", MoveDue, ChangeFrequency, ChangeMethod, Reamortise, Settle)


def _only_one(held: _Single | None, measure: _Single) -> _Single:
    if held is not None and held != measure:
        raise Refused(
            Issue("measure-repeated", f"two different {measure.measure} measures stand in one set; keep one")
        )
    return measure


def _identities(done: _Done, new: Rows) -> dict[str, int]:
    """Prove the plan from its rows and its ledger alone."""
    books, rows = done.books, done.rows
    opening, effective = books.opening, books.position.on
    by_kind, split = dict.fromkeys(_KINDS, 0), dict.fromkeys(opening, 0)
    capitalised_interest = later = paid_principal = 0
    for on, kind, bucket, amount in books.moves:
        by_kind[kind] += amount
        if kind is MovementKind.CAPITALISED and bucket not in OF_PRINCIPAL:
            capitalised_interest += amount
        if kind is MovementKind.PAID and bucket in OF_PRINCIPAL:
            paid_principal += amount
        if on > effective:
            later += amount
        else:
            split[bucket] += amount
    columns = new.columns
    totals = [0, *map(sum, columns[1:])]
    accrued = totals[_ACCRUED]
    return {
        "claim": sum(opening.values())
        - by_kind[MovementKind.WAIVED]
        - by_kind[MovementKind.FORGIVEN]
        + accrued
        - by_kind[MovementKind.PAID]
        - sum(totals[PAID]),
        "principal": sum([opening[bucket] for bucket in OF_PRINCIPAL])
        + capitalised_interest
        - by_kind[MovementKind.FORGIVEN]
        - paid_principal
        - sum([totals[column] for column in _PRINCIPAL_COLUMNS]),
        "interest": accrued - totals[_INTEREST] - later,
        "buckets": sum([abs(held - split[bucket]) for bucket, held in opening.items()]),
        "replay": sum(map(abs, map(sub, columns[_ACCRUED], done.replayed())))
        + abs(rows[-1][-1] if rows else 0),
    }
