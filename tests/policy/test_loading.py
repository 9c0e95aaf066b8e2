"""Policies from text: every fault located, values dated, one digest for one content."""

import copy
import re
import shutil
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cases import CONSUMER, PLAIN, SMALL, gate, limit, policy_of, rule, small, written
from laws import examples
from restructure.calculator.measures.relief import Waive
from restructure.calculator.measures.timing import Extend
from restructure.errors import InvalidPolicy
from restructure.policy.engine.normal_form import Alternative, Leaf, Operator
from restructure.policy.language.conditions import AllOf, AnyOf, Comparison, Not
from restructure.policy.loading.loading import load_policy
from restructure.policy.loading.locating import packaged_policies
from restructure.testing import run_cases

DAY = date(2026, 3, 18)


def faults(text: str) -> list:
    with pytest.raises(InvalidPolicy) as caught:
        policy_of(text)
    return list(caught.value.issues)


def codes(text: str) -> list[str]:
    return [issue.code for issue in faults(text)]


def require(text: str):
    """The condition of one gate, as the evaluators read it."""
    policy = policy_of(small(gates=gate("g", text, "refer")))
    return policy.at(DAY).node(policy.gates[0].require)


# --- where a policy comes from


def test_a_policy_is_loaded_by_name_by_file_and_by_folder():
    by_name, by_file, by_folder = (
        load_policy(s) for s in ("cn-consumer-finance", CONSUMER, str(CONSUMER.parent))
    )
    assert by_name == by_file == by_folder
    assert by_name.at(DAY).digest == by_folder.at(DAY).digest


def test_the_packaged_policies_are_listed_by_name():
    folders = CONSUMER.parents[1].glob("*/policy.yaml")
    assert list(packaged_policies()) == sorted(path.parent.name for path in folders)


def test_a_name_that_nothing_has_is_refused_with_the_nearest_one(tmp_path):
    with pytest.raises(InvalidPolicy) as caught:
        load_policy("cn-consumer-finace")
    assert [issue.code for issue in caught.value.issues] == ["policy-missing"]
    assert 'did you mean "cn-consumer-finance"?' in str(caught.value)
    with pytest.raises(InvalidPolicy, match="policy-missing"):
        load_policy(tmp_path)


def test_a_folder_may_stand_anywhere(tmp_path):
    shutil.copy(CONSUMER, tmp_path / "policy.yaml")
    assert load_policy(tmp_path).name == "cn-consumer-finance"


# --- all faults at once, each located


def test_every_fault_of_a_policy_is_told_at_once_in_the_order_of_the_file(tmp_path):
    text = small(
        parameters="  p: {title: P, unit: months, source: nobody, values: {2026-01-01: x}}\n",
        gates=gate("g", "{fact: incom_drop, op: '>', value: 0}", "refuse"),
        rules=rule(when="{fact: instalment_after, op: '<', value: 1}", offer="[{measure: extnd}]"),
        limits=limit("l", "{fact: term_after, op: '<=', value: {parameter: q}}") + limit("l", "{any: []}"),
        tail="rank: [{fact: instalment, order: ascending}]\nchoose: best\nsurprise: 1\n",
    )
    issues = faults(text)
    assert [issue.code for issue in issues] == [
        "source-unknown", "value-kind",  # the parameter
        "fact-unknown", "choice-unknown",  # the gate
        "fact-not-yet", "measure-unknown",  # the rule
        "parameter-unknown", "rule-repeated", "condition-empty",  # the limits
        "fact-unknown", "choice-unknown", "field-unknown",
    ]  # fmt: skip
    lines = text.splitlines()
    for issue in issues:
        assert issue.file.endswith("policy.yaml")
        part = issue.place.rpartition(".")[2]
        assert part.isdecimal() or lines[issue.line - 1][issue.column - 1 :].startswith(part)
    assert [(issue.line, issue.column) for issue in issues] == sorted(
        (issue.line, issue.column) for issue in issues
    )


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        ("{fact: days_pastdue, op: '>', value: 0}", 'did you mean "days_past_due"?'),
        ("{fakt: claim, op: '>', value: 0}", 'did you mean "fact"?'),
        ("{fact: claim, op: '>', valu: 0}", 'did you mean "value"?'),
        ("{fact: claim, op: '>', value: {parameter: longes}}", 'did you mean "longest"?'),
        ("{fact: claim, op: '>', value: {fact: princpal}}", 'did you mean "principal"?'),
    ],
)
def test_a_misspelt_word_is_answered_with_the_nearest_one(wrong, hint):
    text = small(
        parameters="  longest: {title: P, unit: money, source: own, values: {2026-01-01: 5}}\n",
        gates=gate("g", wrong, "refer"),
    )
    assert any(hint in issue.message for issue in faults(text))


