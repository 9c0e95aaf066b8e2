"""One benchmark each, baseline F in the same run; without `--benchmark-enable` each runs once as a test.

Nothing about time is asserted, but how many plans a counter-offer makes is: `python tests/bench/{table,rules_table,cases}.py` print the ratios.
"""

from decimal import Decimal

import pytest

from bench import counters, subjects
from bench.cases import bare_ifs, known_facts, text_of_cases
from bench.rule_engines import SUBJECTS as RULE_ENGINES
from bench.rules import facts_of_cases, holds, policy
from bench.thirty import thirty_rules
from restructure.casework.decisions.outcome import Outcome
from restructure.policy.engine.evaluation import engines_here
from restructure.testing.case_reader import read_cases
from restructure.testing.checking import check
from restructure.testing.report import run_cases

pytestmark = [pytest.mark.bench, pytest.mark.benchmark(group="× F", disable_gc=False)]


def test_baseline(benchmark):
    rows = benchmark(subjects.baseline)
    assert rows == [(row[0], row[1], row[2], row[-1]) for row in subjects.amortise_tuples()]


def test_amortise_to_tuples(benchmark):
    rows = benchmark(subjects.amortise_tuples)
    assert len(rows) == 36
    assert rows[-1][-1] == 0


def test_amortise_to_models(benchmark):
    rows = benchmark(subjects.amortise_models)
    assert rows[-1].balance == Decimal("0.00")
    assert rows[-1].number == 36


def test_amortise_in_equal_months(benchmark):
    assert len(benchmark(subjects.amortise_by_month)) == 36


def test_amortise_without_a_look_at_the_rows(benchmark):
    assert len(benchmark(subjects.amortise_unread).rows) == 36


def test_amortise_360_rows(benchmark):
    rows = benchmark(subjects.amortise_long)
    assert len(rows) == 360
    assert rows[-1][-1] == 0


def test_reschedule(benchmark):
    plan = benchmark(subjects.reschedule_set)
    assert plan.identities.hold
    assert len(plan.schedule.rows) == 39


def test_reschedule_a_position_never_seen_before(benchmark):
    plan = benchmark(subjects.reschedule_unseen)
    assert plan == subjects.reschedule_set()


def test_compare_the_first_plan_of_a_position(benchmark):
    assert benchmark(subjects.compare_unseen) == subjects.compare_plan()


def test_reschedule_390_rows(benchmark):
    plan = benchmark(subjects.reschedule_long)
    assert plan.identities.hold
    assert len(plan.schedule.rows) == 390


def test_compare(benchmark):
    assert benchmark(subjects.compare_plan).term_after == 39


def test_compare_390_rows(benchmark):
    assert benchmark(subjects.compare_long).term_after == 390


def test_position_of(benchmark):
    assert benchmark(subjects.position_of_illness).days_past_due == 47


def test_assess(benchmark):
    assessment = benchmark(subjects.assess_illness)
    assert assessment.days_past_due == 47


def test_decide_with_every_engine_here(benchmark):
    decision = benchmark(subjects.decide_both)
    assert decision.outcome is Outcome.OFFER
    assert decision.engines == engines_here()


@pytest.mark.parametrize("run", [subjects.decide_thirty, subjects.decide_thirty_stated])
def test_decide_by_thirty_rules_with_three_offers(benchmark, run):
    decision = benchmark(run)
    assert len(thirty_rules().rules) == 30
    assert sorted(offer.rule for offer in decision.offers) == ["illness-relief", "longer-term", "third-offer"]
    assert all(offer.plan.identities.hold for offer in decision.offers)


def test_decide_with_the_reference_evaluator(benchmark):
    decision = benchmark(subjects.decide_reference)
    assert decision.outcome is Outcome.OFFER
    assert decision.engines == ("reference",)


def test_no_counter_offer_makes_more_plans_than_its_bound(benchmark, monkeypatch):
    hardest = [one for one in counters.SUBJECTS if one.name in counters.HARDEST]
    assert len(hardest) == len(counters.HARDEST)
    made = benchmark.pedantic(
        lambda: {one.name: counters.plans_made(one.run, monkeypatch.setattr) for one in hardest}, rounds=1
    )
    assert {name: plans for name, plans in made.items() if plans > counters.MOST_PLANS} == {}
    assert max(made.values()) > counters.MOST_PLANS // 2  # they are hard enough to show it


