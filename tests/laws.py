"""How many examples a law is checked on: all of them where `--hypothesis-profile=thorough` asks for them, as CI does."""

from typing import Any

from hypothesis import settings

__all__ = ["examples", "how_many"]


def how_many(number: int) -> int:
    """So many in the thorough run; in the fast one the share that its profile has, but no fewer than 25."""
    share = settings.default.max_examples / settings.get_profile("thorough").max_examples
    return max(round(number * share), min(number, 25))


def examples(number: int, **more: Any) -> settings:
    """Settings that draw `how_many` examples."""
    return settings(max_examples=how_many(number), **more)