@pytest.mark.parametrize(
    "text",
    [
        "{fact: claim, op: '>', value: {parameter: p, times: 2}}",
        "{fact: claim, op: '>', value: {parameter: [p]}}",
        "{fact: claim, op: '>', value: {}}",
        "{fact: claim, op: '>', value: []}",
        "{fact: claim, op: '>', value: null}",
        "{fact: claim, op: '>', value: true}",
        "{fact: claim, op: '>', value: 1.001}",
        "{fact: claim, op: '>', value: 1e40}",
        "{fact: claim, op: '>', value: .inf}",
        "{fact: claim, op: '>', value: {fact: income_drop}}",
        "{fact: claim, op: '>', value: {fact: principal, times: -1}}",
        "{fact: claim, op: '>', value: {fact: principal, time: 2}}",
        "{fact: claim, op: [], value: 1}",
        "{fact: [claim], op: '>', value: 1}",
        "{fact: claim}",
        "{fact: claim, op: known, value: 1}",
        "{fact: reachable, op: '>', value: true}",
        "{fact: reachable, op: '==', value: 1}",
        "{fact: hardship_cause, op: '==', value: Illness}",
        "{fact: hardship_cause, op: '<', value: illness}",
        "{fact: hardship_cause, op: '==', value: {fact: product}}",
        "{fact: hardship_onset, op: '<', value: 20260101}",
        "{fact: hardship_onset, op: '<', value: {fact: hardship_onset, times: 2}}",
        "{fact: days_past_due, op: '>', value: 0.5}",
        "{fact: days_past_due, op: '>', value: '30'}",
        "{fact: income_drop, op: '>', value: 0.1234567}",
        "{fact: income_drop, op: '>', value: 20 percent}",
        "{not: [{fact: reachable}]}",
        "{all: {fact: reachable}}",
        "{all: [{fact: reachable}], any: [{fact: reachable}]}",
        "[{fact: reachable}]",
        "reachable",
        "{}",
        "{fact: scores.pd, op: '<', value: 0.1}",
        "{fact: relief, op: '>', value: 0}",
    ],
)
def test_a_condition_that_could_be_misread_is_refused(text):
    parameters = "  p: {title: P, unit: money, source: own, values: {2026-01-01: 5}}\n"
    issues = faults(small(parameters=parameters, gates=gate("g", text, "refer")))
    assert all(issue.place.startswith("gates.0.require") for issue in issues)


def test_a_limit_may_read_the_plan_and_the_case_and_a_gate_only_the_case():
    policy_of(small(limits=limit("l", "{fact: relief, op: '<=', value: {fact: claim, times: 0.5}}")))
    assert codes(small(gates=gate("g", "{fact: relief, op: '>', value: 0}", "refer"))) == ["fact-not-yet"]


def test_one_id_stands_for_one_thing_in_the_whole_policy():
    gates = gate("same", "{fact: reachable}", "refer")
    assert "rule-repeated" in codes(small(gates=gates + gates))
    assert "rule-repeated" in codes(small(rules=rule("same") + rule("same")))
    # `Refusal.code` and `Missing.needed_by` name gates, rules and limits side by side.
    assert "rule-repeated" in codes(small(gates=gates, rules=rule("same")))
    assert "rule-repeated" in codes(small(gates=gates, limits=limit("same", "{fact: reachable}")))


