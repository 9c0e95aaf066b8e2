"""Conditions as text: a fact with its value, and what the condition asks of it."""

import re
from collections.abc import Iterable

from restructure.intake.facts import facts
from restructure.policy.engine.reference import ConditionResult
from restructure.report.wording import Wording

__all__ = ["SIGNS", "failures", "figure_text", "reasons", "target_text", "threshold_text", "values", "wanted"]

SIGNS = {"==": "=", "!=": "≠", "<": "<", "<=": "≤", ">": ">", ">=": "≥"}
_OTHER = re.compile(r"(?:(?P<times>\S+) × )?(?P<fact>[a-z][\w.]*) (?P<value>.+)")
_TARGET = re.compile(r"(?P<fact>\S+) (?P<op>==|!=|<=|>=|<|>) (?P<threshold>.+)")


def figure_text(wording: Wording, fact: str, text: str) -> str:
    """Give the value of a fact in the language of the view."""
    return wording.written(text, fact)


def threshold_text(wording: Wording, fact: str, text: str) -> str:
    """Give what a fact is compared with: a value, or another fact with its value."""
    known = facts().get(fact)
    other = None if known is not None and text in known.choices else _OTHER.fullmatch(text)
    if other is None:
        return wording.written(text, fact)
    name = other["fact"]
    shown = f"{wording.name('fact', name)} {wording.written(other['value'], name)}"
    return wording("compare.times", times=other["times"], threshold=shown) if other["times"] else shown


def target_text(wording: Wording, text: str) -> str:
    """Give the target of a search, such as "instalment_after <= 1,800.00"."""
    parts = _TARGET.fullmatch(text)
    if parts is None:
        return text
    fact, threshold = parts["fact"], threshold_text(wording, parts["fact"], parts["threshold"])
    sign = SIGNS[parts["op"]]
    return wording("compare.target", fact=wording.name("fact", fact), sign=sign, threshold=threshold)


def wanted(wording: Wording, result: ConditionResult) -> str:
    """Give what a condition asks of its fact, such as "at least 20 %"."""
    return wording(f"compare.{result.op}", threshold=threshold_text(wording, result.fact, result.threshold))


def reasons(wording: Wording, results: Iterable[ConditionResult]) -> str:
    """Write conditions that hold: each fact with its value, and the bound that it keeps unless that says the same."""
    parts = []
    for result in results:
        fact, actual = wording.name("fact", result.fact), figure_text(wording, result.fact, result.actual)
        said = result.op in ("known", "unknown") or (result.op == "==" and result.actual == result.threshold)
        key = "compare.same" if said else "compare.holds"
        parts.append(wording(key, fact=fact, actual=actual, wanted=wanted(wording, result)))
    return wording("join.semicolon").join(parts)


def failures(wording: Wording, results: Iterable[ConditionResult]) -> str:
    """Write the conditions that are not true, each with its value, what it must be, and by how much it fails."""
    parts = []
    for result in results:
        if result.verdict != "true":
            key = "compare.fails_by" if result.distance else "compare.fails"
            parts.append(
                wording(
                    key,
                    fact=wording.name("fact", result.fact),
                    actual=figure_text(wording, result.fact, result.actual),
                    wanted=wanted(wording, result),
                    distance=wording.written(result.distance),
                )
            )
    return wording("join.semicolon").join(parts)


def values(wording: Wording, results: Iterable[ConditionResult]) -> str:
    """Write the facts of conditions with their values alone."""
    return wording("join.semicolon").join(
        wording(
            "join.item",
            label=wording.name("fact", result.fact),
            value=figure_text(wording, result.fact, result.actual),
        )
        for result in results
    )
