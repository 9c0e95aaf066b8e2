"""One small bad file for each thing that can be wrong, beside it what is said about it.

`NAME.txt` holds every line of the error, in order; a line that ends in `...` fixes only how it begins
(the place and the code), where the wording is free. The sentences were read by a person.
"""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases import example, packaged, written
from restructure.casework.decisions.decision import decide
from restructure.document import field_names
from restructure.errors import CATALOGUE, InvalidInput, InvalidPolicy, RestructureError, did_you_mean
from restructure.intake.application import Application, read_application
from restructure.policy.loading.loading import load_policy
from restructure.testing.case_reader import read_cases

HERE = Path(__file__).parent
APPLICATIONS, POLICIES, CASES = (
    sorted(path for path in (HERE / folder).iterdir() if path.suffix != ".txt")
    for folder in ("applications", "policies", "cases")
)


def said(path: Path, error: RestructureError) -> list[str]:
    # A value that is quoted may hold a line break, a finding may not.
    return [str(issue) for issue in error.issues]


def check(path: Path, error: RestructureError) -> None:
    expected = path.with_name(f"{path.name}.txt").read_text("utf-8").splitlines()
    found = said(path, error)
    assert len(found) == len(expected), "\n".join(found)
    for line, wanted in zip(found, expected, strict=True):
        if wanted.endswith("..."):
            assert line.startswith(wanted.removesuffix("...").rstrip())
        else:
            assert line == wanted
    for issue in error.issues:
        assert issue.code in CATALOGUE
        assert issue.file == path.name
        assert "\n" not in issue.message
        # What pydantic says to programmers is not a sentence for an analyst.
        assert not re.search(
            r"\b(Input should|String should|Tuple should|pattern '|instance of)\b", issue.message
        )
    assert str(error) == "\n".join(found)


@pytest.mark.parametrize("path", APPLICATIONS, ids=lambda path: path.name)
def test_a_bad_application_is_refused_with_the_sentences_beside_it(path, monkeypatch):
    monkeypatch.chdir(path.parent)
    with pytest.raises(InvalidInput) as caught:
        read_application(path.name)
    check(path, caught.value)


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: path.name)
def test_a_bad_policy_is_refused_with_the_sentences_beside_it(path, monkeypatch):
    monkeypatch.chdir(path.parent)
    with pytest.raises(InvalidPolicy) as caught:
        load_policy(path.name)
    check(path, caught.value)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.name)
def test_a_bad_file_of_cases_is_refused_with_the_sentences_beside_it(path, monkeypatch):
    monkeypatch.chdir(path.parent)
    with pytest.raises(InvalidInput) as caught:
        read_cases(path.name)
    check(path, caught.value)


