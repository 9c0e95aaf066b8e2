"""Nearest: of the plans with more or fewer instalments and more of the steps, the first good one, found by halving."""

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple, TypeVar

from restructure.calculator.money import minor_digits
from restructure.calculator.quantity import Kind
from restructure.casework.search import Proposal
from restructure.policy.normal import Alternative, Leaf, Node, Together
from restructure.policy.reference import verdict

__all__ = ["Box", "Place", "boxes", "fail_throughout", "first_beyond", "least", "nearest"]

T = TypeVar("T")


class Place(NamedTuple):
    """One plan of those that may be made."""

    away: int
    """How many instalments more than asked, below zero fewer."""
    steps: int
    """How many places further the steps of the search are taken."""

    @property
    def order(self) -> tuple[int, int]:
        """Where it comes among others: the nearest number of instalments, more before fewer, then the least steps."""
        return 2 * abs(self.away) - (self.away > 0), self.steps


class Box(NamedTuple):
    """Neighbouring plans: between so many instalments more (or fewer), and between so many places of the steps."""

    sign: int
    """1 for more instalments, -1 for fewer."""
    near: int
    far: int
    low: int
    high: int

    @property
    def first(self) -> Place:
        """The place nearest to what was asked."""
        return Place(self.sign * self.near, self.low)

    @property
    def corners(self) -> tuple[Place, ...]:
        """The outermost places, between which every figure that moves in one direction only stays."""
        return tuple(
            dict.fromkeys(
                Place(self.sign * away, steps)
                for away in (self.near, self.far)
                for steps in (self.low, self.high)
            )
        )

    @property
    def edges(self) -> tuple[tuple[Place, ...], tuple[Place, ...]]:
        """The corners with the fewest places of the steps, and those with the most."""
        low = tuple(place for place in self.corners if place.steps == self.low)
        return low, tuple(place for place in self.corners if place.steps == self.high)

    def halves(self, *, across: bool = False) -> tuple["Box", ...]:
        """Divide the numbers of instalments (or the steps); a single place has no halves."""
        if self.near < self.far and not across:
            middle = (self.near + self.far) // 2
            return self._replace(far=middle), self._replace(near=middle + 1)
        if self.low < self.high:
            middle = (self.low + self.high) // 2
            return self._replace(high=middle), self._replace(low=middle + 1)
        return ()


def boxes(sign: int, farthest: int, steps: Sequence[tuple[int, int]], *, fine: int) -> Iterator[Box]:
    """Give the places with 1 to `farthest` instalments more (or fewer), in boxes: all up to `fine`, then doubling.

    `steps` are the ranges of places in which each step of a search goes its way alone. Farther away than `fine` only
    their ends are given.
    """
    near = 1
    while near <= farthest:
        far = min(fine if near <= fine else 2 * near - 1, farthest)
        for low, high in steps if near <= fine else [(end, end) for _, end in steps]:
            yield Box(sign, near, far, low, high)
        near = far + 1


def first_beyond(beyond: Callable[[int], bool], most: int) -> int:
    """Give the first number from 1 on that is beyond a border, or the most: by doubling, then by halving.

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


Hopeless = Callable[[Sequence[Place]], bool]
"""Tells of the corners of a box, or of an edge, that no place between them is good."""


def nearest(
    among: Iterable[Box], good: Callable[[Place], T | None], hopeless: Hopeless, *, most: int
) -> tuple[Place, T] | None:
    """Find the first good place in the order of `Place.order`; boxes in which there can be none are not divided.

    At most so many boxes are looked at, which are enough wherever figures move in one direction only.

    >>> tried = set()
    >>> def good(place):
    ...     tried.add(place.away)
    ...     return place.away if place.away > 700 else None
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


def least(
    among: Iterable[Box],
    cost: Callable[[Place], Decimal],
    good: Callable[[Place], T | None],
    hopeless: Hopeless,
    *,
    most: int,
) -> tuple[Decimal, T] | None:
    """Find the good place of the least cost, of equal ones the first, and what it costs.

    The cost moves in one direction only with either number, so that no place of a box costs less than its cheapest
    corner. Once so many boxes were looked at, the cheapest good corner of them is given.
    """
    waiting = [(*_cheapest(box, cost), box) for box in among]
    heapq.heapify(waiting)
    best: tuple[tuple[Decimal, tuple[int, int]], T] | None = None
    while waiting and most:
        most -= 1
        lowest, order, box = heapq.heappop(waiting)
        if best is not None and (lowest, order) >= best[0]:
            break
        for place in sorted(box.corners, key=cost):
            rank = cost(place), place.order
            if best is not None and rank >= best[0]:
                break
            value = good(place)
            if value is not None:
                best = rank, value
        for part in _parts(box, hopeless):
            heapq.heappush(waiting, (*_cheapest(part, cost), part))
    return None if best is None else (best[0][0], best[1])


def _cheapest(box: Box, cost: Callable[[Place], Decimal]) -> tuple[Decimal, tuple[int, int]]:
    return min(map(cost, box.corners)), box.first.order


def _parts(box: Box, hopeless: Hopeless) -> tuple[Box, ...]:
    """Divide a box where that may tell its good places from the others."""
    if not box.halves() or hopeless(box.corners):
        return ()
    # Where every number of instalments fails alike at either end of the steps, only the steps can tell them apart.
    return box.halves(across=box.low < box.high and all(map(hopeless, box.edges)))


def fail_throughout(node: Node, plans: Sequence[Proposal]) -> bool:
    """Tell whether a limit that no corner of a box keeps is kept by nothing inside it either.

    It is so if the same comparison fails at all corners and asks for more or less of a figure, which between them
    moves in one direction only. What fails by no more than rounding does to a figure proves nothing.
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
