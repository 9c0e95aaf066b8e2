"""An agreement to test with: the illness case decided by the packaged policy, its follow-up as a test wants it."""

from functools import cache
from pathlib import Path

from cases import packaged
from restructure.calculator.servicing.contract import Payment
from restructure.casework.agreements.agreement import Agreement, accept, evidence_digest
from restructure.casework.decisions.decision import Decision, decide
from restructure.intake.application import Application, read_application
from restructure.policy.language.follow_up import FollowUp

__all__ = ["SHOWN", "agreed", "decided", "illness", "paid_as_agreed"]

SHOWN = evidence_digest("24 instalments")


@cache
def illness() -> Application:
    return read_application(Path(__file__).parents[2] / "examples" / "illness.json")


@cache
def _decided() -> Decision:
    return decide(illness(), packaged("cn-consumer-finance"), on=illness().as_of)


def decided(**follow_up) -> Decision:
    return _decided().model_copy(update={"follow_up": FollowUp(**follow_up)})


def agreed(**follow_up) -> Agreement:
    decision = decided(**follow_up)
    return accept(
        decision,
        rule="illness-relief",
        on=decision.on,
        by=illness().borrower.reference,
        channel="phone",
        evidence=SHOWN,
    )


def paid_as_agreed(agreement: Agreement, count: int | None = None) -> list[Payment]:
    rows = agreement.plan.schedule.rows[: count or len(agreement.plan.schedule.rows)]
    return [Payment(on=row.due, amount=row.total, id=f"p{row.number}") for row in rows]
