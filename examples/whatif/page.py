"""What a person sees: the figures today and with other numbers, why, and both as drawings, in English or Chinese."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from html import escape
from pathlib import Path
from typing import Any

from restructure import Decision, Offer, Policy, RestructureError
from restructure.calculator.conventions.money import minor_digits, to_minor, write_money
from restructure.policy.engine.reference import ConditionResult
from whatif.comparison import Range, Start, WrongNumber, changed
from whatif.drawing import Series, falling_due, legend, still_to_pay

LANGUAGES = {"English": "en", "中文": "zh"}
PHRASES: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_name("phrases.json").read_text("utf-8"))
STYLE = f"<style>{Path(__file__).with_name('page.css').read_text('utf-8')}</style>"
SLIDERS = (
    "display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 19em), 1fr)); gap: 0.4em 2em"
)
"""How the sliders stand beside each other."""

Row = tuple[str, str, str, str]
"""Name, today's value, the changed value and the difference."""


def page(begun: Start, values: Mapping[str, object], language: str = "en") -> str:
    """Show the decision with other numbers beside today's, as HTML; what cannot be decided gives a sentence."""
    words = PHRASES[language]
    try:
        decision = changed(begun, values)
    except WrongNumber as wrong:
        of = wrong.range
        sentence = words["wrong"][wrong.why].format(
            title=label(begun, of, language),
            value=wrong.value,
            low=f"{of.low:,}",
            high=f"{of.high:,}",
            decimals=of.decimals,
        )
        return _framed(_refusal(words["wrong"]["numbers"], [sentence]), language, values)
    except RestructureError as error:
        return _framed(_refusal(words["wrong"]["numbers"], str(error).splitlines()), language, values)
    parts = [
        _table(rows(begun.today, decision, language), words),
        *(_list(heading, lines) for heading, lines in reasons(begun.today, decision, begun.policy, language)),
        _drawings(begun.today, decision, words),
    ]
    return _framed("".join(parts), language, values)


def opening(begun: Start, language: str = "en") -> str:
    """Say whose case it is, under which policy, and what is changed."""
    words, decision = PHRASES[language], begun.today
    sentence = words["case"].format(
        reference=decision.application.reference,
        on=decision.on,
        policy=_in(begun.policy.title, language),
        version=begun.policy.version,
    )
    return _framed(f"<h1>{escape(words['title'])}</h1><p>{escape(sentence)}</p>", language)


def unreadable(error: Exception, language: str = "en") -> str:
    """Say why an application cannot be read."""
    return _framed(_refusal(PHRASES[language]["wrong"]["file"], str(error).splitlines()), language)


def label(begun: Start, of: Range, language: str = "en") -> str:
    """Give the label of a slider, with its unit."""
    words = PHRASES[language]
    title = words["amount"].get(of.name) or _in(begun.policy.parameters[of.name].title, language)
    unit = words["unit"].get(of.unit)  # the title of a number of instalments says that it is one
    return str(
        words["slider"].format(title=title, unit=unit.format(currency=begun.currency)) if unit else title
    )


# --- the figures


def rows(before: Decision, after: Decision, language: str = "en") -> list[Row]:
    """Give every figure of today's best offer beside the changed one."""
    words, currency = PHRASES[language], before.assessment.currency
    both = (before, after)
    bests = tuple(_best(decision) for decision in both)

    def money(amount: Decimal) -> str:
        return write_money(amount, currency)

    def text(name: str, values: Sequence[str | None]) -> Row:
        first, second = (value or words["none"] for value in values)
        return (words["row"][name], first, second, "")

    def figure(
        name: str, field: str, write: Callable[[Any], str], more: Callable[[Any], str] | None = None
    ) -> Row:
        values = [None if offer is None else getattr(offer.prospect, field) for offer in bests]
        if write is _percent:  # as they are shown, so that the difference is the one a reader finds
            values = [None if value is None else round(value, 4) for value in values]
        first, second = (words["none"] if value is None else write(value) for value in values)
        difference = "" if None in values else _signed(values[1] - values[0], more or write, words["same"])
        return (words["row"][name], first, second, difference)

    return [
        text("outcome", [words["outcome"][decision.outcome.value] for decision in both]),
        text("offer", [offer and _in(offer.title, language) for offer in bests]),
        figure("instalment", "instalment_after", money),
        figure("highest", "highest_payment_after", money),
        figure("left", "residual_income_after", money),
        figure("term", "term_after", str),
        text("last", [offer and str(offer.prospect.last_due_after) for offer in bests]),
        figure("total", "total_after", money),
        figure("relief", "relief", money),
        figure("loss", "npv_loss", _percent, lambda points: words["points"].format(n=f"{points * 100:.2f}")),
    ]


def _percent(share: Decimal) -> str:
    return f"{round(share * 100, 2) + 0:.2f} %"  # + 0: no minus before a rounded zero


def _signed(difference: Any, write: Callable[[Any], str], same: str) -> str:
    return f"{'+' if difference > 0 else ''}{write(difference)}" if difference else same


def _best(decision: Decision) -> Offer | None:
    return decision.offers[0] if decision.offers else None


# --- why


