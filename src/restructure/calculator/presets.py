"""Presets: names that lenders use for common compositions of measures.

A preset is data: measures in which `$name` stands for what the caller says. Nothing else in the calculator
knows a preset; what it gives are ordinary measures, to which others may be added.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from restructure.calculator.measures import MEASURES, Measure
from restructure.errors import InvalidInput, Issue, did_you_mean

__all__ = ["PRESETS", "expanded", "preset"]

_ARREARS = ["fees", "penalty", "interest_arrears", "principal_arrears"]
_UNBILLED = ["interest_arrears", "accrued"]

PRESETS: dict[str, list[dict[str, Any]]] = {
    # Past due principal joins the balance and a new row of instalments begins; the interest owed is covered by
    # the first of them, so that no interest is charged on interest.
    "re-age": [
        {"measure": "capitalise", "of": ["principal_arrears"]},
        {"measure": "move_due", "to": "$first_due"},
        {"measure": "frequency", "every": "$every", "instalments": "$instalments"},
        {"measure": "reamortise", "covers": _UNBILLED},
    ],
    # The same over the instalments that are left, on the dates that were agreed.
    "re-amortise": [
        {"measure": "capitalise", "of": ["principal_arrears"]},
        {"measure": "reamortise", "covers": _UNBILLED},
    ],
    "payment holiday": [{"measure": "holiday", "instalments": "$instalments"}],
    "interest-only period": [{"measure": "holiday", "instalments": "$instalments", "pay": "interest"}],
    # Arrears in equal parts on top of the instalments.
    "repayment plan": [{"measure": "spread", "of": _ARREARS, "instalments": "$instalments"}],
    # Arrears wait without interest for the last instalment.
    "deferral to the end": [{"measure": "park", "of": _ARREARS}],
    # The whole debt in instalments agreed anew; for whom, and how many at most, is the policy's to say.
    "个性化分期": [
        {"measure": "capitalise", "of": ["principal_arrears", "interest_arrears", "accrued", "fees"]},
        {"measure": "rate", "annual_rate": "$annual_rate"},
        {"measure": "frequency", "every": "1 month", "instalments": "$instalments"},
    ],
}
"""The compositions by name; `$name` is what the caller has to say."""


def preset(name: str, **values: object) -> tuple[Measure, ...]:
    """Give the measures of a preset with its gaps filled.

    Raises `InvalidInput` with `preset-unknown`, `preset-values` for a gap left open or a value too many, and
    with what is wrong with the measures that come out.

    >>> [one.measure for one in preset("re-amortise")]
    ['capitalise', 'reamortise']
    >>> preset("payment holiday", instalments=3)[0].instalments
    3
    """
    template = PRESETS.get(name)
    if template is None:
        raise InvalidInput(
            Issue("preset-unknown", f'no preset is called "{name}"{did_you_mean(name, PRESETS)}', "preset")
        )
    gaps = {
        value[1:]
        for one in template
        for value in one.values()
        if isinstance(value, str) and value.startswith("$")
    }
    if gaps != values.keys():
        wanted = ", ".join(sorted(gaps)) or "nothing"
        given = ", ".join(sorted(values)) or "nothing"
        raise InvalidInput(Issue("preset-values", f'"{name}" takes {wanted} but was given {given}', "preset"))
    filled = [
        {
            key: values[value[1:]] if isinstance(value, str) and value.startswith("$") else value
            for key, value in one.items()
        }
        for one in template
    ]
    try:
        return tuple(MEASURES.validate_python(one) for one in filled)
    except ValidationError as error:
        raise InvalidInput(
            Issue("preset-values", f'"{name}": {found["msg"]}', str(found["loc"][-1]))
            for found in error.errors()
        ) from None


def expanded(use: Mapping[str, object]) -> list[dict[str, Any]]:
    """Give the measures that `{preset: NAME, …}` stands for as plain data.

    >>> expanded({"preset": "payment holiday", "instalments": 3})[0]["measure"]
    'holiday'
    """
    values = {key: value for key, value in use.items() if key != "preset"}
    return [measure.model_dump(mode="json") for measure in preset(str(use["preset"]), **values)]
