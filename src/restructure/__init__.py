"""Repayment restructuring offers from a borrower's file: affordable, inside policy, exact and explained.

The flow: `read_application` → `assess` → `decide` under a `load_policy`; or, for the calculator alone,
`amortise` and `reschedule`.
"""

from restructure.calculator.amortisation.schedule import Schedule, amortise
from restructure.calculator.amortisation.scheme import HolidayInterest, LastRow, Method, Repricing
from restructure.calculator.amortisation.terms import (
    Advance,
    FirstPeriod,
    MovedDue,
    RateFrom,
    Repayment,
    Steps,
    Suspension,
    Terms,
)
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
from restructure.views import registered_by

registered_by("restructure.report")

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
