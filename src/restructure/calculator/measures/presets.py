"""Presets: names that lenders use for common compositions of measures.

A preset is data: measures in which `$name` is a value that the caller gives. It expands to ordinary measures, to
which others may be added.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

from restructure.calculator.measures.catalogue import MEASURES, Measure
from restructure.document import findings
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
    "deferral to the end": [{"measure": "defer", "of": _ARREARS}],
    # The whole debt in newly agreed instalments; a policy says which borrowers qualify and how many at most.
    "个性化分期": [
        {"measure": "capitalise", "of": ["principal_arrears", "interest_arrears", "accrued", "fees"]},
        {"measure": "rate", "annual_rate": "$annual_rate"},
        {"measure": "frequency", "every": "1 month", "instalments": "$instalments"},
    ],
}
"""The compositions by name; `$name` is a value that the caller has to give."""


def preset(name: str, **values: object) -> tuple[Measure, ...]:
    """Give the measures of a preset with the caller's values filled in.

    Raises `InvalidInput`: `preset-unknown` for the name, `preset-values` for a missing value, a value too many, or a
    value that its measure cannot have.

    >>> [measure.measure for measure in preset("re-amortise")]
    ['capitalise', 'reamortise']
    >>> preset("payment holiday", instalments=3)[0].instalments
    3
    """
    return _filled(name, values, MEASURES.validate_python)


def _filled(
    name: str, values: Mapping[str, object], read: Callable[[dict[str, object]], Measure]
) -> tuple[Measure, ...]:
    template = PRESETS.get(name)
    if template is None:
        raise InvalidInput(
            Issue("preset-unknown", f'no preset is called "{name}"{did_you_mean(name, PRESETS)}', "preset")
        )
    gaps = {
        value[1:]
        for measure in template
        for value in measure.values()
        if isinstance(value, str) and value.startswith("$")
    }
    if gaps != values.keys():
        wanted = ", ".join(sorted(gaps)) or "nothing"
        given = ", ".join(sorted(values)) or "nothing"
        raise InvalidInput(Issue("preset-values", f'"{name}" takes {wanted} but was given {given}', "preset"))
    filled = [
        {
            key: values[value[1:]] if isinstance(value, str) and value.startswith("$") else value
            for key, value in measure.items()
        }
        for measure in template
    ]
    measures, issues = list[Measure](), list[Issue]()
    for written, data in zip(template, filled, strict=True):
        try:
            measures.append(read(data))
        except ValidationError as error:
            for fault in error.errors(include_url=False):
                gap = str(written.get(str(fault["loc"][-1]) if fault["loc"] else "", "")).removeprefix("$")
                issues += (
                    Issue("preset-values", f'"{name}": {gap and f"{gap}: "}{sentence}', gap or "preset")
                    for _, sentence, *_ in findings(fault)
                )
    if issues:
        raise InvalidInput(issues)
    return tuple(measures)


def expanded(use: Mapping[str, object]) -> list[dict[str, Any]]:
    """Give the measures that `{preset: NAME, …}` expands to, as plain data.

    >>> expanded({"preset": "payment holiday", "instalments": 3})[0]["measure"]
    'holiday'
    """
    values = {key: value for key, value in use.items() if key != "preset"}

    def read(data: dict[str, object]) -> Measure:
        # Strictly, as measures written out are read: "3" is no number, and true is not 1.
        return MEASURES.validate_json(json.dumps(data, default=str), strict=True)

    return [measure.model_dump(mode="json") for measure in _filled(str(use["preset"]), values, read)]
