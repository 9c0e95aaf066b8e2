"""Errors and their catalogue: an `Issue` is a located finding, an exception carries all findings at once.

A business outcome is a value, wrong input raises one of these exceptions, and a bug fails an assertion.
"""

import json
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
    "quoted",
]


@dataclass(frozen=True, slots=True)
class Issue:
    """Describe one finding: its place, its cause and its correction.

    >>> print(Issue("fact-unknown", 'no fact is called "incom_drop"', file="p.yaml", line=12, column=9))
    p.yaml:12:9: fact-unknown: no fact is called "incom_drop"
    """

    code: str
    """A code of `CATALOGUE`, which `restructure explain CODE` prints."""
    message: str
    """One sentence: the cause and how to correct it."""
    place: str = ""
    """Dotted path of the value inside its file or model, such as `loan.balances.principal`."""
    file: str | None = None
    """Path of the file as given by the caller; `None` for data that is not in a file."""
    line: int | None = None
    """Line in the file, from 1."""
    column: int | None = None
    """Column in the line, from 1."""

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
    """An application, a loan or a request that is not valid."""


class InvalidPolicy(RestructureError):
    """A policy that is not valid, with every finding located."""


class Refused(RestructureError):
    """A measure that cannot be applied to this position; the code is the reason."""


class EngineError(RestructureError):
    """The rule engine could not be built or returned an impossible result."""


class EngineDisagreement(EngineError):
    """The two evaluators fired different rules, so no decision is made."""


_LONGEST = 200  # characters of a value that a sentence repeats


def quoted(value: object) -> str:
    """Write a value as it is written in a file: text in quotes, anything else as JSON; only the start of a long text.

    >>> quoted("incom_drop"), quoted(None), quoted(True), quoted({"parameter": "cap"})
    ('"incom_drop"', 'null', 'true', '{"parameter": "cap"}')
    """
    if isinstance(value, str) and len(value) > _LONGEST:
        return f'"{value[:_LONGEST]}…" ({len(value):,} characters)'
    return f'"{value}"' if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """Suggest the nearest known word other than the word itself, or list the known ones if they are few.

    >>> did_you_mean("incom_drop", ["income_drop", "arrears"])
    ' (did you mean "income_drop"?)'
    >>> did_you_mean("x", ["offer", "refer"])
    ' (known: offer, refer)'
    >>> did_you_mean("instalment", ["instalment", "instalments", "fees"])
    ' (did you mean "instalments"?)'
    """
    names: Sequence[str] = sorted({*known} - {str(word)})
    close = get_close_matches(str(word), names, n=1)
    if close:
        return f' (did you mean "{close[0]}"?)'
    return f" (known: {', '.join(names)})" if 0 < len(names) <= 16 else ""


