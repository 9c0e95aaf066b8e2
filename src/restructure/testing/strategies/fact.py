"""Facts of cases by name, drawn around the thresholds of a policy."""

from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from typing import Any, get_args

from hypothesis import strategies as st

from restructure.calculator.conventions.money import SignedMoney, minor_digits
from restructure.calculator.conventions.quantity import Kind
from restructure.intake.assessment import Assessment
from restructure.intake.facts import Fact
from restructure.intake.facts import facts as catalogue
from restructure.intake.prospect import Prospect
from restructure.policy.engine.normal_form import Leaf
from restructure.policy.in_force import InForce
from restructure.policy.policy import Policy
from restructure.testing.strategies.day import USUAL_DAY, days
from restructure.testing.strategies.drawing import or_none

__all__ = ["facts", "values_of"]


@st.composite
def facts(
    draw: st.DrawFn, policy: Policy, *, on: date | None = None, of_plan: bool = False
) -> dict[str, Any]:
    """Draw facts of a case that a policy reads, by name, often right at its thresholds; a fact left out is unknown.

    A case of a `*_test.yaml` gives them under `facts`, and `known_from` takes them. Each is drawn independently, so
    that some contradict each other, unlike in a file; with `of_plan`, figures of a plan are drawn too.

    >>> from decimal import Decimal
    >>> from hypothesis import find
    >>> from restructure import load_policy
    >>> find(facts(load_policy("cn-consumer-finance")), lambda case: case.get("income_drop", 0) >= Decimal("0.2"))
    {'income_drop': Decimal('0.200000')}
    """
    day = draw(days(policy)) if on is None else on
    in_force = policy.at(day)
    case: dict[str, Any] = {}
    for fact, thresholds in _read(in_force, of_plan=of_plan):
        value = draw(
            or_none(
                values_of(fact, thresholds, policy.currency, day if fact.kind is Kind.DATE else USUAL_DAY)
            )
        )
        if value is not None:
            case[fact.name] = value
    return case


def _read(in_force: InForce, *, of_plan: bool) -> Iterator[tuple[Fact, tuple[int, ...]]]:
    """Give every fact that a policy's conditions depend on, with the numbers that it is compared with."""
    nodes = [node for _, node in (*in_force.case_problem.entries, *in_force.plan_problem.entries)]
    nodes += [node for stage in in_force.stages for _, node in stage.problem.entries]
    nodes += in_force.guards.values()
    targets = [target for tiers in in_force.aims.values() for target in tiers]
    nodes += [target.accept for target in targets if target.accept is not None]
    nodes += [target.leaf for target in targets if target.amount is None]
    leaves: list[Leaf] = [leaf for node in nodes for leaf in node.leaves()]
    names = [name for leaf in leaves for name in leaf.facts]
    names = [inner for name in names for inner in in_force.rests_on(name)]
    thresholds: dict[str, list[int]] = {}
    for leaf in leaves:
        if leaf.other is None and leaf.op.value not in ("known", "unknown"):
            thresholds.setdefault(leaf.fact, []).append(leaf.threshold)
    known = catalogue()
    for name in sorted(
        dict.fromkeys(names), key=lambda name: list(known).index(name) if name in known else 999
    ):
        fact = in_force.fact(name)
        if of_plan or not fact.of_plan:
            yield fact, tuple(sorted(set(thresholds.get(name, ()))))


@lru_cache(maxsize=1024)
def values_of(fact: Fact, thresholds: tuple[int, ...], currency: str, day: date) -> st.SearchStrategy[Any]:
    """Draw values of a fact: at the thresholds, one unit beside them, and anywhere."""
    unit = 10 ** minor_digits(currency)
    match fact.kind:
        case Kind.FLAG:
            return st.booleans()
        case Kind.CHOICE:
            return st.sampled_from(fact.choices)
        case Kind.MONEY:
            anywhere = st.integers(0, 200).map(lambda k: k * 100 * unit) | st.integers(0, 10**8)
        case Kind.RATIO:
            anywhere = st.integers(0, 20).map(lambda k: k * 50_000) | st.integers(0, 3_000_000)
        case Kind.DATE:
            anywhere = st.integers(0, 2_000).map(lambda k: day.toordinal() - k)
        case Kind.DAYS:
            anywhere = st.integers(0, 400)
        case _:
            anywhere = st.integers(0, 120)
    beside = [threshold + shift for threshold in thresholds for shift in (0, -1, 1)]
    beside = beside if _signed(fact) else [max(number, 0) for number in beside]
    drawn = st.sampled_from(beside) | anywhere if beside else anywhere
    return drawn.map(lambda number: fact.decode(number, currency))


def _signed(fact: Fact) -> bool:
    """Tell whether a fact may be negative, such as `disposable_income`; a policy's own facts of money and ratio may."""
    model = Prospect if fact.of_plan else Assessment
    field = model.model_fields.get(fact.name)
    if field is None:
        return fact.kind in (Kind.MONEY, Kind.RATIO)
    return SignedMoney in (field.annotation, *get_args(field.annotation))
