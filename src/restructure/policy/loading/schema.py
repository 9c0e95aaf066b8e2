"""Schema: the JSON Schema of a policy as it is written, for editors that complete and check it.

It is generated from the records, and changed where a file is written more briefly than the record it is read into:
comparisons, amounts inside measures, dated values, tables and searches.
"""

import copy
from typing import Any

from pydantic import TypeAdapter

from restructure.calculator.measures.catalogue import MEASURES
from restructure.intake.facts import facts
from restructure.policy.amounts.expression import AMOUNT_WORDS, Amount
from restructure.policy.constants import UNITS
from restructure.policy.engine.normal_form import Operator
from restructure.policy.language.hit_policies import Hit
from restructure.policy.language.search import Stop, Vary
from restructure.policy.language.section_table import JUDGED, SECTIONS, Inheritance, Section
from restructure.policy.language.templates import field_kinds, measure_models
from restructure.policy.policy import Policy

__all__ = ["policy_schema"]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_OF_TABLES = ("table", "priority")
_CONDITIONS = {
    "require": "The condition that must hold.",
    "when": "The condition under which the entry applies.",
}


def _record_name(section: Section) -> str:
    assert section.record is not None, "a section whose entries have a condition has a record for them"
    return section.record.__name__


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/$defs/{name}"}


def _described(text: str, **schema: Any) -> dict[str, Any]:
    return {"description": text, **schema}


def policy_schema() -> dict[str, Any]:
    """Give the JSON Schema (2020-12) of a policy file.

    >>> sorted(policy_schema()["required"])
    ['name', 'title', 'version']
    """
    schema = Policy.model_json_schema(mode="validation")
    definitions: dict[str, Any] = schema["$defs"]
    for name, model in (("", TypeAdapter(Amount)), ("", MEASURES), ("Vary", TypeAdapter(Vary))):
        made = model.json_schema(mode="validation", ref_template="#/$defs/{model}")
        for inner, definition in made.pop("$defs", {}).items():
            definitions.setdefault(inner, definition)
        if name:
            definitions[name] = made
    definitions |= _conditions() | {"Amount": _amount()}
    for name in ("AllOf", "AnyOf"):
        word = name[:3].lower()
        definitions[name]["properties"][word]["items"] = _ref("Condition")
        definitions[name]["properties"][word]["minItems"] = 1
    _point_at(definitions, "Amount", _amount_names())
    _measures(definitions)
    _parameters(definitions)
    _own_facts(definitions)
    _tables(definitions)
    _lookups(definitions)
    _searches(definitions)
    for section in JUDGED:
        properties = definitions[_record_name(section)]["properties"]
        properties[section.condition] = _described(_CONDITIONS[section.condition], **_ref("Condition"))
        for field in _OF_TABLES if section.from_tables else ():
            properties.pop(field)
    for definition in definitions.values():
        _texts(definition)
    _texts(schema)
    schema["properties"]["rank"]["items"] = _ref("Ranking")
    _extending(schema, definitions)
    schema["title"] = "A restructuring policy"
    schema["$defs"] = _used(schema, definitions)
    return {"$schema": _DIALECT, **schema}


def _conditions() -> dict[str, Any]:
    names = sorted(facts())
    return {
        "FactName": _described(
            "A fact of the catalogue, a fact of the policy, or scores.NAME.",
            anyOf=[{"enum": names}, {"type": "string"}],
        ),
        "Constant": _described(
            "A number, a word, a day, or true or false.", type=["number", "string", "boolean"]
        ),
        "Condition": _described(
            "A comparison, or all, any or not of others.",
            anyOf=[_ref("Comparison"), _ref("AllOf"), _ref("AnyOf"), _ref("Not")],
        ),
        "Not": {
            "type": "object",
            "description": "True if the condition is false; unknown stays unknown.",
            "properties": {"not": _ref("Condition")},
            "required": ["not"],
            "additionalProperties": False,
        },
        "Comparison": {
            "type": "object",
            "description": "Compare a fact with a constant, a parameter, or another fact times a constant.",
            "properties": {
                "fact": _ref("FactName"),
                "op": _described("The operator, such as >=.", enum=[op.value for op in Operator]),
                "value": _ref("Compared"),
            },
            "required": ["fact"],
            "additionalProperties": False,
        },
        "Compared": {
            "description": "What a fact is compared with.",
            "anyOf": [
                _ref("Constant"),
                _group(
                    "The value of a parameter on the day.", {"parameter": {"type": "string"}}, ["parameter"]
                ),
                _group(
                    "Another fact, or a multiple of it.",
                    {"fact": _ref("FactName"), "times": {"type": ["number", "string"]}},
                    ["fact"],
                ),
            ],
        },
    }


