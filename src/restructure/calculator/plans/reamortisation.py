"""Course: how the new principal is repaid. Dates and rates laid out, suspensions in place, then the one solve."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from operator import mul
from typing import cast

from restructure.calculator.amortisation.agreed_changes import MovedDue, RateFrom, Suspension
from restructure.calculator.amortisation.off_schedule import OffScheduleAmount
from restructure.calculator.amortisation.repaid import (
    Repaid,
    reject_negative_instalment,
    reject_negative_payments,
)
from restructure.calculator.amortisation.repayment import Repayment
from restructure.calculator.amortisation.repricing import known_rates, repay_repriced
from restructure.calculator.amortisation.rows import Row, RowTuple
from restructure.calculator.amortisation.schedule import instalments_needed, suspended_interest
from restructure.calculator.amortisation.scheme import HolidayInterest, LastRow, Method, Repricing, Scheme
from restructure.calculator.amortisation.timetable import Timetable
from restructure.calculator.conventions.dates import Closed, roll_date, step_after, step_of
from restructure.calculator.conventions.money import from_minor, round_div, round_half_up, to_minor
from restructure.calculator.measures.books import Books, MovementKind, minor_of
from restructure.calculator.measures.rate import ChangeRate
from restructure.calculator.measures.solve import Reamortise, Solve
from restructure.calculator.measures.timing import ChangeFrequency, ChangeMethod, Holiday, MoveDue
from restructure.calculator.servicing.position import Bucket, Position
from restructure.errors import Issue, Refused
from restructure.record import trusted

__all__ = ["Changes", "Course"]

_PRINCIPAL, _INTEREST = Row._fields.index("principal"), Row._fields.index("interest")
_SET_APART = (MovementKind.CAPITALISED, MovementKind.PARKED, MovementKind.SPREAD)
_LONGEST = 1200
_BOOKED_AS = {
    HolidayInterest.CAPITALISE: MovementKind.CAPITALISED,
    HolidayInterest.CAPITALISE_AT_END: MovementKind.CAPITALISED,
    HolidayInterest.PARK: MovementKind.PARKED,
    HolidayInterest.SPREAD: MovementKind.SPREAD,
    HolidayInterest.CARRY: MovementKind.CARRIED,
    HolidayInterest.WAIVE: MovementKind.WAIVED,
}


@dataclass(slots=True)
class Changes:
    """The measures of phases 7 to 10, sorted."""

    rates: Sequence[ChangeRate] = ()
    holidays: Sequence[Holiday] = ()
    extension: int = 0
    moves: Sequence[MoveDue] = ()
    frequency: ChangeFrequency | None = None
    method: ChangeMethod | None = None
    reamortise: Reamortise | None = None

    def __bool__(self) -> bool:
        return bool(
            self.rates or self.holidays or self.extension or self.moves or self.frequency or self.method
        )


class Course:
    """The amortisation of the new principal from the effective date on."""

    def __init__(
        self, position: Position, principal: int, *, changed: bool, changes: Changes, closed: Closed
    ) -> None:
        self.position, self.principal, self.closed = position, principal, closed
        agreed = _in_time(position, closed)
        self.terms, self.total = (
            (agreed, agreed.instalments) if not changes else _changed(position, agreed, changes)
        )
        self.rates = _rates(position, self._risen(changes))
        if not self.total and not principal and not changes.extension:
            self.total = 1  # a matured loan without principal left still needs a row for its arrears
        if self.total < 1:
            raise Refused(
                Issue("term-not-positive", f"{agreed.instalments} instalments leave none to repay over")
            )
        self.reamortise = changes.reamortise
        self.scheme: Scheme = self.terms.scheme(principal, position.currency)
        if self.reamortise is not None and self.reamortise.balloon is not None:
            balloon = minor_of(self.reamortise.balloon, position.currency)
            self.scheme = self.scheme._replace(balloon=balloon)
        self.changed = changed or self.terms != agreed or self.rates != agreed.rate_path(position.on)
        """Whether anything but the solve was changed, so that the instalment is solved anew."""
        self.instalment = self.unit = 0
        """The regular instalment that was solved or kept; the unit is its principal alone if parts are equal."""
        self.anew: Sequence[tuple[int, int]] = ()
        """Where the instalment is solved anew: index of the row, and the instalment from there on."""
        self.covers: Sequence[Bucket] = ()
        """Buckets whose interest from before the effective date the first instalment covers as far as it is carried."""
        self.asides: list[OffScheduleAmount] = []
        """Interest of suspensions that is due outside the amortisation."""
        self.plan_periods(self.total)

    def _risen(self, changes: Changes) -> list[ChangeRate]:
        """Spell out the rates that rise, each step from a due date on."""
        if not any(one.rises_by for one in changes.rates):
            return list(changes.rates)
        # A term that is solved for later may turn out longer than the agreed one.
        solved = changes.reamortise is not None and changes.reamortise.solve is Solve.TERM
        dues = self.terms.dues(_LONGEST if solved else self.total)
        return [step for one in changes.rates for step in one.risen(dues)]

    def plan_periods(self, count: int) -> None:
        """Lay out due dates and interest factors of so many instalments."""
        scheme = self.scheme
        extra = int(scheme.last_row is LastRow.EXTRA_ROW and scheme.annuity and not scheme.balloon)
        self.timetable = Timetable(self.terms, self.position.on, self.rates, self.closed)
        self.periods = self.timetable.periods(count, spare=bool(extra))
        dues = self.periods.days
        if dues[0] <= self.position.on:
            raise Refused(
                Issue(
                    "date-order",
                    f"the next due date rolls to {dues[0]}, which is not after the effective date "
                    f"{self.position.on}; the instalment due then is in the arrears",
                )
            )
        self.total = count
        self.dues, self.factors, self.year, self.spare = self.periods

    @property
    def first_paid(self) -> int:
        """Index of the first row in which anything is paid."""
        if self.scheme.method is Method.BULLET:
            return self.total - 1
        first = 0
        for pause in self.scheme.pauses:
            if pause.first == first and pause.pays == 0:
                first = pause.end
        return first

    def run(self, books: Books) -> list[RowTuple]:
        """Make the rows, booking what suspensions do to interest."""
        solve = (
            self.reamortise.solve
            if self.reamortise
            else (Solve.INSTALMENT if self.changed else Solve.NOTHING)
        )
        agreed = None
        if solve is not Solve.INSTALMENT:
            kept = self.terms.instalment if self.reamortise is None else self._kept(self.reamortise)
            agreed = None if kept is None else books.minor(kept)
            reject_negative_instalment(agreed or 0)
        given = self.reamortise is not None and self.reamortise.instalment is not None
        covered = self._covered(books, kept=agreed is not None and not given)
        if solve is Solve.TERM and agreed is not None:
            needed = instalments_needed(
                self.timetable._replace(rates=known_rates(self.timetable)),
                self.scheme,
                self.principal,
                agreed,
                covered=covered,
            )
            for pause in self.scheme.pauses:  # no term ends in a suspension, also where no principal is left
                needed = pause.end + 1 if pause.first < needed <= pause.end else needed
            # One that begins after the term suspends nothing.
            begun = tuple(pause for pause in self.scheme.pauses if pause.first < needed)
            self.scheme = self.scheme._replace(pauses=begun)
            self.plan_periods(needed)
        repaid = repay_repriced(
            self.timetable, self.scheme, self.periods, self.principal, agreed, covered=covered
        )
        reject_negative_instalment(repaid.instalment)
        if self.scheme.growing:
            reject_negative_payments(repaid.rows)
        last = repaid.rows[-1][_PRINCIPAL] + (repaid.rows[-1][_INTEREST] if self.scheme.annuity else 0)
        regular = self.scheme.instalment_at(len(repaid.rows) - 1, repaid.instalment)
        if solve is Solve.BALLOON and (last <= regular or repaid.anew):
            how = "instalments solved anew at a change of rate" if repaid.anew else "kept instalments"
            raise Refused(Issue("balloon-not-needed", f"the {how} repay the balance, so no balloon is left"))
        self._book(books, repaid)
        self.anew = repaid.anew
        self.unit = self.instalment = repaid.instalment
        if not self.scheme.annuity:
            suspended = self.scheme.suspended
            first = next((row for k, row in enumerate(repaid.rows) if k not in suspended), repaid.rows[-1])
            self.instalment = first[_PRINCIPAL] + first[_INTEREST]
        return repaid.rows

    def check_moves(self, rows: Sequence[RowTuple], moves: Sequence[MoveDue]) -> None:
        """Refuse the move of an instalment that there is none of, because the loan is repaid before it."""
        if not moves:
            return
        dues = [*self.dues, *(() if self.spare is None else (self.spare[0],))]
        # A row for what was parked until a day of its own is nobody's instalment.
        last = sum(row[0] == due for row, due in zip(rows, dues, strict=False))
        for move in moves:
            if move.instalment > last:
                sentence = (
                    f"instalment {move.instalment} is to fall due on {move.to}, but the last is number {last}"
                )
                raise Refused(Issue("move-beyond-term", sentence))

    def replay(self, rows: Sequence[RowTuple], borne: Mapping[int, int]) -> list[int]:
        """Make the interest of every row once more, from the printed balance alone.

        `borne` is interest of what was set aside, by index of the row in which it falls due.
        """
        factors = self.factors if self.spare is None else [*self.factors, self.spare[1]]
        balances = [self.principal, *[row[-1] for row in rows]]
        divide, interest, year = self.scheme.divide, self.scheme.interest, self.year
        if self.scheme.method is Method.FLAT or self.scheme.pieced:
            again = [
                interest(balance, factor, year) for balance, factor in zip(balances, factors, strict=False)
            ]
        else:
            accruing = map(mul, balances, cast("Sequence[int]", factors))
            if divide is round_half_up:
                # Said out, because a call for every row doubles the cost: ⌊n/y + 1/2⌋ is ⌊(n + ⌊y/2⌋)/y⌋ for whole n.
                half = year // 2
                again = [(exact + half) // year for exact in accruing]
            else:
                again = [divide(exact, year) for exact in accruing]
        del again[len(rows) :]
        # A row after the last period holds only what was set aside.
        again += [0] * (len(rows) - len(again))
        for k, bears in borne.items():
            again[k] += bears
        return again

    @property
    def repayment(self) -> Repayment:
        """How the balance is repaid from the effective date on."""
        reamortise = self.reamortise
        new: dict[str, object] = {
            "instalments": self.total,
            "annual_rate": self.rates[0][1],
            "rates": tuple(RateFrom(starts=start, annual_rate=rate) for start, rate in self.rates[1:]),
            # A term that was solved for may end before a suspension begins.
            "suspensions": tuple(one for one in self.terms.suspensions if one.starts <= self.total),
        }
        if self.scheme.annuity or self.scheme.method in (Method.EQUAL_PRINCIPAL, Method.FLAT):
            new["instalment"] = from_minor(self.unit, self.position.currency)
        if reamortise is not None and reamortise.balloon is not None:
            new["balloon"] = reamortise.balloon
        return self.terms.model_copy(update=new)

    def _kept(self, reamortise: Reamortise) -> Decimal | None:
        """Give the instalment that is kept: the given one, the agreed one, or what the agreed terms come to."""
        given, solve, terms = reamortise.instalment, reamortise.solve, self.terms
        if not terms.method.has_instalment:
            if given is None and solve is Solve.NOTHING:
                return None
            sentence = (
                f"method {terms.method.value} has no instalment to keep that a term or a balloon follows from"
            )
            raise Refused(Issue("method-has-no-instalment", sentence))
        if given is not None or terms.instalment is not None:
            return given if given is not None else terms.instalment
        agreed, why = self.position.repayment, "none is agreed and no principal is left to repay"
        if (terms.method, step_of(terms.every)) != (agreed.method, step_of(agreed.every)):
            why = "what was agreed under another method or frequency says nothing under this one"
        else:
            try:
                if (kept := self.position.kept_instalment) is not None:
                    return kept
            except Refused as refused:
                why = f"none is agreed, and over whole periods {refused.issues[0].message}"
        raise Refused(
            Issue(
                "instalment-unknown", f"there is no instalment to keep: {why}; give it, or let it be solved"
            )
        )

    def _covered(self, books: Books, *, kept: bool) -> int:
        """Give the interest from before the effective date that the first instalment has to cover.

        The agreed instalment covers the interest of its whole period, the part before the effective date
        included; what was capitalised, parked or spread of that part it no longer has to. A solved one
        covers what `Reamortise.covers` names.
        """
        suspended = bool(self.scheme.pauses) and not self.scheme.pauses[0].first
        if self.first_paid or suspended or not self.scheme.annuity:
            return 0  # an instalment after a suspension covers its own period, and parts of principal no interest
        covers = self.reamortise.covers if self.reamortise else ()
        carried = sum(
            amount
            for _, kind, bucket, amount in books.moves
            if bucket in covers and kind is MovementKind.CARRIED
        )
        self.covers = covers or ((Bucket.ACCRUED,) if kept else ())
        if covers or not kept:
            return carried
        return books.opening[Bucket.ACCRUED] - sum(
            amount
            for _, kind, bucket, amount in books.moves
            if bucket is Bucket.ACCRUED and kind in _SET_APART
        )

    def _book(self, books: Books, repaid: Repaid) -> None:
        for k, how, amount in repaid.unpaid:
            books.move(_BOOKED_AS[how], Bucket.ACCRUED, amount, on=self.dues[k])
        self.asides = suspended_interest(repaid)


def _in_time(position: Position, closed: Closed) -> Repayment:
    """Give the agreed repayment; a matured loan's next due date is the first that rolls beyond the effective date."""
    terms = position.repayment
    if not terms.instalments and roll_date(terms.first_due, terms.roll, closed) <= position.on:
        due = step_after(terms.first_due, terms.every, terms.anchor)
        return terms.model_copy(update={"first_due": due, "anchor_day": terms.anchor})
    return terms


