"""A loan as agreed, lived through row by row in exact fractions: the field docs of `Terms` taken at their word.

Slow and plain, and nothing in common with the library but its inputs: no integers over a denominator, no fixed
point, no closed formula. An instalment is right if what it leaves, unrounded, changes sign between the borders
of its rounding.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from math import floor

from dateutil.relativedelta import relativedelta

from calculator.oracles import DAY, fraction_of_year, minor, month_day, rounded

_MONTHS = {"1 month": 1, "2 months": 2, "1 quarter": 3}
_DAYS = {"10 days": 10, "2 weeks": 14, "1 day": 1}


class OutOfReach(Exception):
    """An instalment below the interest where the balance may not grow."""


# --- days


def stepped(every: str, day: date, anchor: int, times: int) -> date:
    """The day so many steps from another, back if below zero."""
    if not times:
        return day
    if every in _DAYS:
        return day + timedelta(days=_DAYS[every] * times)
    month = date(day.year, day.month, 1) + relativedelta(months=_MONTHS[every] * times)
    return month_day(month.year, month.month, anchor)


def scheduled(terms, count: int) -> list[tuple[date, int]]:
    """Every due date before any roll, and the day of the month that its period is counted from."""
    moves = {move.instalment: move for move in terms.moves}
    anchor = terms.anchor_day or terms.first_due.day
    origin, number, days = terms.first_due, 1, []
    for k in range(1, count + 1):
        before = anchor
        if k in moves:
            origin, number, anchor = moves[k].to, k, moves[k].anchor_day or moves[k].to.day
        days.append((stepped(terms.every, origin, anchor, k - number), before))
    return days


def rolled(day: date, roll: str) -> date:
    """The day of payment, weekends being closed (ISDA 2006 section 4.12)."""
    if roll == "none" or day.weekday() < 5:
        return day
    after, before = day, day
    while after.weekday() >= 5:
        after += DAY
    while before.weekday() >= 5:
        before -= DAY
    first, second = (after, before) if "following" in roll else (before, after)
    return second if roll.startswith("modified") and first.month != day.month else first


def pieces(terms, begin: date, end: date, anchor: int, cuts: Sequence[date] = ()) -> list[Fraction]:
    """Interest per unit of balance of each stretch of a period in which nothing changes."""

    def rate_on(day: date) -> Fraction:
        in_force = [change.annual_rate for change in terms.rates if change.starts <= day]
        return in_force[-1] if in_force else terms.annual_rate

    turns = {
        change.starts for change in terms.rates if rate_on(change.starts) != rate_on(change.starts - DAY)
    }
    borders = [begin, *sorted(day for day in {*turns, *cuts} if begin < day < end), end]
    return [
        rate_on(a) * fraction_of_year(terms.day_count, a, b, anchor) for a, b in itertools.pairwise(borders)
    ]


# --- one balance over its periods


@dataclass
class Plan:
    """What repaying one balance depends on."""

    terms: object
    balance: int
    flat_base: int
    dues: list[date]
    periods: list[list[Fraction]]
    joined: dict[int, list[int]] = field(default_factory=dict)
    """What joins the balance before each piece of a period."""
    extra: bool = False
    """Whether the last period is one after the agreed term."""
    passed: int = 0
    """Instalments before the first of these."""
    value: int | None = None
    """The instalment, once it is known."""

    def __post_init__(self) -> None:
        terms = self.terms
        self.method, self.currency = terms.method.value, terms.currency
        self.balloon = 0 if terms.balloon is None else self.minor(terms.balloon)
        self.multiple = 1 if terms.instalment_multiple is None else self.minor(terms.instalment_multiple)
        self.suspended = {
            number - 1: (one, number == one.starts + one.instalments - 1)
            for one in terms.suspensions
            for number in range(one.starts, one.starts + one.instalments)
        }

    def minor(self, amount) -> int:
        return minor(amount, self.currency)

    def major(self, amount: int) -> Decimal:
        decimals = next(n for n in range(5) if minor(Decimal(1).scaleb(-n), self.currency) == 1)
        return Decimal(amount).scaleb(-decimals)

    def instalment_at(self, k: int, first, exact: bool):
        steps = self.terms.steps
        if steps is None:
            return first
        taken = (k + self.passed) // steps.every
        if steps.times is not None:
            taken = min(taken, steps.times)
        value = Fraction(first) * (1 + (steps.share or 0)) ** taken
        if not exact and steps.share and taken:
            value = self.settled(value)
        return value + taken * (0 if steps.amount is None else self.minor(steps.amount))

    def settled(self, value: Fraction) -> int:
        how = (self.terms.instalment_rounding or self.terms.rounding).value
        return rounded(Fraction(value) / self.multiple, how) * self.multiple

    @property
    def grain(self) -> int:
        """What is solved is a multiple of this: a flat loan's total is what its terms round, not its principal."""
        return 1 if self.method == "flat" else self.multiple

    def accrued(self, k: int, balance, exact: bool):
        base, parts = (self.flat_base if self.method == "flat" else balance), []
        for piece, joined in zip(
            self.periods[k], self.joined.get(k, [0] * len(self.periods[k])), strict=True
        ):
            base += joined
            parts.append(base * piece)
        if exact:
            return sum(parts)
        if self.terms.rounding_per == "row":
            parts = [sum(parts)]
        return sum(rounded(part, self.terms.rounding.value) for part in parts)

    def live(self, instalment, *, exact: bool):
        """Rows, the balance at the end, and what suspensions set aside or waived."""
        balance, owed, waiting = self.balance, 0, 0
        rows, apart = [], []
        last = len(self.periods) - 1
        for k in range(last + 1):
            accrued = self.accrued(k, balance, exact)
            balance += sum(self.joined.get(k, ()))
            interest, capitalised = accrued, 0
            if k in self.suspended:
                one, ends = self.suspended[k]
                principal = 0
                if one.amount is not None:
                    amount = self.minor(one.amount)
                    interest = min(accrued, amount)
                    principal = amount - interest
                    if not exact:
                        principal = min(principal, balance)
                elif one.pay == "none":
                    interest = 0
                waiting += accrued - interest
                if one.interest == "capitalise" or ends:
                    if one.interest.startswith("capitalise"):
                        capitalised = waiting
                    elif waiting:
                        apart.append((k, one.interest.value, waiting))
                    waiting = 0
                balance += capitalised
            else:
                match self.method:
                    case "level" | "stepped":
                        principal = self.instalment_at(k, instalment, exact) - accrued
                    case "equal_principal":
                        principal = instalment
                    case "flat":
                        principal = instalment
                        if not exact:
                            principal = max(self.settled(Fraction(instalment + accrued)) - accrued, 0)
                    case "interest_only":
                        principal = 0
                    case "bullet":
                        principal, owed = 0, owed + accrued
                        interest = owed if k == last else 0
                if not exact and (k == last or principal >= balance):
                    principal = balance
            balance -= principal
            rows.append((self.dues[k], principal, interest, 0, accrued, capitalised, balance))
            if not exact and not balance and not waiting and self.method not in ("flat", "bullet"):
                break
        return rows, balance, apart

    def left(self, instalment) -> Fraction:
        """What an instalment leaves at the end of the agreed term, nothing being rounded."""
        agreed = replace(self, periods=self.periods[:-1]) if self.extra else self
        return Fraction(agreed.live(Fraction(instalment), exact=True)[1] - self.balloon)

    def solved(self) -> int:
        """The instalment between whose rounding borders what is left changes sign."""
        how = (self.terms.instalment_rounding or self.terms.rounding).value
        shift = Fraction(1, 2) if how.startswith("half") else Fraction(0)

        def repays_no_more(j: int) -> bool:
            return self.left((j - shift) * self.grain) >= 0

        at_none, at_one = self.left(0), self.left(1)
        if at_none < 0:
            return 0  # what is paid while suspended repays everything
        assert at_one < at_none
        j = floor(at_none / (at_none - at_one) / self.grain + shift)
        # Straight unless interest that is left unpaid disappears from the balance: then search.
        step = 1
        while repays_no_more(j + step):
            j, step = j + step, step * 2
        while not repays_no_more(j):
            j, step = j - step, step * 2
        while step > 1:
            step //= 2
            if repays_no_more(j + step):
                j += step
        assert repays_no_more(j)
        assert not repays_no_more(j + 1)
        border = self.left((j - shift) * self.grain) == 0
        if how == "half_even" and border and j % 2:
            j -= 1
        if how == "up" and not border:
            j += 1
        return j * self.grain

    def repaid(self):
        """The rows, and what suspensions set aside."""
        terms = self.terms
        level = self.method in ("level", "stepped")
        head = 0
        while head in self.suspended:
            head += 1
        if head and head == len(self.suspended) and self.method != "stepped":
            # What follows a suspension at the start is an ordinary loan on the printed balance.
            begun = replace(self, periods=self.periods[:head])
            rows, balance, apart = begun.live(0, exact=False)
            if not balance and rows and (not apart or apart[-1][0] == len(rows) - 1):
                return rows, apart
            rest = replace(
                self,
                terms=terms.model_copy(update={"suspensions": ()}),
                balance=balance,
                dues=self.dues[head:],
                periods=self.periods[head:],
            )
            rows, self.value = rows + rest.repaid()[0], rest.value
            return rows, apart
        if terms.instalment is not None:
            value = self.minor(terms.instalment)
        elif self.method in ("interest_only", "bullet"):
            value = 0
        else:
            value = self.solved()
        done = self.live(value, exact=False)
        if terms.instalment is None and level and terms.last_row == "equalise" and not self.balloon:
            paying = len(self.periods) - len(self.suspended)

            def gap(lived, first: int) -> int:
                rows = lived[0]
                return rows[-1][1] + rows[-1][2] - self.instalment_at(len(rows) - 1, first, False)

            if abs(gap(done, value)) > paying // 2:
                share = round(Fraction(gap(done, value), paying * self.multiple))  # a half goes to even
                moved = value + share * self.multiple
                again = self.live(moved, exact=False)
                if abs(gap(again, moved)) < abs(gap(done, value)):
                    done, value = again, moved
        rows, _, apart = done
        self.value = value
        if level:
            reject_what_nobody_pays(terms, rows, self.suspended)
        return rows, apart


