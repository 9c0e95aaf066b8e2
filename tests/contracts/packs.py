"""What a pack has to bring."""

import restructure
from cases import EXAMPLES, packaged
from contracts.member_kind import ROOT, MemberKind, lacking, yaml_of


def first_line(name: str) -> str | None:
    line = (ROOT / "rules" / name / "policy.yaml").read_text("utf-8").partition("\n")[0]
    wanted = "# yaml-language-server: $schema=../policy.schema.json"
    if line != wanted:
        return f"the first line is not `{wanted}`"
    sources = yaml_of(ROOT / "rules" / name / "policy.yaml").get("sources", {})
    short = [key for key, source in sources.items() if "confidence" not in source]
    return lacking(sources and not short, f"sources without confidence: {', '.join(short) or 'all'}")


def has_cases(name: str) -> str | None:
    return lacking(list((ROOT / "rules" / name).glob("*_test.yaml")), "no file of cases `*_test.yaml`")


def has_example(name: str) -> str | None:
    path = EXAMPLES / f"{name}.json"
    if not path.exists():
        return "no example application"
    case = restructure.read_application(path)
    restructure.decide(case, packaged(name), on=case.as_of, engines=restructure.Engines.REFERENCE)
    return None


def in_documentation(name: str, what: str) -> str | None:
    return lacking(f"`{name}`" in (ROOT / "docs" / "programmes" / "index.md").read_text("utf-8"), what)


PACKS = MemberKind(
    {path.parent.name: path.parent.name for path in sorted((ROOT / "rules").glob("*/policy.yaml"))},
    {
        "rules/NAME/policy.yaml": first_line,
        "rules/NAME/*_test.yaml": has_cases,
        "examples/NAME.json": has_example,
        "docs/programmes/index.md": lambda own: in_documentation(own, "the table of programmes has no row"),
    },
)
