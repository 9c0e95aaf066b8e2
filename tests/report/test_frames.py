"""Records as tables: exact amounts, named columns, types that do not depend on what a record holds."""

import io
import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from pyarrow import csv

import strategies
from cases import EXAMPLES, example
from restructure import (
    ChangeRate,
    Frontier,
    InvalidInput,
    Pay,
    Terms,
    amortise,
    assess,
    decide,
    frontier,
    read_application,
    reschedule,
)
from restructure.calculator.amortisation.rows import Rows
from restructure.calculator.amortisation.schedule import Schedule
from restructure.errors import Refused
from restructure.record import Later
from restructure.report.frames import TABLES
from restructure.report.frames import table_of as stacked

POLICY = "cn-consumer-finance"


def loan(currency="CNY", principal="12000", instalments=12):
    return amortise(
        Terms(
            currency=currency,
            principal=principal,
            annual_rate="18%",
            instalments=instalments,
            start="2026-01-15",
            first_due="2026-02-15",
        )
    )


@pytest.fixture(scope="module")
def case():
    return read_application(EXAMPLES / "illness.json")


@pytest.fixture(scope="module")
def decision(case):
    return decide(case, POLICY, on=case.as_of)


@pytest.fixture(scope="module")
def front(case):
    return frontier(case, POLICY, on=case.as_of, parts=1)


@pytest.fixture(scope="module")
def declined(case):
    refused = decide(case.with_values({"finances.income.0.monthly": "4000"}), POLICY, on=case.as_of)
    assert not refused.offers
    return refused


# --- schedules


@given(strategies.any_terms())
@settings(max_examples=25)
def test_every_cell_of_a_schedule_is_the_field_of_its_instalment_and_the_columns_sum_to_its_totals(terms):
    try:
        schedule = amortise(terms)
    except Refused:
        return
    table = schedule.to_arrow()
    fields = [name for name in table.column_names if name not in ("opening_balance", "currency")]
    assert fields == list(type(schedule.rows[0]).model_fields)
    cells = table.select(fields).to_pylist()
    for cell, row in zip(cells, schedule.rows, strict=True):
        assert cell == row.model_dump()
        # Equal amounts may have different scales, and the scale is part of what is shown.
        assert [str(value) for value in cell.values()] == [str(value) for value in row.model_dump().values()]
    assert sum(table["total"].to_pylist()) == schedule.total
    assert sum(table["accrued"].to_pylist()) == schedule.interest
    assert set(table["currency"].to_pylist()) == {schedule.currency}


def test_a_balance_opens_as_the_one_before_closes_and_the_first_opens_with_what_is_lent():
    table = loan().to_arrow()
    opening, closing = table["opening_balance"].to_pylist(), table["balance"].to_pylist()
    assert opening[0] == Decimal("12000.00")
    assert opening[1:] == closing[:-1]


@pytest.mark.parametrize(("currency", "scale"), [("JPY", 0), ("CNY", 2), ("KWD", 3), ("CLF", 4)])
def test_amounts_have_the_decimals_of_their_currency_and_the_schema_names_it(currency, scale):
    schema = loan(currency).to_arrow().schema
    assert schema.field("total").type == pa.decimal128(18, scale)
    assert schema.field("due").type == pa.date32()
    assert schema.field("number").type == pa.int64()
    assert schema.metadata == {b"currency": currency.encode()}


def test_the_largest_amounts_fit_and_stay_exact():
    largest = Rows([(loan().rows[0].due, 10**18 - 1, *[0] * 7, 1 - 10**18, 0, 0)], 4)
    assert largest.to_arrow()["total"].to_pylist() == [Decimal("99999999999999.9999")]
    assert largest.to_arrow()["accrued"].to_pylist() == [Decimal("-99999999999999.9999")]