def laid(rows: list[tuple], apart, dues: Sequence[date], total: int) -> list[tuple]:
    """Rows with what was set aside: parked to the last of them, spread over those after the suspension or carried
    to the first of those."""
    rows = [list(row) for row in rows]
    for how in ("spread", "carry", "park"):  # what adds rows first
        for k, policy, amount in apart:
            if policy != how:
                continue
            if how == "carry":
                while len(rows) <= k + 1:
                    rows.append([dues[len(rows)], 0, 0, 0, 0, 0, 0])
                rows[k + 1][3] += amount
                continue
            if how == "park":
                rows[-1][3] += amount
                continue
            end = max(total, len(rows))
            while len(rows) < end:
                rows.append([dues[len(rows)], 0, 0, 0, 0, 0, 0])
            for at, part in zip(range(k + 1, end), parts(amount, end - k - 1), strict=True):
                rows[at][3] += part
    return [tuple(row) for row in rows]


def parts(amount: int, count: int) -> list[int]:
    """Equal parts rounded half-up with the residue in the last, rounded down if that would be below nothing."""
    part = floor(Fraction(amount, count) + Fraction(1, 2))
    if part * (count - 1) > amount:
        part = floor(Fraction(amount, count))
    return [part] * (count - 1) + [amount - part * (count - 1)]


