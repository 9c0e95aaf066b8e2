"""Loans that several tests of what people see are about."""

import pytest

from restructure.calculator.amortisation.repayment import Repayment
from restructure.calculator.servicing.position import Buckets, Position


@pytest.fixture
def weekly() -> Position:
    """A loan of 360 weekly instalments with some of everything overdue."""
    return Position(
        on="2026-03-18",
        currency="CNY",
        oldest_unpaid_due="2026-02-18",
        missed_instalments=4,
        buckets=Buckets(
            principal="90000",
            principal_arrears="2400",
            interest_arrears="1080",
            accrued="320.50",
            penalty="162",
            fees="90",
        ),
        repayment=Repayment(annual_rate="18%", instalments=360, first_due="2026-03-25", every="1 week"),
    )