def test_a_condition_of_forty_eight_alternatives_is_read_and_one_of_forty_nine_is_not():
    leaf = "{fact: reachable}"

    def any_of(n):
        return f"{{any: [{', '.join([leaf] * n)}]}}"

    policy_of(small(rules=rule(when=f"{{all: [{any_of(6)}, {any_of(8)}]}}")))
    policy_of(small(rules=rule(when=any_of(48))))
    assert codes(small(rules=rule(when=any_of(49)))) == ["condition-too-wide"]
    # What must hold is also asked the other way round: not all of 49 is any of 49.
    assert codes(small(gates=gate("g", f"{{all: [{', '.join([leaf] * 49)}]}}", "refer"))) == [
        "condition-too-wide"
    ]
    assert codes(small(rules=rule(when=f"{{not: {{all: [{', '.join([leaf] * 49)}]}}}}"))) == [
        "condition-too-wide"
    ]


def test_a_measure_is_checked_with_every_value_its_parameter_ever_has():
    def with_values(values):
        return small(
            parameters=f"  p: {{title: P, unit: ratio, source: own, values: {values}}}\n",
            rules=rule(offer="[{measure: waive, of: penalty, share: {parameter: p}}]"),
        )

    policy_of(with_values("{2025-01-01: 0.5, 2026-01-01: null}"))
    for values in (
        "{2025-01-01: 1.5}",
        "{2025-01-01: 1.5, 2026-01-01: 0.5}",
        "{2025-01-01: 0.5, 2026-01-01: 1.5}",
    ):
        assert faults(with_values(values))


def test_a_limit_is_checked_with_every_value_its_parameter_ever_has():
    # apr_after keeps four decimals.
    for values in (
        "{2025-01-01: 0.24001}",
        "{2025-01-01: 0.24001, 2026-01-01: 0.24}",
        "{2025-01-01: 0.24, 2026-01-01: 0.24001}",
    ):
        text = small(
            parameters=f"  p: {{title: P, unit: ratio, source: own, values: {values}}}\n",
            limits=limit("l", "{fact: apr_after, op: '<=', value: {parameter: p}}"),
        )
        assert codes(text) == ["value-scale"], values


@pytest.mark.parametrize(
    "offer",
    [
        "[{measure: extend, instalments: '6'}]",
        "[{measure: extend, instalments: true}]",
        "[{measure: holiday, instalments: 3.0}]",
    ],
)
def test_a_measures_number_is_a_number_and_not_something_like_one(offer):
    assert codes(small(rules=rule(offer=offer))) == ["value-invalid"]


def test_a_policy_that_ends_before_it_begins_is_refused():
    assert faults(small(head=SMALL + "effective_from: 2026-01-01\neffective_until: 2025-12-31\n"))


# --- dates


def dated(values: str, *, gates: str | None = None):
    return policy_of(
        small(
            parameters=f"  p: {{title: P, unit: days, source: own, values: {values}}}\n",
            gates=gates
            if gates is not None
            else gate("g", "{fact: days_past_due, op: '<', value: {parameter: p}}", "refer"),
        )
    )


def test_a_value_holds_from_its_day_to_the_day_before_the_next():
    policy = dated("{2025-01-01: 30, 2026-01-01: 60}")
    for day, value in (
        (date(2025, 1, 1), 30),
        (date(2025, 12, 31), 30),
        (date(2026, 1, 1), 60),
        (date(2099, 1, 1), 60),
    ):
        assert policy.at(day).values == {"p": value}
        assert policy.at(day).node(policy.gates[0].require) == Leaf(
            "days_past_due", Operator.LESS, threshold=value
        )


def test_before_its_first_day_and_after_a_null_a_used_parameter_has_no_value():
    policy = dated("{2025-01-01: 30, 2025-06-01: 0, 2026-01-01: null}")
    for day in (date(2024, 12, 31), date(2026, 1, 1), date(2026, 12, 31)):
        with pytest.raises(InvalidPolicy) as caught:
            policy.at(day)
        assert [(issue.code, issue.place) for issue in caught.value.issues] == [
            ("parameter-undefined", "parameters.p")
        ]
    assert policy.at(date(2025, 12, 31)).values == {"p": 0}


def test_days_without_a_value_between_days_with_one_are_refused_where_the_parameter_decides():
    with pytest.raises(InvalidPolicy) as caught:
        dated("{2025-01-01: 30, 2026-01-01: null, 2027-01-01: 0}")
    assert [issue.code for issue in caught.value.issues] == ["parameter-hole"]
    assert dated("{2025-01-01: 30, 2026-01-01: null, 2027-01-01: 0}", gates="  []\n").parameters["p"].values


