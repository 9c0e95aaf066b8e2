"""Words: the phrases of one language, with money, dates and plurals as its readers write them."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, format_percent

from restructure.document import read_document
from restructure.errors import InvalidInput, Issue

__all__ = ["Words", "languages"]

_GROUPS = ("frequency", "method", "reamortise")
"""Groups of sentences: a letter needs every one of them."""
_SHIPPED = Path(__file__).parent / "languages"


def languages(folder: Path | None = None) -> tuple[str, ...]:
    """List the languages that letters can be written in, those of a folder of one's own included."""
    folders = [_SHIPPED, *([folder] if folder else [])]
    return tuple(sorted({path.stem for each in folders for path in each.glob("*.yaml")}))


class Words:
    """The phrases of one language."""

    def __init__(self, language: str, phrases: Mapping[str, Any]) -> None:
        self.language, self.phrases = language, phrases
        self.locale = Locale.parse(str(phrases["locale"]))

    @classmethod
    def of(cls, language: str, folder: Path | None = None) -> "Words":
        """Read a language; raises `InvalidInput` for one that has no file, or a file that lacks phrases."""
        known = languages(folder)
        if language not in known:
            sentence = f'there are no letters in "{language}" (known: {", ".join(known)})'
            raise InvalidInput(Issue("choice-unknown", sentence, "language"))
        own = folder / f"{language}.yaml" if folder else None
        path = own if own and own.exists() else _SHIPPED / f"{language}.yaml"
        return _read(language, path)

    def say(self, phrase: str, /, **values: str) -> str:
        """Give a phrase with its braces filled."""
        return str(self.phrases[phrase]).format_map(values)

    def counted(self, phrase: str, number: int, *, of: str | None = None, **values: str) -> str:
        """Give the plural form that a number asks for, of a phrase or of one of the phrases under its name."""
        forms: Mapping[str, str] = self.phrases[phrase] if of is None else self.phrases[phrase][of]
        form = forms.get(self.locale.plural_form(number)) or forms["other"]
        return form.format_map({"n": format_decimal(number, locale=self.locale), **values})

    def named(self, phrase: str, key: str) -> str:
        """Give the word for one of several things, the thing's own name if the language has none."""
        words: Mapping[str, str] = self.phrases[phrase]
        return str(words.get(key, key))

    def text(self, texts: Mapping[str, str]) -> str:
        """Choose a policy's text in this language; else in English, else the first there is."""
        return texts.get(self.language) or texts.get("en") or next(iter(texts.values()))

    def money(self, amount: Decimal, currency: str) -> str:
        """Write an amount, never rounded."""
        return format_currency(
            amount, currency, locale=self.locale, currency_digits=True, decimal_quantization=False
        )

    def day(self, day: date) -> str:
        """Write a date in full."""
        return format_date(day, "long", locale=self.locale)

    def rate(self, share: Decimal) -> str:
        """Write a share in percent, with all its decimals."""
        return format_percent(share, locale=self.locale, decimal_quantization=False)

    def number(self, number: int) -> str:
        """Write a whole number."""
        return format_decimal(number, locale=self.locale)


@cache
def _read(language: str, path: Path) -> Words:
    phrases = read_document(path).data
    wanted = read_document(_SHIPPED / "en.yaml").data
    lacking = [key for key in wanted if key not in phrases]
    lacking += [
        f"{key}.{name}"
        for key in _GROUPS
        for name in wanted[key]
        if name not in phrases.get(key, wanted[key])
    ]
    if lacking:
        sentence = f"the language lacks {', '.join(lacking)}; copy en.yaml and translate what stands there"
        raise InvalidInput(Issue("field-missing", sentence, lacking[0], file=str(path)))
    return Words(language, phrases)
