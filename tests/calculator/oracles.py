"""A second, slow calculator written from DESIGN §2–§4, that shares nothing with the library but its inputs.

Exact fractions, overlaps of intervals and discount factors instead of the library's ordinals, gcds and
growth factors; one day or one row at a time. Tests compare the library with it.
"""

import itertools
from calendar import isleap
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor

from dateutil.relativedelta import relativedelta

DAY = timedelta(days=1)
_DECIMALS = {"JPY": 0, "KWD": 3}


def minor(amount: Decimal, currency: str = "CNY") -> int:
    """An amount in minor units."""
    exact = Fraction(amount) * 10 ** _DECIMALS.get(currency, 2)
    assert exact.denominator == 1
    return exact.numerator


def rounded(exact: Fraction, rounding: str = "half_up") -> int:
    """Round once; ties and directions count from zero."""
    sign, size = (-1 if exact < 0 else 1), abs(exact)
    match rounding:
        case "half_up":
            return sign * floor(size + Fraction(1, 2))
        case "half_even":
            return sign * round(size)
        case "up":
            return sign * ceil(size)
        case "down":
            return sign * floor(size)
    raise AssertionError(rounding)


# --- time


def month_day(year: int, month: int, day: int) -> date:
    """The day of a month, or the last day of a shorter one."""
    return date(year, month, 1) + relativedelta(day=day)


def scheduled_months(begin: date, end: date, anchor: int) -> list[tuple[date, date]]:
    """The scheduled months that [begin, end) touches."""
    month = date(begin.year, begin.month, 1) - relativedelta(months=1)
    borders = []
    while not borders or borders[-1] < end:
        borders.append(month_day(month.year, month.month, anchor))
        month += relativedelta(months=1)
    return [(a, b) for a, b in itertools.pairwise(borders) if b > begin and a < end]


def fraction_of_year(day_count: str, begin: date, end: date, anchor: int) -> Fraction:
    """Part of a year between two dates, half-open, from the texts of ISDA 2006 §4.16 and DESIGN §2."""
    match day_count:
        case "ACT/365F" | "ACT/360" | "ACT/364":
            return Fraction((end - begin).days, int(day_count[4:7]))
        case "ACT/ACT ISDA":
            total = Fraction(0)
            for year in range(begin.year, end.year + 1):
                inside = (min(end, date(year + 1, 1, 1)) - max(begin, date(year, 1, 1))).days
                total += Fraction(max(inside, 0), 366 if isleap(year) else 365)
            return total
        case "30E/360":
            d1, d2 = min(begin.day, 30), min(end.day, 30)
            return Fraction(360 * (end.year - begin.year) + 30 * (end.month - begin.month) + d2 - d1, 360)
        case "30/360 US":
            d1, d2 = begin.day, end.day
            february_ends = (begin + DAY).day == 1 and begin.month == 2
            if february_ends and end.month == 2 and (end + DAY).day == 1:
                d2 = 30
            if february_ends:
                d1 = 30
            if d2 == 31 and d1 >= 30:
                d2 = 30
            if d1 == 31:
                d1 = 30
            return Fraction(360 * (end.year - begin.year) + 30 * (end.month - begin.month) + d2 - d1, 360)
        case "30/360 by month":
            return sum(
                (
                    Fraction((min(b, end) - max(a, begin)).days, 12 * (b - a).days)
                    for a, b in scheduled_months(begin, end, anchor)
                ),
                Fraction(0),
            )
    raise AssertionError(day_count)


def dues(first: date, count: int, anchor: int) -> list[date]:
    """The due dates: each stepped from the anchor, never from the one before."""
    origin = date(first.year, first.month, 1)
    return [first] + [origin + relativedelta(months=k, day=anchor) for k in range(1, count)] if count else []


# --- repayment


