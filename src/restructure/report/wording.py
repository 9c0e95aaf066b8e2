"""Wording: the phrases of one language that views are written with, and the values in them as its readers write them.

A language is a file in `languages/`; `en.json` has every phrase, and what another lacks is given in English.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from restructure.blocks import say
from restructure.calculator.conventions.money import write_money
from restructure.errors import InvalidInput, Issue
from restructure.intake.facts import facts, show
from restructure.texts import Text, check_language
from restructure.views import RowChoice

__all__ = ["Wording", "view_languages"]

_FORMS = {"zero", "one", "two", "few", "many", "other"}
"""Forms of a plural, by the names that CLDR gives them."""
_FOLDER = Path(__file__).parent / "languages"


@cache
def view_languages() -> tuple[str, ...]:
    """List the languages that records are shown in."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.json")))


@cache
def _phrases(language: str) -> dict[str, Any]:
    """Read the phrases of a language by their dotted keys; the forms of a plural stay together."""
    tree = json.loads((_FOLDER / f"{language}.json").read_text("utf-8"))
    phrases: dict[str, Any] = {}

    def add(part: Mapping[str, Any], at: str) -> None:
        for name, value in part.items():
            if isinstance(value, dict) and not value.keys() <= _FORMS:
                add(value, f"{at}{name}.")
            else:
                phrases[f"{at}{name}"] = value

    add(tree, "")
    return phrases


@dataclass(frozen=True, slots=True)
class Wording:
    """The words of one language for one view."""

    language: str
    """Language of the view, such as `zh`; one without phrases of its own has them in English."""
    rows: RowChoice = None
    """How many rows of a schedule are shown; see `restructure.views.summarise`."""

    @classmethod
    def of(cls, language: str, rows: RowChoice = None) -> "Wording":
        """Give the wording of a language; raises `InvalidInput` for a number of rows below 0."""
        if not isinstance(language, str) or not language:
            raise InvalidInput(Issue("choice-unknown", f"{language!r} is not a language", "language"))
        if not (rows is None or rows == "all" or (type(rows) is int and rows >= 0)):
            sentence = f'{rows!r} is not a number of rows; give a whole number, or "all"'
            raise InvalidInput(Issue("choice-unknown", sentence, "rows"))
        return cls(language, rows)

    def __call__(self, key: str, /, **values: object) -> str:
        """Give a phrase with its braces filled; raises `KeyError` for one that English lacks."""
        return str(self._phrase(key)).format_map(values)

    def counted(self, key: str, n: int, /, **values: object) -> str:
        """Give the form of a phrase that a number asks for, with the number as `n`.

        The form `one` is for 1 in languages that have it, `other` for the rest.
        """
        forms = self._phrase(key)
        form = forms.get("one", forms["other"]) if abs(n) == 1 else forms["other"]
        return str(form).format_map({"n": f"{n:,}", **values})

    def name(self, kind: str, value: object) -> str:
        """Give the word for a bucket, an outcome, a fact or another name, the name itself if there is no word."""
        key = f"names.{kind}.{value}"
        return str(self._own().get(key) or _phrases("en").get(key) or value)

    def fact(self, name: str) -> str:
        """Give the label of a fact with its name, which a policy reads it by.

        >>> Wording.of("en").fact("income_drop")
        'fall of income (income_drop)'
        """
        label = self.name("fact", name)
        return label if label == name else self("join.named", label=label, name=name)

    def text(self, text: Text) -> str:
        """Give a policy's text in this language; else in English, else the first there is."""
        return say(text, self.language)

    def check(self, texts: Iterable[str]) -> None:
        """Raise `InvalidInput` for a language that neither the phrases nor the texts of the record have."""
        known = view_languages()
        if self.language not in known:
            spoken = {*texts}
            if not spoken:
                sentence = f'records are not shown in "{self.language}" (known: {", ".join(known)})'
                raise InvalidInput(Issue("choice-unknown", sentence, "language"))
            check_language(self.language, {*spoken, *known})

    def money(self, amount: Decimal, currency: str) -> str:
        """Write an amount with the decimals of its currency, without its name."""
        return write_money(amount, currency)

    def percent(self, share: Decimal | None) -> str:
        """Write a share in percent, rounded to two decimals; a share that is not known by its word."""
        # + 0: no minus before a rounded zero
        return self("word.unknown") if share is None else f"{round(share * 100, 2) + 0:.2f} %"

    def value(self, name: str, value: Any, currency: str) -> str:
        """Write the value of a fact of the catalogue."""
        return self.written(show(facts()[name], value, currency), name)

    def written(self, text: str, fact: str = "") -> str:
        """Give a value that a record holds as written, such as "43 days" or "unknown", in this language."""
        if text in ("unknown", "yes", "no", "none"):
            return self(f"word.{text}")
        counted = _COUNTED.fullmatch(text)
        if counted:
            number = int(counted[1].replace(",", ""))
            return self.counted(f"unit.{counted[2]}", number)
        known = facts().get(fact)
        if known is not None and text in known.choices:
            return self.name(fact, text)
        return text

    def limit(self, short: int, count: int) -> int:
        """Give how many of `count` rows are shown, `short` where the reader did not say."""
        if self.rows is None:
            return min(short, count)
        return count if self.rows == "all" else min(self.rows, count)

    def listed(self, parts: Iterable[str]) -> str:
        """Join names or values to a list."""
        return self("join.comma").join(parts)

    def _own(self) -> dict[str, Any]:
        return _phrases(self.language if self.language in view_languages() else "en")

    def _phrase(self, key: str) -> Any:
        own = self._own()
        return own[key] if key in own else _phrases("en")[key]


_COUNTED = re.compile(r"(-?[\d,]+) (day|month|point)s?")