def _changed(position: Position, terms: Repayment, changes: Changes) -> tuple[Repayment, int]:
    """Give the repayment with its timing, method and suspensions changed, and the number of its instalments."""
    new: dict[str, object] = {}
    if changes.method is not None:
        steps = changes.method.steps
        if steps is not None and steps.amount is not None:
            minor_of(steps.amount, position.currency)
        new |= {"method": changes.method.method, "steps": steps}
        if changes.method.method is not terms.method:
            new["instalment"] = None  # what was agreed under one method says nothing under another
    repricings = {one.repricing for one in changes.rates if one.repricing is not None}
    if len(repricings) > 1:
        sentence = (
            "one change of the rate keeps the instalment and another solves it anew; say the same in both"
        )
        raise Refused(Issue("value-invalid", sentence))
    if repricings:
        new["repricing"] = repricings.pop()
    count = terms.instalments
    if changes.frequency is not None:
        last = terms.dues()[-1] if count else terms.first_due
        every = changes.frequency.every
        if step_of(every) != step_of(terms.every):
            new |= {"every": every, "instalment": None}  # nor does it at another frequency
        anchored = terms.model_copy(update={"every": every, "anchor_day": terms.anchor})
        fitting = sum(due <= last for due in anchored.dues(_LONGEST + 1))
        count = changes.frequency.instalments or max(1, fitting)
    held_off = sum(holiday.instalments for holiday in changes.holidays)
    kept = sum(holiday.instalments for holiday in changes.holidays if holiday.keep_term)
    count += changes.extension + held_off - kept
    if count > _LONGEST:
        raise Refused(Issue("term-too-long", f"{count:,} instalments are more than {_LONGEST:,}"))
    added = sorted((_suspension(position, one) for one in changes.holidays), key=lambda one: one.starts)
    suspensions = [*terms.suspensions, *added]
    suspended = sum(one.instalments for one in suspensions)
    left = count - suspended
    if left < 1 and (terms.instalments or held_off or changes.extension):
        sentence = (
            f"{terms.instalments} instalments {count - terms.instalments:+d} leave {count} to repay over"
        )
        if suspended:
            sentence += f", and {suspended} of them are suspended; lengthen the term or suspend fewer"
        raise Refused(Issue("term-not-positive", sentence))
    new |= {"suspensions": tuple(suspensions), "instalments": count}
    changed = _moved(terms.model_copy(update=new), changes.moves)
    if not (suspensions or changed.moves):
        return changed, count
    found = [
        Issue(code, sentence)
        for code, sentence, *_ in changed.contradictions()
        if code in ("suspensions-overlap", "move-out-of-order", "date-order", "term-not-positive")
    ]
    if changes.moves and changed.dues(1)[0] <= position.on:
        found.append(
            Issue(
                "move-out-of-order",
                f"the first instalment would fall due by {position.on}, the effective date",
            )
        )
    if found:
        raise Refused(found)
    return changed, count


