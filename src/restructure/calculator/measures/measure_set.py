"""A set of measures, sorted into the phases in which they are carried out."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeVar, assert_never

from restructure.calculator.measures.catalogue import Measure
from restructure.calculator.measures.deferral import Capitalise, Defer, Spread
from restructure.calculator.measures.holiday import Holiday
from restructure.calculator.measures.method import ChangeMethod
from restructure.calculator.measures.rate import ChangeRate
from restructure.calculator.measures.relief import Forgive, Waive
from restructure.calculator.measures.solve import Reamortise, Solve
from restructure.calculator.measures.timing import ChangeFrequency, Extend, MoveDue
from restructure.calculator.measures.up_front import Pay, Settle
from restructure.errors import Issue, Refused

__all__ = ["MeasureSet", "sort_measures"]


@dataclass(slots=True)
class MeasureSet:
    """The measures of a set by phase; extensions are added up, and equal ones of a kind that is single are one."""

    pays: list[Pay] = field(default_factory=list)
    waives: list[Waive] = field(default_factory=list)
    forgives: list[Forgive] = field(default_factory=list)
    capitalises: list[Capitalise] = field(default_factory=list)
    deferrals: list[Defer] = field(default_factory=list)
    spreads: list[Spread] = field(default_factory=list)
    rates: list[ChangeRate] = field(default_factory=list)
    holidays: list[Holiday] = field(default_factory=list)
    extension: int = 0
    moves: list[MoveDue] = field(default_factory=list)
    frequency: ChangeFrequency | None = None
    method: ChangeMethod | None = None
    reamortise: Reamortise | None = None
    settlement: Settle | None = None

    @property
    def changes_terms(self) -> bool:
        """Whether a measure changes how the loan is repaid (phases 7 to 9)."""
        return bool(
            self.rates or self.holidays or self.extension or self.moves or self.frequency or self.method
        )

    def add_to_claim(self, measure: Pay | Waive | Forgive | Capitalise | Defer | Spread) -> None:
        """Add a measure that divides what is owed (phases 1 to 6)."""
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
                self.deferrals.append(measure)
            case Spread():
                self.spreads.append(measure)
            case _:
                assert_never(measure)

    def add_to_terms(
        self, measure: ChangeRate | Holiday | Extend | MoveDue | ChangeFrequency | ChangeMethod
    ) -> None:
        """Add a measure that changes how the loan is repaid (phases 7 to 9)."""
        match measure:
            case ChangeRate():
                self.rates.append(measure)
            case Holiday():
                if measure.instalments and measure not in self.holidays:
                    self.holidays.append(measure)
            case Extend():
                self.extension += measure.instalments
            case MoveDue():
                others = [move for move in self.moves if move.instalment == measure.instalment]
                _only(others[0] if others else None, measure)
                self.moves.append(measure)
            case ChangeFrequency():
                self.frequency = _only(self.frequency, measure)
            case ChangeMethod():
                self.method = _only(self.method, measure)
            case _:
                assert_never(measure)


def sort_measures(measures: Iterable[Measure]) -> MeasureSet:
    """Sort a set of measures by phase; refuse two that contradict each other."""
    by_phase = MeasureSet()
    for measure in measures:
        match measure:
            case Reamortise():
                by_phase.reamortise = _only(by_phase.reamortise, measure)
            case Settle():
                by_phase.settlement = _only(by_phase.settlement, measure)
            case Pay() | Waive() | Forgive() | Capitalise() | Defer() | Spread():
                by_phase.add_to_claim(measure)
            case _:
                by_phase.add_to_terms(measure)
    reamortise = by_phase.reamortise
    if by_phase.extension and reamortise is not None and reamortise.solve is Solve.TERM:
        raise Refused(
            Issue("term-said-twice", "extend sets the term and reamortise solves for it; keep one of the two")
        )
    if by_phase.settlement and (
        by_phase.changes_terms or reamortise or by_phase.capitalises or by_phase.deferrals or by_phase.spreads
    ):
        raise Refused(
            Issue("settle-excludes", "a settlement ends the loan, so only pay, waive and forgive go with it")
        )
    return by_phase


_Single = TypeVar("_Single", MoveDue, ChangeFrequency, ChangeMethod, Reamortise, Settle)


def _only(held: _Single | None, measure: _Single) -> _Single:
    """Give a measure of a kind that a set may hold once; refuse it beside a different one."""
    if held is not None and held != measure:
        raise Refused(
            Issue("measure-repeated", f"a set holds two different {measure.measure} measures; keep one")
        )
    return measure