def exact_level(balance: int, rates: Sequence[Fraction]) -> Fraction:
    """The annuity that the discounted instalments make up the balance; `rates` are those of the periods."""
    upper, lower = 0, 1  # value today of 1 a period, folded from the last period; unreduced for speed
    for rate in reversed(rates):
        upper, lower = (lower + upper) * rate.denominator, lower * (rate.numerator + rate.denominator)
    return Fraction(balance * lower, upper)


def rows_of(
    method: str, balance: int, rates: Sequence[Fraction], rounding: str, agreed: int | None = None
) -> list[tuple[int, int, int]]:
    """(principal, interest, balance after) of each row: interest rounded once, the residue in the last."""
    if agreed is None:
        exact = exact_level(balance, rates) if method == "level" else Fraction(balance, len(rates))
        agreed = rounded(exact, rounding)
    rows = []
    for k, rate in enumerate(rates, 1):
        interest = rounded(balance * rate, rounding)
        principal = agreed - interest if method == "level" else agreed
        if principal >= balance or k == len(rates):
            principal = balance
        balance -= principal
        rows.append((principal, interest, balance))
        if balance == 0:
            break
    return rows


def contract_rows(terms) -> list[tuple[date, int, int, int]]:
    """(due, principal, interest, balance after) of each instalment of a contract."""
    days = dues(terms.first_due, terms.instalments, terms.anchor_day or terms.first_due.day)
    rates = [
        terms.annual_rate * fraction_of_year(terms.day_count, a, b, terms.anchor_day or terms.first_due.day)
        for a, b in zip([terms.start, *days], days, strict=False)
    ]
    agreed = None if terms.instalment is None else minor(terms.instalment, terms.currency)
    rows = rows_of(terms.method, minor(terms.principal, terms.currency), rates, terms.rounding, agreed)
    return [(day, *row) for day, row in zip(days, rows, strict=False)]


# --- what is owed: one day at a time


class Bill:
    """An instalment that fell due (or fees charged while nothing was due)."""

    def __init__(self, due: date, principal: int = 0, interest: int = 0) -> None:
        self.due, self.principal, self.interest, self.fees = due, principal, interest, 0
        self.late, self.penal = Fraction(0), Fraction(0)
        self.late_paid = self.penal_paid = 0
        self.past_grace = False

    def unpaid(self, component: str, rounding: str) -> int:
        match component:
            case "fees":
                return self.fees
            case "penalty":
                return (rounded(self.penal, rounding) if self.past_grace else 0) - self.penal_paid
            case "interest":
                return self.interest + rounded(self.late, rounding) - self.late_paid
            case "principal":
                return self.principal
        raise AssertionError(component)

    def settle(self, component: str, amount: int) -> None:
        match component:
            case "fees":
                self.fees -= amount
            case "penalty":
                self.penal_paid += amount
            case "principal":
                self.principal -= amount
            case "interest":
                scheduled = min(self.interest, amount)
                self.interest -= scheduled
                self.late_paid += amount - scheduled


