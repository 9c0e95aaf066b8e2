"""Plots on paper and charts on a screen: legible at their size, in either language, and nothing left behind."""

import gc
import json
import sys
import warnings
import weakref
from datetime import date
from decimal import Decimal
from itertools import combinations

import pytest

from restructure import decide, frontier, load_policy, read_application
from restructure.calculator.measures.deferral import Capitalise
from restructure.calculator.measures.holiday import Holiday
from restructure.calculator.measures.relief import Waive
from restructure.calculator.measures.timing import Extend
from restructure.calculator.measures.up_front import Pay
from restructure.calculator.plans.plan import reschedule
from restructure.casework.negotiation.frontier import Frontier
from restructure.errors import InvalidInput
from restructure.report import plots
from restructure.report.plots.styles import COST_RAMP, STYLES
from restructure.report.plots.ticks import date_ticks
from restructure.report.wording import Wording, view_languages

mpl = pytest.importorskip("matplotlib")


@pytest.fixture
def plan(weekly):
    """420 weekly rows: half a year without payments, arrears with the first payment after it, then level rows."""
    return reschedule(
        weekly,
        [
            Holiday(instalments=26, interest="spread"),
            Extend(instalments=34),
            Capitalise(of=["principal_arrears", "accrued"]),
            Waive(of="penalty", share=1),
        ],
    )


@pytest.fixture(scope="module")
def case():
    application, policy = read_application("examples/illness.json"), load_policy("cn-consumer-finance")
    on = application.as_of
    return decide(application, policy, on=on), frontier(application, policy, on=on, parts=2)


def on_a_figure(width: float):
    from matplotlib.figure import Figure

    return Figure(figsize=(width, 3.4), dpi=100, layout="constrained").add_subplot()


