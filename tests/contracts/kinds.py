"""The kinds of which a newcomer adds members, as CONTRIBUTING.md calls them."""

from contracts.day_counts import DAY_COUNTS
from contracts.fact_checks import FACTS
from contracts.letter_languages import LANGUAGES
from contracts.measures import MEASURES
from contracts.member_kind import MemberKind
from contracts.packs import PACKS
from contracts.policy_sections import SECTIONS
from contracts.view_languages import VIEW_LANGUAGES

KINDS: dict[str, MemberKind] = {
    "measure": MEASURES,
    "day count": DAY_COUNTS,
    "fact": FACTS,
    "policy section": SECTIONS,
    "letter language": LANGUAGES,
    "view language": VIEW_LANGUAGES,
    "pack": PACKS,
}
