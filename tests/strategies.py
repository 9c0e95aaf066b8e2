"""Random loans, histories, positions and sets of measures; nearly every draw can be carried out."""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache
from itertools import permutations

from dateutil.relativedelta import relativedelta
from hypothesis import strategies as st

from restructure.calculator.amortisation.repayment import Repayment
from restructure.calculator.amortisation.scheme import HolidayInterest, LastRow, Method
from restructure.calculator.amortisation.terms import Terms
from restructure.calculator.conventions.dates import Roll
from restructure.calculator.conventions.day_counts import DayCount
from restructure.calculator.conventions.money import Rounding
from restructure.calculator.measures.deferral import Capitalise, Defer, Spread
from restructure.calculator.measures.holiday import Holiday
from restructure.calculator.measures.rate import ChangeRate
from restructure.calculator.measures.relief import Forgive, Waive
from restructure.calculator.measures.solve import Reamortise, Solve
from restructure.calculator.measures.timing import Extend
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
    Timing,
)
from restructure.calculator.servicing.position import Buckets, Position

DECIMALS = {"CNY": 2, "JPY": 0, "KWD": 3, "CLF": 4}
ADDITIVE = [day_count for day_count in DayCount if day_count is not DayCount.THIRTY_360_US]
RELIEVABLE = ("interest_arrears", "accrued", "penalty", "fees")
DUE = ("principal_arrears", *RELIEVABLE, "parked")


@cache
def _sampled(options: tuple, _: tuple[type, ...]) -> st.SearchStrategy:
    return st.sampled_from(options)


def sampled(options: Iterable) -> st.SearchStrategy:
    """`st.sampled_from`, made once: Hypothesis looks through every new strategy, which takes longer than to draw."""
    options = tuple(options)
    return _sampled(options, tuple(map(type, options)))  # 1 is equal to True


days = st.dates(date(1999, 1, 1), date(2040, 12, 31))
currencies = sampled(["CNY", "CNY", "CNY", "JPY", "KWD", "CLF"])


def major(minor: int, currency: str = "CNY") -> Decimal:
    """Minor units as an amount."""
    return Decimal(minor).scaleb(-DECIMALS[currency])


@cache
def rates(largest: int = 3600):
    """Annual rates: nothing, basis points, or a third that no decimal holds."""
    return st.one_of(
        st.integers(1, largest).map(lambda points: Fraction(points, 10_000)),
        sampled([Fraction(0), Fraction(1, 12), Fraction(149, 1000), Fraction(7, 30)]).filter(
            lambda rate: rate <= Fraction(largest, 10_000)
        ),
    )


@st.composite
def first_dues(draw, start: date, *, longest: int = 31):
    """A first due date after a start, with its anchor day: a month later, or an odd first period."""
    if draw(st.booleans()):
        first = start + relativedelta(months=1)
        return first, (start.day if first.day != start.day else None)
    first = start + timedelta(days=draw(st.integers(1, longest)))
    ends_month = (first + timedelta(days=1)).day == 1
    return first, (draw(sampled([None, 31])) if ends_month else None)


@st.composite
def terms(draw, *, most: int = 60, least_minor: int = 1, day_counts=tuple(DayCount)):
    """A loan whose level instalment covers the interest of every period."""
    currency = draw(currencies)
    instalments = draw(st.integers(1, most))
    start = draw(days)
    first, anchor = draw(first_dues(start, longest=45 if instalments <= 24 else 31))
    # Above these a 31-day month costs more than the level instalment of a long loan.
    largest = 3600 if instalments <= 60 else 2400 if instalments <= 120 else 1200
    return Terms(
        currency=currency,
        principal=major(draw(st.integers(least_minor, 10**4) | st.integers(10**4, 10**9)), currency),
        annual_rate=draw(rates(largest)),
        instalments=instalments,
        start=start,
        first_due=first,
        anchor_day=anchor,
        method=draw(sampled([Method.LEVEL, Method.EQUAL_PRINCIPAL])),
        day_count=draw(sampled(day_counts)),
        rounding=draw(sampled([Rounding.HALF_UP, *Rounding])),
    )


EVERY = tuple(method for method in Method if method is not Method.STEPPED)
"""The methods that need nothing said beside them."""

steps = st.builds(
    dict,
    every=sampled([1, 6, 12]),
    share=sampled(["7.5%", "-3%", "0"]),
    times=sampled([None, 2]),
)