def drawn(ax):
    """Lay the figure out as it is saved."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    FigureCanvasAgg(ax.figure).draw()
    return ax


def widths_of_payments(ax) -> list[float]:
    """Give the widths in pixels of all bars and of all steps of areas that show money."""
    from matplotlib.patches import Rectangle, StepPatch

    pixels, widths = ax.transData.transform, []
    for patch in ax.patches:
        if isinstance(patch, StepPatch):
            values, edges, below = patch.get_data()
            below = [float(below)] * len(values) if getattr(below, "ndim", 0) == 0 else below
            widths += [
                pixels((edges[k + 1], 0))[0] - pixels((edges[k], 0))[0]
                for k, value in enumerate(values)
                if value > below[k]
            ]
        elif isinstance(patch, Rectangle) and patch.get_height():
            widths.append(patch.get_window_extent().width)
    return widths


# --- on paper


def test_twelve_months_are_a_bar_for_every_payment_with_its_components_stacked(case):
    plan = case[0].offers[0].plan
    ax = drawn(plots.plot_instalments(plan, affordable="2300", language="en"))
    bars = [patch for patch in ax.patches if type(patch).__name__ == "Rectangle"]
    parts = len(ax.containers)
    assert len(bars) == parts * len(plan.schedule.rows)
    tops = [max(c.patches[k].get_y() + c.patches[k].get_height() for c in ax.containers) for k in range(12)]
    assert tops == pytest.approx([float(row.total) for row in plan.schedule.rows[:12]])
    middles = [bar.get_x() + bar.get_width() / 2 for bar in ax.containers[0].patches]
    from matplotlib.dates import date2num

    assert middles == pytest.approx([date2num(row.due) for row in plan.schedule.rows])


@pytest.mark.parametrize("width", [4, 8])
def test_no_payment_of_420_weekly_rows_is_drawn_thinner_than_a_pixel(plan, width):
    assert len(plan.schedule.rows) == 420
    widths = widths_of_payments(drawn(plots.plot_instalments(plan, ax=on_a_figure(width), language="en")))
    assert len(widths) > 150
    assert min(widths) >= 0.999  # a pixel, but for the last bits of a float


def test_the_highest_payment_of_rows_that_share_a_pixel_is_drawn_and_a_holiday_is_a_gap(plan):
    ax = drawn(plots.plot_instalments(plan, ax=on_a_figure(4), language="en"))
    steps = [patch for patch in ax.patches if type(patch).__name__ == "StepPatch"]
    outline = steps[-1].get_data()
    assert outline.values.max() == pytest.approx(max(float(row.total) for row in plan.before.rows))
    highest = max(float(row.total) for row in plan.schedule.rows)
    area = max(step.get_data().values.max() for step in steps[:-1])
    assert area == pytest.approx(highest)
    values, edges, _ = steps[0].get_data()
    first = plan.schedule.rows[26].due
    from matplotlib.dates import date2num

    paid = [edges[k + 1] for k, value in enumerate(values) if value]
    assert min(paid) > date2num(first) - 7


def test_axes_of_the_callers_own_are_drawn_on_and_given_back(plan):
    ax = on_a_figure(7)
    assert plots.plot_balance(plan, ax=ax) is ax
    agreed, offered = ax.get_lines()
    assert agreed.get_ydata()[0] == pytest.approx(float(plan.position.buckets.claim))
    assert agreed.get_ydata()[-1] == offered.get_ydata()[-1] == 0


def test_every_row_of_the_ledger_says_its_amount(case):
    plan = case[0].offers[0].plan
    ax = plots.plot_ledger(plan, language="en")
    amounts = [text.get_text() for text in ax.texts]
    assert amounts[-1] == f"{plan.schedule.total:,}"
    assert f"{plan.position.buckets.claim:,}" in amounts
    assert [label.get_text() for label in ax.get_yticklabels()][-1] == "the new schedule repays"


def test_the_frontier_marks_what_the_policy_ranks_first_and_what_was_offered(case):
    decision, found = case
    ax = plots.plot_frontier(found, decision=decision, language="en")
    _, first, offered = ax.collections[:3]
    best = found.points[found.chosen].offer.prospect
    assert first.get_offsets().tolist() == [[float(best.instalment_after), float(best.total_after)]]
    assert offered.get_offsets().tolist() == [
        [float(o.prospect.instalment_after), float(o.prospect.total_after)] for o in decision.offers
    ]
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert names == ["first by the policy's ranking", "offered"]


def test_a_frontier_without_plans_says_so():
    ax = drawn(plots.plot_frontier(Frontier(points=(), chosen=None, tried=4, inside=0), language="en"))
    assert [text.get_text() for text in ax.texts] == ["no plan is inside the limits"]


def test_a_notebook_shows_the_axes_as_a_picture(plan):
    assert plots.plot_balance(plan, language="en")._repr_png_().startswith(b"\x89PNG")


@pytest.mark.parametrize("verb", ["plot_instalments", "plot_balance", "plot_ledger"])
def test_chinese_is_drawn_with_a_font_that_has_it_and_the_usual_font_stays_as_it_was(plan, verb):
    from restructure.report.plots.fonts import _chinese

    if _chinese() is None:
        pytest.skip("no font with Chinese characters is installed")
    before = dict(mpl.rcParams)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # "Glyph … missing from font(s)"
        ax = drawn(getattr(plots, verb)(plan, language="zh", ax=on_a_figure(4)))
    assert any(char > "一" for char in ax.get_title(loc="left"))
    assert dict(mpl.rcParams) == before


def test_a_machine_without_a_chinese_font_is_told_what_to_install(plan, monkeypatch):
    monkeypatch.setattr("restructure.report.plots.fonts._chinese", lambda: None)
    with pytest.warns(UserWarning, match="install one, such as Noto Sans CJK SC"):
        plots.plot_balance(plan, language="zh")


def test_plots_leave_nothing_behind(plan):
    from matplotlib._pylab_helpers import Gcf

    known = set(Gcf.figs)
    figures = [weakref.ref(plots.plot_balance(plan, language="en").figure) for _ in range(5)]
    gc.collect()
    assert [ref() for ref in figures] == [None] * 5
    assert set(Gcf.figs) == known


# --- on a screen


def chart_values(chart: dict) -> list[dict]:
    """Give every row of data of a chart."""
    rows = list(chart.get("data", {}).get("values", []))
    for values in chart.get("datasets", {}).values():
        rows += values
    for layer in chart.get("layer", []):
        rows += chart_values(layer)
    return rows


@pytest.mark.parametrize("language", ["en", "zh"])
def test_charts_are_valid_and_their_rectangles_are_the_payments(plan, case, language):
    pytest.importorskip("altair")
    if language == "zh":
        plan = case[0].offers[0].plan  # Altair takes seconds to check 420 rows, so once is enough
    chart = plots.chart_instalments(plan, affordable=600, language=language, width=400).to_dict()
    json.dumps(chart, allow_nan=False)
    rectangles = [row for row in chart_values(chart) if "x2" in row]
    paid = sum(row["y2"] - row["y"] for row in rectangles)
    assert paid == pytest.approx(float(plan.schedule.total))
    named = sum(Decimal(row["amount"].replace(",", "")) for row in rectangles)
    assert named == plan.schedule.total
    for verb in (plots.chart_balance, plots.chart_ledger):
        json.dumps(verb(plan, language=language).to_dict(), allow_nan=False)


def test_a_chart_of_the_frontier_is_valid_and_names_the_offers(case):
    pytest.importorskip("altair")
    decision, found = case
    chart = plots.chart_frontier(found, decision=decision, language="zh").to_dict()
    json.dumps(chart, allow_nan=False)
    rows = chart_values(chart)
    assert {"方案 1", "方案 2"} <= {row.get("name") for row in rows}


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh"])
def test_vega_draws_every_chart(plan, case, language):
    pytest.importorskip("altair")
    vega = pytest.importorskip("vl_convert")
    decision, found = case
    charts = [
        plots.chart_instalments(plan, affordable=600, language=language),
        plots.chart_balance(plan, language=language),
        plots.chart_ledger(plan, language=language),
        plots.chart_frontier(found, decision=decision, language=language),
    ]
    title = {"en": "What falls due", "zh": "各期应还金额"}[language]
    pictures = [vega.vegalite_to_svg(chart.to_json()) for chart in charts]
    assert title in pictures[0]
    assert not any("NaN" in picture for picture in pictures)
    assert {"en": ">2030<", "zh": ">2030年<"}[language] in pictures[0]


# --- colours


def _linear(colour: str) -> tuple[float, ...]:
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    return tuple(c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)


def _luminance(linear) -> float:
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


_SEEN = {
    # Machado, Oliveira and Fernandes (2009), severity 1.0, on linear RGB.
    "all": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "no red": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "no green": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "no blue": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}


def _seen(colour: str, matrix) -> tuple[float, float, float]:
    """Give L*a*b* (D65) of a colour as it is seen."""
    linear = _linear(colour)
    seen = [min(1, max(0, sum(m * c for m, c in zip(row, linear, strict=True)))) for row in matrix]
    x = (0.4124 * seen[0] + 0.3576 * seen[1] + 0.1805 * seen[2]) / 0.9505
    z = (0.0193 * seen[0] + 0.1192 * seen[1] + 0.9505 * seen[2]) / 1.089
    x, y, z = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x, _luminance(seen), z))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


INSTALMENTS = ("principal", "interest", "arrears", "deferred", "penalty", "fees", "paid")
LEDGER = ("kept", "carried", "capitalised", "parked", "spread", "paid", "interest")


@pytest.mark.parametrize("sight", _SEEN)
@pytest.mark.parametrize("keys", [INSTALMENTS, LEDGER, ("agreed", "plan", "paid")], ids=str)
def test_the_areas_of_a_chart_are_told_apart_by_readers_who_lack_a_colour(keys, sight):
    """A difference of 2.3 is just noticeable beside each other; a legend asks for several times that."""
    seen = {key: _seen(STYLES[key].colour, _SEEN[sight]) for key in keys}
    for a, b in combinations(keys, 2):
        apart = sum((p - q) ** 2 for p, q in zip(seen[a], seen[b], strict=True)) ** 0.5
        assert apart >= 15, f"{a} and {b} look alike: {apart:.1f}"


@pytest.mark.parametrize("keys", [INSTALMENTS, LEDGER], ids=str)
def test_the_areas_of_a_chart_are_told_apart_without_any_colour(keys):
    hatches = [STYLES[key].hatch for key in keys]
    assert len(set(hatches)) == len(hatches)
    outlines = [style.hatch for style in STYLES.values() if not style.filled]
    assert len(set(outlines)) == len(outlines) == 2


@pytest.mark.parametrize("colour", [*sorted({style.colour for style in STYLES.values()}), *COST_RAMP])
def test_every_colour_has_a_contrast_of_at_least_three_to_white(colour):
    # WCAG 2.2, success criterion 1.4.11
    assert 1.05 / (_luminance(_linear(colour)) + 0.05) >= 3


def test_a_higher_cost_is_lighter():
    lightness = [_luminance(_linear(colour)) for colour in COST_RAMP]
    assert lightness == sorted(lightness)


# --- words, options, absent packages


@pytest.mark.parametrize("language", view_languages())
@pytest.mark.parametrize("years", [0, 1, 8, 30])
def test_the_days_of_an_axis_fit_beside_each_other(language, years):
    wording, first = Wording.of(language), date(2026, 3, 18)
    last = date(2026 + years, 4, 20)
    ticks = date_ticks(first, last, wording, most=30)
    assert 2 <= len(ticks) <= 12
    assert all(first <= day <= last for day, _ in ticks)
    assert len({label for _, label in ticks}) == len(ticks)


def test_what_cannot_be_drawn_is_refused_with_its_place(plan):
    for wrong, place in (
        (lambda: plots.plot_balance(plan, language="xx"), "language"),
        (lambda: plots.plot_instalments(plan, affordable="-1"), "affordable"),
        (lambda: plots.chart_balance(plan, width=0), "width"),
        (lambda: plots.plot_ledger(plan.schedule), "plan"),
        (lambda: plots.plot_frontier(plan), "frontier"),
    ):
        with pytest.raises(InvalidInput) as refused:
            wrong()
        assert [issue.place for issue in refused.value.issues] == [place]


@pytest.mark.parametrize(
    ("package", "verb", "extra"),
    [("matplotlib", "plot_ledger", "plots"), ("altair", "chart_ledger", "charts")],
)
def test_an_absent_package_is_named_with_the_line_that_installs_it(plan, monkeypatch, package, verb, extra):
    for name in [
        name
        for name in sys.modules
        if name.startswith((f"{package}.", "restructure.report.plots.p", "restructure.report.plots.s"))
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(InvalidInput, match=rf"pip install 'restructure-offers\[{extra}\]'") as refused:
        getattr(plots, verb)(plan)
    assert [issue.code for issue in refused.value.issues] == ["extra-absent"]


def test_an_up_front_payment_that_ends_the_loan_leaves_a_chart_that_says_what_was_paid(weekly):
    ended = reschedule(weekly, [Pay(amount=str(weekly.buckets.claim))])
    assert not ended.schedule.rows
    for verb in (plots.plot_instalments, plots.plot_balance, plots.plot_ledger):
        drawn(verb(ended, language="en"))
