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
_DECIMALS = {"JPY": 0, "KWD": 3, "CLF": 4}


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
        self.whole = principal + interest
        self.late, self.penal, self.compound = Fraction(0), Fraction(0), Fraction(0)
        self.late_paid = self.penal_paid = 0
        self.past_grace = False

    def capped(self, penalty, currency: str) -> Fraction:
        """What the penalty has come to."""
        if penalty is None or not self.past_grace:
            return Fraction(0)
        bounds = [self.penal if penalty.amount is None else Fraction(minor(penalty.amount, currency))]
        if penalty.cap is not None:
            bounds.append(Fraction(minor(penalty.cap, currency)))
        if penalty.cap_share is not None:
            bounds.append(self.whole * penalty.cap_share)
        return min(bounds)

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
    """What a contract and its payments leave owed on a day, found by living through every day of it.

    No schedule is laid out: each instalment is worked out on the day it falls due from what is then owed.
    """

    def __init__(self, contract, payments, on: date) -> None:
        self.contract, self.rounding, self.currency = contract, contract.rounding.value, contract.currency
        self.anchor = contract.anchor_day or contract.first_due.day
        self.dues = dues(contract.first_due, contract.instalments, self.anchor)
        self.bills: list[Bill] = []
        self.purse = self.held = 0
        self.lent = self.balance = minor(contract.principal, self.currency)
        self.running = Fraction(0)  # interest since the last due date or prepayment
        self.on_overdue = Fraction(0)  # the part of it on overdue principal
        self.charged = self.paid = self.interest_billed = self.interest_prepaid = 0
        self.instalment = self.first_instalment()
        days = [contract.start + DAY * k for k in range((on - contract.start).days + 1)]
        for day in days:
            self.today = day
            if self.dues and self.dues[0] == day:
                self.fall_due()
                self.spend_purse()
            for charge in contract.charges:
                if charge.on == day:
                    self.charge(minor(charge.amount, self.currency))
                    self.spend_purse()
            for wish in ("hold", "shorten_term", "lower_instalment"):
                come = [p for p in payments if p.on == day and (p.prepayment or contract.prepayment) == wish]
                self.receive(sum(minor(p.amount, self.currency) for p in come), wish)
            if day != on:
                self.night()
        self.accrued_before_money = self.held + (rounded(self.running, self.rounding) if self.dues else 0)
        interest, principal = self.in_advance(self.purse, self.accrued_before_money)
        self.accrued, self.principal = self.accrued_before_money - interest, self.balance - principal
        self.surplus = self.purse - interest - principal
        self.unpaid_bills = [bill for bill in self.bills if bill.principal or bill.interest]
        self.instalments_left = len(self.dues)

    # the schedule, one instalment at a time

    def rate(self, begin: date, end: date) -> Fraction:
        return self.contract.annual_rate * fraction_of_year(self.contract.day_count, begin, end, self.anchor)

    def rates_from(self, begin: date) -> list[Fraction]:
        return [self.rate(a, b) for a, b in itertools.pairwise([begin, *self.dues])]

    def first_instalment(self) -> int:
        if self.contract.instalment is not None:
            return minor(self.contract.instalment, self.currency)
        return self.solved()

    def solved(self) -> int:
        """The instalment (or part of principal) over all due dates to come, what is held back included."""
        today = getattr(self, "today", self.contract.start)
        match self.contract.method.value:
            case "level":
                rates = self.rates_from(today)
                worth = self.balance + Fraction(self.held) / (1 + rates[0])
                return rounded(worth * exact_level(1, rates), self.rounding)
            case "equal_principal" | "flat":
                return rounded(Fraction(self.balance, len(self.dues)), self.rounding)
        return 0

    def fall_due(self) -> None:
        method, last = self.contract.method.value, len(self.dues) == 1
        plain = rounded(self.running - self.on_overdue, self.rounding)
        interest = rounded(self.running, self.rounding)
        match method:
            case "level":
                principal = self.instalment - self.held - interest
            case "equal_principal" | "flat":
                principal = self.instalment - (interest - plain)
            case _:
                principal = 0
        principal = self.balance if last else min(self.balance, max(principal, 0))
        due = self.dues.pop(0)
        self.balance -= principal
        self.running = self.on_overdue = Fraction(0)
        if method == "bullet" and not last:
            self.held += interest
            interest = 0
        else:
            interest, self.held = interest + self.held, 0
        self.bills.append(Bill(due, principal, interest))
        self.interest_billed += interest
        if not self.balance and method in ("level", "equal_principal", "interest_only"):
            self.dues = []

    def needed(self) -> int:
        """How many of the due dates to come the instalment needs."""
        match self.contract.method.value:
            case "level":
                owed, held = self.balance, self.held
                for k, rate in enumerate(self.rates_from(self.today), 1):
                    principal = self.instalment - held - rounded(owed * rate, self.rounding)
                    owed, held = owed - principal, 0
                    if owed <= 0:
                        return k
            case "equal_principal" if self.instalment:
                return min(ceil(Fraction(self.balance, self.instalment)), len(self.dues))
        return len(self.dues)

    # money

    def charge(self, amount: int) -> None:
        self.charged += amount
        open_bills = [bill for bill in self.bills if self.owes(bill)]
        if not open_bills:
            open_bills = [Bill(self.today)]
            self.bills += open_bills
        open_bills[-1].fees += amount

    def receive(self, amount: int, wish: str) -> None:
        self.paid += amount
        rest = self.pay_out(amount)
        if rest and self.dues and wish != "hold":
            self.held += rounded(self.running, self.rounding)
            self.running = self.on_overdue = Fraction(0)
            interest, principal = self.in_advance(rest, self.held)
            self.held -= interest
            self.interest_prepaid += interest
            self.balance -= principal
            rest -= interest + principal
            if not self.balance:
                self.dues = self.dues[: 1 if self.held else 0]
            elif wish == "shorten_term":
                self.dues = self.dues[: self.needed()]
            else:
                self.instalment = min(self.instalment, self.solved())
        self.purse += rest

    def in_advance(self, amount: int, accrued: int) -> tuple[int, int]:
        named = [word.value[11:] for word in self.contract.allocation if word.value.startswith("in_advance")]
        order = [word for word in named if word in ("interest", "principal")]
        order += [word for word in ("interest", "principal") if word not in order]
        part = {}
        for word in order:
            part[word] = min(amount, accrued if word == "interest" else self.balance)
            amount -= part[word]
        return part["interest"], part["principal"]

    def spend_purse(self) -> None:
        self.purse = self.pay_out(self.purse)

    def pay_out(self, amount: int) -> int:
        """Pay what is past due or due, in the contract's order; gives what is left."""
        words = [word.value for word in self.contract.allocation if not word.value.startswith("in_advance")]
        runs = [[word] for word in words]
        if self.contract.allocate_by == "row":
            runs = [
                list(run) for _, run in itertools.groupby(words, key=lambda word: word.rpartition("_")[0])
            ]
        for run in runs:
            for bill in self.bills:
                for word in run:
                    timing, _, component = word.rpartition("_")
                    if timing and (timing == "past_due") != (bill.due < self.today):
                        continue
                    part = min(amount, self.unpaid(bill, component))
                    bill.settle(component, part)
                    amount -= part
        return amount

    def unpaid(self, bill: Bill, component: str) -> int:
        match component:
            case "fees":
                return bill.fees
            case "penalty":
                exact = bill.capped(self.contract.penalty, self.currency) + bill.compound
                return rounded(exact, self.rounding) - bill.penal_paid
            case "interest":
                return bill.interest + rounded(bill.late, self.rounding) - bill.late_paid
            case "principal":
                return bill.principal
        raise AssertionError(component)

    def owes(self, bill: Bill) -> bool:
        return any(self.unpaid(bill, word) for word in ("fees", "penalty", "interest", "principal"))

    def night(self) -> None:
        contract, penalty, compound = self.contract, self.contract.penalty, self.contract.compound
        day, morrow = self.today, self.today + DAY
        price = self.rate(day, morrow)
        late = [bill for bill in self.bills if bill.principal or bill.interest]
        overdue = sum(bill.principal for bill in late)
        flat = contract.method.value == "flat"
        if self.dues:
            self.running += (self.lent if flat and self.balance else self.balance) * price
            if contract.overdue_interest == "in_instalment":
                self.running += overdue * price
                self.on_overdue += overdue * price
        for k, bill in enumerate(late):
            if contract.overdue_interest == "separate":
                bill.late += bill.principal * price
            if compound is not None:
                rate = contract.annual_rate if compound.annual_rate is None else compound.annual_rate
                bill.compound += (
                    bill.interest * rate * fraction_of_year(compound.day_count, day, morrow, self.anchor)
                )
            if penalty is not None:
                base = {
                    "overdue_principal": bill.principal,
                    "overdue_instalment": bill.principal + bill.interest,
                    "outstanding_principal": (self.balance + overdue) if k == 0 else 0,
                }[penalty.base]
                part = fraction_of_year(penalty.day_count, day, morrow, self.anchor)
                bill.penal += base * (penalty.annual_rate or 0) * part
                if (morrow - bill.due).days > penalty.grace_days:
                    bill.past_grace = True

    def total(self, component: str) -> int:
        return sum(self.unpaid(bill, component) for bill in self.bills)

    @property
    def everything_that_arose(self) -> int:
        """Principal lent, interest (billed, accrued, prepaid, late), penalty and charges up to the day."""
        late = sum(rounded(bill.late, self.rounding) for bill in self.bills)
        penal = sum(
            rounded(bill.capped(self.contract.penalty, self.currency) + bill.compound, self.rounding)
            for bill in self.bills
        )
        interest = self.interest_billed + self.interest_prepaid + self.accrued_before_money
        return self.lent + interest + late + penal + self.charged


# --- rates that change


def rate_on(day: date, contract_rate: Fraction, changes) -> Fraction:
    """The rate that prices the night from a day to the next."""
    begun = [change for change in changes if change.starts is None or change.starts <= day]
    for change in begun:
        if change.ends is not None and day < change.ends:
            return change.annual_rate
    good = [change for change in begun if change.ends is None]
    # Of several rates for good the one that started last holds.
    return max(good, key=lambda change: change.starts or date.min).annual_rate if good else contract_rate


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
