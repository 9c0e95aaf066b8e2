"""Hypothesis as the whole suite uses it: no deadlines (CI machines stall), a seed that can be printed.

CI draws the same examples every time, so that what lands is decided by the change; elsewhere they are new each run.
`--hypothesis-profile=thorough` draws all that a law asks for (`laws.examples`), otherwise a fifth of them is drawn, 25 at least.
"""

import gc
import os
import pickle
import sys
from functools import cache

from hypothesis import HealthCheck, Phase, settings

settings.register_profile(
    "thorough",
    max_examples=200,
    deadline=None,
    print_blob=True,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    # What `find` returns is not explained to anybody, and explaining took nine tenths of its time.
    phases=[phase for phase in Phase if phase is not Phase.explain],
)
settings.register_profile("restructure", settings.get_profile("thorough"), max_examples=40)
settings.load_profile("restructure")

# Some eighty tests start Python anew; where byte code is not kept, each would compile the whole library first.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


def pytest_collection():
    """Parse each YAML text once in a process, unless the run is the thorough one.

    The suite reads the same packaged policies hundreds of times, and parsing them was a fifth of its time. Every reader
    gets data of its own, fresh from a pickle, so that no test can see what another did with it.
    """
    # Here and not above, where coverage would not be counting yet.
    from restructure import document

    if settings.default.max_examples < settings.get_profile("thorough").max_examples:
        parse = document._yaml
        kept = cache(lambda text, file, exact: pickle.dumps(parse(text, file, exact=exact)))
        document._yaml = lambda text, file, *, exact: pickle.loads(kept(text, file, exact))


def pytest_collection_finish():
    """Search what collecting has made for garbage no more, and the rest less often: it took a twelfth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def pytest_terminal_summary(terminalreporter):
    """Say what could not be checked at all, even where skips are not listed."""
    reasons = {report.longrepr[2] for report in terminalreporter.getreports("skipped") if report.longrepr}
    for reason in sorted(reason for reason in reasons if "NOT CHECKED" in reason):
        terminalreporter.write_line(reason.removeprefix("Skipped: "), yellow=True)
