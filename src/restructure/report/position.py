"""The views of what is owed and of an application: the loan, the household and the difficulty, as far as known."""

from collections.abc import Iterator
from typing import Any

from restructure.blocks import Block, Heading, Lines, Table
from restructure.calculator.amortisation.repayment import Repayment
from restructure.calculator.conventions.quantity import Kind
from restructure.calculator.servicing.position import Bucket, Buckets, Position
from restructure.intake.application import StatedLoan
from restructure.intake.application.content import ApplicationContent
from restructure.intake.application.finances import Finances
from restructure.report.measures import value_text
from restructure.report.wording import Wording
from restructure.views import view_of

__all__ = ["application_view", "buckets_table", "position_view"]

_PAYMENTS = 6


def buckets_table(position: Position, wording: Wording) -> Table:
    """List what is owed by bucket, without the empty ones, and its sum."""
    return _buckets(position.buckets, position.currency, wording)


def _buckets(buckets: Buckets, currency: str, wording: Wording) -> Table:
    owed = [(bucket, getattr(buckets, bucket.value)) for bucket in Bucket]
    rows = [
        (wording.name("bucket", bucket), wording.money(amount, currency)) for bucket, amount in owed if amount
    ]
    total = (wording("position.total"), wording.money(buckets.claim, currency))
    return Table(("", currency), (*rows, total))


@view_of(Position)
def position_view(position: Position, wording: Wording) -> list[Block]:
    """Put what is owed on a day into tables: by bucket, and how the rest is to be repaid."""
    wording.check(())
    claim = wording.money(position.buckets.claim, position.currency)
    lines = [wording.counted("position.late", position.days_past_due, since=position.oldest_unpaid_due or "")]
    if not position.oldest_unpaid_due:
        lines = [wording("position.not_late")]
    if position.missed_instalments:
        lines.append(wording.counted("position.missed", position.missed_instalments))
    if position.credit:
        lines.append(wording("position.credit", amount=wording.money(position.credit, position.currency)))
    return [
        Heading(wording("position.headline", claim=claim, currency=position.currency, on=position.on), 1),
        Lines(tuple(lines)),
        buckets_table(position, wording),
        Heading(wording("position.repayment")),
        _repayment(position.repayment, position.currency, wording),
    ]


_KINDS = {"annual_rate": Kind.RATIO, "instalment": Kind.MONEY, "balloon": Kind.MONEY}
_SHOWN = ("annual_rate", "method", "instalments", "instalment", "first_due", "every", "balloon", "day_count")


def _repayment(repayment: Repayment, currency: str, wording: Wording, labels: str = "term") -> Table:
    rows = tuple(
        (wording.name(labels, name), value_text(value, _KINDS.get(name), currency, wording))
        for name in _SHOWN
        if (value := getattr(repayment, name)) is not None
    )
    return Table(("", wording("position.value")), rows, figures=False)


# --- the application


@view_of(ApplicationContent)
def application_view(application: ApplicationContent, wording: Wording) -> list[Block]:
    """Put an application into tables.

    The borrower is shown by reference only: a notebook is passed on more easily than a file.
    """
    wording.check(())
    loan = application.loan
    product = wording.name("product", loan.product)
    return [
        Heading(wording("application.headline", reference=application.reference, on=application.as_of), 1),
        Lines(
            (
                wording("application.borrower", reference=application.borrower.reference),
                wording(
                    "application.loan", reference=loan.reference, product=product, currency=loan.currency
                ),
            )
        ),
        *_loan(application, wording),
        *_household(application.finances, loan.currency, wording),
        *_hardship(application, wording),
        *_events(application, wording),
    ]


