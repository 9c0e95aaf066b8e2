"""Plan boxes: find the nearest or the cheapest acceptable plan by bisecting ranges of instalments and search steps."""

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple, TypeVar

from restructure.calculator.conventions.money import minor_digits
from restructure.calculator.conventions.quantity import Kind
from restructure.casework.decisions.plan_search import Proposal
from restructure.policy.engine.normal_form import Alternative, Leaf, Node, Together
from restructure.policy.engine.reference import verdict

__all__ = ["PlanBox", "Variant", "boxes", "cheapest", "fail_throughout", "first_beyond", "nearest"]

T = TypeVar("T")


class Variant(NamedTuple):
    """One variant of a plan: a number of instalments and a position of the search steps."""

    away: int
    """How many instalments more than requested; negative for fewer."""
    steps: int
    """How many positions further than in the offer the search steps are."""

    @property
    def order(self) -> tuple[int, int]:
        """Sort key: the smallest change of the term first, longer before shorter, then the fewest positions."""
        return 2 * abs(self.away) - (self.away > 0), self.steps


class PlanBox(NamedTuple):
    """A range of numbers of instalments and a range of positions of the search steps."""

    sign: int
    """1 for more instalments, -1 for fewer."""
    near: int
    far: int
    low: int
    high: int

    @property
    def first(self) -> Variant:
        """The variant nearest to the request."""
        return Variant(self.sign * self.near, self.low)

    @property
    def corners(self) -> tuple[Variant, ...]:
        """The outermost variants; a monotonic figure of any variant between them lies between theirs."""
        return tuple(
            dict.fromkeys(
                Variant(self.sign * away, steps)
                for away in (self.near, self.far)
                for steps in (self.low, self.high)
            )
        )

    @property
    def edges(self) -> tuple[tuple[Variant, ...], tuple[Variant, ...]]:
        """The corners with the first position of the steps, and those with the last."""
        low = tuple(variant for variant in self.corners if variant.steps == self.low)
        return low, tuple(variant for variant in self.corners if variant.steps == self.high)

    def halves(self, *, across: bool = False) -> tuple["PlanBox", ...]:
        """Halve the range of instalments (or of positions); a single variant has no halves."""
        if self.near < self.far and not across:
            middle = (self.near + self.far) // 2
            return self._replace(far=middle), self._replace(near=middle + 1)
        if self.low < self.high:
            middle = (self.low + self.high) // 2
            return self._replace(high=middle), self._replace(low=middle + 1)
        return ()


def boxes(sign: int, farthest: int, steps: Sequence[tuple[int, int]], *, fine: int) -> Iterator[PlanBox]:
    """Give the variants with 1 to `farthest` instalments more (or fewer) in boxes, each twice the one before.

    `steps` are the ranges of positions in which each search step varies alone. All positions are given up to `fine`
    instalments, beyond that only the ends of the ranges.
    """
    near = 1
    while near <= farthest:
        far = min(fine if near <= fine else 2 * near - 1, farthest)
        for low, high in steps if near <= fine else [(end, end) for _, end in steps]:
            yield PlanBox(sign, near, far, low, high)
        near = far + 1


def first_beyond(beyond: Callable[[int], bool], most: int) -> int:
    """Give the first number from 1 on for which `beyond` is true, or `most`; doubles, then bisects.

    >>> first_beyond(lambda number: number > 700, 1000), first_beyond(lambda number: False, 1000)
    (701, 1000)
    """
    low, high = 0, 1
    while high < most and not beyond(high):
        low, high = high, min(2 * high, most)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if beyond(middle) else (middle, high)
    return high


Hopeless = Callable[[Sequence[Variant]], bool]
"""Tells from the corners of a box, or of an edge, that no variant between them is acceptable."""