@st.composite
def any_terms(draw):
    """A loan of any method, frequency, roll and last row; a rounded instalment may lie below the interest."""
    method = draw(sampled(list(Method)))
    every = draw(sampled(["1 month", "2 weeks", "10 days", "1 quarter", "semi-monthly"]))
    start = date(2024, 1, 1) + timedelta(days=draw(st.integers(0, 800)))
    first_due = start + timedelta(days=draw(st.integers(10, 40)))
    principal = draw(st.integers(10_000, 10_000_000))
    balloon = draw(sampled([0, 0, principal // 4])) if method is not Method.BULLET else 0
    return Terms(
        currency="CNY",
        principal=Decimal(principal).scaleb(-2),
        annual_rate=Fraction(draw(st.integers(0, 360)), 1000),
        instalments=draw(st.integers(1, 40)),
        start=start,
        first_due=first_due,
        every=every,
        method=method,
        steps=draw(steps) if method is Method.STEPPED else None,
        negative_amortisation=method is Method.STEPPED,
        balloon=Decimal(balloon).scaleb(-2),
        day_count=draw(sampled(["ACT/365F", "30/360 by month", "30E/360", "ACT/ACT ISDA"])),
        roll=draw(sampled(list(Roll))),
        roll_accrues=draw(st.booleans()),
        instalment_multiple=draw(sampled([None, None, "1", "0.05"])),
        last_row=draw(sampled(list(LastRow))),
        rounding=draw(sampled(list(Rounding))),
    )


CLAIMS = {timing: [word for word in AllocationClaim if word.timing is timing] for timing in Timing}


@st.composite
def allocations(draw):
    """Four components in some order, or the eight claims past due and due, mixed or one group after the other."""
    if draw(st.booleans()):
        return draw(sampled(list(permutations(Component))))
    past_due, due = (draw(st.permutations(CLAIMS[timing])) for timing in (Timing.PAST_DUE, Timing.DUE))
    order = draw(st.sampled_from([[*past_due, *due], [*due, *past_due]]) | st.permutations([*past_due, *due]))
    ahead = draw(st.lists(sampled(CLAIMS[Timing.IN_ADVANCE]), unique=True))
    return (*order, *ahead)


@st.composite
def penalties(draw, currency: str):
    """A penalty at a rate or fixed, on any base, with any caps."""
    cap = draw(st.none() | st.integers(0, 20000).map(lambda minor: major(minor, currency)))
    share = draw(st.none() | st.integers(0, 100).map(lambda percent: Fraction(percent, 100)))
    grace = draw(sampled([0, 0, 1, 5, 15, 40]))
    if draw(st.integers(0, 3)) == 0:
        amount = major(draw(st.integers(0, 5000)), currency)
        return Penalty(amount=amount, grace_days=grace, cap=cap, cap_share=share)
    return Penalty(
        annual_rate=draw(rates(2400)),
        base=draw(sampled(["overdue_principal", "overdue_instalment", "outstanding_principal"])),
        grace_days=grace,
        day_count=draw(sampled(ADDITIVE)),
        cap=cap,
        cap_share=share,
    )


@st.composite
def contracts(draw, *, most: int = 9, methods=(Method.LEVEL, Method.EQUAL_PRINCIPAL)):
    """A short loan with whatever lateness can cost, on day counts that add up."""
    # Large enough that no instalment is an empty row, which could be told from a paid one by nothing.
    loan = draw(terms(most=most, least_minor=5000, day_counts=tuple(ADDITIVE)))
    start, flat = loan.start, (method := draw(sampled(methods))) is Method.FLAT
    charges = draw(
        st.lists(
            st.builds(
                Charge,
                on=st.integers(0, 300).map(lambda days: start + timedelta(days=days)),
                amount=st.integers(0, 5000).map(lambda minor: major(minor, loan.currency)),
            ),
            max_size=3,
        )
    )
    compounds = st.builds(Compound, annual_rate=st.none() | rates(2400), day_count=sampled(ADDITIVE))
    return Contract(
        **{name: getattr(loan, name) for name in Terms.model_fields if name != "method"},
        method=method,
        penalty=draw(st.none() | penalties(loan.currency)),
        compound=draw(st.none() | compounds),
        overdue_interest=draw(sampled(["separate", "none"] if flat else list(OverdueInterest))),
        charges=tuple(charges),
        allocation=draw(allocations()),
        allocate_by=draw(sampled(["row", "bucket"])),
        prepayment=draw(sampled(["hold", "lower_instalment"] if flat else list(Prepayment))),
    )


@st.composite
def histories(draw, contract: Contract, schedule):
    """Payments on time, late, partial, doubled, early, or for no reason, and a day to look at them."""
    payments = []
    for row in schedule.rows:
        habit = draw(sampled(["on time", "late", "partial", "early", "nothing", "twice", "nearly"]))
        shift = timedelta(days=draw(st.integers(1, 50)))
        whole = int(row.total.scaleb(DECIMALS[contract.currency]))
        match habit:
            case "on time":
                payments.append((row.due, whole))
            case "late":
                payments.append((row.due + shift, whole))
            case "partial":
                payments.append((row.due, draw(st.integers(0, whole))))
            case "nearly":
                payments.append((row.due + shift, max(whole - 1, 0)))
            case "early":
                payments.append((max(contract.start, row.due - shift), whole))
            case "twice":
                payments.append((row.due + shift, whole // 2))
                payments.append((row.due + shift, whole - whole // 2))
    if draw(st.booleans()):
        extra = draw(st.integers(1, max(1, int(contract.principal.scaleb(DECIMALS[contract.currency])) // 3)))
        payments.append((contract.start + timedelta(days=draw(st.integers(0, 200))), extra))
    on = contract.start + timedelta(days=draw(st.integers(0, 31 * (contract.instalments + 2))))
    wishes = [None, None, *Prepayment]
    if contract.method is Method.FLAT:
        wishes.remove(Prepayment.SHORTEN_TERM)
    return [
        Payment(on=day, amount=major(amount, contract.currency), prepayment=draw(sampled(wishes)))
        for day, amount in payments
    ], on


@st.composite
def positions(draw, *, day_counts=tuple(DayCount), fewest: int = 0):
    """What is owed on a day, stated: any bucket may be empty, the instalment agreed or not."""
    currency = draw(currencies)
    on = draw(days)
    instalments = draw(st.one_of(st.integers(max(fewest, 1), 60), st.integers(fewest, 3)))
    first, anchor = draw(first_dues(on))
    principal = draw(st.one_of(st.integers(1, 10**8), st.integers(1, 200))) if instalments else 0
    held = {
        name: major(draw(st.one_of(st.just(0), st.integers(1, 50), st.integers(1, 10**6))), currency)
        for name in DUE
    }
    if not principal and not any(held.values()):
        held["fees"] = major(1, currency)
    late = bool(held["principal_arrears"] or held["interest_arrears"])
    rate = draw(rates())
    agreed = None
    if instalments and draw(st.integers(0, 2)) == 0:
        # Above the level instalment, so that it covers any period's interest and the rows may end early.
        monthly = float(rate) / 12 + 1e-12
        level = principal * monthly / (1 - (1 + monthly) ** -instalments)
        agreed = major(
            int(level * draw(sampled([1.0, 1.03, 1.4]))) + 1 + int(principal * monthly / 25), currency
        )
    return Position(
        on=on,
        currency=currency,
        buckets=Buckets(principal=major(principal, currency), **held),
        repayment=Repayment(
            annual_rate=rate,
            instalments=instalments,
            first_due=first,
            anchor_day=anchor,
            method=draw(sampled([Method.LEVEL, Method.LEVEL, Method.EQUAL_PRINCIPAL])),
            day_count=draw(sampled(day_counts)),
            instalment=agreed,
            rounding=draw(sampled([Rounding.HALF_UP, Rounding.HALF_UP, *Rounding])),
        ),
        oldest_unpaid_due=on - timedelta(days=draw(st.integers(0, 400))) if late else None,
        missed_instalments=draw(st.integers(0, 12)) if late else 0,
    )


@st.composite
def reliefs(draw, bucket: str, held: int, currency: str, *, half: bool):
    """Waivers of one bucket that do not exceed it (or half of it)."""
    most = Fraction(1, 2) if half else Fraction(1)
    share = (
        draw(sampled([Fraction(0), Fraction(1, 3), Fraction(1, 2), Fraction(37, 100), Fraction(1)])) * most
    )
    match draw(sampled(["none", "share", "split", "amount", "capped"])):
        case "share":
            return [Waive(of=bucket, share=share)]
        case "split":
            return [Waive(of=bucket, share=share / 3), Waive(of=bucket, share=share * 2 / 3)]
        case "amount":
            return [Waive(of=bucket, amount=major(draw(st.integers(0, int(held * most))), currency))]
        case "capped":
            return [Waive(of=bucket, share=share, cap=major(draw(st.integers(0, held)), currency))]
    return []


@st.composite
def rate_changes(draw, on: date):
    """A rate for good, a pause, or steps that touch one another."""
    match draw(sampled(["none", "none", "good", "pause", "steps", "later"])):
        case "good":
            return [ChangeRate(annual_rate=draw(rates()))]
        case "pause":
            starts = on + timedelta(days=draw(st.integers(-20, 60)))
            ends = max(starts, on) + timedelta(days=draw(st.integers(1, 120)))
            return [ChangeRate(annual_rate=0, starts=starts, ends=ends)]
        case "steps":
            middle = on + timedelta(days=draw(st.integers(1, 200)))
            end = middle + timedelta(days=draw(st.integers(1, 200)))
            low = draw(rates(900))
            return [
                ChangeRate(annual_rate=low, ends=middle),
                ChangeRate(
                    annual_rate=low + Fraction(1, 100), starts=middle, ends=draw(sampled([None, end]))
                ),
            ]
        case "later":
            return [
                ChangeRate(annual_rate=draw(rates()), starts=on + timedelta(days=day))
                for day in draw(st.lists(st.integers(0, 400), min_size=1, max_size=3, unique=True))
            ]
    return []


@st.composite
def measure_sets(draw, position: Position):
    """A set of measures that this position can carry, all phases mixed."""
    currency, on = position.currency, position.on
    places = DECIMALS[currency]
    held = {
        name: int(getattr(position.buckets, name).scaleb(places))
        for name in type(position.buckets).model_fields
    }
    untils = st.none() | st.integers(1, 700).map(lambda days: on + timedelta(days=days))
    chosen: list = []
    joined = False
    by_fate: dict[str, list[str]] = {"capitalise": [], "spread": []}
    for bucket in DUE:
        fate = draw(sampled(["carry", "carry", "capitalise", "park", "part", "spread"]))
        if bucket in RELIEVABLE:
            chosen += draw(reliefs(bucket, held[bucket], currency, half=fate == "part"))
        match fate:
            case "capitalise" | "spread":
                by_fate[fate].append(bucket)
                joined = joined or (fate == "capitalise" and held[bucket] > 0)
            case "park":
                chosen.append(Defer(of=bucket, until=draw(untils)))
            case "part":
                amount = major(draw(st.integers(0, held[bucket] // 4)), currency)
                chosen.append(Defer(of=bucket, amount=amount, until=draw(untils)))
    if by_fate["capitalise"]:
        if draw(st.booleans()):
            chosen.append(Capitalise(of=tuple(by_fate["capitalise"])))
        else:
            chosen += [Capitalise(of=bucket) for bucket in by_fate["capitalise"]]

    if draw(st.integers(0, 3)) == 0 and held["principal"]:
        chosen.append(Forgive(share=draw(sampled([Fraction(0), Fraction(1, 3), Fraction(1, 10)]))))
    if (
        draw(st.integers(0, 3)) == 0
        and "principal_arrears" not in by_fate["capitalise"]
        and not any(
            isinstance(m, Defer) and "principal_arrears" in m.of and m.amount is not None for m in chosen
        )
    ):
        chosen.append(Forgive(of="principal_arrears", share=draw(sampled([Fraction(1, 2), Fraction(1)]))))
    if draw(st.integers(0, 3)) == 0 and held["principal"]:
        part = draw(st.integers(0, held["principal"] // 3))
        chosen.append(Defer(of="principal", amount=major(part, currency), until=draw(untils)))

    chosen += draw(rate_changes(on))
    instalments = position.repayment.instalments
    extension = draw(sampled([0, 0, 0, 1, 3, 6, 24])) + (1 if instalments == 0 and joined else 0)
    holiday = draw(sampled([0, 0, 0, 1, 2, 3, 6]))
    if holiday and instalments + extension == 0:
        extension += 1
    keep = draw(st.booleans()) and instalments + extension > holiday
    if extension == 0 and instalments > 4 and draw(st.integers(0, 5)) == 0 and not holiday:
        extension = -draw(st.integers(1, instalments - 1))
    if holiday:
        pay = draw(sampled(["none", "interest"]))
        chosen.append(
            Holiday(
                instalments=holiday,
                pay=pay,
                keep_term=keep,
                interest=draw(sampled(list(HolidayInterest))),
            )
        )
    if extension or draw(st.booleans()):
        if extension > 1 and draw(st.booleans()):
            chosen += [Extend(instalments=1), Extend(instalments=extension - 1)]
        else:
            chosen.append(Extend(instalments=extension))
    solve = draw(sampled([None, None, None, Solve.INSTALMENT, Solve.TERM, Solve.NOTHING]))
    if solve is Solve.TERM and extension:
        solve = None  # a term that is both set and solved for is refused
    if solve is Solve.INSTALMENT:
        chosen.append(Reamortise())
    elif solve is not None:
        # From a ninth of everything a month, so that no rate up to 36 % outruns it.
        whole = sum(held.values()) // draw(st.integers(3, 9)) + 1
        chosen.append(Reamortise(solve=solve, instalment=major(whole, currency)))
    paid = instalments + extension - (holiday if keep else 0)
    for bucket in by_fate["spread"]:
        over = (
            None
            if solve in (Solve.TERM, Solve.NOTHING) or paid < 1
            else draw(st.none() | st.integers(1, paid))
        )
        chosen.append(Spread(of=bucket, instalments=over))
    return draw(st.permutations(chosen))


@st.composite
def restructurings(draw, *, day_counts=tuple(DayCount)):
    """A position and a set of measures that it can nearly always carry."""
    position = draw(positions(day_counts=day_counts))
    return position, draw(measure_sets(position))
