"""Measure everything in one run and print it as a Markdown table: `python tests/bench/table.py`."""

import importlib.metadata
import platform
import sys
import timeit
from pathlib import Path
from statistics import median
from typing import Any

_ROUNDS = 15
_SECONDS_EACH = 0.04


def measure(subjects: list[Any]) -> tuple[dict[str, float], dict[str, float]]:
    """Run every subject once a round, so that a busy machine is busy for all of them.

    Gives the microseconds of each subject's best round, and the median over the rounds of its ratio to the
    first subject in the same round.
    """
    timers, numbers = {}, {}
    for subject in subjects:
        timer = timers[subject.name] = timeit.Timer(subject.run)
        subject.run()  # whatever is built once (a compiled policy, an import) is not what is measured
        number, elapsed = timer.autorange()
        numbers[subject.name] = max(1, round(number * _SECONDS_EACH / elapsed))
    rounds: dict[str, list[float]] = {name: [] for name in timers}
    for _ in range(_ROUNDS):
        for name, timer in timers.items():
            rounds[name].append(timer.timeit(numbers[name]) / numbers[name] * 1e6)
    unit = rounds[subjects[0].name]
    ratios = {
        name: median(took / base for took, base in zip(taken, unit, strict=True))
        for name, taken in rounds.items()
    }
    return {name: min(taken) for name, taken in rounds.items()}, ratios


def versions() -> str:
    """Name the interpreter and what was measured."""
    named = [f"Python {platform.python_version()} ({platform.machine()})"]
    for package in (
        "restructure",
        "pydantic",
        "durable_rules",
        "mortgagemath",
        "QuantLib",
        "pyxirr",
        "numpy-financial",
    ):
        try:
            named.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            named.append(f"{package} {'from source' if package == 'restructure' else 'absent'}")
    return ", ".join(named)


def verdict(subject: Any) -> str:
    """Say whether a subject's rows are those of the exact schedule, for the last column."""
    from bench.subjects import off_to_the_cent

    if subject.cents is None:
        return ""
    wrong, unpaid = off_to_the_cent(subject.cents(), subject.of)
    return f"no: {wrong} of 36 rows, {unpaid / 100:.2f} unpaid" if wrong or unpaid else "yes"


def main() -> None:
    """Print the table and what it does not say."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from bench.subjects import SUBJECTS, rate_error
    from restructure.policy.evaluation import engines_here

    here = [subject for subject in SUBJECTS if not subject.absent]
    best, ratios = measure(here)
    print(f"{versions()}; engines: {' and '.join(engines_here())}.\n")
    print("| what | µs | × F | right to the cent |")
    print("|---|---:|---:|---|")
    for subject in SUBJECTS:
        if subject.absent:
            print(f"| {subject.name} | absent | absent | not measured |")
            continue
        name = subject.name
        print(f"| {name} | {best[name]:,.1f} | {ratios[name]:,.1f} | {verdict(subject)} |")
    print(
        f"\n- µs: the best of {_ROUNDS} rounds; × F: the median of the rounds' ratios to F in the same round."
    )
    print("- Right to the cent: on the library's own convention, against the exact schedule under that one.")
    for subject in here:
        if subject.tenth:
            grown = ratios[subject.name] / ratios[subject.tenth]
            print(f"- {subject.name}: {grown:.1f} times the cost for ten times the rows.")
    if any(subject.package == "pyxirr" for subject in here):
        print(f"- xirr differs from the proved rate by {rate_error():.0e}.")


if __name__ == "__main__":
    main()
