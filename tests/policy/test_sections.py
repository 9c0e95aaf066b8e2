"""The table of sections names every section of a policy, and everything that treats sections goes by it."""

from typing import get_args

import pytest

from cases import ROOT
from restructure.policy.language.conditions import Condition
from restructure.policy.language.content import PolicyContent
from restructure.policy.language.section_table import JUDGED, SECTIONS, Inheritance
from restructure.policy.loading.schema import policy_schema
from restructure.policy.loading.sections.section_readers import READERS

FIELDS = PolicyContent.model_fields
NAMED = [pytest.param(section, id=section.name) for section in SECTIONS]


def held_by(annotation):
    """Name every type that an annotation is made of."""
    return {annotation}.union(*(held_by(part) for part in get_args(annotation)))


def test_the_table_has_every_section_of_a_policy_in_the_order_of_the_record():
    assert [section.name for section in SECTIONS] == list(FIELDS), (
        "a section is a field of PolicyContent and an entry of SECTIONS in language/section_table.py"
    )


def test_every_reader_is_that_of_a_section():
    assert READERS.keys() <= FIELDS.keys(), (
        "loading/sections/section_readers.py reads a section that the table does not have"
    )


@pytest.mark.parametrize("section", NAMED)
def test_the_record_of_a_section_is_the_one_that_its_field_holds(section):
    if section.record is not None:
        assert section.record in held_by(FIELDS[section.name].annotation)
        assert section.record.__doc__, "the record says what an entry is"


@pytest.mark.parametrize("section", NAMED)
def test_a_section_with_entries_has_a_record_and_the_schema_lets_an_entry_replace_another(section):
    if section.inheritance is Inheritance.ENTRIES:
        assert section.record is not None
        definition = policy_schema()["$defs"][section.record.__name__]
        assert {"replaces", "keeps"} <= definition["properties"].keys()


@pytest.mark.parametrize("section", [pytest.param(section, id=section.name) for section in JUDGED])
def test_a_section_with_a_condition_says_where_it_is_and_how_its_results_are_called(section):
    assert section.record.model_fields[section.condition].annotation == Condition
    assert all((section.singular, section.holds, section.fails, section.evaluated))
    assert section.holds != section.fails


@pytest.mark.parametrize("section", NAMED)
def test_a_section_is_in_the_schema_and_in_the_description_of_the_language(section):
    assert section.name in policy_schema()["properties"]
    text = (ROOT / "rules" / "LANGUAGE.md").read_text("utf-8")
    assert f"\n{section.name}:" in text or f"`{section.name}`" in text
