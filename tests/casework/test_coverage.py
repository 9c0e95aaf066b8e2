"""Coverage: each part of a policy is reached by what reaches it and by nothing else, and stands at its line."""

from pathlib import Path

import pytest

from cases import EXAMPLES, gate, rule, small, written
from restructure.casework.case_report import run_cases
from restructure.casework.coverage import Coverage
from restructure.casework.parts import parts_of
from restructure.policy.loading import load_located, load_policy, packaged_policies

WATERFALL = EXAMPLES / "waterfall"


def covered(folder: Path, policy: str, *cases: str) -> Coverage:
    written(folder, policy, "policy.yaml")
    written(folder, "on: 2026-03-18\ncases:\n" + "".join(cases), "x_test.yaml")
    report = run_cases([folder])
    assert report.failed == ()
    return report.coverages[0]


def case(name: str, given: str, expect: str) -> str:
    return f"  - {{name: {name}, given: {given}, expect: {expect}}}\n"


def still_open(coverage: Coverage) -> set[str]:
    return {f"{part.text} {part.aspect}" for part in coverage.open}


def test_a_gate_and_its_condition_are_covered_by_both_verdicts(tmp_path):
    policy = small(gates=gate("g", "{fact: reachable}", "refer"))
    passes = case("yes", "{facts: {reachable: true, claim: 1}}", "{gates: {g: passed}}")
    coverage = covered(tmp_path, policy, passes)
    assert still_open(coverage) >= {"gate g failed", "condition reachable == yes of gate g false"}
    assert "gate g passed" not in still_open(coverage)
    fails = case("no", "{facts: {reachable: false}}", "{gates: {g: failed}}")
    assert not {one for one in still_open(covered(tmp_path, policy, passes, fails)) if "gate g" in one}


def test_what_is_unknown_covers_nothing(tmp_path):
    policy = small(gates=gate("g", "{fact: reachable}", "refer"))
    coverage = covered(tmp_path, policy, case("who knows", "{}", "{gates: {g: unknown}}"))
    assert {"gate g passed", "gate g failed"} <= still_open(coverage)
    assert "condition reachable == yes of gate g false" in still_open(coverage)


def test_one_part_of_an_alternative_that_was_never_true_stays_open(tmp_path):
    policy = small(rules=rule("r", "{any: [{fact: reachable}, {fact: disputed}]}"))
    coverage = covered(
        tmp_path,
        policy,
        case("one", "{facts: {reachable: true, disputed: false}}", "{rules: {r: fired}}"),
        case("none", "{facts: {reachable: false, disputed: false}}", "{rules: {r: refused}}"),
    )
    assert still_open(coverage) == {"condition disputed == yes of rule r true"}


def test_a_part_stands_at_the_file_and_line_of_the_policy():
    lines = (WATERFALL / "policy.yaml").read_text("utf-8").splitlines()
    for part in parts_of(load_located(WATERFALL)):
        name = {
            "condition": part.text.split()[1],
            "step": part.id.split("/")[-1],
            "cap": part.id.split("/")[-1],
        }
        if part.file.endswith("policy.yaml"):
            assert name.get(part.kind, part.id) in lines[part.line - 1]
        else:
            assert part.file.endswith("waiver.csv")
            assert part.line > 1


def test_the_steps_taken_and_the_caps_that_bound_are_covered_by_an_application(tmp_path):
    text = (WATERFALL / "policy.yaml").read_text("utf-8")
    (tmp_path / "waiver.csv").write_bytes((WATERFALL / "waiver.csv").read_bytes())
    ill = case("ill", f"{{application: '{EXAMPLES}/illness.json'}}", "{outcome: offer}")
    coverage = covered(tmp_path, text, ill)
    # README: the rate goes to its end, six months bind by "half a year", and 778.88 is set aside short of its cap.
    for part in ("step lower-rate", "step add-months", "step set-aside"):
        assert f"{part} of rule rate-then-term taken" not in still_open(coverage)
    assert 'cap "half a year" of step add-months of rule rate-then-term binding' not in still_open(coverage)
    assert {
        'cap "longest term" of step add-months of rule rate-then-term binding',
        'cap "at most" of step set-aside of rule rate-then-term binding',
        "step set-aside of rule rate-then-term skipped",
        "conclusion income-gone true",
    } <= still_open(coverage)
    assert "conclusion heavy-burden true" not in still_open(coverage)


def test_a_row_of_a_table_is_covered_only_if_it_counts(tmp_path):
    text = (WATERFALL / "policy.yaml").read_text("utf-8")
    (tmp_path / "waiver.csv").write_bytes((WATERFALL / "waiver.csv").read_bytes())
    coverage = covered(
        tmp_path,
        text,
        case("severe", "{facts: {severity: severe, days_past_due: 10}}", "{facts: {severity: severe}}"),
    )
    assert "conclusion waiver-1 true" not in still_open(coverage)
    assert "conclusion waiver-4 true" in still_open(coverage)


def test_a_row_that_tests_nothing_is_not_asked_to_fail():
    parts = {(part.id, part.aspect) for part in parts_of(load_located(WATERFALL))}
    assert ("waiver-4", "true") in parts
    assert ("waiver-4", "false") not in parts


@pytest.mark.parametrize("source", [*packaged_policies(), WATERFALL], ids=str)
def test_a_located_policy_is_the_policy_and_has_its_digest(source):
    on = __import__("datetime").date(2026, 3, 18)
    located, plain = load_located(source).policy, load_policy(source)
    assert located == plain
    assert located.at(on).digest == plain.at(on).digest
