"""Letters: every number is the record's, every promise the policy's, in the borrower's language."""

import re
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest

pytest.importorskip("babel")
pytest.importorskip("jinja2")

from cases import example, packaged
from casework.agreed import illness
from restructure.casework.decisions.decision import Decision, decide
from restructure.casework.decisions.rounds import CounterRequest
from restructure.casework.negotiation.counter import counter
from restructure.errors import InvalidInput
from restructure.intake.application import Application, read_application
from restructure.policy.language.follow_up import FollowUp
from restructure.policy.language.letter_texts import LetterTexts
from restructure.report.letters.words import Words, languages
from restructure.report.letters.writing import letter

POLICY = packaged("cn-consumer-finance")
MADE = decide(illness(), POLICY, on=illness().as_of)
ASKED = MADE.model_copy(
    update={
        "follow_up": FollowUp(
            valid_days=14, cooling_off_days=7, trial_payments=3, documents=("identity", "repayment_proposal")
        )
    }
)
OVERSPENT = read_application(Path(__file__).parents[2] / "examples" / "overspending.json")
REFUSED = decide(OVERSPENT, POLICY, on=OVERSPENT.as_of)


def plain_numbers(text: str) -> set[str]:
    """Every number in a text, thousands put together; a letter's reference is no number, nor what the policy says."""
    for said in POLICY.letters.complaint.values():
        text = text.replace(said, "")
    text = text.replace(MADE.application.loan.reference, "").replace(OVERSPENT.loan.reference, "")
    return {found.replace(",", "").rstrip(".") for found in re.findall(r"\d[\d,]*(?:\.\d+)?", text)}


def day_numbers(day) -> set[str]:
    return {str(day.year), str(day.month), str(day.day)}


def numbers_of(decision: Decision, offer) -> set[str]:
    """Every number that the record has to show for an offer, written plainly."""
    plan, figures, assessment = offer.plan, offer.prospect, decision.assessment
    money = [
        *(getattr(plan.position.buckets, name) for name in type(plan.position.buckets).model_fields),
        plan.position.buckets.claim,
        assessment.instalment_before,
        plan.before.total,
        plan.instalment,
        figures.total_after,
        abs(figures.extra_cost),
        figures.relief,
        plan.up_front,
        *(one.amount for one in plan.ledger),
    ]
    days = [decision.on, plan.position.on, plan.before.rows[-1].due, figures.last_due_after]
    counts = [assessment.remaining_term, figures.term_after, abs(figures.term_added)]
    for row in plan.schedule.rows:
        money += [row.total, row.balance]
        days.append(row.due)
        counts.append(row.number)
    follow_up = decision.follow_up
    if follow_up.valid_days is not None:
        days.append(decision.on + timedelta(days=follow_up.valid_days))
    counts += [follow_up.cooling_off_days, follow_up.trial_payments]
    return (
        {f"{amount:.2f}" for amount in money}
        | {str(count) for count in counts}
        | set().union(*map(day_numbers, days))
    )


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("form", ["text", "html"])
@pytest.mark.parametrize("decision", [MADE, ASKED, counter(MADE, CounterRequest(lump_sum="2000"), POLICY)])
def test_every_number_of_a_letter_is_one_of_the_record(decision, form, language):
    for offer in decision.offers:
        written = letter(decision, POLICY, rule=offer.rule, language=language)
        text = getattr(written, form)
        if form == "html":
            text = unescape(re.sub(r"<style>.*?</style>|<[^>]+>", " ", text, flags=re.DOTALL))
        assert plain_numbers(text) - numbers_of(decision, offer) == set()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_letter_shows_every_payment_with_its_day_and_what_is_owed(language):
    offer = MADE.offers[0]
    text = letter(MADE, POLICY, rule=offer.rule, language=language).text
    shown = plain_numbers(text)
    for row in offer.plan.schedule.rows:
        assert f"{row.total:.2f}" in shown
        assert f"{row.balance:.2f}" in shown
    for name, amount in offer.plan.position.buckets:
        assert not amount or f"{amount:.2f}" in shown, name


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_refusal_gives_reasons_names_what_is_missing_and_threatens_nothing(language):
    written = letter(REFUSED, POLICY, language=language)
    for gate in REFUSED.failed_gates:
        assert (gate.reason[language] in written.text) is (gate.verdict == "failed"), gate.id
    words = Words.of(language)
    for one in REFUSED.missing:
        assert words.named("places", one.place) in written.text
        assert words.named("places", one.place) != one.place, "a place has no words in this language"
    assert plain_numbers(written.text) <= day_numbers(REFUSED.on)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_gate_that_could_not_be_judged_is_no_reason(language):
    data = example("illness")
    data["finances"].pop("essential_costs")
    gates = tuple(one for one in POLICY.gates if one.id == "able-to-repay")
    policy = POLICY.model_copy(update={"gates": gates})
    decision = decide(Application.model_validate(data), policy, on=illness().as_of)
    assert [one.verdict for one in decision.failed_gates] == ["unknown"]
    text = letter(decision, policy, language=language).text
    assert decision.failed_gates[0].reason[language] not in text
    assert Words.of(language).say("why_open") in text


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_policys_own_paragraphs_stand_in_the_letter(language):
    texts = {
        name: {"en": f"English {name}.", "zh": f"中文{name}。"}
        for name in LetterTexts.model_fields
        if name != "education"
    }
    wording = LetterTexts(**texts, education={"illness": {"en": "Keep a reserve.", "zh": "请预留应急资金。"}})
    policy = POLICY.model_copy(update={"letters": wording})
    decision = decide(illness(), policy, on=illness().as_of)
    text = letter(decision, policy, language=language).text
    for said in texts.values():
        assert said[language] in text
    assert wording.education["illness"][language] in text


