"""What a day count has to bring."""

import ast
import json
from datetime import date
from fractions import Fraction

from hypothesis import Phase as Step
from hypothesis import find, settings
from hypothesis.errors import NoSuchExample

from contracts.member_kind import (
    CALCULATOR,
    LANGUAGE,
    ROOT,
    MemberKind,
    lacking,
    says_little,
)
from restructure import DayCount
from restructure.calculator.conventions.day_counts import year_fraction
from restructure.testing.strategies import stated_loans

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
        "src/restructure/testing/strategies/loan.py": drawn_in_loans,
    },
)
