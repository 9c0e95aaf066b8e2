"""Coverage: each part of a policy is reached by what reaches it and by nothing else, and stands at its line."""

from datetime import date
from pathlib import Path

import pytest

from cases import EXAMPLES, gate, rule, small, written
from restructure.policy.loading.loading import load_located, load_policy
from restructure.policy.loading.locating import packaged_policies
from restructure.testing.coverage import Coverage
from restructure.testing.coverage_parts import parts_of
from restructure.testing.report import run_cases

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
            "target": "instalment_after",
            "step": part.id.split("/")[-1],
            "cap": part.id.split("/")[-1],
        }
        if part.file.endswith("policy.yaml"):
            assert name.get(part.kind, part.id) in lines[part.line - 1]
        else:
            assert part.file.endswith("waiver.csv")
            assert part.line > 1


SEARCHED = """[{search: {target: {fact: instalment_after, value: TARGET}, stop: STOP, steps: [
      {id: longer, when: GUARD,
       measure: {measure: extend, instalments: {vary: {up_to: 12}}}}]}}]"""
OF_STEP = "of step longer of rule r"


def searched(folder: Path, *given: str, **words: str) -> set[str]:
    """What a policy with one search of one step leaves open after applications."""
    offer = SEARCHED
    for word, text in (
        {"TARGET": "1500", "STOP": "at_or_below", "GUARD": "{fact: reachable}"} | words
    ).items():
        offer = offer.replace(word, text)
    cases = [
        case(f"case {k}", one, "{rules: {r: fired}}").replace("  - {", "  - {on: 2026-03-18, ")
        for k, one in enumerate(given)
    ]
    coverage = covered(folder, small(rules=rule("r", offer=offer)), *cases)
    return {
        one.partition(" of ")[0] + " " + one.rpartition(" ")[2]
        for one in still_open(coverage)
        if " rule r" in one
    }


def ill(change: str = "") -> str:
    over = f", application: {{{change}}}" if change else ""
    return f"{{base: ill{over}}}"


@pytest.fixture(autouse=True)
def _ill(monkeypatch):
    """Let every file of cases have the ill borrower as a base."""
    plain = written

    def with_base(folder, text, name):
        if name == "x_test.yaml":
            text = f"base: {{ill: {{application: '{EXAMPLES}/illness.json'}}}}\n{text}"
        return plain(folder, text, name)

    monkeypatch.setitem(globals(), "written", with_base)


def test_a_target_that_a_step_reaches_is_met_and_not_missed(tmp_path):
    left = searched(tmp_path, ill())
    assert left >= {
        "target instalment_after <= 1,500.00 missed",
        "step longer exhausted",
        "step longer skipped",
    }
    assert not left & {"target instalment_after <= 1,500.00 met", "step longer applied"}


def test_a_target_that_no_step_reaches_is_missed_and_not_met(tmp_path):
    left = searched(tmp_path, ill(), TARGET="200")
    assert left >= {"target instalment_after <= 200.00 met", "step longer applied"}
    assert not left & {"target instalment_after <= 200.00 missed", "step longer exhausted"}


def test_a_target_that_holds_from_the_start_is_met_and_leaves_the_guard_unjudged(tmp_path):
    left = searched(tmp_path, ill(), TARGET="9999")
    assert "target instalment_after <= 9,999.00 met" not in left
    assert left >= {
        "condition reachable == yes true",
        "condition reachable == yes false",
        "step longer skipped",
    }


def test_a_guard_is_seen_false_only_where_it_is_false_and_not_where_it_is_unknown(tmp_path):
    unknown = searched(tmp_path, ill("conduct: {reachable: null}"))
    assert unknown >= {
        "step longer skipped",
        "condition reachable == yes false",
        "condition reachable == yes true",
    }
    false = searched(tmp_path, ill("conduct: {reachable: false}"))
    assert not false & {"step longer skipped", "condition reachable == yes false"}
    assert "condition reachable == yes true" in false


def test_a_search_seen_from_every_side_is_covered_whole(tmp_path):
    lower = "{parameters: {goal: 200}, base: ill}"
    text = "goal: {title: t, unit: money, source: own, values: {2026-01-01: 1500}}"
    policy = small(
        parameters=f"  {text}\n",
        rules=rule(
            "r",
            offer=SEARCHED.replace("TARGET", "{parameter: goal}")
            .replace("STOP", "at_or_below")
            .replace("GUARD", "{fact: reachable}"),
        ),
    )
    coverage = covered(
        tmp_path,
        policy,
        case("met", ill(), "{rules: {r: fired}}"),
        case("missed", lower, "{refusals: {r: target-missed}}"),
        case("skipped", ill("conduct: {reachable: false}"), "{rules: {r: fired}}"),
    )
    assert {one.partition(" of ")[0] for one in still_open(coverage)} == {
        "rule r refused",
        "condition claim known",
    }


def test_a_search_that_only_tests_is_not_asked_to_stop_at_a_step(tmp_path):
    left = searched(tmp_path, ill(), STOP="test_only")
    assert not {one for one in left if "applied" in one}
    assert "step longer exhausted" not in left


def test_each_comparison_of_a_guard_stands_at_its_own_line(tmp_path):
    guard = "{all: [\n      {fact: reachable},\n      {fact: disputed, op: '==', value: false}]}"
    offer = SEARCHED.replace("TARGET", "1500").replace("STOP", "at_or_below").replace("GUARD", guard)
    path = written(tmp_path, small(rules=rule("r", offer=offer)), "policy.yaml")
    lines = path.read_text("utf-8").splitlines()
    parts = [
        part for part in parts_of(load_located(tmp_path)) if OF_STEP in part.text and part.kind == "condition"
    ]
    assert len(parts) == 4
    for part in parts:
        assert lines[part.line - 1].strip().startswith(f"{{fact: {part.text.split()[1]}")


def test_the_steps_taken_and_the_caps_that_bound_are_covered_by_an_application(tmp_path):
    text = (WATERFALL / "policy.yaml").read_text("utf-8")
    (tmp_path / "waiver.csv").write_bytes((WATERFALL / "waiver.csv").read_bytes())
    ill = case("ill", f"{{application: '{EXAMPLES}/illness.json'}}", "{outcome: offer}")
    coverage = covered(tmp_path, text, ill)
    # README: the rate goes to its end, six months bind by "half a year", and 778.88 is set aside short of its cap.
    for part in (
        "step lower-rate of rule rate-then-term exhausted",
        "step add-months of rule rate-then-term exhausted",
        "step set-aside of rule rate-then-term applied",
        "target instalment_after <= 0.9 × affordable_instalment of rule rate-then-term met",
        "condition apr_after <= 20 % of step set-aside of rule rate-then-term true",
    ):
        assert part not in still_open(coverage)
    assert 'cap "half a year" of step add-months of rule rate-then-term binding' not in still_open(coverage)
    assert {
        'cap "longest term" of step add-months of rule rate-then-term binding',
        'cap "at most" of step set-aside of rule rate-then-term binding',
        "step lower-rate of rule rate-then-term applied",
        "step add-months of rule rate-then-term applied",
        "step set-aside of rule rate-then-term exhausted",
        "step set-aside of rule rate-then-term skipped",
        "target instalment_after <= 0.9 × affordable_instalment of rule rate-then-term missed",
        "condition apr_after <= 20 % of step set-aside of rule rate-then-term false",
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
    located, plain = load_located(source).policy, load_policy(source)
    assert located == plain
    on = plain.effective_from or date(2026, 3, 18)
    assert located.at(on).digest == plain.at(on).digest
