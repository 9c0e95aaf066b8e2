"""Every refusal of the catalogue's measures, each with its code."""

import json
from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError

from restructure.calculator.amortisation.repayment import Repayment
from restructure.calculator.measures.catalogue import MEASURES
from restructure.calculator.measures.deferral import Capitalise, Defer, Spread
from restructure.calculator.measures.holiday import Holiday
from restructure.calculator.measures.method import ChangeMethod
from restructure.calculator.measures.rate import ChangeRate
from restructure.calculator.measures.relief import Forgive, Waive
from restructure.calculator.measures.solve import Reamortise
from restructure.calculator.measures.timing import ChangeFrequency, Extend, MoveDue
from restructure.calculator.measures.up_front import Pay, Settle
from restructure.calculator.plans.plan import reschedule
from restructure.calculator.request import read_request
from restructure.calculator.servicing.position import Bucket, Buckets, Position
from restructure.errors import CATALOGUE, InvalidInput, Refused

_codes = list(CATALOGUE)
MEASURE_CODES = set(_codes[_codes.index("waive-exceeds-bucket") : _codes.index("nothing-owed") + 1])


def owing(**changes) -> Position:
    """36,000 over 18 months at 18 %, with 1,080 interest arrears, 162 penalty and 30 fees."""
    repayment = dict(annual_rate="18%", instalments=18, first_due="2026-04-18") | changes.pop("repayment", {})
    buckets = dict(
        principal="36000", principal_arrears="500", interest_arrears="1080", penalty="162", fees="30"
    )
    return Position(
        on="2026-03-18",
        currency=changes.pop("currency", "CNY"),
        buckets=Buckets(**(buckets | changes.pop("buckets", {}))),
        repayment=Repayment(**repayment),
        oldest_unpaid_due="2026-02-18",
    )


EMPTY = dict.fromkeys(("principal", "principal_arrears", "interest_arrears", "penalty", "fees"), 0)
NIGHT = date(2026, 6, 1)

