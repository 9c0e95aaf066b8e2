"""Every record of the library, for tests that hold of all of them."""

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache

import restructure
from restructure.record import Record

__all__ = ["records"]


@cache
def records() -> tuple[type[Record], ...]:
    for module in pkgutil.walk_packages(restructure.__path__, "restructure."):
        importlib.import_module(module.name)
    models = {model for model in _below(Record) if model.__module__.startswith("restructure.")}
    assert len(models) > 120, "the search itself is broken"
    return tuple(sorted(models, key=lambda model: (model.__module__, model.__qualname__)))


def _below(model: type[Record]) -> Iterator[type[Record]]:
    for derived in model.__subclasses__():
        yield derived
        yield from _below(derived)
