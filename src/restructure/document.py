"""Document: a JSON or YAML text as plain data, every finding located by line and column.

Nothing is lost or guessed on the way in: duplicate keys, anchors, tags and oversized files are refused,
and YAML is read as data that can run nothing.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from restructure.errors import CATALOGUE, InvalidInput, Issue, RestructureError, did_you_mean

__all__ = ["Document", "Place", "field_names", "issues_of", "read_document"]

_LARGEST = 4 * 1024 * 1024
_DEEPEST = 60

Place = tuple[str | int, ...]


class Document:
    """Hold the data of a file and where each value stands in it."""

    __slots__ = ("_lines", "_text", "data", "file")

    def __init__(
        self, data: Any, *, file: str | None, text: str, lines: dict[Place, tuple[int, int]] | None
    ) -> None:
        self.data = data
        """Plain data: mappings, lists, text, integers, dates and booleans."""
        self.file = file
        """The path as it was given, for messages."""
        self._text = text
        self._lines = lines

    def locate(self, place: Sequence[str | int]) -> tuple[int | None, int | None]:
        """Give line and column, from 1, of a value or of the nearest thing that contains it."""
        if self._lines is None:
            try:
                self._lines = _plain(_compose(self._text, self.file), self.file, exact=False)[1]
            except RestructureError:
                self._lines = {}
        for length in range(len(place), -1, -1):
            found = self._lines.get(tuple(place[:length]))
            if found:
                return found
        return None, None

    def issue(self, code: str, message: str, place: Sequence[str | int] = ()) -> Issue:
        """Make a finding at a place of this document."""
        line, column = self.locate(place)
        return Issue(code, message, ".".join(map(str, place)), self.file, line, column)

    def located(self, issues: Iterable[Issue]) -> list[Issue]:
        """Add file, line and column to findings that only know their dotted place."""
        return [
            self.issue(issue.code, issue.message, self._steps(issue.place)) if issue.file is None else issue
            for issue in issues
        ]

    def _steps(self, place: str) -> Place:
        return tuple(int(part) if part.isdecimal() else part for part in place.split(".")) if place else ()

    def follow(self, loc: Sequence[str | int]) -> Place:
        """Drop from a validation error's location what names a union's branch and not a place in the data."""
        here: Any = self.data
        steps: list[str | int] = []
        for k, part in enumerate(loc):
            inside = (isinstance(here, Mapping) and part in here) or (
                isinstance(here, list) and isinstance(part, int) and part < len(here)
            )
            if inside:
                here = here[part]
                steps.append(part)
            elif k == len(loc) - 1 and isinstance(here, Mapping):
                steps.append(part)
        return tuple(steps)


def read_document(path: str | Path, *, exact_numbers: bool = False) -> Document:
    """Read a `.json`, `.yaml` or `.yml` file.

    `exact_numbers` reads a YAML number with a point as an exact `Decimal` (policies); otherwise it stays
    the binary float that money and rates refuse. Raises `InvalidInput` with line and column.
    """
    name = str(path)
    try:
        size = Path(path).stat().st_size
        if size > _LARGEST:
            raise InvalidInput(
                Issue("file-too-large", f"the file has {size:,} bytes; the limit is 4 MiB", file=name)
            )
        text = Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(
            Issue("file-missing", f"the file is not UTF-8 text ({error.reason})", file=name)
        ) from None
    except OSError as error:
        raise InvalidInput(
            Issue("file-missing", f"the file cannot be read: {error.strerror}", file=name)
        ) from None
    if name.endswith((".yaml", ".yml")):
        data, lines = _plain(_compose(text, name), name, exact=exact_numbers)
        return Document(data, file=name, text=text, lines=lines)
    return Document(_read_json(text, name), file=name, text=text, lines=None)


def _read_json(text: str, file: str) -> Any:
    duplicates: list[str] = []

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        for key, value in items:
            if key in mapping:
                duplicates.append(key)
            mapping[key] = value
        return mapping

    try:
        data = json.loads(text, object_pairs_hook=pairs)
    except json.JSONDecodeError as error:
        raise InvalidInput(
            Issue(
                "json-broken",
                f"{error.msg}; mend the text just before here",
                "",
                file,
                error.lineno,
                error.colno,
            )
        ) from None
    except RecursionError:
        raise InvalidInput(Issue("json-broken", "the text is nested too deeply", file=file)) from None
    if duplicates:
        raise InvalidInput([_duplicate_key(text, key, file) for key in duplicates])
    return data


def _duplicate_key(text: str, key: str, file: str) -> Issue:
    quoted = json.dumps(key, ensure_ascii=False)
    at = text.rfind(quoted)
    line = text.count("\n", 0, at) + 1 if at >= 0 else None
    column = at - text.rfind("\n", 0, at) if at >= 0 else None
    return Issue("key-duplicate", f"{quoted} stands twice in one object; remove one", "", file, line, column)


def _compose(text: str, file: str | None) -> Node:
    yaml = YAML(typ="safe", pure=True)
    yaml.allow_duplicate_keys = True  # reported with all other findings by `_plain`
    try:
        node = yaml.compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = f"{error.problem or error.context}; mend the text at or just before here"
        raise InvalidInput(
            Issue(
                "yaml-broken",
                message,
                "",
                file,
                mark.line + 1 if mark else None,
                mark.column + 1 if mark else None,
            )
        ) from None
    except (YAMLError, RecursionError, ValueError) as error:
        raise InvalidInput(Issue("yaml-broken", f"the text cannot be read: {error}", file=file)) from None
    if node is None:
        raise InvalidInput(Issue("yaml-broken", "the file is empty", "", file, 1, 1))
    return node  # type: ignore[no-any-return]


def _plain(root: Node, file: str | None, *, exact: bool) -> tuple[Any, dict[Place, tuple[int, int]]]:
    """Turn a node tree into plain data and a table of places, refusing what is not data."""
    lines: dict[Place, tuple[int, int]] = {}
    issues: list[Issue] = []
    seen: set[int] = set()

    def fault(node: Node, code: str, message: str, place: Place) -> None:
        mark = node.start_mark
        issues.append(Issue(code, message, ".".join(map(str, place)), file, mark.line + 1, mark.column + 1))

    def build(node: Node, place: Place) -> Any:
        lines.setdefault(place, (node.start_mark.line + 1, node.start_mark.column + 1))
        if id(node) in seen:
            fault(node, "yaml-broken", "anchors and aliases are not read; write the value out", place)
            return None
        seen.add(id(node))
        if len(place) > _DEEPEST:
            fault(node, "yaml-broken", f"the text is nested more than {_DEEPEST} levels deep", place)
            return None
        if isinstance(node, MappingNode):
            mapping: dict[str, Any] = {}
            for key_node, value_node in node.value:
                if not isinstance(key_node, ScalarNode) or key_node.value == "<<":
                    fault(key_node, "yaml-broken", "a key must be a plain word", place)
                    continue
                key = key_node.value
                inner = (*place, key)
                if key in mapping:
                    fault(
                        key_node, "key-duplicate", f'"{key}" stands twice in one mapping; remove one', inner
                    )
                    continue
                lines[inner] = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
                mapping[key] = build(value_node, inner)
            return mapping
        if isinstance(node, SequenceNode):
            return [build(item, (*place, k)) for k, item in enumerate(node.value)]
        try:
            return _scalar(str(node.tag), node.value, exact=exact)
        except ValueError as error:
            fault(node, "yaml-broken", str(error), place)
            return None

    data = build(root, ())
    if issues:
        raise InvalidInput(issues)
    return data, lines


def _scalar(tag: str, text: str, *, exact: bool) -> Any:
    match tag.rpartition(":")[2]:
        case "str":
            return text
        case "null":
            return None
        case "bool":
            return text.lower() == "true"
        case "int":
            return int(text.replace("_", ""), 0 if text[:2].lower() in ("0x", "0o") else 10)
        case "float":
            try:
                number = Decimal(text.replace("_", ""))
            except InvalidOperation:
                raise ValueError(f"{text} is not a number") from None
            return number if exact else float(number)
        case "timestamp":
            try:
                return date.fromisoformat(text)
            except ValueError:
                return text
        case _:
            raise ValueError(f"the tag {tag} is not read: a file here is plain data")


def issues_of(
    error: ValidationError, document: Document, *, names: Iterable[str] = (), root: Sequence[str | int] = ()
) -> list[Issue]:
    """Turn what pydantic found into located findings, one sentence each; `root` is where its data stands."""
    issues: list[Issue] = []
    for fault in error.errors(include_url=False):
        place = document.follow((*root, *fault["loc"]))
        code, message = _explain(fault["type"], fault, names)
        issue = document.issue(code, message, place)
        if issue not in issues:
            issues.append(issue)
    return issues


def _explain(kind: str, fault: Any, names: Iterable[str]) -> tuple[str, str]:
    given, context, last = fault["input"], fault.get("ctx", {}), fault["loc"][-1] if fault["loc"] else ""
    if kind in CATALOGUE:
        return kind, fault["msg"]
    if kind == "missing":
        return "field-missing", f'"{last}" is required; add it'
    if kind == "extra_forbidden":
        return "field-unknown", f'no field is called "{last}" here{did_you_mean(last, names)}'
    if kind in ("enum", "literal_error", "union_tag_invalid"):
        expected = str(context.get("expected") or context.get("expected_tags", ""))
        words = [word.strip(" '\"") for word in expected.replace(" or ", ", ").split(",")]
        shown = given if isinstance(given, str | int | bool) else context.get("tag", "this")
        hint = did_you_mean(shown, words) or f" (known: {', '.join(words)})"
        return "choice-unknown", f'"{shown}" is not one of the words this field takes{hint}'
    if kind == "union_tag_not_found":
        word = str(context.get("discriminator", "")).strip("'")
        return "field-missing", f'"{word}" is required here; it says which kind this is'
    if kind.startswith("date"):
        return "date-invalid", f'{_short(given)} is not a date; write year-month-day, such as "2026-03-18"'
    if kind in ("model_type", "dict_type", "model_attributes_type"):
        return "value-invalid", f"{_short(given)} stands where a group of named fields is expected"
    if kind in ("tuple_type", "list_type"):
        return "value-invalid", f"{_short(given)} stands where a list is expected"
    if kind == "json_invalid":
        return "json-broken", str(context.get("error", fault["msg"]))
    return "value-invalid", f"{fault['msg'].rstrip('.')}; got {_short(given)}"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 40 else text[:37] + "..."


def field_names(model: type[BaseModel]) -> set[str]:
    """Collect the field names of a model and of every model inside it, for "did you mean"."""
    schema = TypeAdapter(model).json_schema()
    groups = [schema, *schema.get("$defs", {}).values()]
    return {name for group in groups for name in group.get("properties", {})}
