"""What the noxfile checks with the interpreter of another environment: standard library and pip's own packages only."""

import json
import re
import subprocess
import sys
import tomllib
from decimal import Decimal
from importlib.metadata import distributions, requires
from pathlib import Path
from zipfile import ZipFile

DISTRIBUTION = "restructure-offers"


def check_wheel(direct: str, by_sdist: str) -> None:
    """Check what a wheel holds, and that the wheel made from the source distribution holds the same."""
    names, others = (sorted(ZipFile(path).namelist()) for path in (direct, by_sdist))
    print(*names, sep="\n")
    assert names == others, f"the wheel made from the sdist differs: {set(names) ^ set(others)}"
    assert "restructure/py.typed" in names, "no py.typed"
    assert "restructure/rules/cn-consumer-finance/policy.yaml" in names, "no packaged policy"
    assert "restructure/examples/illness.json" in names, "no examples"
    assert "restructure/examples/waterfall/waiver.csv" in names, "not all files of an example"
    assert not [
        name for name in names if name.startswith("restructure/examples/") and name.endswith(".py")
    ], "scripts are in the wheel"
    assert "restructure/starts/templates/contract.yaml" in names, "no templates of new files"
    assert "restructure_pytest.py" in names, "no pytest plugin"
    assert "restructure_hypothesis.py" in names, "no Hypothesis plugin"
    assert not [name for name in names if name.split("/")[0] == "tests"], "tests are in the wheel"


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def check_dependencies(pyproject: str, *optional: str) -> None:
    """Check that this environment holds what the project declares, what that needs, and nothing else."""
    from pip._vendor.packaging.requirements import Requirement

    def needed(name: str) -> set[str]:
        wanted = map(Requirement, requires(name) or ())
        return {_plain(r.name) for r in wanted if not r.marker or r.marker.evaluate({"extra": ""})}

    written = map(Requirement, tomllib.loads(Path(pyproject).read_text("utf-8"))["project"]["dependencies"])
    declared = {_plain(r.name) for r in written if not r.marker or r.marker.evaluate()}
    assert needed(DISTRIBUTION) == declared, (needed(DISTRIBUTION), declared)
    closure, new = {DISTRIBUTION}, {DISTRIBUTION}
    while new:
        new = set().union(*map(needed, new)) - closure
        closure |= new
    installed = {_plain(d.metadata["Name"]) for d in distributions()} - {"pip", "setuptools", "wheel"}
    print("installed:", *sorted(installed))
    assert installed == closure, f"not declared, or missing: {installed ^ closure}"
    assert not installed & set(optional), "an optional package was pulled in"


def check_decisions() -> None:
    """Check the two decisions and the table that the command has written into this folder."""
    illness = json.loads(Path("illness.out").read_text(encoding="utf-8"))
    plan = illness["offers"][0]["plan"]
    assert illness["outcome"] == "offer", illness["outcome"]
    assert plan["identities"], "no identities"
    assert not any(map(Decimal, plan["identities"].values())), plan["identities"]
    assert plan["schedule"]["rows"][-1]["balance"] == "0.00", plan["schedule"]["rows"][-1]
    refused = json.loads(Path("overspending.out").read_text(encoding="utf-8"))
    assert refused["outcome"] == "refer", refused["outcome"]
    assert refused["offers"] == [], refused["offers"]
    assert "illness-relief" in Path("table.out").read_text(encoding="utf-8"), "no illness-relief in the table"
    print("illness:", illness["offers"][0]["rule"], plan["identities"], "engines:", illness["engines"])
    print(
        "overspending:", refused["outcome"], [g["id"] for g in refused["gates"] if g["verdict"] != "passed"]
    )


def check_missing_file(command: str) -> None:
    """Check that a missing file gives exit status 2 and one clear message."""
    done = subprocess.run(
        [command, "offer", "/nonexistent.json"], capture_output=True, text=True, timeout=120, check=False
    )
    print(done.stderr, end="")
    assert done.returncode == 2, f"the exit status was {done.returncode}"
    assert done.stdout == "", done.stdout
    assert done.stderr, "no message"
    assert "Traceback" not in done.stderr, "a traceback"


CHECKS = {
    "wheel": check_wheel,
    "dependencies": check_dependencies,
    "decisions": check_decisions,
    "missing-file": check_missing_file,
}

if __name__ == "__main__":
    assert sys.flags.optimize == 0, "the checks are assertions"
    CHECKS[sys.argv[1]](*sys.argv[2:])
