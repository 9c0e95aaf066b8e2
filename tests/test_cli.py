"""The command line as a new user meets it, with wrong input too."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cases import packaged
from restructure import Decision, History, Plan, decide, read_application, write_history
from restructure.blocks import Heading, Lines, Table, to_html, to_text
from restructure.casework.agreements.early_warning import watch
from restructure.casework.decisions.explanation import explain
from restructure.cli import main
from restructure.cli.command_table import COMMANDS
from restructure.cli.parsing import command_parser
from restructure.errors import CATALOGUE, InvalidInput
from restructure.views import summarise

ROOT = Path(__file__).parents[1]
ILLNESS, OVERSPENDING = ROOT / "examples/illness.json", ROOT / "examples/overspending.json"


def run(*arguments, capsys):
    status = main([str(one) for one in arguments])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_the_offer_as_json_carries_zero_identities_and_ends_at_zero(capsys):
    status, out, _ = run("offer", ILLNESS, "--format", "json", capsys=capsys)
    record = json.loads(out)
    assert status == 0
    assert record["outcome"] == "offer"
    for offer in record["offers"]:
        assert set(offer["plan"]["identities"].values()) == {"0.00"}
        assert offer["plan"]["schedule"]["rows"][-1]["balance"] == "0.00"
    assert record["derivations"]["disposable_income"].endswith("7,000.00 − 4,600.00 − 300.00 = 2,100.00")
    assert Decision.model_validate_json(out).id == record["id"]


def test_the_table_names_old_and_new_instalment_the_last_date_the_reason_and_the_refusals(
    capsys, monkeypatch
):
    monkeypatch.setenv("COLUMNS", "140")
    status, out, err = run("offer", ILLNESS, capsys=capsys)
    assert (status, err) == (0, "")
    assert "regular instalment          2,396.36    2,046.14    2,077.02" in out
    assert "2027-12-30" in out
    assert "You fell ill and your income fell." in out
    assert "cause of the hardship is illness, must be unemployment" in out
    assert "Every cent accounted for: yes." in out


def test_the_module_is_the_command(capsys):
    module = [sys.executable, "-m", "restructure", "explain", "money-float"]
    told = subprocess.run(module, capture_output=True, text=True, check=True)
    assert told.stdout == run("explain", "money-float", capsys=capsys)[1]


def test_the_texts_of_the_policy_come_in_chinese(capsys):
    _, out, _ = run("offer", ILLNESS, "--language", "zh", capsys=capsys)
    assert "您因病收入下降" in out


def test_overspending_is_referred_with_every_gate_and_what_is_missing_and_no_enforcement(capsys):
    status, out, _ = run("offer", OVERSPENDING, capsys=capsys)
    assert status == 0
    assert out.startswith("REFER")
    for gate in (
        "assessment is complete",
        "wants to repay",
        "can be reached",
        "left to repay with",
        "too often",
    ):
        assert gate in out
    for place in ("finances.essential_costs", "finances.other_debts", "hardship.evidence"):
        assert place in out
    assert "Enforcement is barred: the assessment is incomplete" in out
    assert "Nothing is left of your income" not in out  # nobody knows that


def test_everything_wrong_on_the_command_line_is_said_at_once(capsys):
    status, out, err = run(
        "offer", "nowhere.json", "--policy", "cn-consumer-finanse", "--on", "18.3.2026", capsys=capsys
    )
    assert (status, out) == (2, "")
    first, second, third, hint = err.splitlines()
    assert first == 'date-invalid: --on: "18.3.2026" is not a date; write year-month-day, such as 2026-03-18'
    assert second.startswith("nowhere.json: file-missing: the file cannot be read")
    assert third.endswith('(did you mean "cn-consumer-finance"?)')
    assert hint == "More: restructure explain date-invalid file-missing policy-missing"


@pytest.mark.parametrize(
    ("on", "code"), [("2026-03-17", "date-after-decision"), ("2025-01-01", "policy-not-effective")]
)
def test_a_day_that_cannot_be_decided_on_is_wrong_input(on, code, capsys):
    status, out, err = run("offer", ILLNESS, "--on", on, capsys=capsys)
    assert (status, out) == (2, "")
    assert code in err


def test_stated_balances_hold_on_their_day_only(capsys):
    status, _, err = run("offer", OVERSPENDING, "--on", "2026-03-19", capsys=capsys)
    assert status == 2
    assert f"{OVERSPENDING}:3:3: balances-date: as_of: the balances hold on 2026-03-18" in err


def test_a_contract_can_be_decided_on_a_later_day_and_is_later_past_due(capsys):
    _, out, _ = run("offer", ILLNESS, "--on", "2026-03-25", "--format", "json", capsys=capsys)
    assert json.loads(out)["assessment"]["days_past_due"] == 54


def run_apart(*arguments, folder):
    done = subprocess.run(
        [sys.executable, "-m", "restructure.cli", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=folder,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_broken_text_is_one_line_with_line_and_column_and_never_a_traceback(tmp_path, capsys):
    for name, text, where in (
        ("a.json", '{"reference": ', "1:15"),
        ("a.yaml", "reference: [", "1:13"),
        ("b.json", "", "1:1"),
    ):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        answers = [run("offer", path, capsys=capsys)]
        if name == "a.json":  # what a process of its own adds is the same for all of them
            answers.append(run_apart("offer", path, folder=tmp_path))
        for status, out, err in answers:
            assert (status, out) == (2, "")
            assert "Traceback" not in err
            assert f"{path}:{where}: " in err, err


def test_the_same_decision_is_printed_twice(capsys):
    assert run("offer", ILLNESS, "--format", "json", capsys=capsys) == run(
        "offer", ILLNESS, "--format", "json", capsys=capsys
    )


def test_one_evaluator_alone_says_so_and_decides_the_same(capsys):
    _, out, _ = run("offer", ILLNESS, "--engines", "reference", "--format", "json", capsys=capsys)
    alone = json.loads(out)
    assert alone["engines"] == ["reference"]
    _, out, _ = run("offer", ILLNESS, "--format", "json", capsys=capsys)
    both = json.loads(out)
    assert {**both, "engines": None} == {**alone, "engines": None}


def test_the_schema_describes_the_examples(capsys):
    jsonschema = pytest.importorskip("jsonschema")
    status, out, _ = run("schema", capsys=capsys)
    schema = json.loads(out)
    assert status == 0
    for path in (ILLNESS, OVERSPENDING):
        jsonschema.validate(json.loads(path.read_text(encoding="utf-8")), schema)
    assert (
        schema["properties"]["as_of"]["description"]
        == "The day that the application describes, such as 2026-03-18; nothing in it is dated later."
    )


def test_every_error_code_can_be_explained_and_an_unknown_one_is_wrong_input(capsys):
    for code, meaning in CATALOGUE.items():
        assert run("explain", code, capsys=capsys) == (0, f"{code}: {meaning}\n", "")
    status, _, err = run("explain", "money-flot", capsys=capsys)
    assert status == 2
    assert '(did you mean "money-float"?)' in err


def test_facts_lists_kinds_and_formulas(capsys):
    _, out, _ = run("facts", capsys=capsys)
    assert "disposable_income: money." in out
    assert "    = monthly_income − essential_costs − other_debt_payments" in out


def test_a_terminal_shows_the_rich_tables():
    pty = pytest.importorskip("pty")
    pytest.importorskip("rich")
    main_end, terminal_end = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "restructure.cli", "offer", str(ILLNESS)],
        stdout=terminal_end,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "110", "LINES": "60"},
        close_fds=True,
    )
    os.close(terminal_end)
    shown = b""
    while True:
        try:
            part = os.read(main_end, 4096)
        except OSError:
            break
        if not part:
            break
        shown += part
    os.close(main_end)
    assert process.wait() == 0
    text = shown.decode()
    assert "illness-relief" in text
    assert "\x1b[" in text  # it is the rich rendering


def test_no_line_of_the_text_is_wider_than_asked_even_with_chinese():
    from unicodedata import east_asian_width

    blocks = [
        Heading("标题" * 40, 1),
        Lines(
            (
                "an ordinary sentence that is much longer than forty cells and wraps",
                "没有空格的中文句子也必须换行" * 6,
            )
        ),
        Table(("rule", "why not"), (("illness-relief", "您的收入在必要支出后没有结余" * 4),), figures=False),
    ]
    for line in to_text(blocks, width=40).splitlines():
        assert sum(2 if east_asian_width(char) in "WF" else 1 for char in line) <= 40, line


def test_html_escapes_what_comes_from_the_file(illness):
    hostile = illness.model_copy(
        update={
            "application": illness.application.model_copy(update={"reference": "<script>alert(1)</script>"})
        }
    )
    page = to_html(summarise(hostile))
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert hostile._repr_html_() == page


@pytest.fixture
def illness():
    from restructure import decide, read_application

    case = read_application(ILLNESS)
    return decide(case, packaged("cn-consumer-finance"), on=case.as_of)


def test_a_request_for_a_plan_is_answered_with_the_plan_and_its_proof(capsys):
    status, out, err = run("reschedule", ROOT / "examples/requests/reschedule.json", capsys=capsys)
    assert (status, err) == (0, "")
    plan = Plan.model_validate_json(out)
    # cn-open-5 of tests/golden/cn_open_5.json: 702.00 given up, 24 instalments of 1,824.23.
    assert str(plan.instalment) == "1824.23"
    assert len(plan.schedule.rows) == 24
    assert plan.identities.hold


def test_a_plan_can_be_read_row_by_row_against_what_was_agreed(capsys):
    request = ROOT / "examples/requests/reschedule.json"
    status, out, err = run("reschedule", request, "--format", "table", capsys=capsys)
    assert (status, err) == (0, "")
    assert "24 instalments, 43,781.44 CNY in all" in out
    rows = [
        line.split()
        for line in out.splitlines()
        if line[:2].strip().isdecimal() and "instalments" not in line
    ]
    assert len(rows) == 24
    # Row 19 is new: nothing was agreed for it.
    assert rows[18] == ["19", "–", "0.00", "2027-10-18", "1,824.23", "1,824.23", "8,724.56"]


def test_a_request_for_a_schedule_is_answered_with_the_schedule(tmp_path, capsys):
    request = tmp_path / "loan.yaml"
    request.write_text(
        "terms: {currency: CNY, principal: '12000', annual_rate: 18%, instalments: 12,"
        " start: 2026-01-15, first_due: 2026-02-15}\n",
        encoding="utf-8",
    )
    status, out, _ = run("reschedule", request, capsys=capsys)
    assert status == 0
    assert json.loads(out)["rows"][0]["total"] == "1100.16"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"measures": [{"measure": "extend", "instalments": -18}]},
            "term-not-positive: measures: 18 instalments -18 leave 0",
        ),
        (
            {"measures": [{"measure": "waive", "of": ["principal"], "share": "1"}]},
            "1:2: bucket-not-allowed: measures.0: waive",
        ),
        ({"position": None}, "1:1: value-invalid: give either terms or a position"),
        ({"position": 5}, "value-invalid: position: 5 is not a group of named fields; write one"),
    ],
)
def test_a_request_that_cannot_be_answered_says_why(change, said, tmp_path, capsys):
    request = json.loads((ROOT / "examples/requests/reschedule.json").read_text(encoding="utf-8"))
    path = tmp_path / "request.json"
    path.write_text(json.dumps({**request, **change}), encoding="utf-8")
    status, out, err = run("reschedule", path, capsys=capsys)
    assert (status, out) == (2, "")
    assert str(path) in err
    assert said.partition(": ")[2] in err


def test_the_schema_of_a_request_describes_the_example(capsys):
    jsonschema = pytest.importorskip("jsonschema")
    _, out, _ = run("schema", "request", capsys=capsys)
    jsonschema.validate(
        json.loads((ROOT / "examples/requests/reschedule.json").read_text(encoding="utf-8")), json.loads(out)
    )


def test_a_letter_is_written_in_the_language_that_is_asked_for(capsys):
    pytest.importorskip("babel")
    assert main(["letter", str(ILLNESS), "--language", "en", "--sender", "The lender"]) == 0
    text = capsys.readouterr().out
    assert "Our offer" in text
    assert text.rstrip().endswith("The lender")
    assert main(["letter", str(OVERSPENDING), "--format", "html"]) == 0
    assert capsys.readouterr().out.startswith("<!DOCTYPE html>")


def test_a_letter_without_its_packages_says_what_to_install(capsys, monkeypatch):
    for name in [name for name in sys.modules if name.startswith("restructure.report.letters")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "jinja2", None)
    assert main(["letter", str(ILLNESS)]) == 2
    found = capsys.readouterr()
    assert found.out == ""
    assert "extra-absent" in found.err
    assert "pip install babel jinja2" in found.err


def test_watching_a_loan_tells_its_signs_and_bars_enforcement(capsys, tmp_path):
    assert main(["watch", str(ILLNESS)]) == 0
    text = capsys.readouterr().out
    assert "47 days past due" in text
    assert "No assessment has been made." in text
    case = read_application(ILLNESS)
    decided = decide(case, packaged("cn-consumer-finance"), on=case.as_of)
    file = tmp_path / "history.jsonl"
    file.write_text(write_history(History().proposed(decided)), "utf-8")
    assert main(["watch", str(ILLNESS), "--history", str(file), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["enforcement"] == "an offer is open"
    file.write_text("nonsense", "utf-8")
    assert main(["watch", str(ILLNESS), "--history", str(file)]) == 2
    assert "history-broken" in capsys.readouterr().err
    assert main(["watch", str(ILLNESS), "--history", str(tmp_path / "none")]) == 2
    assert "file-missing" in capsys.readouterr().err


@pytest.mark.parametrize(
    "command",
    [("watch",), ("watch", "--format", "json"), ("offer",), ("offer", "--format", "json"), ("letter",)]
    + [("offer", "--why", "illness-relief"), ("reschedule", "--format", "table"), ("reschedule",)],
    ids=" ".join,
)
def test_a_language_that_is_not_there_is_refused_with_those_that_are(command, capsys):
    if command == ("letter",):
        pytest.importorskip("babel")
    file = ROOT / "examples/requests/reschedule.json" if command[0] == "reschedule" else ILLNESS
    status, out, err = run(command[0], file, *command[1:], "--language", "fr", capsys=capsys)
    assert (status != 0, out) == (True, "")
    assert 'in "fr" (known: en, zh)' in err.replace(r"\"", '"')  # in JSON or as a line


def test_every_command_that_takes_a_language_is_among_those_that_refuse_one():
    [commands] = [
        action.choices
        for action in command_parser([command.name for command in COMMANDS])._actions
        if action.choices
    ]
    taking = {name for name, command in commands.items() if "--language" in command._option_string_actions}
    named = {"new", "examples"}  # tests/starts
    assert taking - named == {"offer", "watch", "letter", "reschedule"}


def test_what_is_put_into_words_refuses_a_language_without_a_text_and_falls_back_for_a_single_one():
    policy, application = packaged("cn-consumer-finance"), read_application(ILLNESS)
    decision = decide(application, policy, on=application.as_of)
    seen = watch(application, policy, on=application.as_of)
    why = explain(decision, policy, rule="illness-relief")
    assert seen.steps
    for shown in (decision, seen, why):
        assert summarise(shown, language="zh") != summarise(shown, language="en")
        with pytest.raises(InvalidInput, match=r'no text of the policy is in "fr" \(known: en, zh\)'):
            summarise(shown, language="fr")
    first, *others = decision.offers
    plain = first.model_copy(update={"title": {"en": "Only in English"}})
    assert "Only in English" in to_text(
        summarise(decision.model_copy(update={"offers": (plain, *others)}), language="zh")
    )


def test_a_policy_in_other_languages_than_the_packaged_ones_speaks_those(tmp_path, capsys):
    text = (ROOT / "tests/golden/policy_as_first_pinned.yaml").read_text("utf-8")
    path = tmp_path / "policy.yaml"
    path.write_text(text.replace("zh:", "fr:"), "utf-8")
    assert run("offer", ILLNESS, "--policy", path, "--language", "fr", capsys=capsys)[0] == 0
    # The words around the texts of the policy are there in Chinese.
    assert run("offer", ILLNESS, "--policy", path, "--language", "zh", capsys=capsys)[0] == 0
    status, _, err = run("offer", ILLNESS, "--policy", path, "--language", "de", capsys=capsys)
    assert status == 2
    assert "(known: en, fr, zh)" in err
