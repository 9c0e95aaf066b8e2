"""The pytest plugin: every case of a `*_test.yaml` is an item, failing with sentences; importing this needs pytest."""

from collections.abc import Callable, Iterable
from functools import cache
from os import PathLike
from pathlib import Path
from typing import Any

import pytest

from restructure.errors import Issue, RestructureError
from restructure.policy.loading.loading import load_located
from restructure.policy.loading.origins import Located
from restructure.testing.case_reader import read_cases
from restructure.testing.cases import Case
from restructure.testing.checking import check_case
from restructure.testing.report import failure_text

__all__ = ["CaseFailed", "CaseFile", "CaseItem"]

_Load = Callable[[str | Path], Located]
_LOAD = pytest.StashKey[_Load]()
"""The cached loader of a session, so that a policy with several files of cases is loaded once."""


class CaseFailed(Exception):
    """A case whose result differs from its expectation."""

    def __init__(self, failures: Iterable[Issue]) -> None:
        self.failures = tuple(failures)
        super().__init__("\n".join(map(failure_text, self.failures)))


class CaseFile(pytest.File):
    """A file of cases."""

    def collect(self) -> Iterable["CaseItem"]:
        """Read the cases; a file or policy that is not valid gives one error with every finding."""
        try:
            remembering: _Load = cache(load_located)
            load = self.session.stash.setdefault(_LOAD, remembering)
            cases = read_cases(self.path, load=load).cases
        except RestructureError as error:
            raise self.CollectError(str(error)) from None
        for case in cases:
            yield CaseItem.from_parent(self, name=case.name, case=case)


class CaseItem(pytest.Item):
    """One case."""

    def __init__(self, *, case: Case, **rest: Any) -> None:
        super().__init__(**rest)
        self.case = case

    def runtest(self) -> None:
        """Run the case."""
        result = check_case(self.case)
        if not result.passed:
            raise CaseFailed(result.failures)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show sentences for a failed case, and a traceback for any other error."""
        if isinstance(excinfo.value, CaseFailed):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[PathLike[str] | str, int | None, str]:
        """Give file and line of the case."""
        return self.case.file, self.case.line - 1, self.name
