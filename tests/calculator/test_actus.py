"""ACTUS's test cases: dates to the day, amounts to the eighth decimal, then the same loans in cents.

The cases are facts of the ACTUS Financial Research Foundation (actusfrf/actus-tests, commit acfaab8, CC BY-SA 4.0).
They are read where they lie beside the repository and are not part of it; without them every test of them is
skipped and says so. PAM repays its principal at maturity, LAM in equal parts; the codes are those of the ACTUS
dictionary: IP interest paid, IPCI interest capitalised, PR principal repaid, MD the rest at maturity, RR a new rate
and RRF one that was agreed beforehand.

The adapter reads a contract's terms and the observed market rates, never its expected events.
"""

import json
import os
import re
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from restructure import (
    Capitalise,
    ChangeRate,
    DayCount,
    Holiday,
    Method,
    Reamortise,
    Roll,
    amortise,
    position_of,
    reschedule,
)
from restructure.calculator.amortisation.amortise import repay
from restructure.calculator.amortisation.repayment import Repayment
from restructure.calculator.amortisation.scheme import Scheme
from restructure.calculator.amortisation.timetable import Periods
from restructure.calculator.conventions.accrual import interest_factors
from restructure.calculator.conventions.dates import LastPeriod, dates_until, every_dates, roll_date
from restructure.calculator.conventions.money import round_div
from restructure.calculator.measures.books import MovementKind
from restructure.calculator.servicing.contract import Contract
from restructure.calculator.servicing.position import Buckets, Position

CHECKED = (
    *(f"pam{n:02}" for n in range(1, 26) if n not in (12, 20)),
    *(f"lam{n:02}" for n in (1, *range(5, 13), 14, 15, 19, 20, 22, 23, 24, *range(27, 32))),
)
"""The cases that scope.json calls core or stretch for a consumer loan."""

TWO_FREQUENCIES = (
    "interest falls due every second month and principal every month; a repayment has one frequency"
)
NOT_EXPRESSED = {"lam23": TWO_FREQUENCIES, "lam24": TWO_FREQUENCIES}
"""Stretch cases that the calculator has no words for, and why."""

EXPRESSED = tuple(name for name in CHECKED if name not in NOT_EXPRESSED)


def load() -> dict[str, Any]:
    """Read the cases where RESTRUCTURE_CASES says, else from `shared/cases` beside the repository or in /work."""
    named = os.environ.get("RESTRUCTURE_CASES")
    beside = Path(__file__).resolve().parents[3] / "shared" / "cases"
    for place in [Path(named)] if named else [beside, Path("/work/shared/cases")]:
        if (place / "actus").is_dir():
            files = [f"actus-tests-{kind}.json" for kind in ("pam", "lam")]
            texts = [(place / "actus" / file).read_text("utf-8") for file in (*files, "scope.json")]
            pam, lam, scope = map(json.loads, texts)
            SCOPE.update({name: entry["scope"] for name, entry in scope["cases"].items()})
            return pam | lam
    return {}


SCOPE: dict[str, str] = {}
CASES = load()

pytestmark = pytest.mark.skipif(
    not CASES,
    reason=f"NOT CHECKED: {len(CHECKED)} ACTUS cases, because their files are not in ../shared/cases/actus beside "
    "the repository; set RESTRUCTURE_CASES to the folder of cases",
)


class Event(NamedTuple):
    """What happens on a day: what is paid, and the notional after it (of RR and RRF: the new rate)."""

    on: date
    kind: str
    paid: Fraction
    after: Fraction


def expected(case) -> list[Event]:
    """Read the events of the file, all but the payout (IED), which repeats the terms."""
    return [
        Event(
            day(event["eventDate"]),
            event["eventType"],
            Fraction(str(event["payoff"])),
            Fraction(str(event["nominalInterestRate" if event["eventType"] in RESETS else "notionalPrincipal"])),
        )
        for event in case["results"]
        if event["eventType"] != "IED"
    ]  # fmt: skip


