"""What a language of letters has to bring."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import restructure
from cases import EXAMPLES, packaged
from contracts.member_kind import LETTERS, ROOT, MemberKind, gaps_of, lacking, yaml_of


def english() -> Any:
    return yaml_of(ROOT / LETTERS / "languages" / "en.yaml")


def keys_of(phrases: Any, at: str = "") -> set[str]:
    """Every key, but for forms of a plural, which each language has its own of."""
    if not isinstance(phrases, Mapping):
        return {at}
    if "other" in phrases:
        return {at}
    return {key for name, part in phrases.items() for key in keys_of(part, f"{at}.{name}".lstrip("."))}


def complete(language: str) -> str | None:
    own = yaml_of(ROOT / LETTERS / "languages" / f"{language}.yaml")
    absent, more = keys_of(english()) - keys_of(own), keys_of(own) - keys_of(english())
    if absent:
        return f"it lacks {', '.join(sorted(absent))}"
    return lacking(not more, f"it has what en.yaml has not: {', '.join(sorted(more))}")


def has_plurals(language: str) -> str | None:
    from babel import Locale

    own = yaml_of(ROOT / LETTERS / "languages" / f"{language}.yaml")
    wanted = set(Locale.parse(own["locale"]).plural_form.tags) | {"other"}
    counted = [name for name, phrase in english().items() if isinstance(phrase, Mapping) and "one" in phrase]
    short = [name for name in counted if name in own and not wanted <= set(own[name])]
    return lacking(not short, f"{', '.join(short)} lack a plural form of {sorted(wanted)}")


@cache
def letters_in(language: str) -> tuple[str, ...]:
    from restructure.report.letters.writing import letter

    policy, written = packaged("cn-consumer-finance"), []
    for name in ("illness", "overspending"):
        case = restructure.read_application(EXAMPLES / f"{name}.json")
        decision = restructure.decide(case, policy, on=case.as_of)
        written.append(letter(decision, policy, language=language).text)
    return tuple(written)


def renders(language: str) -> str | None:
    faults = [text for text in letters_in(language) if len(text) < 200 or re.search(r"[{}]", text)]
    return lacking(not faults, "a letter of an offer or of a refusal is empty or has unfilled braces")


def languages_of_letters() -> dict[str, str]:
    return {path.stem: path.stem for path in sorted((ROOT / LETTERS / "languages").glob("*.yaml"))}


def tested_letters(language: str) -> str | None:
    text = (ROOT / "tests/report/test_letters.py").read_text("utf-8")
    return lacking(
        "languages()" in text or f'"{language}"' in text, f"the tests of letters do not write {language}"
    )


LANGUAGES = MemberKind(
    languages_of_letters(),
    {
        f"{LETTERS}/languages/NAME.yaml": lambda own: [
            gap for check in (complete, has_plurals, renders) for gap in gaps_of(check, own)
        ],
        "tests/report/test_letters.py": tested_letters,
    },
)
