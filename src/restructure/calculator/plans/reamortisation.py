"""Re-amortisation: build the due dates and rates of the restructured loan, then solve for its instalment or term."""

from collections.abc import Mapping, Sequence
from operator import mul
from typing import cast

from restructure.calculator.amortisation.agreed_changes import RateFrom
from restructure.calculator.amortisation.off_schedule import OffScheduleAmount
from restructure.calculator.amortisation.repaid import reject_negative_instalment, reject_negative_payments
from restructure.calculator.amortisation.repayment import Repayment
from restructure.calculator.amortisation.repricing import known_rates, repay_repriced
from restructure.calculator.amortisation.rows import Row, RowTuple
from restructure.calculator.amortisation.schedule import instalments_needed, suspended_interest
from restructure.calculator.amortisation.scheme import LastRow, Method, Scheme
from restructure.calculator.amortisation.timetable import Timetable
from restructure.calculator.conventions.dates import Closed, roll_date, step_after
from restructure.calculator.conventions.money import from_minor, round_half_up
from restructure.calculator.measures.books import Books, minor_of
from restructure.calculator.measures.fields import LONGEST_TERM
from restructure.calculator.measures.holiday import book_unpaid_interest, suspensions_of, term_growth
from restructure.calculator.measures.measure_set import MeasureSet
from restructure.calculator.measures.method import fields_in_method
from restructure.calculator.measures.rate import ChangeRate, rates_after, repricing_of
from restructure.calculator.measures.solve import Solve, covered_interest, kept_instalment
from restructure.calculator.measures.timing import check_moves, fields_in_frequency, require_term, with_moves
from restructure.calculator.servicing.position import Bucket, Position
from restructure.errors import Issue, Refused

__all__ = ["Reamortisation"]

_PRINCIPAL, _INTEREST = Row._fields.index("principal"), Row._fields.index("interest")


class Reamortisation:
    """The amortisation of the new principal from the effective date on."""

    def __init__(
        self, position: Position, principal: int, *, changed: bool, measures: MeasureSet, closed: Closed
    ) -> None:
        self.position, self.principal, self.closed = position, principal, closed
        agreed = _agreed_terms(position, closed)
        self.terms, self.total = (
            _changed_terms(position, agreed, measures)
            if measures.changes_terms
            else (agreed, agreed.instalments)
        )
        rises = _with_rises(measures, self.terms, self.total)
        self.rates = rates_after(position.repayment, rises, position.on)
        if not self.total and not principal and not measures.extension:
            self.total = 1  # a matured loan without principal left still needs a row for its arrears
        if self.total < 1:
            raise Refused(
                Issue("term-not-positive", f"{agreed.instalments} instalments leave none to repay over")
            )
        self.moves, self.reamortise = measures.moves, measures.reamortise
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

    def plan_periods(self, count: int) -> None:
        """Set the due dates and interest factors of so many instalments."""
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
        """Make the rows, and book the interest that suspensions leave unpaid."""
        solve, given = Solve.INSTALMENT if self.changed else Solve.NOTHING, False
        if self.reamortise is not None:
            solve, given = self.reamortise.solve, self.reamortise.instalment is not None
        agreed = None if solve is Solve.INSTALMENT else self._kept(books)
        covered = self._covered(books, kept=agreed is not None and not given)
        if solve is Solve.TERM and agreed is not None:
            self._solve_term(agreed, covered)
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
        book_unpaid_interest(books, repaid.unpaid, self.dues)
        self.asides = suspended_interest(repaid)
        self.anew = repaid.anew
        self.unit = repaid.instalment
        self.instalment = self.unit if self.scheme.annuity else self._first_regular(repaid.rows)
        return repaid.rows

    def _kept(self, books: Books) -> int | None:
        """Give the instalment that is not solved for, in minor units; none where there is none."""
        kept = self.terms.instalment
        if self.reamortise is not None:
            kept = kept_instalment(self.position, self.terms, self.reamortise)
        if kept is None:
            return None
        instalment = books.minor(kept)
        reject_negative_instalment(instalment)
        return instalment

    def _solve_term(self, instalment: int, covered: int) -> None:
        """Set the number of instalments that repays the balance with a kept instalment."""
        needed = instalments_needed(
            self.timetable._replace(rates=known_rates(self.timetable)),
            self.scheme,
            self.principal,
            instalment,
            covered=covered,
        )
        for pause in self.scheme.pauses:  # no term ends in a suspension, also where no principal is left
            needed = pause.end + 1 if pause.first < needed <= pause.end else needed
        # A suspension that begins after the term suspends nothing.
        begun = tuple(pause for pause in self.scheme.pauses if pause.first < needed)
        self.scheme = self.scheme._replace(pauses=begun)
        self.plan_periods(needed)

    def _first_regular(self, rows: Sequence[RowTuple]) -> int:
        """Give principal and interest of the first row that no suspension holds off, else of the last."""
        suspended = self.scheme.suspended
        first = next((row for k, row in enumerate(rows) if k not in suspended), rows[-1])
        return int(first[_PRINCIPAL] + first[_INTEREST])

    def check_moves(self, rows: Sequence[RowTuple]) -> None:
        """Refuse the move of an instalment that does not exist because the loan is repaid before it."""
        check_moves(self.moves, rows, [*self.dues, *(() if self.spare is None else (self.spare[0],))])

    def replay(self, rows: Sequence[RowTuple], borne: Mapping[int, int]) -> list[int]:
        """Calculate the interest of every row again, from the printed balance alone.

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
                # Inline, because a call for every row doubles the cost: ⌊n/y + 1/2⌋ is ⌊(n + ⌊y/2⌋)/y⌋ for whole n.
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
            "suspensions": tuple(own for own in self.terms.suspensions if own.starts <= self.total),
        }
        if self.scheme.annuity or self.scheme.method in (Method.EQUAL_PRINCIPAL, Method.FLAT):
            new["instalment"] = from_minor(self.unit, self.position.currency)
        if reamortise is not None and reamortise.balloon is not None:
            new["balloon"] = reamortise.balloon
        return self.terms.model_copy(update=new)

    def _covered(self, books: Books, *, kept: bool) -> int:
        """Give the interest from before the effective date that the first instalment has to cover."""
        suspended = bool(self.scheme.pauses) and not self.scheme.pauses[0].first
        if self.first_paid or suspended or not self.scheme.annuity:
            return 0  # an instalment after a suspension covers its own period, and parts of principal no interest
        named = self.reamortise.covers if self.reamortise else ()
        covered, self.covers = covered_interest(books, named, kept=kept)
        return covered


def _agreed_terms(position: Position, closed: Closed) -> Repayment:
    """Give the agreed repayment; a matured loan's next due date is the first that rolls beyond the effective date."""
    terms = position.repayment
    if not terms.instalments and roll_date(terms.first_due, terms.roll, closed) <= position.on:
        due = step_after(terms.first_due, terms.every, terms.anchor)
        return terms.model_copy(update={"first_due": due, "anchor_day": terms.anchor})
    return terms


