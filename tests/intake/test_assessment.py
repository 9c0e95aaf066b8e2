"""Every fact of an assessment, worked out a second time from the application alone."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bench.thirty import stated
from calculator.oracles import Owed, exact_level, fraction_of_year, minor, month_day, rounded, rows_of
from calculator.oracles import dues as due_dates_of
from cases import (
    applications,
    changed,
    consumer_policy,
    contract_loans,
    example,
    half_up,
    stated_loans,
    whole_months,
)
from laws import examples
from restructure.calculator.amortisation.schedule import amortise
from restructure.calculator.servicing.position import Buckets
from restructure.casework.decisions.decision import decide
from restructure.errors import InvalidInput, Refused
from restructure.intake.application import Application, ContractLoan, StatedLoan
from restructure.intake.assessment import Assessment, assess
from restructure.intake.facts import derivation, facts, show, wanting
from strategies import DECIMALS

OF_A_CASE = [name for name, fact in facts().items() if not fact.of_plan]


def assessed(application: Application) -> Assessment:
    try:
        return assess(application, on=application.as_of)
    except Refused:  # a contract whose own instalment does not cover its interest
        assume(False)
        raise AssertionError from None


# --- the oracle


def next_instalment(loan: StatedLoan) -> int:
    """The next instalment with the interest of its whole period, in minor units."""
    repayment, currency = loan.repayment, loan.currency
    agreed = None if repayment.instalment is None else minor(repayment.instalment, currency)
    if not repayment.instalments:
        return agreed or 0
    if agreed is not None and repayment.method == "level":
        return agreed
    anchor = repayment.anchor_day or repayment.first_due.day
    days = due_dates_of(repayment.first_due, repayment.instalments, anchor)
    begins = [_last_anchor_before(repayment.first_due, anchor), *days]
    rates = [
        repayment.annual_rate * fraction_of_year(repayment.day_count, a, b, anchor)
        for a, b in zip(begins, days, strict=False)
    ]
    balance = minor(loan.balances.principal, currency)
    if repayment.method == "level":
        return rounded(exact_level(balance, rates), repayment.rounding)
    principal, interest, _ = rows_of("equal_principal", balance, rates, repayment.rounding, agreed)[0]
    return principal + interest


def _last_anchor_before(day: date, anchor: int) -> date:
    candidates = [
        month_day((day - relativedelta(months=back)).year, (day - relativedelta(months=back)).month, anchor)
        for back in (0, 1, 2)
    ]
    return max(candidate for candidate in candidates if candidate < day)


def expected_loan_facts(application: Application) -> dict[str, object]:
    loan, on = application.loan, application.as_of
    currency = loan.currency
    if isinstance(loan, ContractLoan):
        owed = Owed(loan.contract, loan.payments, on)
        buckets = {
            "principal": owed.principal,
            "principal_arrears": owed.total("principal"),
            "interest_arrears": owed.total("interest"),
            "accrued": owed.accrued,
            "penalty": owed.total("penalty"),
            "fees": owed.total("fees"),
            "parked": 0,
        }
        oldest = min((bill.due for bill in owed.unpaid_bills), default=on)
        missed = sum(bill.due < on for bill in owed.unpaid_bills)
        left, rate = owed.instalments_left, loan.contract.annual_rate
    else:
        buckets = {name: minor(getattr(loan.balances, name), currency) for name in Buckets.model_fields}
        oldest = loan.oldest_unpaid_due or on
        missed, left, rate = loan.missed_instalments, loan.repayment.instalments, loan.repayment.annual_rate
    late = on.toordinal() - oldest.toordinal()
    bands = {0: "current", 30: "1-30 days", 60: "31-60 days", 90: "61-90 days", 180: "91-180 days"}
    stage = next((name for end, name in bands.items() if late <= end), "over 180 days")
    exact = {name: Fraction(value, 10 ** DECIMALS[currency]) for name, value in buckets.items()}
    return {
        **exact,
        "claim": sum(exact.values()),
        "arrears": exact["principal_arrears"] + exact["interest_arrears"],
        "days_past_due": late,
        "missed_instalments": missed,
        "delinquency_stage": stage,
        "contract_rate": half_up(rate.numerator, rate.denominator),
        "remaining_term": left,
        "months_on_book": None if loan.originated is None else whole_months(loan.originated, on),
        "originated": loan.originated,
        "product": loan.product,
    }


def expected_facts(application: Application, instalment: Fraction) -> dict[str, object]:
    """Everything about the person, from the descriptions of the facts."""
    finances, hardship, conduct = application.finances, application.hardship, application.conduct
    on = application.as_of
    income = (
        None
        if finances.income is None
        else sum((Fraction(one.monthly) for one in finances.income), Fraction(0))
    )
    costs = (
        None
        if finances.essential_costs is None
        else sum((Fraction(c.monthly) for c in finances.essential_costs), Fraction(0))
    )
    debts = (
        None
        if finances.other_debts is None
        else sum((Fraction(d.monthly) for d in finances.other_debts), Fraction(0))
    )
    disposable = None if None in (income, costs, debts) else income - costs - debts
    affordable = None if disposable is None else max(disposable, Fraction(0))
    before = None if finances.income_before is None else Fraction(finances.income_before)
    drop = None
    if before is not None and income is not None:
        share = max(before - income, Fraction(0)) / (before or 1)  # who had nothing lost nothing
        drop = half_up(share.numerator, share.denominator)
    pti = None
    if income:
        share = instalment / income
        pti = half_up(share.numerator, share.denominator)
    verified = None
    if finances.income is not None:
        answers = [one.verified for one in finances.income]
        verified = False if False in answers else None if None in answers else True
    kinds = [evidence.kind.value for evidence in hardship.evidence]
    outlook = left = None
    if hardship.resolved_on is not None:
        outlook = "resolved"
    elif hardship.lasting:
        outlook = "lasting"
    elif hardship.onset is not None and hardship.expected_months is not None:
        end = hardship.onset + relativedelta(months=hardship.expected_months)
        if end > on:
            outlook = "temporary"
            left = next(n for n in range(1000) if on + relativedelta(months=n) >= end)
    previous = application.previous_restructurings
    wanted = {
        "finances.income": finances.income,
        "finances.essential_costs": finances.essential_costs,
        "finances.other_debts": finances.other_debts,
        "finances.liquid_reserves": finances.liquid_reserves,
        "finances.income_before": finances.income_before,
        "hardship.cause": hardship.cause,
        "hardship.onset": hardship.onset,
        "hardship.evidence (hardship_proof)": "hardship_proof" in kinds or None,
        "hardship.evidence (income_proof)": "income_proof" in kinds or None,
        "conduct.willing_to_repay": conduct.willing_to_repay,
        "conduct.reachable": conduct.reachable,
        "conduct.disputed": conduct.disputed,
        "previous_restructurings": previous,
    }
    missing = tuple(place for place, value in wanted.items() if value is None)
    says = [
        conduct.willing_to_repay,
        conduct.reachable,
        {True: False, False: True, None: None}[conduct.disputed],
        None if disposable is None else disposable > 0,
    ]
    return {
        "monthly_income": income,
        "income_verified": verified,
        "income_before": before,
        "income_drop": drop,
        "essential_costs": costs,
        "other_debt_payments": debts,
        "disposable_income": disposable,
        "affordable_instalment": affordable,
        "shortfall": None if affordable is None else max(instalment - affordable, Fraction(0)),
        "payment_to_income_before": pti,
        "liquid_reserves": finances.liquid_reserves,
        "dependants": finances.dependants,
        "hardship_cause": hardship.cause,
        "hardship_onset": hardship.onset,
        "hardship_outlook": outlook,
        "hardship_months_left": left,
        "hardship_evidenced": "hardship_proof" in kinds,
        "income_evidenced": "income_proof" in kinds,
        "willing_to_repay": conduct.willing_to_repay,
        "reachable": conduct.reachable,
        "disputed": conduct.disputed,
        "vulnerable": conduct.vulnerable,
        "restructurings": None if previous is None else len(previous),
        "months_since_restructuring": whole_months(max(one.on for one in previous), on) if previous else None,
        "completeness": half_up(13 - len(missing), 13),
        "file_complete": not missing,
        "negotiation_possible": False if False in says else None if None in says else True,
        "missing": missing,
        "as_of": on,
    }


def expected_paying(application: Application, found: Assessment) -> dict[str, object]:
    """How the loan was paid, one cent after the other given to the oldest instalment."""
    loan, on = application.loan, application.as_of
    terms = loan.contract if isinstance(loan, ContractLoan) else loan.repayment
    rates = [terms.annual_rate, *(one.annual_rate for one in terms.rates if one.starts <= on)]
    changes = [
        (one.starts, one.annual_rate)
        for one in terms.rates
        if one.starts > on and one.annual_rate != rates[-1]
    ]
    margin = None if found.disposable_income is None else found.disposable_income - found.instalment_before
    share = (
        Fraction(margin) / Fraction(found.monthly_income)
        if margin is not None and found.monthly_income
        else None
    )
    expected: dict[str, object] = {
        "margin": margin,
        "margin_share": None if share is None else half_up(share.numerator, share.denominator),
        "next_rate_change": changes[0][0] if changes else None,
        "rate_change": Decimal(half_up((step := changes[0][1] - rates[-1]).numerator, step.denominator))
        if changes
        else None,
        "next_due": found.position.repayment.first_due if found.remaining_term else None,
        **dict.fromkeys(("delay_lately", "delay_before", "paid_late", "paid_in_part")),
    }
    if isinstance(loan, StatedLoan):
        return expected
    rows = [row for row in amortise(loan.contract).rows if row.due <= on and row.total]
    open_now = [
        [row.due, row.total, None, Decimal(0)] for row in rows
    ]  # due, still to pay, paid on, there on its day
    for payment in sorted(loan.payments, key=lambda one: one.on):
        left = payment.amount if payment.on <= on else Decimal(0)
        for one in open_now:
            given = min(left, one[1])
            left -= given
            one[1] -= given
            if given and payment.on <= one[0]:
                one[3] += given
            if given and not one[1]:
                one[2] = payment.on
    late = [max(0, ((one[2] or on) - one[0]).days) for one in open_now]
    in_part = [0 < one[3] < row.total for one, row in zip(open_now, rows, strict=True)]
    thirds = [late[-3:], late[-6:-3]]
    means = [int(Fraction(sum(days), 3) + Fraction(1, 2)) if len(days) == 3 else None for days in thirds]
    return expected | {
        "delay_lately": means[0],
        "delay_before": means[1],
        "paid_late": sum(days > 0 for days in late[-6:]),
        "paid_in_part": sum(in_part[-6:]),
    }


def check(application: Application) -> None:
    found = assessed(application)
    if isinstance(application.loan, StatedLoan):
        instalment = Fraction(next_instalment(application.loan), 10 ** DECIMALS[found.currency])
        assert found.instalment_before == instalment
    expected = expected_loan_facts(application) | expected_facts(
        application, Fraction(found.instalment_before)
    )
    expected |= expected_paying(application, found)
    actual = {name: getattr(found, name) for name in expected}
    assert actual == expected
    # Nothing that a rule may read was left out by the oracle, except the instalment, which is compared above.
    assert set(OF_A_CASE) <= {*expected, "instalment_before"}


@examples(50)
@given(applications(loans=stated_loans()))
def test_every_fact_of_a_stated_loan_equals_an_independent_calculation(application):
    check(application)


@examples(40)
@given(applications(loans=contract_loans()))
def test_every_fact_of_a_contract_equals_an_independent_calculation(application):
    check(application)


@pytest.mark.slow
@settings(max_examples=5000)
@given(applications())
def test_every_fact_equals_an_independent_calculation_on_thousands_of_applications(application):
    check(application)


# --- stated and derived are two ways of saying the same


def restated(application: Application) -> Application:
    """The same loan by the balances that follow from its contract and payments, read as it would come in."""
    owed = stated(application)
    return Application.model_validate({name: getattr(owed, name) for name in Application.model_fields})


@examples(50)
@given(applications(loans=contract_loans()))
def test_balances_derived_from_a_contract_and_the_same_balances_stated_give_the_same_facts_and_offers(
    application,
):
    try:
        other = restated(application)
        mine, theirs = assess(application, on=application.as_of), assess(other, on=other.as_of)
    except Refused:
        assume(False)
    of_payments = {"delay_lately", "delay_before", "paid_late", "paid_in_part"}  # balances know no past
    for name in [*OF_A_CASE, "missing"]:
        if name not in of_payments:
            assert getattr(mine, name) == getattr(theirs, name), name
    # Money paid beyond everything owed is no balance, so it cannot be stated as one.
    assert mine.position.model_copy(update={"credit": 0}) == theirs.position
    policy = consumer_policy(application.loan.currency)
    one, two = (decide(case, policy, on=case.as_of) for case in (application, other))
    assert one.offers == two.offers
    assert one.refusals == two.refusals
    assert one.outcome == two.outcome


# --- unknown stays unknown

GAPS = {
    "finances.income": {
        "monthly_income", "income_verified", "income_drop", "disposable_income", "affordable_instalment", "shortfall",
        "payment_to_income_before", "margin", "margin_share",
    },
    "finances.income_before": {"income_before", "income_drop"},
    "finances.essential_costs": {"essential_costs", "disposable_income", "affordable_instalment", "shortfall", "margin", "margin_share"},
    "finances.other_debts": {"other_debt_payments", "disposable_income", "affordable_instalment", "shortfall", "margin", "margin_share"},
    "finances.liquid_reserves": {"liquid_reserves"},
    "finances.dependants": {"dependants"},
    "hardship.cause": {"hardship_cause"},
    "hardship.onset": {"hardship_onset", "hardship_outlook", "hardship_months_left"},
    "hardship.expected_months": {"hardship_outlook", "hardship_months_left"},
    "conduct.willing_to_repay": {"willing_to_repay"},
    "conduct.reachable": {"reachable"},
    "conduct.disputed": {"disputed"},
    "conduct.vulnerable": {"vulnerable"},
    "previous_restructurings": {"restructurings"},
}  # fmt: skip


@pytest.mark.parametrize("place", GAPS)
def test_what_the_file_does_not_say_is_unknown_with_everything_that_follows_from_it(place):
    whole = Application.model_validate(example("illness"))
    known = assess(whole, on=whole.as_of)
    less = Application.model_validate(changed(example("illness"), place, ...))
    found = assess(less, on=less.as_of)
    verdict = {"negotiation_possible"} if found.negotiation_possible is None else set()
    gone = {name for name in OF_A_CASE if found.value(name) is None and known.value(name) is not None}
    assert gone - verdict == GAPS[place]
    # Everything still known is what it was, except what counts the gaps themselves.
    counting = {"completeness", "file_complete"}
    for name in set(OF_A_CASE) - gone - counting:
        assert found.value(name) == known.value(name), name


def test_a_reachable_borrower_who_refuses_settles_the_verdict_whatever_else_is_unknown():
    data = changed(changed(example("illness"), "finances.income", ...), "conduct.willing_to_repay", False)
    application = Application.model_validate(data)
    assert assess(application, on=application.as_of).negotiation_possible is False


def test_an_empty_list_means_none_and_an_absent_one_means_unknown():
    none = Application.model_validate(changed(example("illness"), "finances.other_debts", []))
    assert assess(none, on=none.as_of).disposable_income == Decimal("2400.00")  # 7,000 − 4,600
    absent = Application.model_validate(changed(example("illness"), "finances.other_debts", None))
    assert assess(absent, on=absent.as_of).disposable_income is None


def test_no_income_at_all_is_zero_and_a_share_of_it_is_unknown():
    application = Application.model_validate(changed(example("illness"), "finances.income", []))
    found = assess(application, on=application.as_of)
    assert (found.monthly_income, found.payment_to_income_before) == (0, None)
    assert found.income_drop == 1
    assert found.disposable_income == -4900  # 0 − 4,600 − 300
    assert (found.affordable_instalment, found.negotiation_possible) == (0, False)


# as_of is 18 March 2026.
@pytest.mark.parametrize(
    ("hardship", "outlook", "left"),
    [
        (
            {"onset": "2026-01-12", "expected_months": 8},
            "temporary",
            6,
        ),  # to 12 September: five months and a bit
        ({"onset": "2026-01-18", "expected_months": 3}, "temporary", 1),  # to 18 April: one month exactly
        ({"onset": "2026-01-19", "expected_months": 2}, "temporary", 1),  # to 19 March: one day
        (
            {"onset": "2026-01-18", "expected_months": 2},
            None,
            None,
        ),  # today: it should be over, nobody said so
        ({"onset": "2025-01-18", "expected_months": 2}, None, None),
        ({"onset": "2026-01-18"}, None, None),
        ({"expected_months": 8}, None, None),
        ({"lasting": True}, "lasting", None),
        ({"lasting": False}, None, None),
        ({"lasting": False, "onset": "2026-01-19", "expected_months": 2}, "temporary", 1),
        ({"resolved_on": "2026-03-18"}, "resolved", None),
        ({"resolved_on": "2026-02-01", "onset": "2026-01-12", "expected_months": 8}, "resolved", None),
        # From 31 December, two months end on 28 February.
        ({"onset": "2025-12-31", "expected_months": 3}, "temporary", 1),
    ],
)
def test_a_hardship_is_temporary_lasting_resolved_or_not_known(hardship, outlook, left):
    application = Application.model_validate({**example("illness"), "hardship": hardship})
    found = assess(application, on=date(2026, 3, 18))
    assert (found.hardship_outlook, found.hardship_months_left) == (outlook, left)


def test_each_day_past_due_falls_into_one_band():
    # Bands as reports name them; the day on either side of each border.
    borders = {0: "current", 1: "1-30 days", 30: "1-30 days", 31: "31-60 days", 60: "31-60 days", 61: "61-90 days",
               90: "61-90 days", 91: "91-180 days", 180: "91-180 days", 181: "over 180 days"}  # fmt: skip
    for days, band in borders.items():
        oldest = (date(2026, 3, 18) - relativedelta(days=days)).isoformat()
        data = changed(example("overspending"), "loan.oldest_unpaid_due", oldest)
        application = Application.model_validate(changed(data, "loan.originated", ...))
        found = assess(application, on=application.as_of)
        assert (found.days_past_due, found.delinquency_stage) == (days, band)


# --- what an assessment refuses


def codes(error: InvalidInput) -> list[tuple[str, str]]:
    return [(issue.code, issue.place) for issue in error.issues]


def test_balances_stated_for_another_day_are_refused():
    application = Application.model_validate(example("overspending"))
    with pytest.raises(InvalidInput) as caught:
        assess(application, on=date(2026, 3, 19))
    assert codes(caught.value) == [("balances-date", "as_of")]


def test_a_contract_can_be_assessed_on_a_later_day_but_not_on_an_earlier_one():
    application = Application.model_validate(example("illness"))
    # The oldest unpaid instalment fell due on 30 January: 48 days on 19 March.
    assert assess(application, on=date(2026, 3, 19)).days_past_due == 48
    with pytest.raises(InvalidInput) as caught:
        assess(application, on=date(2026, 3, 17))
    assert codes(caught.value) == [("date-after-decision", "as_of")]


def test_everything_that_contradicts_itself_is_told_at_once():
    data = changed(example("illness"), "finances.currency", "USD")
    data = changed(data, "hardship.onset", "2026-03-20")
    data = changed(data, "loan.payments.0.on", "2025-06-01")
    data = changed(data, "loan.payments.1.id", "P-01")
    data = changed(data, "finances.liquid_reserves", "1.234")
    with pytest.raises(InvalidInput) as caught:
        assess(Application.model_validate(data), on=date(2026, 3, 18))
    assert set(codes(caught.value)) == {
        ("currency-mixed", "finances.currency"),
        ("date-after-decision", "hardship.onset"),
        ("date-before-origination", "loan.payments.0.on"),
        ("payment-repeated", "loan.payments.1.id"),
        ("money-scale", "finances.liquid_reserves"),
    }


# --- derivations


def test_every_fact_of_the_illness_case_reads_as_a_person_would_work_it_out():
    application = Application.model_validate(example("illness"))
    found = assess(application, on=application.as_of)
    # From the file: 4,800 + 2,200; five essential costs; 300 of other debts; 11,500 before.
    assert derivation(found, "disposable_income") == (
        "disposable_income = monthly_income − essential_costs − other_debt_payments"
        " = 7,000.00 − 4,600.00 − 300.00 = 2,100.00"
    )
    assert derivation(found, "income_drop") == (
        "income_drop = (income_before − monthly_income) / income_before, at least 0"
        " = (11,500.00 − 7,000.00) / 11,500.00, at least 0 = 39.1304 %"
    )
    assert derivation(found, "hardship_cause") == "hardship_cause = illness (from hardship.cause)"


ORDINARY = """
    + − / > at least 0 on due date of the oldest instalment not paid in full band whole months from origination to sum
    every source income is verified resolved if once has come; lasting it said be; temporary expected end lies ahead begun
    counted a hardship_proof an income_proof held number latest and items present complete file holds empty mean days
    late last three six instalments before those that were part
