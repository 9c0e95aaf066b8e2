"""The start of a file of cases: a borrower, and what the policy decides of them, so that every case passes."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from restructure.casework.decisions.decision import Decision, decide
from restructure.intake.application import Application, read_application
from restructure.policy.policy import Policy
from restructure.starts.application import new_application
from restructure.starts.commented import commented
from restructure.starts.examples import examples
from restructure.starts.formats import schema_of

__all__ = ["new_cases"]

_PLAIN = re.compile(r"[A-Za-z_][\w-]*|\d{4}-\d{2}-\d{2}")
_RESERVED = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
_SENTENCES = {
    "en": {
        "offer": "The borrower of this file is offered {offers}",
        "refer": "The borrower of this file is for a person to decide",
        "decline": "The borrower of this file gets no offer",
        "ask": "The borrower of this file is asked for what is missing",
        "no_action_needed": "The borrower of this file needs no change",
        "disputed": "If the borrower disputes the debt, the outcome is {outcome}",
    },
    "zh": {
        "offer": "该借款人得到的方案：{offers}",
        "refer": "该借款人的情况由人工决定",
        "decline": "该借款人没有可行方案",
        "ask": "须请该借款人补充资料",
        "no_action_needed": "该借款人无需调整",
        "disputed": "借款人对债务有异议时，结果为 {outcome}",
    },
}


def new_cases(policy: Policy, named: str, *, on: date, language: str = "en") -> str:
    """Give the text of a file of cases for a policy; `named` is what the file says of it: its name or its path.

    The borrower is the one of the example of the same name where there is one, and else the one of a new application.
    Every case passes, since it expects what the policy decides when it is written.
    """
    case = _borrower(policy, on, language)
    decision = decide(case, policy, on=case.as_of)
    other = decide(case.with_values({"conduct.disputed": True}), policy, on=case.as_of)
    sentences = _SENTENCES.get(language, _SENTENCES["en"])
    offers = [offer.rule for offer in decision.offers]
    values = {
        "policy": _flow(named),
        "today": case.as_of.isoformat(),
        "application": "\n".join(_block(case.model_dump(mode="json", by_alias=True, exclude_unset=True), 6)),
        "sentence": _flow(sentences[decision.outcome.value].format(offers=", ".join(offers))),
        "outcome": decision.outcome.value,
        "offers": ", ".join(offers),
        "figures": "",
        "other_sentence": _flow(sentences["disputed"].format(outcome=other.outcome.value)),
        "other_outcome": other.outcome.value,
        "other_offers": ", ".join(offer.rule for offer in other.offers),
    }
    schema = schema_of("cases")
    if decision.offers:
        values["figures"] = commented("figures", _figures(decision), schema, language)
    return commented("cases", values, schema, language)


def _figures(decision: Decision) -> dict[str, str]:
    best = decision.offers[0]
    return {"rule": best.rule, "instalment": str(best.plan.instalment)}


def _borrower(policy: Policy, on: date, language: str) -> Application:
    example = examples().get(policy.name)
    if example is not None and example.is_application:
        return read_application(example.path)
    text = new_application(on=on, kind="stated", language=language, currency=policy.currency or "CNY")
    return read_application(text)


def _block(data: Mapping[str, Any], indent: int) -> Iterator[str]:
    """Lay out a mapping: a line for each value, lists of mappings with a line for each entry."""
    margin = " " * indent
    for name, value in data.items():
        if isinstance(value, Mapping) and any(isinstance(part, Mapping | list) for part in value.values()):
            yield f"{margin}{name}:"
            yield from _block(value, indent + 2)
        elif isinstance(value, list) and value and isinstance(value[0], Mapping):
            yield f"{margin}{name}:"
            yield from (f"{margin}  - {_flow(part)}" for part in value)
        else:
            yield f"{margin}{name}: {_flow(value)}"


def _flow(value: Any) -> str:
    """Write a value on one line; text that YAML could read as something else is in quotes."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {_flow(part)}" for name, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _RESERVED:
        return value
    return json.dumps(value, ensure_ascii=False)