def _group(text: str, properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    return {
        "type": "object",
        "description": text,
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _amount_names() -> list[str]:
    return [word.__name__ for word in AMOUNT_WORDS.values()]


def _amount() -> dict[str, Any]:
    return _described(
        "A number, or one that is worked out from parameters and facts.",
        anyOf=[{"type": ["number", "string"]}, *map(_ref, _amount_names())],
    )


def _point_at(definitions: dict[str, Any], name: str, members: list[str]) -> None:
    """Replace a union that is written out, wherever a field takes it, by a reference to its name."""
    wanted = {f"#/$defs/{member}" for member in members}

    def walk(node: Any) -> Any:
        if isinstance(node, list):
            return [walk(part) for part in node]
        if not isinstance(node, dict):
            return node
        branches = node.get("anyOf", [])
        if wanted <= {branch.get("$ref") for branch in branches if isinstance(branch, dict)}:
            kept = {key: walk(part) for key, part in node.items() if key not in ("anyOf", "default")}
            absent = [{"type": "null"}] if {"type": "null"} in branches else []
            return {**kept, **(_ref(name) if not absent else {"anyOf": [_ref(name), *absent]})}
        return {key: walk(part) for key, part in node.items()}

    for key in list(definitions):
        if key != name:
            definitions[key] = walk(definitions[key])
    definitions["FactAmount"]["properties"]["fact"] = _ref("FactName")


def _measures(definitions: dict[str, Any]) -> None:
    """Allow amounts where measures take numbers."""
    names = []
    for word, model in measure_models().items():
        plain = copy.deepcopy(definitions[model.__name__])
        plain["required"] = ["measure", *(field for field in plain.get("required", []) if field != "measure")]
        for field in field_kinds(word):
            plain["properties"][field] = {
                "description": plain["properties"][field].get("description", ""),
                "anyOf": [plain["properties"][field], _ref("Amount"), _ref("Cell")],
            }
        for field, taken in plain["properties"].items():
            if _ref("Bucket") in (
                taken.get("items"),
                *(branch.get("items") for branch in taken.get("anyOf", [])),
            ):
                # One bucket is short for a list of it alone.
                plain["properties"][field] = {
                    "description": taken.get("description", ""),
                    "anyOf": [_ref("Bucket"), taken],
                }
        definitions[model.__name__] = plain
        names.append(model.__name__)
    definitions["Cell"] = _group(
        "The cell of a decision table's column.", {"column": {"type": "string"}}, ["column"]
    )
    definitions["Measure"] = _described("A measure of the calculator.", anyOf=[_ref(name) for name in names])
    offer = {
        "type": "array",
        "minItems": 1,
        "description": "Measures, and at most one search.",
        "items": {"anyOf": [_ref("Measure"), _group("A search.", {"search": _ref("Search")}, ["search"])]},
    }
    definitions["Rule"]["properties"]["offer"] = offer


def _parameters(definitions: dict[str, Any]) -> None:
    properties = definitions["Parameter"]["properties"]
    properties["unit"] = _described(
        "The unit of its values: money, ratio, days, months, count or date.", enum=list(UNITS)[:6]
    )
    properties["values"] = {
        "type": "object",
        "minProperties": 1,
        "description": "Its values by the day they apply from, such as 2026-01-01: 0.2; null ends the parameter.",
        "patternProperties": {r"^\d{4}-\d{2}-\d{2}$": {"anyOf": [_ref("Constant"), {"type": "null"}]}},
        "additionalProperties": False,
    }
    definitions.pop("Dated", None)


def _own_facts(definitions: dict[str, Any]) -> None:
    properties = definitions["PolicyFact"]["properties"]
    properties["unit"] = _described("The unit of its value.", enum=list(UNITS))
    properties["otherwise"] = _described("Its value if no conclusion applies.", **_ref("Constant"))
    definitions["Conclusion"]["properties"]["conclude"] = {
        "type": "object",
        "minProperties": 1,
        "description": "Facts of the policy and the value concluded for each: a constant or an amount.",
        "additionalProperties": {"anyOf": [_ref("Constant"), *map(_ref, _amount_names())]},
    }


def _tables(definitions: dict[str, Any]) -> None:
    cell = {"type": ["string", "number", "boolean", "null", "object", "array"]}
    column = _group(
        "A column and its values, the one of the highest priority first.",
        {"name": {"type": "string"}, "values": {"type": "array"}},
        ["name", "values"],
    )
    row = {"anyOf": [{"type": "array", "items": cell}, {"type": "object"}]}
    columns = {"type": "array", "minItems": 1, "items": {"anyOf": [{"type": "string"}, column]}}
    table = definitions["DecisionTable"]
    table["properties"] |= {
        "reason": copy.deepcopy(definitions["Rule"]["properties"]["reason"]),
        "hit": _described(
            "The hit policy: which row counts if several match.", enum=[hit.value for hit in Hit]
        ),
        "inputs": _described("Facts that the cells test.", **columns),
        "outputs": _described("Columns of results.", **columns),
        "rows": {
            "description": "The rows, inputs before outputs, or by column; or a CSV file beside the policy.",
            "anyOf": [
                {"type": "string"},
                {"type": "array", "minItems": 1, "items": row},
            ],
        },
        "offer": copy.deepcopy(definitions["Rule"]["properties"]["offer"]),
        "unless_offered": copy.deepcopy(definitions["Rule"]["properties"]["unless_offered"]),
    }
    table["required"] = ["id", "title", "reference", "hit", "inputs", "outputs", "rows"]


def _lookups(definitions: dict[str, Any]) -> None:
    """Describe lookups as files write them: keys and columns by name, rows plain or by the day they apply from."""
    number = {"type": ["string", "number", "boolean", "null"]}
    rows = {
        "description": "The rows, keys before columns, or by name; or a CSV file beside the policy.",
        "anyOf": [
            {"type": "string"},
            {
                "type": "array",
                "minItems": 1,
                "items": {"anyOf": [{"type": "array", "items": number}, {"type": "object"}]},
            },
        ],
    }
    lookup = definitions["Lookup"]["properties"]
    for field, name, units in (
        ("keys", "LookupKey", [*list(UNITS)[:5], "flag", "choice"]),
        ("columns", "LookupColumn", list(UNITS)[:5]),
    ):
        written = definitions[name]
        written["properties"]["unit"] = _described(
            "Its unit; if absent, the unit of the fact of the same name.", enum=units
        )
        written["required"] = ["name"]
        lookup[field] = {
            "type": "array",
            "minItems": 1,
            "description": lookup[field].get("description", ""),
            "items": {"anyOf": [{"type": "string"}, _ref(name)]},
        }
    dated = {r"^\d{4}-\d{2}-\d{2}$": {"anyOf": [_ref("LookupRows"), {"type": "null"}]}}
    definitions["LookupRows"] = rows
    lookup["values"] = {
        "description": "Its rows, or the rows from each day on; null ends the lookup.",
        "anyOf": [
            _ref("LookupRows"),
            {"type": "object", "minProperties": 1, "patternProperties": dated, "additionalProperties": False},
        ],
    }
    band = definitions["Band"]
    band["properties"] = {
        ("from" if name == "at_least" else name): field for name, field in band["properties"].items()
    }
    at = definitions["LookupAmount"]["properties"]["at"]
    at["additionalProperties"] = {"anyOf": [_ref("Amount"), {"type": "boolean"}]}


def _searches(definitions: dict[str, Any]) -> None:
    vary = definitions["Vary"]
    vary["properties"] = {
        ("from" if name == "start" else name): field for name, field in vary["properties"].items()
    }
    definitions["Varied"] = _group("The number that the search varies.", {"vary": _ref("Vary")}, ["vary"])
    for word, model in measure_models().items():
        for field in field_kinds(word):
            definitions[model.__name__]["properties"][field]["anyOf"].append(_ref("Varied"))
    step = definitions["SearchStep"]["properties"]
    step["measure"] = _described("The measure; the search varies one of its numbers.", **_ref("Measure"))
    step["when"] = _described("The condition under which the step is taken.", **_ref("Condition"))
    definitions["Tier"] = _group(
        "The figure of the plan and the value it must reach.",
        {
            "fact": _ref("FactName"),
            "op": _described(
                "How the figure compares with the value once the target is reached.",
                enum=["<=", ">=", "<", ">"],
            ),
            "value": {"anyOf": [_ref("Compared"), _ref("Amount")]},
            "accept_if": _described(
                "A condition the plan must also meet to be accepted.", **_ref("Condition")
            ),
        },
        ["fact", "value"],
    )
    search = definitions["Search"]["properties"]
    search.pop("further")
    search["target"] = {
        "description": "The target, or a target ladder: each tier is tried from the start until a plan is accepted.",
        "anyOf": [_ref("Tier"), {"type": "array", "minItems": 1, "items": _ref("Tier")}],
    }
    definitions["Search"]["properties"]["stop"] = _described(
        "At which value a step stops.", enum=[stop.value for stop in Stop]
    )


def _extending(schema: dict[str, Any], definitions: dict[str, Any]) -> None:
    """Allow a policy to contain only its differences from the policies that it extends."""
    properties = schema["properties"]
    properties["currency"].pop("default", None)
    own = [section.name for section in SECTIONS if section.inheritance is Inheritance.NOTHING]
    schema["required"] = own
    schema["anyOf"] = [{"required": ["sources"]}, {"required": ["extends"]}]
    names = {"type": "array", "items": {"type": "string"}}
    properties["extends"] = _described(
        "The policies that this one extends, by name or by a path relative to this file.",
        anyOf=[{"type": "string"}, names],
    )
    properties["removes"] = _described(
        "Ids and names of inherited entries that this policy leaves out.", **names
    )
    extended = [section for section in SECTIONS if section.inheritance is Inheritance.ENTRIES]
    for section in extended:
        name = _record_name(section)
        definitions[name]["properties"]["replaces"] = _described(
            "Whether it replaces the inherited entry of the same name.", type="boolean"
        )
        definitions[name]["properties"]["keeps"] = _described(
            "Fields taken over unchanged from the entry that it replaces.", **names
        )
        needed = definitions[name].get("required", [])
        definitions[name]["required"] = [field for field in needed if field == "id"]
        asked = [field for field in needed if field not in section.kept]
        whole = [{"anyOf": [{"required": asked}, {"required": ["replaces", "keeps"]}]}]
        definitions[name]["allOf"] = [*definitions[name].get("allOf", []), *whole]


def _texts(definition: dict[str, Any]) -> None:
    """Allow a single sentence for a text in English."""
    for name in ("title", "reason", "text"):
        field = definition.get("properties", {}).get(name)
        if field and "additionalProperties" in field:
            text = {key: part for key, part in field.items() if key not in ("description", "title")}
            definition["properties"][name] = {
                "description": field.get("description", ""),
                "anyOf": [{"type": "string", "minLength": 1}, text],
            }


def _used(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """Keep the definitions that something refers to, in order of their names."""
    kept: set[str] = set()

    def walk(node: Any) -> None:
        if isinstance(node, list):
            for part in node:
                walk(part)
        elif isinstance(node, dict):
            name = str(node.get("$ref", "")).removeprefix("#/$defs/")
            if name and name not in kept:
                kept.add(name)
                walk(definitions[name])
            for part in node.values():
                walk(part)

    walk({key: part for key, part in schema.items() if key != "$defs"})
    return {name: definitions[name] for name in sorted(kept)}
