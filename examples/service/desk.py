"""Desk: what a request works with: one transaction, the answer it was given before, the rule it must keep."""

from collections.abc import Callable
from datetime import date
from typing import Annotated, TypeVar

from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel

from restructure import Decision, Issue, Policy

from .exchange import Conflict, Unknown
from .storage import Answer, Book, Found, Store

__all__ = ["Reading", "Writing", "agreed", "countered", "decided", "is_latest", "known", "proposed"]

T = TypeVar("T")
Key = Annotated[
    str | None, Header(pattern="^[!-~]{1,200}$", description="A request sent again is answered as before.")
]


class Desk:
    """What a request that changes nothing works with."""

    def __init__(self, request: Request) -> None:
        self.policy: Policy = request.app.state.policy
        self.store: Store = request.app.state.store
        self.digest: str = request.state.digest

    def see(self, work: Callable[[Book], T]) -> T:
        """Read in one transaction."""
        return self.store.transact(work)


class Till(Desk):
    """What a request that changes something works with."""

    def __init__(self, request: Request, idempotency_key: Key = None) -> None:
        super().__init__(request)
        self.key = idempotency_key

    def once(self, work: Callable[[Book], BaseModel]) -> Response:
        """Work in one transaction, or answer what was answered under this key; a refusal is not remembered."""

        def answer(book: Book) -> str:
            kept = book.answered(self.key) if self.key else None
            if kept is None:
                body = work(book).model_dump_json()
                if self.key:
                    book.remember(Answer(key=self.key, request=self.digest, body=body))
                return body
            if kept.request != self.digest:
                sentence = "another request came under this key; choose a new key for every request"
                raise Conflict(Issue("key-reused", sentence, "header.idempotency-key"))
            return kept.body

        return Response(self.store.transact(answer), 201, media_type="application/json")


Reading = Annotated[Desk, Depends()]
Writing = Annotated[Till, Depends()]


# --- what stands in the book


def proposed(book: Book, decision: Decision) -> Decision:
    """Record a decision, once."""
    earlier = book.decision(decision.id)
    if earlier is not None:
        return earlier.decision
    loan = decision.application.loan.reference
    past = book.history(loan)
    book.append(loan, past, past.proposed(decision))
    return decision


def countered(book: Book, answer: Decision, on: date | None, *, after: Found) -> Decision:
    """Record an answer to what the borrower asked, once."""
    earlier = book.decision(answer.id)
    if earlier is not None:
        return earlier.decision
    is_latest(after)
    past = after.history
    book.append(after.loan, past, past.countered(answer, on=on or past.events[-1].on))
    return answer


def known(found: Found | None, what: str) -> Found:
    """Refuse what is not stored."""
    if found is None:
        raise Unknown(Issue(f"{what}-unknown", f"no {what} here has this id", f"path.{what}"))
    return found


def decided(book: Book, decision: str) -> Found:
    """Find a decision."""
    return known(book.decision(decision), "decision")


def agreed(book: Book, agreement: str) -> Found:
    """Find an agreement that still runs, or ended with nothing after it."""
    found = known(book.agreement(agreement), "agreement")
    current = found.history.agreement
    if current is None or current.id != agreement:
        sentence = "the agreement is over: the borrower withdrew, or a later decision took its place"
        raise Conflict(Issue("event-order", sentence, "path.agreement"))
    return found


def is_latest(found: Found) -> None:
    """Refuse a decision whose offers are no longer open."""
    latest = found.history.decision
    if latest is None or latest.id != found.decision.id:
        raise Conflict(Issue("event-order", "a later decision took this one's place", "path.decision"))
