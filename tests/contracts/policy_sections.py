"""What a section of a policy has to bring."""

import json
import re

import restructure
from contracts.member_kind import LANGUAGE, ROOT, MemberKind, lacking, says_little, yaml_of
from restructure.field_docs import field_docs
from restructure.policy.language.content import PolicyContent

EVERY_SECTION = ROOT / "tests" / "contracts" / "policy.yaml"


def loads(section: str) -> str | None:
    """Say that the policy with every section has not this one, or that it is lost when it is loaded."""
    if section not in yaml_of(EVERY_SECTION):
        return f"the policy has no section `{section}`"
    field = PolicyContent.model_fields[section]
    policy = restructure.load_policy(EVERY_SECTION)
    return lacking(
        field.is_required() or getattr(policy, section) != field.get_default(call_default_factory=True),
        f"`{section}` is lost when the policy is loaded, or has nothing in it",
    )


def listed_section(section: str) -> str | None:
    from restructure.policy.loading.listing import listed
    from restructure.policy.loading.loading import load_located

    _, *lines = listed(load_located(EVERY_SECTION))
    heads = {re.split(r"[:\s]", line)[0] for line in lines if not line.startswith(" ")}
    return lacking(section in heads, f"`restructure explain POLICY` does not list `{section}`")


def in_schema(section: str) -> str | None:
    schema = json.loads((ROOT / "rules/policy.schema.json").read_text("utf-8"))
    properties = schema.get("properties") or schema["$defs"]["Policy"]["properties"]
    own = properties.get(section)
    if own is None:
        return f"the schema has no `{section}`"
    return lacking(not says_little(own.get("description", "")), f"`{section}` has no description")


SECTIONS = MemberKind(
    {name: name for name in PolicyContent.model_fields},
    {
        "src/restructure/policy/language/content.py": lambda own: lacking(
            not says_little(field_docs(PolicyContent).get(own, ""), 3), f"`{own}` has no doc"
        ),
        "tests/contracts/policy.yaml": loads,
        "src/restructure/policy/loading/listing.py": listed_section,
        "rules/policy.schema.json": in_schema,
        "rules/LANGUAGE.md": lambda own: lacking(
            re.search(rf"^{own}:", LANGUAGE, re.MULTILINE), f"no example begins a line with `{own}:`"
        ),
    },
)