def nearest(
    among: Iterable[PlanBox], good: Callable[[Variant], T | None], hopeless: Hopeless, *, most: int
) -> tuple[Variant, T] | None:
    """Find the first acceptable variant in the order of `Variant.order`; hopeless boxes are not divided.

    At most `most` boxes are examined, which is enough wherever figures are monotonic.

    >>> tried = set()
    >>> def good(variant):
    ...     tried.add(variant.away)
    ...     return variant.away if variant.away > 700 else None
    >>> along = boxes(1, 1000, [(0, 0)], fine=20)
    >>> nearest(along, good, lambda corners: max(corners).away <= 700, most=100)[1], len(tried)
    (701, 10)
    """
    waiting = [(box.first.order, box) for box in among]
    heapq.heapify(waiting)
    while waiting and most:
        most -= 1
        _, box = heapq.heappop(waiting)
        value = good(box.first)
        if value is not None:
            return box.first, value
        for part in _parts(box, hopeless):
            heapq.heappush(waiting, (part.first.order, part))
    return None


def cheapest(
    among: Iterable[PlanBox],
    cost: Callable[[Variant], Decimal],
    good: Callable[[Variant], T | None],
    hopeless: Hopeless,
    *,
    most: int,
) -> tuple[Decimal, T] | None:
    """Find the acceptable variant of the lowest cost, the first of equal ones, and its cost.

    The cost is monotonic in either number, so no variant of a box costs less than its cheapest corner. After `most`
    boxes the cheapest acceptable corner of those is given.
    """
    waiting = [(*_lowest(box, cost), box) for box in among]
    heapq.heapify(waiting)
    best: tuple[tuple[Decimal, tuple[int, int]], T] | None = None
    while waiting and most:
        most -= 1
        lowest, order, box = heapq.heappop(waiting)
        if best is not None and (lowest, order) >= best[0]:
            break
        for variant in sorted(box.corners, key=cost):
            rank = cost(variant), variant.order
            if best is not None and rank >= best[0]:
                break
            value = good(variant)
            if value is not None:
                best = rank, value
        for part in _parts(box, hopeless):
            heapq.heappush(waiting, (*_lowest(part, cost), part))
    return None if best is None else (best[0][0], best[1])


def _lowest(box: PlanBox, cost: Callable[[Variant], Decimal]) -> tuple[Decimal, tuple[int, int]]:
    return min(map(cost, box.corners)), box.first.order


def _parts(box: PlanBox, hopeless: Hopeless) -> tuple[PlanBox, ...]:
    """Divide a box where that may separate acceptable variants from the others."""
    if not box.halves() or hopeless(box.corners):
        return ()
    # Where either end of the steps is hopeless for every number of instalments, only the steps can make a difference.
    return box.halves(across=box.low < box.high and all(map(hopeless, box.edges)))


def fail_throughout(node: Node, plans: Sequence[Proposal]) -> bool:
    """Tell whether a limit that fails at every corner of a box fails throughout the box.

    It does if the same comparison fails at all corners and bounds a monotonic figure. A failure by no more than the
    rounding of the figure proves nothing.
    """
    if isinstance(node, Leaf):
        return all(_fails(node, at) for at in plans)
    if isinstance(node, Together):
        return any(fail_throughout(part, plans) for part in node.parts)
    assert isinstance(node, Alternative)
    return all(fail_throughout(part, plans) for part in node.parts)


def _fails(leaf: Leaf, at: Proposal) -> bool:
    values = at.known.encoded(leaf.facts)
    if verdict(leaf, values):
        return False
    moving = [fact for fact in map(at.known.in_force.fact, leaf.facts) if fact.of_plan]
    if not moving:
        return True
    gap = leaf.gap(values)
    if gap is None or len(moving) > 1:
        return leaf.op.orders and len(moving) == 1
    rows, scale = len(at.plan.schedule.rows) + 1, moving[0].scale
    if moving[0].kind is Kind.MONEY:
        return abs(gap) > rows
    if moving[0].kind is Kind.RATIO:
        unit = Decimal(1).scaleb(scale - minor_digits(at.known.assessment.currency))
        return abs(gap) > rows * unit / at.plan.position.buckets.claim + 1
    return True
