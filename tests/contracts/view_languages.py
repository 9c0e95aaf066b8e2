"""What a language of views has to bring."""

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import restructure
from cases import EXAMPLES, packaged
from contracts.member_kind import ROOT, MemberKind, gaps_of, lacking
from restructure.blocks import to_text
from restructure.views import summarise

FOLDER = "src/restructure/report/languages"
FORMS = {"one", "other"}


def phrases(language: str) -> Any:
    return json.loads((ROOT / FOLDER / f"{language}.json").read_text("utf-8"))


def flat(tree: Mapping[str, Any], at: str = "") -> dict[str, str]:
    """Every phrase by its key; of the forms of a plural the one that every language has."""
    written: dict[str, str] = {}
    for name, part in tree.items():
        key = f"{at}.{name}".lstrip(".")
        if isinstance(part, str):
            written[key] = part
        elif part.keys() <= FORMS:
            written[key] = part.get("other", "")
        else:
            written |= flat(part, key)
    return written


def complete(language: str) -> str | None:
    own, english = flat(phrases(language)), flat(phrases("en"))
    absent = sorted(english.keys() - own.keys()) + sorted(key for key, text in own.items() if not text)
    return lacking(not absent, f"it lacks {', '.join(absent)}")


def braces(language: str) -> str | None:
    """A phrase that leaves out a value, or asks for one that there is not, is wrong in any language."""
    own, english = flat(phrases(language)), flat(phrases("en"))
    shared = own.keys() & english.keys()
    wrong = [key for key in sorted(shared) if fields(own[key]) - fields(english[key]) - {"n"}]
    return lacking(not wrong, f"values that the phrase does not get: {', '.join(wrong)}")


def fields(text: str) -> set[str]:
    return set(re.findall(r"{(\w+)}", text))


def names_of_facts(language: str) -> str | None:
    absent = sorted(restructure.facts().keys() - phrases(language)["names"]["fact"].keys())
    return lacking(not absent, f"facts without a name: {', '.join(absent)}")


def names_of_choices(language: str) -> str | None:
    names = phrases(language)["names"]
    absent = [
        f"{fact.name}.{choice}"
        for fact in restructure.facts().values()
        for choice in fact.choices
        if choice not in names.get(fact.name, {})
    ]
    return lacking(not absent, f"values without a word: {', '.join(absent)}")


@cache
def views_in(language: str) -> tuple[str, ...]:
    policy, written = packaged("cn-consumer-finance"), []
    for name in ("illness", "overspending"):
        case = restructure.read_application(EXAMPLES / f"{name}.json")
        decision = restructure.decide(case, policy, on=case.as_of)
        written.append(to_text(summarise(decision, language=language)))
    return tuple(written)


def renders(language: str) -> str | None:
    faults = [text for text in views_in(language) if len(text) < 500 or re.search(r"[{}]", text)]
    return lacking(not faults, "the view of a decision is empty or has unfilled braces")


def tested(language: str) -> str | None:
    text = (ROOT / "tests/report/test_views.py").read_text("utf-8")
    return lacking("view_languages()" in text, f"the tests of views do not show them in {language}")


VIEW_LANGUAGES = MemberKind(
    {path.stem: path.stem for path in sorted((ROOT / FOLDER).glob("*.json"))},
    {
        f"{FOLDER}/NAME.json": lambda own: [
            gap
            for check in (complete, braces, names_of_facts, names_of_choices, renders)
            for gap in gaps_of(check, own)
        ],
        "tests/report/test_views.py": tested,
    },
)
