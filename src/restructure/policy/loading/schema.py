"""Schema: the JSON Schema of a policy as it is written, for editors that complete and check it.

It is generated from the models, changed where the written form is shorter than what it is read into:
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
from restructure.policy.language.templates import field_kinds, measure_models
from restructure.policy.policy import Policy

__all__ = ["policy_schema"]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_OF_TABLES = ("table", "priority")


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
    for name in ("Gate", "Limit"):
        definitions[name]["properties"]["require"] = _described("What must hold.", **_ref("Condition"))
    for name in ("Rule", "Flag", "Conclusion", "Action", "Duty"):
        definitions[name]["properties"]["when"] = _described("When it applies.", **_ref("Condition"))
    for name in ("Rule", "Conclusion"):
        for field in _OF_TABLES:
            definitions[name]["properties"].pop(field)
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
            "description": "Hold if the condition is false; unknown stays unknown.",
            "properties": {"not": _ref("Condition")},
            "required": ["not"],
            "additionalProperties": False,
        },
        "Comparison": {
            "type": "object",
            "description": "Compare a fact with a constant, a parameter, or another fact times a constant.",
            "properties": {
                "fact": _ref("FactName"),
                "op": _described("How.", enum=[op.value for op in Operator]),
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
    """Let every field that takes one of a union's members in full take the union by its name."""
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
    """Let amounts stand where measures take numbers; in a step one of them may be looked for."""
    names = []
    for word, model in measure_models().items():
        plain = copy.deepcopy(definitions[model.__name__])
        plain["required"] = ["measure", *(one for one in plain.get("required", []) if one != "measure")]
        for field in field_kinds(word):
            plain["properties"][field] = {
                "description": plain["properties"][field].get("description", ""),
                "anyOf": [plain["properties"][field], _ref("Amount"), _ref("Cell")],
            }
        for field, taken in plain["properties"].items():
            if _ref("Bucket") in (taken.get("items"), *(one.get("items") for one in taken.get("anyOf", []))):
                # One bucket stands for a list of one.
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
    properties["unit"] = _described("What kind of fact it can be compared with.", enum=list(UNITS)[:6])
    properties["values"] = {
        "type": "object",
        "minProperties": 1,
        "description": "Its values, each from its day on; null ends the parameter.",
        "patternProperties": {r"^\d{4}-\d{2}-\d{2}$": {"anyOf": [_ref("Constant"), {"type": "null"}]}},
        "additionalProperties": False,
    }
    definitions.pop("Dated", None)


def _own_facts(definitions: dict[str, Any]) -> None:
    properties = definitions["PolicyFact"]["properties"]
    properties["unit"] = _described("What it holds.", enum=list(UNITS))
    properties["otherwise"] = _described("Its value if nothing is concluded.", **_ref("Constant"))
    definitions["Conclusion"]["properties"]["conclude"] = {
        "type": "object",
        "minProperties": 1,
        "description": "Facts of the policy, each with the value it then has: a constant or an amount.",
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
        "hit": _described("Which row counts if several match.", enum=[hit.value for hit in Hit]),
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
    """Write lookups as they are written: keys and columns by name, rows plain or by the day they hold from."""
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
            "What it holds; absent: what the fact of its name holds.", enum=units
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
        ("from" if name == "at_least" else name): one for name, one in band["properties"].items()
    }
    at = definitions["LookupAmount"]["properties"]["at"]
    at["additionalProperties"] = {"anyOf": [_ref("Amount"), {"type": "boolean"}]}


def _searches(definitions: dict[str, Any]) -> None:
    vary = definitions["Vary"]
    vary["properties"] = {
        ("from" if name == "start" else name): field for name, field in vary["properties"].items()
    }
    definitions["Varied"] = _group("The number that is looked for.", {"vary": _ref("Vary")}, ["vary"])
    for word, model in measure_models().items():
        for field in field_kinds(word):
            definitions[model.__name__]["properties"][field]["anyOf"].append(_ref("Varied"))
    step = definitions["SearchStep"]["properties"]
    step["measure"] = _described("The measure; one of its numbers is looked for.", **_ref("Measure"))
    step["when"] = _described("Whether the step is taken.", **_ref("Condition"))
    definitions["Tier"] = _group(
        "The figure and the value it has to reach.",
        {
            "fact": _ref("FactName"),
            "op": _described("How they compare once it is reached.", enum=["<=", ">=", "<", ">"]),
            "value": {"anyOf": [_ref("Compared"), _ref("Amount")]},
            "accept_if": _described("What else the plan has to hold to be accepted.", **_ref("Condition")),
        },
        ["fact", "value"],
    )
    search = definitions["Search"]["properties"]
    search.pop("further")
    search["target"] = {
        "description": "What is aimed at, or a ladder: each tier is tried from the start until a plan is accepted.",
        "anyOf": [_ref("Tier"), {"type": "array", "minItems": 1, "items": _ref("Tier")}],
    }
    definitions["Search"]["properties"]["stop"] = _described(
        "Where to stop.", enum=[stop.value for stop in Stop]
    )


_REPLACED = (
    "Gate",
    "Rule",
    "Limit",
    "Flag",
    "Conclusion",
    "DecisionTable",
    "Parameter",
    "PolicyFact",
    "CitedSource",
    "Action",
    "Duty",
    "EventKind",
    "Lookup",
)


def _extending(schema: dict[str, Any], definitions: dict[str, Any]) -> None:
    """Let a policy say only how it differs from those that it extends."""
    properties = schema["properties"]
    properties["currency"].pop("default", None)
    schema["required"] = ["name", "version", "title"]
    schema["anyOf"] = [{"required": ["sources"]}, {"required": ["extends"]}]
    names = {"type": "array", "items": {"type": "string"}}
    properties["extends"] = _described(
        "Policies that it is laid over, by name or by a path from here.", anyOf=[{"type": "string"}, names]
    )
    properties["removes"] = _described("Ids and names of what it leaves out of them.", **names)
    for name in _REPLACED:
        definitions[name]["properties"]["replaces"] = _described(
            "Whether it stands in for the entry of its name that is extended.", type="boolean"
        )
        definitions[name]["properties"]["keeps"] = _described(
            "Fields of the entry that it stands in for, kept as they are.", **names
        )
        needed = definitions[name].get("required", [])
        definitions[name]["required"] = [field for field in needed if field == "id"]
        asked = ["source", "values"] if name == "Parameter" else needed
        whole = [{"anyOf": [{"required": asked}, {"required": ["replaces", "keeps"]}]}]
        definitions[name]["allOf"] = [*definitions[name].get("allOf", []), *whole]


def _texts(definition: dict[str, Any]) -> None:
    """Let one sentence stand for a text in one language."""
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
