"""Whatever the arguments are: a sentence, exit status 2, and the same as JSON where JSON is asked for."""

import json
import re
import shlex
from pathlib import Path

import pytest

from restructure.cli import main
from restructure.cli.command_table import COMMANDS
from restructure.cli.exit_status import MEANINGS, ExitStatus
from restructure.cli.parsing import command_parser
from restructure.errors import CATALOGUE

ROOT = Path(__file__).parents[2]
ILLNESS = str(ROOT / "examples/illness.json")
LONG = "x" * 5000


def run(*arguments, capsys):
    status = main(list(arguments))
    captured = capsys.readouterr()
    return status, captured.out, captured.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "name a command: new, examples, offer, letter"),
        (("ofer",), 'no command is called "ofer" (did you mean "offer"?)'),
        (("offer",), "the following arguments are required: APPLICATION"),
        (("offer", ILLNESS, "--fromat", "json"), 'no option is called "--fromat" (did you mean "--format"?)'),
        (("offer", ILLNESS, "--lang=zh"), 'no option is called "--lang" (did you mean "--language"?)'),
        (("offer", ILLNESS, "b", "c"), '"c" is one argument too many'),
        (("offer", ILLNESS, "--format", "xml"), '--format: "xml" is none of its words (known: json, table)'),
        (("offer", ILLNESS, "--on"), "--on: expected one argument"),
        (("schema", "aplication"), '(did you mean "application"?)'),
        (("reschedule", "x", "--rows", "-3"), '--rows: "-3" is not a number of rows'),
        (("reschedule", "x", "--rows", "9" * 5000), "is not a number of rows"),
        (("test", "x", "--min-coverage", "1/0"), '"1/0" is not a percentage; write a number from 0 to 100'),
        (("test", "x", "--min-coverage", "1e99999999"), "is not a percentage"),
        (("test", "x", "--min-coverage", "101"), "is not a percentage"),
        (("test", "x", "--min-coverage", "nan"), "is not a percentage"),
        (("test", "x", "--min-coverage", "٣"), "is not a percentage"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, tuple) else "",
)
def test_arguments_that_no_command_takes_end_in_a_sentence_and_the_help_that_says_more(
    arguments, said, capsys
):
    status, out, err = run(*arguments, capsys=capsys)
    assert (status, out) == (ExitStatus.WRONG_INPUT, "")
    *lines, more = err.splitlines()
    assert all(line.startswith("arguments-invalid: ") and len(line) < 400 for line in lines)
    assert said in lines[-1]
    assert re.fullmatch(r"More: restructure( [a-z]+)? --help", more)


@pytest.mark.parametrize(
    "arguments",
    [
        ("explain", LONG),
        ("explain", "a\0b"),
        ("explain", "--", "-"),
        ("facts", LONG),
        ("facts", "a\0b"),
        ("test", LONG),
        ("test", "a\0b"),
        ("offer", LONG),
        ("offer", "a\0b"),
        ("offer", ""),
        ("offer", "\ud800"),
        ("offer", ILLNESS, "--policy", LONG),
        ("offer", ILLNESS, "--policy", "a\0b\nc"),
        ("offer", ILLNESS, "--policy", ""),
        ("offer", ILLNESS, "--on", LONG),
        ("offer", ILLNESS, "--on", ""),
        ("offer", ILLNESS, "--language", LONG),
        ("offer", ILLNESS, "--language", ""),
        ("offer", ILLNESS, "--why", LONG),
        ("watch", ILLNESS, "--history", LONG),
        ("watch", ILLNESS, "--history", "a\0b"),
        ("watch", ILLNESS, "--history", "{}"),
        ("watch", ILLNESS, "--history", str(ROOT)),
        ("reschedule", LONG),
        ("reschedule", "a\0b"),
        ("reschedule", str(ROOT)),
    ],
    ids=lambda arguments: (
        " ".join(Path(word).name[:12] for word in arguments).encode("ascii", "replace").decode()
    ),
)
def test_arguments_of_any_length_or_kind_end_in_sentences_of_a_line_each(arguments, capsys):
    status, out, err = run(*arguments, capsys=capsys)
    assert (status, out) == (ExitStatus.WRONG_INPUT, "")
    *lines, more = err.splitlines()
    assert lines
    assert more.startswith("More: restructure explain ")
    for line in lines:
        assert any(f"{code}: " in line for code in CATALOGUE), line
        assert line.isprintable()


@pytest.mark.parametrize(
    "day", ["20260318", "2026-W12-3", "18.3.2026", "2026-02-30", "0001-01-01", "２０２６-03-18"]
)
def test_a_day_is_a_year_a_month_and_a_day_with_hyphens(day, capsys):
    status, _, err = run("offer", ILLNESS, "--on", day, capsys=capsys)
    assert status == ExitStatus.WRONG_INPUT
    assert err.startswith("date-invalid: --on: ")


def test_all_that_the_hint_names_can_be_explained_at_once(capsys):
    _, _, err = run("offer", "none.json", "--on", "1", capsys=capsys)
    command = shlex.split(err.splitlines()[-1].removeprefix("More: "))
    assert command == ["restructure", "explain", "date-invalid", "file-missing"]
    status, out, _ = run(*command[1:], capsys=capsys)
    assert status == ExitStatus.DONE
    assert out == "".join(f"{code}: {CATALOGUE[code]}\n" for code in command[2:])


