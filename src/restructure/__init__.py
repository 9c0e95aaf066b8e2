"""Repayment restructuring offers from a borrower's file: affordable, inside policy, exact and explained.

The flow: `read_application` → `assess` → `decide` under a `load_policy`; or, for the calculator alone,
`amortise` and `reschedule`.
"""

from importlib import import_module
from typing import TYPE_CHECKING

# Each name is loaded when it is first asked for (PEP 562): the help of the command and a program that only amortises
# need not wait for the rules. Type checkers and editors read these imports, the interpreter reads `_HOMES`; a test
# compares the two.
if TYPE_CHECKING:
    from restructure.calculator.accrual import Compounding
    from restructure.calculator.continuation import position_after
    from restructure.calculator.contract import (
        Charge,
        Claim,
        Component,
        Compound,
        Contract,
        Handling,
        OverdueInterest,
        Payment,
        Penalty,
        Prepayment,
    )
    from restructure.calculator.dates import DayCount, Roll, weekend
    from restructure.calculator.figures import Figures, compare
    from restructure.calculator.measures import (
        Capitalise,
        ChangeFrequency,
        ChangeMethod,
        ChangeRate,
        Extend,
        Forgive,
        Holiday,
        HolidayInterest,
        LumpSum,
        Measure,
        MoveDue,
        Park,
        Pay,
        Reamortise,
        Settle,
        Solve,
        Spread,
        Waive,
    )
    from restructure.calculator.money import Rounding
    from restructure.calculator.plan import Plan, reschedule
    from restructure.calculator.position import Buckets, ParkedDue, Position
    from restructure.calculator.presets import preset
    from restructure.calculator.schedule import Schedule, amortise
    from restructure.calculator.scheme import LastRow, Method, Repricing
    from restructure.calculator.servicing import position_of
    from restructure.calculator.terms import (
        Advance,
        MovedDue,
        RateFrom,
        Repayment,
        Steps,
        Stub,
        Suspension,
        Terms,
    )
    from restructure.casework.agreement import Agreement, Channel, Consent, accept, shown_digest
    from restructure.casework.decision import Decision, Detail, Offer, Outcome, Refusal, Task, decide
    from restructure.casework.early_warning import EarlyWarning, may_enforce, watch
    from restructure.casework.explanation import Explanation, explain
    from restructure.casework.frontier import Frontier, frontier
    from restructure.casework.history import History, Stage, read_history, write_history
    from restructure.casework.negotiation import Answer, Request, Round, counter
    from restructure.casework.replay import replay
    from restructure.casework.review import Review, Standing, review
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
    from restructure.intake.prospect import Prospect, foresee
    from restructure.policy.evaluation import Engines
    from restructure.policy.follow_up import FollowUp
    from restructure.policy.language import Policy
    from restructure.policy.loading import load_policy, packaged_policies

__all__ = [
    "Advance",
    "Agreement",
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
    "Claim",
    "Component",
    "Compound",
    "Compounding",
    "Consent",
    "Contract",
    "DayCount",
    "Decision",
    "Detail",
    "EarlyWarning",
    "EngineDisagreement",
    "EngineError",
    "Engines",
    "Explanation",
    "Extend",
    "Figures",
    "FollowUp",
    "Forgive",
    "Frontier",
    "Handling",
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
    "Park",
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
    "Request",
    "RestructureError",
    "Review",
    "Roll",
    "Round",
    "Rounding",
    "Schedule",
    "Settle",
    "Solve",
    "Spread",
    "Stage",
    "Standing",
    "Steps",
    "Stub",
    "Suspension",
    "Task",
    "Terms",
    "Waive",
    "accept",
    "amortise",
    "assess",
    "compare",
    "counter",
    "decide",
    "explain",
    "facts",
    "foresee",
    "frontier",
    "load_policy",
    "may_enforce",
    "packaged_policies",
    "position_after",
    "position_of",
    "preset",
    "read_application",
    "read_history",
    "replay",
    "reschedule",
    "review",
    "shown_digest",
    "watch",
    "weekend",
    "write_history",
]

__version__ = "0.1.0"

_HOMES = {
    "restructure.calculator.accrual": "Compounding",
    "restructure.calculator.continuation": "position_after",
    "restructure.calculator.contract": (
        "Charge Claim Component Compound Contract Handling OverdueInterest Payment Penalty Prepayment"
    ),
    "restructure.calculator.dates": "DayCount Roll weekend",
    "restructure.calculator.figures": "Figures compare",
    "restructure.calculator.measures": (
        "Capitalise ChangeFrequency ChangeMethod ChangeRate Extend Forgive Holiday HolidayInterest "
        "LumpSum Measure MoveDue Park Pay Reamortise Settle Solve Spread Waive"
    ),
    "restructure.calculator.money": "Rounding",
    "restructure.calculator.plan": "Plan reschedule",
    "restructure.calculator.position": "Buckets ParkedDue Position",
    "restructure.calculator.presets": "preset",
    "restructure.calculator.schedule": "Schedule amortise",
    "restructure.calculator.scheme": "LastRow Method Repricing",
    "restructure.calculator.servicing": "position_of",
    "restructure.calculator.terms": "Advance MovedDue RateFrom Repayment Steps Stub Suspension Terms",
    "restructure.casework.agreement": "Agreement Channel Consent accept shown_digest",
    "restructure.casework.decision": "Decision Detail Offer Outcome Refusal Task decide",
    "restructure.casework.early_warning": "EarlyWarning may_enforce watch",
    "restructure.casework.explanation": "Explanation explain",
    "restructure.casework.frontier": "Frontier frontier",
    "restructure.casework.history": "History Stage read_history write_history",
    "restructure.casework.negotiation": "Answer Request Round counter",
    "restructure.casework.replay": "replay",
    "restructure.casework.review": "Review Standing review",
    "restructure.errors": "EngineDisagreement EngineError InvalidInput InvalidPolicy Issue Refused RestructureError",
    "restructure.intake.application": "Application read_application",
    "restructure.intake.assessment": "Assessment assess",
    "restructure.intake.facts": "facts",
    "restructure.intake.prospect": "Prospect foresee",
    "restructure.policy.evaluation": "Engines",
    "restructure.policy.follow_up": "FollowUp",
    "restructure.policy.language": "Policy",
    "restructure.policy.loading": "load_policy packaged_policies",
}
"""The modules of the public names."""

_MODULES = {name: module for module, names in _HOMES.items() for name in names.split()}
_STOREYS = ("calculator", "casework", "errors", "intake", "policy")
"""What may be written as `restructure.policy` without importing it."""

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
