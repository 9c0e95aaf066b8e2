"""The view of an assessment: what is not known first, then every known fact by group."""

import re
from collections.abc import Iterable, Iterator

from restructure.blocks import Block, Heading, Lines, Table
from restructure.intake.assessment import Assessment
from restructure.intake.facts import derivation, facts, wanting
from restructure.report.wording import Wording
from restructure.views import view_of

__all__ = ["assessment_view"]

_GROUPS = {
    "lateness": (
        "days_past_due", "missed_instalments", "delinquency_stage", "delay_before", "delay_lately", "paid_late",
        "paid_in_part",
    ),
    "owed": (
        "claim", "principal", "principal_arrears", "interest_arrears", "accrued", "penalty", "fees", "parked",
        "arrears",
    ),
    "loan": (
        "product", "originated", "months_on_book", "contract_rate", "instalment_before", "remaining_term", "next_due",
        "next_rate_change", "rate_change",
    ),
    "ability": (
        "monthly_income", "income_verified", "income_before", "income_drop", "essential_costs", "other_debt_payments",
        "disposable_income", "affordable_instalment", "shortfall", "margin", "margin_share", "payment_to_income_before",
        "liquid_reserves", "dependants",
    ),
    "hardship": (
        "hardship_cause", "hardship_onset", "hardship_outlook", "hardship_months_left", "hardship_evidenced",
        "income_evidenced",
    ),
}  # fmt: skip
_REST = "conduct"
_LETTERS = re.compile(r"[a-z]")


@view_of(Assessment)
def assessment_view(assessment: Assessment, wording: Wording) -> list[Block]:
    """Put the facts of a borrower into tables, each with the formula that gives it."""
    wording.check(())
    currency = assessment.currency
    grouped = {name for names in _GROUPS.values() for name in names}
    case = [name for name, fact in facts().items() if not fact.of_plan and name != "as_of"]
    groups = {**_GROUPS, _REST: tuple(name for name in case if name not in grouped)}
    late = wording.counted("assessment.late", assessment.days_past_due)
    title = wording(
        "assessment.headline", late=late, claim=wording.money(assessment.claim, currency), currency=currency
    )
    return [
        Heading(title, 1),
        Lines((wording("assessment.on", on=assessment.on),)),
        *_unknown(assessment, case, wording),
        *(block for group, names in groups.items() for block in _group(assessment, group, names, wording)),
        *_given(assessment, wording),
    ]


def _unknown(assessment: Assessment, case: list[str], wording: Wording) -> Iterator[Block]:
    unknown = {name: wanting(assessment, name) for name in case if assessment.value(name) is None}
    supplied = {name: places for name, places in unknown.items() if places}
    if supplied:
        yield Heading(wording("assessment.unknown.heading"))
        head = (wording("assessment.unknown.fact"), wording("assessment.unknown.needed"))
        rows = tuple((wording.fact(name), _places(places, wording)) for name, places in supplied.items())
        yield Table(head, rows, figures=False)
    lines = []
    if assessment.missing:
        lines.append(wording("assessment.missing", places=_places(assessment.missing, wording)))
    elif not supplied:
        lines.append(wording("assessment.complete"))
    without = [wording.fact(name) for name in unknown if name not in supplied]
    if without:
        lines.append(wording("assessment.unknown.without", facts=wording.listed(without)))
    if lines:
        yield Lines(tuple(lines))


def _places(places: Iterable[str], wording: Wording) -> str:
    return wording.listed(wording.name("place", place) for place in places)


def _how(assessment: Assessment, name: str, wording: Wording) -> str:
    """Give the formula of a fact and its values in this case; in other languages without what has English words."""
    formula = facts()[name].formula
    filled = derivation(assessment, name).removeprefix(f"{name} = {formula}").removeprefix(" = ")
    filled = filled.rpartition(" = ")[0]
    if wording.language == "en":
        return "\n".join(filter(None, (formula, filled and f"= {filled}")))
    filled = filled.replace(", at least 0", f" {wording('assessment.at_least_0')}")
    return "" if _LETTERS.search(filled) else filled


def _group(assessment: Assessment, group: str, names: tuple[str, ...], wording: Wording) -> Iterator[Block]:
    rows = tuple(
        (
            wording.fact(name),
            wording.value(name, assessment.value(name), assessment.currency),
            _how(assessment, name, wording),
        )
        for name in names
        if assessment.value(name) is not None
    )
    if rows:
        yield Heading(wording(f"assessment.{group}"))
        head = ("", wording("assessment.value"), wording("assessment.formula"))
        columns = 3 if any(how for *_, how in rows) else 2
        yield Table(head[:columns], tuple(row[:columns] for row in rows), figures=False)


def _given(assessment: Assessment, wording: Wording) -> Iterator[Block]:
    rows = tuple(
        (name, wording.written(str(value)))
        for name, value in (*assessment.scores.items(), *assessment.given.items())
    )
    if rows:
        yield Heading(wording("assessment.given"))
        yield Table(("", wording("assessment.value")), rows, figures=False)
