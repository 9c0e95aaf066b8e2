"""What a member of each kind has to bring: for each place a check that says what is missing there."""

import ast
import inspect
import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, NamedTuple, get_args

from hypothesis import Phase as Step
from hypothesis import find, settings
from hypothesis.errors import NoSuchExample
from ruamel.yaml import YAML

import restructure
from cases import EXAMPLES, packaged
from restructure import Application, DayCount, Position, facts, reschedule
from restructure.calculator import measures
from restructure.calculator.conventions.day_counts import year_fraction
from restructure.calculator.measures.catalogue import Measure
from restructure.calculator.measures.measure_set import MeasureSet, sort_measures
from restructure.calculator.measures.phases import Phase
from restructure.field_docs import field_docs
from restructure.intake.facts import Fact
from restructure.policy.language.content import PolicyContent
from restructure.record import Record
from restructure.testing.strategies import stated_loans, values_of

ROOT = Path(__file__).parents[2]
LANGUAGE = (ROOT / "rules" / "LANGUAGE.md").read_text("utf-8")
CALCULATOR = "src/restructure/calculator"
LETTERS = "src/restructure/report/letters"

Check = Callable[[Any], str | None]
"""Says what a member lacks at a place; None if nothing."""


class MemberKind(NamedTuple):
    """A kind of which a newcomer adds members: those that there are, and what each has to bring, in order."""

    members: Mapping[str, Any]
    checks: Mapping[str, Check]
    """By the file where it belongs, as CONTRIBUTING.md names it; NAME is the member's."""

    def gaps(self, name: str) -> list[str]:
        """List what a member lacks, each with the file where it belongs."""
        lacking = {path: check(self.members[name]) for path, check in self.checks.items()}
        return [f"{path.replace('NAME', name)}: {what}" for path, what in lacking.items() if what is not None]


def lacking(wanted: Any, what: str) -> str | None:
    return None if wanted else what


@cache
def yaml_of(path: Path) -> Any:
    return YAML(typ="safe").load(path.read_text("utf-8"))


def says_little(text: str, words: int = 4) -> bool:
    return len(text.split()) < words


# --- measures


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


def documented(model: type[Record]) -> str | None:
    phase = getattr(model, "phase", None)
    docs = {name: text for name, text in field_docs(model).items() if name != "measure"}
    short = [name for name in model.model_fields if name != "measure" and says_little(docs.get(name, ""), 3)]
    if example_of(model) is None:
        return f"the docstring of {model.__name__} has no example `>>> {model.__name__}(…)`"
    if not isinstance(phase, Phase):
        return f"{model.__name__} has no `phase: ClassVar[Phase]`"
    return lacking(not short, f"fields of {model.__name__} without a doc: {', '.join(short)}")


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

    words, plan = Words.of(language), reschedule(LOAN, [measure])
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
    from restructure.report.letters.words import Words, languages

    word, measure = word_of(model), example_of(model)
    for language in languages():
        phrases = Words.of(language).phrases
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


# --- day counts

GOLDEN_DAY_COUNTS = json.loads((ROOT / "tests/golden/day_counts.json").read_text("utf-8"))
SEARCHED = settings(max_examples=2000, database=None, phases=[Step.generate], deadline=None)


def described_beside(source: str, name: str) -> str | None:
    """Say that a member of an enumeration has no text below it in its source."""
    tree = ast.parse((ROOT / source).read_text("utf-8"))
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        for here, after in zip(body, [*body[1:], None], strict=True) if isinstance(body, list) else ():
            if isinstance(here, ast.Assign) and getattr(here.targets[0], "id", "") == name:
                text = after.value if isinstance(after, ast.Expr) else None
                said = text.value if isinstance(text, ast.Constant) else ""
                return lacking(not says_little(str(said)), f"{name} has no description below it")
    return f"{name} is not there"


def has_published_example(day_count: DayCount) -> str | None:
    example = GOLDEN_DAY_COUNTS.get(day_count.value)
    if example is None:
        return f"no published example of {day_count.value}"
    if says_little(example.get("source", "")):
        return f"the example of {day_count.value} has no source"
    start, end = map(date.fromisoformat, (example["start"], example["end"]))
    part = Fraction(*year_fraction(day_count, start, end, anchor_day=example.get("anchor_day")))
    return lacking(
        part == Fraction(example["part"]), f"{day_count.value} gives {part}, not {example['part']}"
    )


