"""From a file to an application: nothing lost, nothing guessed, every fault found and located."""

import json
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from cases import EXAMPLES, applications, changed, example, packaged, written
from laws import examples
from restructure.casework.decisions.decision import decide
from restructure.errors import CATALOGUE, InvalidInput, RestructureError, did_you_mean
from restructure.intake.application import Application, read_application


def refused(path) -> list:
    with pytest.raises(InvalidInput) as caught:
        read_application(path)
    for issue in caught.value.issues:
        assert issue.code in CATALOGUE
        assert issue.file == str(path)
    return list(caught.value.issues)


def yaml_of(data) -> str:
    import io

    stream = io.StringIO()
    YAML(typ="safe", pure=True).dump(data, stream)
    return stream.getvalue()


# --- JSON and YAML are two spellings of one application


@pytest.mark.parametrize("name", [path.stem for path in EXAMPLES.glob("*.json")])
def test_an_example_reads_the_same_from_json_and_from_yaml(name, tmp_path):
    path = written(tmp_path, yaml_of(example(name)), "application.yaml")
    assert read_application(path) == read_application(EXAMPLES / f"{name}.json")


@examples(60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(applications(), st.sampled_from(["json", "tabs", "minified", "yaml", "yml"]))
def test_any_application_reads_back_from_any_spelling_of_itself(tmp_path, application, spelling):
    data = application.model_dump(mode="json", exclude={"scores"})
    text = {
        "json": lambda: json.dumps(data, indent=2, ensure_ascii=False),
        "tabs": lambda: json.dumps(data, indent="\t"),
        "minified": lambda: json.dumps(data, separators=(",", ":")),
        "yaml": lambda: yaml_of(data),
        "yml": lambda: json.dumps(data),
    }[spelling]()
    name = "a.yaml" if spelling == "yaml" else "a.yml" if spelling == "yml" else "a.json"
    assert read_application(written(tmp_path, text, name)) == application


def test_a_byte_order_mark_and_an_upper_case_ending_change_nothing(tmp_path):
    text = json.dumps(example("illness"), ensure_ascii=False)
    assert read_application(written(tmp_path, b"\xef\xbb\xbf" + text.encode())) == read_application(
        EXAMPLES / "illness.json"
    )
    assert read_application(written(tmp_path, yaml_of(example("illness")), "A.YAML")) == read_application(
        EXAMPLES / "illness.json"
    )


def test_an_unquoted_date_in_yaml_is_a_date_and_a_word_like_yes_is_not_a_yes(tmp_path):
    text = yaml_of(example("illness")).replace("'2026-03-18'", "2026-03-18")
    assert "as_of: 2026-03-18\n" in text
    assert read_application(written(tmp_path, text, "a.yaml")).as_of == date(2026, 3, 18)
    issues = refused(written(tmp_path, text.replace("reachable: true", "reachable: yes"), "a.yaml"))
    assert [(issue.code, issue.place) for issue in issues] == [("value-invalid", "conduct.reachable")]


def test_scores_are_read_from_a_file_as_exact_decimals(tmp_path):
    path = written(tmp_path, {**example("illness"), "scores": {"pd": "0.35", "grade": 3}})
    assert read_application(path).scores == {"pd": Decimal("0.35"), "grade": Decimal(3)}


# --- every fault at once, each where it stands


def test_faults_of_shape_are_told_all_at_once_each_with_its_own_line(tmp_path):
    data = example("illness")
    faults = {
        "reference": 5,
        "as_of": "18.03.2026",
        "loan.contract.principal": 48000.5,
        "loan.contract.annual_rate": 0.18,
        "loan.payments.0.amount": 2396.36,
        "loan.payments.3.on": 20251030,
        "finances.dependants": "1",
        "finances.income.1.source": "wages",
        "finances.essential_costs.2.monthly": "-1.00",
        "hardship.cause": "ilness",
        "hardship.evidence.1.kind": "doctor",
        "conduct.reachable": 1,
    }
    for place, value in faults.items():
        data = changed(data, place, value)
    path = written(tmp_path, data)
    issues = refused(path)
    assert {issue.place for issue in issues} == set(faults)
    lines = path.read_text("utf-8").splitlines()
    for issue in issues:
        key = issue.place.rpartition(".")[2]
        assert lines[issue.line - 1][issue.column - 1 :].startswith(f'"{key}"'), issue


def test_contradictions_are_told_all_at_once_each_with_its_own_line(tmp_path):
    data = example("illness")
    for place, value in {
        "finances.currency": "USD",
        "hardship.onset": "2026-04-01",
        "hardship.evidence.0.on": "2026-04-02",
        "loan.payments.0.on": "2025-06-29",
        "loan.payments.2.id": "P-02",
        "loan.payments.5.amount": "2396.365",
        "finances.income.0.monthly": "4800.001",
    }.items():
        data = changed(data, place, value)
    path = written(tmp_path, {**data, "previous_restructurings": [{"on": "2020-01-01", "outcome": "broken"}]})
    issues = refused(path)
    assert sorted((issue.code, issue.place) for issue in issues) == [
        ("currency-mixed", "finances.currency"),
        ("date-after-decision", "hardship.evidence.0.on"),
        ("date-after-decision", "hardship.onset"),
        ("date-before-origination", "loan.payments.0.on"),
        ("date-before-origination", "previous_restructurings.0.on"),
        ("money-scale", "finances.income.0.monthly"),
        ("money-scale", "loan.payments.5.amount"),
        ("payment-repeated", "loan.payments.2.id"),
    ]
    lines = path.read_text("utf-8").splitlines()
    for issue in issues:
        key = issue.place.rpartition(".")[2]
        assert lines[issue.line - 1][issue.column - 1 :].startswith(f'"{key}"'), issue


def test_stated_balances_that_contradict_themselves_in_several_ways_say_so_at_once(tmp_path):
    data = example("overspending")
    data = changed(data, "loan.repayment.first_due", "2026-03-01")  # not after the day of the balances
    data = changed(data, "loan.oldest_unpaid_due", ...)  # arrears since when?
    data = changed(data, "loan.balances.fees", "150.005")
    codes = {issue.code for issue in refused(written(tmp_path, data))}
    assert codes == {"date-order", "balances-inconsistent", "money-scale"}


def test_a_contract_that_contradicts_itself_in_several_ways_says_so_at_once(tmp_path):
    data = changed(example("illness"), "loan.contract.first_due", "2025-06-01")
    data = changed(data, "loan.contract.principal", "48000.001")
    data = changed(data, "loan.contract.allocation", ["fees"])
    codes = {issue.code for issue in refused(written(tmp_path, data))}
    assert codes == {"date-before-origination", "money-scale", "value-invalid"}


# Paths to every leaf of the two examples, so that a wrong value is told wherever it stands.
def leaves(data, place=()):
    if isinstance(data, dict):
        for key, value in data.items():
            yield from leaves(value, (*place, key))
    elif isinstance(data, list):
        for k, value in enumerate(data):
            yield from leaves(value, (*place, str(k)))
    else:
        yield ".".join(place)


@pytest.mark.parametrize("name", ["illness", "overspending"])
def test_a_wrong_value_anywhere_is_told_at_exactly_its_place(name, tmp_path):
    for place in leaves(example(name)):
        if place.endswith("basis") or ".allocation." in place:
            continue
        path = written(tmp_path, changed(example(name), place, {"not": "this"}))
        issues = refused(path)
        assert {issue.place for issue in issues} == {place}
        line = path.read_text("utf-8").splitlines()[issues[0].line - 1]
        assert f'"{place.rpartition(".")[2]}"' in line


@pytest.mark.parametrize("name", ["illness", "overspending"])
def test_an_unknown_field_anywhere_is_told_at_exactly_its_place(name, tmp_path):
    groups = {place.rpartition(".")[0] for place in leaves(example(name))}
    groups = {group for group in groups if not group.endswith("allocation")}
    for group in groups:
        data = example(name)
        here = data
        for step in group.split(".") if group else []:
            here = here[int(step) if step.isdecimal() else step]
        here["surprise"] = 1
        path = written(tmp_path, data)
        issues = refused(path)
        assert [(issue.code, issue.place) for issue in issues] == [
            ("field-unknown", f"{group}.surprise" if group else "surprise")
        ]
        assert '"surprise"' in path.read_text("utf-8").splitlines()[issues[0].line - 1]


@examples(60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data(), st.sampled_from(["\t", 1, None]))
def test_a_fault_is_located_in_any_layout_of_the_file(tmp_path, data, indent):
    place = data.draw(
        st.sampled_from([p for p in leaves(example("overspending")) if not p.endswith("basis")])
    )
    text = json.dumps(changed(example("overspending"), place, {"not": "this"}), indent=indent)
    issue = refused(written(tmp_path, text))[0]
    assert (issue.line, issue.column) != (None, None)
    key = place.rpartition(".")[2]
    assert text.splitlines()[issue.line - 1][issue.column - 1 :].startswith(f'"{key}"')


def test_a_control_character_inside_a_text_does_not_lose_the_lines(tmp_path):
    data = changed(example("overspending"), "finances.income.0.monthly", 1.5)
    text = json.dumps({**data, "reference": "A\x7f1"}, indent=1, ensure_ascii=False)
    assert refused(written(tmp_path, text))[0].line is not None


def test_a_key_that_stands_twice_in_json_is_told_where_the_second_one_stands(tmp_path):
    text = '{\n "reference": "A",\n "reference": "B",\n "borrower": {"reference": "C"}\n}\n'
    issues = refused(written(tmp_path, text))
    assert [(issue.code, issue.line, issue.column) for issue in issues] == [("key-duplicate", 3, 2)]


def test_several_keys_that_stand_twice_are_told_at_once(tmp_path):
    text = '{"a": 1,\n "a": 2, "b": {"c": 1,\n "c": 2}}'
    assert sorted(issue.line for issue in refused(written(tmp_path, text))) == [2, 3]
    text = "a: 1\nb: {c: 1,\n  c: 2}\na: 2\n"
    assert sorted(issue.line for issue in refused(written(tmp_path, text, "a.yaml"))) == [3, 4]


# --- what a reader of files must survive


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("a.json", "", "json-broken"),
        ("a.json", "{", "json-broken"),
        ("a.json", "{'reference': 1}", "json-broken"),
        ("a.json", '{"reference": "A",}', "json-broken"),
        ("a.json", '{"reference": "A"} {}', "json-broken"),
        ("a.json", '{"reference": tru}', "json-broken"),
        ("a.json", '{"reference": "\\ud800"}', None),
        ("a.json", "[" * 100_000, "json-broken"),
        ("a.json", '{"reference": ' + "[" * 900 + "]" * 900 + "}", None),
        ("a.json", '{"reference": ' + "9" * 5000 + "}", None),
        ("a.json", '{"reference": -' + "9" * 5000 + "}", None),
        ("a.json", "null", "value-invalid"),
        ("a.json", "[]", "value-invalid"),
        ("a.json", '"text"', "value-invalid"),
        ("a.json", "3", "value-invalid"),
        ("a.json", "{}", "field-missing"),
        ("a.yaml", "", "yaml-broken"),
        ("a.yaml", "# only a comment\n", "yaml-broken"),
        ("a.yaml", "a: [1\n", "yaml-broken"),
        ("a.yaml", "a: 1\n---\nb: 2\n", "yaml-broken"),
        ("a.yaml", "a: *nothing\n", "yaml-broken"),
        ("a.yaml", "a: &x [1]\nb: *x\n", "yaml-broken"),
        ("a.yaml", "a: &x {b: 1}\nc: {<<: *x}\n", "yaml-broken"),
        ("a.yaml", 'a: !!python/object/apply:os.system ["true"]\n', "yaml-broken"),
        ("a.yaml", "a: !lender {b: 1}\n", "yaml-broken"),
        ("a.yaml", "a: !!set {b, c}\n", "yaml-broken"),
        ("a.yaml", "a: !!bool maybe\n", "yaml-broken"),
        ("a.yaml", "a: !!null full\n", "yaml-broken"),
        ("a.yaml", "a: !!binary aGVsbG8=\n", "yaml-broken"),
        ("a.yaml", "? [a]\n: 1\n", "yaml-broken"),
        ("a.yaml", 'a: "\x01"\n', "yaml-broken"),
        ("a.yaml", "a: " + "9" * 5000 + "\n", None),
        ("a.yaml", "a: .nan\n", "yaml-broken"),
        ("a.yaml", "a: " + "[" * 200 + "]" * 200 + "\n", "yaml-broken"),
        ("a.yaml", "a: " + "[" * 1_200 + "]" * 1_200 + "\n", "yaml-broken"),
        ("a.yaml", "- a\n", "value-invalid"),
    ],
    ids=lambda value: repr(value)[:30] if isinstance(value, str) else "-",
)
def test_no_text_makes_the_reader_fall_over(name, text, code, tmp_path):
    issues = refused(written(tmp_path, text, name))
    if code is not None:
        assert {issue.code for issue in issues} >= {code}
    for issue in issues:
        assert "\n" not in str(issue)
        assert "sys.set_int_max_str_digits" not in issue.message