def test_an_amount_beyond_the_largest_is_refused_rather_than_shown_wrong():
    with pytest.raises(pa.ArrowInvalid, match="does not fit"):
        Rows([(loan().rows[0].due, 10**18, *[0] * 10)], 4).to_arrow()


def test_a_schedule_without_rows_has_the_columns_of_any_other():
    assert (
        Schedule(currency="CNY", rows=[])
        .to_arrow()
        .schema.equals(loan().to_arrow().schema, check_metadata=True)
    )
    assert Schedule(currency="CNY", rows=[]).to_pandas().dtypes.equals(loan().to_pandas().dtypes)


def test_pandas_keeps_decimals_and_sums_them_exactly():
    frame = loan().to_pandas()
    assert str(frame["total"].dtype) == "decimal128(18, 2)[pyarrow]"
    assert frame["total"].sum() == loan().total
    assert isinstance(frame["total"].sum(), Decimal)
    assert frame.groupby(frame["due"].dt.year)["principal"].sum().sum() == Decimal("12000.00")
    assert (frame["total"] * frame["balance"]).iloc[0] == loan().rows[0].total * loan().rows[0].balance


def test_polars_keeps_decimals_and_sums_them_exactly():
    frame = loan("KWD").to_polars()
    assert frame.schema["total"] == pl.Decimal(18, 3)
    assert frame["total"].sum() == loan("KWD").total


def test_a_library_that_reads_the_arrow_interface_takes_a_record_itself(decision):
    schedule = loan()
    assert pl.DataFrame(schedule).equals(schedule.to_polars())
    assert pa.table(schedule).equals(schedule.to_arrow())
    assert pa.table(schedule.rows).column_names == schedule.to_arrow().column_names[:-1]
    assert schedule.rows.to_polars()["total"].sum() == schedule.total
    assert pa.table(decision).num_rows == len(decision.offers)


def test_a_table_goes_through_parquet_and_csv_unchanged(decision):
    for table in (loan().to_arrow(), decision.to_arrow(), decision.assessment.to_arrow()):
        parquet, text = io.BytesIO(), io.BytesIO()
        pq.write_table(table, parquet)
        parquet.seek(0)
        assert pq.read_table(parquet).equals(table, check_metadata=True)
        csv.write_csv(table, text)
        text.seek(0)
        types = csv.ConvertOptions(
            column_types=table.schema, strings_can_be_null=True, quoted_strings_can_be_null=False
        )
        read = csv.read_csv(text, convert_options=types)
        assert read.to_pylist() == table.to_pylist()


# --- plans


@given(strategies.restructurings())
@settings(max_examples=25)
def test_a_plan_shows_its_row_changes(restructuring):
    position, measures = restructuring
    try:
        plan = reschedule(position, measures)
    except Refused:
        return
    table = plan.to_arrow()
    assert sum(table["total_after"].to_pylist()) == plan.schedule.total + plan.up_front
    if plan.before is not None:
        assert table.drop_columns(["currency"]).to_pylist() == [
            change.model_dump() for change in plan.changes
        ]


def test_what_cannot_be_compared_is_unknown_and_the_plan_is_shown_all_the_same(decision):
    plan = decision.offers[0].plan.model_copy(update={"before": None})
    table = plan.to_arrow()
    assert table.schema == decision.offers[0].plan.to_arrow().schema
    for name in ("due_before", "total_before", "balance_before", "difference"):
        assert table[name].null_count == table.num_rows == len(plan.schedule.rows)
    assert table["total_after"].to_pylist() == [row.total for row in plan.schedule.rows]


def test_what_is_paid_up_front_is_row_0(decision):
    plan = reschedule(decision.assessment.position, [Pay(amount="10")])
    assert plan.to_arrow().to_pylist()[0]["number"] == 0
    assert plan.to_arrow()["total_after"].to_pylist()[0] == Decimal("10.00")


# --- decisions, frontiers, assessments


