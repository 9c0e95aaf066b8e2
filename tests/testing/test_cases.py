"""Cases: what they say when they fail, what they take from bases, and that nothing passes silently."""

import json
from pathlib import Path

import pytest

from cases import EXAMPLES, ROOT, gate, limit, located, small, written
from restructure.cli import main
from restructure.errors import InvalidInput
from restructure.testing.case_reader import read_cases
from restructure.testing.checking import check
from restructure.testing.report import failure_text, run_cases

PACK = ROOT / "rules" / "cn-consumer-finance"
HEAD = "policy: cn-consumer-finance\non: 2026-03-18\n"


def failures(folder: Path, text: str) -> list[str]:
    cases = read_cases(written(folder, HEAD + text, "x_test.yaml"), load=located)
    issues = [issue for one in check(cases) for issue in one.failures]
    assert {issue.code for issue in issues} <= {"case-failed"}
    return ["x_test.yaml" + failure_text(issue).partition("x_test.yaml")[2] for issue in issues]


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


@pytest.mark.parametrize(
    ("changes", "expect", "said"),
    [
        (
            "parameters: {longest_term: 20}",
            "{offers: [longer-term]}",
            "got none; rule longer-term refused because term_after 22 months is not <= longest_term_allowed 20 months (limit longest-term)",
        ),
        (
            "application: {conduct: {reachable: false}}",
            "{offers: [longer-term]}",
            "got none; rule longer-term refused because gate reachable failed: reachable no is not == yes",
        ),
        (
            "application: {finances: {income: null}}",
            "{outcome: offer}",
            "got refer; gate file-complete failed: file_complete no is not == yes (missing: finances.income); gate able-to-repay "
            "unknown: disposable_income is unknown",
        ),
        (
            "application: {conduct: {reachable: null}}",
            "{gates: {file-complete: passed}}",
            "because file_complete no is not == yes (missing: conduct.reachable)",
        ),
        (
            "parameters: {longest_term: 60}",
            "{offers: [illness-relief]}",
            "rule longer-term offers because hardship_outlook temporary is == temporary, hardship_cause illness is != "
            "over_spending, shortfall 296.36 is > 0.00",
        ),
        (
            "parameters: {longest_term: 60}",
            "{facts: {shortfall: 1}}",
            "got 296.36; shortfall = instalment_before − affordable_instalment, at least 0 = 2,396.36 − 2,100.00, at "
            "least 0 = 296.36",
        ),
        (
            "parameters: {longest_term: 60}",
            "{figures: {longer-term: {payment_to_income_after: 30%}}}",
            "payment_to_income_after = instalment_after / monthly_income (instalment_after 2,0",
        ),
    ],
)
def test_a_failure_of_an_application_says_where_it_stopped_and_what_was_compared(
    tmp_path, changes, expect, said
):
    base = f"base: {{ill: {{application: '{EXAMPLES}/illness.json'}}}}\n"
    (line,) = failures(tmp_path, base + one(f"{{base: ill, {changes}}}", expect))
    assert said in line


def of_the_waterfall(tmp_path: Path, given: str, expect: str) -> str:
    head = f"policy: {EXAMPLES}/waterfall\non: 2026-03-18\nbase: {{ill: {{application: '{EXAMPLES}/illness.json'}}}}\n"
    cases = read_cases(written(tmp_path, head + one(given, expect), "x_test.yaml"), load=located)
    (said,) = [failure_text(issue) for result in check(cases) for issue in result.failures]
    return said.partition(", got ")[2]


def test_a_fact_that_a_case_gives_says_so_and_one_that_it_does_not(tmp_path):
    given = "{facts: {severity: mild}}"
    assert of_the_waterfall(tmp_path, given, "{facts: {severity: severe}}") == "mild; the case gives it"
    assert (
        of_the_waterfall(tmp_path, given, "{facts: {income_drop: 3%}}")
        == "unknown; the case does not give it"
    )


def test_a_fact_that_is_concluded_says_by_what_and_why(tmp_path):
    given = "{facts: {instalment_before: 100, affordable_instalment: 80, income_drop: 0}}"
    said = of_the_waterfall(tmp_path, given, "{facts: {severity: severe}}")
    assert said == "moderate; it rests on heavy-burden because burden 125 % is > 100 %"


def test_a_fact_of_the_policy_that_is_unknown_says_for_want_of_what(tmp_path):
    said = of_the_waterfall(tmp_path, "{facts: {income_drop: 0}}", "{rules: {rate-then-term: fired}}")
    assert said == (
        "unknown; rule rate-then-term unknown because severity is unknown "
        "(for want of affordable_instalment, instalment_before)"
    )


def test_a_search_that_missed_its_target_says_how_far_each_step_went(tmp_path):
    poor = "{base: ill, application: {finances: {income: [{source: wage, monthly: 6400}]}}, parameters: {lowest_rate: 19%}}"
    said = of_the_waterfall(tmp_path, poor, "{offers: [rate-then-term]}")
    assert said.startswith(
        "none; rule rate-then-term refused because instalment_after 1,490.36 is not <= 0.9 × affordable_instalment "
        "1,500.00 after its last step (lower-rate no-room; add-months exhausted from 0 to 6 by half a year: 2,676.39 became "
    )
    assert "; set-aside exhausted from 0.00 to 10,159.05 by 30 % of principal: " in said


def test_a_step_that_came_out_otherwise_says_what_became_of_it(tmp_path):
    said = of_the_waterfall(tmp_path, "{base: ill}", "{steps: {rate-then-term: {lower-rate: applied}}}")
    assert said == "exhausted; step lower-rate exhausted from 18 % to 12 %: 2,676.39 became 2,577.31"


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
    (tmp_path / "empty").mkdir()
    assert main(["test", str(tmp_path / "empty")]) == 2
    assert "has no file of cases" in capsys.readouterr().err


def test_too_little_coverage_gives_1_and_says_where(tmp_path, capsys):
    written(tmp_path, HEAD + one("{facts: {reachable: true}}", "{gates: {reachable: passed}}"), "a_test.yaml")
    assert main(["test", str(tmp_path)]) == 0
    assert main(["test", str(tmp_path), "--min-coverage", "100"]) == 1
    lines = (
        (Path(__file__).parents[2] / "rules" / "cn-consumer-finance" / "policy.yaml")
        .read_text("utf-8")
        .splitlines()
    )
    line = lines.index("  - id: reachable") + 1
    assert f"policy.yaml:{line}: gate reachable was never failed" in capsys.readouterr().out


def test_the_report_as_json_holds_cases_and_what_is_open(tmp_path, capsys):
    written(tmp_path, HEAD + one("{facts: {reachable: true}}", "{gates: {reachable: failed}}"), "a_test.yaml")
    assert main(["test", str(tmp_path), "--format", "json"]) == 1
    record = json.loads(capsys.readouterr().out)
    assert (record["passed"], record["failed"]) == (0, 1)
    assert record["cases"][0]["failures"][0]["line"] == 6
    assert {"gate", "rule", "limit"} <= {part["kind"] for part in record["coverage"][0]["open"]}


def test_limits_and_flags_of_a_small_policy_are_judged_on_given_figures(tmp_path):
    text = small(
        gates=gate("g", "{fact: reachable}", "refer"),
        limits=limit("l", "{fact: term_after, op: '<=', value: 9}"),
    )
    written(tmp_path, text, "policy.yaml")
    cases = "on: 2026-03-18\n" + one("{facts: {term_after: 10}}", "{limits: {l: failed}}")
    written(tmp_path, cases, "l_test.yaml")
    assert run_cases([tmp_path]).failed == ()
