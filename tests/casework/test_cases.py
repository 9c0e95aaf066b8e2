"""Cases: what they say when they fail, what they take from bases, and that nothing passes silently."""

import json
from pathlib import Path

import pytest

from cases import EXAMPLES, ROOT, gate, limit, small, written
from restructure.casework.case_reading import read_cases
from restructure.casework.case_report import failure_text, run_cases
from restructure.casework.checking import check
from restructure.cli import main
from restructure.errors import InvalidInput

PACK = ROOT / "rules" / "cn-consumer-finance"
HEAD = "policy: cn-consumer-finance\non: 2026-03-18\n"


def failures(folder: Path, text: str) -> list[str]:
    cases = read_cases(written(folder, HEAD + text, "x_test.yaml"))
    issues = [issue for one in check(cases) for issue in one.failures]
    assert {issue.code for issue in issues} <= {"case-failed"}
    return [failure_text(issue).rpartition("/")[2] for issue in issues]


def one(given: str, expect: str) -> str:
    return f"cases:\n  - name: One case\n    given: {given}\n    expect: {expect}\n"


def test_a_failure_names_file_line_both_verdicts_and_the_comparison_that_decided(tmp_path):
    said = failures(
        tmp_path,
        one("{facts: {hardship_outlook: lasting, income_drop: 15%}}", "{rules: {lasting-fall: fired}}"),
    )
    assert said == [
        "x_test.yaml:6: expected rule lasting-fall fired, got refused; "
        "rule lasting-fall refused because income_drop 15 % is not >= 20 %"
    ]


def test_a_rule_that_fires_against_expectation_says_what_made_it_fire(tmp_path):
    (said,) = failures(
        tmp_path,
        one(
            "{facts: {hardship_outlook: lasting, income_drop: 20%, contract_rate: 18%}}",
            "{rules: {lasting-fall: refused}}",
        ),
    )
    assert said.endswith(
        "because hardship_outlook lasting is == lasting, income_drop 20 % is >= 20 %, contract_rate 18 % is > 12 %"
    )


def test_what_is_unknown_is_said_to_be_unknown(tmp_path):
    (said,) = failures(tmp_path, one("{}", "{gates: {reachable: passed}}"))
    assert said.endswith("got unknown; gate reachable unknown because reachable is unknown")


@pytest.mark.parametrize(
    ("expect", "said"),
    [
        ("{outcome: decline}", "expected outcome decline, got offer"),
        ("{offers: [longer-term]}", "expected offers longer-term, got illness-relief, longer-term"),
        (
            "{figures: {illness-relief: {instalment_after: 2046.15}}}",
            "expected instalment_after of illness-relief 2,046.15, got 2,046.14",
        ),
        ("{figures: {illness-relief: {rows: 21}}}", "expected rows of illness-relief 21, got 22"),
        ("{flags: {illness-relief: []}}", "expected flags of illness-relief none, got restructured-asset"),
        ("{facts: {days_past_due: 46}}", "expected fact days_past_due 46 days, got 47 days"),
        ("{missing: [finances.income]}", "expected missing finances.income, got none"),
        ("{refusals: {longer-term: limit}}", "expected refusal of longer-term limit, got an offer"),
        ("{enforcement_barred: false}", "expected enforcement to be barred: no, got yes"),
        ("{rules: {lasting-fall: fired}}", "expected rule lasting-fall fired, got refused"),
    ],
)
def test_everything_that_is_expected_of_an_application_can_fail(tmp_path, expect, said):
    (line,) = failures(tmp_path, one(f"{{application: '{EXAMPLES}/illness.json'}}", expect))
    assert f": {said}" in line


def test_an_offer_that_was_expected_and_refused_says_why(tmp_path):
    (line,) = failures(
        tmp_path,
        one(f"{{application: '{EXAMPLES}/illness.json'}}", "{figures: {catch-up: {term_after: 16}}}"),
    )
    assert "got no offer; rule catch-up refused because hardship_outlook temporary is not == resolved" in line


def test_an_application_that_cannot_be_decided_fails_its_case(tmp_path):
    text = one(f"{{application: '{EXAMPLES}/overspending.json'}}", "{outcome: refer}")
    (line,) = failures(tmp_path, text.replace("    given", "    on: 2026-03-19\n    given"))
    assert "expected a verdict, got balances-date" in line


