"""Casework: what happens with one borrower. Decisions, negotiation and agreements, and what their records hold."""

from typing import TYPE_CHECKING

from restructure.lazy import exports

if TYPE_CHECKING:
    from restructure.casework.agreements.agreement import Agreement, Channel, Consent, accept, evidence_digest
    from restructure.casework.agreements.case_history import History, Stage
    from restructure.casework.agreements.clocks import ClockState
    from restructure.casework.agreements.early_warning import EarlyWarning, may_enforce, watch
    from restructure.casework.agreements.events import (
        Accepted,
        Broken,
        Completed,
        Countered,
        Cured,
        Missed,
        Paid,
        Proposed,
        TookEffect,
        Withdrawn,
    )
    from restructure.casework.agreements.history_file import read_history, write_history
    from restructure.casework.agreements.loan_class import Classification, Ground
    from restructure.casework.agreements.performance import AgreementStatus, InstalmentState, Trial
    from restructure.casework.agreements.review import Reinstated, Review, review
    from restructure.casework.decisions.decision import Decision, decide
    from restructure.casework.decisions.explanation import (
        Branch,
        Counterfactual,
        Explanation,
        Judged,
        NearMiss,
        explain,
    )
    from restructure.casework.decisions.outcome import (
        Detail,
        GateResult,
        Missing,
        Offer,
        Outcome,
        Refusal,
        StepResult,
        Task,
        TierResult,
    )
    from restructure.casework.decisions.rounds import Answer, CounterRequest, Round
    from restructure.casework.negotiation.counter import counter
    from restructure.casework.negotiation.frontier import Frontier, Point, frontier
    from restructure.casework.negotiation.replay import replay

__all__ = [
    "Accepted",
    "Agreement",
    "AgreementStatus",
    "Answer",
    "Branch",
    "Broken",
    "Channel",
    "Classification",
    "ClockState",
    "Completed",
    "Consent",
    "CounterRequest",
    "Countered",
    "Counterfactual",
    "Cured",
    "Decision",
    "Detail",
    "EarlyWarning",
    "Explanation",
    "Frontier",
    "GateResult",
    "Ground",
    "History",
    "InstalmentState",
    "Judged",
    "Missed",
    "Missing",
    "NearMiss",
    "Offer",
    "Outcome",
    "Paid",
    "Point",
    "Proposed",
    "Refusal",
    "Reinstated",
    "Review",
    "Round",
    "Stage",
    "StepResult",
    "Task",
    "TierResult",
    "TookEffect",
    "Trial",
    "Withdrawn",
    "accept",
    "counter",
    "decide",
    "evidence_digest",
    "explain",
    "frontier",
    "may_enforce",
    "read_history",
    "replay",
    "review",
    "watch",
    "write_history",
]

_HOMES = {
    "agreements.agreement": "Agreement Channel Consent accept evidence_digest",
    "agreements.case_history": "History Stage",
    "agreements.clocks": "ClockState",
    "agreements.early_warning": "EarlyWarning may_enforce watch",
    "agreements.events": (
        "Accepted Broken Completed Countered Cured Missed Paid Proposed TookEffect Withdrawn"
    ),
    "agreements.history_file": "read_history write_history",
    "agreements.loan_class": "Classification Ground",
    "agreements.performance": "AgreementStatus InstalmentState Trial",
    "agreements.review": "Reinstated Review review",
    "decisions.decision": "Decision decide",
    "decisions.explanation": "Branch Counterfactual Explanation Judged NearMiss explain",
    "decisions.outcome": "Detail GateResult Missing Offer Outcome Refusal StepResult Task TierResult",
    "decisions.rounds": "Answer CounterRequest Round",
    "negotiation.counter": "counter",
    "negotiation.frontier": "Frontier Point frontier",
    "negotiation.replay": "replay",
}
"""The rooms of the names that are loaded when first asked for."""

if not TYPE_CHECKING:
    __getattr__, __dir__ = exports(__name__, _HOMES)
