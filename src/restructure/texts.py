"""Texts: what people read, in one language or several."""

from collections.abc import Iterable, Iterator
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field

from restructure.errors import InvalidInput, Issue

__all__ = ["Text", "check_language", "languages_in"]


def _text(value: Any) -> Any:
    return {"en": value} if isinstance(value, str) else value


_READ = BeforeValidator(_text)
Text = Annotated[dict[str, str], Field(min_length=1), _READ]
"""Text by language code; plain text is English."""


def languages_in(*records: object) -> frozenset[str]:
    """Give the languages of the texts of records and of the records inside them."""
    return frozenset(language for record in records for language in _languages(record))


def _languages(value: Any) -> Iterator[str]:
    if isinstance(value, BaseModel):
        for name, info in type(value).model_fields.items():
            held = getattr(value, name)
            if _READ in info.metadata:
                yield from held
            elif isinstance(held, BaseModel | tuple):
                yield from _languages(held)
    elif isinstance(value, tuple):
        for part in value:
            yield from _languages(part)


def check_language(language: str, known: Iterable[str]) -> None:
    """Raise `InvalidInput` for a language in which there is no text at all, and list the known ones.

    English, the language of the sentences around the texts, is always accepted. A text that has no version in the
    language is shown in English, else in the first language that it has.
    """
    languages = sorted({*known})
    if language != "en" and languages and language not in languages:
        sentence = f'no text of the policy is in "{language}" (known: {", ".join(languages)})'
        raise InvalidInput(Issue("choice-unknown", sentence, "language"))
