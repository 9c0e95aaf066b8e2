"""Measure everything in one run and print it as a Markdown table: `python tests/bench/table.py`."""

import importlib.metadata
import platform
import sys
import timeit
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

_REPEATS = 7
_SECONDS_EACH = 0.2


def measure(run: Callable[[], Any]) -> float:
    """Give the median of seven repeats in microseconds; each repeat runs about a fifth of a second."""
    timer = timeit.Timer(run)
    run()  # whatever is built once (a compiled policy, an import) is not what is measured
    number, elapsed = timer.autorange()
    number = max(1, round(number * _SECONDS_EACH / elapsed))
    return median(timer.repeat(_REPEATS, number)) / number * 1e6


def versions() -> str:
    """Name the interpreter and what was measured."""
    named = [f"Python {platform.python_version()} ({platform.machine()})"]
    for package in ("restructure", "pydantic", "durable_rules", "numpy-financial"):
        try:
            named.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            named.append(f"{package} {'from source' if package == 'restructure' else 'absent'}")
    return ", ".join(named)


def main() -> None:
    """Print the table, a line at a time."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from bench.subjects import SUBJECTS, off_to_the_cent
    from restructure.policy.evaluation import engines_here

    print(f"{versions()}; engines: {' and '.join(engines_here())}; median of {_REPEATS} repeats.\n")
    print("| what | µs | × F |")
    print("|---|---:|---:|")
    unit, notes = 0.0, []
    for subject in SUBJECTS:
        if subject.name.startswith("numpy") and "numpy-financial absent" in versions():
            notes.append(f"{subject.name}: not measured, the package is absent.")
            continue
        took = measure(subject.run)
        unit = unit or took
        print(f"| {subject.name} | {took:,.1f} | {took / unit:,.1f} |", flush=True)
        if subject.check:
            wrong, unpaid = off_to_the_cent(subject.check())
            verdict = (
                "right to the cent on this loan" if not wrong and not unpaid else "not right to the cent"
            )
            notes.append(
                f"{subject.name}: {verdict} ({wrong} of 36 rows differ from the exact schedule; "
                f"principal of {unpaid / 100:.2f} left unpaid)."
            )
    print()
    for note in notes:
        print(f"- {note}")


if __name__ == "__main__":
    main()