# --- a whole loan


def agreed_rows(terms) -> list[tuple]:
    """(due, principal, interest, set aside before, accrued, capitalised, balance) of every row of `terms`."""
    if any(advance.amount for advance in terms.advances):
        return advanced(terms)
    regular = stepped(terms.every, terms.first_due, terms.anchor_day or terms.first_due.day, -1)
    if terms.stub != "level" and regular != terms.start:
        return stubbed(terms, regular)
    count, extra = terms.instalments, int(_extra(terms))
    dues, periods = calendar(terms, terms.start, count + extra)
    balance = minor(terms.principal, terms.currency)
    plan = Plan(terms, balance, _flat_base(terms), dues, periods, extra=bool(extra))
    solved_anew = terms.repricing == "recalculate" and terms.method in ("level", "stepped")
    rows, apart = repriced(plan, count) if solved_anew else plan.repaid()
    return laid(rows, apart, dues, count)


def repriced(plan: Plan, count: int):
    """Live on from one change of rate to the next, the rate then in force being the last that anybody knows."""
    terms = plan.terms
    growing = terms.model_copy(update={"negative_amortisation": True})
    ends = plan.dues if terms.roll_accrues else [day for day, _ in scheduled(terms, len(plan.dues))]
    turned = [change.starts for change in terms.rates]
    balance, rows, apart = plan.balance, [], []
    begin, instalment = 0, terms.instalment
    while True:
        later = [k for k in range(begin + 1, count) if any(ends[k - 1] <= day < ends[k] for day in turned)]
        if begin in plan.suspended and any(terms.start < day < ends[begin] for day in turned):
            later.insert(0, begin)  # what is paid first comes after the change
        paid = [k for k in range(count) if k not in plan.suspended]
        end = min([k for k in paid if later and k >= later[0]], default=len(plan.dues))
        suspensions = tuple(
            one.model_copy(update={"starts": one.starts - begin})
            for one in terms.suspensions
            if one.starts > begin
        )
        now = growing.model_copy(update={"suspensions": suspensions, "instalment": instalment})
        own = replace(
            plan,
            terms=now,
            balance=balance,
            dues=plan.dues[begin:],
            periods=plan.periods[begin:],
            passed=begin,
        )
        if instalment is None:
            known = tuple(change for change in terms.rates if change.starts < ends[begin])
            as_known = terms.model_copy(update={"rates": known})
            _, periods = calendar(as_known, terms.start, len(plan.dues))
            guess = replace(own, periods=periods[begin:])
            guess.repaid()
            # None where all is repaid while suspended, or nothing is paid before the next change.
            solved = guess.value or 0
            own.terms = now.model_copy(update={"instalment": plan.major(solved)})
        lived, some = own.repaid()
        rows += lived[: end - begin]
        apart += [(begin + k, how, amount) for k, how, amount in some if begin + k < end]
        balance, instalment = rows[-1][-1], None
        if len(rows) < end or not balance or end == len(plan.dues):
            break
        begin = end
    reject_what_nobody_pays(terms, rows, plan.suspended)
    return rows, apart