@pytest.mark.parametrize(
    ("text", "shown"),
    [('{"reference":\n"\\ud800"}', (1, 2)), ("{\n" + '"a":' + "[" * 500 + "]" * 500 + "}", (2,))],
)
def test_the_line_in_a_message_is_the_files_own_line(text, shown, tmp_path):
    for issue in refused(written(tmp_path, text)):
        assert issue.line is None or issue.line in shown
        assert "at line" not in issue.message


def test_a_bomb_of_aliases_is_refused_before_it_grows(tmp_path):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 10)}]" for k in range(1, 12)]
    issues = refused(written(tmp_path, "\n".join(lines), "a.yaml"))
    assert {issue.code for issue in issues} == {"yaml-broken"}
    assert len(issues) <= 110


def test_a_file_over_four_mebibytes_is_refused_unread(tmp_path):
    (issue,) = refused(written(tmp_path, b"\xff" * (4 * 1024 * 1024 + 1)))
    assert issue.code == "file-too-large"
    assert "4,194,305" in issue.message


def test_a_file_that_is_not_there_a_folder_and_a_name_that_cannot_be_one_are_refused(tmp_path):
    for path in (tmp_path / "none.json", str(tmp_path / "a\0b.json"), tmp_path / ("n" * 5000)):
        assert [issue.code for issue in refused(path)] == ["file-missing"]
    assert [issue.code for issue in refused(tmp_path)] == ["file-is-folder"]


