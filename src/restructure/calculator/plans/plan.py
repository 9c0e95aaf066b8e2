"""Plan: the result of a set of measures on a position, with every cent accounted for.

`reschedule` divides each bucket exactly (`measures.books`), repays the new principal (`reamortisation`) and adds the
money that was set aside to the instalments in which it falls due. The measures are sorted by phase first
(`measures.measure_set`), so the order in which they are listed has no effect.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property, lru_cache
from operator import sub
from typing import NamedTuple, Self, cast

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
from restructure.calculator.measures.deferral import capitalise, defer, spread
from restructure.calculator.measures.measure_set import sort_measures
from restructure.calculator.measures.relief import forgive, waive
from restructure.calculator.measures.up_front import pay, settle
from restructure.calculator.plans.reamortisation import Reamortisation
from restructure.calculator.plans.row_changes import RowChange, row_changes
from restructure.calculator.servicing.position import Bucket, ParkedDue, Position
from restructure.errors import Issue, Refused
from restructure.frames import Tabular
from restructure.record import Listed, Record, trusted
from restructure.short_form import counted

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


class Plan(Tabular, Record):
    """A restructured loan: the new schedule, the ledger and the identities that prove it."""

    position: Position
    """What is owed on the effective date, by bucket, and how it was to be repaid."""
    measures: tuple[Measure, ...]
    """The measures as they were listed; their order has no effect."""
    instalment: Money
    """The regular instalment after any holiday, in the currency of the loan: the solved or kept one plus what is
    spread onto it, such as 1824.23."""
    schedule: Schedule
    """The new instalments, a row for each due date."""
    before: Schedule | None
    """The schedule without any measure: as agreed, with arrears due at the first instalment. None where the agreement
    cannot be carried out, as with an agreed instalment below the interest; `reschedule(position)` gives the reason."""
    ledger: Listed[Movement]
    """The movements of every bucket, in the order of the phases."""
    identities: Identities
    """The five sums that prove the plan; each is exactly zero."""

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
        reamortisation = done.reamortisation
        if reamortisation is None:
            return _Onward(None, (), (), done.bearing)
        return _Onward(reamortisation.repayment, reamortisation.anew, reamortisation.covers, done.bearing)

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

    def _summary(self) -> str:
        rows, currency = self.schedule.rows.minor, self.position.currency
        last = f", last due {rows[-1][0]}" if rows else ""
        measures = ", ".join(measure.measure for measure in self.measures) or "no measures"
        return f"{counted(len(rows), 'instalment')} of {self.instalment:,f} {currency}{last}; {measures}"


class _Onward(NamedTuple):
    """What a continuation of a plan needs beyond its rows."""

    repayment: Repayment | None
    anew: Sequence[tuple[int, int]]
    covers: Sequence[Bucket]
    bearing: Sequence[OffScheduleAmount]


def reschedule(position: Position, measures: Iterable[Measure] = (), *, closed: Closed = weekend) -> Plan:
    """Apply a set of measures to a position and account for every cent.

    The measures may come in any order. Raises `Refused` with a reason code for what cannot be done: waiving more
    than a bucket holds, an instalment below the interest, no term left; but not for what cannot be carried out as
    agreed and the measures cure. `closed` tells whether a day is a non-business day, for loans whose due dates roll.

    >>> from restructure import Buckets, Capitalise, Extend, Repayment, Waive
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
    """Give the identities as amounts; in every correct plan they are five zeros, so one record is shared."""
    amounts = (from_minor(value, currency) for value in proof)
    return trusted(Identities, [dict(zip(_IDENTITIES, amounts, strict=True))])[0]


def _as_agreed(position: Position, closed: Closed) -> Schedule | None:
    """Give the schedule without any measure, none where it cannot be carried out.

    It is made once for each position, unless its due dates roll and so depend on the calendar.
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
    """The result of applying measures, in minor units."""

    books: Books
    rows: list[RowTuple]
    instalment: int
    reamortisation: Reamortisation | None
    """How the balance is repaid; none where the loan ends."""
    bearing: list[OffScheduleAmount]
    borne: Mapping[int, int]
    """Interest of what was set aside, by index of the row in which it falls due."""

    def replayed(self) -> list[int]:
        """Calculate each row's interest again from the printed balance."""
        if self.reamortisation is None:
            return [0] * len(self.rows)
        return self.reamortisation.replay(self.rows, self.borne)


def _execute(position: Position, measures: Sequence[Measure], closed: Closed) -> _Done:
    books = Books.open(position)
    if not any(books.opening.values()):
        raise Refused(
            Issue("nothing-owed", "the position holds no money, so there is nothing to restructure")
        )
    by_phase = sort_measures(measures)
    pay(books, by_phase.pays)
    waive(books, by_phase.waives)
    forgive(books, by_phase.forgives)
    if by_phase.settlement is not None:
        return _ended(books, settle(books, by_phase.settlement))
    if not any(books.rest.values()):
        return _ended(books, [])  # everything is paid or given up, so no instalment is left to change
    joined = capitalise(books, by_phase.capitalises)
    asides = [*defer(books, by_phase.deferrals), *spread(books, by_phase.spreads)]
    carried = carry(books)
    principal = books.rest[Bucket.PRINCIPAL] + joined
    books.move(MovementKind.CARRIED, Bucket.PRINCIPAL, books.rest[Bucket.PRINCIPAL])

    reamortisation = Reamortisation(
        position,
        principal,
        changed=principal != books.opening[Bucket.PRINCIPAL],
        measures=by_phase,
        closed=closed,
    )
    rows = reamortisation.run(books)

    def interest(amount: int, rate: Fraction, due: date) -> int:
        terms = position.repayment
        part, year = year_fraction(terms.day_count, position.on, due, anchor_day=terms.anchor)
        return reamortisation.scheme.divide(amount * part * rate.numerator, year * rate.denominator)

    laid = add_off_schedule(
        rows,
        [*carried, *reamortisation.asides, *asides],
        reamortisation.dues,
        first=reamortisation.first_paid,
        total=reamortisation.total,
        interest=interest,
    )
    reamortisation.check_moves(rows)
    reject_oversized_amounts(rows, sum(books.opening.values()), position.currency)
    return _Done(
        books,
        rows,
        reamortisation.instalment + laid.regular,
        reamortisation,
        [aside for aside in (*carried, *asides) if aside.annual_rate],
        laid.interest,
    )


def _ended(books: Books, rows: list[RowTuple]) -> _Done:
    """Give what is left of a loan that ends: lump sums without interest, or nothing."""
    return _Done(books, rows, 0, None, [], {})


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
