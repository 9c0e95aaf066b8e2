"""What a measure has to bring."""

import ast
import inspect
import re
from collections.abc import Mapping
from decimal import Decimal
from pkgutil import iter_modules
from typing import Any, get_args

import restructure
from contracts.member_kind import (
    CALCULATOR,
    LANGUAGE,
    LETTERS,
    ROOT,
    MemberKind,
    lacking,
    says_little,
    yaml_of,
)
from restructure import Position, reschedule
from restructure.calculator import measures
from restructure.calculator.measures.catalogue import Measure
from restructure.calculator.measures.measure_set import MeasureSet, sort_measures
from restructure.calculator.measures.phases import Phase
from restructure.field_docs import field_docs
from restructure.record import Record


def models_of_measures() -> dict[str, type[Record]]:
    """Every model with the field `measure` in the modules of the measures, whether or not the union has it."""
    models = {}
    for module in iter_modules(measures.__path__, f"{measures.__name__}."):
        for model in vars(__import__(module.name, fromlist=["*"])).values():
            if inspect.isclass(model) and issubclass(model, Record) and "measure" in model.model_fields:
                models[str(model.model_fields["measure"].default)] = model
    return models


def word_of(model: type[Record]) -> str:
    return str(model.model_fields["measure"].default)


def example_of(model: type[Record]) -> Any:
    """The measure that the example in the docstring makes; None without one."""
    for line in re.findall(r">>> (.+)", model.__doc__ or ""):
        for node in ast.walk(ast.parse(line)):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == model.__name__:
                names = {**vars(inspect.getmodule(model)), model.__name__: model}
                return eval(compile(ast.Expression(node), "example", "eval"), names)
    return None


def documented(model: type[Record]) -> list[str]:
    docs = field_docs(model)
    short = [name for name in model.model_fields if name != "measure" and says_little(docs.get(name, ""), 3)]
    gaps = [
        lacking(
            example_of(model) is not None,
            f"the docstring of {model.__name__} has no example `>>> {model.__name__}(…)`",
        ),
        lacking(
            isinstance(getattr(model, "phase", None), Phase),
            f"{model.__name__} has no `phase: ClassVar[Phase]`",
        ),
        lacking(not short, f"fields of {model.__name__} without a doc: {', '.join(short)}"),
    ]
    return [gap for gap in gaps if gap]


def in_union(model: type[Record]) -> str | None:
    return lacking(model in get_args(get_args(Measure)[0]), f"{model.__name__} is not in the union `Measure`")


def sorted_by_phase(model: type[Record]) -> str | None:
    try:
        by_phase = sort_measures([example_of(model)])
    except (AssertionError, TypeError, AttributeError):
        by_phase = MeasureSet()
    return lacking(by_phase != MeasureSet(), f"`sort_measures` leaves {model.__name__} out")


def exported(model: type[Record]) -> str | None:
    return lacking(model.__name__ in restructure.__all__, f"{model.__name__} is not exported")


def drawn_in_compositions(model: type[Record]) -> str | None:
    called = {
        getattr(node.func, "id", "")
        for name in ("compositions", "strategies")  # the first draws from the second too
        for node in ast.walk(ast.parse((ROOT / f"tests/{name}.py").read_text("utf-8")))
        if isinstance(node, ast.Call)
    }
    return lacking(model.__name__ in called, f"no strategy draws {model.__name__}")


def carried_out_by_the_oracle(model: type[Record]) -> str | None:
    text = (ROOT / "tests/calculator/replay.py").read_text("utf-8")
    return lacking(
        re.search(rf"\b{model.__name__}\b", text), f"the slow calculator does not know {model.__name__}"
    )


def in_language(model: type[Record]) -> str | None:
    word = word_of(model)
    row = re.search(rf"^\| `{word}` \| (.+?) \| (.+) \| (.+) \|$", LANGUAGE, re.MULTILINE)
    if row is None:
        return f"the table of measures has no row for `{word}`"
    names = [name for name in model.model_fields if name != "measure" and f"`{name}`" not in row[2] + row[3]]
    if names:
        return f"the row of `{word}` does not name {', '.join(names)}"
    phase = example_phase(model)
    return lacking(row[1] == phase or phase is None, f"the row of `{word}` says phase {row[1]}, not {phase}")


def example_phase(model: type[Record]) -> str | None:
    phase = getattr(model, "phase", None)
    return "instead of 4 to 10" if phase is Phase.SETTLE else str(int(phase)) if phase else None


LOAN = Position.model_validate(
    {
        "on": "2026-03-18",
        "currency": "CNY",
        "buckets": {
            "principal": "36000",
            "interest_arrears": "1080",
            "accrued": "300",
            "penalty": "162",
            "fees": "200",
        },
        "repayment": {"annual_rate": "18%", "instalments": 18, "first_due": "2026-04-18"},
        "oldest_unpaid_due": "2026-01-18",
        "missed_instalments": 1,
    }
)


def sentences_of(language: str, measure: Any) -> list[str]:
    from restructure.report.letters.changes import sentences
    from restructure.report.letters.words import Words

    words = Words(language, yaml_of(ROOT / LETTERS / "languages" / f"{language}.yaml"))
    plan = reschedule(LOAN, [measure])
    added = len(plan.schedule.rows) - LOAN.repayment.instalments
    return list(
        sentences(
            words,
            plan,
            contract_rate=Decimal("0.18"),
            term_added=added,
            money=lambda amount: words.money(amount, "CNY"),
        )
    )


def forms(phrase: Any) -> list[str]:
    if isinstance(phrase, Mapping):
        return [text for part in phrase.values() for text in forms(part)]
    return [phrase]


def has_letter_phrases(model: type[Record]) -> str | None:
    from restructure.report.letters.changes import PHRASES

    return lacking(PHRASES.get(word_of(model)), f"`PHRASES` has no entry for `{word_of(model)}`")


def has_sentences(model: type[Record]) -> str | None:
    from restructure.report.letters.changes import PHRASES
    from restructure.report.letters.words import languages

    word, measure = word_of(model), example_of(model)
    for language in languages():
        phrases = yaml_of(ROOT / LETTERS / "languages" / f"{language}.yaml")
        absent = [name for name in PHRASES.get(word, [word]) if not forms(phrases.get(name, ""))[0]]
        if absent:
            return f"{language}.yaml has no phrase {', '.join(absent)} for `{word}`"
        if measure is None:
            return None
        patterns = [
            re.sub(r"\\\{\w+\\\}", ".+", re.escape(text))
            for name in PHRASES.get(word, [])
            for text in forms(phrases[name])
        ]
        written = sentences_of(language, measure)
        if not any(re.fullmatch(pattern, text) for pattern in patterns for text in written):
            return f"a letter in {language} has no sentence about `{word}`"
    return None


MEASURES = MemberKind(
    models_of_measures(),
    {
        f"{CALCULATOR}/measures/__init__.py": documented,
        f"{CALCULATOR}/measures/catalogue.py": in_union,
        f"{CALCULATOR}/measures/measure_set.py": sorted_by_phase,
        "src/restructure/__init__.py": exported,
        "tests/compositions.py": drawn_in_compositions,
        "tests/calculator/replay.py": carried_out_by_the_oracle,
        "rules/LANGUAGE.md": in_language,
        f"{LETTERS}/changes.py": has_letter_phrases,
        f"{LETTERS}/languages/en.yaml": has_sentences,
    },
)
