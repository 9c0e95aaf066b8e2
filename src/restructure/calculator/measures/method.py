"""A change of the amortisation method: the model, and the terms it changes."""

from typing import ClassVar, Literal, Self

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from restructure.calculator.amortisation.agreed_changes import Steps
from restructure.calculator.amortisation.repayment import Repayment
from restructure.calculator.amortisation.scheme import Method
from restructure.calculator.measures.books import minor_of
from restructure.calculator.measures.phases import Phase
from restructure.record import Record

__all__ = ["ChangeMethod", "fields_in_method"]


class ChangeMethod(Record):
    """Change how principal is spread over the instalments (phase 9).

    >>> ChangeMethod(method="equal_principal").method.value
    'equal_principal'
    """

    phase: ClassVar[Phase] = Phase.TIMING
    measure: Literal["method"] = "method"
    method: Method
    """New method: level, equal_principal, interest_only, bullet, flat or stepped."""
    steps: Steps | None = None
    """How the instalments of the stepped method rise or fall: `{"every": 12, "share": "7.5%"}`."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.steps is None) == (self.method is Method.STEPPED):
            raise PydanticCustomError(
                "value-invalid", "steps say how the stepped method goes; give both or neither"
            )
        return self


def fields_in_method(terms: Repayment, change: ChangeMethod, currency: str) -> dict[str, object]:
    """Give the fields of the repayment that a change of method sets (phase 9)."""
    steps = change.steps
    if steps is not None and steps.amount is not None:
        minor_of(steps.amount, currency)
    fields: dict[str, object] = {"method": change.method, "steps": steps}
    if change.method is not terms.method:
        fields["instalment"] = None  # the agreed instalment has no meaning under another method
    return fields