def test_a_case_lies_over_its_base_group_by_group(tmp_path):
    text = "base:\n  a: {facts: {days_past_due: 0, shortfall: 0}}\n  b: {base: a, facts: {income_drop: 0}}\n"
    assert failures(tmp_path, text + one("{base: b}", "{gates: {in-difficulty: failed}}")) == []
    late = one("{base: b, facts: {days_past_due: 1}}", "{gates: {in-difficulty: passed}}")
    assert failures(tmp_path, text + late) == []


def test_a_parameter_of_one_case_leaves_the_others_alone(tmp_path):
    case = "  - name: {}\n    given: {{facts: {{restructurings: 2}}, parameters: {}}}\n    expect: {{gates: {{not-too-often: {}}}}}\n"
    text = (
        "cases:\n"
        + case.format("three", "{most_restructurings: 3}", "passed")
        + case.format("two", "{}", "failed")
    )
    assert failures(tmp_path, text) == []


def test_a_mistake_in_an_application_is_found_in_the_file_that_says_it(tmp_path):
    data = json.loads((EXAMPLES / "illness.json").read_text("utf-8"))
    data["hardship"]["cause"] = "ilness"
    written(tmp_path, data)
    with pytest.raises(InvalidInput) as caught:
        failures(tmp_path, one("{application: application.json}", "{outcome: offer}"))
    (issue,) = caught.value.issues
    assert issue.file.endswith("application.json")
    over = "{application: application.json}"
    text = f"base:\n  ill: {over}\n" + one(
        "{base: ill, application: {hardship: {cause: sick}}}", "{outcome: offer}"
    )
    with pytest.raises(InvalidInput) as caught:
        failures(tmp_path, text)
    (issue,) = caught.value.issues
    assert (issue.file.rpartition("/")[2], issue.line) == ("x_test.yaml", 7)


def test_the_applications_of_the_pack_are_those_of_the_examples():
    for name in ("illness.json", "overspending.json"):
        assert (PACK / "applications" / name).read_bytes() == (EXAMPLES / name).read_bytes()


# --- the command line


def test_the_packaged_policy_passes_its_cases_and_is_covered_whole(capsys):
    assert main(["test", "cn-consumer-finance", "--min-coverage", "100"]) == 0
    out = capsys.readouterr().out
    assert " passed, 0 failed" in out
    assert "100 %" in out
    assert "was never" not in out


def test_a_failing_case_gives_1_and_wrong_input_2(tmp_path, capsys):
    written(tmp_path, HEAD + one("{facts: {reachable: true}}", "{gates: {reachable: failed}}"), "a_test.yaml")
    assert main(["test", str(tmp_path)]) == 1
    out = capsys.readouterr().out
    assert "FAILED One case" in out
    assert "0 passed, 1 failed" in out
    assert main(["test", str(tmp_path / "nowhere")]) == 2
    assert main(["test", str(EXAMPLES / "requests")]) == 2
    assert "holds no file of cases" in capsys.readouterr().err


def test_too_little_coverage_gives_1_and_says_where(tmp_path, capsys):
    written(tmp_path, HEAD + one("{facts: {reachable: true}}", "{gates: {reachable: passed}}"), "a_test.yaml")
    assert main(["test", str(tmp_path)]) == 0
    assert main(["test", str(tmp_path), "--min-coverage", "100"]) == 1
    assert "policy.yaml:108: gate reachable was never failed" in capsys.readouterr().out


def test_the_report_as_json_holds_cases_and_what_is_open(tmp_path, capsys):
    written(tmp_path, HEAD + one("{facts: {reachable: true}}", "{gates: {reachable: failed}}"), "a_test.yaml")
    assert main(["test", str(tmp_path), "--format", "json"]) == 1
    record = json.loads(capsys.readouterr().out)
    assert (record["passed"], record["failed"]) == (0, 1)
    assert record["cases"][0]["failures"][0]["line"] == 6
    assert record["coverage"][0]["open"][0]["kind"] == "gate"


def test_limits_and_flags_of_a_small_policy_are_judged_on_given_figures(tmp_path):
    text = small(
        gates=gate("g", "{fact: reachable}", "refer"),
        limits=limit("l", "{fact: term_after, op: '<=', value: 9}"),
    )
    written(tmp_path, text, "policy.yaml")
    cases = "on: 2026-03-18\n" + one("{facts: {term_after: 10}}", "{limits: {l: failed}}")
    written(tmp_path, cases, "l_test.yaml")
    assert run_cases([tmp_path]).failed == ()
