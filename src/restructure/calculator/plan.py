"""Plan: what a set of measures makes of a position, with every cent accounted for.

`reschedule` splits each bucket exactly (waived, forgiven, capitalised, parked, spread, carried), runs
the amortisation and lays the set-aside money on top of it. The measures execute in the phases of
`_PHASE`, so the order in which they are listed never matters.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any, TypeVar, assert_never

from restructure.calculator.money import (
    Money,
    SignedMoney,
    from_minor,
    minor_digits,
    round_div,
    rounder,
    split_evenly,
    to_minor,
)
from restructure.calculator.dates import due_dates
from restructure.calculator.measures import (
    Capitalise,
    ChangeRate,
    Extend,
    Forgive,
    Holiday,
    HolidayInterest,
    Measure,
    Park,
    Reamortise,
    Solve,
    Spread,
    Waive,
)
from restructure.calculator.position import Bucket, Position
from restructure.calculator.rows import PAID, Divide, Row, Rows, RowTuple
from restructure.calculator.schedule import Method, Schedule, interest_factors, repay
from restructure.errors import Issue, Refused
from restructure.record import Record

__all__ = ["Identities", "Movement", "MovementKind", "Plan", "reschedule"]

_LONGEST = 1200

# Where each bucket's money shows once it is due outside the amortisation.
_COLUMN = {
    Bucket.PRINCIPAL: Row._fields.index("parked_principal"),
    Bucket.PRINCIPAL_ARREARS: Row._fields.index("arrears_principal"),
    Bucket.INTEREST_ARREARS: Row._fields.index("arrears_interest"),
    Bucket.ACCRUED: Row._fields.index("arrears_interest"),
    Bucket.PENALTY: Row._fields.index("penalty"),
    Bucket.FEES: Row._fields.index("fees"),
    Bucket.PARKED: Row._fields.index("parked_principal"),
}
_PARKED_COLUMN = _COLUMN | {
    Bucket.PRINCIPAL_ARREARS: Row._fields.index("parked_principal"),
    Bucket.INTEREST_ARREARS: Row._fields.index("parked_interest"),
    Bucket.ACCRUED: Row._fields.index("parked_interest"),
}
_PRINCIPAL, _INTEREST = Row._fields.index("principal"), Row._fields.index("interest")
_PARKED_INTEREST = Row._fields.index("parked_interest")
_ACCRUED, _CAPITALISED = Row._fields.index("accrued"), Row._fields.index("capitalised")
_OF_PRINCIPAL = (Bucket.PRINCIPAL, Bucket.PRINCIPAL_ARREARS, Bucket.PARKED)


class MovementKind(StrEnum):
    """What can happen to money in a bucket."""

    WAIVED = "waived"
    FORGIVEN = "forgiven"
    CAPITALISED = "capitalised"
    PARKED = "parked"
    SPREAD = "spread"
    CARRIED = "carried"


class Movement(Record):
    """One entry of the ledger: what became of part of a bucket, or of interest in a holiday."""

    on: date
    """The effective date, or the due date of a holiday instalment."""
    kind: MovementKind
    """What happened."""
    bucket: Bucket
    """The bucket it came from; `accrued` for interest of a holiday."""
    amount: Money
    """How much."""


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
        """Sum the ledger over one kind of movement, of all buckets or of some.

        >>> # what the lender gives up: plan.moved(MovementKind.WAIVED) + plan.moved(MovementKind.FORGIVEN)
        """
        chosen = buckets or tuple(Bucket)
        return sum((m.amount for m in self.ledger if m.kind is kind and m.bucket in chosen), Decimal("0.00"))


@dataclass(slots=True)
class _Books:
    """The buckets in minor units while the measures empty them, and the ledger they write."""

    position: Position
    opening: dict[Bucket, int]
    rest: dict[Bucket, int]
    moves: list[tuple[date, MovementKind, Bucket, int]] = field(default_factory=list)
    owner: dict[Bucket, str] = field(default_factory=dict)

    @classmethod
    def open(cls, position: Position) -> "_Books":
        opening = {
            bucket: to_minor(getattr(position.buckets, bucket.value), position.currency) for bucket in Bucket
        }
        return cls(position, opening, dict(opening))

    def move(self, kind: MovementKind, bucket: Bucket, amount: int, *, on: date | None = None) -> None:
        if amount:
            self.moves.append((on or self.position.on, kind, bucket, amount))
            if on is None:
                self.rest[bucket] -= amount

    def claim_rest(self, measure: str, bucket: Bucket) -> int:
        """Take the whole rest of a bucket for one measure; no second measure may want it."""
        other = self.owner.setdefault(bucket, measure)
        if other != measure:
            raise Refused(
                Issue(
                    "bucket-claimed-twice",
                    f"{other} and {measure} both take the rest of {bucket.value}; name it once",
                )
            )
        return self.rest[bucket]

    def minor(self, amount: Decimal) -> int:
        try:
            return to_minor(amount, self.position.currency)
        except ValueError as error:
            raise Refused(Issue("money-scale", str(error))) from None


@dataclass(slots=True)
class _Aside:
    """Money due outside the amortisation: in one row, or in equal parts over several."""

    column: int
    amount: int
    until: date | None = None
    at_maturity: bool = False
    parts: int | None = None


def reschedule(position: Position, measures: Iterable[Measure] = ()) -> Plan:
    """Apply a set of measures to a position and account for every cent.

    The measures may come in any order. Raises `Refused` with a reason code for what cannot be done:
    waiving more than a bucket holds, an instalment below the interest, no term left.

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
    books, rows, instalment, identities = _execute(position, measures)
    currency = position.currency
    places = minor_digits(currency)
    _, before, _, _ = _execute(position, ()) if measures else (None, rows, None, None)
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
    position: Position, measures: Sequence[Measure]
) -> tuple[_Books, list[RowTuple], int, dict[str, int]]:
    books = _Books.open(position)
    if not any(books.opening.values()):
        raise Refused(
            Issue("nothing-owed", "the position holds no money, so there is nothing to restructure")
        )
    sorted_out = _Sorted(measures)
    _waive(books, sorted_out.waives)
    _forgive(books, sorted_out.forgives)
    joined = _capitalise(books, sorted_out.capitalises)
    asides = [*_park(books, sorted_out.parks), *_spread(books, sorted_out.spreads)]
    carried = _carry(books)
    principal = books.rest[Bucket.PRINCIPAL] + joined
    books.move(MovementKind.CARRIED, Bucket.PRINCIPAL, books.rest[Bucket.PRINCIPAL])

    course = _Course(position, sorted_out, principal, changed=principal != books.opening[Bucket.PRINCIPAL])
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


