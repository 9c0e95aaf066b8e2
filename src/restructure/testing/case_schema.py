"""Schema of cases: the JSON Schema of a file `*_test.yaml`, for editors that complete and check it."""

from collections.abc import Iterable
from typing import Any, get_args

from restructure.calculator.conventions.quantity import Kind
from restructure.casework.decisions.judge import RefusalStage
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

    It knows the facts of the catalogue and their words; the names of a policy's gates, rules and parameters it takes as
    they are, and the reader checks them.

    >>> sorted(cases_schema()["$defs"]["Case"]["required"])
    ['expect', 'name']
    """
    definitions = _applications() | {
        "Case": _group(
            "One case: a sentence, what is given and what is expected.",
            {
                "name": _described(
                    "A sentence; no two cases of a file share it.", type="string", minLength=1
                ),
                "on": _described(
                    "The day it is decided on; absent: the file's, or the application's.", **_DAY
                ),
                "given": _ref("Given"),
                "expect": _ref("Expect"),
            },
            ["name", "expect"],
        ),
        "Given": {
            **_group(
                "What is known; the case's own lies over its base, group by group.",
                {
                    "base": _described("A base that this lies over.", type="string"),
                    "facts": _described("Facts by name; what is not given is unknown.", **_ref("Facts")),
                    "application": _described(
                        "A whole application: a file beside this one, or fields that lie over the base's.",
                        anyOf=[{"type": "string"}, _ref("Application")],
                    ),
                    "history": _described(
                        "What happened before, for cases on facts; [] for nothing.",
                        type="array",
                        items=_ref("PastEvent"),
                    ),
                    "parameters": _named(
                        "Parameters with the value they have in this case.", _ref("Constant")
                    ),
                },
            ),
            "not": {"required": ["facts", "application"]},
        },
        "Facts": _facts("Facts of a case, and figures of a plan.", facts().values()),
        "Figures": _facts(
            "Figures of the plan that a rule offers.",
            (one for one in facts().values() if one.of_plan),
            rows=_described("How many rows the schedule has.", type="integer"),
        ),
        "Constant": _described(
            "A number, a word, a day, or true or false.", type=["number", "string", "boolean"]
        ),
        "Value": _described("A value, or unknown.", anyOf=[_ref("Constant"), {"type": "null"}]),
        "Expect": _expect(),
    }
    return {
        "$schema": _DIALECT,
        "title": "Cases of a restructuring policy",
        **_group(
            "The tests of a policy.",
            {
                "policy": _described(
                    "The policy: a path from here, or a packaged one's name.", type="string"
                ),
                "on": _described("The day the cases are decided on.", **_DAY),
                "reuse": _described(
                    "Policies that this one extends, whose cases hold here too.",
                    anyOf=[{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
                ),
                "except": _described(
                    "Names of its cases that do not.", type="array", items={"type": "string"}
                ),
                "base": _named("What cases share, by name.", _ref("Given")),
                "cases": {"type": "array", "items": _ref("Case")},
            },
        ),
        "anyOf": [{"required": ["cases"]}, {"required": ["reuse"]}],
        "$defs": dict(sorted(definitions.items())),
    }


def _expect() -> dict[str, Any]:
    names = {"type": "array", "items": {"type": "string"}}
    verdicts = {
        key: _named(f"How each of the {key} comes out.", {"enum": list(words)})
        for key, (_, words) in JUDGED.items()
    }
    fields = {
        name: {"type": ["string", "number", "null"]} for name in StepResult.model_fields if name != "id"
    }
    outcomes = {"enum": list(get_args(StepResult.model_fields["outcome"].annotation))}
    step = _group(
        "What the search made of the step.", {**fields, "outcome": outcomes, "tried": {"type": "integer"}}
    )
    marks = _named("The marks on each rule's offer (of an application).", names)
    return {
        **_group(
            "What has to come out, at least one thing. Limits, and flags by verdict, are expected of facts; offers, "
            "figures and whatever else an offer bears of applications.",
            {
                **verdicts,
                "facts": _described("What facts are worth.", **_ref("Facts")),
                "outcome": _described("How the case comes out.", enum=[one.value for one in Outcome]),
                "offers": _described("The rules that make an offer, in order; [] for none.", **names),
                "figures": _named("Figures of each rule's offer.", _ref("Figures")),
                "flags": {"description": "Marks on offers.", "anyOf": [verdicts["flags"], marks]},
                "actions": {
                    "description": "What the lender has to do on the case.",
                    "anyOf": [verdicts["actions"], names],
                },
                "duties": {"description": "Duties with offers.", "anyOf": [verdicts["duties"], marks]},
                "refusals": _named(
                    "Where or why each rule led to no offer: a stage, a code, or the gate or limit.",
                    {"anyOf": [{"enum": list(get_args(RefusalStage))}, {"type": "string"}]},
                ),
                "steps": _named(
                    "What the search of each rule made of its steps.",
                    _named("By step.", {"anyOf": [outcomes, step]}),
                ),
                "tiers": _named(
                    "The tier of the target on which the search of each rule ended.", {"type": "integer"}
                ),
                "missing": _described(
                    "Places in the application that would have to be known; [] for none.", **names
                ),
                "enforcement_barred": _described(
                    "Whether nothing may be enforced meanwhile.", type="boolean"
                ),
            },
        ),
        "minProperties": 1,
    }


def _facts(text: str, known: Iterable[Fact], **more: Any) -> dict[str, Any]:
    """Describe a group of facts: those of the catalogue by their kind, a policy's own and scores as they are."""
    return {
        **_named(text, _ref("Value")),
        "properties": {one.name: _described(one.doc, anyOf=[*_values(one), *_UNKNOWN]) for one in known}
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
    """Give the application's schema as a case may write it: in part, since a base lies below, with plain numbers."""
    schema = Application.model_json_schema()
    definitions: dict[str, Any] = schema.pop("$defs")
    definitions["Application"] = schema
    partial: list[str] = ["Application"]
    for name in partial:  # grows while it is walked
        definitions[name].pop("required", None)
        for field in definitions[name].get("properties", {}).values():
            # A list replaces the base's as a whole, so that what stands in it is not in part.
            inside = [field, *field.get("anyOf", []), *field.get("oneOf", [])]
            names = [one["$ref"].removeprefix("#/$defs/") for one in inside if "$ref" in one]
            partial += [one for one in names if one not in partial]
            if "oneOf" in field:  # what is written in part may be part of either
                field["anyOf"] = field.pop("oneOf")
                field.pop("discriminator", None)
    return {name: _plain(definition) for name, definition in definitions.items()}


def _plain(node: Any) -> Any:
    """Let numbers be written as numbers: a file of cases is read exactly."""
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