"""


@pytest.mark.parametrize("name", facts())
def test_a_formula_names_only_facts_and_ordinary_words(name):
    fields = {
        "finances.income", "finances.essential_costs", "finances.other_debts", "hardship.lasting", "hardship.resolved_on", "expected_months",
        "previous_restructurings", "missing",
        "resolved_on",
    }  # fmt: skip
    ordinary = {word.strip("(),;") for word in ORDINARY.split()}
    for word in facts()[name].formula.split():
        assert word.strip("(),;") in ordinary | facts().keys() | fields, word


@pytest.mark.parametrize("name", facts())
def test_every_fact_has_a_description_for_people(name):
    assert facts()[name].doc.endswith(".")


@examples(50)
@given(applications(), st.sampled_from(OF_A_CASE))
def test_a_derivation_ends_in_the_value_of_the_record_and_holds_the_values_of_what_it_names(
    application, name
):
    found = assessed(application)
    text = derivation(found, name)
    shown = show(facts()[name], found.value(name), found.currency)
    head, *middle = text.split(" = ")
    assert head == name
    assert middle[-1].removesuffix(f" (from {facts()[name].supplied})") == shown
    if found.value(name) is not None and facts()[name].kind.value == "money":
        assert Decimal(shown.replace(",", "")) == found.value(name)
    if facts()[name].kind.value == "ratio" and found.value(name) is not None:
        assert Decimal(shown.removesuffix(" %")) / 100 == found.value(name)
    formula = facts()[name].formula
    if formula:
        assert middle[0] == formula
        words = [word.strip("(),") for word in formula.split()]
        named = [word for word in words if word in OF_A_CASE]
        for part in named:
            assert show(facts()[part], found.value(part), found.currency) in middle[1]


def test_a_fact_of_a_plan_or_an_unknown_name_is_refused_with_a_sentence_and_not_a_traceback():
    application = Application.model_validate(example("illness"))
    found = assess(application, on=application.as_of)
    for name in ("relief", "disposible_income"):
        with pytest.raises((KeyError, ValueError, InvalidInput)):
            derivation(found, name)


@examples(50)
@given(applications())
def test_an_unknown_fact_says_where_in_the_application_it_could_be_made_known(application):
    found = assessed(application)
    for name in OF_A_CASE:
        places = wanting(found, name)
        if found.value(name) is not None:
            assert places == ()
        for place in places:
            top = place.split(".")[0].split(" ")[0]
            assert top in Application.model_fields, place


@examples(50)
@given(applications())
def test_an_assessment_survives_json(application):
    found = assessed(application)
    assert Assessment.model_validate_json(found.model_dump_json()) == found
