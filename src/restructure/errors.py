"""What can go wrong, said once: an `Issue` is a located finding, an error carries all of them.

A business outcome is a value, wrong input is one of these exceptions, a bug is an assertion.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

__all__ = [
    "CATALOGUE",
    "EngineDisagreement",
    "EngineError",
    "InvalidInput",
    "InvalidPolicy",
    "Issue",
    "Refused",
    "RestructureError",
    "did_you_mean",
]


@dataclass(frozen=True, slots=True)
class Issue:
    """Name one finding: where it is, what it is, and how to mend it.

    >>> print(Issue("fact-unknown", 'no fact is called "incom_drop"', file="p.yaml", line=12, column=9))
    p.yaml:12:9: fact-unknown: no fact is called "incom_drop"
    """

    code: str
    """A code of `CATALOGUE`, which `restructure explain CODE` prints."""
    message: str
    """One sentence: cause and mend."""
    place: str = ""
    """Dotted path of the value inside its file or model, such as `loan.balances.principal`."""
    file: str | None = None
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        where = ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)
        parts = [part for part in (where, self.code, self.place) if part]
        return ": ".join([*parts, self.message])


class RestructureError(Exception):
    """Refuse wrong input, carrying every finding at once in `issues`."""

    def __init__(self, issues: Iterable[Issue] | Issue) -> None:
        self.issues: tuple[Issue, ...] = (issues,) if isinstance(issues, Issue) else tuple(issues)
        super().__init__("\n".join(str(issue) for issue in self.issues))

    def __reduce__(self) -> tuple[type["RestructureError"], tuple[tuple[Issue, ...]]]:
        return type(self), (self.issues,)


class InvalidInput(RestructureError):
    """An application, a loan or a request that cannot be read as it stands."""


class InvalidPolicy(RestructureError):
    """A policy that cannot be loaded, with every fault located."""


class Refused(RestructureError):
    """A measure that cannot be applied to this position; the code is the reason."""


class EngineError(RestructureError):
    """The rule engine could not be built or gave an answer it must not give."""


class EngineDisagreement(EngineError):
    """The two evaluators fired different rules, so nothing may be decided."""


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """Suggest the nearest known word, or list the few there are.

    >>> did_you_mean("incom_drop", ["income_drop", "arrears"])
    ' (did you mean "income_drop"?)'
    >>> did_you_mean("x", ["offer", "refer"])
    ' (known: offer, refer)'
    """
    names: Sequence[str] = sorted(known)
    close = get_close_matches(str(word), names, n=1)
    if close:
        return f' (did you mean "{close[0]}"?)'
    return f" (known: {', '.join(names)})" if 0 < len(names) <= 16 else ""


CATALOGUE: dict[str, str] = {
    # --- reading a file
    "file-missing": "The file does not exist or cannot be read. Check the path and its permissions.",
    "file-too-large": "A file over 4 MiB is refused before it is parsed. Split it or remove what does not belong.",
    "json-broken": "The text is not JSON. The line and column are where the reader stopped; look just before it.",
    "yaml-broken": "The text is not YAML 1.2. The line and column are where the reader stopped; look just before it.",
    "key-duplicate": "One key stands twice in one mapping, so one of the two would be lost. Remove one.",
    "field-missing": "A required field is absent. Add it; `restructure schema` prints what is expected.",
    "field-unknown": "No field has this name. Correct the spelling or remove it: nothing is ignored silently.",
    "value-invalid": "The value is not of the kind the field takes. The sentence says what is expected.",
    "choice-unknown": "The field takes one of a few words and this is none of them. The sentence lists them.",
    # --- money, rates, dates
    "money-float": 'Money written as a binary float has already lost its cents. Write it in quotes: "12.50".',
    "money-invalid": 'Not an amount of money. Write digits with a point, in quotes: "1250.00".',
    "money-negative": "The amount may not be negative. A credit to the borrower is a payment, not a balance.",
    "money-scale": "The amount has more decimals than its currency has minor units. Round it before it comes in.",
    "money-too-large": "Amounts stop at 14 digits before the point, so that their sums fit the 64-bit integers of the rule engine.",
    "currency-unknown": "A currency is its ISO 4217 code: three capital letters, such as CNY.",
    "currency-mixed": "One application is decided in one currency. Convert the amounts before they come in.",
    "rate-float": 'A rate written as a binary float is not exact. Write it in quotes: "0.149" or "14.9%".',
    "rate-invalid": 'Not a rate. Write "0.149", "14.9%" or "149/1000".',
    "rate-implausible": 'A bare rate of 3 or more reads as 300 % a year. Write "0.12" or "12%"; say "1200%" if it is meant.',
    "input-kind": "What is given is of a kind that cannot be read. Give the record itself, a path, a text or a mapping.",
    "date-invalid": 'Not a date. Write year-month-day: "2026-03-18".',
    "date-before-origination": "Something happened before the loan began. One of the two dates is wrong.",
    "date-after-decision": "Something is dated after the day of the decision. Decide on a later day or correct the date.",
    "date-order": "Two dates stand in the wrong order. The sentence names both.",
    "balances-date": "Stated balances hold on one day only. Decide on that day, or give contract and payments instead.",
    "balances-inconsistent": "The stated balances contradict each other. The sentence names the two fields.",
    "payment-repeated": "Two payments carry one id, so one of them would be counted twice. Remove one or correct the id.",
    # --- what a stream of payments costs
    "number-float": 'A number written as a binary float is not exact. Write it in quotes: "0.0075".',
    "apr-undefined": "No rate makes what is paid worth what was advanced. Something must be advanced first and something paid later.",
    "apr-ambiguous": "At some point more has been paid than was owed, so more than one rate may solve the equation. Split the stream there.",
    # --- measures
    "waive-exceeds-bucket": "More is waived than the bucket holds.",
    "forgive-exceeds-bucket": "More principal is forgiven than is owed.",
    "park-exceeds-bucket": "More is set aside than the bucket holds.",
    "bucket-claimed-twice": "Two measures want the rest of one bucket. Name each bucket in one measure only.",
    "bucket-not-allowed": "This measure does not apply to this bucket.",
    "measure-repeated": "This measure may stand only once in a set, because two of them have no order.",
    "amount-or-share": "Give either an amount or a share, not both and not neither.",
    "term-said-twice": "Extend sets the term while reamortise solves for it. Keep one of the two.",
    "term-not-positive": "Nothing would be left to repay over. Lengthen the term or shorten the holiday.",
    "spread-too-long": "A bucket cannot be spread over more instalments than there are.",
    "rate-segments-overlap": "Two rate changes claim the same day. Give the first an end.",
    "rate-segment-empty": "A rate change ends on or before the day it starts.",
    "negative-amortisation": "The instalment is below the interest, so the balance would grow. Raise the instalment or extend.",
    "term-too-long": "The balance is not repaid within 1,200 instalments. Raise the instalment.",
    "balloon-exceeds-balance": "The balloon is larger than the balance that is repaid. Lower it.",
    "instalment-unknown": "No instalment is agreed, given or to be derived, so none can be kept. Give it, or solve for the instalment.",
    "method-has-no-instalment": "Interest-only and bullet loans have no instalment that a term or a balloon follows from. Extend, or change the method.",
    "pay-exceeds-claim": "More is paid up front than is owed. Lower the payment.",
    "suspensions-overlap": "Two suspensions claim one instalment. Let the second start after the first.",
    "move-out-of-order": "A moved due date would not lie between its neighbours, or not after the effective date.",
    "move-beyond-term": "The instalment whose due date moves does not exist: the loan is repaid before it. Name an earlier one.",
    "balloon-not-needed": "The kept instalments repay the balance, so no balloon is left to solve for.",
    "settle-exceeds-claim": "The lump sums come to more than is owed. Lower one.",
    "settle-too-early": "A lump sum of a settlement is due before the day of the settlement.",
    "settle-excludes": "A settlement ends the loan, so only pay, waive and forgive may stand beside it.",
    "nothing-owed": "There is nothing to restructure: the position holds no money.",
    # --- presets
    "preset-unknown": "No preset has this name. The sentence says which is nearest, or lists them.",
    "preset-values": "A preset takes the values that its measures leave open, no more and no fewer.",
    # --- policies
    "policy-missing": "No policy has this name or path. Packaged policies are listed in the sentence.",
    "extends-missing": "The policy that this one extends does not exist. Write a path relative to the file, or a packaged policy's name.",
    "extends-cycle": "Policies extend each other in a circle, so none could be read first. Break the circle.",
    "extends-deep": "Too many policies extend each other in a row for anybody to follow. Extend one further down.",
    "extends-silent": "An entry has the name of one that is extended. Nothing is replaced silently: write `replaces: true`, or rename it.",
    "extends-keeps": "An entry keeps fields of the one that it replaces: name fields that the other has and that are not said anew.",
    "extends-unknown": "Nothing of this name is extended, so there is nothing to replace or to remove. The sentence says what is nearest.",
    "extends-clash": "Two policies that are extended say different things under one name. Replace it in the policy that extends them, or remove it.",
    "currency-differs": "A policy in another currency than the one it extends would read that one's amounts of money wrongly. Replace them.",
    "fact-unknown": "A condition names a fact that no assessment has. `restructure facts` lists them.",
    "fact-not-yet": "This fact exists only once a plan exists, so only limits, flags and ranking may read it.",
    "operator-unknown": "Conditions compare with ==, !=, <, <=, >, >=; or ask `known` or `unknown`.",
    "operator-kind": "Words and yes/no facts have no order: compare them with == or != only.",
    "value-kind": "The value is not of the fact's kind. The sentence says what the fact holds.",
    "value-scale": "The value has more decimals than the fact keeps, so it could never be met exactly.",
    "condition-shape": "A condition is `{fact, op, value}`, or one of `all`, `any`, `not`, or `fact: name`.",
    "condition-empty": "`all` and `any` need at least one condition.",
    "condition-too-wide": "Spelled out, the rule has over 48 alternatives, more than one engine set holds. Split the rule.",
    "parameter-unknown": "The policy has no parameter of this name.",
    "parameter-dates": "The dated values of a parameter must rise without repeating a date.",
    "parameter-undefined": "The parameter has no value on this date. Give it one, or decide on another date.",
    "parameter-hole": "A parameter that decides has no value on some days between days with one. Fill the gap.",
    "unit-unknown": "A unit is money, ratio, days, months, count or date; a fact of the policy may also be a flag or a choice.",
    "measure-unknown": "No measure has this name. The sentence lists them, or says which is nearest.",
    "source-missing": "Everything that decides says where it comes from. Name one of the sources; `own` is the lender itself.",
    "file-outside": "A policy reads no table outside its own folder, by a path or by a link. Copy the file into it.",
    "fact-repeated": "A fact of the policy has a name that is taken or is no name. Choose another.",
    "fact-shape": "A fact of the policy is worked out (`value`), given by the file or concluded, and says what it holds. The sentence says what is off.",
    "event-shape": "A kind of event is declared under `events`: {title, reference, outcomes}. The sentence says what is off.",
    "event-unknown": "An amount reads, and a case gives, only kinds of events that the policy's `events` declares, and outcomes that these list.",
    "fact-cycle": "Facts of the policy need each other in a circle, so none could be known first. Break the circle.",
    "hit-priority": "The hit policy priority needs an order: list the output's values (or a choice's words), the highest first.",
    "hit-not-unique": "Conclusions or rows match together though only one may. Make their conditions exclude each other, or choose another hit policy.",
    "table-shape": "The decision table cannot be read. The sentence says which column, row or cell.",
    "lookup-shape": "A lookup cannot be read, or an amount does not use it as it is. The sentence says which key, column, row or cell.",
    "lookup-unknown": "The policy has no lookup of this name.",
    "lookup-undefined": "The lookup has no rows on this date. Give it some, or decide on another date.",
    "bands-shape": "Bands need a mode, and bands that rise, each with a start and a rate or a fixed amount.",
    "amount-shape": "An amount is a number, a date, {parameter}, {fact, times}, or has one of the words that rules/LANGUAGE.md lists.",
    "search-shape": "A search has a target {fact, value}, a stop mode and steps; each step varies exactly one number of its measure.",
    "search-repeated": "An offer has one search. Put the steps into one list, in their order.",
    "search-endless": "The search could never arrive: a step of 0, or a target that no measure moves.",
    "search-too-fine": "The figure does not move in one direction with this number, so its values are tried one by one and must be few.",
    "target-missed": "The search went as far as its steps and caps allow and the figure has not reached the target.",
    "target-not-accepted": "The search reached its target, but no plan on its ladder holds what `accept_if` asks for.",
    "amount-unknown": "A measure's amount depends on a fact that is unknown. Ask for the fact, or guard the rule with `known`.",
    "policy-differs": "A decision is explained by the policy that made it. Load the version whose digest the decision records.",
    "rule-unknown": "The policy has no rule of this name. The sentence says which is nearest.",
    "fallback-cycle": "Rules wait in a circle for each other to make no offer, so none could be tried first. Break the circle.",
    "offers-not-one": "The policy says `choose: one`, yet two rules made an offer. Make their conditions exclude each other.",
    "source-unknown": "A reference names a source that is not listed under `sources`, so nobody could look it up.",
    "rule-repeated": "Two rules, gates or limits share one id, so a record could not tell them apart.",
    "measure-invalid": "The measure cannot be read. The sentence says what is wrong with it.",
    "policy-currency": "The policy is written for another currency than the loan.",
    "policy-not-effective": "The policy is not in force on the day of the decision.",
    "clock-unknown": "A clock follows or restarts another that does not stand above it. Correct the name or the order.",
    "score-unknown": "A policy reads `scores.NAME` only if it declares NAME under `scores`.",
    # --- cases of a policy
    "case-failed": "A case came out otherwise than it expects. The sentence says what came out and why.",
    "case-repeated": "Two cases of one file have the same name, so a failure could be either's. Say what sets them apart.",
    "case-unknown": "A case that is left out stands in none of the files that are reused. Correct its name.",
    "base-unknown": "A case rests on a base that the file does not have, or bases rest on each other in a circle.",
    # --- agreements
    "offer-unknown": "The decision made no offer by this rule. Accept one of those it made.",
    "offer-expired": "The offer could be accepted only until a day that has passed. Decide anew.",
    "borrower-differs": "Who accepts or asks is not the borrower the decision is about.",
    "decision-differs": "The answer to a request was not made from the decision that stands in the history. Answer that one.",
    "balances-moved": "What is owed changed since the offer was made, so it no longer fits. Decide anew on what is owed now.",
    "loan-differs": "The history is about another loan than the application or the answer. Give the one that belongs to it.",
    "follow-up-unknown": "What the policy asks of an agreement depends on a fact that is unknown. Supply it and decide anew.",
    "documents-missing": "The policy asks for documents before an acceptance counts. Record them with their dates.",
    "consent-invalid": "The proof of consent cannot be read. The sentence says which field.",
    "payment-before-agreement": "A payment is dated before the agreement. It belongs to the loan as it was.",
    "trial-not-passed": "The change takes effect once the instalments of the trial period are paid in time, and not before.",
    "event-order": "The event cannot happen where it stands in the history. The sentence says what is in the way.",
    "history-broken": "A line of the history cannot be read. It was cut or edited; restore it from a copy.",
    "history-altered": "The digests of the history do not fit its events: one was edited, moved, left out or added.",
    "history-truncated": "The history ends without its seal, so its last events are missing. Restore it from a copy.",
    # --- engine
    "engine-self-test": 'The rule engine failed its self-test when it was built. Reinstall durable-rules or decide with engines="reference".',
    "engine-failed": "The rule engine returned an error and was discarded. The next decision builds a new one.",
    "engine-absent": 'durable-rules cannot be imported here. Use engines="reference", or build it as the README says.',
    "engine-disagreement": "The two evaluators fired different rules. Nothing was decided; report it with the difference shown.",
    "engine-overflow": "A value does not fit the 64-bit integers the engine compares.",
    # --- anything else
    "extra-absent": "This needs a package that is not installed with the library. The sentence says how to install it.",
    "record-altered": "A record contradicts itself: an id, a total or a number does not match the rest. It was edited.",
}
"""Every code with what it means and how to mend it; `restructure explain CODE` prints an entry."""