def _moved(terms: Repayment, moves: Sequence[MoveDue]) -> Repayment:
    """Lay moves over the agreed ones; one that changes neither the day nor what later days step from is none."""
    for move in sorted(moves, key=lambda one: one.instalment):
        to = MovedDue(instalment=move.instalment, to=move.to, anchor_day=move.anchor_day)
        steps_from = [terms.anchor, *(one.anchor for one in terms.moves if one.instalment <= to.instalment)]
        if (to.to, to.anchor) != (terms.dues(to.instalment)[-1], steps_from[-1]):
            others = (one for one in terms.moves if one.instalment != to.instalment)
            moved = sorted([*others, to], key=lambda one: one.instalment)
            terms = terms.model_copy(update={"moves": tuple(moved)})
    return terms


def _suspension(position: Position, holiday: Holiday) -> Suspension:
    amount = holiday.amount
    if amount is not None:
        minor_of(amount, position.currency)
    if holiday.share is not None:
        # Below zero only where steps outgrow the balance; such a loan is refused once its instalments are made.
        regular = max(to_minor(position.regular_instalment, position.currency), 0)
        paid = round_div(regular * holiday.share.numerator, holiday.share.denominator)
        amount = from_minor(paid, position.currency)
    values = {name: getattr(holiday, name) for name in Suspension.model_fields}
    return trusted(Suspension, [values | {"amount": amount}])[0]