def reject_what_nobody_pays(terms, rows, suspended):
    """An instalment below the interest, unless the terms allow it; one below zero, as steps may come to, in any case."""
    for k, row in enumerate(rows):
        below = row[1] if not terms.negative_amortisation else row[1] + row[2]
        if below < 0 and k not in suspended:
            raise OutOfReach


def calendar(terms, start: date, count: int, cuts: Sequence[date] = ()):
    """Days of payment and the interest of every period in its pieces."""
    days = scheduled(terms, count)
    paid = [rolled(day, terms.roll.value) for day, _ in days]
    borders = [start, *(paid if terms.roll_accrues else [day for day, _ in days])]
    return paid, [
        pieces(terms, a, b, anchor, cuts)
        for (a, b), (_, anchor) in zip(itertools.pairwise(borders), days, strict=True)
    ]


def _extra(terms) -> bool:
    return terms.last_row == "extra_row" and terms.method in ("level", "stepped") and not terms.balloon


def _flat_base(terms) -> int:
    return minor(terms.principal if terms.flat_base is None else terms.flat_base, terms.currency)


def stubbed(terms, regular: date) -> list[tuple]:
    """The regular loan, and the interest of the odd days where the stub puts it."""
    anchor = terms.anchor_day or terms.first_due.day
    balance = minor(terms.principal, terms.currency)
    level = {"stub": type(terms.stub)("level")}
    short = regular < terms.start

    def once(begin: date, end: date) -> int:
        odd = Plan(terms, balance, _flat_base(terms), [end], [pieces(terms, begin, end, anchor)])
        return odd.accrued(0, balance, False)

    if terms.stub == "own_row":
        until = terms.first_due if short else regular
        due = rolled(until, terms.roll.value)
        border = due if terms.roll_accrues else until
        then = {"start": border}
        if short:
            second = stepped(terms.every, terms.first_due, anchor, 1)
            then |= {"first_due": second, "anchor_day": anchor}
        own = once(terms.start, border)
        return [(due, 0, own, 0, own, 0, balance), *agreed_rows(terms.model_copy(update=level | then))]
    rows = agreed_rows(terms.model_copy(update=level | {"start": regular}))
    days, _ = calendar(terms, terms.start, 1)
    first_border = days[0] if terms.roll_accrues else terms.first_due
    odd = once(terms.start, first_border) - rows[0][4]
    spread = [odd] + [0] * (len(rows) - 1)
    if terms.stub == "spread" and not short:
        spread = parts(odd, len(rows))
    return [
        (due, principal, interest + spread[k], parked, accrued + (0 if k else odd), capitalised, balance)
        for k, (due, principal, interest, parked, accrued, capitalised, balance) in enumerate(rows)
    ]


