"""The view of an explanation: its conditions, near misses and the changes that lead to the offer."""

from restructure.blocks import Block, Heading, Lines, Table
from restructure.casework.decisions.explanation import Branch, Explanation
from restructure.report.conditions import SIGNS, figure_text, threshold_text
from restructure.report.tables import steps_table, tiers_table
from restructure.report.wording import Wording
from restructure.views import view_of

__all__ = ["explanation_view"]


@view_of(Explanation)
def explanation_view(why: Explanation, wording: Wording) -> list[Block]:
    """Put an explanation into headings, sentences and tables.

    Raises `InvalidInput` for a language in which neither the phrases nor the title of the rule is.
    """
    wording.check(why.title)
    verdict = wording.name("explained", why.verdict)
    blocks: list[Block] = [
        Heading(wording("explanation.title", rule=why.rule, verdict=verdict), 1),
        Lines(
            (
                wording("explanation.source", title=wording.text(why.title), reference=why.reference),
                _result(why, wording),
            )
        ),
        *_changes(why, wording),
    ]
    columns = ("comparison", "value", "threshold", "verdict", "distance")
    for judged in why.conditions:
        what = wording.name("judged", judged.what)
        blocks += [
            Heading(wording(f"explanation.{judged.condition.verdict}", what=what, id=judged.id)),
            *([Lines((wording.text(judged.title),))] if judged.title != why.title else []),
            Table(
                tuple(wording(f"explanation.{column}") for column in columns),
                tuple(_branches(judged.condition, wording)),
                figures=False,
            ),
        ]
    if why.steps:
        blocks += [
            Heading(wording("explanation.search")),
            *tiers_table(why.tiers, wording),
            *steps_table(why.steps, wording),
        ]
    return blocks


def _result(why: Explanation, wording: Wording) -> str:
    if why.verdict == "offered":
        return wording("explanation.offered")
    if why.stage == "condition":
        undecided = why.verdict == "unknown"
        return wording("explanation.condition_unknown" if undecided else "explanation.condition")
    if why.stage == "limit":
        broken = [
            judged.id
            for judged in why.conditions
            if judged.what == "limit" and judged.condition.verdict != "true"
        ]
        return wording("explanation.limit", limits=wording.listed(broken))
    message = wording.sentence("refusal", why.message)
    return wording("join.sentence", text=f"{message[:1].upper()}{message[1:]}")


def _changes(why: Explanation, wording: Wording) -> list[Block]:
    blocks: list[Block] = []
    if why.counterfactuals:
        lines = tuple(
            wording(
                "explanation.change",
                fact=wording.fact(change.fact),
                actual=figure_text(wording, change.fact, change.actual),
                needed=figure_text(wording, change.fact, change.needed),
            )
            for change in why.counterfactuals
        )
        blocks += [Heading(wording("explanation.changes")), Lines(lines)]
    elif why.verdict != "offered":
        blocks.append(Lines((wording("explanation.no_change"),)))
    if why.near_misses:
        misses = tuple(
            wording("join.sentence", text=wording.sentence("near", miss.sentence)) for miss in why.near_misses
        )
        blocks += [Heading(wording("explanation.near")), Lines(misses)]
    return blocks


def _branches(branch: Branch, wording: Wording, depth: int = 0) -> list[tuple[str, ...]]:
    # A no-break space keeps the indent when a cell is wrapped.
    indent = "\N{NO-BREAK SPACE}\N{NO-BREAK SPACE}" * depth
    verdict = wording.name("verdict", branch.verdict)
    if branch.result is not None:
        result = branch.result
        sign = SIGNS[result.op] if result.op in SIGNS else wording(f"compare.{result.op}")
        threshold = threshold_text(wording, result.fact, result.threshold) if result.threshold else ""
        return [
            (
                f"{indent}{wording.fact(result.fact)}",
                figure_text(wording, result.fact, result.actual),
                f"{sign} {threshold}".strip(),
                verdict,
                wording.written(result.distance),
            )
        ]
    head = (f"{indent}{wording(f'explanation.{branch.word}')}", "", "", verdict, "")
    return [head, *(row for part in branch.parts for row in _branches(part, wording, depth + 1))]
