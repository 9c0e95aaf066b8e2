"""Random positions with everything a loan can have, and sets of all the measures together.

Nearly every draw can be carried out: amounts are drawn from what the measures before them leave, and terms from what
the loan still holds. What cannot be known without solving the loan (whether a kept instalment covers the interest)
is left to be refused.
"""

from datetime import date, timedelta
from fractions import Fraction

from hypothesis import strategies as st

from restructure.calculator.amortisation.agreed_changes import MovedDue, RateFrom, Steps, Suspension
from restructure.calculator.amortisation.repayment import Repayment
from restructure.calculator.amortisation.scheme import HolidayInterest, LastRow, Method, Repricing
from restructure.calculator.conventions.accrual import Compounding
from restructure.calculator.conventions.dates import Roll
from restructure.calculator.conventions.day_counts import DayCount
from restructure.calculator.conventions.money import Rounding
from restructure.calculator.measures.deferral import Capitalise, Defer, Spread
from restructure.calculator.measures.holiday import Holiday
from restructure.calculator.measures.method import ChangeMethod
from restructure.calculator.measures.relief import Forgive, Waive
from restructure.calculator.measures.solve import Reamortise, Solve
from restructure.calculator.measures.timing import ChangeFrequency, Extend, MoveDue
from restructure.calculator.measures.up_front import Pay, Settle
from restructure.calculator.servicing.contract import AllocationClaim, Component, Timing
from restructure.calculator.servicing.position import Buckets, ParkedDue, Position
from strategies import DECIMALS, DUE, RELIEVABLE, currencies, first_dues, major, rate_changes, rates, sampled

FREQUENCIES = {
    "1 month": 30,
    "2 weeks": 14,
    "10 days": 10,
    "1 quarter": 91,
    "semi-monthly": 15,
    "1 week": 7,
    "6 months": 182,
}
"""Rhythms and how many days a period has, about; none so short that two due dates roll to one day."""

HELD = st.one_of(st.just(0), st.integers(1, 50), st.integers(1, 10**6))
PRINCIPALS = st.one_of(st.integers(10**4, 10**8), st.integers(1, 300))
DAYS = st.dates(date(2019, 1, 1), date(2032, 12, 31))
"""Built once: Hypothesis checks every new strategy before it draws from it."""
SHARES = sampled([Fraction(0), Fraction(1, 3), Fraction(1, 2), Fraction(37, 100), Fraction(1)])
FATES = sampled(list(HolidayInterest))


def seldom(draw, one_in: int = 5) -> bool:
    return draw(st.integers(1, one_in)) == one_in


def frequencies():
    return sampled(["1 month", "1 month", "1 month", *FREQUENCIES])


@st.composite
def allocations(draw):
    """The four components in some order, or the claims, those in advance last if they are named."""
    if draw(st.booleans()):
        return tuple(draw(st.permutations(list(Component))))
    now = draw(st.permutations([claim for claim in AllocationClaim if claim.timing is not Timing.IN_ADVANCE]))
    ahead = [claim for claim in AllocationClaim if claim.timing is Timing.IN_ADVANCE]
    return (*now, *(draw(st.permutations(ahead)) if draw(st.booleans()) else ()))


@st.composite
def steps(draw, currency: str):
    every, times = draw(sampled([1, 3, 12])), draw(sampled([None, 1, 2]))
    if draw(st.booleans()):
        return Steps(every=every, times=times, share=draw(sampled(["2.5%", "-1%", "0"])))
    return Steps(every=every, times=times, amount=major(draw(sampled([0, 7, 500])), currency))


def suspended(draw, size: int, first: int, balance: int, currency: str) -> dict:
    """What is paid of suspended instalments, as the fields of a suspension."""
    fields: dict = dict(instalments=size, starts=first, interest=draw(FATES))
    match draw(sampled(["none", "none", "interest", "amount"])):
        case "interest":
            fields["pay"] = "interest"
        case "amount":
            # Mostly so little that the balance is not gone before the suspension is over.
            most = balance if seldom(draw) else balance // (60 + size)
            fields["amount"] = major(draw(st.integers(0, most)), currency)
    return fields


@st.composite
def repayments(draw, on: date, currency: str, principal: int, instalments: int):
    """How a balance is repaid, with anything that terms can say."""
    every = draw(frequencies())
    first, anchor = draw(first_dues(on))
    method = draw(sampled([*[Method.LEVEL] * 4, Method.EQUAL_PRINCIPAL, *Method]))
    largest = 1800 if FREQUENCIES[every] < 90 else 900
    rate = draw(rates(largest))
    more: dict = {}
    if seldom(draw):
        days = sorted(draw(st.sets(st.integers(-50, 700), min_size=1, max_size=3)))
        more["rates"] = tuple(
            RateFrom(starts=on + timedelta(days=day), annual_rate=draw(rates(largest))) for day in days
        )
    bare = Repayment(
        annual_rate=rate, instalments=instalments, first_due=first, anchor_day=anchor, every=every
    )
    if seldom(draw, 4) and instalments:
        which = draw(st.integers(1, instalments))
        due = bare.dues()[which - 1]
        shift = draw(st.integers(-(FREQUENCIES[every] // 2) + 1 if which > 1 else 0, FREQUENCIES[every] // 2))
        more["moves"] = (MovedDue(instalment=which, to=due + timedelta(days=shift)),)
    if seldom(draw) and instalments > 2:
        size = draw(st.integers(1, instalments - 2))
        more["suspensions"] = (
            Suspension(
                **suspended(draw, size, draw(st.integers(1, instalments - size)), principal, currency)
            ),
        )
    if seldom(draw):
        more["compounding"] = draw(sampled(list(Compounding)))
    else:
        more["rounding_per"] = draw(sampled(["row", "row", "sub_interval"]))
    if seldom(draw) and method is not Method.BULLET:
        more["balloon"] = major(principal // 5, currency)
    if seldom(draw) and method is Method.FLAT:
        more["flat_base"] = major(principal + principal // 3, currency)
    if seldom(draw) and principal > 100_000:
        more["instalment_multiple"] = major(draw(sampled([5, 100])), currency)
        more["instalment_rounding"] = draw(sampled([None, Rounding.UP, Rounding.HALF_UP]))
    if method in (Method.LEVEL, Method.EQUAL_PRINCIPAL, Method.FLAT) and instalments and seldom(draw, 3):
        # Above what repays it, so that it covers any period's interest and the rows may end early.
        period = (
            float(max([rate, *(one.annual_rate for one in more.get("rates", ()))])) * FREQUENCIES[every] / 360
            + 1e-12
        )
        part = principal / instalments
        level = principal * period / (1 - (1 + period) ** -instalments)
        wanted = level if method is Method.LEVEL else part
        agreed = int(wanted * draw(sampled([1.0, 1.04, 1.4]))) + 1 + int(principal * period / 15)
        if seldom(draw, 12):
            agreed = agreed // draw(
                st.integers(4, 40)
            )  # so little that paying as agreed may not be carried out
        more["instalment"] = major(agreed, currency)
    return Repayment(
        annual_rate=rate,
        instalments=instalments,
        first_due=first,
        anchor_day=anchor,
        every=every,
        method=method,
        steps=draw(steps(currency)) if method is Method.STEPPED else None,
        roll=draw(sampled([Roll.NONE, Roll.NONE, *Roll])),
        roll_accrues=draw(st.booleans()),
        day_count=draw(sampled(DayCount)),
        rounding=draw(sampled([Rounding.HALF_UP, Rounding.HALF_UP, *Rounding])),
        last_row=draw(sampled([LastRow.RESIDUE, LastRow.RESIDUE, *LastRow])),
        negative_amortisation=method is Method.STEPPED or seldom(draw),
        repricing=draw(sampled(Repricing)),
        **more,
    )


@st.composite
def owed(draw, *, fewest: int = 0):
    """What is owed on a day, with every field that a position has."""
    currency, on = draw(currencies), draw(DAYS)
    instalments = draw(st.one_of(st.integers(max(fewest, 1), 36), st.integers(fewest, 3)))
    principal = draw(PRINCIPALS) if instalments else 0
    held = {name: draw(HELD) for name in DUE}
    if not principal and not any(held.values()):
        held["fees"] = 1
    late = bool(held["principal_arrears"] or held["interest_arrears"])
    parked_due = []
    while held["parked"] and seldom(draw, 2) and len(parked_due) < 3:
        parked_due.append(
            ParkedDue(
                amount=major(draw(st.integers(0, held["parked"] // 2)), currency),
                on=draw(st.none() | st.integers(1, 900).map(lambda days: on + timedelta(days=days))),
                annual_rate=draw(sampled([Fraction(0), Fraction(3, 100)])),
            )
        )
    return Position(
        on=on,
        currency=currency,
        buckets=Buckets(
            principal=major(principal, currency),
            **{name: major(amount, currency) for name, amount in held.items()},
        ),
        repayment=draw(repayments(on, currency, principal, instalments)),
        oldest_unpaid_due=on - timedelta(days=draw(st.integers(0, 400))) if late else None,
        missed_instalments=draw(st.integers(0, 12)) if late else 0,
        parked_due=tuple(parked_due),
        allocation=draw(allocations()),
    )


def paid_off(position: Position, amount: int) -> dict[str, int]:
    """What a payment leaves in each bucket, in minor units."""
    into = {
        (Component.FEES, False): "fees",
        (Component.PENALTY, False): "penalty",
        (Component.INTEREST, False): "interest_arrears",
        (Component.PRINCIPAL, False): "principal_arrears",
        (Component.INTEREST, True): "accrued",
        (Component.PRINCIPAL, True): "principal",
    }
    order = []
    for word in position.allocation:
        if isinstance(word, AllocationClaim):
            ahead = word.timing is Timing.IN_ADVANCE
            order.append(into.get((word.component, ahead), into[word.component, False]))
        else:
            order.append(into[word, False])
    left = {
        name: int(getattr(position.buckets, name).scaleb(DECIMALS[position.currency]))
        for name in Buckets.model_fields
    }
    for name in dict.fromkeys([*order, "accrued", "principal", "parked"]):
        part = min(amount, left[name])
        left[name] -= part
        amount -= part
    return left


@st.composite
def up_front(draw, position: Position):
    """Payments on the day itself: often none, sometimes everything."""
    claim = int(position.buckets.claim.scaleb(DECIMALS[position.currency]))
    amount = draw(st.one_of(st.just(0), st.just(0), st.integers(0, claim // 3), st.integers(0, claim)))
    if seldom(draw, 40):
        amount = claim
    first = draw(st.integers(0, amount))
    return [Pay(amount=major(part, position.currency)) for part in (first, amount - first) if part], amount


@st.composite
def waivers(draw, bucket: str, held: int, currency: str):
    """Relief on one bucket, and the most that it comes to."""
    share = draw(SHARES)
    match draw(sampled(["none", "none", "share", "split", "amount", "capped"])):
        case "share":
            return [Waive(of=bucket, share=share)]
        case "split":
            return [Waive(of=bucket, share=share / 3), Waive(of=bucket, share=share * 2 / 3)]
        case "amount":
            return [Waive(of=bucket, amount=major(draw(st.integers(0, held)), currency))]
        case "capped":
            return [Waive(of=bucket, share=share, cap=major(draw(st.integers(0, held)), currency))]
    return []


def half_up(exact: Fraction) -> int:
    return int(exact + Fraction(1, 2))


def relief_of(measures, held: int, places: int) -> int:
    total, shares = 0, Fraction(0)
    for one in measures:
        if one.amount is not None:
            total += int(one.amount.scaleb(places))
        elif getattr(one, "cap", None) is not None:
            total += min(half_up(one.share * held), int(one.cap.scaleb(places)))
        else:
            shares += one.share
    return total + half_up(shares * held)


@st.composite
def splits(draw, position: Position, left: dict[str, int]):
    """Phases 2 to 6: relief on every bucket, and where its rest goes; gives what is amortised too."""
    currency, on, places = position.currency, position.on, DECIMALS[position.currency]
    untils = st.none() | st.integers(1, 900).map(lambda days: on + timedelta(days=days))
    bearing = sampled([Fraction(0), Fraction(0), Fraction(1, 30), Fraction(5, 100)])
    chosen: list = []
    capitalised: list[str] = []
    spread: list[str] = []
    for bucket in DUE:
        relief: list = []
        if bucket in RELIEVABLE:
            relief = draw(waivers(bucket, left[bucket], currency))
        elif seldom(draw):
            relief = [Forgive(of=bucket, share=draw(SHARES))]
        chosen += relief
        rest = left[bucket] - relief_of(relief, left[bucket], places)
        left[bucket] = rest
        match draw(sampled(["carry", "carry", "capitalise", "park", "part", "parts", "share", "spread"])):
            case "capitalise":
                capitalised.append(bucket)
            case "spread":
                spread.append(bucket)
            case "park":
                chosen.append(Defer(of=bucket, until=draw(untils), annual_rate=draw(bearing)))
            case "share":
                chosen += [
                    Defer(of=bucket, share=share, until=draw(untils), annual_rate=draw(bearing))
                    for share in draw(sampled([(1,), (Fraction(1, 3),), (Fraction(1, 2), Fraction(2, 5))]))
                ]
                if draw(st.booleans()):
                    spread.append(bucket)
            case "part" | "parts" as how:
                one = draw(st.integers(0, rest))
                chosen.append(
                    Defer(
                        of=bucket, amount=major(one, currency), until=draw(untils), annual_rate=draw(bearing)
                    )
                )
                if how == "parts":
                    two = draw(st.integers(0, rest - one))
                    chosen.append(
                        Defer(
                            of=bucket,
                            amount=major(two, currency),
                            until=draw(untils),
                            annual_rate=draw(bearing),
                        )
                    )
                    if draw(st.booleans()):
                        spread.append(bucket)
    principal = left["principal"]
    if seldom(draw, 4):
        relief = [Forgive(share=draw(sampled([Fraction(0), Fraction(1, 3), Fraction(1, 10), Fraction(1)])))]
        if draw(st.booleans()):
            relief = [Forgive(amount=major(draw(st.integers(0, principal // 2)), currency))]
        chosen += relief
        principal -= relief_of(relief, principal, places)
    if seldom(draw, 4) and principal:
        part = draw(st.integers(0, principal // 2))
        chosen.append(
            Defer(of="principal", amount=major(part, currency), until=draw(untils), annual_rate=draw(bearing))
        )
        principal -= part
    if capitalised and draw(st.booleans()):
        chosen.append(Capitalise(of=tuple(capitalised)))
    else:
        chosen += [Capitalise(of=bucket) for bucket in capitalised]
    return chosen, spread, principal + sum(left[bucket] for bucket in capitalised)


@st.composite
def holidays(draw, position: Position, starts: int, count: int, balance: int):
    """One suspension more, of any kind; what is paid does not repay the loan before it is over."""
    fields = suspended(draw, draw(st.integers(1, 4)), starts, balance, position.currency)
    if fields.get("pay") is None and "amount" not in fields and seldom(draw, 3):
        terms, whole = position.repayment, position.buckets.principal
        regular = terms.method not in (Method.BULLET, Method.INTEREST_ONLY) and not terms.balloon
        small = (
            regular
            and count > 12
            and terms.instalments > 12
            and major(2 * balance, position.currency) > whole
        )
        fields["share"] = draw(sampled([Fraction(0), *([Fraction(1, 10), Fraction(1, 2)] if small else [])]))
    return Holiday(**fields, keep_term=draw(st.booleans()))


@st.composite
def courses(draw, position: Position, balance: int, spread: list[str]):
    """Phases 7 to 10, and the spreads, which have to fit into the term."""
    terms, on, currency = position.repayment, position.on, position.currency
    chosen: list = [
        one.model_copy(update={"annual_rate": min(one.annual_rate, Fraction(9, 50))})
        for one in draw(rate_changes(on))
    ]
    count, every, method = terms.instalments, terms.every, terms.method
    solve = draw(sampled([None, None, None, *Solve]))
    if seldom(draw):
        every = draw(frequencies())
        # Where the new frequency is left to find its own length, it may find a very long one.
        wanted = draw(st.none() | st.integers(1, 40)) if count * FREQUENCIES[terms.every] < 3000 else 12
        if wanted is None:
            old, new = FREQUENCIES[terms.every], FREQUENCIES[every]
            count = max(1, count * old // new - 2) if every != terms.every or terms.moves else count
        else:
            count = wanted
        chosen.append(ChangeFrequency(every=every, instalments=wanted))
    if seldom(draw):
        method = draw(sampled(list(Method)))
        chosen.append(
            ChangeMethod(method=method, steps=draw(steps(currency)) if method is Method.STEPPED else None)
        )
    extension = 0
    if solve is not Solve.TERM and (draw(st.booleans()) or (not count and balance)):
        extension = draw(sampled([0, 1, 3, 6, 24])) + (not count and bool(balance))
        if not extension and count > 4 and not terms.suspensions and seldom(draw, 3):
            extension = -draw(st.integers(1, count - 2))
        if extension > 1 and draw(st.booleans()):
            chosen += [Extend(instalments=1), Extend(instalments=extension - 1)]
        else:
            chosen.append(Extend(instalments=extension))
        count += extension
    free = 1 + max([0, *(one.starts - 1 + one.instalments for one in terms.suspensions)])
    suspended_already = free - 1
    if count > free and seldom(draw, 2):
        for _ in range(draw(st.integers(1, 2))):
            one = draw(
                holidays(position, draw(sampled([free, draw(st.integers(free, count))])), count, balance)
            )
            if one.keep_term and one.starts - 1 + one.instalments >= count:
                one = one.model_copy(update={"keep_term": False})
            chosen.append(one)
            free = one.starts + one.instalments
            count += 0 if one.keep_term else one.instalments
            if free > count:
                break
    if seldom(draw) and count:
        which = draw(st.integers(1, min(count, 6)))
        agreed = terms.model_copy(update={"every": every})
        days = agreed.dues(which + 1)
        low = days[which - 2] if which > 1 else on
        room = (days[which] - low).days
        # Where a due date was moved already the later ones may lie close; most draws fall between the neighbours.
        to = low + timedelta(days=draw(st.integers(min(4, room - 1), max(room - 4, 1))))
        chosen.append(MoveDue(instalment=which, to=to, anchor_day=draw(sampled([None, None, to.day]))))
    if solve in (Solve.TERM, Solve.BALLOON) and not method.has_instalment:
        solve = Solve.NOTHING
    fixed = solve not in (Solve.TERM, Solve.BALLOON, Solve.NOTHING)
    period = (
        max([float(terms.annual_rate), 0.18, *(float(one.annual_rate) for one in terms.rates)])
        * FREQUENCIES[every]
        / 360
    )
    covers = tuple(draw(st.sets(sampled(["interest_arrears", "accrued"])))) if seldom(draw, 3) else ()
    if solve is Solve.INSTALMENT:
        balloon = major(draw(st.integers(0, balance // 4)), currency) if seldom(draw, 3) else None
        chosen.append(Reamortise(covers=covers, balloon=balloon))
    elif solve is not None:
        share = max(Fraction(1, draw(st.integers(3, 9))), Fraction(period * 1.7).limit_denominator(100))
        if solve is Solve.BALLOON:
            share = max(Fraction(1, 4 * max(count, 1)), Fraction(period * 1.3).limit_denominator(100))
        same = method is terms.method and FREQUENCIES[every] == FREQUENCIES[terms.every]
        kept = None
        if method.has_instalment and not (same and draw(st.booleans())):
            kept = major(int(balance * share) + 1, currency)
        chosen.append(Reamortise(solve=solve, instalment=kept, covers=covers))
    paying = count - max(free - 1, suspended_already)
    for bucket in spread:
        over = (
            draw(st.none() | st.integers(1, paying))
            if fixed and paying > 0 and method is not Method.BULLET
            else None
        )
        chosen.append(Spread(of=bucket, instalments=over))
    return chosen


@st.composite
def settlements(draw, position: Position, left: dict[str, int]):
    """Lump sums instead of everything else, up to all that is owed."""
    currency, owing = position.currency, sum(left.values())
    whole = draw(sampled([owing, owing // 2, owing // 3, 0]))
    count = draw(st.integers(1, 3))
    days = sorted(draw(st.sets(st.integers(0, 300), min_size=count, max_size=count)))
    parts = [whole // count] * (count - 1) + [whole - whole // count * (count - 1)]
    sums = [
        dict(on=position.on + timedelta(days=day), amount=major(part, currency))
        for day, part in zip(days, parts, strict=True)
    ]
    return [Settle(payments=draw(st.permutations(sums)))]


@st.composite
def measure_sets(draw, position: Position):
    """A set of all the measures together that this position can nearly always carry."""
    pays, amount = draw(up_front(position))
    left = paid_off(position, amount)
    if seldom(draw, 12):
        relief = []
        for bucket in RELIEVABLE:
            one = draw(waivers(bucket, left[bucket], position.currency))
            left[bucket] -= relief_of(one, left[bucket], DECIMALS[position.currency])
            relief += one
        return draw(st.permutations([*pays, *relief, *draw(settlements(position, left))]))
    split, spread, balance = draw(splits(position, left))
    return draw(st.permutations([*pays, *split, *draw(courses(position, balance, spread))]))


@st.composite
def compositions(draw):
    """A position and a set of measures."""
    position = draw(owed())
    return position, draw(measure_sets(position))
