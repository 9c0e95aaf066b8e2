"""The description of the service, from which a client is generated: one name for one model, and bounds that are bounds."""

import keyword
import re
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from cases import packaged
from restructure.calculator.measures.solve import Reamortise
from restructure.policy.loading.schema import policy_schema
from restructure.testing.case_schema import cases_schema
from service.api import service
from service.storage import Store

TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}


@pytest.fixture(scope="module")
def described(tmp_path_factory) -> dict[str, Any]:
    path = tmp_path_factory.mktemp("openapi") / "histories.db"
    with closing(Store(f"sqlite:///{path}")) as store:
        return service(store, packaged("cn-consumer-finance")).openapi()


def groups(node: Any, place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every group of fields, with where it stands."""
    if isinstance(node, dict):
        yield place, node
    for key, part in (
        node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    ):
        yield from groups(part, f"{place}/{key}")


def test_every_model_has_one_name_that_a_class_can_have_and_its_title_says_the_same(described):
    schemas = described["components"]["schemas"]
    for name, schema in schemas.items():
        assert re.fullmatch(r"[A-Z][A-Za-z]*", name), name
        assert not keyword.iskeyword(name)
        assert schema["title"] == name
    assert len({name.casefold() for name in schemas}) == len(schemas)


def test_every_reference_leads_to_a_model(described):
    leads = {node["$ref"] for _, node in groups(described) if isinstance(node.get("$ref"), str)}
    assert leads <= {f"#/components/schemas/{name}" for name in described["components"]["schemas"]}


def test_every_operation_has_a_name_of_its_own(described):
    named = [node["operationId"] for _, node in groups(described["paths"]) if "operationId" in node]
    assert len(named) == len(set(named)) >= len(described["paths"])


@pytest.fixture(params=["service", "policy", "cases"])
def schema(request, described) -> dict[str, Any]:
    return {"service": lambda: described, "policy": policy_schema, "cases": cases_schema}[request.param]()


def test_a_bound_is_one_of_what_it_bounds_and_a_list_says_what_it_holds(schema):
    for place, node in groups(schema):
        kinds = node.get("type")
        kinds = set(kinds if isinstance(kinds, list) else [kinds]) if isinstance(kinds, str | list) else set()
        if kinds:
            assert "string" in kinds or not {"minLength", "maxLength", "pattern"} & node.keys(), place
            assert "array" in kinds or not {"minItems", "maxItems", "items"} & node.keys(), place
            assert "object" in kinds or not {"minProperties", "maxProperties"} & node.keys(), place
        if "array" in kinds:
            assert {"items", "prefixItems"} & node.keys(), place
            assert node.get("maxItems") != 0, place


def test_the_words_of_a_choice_are_of_one_type(schema):
    for place, node in groups(schema):
        if isinstance(node.get("enum"), list):
            assert len({TYPES[type(word)] for word in node["enum"]}) == 1, place


def test_what_an_instalment_covers_may_be_nothing_and_a_waiver_is_of_something(described):
    schemas = described["components"]["schemas"]
    assert "minItems" not in schemas["Reamortise"]["properties"]["covers"]
    assert schemas["Waive"]["properties"]["of"]["minItems"] == 1
    assert Reamortise.model_validate_json('{"solve": "nothing", "covers": []}').covers == ()
