"""What the charts of a plan show: its instalments, what is still owed, and what becomes of every bucket."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from itertools import accumulate

from restructure.calculator.amortisation.rows import Row
from restructure.calculator.amortisation.schedule import Schedule
from restructure.calculator.conventions.money import from_minor
from restructure.calculator.measures.books import BUCKETS, MovementKind, booked
from restructure.calculator.measures.up_front import Settle
from restructure.calculator.plans.plan import Plan
from restructure.calculator.servicing.position import Bucket
from restructure.report.plots.pictures import (
    BalancePicture,
    Curve,
    InstalmentsPicture,
    LedgerPicture,
    Part,
    Payments,
    Step,
    StepPart,
)
from restructure.report.plots.ticks import day_text
from restructure.report.wording import Wording

__all__ = ["balance_picture", "instalments_picture", "ledger_picture"]

_COMPONENTS = {
    "principal": ("principal",),
    "interest": ("interest",),
    "arrears": ("arrears_principal", "arrears_interest"),
    "deferred": ("parked_principal", "parked_interest"),
    "penalty": ("penalty",),
    "fees": ("fees",),
}
"""The columns of a row in each component, in the order in which they are stacked."""

_COLUMNS = {key: tuple(Row._fields.index(name) for name in names) for key, names in _COMPONENTS.items()}
_INTEREST, _ACCRUED, _CAPITALISED = (
    Row._fields.index(name) for name in ("interest", "accrued", "capitalised")
)
_PAID_UP_FRONT = "paid"


# --- instalments


def instalments_picture(plan: Plan, wording: Wording, affordable: Decimal | None) -> InstalmentsPicture:
    """Describe what falls due on each day under a plan, by component, and as agreed; payments of a day are added up."""
    agreed = None if plan.before is None else _payments(plan.before, "agreed", wording)
    return InstalmentsPicture(
        wording,
        plan.position.currency,
        _payments(plan.schedule, "plan", wording, up_front=_up_front(plan), on=plan.position.on),
        agreed,
        affordable,
    )


def _up_front(plan: Plan) -> int:
    return _moved(plan, MovementKind.PAID)


def _payments(
    schedule: Schedule, key: str, wording: Wording, *, up_front: int = 0, on: date | None = None
) -> Payments:
    by_day: dict[date, dict[str, int]] = {}
    if up_front and on:
        by_day[on] = {_PAID_UP_FRONT: up_front}
    for row in schedule.rows.minor:
        components = by_day.setdefault(row[0], {})
        for name, amount in _components(row).items():
            components[name] = components.get(name, 0) + amount
    days = tuple(sorted(by_day))
    currency = schedule.currency
    parts = []
    for name in (*_COMPONENTS, _PAID_UP_FRONT):
        amounts = [by_day[day].get(name, 0) for day in days]
        if any(amounts):
            money = tuple(from_minor(amount, currency) for amount in amounts)
            parts.append(Part(name, wording(f"plots.part.{name}"), money))
    totals = tuple(from_minor(sum(by_day[day].values()), currency) for day in days)
    return Payments(key, wording(f"plots.{key}"), days, totals, tuple(parts))


def _components(row: tuple[int, ...]) -> Mapping[str, int]:
    """Give the components of a row; where unpaid interest makes the balance grow, interest is what is paid of it."""
    components = {key: sum(row[column] for column in columns) for key, columns in _COLUMNS.items()}
    if components["principal"] < 0:
        components["interest"] += components["principal"]
        components["principal"] = 0
    return components


# --- balance


def balance_picture(plan: Plan, wording: Wording) -> BalancePicture:
    """Describe what is owed after each day: the claim and the interest so far, less what is paid and given up."""
    claim, on, currency = sum(plan.position.minor.values()), plan.position.on, plan.position.currency
    given_up: dict[date, int] = {}
    for day, kind, _, amount in booked(plan.ledger, currency):
        if kind in (MovementKind.WAIVED, MovementKind.FORGIVEN):
            given_up[day] = given_up.get(day, 0) + amount
    curves = []
    if plan.before is not None:
        waived = _waived_as_agreed(plan.before, claim)
        curves.append(_curve("agreed", wording, plan.before, on, claim, waived))
    opening, up_front = claim - given_up.pop(on, 0), _up_front(plan)
    curve = _curve("plan", wording, plan.schedule, on, opening - up_front, given_up)
    if up_front:
        before_paying = from_minor(opening, currency)
        curve = Curve(curve.key, curve.name, (on, *curve.days), (before_paying, *curve.amounts))
    return BalancePicture(wording, currency, (*curves, curve), from_minor(up_front, currency))


def _curve(
    key: str, wording: Wording, schedule: Schedule, on: date, opening: int, waived: Mapping[date, int]
) -> Curve:
    rows = schedule.rows.minor
    changes = [row[_ACCRUED] - sum(row[1:9]) - waived.get(row[0], 0) for row in rows]
    owed = accumulate(changes, initial=opening)
    return Curve(
        key,
        wording(f"plots.{key}"),
        (on, *(row[0] for row in rows)),
        tuple(from_minor(amount, schedule.currency) for amount in owed),
    )


def _waived_as_agreed(schedule: Schedule, claim: int) -> Mapping[date, int]:
    """Give the interest that earlier holidays waive, by due date: what accrues and is neither paid nor still due."""
    rows, waived = schedule.rows.minor, dict[date, int]()
    rest = claim + sum(row[_ACCRUED] - sum(row[1:9]) for row in rows)
    for row in rows:
        unpaid = min(row[_ACCRUED] - row[_INTEREST] - row[_CAPITALISED], rest)
        if unpaid > 0:
            waived[row[0]] = unpaid
            rest -= unpaid
    return waived


# --- ledger


_TREATMENTS = ("kept", "carried", "capitalised", "parked", "spread")
_OUT_OF_IT = ("paid", "forgiven", "waived")
"""What leaves the claim on the effective date; in a bar these come last, so that the rows below take them off."""


def ledger_picture(plan: Plan, wording: Wording) -> LedgerPicture:
    """Describe the ledger as a waterfall, from what is owed by bucket to what the new schedule repays."""
    on, currency = plan.position.on, plan.position.currency
    names = {key: wording(f"plots.treatment.{key}") for key in (*_TREATMENTS, *_OUT_OF_IT)}
    if any(isinstance(measure, Settle) for measure in plan.measures):
        names["kept"] = names["carried"] = wording("plots.treatment.settled")
    by_bucket: dict[Bucket, dict[str, int]] = {}
    later_waived = 0
    for day, kind, bucket, amount in booked(plan.ledger, currency):
        if day == on:
            parts = by_bucket.setdefault(bucket, {})
            key = _treatment(kind, bucket)
            parts[key] = parts.get(key, 0) + amount
        elif kind is MovementKind.WAIVED:
            later_waived += amount
    steps: list[Step] = []

    def add(kind: str, name: str, start: int, parts: Mapping[str, int], words: Mapping[str, str]) -> None:
        shares = [
            StepPart(key, words[key], from_minor(parts[key], currency)) for key in words if parts.get(key)
        ]
        steps.append(Step(kind, name, from_minor(start, currency), tuple(shares)))

    running = 0
    for bucket in BUCKETS:
        if bucket in by_bucket:
            add("bucket", wording(f"plots.bucket.{bucket}"), running, by_bucket[bucket], names)
            running += sum(by_bucket[bucket].values())
    owed = _added(by_bucket.values())
    add("total", wording("plots.owed", day=day_text(on, wording)), 0, owed, names)
    for key in reversed(_OUT_OF_IT):
        if owed.get(key):
            running -= owed[key]
            add("less", wording(f"plots.less.{key}"), running, {key: owed[key]}, names)
    left = {key: amount for key, amount in owed.items() if key in _TREATMENTS}
    if running < sum(owed.values()) and left:
        add("total", wording("plots.left"), 0, left, names)
    if not plan.schedule.rows.minor:
        return LedgerPicture(wording, currency, tuple(steps))
    interest = sum(row[_ACCRUED] for row in plan.schedule.rows.minor)
    words = names | {"interest": wording("plots.part.interest")}
    add("more", wording("plots.interest"), running, {"interest": interest}, words)
    if later_waived:
        waived = {"waived": later_waived}
        add("less", wording("plots.waived_later"), running + interest - later_waived, waived, words)
    left |= {"interest": interest - later_waived}
    add("total", wording("plots.repaid"), 0, left, words)
    return LedgerPicture(
        wording, currency, tuple(step for step in steps if step.shares or step.kind == "total")
    )


def _treatment(kind: MovementKind, bucket: Bucket) -> str:
    if kind is MovementKind.CARRIED and bucket in (Bucket.PRINCIPAL, Bucket.PARKED):
        return "kept" if bucket is Bucket.PRINCIPAL else "parked"
    return kind.value


def _added(every: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for parts in every:
        for key, amount in parts.items():
            total[key] = total.get(key, 0) + amount
    return total


def _moved(plan: Plan, wanted: MovementKind) -> int:
    return sum(amount for _, kind, _, amount in booked(plan.ledger, plan.position.currency) if kind is wanted)