def _rates(position: Position, changes: Sequence[ChangeRate]) -> list[tuple[date, Fraction]]:
    """Lay rate changes over the agreed rates; two changes for one night are refused."""
    path = position.repayment.rate_path(position.on)
    if not changes:
        return path
    starts = [max(change.starts or position.on, position.on) for change in changes]
    # A rate for good holds until the next one for good: together they are steps.
    good = sorted(start for start, change in zip(starts, changes, strict=True) if change.ends is None)
    spans = sorted(
        (
            (
                start,
                change.ends or next((later for later in good if later > start), date.max),
                change.annual_rate,
            )
            for start, change in zip(starts, changes, strict=True)
        ),
        key=lambda span: span[:2],
    )
    laid: list[tuple[date, date, Fraction]] = []
    busy_until = position.on
    for start, end, rate in spans:
        if end <= start:
            raise Refused(
                Issue(
                    "rate-segment-empty",
                    f"a rate change ends on {end}, so that it prices no night from {start} on, where it could start",
                )
            )
        if start < busy_until:
            if laid[-1:] == [(start, end, rate)]:
                continue  # the same change said twice
            raise Refused(Issue("rate-segments-overlap", f"two rate changes both claim the night of {start}"))
        laid.append((start, end, rate))
        busy_until = end
    for start, end, rate in laid:
        after = [segment for segment in path if segment[0] <= end][-1][1]
        path = [
            *(segment for segment in path if segment[0] < start),
            (start, rate),
            *([(end, after)] if end < date.max else []),
            *(segment for segment in path if segment[0] > end),
        ]
    terms = position.repayment
    # An agreed day of repricing stays one, whatever the rate does on it and whatever measure prices that night.
    kept = {one.starts for one in terms.rates} if terms.repricing is Repricing.RECALCULATE else set()
    days = sorted({start for start, _ in path[1:]} | {day for day in kept if day > path[0][0]})
    merged = path[:1]
    for day in days:
        rate = [segment for segment in path if segment[0] <= day][-1][1]
        if rate != merged[-1][1] or day in kept:
            merged.append((day, rate))
    return merged