def differences(ours: list[Event], theirs: list[Event]) -> list[Any]:
    """List what differs: a date or kind of event, or an amount in its eighth decimal."""
    ours, theirs = sorted(ours, key=lambda e: e[:2]), sorted(theirs, key=lambda e: e[:2])
    days = {event[:2] for event in ours} ^ {event[:2] for event in theirs}
    if days or len(ours) != len(theirs):
        return [len(ours), len(theirs), *sorted(days)]
    half = Fraction(1, 2 * 10**8)
    return [
        (str(a.on), a.kind, float(a.paid), float(b.paid), float(a.after), float(b.after))
        for a, b in zip(ours, theirs, strict=True)
        if abs(a.paid - b.paid) >= half or abs(a.after - b.after) >= half
    ]


# --- the adapter: ACTUS's terms in the calculator's words

RESETS = ("RR", "RRF")
UNITS = {"D": "day", "W": "week", "M": "month", "Y": "year"}
STUBS = {"0": LastPeriod.LONG, "1": LastPeriod.SHORT}
DAY_COUNTS = {
    "A365": DayCount.ACT_365F,
    "A360": DayCount.ACT_360,
    "AA": DayCount.ACT_ACT_ISDA,
    "30E360": DayCount.THIRTY_E_360,
}
ROLLS = {
    "": Roll.NONE,
    "F": Roll.FOLLOWING,
    "MF": Roll.MODIFIED_FOLLOWING,
    "P": Roll.PRECEDING,
    "MP": Roll.MODIFIED_PRECEDING,
}


def day(text: str) -> date:
    return date.fromisoformat(text[:10])


UNREAD = {"purchaseDate", "terminationDate", "scalingEffect", "cycleOfFee"}
"""Terms that would change the events and that the adapter does not read; only cases out of scope have them."""


class Loan:
    """A contract of ACTUS: amounts exact, every date stepped and rolled by the calculator."""

    def __init__(self, case) -> None:
        self.terms = terms = case["terms"]
        assert not UNREAD & terms.keys(), f"{UNREAD & terms.keys()} would be passed over"
        assert terms.get("interestCalculationBase", "NT") == "NT", "interest runs on the balance"
        self.amortises = terms["contractType"] == "LAM"
        self.sign = -1 if terms["contractRole"] == "RPL" else 1  # a liability of the one who keeps the books
        self.notional = self.number("notionalPrincipal")
        self.rate = self.number("nominalInterestRate")
        self.part = self.number("nextPrincipalRedemptionPayment")
        self.accrued = self.number("accruedInterest") or Fraction(0)
        self.day_count = DAY_COUNTS[terms["dayCountConvention"]]
        self.method = Method.EQUAL_PRINCIPAL if self.amortises else Method.INTEREST_ONLY
        # A loan that already runs on the day of its status is taken over as it stands then.
        self.start = max(day(terms["initialExchangeDate"]), day(terms["statusDate"]))

        first, self.every, stub = self.frequency("InterestPayment")
        assert not self.amortises or self.frequency("PrincipalRedemption") == (first, self.every, stub)
        self.anchor = self.anchor_day(first)
        if "maturityDate" in terms:
            self.dues = dates_until(
                first, day(terms["maturityDate"]), self.every, anchor_day=self.anchor, stub=stub
            )
        else:
            self.dues = every_dates(
                first, ceil(self.notional / self.part), self.every, anchor_day=self.anchor
            )
        self.joins = day(terms["capitalizationEndDate"]) if "capitalizationEndDate" in terms else None
        """Interest joins the principal on every due date before this day, and on it."""
        # Shift and calculate (SC…) moves the period with the payment, calculate and shift (CS…) only the payment.
        convention = terms.get("businessDayConvention", "")
        self.roll, self.roll_accrues = ROLLS[convention[2:]], convention.startswith("SC")
        self.resets = list(self.steps_of_rate(case["dataObserved"]))

    def number(self, name: str) -> Fraction | None:
        return Fraction(str(self.terms[name]).strip()) if name in self.terms else None

    def frequency(self, of: str) -> tuple[date, str, LastPeriod]:
        """Read a cycle such as P3ML1: every 3 months, the last period short."""
        count, unit, stub = re.fullmatch(r"P(\d+)([DWMY])L([01])", self.terms[f"cycleOf{of}"]).groups()
        return day(self.terms[f"cycleAnchorDateOf{of}"]), f"{count} {UNITS[unit]}", STUBS[stub]

    def anchor_day(self, first: date) -> int:
        """Give the day that months step from: the last one under EOM, if the first date is a month's last."""
        ends_month = (first + timedelta(days=1)).day == 1
        return 31 if ends_month and self.terms.get("endOfMonthConvention") == "EOM" else first.day

    def steps_of_rate(self, observed) -> Iterator[tuple[date, str, Fraction]]:
        """Yield when the rate changes and to what: market rate times multiplier plus spread, never at maturity."""
        if "cycleOfRateReset" not in self.terms:
            return
        first, every, stub = self.frequency("RateReset")
        (market,) = observed.values()
        seen = {day(point["timestamp"]): Fraction(point["value"]) for point in market["data"]}
        *days, _ = dates_until(first, self.dues[-1], every, anchor_day=self.anchor_day(first), stub=stub)
        for k, on in enumerate(days):
            agreed = self.number("nextResetRate") if k == 0 else None
            floating = seen[on] * self.number("rateMultiplier") + self.number("rateSpread")
            yield on, "RR" if agreed is None else "RRF", floating if agreed is None else agreed

    def events(self, capitalised, rows) -> list[Event]:
        """Name what happens as ACTUS does; at maturity the interest is paid before the principal."""
        found = [Event(on, kind, Fraction(0), rate) for on, kind, rate in self.resets]
        found += [Event(on, "IPCI", Fraction(0), self.sign * balance) for on, balance in capitalised]
        waiting = self.accrued
        for on, principal, interest, after in rows:
            matures = after == 0
            found.append(
                Event(
                    on, "IP", self.sign * (interest + waiting), self.sign * (principal if matures else after)
                )
            )
            if matures or self.amortises:
                found.append(Event(on, "MD" if matures else "PR", self.sign * principal, self.sign * after))
            waiting = 0
        return found


