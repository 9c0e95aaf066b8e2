"""The two cases of the founding article, and its published example, from file to offer."""

import json
from datetime import date
from decimal import Decimal

import pytest

from calculator.oracles import fraction_of_year, rounded
from cases import EXAMPLES, ROOT, packaged
from restructure.calculator.measures.books import MovementKind
from restructure.calculator.servicing.position import Bucket
from restructure.casework.decisions.decision import Decision, decide
from restructure.intake.application import Application, read_application


@pytest.fixture(scope="module")
def illness() -> Decision:
    case = read_application(EXAMPLES / "illness.json")
    return decide(case, packaged("cn-consumer-finance"), on=case.as_of)


@pytest.fixture(scope="module")
def overspending() -> Decision:
    case = read_application(EXAMPLES / "overspending.json")
    return decide(case, packaged("cn-consumer-finance"), on=case.as_of)


# --- illness


def test_illness_is_offered_six_more_months_with_half_of_the_interest_arrears_and_all_penalty_waived(illness):
    assert illness.outcome == "offer"
    best = illness.offers[0]
    assert (best.rule, best.rank) == ("illness-relief", 1)
    # The oldest unpaid instalment fell due on 30 January, 47 days before 18 March.
    assert illness.assessment.days_past_due == (date(2026, 3, 18) - date(2026, 1, 30)).days == 47
    buckets = illness.assessment.position.buckets
    plan, prospect = best.plan, best.prospect
    # 24 instalments, those of July to February fell due: 16 were left, 6 are added.
    assert (illness.assessment.remaining_term, prospect.term_added, prospect.term_after) == (16, 6, 22)
    assert len(plan.schedule.rows) == 22
    half = (buckets.interest_arrears * 100 + 1) // 2 / 100  # half a fen goes up
    assert plan.moved(MovementKind.WAIVED, Bucket.INTEREST_ARREARS) == half
    assert plan.moved(MovementKind.WAIVED, Bucket.PENALTY) == buckets.penalty > 0
    assert prospect.waived == half + buckets.penalty
    assert prospect.forgiven == 0


def test_illness_is_affordable_every_month_and_every_identity_is_zero(illness):
    for offer in illness.offers:
        # 4,800 + 2,200 of income, 4,600 of costs, 300 of other debts.
        assert max(row.total for row in offer.plan.schedule.rows) <= Decimal("2100.00")
        assert {str(value) for value in offer.plan.identities.model_dump().values()} == {"0.00"}
        assert str(offer.plan.schedule.rows[-1].balance) == "0.00"


def test_illness_told_in_the_decision_names_the_arrears_and_bars_enforcement(illness):
    told = {c.fact: c.actual for gate in illness.gates for c in gate.conditions}
    assert told["days_past_due"] == "47 days"
    assert illness.missing == ()
    assert illness.failed_gates == ()
    assert illness.enforcement_barred
    assert {refusal.rule for refusal in illness.refusals} | {offer.rule for offer in illness.offers} == {
        rule.id for rule in packaged("cn-consumer-finance").rules
    }


def test_the_borrower_then_pays_every_new_instalment_on_time_and_owes_nothing(illness):
    """An own ledger: interest at 18 % by scheduled months on what is owed, paid from each instalment."""
    best = illness.offers[0]
    plan, on = best.plan, illness.on
    buckets = plan.position.buckets
    waived = plan.moved(MovementKind.WAIVED)
    owed = int((buckets.claim - waived) * 100)
    assert buckets.fees == 0  # so all the rest has joined the principal
    day, paid = on, 0
    for row in plan.schedule.rows:
        interest = rounded(
            owed * plan.position.repayment.annual_rate * fraction_of_year("30/360 by month", day, row.due, 30)
        )
        if day == on:
            # The first period is a part of a scheduled month: 12 of the days from 28 February to 30 March.
            assert row.due == date(2026, 3, 30)
        assert int(row.interest * 100) == interest
        owed += interest - int(row.total * 100)
        paid += int(row.total * 100)
        assert int(row.balance * 100) == owed
        day = row.due
    assert owed == 0
    assert paid == int(best.prospect.total_after * 100)
    assert day == best.prospect.last_due_after == date(2027, 12, 30)


# --- over-spending