def drawn_in_loans(day_count: DayCount) -> str | None:
    try:
        find(stated_loans(), lambda loan: loan.repayment.day_count is day_count, settings=SEARCHED)
    except NoSuchExample:
        return f"no loan with {day_count.value} is drawn"
    return None


def drawn_in_terms(day_count: DayCount) -> str | None:
    from strategies import terms

    try:
        find(terms(), lambda loan: loan.day_count is day_count, settings=SEARCHED)
    except NoSuchExample:
        return f"no terms with {day_count.value} are drawn"
    return None


DAY_COUNTS = MemberKind(
    {day_count.name: day_count for day_count in DayCount},
    {
        f"{CALCULATOR}/conventions/day_counts.py": lambda own: described_beside(
            f"{CALCULATOR}/conventions/day_counts.py", own.name
        ),
        "rules/LANGUAGE.md": lambda own: lacking(
            f"`{own.value}`" in LANGUAGE, f"`{own.value}` is not described under Measures"
        ),
        "tests/golden/day_counts.json": has_published_example,
        "tests/calculator/oracles.py": lambda own: lacking(
            f'"{own.value}"' in (ROOT / "tests/calculator/oracles.py").read_text("utf-8"),
            f"the slow calculator does not count {own.value}",
        ),
        "tests/strategies.py": drawn_in_terms,
        "src/restructure/testing/strategies.py": drawn_in_loans,
    },
)


# --- facts


OF_THE_LOAN = [
    "principal",
    "principal_arrears",
    "interest_arrears",
    "accrued",
    "penalty",
    "fees",
    "parked",
    "missed_instalments",
    "contract_rate",
    "instalment_before",
    "remaining_term",
    "next_due",
    "next_rate_change",
    "rate_change",
]
"""Facts of a case that the position of the loan holds as they are, with nothing to derive or to ask for."""


def declared(fact: Fact) -> str | None:
    if says_little(fact.doc, 2):
        return f"{fact.name} has no doc that says its meaning and unit"
    derived = fact.of_plan or fact.formula or fact.supplied or fact.name in OF_THE_LOAN
    return lacking(
        derived, f"{fact.name} has neither a formula nor a place of the application that supplies it"
    )


def applications() -> Iterator[tuple[str, Application]]:
    """The example applications, each with the policy that decides it, and one whose contract is repriced."""
    for path in sorted(EXAMPLES.glob("*.json")):
        name = path.stem if path.stem in restructure.packaged_policies() else "cn-consumer-finance"
        yield name, restructure.read_application(path)
    yield "cn-consumer-finance", restructure.read_application(ROOT / "tests/contracts/repriced.json")


@cache
def known_somewhere() -> frozenset[str]:
    """Facts that have a value in an example application or in an offer on one."""
    known = set()
    for name, case in applications():
        decision = restructure.decide(
            case, packaged(name), on=case.as_of, engines=restructure.Engines.REFERENCE
        )
        records = [decision.assessment, *(offer.prospect for offer in decision.offers)]
        known |= {
            field
            for record in records
            for field in type(record).model_fields
            if getattr(record, field) is not None
        }
    return frozenset(known)


def strategies_draw(fact: Fact) -> str | None:
    drawn = find(values_of(fact, (), "CNY", date(2026, 3, 18)), lambda _: True)
    return lacking(fact.encode(drawn, "CNY") is not None, f"no values of {fact.name} are drawn")


def described_fact(fact: Fact) -> str | None:
    listing = "the list of facts has no line for"
    if f"`{fact.name}`" not in LANGUAGE:
        return f"{listing} `{fact.name}`"
    return None


FACTS = MemberKind(
    {name: fact for name, fact in facts().items() if name != "as_of"},
    {
        "src/restructure/intake/assessment.py": declared,
        "tests/contracts/repriced.json": lambda fact: lacking(
            fact.name in known_somewhere(), f"no example, and no offer on one, has a value of {fact.name}"
        ),
        "src/restructure/testing/strategies.py": strategies_draw,
        "rules/LANGUAGE.md": described_fact,
    },
)


# --- languages of letters


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
        return f"lacks {', '.join(sorted(absent))}"
    return lacking(not more, f"has what en.yaml has not: {', '.join(sorted(more))}")


