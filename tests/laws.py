"""How many examples a law is checked on: all of them where `--hypothesis-profile=thorough` asks for them, as CI does."""

from typing import Any

from hypothesis import settings

__all__ = ["examples"]


def examples(number: int, **more: Any) -> settings:
    """So many in the thorough run; in the fast one the share that its profile has, but no fewer than 25."""
    share = settings.default.max_examples / settings.get_profile("thorough").max_examples
    return settings(max_examples=max(round(number * share), min(number, 25)), **more)