def test_every_offer_of_a_decision_is_a_row_with_the_figures_of_its_plan(decision):
    rows = decision.to_arrow().to_pylist()
    assert [row["rule"] for row in rows] == [offer.rule for offer in decision.offers]
    for row, offer in zip(rows, decision.offers, strict=True):
        for name in type(offer.prospect).model_fields:
            assert row[name] == getattr(offer.prospect, name), name
        assert row["application"] == decision.application.reference
        assert [measure["measure"] for measure in json.loads(row["measures"])] == [
            measure.measure for measure in offer.plan.measures
        ]


def test_a_decision_without_an_offer_has_the_same_columns_and_no_row(decision, declined):
    assert declined.to_arrow().num_rows == 0
    assert declined.to_arrow().schema.equals(decision.to_arrow().schema, check_metadata=True)


def test_a_frontier_marks_the_plan_that_the_policy_ranks_first(front):
    rows = front.to_arrow().to_pylist()
    assert [row["lender_loss"] for row in rows] == [point.lender_loss for point in front.points]
    assert [row["point"] for row in rows if row["chosen"]] == [front.chosen]
    assert {row["redefault"] for row in rows} == {None}


@pytest.mark.parametrize("currency", ["CNY", "JPY"])
def test_a_frontier_without_a_plan_has_the_same_columns(front, currency):
    none = Frontier(points=(), tried=0, inside=0, currency=currency).to_arrow()
    assert none.num_rows == 0
    assert none.column_names == front.to_arrow().column_names
    if currency == front.currency:
        assert none.schema.equals(front.to_arrow().schema, check_metadata=True)
    else:
        assert none.schema.field("total_after").type == pa.decimal128(18, 0)


def test_a_rate_without_an_exact_decimal_is_rounded_and_its_measure_keeps_it(decision):
    offer = decision.offers[0]
    plan = reschedule(decision.assessment.position, [ChangeRate(annual_rate="1/30")])
    changed = decision.model_copy(update={"offers": (offer.model_copy(update={"plan": plan}),)})
    (row,) = changed.to_arrow().to_pylist()
    assert row["new_rate"] == Decimal("0.033333333333")
    assert json.loads(row["measures"])[0]["annual_rate"] == "1/30"
    assert decision.to_arrow()["new_rate"].null_count == len(decision.offers), "no measure changes the rate"


def test_every_fact_is_a_row_with_its_value_in_one_column_and_nothing_where_it_is_unknown(decision):
    assessment = decision.assessment
    rows = assessment.to_arrow().to_pylist()
    assert {row["fact"] for row in rows} == decision.derivations.keys()
    assert any(not row["known"] for row in rows)
    for row in rows:
        value = assessment.value(row["fact"])
        columns = [row[name] for name in ("amount", "share", "count", "day", "flag", "word")]
        assert [cell for cell in columns if cell is not None] == ([] if value is None else [value])
        assert (row["value"] is not None) is row["known"] is (value is not None)
        assert row["derivation"] == decision.derivations[row["fact"]]


def test_a_missing_income_is_null_and_not_nought(case):
    unknown = assess(read_application(example("illness") | {"finances": {}}), on=case.as_of).to_polars()
    (row,) = unknown.filter(pl.col("fact") == "monthly_income").to_dicts()
    assert (row["known"], row["value"], row["amount"]) == (False, None, None)


def test_scores_and_declared_facts_follow_the_catalogue(case):
    told = read_application(
        example("illness") | {"scores": {"pd": "0.35"}, "facts": {"member": True, "branch": "north"}}
    )
    rows = {row["fact"]: row for row in assess(told, on=case.as_of).to_arrow().to_pylist()}
    assert rows["scores.pd"]["share"] == Decimal("0.350000")
    assert (rows["member"]["kind"], rows["member"]["value"]) == ("declared", "true")
    assert rows["branch"]["value"] == "north"


