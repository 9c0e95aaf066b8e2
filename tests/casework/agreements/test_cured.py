"""A loan whose agreed instalment lies below its interest is cured by an offer, and what cannot be known is not said."""

import json
import re
from datetime import date

import pytest

from cases import ROOT, changed, packaged
from restructure.blocks import to_text
from restructure.casework.decisions.decision import Decision, decide
from restructure.intake.application import Application
from restructure.policy.language.sections import Limit
from restructure.policy.policy import Policy
from restructure.views import summarise

ON = date(2026, 3, 18)


@pytest.fixture
def application() -> Application:
    """36,000 at 18 % bear 540 a month, of which an instalment of 500 was agreed; the borrower fell ill."""
    case = json.loads((ROOT / "examples" / "illness.json").read_text("utf-8"))
    loan = {
        "basis": "stated",
        "reference": "L",
        "currency": "CNY",
        "balances": {"principal": "36000", "interest_arrears": "1080", "penalty": "162"},
        "repayment": {
            "annual_rate": "18%",
            "instalments": 18,
            "first_due": "2026-04-18",
            "instalment": "500",
        },
        "oldest_unpaid_due": "2026-01-30",
        "missed_instalments": 2,
    }
    return Application.model_validate(changed(case, "loan", loan))


def test_an_offer_is_made_and_says_what_it_cannot_be_compared_with(application):
    decision = decide(application, packaged("cn-consumer-finance"), on=ON)
    (offer,) = decision.offers
    assert (offer.rule, offer.plan.before, offer.plan.identities.hold) == ("illness-relief", None, True)
    # 36,540 at 1.5 % over 24 instalments; 500 were agreed.
    assert str(offer.prospect.instalment_after) == "1824.23"
    assert (offer.prospect.npv_loss, offer.prospect.extra_cost) == (None, None)
    assert str(offer.prospect.payment_reduction) == "-2.648460"
    assert Decision.model_validate_json(decision.model_dump_json()) == decision
    text = to_text(summarise(decision))
    for label in ("against paying as agreed", "loss of present value"):
        assert re.search(rf"^{label} +unknown$", text, re.MULTILINE)


def test_a_limit_on_what_is_unknown_is_not_kept(application):
    policy = packaged("cn-consumer-finance")
    limit = Limit.model_validate(
        policy.limits[0].model_dump(mode="json")
        | {"id": "loss", "require": {"fact": "npv_loss", "op": "<=", "value": "0.5"}}
    )
    strict = Policy.model_validate(policy.model_copy(update={"limits": (*policy.limits, limit)}))
    decision = decide(application, strict, on=ON)
    refusal = next(one for one in decision.refusals if one.rule == "illness-relief")
    assert (decision.offers, refusal.stage, refusal.code) == ((), "limit", "loss")
    assert [one.verdict for one in refusal.conditions] == ["unknown"]