def has_plurals(language: str) -> str | None:
    from babel import Locale

    own = yaml_of(ROOT / LETTERS / "languages" / f"{language}.yaml")
    wanted = set(Locale.parse(own["locale"]).plural_form.tags) | {"other"}
    counted = [name for name, phrase in english().items() if isinstance(phrase, Mapping) and "one" in phrase]
    short = [name for name in counted if not wanted <= set(own.get(name, ()))]
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


def in_readme(name: str, what: str) -> str | None:
    return lacking(f"`{name}`" in (ROOT / "README.md").read_text("utf-8"), what)


LANGUAGES = MemberKind(
    languages_of_letters(),
    {
        f"{LETTERS}/languages/NAME.yaml": lambda own: complete(own) or has_plurals(own) or renders(own),
        "tests/report/test_letters.py": tested_letters,
    },
)


# --- packs


def first_line(name: str) -> str | None:
    line = (ROOT / "rules" / name / "policy.yaml").read_text("utf-8").partition("\n")[0]
    wanted = "# yaml-language-server: $schema=../policy.schema.json"
    if line != wanted:
        return f"the first line is not `{wanted}`"
    sources = yaml_of(ROOT / "rules" / name / "policy.yaml").get("sources", {})
    short = [key for key, source in sources.items() if "confidence" not in source]
    return lacking(sources and not short, f"sources without confidence: {', '.join(short) or 'all'}")


def has_cases(name: str) -> str | None:
    return lacking(list((ROOT / "rules" / name).glob("*_test.yaml")), "no file of cases `*_test.yaml`")


def has_example(name: str) -> str | None:
    path = EXAMPLES / f"{name}.json"
    if not path.exists():
        return "no example application"
    case = restructure.read_application(path)
    restructure.decide(case, packaged(name), on=case.as_of, engines=restructure.Engines.REFERENCE)
    return None


PACKS = MemberKind(
    {path.parent.name: path.parent.name for path in sorted((ROOT / "rules").glob("*/policy.yaml"))},
    {
        "rules/NAME/policy.yaml": first_line,
        "rules/NAME/*_test.yaml": has_cases,
        "examples/NAME.json": has_example,
        "README.md": lambda own: in_readme(own, "the table of programmes has no row"),
    },
)


# --- sections of a policy


EVERY_SECTION = ROOT / "tests" / "contracts" / "policy.yaml"


def loads(section: str) -> str | None:
    """Say that the policy with every section has not this one, or that it is lost when it is loaded."""
    if section not in yaml_of(EVERY_SECTION):
        return f"the policy has no section `{section}`"
    field = PolicyContent.model_fields[section]
    policy = restructure.load_policy(EVERY_SECTION)
    return lacking(
        field.is_required() or getattr(policy, section) != field.get_default(call_default_factory=True),
        f"`{section}` is lost when the policy is loaded, or has nothing in it",
    )


def listed_section(section: str) -> str | None:
    from restructure.policy.loading.listing import listed
    from restructure.policy.loading.loading import load_located

    _, *lines = listed(load_located(EVERY_SECTION))
    heads = {re.split(r"[:\s]", line)[0] for line in lines if not line.startswith(" ")}
    return lacking(section in heads, f"`restructure explain POLICY` does not list `{section}`")


def in_schema(section: str) -> str | None:
    schema = json.loads((ROOT / "rules/policy.schema.json").read_text("utf-8"))
    properties = schema.get("properties") or schema["$defs"]["Policy"]["properties"]
    own = properties.get(section)
    if own is None:
        return f"the schema has no `{section}`"
    return lacking(not says_little(own.get("description", "")), f"`{section}` has no description")


SECTIONS = MemberKind(
    {name: name for name in PolicyContent.model_fields},
    {
        "src/restructure/policy/language/content.py": lambda own: lacking(
            not says_little(field_docs(PolicyContent).get(own, ""), 3), f"`{own}` has no doc"
        ),
        "tests/contracts/policy.yaml": loads,
        "src/restructure/policy/loading/listing.py": listed_section,
        "rules/policy.schema.json": in_schema,
        "rules/LANGUAGE.md": lambda own: lacking(
            re.search(rf"^{own}:", LANGUAGE, re.MULTILINE), f"no example begins a line with `{own}:`"
        ),
    },
)


KINDS: dict[str, MemberKind] = {
    "measure": MEASURES,
    "day count": DAY_COUNTS,
    "fact": FACTS,
    "policy section": SECTIONS,
    "letter language": LANGUAGES,
    "pack": PACKS,
}
"""The kinds, as CONTRIBUTING.md calls them."""
