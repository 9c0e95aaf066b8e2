"""Every start is valid on any day, its comments are those of the schemas, and its cases pass."""

import json
import re
import tempfile
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from cases import packaged
from restructure import InvalidInput, decide, load_policy, packaged_policies, read_application
from restructure.document import text_document
from restructure.starts.application import new_application
from restructure.starts.cases import new_cases
from restructure.starts.commented import (
    COMMENT,
    LANGUAGES,
    commented,
    description,
    template_text,
    translations,
)
from restructure.starts.formats import schema_of
from restructure.starts.policy import new_extending_policy, new_policy
from restructure.testing.report import run_cases

TODAY = date(2026, 3, 18)
DAYS = [
    date(2026, 1, 1),
    date(2026, 3, 31),
    date(2026, 12, 31),
    date(2027, 2, 28),
    date(2028, 2, 29),
    date(2028, 4, 14),  # 45 days after 29 February
    date(2035, 10, 15),
]
TEMPLATES = {
    "contract": "application",
    "stated": "application",
    "borrower": "application",
    "policy": "policy",
    "extending": "policy",
    "replaced": "policy",
    "currency": "policy",
    "cases": "cases",
    "figures": "cases",
}
"""Each template, and the format whose fields it has."""


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


# --- an application


@pytest.mark.parametrize("kind", ["contract", "stated"])
@pytest.mark.parametrize("on", DAYS, ids=str)
def test_the_start_of_an_application_gets_an_offer_on_any_day(on, kind):
    decision = decide(new_application(on=on, kind=kind), packaged("cn-consumer-finance"), on=on)
    assert [offer.rule for offer in decision.offers] == ["illness-relief", "longer-term"]
    assert decision.missing == ()
    assert 45 <= decision.assessment.days_past_due <= 48


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["contract", "stated"])
def test_the_start_of_an_application_can_be_read_on_every_day_of_five_years(kind):
    """Its due dates exist in every month, and no date contradicts another."""
    for k in range(5 * 366):
        on = date(2026, 1, 1) + timedelta(days=k)
        data = text_document(new_application(on=on, kind=kind)).data
        loan = data["loan"]
        due = loan["contract"]["first_due"] if kind == "contract" else loan["oldest_unpaid_due"]
        assert due.day <= 28
        assert read_application(data).as_of == on


def test_both_kinds_describe_the_same_borrower():
    contract, stated = (
        decide(new_application(on=TODAY, kind=kind), packaged("cn-consumer-finance"), on=TODAY).assessment
        for kind in ("contract", "stated")
    )
    assert contract.position.buckets == stated.position.buckets
    assert contract.days_past_due == stated.days_past_due
    assert contract.affordable_instalment == stated.affordable_instalment


@pytest.mark.parametrize("kind", ["contract", "stated"])
def test_json_holds_what_yaml_holds_and_no_comment(kind):
    text = new_application(on=TODAY, kind=kind, plain=True)
    assert "#" not in text
    assert read_application(json.loads(text)) == read_application(new_application(on=TODAY, kind=kind))


def test_the_language_changes_the_comments_and_the_name_and_nothing_else():
    english, chinese = (new_application(on=TODAY, language=language) for language in LANGUAGES)
    apart = [
        (a, b)
        for a, b in zip(
            *(
                [line for line in text.splitlines() if not line.lstrip().startswith("#")]
                for text in (english, chinese)
            ),
            strict=True,
        )
        if a != b
    ]
    assert apart == [("  name: Ms Li Na", "  name: 李女士")]
    comments = "".join(line.strip() for line in chinese.splitlines() if line.lstrip().startswith("#"))
    assert re.findall(r"(?<![\w`])(?:The|Whether|such as|One of)\b", comments) == []


def test_a_language_without_comments_is_refused():
    with pytest.raises(InvalidInput, match=r'nothing is written in "fr" \(known: en, zh\)'):
        new_application(on=TODAY, language="fr")


# --- the comments


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_comment_is_about_the_field_below_it(name):
    lines = template_text(name).splitlines()
    for k, line in enumerate(lines):
        if match := COMMENT.fullmatch(line):
            below = next(text for text in lines[k:] if not COMMENT.fullmatch(text))
            field = match["field"].partition(".")[2]
            keys = re.findall(r"[\s{]*(?:- )?\{?(\w+):|, (\w+):", below)
            assert field in {key for pair in keys for key in pair}, f"{line.strip()} is above {below!r}"


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_comment_is_about_a_field_that_the_schema_has_and_is_there_in_chinese(name):
    schema = schema_of(TEMPLATES[name])
    texts = [
        description(match["field"], schema)
        for match in map(COMMENT.fullmatch, template_text(name).splitlines())
        if match
    ]
    sentences = re.findall(r"^ *## (.+)$", template_text(name), re.MULTILINE)
    assert texts
    assert [text for text in [*texts, *sentences] if text not in translations("zh")] == []


