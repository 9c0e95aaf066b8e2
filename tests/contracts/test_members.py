"""Every member of a kind brings all that belongs to it; a new one fails until it does, each gap with its file."""

import re

import pytest

pytest.importorskip("babel")
pytest.importorskip("jinja2")

from contracts.kinds import KINDS
from contracts.member_kind import ROOT

CONTRIBUTING = (ROOT / ".github" / "CONTRIBUTING.md").read_text("utf-8")
LISTS = {
    heading: re.findall(r"^\d+\. `([^`]+)`", text, re.MULTILINE)
    for heading, text in re.findall(
        r"^## A new (.+?)\n(.*?)(?=^## |\Z)", CONTRIBUTING, re.MULTILINE | re.DOTALL
    )
}
MEMBERS = [(kind, name) for kind, members in KINDS.items() for name in members.members]


@pytest.mark.parametrize(("kind", "name"), MEMBERS, ids=[f"{kind}: {name}" for kind, name in MEMBERS])
def test_a_member_brings_all_that_belongs_to_its_kind(kind, name):
    gaps = KINDS[kind].gaps(name)
    lines = "\n".join(f"  {gap}" for gap in gaps)
    assert gaps == [], (
        f"the {kind} `{name}` is not complete (.github/CONTRIBUTING.md, A new {kind}):\n{lines}"
    )


@pytest.mark.parametrize("kind", sorted(KINDS.keys() | LISTS.keys()))
def test_contributing_lists_what_the_contract_of_a_kind_asks_for(kind):
    assert kind in KINDS, f"tests/contracts/kinds.py has no contract for a new {kind}"
    assert kind in LISTS, f".github/CONTRIBUTING.md has no list under `## A new {kind}`"
    assert LISTS[kind] == list(KINDS[kind].checks)


@pytest.mark.parametrize("kind", KINDS)
def test_every_file_that_contributing_names_exists(kind):
    for path in LISTS[kind]:
        assert list(ROOT.glob(path.replace("NAME", "*"))), f"{path} does not exist"