_Single = TypeVar("_Single", Holiday, Reamortise)


def _only_one(held: _Single | None, measure: _Single) -> _Single:
    if held is not None and held != measure:
        raise Refused(
            Issue("measure-repeated", f"two different {measure.measure} measures stand in one set; keep one")
        )
    return measure


def _waive(books: _Books, waives: Sequence[Waive]) -> None:
    for bucket in Bucket:
        held = books.opening[bucket]
        total, shares = 0, Fraction(0)
        for waive in waives:
            if bucket not in waive.of:
                continue
            if waive.amount is not None:
                total += books.minor(waive.amount)
            elif waive.share is not None and waive.cap is not None:
                total += min(_share(waive.share, held), books.minor(waive.cap))
            elif waive.share is not None:
                shares += waive.share
        # Shares of one bucket add up before they are rounded, so that two halves are the whole.
        total += _share(shares, held)
        if total > held:
            raise Refused(
                Issue(
                    "waive-exceeds-bucket",
                    f"{_shown(books, total)} would be waived but {bucket.value} holds {_shown(books, held)}",
                )
            )
        books.move(MovementKind.WAIVED, bucket, total)


def _share(share: Fraction, held: int) -> int:
    return round_div(held * share.numerator, share.denominator)


def _shown(books: _Books, minor: int) -> str:
    return f"{from_minor(minor, books.position.currency):,f}"