def test_a_comment_about_a_field_that_does_not_exist_is_noticed(monkeypatch):
    monkeypatch.setattr(
        "restructure.starts.commented.template_text", lambda name: "#: Finances.incom\nincom: 1"
    )
    with pytest.raises(KeyError, match="incom"):
        commented("any", {}, schema_of("application"))


def test_no_translation_is_left_of_a_text_that_changed():
    texts = set()
    for name, of in TEMPLATES.items():
        texts |= {
            description(m["field"], schema_of(of))
            for m in map(COMMENT.fullmatch, template_text(name).splitlines())
            if m
        }
        texts |= set(re.findall(r"^ *## (.+)$", template_text(name), re.MULTILINE))
    assert set(translations("zh")) - texts == set()


@pytest.mark.parametrize("kind", ["contract", "stated"])
def test_every_field_of_an_application_has_a_comment_where_it_is_first_seen(kind):
    """Fields that every part has, such as the reference, are explained where they are part of another."""
    lines = new_application(on=TODAY, kind=kind).splitlines()
    bare = [
        line
        for above, line in pairwise(lines)
        if re.match(r" *\w+:", line) and "#" not in above and line.strip() not in ("borrower:", "loan:")
    ]
    assert bare == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_line_of_a_start_is_wider_than_an_editor(language):
    for text in (new_application(on=TODAY, language=language), new_policy(on=TODAY, language=language)):
        assert [line for line in text.splitlines() if len(line) > 110] == []


# --- a policy


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("on", [date(2026, 12, 31), date(2028, 2, 29)], ids=str)
def test_the_start_of_a_policy_makes_an_offer_to_the_start_of_an_application(on, language, tmp_path):
    policy = load_policy(written(tmp_path, "policy.yaml", new_policy(on=on, language=language)))
    decision = decide(new_application(on=on), policy, on=on)
    assert [offer.rule for offer in decision.offers] == ["longer-term"]
    assert decision.offers[0].plan.identities.hold


@pytest.mark.parametrize("name", packaged_policies())
def test_the_start_of_a_policy_that_extends_a_packaged_one_is_valid(name, tmp_path):
    base = packaged(name)
    policy = load_policy(written(tmp_path, "policy.yaml", new_extending_policy(base, name, on=TODAY)))
    assert {rule.id for rule in policy.rules} - {rule.id for rule in base.rules} == {"our-small-step"}
    assert set(policy.parameters) == set(base.parameters)


def test_a_policy_that_extends_decides_as_its_base_until_a_number_is_changed(tmp_path):
    base = packaged("cn-consumer-finance")
    text = new_extending_policy(base, "cn-consumer-finance", on=TODAY)
    case = new_application(on=TODAY)
    extending = load_policy(written(tmp_path, "policy.yaml", text))
    before = decide(case, base, on=TODAY).offers[0]
    assert (
        before.plan == next(o for o in decide(case, extending, on=TODAY).offers if o.rule == before.rule).plan
    )
    changed = load_policy(written(tmp_path, "policy.yaml", text.replace("2026-03-01: 0.5", "2026-03-01: 1")))
    after = next(o for o in decide(case, changed, on=TODAY).offers if o.rule == before.rule)
    assert after.prospect.relief > before.prospect.relief


# --- cases


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_cases_of_a_new_policy_pass_and_fail_when_it_decides_something_else(language, tmp_path):
    policy = load_policy(written(tmp_path, "policy.yaml", new_policy(on=TODAY)))
    written(tmp_path, "policy_test.yaml", new_cases(policy, ".", on=TODAY, language=language))
    assert run_cases([tmp_path]).plain()["passed"] == 2
    written(tmp_path, "policy.yaml", new_policy(on=TODAY).replace(": 6}", ": 7}"))
    assert len(run_cases([tmp_path]).failed) == 1


@pytest.mark.parametrize("name", ["cn-consumer-finance", "us-fha-hamp", "ie-living-expenses"])
def test_the_cases_of_a_packaged_policy_pass(name, tmp_path):
    path = written(tmp_path, "a_test.yaml", new_cases(packaged(name), name, on=TODAY))
    assert run_cases([path]).plain()["passed"] == 2


@pytest.mark.slow
@pytest.mark.parametrize("name", packaged_policies())
def test_the_cases_of_every_packaged_policy_pass(name):
    with tempfile.TemporaryDirectory() as folder:
        path = written(Path(folder), "a_test.yaml", new_cases(packaged(name), name, on=TODAY))
        assert run_cases([path]).failed == ()
