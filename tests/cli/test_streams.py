"""What becomes of the output: UTF-8 whatever the locale, closed pipes, full disks, Ctrl-C; never a traceback."""

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from restructure.cli import main, running
from restructure.cli.exit_status import ExitStatus
from restructure.cli.progress import Progress
from restructure.testing.report import run_cases

ROOT = Path(__file__).parents[2]
CASES = ROOT / "examples/waterfall/waterfall_test.yaml"
needs_full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="no such device on this system")


def shell(line, **environment):
    """Run a line of a shell in which `R` is the command, and give its exit status, output and errors."""
    done = subprocess.run(
        ["bash", "-c", f'R="{sys.executable} -m restructure"\n{line}'],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), **environment},
        cwd=ROOT,
        capture_output=True,
        timeout=60,
        check=False,
    )
    output, errors = done.stdout.decode("utf-8"), done.stderr.decode("utf-8")
    assert "Traceback" not in errors
    assert "Exception ignored" not in errors
    return done.returncode, output, errors


LOCALES = {
    "C": {"LC_ALL": "C"},
    "GBK": {"PYTHONIOENCODING": "gbk"},
    "ASCII without UTF-8 mode": {
        "PYTHONIOENCODING": "ascii:strict",
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
        "LC_ALL": "C",
    },
}


@pytest.mark.parametrize("environment", LOCALES.values(), ids=LOCALES)
def test_output_and_errors_are_utf_8_whatever_the_locale(environment):
    status, output, errors = shell("$R explain condition-shape; $R explain 王女士; true", **environment)
    assert status == 0
    assert output.startswith("condition-shape: ")
    assert '"王女士"' in errors


@needs_full
@pytest.mark.parametrize("command", ["--help", "explain money-float"])
@pytest.mark.parametrize("buffering", ["", "1"], ids=["buffered", "unbuffered"])
def test_a_full_disk_is_a_sentence_and_a_status_of_its_own(command, buffering):
    status, _, errors = shell(f"$R {command} >/dev/full", PYTHONUNBUFFERED=buffering)
    assert status == ExitStatus.NO_OUTPUT
    assert errors == "output-failed: standard output cannot be written: No space left on device\n"


@pytest.mark.parametrize(
    ("line", "status", "said"),
    [
        ("$R explain money-float >&-", 3, "output-failed: standard output cannot be written: it is closed\n"),
        ("$R explain none 2>&-", 2, ""),
        ("$R explain none >&- 2>&-", 3, ""),
        ("$R facts | head -1 >/dev/null; exit ${PIPESTATUS[0]}", 0, ""),
    ],
)
def test_a_closed_stream_is_a_status_and_a_sentence_where_one_can_be_read(line, status, said):
    assert shell(line) == (status, "", said)


def test_no_command_writes_but_by_the_functions_that_know_what_becomes_of_it():
    package = ROOT / "src/restructure/cli"
    direct = [
        f"{path.relative_to(package)}:{number}: {line.strip()}"
        for path in package.rglob("*.py")
        if path.name not in ("output.py", "progress.py")
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if re.search(r"\bprint\(|\bstd(out|err)\.write", line)
    ]
    assert direct == [], "use write, write_lines, write_json or write_note of cli/output.py"


@needs_full
def test_errors_that_cannot_be_written_leave_the_status_as_it_is():
    assert shell("$R explain none 2>/dev/full") == (ExitStatus.WRONG_INPUT, "", "")


def test_a_full_disk_is_json_where_json_is_asked_for(monkeypatch, capsys):
    class Full(io.TextIOWrapper):
        def write(self, text):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(sys, "stdout", Full(io.BytesIO()))
    request = str(ROOT / "examples/requests/reschedule.json")
    assert main(["reschedule", request, "--format", "json"]) == ExitStatus.NO_OUTPUT
    monkeypatch.undo()
    (error,) = json.loads(capsys.readouterr().err)["errors"]
    assert error["code"] == "output-failed"


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c_ends_the_command_with_130_and_no_traceback():
    command = subprocess.Popen(
        [sys.executable, "-m", "restructure", "offer", "/dev/stdin"],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        stdin=subprocess.PIPE,  # never closed: the command waits for the file
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    deadline = time.monotonic() + 60
    waiting = Path(f"/proc/{command.pid}/wchan")
    while time.monotonic() < deadline and "pipe" not in (waiting.read_text() if waiting.exists() else "pipe"):
        time.sleep(0.05)
    if not waiting.exists():
        time.sleep(2)
    command.send_signal(signal.SIGINT)
    output, errors = command.communicate(timeout=60)
    assert (command.returncode, output, errors) == (ExitStatus.INTERRUPTED, b"", b"")


def test_ctrl_c_in_the_middle_of_a_command_is_its_status(monkeypatch):
    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(running, "_run", interrupted)
    monkeypatch.setattr(running, "discard", lambda _: None)  # the tests' own output
    assert main(["facts"]) == 130


def test_a_program_that_takes_the_output_as_text_of_its_own_encoding_gets_escapes(monkeypatch):
    narrow = io.TextIOWrapper(io.BytesIO(), encoding="ascii")

    class Own:  # no stream of the system: it cannot be told to write UTF-8
        encoding = "ascii"
        write, flush = narrow.write, narrow.flush

    monkeypatch.setattr(sys, "stdout", Own())
    assert main(["reschedule", "--help"]) == ExitStatus.DONE
    assert main(["facts"]) == ExitStatus.DONE
    assert b"\\u2212" in narrow.buffer.getvalue()  # the minus sign of a formula


# --- progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress_is_a_line_in_place_and_gone_at_the_end(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("COLUMNS", "30")
    with Progress() as progress:
        progress(0, 2, "cn-consumer-finance")
        progress(2, 2, "消费金融")
    parts = terminal.getvalue().split("\r")
    assert parts[2].strip() == "0 of 2 cases run:"  # the rest does not fit
    assert "2 of 2 cases run: 消费金融" in parts
    assert parts[-1] == ""
    assert parts[-2].strip() == ""
    assert "\n" not in terminal.getvalue()


@pytest.mark.parametrize("options", [(), ("--quiet",), ("--format", "json")], ids=" ".join)
def test_the_test_command_shows_progress_on_a_terminal_only_and_not_if_quiet_or_json(
    options, monkeypatch, capsys
):
    assert main(["test", str(CASES), *options]) == ExitStatus.DONE
    in_a_pipe = capsys.readouterr()
    assert in_a_pipe.err == ""
    assert (in_a_pipe.out == "") is ("--quiet" in options)
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    assert main(["test", str(CASES), *options]) == ExitStatus.DONE
    assert (" cases run: waterfall" in terminal.getvalue()) is (options == ())
    assert capsys.readouterr().out == in_a_pipe.out


def test_the_library_says_how_many_cases_were_run_of_which_policy():
    said = []
    report = run_cases([CASES], progress=lambda *step: said.append(step))
    total = len(report.results)
    assert said == [(done, total, "waterfall") for done in range(total + 1)]
