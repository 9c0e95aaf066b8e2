"""Facts about the hardship: its outlook, the months left and its proof."""

from datetime import date
from enum import StrEnum
from typing import Any

from dateutil.relativedelta import relativedelta

from restructure.calculator.conventions.dates import whole_months
from restructure.intake.application import EvidenceKind, Hardship

__all__ = ["HardshipOutlook", "hardship_facts"]


class HardshipOutlook(StrEnum):
    """Whether the difficulty is temporary, lasting or over."""

    TEMPORARY = "temporary"
    LASTING = "lasting"
    RESOLVED = "resolved"


def hardship_facts(hardship: Hardship, on: date) -> dict[str, Any]:
    """Derive the facts about the hardship on a day."""
    outlook, left = None, None
    if hardship.resolved_on is not None and hardship.resolved_on <= on:
        outlook = HardshipOutlook.RESOLVED
    elif hardship.lasting:
        outlook = HardshipOutlook.LASTING
    elif hardship.onset is not None and hardship.expected_months is not None:
        end = hardship.onset + relativedelta(months=hardship.expected_months)
        # Past its expected end without `resolved_on` the outlook is unknown, and the lender has to ask.
        if end > on:
            outlook = HardshipOutlook.TEMPORARY
            whole = whole_months(on, end)
            left = whole + (on + relativedelta(months=whole) < end)
    held = {evidence.kind for evidence in hardship.evidence}
    return {
        "hardship_cause": hardship.cause,
        "hardship_onset": hardship.onset,
        "hardship_outlook": outlook,
        "hardship_months_left": left,
        "hardship_evidenced": EvidenceKind.HARDSHIP_PROOF in held,
        "income_evidenced": EvidenceKind.INCOME_PROOF in held,
    }
