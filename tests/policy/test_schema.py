"""The JSON Schema of a policy file: generated, up to date, and it says what the loader says."""

import json
from datetime import date
from decimal import Decimal

import jsonschema
import pytest

from cases import ROOT
from restructure.document import read_document
from restructure.policy.loading.locating import packaged_policies
from restructure.policy.loading.schema import policy_schema

VALIDATOR = jsonschema.Draft202012Validator(policy_schema())
# What a schema cannot know: names that must exist, values that must fit each other, facts that come too early.
SHAPES = (
    "choice-unknown",
    "condition-empty",
    "field-missing",
    "field-unknown",
    "measure-unknown",
    "operator-unknown",
    "source-missing",
    "unit-unknown",
)


def as_json(value):
    """Give what an editor sees: a number is a number, a day is text."""
    if isinstance(value, dict):
        return {key: as_json(part) for key, part in value.items()}
    if isinstance(value, list):
        return [as_json(part) for part in value]
    if isinstance(value, Decimal):
        return float(value)
    return value.isoformat() if isinstance(value, date) else value


def found(path):
    return list(VALIDATOR.iter_errors(as_json(read_document(path, exact_numbers=True).data)))


def test_the_schema_in_the_repository_is_the_one_the_models_give():
    written = json.loads((ROOT / "rules" / "policy.schema.json").read_text("utf-8"))
    assert written == policy_schema(), "write it anew: restructure schema policy > rules/policy.schema.json"


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(policy_schema())


@pytest.mark.parametrize("path", packaged_policies().values(), ids=packaged_policies())
def test_a_packaged_policy_names_the_schema_and_holds_it(path):
    assert path.read_text("utf-8").startswith("# yaml-language-server: $schema=../policy.schema.json\n")
    assert found(path) == []


@pytest.mark.parametrize(
    "path",
    sorted(
        path
        for path in (ROOT / "tests" / "errors" / "policies").glob("*.yaml")
        if path.name.startswith(SHAPES) and "-parameter" not in path.name
    ),
    ids=lambda path: path.name,
)
def test_an_editor_marks_what_the_loader_refuses_for_its_shape(path):
    assert found(path)
