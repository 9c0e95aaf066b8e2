"""A thousand borrowers over two years: warned, assessed, talked with, agreed, followed up, every identity intact."""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from random import Random

import pytest
from dateutil.relativedelta import relativedelta

from cases import packaged
from casework.agreed import SHOWN
from restructure.calculator.amortisation.schedule import amortise
from restructure.calculator.servicing.contract import Contract, Payment
from restructure.casework.agreements.case_history import History, Stage
from restructure.casework.agreements.early_warning import watch
from restructure.casework.agreements.history_file import read_history, write_history
from restructure.casework.agreements.performance import AgreementStatus
from restructure.casework.decisions.decision import decide
from restructure.casework.decisions.outcome import Outcome
from restructure.casework.decisions.rounds import Answer, CounterRequest
from restructure.casework.negotiation.counter import counter
from restructure.intake.application import Application, StatedLoan
from restructure.policy.language.follow_up import FollowUpRule
from restructure.policy.language.sections import Action

START, MONTHS = date(2026, 1, 15), 24
_SUE = Action.model_validate(
    {
        "id": "sue", "title": {"en": "Sue"}, "text": {"en": "Go to court."}, "kind": "enforce", "reference": "own",
        "when": {"fact": "days_past_due", "op": ">", "value": 60},
    }
)  # fmt: skip
_ASKED = FollowUpRule(
    reference="own", valid_days=30, grace_days=5, broken_after_missed=2, reversed_when_broken=("waived",)
)
POLICY = packaged("cn-consumer-finance")
POLICY = POLICY.model_copy(update={"actions": (*POLICY.actions, _SUE), "follow_up": _ASKED})
CAUSES = ("illness", "unemployment", "income_fall", "family_event", "over_spending")


class Borrower:
    """One borrower: a loan, an income, and a day on which something happens."""

    def __init__(self, seed: int) -> None:
        self.draw = draw = Random(seed)
        self.reference = f"B-{seed:04}"
        term = draw.choice([6, 9, 12, 18])
        self.contract = Contract(
            currency="CNY",
            principal=Decimal(draw.randrange(6_000, 60_000, 500)),
            annual_rate=Decimal(draw.randrange(6, 24)) / 100,
            instalments=term,
            start=START,
            first_due=START + relativedelta(months=1, days=draw.randrange(0, 12)),
            penalty={"annual_rate": "9%", "grace_days": 3},
        )
        instalment = amortise(self.contract).rows[0].total
        self.costs = Decimal(draw.randrange(1_800, 4_500, 100))
        self.before = self.costs + (instalment * Decimal(draw.randrange(105, 260)) / 100).quantize(
            Decimal("1")
        )
        self.cause = draw.choice(CAUSES)
        self.trouble = START + relativedelta(months=draw.randrange(2, 9))
        self.lasts = draw.randrange(3, 14)
        self.income = self.before * Decimal(draw.randrange(45, 90)) / 100
        self.honest, self.keeps = draw.random() < 0.9, draw.random() < 0.75
        self.open = draw.random() < 0.85  # gives the lender a complete file
        self.payments: list[Payment] = []
        self.history = History()
        self.loan = None  # the loan as restated for a second restructuring
        self.previous: list[dict] = []

    def application(self, on: date) -> Application:
        troubled = on >= self.trouble
        loan = self.loan or {
            "basis": "contract", "reference": self.reference, "contract": self.contract, "payments": tuple(self.payments),
        }  # fmt: skip
        evidence = [{"kind": kind, "on": on} for kind in ("identity", "income_proof", "hardship_proof")]
        return Application.model_validate(
            {
                "reference": f"A-{self.reference}-{on}",
                "as_of": on,
                "borrower": {"reference": self.reference},
                "loan": loan,
                "finances": {
                    "income": [{"source": "wage", "monthly": self.earns(on), "verified": True}],
                    "income_before": self.before,
                    "essential_costs": [{"category": "other", "monthly": self.costs}] if self.open else None,
                    "other_debts": [],
                    "liquid_reserves": 0,
                },
                "hardship": {
                    "cause": self.cause,
                    "onset": self.trouble,
                    "expected_months": self.lasts if on < self.trouble + relativedelta(months=self.lasts) else None,
                    "resolved_on": None if on < self.trouble + relativedelta(months=self.lasts)
                    else self.trouble + relativedelta(months=self.lasts),
                    "evidence": evidence if self.open else [],
                }
                if troubled
                else {},
                "conduct": {"willing_to_repay": self.honest, "reachable": True, "disputed": False, "vulnerable": False},
                "previous_restructurings": self.previous,
            }
        )  # fmt: skip

    def earns(self, on: date) -> Decimal:
        hit = self.trouble <= on < self.trouble + relativedelta(months=self.lasts)
        return (self.income if hit else self.before).quantize(Decimal("0.01"))

    def spare(self, on: date) -> Decimal:
        return max(Decimal(0), self.earns(on) - self.costs)


