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

__all__ = ["Wording", "tight", "view_languages"]

_FORMS = {"zero", "one", "two", "few", "many", "other"}
"""Forms of a plural, by the names that CLDR gives them."""
_FOLDER = Path(__file__).parent / "languages"
_COUNTED = re.compile(r"(-?[\d,]+) (day|month)s?")
_POINTS = re.compile(r"(.+) points?")
_CHINESE = r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]"
_GAP = re.compile(f"(?<={_CHINESE}) +(?={_CHINESE})")
_CLASSES = ("normal", "special_mention", "substandard", "doubtful", "loss")


def tight(text: str) -> str:
    """Take out the blanks between two Chinese characters, which a phrase has for the numbers in their place.

    >>> tight("期供不超过 可负担月还款额"), tight("期供不超过 1,800.00 元")
    ('期供不超过可负担月还款额', '期供不超过 1,800.00 元')
    """
    return _GAP.sub("", text)


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


@cache
def _patterns(group: str) -> list[tuple[str, re.Pattern[str]]]:
    """Give the sentences of a group as the records hold them, in English, with their keys, the longest first."""
    prefix = f"sentences.{group}."
    written = {key: text for key, text in _phrases("en").items() if key.startswith(prefix)}
    return [
        (key, re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+)", re.escape(text))))
        for key, text in sorted(written.items(), key=lambda pair: -len(pair[1]))
    ]


@dataclass(frozen=True, slots=True)
class Wording:
    """The words of one language for one view."""

    language: str
    """Language of the view, such as `zh`; one without phrases of its own has them in English."""
    rows: RowChoice = None
    """How many rows of a schedule are shown; see `restructure.views.summarise`."""

    @classmethod
    def of(cls, language: str, rows: RowChoice = None) -> "Wording":
        """Give the wording of a language; raises `InvalidInput` for what is not a language or a number of rows."""
        if not isinstance(language, str) or not language:
            raise InvalidInput(Issue("choice-unknown", f"{language!r} is not a language", "language"))
        if not (rows is None or rows == "all" or (type(rows) is int and rows >= 0)):
            sentence = f'{rows!r} is not a number of rows; give a whole number, or "all"'
            raise InvalidInput(Issue("choice-unknown", sentence, "rows"))
        return cls(language, rows)

    def __call__(self, key: str, /, **values: object) -> str:
        """Give a phrase with its braces filled; raises `KeyError` for one that English lacks."""
        return tight(str(self._phrase(key)).format_map(values))

    def counted(self, key: str, n: int, /, **values: object) -> str:
        """Give the form of a phrase that a number asks for, with the number as `n`.

        The form `one` is for 1 in languages that have it, `other` for the rest.
        """
        forms = self._phrase(key)
        form = forms.get("one", forms["other"]) if abs(n) == 1 else forms["other"]
        return tight(str(form).format_map({"n": f"{n:,}", **values}))

    def name(self, kind: str, value: object) -> str:
        """Give the word for a bucket, an outcome, a fact or another name, the name itself if there is no word.

        >>> Wording.of("zh").name("bucket", "penalty")
        '罚息'
        """
        key = f"names.{kind}.{value}"
        return str(self._own().get(key) or _phrases("en").get(key) or value)

    def fact(self, name: str) -> str:
        """Give the label of a fact with its name, which a policy reads it by.

        >>> Wording.of("en").fact("income_drop")
        'fall of income (income_drop)'
        """
        return self.named("fact", name)

    def named(self, kind: str, name: str) -> str:
        """Give the word for a name together with the name, which stands in a file or a policy."""
        label = self.name(kind, name)
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
        """Write an amount with the decimals of its currency, without the currency's name."""
        return write_money(amount, currency)

    def percent(self, share: Decimal | None) -> str:
        """Write a share in percent, rounded to two decimals; one that is not known by its word."""
        # + 0: no minus before a rounded zero
        return self("word.unknown") if share is None else f"{round(share * 100, 2) + 0:.2f} %"

    def value(self, name: str, value: Any, currency: str) -> str:
        """Write the value of a fact of the catalogue."""
        return self.written(show(facts()[name], value, currency), name)

    def written(self, text: str, fact: str = "") -> str:
        """Give a value that a record holds as written, such as "43 days" or "unknown", in this language."""
        known = facts().get(fact)
        if known is not None and text in known.choices:
            return self.name(fact, text)
        if text in ("unknown", "yes", "no", "none"):
            return self(f"word.{text}")
        if known is None and text in _CLASSES:
            return self.name("loan_class", text)
        counted, points = _COUNTED.fullmatch(text), _POINTS.fullmatch(text)
        if counted:
            return self.counted(f"unit.{counted[2]}", int(counted[1].replace(",", "")))
        return self("unit.points", n=points[1]) if points else text

    def sentence(self, group: str, text: str, names: Mapping[str, str] | None = None) -> str:
        """Give a sentence that a record holds in English, in this language; as it is if its form is not known.

        `names` has the words for ids in it.
        """
        if self._own() is _phrases("en"):
            return text
        for key, pattern in _patterns(group):
            match = pattern.fullmatch(text)
            if match:
                parts = match.groupdict()
                fact = parts.get("fact", "")
                values = {name: self._part(group, name, part, fact, names) for name, part in parts.items()}
                return self(key, **values)
        return text

    def _part(self, group: str, name: str, part: str, fact: str, names: Mapping[str, str] | None) -> str:
        if name == "fact":
            return self.name("fact", part)
        if name == "reason":
            return self.sentence(group, part)
        if names is None:
            return self.written(part, fact)
        return self.listed(names.get(each, each) for each in part.split(", "))

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
