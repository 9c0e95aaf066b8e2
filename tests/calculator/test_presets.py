"""Presets are named compositions: data in, ordinary measures out."""

import json

import pytest

from calculator.test_measures import owing
from restructure.calculator.measures.presets import PRESETS, preset
from restructure.calculator.plans.plan import reschedule
from restructure.calculator.request import read_request
from restructure.errors import InvalidInput

VALUES = {
    "first_due": "2026-05-01",
    "every": "1 month",
    "instalments": 6,
    "annual_rate": "10%",
}


def gaps(name):
    return {
        value[1:]
        for one in PRESETS[name]
        for value in one.values()
        if isinstance(value, str) and value[0] == "$"
    }


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_makes_a_plan_in_which_every_cent_is_accounted_for(name):
    measures = preset(name, **{gap: VALUES[gap] for gap in gaps(name)})
    assert reschedule(owing(), measures).identities.hold


def test_a_payment_holiday_suspends_the_instalments_it_says():
    rows = reschedule(owing(), preset("payment holiday", instalments=3)).schedule.rows
    assert [bool(row.total) for row in rows[:4]] == [False, False, False, True]
    assert len(rows) == 18 + 3


def test_in_an_interest_only_period_the_balance_stays():
    rows = reschedule(owing(), preset("interest-only period", instalments=4)).schedule.rows
    assert {row.balance for row in rows[:4]} == {36000}
    assert rows[3].total == rows[3].interest == 540


def test_a_repayment_plan_divides_the_arrears_over_its_instalments():
    plan = reschedule(owing(), preset("repayment plan", instalments=5))
    arrears = [row.total - row.principal - row.interest for row in plan.schedule.rows]
    assert [str(one) for one in arrears[:6]] == ["354.40"] * 5 + ["0.00"]  # 1,772.00 over 5


def test_a_deferral_to_the_end_leaves_the_instalments_and_adds_the_arrears_to_the_last():
    plan = reschedule(owing(), preset("deferral to the end"))
    last = plan.schedule.rows[-1]
    assert last.total - last.principal - last.interest == 1772
    assert all(row.total == plan.instalment for row in plan.schedule.rows[:-1])


def test_re_ageing_charges_no_interest_on_interest():
    plan = reschedule(owing(), preset("re-age", first_due="2026-05-01", every="1 month", instalments=24))
    rows = plan.schedule.rows
    assert (rows[0].due.isoformat(), len(rows)) == ("2026-05-01", 24)
    assert str(rows[0].arrears_interest) == "1080.00"
    # Penalty and fees, which no measure of the preset names, are due on top of the first instalment.
    assert rows[0].total == plan.instalment + 192
    assert rows[0].balance + rows[0].principal == 36500


def test_an_unknown_preset_is_refused_with_the_nearest_name():
    with pytest.raises(InvalidInput) as caught:
        preset("payment holidays", instalments=3)
    (issue,) = caught.value.issues
    assert issue.code == "preset-unknown"
    assert 'did you mean "payment holiday"?' in issue.message


@pytest.mark.parametrize("values", [{}, {"instalments": 3, "every": "1 month"}, {"instalments": -1}])
def test_gaps_left_open_and_values_too_many_are_refused(values):
    with pytest.raises(InvalidInput) as caught:
        preset("payment holiday", **values)
    assert {issue.code for issue in caught.value.issues} == {"preset-values"}


def test_a_request_names_a_preset_beside_ordinary_measures(tmp_path):
    position = owing().model_dump(mode="json")
    path = tmp_path / "request.json"
    measures = [
        {"preset": "re-amortise"},
        {"measure": "waive", "of": ["penalty"], "share": "1"},
    ]
    path.write_text(json.dumps({"position": position, "measures": measures}), "utf-8")
    assert [one.measure for one in read_request(path).measures] == ["capitalise", "waive", "reamortise"]
    measures[0] = {"preset": "re-amortize"}
    path.write_text(json.dumps({"position": position, "measures": measures}), "utf-8")
    with pytest.raises(InvalidInput) as caught:
        read_request(path)
    (issue,) = caught.value.issues
    assert (issue.code, issue.place, issue.line) == ("preset-unknown", "measures.0", 1)


def test_what_is_wrong_with_the_values_of_a_preset_is_said_of_each_where_it_stands(tmp_path):
    use = {"preset": "re-age", "first_due": "2026-02-30", "every": "fortnight", "instalments": "12"}
    path = tmp_path / "request.json"
    request = {"position": owing().model_dump(mode="json"), "measures": [use]}
    path.write_text(json.dumps(request), "utf-8")
    with pytest.raises(InvalidInput) as caught:
        read_request(path)
    found = {issue.place: issue.message for issue in caught.value.issues}
    assert found.keys() == {"measures.0.first_due", "measures.0.every", "measures.0.instalments"}
    assert 'first_due: "2026-02-30" is not a date; write year-month-day' in found["measures.0.first_due"]
    # As in a measure beside it, a number in quotes is none.
    assert 'instalments: "12" is not a whole number' in found["measures.0.instalments"]
    with pytest.raises(InvalidInput) as caught:
        preset("re-age", first_due="2026-02-30", every="1 month", instalments=0)
    assert [issue.place for issue in caught.value.issues] == ["first_due", "instalments"]