class Owed:
    """What a contract and its payments leave owed on a day, found by living through every day of it."""

    def __init__(self, contract, payments, on: date) -> None:
        self.contract, self.rounding, self.currency = contract, contract.rounding.value, contract.currency
        self.anchor = contract.anchor_day or contract.first_due.day
        rows = contract_rows(contract)
        self.bills: list[Bill] = []
        self.purse = 0
        self.balance = minor(contract.principal, self.currency)
        self.last_due = contract.start
        self.billed_interest = self.charged = self.paid = self.billed_count = 0
        self.late_and_penal_paid = 0
        day = contract.start
        while True:
            for due, principal, interest, balance in rows:
                if due == day:
                    self.bills.append(Bill(due, principal, interest))
                    self.balance, self.last_due = balance, due
                    self.billed_interest += interest
                    self.billed_count += 1
                    self.pay_out()
            for charge in contract.charges:
                if charge.on == day:
                    if not any(self.owes(bill) for bill in self.bills):
                        self.bills.append(Bill(contract.start))
                    open_bills = [bill for bill in self.bills if self.owes(bill)] or self.bills[-1:]
                    open_bills[-1].fees += minor(charge.amount, self.currency)
                    self.charged += minor(charge.amount, self.currency)
                    self.pay_out()
            for payment in payments:
                if payment.on == day:
                    self.purse += minor(payment.amount, self.currency)
                    self.paid += minor(payment.amount, self.currency)
                    self.pay_out()
            if day == on:
                break
            self.night(day)
            day += DAY
        exact = (
            self.balance
            * contract.annual_rate
            * fraction_of_year(contract.day_count, self.last_due, on, self.anchor)
        )
        self.accrued_before_money = rounded(exact, self.rounding)
        against_accrued = min(self.purse, self.accrued_before_money)
        self.accrued = self.accrued_before_money - against_accrued
        against_principal = min(self.balance, self.purse - against_accrued)
        self.principal = self.balance - against_principal
        self.surplus = self.purse - against_accrued - against_principal
        self.unpaid_bills = [bill for bill in self.bills if bill.principal or bill.interest]
        self.instalments_left = len(rows) - self.billed_count

    def owes(self, bill: Bill) -> bool:
        return any(bill.unpaid(component, self.rounding) for component in self.contract.allocation)

    def night(self, day: date) -> None:
        contract, penalty = self.contract, self.contract.penalty
        for bill in self.bills:
            if not (bill.principal or bill.interest):
                continue
            if contract.overdue_interest == "separate":
                part = fraction_of_year(contract.day_count, day, day + DAY, self.anchor)
                bill.late += bill.principal * contract.annual_rate * part
            if penalty is not None:
                base = bill.principal + (bill.interest if penalty.base == "overdue_instalment" else 0)
                bill.penal += (
                    base
                    * penalty.annual_rate
                    * fraction_of_year(penalty.day_count, day, day + DAY, self.anchor)
                )
                if (day + DAY - bill.due).days > penalty.grace_days:
                    bill.past_grace = True

    def pay_out(self) -> None:
        order = [component.value for component in self.contract.allocation]
        if self.contract.allocate_by == "row":
            pairs = [(bill, component) for bill in self.bills for component in order]
        else:
            pairs = [(bill, component) for component in order for bill in self.bills]
        for bill, component in pairs:
            amount = min(self.purse, bill.unpaid(component, self.rounding))
            bill.settle(component, amount)
            self.purse -= amount

    def total(self, component: str) -> int:
        return sum(bill.unpaid(component, self.rounding) for bill in self.bills)

    @property
    def everything_that_arose(self) -> int:
        """Principal lent, interest (billed, accrued, late), penalty and charges up to the day."""
        late = sum(rounded(bill.late, self.rounding) for bill in self.bills)
        penal = sum(rounded(bill.penal, self.rounding) for bill in self.bills if bill.past_grace)
        lent = minor(self.contract.principal, self.currency)
        return lent + self.billed_interest + self.accrued_before_money + late + penal + self.charged


# --- rates that change


def rate_on(day: date, contract_rate: Fraction, changes) -> Fraction:
    """The rate that prices the night from a day to the next."""
    for change in changes:
        if (change.starts is None or change.starts <= day) and (change.ends is None or day < change.ends):
            return change.annual_rate
    return contract_rate


def period_rate(
    day_count: str, begin: date, end: date, anchor: int, contract_rate: Fraction, changes
) -> Fraction:
    """Interest per unit of balance over [begin, end), each stretch of one rate counted once."""
    turns = {d for c in changes for d in (c.starts, c.ends) if d is not None and begin < d < end}
    borders = [begin]
    for turn in sorted(turns):
        if rate_on(turn, contract_rate, changes) != rate_on(borders[-1], contract_rate, changes):
            borders.append(turn)
    borders.append(end)
    return sum(
        (
            rate_on(a, contract_rate, changes) * fraction_of_year(day_count, a, b, anchor)
            for a, b in itertools.pairwise(borders)
        ),
        Fraction(0),
    )