REFUSED = {
    "an amount above the bucket": ("waive-exceeds-bucket", [Waive(of="penalty", amount="162.01")]),
    "two shares above the whole": (
        "waive-exceeds-bucket",
        [Waive(of="fees", share="0.6"), Waive(of="fees", share="0.5")],
    ),
    "an amount of an empty bucket": ("waive-exceeds-bucket", [Waive(of="accrued", amount="0.01")]),
    "an amount and a share together": (
        "waive-exceeds-bucket",
        [Waive(of="fees", amount="15.01"), Waive(of="fees", share="1/2")],
    ),
    "a capped and a plain share": (
        "waive-exceeds-bucket",
        [Waive(of="fees", share=1, cap="20"), Waive(of="fees", share="1/2")],
    ),
    "more principal than there is": ("forgive-exceeds-bucket", [Forgive(amount="36000.01")]),
    "more principal arrears than there are": (
        "forgive-exceeds-bucket",
        [Forgive(of="principal_arrears", amount="500.01")],
    ),
    "parking more than the bucket": ("defer-exceeds-bucket", [Defer(of="fees", amount="30.01")]),
    "parking what was waived": (
        "defer-exceeds-bucket",
        [Waive(of="fees", share=1), Defer(of="fees", amount="0.01")],
    ),
    "parking what was forgiven": (
        "defer-exceeds-bucket",
        [Forgive(share="1/2"), Defer(of="principal", amount="18000.01")],
    ),
    "two parked shares above the whole": (
        "defer-exceeds-bucket",
        [Defer(of="fees", share="1/2"), Defer(of="fees", share="0.6", until="2026-09-01")],
    ),
    "a share of what was capitalised": (
        "bucket-claimed-twice",
        [Capitalise(of="fees"), Defer(of="fees", share="1/2")],
    ),
    "capitalised and parked": ("bucket-claimed-twice", [Capitalise(of="fees"), Defer(of="fees")]),
    "capitalised and spread": ("bucket-claimed-twice", [Capitalise(of="fees"), Spread(of="fees")]),
    "parked and spread": ("bucket-claimed-twice", [Defer(of="fees"), Spread(of="fees")]),
    "spread twice": ("bucket-claimed-twice", [Spread(of="fees"), Spread(of="fees", instalments=3)]),
    "two holidays at once": ("suspensions-overlap", [Holiday(instalments=2), Holiday(instalments=3)]),
    "two solves": ("measure-repeated", [Reamortise(), Reamortise(solve="term")]),
    "shortened to nothing": ("term-not-positive", [Extend(instalments=-18)]),
    "a holiday as long as the kept term": ("term-not-positive", [Holiday(instalments=18, keep_term=True)]),
    "spread beyond the term": ("spread-too-long", [Spread(of="fees", instalments=19)]),
    "spread beyond what a holiday leaves": (
        "spread-too-long",
        [Holiday(instalments=3, keep_term=True), Spread(of="fees", instalments=16)],
    ),
    "two rates for good": (
        "rate-segments-overlap",
        [ChangeRate(annual_rate="0.1"), ChangeRate(annual_rate="0.2")],
    ),
    "a pause inside a rate": (
        "rate-segments-overlap",
        [ChangeRate(annual_rate="0.1"), ChangeRate(annual_rate=0, starts=NIGHT, ends="2026-07-01")],
    ),
    "one night claimed twice": (
        "rate-segments-overlap",
        [ChangeRate(annual_rate="0.1", ends="2026-06-02"), ChangeRate(annual_rate="0.2", starts=NIGHT)],
    ),
    "a rate that ends before today": (
        "rate-segment-empty",
        [ChangeRate(annual_rate=0, starts="2026-01-01", ends="2026-03-18")],
    ),
    "a rate that ends today": ("rate-segment-empty", [ChangeRate(annual_rate=0, ends="2026-03-18")]),
    "an instalment below the interest": (
        "negative-amortisation",
        [Reamortise(solve="nothing", instalment="539.99")],
    ),
    "a term for an instalment below the interest": (
        "negative-amortisation",
        [Reamortise(solve="term", instalment="500")],
    ),
    "a term both set and solved for": (
        "term-said-twice",
        [Extend(instalments=6), Reamortise(solve="term", instalment="3000")],
    ),
    "more paid than is owed": ("pay-exceeds-claim", [Pay(amount="37772.01")]),
    "two payments above what is owed": ("pay-exceeds-claim", [Pay(amount="30000"), Pay(amount="7772.01")]),
    "waiving what was paid": (
        "waive-exceeds-bucket",
        [Pay(amount="192"), Waive(of="penalty", amount="0.01")],
    ),
    "two suspensions of one instalment": (
        "suspensions-overlap",
        [Holiday(instalments=3), Holiday(instalments=1, starts=3)],
    ),
    "a holiday beyond the term": ("term-not-positive", [Holiday(instalments=2, starts=18, keep_term=True)]),
    "a due date moved behind the next one's": (
        "move-out-of-order",
        [MoveDue(to="2026-05-18"), MoveDue(instalment=2, to="2026-05-18")],
    ),
    "a due date moved to the past": ("move-out-of-order", [MoveDue(to="2026-03-18")]),
    "one due date moved to two days": (
        "measure-repeated",
        [MoveDue(to="2026-05-01"), MoveDue(to="2026-05-02")],
    ),
    "two frequencies": (
        "measure-repeated",
        [ChangeFrequency(every="2 weeks"), ChangeFrequency(every="1 week")],
    ),
    "two methods": (
        "measure-repeated",
        [ChangeMethod(method="equal_principal"), ChangeMethod(method="interest_only")],
    ),
    "a due date moved that is none": ("move-beyond-term", [MoveDue(instalment=19, to="2027-11-01")]),
    "an instalment kept in another frequency": (
        "instalment-unknown",
        [ChangeFrequency(every="2 weeks"), Reamortise(solve="nothing")],
    ),
    "the term of a bullet loan": (
        "method-has-no-instalment",
        [ChangeMethod(method="bullet"), Reamortise(solve="term", instalment="3000")],
    ),
    "a balloon where none is left": (
        "balloon-not-needed",
        [Reamortise(solve="balloon", instalment="20000")],
    ),
    "a settlement above what is owed": (
        "settle-exceeds-claim",
        [Settle(payments=[{"on": "2026-04-01", "amount": "37772.01"}])],
    ),
    "a settlement above what a waiver leaves": (
        "settle-exceeds-claim",
        [Waive(of="fees", share=1), Settle(payments=[{"on": "2026-04-01", "amount": "37742.01"}])],
    ),
    "a settlement before today": (
        "settle-too-early",
        [Settle(payments=[{"on": "2026-03-17", "amount": "100"}])],
    ),
    "a settlement and an extension": (
        "settle-excludes",
        [Settle(payments=[{"on": "2026-04-01", "amount": "100"}]), Extend(instalments=3)],
    ),
    "a settlement and a solve": (
        "settle-excludes",
        [Settle(payments=[{"on": "2026-04-01", "amount": "100"}]), Reamortise()],
    ),
    "an instalment that takes a century": ("term-too-long", [Reamortise(solve="term", instalment="540.00")]),
}