def _loan(application: ApplicationContent, wording: Wording) -> Iterator[Block]:
    loan, currency = application.loan, application.loan.currency
    yield Heading(wording("application.terms"))
    if isinstance(loan, StatedLoan):
        owed = [(bucket, getattr(loan.balances, bucket.value)) for bucket in Bucket]
        rows = tuple(
            (wording.name("bucket", bucket), wording.money(amount, currency))
            for bucket, amount in owed
            if amount
        )
        yield Table(("", currency), rows)
        yield _repayment(loan.repayment, currency, wording)
        return
    contract = loan.contract
    lent = wording.money(contract.principal, currency)
    yield Lines((wording("application.lent", amount=lent, currency=currency, on=contract.start),))
    yield _repayment(contract, currency, wording, "contract_term")
    yield Heading(wording.counted("application.payments", len(loan.payments)))
    shown = wording.limit(_PAYMENTS, len(loan.payments))
    latest = sorted(loan.payments, key=lambda payment: payment.on)[len(loan.payments) - shown :]
    if latest:
        head = (wording("application.paid_on"), currency)
        yield Table(
            head, tuple((str(payment.on), wording.money(payment.amount, currency)) for payment in latest)
        )
    if shown < len(loan.payments):
        yield Lines((wording.counted("application.latest", shown),))


def _household(finances: Finances, currency: str, wording: Wording) -> Iterator[Block]:
    yield Heading(wording("application.household"))
    proved = {True: wording("application.verified"), False: wording("application.unverified"), None: ""}
    income, costs, debts = finances.income, finances.essential_costs, finances.other_debts
    unknown, rows = wording("word.unknown"), list[tuple[str, str, str]]()
    for group, given, parts in (
        (
            "income",
            income,
            [(wording.name("income", i.source), i.monthly, proved[i.verified]) for i in income or ()],
        ),
        ("costs", costs, [(wording.name("cost", cost.category), cost.monthly, "") for cost in costs or ()]),
        ("debts", debts, [(debt.creditor, debt.monthly, "") for debt in debts or ()]),
    ):
        label = wording(f"application.{group}")
        if not given:
            rows.append((label, unknown if given is None else wording("word.none"), ""))
        for name, amount, note in parts:
            part = wording("application.part", of=label, part=name)
            rows.append((part, wording.money(amount, currency), note))
    for name, value in (
        ("income_before", finances.income_before),
        ("liquid_reserves", finances.liquid_reserves),
    ):
        shown = unknown if value is None else wording.money(value, currency)
        rows.append((wording.name("fact", name), shown, ""))
    people = unknown if finances.dependants is None else str(finances.dependants)
    rows.append((wording.name("fact", "dependants"), people, ""))
    yield Table(("", currency, ""), tuple(rows))


def _hardship(application: ApplicationContent, wording: Wording) -> Iterator[Block]:
    hardship, conduct = application.hardship, application.conduct
    yield Heading(wording("application.hardship"))
    unknown = wording("word.unknown")

    def shown(value: Any) -> str:
        if isinstance(value, bool):
            return wording("word.yes" if value else "word.no")
        return unknown if value is None else str(value)

    cause = unknown if hardship.cause is None else wording.name("hardship_cause", hardship.cause)
    rows = [
        (wording.name("fact", "hardship_cause"), cause),
        (wording.name("fact", "hardship_onset"), shown(hardship.onset)),
    ]
    if hardship.expected_months is not None:
        months = wording.counted("unit.month", hardship.expected_months)
        rows.append((wording("application.expected_months"), months))
    rows += [
        (wording(f"application.{name}"), shown(value))
        for name, value in (("lasting", hardship.lasting), ("resolved_on", hardship.resolved_on))
        if value is not None
    ]
    held = (
        wording("application.document", kind=wording.name("document", e.kind), on=e.on)
        for e in hardship.evidence
    )
    rows.append((wording("application.evidence"), "\n".join(held) or wording("word.none")))
    rows += [
        (wording.name("fact", name), shown(getattr(conduct, name))) for name in type(conduct).model_fields
    ]
    rows += [(name, str(value)) for name, value in (*application.scores.items(), *application.facts.items())]
    yield Table(("", wording("position.value")), tuple(rows), figures=False)


def _events(application: ApplicationContent, wording: Wording) -> Iterator[Block]:
    earlier = application.previous_restructurings
    if earlier is None and application.history is None:
        return
    yield Heading(wording("application.events"))
    rows = [
        (str(event.on), wording("application.restructuring"), str(event.outcome)) for event in earlier or ()
    ]
    rows += [(str(event.on), event.kind, event.outcome or "") for event in application.history or ()]
    if not rows:
        yield Lines((wording("word.none"),))
        return
    head = tuple(wording(f"application.event.{column}") for column in ("on", "what", "outcome"))
    yield Table(head, tuple(sorted(rows)), figures=False)
