"""A whole plan read again: every cent of it worked out from DESIGN §2–§4 and the public models, nothing else.

`Replay` is given a plan, takes the agreed or solved instalment from `plan.repayment`, and says what every row and
every line of the ledger has to be. It shares with the library only the models and with `oracles` only day counts
and rounding. What it finds wrong it says by failing an assertion.
"""

import itertools
import json
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, localcontext
from fractions import Fraction
from functools import cached_property

from dateutil.relativedelta import relativedelta

from calculator.oracles import DAY, fraction_of_year, minor, month_day, rounded
from restructure.calculator.conventions.dates import Roll
from restructure.calculator.measures.deferral import Capitalise, Defer, Spread
from restructure.calculator.measures.holiday import Holiday
from restructure.calculator.measures.method import ChangeMethod
from restructure.calculator.measures.rate import ChangeRate
from restructure.calculator.measures.relief import Forgive, Waive
from restructure.calculator.measures.solve import Reamortise
from restructure.calculator.measures.timing import ChangeFrequency, Extend, MoveDue
from restructure.calculator.measures.up_front import Pay, Settle
from restructure.calculator.plans.plan import Plan, reschedule
from restructure.calculator.servicing.position import Buckets, Position

BUCKETS = tuple(Buckets.model_fields)
OF_PRINCIPAL = ("principal", "principal_arrears", "parked")
AMORTISED = ("principal", "interest")
ON_TOP = ("arrears_principal", "arrears_interest", "penalty", "fees", "parked_principal", "parked_interest")
KINDS = ("paid", "waived", "forgiven", "capitalised", "parked", "spread", "carried")
DUE_IN = {
    "principal": "parked_principal",
    "principal_arrears": "arrears_principal",
    "interest_arrears": "arrears_interest",
    "accrued": "arrears_interest",
    "penalty": "penalty",
    "fees": "fees",
    "parked": "parked_principal",
}
PARKED_IN = DUE_IN | {
    "principal_arrears": "parked_principal",
    "interest_arrears": "parked_interest",
    "accrued": "parked_interest",
}
PER_YEAR = {"annual": 1, "semi_annual": 2, "quarterly": 4, "monthly": 12}


def only(measures, kind):
    return [measure for measure in measures if isinstance(measure, kind)]


# --- days


def frequency(every: str) -> tuple[str, int]:
    """Unit and size of a frequency in words."""
    if every == "semi-monthly":
        return "semi", 1
    words = every.removeprefix("every ").split()
    count = int(words[0]) if words[0].isdigit() else 1
    days = {"day": 1, "week": 7}
    months = {"month": 1, "quarter": 3, "year": 12}
    unit = words[-1].removesuffix("s")
    return ("days", count * days[unit]) if unit in days else ("months", count * months[unit])


def steps_from(first: date, count: int, every: str, anchor: int) -> list[date]:
    """Due dates from the first one, each stepped from the anchor."""
    unit, size = frequency(every)
    if unit == "days":
        return [first + timedelta(days=size * k) for k in range(count)]
    month = date(first.year, first.month, 1)
    if unit == "months":
        later = [month + relativedelta(months=size * k, day=anchor) for k in range(1, count)]
        return [first, *later][:count]
    early, late = sorted((anchor, anchor + 15 if anchor <= 15 else anchor - 15))
    halves = [
        month_day((month + relativedelta(months=k)).year, (month + relativedelta(months=k)).month, day)
        for k in range(count + 2)
        for day in (early, late)
    ]
    # The first one stands for the half of its month that it lies in.
    mine = 1 if first.day > early and first >= halves[1] else 0
    return [first, *halves[mine + 1 :]][:count]


def business_day(day: date, roll: str) -> date:
    """The day a payment goes to when its due date is a Saturday or a Sunday."""

    def shut(one):
        return one.weekday() in (5, 6)

    def walk(one, by):
        while shut(one):
            one += by
        return one

    if roll == "none":
        return day
    by = DAY if "following" in roll else -DAY
    moved = walk(day, by)
    if roll.startswith("modified") and moved.month != day.month:
        moved = walk(day, -by)
    return moved


@dataclass
class Timing:
    """Due dates and interest periods after the measures, as many as anyone wants."""

    terms: object
    every: str
    moves: dict
    on: date

    def __post_init__(self):
        self.anchor = self.terms.anchor_day or self.terms.first_due.day
        self.first_due = self.terms.first_due
        if not self.terms.instalments and business_day(self.first_due, self.terms.roll) <= self.on:
            # What a matured loan would have due next must lie ahead.
            self.first_due = steps_from(self.first_due, 2, self.terms.every, self.anchor)[1]

    def scheduled(self, count: int) -> tuple[list[date], list[int]]:
        """Due dates before any roll, and the anchor that each of them was stepped from."""
        days, anchors = [], []
        start, anchor, since = self.first_due, self.anchor, 0
        for k in range(count):
            if (move := self.moves.get(k + 1)) is not None:
                start, anchor, since = move.to, move.anchor_day or move.to.day, k
            if k == since:
                run = steps_from(start, count - since, self.every, anchor)
            days.append(run[k - since])
            anchors.append(anchor)
        return days, anchors

    def periods(self, on: date, count: int) -> tuple[list[date], list[tuple[date, date, int]]]:
        """Days of payment, and each period with the anchor whose months it is counted in."""
        days, anchors = self.scheduled(count)
        paid = [business_day(day, self.terms.roll) for day in days]
        borders = [on, *(paid if self.terms.roll_accrues else days)]
        counted = [self.anchor, *anchors]
        return paid, [
            (a, b, anchor) for (a, b), anchor in zip(itertools.pairwise(borders), counted, strict=False)
        ]


@dataclass
class Waiting:
    """Money due outside the amortisation."""

    column: str
    amount: int
    until: date | None = None
    parts: int | None = None
    maturity: bool = False
    rate: Fraction = Fraction(0)
    start: int = 0


