"""Repayment restructuring offers from a borrower's file: affordable, inside policy, exact and explained.

The flow: `read_application` → `assess` → `decide` under a `load_policy`; or, for the calculator alone,
`amortise` and `reschedule`.
"""

from typing import TYPE_CHECKING

from restructure.frames import columns_by
from restructure.lazy import exports
from restructure.views import registered_by

# Each name is loaded when it is first asked for (PEP 562): the help of the command and a program that only amortises
# need not wait for the rules. Type checkers and editors read these imports, the interpreter reads `_HOMES`; a test
# compares the two.
if TYPE_CHECKING:
    from restructure.calculator.amortisation.agreed_changes import MovedDue, RateFrom, Steps, Suspension
    from restructure.calculator.amortisation.repayment import Repayment
    from restructure.calculator.amortisation.schedule import Schedule, amortise
    from restructure.calculator.amortisation.scheme import HolidayInterest, LastRow, Method, Repricing
    from restructure.calculator.amortisation.terms import Advance, FirstPeriod, Terms
    from restructure.calculator.conventions.accrual import Compounding
    from restructure.calculator.conventions.dates import Roll, weekend
    from restructure.calculator.conventions.day_counts import DayCount
    from restructure.calculator.conventions.money import Rounding
    from restructure.calculator.measures.catalogue import Measure
    from restructure.calculator.measures.deferral import Capitalise, Defer, Spread
    from restructure.calculator.measures.holiday import Holiday
    from restructure.calculator.measures.method import ChangeMethod
    from restructure.calculator.measures.presets import preset
    from restructure.calculator.measures.rate import ChangeRate
    from restructure.calculator.measures.relief import Forgive, Waive
    from restructure.calculator.measures.solve import Reamortise, Solve
    from restructure.calculator.measures.timing import ChangeFrequency, Extend, MoveDue
    from restructure.calculator.measures.up_front import LumpSum, Pay, Settle
    from restructure.calculator.plans.continuation import position_after
    from restructure.calculator.plans.figures import Figures, figures_of
    from restructure.calculator.plans.plan import Plan, reschedule
    from restructure.calculator.servicing.account import position_of
    from restructure.calculator.servicing.contract import (
        AllocationClaim,
        Charge,
        Component,
        Compound,
        Contract,
        OverdueInterest,
        Payment,
        Penalty,
        Prepayment,
        ServicingTerms,
    )
    from restructure.calculator.servicing.position import Buckets, ParkedDue, Position
    from restructure.casework.agreements.agreement import Agreement, Channel, Consent, accept, evidence_digest
    from restructure.casework.agreements.case_history import History, Stage
    from restructure.casework.agreements.early_warning import EarlyWarning, may_enforce, watch
    from restructure.casework.agreements.history_file import read_history, write_history
    from restructure.casework.agreements.performance import AgreementStatus
    from restructure.casework.agreements.review import Review, review
    from restructure.casework.decisions.decision import Decision, decide
    from restructure.casework.decisions.explanation import Explanation, explain
    from restructure.casework.decisions.outcome import Detail, Offer, Outcome, Refusal, Task
    from restructure.casework.decisions.rounds import Answer, CounterRequest, Round
    from restructure.casework.negotiation.counter import counter
    from restructure.casework.negotiation.frontier import Frontier, frontier
    from restructure.casework.negotiation.replay import replay
    from restructure.errors import (
        EngineDisagreement,
        EngineError,
        InvalidInput,
        InvalidPolicy,
        Issue,
        Refused,
        RestructureError,
    )
    from restructure.intake.application import Application, read_application
    from restructure.intake.assessment import Assessment, assess
    from restructure.intake.facts import facts
    from restructure.intake.prospect import Prospect, project
    from restructure.policy.engine.evaluation import Engines
    from restructure.policy.language.follow_up import FollowUp
    from restructure.policy.loading.loading import load_policy
    from restructure.policy.loading.locating import packaged_policies
    from restructure.policy.policy import Policy
    from restructure.views import display_language, show

