"""Cells: the tests that input cells of a decision table are, read into conditions.

An input cell tests the fact that its column names: `-` (anything), `>= 0.2`, `[30..90)`, `illness, divorce`,
`not(over_spending)`, `known`; a word that names a parameter or another fact is compared by that one's value.
"""

import re
from collections.abc import Mapping
from typing import Any

from restructure.calculator.conventions.quantity import Kind
from restructure.intake.facts import Fact
from restructure.policy.language.conditions import AllOf, AnyOf, Condition, Not
from restructure.policy.loading.findings import Spot
from restructure.policy.loading.parts.conditions import UNREADABLE, ConditionReader
from restructure.policy.loading.parts.rows import literal

__all__ = ["EMPTY", "cell_test"]

EMPTY = ("-", "")
"""What a cell that says nothing is written as."""

_RANGE = re.compile(r"^([\[(\]])\s*(.+?)\s*\.\.\s*(.+?)\s*([\])\[])$")
_NEGATED = re.compile(r"^not\s*\((.*)\)$", re.DOTALL)
_COMPARED = re.compile(r"^([<>=!]+)\s*(.+)$", re.DOTALL)
_OPENING, _CLOSING = ("[", "(", "]"), ("]", ")", "[")


def cell_test(conditions: ConditionReader, fact: Fact, cell: Any, spot: Spot) -> Condition | None:
    """Read an input cell; `None` if it tests nothing."""
    if cell is None:
        return None
    if isinstance(cell, Mapping):
        return conditions.comparison({"fact": fact.name, **cell}, spot, of_plan=False)
    if isinstance(cell, list):
        return AnyOf(any=tuple(_single_test(conditions, fact, part, spot) for part in cell)) if cell else None
    if not isinstance(cell, str):
        return _compared(conditions, fact, "==", cell, spot)
    text = cell.strip()
    if text in EMPTY:
        return None
    negated = _NEGATED.match(text)
    inner = _alternatives(conditions, fact, negated.group(1) if negated else text, spot)
    return Not(negated=inner) if negated else inner


def _alternatives(conditions: ConditionReader, fact: Fact, text: str, spot: Spot) -> Condition:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    tests = tuple(_single_test(conditions, fact, part, spot) for part in parts)
    if not tests:
        conditions.findings.report("table-shape", "the cell tests nothing; write - for anything", spot)
        return UNREADABLE
    return tests[0] if len(tests) == 1 else AnyOf(any=tests)


def _single_test(conditions: ConditionReader, fact: Fact, cell: Any, spot: Spot) -> Condition:
    if not isinstance(cell, str):
        return _compared(conditions, fact, "==", cell, spot)
    span = _RANGE.match(cell)
    if span:
        opening, low, high, closing = span.groups()
        least, most = (">=" if opening == "[" else ">"), ("<=" if closing == "]" else "<")
        return AllOf(
            all=(
                _compared(conditions, fact, least, literal(low), spot),
                _compared(conditions, fact, most, literal(high), spot),
            )
        )
    if cell[:1] in _OPENING or cell[-1:] in _CLOSING or ".." in cell:
        conditions.findings.report(
            "table-shape",
            f'"{cell}" is no range; write both ends and how each closes, such as [30..90)',
            spot,
        )
        return UNREADABLE
    if cell in ("known", "unknown"):
        return conditions.comparison({"fact": fact.name, "op": cell}, spot, of_plan=False)
    compared = _COMPARED.match(cell)
    if compared:
        op, value = compared.groups()
        return _compared(conditions, fact, "==" if op == "=" else op, literal(value), spot)
    return _compared(conditions, fact, "==", literal(cell), spot)


def _compared(conditions: ConditionReader, fact: Fact, op: str, value: Any, spot: Spot) -> Condition:
    scope = conditions.scope
    if isinstance(value, str) and value not in fact.choices:
        if value in scope.parameter_values:
            value = {"parameter": value}
        elif scope.fact_if_known(value) is not None:
            value = {"fact": value}
        elif fact.kind is Kind.FLAG and value in ("yes", "no"):
            value = value == "yes"
    return conditions.comparison({"fact": fact.name, "op": op, "value": value}, spot, of_plan=False)