@pytest.mark.parametrize(("code", "measures"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_done_is_refused_with_its_reason(code, measures):
    for listed in (measures, measures[::-1]):
        with pytest.raises(Refused) as caught:
            reschedule(owing(), listed)
        assert [issue.code for issue in caught.value.issues] == [code]
        assert caught.value.issues[0].message


def test_a_balloon_larger_than_what_is_repaid_is_refused():
    with pytest.raises(Refused) as caught:
        reschedule(owing(repayment={"balloon": "36000.01"}), [Extend(instalments=3)])
    assert [issue.code for issue in caught.value.issues] == ["balloon-exceeds-balance"]


def test_a_position_that_holds_nothing_is_refused():
    with pytest.raises(Refused) as caught:
        reschedule(owing(buckets=EMPTY), [Extend(instalments=3)])
    assert [issue.code for issue in caught.value.issues] == ["nothing-owed"]


def test_an_amount_finer_than_the_currency_is_refused():
    for measure in (
        Waive(of="fees", amount="0.001"),
        Forgive(amount="0.001"),
        Defer(of="fees", amount="0.001"),
    ):
        with pytest.raises(Refused) as caught:
            reschedule(owing(), [measure])
        assert [issue.code for issue in caught.value.issues] == ["money-scale"]


MALFORMED = {
    "waiving principal": ("bucket-not-allowed", {"measure": "waive", "of": "principal", "share": "1"}),
    "waiving principal arrears": (
        "bucket-not-allowed",
        {"measure": "waive", "of": "principal_arrears", "share": 1},
    ),
    "waiving what is parked": ("bucket-not-allowed", {"measure": "waive", "of": "parked", "share": 1}),
    "capitalising principal": ("bucket-not-allowed", {"measure": "capitalise", "of": ["fees", "principal"]}),
    "spreading principal": ("bucket-not-allowed", {"measure": "spread", "of": "principal"}),
    "a bucket twice": ("bucket-claimed-twice", {"measure": "capitalise", "of": ["fees", "fees"]}),
    "a cap without a share": (
        "amount-or-share",
        {"measure": "waive", "of": "fees", "amount": "5", "cap": "2"},
    ),
    "neither amount nor share": ("amount-or-share", {"measure": "waive", "of": "fees"}),
    "amount and share": (
        "amount-or-share",
        {"measure": "waive", "of": "fees", "share": "1/2", "amount": "1"},
    ),
    "an amount of two buckets": (
        "amount-or-share",
        {"measure": "waive", "of": ["fees", "penalty"], "amount": "1"},
    ),
    "forgiving neither": ("amount-or-share", {"measure": "forgive"}),
    "forgiving both": ("amount-or-share", {"measure": "forgive", "share": 1, "amount": 1}),
    "parking both": ("amount-or-share", {"measure": "defer", "of": "fees", "share": 1, "amount": 1}),
    "parking all principal": ("amount-or-share", {"measure": "defer", "of": "principal"}),
    "parking an amount of two": (
        "amount-or-share",
        {"measure": "defer", "of": ["fees", "penalty"], "amount": 1},
    ),
    "a rate that ends as it starts": (
        "rate-segment-empty",
        {"measure": "rate", "annual_rate": 0, "starts": "2026-06-01", "ends": "2026-06-01"},
    ),
    "solving for a given instalment": ("value-invalid", {"measure": "reamortise", "instalment": "1"}),
    "a share above the whole": ("value-invalid", {"measure": "waive", "of": "fees", "share": "1.5"}),
    "an implausible rate": ("rate-implausible", {"measure": "rate", "annual_rate": "18"}),
    "a float": ("rate-float", {"measure": "rate", "annual_rate": 0.18}),
    "a float amount": ("money-float", {"measure": "forgive", "amount": 10.5}),
    "a negative amount": ("money-negative", {"measure": "forgive", "amount": "-1"}),
}


@pytest.mark.parametrize(("code", "data"), MALFORMED.values(), ids=MALFORMED)
def test_a_measure_that_says_too_much_or_too_little_is_refused_when_it_is_read(code, data):
    with pytest.raises(ValidationError) as caught:
        MEASURES.validate_python(data)
    assert [error["type"] for error in caught.value.errors()] == [code]
    assert code in CATALOGUE


def test_every_reason_of_the_catalogue_is_produced_by_some_test():
    produced = (
        {code for code, _ in REFUSED.values()}
        | {code for code, _ in MALFORMED.values()}
        | {"nothing-owed", "balloon-exceeds-balance"}
        | {"preset-unknown", "preset-values"}  # test_presets
    )
    assert produced >= MEASURE_CODES


@pytest.mark.parametrize(
    "data",
    [
        {"measure": "waive", "of": [], "share": 1},
        {"measure": "spread", "of": "fees", "instalments": 0},
        {"measure": "holiday", "instalments": -1},
        {"measure": "extend", "instalments": 1201},
        {"measure": "extend"},
        {"measure": "discount"},
        {"measure": "extend", "instalments": 3, "months": 3},
        {"measure": "holiday", "instalments": 1, "interest": "forget"},
    ],
)
def test_anything_else_that_cannot_be_read_is_refused_too(data):
    with pytest.raises(ValidationError):
        MEASURES.validate_python(data)


@pytest.mark.parametrize(
    "measure",
    [
        Waive(of=("fees", "penalty"), share="1/3", cap="12.50"),
        Forgive(of="principal_arrears", amount="12"),
        Capitalise(of=[bucket for bucket in Bucket if bucket is not Bucket.PRINCIPAL]),
        Defer(of="principal", share="30%", until="2030-01-01"),
        Spread(of="fees", instalments=12),
        ChangeRate(annual_rate="7/30", starts=NIGHT),
        Holiday(instalments=3, interest="capitalise_at_end", keep_term=True),
        Extend(instalments=-3),
        Reamortise(solve="term", instalment="900"),
    ],
    ids=lambda measure: measure.measure,
)
def test_a_measure_survives_json(measure):
    assert MEASURES.validate_json(MEASURES.dump_json(measure)) == measure


def test_a_bucket_may_be_named_alone():
    assert Waive(of="fees", share=1) == Waive(of=["fees"], share=1)


def test_the_same_holiday_or_solve_said_twice_is_one():
    once = reschedule(owing(), [Holiday(instalments=2), Reamortise(solve="term", instalment="3000")])
    twice = reschedule(owing(), [Holiday(instalments=2), Reamortise(solve="term", instalment="3000")] * 2)
    assert twice.schedule == once.schedule


def test_rates_that_touch_do_not_overlap():
    reschedule(
        owing(), [ChangeRate(annual_rate="0.1", ends=NIGHT), ChangeRate(annual_rate="0.2", starts=NIGHT)]
    )


def test_a_rate_for_good_holds_until_the_next_rate_for_good():
    steps = [ChangeRate(annual_rate="0.1"), ChangeRate(annual_rate="0.2", starts=NIGHT)]
    ended = [ChangeRate(annual_rate="0.1", ends=NIGHT), ChangeRate(annual_rate="0.2", starts=NIGHT)]
    plan = reschedule(owing(), steps)
    assert plan.schedule == reschedule(owing(), steps[::-1]).schedule == reschedule(owing(), ended).schedule
    assert plan.identities.hold


def test_a_whole_bucket_may_be_waived_in_any_number_of_parts():
    reschedule(owing(), [Waive(of="fees", amount="30")])
    reschedule(owing(), [Waive(of="fees", share="1/3")] * 3)
    reschedule(owing(), [Forgive(of="principal_arrears", share=1), Forgive(share="1/4")])


# --- a measure that was renamed is read under its former word


@pytest.mark.parametrize(
    "read", [MEASURES.validate_json, lambda text: MEASURES.validate_python(json.loads(text))]
)
def test_the_former_word_of_a_measure_is_read_and_the_present_one_written(read):
    former, now = (read(json.dumps({"measure": word, "of": "fees"})) for word in ("park", "defer"))
    assert former == now == Defer(of="fees")
    assert json.loads(former.model_dump_json())["measure"] == "defer"


def test_an_unknown_measure_is_told_the_present_words_only(tmp_path):
    path = tmp_path / "request.json"
    request = json.loads((Path(__file__).parents[2] / "examples/requests/reschedule.json").read_text("utf-8"))
    path.write_text(json.dumps(request | {"measures": [{"measure": "parks", "of": "fees"}]}), "utf-8")
    with pytest.raises(InvalidInput) as caught:
        read_request(path)
    assert "park," not in str(caught.value)
    assert "defer" in str(caught.value)
    path.write_text(json.dumps(request | {"measures": [{"measure": "park", "of": "fees"}]}), "utf-8")
    assert read_request(path).measures == (Defer(of="fees"),)
