"""Repayment restructuring offers from a borrower's file: affordable, inside policy, exact and explained.

The flow: `read_application` → `assess` → `decide` under a `load_policy`; or, for the calculator alone,
`amortise` and `reschedule`.
"""

from restructure.calculator.contract import (
    Charge,
    Claim,
    Component,
    Compound,
    Contract,
    OverdueInterest,
    Payment,
    Penalty,
    Prepayment,
)
from restructure.calculator.dates import DayCount, Roll, weekend
from restructure.calculator.figures import Figures, compare
from restructure.calculator.measures import (
    Capitalise,
    ChangeRate,
    Extend,
    Forgive,
    Holiday,
    HolidayInterest,
    Measure,
    Park,
    Reamortise,
    Solve,
    Spread,
    Waive,
)
from restructure.calculator.money import Rounding
from restructure.calculator.plan import Plan, reschedule
from restructure.calculator.position import Buckets, Position
from restructure.calculator.schedule import Repayment, Schedule, Terms, amortise
from restructure.calculator.scheme import Compounding, LastRow, Method
from restructure.calculator.servicing import position_of
from restructure.casework.decision import Decision, Offer, Outcome, Refusal, decide, replay
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
    "Application",
    "Assessment",
    "Buckets",
    "Capitalise",
    "ChangeRate",
    "Charge",
    "Claim",
    "Component",
    "Compound",
    "Compounding",
    "Contract",
    "DayCount",
    "Decision",
    "EngineDisagreement",
    "EngineError",
    "Engines",
    "Extend",
    "Figures",
    "Forgive",
    "Holiday",
    "HolidayInterest",
    "InvalidInput",
    "InvalidPolicy",
    "Issue",
    "LastRow",
    "Measure",
    "Method",
    "Offer",
    "Outcome",
    "OverdueInterest",
    "Park",
    "Payment",
    "Penalty",
    "Plan",
    "Policy",
    "Position",
    "Prepayment",
    "Prospect",
    "Reamortise",
    "Refusal",
    "Refused",
    "Repayment",
    "RestructureError",
    "Roll",
    "Rounding",
    "Schedule",
    "Solve",
    "Spread",
    "Terms",
    "Waive",
    "amortise",
    "assess",
    "compare",
    "decide",
    "facts",
    "foresee",
    "load_policy",
    "packaged_policies",
    "position_of",
    "read_application",
    "replay",
    "reschedule",
    "weekend",
]
