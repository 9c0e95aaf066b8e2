"""The view of an explanation: its conditions, near misses and the changes that lead to the offer."""

from restructure.blocks import Block, Heading, Lines, Table, say
from restructure.casework.decisions.explanation import Branch, Explanation
from restructure.report.tables import steps_table, tiers_table
from restructure.report.wording import Wording
from restructure.views import view_of

__all__ = ["explanation_view"]


@view_of(Explanation)
def explanation_view(why: Explanation, wording: Wording) -> list[Block]:
    """Put an explanation into headings, sentences and tables, the title of the rule in `language`.

    Raises `InvalidInput` for a language in which there is no title.
    """
    wording.check(why.title)
    language = wording.language
    blocks: list[Block] = [
        Heading(f"{why.rule}: {why.verdict}", 1),
        Lines(
            (f"{say(why.title, language)} ({why.reference}).", f"{why.message[:1].upper()}{why.message[1:]}.")
        ),
    ]
    for judged in why.conditions:
        verdict = {"true": "holds", "false": "does not hold", "unknown": "is undetermined"}[
            judged.condition.verdict
        ]
        blocks += [
            Heading(f"The {judged.what} {judged.id} {verdict}"),
            Table(
                ("condition", "value", "threshold", "verdict", "distance"),
                tuple(_branches(judged.condition)),
                figures=False,
            ),
        ]
    if why.steps:
        blocks += [Heading("Search"), *tiers_table(why.tiers), *steps_table(why.steps)]
    if why.near_misses:
        blocks += [Heading("Near misses"), Lines(tuple(f"{miss.sentence}." for miss in why.near_misses))]
    if why.counterfactuals:
        blocks += [
            Heading("Single changes that would lead to the offer"),
            Lines(tuple(f"{change.sentence}." for change in why.counterfactuals)),
        ]
    elif why.verdict != "offered":
        blocks += [Lines(("No change of a single fact would lead to the offer.",))]
    return blocks


def _branches(branch: Branch, depth: int = 0) -> list[tuple[str, ...]]:
    # A no-break space keeps the indent when a cell is wrapped.
    indent = "\N{NO-BREAK SPACE}\N{NO-BREAK SPACE}" * depth
    if branch.result is not None:
        result = branch.result
        return [
            (
                f"{indent}{result.fact}",
                result.actual,
                f"{result.op} {result.threshold}".strip(),
                result.verdict,
                result.distance,
            )
        ]
    word = {"all": "all of", "any": "any of", "not": "not"}[branch.word]
    head = (f"{indent}{word}", "", "", branch.verdict, "")
    return [head, *(row for part in branch.parts for row in _branches(part, depth + 1))]
