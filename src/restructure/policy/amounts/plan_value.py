"""Plan value: the payments of the plan, or those agreed before it, discounted to the day of the decision."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, ClassVar, Literal

from pydantic import Field

from restructure.calculator.conventions.quantity import Kind
from restructure.calculator.plans.present_value import as_agreed, present_value
from restructure.errors import Refused
from restructure.policy.amounts.unit_check import Spot, UnitCheck
from restructure.policy.amounts.word import Amount, AmountWord, Read, whole, worth, write_inside

__all__ = ["PLAN", "PresentValue"]

PLAN = "plan:"
"""By this name the facts give the plan itself; no fact can have it."""

_MOST_LAG = 120


class PresentValue(AmountWord):
    """The present value of the payments of the plan, or of those agreed before it, on the day of the decision."""

    reads_plan: ClassVar[bool] = True

    present_value: Literal["plan", "agreed"]
    """Which payments: those of the plan, or those agreed before it."""
    annual_rate: Amount
    """Discount rate per year, such as 0.06."""
    lag_months: int = Field(default=0, ge=0, le=_MOST_LAG)
    """Months by which every payment is discounted later than its due date."""
    prepaid_after: Amount | None = None
    """Number of the row with which all that is left is prepaid; absent: no prepayment."""
    compounding: Literal["monthly", "yearly"] = "monthly"
    """How the rate compounds: a twelfth of it every month, or the whole rate every year."""
    time: Literal["periods", "days"] = "periods"
    """Whether time is counted in whole periods or in days."""

    @property
    def parts(self) -> tuple[Amount, ...]:
        """The rate, and the row of the prepayment if there is one."""
        return (self.annual_rate,) if self.prepaid_after is None else (self.annual_rate, self.prepaid_after)

    def worth(self, parameter: Read, fact: Read) -> Fraction | None:
        """Discount the payments; `None` without a plan, or where the calculator refuses the rate."""
        values = [worth(part, parameter, fact) for part in self.parts]
        known = [value for value in values if value is not None]
        plan = fact(PLAN) if len(known) == len(values) else None
        if plan is None:
            return None
        paid = plan if self.present_value == "plan" else as_agreed(plan)
        if paid is None:
            return None
        try:
            return present_value(
                paid,
                known[0],
                lag_months=self.lag_months,
                prepaid_after=None if self.prepaid_after is None else whole(known[1]),
                yearly=self.compounding == "yearly",
                by_days=self.time == "days",
            )
        except Refused:
            return None

    def write(self) -> str:
        """Write what is discounted, and how."""
        payments = "the plan" if self.present_value == "plan" else "paying as agreed"
        yearly = " compounded yearly" if self.compounding == "yearly" else ""
        lag = f", lag {self.lag_months}" if self.lag_months else ""
        prepaid = "" if self.prepaid_after is None else f", prepaid after {write_inside(self.prepaid_after)}"
        days = ", by days" if self.time == "days" else ""
        rate = write_inside(self.annual_rate)
        return f"present value of {payments} at {rate}{yearly}{lag}{prepaid}{days}"

    @classmethod
    def unit(cls, raw: Mapping[str, Any], spot: Spot, check: UnitCheck) -> Kind | None:
        """Check that there is a plan to discount, and at which rate; the value is money."""
        if not check.of_plan:
            check.report(
                "fact-not-yet",
                "a present value exists only once a plan exists; limits, flags, ranking and searches may read it",
                spot,
            )
        if raw["present_value"] not in ("plan", "agreed"):
            check.report(
                "amount-shape",
                "what is discounted is the plan or what was agreed: write present_value: plan, or agreed",
                (*spot, "present_value"),
            )
        _check_choices(raw, spot, check)
        if "annual_rate" not in raw:
            check.report("amount-shape", "say at which annual_rate the plan is discounted", spot)
        for word in ("annual_rate", "prepaid_after"):
            if word in raw and check.kind(raw[word], (*spot, word)) is Kind.MONEY:
                check.report("value-kind", f"{word} is a number and not money", (*spot, word))
        return Kind.MONEY


def _check_choices(raw: Mapping[str, Any], spot: Spot, check: UnitCheck) -> None:
    """Check how the rate compounds, how time goes, and the lag."""
    if raw.get("compounding", "monthly") not in ("monthly", "yearly"):
        check.report("amount-shape", "a present value compounds monthly or yearly", (*spot, "compounding"))
    if raw.get("time", "periods") not in ("periods", "days"):
        check.report("amount-shape", "time goes by periods or by days", (*spot, "time"))
    lag = raw.get("lag_months", 0)
    if not isinstance(lag, int) or isinstance(lag, bool) or not 0 <= lag <= _MOST_LAG:
        check.report(
            "amount-shape", f"lag_months is a whole number from 0 to {_MOST_LAG}", (*spot, "lag_months")
        )
