"""The measures: one model each, applied in fixed phases however they are listed."""

from typing import Annotated

from pydantic import Field

from restructure.calculator.amortisation.scheme import HolidayInterest
from restructure.calculator.measures.deferral import Capitalise, Defer, Spread
from restructure.calculator.measures.rate import ChangeRate
from restructure.calculator.measures.relief import Forgive, Waive
from restructure.calculator.measures.solve import Reamortise
from restructure.calculator.measures.timing import ChangeFrequency, ChangeMethod, Extend, Holiday, MoveDue
from restructure.calculator.measures.up_front import Pay, Settle
from restructure.record import TypeReader

__all__ = ["MEASURES", "HolidayInterest", "Measure"]


Measure = Annotated[
    Pay
    | Waive
    | Forgive
    | Capitalise
    | Defer
    | Spread
    | ChangeRate
    | Holiday
    | Extend
    | MoveDue
    | ChangeFrequency
    | ChangeMethod
    | Reamortise
    | Settle,
    Field(discriminator="measure"),
]
"""Any measure; in JSON and YAML the key `measure` says which."""

MEASURES: TypeReader[Measure] = TypeReader(Measure)
"""Reads one measure from plain data."""
