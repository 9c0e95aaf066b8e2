"""Strategies: what they draw is valid and decides, shrinks to what can be read, and comes without an import."""

import subprocess
import sys
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.vendor.pretty import pretty as printed

import restructure
from cases import EXAMPLES, consumer_policy, packaged
from laws import examples
from restructure import Application, Outcome, assess, decide, load_policy
from restructure.intake import application as records
from restructure.intake.application import (
    Conduct,
    ContractLoan,
    Finances,
    Hardship,
    Loan,
    StatedLoan,
    position_on,
    problems,
)
from restructure.policy.engine.evaluation import Engines
from restructure.testing.strategies import (
    applications,
    conducts,
    contract_loans,
    days,
    facts,
    finances,
    hardships,
    loans,
    stated_loans,
)
from restructure.testing.verdicts import known_from, verdicts_of

POLICY = packaged("cn-consumer-finance")
WATERFALL = load_policy(EXAMPLES / "waterfall")
SEARCHED = settings(max_examples=20_000, database=None)
MET = settings(SEARCHED, phases=[Phase.generate])
"""For what only has to be drawn; the others are about what it shrinks to."""


# --- what is drawn is valid


@given(st.from_type(Application))
def test_every_application_drawn_decides_and_all_identities_are_zero(application):
    assert problems(application) == []
    decision = decide(application, POLICY, on=application.as_of)
    for offer in decision.offers:
        assert offer.plan.identities.hold


@examples(60)
@given(applications(policy=WATERFALL))
def test_an_application_for_a_policy_has_its_currency_and_a_day_on_which_it_holds(application):
    decision = decide(application, WATERFALL, on=application.as_of, engines=Engines.REFERENCE)
    assert all(offer.plan.identities.hold for offer in decision.offers)


@examples(60)
@given(st.sampled_from(["JPY", "KWD", "EUR"]).flatmap(lambda code: applications(currency=code)))
def test_any_currency_may_be_asked_for(application):
    policy = consumer_policy(application.loan.currency)
    decision = decide(application, policy, on=application.as_of, engines=Engines.REFERENCE)
    assert all(offer.plan.identities.hold for offer in decision.offers)


@given(applications(complete=True))
def test_a_complete_application_lacks_nothing(application):
    assert assess(application, on=application.as_of).missing == ()


@given(days(POLICY))
def test_the_days_of_a_policy_are_those_on_which_it_holds(day):
    assert POLICY.at(day).values["cost_cap"] == Decimal("0.24")


@given(st.dates(date(2020, 1, 1), date(2031, 1, 1)).flatmap(lambda on: st.tuples(st.just(on), loans(on=on))))
def test_a_loan_can_be_laid_out_on_its_day(drawn):
    on, loan = drawn
    assert position_on(loan, on).buckets.claim >= 0


@pytest.mark.parametrize(
    "strategy", [stated_loans(), contract_loans(), finances(), hardships(), conducts()], ids=repr
)
def test_what_is_drawn_is_read_back_from_its_json_as_it_was(strategy):
    @settings(max_examples=40)
    @given(strategy)
    def same(drawn):
        assert type(drawn).model_validate_json(drawn.model_dump_json()) == drawn

    same()


# --- and it is varied


@pytest.mark.slow
def test_every_outcome_is_reached_and_every_rule_of_the_packaged_policy_makes_an_offer():
    outcomes: set[Outcome] = set()
    rules: set[str] = set()

    @settings(max_examples=8000, database=None, derandomize=True, phases=[Phase.generate])
    @given(applications(complete=True))
    def decided(application):
        if len(rules) == len(POLICY.rules) and len(outcomes) == len(Outcome):
            return  # both are reached after some thousands
        # What only the policy asks for is not drawn; without it no over-spender gets a plan.
        told = application.model_copy(
            update={"facts": {"counselling_agreed": True, "no_new_borrowing": True}}
        )
        decision = decide(told, POLICY, on=application.as_of, engines=Engines.REFERENCE)
        outcomes.add(decision.outcome)
        rules.update(offer.rule for offer in decision.offers)

    decided()
    assert outcomes == set(Outcome)
    assert rules == {rule.id for rule in POLICY.rules}


@pytest.mark.parametrize(
    "wanted",
    [
        lambda loan: loan.repayment.instalments == 0,
        lambda loan: loan.repayment.instalment is not None,
        lambda loan: loan.repayment.annual_rate == 0,
        lambda loan: loan.balances.parked > 0,
        lambda loan: loan.repayment.anchor_day is not None,
        lambda loan: (loan.originated, loan.missed_instalments) > (date.min, 3) if loan.originated else False,
    ],
)
def test_every_kind_of_stated_loan_is_drawn(wanted):
    month_ends = st.sampled_from([date(2026, 3, 18), date(2026, 1, 31)])
    assert find(month_ends.flatmap(lambda on: stated_loans(on=on)), wanted, settings=MET)


# --- it shrinks to what can be read


def test_a_loan_shrinks_to_a_plain_one():
    loan = find(st.from_type(StatedLoan), lambda _: True)
    assert loan == StatedLoan(
        basis="stated",
        reference="L",
        currency="CNY",
        balances={"principal": "12000.00"},
        repayment={"annual_rate": "18%", "instalments": 12, "first_due": "2026-04-18"},
    )


def test_an_application_shrinks_to_a_plain_loan_and_nothing_said():
    drawn = find(st.from_type(Application), lambda _: True)
    assert drawn.loan == find(stated_loans(), lambda _: True)
    assert drawn.model_dump(exclude_defaults=True).keys() == {"reference", "as_of", "borrower", "loan"}