def _forgive(books: _Books, forgives: Sequence[Forgive]) -> None:
    for bucket in (Bucket.PRINCIPAL, Bucket.PRINCIPAL_ARREARS):
        held = books.opening[bucket]
        mine = [forgive for forgive in forgives if forgive.of is bucket]
        total = sum(books.minor(f.amount) for f in mine if f.amount is not None)
        total += _share(sum((f.share for f in mine if f.share is not None), Fraction(0)), held)
        if total > held:
            raise Refused(
                Issue(
                    "forgive-exceeds-bucket",
                    f"{_shown(books, total)} would be forgiven but {bucket.value} holds {_shown(books, held)}",
                )
            )
        books.move(MovementKind.FORGIVEN, bucket, total)


def _capitalise(books: _Books, capitalises: Sequence[Capitalise]) -> int:
    joined = 0
    for bucket in _named(capitalises):
        amount = books.claim_rest("capitalise", bucket)
        books.move(MovementKind.CAPITALISED, bucket, amount)
        joined += amount
    return joined


def _named(measures: Sequence[Capitalise]) -> list[Bucket]:
    wanted = {bucket for measure in measures for bucket in measure.of}
    return [bucket for bucket in Bucket if bucket in wanted]


def _park(books: _Books, parks: Sequence[Park]) -> list[_Aside]:
    asides = []
    for park in sorted(parks, key=lambda park: park.until or date.max):
        for bucket in park.of:
            if park.amount is not None:
                amount = books.minor(park.amount)
            elif park.share is not None:
                amount = _share(park.share, books.opening[bucket])
            else:
                amount = books.claim_rest("park", bucket)
            if amount > books.rest[bucket]:
                raise Refused(
                    Issue(
                        "park-exceeds-bucket",
                        f"{_shown(books, amount)} would be set aside but {bucket.value} holds "
                        f"{_shown(books, books.rest[bucket])} by then",
                    )
                )
            books.move(MovementKind.PARKED, bucket, amount)
            asides.append(
                _Aside(_PARKED_COLUMN[bucket], amount, until=park.until, at_maturity=park.until is None)
            )
    return asides


def _spread(books: _Books, spreads: Sequence[Spread]) -> list[_Aside]:
    asides = []
    for spread in spreads:
        for bucket in spread.of:
            if bucket in books.owner:
                raise Refused(
                    Issue(
                        "bucket-claimed-twice",
                        f"{books.owner[bucket]} and spread both take the rest of {bucket.value}",
                    )
                )
            amount = books.claim_rest("spread", bucket)
            books.move(MovementKind.SPREAD, bucket, amount)
            asides.append(_Aside(_COLUMN[bucket], amount, parts=spread.instalments or 0))
    return asides


def _carry(books: _Books) -> list[_Aside]:
    """Whatever no measure named is due with the first new instalment; what was parked stays parked."""
    asides = []
    for bucket in Bucket:
        if bucket is not Bucket.PRINCIPAL and books.rest[bucket]:
            amount = books.rest[bucket]
            books.move(MovementKind.CARRIED, bucket, amount)
            asides.append(_Aside(_COLUMN[bucket], amount, at_maturity=bucket is Bucket.PARKED))
    return asides