__all__ = [
    "Advance",
    "Agreement",
    "AgreementStatus",
    "AllocationClaim",
    "Answer",
    "Application",
    "Assessment",
    "Buckets",
    "Capitalise",
    "ChangeFrequency",
    "ChangeMethod",
    "ChangeRate",
    "Channel",
    "Charge",
    "Component",
    "Compound",
    "Compounding",
    "Consent",
    "Contract",
    "CounterRequest",
    "DayCount",
    "Decision",
    "Defer",
    "Detail",
    "EarlyWarning",
    "EngineDisagreement",
    "EngineError",
    "Engines",
    "Explanation",
    "Extend",
    "Figures",
    "FirstPeriod",
    "FollowUp",
    "Forgive",
    "Frontier",
    "History",
    "Holiday",
    "HolidayInterest",
    "InvalidInput",
    "InvalidPolicy",
    "Issue",
    "LastRow",
    "LumpSum",
    "Measure",
    "Method",
    "MoveDue",
    "MovedDue",
    "Offer",
    "Outcome",
    "OverdueInterest",
    "ParkedDue",
    "Pay",
    "Payment",
    "Penalty",
    "Plan",
    "Policy",
    "Position",
    "Prepayment",
    "Prospect",
    "RateFrom",
    "Reamortise",
    "Refusal",
    "Refused",
    "Repayment",
    "Repricing",
    "RestructureError",
    "Review",
    "Roll",
    "Round",
    "Rounding",
    "Schedule",
    "ServicingTerms",
    "Settle",
    "Solve",
    "Spread",
    "Stage",
    "Steps",
    "Suspension",
    "Task",
    "Terms",
    "Waive",
    "accept",
    "amortise",
    "assess",
    "counter",
    "decide",
    "display_language",
    "evidence_digest",
    "explain",
    "facts",
    "figures_of",
    "frontier",
    "load_policy",
    "may_enforce",
    "packaged_policies",
    "position_after",
    "position_of",
    "preset",
    "project",
    "read_application",
    "read_history",
    "replay",
    "reschedule",
    "review",
    "show",
    "watch",
    "weekend",
    "write_history",
]

__version__ = "0.1.0"

_HOMES = {
    "calculator.amortisation.agreed_changes": "MovedDue RateFrom Steps Suspension",
    "calculator.amortisation.repayment": "Repayment",
    "calculator.amortisation.schedule": "Schedule amortise",
    "calculator.amortisation.scheme": "HolidayInterest LastRow Method Repricing",
    "calculator.amortisation.terms": "Advance FirstPeriod Terms",
    "calculator.conventions.accrual": "Compounding",
    "calculator.conventions.dates": "Roll weekend",
    "calculator.conventions.day_counts": "DayCount",
    "calculator.conventions.money": "Rounding",
    "calculator.measures.catalogue": "Measure",
    "calculator.measures.deferral": "Capitalise Defer Spread",
    "calculator.measures.holiday": "Holiday",
    "calculator.measures.method": "ChangeMethod",
    "calculator.measures.presets": "preset",
    "calculator.measures.rate": "ChangeRate",
    "calculator.measures.relief": "Forgive Waive",
    "calculator.measures.solve": "Reamortise Solve",
    "calculator.measures.timing": "ChangeFrequency Extend MoveDue",
    "calculator.measures.up_front": "LumpSum Pay Settle",
    "calculator.plans.continuation": "position_after",
    "calculator.plans.figures": "Figures figures_of",
    "calculator.plans.plan": "Plan reschedule",
    "calculator.servicing.account": "position_of",
    "calculator.servicing.contract": (
        "AllocationClaim Charge Component Compound Contract OverdueInterest "
        "Payment Penalty Prepayment ServicingTerms"
    ),
    "calculator.servicing.position": "Buckets ParkedDue Position",
    "casework.agreements.agreement": "Agreement Channel Consent accept evidence_digest",
    "casework.agreements.case_history": "History Stage",
    "casework.agreements.early_warning": "EarlyWarning may_enforce watch",
    "casework.agreements.history_file": "read_history write_history",
    "casework.agreements.performance": "AgreementStatus",
    "casework.agreements.review": "Review review",
    "casework.decisions.decision": "Decision decide",
    "casework.decisions.explanation": "Explanation explain",
    "casework.decisions.outcome": "Detail Offer Outcome Refusal Task",
    "casework.decisions.rounds": "Answer CounterRequest Round",
    "casework.negotiation.counter": "counter",
    "casework.negotiation.frontier": "Frontier frontier",
    "casework.negotiation.replay": "replay",
    "errors": "EngineDisagreement EngineError InvalidInput InvalidPolicy Issue Refused RestructureError",
    "intake.application": "Application read_application",
    "intake.assessment": "Assessment assess",
    "intake.facts": "facts",
    "intake.prospect": "Prospect project",
    "policy.engine.evaluation": "Engines",
    "policy.language.follow_up": "FollowUp",
    "policy.loading.loading": "load_policy",
    "policy.loading.locating": "packaged_policies",
    "policy.policy": "Policy",
    "views": "display_language show",
}
"""The modules of the public names."""

_FOLDERS = ("calculator", "casework", "errors", "intake", "policy", "report", "testing")
"""What may be written as `restructure.policy` without importing it."""

registered_by("restructure.report")
columns_by("restructure.report.frames")

if not TYPE_CHECKING:  # a checker that saw it would take every name for a public one
    __getattr__, __dir__ = exports(__name__, _HOMES, _FOLDERS)
