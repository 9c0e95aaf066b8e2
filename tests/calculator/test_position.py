"""A position as it is stated: what may not contradict what."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from calculator.oracles import minor
from restructure.calculator.servicing.contract import STANDARD_ORDER, AllocationClaim
from restructure.calculator.servicing.position import Buckets, Position
from strategies import major


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"repayment": {"first_due": "2026-03-18"}}, "date-order"),
        ({"oldest_unpaid_due": "2026-03-19"}, "date-order"),
        ({"repayment": {"instalments": 0}}, "balances-inconsistent"),
        ({"buckets": {"principal_arrears": "5"}}, "balances-inconsistent"),
        ({"missed_instalments": 1}, "balances-inconsistent"),
        ({"buckets": {"fees": "0.001"}}, "money-scale"),
        ({"repayment": {"instalment": "0.001"}}, "money-scale"),
        ({"repayment": {"balloon": "0.001"}}, "money-scale"),
        ({"repayment": {"instalment_multiple": "0.001"}}, "money-scale"),
        ({"repayment": {"method": "flat", "flat_base": "0.001"}}, "money-scale"),
        ({"repayment": {"suspensions": [{"instalments": 1, "amount": "0.001"}]}}, "money-scale"),
        ({"repayment": {"method": "stepped", "steps": {"every": 1, "amount": "0.001"}}}, "money-scale"),
        ({"parked_due": [{"amount": "0.001"}]}, "money-scale"),
        ({"credit": "0.001"}, "money-scale"),
        ({"buckets": {"penalty": "-1"}}, "money-negative"),
        ({"buckets": {"penalty": 1.5}}, "money-float"),
        ({"allocation": ["fees", "principal"]}, "value-invalid"),
        ({"allocation": ["fees", "penalty", "interest", "rent"]}, "choice-unknown"),
    ],
)
def test_a_position_that_contradicts_itself_is_refused_with_a_code(changes, code):
    fields = dict(
        on="2026-03-18",
        currency="CNY",
        buckets={"principal": "100"},
        repayment={"annual_rate": "0.1", "instalments": 3, "first_due": "2026-04-18"},
    )
    for name, value in changes.items():
        fields[name] = fields[name] | value if isinstance(value, dict) else value
    with pytest.raises(ValidationError) as caught:
        Position(**fields)
    assert [error["type"] for error in caught.value.errors()] == [code]


@given(st.lists(st.integers(0, 10**9), min_size=7, max_size=7))
def test_the_claim_is_the_sum_of_the_seven_buckets(amounts):
    buckets = Buckets(
        **{name: major(amount) for name, amount in zip(Buckets.model_fields, amounts, strict=True)}
    )
    assert minor(buckets.claim) == sum(amounts)


def test_a_position_knows_what_payments_go_to_first():
    fields = dict(
        on="2026-03-18",
        currency="CNY",
        buckets={"principal": "100"},
        repayment={"annual_rate": "0.1", "instalments": 3, "first_due": "2026-04-18"},
    )
    assert Position(**fields).allocation == STANDARD_ORDER
    position = Position(**fields, allocation=list(AllocationClaim))
    assert position.allocation == tuple(AllocationClaim)
    assert Position.model_validate_json(position.model_dump_json(), strict=True) == position