def reasons(
    before: Decision, after: Decision, policy: Policy, language: str = "en"
) -> list[tuple[str, list[str]]]:
    """Give headings with sentences: why the outcome is as it is, and what is not offered with these numbers."""
    words = PHRASES[language]
    offered = {offer.rule for offer in before.offers}
    lost = [
        words["line"].format(
            title=_in(refusal.title, language),
            sentence=_conditions(refusal.conditions, policy, language, "failed")
            or _in(refusal.reason, language),
        )
        for refusal in after.refusals
        if refusal.rule in offered or refusal.stage not in ("condition", "choice")
    ]
    why = []
    if after.offers:
        best = after.offers[0]
        why = [
            sentence
            for conditions in (best.because, best.limits)
            for sentence in _sentences(conditions, policy, language, "held")
        ]
    elif after.failed_gates:
        why = [
            words["line"].format(
                title=words["gate"].format(title=_in(gate.title, language)),
                sentence=_conditions(gate.conditions, policy, language, "failed"),
            )
            for gate in after.failed_gates
        ]
        lost = []  # each for the same reason
    else:
        why, lost = lost, []
    headed = [(words["why"][after.outcome.value], why), (words["why"]["lost"], lost)]
    return [(heading, sentences) for heading, sentences in headed if sentences]


def _conditions(conditions: Sequence[ConditionResult], policy: Policy, language: str, form: str) -> str:
    return str(PHRASES[language]["join"].join(_sentences(conditions, policy, language, form)))


def _sentences(conditions: Sequence[ConditionResult], policy: Policy, language: str, form: str) -> list[str]:
    """Write conditions in words, each as "what the borrower can afford is 2,100.00, must be at least …"."""
    words = PHRASES[language]
    written = []
    for condition in conditions:
        fact = _fact(condition.fact, policy, language)
        if condition.verdict == "unknown":
            written.append(words["condition"]["unknown"].format(fact=fact))
        elif condition.op in words["op"]:
            kind = _form(condition, form)
            sentence = words["condition"][kind].format(
                fact=fact,
                actual=_value(condition.actual, policy, language),
                op=words["op"][condition.op],
                threshold=_value(condition.threshold, policy, language),
            )
            written.append(_spaced(sentence))
    return written


def _form(condition: ConditionResult, form: str) -> str:
    if condition.actual in ("yes", "no"):
        return "flag_failed" if form == "failed" else "flag"
    return "is" if form == "held" and condition.op in ("==", "!=") else form


def _spaced(sentence: str) -> str:
    """Leave no blank between two Chinese words, nor two blanks where an operator has no word."""
    return re.sub(r"(?<=[一-鿿]) (?=[一-鿿])|(?<= ) ", "", sentence)


def _fact(name: str, policy: Policy, language: str) -> str:
    known = PHRASES[language]["fact"].get(name)
    own = policy.facts.get(name)
    return known or (_in(own.title, language) if own else name.replace("_", " "))


def _value(text: str, policy: Policy, language: str) -> str:
    """Write a value that a condition records, such as "22 months" or "affordable_instalment 2,100.00"."""
    words = PHRASES[language]
    name, _, rest = text.partition(" ")
    if rest and re.fullmatch(r"[a-z]\w*_\w+", name):
        return str(
            words["condition"]["named"].format(
                name=_fact(name, policy, language), value=_value(rest, policy, language)
            )
        )
    counted = re.fullmatch(r"(-?[\d,]+) (month|day)s?", text)
    if counted and counted[1] != "1":
        return str(words["count"][counted[2]].format(n=counted[1]))
    return str(words["word"].get(text) or words["value"].get(text) or text)


# --- HTML


def _in(text: Mapping[str, str], language: str) -> str:
    return text.get(language) or text.get("en") or next(iter(text.values()), "")


def _framed(inner: str, language: str, values: Mapping[str, object] | None = None) -> str:
    # What was asked, so that a script can tell which numbers a page answers.
    asked = (
        ""
        if values is None
        else f' data-values="{escape(json.dumps(dict(values), default=str, sort_keys=True))}"'
    )
    return f'<div class="whatif" lang="{language}"{asked}>{STYLE}{inner}</div>'


def _refusal(heading: str, sentences: Sequence[str]) -> str:
    return f'<div role="alert">{_list(heading, sentences)}</div>'


def _list(heading: str, sentences: Sequence[str]) -> str:
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
    return f"<h2>{escape(heading)}</h2><ul>{items}</ul>"


def _table(figures: Sequence[Row], words: Mapping[str, Any]) -> str:
    heads = "".join(
        f'<th scope="col">{escape(words["column"][k])}</th>' for k in ("today", "changed", "difference")
    )
    body = "".join(
        f'<tr><th scope="row">{escape(name)}</th>'
        + "".join(f"<td>{escape(cell)}</td>" for cell in cells)
        + "</tr>"
        for name, *cells in figures
    )
    return f"<table><thead><tr><td></td>{heads}</tr></thead><tbody>{body}</tbody></table>"


def _drawings(before: Decision, after: Decision, words: Mapping[str, Any]) -> str:
    currency = before.assessment.currency
    series, sentences = [], []
    for style, decision in (("today", before), ("changed", after)):
        name, best = words["column"][style], _best(decision)
        payments = (
            ()
            if best is None
            else tuple((row.due, to_minor(row.total, currency)) for row in best.plan.schedule.rows)
        )
        series.append(Series(style, payments))
        total = write_money(sum(amount for _, amount in payments), currency)
        kind = "series" if payments else "none"
        sentences.append(words["plot"][kind].format(name=name, n=len(payments), total=total))
    if not any(each.payments for each in series):
        return ""
    start, scale = before.on, 10 ** minor_digits(currency)
    drawn = "".join(
        f"<figure><figcaption>{escape(words['plot'][key].format(currency=currency))}</figcaption>"
        f"{draw(series, start, scale)}</figure>"
        for key, draw in (("due", falling_due), ("owed", still_to_pay))
    )
    return f'<div class="drawings">{drawn}</div><ul class="legend">{legend(series, sentences)}</ul>'
