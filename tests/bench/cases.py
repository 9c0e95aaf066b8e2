"""Cases on facts of the packaged policy, and baseline I: the same gates and rules as bare `if`s, written by hand.

The bare `if`s read a plain dictionary of numbers. They keep no unknown, no date, no parameter, no reason and no coverage.
"""

from collections.abc import Callable
from decimal import Decimal
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

__all__ = ["bare_ifs", "known_facts", "text_of_cases"]

_CAUSES = ("illness", "unemployment", "over_spending", "income_fall")
_OUTLOOKS = ("temporary", "lasting", "resolved")


@cache
def known_facts(count: int) -> list[dict[str, Any]]:
    """Give the facts of so many borrowers, all known, many of them right at a threshold."""
    random = Random(5)
    money = [Decimal(text) for text in ("0.00", "0.01", "296.36", "2100.00")]
    share = [Decimal(text) for text in ("0", "0.12", "0.120001", "0.199999", "0.2", "0.39")]
    answer = (True, True, True, False)
    return [
        {
            "days_past_due": random.choice((0, 1, 47, 225)),
            "shortfall": random.choice(money),
            "arrears": random.choice(money),
            "disposable_income": random.choice(money),
            "income_drop": random.choice(share),
            "contract_rate": random.choice(share),
            "file_complete": random.choice(answer),
            "willing_to_repay": random.choice(answer),
            "reachable": random.choice(answer),
            "disputed": not random.choice(answer),
            "restructurings": random.choice((0, 1, 2)),
            "hardship_cause": random.choice(_CAUSES),
            "hardship_outlook": random.choice(_OUTLOOKS),
            "hardship_evidenced": random.choice(answer),
        }
        for _ in range(count)
    ]


def bare_ifs(case: dict[str, Any]) -> tuple[dict[str, bool], dict[str, bool]]:
    """Judge the gates and rules of `cn-consumer-finance` on known facts.

    >>> gates, rules = bare_ifs(known_facts(1)[0])
    >>> len(gates), len(rules)
    (7, 5)
    """
    cause, outlook = case["hardship_cause"], case["hardship_outlook"]
    serious, short = case["income_drop"] >= _SERIOUS, case["shortfall"] > 0
    gates = {
        "in-difficulty": case["days_past_due"] > 0 or short or serious,
        "file-complete": case["file_complete"],
        "willing-to-repay": case["willing_to_repay"],
        "reachable": case["reachable"],
        "undisputed": not case["disputed"],
        "able-to-repay": case["disposable_income"] > 0,
        "not-too-often": case["restructurings"] < 2,
    }
    rules = dict.fromkeys(
        ("illness-relief", "longer-term", "job-loss-holiday", "lasting-fall", "catch-up"), False
    )
    if cause == "illness" and case["hardship_evidenced"] and serious:
        rules["illness-relief"] = True
    if outlook == "temporary" and cause != "over_spending" and short:
        rules["longer-term"] = True
    if cause == "unemployment" and outlook == "temporary" and case["hardship_evidenced"]:
        rules["job-loss-holiday"] = True
    if outlook == "lasting" and serious and case["contract_rate"] > _LOWER_RATE:
        rules["lasting-fall"] = True
    if outlook == "resolved" and not short and case["arrears"] > 0:
        rules["catch-up"] = True
    return gates, rules


_SERIOUS, _LOWER_RATE = Decimal("0.2"), Decimal("0.12")


def text_of_cases(count: int) -> str:
    """Write cases that give all those facts and expect of every gate and rule what the bare `if`s say."""
    lines = ["policy: cn-consumer-finance", "on: 2026-03-18", "cases:"]
    for k, case in enumerate(known_facts(count)):
        gates, rules = bare_ifs(case)
        given = ", ".join(f"{name}: {_written(value)}" for name, value in case.items())
        passed = ", ".join(f"{name}: {'passed' if held else 'failed'}" for name, held in gates.items())
        fired = ", ".join(f"{name}: {'fired' if held else 'refused'}" for name, held in rules.items())
        lines += [
            f"  - name: Borrower {k}",
            f"    given: {{facts: {{{given}}}}}",
            f"    expect: {{gates: {{{passed}}}, rules: {{{fired}}}}}",
        ]
    return "\n".join(lines) + "\n"


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def main() -> None:
    """Print what a thousand cases cost, read and run, and how many times the bare `if`s' time that is."""
    import sys
    from tempfile import TemporaryDirectory
    from time import perf_counter

    from restructure.testing.case_reader import read_cases
    from restructure.testing.checking import check
    from restructure.testing.coverage import Coverage

    count, best = int(sys.argv[1]) if sys.argv[1:] else 1000, dict[str, float]()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a_test.yaml"
        path.write_text(text_of_cases(count), "utf-8")
        cases = read_cases(path)
        assert all(one.passed for one in check(cases))
        subjects: dict[str, Callable[[], Any]] = {
            "bare ifs": lambda: [bare_ifs(case) for case in known_facts(count)],
            "read from YAML, every word checked": lambda: read_cases(path),
            "run by both evaluators": lambda: list(check(cases)),
            "run and count coverage": lambda: list(check(cases, coverage=Coverage(cases.located))),
        }
        for _ in range(5):
            for (
                what,
                run,
            ) in subjects.items():  # in turn, so that a machine which is busy is busy for all of them
                began = perf_counter()
                run()
                best[what] = min(best.get(what, float("inf")), perf_counter() - began)
    print(
        f"| {count:,} cases of 14 facts and 12 verdicts | ms | µs a case | × bare ifs |\n|---|---:|---:|---:|"
    )
    for what, seconds in best.items():
        print(
            f"| {what} | {seconds * 1e3:,.1f} | {seconds / count * 1e6:,.1f} | {seconds / best['bare ifs']:,.0f} |"
        )


if __name__ == "__main__":
    main()
