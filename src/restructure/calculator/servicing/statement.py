"""Statement: the position of a loan on a day, from its schedule, its open bills and its balances."""

from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from restructure.calculator.amortisation.repaid import reject_negative_instalment
from restructure.calculator.amortisation.repayment import Repayment
from restructure.calculator.amortisation.scheme import Method
from restructure.calculator.conventions.money import LARGEST, from_minor
from restructure.calculator.servicing.billing import Bills
from restructure.calculator.servicing.contract import Component
from restructure.calculator.servicing.current_schedule import CurrentSchedule
from restructure.calculator.servicing.position import Buckets, ParkedDue, Position
from restructure.errors import Issue, Refused

__all__ = ["Balances", "stated_position"]


class Balances(NamedTuple):
    """What is owed or held outside the bills, in minor units."""

    principal: int
    """Principal not yet due."""
    accrued: int
    """Interest accrued and not yet billed."""
    credit: int
    """Money received beyond everything owed."""


def stated_position(on: date, schedule: CurrentSchedule, bills: Bills, balances: Balances) -> Position:
    """State what is owed on a day and how the rest is to be repaid."""
    currency = schedule.currency
    _reject_oversized(on, schedule, bills, balances)
    reject_negative_instalment(schedule.instalment)

    def total(component: Component) -> Decimal:
        return from_minor(bills.total(component), currency)

    unpaid = [bill for bill in bills.open if bill.unpaid]
    deferred = schedule.deferred()
    return Position(
        on=on,
        currency=currency,
        buckets=Buckets(
            principal=from_minor(balances.principal, currency),
            principal_arrears=total(Component.PRINCIPAL),
            interest_arrears=total(Component.INTEREST),
            accrued=from_minor(balances.accrued, currency),
            penalty=total(Component.PENALTY),
            fees=total(Component.FEES),
            parked=from_minor(sum(amount for _, amount in deferred), currency),
        ),
        repayment=_remaining_repayment(on, schedule, from_minor(balances.principal, currency)),
        oldest_unpaid_due=unpaid[0].due if unpaid else None,
        missed_instalments=sum(bill.due < on for bill in unpaid),
        parked_due=tuple(ParkedDue(amount=from_minor(amount, currency), on=day) for day, amount in deferred),
        credit=from_minor(balances.credit, currency),
        allocation=bills.servicing.allocation,
    )


def _reject_oversized(on: date, schedule: CurrentSchedule, bills: Bills, balances: Balances) -> None:
    owed = [bills.total(component) for component in Component]
    if from_minor(max(*balances, schedule.instalment, *owed), schedule.currency) >= LARGEST:
        sentence = f"by {on} an amount has more than 14 digits; correct the rates, the day or the payments"
        raise Refused(Issue("money-too-large", sentence))


def _remaining_repayment(on: date, schedule: CurrentSchedule, balance: Decimal) -> Repayment:
    terms, currency = schedule.terms, schedule.currency
    remaining: dict[str, Any] = schedule.remaining_fields(on)
    fields = {name: getattr(terms, name) for name in Repayment.model_fields} | remaining
    # A loan that is repaid earlier than planned never reaches its later suspensions, and ends in none.
    planned = schedule.left if schedule.last_amortising >= 0 else 0
    suspensions = tuple(suspension for suspension in fields["suspensions"] if suspension.starts <= planned)
    left = max([schedule.left, *(suspension.starts + suspension.instalments for suspension in suspensions)])
    only_deferred, next_due = schedule.only_deferred_next(fields), schedule.next_due(on)
    moves = fields["moves"]
    if moves and moves[0].instalment == 1:
        fields["anchor_day"] = moves[0].anchor if only_deferred else fields["anchor_day"]
        moves = (moves[0].model_copy(update={"to": next_due}), *moves[1:])
    if only_deferred:
        left, moves = 0, ()
    flat_base = terms.flat_base
    if terms.method is Method.FLAT:
        # A term that is over has charged all of its interest; a new one would have a base of its own.
        flat_base = from_minor(schedule.scheme.flat_base, currency) if left else None
    return Repayment(
        **fields
        | {
            "suspensions": suspensions,
            "instalments": left,
            "first_due": next_due,
            "moves": moves,
            "instalment": from_minor(schedule.instalment, currency),
            "balloon": terms.balloon and min(terms.balloon, balance),
            "flat_base": flat_base,
        }
    )
