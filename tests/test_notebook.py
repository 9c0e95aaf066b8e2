"""The notebook runs as committed, shows what it showed, and its plots draw the plan's own numbers."""

from pathlib import Path

import pytest

from cases import packaged
from restructure import decide, read_application

ROOT = Path(__file__).parents[1]
NOTEBOOK = ROOT / "examples/illness.ipynb"


def text_outputs(notebook):
    return [
        (output.get("text") or output["data"].get("text/html") or output["data"].get("text/plain"))
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.output_type in ("stream", "execute_result") and "image/png" not in output.get("data", {})
    ]


def test_the_notebook_runs_and_prints_what_is_committed():
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("matplotlib")
    committed = nbformat.read(NOTEBOOK, as_version=4)
    assert all(cell.execution_count for cell in committed.cells if cell.cell_type == "code"), (
        "commit it executed"
    )
    fresh = nbformat.read(NOTEBOOK, as_version=4)
    nbclient.NotebookClient(fresh, timeout=180, resources={"metadata": {"path": str(ROOT)}}).execute()

    def comparable(notebook):
        # which evaluators ran depends on the interpreter; everything else is the same everywhere
        return [text.replace("durable_rules 2.0.28 and ", "") for text in text_outputs(notebook)]

    assert comparable(fresh) == comparable(committed)
    plots = [
        o for c in fresh.cells if c.cell_type == "code" for o in c.outputs if "image/png" in o.get("data", {})
    ]
    assert len(plots) == 3


@pytest.fixture
def plan():
    case = read_application(ROOT / "examples/illness.json")
    return decide(case, packaged("cn-consumer-finance"), on=case.as_of).offers[0].plan


@pytest.fixture
def plots():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from restructure.report import plots

    yield plots
    from matplotlib import pyplot

    pyplot.close("all")


def test_the_balance_plot_starts_at_what_is_owed_and_ends_at_zero(plots, plan):
    ax = plots.plot_balance(plan)
    agreed, offered = ax.get_lines()
    claim = float(plan.position.buckets.claim)
    # as agreed the accrued interest and the arrears are owed too; under the plan the relief is gone
    assert agreed.get_ydata()[0] == pytest.approx(claim)
    relief = sum(float(m.amount) for m in plan.ledger if m.kind in ("waived", "forgiven"))
    assert offered.get_ydata()[0] == pytest.approx(claim - relief)
    assert agreed.get_ydata()[-1] == offered.get_ydata()[-1] == 0


def test_the_instalment_plot_has_a_bar_for_every_row(plots, plan):
    ax = plots.plot_instalments(plan)
    heights = [bar.get_height() for bar in ax.patches]
    rows = [*plan.before.rows, *plan.schedule.rows]
    assert heights == pytest.approx([float(row.total) for row in rows])


def test_plots_show_the_plan_alone_where_paying_as_agreed_cannot_be_carried_out(plots, plan):
    alone = plan.model_copy(update={"before": None})
    assert len(plots.plot_balance(alone).get_lines()) == 1
    assert len(plots.plot_instalments(alone).patches) == len(plan.schedule.rows)