@pytest.mark.parametrize(
    "arguments",
    [
        ("offer", "none.json"),
        ("watch", "none.json", "--policy", "nowhere"),
        ("reschedule", "none.json"),
        ("test", "nowhere"),
        ("test", "x", "--min-coverage", "x"),
        ("offer",),
        ("offer", "a", "b", "c", "--frob"),
    ],
    ids=" ".join,
)
def test_errors_are_one_json_object_on_standard_error_where_json_is_asked_for(arguments, capsys):
    plain = run(*arguments, capsys=capsys)
    for words in (("--format", "json"), ("--format=json",)):
        status, out, err = run(*arguments, *words, capsys=capsys)
        assert (status, out) == (plain[0], "") == (ExitStatus.WRONG_INPUT, "")
        errors = json.loads(err)
        assert list(errors) == ["errors"]
        for error in errors["errors"]:
            assert list(error) == ["code", "message", "place", "file", "line", "column", "mend"]
            assert error["mend"] == CATALOGUE[error["code"]]
        assert [error["code"] for error in errors["errors"]] == [
            code for line in plain[2].splitlines()[:-1] for code in CATALOGUE if f"{code}: " in line
        ]


def test_an_error_in_a_file_has_its_line_and_column_in_json(tmp_path, capsys):
    path = tmp_path / "a.json"
    path.write_text('{\n"reference": ', "utf-8")
    _, _, err = run("offer", str(path), "--format", "json", capsys=capsys)
    (error,) = json.loads(err)["errors"]
    assert (error["code"], error["file"], error["line"], error["column"]) == ("json-broken", str(path), 2, 14)


def test_cases_that_cover_too_little_say_so_in_the_report_where_json_is_asked_for(capsys):
    arguments = ("test", str(ROOT / "examples/waterfall/waterfall_test.yaml"), "--min-coverage", "100%")
    status, out, err = run(*arguments, "--format", "json", capsys=capsys)
    report = json.loads(out)
    reached = all(part["reached"] == part["total"] for part in report["coverage"])
    assert (status, err) == (ExitStatus.DONE if reached else ExitStatus.FAILED, "")
    assert report["min_coverage"] == {"percent": "100", "reached": reached}


# --- help


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_the_help_of_every_command_has_an_example_that_runs(command, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path if command.name in ("new", "examples") else ROOT)  # the two write files
    status, out, err = run(command.name, "--help", capsys=capsys)
    assert (status, err) == (ExitStatus.DONE, "")
    assert command.examples
    for example in command.examples:
        assert f"\n  {example}\n" in out
        if command.name == "letter":
            pytest.importorskip("babel")
        program, *arguments = shlex.split(example)
        assert program == "restructure"
        status, out_of_example, err = run(*arguments, capsys=capsys)
        assert (status, err) == (ExitStatus.DONE, "")
        assert out_of_example


@pytest.mark.parametrize("columns", [60, 100, 200])
def test_no_line_of_a_help_is_wider_than_the_terminal_and_no_name_is_broken(columns, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    for command in ([], *([command.name] for command in COMMANDS)):
        _, out, _ = run(*command, "--help", capsys=capsys)
        for line in out.splitlines():
            assert len(line) <= columns or line.startswith("  restructure "), line  # an example is one line
            assert not re.search(r"[a-z]-$", line), line


def test_the_help_names_every_exit_status(capsys):
    _, out, _ = run("--help", capsys=capsys)
    assert set(MEANINGS) == set(ExitStatus)
    text = " ".join(out.split())
    for status, meaning in MEANINGS.items():
        assert f" {int(status)} {meaning}" in text


def test_every_option_and_argument_has_a_sentence_in_the_help():
    (commands,) = [
        action.choices
        for action in command_parser([command.name for command in COMMANDS])._actions
        if action.choices
    ]
    silent = [
        (name, action.dest)
        for name, command in commands.items()
        for action in command._actions
        if not action.help
    ]
    assert silent == []


# --- language and rows


def test_the_environment_gives_the_language_unless_the_command_line_does(capsys, monkeypatch):
    _, chinese, _ = run("offer", ILLNESS, "--language", "zh", capsys=capsys)
    _, english, _ = run("offer", ILLNESS, capsys=capsys)
    monkeypatch.setenv("RESTRUCTURE_LANGUAGE", "zh")
    assert run("offer", ILLNESS, capsys=capsys)[1] == chinese != english
    assert run("offer", ILLNESS, "--language", "en", capsys=capsys)[1] == english


def test_a_language_of_the_environment_that_is_not_there_is_refused_for_tables_and_does_not_matter_to_json(
    capsys, monkeypatch
):
    monkeypatch.setenv("RESTRUCTURE_LANGUAGE", "fr")
    for command in (("offer", ILLNESS), ("reschedule", str(ROOT / "examples/requests/reschedule.json"))):
        status, out, err = run(*command, "--format", "table", capsys=capsys)
        assert (status, out) == (ExitStatus.WRONG_INPUT, "")
        assert err.startswith("choice-unknown: RESTRUCTURE_LANGUAGE: ")
        assert run(*command, "--format", "json", capsys=capsys)[0] == ExitStatus.DONE


@pytest.mark.parametrize(("rows", "given"), [((), None), (("--rows", "all"), "all"), (("--rows", "3"), 3)])
def test_the_rows_of_the_command_line_are_those_that_the_view_is_asked_for(rows, given, capsys, monkeypatch):
    from restructure.cli import display_options

    asked = []

    def summarise(record, *, language, rows):
        asked.append(rows)
        return []

    monkeypatch.setattr(display_options, "summarise", summarise)
    request = str(ROOT / "examples/requests/reschedule.json")
    assert run("reschedule", request, "--format", "table", *rows, capsys=capsys)[0] == ExitStatus.DONE
    assert run("offer", ILLNESS, *rows, capsys=capsys)[0] == ExitStatus.DONE
    assert asked == [given, given]