class _Course:
    """The amortisation of the new principal: holiday first, then the one solve."""

    def __init__(self, position: Position, chosen: _Sorted, principal: int, *, changed: bool) -> None:
        terms = position.repayment
        holiday = chosen.holiday
        self.position, self.holiday, self.principal = position, holiday, principal
        self.divide: Divide = rounder(terms.rounding)
        self.held_off = holiday.instalments if holiday else 0
        kept = bool(holiday and holiday.keep_term)
        total = terms.instalments + chosen.extension + (0 if kept else self.held_off)
        if total == 0 and not principal and not chosen.extension:
            total = 1  # a matured loan without principal left still needs a row for its arrears
        if total - self.held_off < 1:
            raise Refused(
                Issue(
                    "term-not-positive",
                    f"{terms.instalments} instalments {chosen.extension:+d} leave {total - self.held_off} to repay over",
                )
            )
        self.rates = _rate_segments(position, chosen.rates)
        self.changed = (
            changed or bool(self.held_off or chosen.extension) or self.rates[0][1] != terms.annual_rate
        )
        self.changed = self.changed or len(self.rates) > 1
        self.reamortise = chosen.reamortise
        self.total = total
        self.dues: list[date] = []
        self.factors: list[int] = []
        self.year = 1
        self.plan_periods(total)
        self.instalment = 0
        self.asides: list[_Aside] = []
        self.first_paid = self.held_off if holiday and holiday.pay == "none" else 0

    def plan_periods(self, count: int) -> None:
        terms = self.position.repayment
        self.dues = due_dates(terms.first_due, count, anchor_day=terms.anchor)
        self.factors, self.year = interest_factors(
            terms.day_count, [self.position.on, *self.dues], terms.anchor, self.rates
        )

    def run(self, books: _Books) -> list[RowTuple]:
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
            self._stretch(balance, agreed, covered)
        dues, factors = self.dues[self.held_off :], self.factors[self.held_off :]
        paid, self.instalment = repay(
            terms.method, dues, balance, agreed, factors, self.year, self.divide, covered=covered
        )
        if terms.method is Method.EQUAL_PRINCIPAL:
            self.instalment = paid[0][_PRINCIPAL] + paid[0][_INTEREST]
        return rows + paid

    def _suspend(self, books: _Books) -> tuple[list[RowTuple], int]:
        """Run the holiday; gives its rows and the balance after it."""
        rows: list[RowTuple] = []
        balance, waiting = self.principal, 0
        for k in range(self.held_off):
            holiday = self.holiday
            assert holiday is not None
            accrued = self.divide(balance * self.factors[k], self.year)
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
                _Aside(_PARKED_INTEREST, waiting, at_maturity=parked, parts=None if parked else 0)
            )
        return rows, balance

    def _stretch(self, balance: int, agreed: int, covered: int) -> None:
        """Find how many instalments the balance takes, doubling the horizon until it is repaid."""
        terms = self.position.repayment
        count = 12
        while True:
            count = min(count * 2, _LONGEST)
            self.plan_periods(self.held_off + count)
            rows, _ = repay(
                terms.method,
                self.dues[self.held_off :],
                balance,
                agreed,
                self.factors[self.held_off :],
                self.year,
                self.divide,
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


def _lay_on(rows: list[RowTuple], course: _Course, asides: Sequence[_Aside]) -> int:
    """Put the money due outside the amortisation onto its rows; gives what is spread onto each of them."""
    first = course.first_paid
    regular = 0
    for aside in asides:
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


def _pad(rows: list[RowTuple], course: _Course, count: int) -> None:
    """Add empty instalments after an early end, for money that is still spread over them."""
    while len(rows) < count:
        rows.append((course.dues[len(rows)], *(0,) * (len(Row._fields) - 1)))


def _add(rows: list[RowTuple], at: int, column: int, amount: int) -> None:
    row = list(rows[at])
    row[column] += amount
    rows[at] = tuple(row)


def _identities(books: _Books, rows: Sequence[RowTuple], course: _Course) -> dict[str, int]:
    """Prove the plan from its rows and its ledger alone."""
    by_kind = dict.fromkeys(MovementKind, 0)
    capitalised_interest = later = 0
    split = dict.fromkeys(Bucket, 0)
    after = dict.fromkeys(MovementKind, 0)
    for on, kind, bucket, amount in books.moves:
        by_kind[kind] += amount
        if kind is MovementKind.CAPITALISED and bucket not in _OF_PRINCIPAL:
            capitalised_interest += amount
        if on > books.position.on:
            after[kind] += amount
            later += amount
        else:
            split[bucket] += amount
    accrued = sum(row[_ACCRUED] for row in rows)
    principal_columns = (_PRINCIPAL, _COLUMN[Bucket.PRINCIPAL_ARREARS], _COLUMN[Bucket.PARKED])
    replayed = 0
    balance = course.principal
    for row, factor in zip(rows, course.factors, strict=False):
        replayed += abs(row[_ACCRUED] - course.divide(balance * factor, course.year))
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
