"""Parts that several strategies share: the simplest value first, optional values, amounts of money.

Hypothesis analyses each new strategy once, which takes longer than drawing from it, so strategies that do not depend
on drawn values are module constants or cached.
"""

from decimal import Decimal
from functools import lru_cache
from typing import Any

from hypothesis import strategies as st

from restructure.calculator.conventions.money import from_minor

__all__ = ["first_of", "monthly_amounts", "or_none"]


def first_of(simplest: Any, *others: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Draw from any, and shrink to the simplest, since Hypothesis prefers the first branch."""
    return st.one_of(st.just(simplest), *others)


@lru_cache(maxsize=1024)
def or_none(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Draw `None`, or from a strategy."""
    return st.none() | strategy


@lru_cache
def monthly_amounts(
    currency: str, about: int, *, least: int = 0, most: int = 12
) -> st.SearchStrategy[Decimal]:
    """Draw amounts a month up to `most` times `about` (minor units), round ones first."""
    scale = 10 ** max(len(str(about)) - 1, 0)
    minor = st.integers(least, max(most * about // scale, least)).map(lambda k: k * scale)
    minor |= st.integers(least, most * about)
    return minor.map(lambda amount: from_minor(amount, currency))
