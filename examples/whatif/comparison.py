"""The decision with other numbers: what may be changed, within which range, and the decision that follows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from restructure import Application, Decision, Policy, decide, load_policy, read_application
from restructure.calculator.conventions.money import minor_digits

POLICY = "cn-consumer-finance"
EXAMPLE = Path(__file__).parents[1] / "illness.json"
AMOUNTS = {"income": "income", "costs": "essential_costs"}
"""The sliders of the borrower's amounts, and where each is in the finances of an application."""
POLICY_NUMBERS = {
    "illness": ("illness_interest_waiver", "illness_extension", "longest_term"),
    "unemployment": ("job_loss_holiday", "illness_extension", "longest_term"),
    "income_fall": ("most_added", "longest_term", "cost_cap"),
}
"""The policy numbers that matter most, by cause of the hardship."""
OTHER_POLICY_NUMBERS = ("serious_income_drop", "longest_term", "cost_cap")
MONTHS = {
    "job_loss_holiday": (0, 12),
    "illness_extension": (0, 36),
    "most_added": (0, 60),
    "longest_term": (12, 84),
}
"""The least and the most of a policy's number of instalments that a lender would look at."""
STEPS = {"money": 50, "ratio": 1, "months": 1}
"""One step of a slider: 50 of the currency, one percent, one instalment."""


@dataclass(frozen=True)
class Range:
    """The values of one slider: whole steps from `low` to `high`, today's among them."""

    name: str
    unit: str
    """`money` a month in the loan's currency, `ratio` in percent, `months` as a number of instalments."""
    low: Decimal
    high: Decimal
    today: Decimal
    decimals: int = 0

    @property
    def step(self) -> int:
        return STEPS[self.unit]


class WrongNumber(Exception):
    """A value that a slider does not have; `why` is `not_a_number`, `out_of_range` or `too_fine`."""

    def __init__(self, why: str, of: Range, value: object) -> None:
        super().__init__(f"{of.name}: {value}: {why}")
        self.why, self.range, self.value = why, of, value


@dataclass(frozen=True)
class Start:
    """An application and a policy as they are today, the decision, and what may be changed."""

    application: Application
    policy: Policy
    today: Decision
    ranges: tuple[Range, ...]
    policies: dict[tuple[tuple[str, int | Decimal], ...], Policy] = field(default_factory=dict)
    """Policies that were read already, by their changed numbers: reading one takes longer than deciding."""

    @property
    def currency(self) -> str:
        return self.today.assessment.currency


def start(application: Application | str | Path = EXAMPLE) -> Start:
    """Read an application, load the policy once and decide; raises `RestructureError` as the library does."""
    application, policy = read_application(application), load_policy(POLICY)
    today = decide(application, policy, on=application.as_of)
    return Start(application, policy, today, tuple(_ranges(application, policy, today)))


def _ranges(application: Application, policy: Policy, today: Decision) -> list[Range]:
    known = today.assessment
    totals = {"income": known.monthly_income, "costs": known.essential_costs}
    # Where the file has no entries there is nothing to change: the library asks for them.
    amounts = {
        name: total for name, total in totals.items() if total is not None and _entries(application, name)
    }
    most = max((known.income_before or Decimal(0), *amounts.values()))
    digits = minor_digits(known.currency)
    ranges = [_range(name, "money", total, most=most, decimals=digits) for name, total in amounts.items()]
    cause = None if known.hardship_cause is None else known.hardship_cause.value
    for name in POLICY_NUMBERS.get(cause or "", OTHER_POLICY_NUMBERS):
        parameter = policy.parameters[name]
        value = Decimal(str(parameter.on(today.on)))
        if parameter.unit.value == "ratio":
            ranges.append(_range(name, "ratio", value * 100, most=Decimal(100), decimals=2))
        else:
            least, most_months = MONTHS[name]
            ranges.append(
                Range(name, "months", min(Decimal(least), value), max(Decimal(most_months), value), value)
            )
    return ranges


def _range(name: str, unit: str, today: Decimal, *, most: Decimal, decimals: int) -> Range:
    """Give the whole steps around today's value, not below zero and not above `most`."""
    step = STEPS[unit]
    high = today + max((most - today) // step, Decimal(0)) * step
    return Range(name, unit, today % step, high, today, decimals)


def _entries(application: Application, name: str) -> Sequence[Any]:
    return getattr(application.finances, AMOUNTS[name]) or ()


def number(of: Range, value: object) -> Decimal:
    """Give the value of a slider as an exact number, an empty one as today's; raises `WrongNumber`."""
    if value is None or value == "":
        return of.today
    try:
        exact = Decimal(str(value))
    except InvalidOperation:
        raise WrongNumber("not_a_number", of, value) from None
    if not exact.is_finite():
        raise WrongNumber("not_a_number", of, value)
    if not of.low <= exact <= of.high:
        raise WrongNumber("out_of_range", of, value)
    if exact != round(exact, of.decimals):
        raise WrongNumber("too_fine", of, value)
    return exact


def changed(begun: Start, values: Mapping[str, object]) -> Decision:
    """Decide with other numbers; one that is absent is today's.

    Raises `WrongNumber` for a value outside its range, and `RestructureError` for what the library refuses.
    """
    places: dict[str, str] = {}
    parameters: list[tuple[str, int | Decimal]] = []
    for each in begun.ranges:
        value = number(each, values.get(each.name))
        if value == each.today:
            continue
        if each.name in AMOUNTS:
            places |= shared_out(begun.application, each.name, value)
        else:
            parameters.append((each.name, value / 100 if each.unit == "ratio" else int(value)))
    application = begun.application.with_values(places) if places else begun.application
    return decide(application, _with_numbers(begun, tuple(parameters)), on=begun.today.on)


def _with_numbers(begun: Start, parameters: tuple[tuple[str, int | Decimal], ...]) -> Policy:
    if not parameters:
        return begun.policy
    if parameters not in begun.policies:
        if len(begun.policies) >= 100:
            begun.policies.clear()
        begun.policies[parameters] = begun.policy.with_values(**dict(parameters))
    return begun.policies[parameters]


def shared_out(application: Application, name: str, total: Decimal) -> dict[str, str]:
    """Give the amounts of income or of costs that come to a total, by place.

    The first entry takes the change; where it would fall below zero, the next takes the rest.
    """
    amounts = [entry.monthly for entry in _entries(application, name)]
    more = total - sum(amounts, Decimal(0))
    places: dict[str, str] = {}
    for k, amount in enumerate(amounts):
        after = max(amount + more, Decimal(0))
        more -= after - amount
        if after != amount:
            places[f"finances.{AMOUNTS[name]}.{k}.monthly"] = str(after)
    return places
