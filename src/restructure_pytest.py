"""The pytest plugin's door: collect `*_test.yaml`, loading the library only where such a file is met.

Pytest imports it in every project in whose environment the library is installed, so it stands beside the package:
inside, it would load all of it first.
"""

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

__all__ = ["pytest_assertrepr_compare", "pytest_collect_file"]

_OURS = re.compile(r"^(policy|base|cases)\s*:", re.MULTILINE)


def pytest_collect_file(file_path: Path, parent: "pytest.Collector") -> "pytest.Collector | None":
    """Collect a file of cases; other tools name their files so too, and theirs have other fields."""
    if not file_path.name.endswith("_test.yaml"):
        return None
    if not _OURS.search(file_path.read_text(encoding="utf-8", errors="replace")):
        return None
    from restructure.testing.pytest_plugin import CaseFile

    return CaseFile.from_parent(parent, path=file_path)


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    """Say where two records differ that should be equal; the short form of a record does not."""
    if op != "==" or "restructure.record" not in sys.modules:
        return None
    from restructure.testing.differences import compared

    return compared(left, right)
