"""The calculator: money and time, nothing of rules or of people.

Its public names can be imported from here; `README.md` in this folder says what each of its rooms is for.
"""

from typing import TYPE_CHECKING

from restructure.lazy import exports

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
    from restructure.calculator.conventions.quantity import Kind
    from restructure.calculator.measures.books import Movement, MovementKind
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
    from restructure.calculator.plans.plan import Identities, Plan, reschedule
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
    from restructure.calculator.servicing.position import Bucket, Buckets, ParkedDue, Position

__all__ = [
    "Advance",
    "AllocationClaim",
    "Bucket",
    "Buckets",
    "Capitalise",
    "ChangeFrequency",
    "ChangeMethod",
    "ChangeRate",
    "Charge",
    "Component",
    "Compound",
    "Compounding",
    "Contract",
    "DayCount",
    "Defer",
    "Extend",
    "Figures",
    "FirstPeriod",
    "Forgive",
    "Holiday",
    "HolidayInterest",
    "Identities",
    "Kind",
    "LastRow",
    "LumpSum",
    "Measure",
    "Method",
    "MoveDue",
    "MovedDue",
    "Movement",
    "MovementKind",
    "OverdueInterest",
    "ParkedDue",
    "Pay",
    "Payment",
    "Penalty",
    "Plan",
    "Position",
    "Prepayment",
    "RateFrom",
    "Reamortise",
    "Repayment",
    "Repricing",
    "Roll",
    "Rounding",
    "Schedule",
    "ServicingTerms",
    "Settle",
    "Solve",
    "Spread",
    "Steps",
    "Suspension",
    "Terms",
    "Waive",
    "amortise",
    "figures_of",
    "position_after",
    "position_of",
    "preset",
    "reschedule",
    "weekend",
]

_HOMES = {
    "amortisation.agreed_changes": "MovedDue RateFrom Steps Suspension",
    "amortisation.repayment": "Repayment",
    "amortisation.schedule": "Schedule amortise",
    "amortisation.scheme": "HolidayInterest LastRow Method Repricing",
    "amortisation.terms": "Advance FirstPeriod Terms",
    "conventions.accrual": "Compounding",
    "conventions.dates": "Roll weekend",
    "conventions.day_counts": "DayCount",
    "conventions.money": "Rounding",
    "conventions.quantity": "Kind",
    "measures.books": "Movement MovementKind",
    "measures.catalogue": "Measure",
    "measures.deferral": "Capitalise Defer Spread",
    "measures.holiday": "Holiday",
    "measures.method": "ChangeMethod",
    "measures.presets": "preset",
    "measures.rate": "ChangeRate",
    "measures.relief": "Forgive Waive",
    "measures.solve": "Reamortise Solve",
    "measures.timing": "ChangeFrequency Extend MoveDue",
    "measures.up_front": "LumpSum Pay Settle",
    "plans.continuation": "position_after",
    "plans.figures": "Figures figures_of",
    "plans.plan": "Identities Plan reschedule",
    "servicing.account": "position_of",
    "servicing.contract": (
        "AllocationClaim Charge Component Compound Contract OverdueInterest Payment Penalty "
        "Prepayment ServicingTerms"
    ),
    "servicing.position": "Bucket Buckets ParkedDue Position",
}
"""The rooms of the names that are loaded when first asked for."""

if not TYPE_CHECKING:
    __getattr__, __dir__ = exports(__name__, _HOMES)