class Replay:
    def __init__(self, plan: Plan) -> None:
        self.plan, self.position, self.measures = plan, plan.position, plan.measures
        self.terms, self.on, self.currency = plan.position.repayment, plan.position.on, plan.position.currency
        # Through JSON, so that nothing but the printed amounts is read.
        self.rows = [
            {
                name: date.fromisoformat(value)
                if name == "due"
                else value
                if name == "number"
                else self.minor(value)
                for name, value in row.items()
            }
            for row in json.loads(plan.schedule.model_dump_json())["rows"]
        ]
        self.ledger = [(m.on, m.kind.value, m.bucket.value, self.minor(m.amount)) for m in plan.ledger]
        self.opening = {name: self.minor(getattr(self.position.buckets, name)) for name in BUCKETS}
        self.settlement = next(iter(only(self.measures, Settle)), None)

    def minor(self, amount) -> int:
        return minor(Decimal(amount), self.currency)

    def column(self, *names: str) -> int:
        return sum(row[name] for row in self.rows for name in names)

    def moved(self, kinds, buckets=None, *, later: bool | None = None) -> int:
        kinds = (kinds,) if isinstance(kinds, str) else kinds
        buckets = (buckets,) if isinstance(buckets, str) else buckets
        return sum(
            amount
            for on, kind, bucket, amount in self.ledger
            if kind in kinds
            and (buckets is None or bucket in buckets)
            and (later is None or (on > self.on) == later)
        )

    def check(self) -> None:
        """Everything."""
        self.check_identities()
        self.split()
        self.check_split()
        if self.settlement is not None:
            self.check_settlement()
        elif self.rows:
            self.lay_out()
            self.check_rows()
            self.check_solution()
        else:
            assert not self.amortised
            assert not self.waiting
        self.check_difference()

    # --- the five identities, from rows, ledger and buckets as they are printed

    def check_identities(self) -> None:
        rows, opening = self.rows, self.opening
        accrued, paid, up_front = self.column("accrued"), self.column("total"), self.moved("paid")
        given_up = self.moved(("waived", "forgiven"))
        assert sum(opening.values()) - given_up + accrued - up_front - paid == 0
        joined = self.moved("capitalised", [name for name in BUCKETS if name not in OF_PRINCIPAL])
        gone = self.moved("forgiven") + self.moved("paid", OF_PRINCIPAL)
        in_rows = self.column("principal", "arrears_principal", "parked_principal")
        assert sum(opening[name] for name in OF_PRINCIPAL) + joined - gone - in_rows == 0
        settled = self.moved(("waived", "capitalised", "parked", "spread", "carried"), later=True)
        assert accrued - self.column("interest") - settled == 0
        for name, held in opening.items():
            assert held - self.moved(KINDS, name, later=False) == 0, name
        before = self.amortised
        for number, row in enumerate(rows, 1):
            assert row["number"] == number
            assert row["total"] == sum(row[name] for name in (*AMORTISED, *ON_TOP))
            assert all(row[name] >= 0 for name in (*ON_TOP, "interest", "accrued", "capitalised"))
            assert row["balance"] == before + row["capitalised"] - row["principal"]
            before = row["balance"]
        assert before == 0
        assert all(amount > 0 for *_, amount in self.ledger)
        assert all(on == self.on for on, kind, *_ in self.ledger if kind in ("paid", "forgiven"))
        assert all(on == self.on or bucket == "accrued" for on, _, bucket, _ in self.ledger)
        assert {
            name: getattr(self.plan.identities, name) for name in type(self.plan.identities).model_fields
        } == dict.fromkeys(("claim", "principal", "interest", "buckets", "replay"), 0)
        assert self.plan.identities.hold

    @property
    def amortised(self) -> int:
        """The balance that bears interest from the effective date."""
        return self.moved("carried", "principal") + self.moved("capitalised", later=False)

    # --- phases 1 to 6

    def payment_order(self) -> list[str]:
        into = {
            "fees": "fees",
            "penalty": "penalty",
            "interest": "interest_arrears",
            "principal": "principal_arrears",
            "in_advance_interest": "accrued",
            "in_advance_principal": "principal",
        }
        order = []
        for word in self.position.allocation:
            name = word.value
            for prefix in ("past_due_", "due_"):
                name = name.removeprefix(prefix)
            order.append(into.get(name) or into[name.removeprefix("in_advance_")])
        return list(dict.fromkeys([*order, "accrued", "principal", "parked"]))

    def split(self) -> None:
        """Work out what becomes of every bucket at the effective date, and what is set aside."""
        expected = self.expected = Counter()
        self.waiting: list[Waiting] = []
        rest = dict(self.opening)

        def move(kind, bucket, amount):
            assert 0 <= amount <= rest[bucket], (kind, bucket)
            expected[kind, bucket] += amount
            rest[bucket] -= amount

        money = sum(self.minor(one.amount) for one in only(self.measures, Pay))
        for bucket in self.payment_order():
            part = min(money, rest[bucket])
            move("paid", bucket, part)
            money -= part
        assert money == 0
        for kind, what in (("waived", Waive), ("forgiven", Forgive)):
            for bucket in BUCKETS:
                named = [
                    m
                    for m in only(self.measures, what)
                    if bucket in (m.of if isinstance(m.of, tuple) else (m.of,))
                ]
                move(kind, bucket, self.relief(rest[bucket], named))
        if self.settlement is not None:
            money = sum(self.minor(one.amount) for one in self.settlement.payments)
            for bucket in self.payment_order():
                kept = min(money, rest[bucket])
                money -= kept
                move("carried", bucket, kept)
                move("forgiven" if bucket in OF_PRINCIPAL else "waived", bucket, rest[bucket])
            assert money == 0
            return
        for bucket in BUCKETS:
            if any(bucket in m.of for m in only(self.measures, Capitalise)):
                move("capitalised", bucket, rest[bucket])
            self.park(bucket, rest, move)
            for spread in only(self.measures, Spread):
                if bucket in spread.of:
                    self.waiting.append(Waiting(DUE_IN[bucket], rest[bucket], parts=spread.instalments or 0))
                    move("spread", bucket, rest[bucket])
            held = rest[bucket]
            move("carried", bucket, held)
            if bucket == "parked":
                for later in sorted(self.position.parked_due, key=lambda one: one.on or date.max):
                    part = min(held, self.minor(later.amount))
                    held -= part
                    self.waiting.append(
                        Waiting(
                            DUE_IN[bucket],
                            part,
                            until=later.on,
                            maturity=later.on is None,
                            rate=later.annual_rate,
                        )
                    )
                self.waiting.append(Waiting(DUE_IN[bucket], held, maturity=True))
            elif bucket != "principal":
                self.waiting.append(Waiting(DUE_IN[bucket], held))
        self.waiting = [one for one in self.waiting if one.amount]

    def relief(self, held: int, named) -> int:
        """Amounts, capped shares each rounded once, and the sum of the plain shares rounded once."""
        amounts = sum(self.minor(m.amount) for m in named if m.amount is not None)
        capped = [m for m in named if m.share is not None and getattr(m, "cap", None) is not None]
        plain = sum((m.share for m in named if m.share is not None and m not in capped), Fraction(0))
        return (
            amounts
            + sum(min(rounded(m.share * held), self.minor(m.cap)) for m in capped)
            + rounded(plain * held)
        )

    def park(self, bucket, rest, move) -> None:
        named = [m for m in only(self.measures, Defer) if bucket in m.of]
        order = sorted(
            (m for m in named if m.amount is not None or m.share is not None),
            key=lambda m: (m.until or date.max, m.annual_rate, m.share or 0, m.amount or 0),
        )
        shares, before, held = Fraction(0), 0, rest[bucket]
        for m in order:
            if m.share is None:
                amount = self.minor(m.amount)
            else:
                shares += m.share
                amount = rounded(shares * held) - before
                before += amount
            self.set_apart(bucket, m, amount, move)
        for m in named:
            if m.amount is None and m.share is None:
                self.set_apart(bucket, m, rest[bucket], move)

    def set_apart(self, bucket, m, amount, move) -> None:
        move("parked", bucket, amount)
        self.waiting.append(
            Waiting(PARKED_IN[bucket], amount, until=m.until, maturity=m.until is None, rate=m.annual_rate)
        )

    def check_split(self) -> None:
        booked = Counter()
        for on, kind, bucket, amount in self.ledger:
            if on == self.on:
                booked[kind, bucket] += amount
        assert booked == +self.expected

    # --- phases 7 to 9

    def lay_out(self) -> None:
        """Work out the terms after the measures."""
        terms, measures = self.terms, self.measures
        change = next(iter(only(measures, ChangeFrequency)), None)
        method = next(iter(only(measures, ChangeMethod)), None)
        self.reamortise = next(iter(only(measures, Reamortise)), None)
        holidays = [m for m in dict.fromkeys(only(measures, Holiday)) if m.instalments]
        self.method = method.method.value if method else terms.method.value
        self.steps = method.steps if method else terms.steps
        every = change.every if change else terms.every
        agreed = {1: (terms.first_due, terms.anchor_day or terms.first_due.day)} | {
            m.instalment: (m.to, m.anchor_day or m.to.day) for m in terms.moves
        }
        # A move to the agreed day has no effect, whatever day that rolls to.
        moved = [
            m for m in only(measures, MoveDue) if agreed.get(m.instalment) != (m.to, m.anchor_day or m.to.day)
        ]
        moves = {one.instalment: one for one in [*terms.moves, *moved]}
        self.timing = Timing(terms, every, moves, self.on)
        count = terms.instalments
        if change is not None:
            agreed = Timing(terms, terms.every, {m.instalment: m for m in terms.moves}, self.on)
            last = agreed.scheduled(count)[0][-1] if count else agreed.first_due
            fitting = sum(
                day <= last for day in Timing(terms, every, agreed.moves, self.on).scheduled(1200)[0]
            )
            count = change.instalments or max(1, fitting)
        self.extension = sum(m.instalments for m in only(measures, Extend))
        count += self.extension + sum(h.instalments for h in holidays if not h.keep_term)
        if not count and not self.amortised:
            count = 1
        self.count = count
        self.pauses = {}
        for one in [*terms.suspensions, *holidays]:
            share = getattr(one, "share", None)
            pays = self.minor(one.amount) if one.amount is not None else None if one.pay == "interest" else 0
            if share is not None:
                pays = rounded(share * self.minor(self.position.regular_instalment))
            for k in range(one.starts - 1, one.starts - 1 + one.instalments):
                assert k not in self.pauses
                self.pauses[k] = (pays, one.interest.value, k == one.starts + one.instalments - 2)
        self.balloon = self.minor(terms.balloon or 0)
        if self.reamortise and self.reamortise.balloon is not None:
            self.balloon = self.minor(self.reamortise.balloon)
        self.flat_base = self.amortised if terms.flat_base is None else self.minor(terms.flat_base)
        self.annuity = self.method in ("level", "stepped")
        if self.reamortise and self.reamortise.solve.value == "term" and self.kept_instalment is not None:
            ends = self.amortisation_ends(None)
            self.count = next(k for k in itertools.count(ends) if k - 1 not in self.pauses)
            if self.terms.repricing.value == "recalculate" and (self.turns() or self.terms.rates):
                # Found with the kept instalment, which the rows no longer show; test_repricing counts it.
                self.count = self.plan.repayment.instalments
        self.head = next(k for k in itertools.count() if k not in self.pauses)

    @property
    def kept_instalment(self) -> int | None:
        """The instalment that is not to be solved for: named, agreed, or what the borrower pays as agreed."""
        if self.reamortise and self.reamortise.instalment is not None:
            return self.minor(self.reamortise.instalment)
        same_method = self.method == self.terms.method.value
        same_frequency = frequency(self.timing.every) == frequency(self.terms.every)
        if self.terms.instalment is not None and same_method and same_frequency:
            return self.minor(self.terms.instalment)
        if self.reamortise is None or self.method in ("interest_only", "bullet"):
            return None
        assert same_method
        assert same_frequency
        return self.implied_instalment

    @cached_property
    def implied_instalment(self) -> int:
        """What the agreed terms come to where they name no instalment: the loan as it began its running period."""
        terms = self.terms
        agreed = [step.annual_rate for step in terms.rates if step.starts <= self.on]
        whole = Position(
            on=terms.period_start(),
            currency=self.currency,
            buckets=Buckets(principal=self.position.buckets.principal),
            repayment=terms.model_copy(
                update={
                    "annual_rate": (agreed or [terms.annual_rate])[-1],
                    "rates": tuple(step for step in terms.rates if step.starts > self.on),
                    "roll": terms.roll if terms.roll_accrues else Roll.NONE,
                }
            ),
        )
        plan = reschedule(whole)
        Replay(plan).check()
        return self.minor(plan.repayment.instalment)

    def rate_on(self, night: date) -> Fraction:
        begun = [c for c in only(self.measures, ChangeRate) if (c.starts or self.on) <= night]
        for change in begun:
            if change.ends is not None and night < change.ends:
                return change.annual_rate
        if for_good := [change for change in begun if change.ends is None]:
            return max(for_good, key=lambda change: change.starts or self.on).annual_rate
        agreed = [step.annual_rate for step in self.terms.rates if step.starts <= night]
        return agreed[-1] if agreed else self.terms.annual_rate

    def turns(self) -> list[date]:
        """The nights after the first at which the rate changes."""
        days = {
            day
            for change in only(self.measures, ChangeRate)
            for day in (change.starts, change.ends)
            if day is not None
        } | {step.starts for step in self.terms.rates}
        return [day for day in sorted(days) if day > self.on and self.rate_on(day) != self.rate_on(day - DAY)]

    def interest_parts(self, begin: date, end: date, anchor: int, known: date = date.max) -> list[Fraction]:
        """Interest of a period per unit of balance, in pieces of one rate each; the rate of a night stays if none
        after it is known."""
        turns = [day for day in self.turns() if begin < day < end and day <= known]
        stretches = [
            (self.rate_on(min(a, known)), fraction_of_year(self.terms.day_count, a, b, anchor))
            for a, b in itertools.pairwise([begin, *turns, end])
        ]
        if self.terms.compounding is None:
            return [rate * part for rate, part in stretches]
        times = PER_YEAR[self.terms.compounding.value]
        with localcontext(prec=90):
            growth = Decimal(1)
            for rate, part in stretches:
                once = 1 + Decimal(rate.numerator) / (rate.denominator * times)
                growth *= (once.ln() * (part * times).numerator / (part * times).denominator).exp()
            return [Fraction(round(growth - 1, 70))]

    def interest(self, balance: int, period) -> int:
        parts = self.interest_parts(*period)
        base = self.flat_base if self.method == "flat" else balance
        if self.terms.rounding_per == "sub_interval":
            return sum(rounded(base * part, self.terms.rounding) for part in parts)
        return rounded(base * sum(parts), self.terms.rounding)

    # --- rows

    def amortisation_ends(self, planned: int | None) -> int:
        """How many rows the amortisation has: it ends where the balance does, or flat with the last one."""
        if self.method == "flat" and planned is not None:
            return planned
        owed = [k for k, row in enumerate(self.rows) if row["balance"]]
        return owed[-1] + 2 if owed else 1

    def first_paid(self) -> int:
        if self.method == "bullet":
            return self.count - 1
        return next(k for k in itertools.count() if self.pauses.get(k, (1,))[0] != 0)

    def check_rows(self) -> None:
        """Replay the interest of every row from the printed balance and lay everything else on top."""
        rows, on = self.rows, self.on
        wanted = max(len(rows), self.count) + 1
        paid, periods = self.timing.periods(on, wanted)
        on_top = [Counter() for _ in rows]
        first = self.first_paid()
        # The rows on due dates come first, then those that only money parked until a later day has.
        untils = sorted({one.until for one in self.waiting if one.until is not None})
        least = self.amortisation_ends(self.count)
        available = max(self.count, least)
        for one in self.waiting:
            if one.parts is not None:
                begin = max(first, one.start)
                least = max(least, begin + (one.parts or available - begin))
            elif one.until is None and not one.maturity:
                least = max(least, first + 1)
        ends = next(
            t
            for t in range(least, len(rows) + 1)
            if [row["due"] for row in rows[t:]] == [day for day in untils if day > rows[t - 1]["due"]]
        )
        assert [row["due"] for row in rows[:ends]] == paid[:ends]
        assert ends <= max(self.count, 1) + (self.terms.last_row == "extra_row")
        days = [row["due"] for row in rows]
        assert days == sorted(days)
        if self.terms.roll == "none":
            assert len(set(days)) == len(days)
        assert days[0] > on
        # Suspensions and the interest that is due.
        balance, waiting, held, priced = self.amortised, 0, 0, []
        later = Counter()
        for k, row in enumerate(rows):
            accrued = self.interest(balance, periods[k]) if k < ends and (balance or k < self.count) else 0
            priced.append(accrued)
            joining = 0
            if k in self.pauses and (balance or row["balance"] or (self.method == "flat" and k < ends)):
                pays, fate, last = self.pauses[k]
                interest = accrued if pays is None else min(accrued, pays)
                principal = 0 if pays is None else min(pays - interest, balance)
                waiting += accrued - interest
                if fate == "capitalise" or last:
                    joining = waiting if fate.startswith("capitalise") else 0
                    if waiting and fate in ("park", "spread", "carry"):
                        self.waiting.append(
                            Waiting(
                                "parked_interest",
                                waiting,
                                maturity=fate == "park",
                                parts=0 if fate == "spread" else None,
                                start=k + 1,
                            )
                        )
                    booked = {
                        "capitalise_at_end": "capitalised",
                        "capitalise": "capitalised",
                        "waive": "waived",
                        "park": "parked",
                        "spread": "spread",
                        "carry": "carried",
                    }[fate]
                    if waiting:
                        later[row["due"], booked] += waiting
                    waiting = 0
                assert row["principal"] == principal, k
            elif self.method == "bullet":
                held += accrued
                # With the last instalment, whatever suspended amounts repaid before it.
                interest = held if k == self.count - 1 else 0
                held -= interest
            else:
                interest = accrued
            row["due interest"] = interest
            assert row["capitalised"] == joining, k
            balance = row["balance"]
        assert waiting == held == 0
        booked = Counter()
        for day, kind, bucket, amount in self.ledger:
            if day != on:
                assert bucket == "accrued"
                booked[day, kind] += amount
        assert booked == later
        self.ends, self.priced = ends, priced
        self.spread_parts = 0
        groups: dict[tuple, int] = Counter()
        borne: Counter = Counter()
        for one in self.waiting:
            if one.parts is not None:
                groups[one.column, one.parts, max(first, one.start)] += one.amount
                continue
            if one.maturity:
                at = ends - 1
            elif one.until is not None:
                at = next(k for k, row in enumerate(rows) if row["due"] >= one.until)
            else:
                at = max(first, one.start)
            on_top[at][one.column] += one.amount
            if one.rate:
                part = fraction_of_year(self.terms.day_count, on, rows[at]["due"], self.timing.anchor)
                borne[at, one.until, one.column, one.rate] += one.amount * part
        for (column, parts, begin), amount in groups.items():
            size = parts or available - begin
            part = (2 * amount + size) // (2 * size)
            if part * (size - 1) > amount:
                part = amount // size
            for k in range(begin, begin + size - 1):
                on_top[k][column] += part
            on_top[begin + size - 1][column] += amount - part * (size - 1)
            self.spread_parts += part if size > 1 else amount
        bears = Counter()
        for (at, _, _, rate), amount in borne.items():
            bears[at] += rounded(amount * rate, self.terms.rounding)
        for k, row in enumerate(rows):
            assert {name: row[name] for name in ON_TOP} == {name: on_top[k][name] for name in ON_TOP}, k
            assert row["accrued"] == priced[k] + bears[k], k
            assert row["interest"] == row.pop("due interest") + bears[k], k
            row["own interest"] = row["interest"] - bears[k]

    # --- phase 10

    def covered(self, *, kept: bool) -> int:
        """Interest from before the effective date that the first instalment also pays."""
        if self.first_paid() or self.head:
            return 0
        names = [one.value for one in self.reamortise.covers] if self.reamortise else []
        if names or not kept:
            return sum(self.expected["carried", name] for name in names)
        apart = sum(self.expected[kind, "accrued"] for kind in ("capitalised", "parked", "spread"))
        return self.opening["accrued"] - apart

    def regular(self, k: int, first: int) -> int:
        """The instalment of a row, stepped from the first."""
        if self.method != "stepped":
            return first
        steps = k // self.steps.every
        if self.steps.times is not None:
            steps = min(steps, self.steps.times)
        grown = (1 + (self.steps.share or 0)) ** steps
        return (first if grown == 1 else self.to_multiple(first * grown)) + steps * self.minor(
            self.steps.amount or 0
        )

    def to_multiple(self, exact: Fraction) -> int:
        terms = self.terms
        multiple = 1 if terms.instalment_multiple is None else self.minor(terms.instalment_multiple)
        return rounded(Fraction(exact) / multiple, terms.instalment_rounding or terms.rounding) * multiple

    def check_solution(self) -> None:
        """Every row pays the kept or solved instalment, and the solved one is the right one."""
        rows = self.rows
        if self.method in ("interest_only", "bullet"):
            return
        unit = self.minor(self.plan.repayment.instalment)
        solve = (
            self.reamortise.solve.value if self.reamortise else ("instalment" if self.changed else "nothing")
        )
        kept = None if solve == "instalment" else self.kept_instalment
        anew = self.solved_anew()
        if kept is not None and self.head not in anew:
            assert unit == kept
        given = self.reamortise is not None and self.reamortise.instalment is not None
        covered = self.covered(kept=kept is not None and not given)
        balance, left, final = self.amortised, covered, self.amortisation_ends(self.count) - 1
        for k, row in enumerate(rows[: self.ends]):
            if k in anew and balance and k > self.head:
                if self.method == "stepped":
                    break  # the first instalment of the steps does not show in a later one; `agreed` knows it
                unit = row["principal"] + row["own interest"]
                if k != final and self.terms.last_row.value != "equalise":
                    self.check_solved(unit, 0, k)
            if k not in self.pauses and balance and not (k in anew and k == final):
                wanted = self.regular(k, unit) - (row["own interest"] if self.annuity else 0)
                if self.method == "flat":
                    # The total is the multiple, and no less than the interest.
                    total = self.to_multiple(Fraction(unit + row["own interest"]))
                    wanted = max(total - row["own interest"], 0)
                if left and self.annuity:
                    wanted, left = (max(wanted - left, min(wanted, 0)), 0)
                if k == final or (self.method == "flat" and not row["balance"]):
                    assert row["principal"] == balance
                    extra = k == self.count
                    forced = extra or (k == self.count - 1 and not self.spare)
                    assert forced or wanted >= balance
                else:
                    assert row["principal"] == wanted < balance, k
            balance = row["balance"]
        unit = self.minor(self.plan.repayment.instalment)
        if self.annuity:
            assert self.minor(self.plan.instalment) == unit + self.spread_parts
        first = self.head if self.head in anew and self.rows[self.head - 1 :] else 0
        if (kept is None or first) and self.amortised and self.terms.last_row.value != "equalise":
            self.check_solved(unit, covered, first)

    def solved_anew(self) -> set[int]:
        """The instalments with which a change of rate is taken up: the first paid after each."""
        if self.terms.repricing.value == "keep" or not self.annuity:
            return set()
        _, periods = self.timing.periods(self.on, self.count)
        found = set()
        # An agreed day of repricing counts though the rate stays on it, and whatever measure prices that night.
        agreed = [step.starts for step in self.terms.rates if step.starts > self.on]
        for day in [*self.turns(), *agreed]:
            later = [k for k, (begin, _, _) in enumerate(periods) if begin > day or (k and begin == day)]
            inside = [k for k, (begin, end, _) in enumerate(periods) if begin <= day < end]
            paid = [k for k in sorted({*inside, *later}) if k not in self.pauses]
            found.update(paid[:1])
        return found - {0}

    @property
    def spare(self) -> bool:
        """Whether a further row takes what the last instalment leaves."""
        return self.terms.last_row.value == "extra_row" and not self.balloon and self.annuity

    @property
    def changed(self) -> bool:
        """Whether anything but the solve was changed."""
        terms = self.terms
        agreed = Timing(terms, terms.every, {m.instalment: m for m in terms.moves}, self.on)
        many = max(self.count, terms.instalments, *agreed.moves, *self.timing.moves, 2)
        same_days = agreed.scheduled(many) == self.timing.scheduled(many)
        nights = (
            [
                day
                for change in only(self.measures, ChangeRate)
                for day in (change.starts or self.on, change.ends)
                if day is not None
            ]
            + [self.on]
            + [step.starts for step in terms.rates]
        )
        others = Replay.__new__(Replay)
        others.measures, others.on, others.terms = (), self.on, terms
        same_rates = all(self.rate_on(day) == others.rate_on(day) for day in nights if day >= self.on)
        holidays = any(m.instalments for m in only(self.measures, Holiday))
        return not (
            self.amortised == self.opening["principal"]
            and self.count == max(terms.instalments, int(not self.amortised))
            and same_days
            and same_rates
            and not holidays
            and self.method == terms.method.value
            and self.steps == terms.steps
        )

    def check_solved(self, unit: int, covered: int, begin: int = 0) -> None:
        """One rounding step less leaves something over, one more leaves too little: exact rows, nothing rounded."""
        terms = self.terms
        multiple = 1 if terms.instalment_multiple is None else self.minor(terms.instalment_multiple)
        if len(self.rows) < self.head:
            assert unit == 0  # suspended amounts alone repay it
            return
        if not self.annuity:
            if all(k < self.head for k in self.pauses):
                balance = self.rows[self.head - 1]["balance"] if self.head else self.amortised
                if not balance:
                    assert unit == 0  # suspended amounts alone repay it
                    return
                part = Fraction(balance - self.balloon, self.count - self.head)
                rounding = terms.instalment_rounding or terms.rounding
                assert unit == (rounded(part, rounding) if self.method == "flat" else self.to_multiple(part))
            return
        _, periods = self.timing.periods(self.on, self.count)
        head = 0
        balance = Decimal(self.amortised)
        # Solved anew, an instalment knows no rate that prices its first night after its own period.
        known = date.max if terms.repricing.value == "keep" else periods[begin][1] - DAY
        only_head = all(k < self.head for k in self.pauses)
        with localcontext(prec=60):
            parts = [sum(self.interest_parts(*period, known)) for period in periods]
            factors = [Decimal(part.numerator) / part.denominator for part in parts]
            if only_head and self.head and not covered and self.method == "level":
                # What follows a suspension at the start is solved from the printed balance.
                head, balance = self.head, Decimal(self.rows[self.head - 1]["balance"])
            if begin:
                head, balance = begin, Decimal(self.rows[begin - 1]["balance"])

            def left(first: Decimal) -> Decimal:
                now, owed, due = balance, Decimal(0), Decimal(covered)
                for k in range(head, self.count):
                    interest = now * factors[k]
                    if k in self.pauses:
                        pays, fate, last = self.pauses[k]
                        paid = interest if pays is None else min(interest, Decimal(pays))
                        owed += interest - paid
                        if pays is not None:
                            now -= pays - paid
                        if fate == "capitalise" or last:
                            now += owed if fate.startswith("capitalise") else 0
                            owed = Decimal(0)
                        continue
                    steps = 0
                    if self.method == "stepped":
                        steps = k // self.steps.every
                        steps = steps if self.steps.times is None else min(steps, self.steps.times)
                        share = self.steps.share or Fraction(0)
                        grown = (1 + Decimal(share.numerator) / share.denominator) ** steps
                        paid = first * grown + steps * self.minor(self.steps.amount or 0)
                    else:
                        paid = first
                    now -= paid - interest - due
                    due = Decimal(0)
                return now - self.balloon

            rounding = (terms.instalment_rounding or terms.rounding).value
            below = {"up": 1, "down": 0}.get(rounding, Decimal(1) / 2) * multiple
            above = {"up": 0, "down": 1}.get(rounding, Decimal(1) / 2) * multiple
            slack = Decimal(1).scaleb(-20) * max(balance, 1)
            assert unit == 0 or left(unit - below) >= -slack
            assert left(unit + above) <= slack

    # --- settlement

    def check_settlement(self) -> None:
        assert not self.column("accrued", "interest", "capitalised")
        sums = sorted(self.settlement.payments, key=lambda one: one.on)
        assert [(row["due"], row["total"]) for row in self.rows] == [
            (one.on, self.minor(one.amount)) for one in sums
        ]
        kept = {name: self.expected["carried", name] for name in self.payment_order()}
        for row in self.rows:
            money, want = row["total"], Counter()
            for name in kept:
                part = min(money, kept[name])
                kept[name] -= part
                money -= part
                want["principal" if name == "principal" else DUE_IN[name]] += part
            assert {name: row[name] for name in ("principal", *ON_TOP)} == {
                name: want[name] for name in ("principal", *ON_TOP)
            }
            assert row["balance"] == kept["principal"]

    # --- row by row against what was agreed

    def check_difference(self) -> None:
        changes, before, after = self.plan.changes, self.plan.before, self.plan.schedule
        if before is None:
            assert changes == ()
            return
        paid = self.moved("paid")
        assert sum(self.minor(one.difference) for one in changes) == paid + self.minor(
            after.total - before.total
        )
        for one in changes:
            assert one.difference == one.total_after - one.total_before
        if paid:
            first, *changes = changes
            assert (first.number, first.due_before, first.due_after) == (0, None, self.on)
            assert (first.total_before, self.minor(first.total_after)) == (0, paid)
            assert first.balance_before == self.position.buckets.principal
            wanted = self.amortised if self.settlement is None else self.moved("carried", "principal")
            assert self.minor(first.balance_after) == wanted
        assert [one.number for one in changes] == list(range(1, len(changes) + 1))
        assert len(changes) == max(len(before.rows), len(after.rows))
        for rows, side in ((before.rows, "before"), (after.rows, "after")):
            for row, one in zip(rows, changes, strict=False):
                assert (row.due, row.total, row.balance) == tuple(
                    getattr(one, f"{name}_{side}") for name in ("due", "total", "balance")
                )
            for one in changes[len(rows) :]:
                assert getattr(one, f"due_{side}") is None
                assert not getattr(one, f"total_{side}")