def test_both_languages_have_the_same_phrases_and_the_same_blanks():
    english, chinese = Words.of("en").phrases, Words.of("zh").phrases
    assert english.keys() == chinese.keys()

    def blanks(phrase) -> set[str]:
        return set(re.findall(r"\{(\w+)\}", str(phrase.get("other") if isinstance(phrase, dict) else phrase)))

    for key in english:
        if isinstance(english[key], dict) and "other" not in english[key]:
            assert english[key].keys() == chinese[key].keys(), key
        else:
            assert blanks(english[key]) == blanks(chinese[key]), key


def test_one_instalment_is_not_several():
    words = Words.of("en")
    assert words.counted("longer", 1) == "The loan runs 1 instalment longer."
    assert words.counted("longer", 2) == "The loan runs 2 instalments longer."


def test_another_language_is_another_file(tmp_path):
    own = (Path(__file__).parents[2] / "src/restructure/report/letters/languages/en.yaml").read_text("utf-8")
    own = own.replace("locale: en", "locale: de").replace('"Dear {name},"', '"Guten Tag {name},"')
    (tmp_path / "de.yaml").write_text(own, "utf-8")
    assert languages(tmp_path) == ("de", "en", "zh")
    text = letter(MADE, POLICY, language="de", languages=tmp_path).text
    assert "Guten Tag" in text
    assert "2.046,14" in text
    (tmp_path / "fr.yaml").write_text("locale: fr\n", "utf-8")
    with pytest.raises(InvalidInput, match="the language lacks offer"):
        letter(MADE, POLICY, language="fr", languages=tmp_path)


def test_markup_in_a_name_stays_text():
    borrower = illness().borrower.model_copy(update={"name": "<b>Wang</b>"})
    decision = MADE.model_copy(update={"application": illness().model_copy(update={"borrower": borrower})})
    written = letter(decision, POLICY, language="en")
    assert "<b>Wang" not in written.html
    assert "&lt;b&gt;Wang" in written.html


def test_wrong_input_is_refused_with_what_would_be_right():
    with pytest.raises(InvalidInput, match='did you mean "illness-relief"'):
        letter(MADE, POLICY, rule="ilness-relief")
    with pytest.raises(InvalidInput, match="known: en, zh"):
        letter(MADE, POLICY, language="xx")
    with pytest.raises(InvalidInput, match="policy-differs"):
        letter(MADE, POLICY.with_values(illness_extension=9))


def test_the_chinese_letter_of_a_personalised_agreement_contains_all_that_the_rules_ask_for():
    """商业银行信用卡业务监督管理办法 第七十条: balance and currency, schedule, charges, the promise, rights and liability."""
    case = read_application(Path(__file__).parents[2] / "examples" / "cn-consumer-finance.json")
    decision = decide(case, POLICY, on=case.as_of)
    offer = next(one for one in decision.offers if one.rule == "personalised-instalments")
    text = letter(decision, POLICY, rule=offer.rule, language="zh").text
    assert len(offer.duties) >= 5
    for duty in offer.duties:
        assert duty.text["zh"] in text, duty.id
    words = Words.of("zh")
    position = offer.plan.position
    assert position.currency in text
    for bucket, amount in position.buckets:
        assert not amount or f"{words.named('buckets', bucket)}" in text
    for row in offer.plan.schedule.rows:
        assert words.day(row.due) in text
        assert words.money(row.total, position.currency) in text
    for name in ("charges", "promises", "missed_payment", "credit_record", "advice"):
        assert getattr(POLICY.letters, name)["zh"] in text, name
    assert "信用卡" in POLICY.letters.promises["zh"]
