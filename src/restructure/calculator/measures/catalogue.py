"""The measures: the union of their models, which are carried out in fixed phases however they are listed."""

from typing import Annotated

from pydantic import Field

from restructure.calculator.measures.deferral import Capitalise, Defer, Spread
from restructure.calculator.measures.holiday import Holiday
from restructure.calculator.measures.method import ChangeMethod
from restructure.calculator.measures.rate import ChangeRate
from restructure.calculator.measures.relief import Forgive, Waive
from restructure.calculator.measures.solve import Reamortise
from restructure.calculator.measures.timing import ChangeFrequency, Extend, MoveDue
from restructure.calculator.measures.up_front import Pay, Settle
from restructure.record import TypeReader

__all__ = ["MEASURES", "Measure"]

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
"""Any measure; in JSON and YAML the key `measure` holds its word, such as `waive`."""

MEASURES: TypeReader[Measure] = TypeReader(Measure)
"""Reads one measure from plain data."""
