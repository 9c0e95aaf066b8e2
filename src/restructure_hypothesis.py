"""The Hypothesis plugin's door: `st.from_type(Application)` draws valid ones, and nothing is loaded too early.

Hypothesis imports it in every project in whose environment the library is installed, so it is a module beside the
package and loads nothing. Where the records are loaded already, `register` registers them; where they are loaded
later, `restructure.intake.application` calls it once more.
"""

import sys
from importlib import import_module
from typing import Any

__all__ = ["register"]

_RECORDS = "restructure.intake.application"
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
    """Register the strategies with Hypothesis, once the records they draw are loaded."""
    records = sys.modules.get(_RECORDS)
    if not all(hasattr(records, name) for name in _DRAWN):
        return
    from hypothesis import strategies as st

    def pretty(*printed: Any) -> None:
        import_module("restructure.testing.pretty").pretty(*printed)

    for record, name in _DRAWN.items():
        # The strategies are loaded by the first draw: they may themselves be what imports Hypothesis just now.
        def strategy(_: type, name: str = name) -> Any:
            return getattr(import_module("restructure.testing.strategies"), name)()

        drawn: Any = getattr(records, record)
        st.register_type_strategy(drawn, strategy)
        # Hypothesis asks an object itself how it is printed; all defaults of a loan would hide what matters.
        drawn._repr_pretty_ = pretty