def advanced(terms) -> list[tuple]:
    """A loan paid out in parts: solved anew in each period that a part is paid out in."""
    count, extra = terms.instalments, int(_extra(terms))
    parts_paid = [(advance.on, minor(advance.amount, terms.currency)) for advance in terms.advances]
    parts_paid = [(day, amount) for day, amount in parts_paid if amount]
    cuts = sorted({day for day, _ in parts_paid})
    dues, periods = calendar(terms, terms.start, count + extra, cuts)
    unrolled = [day for day, _ in scheduled(terms, count + extra)]
    borders = [terms.start, *(dues if terms.roll_accrues else unrolled)]
    turns = {change.starts for change in terms.rates}
    balance, rows = minor(terms.principal, terms.currency), []
    solved_anew = {k for k in range(count) for day in cuts if borders[k] <= day < borders[k + 1]} | {0}
    plan_rows: list[tuple] = []
    for k in range(count + extra):
        if k in solved_anew:
            at_once = sum(amount for day, amount in parts_paid if day == borders[k])
            balance += at_once
            if rows:
                rows[-1] = (*rows[-1][:-1], balance)
            inner = sorted(
                day
                for day in {*turns, *cuts}
                if borders[k] < day < borders[k + 1] and (day in cuts or len(pieces_at(terms, day)) > 1)
            )
            joined = [0, *(sum(amount for day, amount in parts_paid if day == turn) for turn in inner)]
            plan = Plan(terms, balance, balance, dues[k:], periods[k:], joined={0: joined}, extra=bool(extra))
            plan_rows, _ = plan.repaid()
            offset = k
        if k - offset < len(plan_rows):
            rows.append(plan_rows[k - offset])
        elif any(day >= borders[k + 1] for day in cuts):
            rows.append((dues[k], 0, 0, 0, 0, 0, 0))
        balance = rows[-1][-1]
    return rows


def pieces_at(terms, day: date) -> list[Fraction]:
    """The pieces of the two days around a day: two of them if the rate changes there."""
    return pieces(terms, day - DAY, day + DAY, 1)
