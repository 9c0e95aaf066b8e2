"""Policy: what the lender decided beforehand. What a policy file may say, as records, and its loading."""

from typing import TYPE_CHECKING

from restructure.lazy import exports

if TYPE_CHECKING:
    from restructure.policy.amounts.annuities import Level, RepaidBy
    from restructure.policy.amounts.bands import Mode
    from restructure.policy.amounts.dates import (
        After,
        DayOfMonth,
        DaysBetween,
        EarliestOf,
        LatestOf,
        MonthsBetween,
        MonthStart,
    )
    from restructure.policy.amounts.events import EventsAmount, Take
    from restructure.policy.amounts.expression import (
        Band,
        Bands,
        Difference,
        FactAmount,
        FirstKnown,
        Greatest,
        Least,
        LookupAmount,
        ParameterAmount,
        PresentValue,
        ProductAmount,
        Quotient,
        Rounded,
        Sum,
    )
    from restructure.policy.amounts.lookups import Beyond, Edition, KeyMatch, Lookup, LookupColumn, LookupKey
    from restructure.policy.case_facts import Concluded
    from restructure.policy.engine.evaluation import Engines
    from restructure.policy.engine.normal_form import Operator
    from restructure.policy.engine.reference import ConditionResult
    from restructure.policy.language.conditions import AllOf, AnyOf, Comparison, Not
    from restructure.policy.language.follow_up import Clock, FollowUp, FollowUpRule, Reversal, Starts
    from restructure.policy.language.hit_policies import Hit
    from restructure.policy.language.letter_texts import Wording
    from restructure.policy.language.loan_class import Before, ClassificationRule, Supplied
    from restructure.policy.language.search import Search, SearchStep, Stop, TargetTier, WhenMissed
    from restructure.policy.language.sections import (
        Action,
        Conclusion,
        Dated,
        DecisionTable,
        Duty,
        EventKind,
        Flag,
        Gate,
        Gather,
        Limit,
        Otherwise,
        Parameter,
        PolicyFact,
        Ranking,
        Rule,
        Source,
    )
    from restructure.policy.loading.loading import load_policy
    from restructure.policy.loading.locating import packaged_policies
    from restructure.policy.policy import Policy
    from restructure.policy.policy_ref import PolicyRef

__all__ = [
    "Action",
    "After",
    "AllOf",
    "AnyOf",
    "Band",
    "Bands",
    "Before",
    "Beyond",
    "ClassificationRule",
    "Clock",
    "Comparison",
    "Concluded",
    "Conclusion",
    "ConditionResult",
    "Dated",
    "DayOfMonth",
    "DaysBetween",
    "DecisionTable",
    "Difference",
    "Duty",
    "EarliestOf",
    "Edition",
    "Engines",
    "EventKind",
    "EventsAmount",
    "FactAmount",
    "FirstKnown",
    "Flag",
    "FollowUp",
    "FollowUpRule",
    "Gate",
    "Gather",
    "Greatest",
    "Hit",
    "KeyMatch",
    "LatestOf",
    "Least",
    "Level",
    "Limit",
    "Lookup",
    "LookupAmount",
    "LookupColumn",
    "LookupKey",
    "Mode",
    "MonthStart",
    "MonthsBetween",
    "Not",
    "Operator",
    "Otherwise",
    "Parameter",
    "ParameterAmount",
    "Policy",
    "PolicyFact",
    "PolicyRef",
    "PresentValue",
    "ProductAmount",
    "Quotient",
    "Ranking",
    "RepaidBy",
    "Reversal",
    "Rounded",
    "Rule",
    "Search",
    "SearchStep",
    "Source",
    "Starts",
    "Stop",
    "Sum",
    "Supplied",
    "Take",
    "TargetTier",
    "WhenMissed",
    "Wording",
    "load_policy",
    "packaged_policies",
]

_HOMES = {
    "amounts.annuities": "Level RepaidBy",
    "amounts.bands": "Mode",
    "amounts.dates": "After DayOfMonth DaysBetween EarliestOf LatestOf MonthStart MonthsBetween",
    "amounts.events": "EventsAmount Take",
    "amounts.expression": (
        "Band Bands Difference FactAmount FirstKnown Greatest Least LookupAmount ParameterAmount "
        "PresentValue ProductAmount Quotient Rounded Sum"
    ),
    "amounts.lookups": "Beyond Edition KeyMatch Lookup LookupColumn LookupKey",
    "case_facts": "Concluded",
    "engine.evaluation": "Engines",
    "engine.normal_form": "Operator",
    "engine.reference": "ConditionResult",
    "language.conditions": "AllOf AnyOf Comparison Not",
    "language.follow_up": "Clock FollowUp FollowUpRule Reversal Starts",
    "language.hit_policies": "Hit",
    "language.letter_texts": "Wording",
    "language.loan_class": "Before ClassificationRule Supplied",
    "language.search": "Search SearchStep Stop TargetTier WhenMissed",
    "language.sections": (
        "Action Conclusion Dated DecisionTable Duty EventKind Flag Gate Gather Limit Otherwise "
        "Parameter PolicyFact Ranking Rule Source"
    ),
    "loading.loading": "load_policy",
    "loading.locating": "packaged_policies",
    "policy": "Policy",
    "policy_ref": "PolicyRef",
}
"""The rooms of the names that are loaded when first asked for."""

if not TYPE_CHECKING:
    __getattr__, __dir__ = exports(__name__, _HOMES)
