"""The walk-through of the service's README does what it shows, on a server started as it says."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from serving import EXAMPLES, ROOT, process

README = (EXAMPLES / "service" / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(sh|text)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def test_every_command_of_the_walk_through_prints_what_stands_under_it(tmp_path):
    if not shutil.which("curl"):
        pytest.skip("NOT CHECKED: the walk-through of examples/service; curl is not installed")
    (kind, start), *walk = BLOCKS
    assert kind == "sh"
    assert start.split()[:4] == ["python", "-m", "uvicorn", "service.main:app"]
    commands = "".join(text for kind, text in walk if kind == "sh").replace("@examples/", f"@{EXAMPLES}/")
    shown = "".join(text for kind, text in walk if kind == "text")
    with process(f"sqlite:///{tmp_path}/restructure.db") as server:
        environment = os.environ | {"SERVICE": server.url}
        done = subprocess.run(
            ["sh", "-e", "-c", commands],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    assert (done.stdout, done.stderr) == (shown, "")


def test_the_readme_names_every_file_and_every_variable():
    folder = EXAMPLES / "service"
    for path in folder.glob("*.py"):
        assert path.name in README or path.name in ("__init__.py", "main.py")
        assert len(path.read_text(encoding="utf-8").splitlines()) < 200
    for name in re.findall(r"RESTRUCTURE_\w+", (folder / "main.py").read_text(encoding="utf-8")):
        assert name in README
    assert Path(ROOT / "examples" / "illness.json").exists()
