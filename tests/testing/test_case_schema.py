"""The JSON Schema of a file of cases: generated, up to date, complete, and it marks what the reader refuses."""

import json

import jsonschema
import pytest

from cases import ROOT, located
from restructure.cli import main
from restructure.document import read_document
from restructure.errors import InvalidInput
from restructure.intake.facts import facts
from restructure.testing import case_reader as case_reading
from restructure.testing import expectations as case_expectations
from restructure.testing.case_reader import read_cases
from restructure.testing.case_schema import cases_schema

VALIDATOR = jsonschema.Draft202012Validator(cases_schema())
PACKAGED = sorted((ROOT / "rules").rglob("*_test.yaml"))
EXAMPLES = sorted((ROOT / "examples").rglob("*_test.yaml"))


def found(path):
    data = read_document(path, exact_numbers=True).data
    plain = json.loads(
        json.dumps(data, default=lambda one: one.isoformat() if hasattr(one, "year") else float(one))
    )
    return list(VALIDATOR.iter_errors(plain))


def marked(tmp_path, text):
    path = tmp_path / "x_test.yaml"
    path.write_text(f"policy: cn-consumer-finance\non: 2026-03-18\n{text}", "utf-8")
    return path, [".".join(map(str, one.absolute_path)) for one in found(path)]


def one(given, expect):
    return f"cases:\n  - name: One case\n    given: {given}\n    expect: {expect}\n"


def test_the_schema_in_the_repository_is_the_one_the_code_gives(capsys):
    written = json.loads((ROOT / "rules" / "cases.schema.json").read_text("utf-8"))
    assert written == cases_schema(), "write it anew: restructure schema cases > rules/cases.schema.json"
    assert main(["schema", "cases"]) == 0
    assert json.loads(capsys.readouterr().out) == written


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(cases_schema())


@pytest.mark.parametrize("path", PACKAGED, ids=lambda path: path.name)
def test_a_packaged_file_of_cases_names_the_schema_and_holds_it(path):
    up = "../" * len(path.parent.relative_to(ROOT / "rules").parts)
    assert path.read_text("utf-8").startswith(f"# yaml-language-server: $schema={up}cases.schema.json\n")
    assert found(path) == []


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_an_example_of_cases_names_the_schema_and_holds_it(path):
    assert "cases.schema.json" in path.read_text("utf-8").partition("\n")[0]
    assert found(path) == []


def test_the_schema_knows_every_field_that_the_reader_knows_and_no_other():
    schema = cases_schema()
    inside = {
        name: set(schema["$defs"][name]["properties"])
        for name in ("Case", "Given", "Expect", "Facts", "Figures")
    }
    assert set(schema["properties"]) == set(case_reading._FILE)
    assert inside["Case"] == set(case_reading._CASE)
    assert inside["Given"] == set(case_reading._GIVEN)
    assert inside["Expect"] == {*case_expectations._OF_FACTS, *case_expectations._OF_APPLICATIONS}
    assert inside["Facts"] == set(facts())
    assert inside["Figures"] == {"rows", *(name for name, fact in facts().items() if fact.of_plan)}


@pytest.mark.parametrize(
    ("given", "expect", "place"),
    [
        (
            "{facts: {hardship_cause: ilness}}",
            "{rules: {illness-relief: refused}}",
            "cases.0.given.facts.hardship_cause",
        ),
        ("{facts: {reachable: 3}}", "{gates: {reachable: passed}}", "cases.0.given.facts.reachable"),
        ("{fact: {reachable: true}}", "{gates: {reachable: passed}}", "cases.0.given"),
        ("{facts: {}, application: a.json}", "{outcome: offer}", "cases.0.given"),
        ("{facts: {reachable: true}}", "{gates: {reachable: fired}}", "cases.0.expect.gates.reachable"),
        ("{facts: {reachable: true}}", "{gate: {reachable: passed}}", "cases.0.expect"),
        ("{facts: {reachable: true}}", "{}", "cases.0.expect"),
        ("{application: {}}", "{outcome: offerd}", "cases.0.expect.outcome"),
        (
            "{application: {}}",
            "{figures: {longer-term: {rows: many}}}",
            "cases.0.expect.figures.longer-term.rows",
        ),
        ("{application: {conduct: {reachable: perhaps}}}", "{outcome: offer}", "cases.0.given.application"),
        ("{application: {hardship: {cause: ilness}}}", "{outcome: offer}", "cases.0.given.application"),
    ],
)
def test_an_editor_marks_what_the_reader_refuses(tmp_path, given, expect, place):
    path, places = marked(tmp_path, one(given, expect))
    assert place in places
    with pytest.raises(InvalidInput):
        read_cases(path, load=located)


@pytest.mark.parametrize(
    ("given", "expect"),
    [
        (
            "{facts: {income_drop: 39%, shortfall: 296.36, income_before: '100', reachable: unknown}}",
            "{facts: {income_drop: 0.39}}",
        ),
        ("{facts: {hardship_onset: 2026-01-12, days_past_due: null}}", "{facts: {hardship_onset: unknown}}"),
        (
            "{base: ill, application: {loan: {balances: {penalty: 0.00}}, conduct: {reachable: null}}}",
            "{offers: []}",
        ),
        # A fact of a policy that is null takes away what the base gives; a number may have a point.
        ("{base: ill, application: {facts: {region: null, rent: 900.50, owner: false}}}", "{offers: []}"),
        (
            "{base: ill, parameters: {longest_term: 12}}",
            "{missing: [], flags: {longer-term: []}, refusals: {longer-term: limit}}",
        ),
    ],
)
def test_what_the_reader_takes_is_not_marked(tmp_path, given, expect):
    ill = json.loads((ROOT / "examples" / "illness.json").read_text("utf-8"))
    stated = json.loads(json.dumps(ill))
    stated["loan"] = {
        "basis": "stated", "reference": "L", "currency": "CNY", "balances": {"principal": "9000.00"},
        "repayment": {"annual_rate": "18%", "instalments": 9, "first_due": "2026-04-18"},
    }  # fmt: skip
    (tmp_path / "stated.json").write_text(json.dumps(stated), "utf-8")
    text = "base:\n  ill: {application: stated.json}\n" + one(given, expect)
    path, places = marked(tmp_path, text)
    assert places == []
    assert len(read_cases(path, load=located).cases) == 1
