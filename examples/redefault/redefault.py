"""A re-default model in the frontier: trained with scikit-learn, carried to production as ONNX.

The borrowers are SIMULATED: drawn at random, decided and followed up by the library. The model shows how one is plugged
in and is good for nothing else. Run it with `python examples/redefault/redefault.py [plot.png]`.
"""

import sys
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

import numpy as np
from onnxruntime import InferenceSession
from skl2onnx import to_onnx
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from restructure import (
    AgreementStatus,
    Application,
    Decision,
    Frontier,
    Offer,
    Payment,
    Policy,
    accept,
    amortise,
    decide,
    evidence_digest,
    frontier,
    load_policy,
    read_application,
    review,
)
from restructure.calculator.servicing.contract import Contract
from restructure.policy.language.follow_up import FollowUpRule

CASE = read_application(Path(__file__).parents[1] / "illness.json")
POLICY = load_policy("cn-consumer-finance")
BROKEN = POLICY.model_copy(
    update={"follow_up": FollowUpRule(reference="own", grace_days=5, broken_after_missed=2)}
)
FEATURES = ("income left after the instalment, in instalments", "instalment less than before")
RECOVERED = "0.35"  # of the present value, where a plan is not kept
START, TODAY = date(2025, 6, 15), date(2026, 3, 18)


# --- what the model sees of a plan


def features(offer: Offer) -> list[float]:
    """Give what a plan asks of this borrower."""
    told = offer.prospect
    assert told.residual_income_after is not None
    assert told.payment_reduction is not None
    left = told.residual_income_after / max(told.instalment_after, Decimal(1))
    return [float(left), float(told.payment_reduction)]


# --- simulated borrowers


def simulated(number: int, seed: int = 2026) -> Iterator[tuple[list[float], bool]]:
    """Draw borrowers who fell ill and accepted a plan, and tell of each whether it was broken within a year."""
    draw = Random(seed)
    while number:
        application, income, costs = _borrower(draw)
        decision = decide(application, BROKEN, on=TODAY)
        if not decision.offers:
            continue
        number -= 1
        offer = draw.choice(decision.offers)
        yield features(offer), _breaks(draw, decision, offer, income, costs)


def _borrower(draw: Random) -> tuple[Application, float, float]:
    contract = Contract(
        currency="CNY",
        principal=Decimal(draw.randrange(10_000, 80_000, 500)),
        annual_rate=Decimal(draw.randrange(8, 20)) / 100,
        instalments=draw.choice([18, 24, 36]),
        start=START,
        first_due=START + timedelta(days=30),
    )
    rows = amortise(contract).rows
    costs = draw.randrange(1_800, 4_500, 100)
    income = round(costs + float(rows[0].total) * draw.uniform(0.7, 1.6))
    paid = [{"on": row.due, "amount": row.total} for row in rows if row.due < date(2026, 1, 1)]
    return (
        Application.model_validate(
            {
                "reference": "simulated",
                "as_of": TODAY,
                "borrower": {"reference": "simulated"},
                "loan": {
                    "basis": "contract",
                    "reference": "simulated",
                    "contract": contract,
                    "payments": paid,
                },
                "finances": {
                    "income": [{"source": "wage", "monthly": income, "verified": True}],
                    "income_before": round(income * draw.uniform(1.25, 1.8)),
                    "essential_costs": [{"category": "other", "monthly": costs}],
                    "other_debts": [],
                    "liquid_reserves": 0,
                },
                "hardship": CASE.hardship,
                "conduct": CASE.conduct,
                "previous_restructurings": [],
            }
        ),
        income,
        costs,
    )


def _breaks(draw: Random, decision: Decision, offer: Offer, income: float, costs: float) -> bool:
    """Let incomes vary from month to month and costs surprise now and then; who has not enough pays nothing."""
    agreed = accept(
        decision,
        rule=offer.rule,
        on=TODAY,
        by="simulated",
        channel="electronic",
        evidence=evidence_digest("simulated"),
    )
    payments, saved, owing = [], 0.0, Decimal(0)
    for row in agreed.plan.schedule.rows[:12]:
        surprise = draw.expovariate(1 / (0.25 * costs)) if draw.random() < 0.15 else 0.0
        saved = max(0.0, saved + income * draw.gauss(1.0, 0.12) - costs - surprise)
        owing += row.total
        if owing and saved >= owing:
            payments.append(Payment(on=row.due, amount=owing, id=f"{row.number}"))
            saved, owing = (saved - float(owing)) / 2, Decimal(0)  # half of what is left is spent
    found = review(agreed, payments, on=agreed.plan.schedule.rows[:12][-1].due + timedelta(days=6))
    return found.standing is AgreementStatus.BROKEN