def test_days_without_a_value_are_one_hole_however_often_nothing_is_said():
    holes = "{2025-01-01: 30, 2026-01-01: null, 2026-07-01: null, 2027-01-01: 0, 2028-01-01: null, 2029-01-01: null}"
    with pytest.raises(InvalidPolicy) as caught:
        dated(holes)
    (hole,) = caught.value.issues
    assert hole.place == "parameters.p.values.2026-01-01"
    assert "no value from 2026-01-01 to 2027-01-01" in hole.message


@pytest.mark.parametrize("values", ["{2026-01-01: 30, 20260101: 60}", "{2026-01-02: 30, 2026-01-01: 60}"])
def test_the_days_of_a_parameter_rise_and_none_is_named_twice(values):
    text = small(parameters=f"  p: {{title: P, unit: days, source: own, values: {values}}}\n")
    assert set(codes(text)) <= {"parameter-dates", "date-invalid"}


def test_a_parameter_that_nothing_uses_may_be_without_a_value():
    policy = dated("{2025-01-01: 30, 2026-01-01: null}", gates="  []\n")
    assert policy.at(date(2026, 5, 1)).values == {"p": None}


@examples(40)
@given(
    st.lists(
        st.tuples(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.none() | st.integers(0, 99)),
        min_size=1,
        max_size=5,
        unique_by=lambda p: p[0],
    ),
    st.dates(date(2019, 1, 1), date(2031, 1, 1)),
)
def test_the_value_on_a_day_is_that_of_the_latest_day_not_after_it(pairs, day):
    pairs = sorted(pairs)
    values = ", ".join(f"{since}: {'null' if value is None else value}" for since, value in pairs)
    policy = dated(f"{{{values}}}", gates="  []\n")
    held = [value for since, value in pairs if since <= day]
    assert policy.at(day).values["p"] == (held[-1] if held else None)


def test_a_policy_decides_from_its_first_day_to_the_day_before_its_end():
    policy = policy_of(small(head=SMALL + "effective_from: 2026-01-01\neffective_until: 2026-02-01\n"))
    policy.at(date(2026, 1, 1))
    policy.at(date(2026, 1, 31))
    for day in (date(2025, 12, 31), date(2026, 2, 1)):
        with pytest.raises(InvalidPolicy, match="policy-not-effective"):
            policy.at(day)


def test_the_same_values_give_the_same_policy_in_force_and_other_values_another():
    policy = dated("{2025-01-01: 30, 2026-01-01: 60}")
    assert policy.at(date(2025, 3, 1)) is policy.at(date(2025, 4, 1))
    assert policy.at(date(2025, 3, 1)).digest != policy.at(date(2026, 3, 1)).digest


def test_a_changed_copy_of_a_policy_decides_by_its_own_content():
    policy = dated("{2025-01-01: 30}")
    before = policy.at(DAY)
    other = policy.model_copy(update={"gates": ()})
    assert other.at(DAY).policy.gates == ()
    assert other.at(DAY).digest != before.digest
    renamed = policy.model_copy(update={"version": "2"})
    assert renamed.at(DAY).ref.version == "2"


# --- the digest


def test_a_comment_the_order_of_keys_and_the_layout_do_not_change_the_digest():
    one = policy_of(small(gates=gate("g", "{fact: claim, op: '>', value: 5}", "refer")))
    two = policy_of(
        "# a comment\n"
        + small(gates=gate("g", "{value: 5, op: '>', fact: claim}  ", "refer"))
        .replace('name: small\nversion: "1"\n', "version: '1'\nname: small\n")
        .replace("{fact: claim, op: known}", "\n      op: known\n      fact: claim\n     ".strip())
        .replace("op: known\n      fact: claim", "{op: known, fact: claim}")
    )
    assert one.at(DAY).digest == two.at(DAY).digest


def test_the_digest_is_of_the_day_and_not_of_the_way_a_value_got_there():
    one = dated("{2025-01-01: 30}").at(DAY).digest
    assert one == dated("{2024-01-01: 10, 2025-01-01: 30}").at(DAY).digest
    assert one != dated("{2025-01-01: 31}").at(DAY).digest


