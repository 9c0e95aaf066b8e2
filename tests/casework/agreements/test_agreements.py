"""Acceptance: what was offered, by whom it was offered to, while it still fits, once."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from cases import packaged
from casework.agreed import SHOWN, agreed, decided, illness
from restructure.calculator.servicing.contract import Payment
from restructure.calculator.servicing.position import Position
from restructure.casework.agreements.agreement import Agreement, accept
from restructure.casework.decisions.decision import decide
from restructure.errors import InvalidInput
from restructure.intake.application import Evidence, StatedLoan, position_on

BY = illness().borrower.reference


def take(decision, **changes) -> Agreement:
    given_ = {"rule": "illness-relief", "on": decision.on, "by": BY, "channel": "phone", "evidence": SHOWN}
    given_ |= changes
    return accept(decision, rule=given_.pop("rule"), **given_)


def codes(decision, **changes) -> list[str]:
    with pytest.raises(InvalidInput) as refused:
        take(decision, **changes)
    return [issue.code for issue in refused.value.issues]


def test_the_same_acceptance_twice_is_one_agreement():
    assert take(decided()) == take(decided())
    assert take(decided()).id != take(decided(), channel="written").id


def test_an_agreement_reads_back_as_it_was_and_an_edited_one_not():
    agreement = agreed()
    text = agreement.model_dump_json()
    assert Agreement.model_validate_json(text) == agreement
    with pytest.raises(ValidationError, match="edited"):
        Agreement.model_validate_json(text.replace('"phone"', '"written"'))


def test_what_was_not_offered_cannot_be_accepted():
    assert codes(decided(), rule="illness-relif") == ["offer-unknown"]


def test_nobody_accepts_for_another_borrower():
    assert codes(decided(), by="somebody-else") == ["borrower-differs"]


@given(st.integers(0, 40), st.integers(0, 40))
def test_an_offer_can_be_accepted_until_its_last_day_and_not_after(valid, passed):
    decision = decided(valid_days=valid)
    day = decision.on + timedelta(days=passed)
    if passed <= valid:
        assert take(decision, on=day).on == day
    else:
        assert codes(decision, on=day) == ["offer-expired"]


def test_an_offer_without_a_term_does_not_expire():
    decision = decided()
    assert take(decision, on=decision.on + timedelta(days=900))


def test_an_acceptance_before_the_decision_is_refused():
    decision = decided()
    assert codes(decision, on=decision.on - timedelta(days=1)) == ["date-order"]


def test_documents_that_the_policy_asks_for_have_to_be_held_on_the_day():
    decision = decided(documents=("identity",))
    late = Evidence(kind="identity", on=decision.on + timedelta(days=1))
    without = decision.model_copy(
        update={
            "application": illness().model_copy(
                update={"hardship": illness().hardship.model_copy(update={"evidence": ()})}
            )
        }
    )
    assert codes(without) == ["documents-missing"]
    assert codes(without, documents=(late,)) == ["documents-missing"]
    assert take(without, documents=(Evidence(kind="identity", on=decision.on),))


def test_everything_wrong_is_said_at_once():
    decision = decided(valid_days=3)
    found = codes(decision, rule="x", by="y", on=decision.on + timedelta(days=9))
    assert found == ["borrower-differs", "offer-expired", "offer-unknown"]


@pytest.mark.parametrize("wrong", [{"evidence": "a file"}, {"channel": "pigeon"}, {"by": ""}])
def test_a_consent_without_proof_is_refused(wrong):
    assert codes(decided(), **wrong) == ["consent-invalid"]


def test_interest_that_went_on_accruing_moves_no_balance():
    decision, loan = decided(), illness().loan
    later = decision.on + timedelta(days=3)
    assert take(decision, on=later, owed=position_on(loan, later))


def test_a_payment_since_the_offer_means_that_the_balances_moved():
    decision, loan = decided(), illness().loan
    day = decision.on + timedelta(days=2)
    paid = loan.model_copy(update={"payments": (*loan.payments, Payment(on=day, amount="100.00"))})
    assert codes(decision, on=day, owed=position_on(paid, day)) == ["balances-moved"]


def test_balances_of_another_currency_or_an_older_day_are_refused():
    decision, owed = decided(), position_on(illness().loan, decided().on)
    assert codes(decision, owed=Position.model_validate(owed.model_dump() | {"currency": "USD"})) == [
        "currency-mixed"
    ]
    earlier = decision.on - timedelta(days=1)
    assert codes(decision, owed=position_on(illness().loan, earlier)) == ["date-order"]


def test_stated_balances_may_accrue_but_not_shrink():
    owed = position_on(illness().loan, illness().as_of)
    stated = illness().model_copy(
        update={
            "loan": StatedLoan(
                basis="stated",
                reference="L",
                currency="CNY",
                balances=owed.buckets,
                repayment=owed.repayment,
                oldest_unpaid_due=owed.oldest_unpaid_due,
                missed_instalments=owed.missed_instalments,
            )
        }
    )
    decision = decide(stated, packaged("cn-consumer-finance"), on=stated.as_of)
    rule = decision.offers[0].rule

    def later(**moved):
        buckets = owed.buckets.model_copy(
            update={name: getattr(owed.buckets, name) + Decimal(by) for name, by in moved.items()}
        )
        return owed.model_copy(update={"on": owed.on + timedelta(days=1), "buckets": buckets})

    day = decision.on + timedelta(days=1)
    assert take(decision, rule=rule, on=day, owed=later(accrued="1.00", penalty="0.50"))
    assert codes(decision, rule=rule, on=day, owed=later(penalty="-0.01")) == ["balances-moved"]
    assert codes(decision, rule=rule, on=day, owed=later(fees="0.01")) == ["balances-moved"]