CATALOGUE: dict[str, str] = {
    # --- the command line
    "arguments-invalid": "The command does not take these arguments. `restructure COMMAND --help` lists what it takes, with an example.",
    "output-failed": "Standard output is closed or the disk behind it is full, so the result was not written whole. Write it elsewhere.",
    # --- reading a file
    "file-missing": "The file does not exist or cannot be read. Check the path and its permissions.",
    "file-is-folder": "A folder is named where a file belongs. Name the file in it.",
    "text-encoding": "The file is not UTF-8 text; line and column are where it stops being so. Save it as UTF-8 in the editor or spreadsheet that wrote it, or convert it: iconv -f GB18030 -t UTF-8 OLD > NEW.",
    "file-exists": "A file of this name exists already, and nothing is overwritten unasked. Name another, or say --force.",
    "file-unwritable": "The file cannot be written. Check the path, its permissions and the space on the disk.",
    "file-too-large": "A file over 4 MiB is refused before it is parsed. Split it or remove what does not belong.",
    "json-broken": "The text is not JSON. The line and column are where the reader stopped; look just before it.",
    "yaml-broken": "The text is not YAML 1.2. The line and column are where the reader stopped; look just before it.",
    "key-duplicate": "One key occurs twice in one mapping, so one of its two values would be lost. Remove one.",
    "field-missing": "A required field is absent. Add it; `restructure schema` prints what is expected.",
    "field-unknown": "No field has this name. Correct the spelling or remove it: unknown fields are never ignored.",
    "value-invalid": "The value is not valid for the field. The sentence says what is expected.",
    "choice-unknown": "The field has a fixed list of words and this is none of them. The sentence lists them or suggests the nearest.",
    # --- money, rates, dates
    "money-float": 'Money written as a binary float has already lost its cents. Write it in quotes: "12.50".',
    "money-invalid": 'Not an amount of money. Write digits with a point, in quotes: "1250.00".',
    "money-negative": "The amount may not be negative. A credit to the borrower is a payment, not a balance.",
    "money-scale": "The amount has more decimals than its currency has minor units. Round it first.",
    "money-too-large": "An amount has at most 14 digits before the point, so that sums fit the 64-bit integers of the rule engine. Correct the amount.",
    "currency-unknown": "A currency is its ISO 4217 code: three capital letters, such as CNY.",
    "currency-mixed": "One application is decided in one currency. Convert the amounts first.",
    "rate-float": 'A rate written as a binary float is not exact. Write it in quotes: "0.149" or "14.9%".',
    "rate-invalid": 'Not a rate. Write "0.149", "14.9%" or "149/1000".',
    "rate-implausible": 'A bare rate of 3 or more reads as 300 % a year. Write "0.12" or "12%"; write "1200%" if that is intended.',
    "input-kind": "The value is of a type that cannot be read. Give the record itself, a path, a text or a mapping.",
    "date-invalid": 'Not a date. Write year-month-day: "2026-03-18".',
    "date-before-origination": "A date is before the loan began. Correct one of the two dates.",
    "date-after-decision": "A date is after the day of the decision. Decide on a later day or correct the date.",
    "date-order": "Two dates are in the wrong order. The sentence names both; correct one.",
    "balances-date": "Stated balances hold on one day only. Decide on that day, or give contract and payments instead.",
    "balances-inconsistent": "The stated balances contradict each other. The sentence names the two fields.",
    "payment-repeated": "Two payments have the same id, so one of them would be counted twice. Remove one or correct the id.",
    # --- cost of a stream of payments
    "number-float": 'A number written as a binary float is not exact. Write it in quotes: "0.0075".',
    "apr-undefined": "No rate equates the payments with the advances. An advance has to come first and a payment later.",
    "apr-ambiguous": "At some point more was paid than owed, so several rates may solve the equation. Split the stream there.",
    # --- measures
    "waive-exceeds-bucket": "More is waived than the bucket holds. Lower the amount.",
    "forgive-exceeds-bucket": "More principal is forgiven than is owed. Lower the amount.",
    "defer-exceeds-bucket": "More is deferred than the bucket holds. Lower the amount.",
    "bucket-claimed-twice": "Two measures apply to the rest of one bucket. Name each bucket in one measure only.",
    "bucket-not-allowed": "This measure does not apply to this bucket. The sentence lists the buckets that it applies to.",
    "measure-repeated": "This measure may occur only once in a set, because two of them have no order. Remove one.",
    "amount-or-share": "Give either an amount or a share: exactly one of the two.",
    "term-said-twice": "Extend sets the term while reamortise solves for it. Keep one of the two.",
    "term-not-positive": "No instalment would be left to repay in. Lengthen the term or shorten the holiday.",
    "spread-too-long": "A bucket cannot be spread over more instalments than the schedule has. Lower the number.",
    "rate-segments-overlap": "Two rate changes apply on the same day. Give the first an end.",
    "rate-segment-empty": "A rate change ends on or before the day it starts. Correct one of the two days.",
    "negative-amortisation": "The instalment is below the interest, so the balance would grow. Raise the instalment or extend.",
    "term-too-long": "The balance is not repaid within 1,200 instalments. Raise the instalment.",
    "balloon-exceeds-balance": "The balloon is larger than the balance that is repaid. Lower it.",
    "instalment-unknown": "No instalment is agreed, given or derivable, so none can be kept. Give it, or solve for the instalment.",
    "method-has-no-instalment": "Interest-only and bullet loans have no instalment from which a term or a balloon could be solved. Extend, or change the method.",
    "pay-exceeds-claim": "More is paid up front than is owed. Lower the payment.",
    "suspensions-overlap": "Two suspensions cover the same instalment. Let the second start after the first.",
    "move-out-of-order": "A moved due date would not be between its neighbours, or not after the effective date. Choose another day.",
    "move-beyond-term": "The instalment whose due date moves does not exist: the loan is repaid before it. Name an earlier one.",
    "balloon-not-needed": "The kept instalments repay the balance, so no balloon is left to solve for.",
    "settle-exceeds-claim": "The lump sums exceed what is owed. Lower one.",
    "settle-too-early": "A lump sum of a settlement is due before the day of the settlement. Correct its day.",
    "settle-excludes": "A settlement ends the loan, so only pay, waive and forgive can be combined with it.",
    "nothing-owed": "Nothing is owed, so there is nothing to restructure.",
    # --- presets
    "preset-unknown": "No preset has this name. The sentence says which is nearest, or lists them.",
    "preset-values": "A preset takes exactly the values that its measures leave open. The sentence lists them.",
    # --- policies
    "policy-missing": "No policy has this name or path. Packaged policies are listed in the sentence.",
    "extends-missing": "The policy that this one extends does not exist. Write a path relative to the file, or a packaged policy's name.",
    "extends-cycle": "Policies extend each other in a circle, so none can be read first. Break the circle.",
    "extends-deep": "The chain of policies that extend each other is too long. Extend a policy nearer to the base.",
    "extends-silent": "An entry has the same name as an inherited one. Write `replaces: true` to replace it, or rename it.",
    "extends-keeps": "The entry lists fields to keep that the inherited entry does not have or that it gives anew. Correct `keeps`.",
    "extends-unknown": "No inherited entry has this name, so there is nothing to replace or remove. The sentence suggests the nearest.",
    "extends-clash": "Two base policies define the same name differently. Replace or remove it in the policy that extends them.",
    "currency-differs": "The inherited amounts of money are in another currency than this policy. Replace them.",
    "fact-unknown": "A condition names a fact that no assessment has. `restructure facts` lists them.",
    "fact-not-yet": "This fact exists only once a plan exists. Read it in limits, flags, duties or the ranking only.",
    "operator-unknown": "Conditions compare with ==, !=, <, <=, >, >=; or ask `known` or `unknown`.",
    "operator-kind": "Words and yes/no facts have no order: compare them with == or != only.",
    "value-kind": "The value does not match the kind of the fact. The sentence says what is expected.",
    "value-scale": "The value has more decimals than the fact keeps, so it can never be equal. Round it.",
    "condition-shape": "A condition is `{fact, op, value}`, or one of `all`, `any`, `not`, or `fact: name`.",
    "condition-empty": "`all` and `any` need at least one condition.",
    "condition-too-wide": "Written out, the rule has over 48 alternatives, more than the rule engine accepts in one rule set. Split the rule.",
    "parameter-unknown": "The policy has no parameter of this name. The sentence suggests the nearest.",
    "parameter-dates": "The dates of a parameter's values have to rise without repeating one. Correct their order.",
    "parameter-undefined": "The parameter has no value on this date. Give it one, or decide on another date.",
    "parameter-hole": "A parameter that the policy needs has no value on some days between days with one. Fill the gap.",
    "unit-unknown": "A unit is money, ratio, days, months, count or date; a fact of the policy may also be a flag or a choice.",
    "measure-unknown": "No measure has this name. The sentence lists them, or says which is nearest.",
    "source-missing": "Every entry that decides names its source. Name one of `sources`; `own` is the lender itself.",
    "file-outside": "A policy reads no table outside its own folder, by a path or by a link. Copy the file into it.",
    "fact-repeated": "The name of a policy fact is taken or not valid. Choose another.",
    "fact-shape": "A policy fact is calculated (`value`), given by the application or concluded, and has a unit. The sentence says what is wrong.",
    "event-shape": "A kind of event is declared under `events`: {title, reference, outcomes}. The sentence says what is wrong.",
    "event-unknown": "An amount reads, and a case gives, only kinds of events that the policy's `events` declares, and outcomes that these list.",
    "fact-cycle": "Policy facts depend on each other in a circle, so none can be calculated first. Break the circle.",
    "hit-priority": "The hit policy priority needs an order: list the output's values (or a choice's words), the highest first.",
    "hit-not-unique": "Conclusions or rows match together though only one may. Make their conditions exclude each other, or choose another hit policy.",
    "table-shape": "The decision table cannot be read. The sentence says which column, row or cell.",
    "lookup-shape": "A lookup, or an amount that reads it, is not valid. The sentence says which key, column, row or cell.",
    "lookup-unknown": "The policy has no lookup of this name. The sentence suggests the nearest.",
    "lookup-undefined": "The lookup has no rows on this date. Give it some, or decide on another date.",
    "bands-shape": "Bands need a mode and rising starts, each with a rate or a fixed amount.",
    "amount-shape": "An amount is a number, a date, {parameter}, {fact, times}, or one of the forms that rules/LANGUAGE.md lists.",
    "search-shape": "A search has a target {fact, value}, a stop mode and steps; each step varies exactly one number of its measure.",
    "search-repeated": "An offer has one search. Put the steps into one list, in their order.",
    "search-endless": "The search could never reach its target: a step is 0, or no measure changes the figure. Correct it.",
    "search-too-fine": "The figure is not monotone in this number, so every value is tried and only a limited number is allowed. Use a larger step.",
    "target-missed": "Every step was taken as far as its range and caps allow, and the figure did not reach the target.",
    "target-not-accepted": "The search reached its target, but no plan of its tiers meets `accept_if`.",
    "amount-unknown": "A measure's amount depends on a fact that is unknown. Ask for the fact, or guard the rule with `known`.",
    "policy-differs": "The policy is not the one that decided. Load the version whose digest the decision records.",
    "rule-unknown": "The policy has no rule of this name. The sentence says which is nearest.",
    "fallback-cycle": "Rules fall back on each other in a circle, so none can be tried first. Break the circle.",
    "offers-not-one": "The policy says `choose: one`, yet two rules made an offer. Make their conditions exclude each other.",
    "source-unknown": "A reference names a source that is not listed under `sources`, so it cannot be looked up. Add the source or correct the key.",
    "rule-repeated": "Two rules, gates or limits have the same id, so records would be ambiguous. Rename one.",
    "measure-invalid": "The measure cannot be read. The sentence says what is wrong with it.",
    "policy-currency": "The policy is written for another currency than the loan. Choose a policy in the currency of the loan.",
    "policy-not-effective": "The policy is not in force on the day of the decision. Choose another version or another day.",
    "clock-unknown": "A period follows or restarts another that is not listed before it. Correct the name or the order.",
    "score-unknown": "A policy reads `scores.NAME` only if it declares NAME under `scores`. Declare it or correct the name.",
    # --- cases of a policy
    "case-failed": "The result of a case differs from what it expects. The sentence gives the result and its reason.",
    "case-repeated": "Two cases of one file have the same name, so a failure would be ambiguous. Rename one.",
    "case-unknown": "No reused file has the case to be left out. Correct its name.",
    "base-unknown": "A case names a base that the file does not have, or bases refer to each other in a circle. Correct the name.",
    # --- agreements
    "offer-unknown": "The decision made no offer by this rule. Accept one of those it made.",
    "offer-expired": "The offer has expired. Decide again.",
    "borrower-differs": "The borrower is not the one of the decision. Use the reference of its application.",
    "decision-differs": "The answer to a request was not made from the current decision of the history. Answer that one.",
    "balances-moved": "What is owed changed since the offer was made, so it no longer fits. Decide again on what is owed now.",
    "loan-differs": "The history is about another loan than the application or the answer. Give the one that belongs to it.",
    "follow-up-unknown": "The terms of an agreement depend on an unknown fact. Supply it and decide again.",
    "documents-missing": "The policy asks for documents before an acceptance counts. Record them with their dates.",
    "consent-invalid": "The proof of consent is not valid. The sentence names the field.",
    "payment-before-agreement": "A payment is dated before the agreement. Give it with the payments of the original loan.",
    "trial-not-passed": "The change takes effect once the instalments of the trial period are paid in time. Review again after the last of them.",
    "event-order": "The event is not possible at this point of the history. The sentence says why.",
    "history-broken": "A line of the history cannot be read. It was cut or edited; restore it from a copy.",
    "history-altered": "The digests of the history do not fit its events: one was edited, moved, left out or added.",
    "history-truncated": "The history ends without its seal, so its last events are missing. Restore it from a copy.",
    # --- engine
    "engine-self-test": 'The rule engine failed its self-test when it was built. Reinstall durable-rules or decide with engines="reference".',
    "engine-failed": "The rule engine returned an error and was discarded. The next decision builds a new one.",
    "engine-absent": 'durable-rules cannot be imported here. Use engines="reference", or build it as the README says.',
    "engine-disagreement": "The two evaluators fired different rules. Nothing was decided; report it with the difference shown.",
    "engine-overflow": "A value does not fit the 64-bit integers that the engine compares. Lower it.",
    # --- anything else
    "extra-absent": "This needs a package that is not installed with the library. The sentence says how to install it.",
    "record-altered": "A record contradicts itself: an id, a total or a number does not match the rest, so it was edited. Restore it from a copy.",
}
"""Every code with its meaning and its correction; `restructure explain CODE` prints an entry."""
