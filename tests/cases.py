"""Random applications with gaps in them, policies as small texts, and files made from either."""

import json
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from dateutil.relativedelta import relativedelta
from hypothesis import assume
from hypothesis import strategies as st

from restructure.calculator.amortisation.schedule import amortise
from restructure.errors import Refused
from restructure.intake.application import (
    Application,
    Cause,
    ContractLoan,
    CostCategory,
    IncomeSource,
    StatedLoan,
)
from restructure.policy.loading.loading import load_located, load_policy
from restructure.policy.policy import Policy
from strategies import DECIMALS, contracts, histories, major, positions, sampled

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
CONSUMER = ROOT / "rules" / "cn-consumer-finance" / "policy.yaml"
PLAIN = ROOT / "tests" / "golden" / "policy_as_first_pinned.yaml"
"""The packaged policy as it first was: ten kilobytes, so that thousands of variants and decisions stay quick."""

maybe = sampled([True, True, True, None, False])
"""An answer that is mostly yes, so that offers are reached."""


def example(name: str) -> dict[str, Any]:
    """A published example as plain data, fresh each time."""
    return json.loads((EXAMPLES / f"{name}.json").read_text("utf-8"))


def changed(data: Mapping[str, Any], place: str, value: Any) -> dict[str, Any]:
    """The data with the value at a dotted place replaced; `...` removes it."""
    data = json.loads(json.dumps(data))
    here = data
    *steps, last = [int(step) if step.isdecimal() else step for step in place.split(".")]
    for step in steps:
        here = here[step]
    if value is ...:
        del here[last]
    else:
        here[last] = value
    return data


def written(folder: Path, data: Any, name: str = "application.json") -> Path:
    """A file that holds the data (or the text, or the bytes)."""
    path = folder / name
    if isinstance(data, bytes):
        path.write_bytes(data)
    else:
        path.write_text(data if isinstance(data, str) else json.dumps(data, indent=1), encoding="utf-8")
    return path


located = cache(load_located)
"""Loads a policy with where its parts stand once for all tests: it is frozen."""


def packaged(name: str) -> Policy:
    """A packaged policy, loaded once for all tests."""
    return located(name).policy


@cache
def consumer_policy(currency: str = "CNY") -> Policy:
    """The packaged policy as it first was, in force on any day and in any currency."""
    text = PLAIN.read_text("utf-8").replace("currency: CNY", f"currency: {currency}")
    text = text.replace("effective_from: 2025-10-01\n", "").replace("{2025-10-01:", "{1900-01-01:")
    return policy_of(text)


