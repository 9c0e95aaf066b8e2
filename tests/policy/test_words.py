"""The words of amounts: each is listed, keeps its contract, and can be imported first."""

import importlib
import inspect
import pkgutil
import subprocess
import sys

import pytest
from pydantic import TypeAdapter

import restructure.policy.amounts as room
from restructure.field_docs import field_docs
from restructure.policy.amounts.expression import AMOUNT_WORDS, Amount, AmountWord

MODULES = sorted(module.name for module in pkgutil.iter_modules(room.__path__))


def _subclasses(model):
    for below in model.__subclasses__():
        yield below
        yield from _subclasses(below)


def test_every_word_that_is_defined_is_listed():
    for module in MODULES:
        importlib.import_module(f"{room.__name__}.{module}")
    defined = {
        model
        for model in _subclasses(AmountWord)
        if not inspect.isabstract(model) and model.__module__.startswith(room.__name__) and model.model_fields
    }
    assert defined == set(AMOUNT_WORDS.values()), "list it in amounts/expression.py"


@pytest.mark.parametrize("word", AMOUNT_WORDS)
def test_a_word_is_its_first_field_and_its_fields_are_documented(word):
    fields = AMOUNT_WORDS[word].model_fields
    assert next(iter(fields)) == word
    assert fields.keys() == field_docs(AMOUNT_WORDS[word]).keys()


@pytest.mark.parametrize("word", AMOUNT_WORDS)
def test_a_word_is_worked_out_from_its_parts_or_says_itself_how(word):
    model = AMOUNT_WORDS[word]
    assert (model.exact is not AmountWord.exact) != (model.worth is not AmountWord.worth)


def test_a_field_takes_every_word_a_number_and_a_date():
    schema = TypeAdapter(Amount).json_schema()
    named = {branch["$ref"].rpartition("/")[2] for branch in schema["anyOf"] if "$ref" in branch}
    assert named == {model.__name__ for model in AMOUNT_WORDS.values()}
    plain = [branch for branch in schema["anyOf"] if "$ref" not in branch]
    assert plain == [{"type": "number"}, {"type": "string"}, {"type": "string", "format": "date"}]


def test_a_word_that_is_imported_alone_takes_the_words_that_are_listed_later():
    """The folder is imported without the package's own `__init__`, which imports everything."""
    code = """
import sys, types
import pydantic
package = types.ModuleType("restructure")
package.__path__ = [sys.argv[1]]
sys.modules["restructure"] = package
from restructure.policy.amounts.arithmetic import Sum
assert "restructure.policy.amounts.expression" not in sys.modules
try:
    Sum(sum=(1, 2))
except pydantic.errors.PydanticUserError as error:
    assert "amounts.expression" in str(error) or "not fully defined" in str(error), error
else:
    raise AssertionError("it was built without the words that it may hold")
import restructure.policy.amounts.expression
print(Sum(sum=(1, {"level": "instalment", "principal": 1})).sum[1].level)
"""
    source = next(iter(importlib.import_module("restructure").__path__))
    done = subprocess.run(
        [sys.executable, "-c", code, source], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout.strip()) == (0, "instalment"), done.stderr
