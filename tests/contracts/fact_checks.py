"""What a fact has to bring."""

from collections.abc import Iterator
from datetime import date
from functools import cache

from hypothesis import find

import restructure
from cases import EXAMPLES, packaged
from contracts.member_kind import LANGUAGE, ROOT, MemberKind, lacking, says_little
from restructure import Application, facts
from restructure.intake.facts import Fact
from restructure.testing.strategies.fact import values_of

OF_THE_LOAN = [
    "principal",
    "principal_arrears",
    "interest_arrears",
    "accrued",
    "penalty",
    "fees",
    "parked",
    "missed_instalments",
    "contract_rate",
    "instalment_before",
    "remaining_term",
    "next_due",
    "next_rate_change",
    "rate_change",
]
"""Facts of a case that the position of the loan holds as they are, with nothing to derive or to ask for."""


def declared(fact: Fact) -> str | None:
    if says_little(fact.doc, 2):
        return f"{fact.name} has no doc that says its meaning and unit"
    derived = fact.of_plan or fact.formula or fact.supplied or fact.name in OF_THE_LOAN
    return lacking(
        derived, f"{fact.name} has neither a formula nor a place of the application that supplies it"
    )


def applications() -> Iterator[tuple[str, Application]]:
    """The example applications, each with the policy that decides it, and one whose contract is repriced."""
    for path in sorted(EXAMPLES.glob("*.json")):
        name = path.stem if path.stem in restructure.packaged_policies() else "cn-consumer-finance"
        yield name, restructure.read_application(path)
    yield "cn-consumer-finance", restructure.read_application(ROOT / "tests/contracts/repriced.json")


@cache
def known_somewhere() -> frozenset[str]:
    """Facts that have a value in an example application or in an offer on one."""
    known = set()
    for name, case in applications():
        try:
            decision = restructure.decide(
                case, packaged(name), on=case.as_of, engines=restructure.Engines.REFERENCE
            )
        except KeyError as error:  # a fact that `assess` has no value for
            return frozenset(facts()) - set(error.args)
        records = [decision.assessment, *(offer.prospect for offer in decision.offers)]
        known |= {
            field
            for record in records
            for field in type(record).model_fields
            if getattr(record, field) is not None
        }
    return frozenset(known)


def strategies_draw(fact: Fact) -> str | None:
    drawn = find(values_of(fact, (), "CNY", date(2026, 3, 18)), lambda _: True)
    return lacking(fact.encode(drawn, "CNY") is not None, f"no values of {fact.name} are drawn")


def described_fact(fact: Fact) -> str | None:
    listing = "the list of facts has no line for"
    if f"`{fact.name}`" not in LANGUAGE:
        return f"{listing} `{fact.name}`"
    return None


FACTS = MemberKind(
    {name: fact for name, fact in facts().items() if name != "as_of"},
    {
        "src/restructure/intake/assessment.py": declared,
        "tests/contracts/repriced.json": lambda fact: lacking(
            fact.name in known_somewhere(), f"no example, and no offer on one, has a value of {fact.name}"
        ),
        "src/restructure/testing/strategies/fact.py": strategies_draw,
        "rules/LANGUAGE.md": described_fact,
    },
)
