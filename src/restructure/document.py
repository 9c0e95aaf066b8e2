"""Document: a JSON or YAML text as plain data, every finding located by line and column.

Duplicate keys, anchors, tags and oversized files are refused, and YAML is read as data only: no tag runs code.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from os import PathLike
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from restructure.errors import CATALOGUE, InvalidInput, Issue, did_you_mean, quoted
from restructure.json_text import MAX_DEPTH, MAX_DIGITS, Place, Places, json_places, read_json, whole_number
from restructure.text_file import LARGEST, decoded, read_text

__all__ = [
    "FORMER_WORDS",
    "Document",
    "Place",
    "Places",
    "field_names",
    "findings",
    "issues_of",
    "json_document",
    "read_document",
    "read_model",
    "text_document",
]

FORMER_WORDS = {"park": "defer"}
"""Words of measures that older files and records use, and the word for it now; both are read, one is suggested."""

# The fields that name which model of a union a value is.
_DISCRIMINATORS = ("basis", "measure")


class Document:
    """Hold the data of a file and the place of each value in it."""

    __slots__ = ("_places", "data", "file")

    def __init__(self, data: Any, *, file: str | None, places: Places | Callable[[], Places]) -> None:
        self.data = data
        """Plain data: mappings, lists, text, integers, dates and booleans."""
        self.file = file
        """The path as given by the caller, for messages; `None` for a text."""
        self._places = places

    def __getstate__(self) -> object:
        """Look the places up before the document is copied or pickled: what looks them up cannot be."""
        if callable(self._places):
            self._places = self._places()
        return object.__getstate__(self)

    def locate(self, place: Sequence[str | int]) -> tuple[int | None, int | None]:
        """Give line and column, from 1, of a value or of the nearest value that contains it."""
        if callable(self._places):
            self._places = self._places()
        for length in range(len(place), -1, -1):
            position = self._places.get(tuple(place[:length]))
            if position:
                return position
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
        """Drop the names of union branches from a validation error's location, which are no places in the data."""
        here: Any = self.data
        steps: list[str | int] = []
        arrived = True  # a branch is named once, directly after the place of the union
        for k, part in enumerate(loc):
            if isinstance(here, Mapping):
                if arrived and part in [here.get(word) for word in _DISCRIMINATORS if word in here]:
                    arrived = False
                    continue
                if part not in here and k < len(loc) - 1:
                    continue
            elif not (isinstance(here, list) and isinstance(part, int) and part < len(here)):
                continue
            steps.append(part)
            here = here.get(part) if isinstance(here, Mapping) else here[int(part)]
            arrived = True
        return tuple(steps)


def read_document(path: str | PathLike[str], *, exact_numbers: bool = False) -> Document:
    """Read a `.json`, `.yaml` or `.yml` file.

    `exact_numbers` reads a YAML number with a point as an exact `Decimal` (policies); otherwise it stays
    the binary float that money and rates refuse. Raises `InvalidInput` with line and column.
    """
    text, name = read_text(path), str(path)
    if name.lower().endswith((".yaml", ".yml")):
        data, places = _yaml(text, name, exact=exact_numbers)
        return Document(data, file=name, places=places)
    return _json(text, name)


def json_document(text: str | bytes) -> Document:
    """Read JSON that is not in a file, such as the body of a request, as strictly as a file."""
    return _json(_checked_text(text), None)


def _checked_text(text: str | bytes) -> str:
    """Give what did not come from a file as text, no larger than a file may be."""
    if len(text) > LARGEST:
        raise InvalidInput(Issue("file-too-large", f"the text has {len(text):,} bytes; the limit is 4 MiB"))
    return text if isinstance(text, str) else decoded(text, what="the text")


def text_document(text: str | bytes, *, exact_numbers: bool = False) -> Document:
    """Read a text that is not in a file: JSON if it begins with a brace, else YAML."""
    text = _checked_text(text)
    if text.lstrip().startswith("{"):
        return _json(text, None)
    data, places = _yaml(text, None, exact=exact_numbers)
    return Document(data, file=None, places=places)


def _json(text: str, file: str | None) -> Document:
    return Document(read_json(text, file), file=file, places=lambda: json_places(text))


def _yaml(text: str, file: str | None, *, exact: bool) -> tuple[Any, Places]:
    return _plain(_compose(text, file), file, exact=exact)


def _compose(text: str, file: str | None) -> Node:
    yaml = YAML(typ="safe", pure=True)
    yaml.allow_duplicate_keys = True  # reported with all other findings by `_plain`
    yaml.composer.warn_double_anchors = False  # no anchor is read, whatever its name
    try:
        node = yaml.compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = " ".join(
            f"{error.problem or error.context}; correct the text at or just before here".split()
        )
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
    except RecursionError:
        raise InvalidInput(
            Issue(
                "yaml-broken", f"the text is nested more than {MAX_DEPTH} levels deep; flatten it", file=file
            )
        ) from None
    except (YAMLError, ValueError) as error:
        why = " ".join(str(error).partition('in "<unicode')[0].split())
        raise InvalidInput(Issue("yaml-broken", f"the text cannot be read: {why}", file=file)) from None
    if node is None:
        raise InvalidInput(Issue("yaml-broken", "the file is empty; write the data into it", "", file, 1, 1))
    return node  # type: ignore[no-any-return]


