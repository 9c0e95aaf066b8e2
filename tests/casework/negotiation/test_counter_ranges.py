"""Counter-offers that move a rate or another number: inside the policy's own ranges, as near as exhaustive search finds."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases import SMALL, limit, policy_of, rule
from casework.agreed import illness
from restructure.calculator.measures.catalogue import Measure
from restructure.calculator.measures.deferral import Capitalise, Defer, Spread
from restructure.calculator.measures.holiday import Holiday
from restructure.calculator.measures.rate import ChangeRate
from restructure.calculator.measures.relief import Forgive, Waive
from restructure.calculator.measures.timing import Extend
from restructure.casework.decisions.decision import Decision, decide
from restructure.casework.decisions.plan_search import propose
from restructure.casework.decisions.rounds import Answer, CounterRequest
from restructure.casework.negotiation.counter import counter
from restructure.casework.negotiation.replay import replay
from restructure.errors import Refused
from restructure.policy.case_facts import facts_of

CASE = illness()
DAY = CASE.as_of
PERCENT = Fraction(1, 100)
ARREARS = "[principal_arrears, interest_arrears, accrued, penalty]"


def searching(*, target="3000", down_to="12%", by="1%", parked=0, limits="", guard="") -> str:
    steps = (
        f"{{id: lower, {guard}measure: {{measure: rate, annual_rate: {{vary: {{from: {{fact: contract_rate}}, "
        f"down_to: {down_to}, by: {by}}}}}}}}}"
    )
    if parked:
        steps += f", {{id: aside, measure: {{measure: defer, of: principal, amount: {{vary: {{up_to: {parked}, by: 500}}}}}}}}"
    offer = (
        f"[{{measure: capitalise, of: {ARREARS}}}, {{search: {{target: {{fact: instalment_after, value: {target}}}, "
        f"stop: at_or_below, if_missed: offer, steps: [{steps}]}}}}]"
    )
    return f"{SMALL}rules:\n{rule(offer=offer)}" + (f"limits:\n{limits}" if limits else "")


def decided(text: str):
    policy = policy_of(text)
    return decide(CASE, policy, on=DAY), policy


def answered(text: str, **request) -> tuple[Decision, Decision]:
    decision, policy = decided(text)
    answer = counter(decision, CounterRequest(**request), policy)
    assert replay(answer, policy).same
    assert Decision.model_validate_json(answer.model_dump_json()) == answer
    return decision, answer


def number(decision: Decision, kind: type[Measure], name: str):
    return next(
        (getattr(one, name) for one in decision.offers[0].plan.measures if isinstance(one, kind)), None
    )


def highest(plan) -> Decimal:
    return max(row.total for row in plan.schedule.rows)


def proposed(policy, measures):
    decision = decide(CASE, policy, on=DAY)
    try:
        return propose(facts_of(policy.at(DAY), decision.assessment), tuple(measures))
    except Refused:
        return None


TERM = limit("term", "{fact: term_after, op: '<=', value: 16}")


# --- a rate step is used, inside its range


def at_rate(rate: Fraction) -> Decimal:
    return highest(proposed(policy_of(searching(limits=TERM)), _base(rate)).plan)


def test_at_most_so_much_a_month_lowers_the_rate_by_the_steps_of_the_policy_and_no_further_than_needed():
    most = at_rate(15 * PERCENT)
    for cent, wanted in ((0, 15), (Decimal("-0.01"), 14)):
        first, answer = answered(searching(limits=TERM), max_monthly_payment=most + cent)
        assert number(first, ChangeRate, "annual_rate") is None  # the target was met as agreed
        assert answer.rounds[0].answer is Answer.MET
        assert len(answer.offers[0].plan.schedule.rows) == 16
        assert number(answer, ChangeRate, "annual_rate") == wanted * PERCENT


def test_a_rate_is_not_lowered_beyond_the_end_of_its_range_and_what_bound_is_named():
    _, answer = answered(searching(limits=TERM), max_monthly_payment="2000")
    (told,) = answer.rounds
    assert told.answer is Answer.NEAREST
    assert number(answer, ChangeRate, "annual_rate") == 12 * PERCENT
    assert [one.fact for one in told.binding] == ["term_after"]


def test_the_rate_goes_first_and_more_instalments_only_where_it_does_not_suffice():
    _, answer = answered(searching(), max_monthly_payment="2000")
    assert number(answer, Extend, "instalments") is not None
    extension, rate = number(answer, Extend, "instalments"), number(answer, ChangeRate, "annual_rate")
    policy = policy_of(searching())
    fewer = [*_base(12 * PERCENT), *([Extend(instalments=extension - 1)] if extension > 1 else [])]
    assert highest(proposed(policy, fewer).plan) > 2000
    if rate < 18 * PERCENT:
        dearer = [*_base(rate + PERCENT), Extend(instalments=extension)]
        assert highest(proposed(policy, dearer).plan) > 2000


def test_a_step_that_is_guarded_is_no_room():
    text = searching(limits=TERM, guard="when: {fact: days_past_due, op: '>', value: 60}, ")
    _, answer = answered(text, max_monthly_payment="2640")
    assert number(answer, ChangeRate, "annual_rate") is None
    assert answer.rounds[0].answer is not Answer.MET


def test_a_second_round_goes_on_from_where_the_first_ended():
    decision, policy = decided(searching(limits=TERM))
    second = counter(decision, CounterRequest(max_monthly_payment=at_rate(16 * PERCENT)), policy)
    third = counter(second, CounterRequest(max_monthly_payment=at_rate(15 * PERCENT)), policy)
    rates = [number(one, ChangeRate, "annual_rate") for one in (second, third)]
    assert rates == [16 * PERCENT, 15 * PERCENT]
    assert replay(third, policy).same


def test_a_rate_of_nothing_is_a_rate():
    text = searching(down_to="0%", by="6%", target="1", limits=TERM)
    first, answer = answered(text, lump_sum="1000")
    assert number(first, ChangeRate, "annual_rate") == 0
    assert number(answer, ChangeRate, "annual_rate") == 0


# --- against exhaustive search


def _base(rate: Fraction | None, parked: int = 0):
    yield Capitalise(of=ARREARS[1:-1].split(", "))
    if rate is not None and rate != 18 * PERCENT:
        yield ChangeRate(annual_rate=rate)
    if parked:
        yield Defer(of="principal", amount=Decimal(parked))


@settings(max_examples=25)
@given(
    target=st.integers(2400, 2800),
    down_to=st.integers(8, 17),
    by=st.sampled_from([1, 2, 3]),
    parked=st.sampled_from([0, 0, 1000, 3000]),
    longest=st.integers(14, 20),
    loss=st.none() | st.integers(0, 60),
    most=st.integers(1700, 2800),
)
def test_the_answer_is_the_one_that_exhaustive_search_puts_first(
    target, down_to, by, parked, longest, loss, most
):
    limits = limit("term", f"{{fact: term_after, op: '<=', value: {longest}}}")
    if loss is not None:
        limits += limit("loss", f"{{fact: npv_loss, op: '<=', value: {loss / 1000}}}")
    text = searching(target=target, down_to=f"{down_to}%", by=f"{by}%", parked=parked, limits=limits)
    policy = policy_of(text)
    decision = decide(CASE, policy, on=DAY)
    if not decision.offers:
        return
    answer = counter(decision, CounterRequest(max_monthly_payment=most), policy)
    known = facts_of(policy.at(DAY), decision.assessment)
    rates = [Fraction(18 - k * by, 100) for k in range((18 - down_to) // by + 1)]
    rates += [down_to * PERCENT] if rates[-1] != down_to * PERCENT else []
    parks = list(range(0, parked + 1, 500))
    begun = rates.index(number(decision, ChangeRate, "annual_rate") or 18 * PERCENT)
    aside = parks.index(int(number(decision, Defer, "amount") or 0))
    path = [(rate, parks[aside]) for rate in rates[begun:]] + [
        (rates[-1], park) for park in parks[aside + 1 :]
    ]

    def plan_of(rate, park, extension):
        longer = [Extend(instalments=extension)] if extension else []
        try:
            return propose(known, (*_base(rate, park), *longer))
        except Refused:
            return None

    nearest, wanted = None, None
    for extension in (0, *(sign * away for away in range(1, 16) for sign in (1, -1))):
        for rate, park in path:
            made = plan_of(rate, park, extension)
            if made is None or made.prospect.term_after > longest:
                continue
            if loss is not None and made.prospect.npv_loss > Fraction(loss, 1000):
                continue
            short = max(Decimal(0), highest(made.plan) - most)
            if not short:
                wanted = made
                break
            if nearest is None or short < nearest[0]:
                nearest = short, made
        if wanted is not None:
            break
    (told,) = answer.rounds
    if wanted is not None:
        assert told.answer is Answer.MET
    else:
        assert told.answer is (Answer.NEAREST if nearest else Answer.REFUSED)
        wanted = nearest[1] if nearest else None
    if wanted is not None:
        assert answer.offers[0].plan.schedule == wanted.plan.schedule
    assert told.answer is Answer.MET or told.binding


# --- a measure that is edited


def offering(measures: str, limits: str) -> str:
    return f"{SMALL}rules:\n{rule(offer=measures)}limits:\n{limits}"


def edited(decision: Decision, kind: type[Measure], **update):
    return tuple(
        one.model_copy(update=update) if isinstance(one, kind) else one
        for one in decision.offers[0].plan.measures
    )


@settings(max_examples=25)
@given(share=st.integers(2501, 10_000), most=st.integers(200, 1300))
def test_a_share_is_granted_to_the_last_hundredth_of_a_percent_that_the_limit_allows(share, most):
    text = offering(
        "[{measure: waive, of: interest_arrears, share: 0.25}, {measure: extend, instalments: 6}]",
        limit("relief", f"{{fact: relief, op: '<=', value: {most}}}")
        + limit("loss", "{fact: npv_loss, op: '<=', value: 0.9}"),
    )
    decision, policy = decided(text)
    if not decision.offers:
        return
    asked = Fraction(share, 10_000)
    answer = counter(decision, CounterRequest(measures=edited(decision, Waive, share=asked)), policy)
    bucket = Fraction(decision.assessment.interest_arrears)

    def relief(part: int) -> Fraction:  # rounded half-up to the cent
        return Fraction(int(bucket * part / 100 + Fraction(1, 2)), 100)

    best = max(part for part in range(2500, share + 1) if relief(part) <= most)
    (told,) = answer.rounds
    got = number(answer, Waive, "share")
    if best == share:
        assert (told.answer, got) == (Answer.MET, asked)
    elif best == 2500:
        assert told.answer is Answer.REFUSED
    else:
        assert told.answer is Answer.NEAREST
        assert got == Fraction(best, 10_000)
        assert [one.fact for one in told.binding] == ["relief"]
        assert "waive.share" in told.message


@settings(max_examples=15)
@given(asked=st.integers(1, 12), most=st.integers(1800, 2600), longest=st.integers(17, 26))
def test_a_holiday_is_as_long_as_exhaustive_search_finds_possible(asked, most, longest):
    text = offering(
        f"[{{measure: capitalise, of: {ARREARS}}}, {{measure: extend, instalments: 1}}]",
        limit("bearable", f"{{fact: highest_payment_after, op: '<=', value: {most}}}")
        + limit("term", f"{{fact: term_after, op: '<=', value: {longest}}}"),
    )
    policy = policy_of(text)
    decision = decide(CASE, policy, on=DAY)
    if not decision.offers:
        return
    base = decision.offers[0].plan.measures
    answer = counter(decision, CounterRequest(measures=(*base, Holiday(instalments=asked))), policy)
    known = facts_of(policy.at(DAY), decision.assessment)

    def possible(length: int) -> bool:
        for extension in range(-15, 26):
            rest = [one for one in base if not isinstance(one, Extend)]
            longer = [Extend(instalments=extension)] if extension else []
            try:
                told = propose(known, (*rest, Holiday(instalments=length), *longer)).prospect
            except Refused:
                continue
            if told.term_after <= longest and told.highest_payment_after <= most:
                return True
        return False

    longest_holiday = max((length for length in range(1, asked + 1) if possible(length)), default=0)
    (told,) = answer.rounds
    wanted = Answer.MET if longest_holiday == asked else Answer.NEAREST if longest_holiday else Answer.REFUSED
    assert told.answer is wanted
    if longest_holiday:
        assert number(answer, Holiday, "instalments") == longest_holiday


def test_a_rate_below_the_range_of_the_step_comes_back_to_its_end():
    decision, policy = decided(searching(limits=TERM))
    base = decision.offers[0].plan.measures
    answer = counter(decision, CounterRequest(measures=(*base, ChangeRate(annual_rate="5%"))), policy)
    (told,) = answer.rounds
    assert told.answer is Answer.NEAREST
    assert number(answer, ChangeRate, "annual_rate") == 12 * PERCENT
    assert "rate.annual_rate 12 % instead of 5 %" in told.message
    assert [(one.fact, one.actual, one.threshold) for one in told.binding] == [
        ("rate.annual_rate", "5 %", "12 %")
    ]


@pytest.mark.parametrize("rate", ["12%", "17.5%"])
def test_a_rate_inside_the_range_is_granted_though_it_is_lower_than_offered(rate):
    decision, policy = decided(searching(limits=TERM))
    base = decision.offers[0].plan.measures
    answer = counter(decision, CounterRequest(measures=(*base, ChangeRate(annual_rate=rate))), policy)
    assert answer.rounds[0].answer is Answer.MET


def test_a_rate_that_no_step_varies_comes_back_to_what_the_limit_on_the_loss_allows():
    text = offering(
        f"[{{measure: capitalise, of: {ARREARS}}}, {{measure: extend, instalments: 6}}]",
        limit("loss", "{fact: npv_loss, op: '<=', value: 0.02}")
        + limit("bearable", "{fact: highest_payment_after, op: '<=', value: 3000}"),
    )
    decision, policy = decided(text)
    asked = (*decision.offers[0].plan.measures, ChangeRate(annual_rate="5%"))
    answer = counter(decision, CounterRequest(measures=asked), policy)
    rate, plan = number(answer, ChangeRate, "annual_rate"), answer.offers[0]
    assert answer.rounds[0].answer is Answer.NEAREST
    assert 5 * PERCENT < rate < 18 * PERCENT
    assert plan.prospect.npv_loss <= Decimal("0.02")
    # A hundredth of a percent less, and no number of instalments nearby keeps the limit.
    for extension in range(-15, 6 + 24):
        lower = _base(rate - Fraction(1, 10_000))
        made = proposed(policy, [*lower, *([Extend(instalments=extension)] if extension else [])])
        told = None if made is None else made.prospect
        assert told is None or told.npv_loss > Decimal("0.02") or told.highest_payment_after > 3000


def test_an_extension_beyond_the_longest_term_is_answered_with_the_longest_and_the_limit():
    text = offering(
        "[{measure: extend, instalments: 2}]", limit("term", "{fact: term_after, op: '<=', value: 20}")
    )
    decision, policy = decided(text)
    answer = counter(decision, CounterRequest(measures=(Extend(instalments=9),)), policy)
    (told,) = answer.rounds
    assert (told.answer, number(answer, Extend, "instalments")) == (Answer.NEAREST, 4)
    assert told.message.startswith(
        "the nearest inside the limits has extend.instalments 4 instead of 9; beyond that, term:"
    )
    assert [one.fact for one in told.binding] == ["term_after"]


@pytest.mark.parametrize(
    ("wanted", "field", "granted"),
    [
        (Defer(of="principal", amount="9000"), "amount", Decimal("5000.00")),
        (Forgive(amount="800"), "amount", Decimal("300.00")),
        (Spread(of="fees", instalments=6), "instalments", 6),
    ],
)
def test_a_measure_that_was_not_offered_is_granted_as_far_as_the_limits_go(wanted, field, granted):
    text = offering(
        "[{measure: extend, instalments: 6}]",
        limit("parked", "{fact: parked_after, op: '<=', value: 5000}")
        + limit("relief", "{fact: relief, op: '<=', value: 300}")
        + limit("loss", "{fact: npv_loss, op: '<=', value: 0.5}"),
    )
    decision, policy = decided(text)
    answer = counter(decision, CounterRequest(measures=(*decision.offers[0].plan.measures, wanted)), policy)
    assert number(answer, type(wanted), field) == granted
    same = getattr(wanted, field) == granted
    assert answer.rounds[0].answer is (Answer.MET if same else Answer.NEAREST)


@pytest.mark.parametrize("months", [2, 4])
def test_no_answer_goes_back_on_what_a_step_gave_already(months):
    limits = TERM + limit("loss", "{fact: npv_loss, op: '<=', value: 0.0363}")
    decision, policy = decided(searching(target="1", limits=limits))
    assert number(decision, ChangeRate, "annual_rate") == 12 * PERCENT
    later = decision.offers[0].plan.schedule.rows[months].due
    answer = counter(decision, CounterRequest(first_payment_from=later, keep_end_date=True), policy)
    assert number(answer, ChangeRate, "annual_rate") == 12 * PERCENT