def live(borrower: Borrower, told: Counter) -> None:
    """Let a borrower live through the months; everything that has to hold is checked on the way."""
    agreed_rows = {row.due: row.total for row in amortise(borrower.contract).rows}
    for month in range(MONTHS):
        on = START + relativedelta(months=month)
        until = START + relativedelta(months=month + 1)
        history = borrower.history
        if history.agreement is None:
            for due, total in agreed_rows.items():
                if on <= due < until and borrower.loan is None and borrower.spare(due) >= total:
                    borrower.payments.append(Payment(on=due, amount=total, id=f"P{due}"))
        elif history.stage is Stage.AGREED:
            keep_up(borrower, on, until, told)
        check(borrower, until, told)
        if borrower.history.agreement is None and borrower.loan is None:
            negotiate(borrower, until, told)
        elif borrower.history.stage is Stage.BROKEN:
            again(borrower, until, told)
    assert read_history(write_history(borrower.history)) == borrower.history
    told[f"ends {borrower.history.stage.value}" if borrower.history.events else "never asked"] += 1


def keep_up(borrower: Borrower, on: date, until: date, told: Counter) -> None:
    for row in borrower.history.agreement.plan.schedule.rows:
        if on <= row.due < until and row.total and borrower.history.agreement.on <= row.due:
            fails = not borrower.keeps and borrower.draw.random() < 0.35
            if not fails and borrower.spare(row.due) >= row.total:
                late = borrower.draw.choice([0, 0, 0, 2, 9])
                day = min(row.due + timedelta(days=late), until - timedelta(days=1))
                borrower.history = borrower.history.paid(Payment(on=day, amount=row.total, id=f"R{row.due}"))
                told["instalments paid"] += 1
    before, rows = borrower.history.stage, borrower.history.agreement.plan.schedule.rows
    if rows and rows[-1].due < until:  # what late payments cost is billed at the end
        rest = borrower.history.review(until).owed.buckets.claim
        if 0 < rest <= borrower.spare(until):
            borrower.history = borrower.history.paid(Payment(on=until, amount=rest, id="rest"))
    borrower.history = borrower.history.reviewed(until)
    if borrower.history.stage is not before:
        broken = "re-defaults" if borrower.loan is None else "second re-defaults"
        told[broken if borrower.history.stage is Stage.BROKEN else "completed"] += 1


def check(borrower: Borrower, on: date, told: Counter) -> None:
    """Whatever happened, nothing is enforced before an answer, and every cent of an agreement is somewhere."""
    history = borrower.history
    if borrower.loan is None:
        found = watch(borrower.application(on), POLICY, on=on, history=history if history.events else None)
        if any(one.enforces for one in found.steps):
            told["months in which enforcement could begin"] += 1
            decision = history.decision
            assert decision.assessment.file_complete
            assert decision.outcome is Outcome.DECLINE or decision.offers
            assert history.agreement is None or history.review(on).standing is AgreementStatus.BROKEN
        told["months with enforcement withheld"] += bool(found.withheld)
    if history.agreement is not None:
        plan = history.agreement.plan
        seen = history.review(on)
        assert plan.identities.hold
        assert seen.received == sum((one.amount for one in history.payments if one.on <= on), Decimal(0))
        assert (seen.broken_on is not None) == (seen.standing is AgreementStatus.BROKEN)
        waived = sum((m.amount for m in plan.ledger if m.kind == "waived"), Decimal(0))
        assert sum((one.amount for one in seen.reinstated), Decimal(0)) == (waived if seen.broken_on else 0)


