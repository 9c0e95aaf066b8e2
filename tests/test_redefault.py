"""The example of a re-default model: scikit-learn and ONNX say the same of every plan, and the frontier counts it."""

import re
import runpy
from decimal import Decimal
from pathlib import Path

import pytest

from restructure import Decision, decide

EXAMPLE = Path(__file__).parents[1] / "examples" / "redefault"

for _package in ("onnxruntime", "skl2onnx", "sklearn", "matplotlib"):
    pytest.importorskip(
        _package, reason=f"NOT CHECKED: the example of a re-default model; {_package} is not installed"
    )

import numpy as np  # noqa: E402

from redefault import redefault as example  # noqa: E402


@pytest.fixture(scope="module")
def model():
    return example.train(list(example.simulated(120)))


@pytest.fixture(scope="module")
def both(model):
    return example.by_sklearn(model), example.by_onnx(example.export(model))


def test_the_exported_model_gives_the_same_probabilities_to_a_millionth_for_any_plan(model):
    from onnxruntime import InferenceSession

    session = InferenceSession(example.export(model), providers=["CPUExecutionProvider"])
    draw = np.random.default_rng(7)
    # Far beyond what the model was trained on, and as single precision has it, which is what ONNX reads.
    rows = np.column_stack([draw.uniform(0, 20, 5000), draw.uniform(-1, 1, 5000)])
    rows = rows.astype(np.float32)
    _, told = session.run(None, {session.get_inputs()[0].name: rows})
    assert np.abs(told - model.predict_proba(rows.astype(np.float64))).max() < 1e-6


def test_the_frontier_is_the_same_through_either(both):
    plain, by_onnx = example.compared(both[1])
    _, by_sklearn = example.compared(both[0])
    assert len(plain.points) > 20
    assert [one.offer for one in by_onnx.points] == [one.offer for one in by_sklearn.points]
    for mine, other in zip(by_onnx.points, by_sklearn.points, strict=True):
        assert abs(both[0](mine.offer) - both[1](mine.offer)) < 1e-6
        assert abs(mine.redefault - other.redefault) <= Decimal("0.000001")


def test_the_expected_cost_counts_what_is_lost_where_a_plan_is_not_kept(both):
    plain, expected = example.compared(both[1])
    lost = 1 - Decimal(example.RECOVERED)
    for one in expected.points:
        fails, loss = one.redefault, one.offer.prospect.npv_loss
        assert abs(one.lender_loss - ((1 - fails) * loss + fails * lost)) <= Decimal("0.000001")
        assert abs(float(fails) - both[1](one.offer)) <= 1e-6
    assert plain.tried == expected.tried


def test_the_more_is_left_to_live_on_the_less_a_borrower_fails(model, both):
    assert model[-1].coef_[0][0] < 0
    points = example.compared(both[0])[1].points
    assert points[0].redefault < points[-1].redefault


def test_the_simulated_borrowers_are_the_same_every_time_and_some_of_them_fail():
    first, again, others = (list(example.simulated(12, seed)) for seed in (1, 1, 2))
    assert first == again != others
    assert {broken for _, broken in example.simulated(40)} == {True, False}


def test_what_the_model_sees_is_what_the_plan_says():
    decision: Decision = decide(example.CASE, example.POLICY, on=example.CASE.as_of)
    offer = decision.offers[0]
    left, lower = example.features(offer)
    instalment = float(offer.plan.instalment)
    assert left * instalment == pytest.approx(
        2100 - float(max(row.total for row in offer.plan.schedule.rows))
    )
    assert lower == pytest.approx(1 - instalment / float(decision.assessment.instalment_before), abs=1e-6)


def test_the_script_prints_what_its_page_says_and_draws_its_plot(tmp_path, capsys, monkeypatch):
    picture = tmp_path / "redefault.png"
    monkeypatch.setattr("sys.argv", ["redefault.py", str(picture)])
    runpy.run_path(str(EXAMPLE / "redefault.py"), run_name="__main__")
    (told,) = re.findall(r"```text\n(.*?)```", (EXAMPLE / "README.md").read_text("utf-8"), re.DOTALL)
    assert capsys.readouterr().out == told
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size > 20_000
