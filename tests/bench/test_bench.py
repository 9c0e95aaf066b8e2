"""One benchmark each, baseline F in the same run; without `--benchmark-enable` each runs once as a test.

Nothing about time is asserted: `python tests/bench/table.py` prints the ratios.
"""

from decimal import Decimal

import pytest

from bench import subjects
from restructure.casework.decision import Outcome
from restructure.policy.evaluation import engines_here

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


def test_reschedule(benchmark):
    plan = benchmark(subjects.reschedule_set)
    assert plan.identities.hold
    assert len(plan.schedule.rows) == 39


def test_assess(benchmark):
    assessment = benchmark(subjects.assess_illness)
    assert assessment.days_past_due == 47


def test_decide_with_every_engine_here(benchmark):
    decision = benchmark(subjects.decide_both)
    assert decision.outcome is Outcome.OFFER
    assert decision.engines == engines_here()


def test_decide_with_the_reference_evaluator(benchmark):
    decision = benchmark(subjects.decide_reference)
    assert decision.outcome is Outcome.OFFER
    assert decision.engines == ("reference",)


def test_numpy_financial_row_by_row(benchmark):
    pytest.importorskip("numpy_financial")
    assert len(benchmark(subjects.numpy_financial_scalar)) == 36


def test_numpy_financial_arrays(benchmark):
    pytest.importorskip("numpy_financial")
    assert len(benchmark(subjects.numpy_financial_array)[1]) == 36


def test_decimal_loop(benchmark):
    rows = benchmark(subjects.decimal_loop)
    assert sum(principal for _, _, principal in rows) == Decimal("48000.00")