@pytest.mark.parametrize("encoding", ["utf-16", "gb18030", "latin-1"])
def test_text_in_another_encoding_is_refused_and_says_which_one_is_wanted(encoding, tmp_path):
    text = json.dumps({"reference": "é" if encoding == "latin-1" else "王女士"}, ensure_ascii=False)
    (issue,) = refused(written(tmp_path, text.encode(encoding)))
    assert "UTF-8" in issue.message


@examples(150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.sampled_from(["a.json", "a.yaml"]),
)
def test_any_bytes_at_all_are_read_or_refused(tmp_path, data, name):
    try:
        read_application(written(tmp_path, data, name))
    except InvalidInput as error:
        assert error.issues


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(
        ["1e400", "-0", "١٢", "1e-999999", "NaN", "9999-12-31", "0001-01-01", "%", "1/0", 10**400, -(10**30), 1e308]
    ),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=3,
)  # fmt: skip


@examples(60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data(), st.sampled_from(["illness", "overspending"]), json_values)
def test_any_value_at_any_place_is_read_or_refused(tmp_path, data, name, value):
    place = data.draw(st.sampled_from(list(leaves(example(name)))))
    try:
        read_application(written(tmp_path, json.dumps(changed(example(name), place, value))))
    except InvalidInput as error:
        for issue in error.issues:
            assert issue.message.strip()