def test_two_spellings_of_one_number_have_one_digest():
    def digest(value):
        return (
            policy_of(small(gates=gate("g", f"{{fact: income_drop, op: '>', value: {value}}}", "refer")))
            .at(DAY)
            .digest
        )

    assert digest("0.5") == digest("0.50") == digest("'50%'") == digest("'0.5'")
    assert digest("0.5") != digest("0.51")


TEXT = PLAIN.read_text("utf-8")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("values: {2025-10-01: 6}", "values: {2025-10-01: 7}"),
        ("values: {2025-10-01: 0.24}", "values: {2025-10-01: 0.25}"),
        ('{fact: disposable_income, op: ">", value: 0}', '{fact: disposable_income, op: ">", value: 1}'),
        ('{fact: disposable_income, op: ">", value: 0}', '{fact: disposable_income, op: ">=", value: 0}'),
        ("pay: interest", "pay: none"),
        ("otherwise: ask", "otherwise: refer"),
        ("choose: all", "choose: first"),
        ('version: "2026.1"', 'version: "2026.2"'),
        ("order: ascending", "order: descending"),
    ],
)
def test_a_change_of_what_decides_changes_the_digest(old, new):
    assert TEXT.count(old) >= 1
    assert policy_of(TEXT.replace(old, new, 1)).at(DAY).digest != policy_of(TEXT).at(DAY).digest


def test_a_comment_in_the_packaged_policy_does_not_change_its_digest():
    assert policy_of(TEXT + "# the end\n").at(DAY).digest == policy_of(TEXT).at(DAY).digest


# --- kinds of parameters and constants


@pytest.mark.parametrize(
    ("unit", "written_as", "value", "fact", "number"),
    [
        ("money", "2000", Decimal(2000), "claim", 200_000),
        ("money", "'2000.50'", Decimal("2000.50"), "claim", 200_050),
        ("ratio", "0.31", Decimal("0.31"), "income_drop", 310_000),
        ("ratio", "'31%'", Decimal("0.31"), "income_drop", 310_000),
        ("ratio", "1", Decimal(1), "income_drop", 1_000_000),
        ("days", "90", 90, "days_past_due", 90),
        ("months", "60", 60, "remaining_term", 60),
        ("count", "2", 2, "restructurings", 2),
    ],
)
def test_a_parameter_is_read_as_its_unit_and_compared_as_an_integer(unit, written_as, value, fact, number):
    policy = policy_of(
        small(
            parameters=f"  p: {{title: P, unit: {unit}, source: own, values: {{2026-01-01: {written_as}}}}}\n",
            gates=gate("g", f"{{fact: {fact}, op: '<=', value: {{parameter: p}}}}", "refer"),
        )
    )
    in_force = policy.at(DAY)
    assert in_force.values == {"p": value}
    assert in_force.node(policy.gates[0].require) == Leaf(fact, Operator.AT_MOST, threshold=number)


@pytest.mark.parametrize("unit", ["yes or no", "one of a few words", "flag", "ratios", "[ratio]", "5"])
def test_a_parameter_has_one_of_six_units(unit):
    text = small(parameters=f"  p: {{title: P, unit: {unit}, source: own, values: {{2026-01-01: 1}}}}\n")
    assert codes(text) == ["unit-unknown"]