def _plain(root: Node, file: str | None, *, exact: bool) -> tuple[Any, Places]:
    """Turn a node tree into plain data and a table of places, refusing what is not data."""
    lines: Places = {}
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
        if len(place) > MAX_DEPTH:
            fault(
                node,
                "yaml-broken",
                f"the text is nested more than {MAX_DEPTH} levels deep; flatten it",
                place,
            )
            return None
        kind = str(node.tag).rpartition(":")[2]
        if not isinstance(node, ScalarNode) and kind not in ("map", "seq"):
            fault(node, "yaml-broken", f"the tag {node.tag} is not read; write plain data", place)
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
                        key_node, "key-duplicate", f'"{key}" occurs twice in one mapping; remove one', inner
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
        case "null" if text in ("", "~", "null", "Null", "NULL"):
            return None
        case "bool" if text.lower() in ("true", "false"):
            return text.lower() == "true"
        case "int":
            if text[:2].lower() in ("0x", "0o"):
                return int(text.replace("_", ""), 0)
            return whole_number(text.replace("_", ""))
        case "float":
            try:
                number = Decimal(text.replace("_", ""))
            except InvalidOperation:
                raise ValueError(f"{text} is not a number") from None
            if not number.is_finite() or abs(number.adjusted()) > MAX_DIGITS:
                raise ValueError(f"{text} is not a finite number of at most {MAX_DIGITS} digits")
            return number if exact else float(number)
        case "timestamp":
            try:
                return date.fromisoformat(text)
            except ValueError:
                return text
        case _:
            raise ValueError(f"{text} with the tag {tag} is not read; write plain data")


_Parsed = TypeVar("_Parsed")


def read_model(model: type[_Parsed], document: Document) -> _Parsed:
    """Read a document's data as a model; raises `InvalidInput` with every finding, each with its place."""
    reader: Any = model
    try:
        # Strict, and through JSON: text stays text, so that "3" is not a number and 1 is not true.
        record: _Parsed = reader.model_validate_json(json.dumps(document.data, default=str), strict=True)
    except ValidationError as error:
        raise InvalidInput(issues_of(error, document, names=field_names(reader))) from None
    return record


def issues_of(
    error: ValidationError, document: Document, *, names: Iterable[str] = (), root: Sequence[str | int] = ()
) -> list[Issue]:
    """Turn the errors of pydantic into located findings, one sentence each; `root` is the place of its data."""
    issues: list[Issue] = []
    for fault in error.errors(include_url=False):
        place = document.follow((*root, *fault["loc"]))
        for code, message, *inner in findings(fault, names):
            issue = document.issue(code, message, (*place, *inner))
            if issue not in issues:
                issues.append(issue)
    return issues


def findings(fault: Any, names: Iterable[str] = ()) -> list[tuple[str, ...]]:
    """Give the findings of one error of pydantic: code, sentence, and the place inside it if there is one."""
    return fault.get("ctx", {}).get("issues") or [_explain(fault["type"], fault, names)]


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
        words = [word for word in words if FORMER_WORDS.get(word) not in words]
        if kind == "union_tag_invalid" and isinstance(given, Mapping):
            given = given.get(str(context.get("discriminator", "")).strip("'"))
        hint = did_you_mean(given, words) or f" (known: {', '.join(words)})"
        shown = quoted(given) if isinstance(given, str) else _short(given)
        return "choice-unknown", f"{shown} is not a word of this field{hint}"
    if kind == "union_tag_not_found":
        word = str(context.get("discriminator", "")).strip("'")
        return "field-missing", f'"{word}" is required here; it names the kind'
    if kind.startswith("date"):
        return "date-invalid", f'{_short(given)} is not a date; write year-month-day, such as "2026-03-18"'
    return "value-invalid", f"{_short(given)} {_EXPECTED.get(kind, fault['msg']).format(**context)}"


_EXPECTED = {
    "model_type": "is not a group of named fields; write one",
    "dict_type": "is not a group of named fields; write one",
    "model_attributes_type": "is not a group of named fields; write one",
    "tuple_type": "is not a list; write one",
    "list_type": "is not a list; write one",
    "int_type": "is not a whole number; write it without quotes and without a point",
    "int_from_float": "is not a whole number; write it without a point",
    "int_parsing": "is not a whole number; write it without quotes and without a point",
    "bool_type": "is neither true nor false; write one of the two, without quotes",
    "bool_parsing": "is neither true nor false; write one of the two, without quotes",
    "string_type": "is not text; write it in quotes",
    "greater_than_equal": "is too small; the minimum is {ge}",
    "less_than_equal": "is too large; the maximum is {le}",
    "string_too_short": "is empty; write at least one character",
    "string_too_long": "is too long; at most {max_length} characters are allowed",
    "string_pattern_mismatch": "is not a valid name; write lower-case letters and digits, joined by hyphens",
    "too_short": "is empty; at least {min_length} is needed",
    "json_invalid": "cannot be read",
}


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 40 else text[:37] + "..."


@cache
def field_names(model: type[Any]) -> frozenset[str]:
    """Collect the field names of a model and of every model inside it, for "did you mean"."""
    schema = TypeAdapter(model).json_schema()
    groups = [schema, *schema.get("$defs", {}).values()]
    return frozenset(name for group in groups for name in group.get("properties", {}))
