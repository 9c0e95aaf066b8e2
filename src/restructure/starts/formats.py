"""Formats: the schemas of the files that a lender writes, and the line by which an editor finds one."""

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any, Literal

__all__ = ["SCHEMA_LINE", "Format", "is_schema", "schema_file", "schema_line", "schema_of", "schema_text"]

Format = Literal["application", "policy", "cases"]
"""A kind of file that has a schema."""

SCHEMA_LINE = re.compile(
    r"^# yaml-language-server: \$schema=(?P<path>\S*?)(?P<format>\w+)\.schema\.json$", re.MULTILINE
)
"""The first line of a file that names its schema, as editors with the YAML language server read it."""


@cache
def schema_of(name: Format) -> Mapping[str, Any]:
    """Give the JSON Schema of a format."""
    if name == "application":
        from restructure.intake.application import Application

        return Application.model_json_schema()
    if name == "policy":
        from restructure.policy.loading.schema import policy_schema

        return policy_schema()
    from restructure.testing.case_schema import cases_schema

    return cases_schema()


def schema_text(name: Format) -> str:
    """Give the JSON Schema of a format as text, as `restructure schema` prints it."""
    return json.dumps(schema_of(name), indent=2, ensure_ascii=False) + "\n"


def schema_file(name: str) -> str:
    """Give the name of the file of a schema.

    >>> schema_file("policy")
    'policy.schema.json'
    """
    return f"{name}.schema.json"


def schema_line(name: str, up: int = 0) -> str:
    """Give the line that names a schema so many folders above the file.

    >>> schema_line("cases", up=1)
    '# yaml-language-server: $schema=../cases.schema.json'
    """
    return f"# yaml-language-server: $schema={PurePosixPath(*['..'] * up, schema_file(name))}"


def is_schema(path: Path, name: Format) -> bool:
    """Tell whether a file is a schema of a format, of this release or of another."""
    try:
        held = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(held, dict) and held.get("title") == schema_of(name).get("title")