def test_overspending_gets_no_offer_and_no_enforcement_but_a_person(overspending):
    assert overspending.outcome == "refer"
    assert overspending.offers == ()
    assert overspending.enforcement_barred
    assert "incomplete" in overspending.enforcement_reason


def test_overspending_names_every_gate_that_failed_or_cannot_be_judged(overspending):
    assert [(gate.id, gate.verdict) for gate in overspending.failed_gates] == [
        ("file-complete", "failed"),
        ("willing-to-repay", "failed"),
        ("reachable", "failed"),
        ("able-to-repay", "unknown"),
        ("not-too-often", "unknown"),
    ]
    assert {gate.id for gate in overspending.gates if gate.verdict == "passed"} == {
        "in-difficulty",
        "undisputed",
    }


def test_overspending_names_the_missing_information_and_who_needs_it(overspending):
    needed = {one.place: set(one.needed_by) for one in overspending.missing}
    for place in (
        "finances.essential_costs",
        "finances.other_debts",
        "finances.liquid_reserves",
        "hardship.onset",
        "hardship.evidence (hardship_proof)",
        "hardship.evidence (income_proof)",
        "previous_restructurings",
    ):
        assert place in needed
    assert "able-to-repay" in needed["finances.essential_costs"] & needed["finances.other_debts"]
    assert "not-too-often" in needed["previous_restructurings"]


def test_overspending_explains_every_refusal_from_the_record_alone(overspending):
    assert {one.rule for one in overspending.refusals} == {
        rule.id for rule in packaged("cn-consumer-finance").rules
    }
    for refusal in overspending.refusals:
        assert refusal.conditions
        for condition in refusal.conditions:
            assert condition.verdict in ("false", "unknown")
            assert condition.actual
            assert condition.threshold
            assert condition.fact in refusal.message
            assert condition.actual in refusal.message


# --- the published example


def test_the_published_example_comes_out_to_the_cent():
    case = json.loads((ROOT / "tests" / "golden" / "cn_open_5.json").read_text("utf-8"))
    given, expected = case["inputs"], case["expected"]
    application = Application.model_validate(
        {
            "reference": "cn-open-5",
            "as_of": "2026-03-18",
            "borrower": {"reference": "B"},
            "loan": {
                "basis": "stated",
                "reference": "L",
                "currency": "CNY",
                "balances": {
                    "principal": given["principal_outstanding"],
                    "interest_arrears": given["overdue_interest"],
                    "penalty": given["penalties"],
                },
                "repayment": {
                    "annual_rate": given["rate"] + "%",
                    "instalments": given["remaining_term"],
                    "first_due": "2026-04-18",
                },
                "oldest_unpaid_due": "2026-01-30",
                "missed_instalments": 2,
            },
            "finances": {
                "income": [{"source": "wage", "monthly": given["monthly_income"]}],
                "income_before": "11500",
                "essential_costs": [{"category": "other", "monthly": given["living_expenses"]}],
                "other_debts": [{"creditor": "C", "monthly": given["other_debt_service"]}],
                "liquid_reserves": "0",
            },
            "hardship": {
                "cause": "illness",
                "onset": "2026-01-12",
                "evidence": [
                    {"kind": "hardship_proof", "on": "2026-03-10"},
                    {"kind": "income_proof", "on": "2026-03-10"},
                ],
            },
            "conduct": {"willing_to_repay": True, "reachable": True, "disputed": False},
            "previous_restructurings": [],
        }
    )
    decision = decide(application, packaged("cn-consumer-finance"), on=application.as_of)
    assert decision.outcome == "offer"
    (offer,) = decision.offers
    prospect = offer.prospect
    assert offer.rule == "illness-relief"
    assert str(prospect.waived) == expected["waived"]
    assert str(offer.plan.instalment) == str(prospect.instalment_after) == expected["new_payment"]
    assert str(decision.assessment.instalment_before) == expected["old_payment"]
    assert prospect.term_after == expected["new_term"]
    assert str(decision.assessment.disposable_income) == expected["disposable_income"]
    assert (prospect.highest_payment_after <= decision.assessment.affordable_instalment) is expected[
        "affordable"
    ]
    assert f"{prospect.payment_reduction * 100:.2f}" == expected["payment_reduction_pct"]
    joined = offer.plan.moved(MovementKind.CAPITALISED) + Decimal(given["principal_outstanding"])
    assert f"{joined:.2f}" == expected["new_balance"]
    assert offer.plan.identities.hold
