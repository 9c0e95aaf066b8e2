"""Policy: what the lender decided beforehand. What a policy file may say, as records, and its loading."""

from typing import TYPE_CHECKING

from restructure.lazy import exports

if TYPE_CHECKING:
    from restructure.policy.amounts.lookups import Beyond, Edition, KeyMatch, Lookup, LookupColumn, LookupKey
    from restructure.policy.amounts.word import AmountWord
    from restructure.policy.case_facts import Concluded
    from restructure.policy.engine.evaluation import Engines
    from restructure.policy.engine.normal_form import Operator
    from restructure.policy.engine.reference import ConditionResult
    from restructure.policy.language.conditions import AllOf, AnyOf, Comparison, Not
    from restructure.policy.language.follow_up import Clock, FollowUp, FollowUpRule, Reversal, Starts
    from restructure.policy.language.hit_policies import Hit
    from restructure.policy.language.letter_texts import LetterTexts
    from restructure.policy.language.loan_class import Before, ClassificationRule, Supplied
    from restructure.policy.language.search import Search, SearchStep, Stop, TargetTier, WhenMissed
    from restructure.policy.language.sections import (
        Action,
        CitedSource,
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
    )
    from restructure.policy.loading.loading import load_policy
    from restructure.policy.loading.locating import packaged_policies
    from restructure.policy.policy import Policy
    from restructure.policy.policy_ref import PolicyRef

__all__ = [
    "Action",
    "AllOf",
    "AmountWord",
    "AnyOf",
    "Before",
    "Beyond",
    "CitedSource",
    "ClassificationRule",
    "Clock",
    "Comparison",
    "Concluded",
    "Conclusion",
    "ConditionResult",
    "Dated",
    "DecisionTable",
    "Duty",
    "Edition",
    "Engines",
    "EventKind",
    "Flag",
    "FollowUp",
    "FollowUpRule",
    "Gate",
    "Gather",
    "Hit",
    "KeyMatch",
    "LetterTexts",
    "Limit",
    "Lookup",
    "LookupColumn",
    "LookupKey",
    "Not",
    "Operator",
    "Otherwise",
    "Parameter",
    "Policy",
    "PolicyFact",
    "PolicyRef",
    "Ranking",
    "Reversal",
    "Rule",
    "Search",
    "SearchStep",
    "Starts",
    "Stop",
    "Supplied",
    "TargetTier",
    "WhenMissed",
    "load_policy",
    "packaged_policies",
]

_HOMES = {
    "amounts.lookups": "Beyond Edition KeyMatch Lookup LookupColumn LookupKey",
    "amounts.word": "AmountWord",
    "case_facts": "Concluded",
    "engine.evaluation": "Engines",
    "engine.normal_form": "Operator",
    "engine.reference": "ConditionResult",
    "language.conditions": "AllOf AnyOf Comparison Not",
    "language.follow_up": "Clock FollowUp FollowUpRule Reversal Starts",
    "language.hit_policies": "Hit",
    "language.letter_texts": "LetterTexts",
    "language.loan_class": "Before ClassificationRule Supplied",
    "language.search": "Search SearchStep Stop TargetTier WhenMissed",
    "language.sections": (
        "Action CitedSource Conclusion Dated DecisionTable Duty EventKind Flag Gate Gather Limit "
        "Otherwise Parameter PolicyFact Ranking Rule"
    ),
    "loading.loading": "load_policy",
    "loading.locating": "packaged_policies",
    "policy": "Policy",
    "policy_ref": "PolicyRef",
}
"""The rooms of the names that are loaded when first asked for."""

if not TYPE_CHECKING:
    __getattr__, __dir__ = exports(__name__, _HOMES)
