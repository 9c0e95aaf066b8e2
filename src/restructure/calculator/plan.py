"""Plan: what a set of measures makes of a position, with every cent accounted for.

`reschedule` splits each bucket exactly (room `ledger`), repays the new principal (room `course`) and lays
the money that was set aside on top. The measures are sorted into their phases first, so the order in
which they are listed never matters.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar, assert_never

from restructure.calculator.course import Course
from restructure.calculator.dates import Closed, weekend
from restructure.calculator.ledger import (
    DUE_IN,
    Aside,
    Books,
    Movement,
    MovementKind,
    capitalise,
    carry,
    forgive,
    park,
    spread,
    waive,
)
from restructure.calculator.measures import (
    Capitalise,
    ChangeRate,
    Extend,
    Forgive,
    Holiday,
    Measure,
    Park,
    Reamortise,
    Solve,
    Spread,
    Waive,
)
from restructure.calculator.money import Money, SignedMoney, from_minor, minor_digits, split_evenly
from restructure.calculator.position import Bucket, Position
from restructure.calculator.rows import PAID, Row, Rows, RowTuple
from restructure.calculator.schedule import Schedule
from restructure.errors import Issue, Refused
from restructure.record import Record

__all__ = ["Identities", "Movement", "MovementKind", "Plan", "reschedule"]

_PRINCIPAL, _INTEREST = Row._fields.index("principal"), Row._fields.index("interest")
_ACCRUED = Row._fields.index("accrued")
_OF_PRINCIPAL = (Bucket.PRINCIPAL, Bucket.PRINCIPAL_ARREARS, Bucket.PARKED)


class Identities(Record):
    """The five identities of a plan; each is exactly zero, or the plan is wrong."""

    claim: SignedMoney
    """Claim − waived − forgiven + interest after the effective date − all payments."""
    principal: SignedMoney
    """Principal + capitalised − forgiven − principal in the rows, parked parts included."""
    interest: SignedMoney
    """Interest accrued after the effective date − paid − waived − capitalised − set aside."""
    buckets: SignedMoney
    """Sum over the buckets of |opening − waived − forgiven − capitalised − parked − spread − carried|."""
    replay: SignedMoney
    """Sum over the rows of |interest − interest replayed from the printed balance| plus the last balance."""

    @property
    def hold(self) -> bool:
        """Whether all five are zero."""
        return not any(getattr(self, name) for name in type(self).model_fields)


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
    before: Schedule
    """The schedule without any measure: as agreed, with arrears due at the first instalment."""
    ledger: tuple[Movement, ...]
    """What became of every bucket, in order."""
    identities: Identities
    """Five sums that are exactly zero."""

    def moved(self, kind: MovementKind, *buckets: Bucket) -> Decimal:
        """Sum the ledger over one kind of movement, of all buckets or of some."""
        chosen = buckets or tuple(Bucket)
        return sum((m.amount for m in self.ledger if m.kind is kind and m.bucket in chosen), Decimal("0.00"))


def reschedule(position: Position, measures: Iterable[Measure] = (), *, closed: Closed = weekend) -> Plan:
    """Apply a set of measures to a position and account for every cent.

    The measures may come in any order. Raises `Refused` with a reason code for what cannot be done:
    waiving more than a bucket holds, an instalment below the interest, no term left. `closed` tells the days
    without business on which due dates roll, if the loan rolls them.

    >>> from restructure.calculator.position import Buckets
    >>> from restructure.calculator.schedule import Repayment
    >>> now = Position(on="2026-03-18", currency="CNY",
    ...                buckets=Buckets(principal="36000", interest_arrears="1080", penalty="162"),
    ...                repayment=Repayment(annual_rate="18%", instalments=18, first_due="2026-04-18"))
    >>> plan = reschedule(now, [Waive(of="interest_arrears", share="1/2"), Waive(of="penalty", share=1),
    ...                         Capitalise(of="interest_arrears"), Extend(instalments=6)])
    >>> str(plan.instalment), len(plan.schedule.rows), plan.identities.hold
    ('1824.23', 24, True)
    """
    measures = tuple(measures)
    books, rows, instalment, identities = _execute(position, measures, closed)
    currency = position.currency
    places = minor_digits(currency)
    _, before, _, _ = _execute(position, (), closed) if measures else (None, rows, None, None)
    proof: dict[str, Any] = {name: from_minor(value, currency) for name, value in identities.items()}
    return Plan.model_construct(
        position=position,
        measures=measures,
        instalment=from_minor(instalment, currency),
        schedule=Schedule.model_construct(currency=currency, rows=Rows(rows, places)),
        before=Schedule.model_construct(currency=currency, rows=Rows(before, places)),
        ledger=tuple(
            Movement.model_construct(on=on, kind=kind, bucket=bucket, amount=from_minor(amount, currency))
            for on, kind, bucket, amount in books.moves
        ),
        identities=Identities.model_construct(**proof),
    )


def _execute(
    position: Position, measures: Sequence[Measure], closed: Closed
) -> tuple[Books, list[RowTuple], int, dict[str, int]]:
    books = Books.open(position)
    if not any(books.opening.values()):
        raise Refused(
            Issue("nothing-owed", "the position holds no money, so there is nothing to restructure")
        )
    sorted_out = _Sorted(measures)
    waive(books, sorted_out.waives)
    forgive(books, sorted_out.forgives)
    joined = capitalise(books, sorted_out.capitalises)
    asides = [*park(books, sorted_out.parks), *spread(books, sorted_out.spreads)]
    carried = carry(books)
    principal = books.rest[Bucket.PRINCIPAL] + joined
    books.move(MovementKind.CARRIED, Bucket.PRINCIPAL, books.rest[Bucket.PRINCIPAL])

    course = Course(
        position,
        principal,
        changed=principal != books.opening[Bucket.PRINCIPAL],
        rates=sorted_out.rates,
        holiday=sorted_out.holiday,
        extension=sorted_out.extension,
        reamortise=sorted_out.reamortise,
        closed=closed,
    )
    rows = course.run(books)
    instalment = course.instalment
    extra = _lay_on(rows, course, [*carried, *course.asides, *asides])
    return books, rows, instalment + extra, _identities(books, rows, course)


class _Sorted:
    """A set of measures by phase, those that add up added up."""

    def __init__(self, measures: Sequence[Measure]) -> None:
        self.waives: list[Waive] = []
        self.forgives: list[Forgive] = []
        self.capitalises: list[Capitalise] = []
        self.parks: list[Park] = []
        self.spreads: list[Spread] = []
        self.rates: list[ChangeRate] = []
        self.holiday: Holiday | None = None
        self.extension = 0
        self.reamortise: Reamortise | None = None
        for measure in measures:
            match measure:
                case Waive():
                    self.waives.append(measure)
                case Forgive():
                    self.forgives.append(measure)
                case Capitalise():
                    self.capitalises.append(measure)
                case Park():
                    self.parks.append(measure)
                case Spread():
                    self.spreads.append(measure)
                case ChangeRate():
                    self.rates.append(measure)
                case Holiday():
                    self.holiday = _only_one(self.holiday, measure) if measure.instalments else self.holiday
                case Extend():
                    self.extension += measure.instalments
                case Reamortise():
                    self.reamortise = _only_one(self.reamortise, measure)
                case _:
                    assert_never(measure)
        if self.extension and self.reamortise and self.reamortise.solve is Solve.TERM:
            raise Refused(
                Issue(
                    "term-said-twice",
                    "extend sets the term and reamortise solves for it; keep one of the two",
                )
            )


_Single = TypeVar("_Single", Holiday, Reamortise)


def _only_one(held: _Single | None, measure: _Single) -> _Single:
    if held is not None and held != measure:
        raise Refused(
            Issue("measure-repeated", f"two different {measure.measure} measures stand in one set; keep one")
        )
    return measure


def _lay_on(rows: list[RowTuple], course: Course, asides: Sequence[Aside]) -> int:
    """Put the money due outside the amortisation onto its rows; gives what is spread onto each of them."""
    first = course.first_paid
    regular = 0
    # What may add rows for the same instalments comes first, then the last instalment, then later days.
    for aside in sorted(asides, key=_laying_order):
        if aside.parts is not None:
            available = max(course.total, len(rows)) - first
            parts = aside.parts or available
            if parts > available:
                raise Refused(
                    Issue(
                        "spread-too-long",
                        f"a bucket is to be spread over {parts} instalments but {available} are left",
                    )
                )
            _pad(rows, course, first + parts)
            portions = split_evenly(aside.amount, parts)
            for k, portion in enumerate(portions, first):
                _add(rows, k, aside.column, portion)
            regular += portions[0]
        elif aside.at_maturity:
            _add(rows, len(rows) - 1, aside.column, aside.amount)
        elif aside.until is not None:
            at = next((k for k, row in enumerate(rows) if row[0] >= aside.until), len(rows))
            if at == len(rows):
                rows.append((aside.until, *(0,) * (len(Row._fields) - 1)))
            _add(rows, at, aside.column, aside.amount)
        else:
            _pad(rows, course, first + 1)
            _add(rows, first, aside.column, aside.amount)
    return regular


def _laying_order(aside: Aside) -> tuple[bool, bool, bool, date]:
    return aside.parts is None, aside.until is not None, aside.at_maturity, aside.until or date.min


def _pad(rows: list[RowTuple], course: Course, count: int) -> None:
    """Add empty instalments after an early end, for money that is still spread over them."""
    while len(rows) < count:
        rows.append((course.dues[len(rows)], *(0,) * (len(Row._fields) - 1)))


def _add(rows: list[RowTuple], at: int, column: int, amount: int) -> None:
    row = list(rows[at])
    row[column] += amount
    rows[at] = tuple(row)


def _identities(books: Books, rows: Sequence[RowTuple], course: Course) -> dict[str, int]:
    """Prove the plan from its rows and its ledger alone."""
    by_kind = dict.fromkeys(MovementKind, 0)
    capitalised_interest = later = 0
    split = dict.fromkeys(Bucket, 0)
    for on, kind, bucket, amount in books.moves:
        by_kind[kind] += amount
        if kind is MovementKind.CAPITALISED and bucket not in _OF_PRINCIPAL:
            capitalised_interest += amount
        if on > books.position.on:
            later += amount
        else:
            split[bucket] += amount
    accrued = sum(row[_ACCRUED] for row in rows)
    principal_columns = (_PRINCIPAL, DUE_IN[Bucket.PRINCIPAL_ARREARS], DUE_IN[Bucket.PARKED])
    replayed = 0
    balance = course.principal
    factors = [*course.factors, *(() if course.spare is None else (course.spare[1],))]
    for row, factor in zip(rows, factors, strict=False):
        replayed += abs(row[_ACCRUED] - course.scheme.interest(balance, factor, course.year))
        balance = row[-1]
    return {
        "claim": sum(books.opening.values())
        - by_kind[MovementKind.WAIVED]
        - by_kind[MovementKind.FORGIVEN]
        + accrued
        - sum(sum(row[PAID]) for row in rows),
        "principal": sum(books.opening[bucket] for bucket in _OF_PRINCIPAL)
        + capitalised_interest
        - by_kind[MovementKind.FORGIVEN]
        - sum(row[column] for row in rows for column in principal_columns),
        "interest": accrued - sum(row[_INTEREST] for row in rows) - later,
        "buckets": sum(abs(books.opening[bucket] - split[bucket]) for bucket in Bucket),
        "replay": replayed + abs(rows[-1][-1]),
    }