def calculated(case, unit: int = 10**10) -> list[Event]:
    """Make the events with the calculator's own functions, one whole being `unit` minor units."""
    loan = Loan(case)
    joining = [on for on in loan.dues if loan.joins and on < loan.joins] + [loan.joins] * bool(loan.joins)
    scheduled = joining + [on for on in loan.dues if not loan.joins or on > loan.joins]
    paid = [roll_date(on, loan.roll) for on in scheduled]
    borders = list(paid if loan.roll_accrues else scheduled)
    if loan.terms.get("maturityDate", "").endswith("T23:59:59"):
        borders[-1] += timedelta(days=1)  # accrual is half-open: the end of a day is the start of the next
    rates = [(loan.start, loan.rate), *((on, rate) for on, _, rate in loan.resets)]
    factors, year = interest_factors(loan.day_count, [loan.start, *borders], loan.anchor, rates)

    scheme = Scheme(divide=round_div, method=loan.method)
    balance = int(loan.notional * unit)
    capitalised = []
    for on, factor in zip(paid[: len(joining)], factors, strict=False):
        balance += scheme.interest(balance, factor, year)
        capitalised.append((on, balance))
    agreed = None if loan.part is None else int(loan.part * unit)
    periods = Periods(list(paid), factors, year).since(len(joining))
    rows = repay(scheme, periods, balance, agreed).rows
    return loan.events(
        [(on, Fraction(amount, unit)) for on, amount in capitalised],
        [
            (on, *(Fraction(x, unit) for x in (principal, interest, after)))
            for on, principal, interest, *_, after in rows
        ],
    )


# --- every case at 8 decimals


@pytest.mark.parametrize("name", CHECKED)
def test_a_case_of_actus_is_met_to_the_day_and_to_the_eighth_decimal(name):
    if name in NOT_EXPRESSED:
        pytest.skip(f"{name} is not expressed: {NOT_EXPRESSED[name]}")
    assert differences(calculated(CASES[name]), expected(CASES[name])) == []


