"""Measure everything in one run and print it as a Markdown table: `python tests/bench/table.py`."""

import importlib.metadata
import platform
import sys
import timeit
from pathlib import Path
from typing import Any

_ROUNDS = 25
_SECONDS_EACH = 0.02


def measure(subjects: list[Any]) -> dict[str, float]:
    """Give the microseconds of each subject's best round.

    Every subject runs once a round, so that a machine which is busy for a while is busy for all of them.
    """
    numbers, best = {}, dict.fromkeys((subject.name for subject in subjects), float("inf"))
    for subject in subjects:
        seconds(subject, 1)  # whatever is built once (a compiled policy, an import) is not what is measured
        number = 1
        while (elapsed := seconds(subject, number)) < _SECONDS_EACH / 4:
            number *= 2
        numbers[subject.name] = max(1, round(number * _SECONDS_EACH / elapsed))
    for _ in range(_ROUNDS):
        for subject in subjects:
            number = numbers[subject.name]
            best[subject.name] = min(best[subject.name], seconds(subject, number) / number * 1e6)
    return best


def seconds(subject: Any, number: int) -> float:
    """Time so many runs; what a subject wants fresh for each of them is made before."""
    if subject.fresh is None:
        return timeit.timeit(subject.run, number=number)
    fresh = iter([subject.fresh() for _ in range(number)])
    return timeit.timeit(lambda: subject.run(next(fresh)), number=number)


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
    from restructure.policy.engine.evaluation import engines_here

    here = [subject for subject in SUBJECTS if not subject.absent]
    best = measure(here)
    unit = best[SUBJECTS[0].name]
    print(f"{versions()}; engines: {' and '.join(engines_here())}.\n")
    print("| what | µs | × F | right to the cent |")
    print("|---|---:|---:|---|")
    for subject in SUBJECTS:
        if subject.absent:
            print(f"| {subject.name} | absent | absent | not measured |")
            continue
        name = subject.name
        print(f"| {name} | {best[name]:,.1f} | {best[name] / unit:,.1f} | {verdict(subject)} |")
    print(
        f"\n- Each the best of {_ROUNDS} rounds of everything, as a machine with other work disturbs least."
    )
    print("- Right to the cent: on the library's own convention, against the exact schedule under that one.")
    for subject in here:
        if subject.tenth:
            grown = best[subject.name] / best[subject.tenth]
            print(f"- {subject.name}: {grown:.1f} times the cost for ten times the rows.")
    if any(subject.package == "pyxirr" for subject in here):
        print(f"- xirr differs from the proved rate by {rate_error():.0e}.")


if __name__ == "__main__":
    main()
