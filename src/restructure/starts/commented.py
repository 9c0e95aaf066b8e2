"""Commented text: a template of YAML with the comments that the schema of its format has for each field."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from string import Template
from typing import Any

from restructure.errors import InvalidInput, Issue, quoted

__all__ = [
    "COMMENT",
    "LANGUAGES",
    "check_language",
    "commented",
    "description",
    "template_text",
    "translations",
]

LANGUAGES = ("en", "zh")
"""Languages in which a start is commented."""

COMMENT = re.compile(r"(?P<indent> *)#:(?P<named>:?) (?P<field>\w+\.\w+)")
"""A line of a template that stands for the comment of a field, such as `#: Finances.income`; with `#::` the comment
begins with the name of the field, for entries that have several fields on a line."""

_SENTENCE = re.compile(r"(?P<indent> *)## (?P<sentence>.+)")
_WIDTH = 105
_CLOSING = "，。；：、）”"  # what no line begins with
# The value beside the comment is the example already; only an example that is a single word is left out.
_EXAMPLE = re.compile(r", (?:such as|e\.g\.) (?:\"[^\"]*\"|`[^`]*`|[\w.%-]*[\w%])(?=[.;]|$)")
_ONE_OF = {"en": " One of: {}.", "zh": "可选：{}。"}


def commented(name: str, values: Mapping[str, str], schema: Mapping[str, Any], language: str = "en") -> str:
    """Give a template with its values filled in, and for each `#: Model.field` what the schema says of the field.

    The comments are the descriptions of the schema that an editor shows too, so that they cannot say anything else.
    Raises `InvalidInput` for a language without comments.
    """
    check_language(language)
    lines = [line for text in template_text(name).splitlines() for line in _expanded(text, schema, language)]
    text = Template("\n".join(lines) + "\n").substitute(values)
    return re.sub(r"\n{3,}", "\n\n", text)


def check_language(language: str) -> None:
    """Raise `InvalidInput` for a language in which no start is commented."""
    if language not in LANGUAGES:
        sentence = f"nothing is written in {quoted(language)} (known: {', '.join(LANGUAGES)})"
        raise InvalidInput(Issue("choice-unknown", sentence, "--language"))


@cache
def template_text(name: str) -> str:
    """Give the text of a template, such as `contract`."""
    return (files("restructure.starts") / "templates" / f"{name}.yaml").read_text("utf-8")


@cache
def translations(language: str) -> Mapping[str, str]:
    """Give the comments in a language by their English text; a changed English text has no translation."""
    text = (files("restructure.starts") / "languages" / f"{language}.json").read_text("utf-8")
    translated: Mapping[str, str] = json.loads(text)
    return translated


def description(field: str, schema: Mapping[str, Any]) -> str:
    """Give what a schema says of a field, such as `Finances.income`; `Schema.NAME` is a field of the whole.

    Raises `KeyError` for a field that the schema does not have.
    """
    return " ".join(str(_property(field, schema)["description"]).split())


def _expanded(line: str, schema: Mapping[str, Any], language: str) -> Iterator[str]:
    if match := COMMENT.fullmatch(line):
        text = _translated(description(match["field"], schema), language)
        text = _EXAMPLE.sub("", text) + _choices(_property(match["field"], schema), schema, text, language)
        if match["named"]:
            text = f"{match['field'].partition('.')[2]}: {text}"
    elif match := _SENTENCE.fullmatch(line):
        text = _translated(match["sentence"], language)
    else:
        yield line
        return
    yield from (f"{match['indent']}# {part}".replace("$", "$$") for part in _wrapped(text))


def _wrapped(text: str) -> Iterator[str]:
    """Break a comment into lines: between words, and between any two Chinese characters, which are two columns wide."""
    line, width = "", 0
    for part in re.findall(r"[!-~]+| |[^ -~]", text):
        columns = len(part) if part.isascii() else 2
        if width + columns > _WIDTH and part not in _CLOSING:
            yield line.rstrip()
            line, width = "", 0
        if line or part != " ":
            line, width = line + part, width + columns
    yield line


def _translated(text: str, language: str) -> str:
    return text if language == "en" else translations(language)[text]


def _property(field: str, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    model, _, name = field.partition(".")
    owner = schema if model == "Schema" else schema["$defs"][model]
    held: Mapping[str, Any] = owner["properties"][name]
    return held


def _choices(held: Mapping[str, Any], schema: Mapping[str, Any], text: str, language: str) -> str:
    """List the words that a field may have, unless its description names them."""
    for branch in (held, *held.get("anyOf", ())):
        target = schema["$defs"].get(str(branch.get("$ref", "")).rpartition("/")[2], branch)
        words = target.get("enum", ())
        if words and not all(re.search(rf"\b{re.escape(str(word))}\b", text) for word in words):
            return _ONE_OF[language].format(("、" if language == "zh" else ", ").join(map(str, words)))
    return ""