# --- the model, twice


def train(seen: list[tuple[list[float], bool]]) -> Pipeline:
    """Fit a logistic regression."""
    model = make_pipeline(StandardScaler(), LogisticRegression())
    return model.fit(np.array([row for row, _ in seen]), np.array([broken for _, broken in seen]))


def by_sklearn(model: Pipeline) -> Callable[[Offer], float]:
    """Give the probability of re-default by scikit-learn."""
    return lambda offer: float(model.predict_proba(np.array([features(offer)]))[0, 1])


def by_onnx(exported: bytes) -> Callable[[Offer], float]:
    """Give the same from the exported model alone; where it runs, scikit-learn is not needed."""
    session = InferenceSession(exported, providers=["CPUExecutionProvider"])
    (asked,) = session.get_inputs()

    def probability(offer: Offer) -> float:
        _, told = session.run(None, {asked.name: np.array([features(offer)], np.float32)})
        return float(told[0, 1])

    return probability


def export(model: Pipeline) -> bytes:
    """Export the model as ONNX, its probabilities as an array."""
    one = np.zeros((1, len(FEATURES)), np.float32)
    return to_onnx(model, one, options={"zipmap": False}).SerializeToString()


# --- what it changes


def compared(redefault: Callable[[Offer], float], policy: Policy = POLICY) -> tuple[Frontier, Frontier]:
    """Give the frontier of the illness case without and with a probability of re-default."""
    plain = frontier(CASE, policy, on=CASE.as_of)
    return plain, frontier(CASE, policy, on=CASE.as_of, redefault=redefault, recovered=RECOVERED)


def plot(plain: Frontier, expected: Frontier, path: str) -> None:
    """Draw for every plan what it costs the lender if it is kept, and what is to be expected."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for found, label, colour in (
        (plain, "if it is kept", "#9aa5b1"),
        (expected, "expected, re-default counted", "#1f6f8b"),
    ):
        left.scatter(
            [float(one.offer.prospect.instalment_after) for one in found.points],
            [100 * float(one.lender_loss) for one in found.points],
            s=22,
            color=colour,
            label=label,
        )
    left.set(title="What a plan costs the lender", ylabel="share of the present value, %")
    left.legend(frameon=False)
    dots = right.scatter(
        [float(one.offer.prospect.instalment_after) for one in expected.points],
        [100 * float(one.redefault) for one in expected.points],
        c=[one.offer.prospect.term_after for one in expected.points],
        cmap="viridis",
        s=22,
    )
    right.set(title="Probability of re-default (simulated borrowers)", ylabel="%")
    figure.colorbar(dots, ax=right, label="instalments")
    for ax in (left, right):
        ax.set_xlabel("instalment a month, CNY")
        ax.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        ax.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def main(path: str | None = None) -> None:
    seen = list(simulated(300))
    model = train(seen)
    rows, broken = np.array([row for row, _ in seen]), np.array([one for _, one in seen])
    print(f"{len(seen)} simulated borrowers, {int(broken.sum())} broken within a year")
    print(
        f"area under the curve, on the same borrowers: {roc_auc_score(broken, model.predict_proba(rows)[:, 1]):.2f}"
    )
    for name, weight in zip(FEATURES, model[-1].coef_[0], strict=True):
        print(f"  {name}: {weight:+.2f} a standard deviation")
    sklearn, onnx = by_sklearn(model), by_onnx(export(model))
    plain, expected = compared(onnx)
    apart = max(abs(sklearn(one.offer) - onnx(one.offer)) for one in plain.points)
    print(f"scikit-learn and ONNX differ by less than 1e-6: {apart < 1e-6}")
    for label, found in (("kept", plain), ("expected", expected)):
        least = min(found.points, key=lambda one: one.lender_loss)
        told = least.offer.prospect
        print(
            f"cheapest for the lender, {label}: {told.instalment_after:,} a month, {told.term_after} instalments, "
            f"cost {100 * least.lender_loss:.2f} %"
            + ("" if least.redefault is None else f", re-default {100 * least.redefault:.0f} %")
        )
    if path:
        plot(plain, expected, path)


if __name__ == "__main__":
    main(*sys.argv[1:2])
