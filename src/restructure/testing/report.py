"""Report on cases: the number passed, the failures with their reasons, and the coverage of the policies."""

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from restructure.errors import InvalidInput, Issue, RestructureError
from restructure.policy.loading.loading import load_located
from restructure.testing.case_reader import read_cases
from restructure.testing.cases import Cases, find_cases
from restructure.testing.checking import CaseResult, check_case
from restructure.testing.coverage import Coverage

__all__ = ["CaseReport", "failure_text", "run_cases"]


class CaseReport(NamedTuple):
    """Results of all cases."""

    results: tuple[CaseResult, ...]
    """The cases, in order."""
    coverages: tuple[Coverage, ...]
    """Coverage of each policy."""

    @property
    def failed(self) -> tuple[CaseResult, ...]:
        """The cases that failed."""
        return tuple(result for result in self.results if not result.passed)

    def covers(self, percent: Fraction) -> bool:
        """Tell whether the cases cover at least the given percentage of each policy."""
        return all(each.reached * 100 >= percent * each.total for each in self.coverages)

    def lines(self, *, coverage: bool = False, totals: bool = True) -> Iterator[str]:
        """Write every failure, with `totals` their number and, with `coverage`, what is covered and what is not."""
        for result in self.failed:
            yield f"FAILED {result.case.name}"
            yield from (f"  {failure_text(issue)}" for issue in result.failures)
        if totals:
            yield f"{len(self.results) - len(self.failed)} passed, {len(self.failed)} failed"
        if coverage:
            for each in self.coverages:
                yield ""
                yield from _covered(each)

    def plain(self) -> dict[str, Any]:
        """Give the report as plain data."""
        return {
            "passed": len(self.results) - len(self.failed),
            "failed": len(self.failed),
            "cases": [
                {
                    "name": result.case.name,
                    "file": result.case.file,
                    "line": result.case.line,
                    "passed": result.passed,
                    "failures": [{"line": issue.line, "message": issue.message} for issue in result.failures],
                }
                for result in self.results
            ],
            "coverage": [
                {
                    "policy": each.located.policy.name,
                    "version": each.located.policy.version,
                    "file": str(each.located.path),
                    "reached": each.reached,
                    "total": each.total,
                    "by_kind": {
                        kind: {"reached": reached, "total": total}
                        for kind, (reached, total) in each.by_kind().items()
                    },
                    "open": [part._asdict() for part in each.open],
                }
                for each in self.coverages
            ],
        }


def run_cases(
    sources: Iterable[str | Path], *, progress: Callable[[int, int, str], object] | None = None
) -> CaseReport:
    """Run the cases of files, of folders searched for `*_test.yaml`, or of packaged policies by name.

    `progress` is called before each case with the number of cases that were run, the number of all, and the name of
    the policy, and once at the end. Raises `InvalidInput` with the findings of all files.

    >>> report = run_cases(["cn-consumer-finance"])
    >>> len(report.failed), [part.text for part in report.coverages[0].open]
    (0, [])
    """
    read: list[Cases] = []
    issues: list[Issue] = []
    load = cache(load_located)
    for path in find_cases(sources):
        try:
            read.append(read_cases(path, load=load))
        except RestructureError as error:
            issues += (issue for issue in error.issues if issue not in issues)
    if issues:
        raise InvalidInput(issues)
    coverages: dict[Path, Coverage] = {}
    results: list[CaseResult] = []
    total = sum(len(cases.cases) for cases in read)
    for cases in read:
        path = cases.located.path.resolve()
        if path not in coverages:
            coverages[path] = Coverage(cases.located)
        for case in cases.cases:
            if progress:
                progress(len(results), total, cases.located.policy.name)
            results.append(check_case(case, coverage=coverages[path]))
    if progress and results:
        progress(total, total, read[-1].located.policy.name)
    return CaseReport(tuple(results), tuple(coverages.values()))


def failure_text(issue: Issue) -> str:
    """Write a failure in the form that editors link: file, line, sentence."""
    return f"{issue.file}:{issue.line}: {issue.message}"


def _covered(coverage: Coverage) -> Iterator[str]:
    policy = coverage.located.policy
    yield f"coverage of {policy.name} {policy.version}"
    rows = [(str(kind), *counts) for kind, counts in coverage.by_kind().items()]
    for kind, reached, total in [*rows, ("all", coverage.reached, coverage.total)]:
        # Rounded down, so that incomplete coverage is never shown as 100 %.
        yield f"  {kind:<10} {reached:>5} of {total:>5} {reached * 100 // total if total else 100:>4} %"
    yield from (str(part) for part in coverage.open)
