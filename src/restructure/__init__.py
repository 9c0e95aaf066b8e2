"""Repayment restructuring offers from a borrower's file: affordable, inside policy, exact and explained.

The flow: `read_application` → `assess` → `decide` under a `load_policy`; or, for the calculator alone,
`amortise` and `reschedule`.
"""

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
from restructure.casework.decision import Decision, Detail, Offer, Outcome, Refusal, Task, decide
from restructure.casework.explanation import Explanation, explain
from restructure.casework.replay import replay
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
from restructure.policy.language import Policy
from restructure.policy.loading import load_policy, packaged_policies

__all__ = [
    "Advance",
    "Application",
    "Assessment",
    "Buckets",
    "Capitalise",
    "ChangeFrequency",
    "ChangeMethod",
    "ChangeRate",
    "Charge",
    "Claim",
    "Component",
    "Compound",
    "Compounding",
    "Contract",
    "DayCount",
    "Decision",
    "Detail",
    "EngineDisagreement",
    "EngineError",
    "Engines",
    "Explanation",
    "Extend",
    "Figures",
    "Forgive",
    "Handling",
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
    "RestructureError",
    "Roll",
    "Rounding",
    "Schedule",
    "Settle",
    "Solve",
    "Spread",
    "Steps",
    "Stub",
    "Suspension",
    "Task",
    "Terms",
    "Waive",
    "amortise",
    "assess",
    "compare",
    "decide",
    "explain",
    "facts",
    "foresee",
    "load_policy",
    "packaged_policies",
    "position_after",
    "position_of",
    "preset",
    "read_application",
    "replay",
    "reschedule",
    "weekend",
]
