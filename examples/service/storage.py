"""Storage: the histories of loans, append-only, in SQLite or PostgreSQL; everything else is derived from them."""

from collections.abc import Callable
from sqlite3 import Connection as DBAPIConnection
from typing import NamedTuple, TypeVar

from sqlalchemy import Connection, Engine, Text, create_engine, event
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlmodel import Field, Session, SQLModel, col, select

from restructure import Agreement, Decision, History, InvalidInput, read_history, write_history
from restructure.casework.agreements.events import Countered, Proposed

__all__ = ["Agreed", "Answer", "Book", "Damaged", "Decided", "Entry", "Loan", "Store"]

T = TypeVar("T")


class Loan(SQLModel, table=True):
    """A loan that was applied for, with the seal over its history."""

    reference: str = Field(primary_key=True)
    seal: str


class Entry(SQLModel, table=True):
    """One event of a history: a line of JSON with its digest. Two of one number cannot be."""

    loan: str = Field(primary_key=True, foreign_key="loan.reference")
    number: int = Field(primary_key=True)
    line: str = Field(sa_type=Text)


class Decided(SQLModel, table=True):
    """Where a decision stands."""

    decision: str = Field(primary_key=True)
    loan: str = Field(foreign_key="loan.reference")
    entry: int


class Agreed(SQLModel, table=True):
    """Where an agreement stands. Of one decision, one offer can be agreed on."""

    agreement: str = Field(primary_key=True)
    decision: str = Field(foreign_key="decided.decision", unique=True)
    loan: str = Field(foreign_key="loan.reference")


class Answer(SQLModel, table=True):
    """What was answered to the request that came under a key."""

    key: str = Field(primary_key=True)
    request: str
    body: str = Field(sa_type=Text)


class Damaged(Exception):
    """Stop: what is stored is not what was written."""


class Found(NamedTuple):
    """A decision or an agreement, and the history it stands in."""

    loan: str
    history: History
    decision: Decision


class Book:
    """What one transaction reads and appends."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def history(self, loan: str) -> History:
        """Read a loan's history, its digests checked; an empty one if the loan is not known."""
        # One statement, so that the seal and the lines are of one moment whatever the isolation.
        query = (
            select(Loan.seal, Entry.line)
            .join(Entry)
            .where(Loan.reference == loan)
            .order_by(col(Entry.number))
        )
        found = self.session.exec(query).all()
        if not found:
            return History()
        try:
            return read_history("\n".join([*(line for _, line in found), found[0][0]]))
        except InvalidInput as error:
            raise Damaged(f"the history of loan {loan!r}: {error}") from error

    def append(self, loan: str, since: History, history: History) -> None:
        """Append what a history has grown by, nothing if it has not; refuses what could not be read again."""
        text = write_history(history)
        read_history(text)
        *lines, seal = text.removesuffix("\n").split("\n")
        self.session.merge(Loan(reference=loan, seal=seal))
        self.session.flush()
        for number in range(len(since.events), len(lines)):
            self.session.add(Entry(loan=loan, number=number, line=lines[number]))
            made = _decision(history, number)
            if made is not None:
                self.session.add(Decided(decision=made.id, loan=loan, entry=number))
        self.session.flush()

    def agree(self, loan: str, agreement: Agreement) -> None:
        """Note where an agreement stands."""
        self.session.add(Agreed(agreement=agreement.id, decision=agreement.decision, loan=loan))

    def decision(self, decision: str) -> Found | None:
        """Find a decision."""
        row = self.session.get(Decided, decision)
        if row is None:
            return None
        history = self.history(row.loan)
        made = _decision(history, row.entry)
        assert made is not None
        return Found(row.loan, history, made)

    def agreement(self, agreement: str) -> Found | None:
        """Find the decision that an agreement was made on."""
        row = self.session.get(Agreed, agreement)
        return None if row is None else self.decision(row.decision)

    def answered(self, key: str) -> Answer | None:
        """Find what was answered under a key."""
        return self.session.get(Answer, key)

    def remember(self, answer: Answer) -> None:
        """Keep what is answered under a key."""
        self.session.add(answer)


def _decision(history: History, entry: int) -> Decision | None:
    """Give the decision that one event made, if it made one."""
    if not isinstance(history.events[entry], Proposed | Countered):
        return None
    return history.model_copy(update={"events": history.events[: entry + 1]}).decision


class Store:
    """A database of histories."""

    def __init__(self, url: str) -> None:
        self.engine = _sqlite(url) if url.startswith("sqlite") else _postgresql(url)
        SQLModel.metadata.create_all(self.engine)

    def transact(self, work: Callable[[Book], T]) -> T:
        """Do all of the work or nothing of it, and anew, on what then stands, if another was quicker."""
        for attempt in range(_ATTEMPTS):
            try:
                with Session(self.engine, expire_on_commit=False) as session, session.begin():
                    return work(Book(session))
            except DBAPIError as error:
                if attempt == _ATTEMPTS - 1 or not _another_was_quicker(error):
                    raise
        raise AssertionError("the last attempt returns or raises")

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


_ATTEMPTS = 100
_POOL = {"pool_size": 20, "pool_timeout": 60}
_QUICKER = ("40001", "40P01")  # PostgreSQL's serialization failure and deadlock


def _another_was_quicker(error: DBAPIError) -> bool:
    # A unique constraint was in the way: somebody appended the same event number, or accepted first.
    return isinstance(error, IntegrityError) or getattr(error.orig, "sqlstate", None) in _QUICKER


def _postgresql(url: str) -> Engine:
    return create_engine(url, isolation_level="REPEATABLE READ", **_POOL)


def _sqlite(url: str) -> Engine:
    """Open SQLite so that a transaction holds the file from its first read on, and survives a power cut."""
    # Without an isolation level the driver begins no transactions of its own, which would be too late.
    engine = create_engine(url, connect_args={"timeout": 60, "isolation_level": None}, **_POOL)

    @event.listens_for(engine, "connect")
    def prepare(connection: DBAPIConnection, _: object) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine
