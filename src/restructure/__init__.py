"""Repayment restructuring offers from a borrower's file: affordable, inside policy, exact and explained.

The flow: `read_application` → `assess` → `decide` under a `load_policy`; or, for the calculator alone,
`amortise` and `reschedule`.
"""

from importlib import import_module
from typing import TYPE_CHECKING

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
    from restructure.calculator.measures.presets import preset
    from restructure.calculator.measures.rate import ChangeRate
    from restructure.calculator.measures.relief import Forgive, Waive
    from restructure.calculator.measures.solve import Reamortise, Solve
    from restructure.calculator.measures.timing import ChangeFrequency, ChangeMethod, Extend, Holiday, MoveDue
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
    from restructure.casework.agreements.case_history import History, Stage, read_history, write_history
    from restructure.casework.agreements.early_warning import EarlyWarning, may_enforce, watch
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
    "watch",
    "weekend",
    "write_history",
]

__version__ = "0.1.0"

_HOMES = {
    "restructure.calculator.amortisation.agreed_changes": "MovedDue RateFrom Steps Suspension",
    "restructure.calculator.amortisation.repayment": "Repayment",
    "restructure.calculator.amortisation.schedule": "Schedule amortise",
    "restructure.calculator.amortisation.scheme": "HolidayInterest LastRow Method Repricing",
    "restructure.calculator.amortisation.terms": "Advance FirstPeriod Terms",
    "restructure.calculator.conventions.accrual": "Compounding",
    "restructure.calculator.conventions.dates": "Roll weekend",
    "restructure.calculator.conventions.day_counts": "DayCount",
    "restructure.calculator.conventions.money": "Rounding",
    "restructure.calculator.measures.catalogue": "Measure",
    "restructure.calculator.measures.deferral": "Capitalise Defer Spread",
    "restructure.calculator.measures.presets": "preset",
    "restructure.calculator.measures.rate": "ChangeRate",
    "restructure.calculator.measures.relief": "Forgive Waive",
    "restructure.calculator.measures.solve": "Reamortise Solve",
    "restructure.calculator.measures.timing": "ChangeFrequency ChangeMethod Extend Holiday MoveDue",
    "restructure.calculator.measures.up_front": "LumpSum Pay Settle",
    "restructure.calculator.plans.continuation": "position_after",
    "restructure.calculator.plans.figures": "Figures figures_of",
    "restructure.calculator.plans.plan": "Plan reschedule",
    "restructure.calculator.servicing.account": "position_of",
    "restructure.calculator.servicing.contract": (
        "AllocationClaim Charge Component Compound Contract OverdueInterest "
        "Payment Penalty Prepayment ServicingTerms"
    ),
    "restructure.calculator.servicing.position": "Buckets ParkedDue Position",
    "restructure.casework.agreements.agreement": "Agreement Channel Consent accept evidence_digest",
    "restructure.casework.agreements.case_history": "History Stage read_history write_history",
    "restructure.casework.agreements.early_warning": "EarlyWarning may_enforce watch",
    "restructure.casework.agreements.performance": "AgreementStatus",
    "restructure.casework.agreements.review": "Review review",
    "restructure.casework.decisions.decision": "Decision decide",
    "restructure.casework.decisions.explanation": "Explanation explain",
    "restructure.casework.decisions.outcome": "Detail Offer Outcome Refusal Task",
    "restructure.casework.decisions.rounds": "Answer CounterRequest Round",
    "restructure.casework.negotiation.counter": "counter",
    "restructure.casework.negotiation.frontier": "Frontier frontier",
    "restructure.casework.negotiation.replay": "replay",
    "restructure.errors": "EngineDisagreement EngineError InvalidInput InvalidPolicy Issue Refused RestructureError",
    "restructure.intake.application": "Application read_application",
    "restructure.intake.assessment": "Assessment assess",
    "restructure.intake.facts": "facts",
    "restructure.intake.prospect": "Prospect project",
    "restructure.policy.engine.evaluation": "Engines",
    "restructure.policy.language.follow_up": "FollowUp",
    "restructure.policy.loading.loading": "load_policy",
    "restructure.policy.loading.locating": "packaged_policies",
    "restructure.policy.policy": "Policy",
}
"""The modules of the public names."""

_MODULES = {name: module for module, names in _HOMES.items() for name in names.split()}
_STOREYS = ("calculator", "casework", "errors", "intake", "policy", "report", "testing")
"""What may be written as `restructure.policy` without importing it."""

registered_by("restructure.report")

if not TYPE_CHECKING:  # a checker that saw it would take every name for a public one

    def __getattr__(name):
        if name in _STOREYS:
            return import_module(f"{__name__}.{name}")
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = value = getattr(import_module(_MODULES[name]), name)
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_STOREYS})