@pytest.mark.parametrize("name", EXPRESSED)
def test_the_comparison_notices_any_altered_amount_date_or_missing_event(name):
    ours, theirs = calculated(CASES[name]), expected(CASES[name])
    for k, event in enumerate(theirs):
        for altered in (
            [event._replace(paid=event.paid + Fraction(1, 10**8))],
            [event._replace(after=event.after - Fraction(1, 10**8))],
            [event._replace(on=event.on + timedelta(days=1))],
            [],
        ):
            assert differences(ours, theirs[:k] + altered + theirs[k + 1 :])


def test_no_case_that_concerns_a_consumer_loan_is_left_out():
    assert SCOPE.keys() == CASES.keys()
    assert {name for name in CASES if SCOPE[name] != "out"} == set(CHECKED)
    assert not [name for name in NOT_EXPRESSED if SCOPE[name] == "core"]


# --- the same loans by the public functions, in cents and in cents of 10^8 times as much

NOT_IN_TERMS = {
    "pam14": "interest that accrued before the payout is a position's, see the test below",
    "pam25": "the last payment falls due on one day and accrues to the next",
    "lam05": "a first part of principal is repaid on the day of the payout",
    "lam10": "a rate below zero is refused",
    "lam22": "a position cannot be derived after a change of rate",
    "lam31": "equal parts are solved over periods of which the last is irregular",
}
"""What the terms of a loan and its position have no words for."""

IN_TERMS = tuple(name for name in EXPRESSED if name not in NOT_IN_TERMS)


def by_the_public_functions(case, times: int = 1) -> list[Event]:
    """Make the events after the payout with `amortise`, `position_of` and `reschedule`, of `times` the money."""
    loan = Loan(case)
    principal, start, capitalised = Decimal(int(loan.notional) * times), loan.start, []
    dues = [on for on in loan.dues if on > start]
    if loan.joins:
        capitalised = capitalise(loan, principal, dues)
        start, principal = capitalised[-1]
        dues = [on for on in dues if on > start]
    part = None if loan.part is None else Decimal(int(loan.part) * times)
    if dues == every_dates(dues[0], len(dues), loan.every, anchor_day=loan.anchor):
        rows = pay(loan, agreement(loan, principal, start, dues, instalment=part))
    else:
        # A last period off the frequency is a loan of its own, which takes over what the regular ones leave.
        *dues, maturity = dues
        left = principal - (part or 0) * len(dues)
        rows = pay(loan, agreement(loan, principal, start, dues, instalment=part, balloon=left))
        on, repaid, interest, _ = rows.pop()
        rows.append((on, repaid - left, interest, left))
        rows += pay(loan, agreement(loan, left, on if loan.roll_accrues else dues[-1], [maturity]))
    return loan.events(
        [(on, Fraction(balance) / times) for on, balance in capitalised],
        [(on, *(Fraction(amount) / times for amount in amounts)) for on, *amounts in rows],
    )


def agreement(loan: Loan, principal: Decimal, start: date, dues: list[date], **more) -> Contract:
    """Write the loan down from a day on, at the rate of that day."""
    return Contract(
        currency="USD",
        principal=principal,
        annual_rate=[loan.rate, *(rate for on, _, rate in loan.resets if on <= start)][-1],
        instalments=len(dues),
        start=start,
        first_due=dues[0],
        every=loan.every,
        anchor_day=loan.anchor,
        roll=loan.roll,
        roll_accrues=loan.roll_accrues,
        method=loan.method,
        day_count=loan.day_count,
        **more,
    )


def pay(loan: Loan, terms: Contract) -> list[tuple[Any, ...]]:
    """Repay what was agreed, at the rates that follow; each row as due date, principal, interest and balance."""
    resets = [(on, rate) for on, _, rate in loan.resets if on > terms.start]
    if resets:
        ends = [*(on for on, _ in resets[1:]), None]
        changes = [
            ChangeRate(annual_rate=rate, starts=on, ends=end)
            for (on, rate), end in zip(resets, ends, strict=True)
        ]
        position = position_of(terms, on=terms.start)
        schedule = reschedule(position, [*changes, Reamortise(solve="nothing")]).schedule
    else:
        schedule = amortise(terms)
    return [(row.due, row.principal, row.interest, row.balance) for row in schedule.rows]


