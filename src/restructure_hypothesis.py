"""The Hypothesis plugin's door: `st.from_type(Application)` draws valid ones, and nothing is loaded too early.

Hypothesis imports it in every project in whose environment the library is installed, so it stands beside the package
and waits until that project imports the library itself: importing it here would load all of it first.
"""

import sys
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any

__all__ = ["register"]

_LIBRARY = "restructure"
_DRAWN = {
    "Application": "applications",
    "Conduct": "conducts",
    "ContractLoan": "contract_loans",
    "Finances": "finances",
    "Hardship": "hardships",
    "StatedLoan": "stated_loans",
}
"""Types of `restructure.intake.application`, and what of `restructure.testing.strategies` draws each."""


def register() -> None:
    """Register the strategies with Hypothesis, or see to it once the library is loaded."""
    if hasattr(sys.modules.get(_LIBRARY), "Application"):
        _register()
    else:
        sys.meta_path.insert(0, _WhenLoaded())


def _register() -> None:
    from hypothesis import strategies as st

    records = import_module(f"{_LIBRARY}.intake.application")

    def pretty(*printed: Any) -> None:
        import_module(f"{_LIBRARY}.testing.pretty").pretty(*printed)

    for record, name in _DRAWN.items():
        # The strategies are loaded by the first draw: they may themselves be what imports Hypothesis just now.
        def strategy(_: type, name: str = name) -> Any:
            return getattr(import_module(f"{_LIBRARY}.testing.strategies"), name)()

        drawn: Any = getattr(records, record)
        st.register_type_strategy(drawn, strategy)
        # Hypothesis asks an object itself how it is printed; all defaults of a loan would hide what matters.
        drawn._repr_pretty_ = pretty


class _WhenLoaded(MetaPathFinder):
    """Finds the library as everybody else does, and registers after it is loaded."""

    _looking = False

    def find_spec(self, fullname: str, path: Any, target: ModuleType | None = None) -> ModuleSpec | None:
        if fullname != _LIBRARY or self._looking:
            return None
        self._looking = True
        try:
            found = find_spec(fullname)
        finally:
            self._looking = False
        if found is not None and found.loader is not None:
            found.loader = _Registering(found.loader, self)
        return found


class _Registering(Loader):
    """Loads the library with its own loader, and registers."""

    def __init__(self, loader: Loader, finder: MetaPathFinder) -> None:
        self._loader, self._finder = loader, finder

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)  # whatever else is asked of a loader, such as for resources

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        if module.__spec__ is not None:
            module.__spec__.loader = module.__loader__ = self._loader
        self._loader.exec_module(module)
        # Only now: a tool may look where the library is without loading it.
        if self._finder in sys.meta_path:
            sys.meta_path.remove(self._finder)
            _register()