def test_a_parameter_of_another_kind_than_the_fact_is_refused():
    text = small(
        parameters="  p: {title: P, unit: days, source: own, values: {2026-01-01: 1}}\n",
        gates=gate("g", "{fact: remaining_term, op: '<', value: {parameter: p}}", "refer"),
    )
    assert codes(text) == ["value-kind"]


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("{fact: reachable}", Leaf("reachable", Operator.EQUAL, 1)),
        ("{not: {fact: reachable}}", Leaf("reachable", Operator.NOT_EQUAL, 1)),
        ("{fact: disputed, op: '==', value: false}", Leaf("disputed", Operator.EQUAL, 0)),
        (
            "{fact: hardship_cause, op: '!=', value: unemployment}",
            Leaf("hardship_cause", Operator.NOT_EQUAL, 1),
        ),
        # 1 January 2026 is day 739,617 from 1 January of year 1.
        (
            "{fact: hardship_onset, op: '>=', value: 2026-01-01}",
            Leaf("hardship_onset", Operator.AT_LEAST, 739_617),
        ),
        ("{fact: claim, op: known}", Leaf("claim", Operator.KNOWN)),
        ("{not: {fact: income_before, op: known}}", Leaf("income_before", Operator.UNKNOWN)),
        (
            "{fact: claim, op: '<=', value: {fact: principal}}",
            Leaf("claim", Operator.AT_MOST, other="principal", left=1, right=1),
        ),
        (
            "{fact: instalment_before, op: '>', value: {fact: monthly_income, times: 0.4}}",
            Leaf("instalment_before", Operator.MORE, other="monthly_income", left=5, right=2),
        ),
        (
            "{fact: claim, op: '>', value: {fact: monthly_income, times: 36}}",
            Leaf("claim", Operator.MORE, other="monthly_income", left=1, right=36),
        ),
        (
            "{not: {all: [{fact: reachable}, {not: {any: [{fact: disputed}, {fact: claim, op: '>', value: 5}]}}]}}",
            Alternative(
                (
                    Leaf("reachable", Operator.NOT_EQUAL, 1),
                    Alternative((Leaf("disputed", Operator.EQUAL, 1), Leaf("claim", Operator.MORE, 500))),
                )
            ),
        ),
    ],
)
def test_a_condition_says_what_was_written(text, node):
    assert require(text) == node


def test_facts_of_two_scales_are_compared_at_the_finer_one():
    # apr_after keeps four decimals, contract_rate six: apr·100 against rate·1.
    policy = policy_of(small(limits=limit("l", "{fact: apr_after, op: '<=', value: {fact: contract_rate}}")))
    node = policy.at(DAY).node(policy.limits[0].require)
    assert Fraction(node.left, node.right) == 100
    policy = policy_of(
        small(limits=limit("l", "{fact: contract_rate, op: '>=', value: {fact: apr_after, times: 0.5}}"))
    )
    node = policy.at(DAY).node(policy.limits[0].require)
    assert Fraction(node.left, node.right) == Fraction(2, 100)


def test_measures_are_filled_with_the_values_of_the_day():
    policy = policy_of(
        small(
            parameters="  n: {title: N, unit: months, source: own, values: {2025-01-01: 6, 2026-01-01: 12}}\n"
            "  s: {title: S, unit: ratio, source: own, values: {2025-01-01: '1/2'}}\n".replace(
                "'1/2'", "0.5"
            ),
            rules=rule(
                "r",
                offer="[{measure: waive, of: [penalty, fees], share: {parameter: s}}, {measure: extend, instalments: {parameter: n}}]",
            ),
        )
    )
    assert policy.at(date(2025, 6, 1)).measures == {
        "r": (Waive(of=("penalty", "fees"), share="0.5"), Extend(instalments=6))
    }
    assert policy.at(DAY).measures["r"][1] == Extend(instalments=12)


def test_conditions_are_kept_as_written_and_survive_a_round_trip():
    policy = load_policy("cn-consumer-finance")
    gates = {one.id: one.require for one in policy.gates}
    assert isinstance(gates["in-difficulty"], AnyOf)
    assert gates["undisputed"] == Comparison(fact="disputed", op="==", value=False)
    rules = {one.id: one.when for one in policy.rules}
    assert isinstance(rules["illness-relief"], AllOf)
    negated = policy_of(small(rules=rule(when="{not: {fact: reachable}}"))).rules[0].when
    assert isinstance(negated, Not)


def test_text_may_be_one_sentence_or_one_for_each_language():
    assert policy_of(small()).title == {"en": "A small policy"}
    assert load_policy("cn-consumer-finance").title["zh"] == "消费金融 · 中国"


def test_a_file_that_is_no_policy_is_refused_as_a_policy(tmp_path):
    for text, code in (
        ("", "yaml-broken"),
        ("- a\n", "value-invalid"),
        ("a: [\n", "yaml-broken"),
        ("a: 1\na: 2\n", "key-duplicate"),
    ):
        with pytest.raises(InvalidPolicy) as caught:
            load_policy(written(tmp_path, text, "policy.yaml"))
        assert [issue.code for issue in caught.value.issues][:1] == [code]