def capitalise(loan: Loan, principal: Decimal, dues: list[date]) -> list[tuple[date, Decimal]]:
    """Let interest join the principal in a payment holiday, and what has accrued since on the day it ends."""
    held = sum(on <= loan.joins for on in dues)
    terms = agreement(loan, principal, loan.start, dues)
    holiday = Holiday(instalments=held, keep_term=True)
    rows = reschedule(position_of(terms, on=loan.start), [holiday]).schedule.rows[:held]
    balances = [(row.due, row.balance) for row in rows]
    if rows[-1].due < loan.joins:
        after = position_of(agreement(loan, rows[-1].balance, rows[-1].due, dues[held:]), on=loan.joins)
        joined = reschedule(after, [Capitalise(of="accrued")]).moved(MovementKind.CAPITALISED)
        balances.append((loan.joins, after.buckets.principal + joined))
    return balances


def after_the_payout(case) -> list[Event]:
    """Leave out what ACTUS lists on the day of the payout: interest of no days."""
    start = Loan(case).start
    assert not any(event.paid for event in expected(case) if event.on == start)
    return [event for event in expected(case) if event.on > start]


@pytest.mark.parametrize("name", IN_TERMS)
def test_the_public_functions_meet_a_case_to_the_eighth_decimal(name):
    # A cent of 10^8 times as much money is the tenth decimal.
    case = CASES[name]
    assert differences(by_the_public_functions(case, 10**8), after_the_payout(case)) == []


def cents(amount: Fraction) -> int:
    return round_div(amount.numerator * 100, amount.denominator)


@pytest.mark.parametrize("name", IN_TERMS)
def test_the_public_functions_meet_a_case_to_the_cent(name):
    # Every row rounds once, so a row on a whole balance is the exact amount rounded. Interest that joins the
    # principal leaves its rounding there: half a cent each time and what that earns, together below a cent.
    case = CASES[name]
    ours, theirs = by_the_public_functions(case), after_the_payout(case)
    joined = 0
    for a, b in zip(sorted(ours), sorted(theirs), strict=True):
        joined += a.kind == "IPCI"
        assert a[:2] == b[:2]
        if joined:
            assert max(abs(a.paid - b.paid), abs(a.after - b.after)) < Fraction(joined, 100)
        else:
            assert a.paid * 100 == cents(b.paid)
            assert a.after == b.after or a.kind in RESETS


@pytest.mark.parametrize("times", [1, 10**8])
def test_interest_that_accrued_before_the_payout_is_a_bucket_of_the_position(times):
    # pam14: 50 had accrued, which the first payment brings; nothing earns interest before the payout.
    case = CASES["pam14"]
    loan = Loan(case)
    terms = agreement(loan, Decimal(3000 * times), loan.start, loan.dues[1:])
    position = Position(
        on=loan.start - timedelta(days=1),
        currency="USD",
        buckets=Buckets(principal=3000 * times, accrued=50 * times),
        repayment=Repayment(
            **{name: getattr(terms, name) for name in Repayment.model_fields}
            | {"first_due": loan.dues[0], "instalments": len(loan.dues)}
        ),
    )
    rows = reschedule(position, [ChangeRate(annual_rate=0, ends=loan.start)]).schedule.rows
    paid = [(row.due, row.interest + row.arrears_interest) for row in rows]
    if times == 1:
        assert paid == [
            (event.on, Decimal(cents(event.paid)).scaleb(-2))
            for event in expected(case)
            if event.kind == "IP"
        ]
    else:
        ours = [Event(on, "IP", Fraction(amount) / times, Fraction(3000)) for on, amount in paid]
        assert differences(ours, [event for event in expected(case) if event.kind == "IP"]) == []