def negotiate(borrower: Borrower, on: date, told: Counter) -> None:
    application = borrower.application(on)
    stage = borrower.history.stage if borrower.history.events else None
    asks = watch(application, POLICY, on=on).assessment.days_past_due > 0 and borrower.draw.random() < 0.7
    if not asks or stage in (Stage.AGREED, Stage.COMPLETED):
        return
    decision = decide(application, POLICY, on=on)
    told["asked"] += 1
    told[f"outcome {decision.outcome.value}"] += 1
    for offer in decision.offers:
        assert offer.plan.identities.hold
        assert offer.prospect.highest_payment_after <= decision.assessment.affordable_instalment
    borrower.history = borrower.history.proposed(decision)
    if decision.offers and borrower.draw.random() < 0.4:
        most = (decision.offers[0].plan.instalment * Decimal("0.8")).quantize(Decimal("0.01"))
        decision = counter(decision, CounterRequest(max_monthly_payment=most), POLICY)
        told[f"counter {decision.rounds[0].answer.value}"] += 1
        assert decision.rounds[0].answer is not Answer.MET or max(
            row.total for row in decision.offers[0].plan.schedule.rows
        ) <= most  # fmt: skip
        borrower.history = borrower.history.countered(decision, on=on)
        assert borrower.history.decision == decision
    if decision.offers:
        told["offers"] += len(decision.offers)
        if borrower.draw.random() < 0.85:
            borrower.history = borrower.history.accepted(
                rule=decision.offers[0].rule, on=on, by=borrower.reference, channel="phone", evidence=SHOWN
            )
            told["acceptances"] += 1


def again(borrower: Borrower, on: date, told: Counter) -> None:
    """A second restructuring starts from the state that the first one left."""
    if borrower.loan is not None:
        return
    owed = borrower.history.review(on).owed
    borrower.loan = StatedLoan(
        basis="stated",
        reference=borrower.reference,
        currency="CNY",
        originated=borrower.contract.start,
        balances=owed.buckets,
        repayment=owed.repayment,
        oldest_unpaid_due=owed.oldest_unpaid_due,
        missed_instalments=owed.missed_instalments,
    )
    borrower.previous.append({"on": borrower.history.agreement.on, "outcome": "broken"})
    decision = decide(borrower.application(on), POLICY, on=on)
    told[f"second time {decision.outcome.value}"] += 1
    for offer in decision.offers:
        assert offer.plan.identities.hold
        assert offer.plan.position.buckets.claim == owed.buckets.claim
    if decision.offers:
        borrower.history = borrower.history.proposed(decision).accepted(
            rule=decision.offers[0].rule, on=on, by=borrower.reference, channel="written", evidence=SHOWN
        )
        told["second agreements"] += 1


def simulate(number: int) -> Counter:
    told: Counter = Counter()
    for seed in range(number):
        live(Borrower(seed), told)
    return told


def test_a_few_borrowers_live_through_two_years():
    told = simulate(15)
    assert told["acceptances"]
    assert told["instalments paid"]


@pytest.mark.slow
def test_a_thousand_borrowers_live_through_two_years(record_property):
    told = simulate(1000)
    for name, number in sorted(told.items()):
        record_property(name, number)
        print(f"{number:>8,}  {name}")
    assert told["offers"] > 200
    assert told["acceptances"] > 100
    assert told["re-defaults"] > 20
    assert told["completed"] > 20
    assert (
        sum(number for name, number in told.items() if name.startswith("second time")) == told["re-defaults"]
    )