def _with_rises(measures: MeasureSet, terms: Repayment, total: int) -> list[ChangeRate]:
    """Give the changes of the rate, each rise from the due date on which it begins."""
    rates = measures.rates
    if not any(change.rises_by for change in rates):
        return rates
    # A term that is solved for later may turn out longer than the agreed one.
    solved = measures.reamortise is not None and measures.reamortise.solve is Solve.TERM
    dues = terms.dues(LONGEST_TERM if solved else total)
    return [step for change in rates for step in change.risen(dues)]


def _changed_terms(position: Position, terms: Repayment, measures: MeasureSet) -> tuple[Repayment, int]:
    """Give the repayment with its timing, method and suspensions changed, and the number of its instalments."""
    new: dict[str, object] = {}
    if measures.method is not None:
        new |= fields_in_method(terms, measures.method, position.currency)
    repricing = repricing_of(measures.rates)
    if repricing is not None:
        new["repricing"] = repricing
    count = terms.instalments
    if measures.frequency is not None:
        fields, count = fields_in_frequency(terms, measures.frequency)
        new |= fields
    count += measures.extension + term_growth(measures.holidays)
    suspended = sum(own.instalments for own in (*terms.suspensions, *measures.holidays))
    changed = bool(measures.holidays or measures.extension)
    require_term(terms.instalments, count, suspended=suspended, changed=changed)
    suspensions = (*terms.suspensions, *suspensions_of(position, measures.holidays))
    new |= {"suspensions": suspensions, "instalments": count}
    new_terms = with_moves(terms.model_copy(update=new), measures.moves, agreed=position.repayment)
    if not (suspensions or new_terms.moves):
        return new_terms, count
    issues = [
        Issue(code, sentence)
        for code, sentence, *_ in new_terms.contradictions()
        if code in ("suspensions-overlap", "move-out-of-order", "date-order", "term-not-positive")
    ]
    if measures.moves and new_terms.dues(1)[0] <= position.on:
        issues.append(
            Issue(
                "move-out-of-order",
                f"the first instalment would fall due by {position.on}, the effective date",
            )
        )
    if issues:
        raise Refused(issues)
    return new_terms, count
