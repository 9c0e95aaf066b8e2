"""A policy of thirty rules of which three make offers, and a borrower whose balances are stated."""

import random
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from restructure.calculator.servicing.account import position_of
from restructure.intake.application import Application, ContractLoan, StatedLoan
from restructure.policy.loading.loading import load_policy
from restructure.policy.policy import Policy

__all__ = ["stated", "thirty_rules"]

# The packaged policy when it had five rules, so that thirty stay what they were when they were first measured.
_CONSUMER = Path(__file__).parents[1] / "golden" / "policy_as_first_pinned.yaml"

# Comparisons that the illness case fails, three to a rule.
_NEVER = (
    "{fact: days_past_due, op: '>', value: 120}",
    "{fact: income_drop, op: '>', value: 0.8}",
    "{fact: missed_instalments, op: '>=', value: 5}",
    "{fact: monthly_income, op: '>', value: 30000}",
    "{fact: payment_to_income_before, op: '>', value: 0.6}",
    "{fact: months_on_book, op: '<', value: 3}",
)

_RULE = """
  - id: {name}
    title: {name}
    reason: We change the loan.
    reference: own
    when: {{all: [{when}]}}
    offer:
      - {{measure: waive, of: penalty, share: 1}}
      - {{measure: capitalise, of: [principal_arrears, interest_arrears, accrued]}}
      - {{measure: extend, instalments: {months}}}
      - {{measure: rate, annual_rate: 0.15}}
"""


@cache
def thirty_rules() -> Policy:
    """Give a policy of five rules with 25 more, one of which makes a third offer."""
    rng = random.Random(30)
    rules = [
        _RULE.format(name=f"never-{k}", when=", ".join(rng.sample(_NEVER, 3)), months=3 + k)
        for k in range(24)
    ]
    rules.append(_RULE.format(name="third-offer", when="{fact: income_drop, op: '>', value: 0.1}", months=8))
    text = _CONSUMER.read_text("utf-8").replace("\nlimits:\n", "".join(rules) + "\nlimits:\n")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "policy.yaml"
        path.write_text(text, "utf-8")
        return load_policy(path)


def stated(application: Application) -> Application:
    """Give an application with what is owed stated, as a servicing system that keeps the books would send it."""
    loan = application.loan
    assert isinstance(loan, ContractLoan)
    position = position_of(loan.contract, loan.payments, on=application.as_of)
    owed = StatedLoan(
        basis="stated",
        reference=loan.reference,
        product=loan.product,
        currency=loan.currency,
        originated=loan.originated,
        balances=position.buckets,
        repayment=position.repayment,
        oldest_unpaid_due=position.oldest_unpaid_due,
        missed_instalments=position.missed_instalments,
        allocation=position.allocation,
    )
    return application.model_copy(update={"loan": owed})