def policy_of(text: str) -> Policy:
    """Load a policy from a text."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        return load_policy(written(Path(folder), text, "policy.yaml"))


SMALL = """\
name: small
version: "1"
title: A small policy
currency: CNY
sources: {own: {title: Own decision, confidence: own}}
"""


def rule(
    name: str = "r",
    when: str = "{fact: claim, op: known}",
    offer: str = "[{measure: extend, instalments: 6}]",
) -> str:
    """One rule of a small policy, as text in a list."""
    return f"  - {{id: {name}, title: t, reason: r, reference: own, when: {when}, offer: {offer}}}\n"


def gate(name: str, require: str, otherwise: str) -> str:
    """One gate of a small policy, as text in a list."""
    return f"  - {{id: {name}, title: t, reason: r, reference: own, require: {require}, otherwise: {otherwise}}}\n"


def limit(name: str, require: str) -> str:
    """One limit of a small policy, as text in a list."""
    return f"  - {{id: {name}, title: t, reason: r, reference: own, require: {require}}}\n"


def small(
    *,
    head: str = SMALL,
    parameters: str = "",
    gates: str = "",
    rules: str = "",
    limits: str = "",
    tail: str = "",
) -> str:
    """A small policy as text; without rules it has one that always offers six more instalments."""
    parts = [head]
    for name, text in (
        ("parameters", parameters),
        ("gates", gates),
        ("rules", rules or rule()),
        ("limits", limits),
    ):
        if text:
            parts.append(f"{name}:\n{text}")
    return "".join(parts) + tail


# --- random applications


@st.composite
def stated_loans(draw, currency: str | None = None):
    """A loan by its balances, and the day they hold."""
    position = draw(positions())
    if currency is not None:
        assume(position.currency == currency)
    loan = StatedLoan(
        basis="stated",
        reference="L",
        currency=position.currency,
        originated=draw(
            st.none() | st.just((position.oldest_unpaid_due or position.on) - timedelta(days=400))
        ),
        balances=position.buckets,
        repayment=position.repayment,
        oldest_unpaid_due=position.oldest_unpaid_due,
        missed_instalments=position.missed_instalments,
    )
    return loan, position.on


@st.composite
def contract_loans(draw):
    """A loan by contract and payments, and a day on which nothing is dated later."""
    contract = draw(contracts())
    try:
        schedule = amortise(contract)
    except Refused:
        assume(False)
    payments, on = draw(histories(contract, schedule))
    return ContractLoan(
        basis="contract",
        reference="L",
        contract=contract,
        payments=tuple(payment for payment in payments if payment.on <= on),
    ), on


def amounts(base: int, most: int, currency: str):
    """Amounts around the size of an instalment, nothing included."""
    return st.one_of(st.just(0), st.integers(0, max(1, base * most))).map(
        lambda minor: major(minor, currency)
    )


@st.composite
def hardships(draw, on: date, begun: date | None, *, full: bool):
    """What happened: any gaps, any outlook."""

    def known(strategy):
        return strategy if full else st.none() | strategy

    onset = draw(known(st.integers(0, 900).map(lambda days: on - timedelta(days=days))))
    kind = draw(sampled(["temporary", "temporary", "lasting", "resolved", "unsaid", "denied"]))
    months = resolved = lasting = None
    match kind:
        case "temporary":
            months = draw(st.integers(0, 40))
        case "lasting":
            lasting = True
        case "resolved":
            resolved = on - timedelta(days=draw(st.integers(0, 60)))
            if onset is not None:
                resolved = max(resolved, onset)
            months = draw(st.none() | st.integers(0, 12))
        case "denied":
            lasting = False
            months = draw(st.none() | st.integers(0, 12))
    kinds = ["identity", "income_proof", "hardship_proof", "repayment_proposal"]
    held = kinds if full else draw(st.lists(sampled(kinds), unique=True))
    return {
        "cause": draw(known(sampled([cause.value for cause in Cause]))),
        "onset": onset,
        "expected_months": months,
        "lasting": lasting,
        "resolved_on": resolved,
        "evidence": [{"kind": kind, "on": on - timedelta(days=draw(st.integers(0, 90)))} for kind in held],
    }


@st.composite
def applications(draw, *, loans=None, currency: str | None = None):
    """An application with any gaps; half of them are complete, so that offers are made."""
    loan, on = draw(st.one_of(stated_loans(currency), contract_loans()) if loans is None else loans)
    if currency is not None:
        assume(loan.currency == currency)
    money = loan.currency
    if isinstance(loan, StatedLoan):
        base = int(loan.balances.claim.scaleb(DECIMALS[money])) // (loan.repayment.instalments + 1) + 1
    else:
        base = int(loan.contract.principal.scaleb(DECIMALS[money])) // loan.contract.instalments + 1
    full = draw(st.booleans())

    def known(strategy):
        return strategy if full else st.none() | strategy

    begun = loan.originated
    earlier = st.fixed_dictionaries(
        {
            "on": st.integers(0, 500).map(lambda days: max(begun or date.min, on - timedelta(days=days))),
            "outcome": sampled(["completed", "active", "broken"]),
        }
    )
    incomes = st.lists(
        st.fixed_dictionaries(
            {
                "source": sampled([source.value for source in IncomeSource]),
                "monthly": amounts(base, 6, money),
                "verified": maybe,
            }
        ),
        max_size=3,
    )
    costs = st.lists(
        st.fixed_dictionaries(
            {
                "category": sampled([kind.value for kind in CostCategory]),
                "monthly": amounts(base, 1, money),
            }
        ),
        max_size=3,
    )
    debts = st.lists(
        st.fixed_dictionaries({"creditor": st.just("C"), "monthly": amounts(base, 1, money)}), max_size=2
    )
    answer = sampled([True, True, True, True, False]) if full else maybe
    return Application.model_validate(
        {
            "reference": "A",
            "as_of": on,
            "borrower": {"reference": "B"},
            "loan": loan,
            "finances": {
                "income": draw(known(incomes)),
                "income_before": draw(known(amounts(base, 12, money))),
                "essential_costs": draw(known(costs)),
                "other_debts": draw(known(debts)),
                "liquid_reserves": draw(known(amounts(base, 3, money))),
                "dependants": draw(st.none() | st.integers(0, 5)),
            },
            "hardship": draw(hardships(on, begun, full=full)),
            "conduct": {
                "willing_to_repay": draw(answer),
                "reachable": draw(answer),
                "disputed": None if (given := draw(answer)) is None else not given,
                "vulnerable": draw(maybe),
            },
            "previous_restructurings": draw(known(st.lists(earlier, max_size=3))),
        }
    )


# --- arithmetic by hand


def half_up(numerator: int, denominator: int, places: int = 6) -> Decimal:
    """A ratio rounded once, ties away from zero, by long division."""
    scaled = abs(numerator) * 10**places
    quotient, rest = divmod(scaled, abs(denominator))
    if 2 * rest >= abs(denominator):
        quotient += 1
    sign = -1 if (numerator < 0) != (denominator < 0) else 1
    return sign * Decimal(quotient) / 10**places


def whole_months(start: date, end: date) -> int:
    """How often a month can be added to `start` without passing `end`."""
    months = 0
    while start + relativedelta(months=months + 1) <= end:
        months += 1
    return months