def test_a_table_builds_no_reason_that_waits_to_be_read(case):
    fresh = decide(case, POLICY, on=case.as_of)
    fresh.to_arrow()
    waiting = [offer.because for offer in fresh.offers if isinstance(offer.because, Later)]
    waiting += [reasons for reasons in (fresh.refusals, fresh.gates) if isinstance(reasons, Later)]
    assert waiting, "nothing waits, so this test says nothing"
    assert all(reasons._make is not None for reasons in waiting)


# --- many records


def test_the_tables_of_a_book_become_one_with_a_reference(decision, declined):
    table = stacked({"A-1": decision, "A-2": declined, "A-3": decision})
    assert table["reference"].to_pylist() == ["A-1"] * len(decision.offers) + ["A-3"] * len(decision.offers)
    assert table.drop_columns(["reference"]).schema == decision.to_arrow().schema


def test_amounts_of_several_currencies_get_the_finest_decimals_and_no_common_currency():
    schedules = [loan("JPY"), loan("KWD"), loan("CNY"), loan("USD")]
    table = stacked(schedules)
    assert table.schema.field("total").type == pa.decimal128(18, 3)
    assert table["total"].to_pylist() == [row.total for schedule in schedules for row in schedule.rows]
    assert table.schema.metadata is None
    assert stacked([loan("CNY"), loan("USD")]).schema.metadata is None
    assert stacked([loan(), loan()]).schema.metadata == {b"currency": b"CNY"}


@pytest.mark.parametrize(
    ("records", "given"),
    [
        ([], "no record"),
        ({}, "no record"),
        ([loan(), loan().rows], "Rows, Schedule"),
        (loan().rows, "Instalment"),
        (["A-1"], "str"),
    ],
)
def test_a_table_of_nothing_of_different_records_or_of_what_has_none_is_refused(records, given):
    with pytest.raises(InvalidInput, match=f"a table is made of .*, and not of {given}"):
        stacked(records)


# --- the rest


def test_every_table_has_the_columns_that_its_page_lists(decision, front):
    records = (
        decision.offers[0].plan.schedule,
        decision.offers[0].plan,
        decision,
        front,
        decision.assessment,
    )
    assert {type(record).__name__: record.to_arrow().column_names for record in records} == {
        name: [column.name for column in columns] for name, columns in TABLES.items()
    }
    undescribed = [column.name for columns in TABLES.values() for column in columns if not column.doc]
    assert undescribed == []


@pytest.mark.parametrize(
    ("absent", "method", "install"),
    [
        ("pyarrow", "to_arrow", "pip install pyarrow"),
        ("pandas", "to_pandas", "pip install pyarrow pandas"),
        ("polars", "to_polars", "pip install pyarrow polars"),
    ],
)
def test_where_a_package_is_absent_the_sentence_says_what_to_install(monkeypatch, absent, method, install):
    monkeypatch.setitem(sys.modules, absent, None)
    with pytest.raises(InvalidInput, match=install) as refused:
        getattr(loan(), method)()
    assert [issue.code for issue in refused.value.issues] == ["extra-absent"]


def test_an_arrow_table_needs_neither_pandas_nor_polars():
    code = (
        "import sys\n"
        "class Absent:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name in ('pandas', 'polars'):\n"
        "            raise ImportError(name)\n"
        "sys.meta_path.insert(0, Absent())\n"
        "from restructure import amortise, Terms\n"
        "loan = Terms(currency='CNY', principal='90', annual_rate='1%', instalments=3, start='2026-01-05', "
        "first_due='2026-02-05')\n"
        "print(amortise(loan).to_arrow().num_rows)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(Path(__file__).parents[2] / "src")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout == "3\n", done.stderr


def test_a_copy_and_the_text_of_a_record_know_nothing_of_its_tables(decision):
    decision.to_arrow()
    assert set(decision.__dict__) <= {*type(decision).model_fields}
    assert "to_arrow" not in decision.model_dump_json()
    assert pd.DataFrame.from_records([row.model_dump() for row in loan().rows]).columns[1] == "due"
