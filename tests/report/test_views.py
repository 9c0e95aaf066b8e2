"""The views of a decision, a schedule, a plan, an explanation and a warning, in every language."""

import re

import pytest

import restructure
from cases import EXAMPLES, packaged
from restructure import InvalidInput, decide, explain, read_application, show, watch
from restructure.blocks import Heading, Lines, Table, to_text
from restructure.calculator.request import answer, read_request
from restructure.report.wording import Wording, view_languages
from restructure.views import display_language, html_of, summarise

LATIN = re.compile(r"[A-Za-z]{2,}")
OWN = re.compile(
    r"--rows all|show\(…, rows=\"all\"\)|durable_rules|reference|CNY|[A-Z]-[\d-]+|[a-z0-9]+([-_.][a-z0-9]+)+"
)


@pytest.fixture(scope="module")
def decisions():
    policy = packaged("cn-consumer-finance")
    cases = [read_application(EXAMPLES / f"{name}.json") for name in ("illness", "overspending")]
    return [decide(case, policy, on=case.as_of) for case in cases]


@pytest.fixture(scope="module")
def records(decisions):
    policy, (offered, referred) = packaged("cn-consumer-finance"), decisions
    plan = answer(read_request(EXAMPLES / "requests/reschedule.json"))
    rules = ("illness-relief", "lasting-fall", "personalised-instalments")
    return [
        *decisions,
        *(explain(offered, policy, rule=rule) for rule in rules),
        *(explain(referred, policy, rule=rule) for rule in rules),
        *(watch(each.application, policy, on=each.on) for each in decisions),
        plan,
        plan.schedule,
    ]


def headings(record, language="en"):
    return [block.text for block in summarise(record, language=language) if isinstance(block, Heading)]


@pytest.mark.parametrize("language", view_languages())
def test_every_view_is_shown_whole_at_every_width_in_every_language(records, language):
    for record in records:
        blocks = summarise(record, language=language)
        amounts = set(re.findall(r"-?[\d,]+\.\d\d|\d{4}-\d\d-\d\d", to_text(blocks, width=400)))
        for width in (40, 60, 100, 200):
            text = to_text(blocks, width=width)
            assert amounts <= set(re.findall(r"-?[\d,]+\.\d\d|\d{4}-\d\d-\d\d", text))
        page = html_of(record, language=language)
        assert page is not None
        assert page.startswith(f'<div class="restructure" lang="{language}">')


def test_a_chinese_view_has_no_english_sentence(records):
    """What may be English: identifiers, and the derivations of a policy's own facts, which the record holds."""
    for record in records:
        for block in summarise(record, language="zh"):
            match block:
                case Heading(text, _):
                    texts = [text]
                case Lines(lines):
                    texts = list(lines)
                case Table(head, rows, _):
                    derived = "依据" in head
                    texts = [*head, *(cell for row in rows for cell in (row[:-1] if derived else row))]
            for text in texts:
                left = OWN.sub("", text)
                words = [word for word in LATIN.findall(left) if word not in restructure.facts()]
                assert len(words) < 2, text


def test_offers_come_before_the_facts_they_rest_on(decisions):
    order = headings(decisions[0])
    assert order[0] == "OFFER: 2 offers can be made"
    wanted = [
        "What to do now",
        "Offers",
        "What is owed",
        "What the borrower can pay",
        "Not offered",
        "Enforcement",
    ]
    assert [heading for heading in order if heading in wanted] == wanted


def test_a_referral_begins_with_what_is_missing_and_what_needs_it(decisions):
    title, opening, heading, table, *_ = summarise(decisions[1])
    assert title.text.startswith("REFER")
    assert isinstance(opening, Lines)
    assert heading == Heading("Information that is missing")
    rows = dict(table.rows)
    assert "Something is left to repay with" in rows["essential costs (finances.essential_costs)"]
    assert len(rows) == len(decisions[1].missing)


@pytest.mark.parametrize(
    ("rows", "shown"), [(None, 5), ("all", 22), (22, 22), (99, 22), (4, 4), (1, 1), (0, 0)]
)
def test_a_long_schedule_shows_so_many_rows_and_says_which_are_left_out(decisions, rows, shown):
    blocks = summarise(decisions[0], rows=rows)
    table = next(block for block in blocks if isinstance(block, Table) and block.head[:2] == ("no.", "due"))
    assert len(table.rows) == shown
    assert all("…" not in row for row in table.rows)
    notes = [
        line for block in blocks if isinstance(block, Lines) for line in block.lines if "left out" in line
    ]
    assert bool(notes) == (shown < 22)
    if rows is None:
        assert notes[0].startswith("17 rows are left out, numbers 4 to 20.")
        assert "--rows all" in notes[0]


def test_a_number_of_rows_that_is_none_is_refused(decisions):
    for rows in (-1, "some", 1.5, True):
        with pytest.raises(InvalidInput, match="rows"):
            summarise(decisions[0], rows=rows)


def test_the_display_language_holds_until_another_is_asked_for(decisions, monkeypatch):
    monkeypatch.setattr("restructure.views._DISPLAY", [])
    assert str(show(decisions[0])).startswith("OFFER")
    assert display_language("zh") == display_language() == "zh"
    assert str(show(decisions[0])).startswith("可提供方案")
    assert 'lang="zh"' in decisions[0]._repr_html_()
    assert str(show(decisions[0], language="en")).startswith("OFFER")
    with pytest.raises(InvalidInput, match=r'records are not shown in "fr" \(known: en, zh\)'):
        display_language("fr")
    assert display_language() == "zh"


def test_the_environment_says_in_which_language_records_are_shown_at_first(decisions, monkeypatch):
    monkeypatch.setattr("restructure.views._DISPLAY", [])
    monkeypatch.setenv("RESTRUCTURE_LANGUAGE", "zh")
    assert str(show(decisions[0])).startswith("可提供方案")


def test_every_reason_for_enforcement_and_every_refusal_is_known_in_every_language(records):
    """The sentences that a record holds in English are shown by their form; a new one needs its phrase."""
    zh = Wording.of("zh")
    for text in (
        "an offer is open",
        "the agreement of 2026-01-05 is broken: it counts as broken from 2026-02-05 on, because 2 instalments were "
        "missed at one time",
        "an agreement is in force: instalment 3 of 2026-02-05 and 2 more is not paid",
        "the offers of 2026-01-05 expired on 2026-02-05",
    ):
        shown = zh.sentence("enforcement", text)
        assert re.search("[\u4e00-\u9fff]", shown), text
        assert not LATIN.search(shown), shown
    assert zh.sentence("refusal", "not tried: illness-relief was offered") == "未测算：已提供 illness-relief"
    assert zh.sentence("near", "income_drop is 28 %, 2 points below the threshold of 30 %") == (
        "收入降幅为 28 %，低于界限 30 % 2 个百分点"
    )
    assert zh.sentence("refusal", "a sentence of no known form") == "a sentence of no known form"


@pytest.mark.parametrize(
    ("written", "fact", "shown"),
    [
        ("43 days", "days_past_due", "43 天"),
        ("1 month", "", "1 个月"),
        ("unknown", "shortfall", "未知"),
        ("illness", "hardship_cause", "患病"),
        ("31-60 days", "delinquency_stage", "逾期 31-60 天"),
        ("special_mention", "asset_class", "关注"),
        ("1,234.50", "claim", "1,234.50"),
    ],
)
def test_values_are_written_as_the_readers_of_a_language_write_them(written, fact, shown):
    assert Wording.of("zh").written(written, fact) == shown
    assert Wording.of("en").written(written, fact) == written.replace("special_mention", "special mention")