def test_a_larger_loan_shrinks_to_round_thousands_and_keeps_its_twelve_instalments():
    loan = find(stated_loans(), lambda loan: loan.balances.principal > 50_000, settings=SEARCHED)
    assert str(loan.balances.principal) == "51000.00"
    assert (loan.repayment.instalments, loan.repayment.annual_rate) == (12, Fraction(18, 100))
    assert loan.balances.claim == loan.balances.principal


def test_arrears_by_contract_shrink_to_one_missed_instalment_of_a_plain_loan():
    loan = find(
        contract_loans(on=date(2026, 3, 18)),
        lambda loan: position_on(loan, date(2026, 3, 18)).missed_instalments,
        settings=SEARCHED,
    )
    assert (str(loan.contract.principal), loan.contract.instalments) == ("12000.00", 12)
    assert (loan.payments, loan.contract.penalty, loan.contract.charges) == ((), None, ())
    assert loan.contract.start >= date(2026, 2, 1)


def test_an_offer_shrinks_to_a_round_loan_and_a_short_list_of_incomes():
    drawn = find(
        applications(),
        lambda one: decide(one, POLICY, on=one.as_of, engines=Engines.REFERENCE).offers,
        settings=SEARCHED,
    )
    assert drawn.loan == find(stated_loans(), lambda _: True) or drawn.loan.missed_instalments == 1
    assert len(drawn.finances.income) == 1
    assert drawn.finances.income[0].monthly % 1000 == 0
    assert drawn.finances.essential_costs == drawn.finances.other_debts == ()


# --- and is printed as one would write it


@given(applications())
def test_what_is_printed_makes_the_same_application(application):
    names = {name: getattr(module, name) for module in (records, restructure) for name in dir(module)}
    assert eval(printed(application), names) == application


def test_a_plain_application_is_printed_without_defaults():
    assert " ".join(printed(find(st.from_type(Application), lambda _: True)).split()) == (
        "Application(reference='A', as_of='2026-03-18', borrower=Borrower(reference='B'), loan=StatedLoan("
        "basis='stated', reference='L', currency='CNY', balances=Buckets(principal='12000.00'), repayment=Repayment("
        "annual_rate='18%', instalments=12, first_due='2026-04-18')))"
    )


# --- facts


@given(facts(POLICY, of_plan=True))
def test_facts_fire_alike_under_both_evaluators(case):
    fired = verdicts_of(known_from(POLICY.at(date(2026, 3, 18)), case), Engines.BOTH)
    assert fired.verdicts["rules"].keys() == {rule.id for rule in POLICY.rules}


@pytest.mark.parametrize("policy", [POLICY, WATERFALL], ids=lambda policy: policy.name)
def test_facts_are_those_the_policy_reads_and_those_of_a_plan_only_if_asked_for(policy):
    on = date(2026, 3, 18)
    seen: set[str] = set()

    @settings(max_examples=100)
    @given(facts(policy, on=on))
    def draw(case):
        seen.update(case)
        verdicts_of(known_from(policy.at(on), case), Engines.REFERENCE)

    draw()
    known = {name: policy.at(on).fact(name) for name in seen}
    assert not [name for name, fact in known.items() if fact.of_plan]
    assert {"income_drop"} <= seen
    assert "months_on_book" not in seen


@pytest.mark.parametrize("value", ["0.200000", "0.199999", "0.200001"])
def test_facts_lie_on_a_threshold_and_a_unit_beside_it(value):
    assert find(facts(POLICY), lambda case: case.get("income_drop") == Decimal(value), settings=SEARCHED) == {
        "income_drop": Decimal(value)
    }


def test_what_may_be_negative_is_drawn_below_its_threshold_too():
    case = find(facts(POLICY), lambda case: case.get("disposable_income", 0) < 0, settings=SEARCHED)
    assert case == {"disposable_income": Decimal("-0.01")}


# --- without an import, and without cost


def run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    "imports",
    [
        "import hypothesis; import restructure",
        "import restructure; import hypothesis",
        "import hypothesis; from restructure.intake.application import Application",
        "import restructure.intake.application; import hypothesis",
        "from restructure import decide; import hypothesis",
        "import restructure.testing.strategies",
        "import hypothesis; import restructure.testing.strategies",
    ],
)
def test_a_fresh_process_draws_applications_by_their_type(imports):
    code = f"""{imports}
from hypothesis import Phase, find, settings, strategies as st
from restructure import Application
from restructure.intake.application import StatedLoan
plain = settings(phases=[Phase.generate, Phase.shrink])
print(find(st.from_type(Application), lambda one: True, settings=plain).loan.balances.principal)
print(find(st.from_type(StatedLoan), lambda one: True, settings=plain).repayment.instalments)
"""
    assert run(code).split() == ["12000.00", "12"]


def test_importing_hypothesis_alone_does_not_load_the_library():
    code = "import sys, hypothesis, hypothesis.strategies; print(*(n for n in sys.modules if n.startswith('restructure')))"
    assert run(code).split() == ["restructure_hypothesis"]


def test_importing_the_library_alone_does_not_load_hypothesis():
    assert run("import sys, restructure; print('hypothesis' in sys.modules)").split() == ["False"]


def test_the_door_puts_no_hook_into_the_imports_of_the_project():
    code = """
import sys
before = list(sys.meta_path), list(sys.path_hooks)
import hypothesis, restructure
from restructure import Application
print(before == (sys.meta_path, sys.path_hooks))
"""
    assert run(code).split() == ["True"]


@pytest.mark.parametrize("record", [Finances, Hardship, Conduct, ContractLoan, Loan], ids=str)
def test_its_parts_are_drawn_by_their_type_too(record):
    @settings(max_examples=10)
    @given(st.from_type(record))
    def drawn(one):
        assert one is not None

    drawn()