# --- exact kinds: nothing is turned into something else


@pytest.mark.parametrize(
    ("place", "value", "code"),
    [
        ("finances.dependants", "3", "value-invalid"),
        ("finances.dependants", 3.0, "value-invalid"),
        ("finances.dependants", True, "value-invalid"),
        ("conduct.reachable", 1, "value-invalid"),
        ("conduct.reachable", "true", "value-invalid"),
        ("reference", 7, "value-invalid"),
        ("as_of", 20260318, "date-invalid"),
        ("as_of", "2026-03-18T00:00:00", "date-invalid"),
        ("as_of", "2026-02-30", "date-invalid"),
        ("as_of", "20260318", "date-invalid"),
        ("finances.liquid_reserves", 0.5, "money-float"),
        ("finances.liquid_reserves", "0,5", "money-invalid"),
        ("finances.liquid_reserves", "1e3", "money-invalid"),
        ("finances.liquid_reserves", "", "money-invalid"),
        ("finances.liquid_reserves", "NaN", "money-invalid"),
        ("finances.liquid_reserves", float("nan"), "money-invalid"),
        ("finances.liquid_reserves", float("inf"), "money-invalid"),
        ("finances.liquid_reserves", "-0.01", "money-negative"),
        ("finances.liquid_reserves", [], "money-invalid"),
        ("finances.liquid_reserves", 10**18, "money-too-large"),
        ("finances.liquid_reserves", 10**16, "money-too-large"),  # 10^18 fen
        ("loan.contract.annual_rate", 0.18, "rate-float"),
        ("loan.contract.annual_rate", 18, "rate-implausible"),
        ("loan.contract.annual_rate", "1/0", "rate-invalid"),
        ("loan.contract.currency", "cny", "currency-unknown"),
        ("loan.contract.currency", "￥￥￥", "currency-unknown"),
        ("hardship.cause", "gambling", "choice-unknown"),
        ("hardship.cause", "Illness", "choice-unknown"),
        ("loan.basis", "contracts", "choice-unknown"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_and_never_turned_into_the_right_one(
    place, value, code, tmp_path
):
    issues = refused(written(tmp_path, changed(example("illness"), place, value)))
    assert [issue.code for issue in issues] == [code]
    assert issues[0].place in (place, place.rpartition(".")[0])


def test_whole_money_may_be_a_number_and_a_percentage_a_text(tmp_path):
    data = changed(
        changed(example("illness"), "finances.liquid_reserves", 3500), "loan.contract.annual_rate", "0.18"
    )
    assert read_application(written(tmp_path, data)) == read_application(EXAMPLES / "illness.json")


@pytest.mark.parametrize("scale", ["0.000000000000000000000000000001", "100000000000000000.000000000000001"])
def test_no_digit_of_an_amount_is_dropped_on_the_way_in(scale, tmp_path):
    codes = {
        issue.code
        for issue in refused(
            written(tmp_path, changed(example("illness"), "finances.liquid_reserves", scale))
        )
    }
    assert codes <= {"money-scale", "money-too-large"}


def test_dates_so_far_off_that_no_calendar_holds_the_schedule_are_refused(tmp_path):
    data = changed(example("overspending"), "as_of", "9990-01-05")
    data = changed(data, "loan.repayment.first_due", "9990-02-05")
    data = changed(data, "loan.repayment.instalments", 600)
    path, policy = written(tmp_path, data), packaged("cn-consumer-finance")
    with pytest.raises(RestructureError):
        decide(application := read_application(path), policy, on=application.as_of)


def test_a_suggestion_names_the_nearest_word_or_lists_the_few_there_are():
    assert did_you_mean("ilness", ["illness", "other"]) == ' (did you mean "illness"?)'
    assert did_you_mean("zzz", ["b", "a"]) == " (known: a, b)"
    assert did_you_mean("zzz", [f"word{k}" for k in range(17)]) == ""


# --- every contradiction has its sentence, and what is on the border has none

CONTRADICTIONS = [
    # (example, place, on the border, over it, code, place told)
    ("illness", "hardship.onset", "2026-03-18", "2026-03-19", "date-after-decision", "hardship.onset"),
    (
        "illness",
        "hardship.evidence.1.on",
        "2026-03-18",
        "2026-03-19",
        "date-after-decision",
        "hardship.evidence.1.on",
    ),
    (
        "illness",
        "loan.payments.5.on",
        "2026-03-18",
        "2026-03-19",
        "date-after-decision",
        "loan.payments.5.on",
    ),
    (
        "illness",
        "loan.payments.0.on",
        "2025-06-30",
        "2025-06-29",
        "date-before-origination",
        "loan.payments.0.on",
    ),
    ("illness", "finances.currency", "CNY", "USD", "currency-mixed", "finances.currency"),
    ("illness", "loan.payments.0.currency", "CNY", "USD", "currency-mixed", "loan.payments.0.currency"),
    ("illness", "finances.income_before", "0.01", "0.001", "money-scale", "finances.income_before"),
    ("illness", "finances.liquid_reserves", "0.01", "0.001", "money-scale", "finances.liquid_reserves"),
    (
        "illness",
        "finances.essential_costs.4.monthly",
        "0.01",
        "0.001",
        "money-scale",
        "finances.essential_costs.4.monthly",
    ),
    (
        "illness",
        "finances.other_debts.0.monthly",
        "0.01",
        "0.001",
        "money-scale",
        "finances.other_debts.0.monthly",
    ),
    (
        "illness",
        "finances.other_debts.0.balance",
        "0.01",
        "0.001",
        "money-scale",
        "finances.other_debts.0.balance",
    ),
    (
        "overspending",
        "loan.oldest_unpaid_due",
        "2024-11-05",
        "2024-11-04",
        "date-before-origination",
        "loan.oldest_unpaid_due",
    ),
    ("overspending", "loan.repayment.first_due", "2026-03-19", "2026-03-18", "date-order", None),
    ("overspending", "loan.missed_instalments", 0, -1, "value-invalid", "loan.missed_instalments"),
]


@pytest.mark.parametrize(("name", "place", "border", "over", "code", "told"), CONTRADICTIONS)
def test_the_border_is_allowed_and_one_step_over_it_is_not(name, place, border, over, code, told, tmp_path):
    data = example(name)
    if place in ("finances.currency", "loan.payments.0.currency"):
        data["finances"]["currency"] = data["loan"]["payments"][0]["currency"] = None
    read_application(written(tmp_path, changed(data, place, border)))
    issues = refused(written(tmp_path, changed(data, place, over)))
    assert [issue.code for issue in issues] == [code]
    assert told is None or issues[0].place == told


def test_a_hardship_over_before_it_began_and_a_lasting_one_with_an_end_are_contradictions(tmp_path):
    for hardship, code in (
        ({"onset": "2026-01-12", "resolved_on": "2026-01-11"}, "date-order"),
        ({"lasting": True, "expected_months": 0}, "value-invalid"),
        ({"lasting": True, "resolved_on": "2026-01-11"}, "value-invalid"),
        ({"resolved_on": "2026-03-19"}, "date-after-decision"),
    ):
        assert [i.code for i in refused(written(tmp_path, {**example("illness"), "hardship": hardship}))] == [
            code
        ]
    fine = {"onset": "2026-01-12", "resolved_on": "2026-01-12", "lasting": False, "expected_months": 0}
    assert isinstance(
        read_application(written(tmp_path, {**example("illness"), "hardship": fine})), Application
    )


def test_an_earlier_restructuring_lies_between_the_loans_start_and_the_day(tmp_path):
    for day, code in (("2025-06-29", "date-before-origination"), ("2026-03-19", "date-after-decision")):
        data = {**example("illness"), "previous_restructurings": [{"on": day, "outcome": "broken"}]}
        assert [issue.code for issue in refused(written(tmp_path, data))] == [code]
    data = {**example("illness"), "previous_restructurings": [{"on": "2025-06-30", "outcome": "broken"}]}
    assert read_application(written(tmp_path, data)).previous_restructurings