# What no file alone can cause, with the test that causes it.
ELSEWHERE = {
    "arguments-invalid": "tests/cli/test_arguments.py",
    "output-failed": "tests/cli/test_streams.py",
    "file-missing": "tests/intake/test_reading.py",
    "file-is-folder": "tests/intake/test_reading.py",
    "file-exists": "tests/starts/test_commands.py",
    "file-unwritable": "tests/starts/test_commands.py",
    "input-kind": "tests/test_inputs.py",
    "number-float": "tests/calculator/test_cost.py",
    "apr-undefined": "tests/calculator/test_cost.py",
    "apr-ambiguous": "tests/calculator/test_cost.py",
    "file-too-large": "tests/intake/test_reading.py",
    "balances-date": "tests/intake/test_assessment.py",
    "case-failed": "tests/testing/test_cases.py",
    "file-outside": "tests/policy/test_hostile.py",
    "hit-not-unique": "tests/policy/test_conclusions.py",
    "extends-clash": "tests/policy/test_extending.py",
    "extends-deep": "tests/policy/test_extending.py",
    "target-not-accepted": "tests/casework/decisions/test_ladders.py",
    "target-missed": "tests/casework/decisions/test_searches.py",
    "amount-unknown": "tests/casework/decisions/test_searches.py",
    "policy-differs": "tests/casework/decisions/test_explanations.py",
    "rule-unknown": "tests/casework/decisions/test_explanations.py",
    "policy-missing": "tests/policy/test_loading.py",
    "parameter-undefined": "tests/policy/test_loading.py",
    "policy-not-effective": "tests/policy/test_loading.py",
    "policy-currency": "tests/casework/decisions/test_decisions.py",
    "offers-not-one": "tests/casework/decisions/test_decisions.py",
    "record-altered": "tests/casework/decisions/test_decisions.py",
    "preset-unknown": "tests/calculator/test_presets.py",
    "preset-values": "tests/calculator/test_presets.py",
    "engine-self-test": "tests/policy/test_engines.py",
    "engine-failed": "tests/policy/test_engines.py",
    "engine-absent": "tests/policy/test_engines.py",
    "engine-disagreement": "tests/policy/test_engines.py",
    "engine-overflow": "tests/policy/test_engines.py",
    "offer-unknown": "tests/casework/agreements/test_agreements.py",
    "offer-expired": "tests/casework/agreements/test_agreements.py",
    "borrower-differs": "tests/casework/agreements/test_agreements.py",
    "decision-differs": "tests/casework/agreements/test_histories.py",
    "balances-moved": "tests/casework/agreements/test_agreements.py",
    "documents-missing": "tests/casework/agreements/test_agreements.py",
    "consent-invalid": "tests/casework/agreements/test_agreements.py",
    "payment-before-agreement": "tests/casework/agreements/test_reviews.py",
    "follow-up-unknown": "tests/policy/test_follow_up.py",
    "loan-differs": "tests/casework/agreements/test_early_warning.py",
    "extra-absent": "tests/test_cli.py",
    "trial-not-passed": "tests/casework/agreements/test_reviews.py",
    "event-order": "tests/casework/agreements/test_histories.py",
    "history-broken": "tests/casework/agreements/test_histories.py",
    "history-altered": "tests/casework/agreements/test_histories.py",
    "history-truncated": "tests/casework/agreements/test_histories.py",
}
# What depends on what is owed: tests/calculator.
OF_A_PLAN = {
    "waive-exceeds-bucket", "forgive-exceeds-bucket", "defer-exceeds-bucket", "measure-repeated", "spread-too-long",
    "rate-segments-overlap", "term-too-long", "nothing-owed", "term-said-twice",
    "balloon-exceeds-balance", "pay-exceeds-claim", "suspensions-overlap", "move-out-of-order",
    "balloon-not-needed", "settle-exceeds-claim", "settle-too-early", "settle-excludes",
    "instalment-unknown", "method-has-no-instalment", "move-beyond-term",
}  # fmt: skip


def test_every_code_has_a_file_or_a_test_elsewhere():
    codes = {
        code
        for path in (*APPLICATIONS, *POLICIES, *CASES)
        for code in re.findall(
            r": ([a-z]+(?:-[a-z]+)+): ", path.with_name(f"{path.name}.txt").read_text("utf-8")
        )
    }
    named = {
        code
        for path in (*APPLICATIONS, *POLICIES, *CASES)
        for code in CATALOGUE
        if path.name.startswith(code)
    }
    assert set(CATALOGUE) - codes - named - ELSEWHERE.keys() - OF_A_PLAN == set()
    for code, file in ELSEWHERE.items():
        assert code in (HERE.parents[1] / file).read_text("utf-8"), code


def test_the_catalogue_says_what_each_code_means_and_how_to_mend_it():
    for code, text in CATALOGUE.items():
        assert re.fullmatch(r"[a-z]+(-[a-z0-9]+)*", code)
        assert text[0].isupper() or text.startswith(("`", "durable-rules"))
        assert text.endswith(".")


def test_every_code_in_the_source_is_in_the_catalogue():
    source = HERE.parents[1] / "src" / "restructure"
    used = {
        code
        for path in source.rglob("*.py")
        for code in re.findall(
            r'(?:Issue|PydanticCustomError|issue|_report)\(\s*"([a-z]+(?:-[a-z]+)+)"', path.read_text("utf-8")
        )
    }
    assert used - CATALOGUE.keys() == set()
    assert len(used) > 40


@pytest.mark.parametrize("path", APPLICATIONS, ids=lambda path: path.name)
def test_no_bad_application_reaches_a_decision(path):
    policy = packaged("cn-consumer-finance")
    with pytest.raises(RestructureError):
        decide(application := read_application(path), policy, on=application.as_of)


def test_a_field_in_the_wrong_place_is_not_suggested_for_itself(tmp_path):
    data = example("illness")
    for name in sorted(field_names(Application)):
        for here in (data, data["loan"]):
            misplaced = json.loads(json.dumps(data))
            (misplaced if here is data else misplaced["loan"]).setdefault(name, {})
            try:
                read_application(written(tmp_path, misplaced))
            except InvalidInput as error:
                assert f'did you mean "{name}"' not in str(error)


@given(st.text(max_size=8), st.lists(st.text(max_size=8)))
def test_no_hint_repeats_the_word_it_is_about(word, known):
    assert did_you_mean(word, [*known, word]) == did_you_mean(
        word, [other for other in known if other != word]
    )
