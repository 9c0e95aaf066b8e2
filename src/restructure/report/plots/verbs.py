"""Plots and charts: what plans and frontiers are drawn by, on paper (`plot_…`) and to look closer (`chart_…`)."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from restructure.calculator.conventions.money import Money
from restructure.calculator.plans.plan import Plan
from restructure.casework.decisions.decision import Decision
from restructure.casework.negotiation.frontier import Frontier
from restructure.errors import InvalidInput, Issue
from restructure.inputs import record_of
from restructure.report.plots.frontier_picture import frontier_picture
from restructure.report.plots.pictures import FrontierPicture
from restructure.report.plots.plan_pictures import balance_picture, instalments_picture, ledger_picture
from restructure.report.wording import Wording
from restructure.views import display_language

if TYPE_CHECKING:  # the packages that draw come with extras
    from altair import LayerChart
    from matplotlib.axes import Axes

__all__ = [
    "chart_balance",
    "chart_frontier",
    "chart_instalments",
    "chart_ledger",
    "plot_balance",
    "plot_frontier",
    "plot_instalments",
    "plot_ledger",
]

_EXTRAS = {"matplotlib": "plots", "altair": "charts"}


def plot_instalments(
    plan: Plan,
    *,
    affordable: Decimal | int | str | None = None,
    language: str | None = None,
    ax: "Axes | None" = None,
) -> "Axes":
    """Draw what falls due on each day, by component, with the payments as agreed as an outline.

    Bars turn into an area where they would be thinner than two pixels; a day on which nothing falls due has a ring.
    `affordable` is what the borrower can pay each time, in major units, such as `assessment.affordable_instalment` of
    a loan that is paid monthly; it is drawn as a line. `language` is the display language if none is given. Gives the
    axes, which a notebook shows as a picture; `ax` draws on others, whose figure should have `layout="constrained"`,
    so that there is room for the words. Raises `InvalidInput` with `extra-absent` where matplotlib (extra `plots`) is
    not installed.
    """
    picture = instalments_picture(record_of(Plan, plan, "plan"), _wording(language), _affordable(affordable))
    with _package("matplotlib"):
        from restructure.report.plots.paper import draw_instalments as drawn
    return drawn(picture, ax)


def plot_balance(plan: Plan, *, language: str | None = None, ax: "Axes | None" = None) -> "Axes":
    """Draw what is owed after each day, arrears and interest so far included, under the plan and as agreed.

    Options, result and errors as in `plot_instalments`.
    """
    with _package("matplotlib"):
        from restructure.report.plots.paper import draw_balance as drawn
    return drawn(balance_picture(record_of(Plan, plan, "plan"), _wording(language)), ax)


def plot_ledger(plan: Plan, *, language: str | None = None, ax: "Axes | None" = None) -> "Axes":
    """Draw the ledger as a waterfall: each bucket that is owed, what becomes of it, and what the new schedule repays.

    Options, result and errors as in `plot_instalments`.
    """
    with _package("matplotlib"):
        from restructure.report.plots.paper import draw_ledger as drawn
    return drawn(ledger_picture(record_of(Plan, plan, "plan"), _wording(language)), ax)


def plot_frontier(
    frontier: Frontier,
    *,
    decision: Decision | None = None,
    language: str | None = None,
    ax: "Axes | None" = None,
) -> "Axes":
    """Draw the plans of a frontier by instalment and total paid, in colour what each costs the lender.

    A ring marks the plan that the policy ranks first, and diamonds the offers of `decision`, if the decision on the
    same loan is given. Options, result and errors as in `plot_instalments`.
    """
    with _package("matplotlib"):
        from restructure.report.plots.paper import draw_frontier as drawn
    return drawn(_frontier_picture(frontier, language, decision), ax)


def chart_instalments(
    plan: Plan,
    *,
    affordable: Decimal | int | str | None = None,
    language: str | None = None,
    width: int = 640,
) -> "LayerChart":
    """Give `plot_instalments` as an Altair chart: amounts to the cent under the pointer, zoom with the wheel.

    `width` is that of the drawing area in pixels. Raises `InvalidInput` with `extra-absent` where Altair (extra
    `charts`) is not installed.
    """
    picture = instalments_picture(record_of(Plan, plan, "plan"), _wording(language), _affordable(affordable))
    with _package("altair"):
        from restructure.report.plots.screen import chart_instalments as drawn
    return drawn(picture, _width(width))


def chart_balance(plan: Plan, *, language: str | None = None, width: int = 640) -> "LayerChart":
    """Give `plot_balance` as an Altair chart; options and errors as in `chart_instalments`."""
    picture = balance_picture(record_of(Plan, plan, "plan"), _wording(language))
    with _package("altair"):
        from restructure.report.plots.screen import chart_balance as drawn
    return drawn(picture, _width(width))


def chart_ledger(plan: Plan, *, language: str | None = None, width: int = 640) -> "LayerChart":
    """Give `plot_ledger` as an Altair chart; options and errors as in `chart_instalments`."""
    picture = ledger_picture(record_of(Plan, plan, "plan"), _wording(language))
    with _package("altair"):
        from restructure.report.plots.screen import chart_ledger as drawn
    return drawn(picture, _width(width))


def chart_frontier(
    frontier: Frontier, *, decision: Decision | None = None, language: str | None = None, width: int = 640
) -> "LayerChart":
    """Give `plot_frontier` as an Altair chart; options and errors as in `chart_instalments`."""
    with _package("altair"):
        from restructure.report.plots.screen import chart_frontier as drawn
    return drawn(_frontier_picture(frontier, language, decision), _width(width))


def _frontier_picture(frontier: Frontier, language: str | None, decision: Decision | None) -> FrontierPicture:
    if decision is not None:
        record_of(Decision, decision, "decision")
    return frontier_picture(record_of(Frontier, frontier, "frontier"), _wording(language), decision)


def _wording(language: str | None) -> Wording:
    wording = Wording.of(language or display_language())
    wording.check(())
    return wording


_MONEY: TypeAdapter[Decimal] = TypeAdapter(Money)


def _affordable(amount: Decimal | int | str | None) -> Decimal | None:
    if amount is None:
        return None
    try:
        return _MONEY.validate_python(amount)
    except ValidationError as error:
        sentence = f"affordable is {amount!r}: {error.errors()[0]['msg']}"
        raise InvalidInput(Issue("value-invalid", sentence, "affordable")) from None


def _width(width: int) -> int:
    if type(width) is not int or not 100 <= width <= 10_000:
        sentence = f"width is {width!r}; give a whole number of pixels from 100 to 10,000"
        raise InvalidInput(Issue("value-invalid", sentence, "width"))
    return width


@contextmanager
def _package(package: str) -> Iterator[None]:
    """Say how to install a package where the import of what draws with it fails for want of it."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != package:
            raise
        sentence = (
            f"drawing needs {package}, which is not installed; install it with: "
            f"pip install 'restructure-offers[{_EXTRAS[package]}]'"
        )
        raise InvalidInput(Issue("extra-absent", sentence)) from None
