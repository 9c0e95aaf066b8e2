"""The endpoints: each calls the library, and appends to the history of one loan in one transaction."""

from typing import Annotated, Literal

from fastapi import APIRouter, FastAPI, Path, Query, Response
from fastapi.responses import HTMLResponse, PlainTextResponse

import restructure
from restructure import (
    Agreement,
    Application,
    Decision,
    EarlyWarning,
    InvalidInput,
    Issue,
    Payment,
    Policy,
    Review,
)
from restructure import CounterRequest as Wish
from restructure.casework.agreements.events import Accepted, Paid
from restructure.report.letters.writing import letter

from .desk import Reading, Writing, agreed, countered, decided, is_latest, known, proposed
from .exchange import PROBLEMS, Day, Exact, Exactly, JsonLines, explain_errors
from .storage import Book, Store

__all__ = ["service"]

routes = APIRouter(route_class=Exact, responses=PROBLEMS)
Id = Annotated[str, Path(pattern="^[0-9a-f]{64}$")]
Format = Annotated[Literal["text", "html"], Query(alias="format")]


def service(store: Store, policy: Policy) -> FastAPI:
    """Make the service on a store and under a policy."""
    app = FastAPI(title="Restructuring", version=policy.version, description=restructure.__doc__ or "")
    app.state.store, app.state.policy = store, policy
    app.include_router(routes)
    explain_errors(app)
    return app


# --- offers


@routes.post("/applications", status_code=201, response_model=Decision)
def apply(application: Exactly[Application], till: Writing, on: Day | None = None) -> Response:
    """Decide an application, on the day it describes unless another is given."""
    _reference(application)
    decision = restructure.decide(application, till.policy, on=on or application.as_of)
    return till.once(lambda book: proposed(book, decision))


@routes.get("/decisions/{decision}")
def read_decision(decision: Id, desk: Reading) -> Decision:
    """Give a decision again, as it was made."""
    return desk.see(lambda book: decided(book, decision).decision)


@routes.post("/decisions/{decision}/counter", status_code=201, response_model=Decision)
def counter(
    decision: Id, wish: Exactly[Wish], till: Writing, rule: str | None = None, on: Day | None = None
) -> Response:
    """Answer what the borrower asks for, on the day of what was last put to them unless another is given.

    The answer is a decision with an id of its own.
    """

    def work(book: Book) -> Decision:
        found = decided(book, decision)
        answer = restructure.counter(found.decision, wish, till.policy, rule=rule)
        return countered(book, answer, on, after=found)

    return till.once(work)


@routes.get(
    "/decisions/{decision}/letter",
    response_class=PlainTextResponse,
    responses={200: {"content": {"text/html": {}}}},
)
def write_letter(
    decision: Id,
    desk: Reading,
    language: str = "zh",
    rule: str | None = None,
    form: Format = "text",
) -> Response:
    """Write what the borrower is told about an offer, or about the refusal."""
    found = desk.see(lambda book: decided(book, decision))
    written = letter(found.decision, desk.policy, rule=rule, language=language)
    return HTMLResponse(written.html) if form == "html" else PlainTextResponse(written.text)


@routes.post("/decisions/{decision}/accept", status_code=201, response_model=Agreement)
def accept(decision: Id, accepted: Exactly[Accepted], till: Writing) -> Response:
    """Record that the borrower accepts one offer; of all offers of a decision, one can be accepted."""

    def work(book: Book) -> Agreement:
        found, consent = decided(book, decision), accepted.consent
        agreement = restructure.accept(
            found.decision,
            rule=accepted.rule,
            on=consent.on,
            by=consent.by,
            channel=consent.channel,
            evidence=consent.evidence,
            documents=accepted.documents,
        )
        if book.agreement(agreement.id) is None:
            is_latest(found)
            book.append(found.loan, found.history, found.history.extended([accepted]))
            book.agree(found.loan, agreement)
        return agreement

    return till.once(work)


# --- agreements


@routes.post("/agreements/{agreement}/payments", status_code=201, response_model=Paid)
def pay(agreement: Id, payment: Exactly[Payment], till: Writing) -> Response:
    """Record a payment; one that is sent twice under one id is recorded once."""

    def work(book: Book) -> Paid:
        found = agreed(book, agreement)
        book.append(found.loan, found.history, found.history.paid(payment))
        return Paid(payment=payment)

    return till.once(work)


@routes.get("/agreements/{agreement}/review")
def review(agreement: Id, on: Day, desk: Reading) -> Review:
    """Say how an agreement stands on a day."""
    return desk.see(lambda book: agreed(book, agreement)).history.review(on, policy=desk.policy)


@routes.post("/agreements/{agreement}/review", status_code=201, response_model=Review)
def record_review(agreement: Id, on: Day, till: Writing) -> Response:
    """Say how an agreement stands, and record what is new: missed, cured, broken, completed."""

    def work(book: Book) -> Review:
        found = agreed(book, agreement)
        book.append(found.loan, found.history, found.history.reviewed(on))
        return found.history.review(on, policy=till.policy)

    return till.once(work)


@routes.post("/agreements/{agreement}/withdraw", status_code=201, response_model=Agreement)
def withdraw(agreement: Id, on: Day, till: Writing) -> Response:
    """Record that the borrower withdraws inside the time to think it over."""

    def work(book: Book) -> Agreement:
        found = agreed(book, agreement)
        book.append(found.loan, found.history, found.history.withdrawn(on))
        assert found.history.agreement is not None
        return found.history.agreement

    return till.once(work)


@routes.get("/agreements/{agreement}/history", response_class=JsonLines)
def history(agreement: Id, desk: Reading) -> Response:
    """Give the whole history of the loan as JSON Lines, with its digests and its seal."""
    found = desk.see(lambda book: known(book.agreement(agreement), "agreement"))
    return JsonLines(restructure.write_history(found.history))


# --- before


@routes.post("/loans/watch")
def watch(application: Exactly[Application], on: Day, desk: Reading) -> EarlyWarning:
    """Judge a loan as it is known now for signs of difficulty, beside its history here if there is one."""
    reference = _reference(application)
    past = desk.see(lambda book: book.history(reference))
    return restructure.watch(application, desk.policy, on=on, history=past)


def _reference(application: Application) -> str:
    reference = application.loan.reference
    if "\0" in reference:
        raise InvalidInput(
            Issue("value-invalid", "a reference may not hold a null character", "loan.reference")
        )
    return reference
