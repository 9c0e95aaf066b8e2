"""The page of each storey names the rooms that are there, and no others."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "restructure"
STOREYS = ["calculator", "intake", "policy", "casework", "report", "testing", "starts", "cli"]


def _rooms(storey: str) -> set[str]:
    """Files by name, folders with a slash at the end."""
    files = {path.name for path in (PACKAGE / storey).glob("*.py")} - {"__init__.py"}
    return files | {f"{path.parent.name}/" for path in (PACKAGE / storey).glob("*/__init__.py")}


def _page(storey: str) -> str:
    return (PACKAGE / storey / "README.md").read_text("utf-8")


def test_every_storey_is_listed_here():
    """A storey is a folder of the package that has rooms; `rules` and data folders have none."""
    assert {path.parent.name for path in PACKAGE.glob("*/__init__.py")} == set(STOREYS)


@pytest.mark.parametrize("storey", STOREYS)
def test_the_page_of_a_storey_has_a_row_for_every_room_and_for_nothing_else(storey):
    rows = re.findall(r"^\| `([^`]+)` \| .*\w.* \|$", _page(storey), re.MULTILINE)
    assert len(rows) == len(set(rows)), "a room is named twice"
    assert set(rows) == _rooms(storey), f"src/restructure/{storey}/README.md"


@pytest.mark.parametrize("storey", STOREYS)
def test_every_path_on_the_page_of_a_storey_exists(storey):
    paths = re.findall(r"`([\w.-]+(?:/[\w.-]+)*(?:/|\.py|\.md|\.toml|\.yaml))`", _page(storey))
    assert len(paths) > len(_rooms(storey)), "the page does not say where the next thing goes"
    bases = (PACKAGE / storey, PACKAGE, PACKAGE.parent, ROOT)
    missing = [path for path in paths if not any((base / path).exists() for base in bases)]
    assert missing == [], f"src/restructure/{storey}/README.md"


@pytest.mark.parametrize("storey", STOREYS)
def test_the_page_of_a_storey_says_where_the_next_thing_goes(storey):
    assert re.search(r"^## Where the next thing goes\n\n- ", _page(storey), re.MULTILINE)
