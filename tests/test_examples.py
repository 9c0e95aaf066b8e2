"""Every script in examples/ runs and prints what it says."""

import runpy
from decimal import Decimal
from pathlib import Path

import pytest

from cases import packaged
from restructure import Defer, decide, load_policy, read_application, reschedule
from restructure.casework.decisions.explanation import explain
from restructure.testing.report import run_cases

EXAMPLES = Path(__file__).parents[1] / "examples"
RULES = EXAMPLES.parent / "rules"


@pytest.mark.parametrize("script", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.name)
def test_a_script_runs(script, capsys):
    shown = runpy.run_path(str(script))
    printed = capsys.readouterr().out
    assert printed.strip()
    assert shown["__doc__"]


def test_rolled_instalments_fall_on_no_weekend_and_no_public_holiday(capsys):
    shown = runpy.run_path(str(EXAMPLES / "business_days.py"))
    printed = capsys.readouterr().out
    assert not any(shown["closed"](row.due) for row in shown["rolled"].rows)
    # The National Day week of 2026 begins on Thursday, 1 October; the first open day after it is Thursday the 8th.
    assert " 9  Thu 01 Oct 2026 -> Thu 08 Oct 2026" in printed
    # Moving only the payment leaves the interest as agreed.
    assert shown["rolled"].interest == shown["agreed"].interest != shown["accrued"].interest


def test_the_cases_of_the_waterfall_pass_and_cover_it_whole():
    report = run_cases([EXAMPLES / "waterfall"])
    assert report.failed == ()
    assert [str(part) for part in report.coverages[0].open] == []


def test_the_waterfall_sets_aside_no_cent_more_than_brings_the_instalment_to_its_target():
    case = read_application(EXAMPLES / "illness.json")
    decision = decide(case, load_policy(EXAMPLES / "waterfall"), on=case.as_of)
    (offer,) = decision.offers
    assert [(step.id, step.outcome) for step in offer.steps] == [
        ("lower-rate", "exhausted"),
        ("add-months", "exhausted"),
        ("set-aside", "applied"),
    ]
    target = decision.assessment.affordable_instalment * Decimal("0.9")
    *others, parked = offer.plan.measures
    assert isinstance(parked, Defer)
    assert offer.plan.instalment <= target
    less = Defer(of="principal", amount=parked.amount - Decimal("0.01"))
    assert reschedule(decision.assessment.position, [*others, less]).instalment > target


def test_the_articles_two_cases_end_as_they_should(capsys):
    shown = runpy.run_path(str(EXAMPLES / "founding_article.py"))
    success, history, refused = shown["success"], shown["history"], shown["refused"]
    kinds = [event.kind for event in history.events]
    assert kinds[:3] == ["proposed", "countered", "accepted"]
    assert [kind for kind in kinds if kind not in ("proposed", "countered", "accepted", "paid")] == [
        "missed",
        "cured",
        "completed",
    ]
    assert success.standing.value == "completed"
    assert success.owed.buckets.claim == 0
    assert success.received == history.agreement.plan.schedule.total + history.payments[-1].amount
    assert refused.offers == ()
    assert refused.enforcement_barred
    assert shown["allowed"] is False


def test_the_cases_of_the_policy_that_extends_a_packaged_table_pass_and_cover_it_whole():
    report = run_cases([EXAMPLES / "residual-income"])
    assert report.failed == ()
    assert [str(part) for part in report.coverages[0].open] == []


PACKS = sorted(path.stem for path in EXAMPLES.glob("*.json") if (RULES / path.stem).is_dir())


def explained(name: str, most: int | None) -> None:
    """Decide the example of a packaged policy and explain its refusals, or so many of them."""
    case, policy = read_application(EXAMPLES / f"{name}.json"), packaged(name)
    decision = decide(case, policy, on=case.as_of)
    assert decision.offers or decision.refusals or not policy.rules
    assert all(explain(decision, policy, rule=refusal.rule) for refusal in decision.refusals[:most])


@pytest.mark.parametrize("name", PACKS)
def test_the_example_of_a_packaged_policy_is_decided_by_it_and_explains_itself(name):
    explained(name, most=1)


@pytest.mark.slow  # an explanation looks for what would have to differ, up to a second each
@pytest.mark.parametrize("name", PACKS)
def test_every_refusal_of_the_example_of_a_packaged_policy_is_explained(name):
    explained(name, most=None)


def test_the_documentation_lists_every_packaged_policy_and_says_what_it_is_not():
    page = (EXAMPLES.parent / "docs" / "programmes" / "index.md").read_text("utf-8")
    listed = {
        line.split("`")[1] for line in page.splitlines() if line.startswith("| `") and line.count("|") == 6
    }
    packs = {path.parent.name for path in RULES.glob("*/policy.yaml")}
    assert packs <= listed
    for pack in packs:
        head = " ".join((RULES / pack / "policy.yaml").read_text("utf-8").replace("\n#", " ").lower().split())
        assert "an implementation of published rules at a date, not legal advice" in head, pack