# --- what a finding says


RICH = (
    SMALL.replace("sources:", "parameters:\n  cap: {title: Cap, unit: ratio, source: own, values: {2020-01-01: 0.4}}\nsources:")
    + "gates:\n"
    + gate("g", otherwise="refer", require="{any: [{fact: claim, op: '>', value: {fact: monthly_income, times: 2}}, {fact: income_drop, op: '<', value: {parameter: cap}}]}")
    + "rules:\n"
    + rule(
        offer="[{measure: waive, of: penalty, share: 0.5}, {search: {target: {fact: instalment_after, value: 1500}, "
        "stop: at_or_below, steps: [{id: lower, measure: {measure: rate, annual_rate: {vary: {from: 10%, down_to: 2%, by: {parameter: cap}}}}}]}}]"
    )
    + "limits:\n"
    + limit("term", "{fact: term_after, op: '<=', value: 40}")
)  # fmt: skip


def spots(data, at=()):
    """Every place in plain data."""
    yield from [at] if at else []
    for key in data if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else ():
        yield from spots(data[key], (*at, key))


def replaced(data, at, value):
    data = copy.deepcopy(data)
    here = data
    for key in at[:-1]:
        here = here[key]
    here[at[-1]] = value
    return data


@pytest.mark.parametrize("wrong", [None, True, [None], {"paramter": "cap"}, {"facts": None}], ids=str)
def test_no_finding_writes_a_value_as_python_does_or_suggests_what_stands_there(wrong, tmp_path):
    whole = yaml.safe_load(RICH)
    load_policy(written(tmp_path, yaml.safe_dump(whole), "whole.yaml"))
    for at in spots(whole):
        path = written(tmp_path, yaml.safe_dump(replaced(whole, at, wrong)), "policy.yaml")
        try:
            load_policy(path)
        except InvalidPolicy as error:
            for issue in error.issues:
                assert not re.search(r"\bNone\b|\bTrue\b|\{'|Decimal\(", issue.message), (at, issue.message)
                suggested = re.search(r'did you mean "(.*?)"', issue.message)
                assert not (suggested and issue.message.count(suggested[0][13:]) > 1), (at, issue.message)


def test_a_condition_on_a_value_without_a_fact_says_what_may_stand_there():
    text = (
        SMALL
        + "gates:\n"
        + gate("g", otherwise="refer", require="{fact: claim, op: '>', value: {fct: monthly_income}}")
    )
    (issue,) = faults(text)
    assert issue.code == "condition-shape"
    assert issue.message == ('write {fact, times}, or {parameter}, or a constant (did you mean "fact"?)')


@pytest.mark.parametrize(
    ("name", "value", "mend"),
    [
        ("cost_cap", 0.5, 'write "0.5" in quotes instead of a float'),
        ("illness_extension", 7.0, "write 7 without a point"),
        ("illness_extension", 7.5, "write a whole number"),
        ("cost_cap", 0.1 + 0.2, "a float is no exact value; write it as text"),
        ("cost_cap", float("nan"), "a float is no exact value; write it as text"),
        ("cost_cap", Decimal("nan"), "write a number"),
        ("cost_cap", "inf", "write a number"),
    ],
)
def test_a_number_that_is_a_float_is_not_asked_to_be_a_number(name, value, mend):
    with pytest.raises(InvalidPolicy) as caught:
        load_policy("cn-consumer-finance").with_values(**{name: value})
    (issue,) = caught.value.issues
    assert mend in issue.message
    assert ("such as 0.31" in issue.message) == (not isinstance(value, float))


def test_the_small_policy_of_the_page_loads_decides_and_passes_its_cases(tmp_path):
    page = (Path(__file__).parents[2] / "rules" / "LANGUAGE.md").read_text("utf-8")
    blocks = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    (policy,) = (block for block in blocks if block.startswith("name: small-lender"))
    (cases,) = (
        block for block in blocks if block.startswith("policy: policy.yaml") and "by a fifth" in block
    )
    (tmp_path / "policy.yaml").write_text(policy, "utf-8")
    (tmp_path / "small_test.yaml").write_text(cases, "utf-8")
    assert [result.failures for result in run_cases([tmp_path]).results] == [(), ()]