@pytest.mark.slow  # the test before has the hardest of them
def test_no_request_of_the_whole_set_makes_more_plans_than_the_bound(monkeypatch):
    made = {one.name: counters.plans_made(one.run, monkeypatch.setattr) for one in counters.SUBJECTS}
    assert {name: plans for name, plans in made.items() if plans > counters.MOST_PLANS} == {}


def test_effective_rate(benchmark):
    rate = float(benchmark(subjects.rate_exact))
    _, dates, amounts = subjects._flows()
    worth = (
        amount / (1 + rate) ** ((day - dates[0]).days / 365)
        for day, amount in zip(dates, amounts, strict=True)
    )
    assert abs(sum(worth)) < 1e-6


OTHERS = {
    "mortgagemath": ("mortgagemath", (0, 0)),
    "QuantLib": ("QuantLib", (18, 3)),
    "pyxirr": ("pyxirr `pmt`", (18, 3)),
    "numpy-financial, arrays": ("numpy-financial `pmt`, `ipmt`, `ppmt` over", (18, 3)),
    "numpy-financial, a call a row": ("numpy-financial `pmt`, `ipmt`, `ppmt`, a call", (18, 3)),
    "Decimal loop": ("`Decimal` loop", (0, 0)),
}
"""How many rows of each differ from the exact schedule by its own convention, and the cents left unpaid."""


@pytest.mark.parametrize("other", OTHERS)
def test_what_others_make_of_the_same_loan(benchmark, other):
    begins, differs = OTHERS[other]
    [subject] = (subject for subject in subjects.SUBJECTS if subject.name.startswith(begins))
    if subject.absent:
        pytest.skip(f"{subject.package} is not installed: the extra `bench` has it")
    benchmark(subject.run)
    assert subjects.off_to_the_cent(subject.cents(), subject.of) == differs


def test_xirr_of_the_same_flows(benchmark):
    pytest.importorskip("pyxirr", reason="pyxirr is not installed: the extra `bench` has it")
    benchmark(subjects.rate_pyxirr)
    assert subjects.rate_error() < Decimal("1e-11")


@pytest.mark.parametrize("subject", subjects.SUBJECTS[:5], ids=lambda subject: subject.name)
def test_our_own_rows_are_those_of_the_exact_schedule(subject):
    if subject.cents:
        assert subjects.off_to_the_cent(subject.cents(), subject.of) == (0, 0)


@pytest.mark.parametrize("kind", ["selective", "broad"])
@pytest.mark.parametrize("subject", RULE_ENGINES, ids=lambda subject: subject.name)
def test_every_rule_engine_answers_as_the_oracle_does(benchmark, subject, kind):
    if subject.absent:
        pytest.skip(f"{subject.needs} cannot be imported: the extra `bench` has the peers")
    rules, cases = policy(kind, 50), facts_of_cases(200)
    run = subject.build(rules)
    for facts in cases:
        assert run(facts) == [name for name, condition in rules if holds(condition, facts)]
    benchmark(run, cases[0])


def test_the_facts_of_a_thousand_cases_through_bare_ifs(benchmark):
    judged = benchmark(lambda: [bare_ifs(case) for case in known_facts(1000)])
    every = [gates | rules for gates, rules in judged]
    assert all({one[name] for one in every} == {True, False} for name in every[0])


@pytest.mark.slow  # the next test sees some of the same cases come out right
def test_a_thousand_cases_on_facts_come_out_as_the_bare_ifs_say(benchmark, tmp_path):
    (tmp_path / "a_test.yaml").write_text(text_of_cases(1000), "utf-8")
    report = benchmark.pedantic(lambda: run_cases([tmp_path]), rounds=1)
    assert len(report.results) == 1000
    assert report.failed == ()


def test_cases_that_are_read_are_run(benchmark, tmp_path):
    count = 1000 if benchmark.enabled else 200  # reading them takes nearly all the time, and is not measured
    (tmp_path / "a_test.yaml").write_text(text_of_cases(count), "utf-8")
    cases = read_cases(tmp_path / "a_test.yaml")
    results = benchmark.pedantic(lambda: list(check(cases)), rounds=3)
    assert len(results) == count
    assert all(one.passed for one in results)
