"""Schema of cases: the JSON Schema of a file `*_test.yaml`, for editors that complete and check it."""

from collections.abc import Iterable
from typing import Any, get_args

from restructure.calculator.conventions.quantity import Kind
from restructure.casework.decisions.judgement import RefusalStage
from restructure.casework.decisions.outcome import Outcome, StepResult
from restructure.intake.application import Application
from restructure.intake.facts import Fact, facts
from restructure.testing.expectations import JUDGED

__all__ = ["cases_schema"]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_UNKNOWN = [{"const": "unknown"}, {"type": "null"}]
_DAY = {"type": "string", "format": "date"}


def cases_schema() -> dict[str, Any]:
    """Give the JSON Schema (2020-12) of a file of cases.

    It lists the facts of the catalogue and their words; the names of a policy's gates, rules and parameters are checked
    by the reader only.

    >>> sorted(cases_schema()["$defs"]["Case"]["required"])
    ['expect', 'name']
    """
    definitions = _applications() | _parts() | {"Expect": _expect()}
    return {
        "$schema": _DIALECT,
        "title": "Cases of a restructuring policy",
        **_file(),
        "anyOf": [{"required": ["cases"]}, {"required": ["reuse"]}],
        "$defs": dict(sorted(definitions.items())),
    }


def _file() -> dict[str, Any]:
    return _group(
        "The tests of a policy.",
        {
            "policy": _described(
                "The policy: a path relative to this file, or the name of a packaged policy.", type="string"
            ),
            "on": _described("The day the cases are decided on, such as 2026-03-18.", **_DAY),
            "reuse": _described(
                "Policies that this policy extends, whose cases apply here too.",
                anyOf=[{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
            ),
            "except": _described(
                "Names of reused cases that do not apply here.", type="array", items={"type": "string"}
            ),
            "base": _named("What several cases share, by name.", _ref("Given")),
            "cases": {"type": "array", "items": _ref("Case")},
        },
    )


def _parts() -> dict[str, Any]:
    return {
        "Case": _case(),
        "Given": _given(),
        "Facts": _facts("Facts of a case, and figures of a plan.", facts().values()),
        "Figures": _facts(
            "Figures of the plan that a rule offers.",
            (fact for fact in facts().values() if fact.of_plan),
            rows=_described("Number of rows of the schedule.", type="integer"),
        ),
        "Constant": _described(
            "A number, a word, a day, or true or false.", type=["number", "string", "boolean"]
        ),
        "Value": _described("A value, or unknown.", anyOf=[_ref("Constant"), {"type": "null"}]),
    }


def _case() -> dict[str, Any]:
    return _group(
        "One case: a sentence, the given facts or application, and the expectations.",
        {
            "name": _described(
                "A sentence; the cases of a file have different names.", type="string", minLength=1
            ),
            "on": _described(
                "The day it is decided on; absent: the day of the file or of the application.", **_DAY
            ),
            "given": _ref("Given"),
            "expect": _ref("Expect"),
        },
        ["name", "expect"],
    )


def _given() -> dict[str, Any]:
    return {
        **_group(
            "The facts or the application; the case's own values replace those of its base, group by group.",
            {
                "base": _described(
                    "Name of the base whose values apply where the case gives none.", type="string"
                ),
                "facts": _described("Facts by name; a fact that is not given is unknown.", **_ref("Facts")),
                "application": _described(
                    "A whole application: a file beside this one, or fields that replace those of the base.",
                    anyOf=[{"type": "string"}, _ref("Application")],
                ),
                "history": _described(
                    "Earlier events, for cases on facts; [] for none.", type="array", items=_ref("PastEvent")
                ),
                "parameters": _named("Parameters with their value in this case.", _ref("Constant")),
            },
        ),
        "not": {"required": ["facts", "application"]},
    }


def _expect() -> dict[str, Any]:
    names = {"type": "array", "items": {"type": "string"}}
    verdicts = {
        key: _named(f"Verdict of each of the {key}.", {"enum": list(words)})
        for key, (_, words) in JUDGED.items()
    }
    fields = {
        name: {"type": ["string", "number", "null"]} for name in StepResult.model_fields if name != "id"
    }
    outcomes = {"enum": list(get_args(StepResult.model_fields["outcome"].annotation))}
    step = _group(
        "Result of the step of the search.", {**fields, "outcome": outcomes, "tried": {"type": "integer"}}
    )
    marks = _named("Flags or duties of each rule's offer (of an application).", names)
    return {
        **_group(
            "At least one expectation. Limits, and flags by verdict, are expected of facts; offers, figures and the "
            "other parts of an offer of applications.",
            {
                **verdicts,
                "facts": _described("Values of facts.", **_ref("Facts")),
                "outcome": _described(
                    "Outcome of the decision.", enum=[outcome.value for outcome in Outcome]
                ),
                "offers": _described("Rules that make an offer, the best first; [] for none.", **names),
                "figures": _named("Figures of each rule's offer.", _ref("Figures")),
                "flags": {"description": "Flags of offers.", "anyOf": [verdicts["flags"], marks]},
                "actions": {
                    "description": "Tasks of the lender on the case.",
                    "anyOf": [verdicts["actions"], names],
                },
                "duties": {"description": "Duties with offers.", "anyOf": [verdicts["duties"], marks]},
                "refusals": _named(
                    "Stage or reason of each rule's refusal: a stage, a code, or the gate or limit.",
                    {"anyOf": [{"enum": list(get_args(RefusalStage))}, {"type": "string"}]},
                ),
                "steps": _named(
                    "Results of the steps of each rule's search.",
                    _named("By step.", {"anyOf": [outcomes, step]}),
                ),
                "tiers": _named(
                    "Number of the tier on which the search of each rule ended.", {"type": "integer"}
                ),
                "missing": _described(
                    "Places of missing information in the application; [] for none.", **names
                ),
                "enforcement_barred": _described("Whether enforcement is barred.", type="boolean"),
            },
        ),
        "minProperties": 1,
    }


def _facts(text: str, known: Iterable[Fact], **more: Any) -> dict[str, Any]:
    """Describe a group of facts: those of the catalogue by their kind, a policy's own and scores with any value."""
    return {
        **_named(text, _ref("Value")),
        "properties": {fact.name: _described(fact.doc, anyOf=[*_values(fact), *_UNKNOWN]) for fact in known}
        | more,
    }


def _values(fact: Fact) -> list[dict[str, Any]]:
    match fact.kind:
        case Kind.FLAG:
            return [{"type": "boolean"}]
        case Kind.CHOICE:
            return [{"enum": list(fact.choices)}]
        case Kind.DATE:
            return [_DAY]
        case Kind.RATIO:
            return [{"type": "number"}, {"type": "string", "pattern": r"^-?\d+(\.\d+)? ?%?$"}]
        case _:
            return [{"type": "number"}, {"type": "string", "pattern": r"^-?\d+(\.\d+)?$"}]


def _applications() -> dict[str, Any]:
    """Give the application's schema as a case may write it: in part, since a base may give the rest, with plain
    numbers.
    """
    schema = Application.model_json_schema()
    definitions: dict[str, Any] = schema.pop("$defs")
    definitions["Application"] = schema
    partial: list[str] = ["Application"]
    for name in partial:  # grows while it is walked
        definitions[name].pop("required", None)
        for field in definitions[name].get("properties", {}).values():
            # A list replaces that of the base as a whole, so its entries have to be complete.
            inside = [field, *field.get("anyOf", []), *field.get("oneOf", [])]
            names = [part["$ref"].removeprefix("#/$defs/") for part in inside if "$ref" in part]
            partial += [name for name in names if name not in partial]
            if "oneOf" in field:  # a part may match more than one branch
                field["anyOf"] = field.pop("oneOf")
                field.pop("discriminator", None)
    return {name: _plain(definition) for name, definition in definitions.items()}


def _plain(node: Any) -> Any:
    """Allow plain numbers, since a file of cases is read exactly."""
    if isinstance(node, list):
        return [_plain(part) for part in node]
    if not isinstance(node, dict):
        return node
    held = {key: _plain(part) for key, part in node.items() if key not in ("default", "title")}
    kinds = held.get("type")
    if isinstance(kinds, list) and {"string", "integer"} <= set(kinds):
        held["type"] = ["number" if kind == "integer" else kind for kind in kinds]
    return held


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/$defs/{name}"}


def _described(text: str, **schema: Any) -> dict[str, Any]:
    return {"description": text, **schema}


def _group(text: str, properties: dict[str, Any], required: Iterable[str] = ()) -> dict[str, Any]:
    return {
        "type": "object",
        "description": text,
        "properties": properties,
        **({"required": list(required)} if required else {}),
        "additionalProperties": False,
    }


def _named(text: str, each: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "description": text, "additionalProperties": each}
