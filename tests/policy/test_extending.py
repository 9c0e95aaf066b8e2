"""Extending: a policy that says how it differs is the policy that says it all, and tells where each part comes from."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases import EXAMPLES, SMALL, example, gate, limit, rule, written
from laws import examples
from restructure.casework.decisions.decision import decide
from restructure.casework.decisions.explanation import explain
from restructure.casework.negotiation.replay import replay
from restructure.cli import main
from restructure.errors import InvalidPolicy
from restructure.intake.application import Application
from restructure.policy.loading.listing import listed
from restructure.policy.loading.loading import load_located, load_policy
from restructure.testing.report import run_cases

DAY = date(2026, 3, 18)
ILLNESS = Application.model_validate(example("illness"))
HEAD = 'name: mine\nversion: "2"\ntitle: Mine\n'
ILL = "{fact: hardship_cause, op: ==, value: illness}"


def laid(tmp_path, own: str, base: str | None = None, **files: str):
    """Load a policy that extends one in the folder beside it."""
    text = base if base is not None else SMALL + "rules:\n" + rule("a") + rule("b") + rule("c")
    for name, more in {"base": text, **files}.items():
        (tmp_path / name).mkdir(exist_ok=True)
        written(tmp_path / name, more, "policy.yaml")
    (tmp_path / "mine").mkdir(exist_ok=True)
    written(tmp_path / "mine", HEAD + own, "policy.yaml")
    return load_policy(tmp_path / "mine")


def refused(tmp_path, own: str, **more) -> list[str]:
    with pytest.raises(InvalidPolicy) as caught:
        laid(tmp_path, own, **more)
    return [str(issue).replace(f"{tmp_path}/", "") for issue in caught.value.issues]


def replacing(text: str) -> str:
    return text.replace("- {id", "- {replaces: true, id")


def test_what_is_not_said_is_the_bases(tmp_path):
    mine = laid(tmp_path, "extends: ../base\n")
    assert (mine.name, mine.version, mine.title) == ("mine", "2", {"en": "Mine"})
    assert mine.currency == "CNY"
    assert [one.id for one in mine.rules] == ["a", "b", "c"]


def test_an_entry_that_replaces_stands_where_the_other_stood_and_new_ones_come_after(tmp_path):
    mine = laid(tmp_path, "extends: ../base\nrules:\n" + rule("d") + replacing(rule("b", ILL)))
    assert [one.id for one in mine.rules] == ["a", "b", "c", "d"]
    assert mine.rules[1].when.fact == "hardship_cause"


def test_an_entry_that_replaces_keeps_the_fields_that_it_names(tmp_path):
    kept = "keeps: [title, reason, reference, offer]"
    other = f"{{replaces: true, id: b, {kept}, unless_offered: [a], when: {ILL}}}"
    mine, base = laid(tmp_path, f"extends: ../base\nrules:\n  - {other}\n"), load_policy(tmp_path / "base")
    was, now = base.rules[1], mine.rules[1]
    assert (now.id, now.unless_offered) == ("b", ("a",))
    assert now.when != was.when
    assert (now.title, now.reason, now.reference, now.offer) == (
        was.title,
        was.reason,
        was.reference,
        was.offer,
    )


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("replaces: true, id: b, keeps: [offer, wehn]", 'has no "wehn" (did you mean "when"?)'),
        ("replaces: true, id: b, keeps: [when]", '"when" is given here too'),
        ("replaces: true, id: b, keeps: offer", "write a list of the fields to keep"),
        ("id: d, keeps: [offer]", "only what replaces another keeps parts of it"),
    ],
)
def test_what_cannot_be_kept_is_told_where_it_is_asked_for(tmp_path, said, why):
    faults = refused(tmp_path, f"extends: ../base\nrules:\n  - {{{said}, when: {ILL}}}\n")
    (fault,) = [one for one in faults if "extends-keeps" in one]
    assert why in fault
    assert "rules.0.keeps" in fault


def test_what_is_removed_is_gone_and_may_be_said_anew(tmp_path):
    assert [one.id for one in laid(tmp_path, "extends: ../base\nremoves: [a, c]\n").rules] == ["b"]
    mine = laid(tmp_path, "extends: ../base\nremoves: [a]\nrules:\n" + rule("a", ILL))
    assert [one.id for one in mine.rules] == ["b", "c", "a"]


def test_an_entry_of_another_section_may_take_a_name_that_was_removed(tmp_path):
    mine = laid(
        tmp_path, "extends: ../base\nremoves: [a]\nlimits:\n" + limit("a", "{fact: term_after, op: known}")
    )
    assert [one.id for one in mine.limits] == ["a"]
    faults = refused(tmp_path, "extends: ../base\nlimits:\n" + limit("a", "{fact: term_after, op: known}"))
    assert len(faults) == 1
    assert "rule-repeated" in faults[0]


def test_a_parameter_that_replaces_takes_title_and_unit_from_the_other_and_nothing_else(tmp_path):
    base = (
        SMALL
        + "parameters:\n  n: {title: Months, unit: months, source: own, values: {2026-01-01: 3, 2027-01-01: 4}}\n"
    )
    base += "rules:\n" + rule("a", offer="[{measure: extend, instalments: {parameter: n}}]")
    mine = laid(
        tmp_path,
        "extends: ../base\nparameters:\n  n: {replaces: true, source: own, values: {2026-02-01: 9}}\n",
        base,
    )
    assert mine.parameters["n"].title == {"en": "Months"}
    assert [(one.since, one.value) for one in mine.parameters["n"].values] == [(date(2026, 2, 1), 9)]
    (fault,) = refused(
        tmp_path, "extends: ../base\nparameters:\n  n: {replaces: true, values: {2026-02-01: 9}}\n", base=base
    )
    assert fault.startswith("mine/policy.yaml:6:3: source-missing")


def test_a_fault_of_the_base_is_found_in_the_base(tmp_path):
    base = (
        SMALL
        + "gates:\n"
        + gate("g", "{fact: reachabel}", "refer")
        + "rules:\n"
        + rule("a", "{fact: incom_drop, op: known}")
    )
    faults = refused(tmp_path, "extends: ../base\nrules:\n" + rule("x", "{fact: disputet}"), base=base)
    assert [fault.split(": ")[:3] for fault in faults] == [
        ["mine/policy.yaml:6:57", "fact-unknown", "rules.0.when.fact"],
        ["mine/../base/policy.yaml:7:60", "fact-unknown", "gates.0.require.fact"],
        ["mine/../base/policy.yaml:9:57", "fact-unknown", "rules.0.when.fact"],
    ]


def test_a_fault_that_pydantic_finds_is_located_in_the_base_too(tmp_path):
    base = SMALL + "gates:\n" + gate("g", "{fact: reachable}", "decide") + "rules:\n" + rule("a")
    (fault,) = refused(tmp_path, "extends: ../base\n", base=base)
    assert fault.startswith("mine/../base/policy.yaml:7:")
    assert "choice-unknown: gates.0.otherwise" in fault


def test_what_is_wrong_with_the_text_of_a_base_is_told_with_its_place(tmp_path):
    (fault,) = refused(tmp_path, "extends: ../base\n", base="name: [")
    assert fault.startswith("mine/../base/policy.yaml:")
    assert "yaml-broken" in fault


def test_a_rule_that_reads_what_was_removed_is_reported_where_it_stands(tmp_path):
    base = SMALL + "rules:\n" + rule("a") + rule("b").replace(", offer:", ", unless_offered: [a], offer:")
    (fault,) = refused(tmp_path, "extends: ../base\nremoves: [a]\n", base=base)
    assert fault.startswith("mine/../base/policy.yaml:8:")
    assert "rule-unknown" in fault


def test_tables_of_the_base_are_read_beside_the_base(tmp_path):
    table = (
        "facts: {n: {title: t, unit: months, reference: own}}\ntables:\n  - {id: t, title: t, reference: own, hit: first, "
        "inputs: [hardship_cause], outputs: [n], rows: t.csv}\n"
    )
    (tmp_path / "base").mkdir()
    written(tmp_path / "base", "hardship_cause,n\nillness,6\n", "t.csv")
    mine = laid(tmp_path, "extends: ../base\nrules:\n" + rule("a"), SMALL + table)
    assert mine.conclusions[0].conclude == {"n": 6}
    written(tmp_path / "base", "hardship_cause,n\nilness,6\n", "t.csv")
    (fault,) = refused(tmp_path, "extends: ../base\nrules:\n" + rule("a"), base=SMALL + table)
    assert fault.startswith("mine/../base/t.csv:2:1: ")


# --- several bases, chains, circles


def test_a_chain_of_policies_is_resolved_from_the_bottom(tmp_path):
    middle = (
        'name: middle\nversion: "1"\ntitle: M\nextends: ../base\nrules:\n'
        + replacing(rule("b", ILL))
        + rule("m")
    )
    mine = laid(tmp_path, "extends: ../middle\nrules:\n" + replacing(rule("m", ILL)), middle=middle)
    assert [one.id for one in mine.rules] == ["a", "b", "c", "m"]
    assert mine.rules[3].when.fact == "hardship_cause"


def test_one_base_reached_by_two_ways_is_no_clash(tmp_path):
    side = 'name: side\nversion: "1"\ntitle: S\nextends: ../base\nrules:\n'
    mine = laid(tmp_path, "extends: [../left, ../right]\n", left=side + rule("l"), right=side + rule("r"))
    assert [one.id for one in mine.rules] == ["a", "b", "c", "l", "r"]


def test_two_bases_that_differ_have_to_be_settled(tmp_path):
    other = SMALL + "rules:\n" + rule("a", ILL)
    (fault,) = refused(tmp_path, "extends: [../base, ../other]\n", other=other)
    assert fault == (
        'mine/policy.yaml:4:1: extends-clash: extends: "a" is defined differently in mine/../base/policy.yaml:7 and '
        "mine/../other/policy.yaml:7; replace it here, or remove it"
    )
    mine = laid(tmp_path, "extends: [../base, ../other]\nrules:\n" + replacing(rule("a")), other=other)
    assert [one.id for one in mine.rules] == ["a", "b", "c"]
    assert [
        one.id for one in laid(tmp_path, "extends: [../base, ../other]\nremoves: [a]\n", other=other).rules
    ] == ["b", "c"]


def test_tables_that_read_alike_differ_if_the_files_beside_them_do(tmp_path):
    table = (
        "facts: {n: {title: t, unit: months, reference: own}}\ntables:\n  - {id: t, title: t, reference: own, hit: first, "
        "inputs: [hardship_cause], outputs: [n], rows: t.csv}\n"
    )
    for name, months in (("base", 6), ("other", 7)):
        (tmp_path / name).mkdir()
        written(tmp_path / name, f"hardship_cause,n\nillness,{months}\n", "t.csv")
    (fault,) = refused(tmp_path, "extends: [../base, ../other]\n", base=SMALL + table, other=SMALL + table)
    assert 'extends-clash: extends: "t" is defined differently in' in fault


def test_only_a_source_may_be_copied_without_saying_so(tmp_path):
    sources = "sources: {own: {title: Own decision, confidence: own}}\n"
    assert len(laid(tmp_path, "extends: ../base\n" + sources).rules) == 3
    (fault,) = refused(tmp_path, "extends: ../base\nrules:\n" + rule("a"))
    assert "extends-silent: rules.0" in fault
    (fault,) = refused(tmp_path, "extends: ../base\n" + sources.replace("Own", "My"))
    assert "extends-silent: sources.own" in fault


def test_a_circle_is_refused_and_shown(tmp_path):
    base = 'name: base\nversion: "1"\ntitle: B\nextends: ../mine\n'
    faults = refused(tmp_path, "extends: ../base\n", base=base)
    assert faults[0].startswith(
        "mine/../base/policy.yaml:4:1: extends-cycle: extends: mine extends base extends mine;"
    )


def test_policies_that_extend_each_other_too_deep_are_refused(tmp_path):
    files = {f"p{k}": f'name: p\nversion: "1"\ntitle: P\nextends: ../p{k + 1}\n' for k in range(12)}
    files["p12"] = SMALL + "rules:\n" + rule("a")
    faults = refused(tmp_path, "extends: ../p0\n", **files)
    assert [fault for fault in faults if "extends-deep" in fault]
    assert laid(tmp_path, "extends: ../p6\n", **files).rules[0].id == "a"


def test_a_policy_that_is_reached_by_many_ways_is_read_once(tmp_path):
    files = {
        f"p{k}": f'name: p\nversion: "1"\ntitle: P\nextends: [{", ".join([f"../p{k + 1}"] * 30)}]\n'
        for k in range(7)
    }
    files["p7"] = SMALL + "rules:\n" + rule("a")
    assert [one.id for one in laid(tmp_path, "extends: ../p0\n", **files).rules] == ["a"]


# --- currency, no rules


def test_a_policy_without_rules_makes_no_offers_and_decides_in_the_loans_currency(tmp_path):
    bare = laid(
        tmp_path,
        "sources: {own: {title: t}}\ngates:\n" + gate("g", "{fact: shortfall, op: '>=', value: 0}", "refer"),
    )
    assert bare.rules == ()
    decision = decide(ILLNESS, bare, on=DAY)
    assert (decision.offers, list(decision.refusals)) == ((), [])
    assert (decision.outcome, decision.enforcement_barred) == ("refer", True)  # nothing was refused
    assert replay(decision, bare).same
    with pytest.raises(Exception, match="no rule"):
        explain(decision, bare, rule="a")


def test_a_base_without_a_currency_takes_the_one_of_what_extends_it(tmp_path):
    base = "name: base\nversion: '1'\ntitle: B\nsources: {own: {title: t}}\ngates:\n" + gate(
        "g", "{fact: reachable}", "refer"
    )
    mine = laid(tmp_path, "extends: ../base\ncurrency: EUR\nrules:\n" + rule("a"), base)
    assert mine.currency == "EUR"
    (fault,) = refused(tmp_path, "extends: ../base\nrules:\n" + rule("a"), base=base)
    assert 'field-missing: currency: "currency" is required here, since it makes offers' in fault


def test_a_base_with_a_table_that_offers_nothing_leaves_the_currency_out(tmp_path):
    table = (
        "facts: {level: {title: Level, unit: count, reference: own}}\n"
        "tables:\n- {id: t, title: T, reference: own, hit: unique, inputs: [days_past_due], outputs: [level],"
        " rows: [['> 30', 2], ['<= 30', 1]]%s}\n"
    )
    base = "name: base\nversion: '1'\ntitle: B\nsources: {own: {title: t}}\n" + table
    assert laid(tmp_path, "extends: ../base\ncurrency: EUR\n", base % "").currency == "EUR"
    offer = ", reason: R, offer: [{measure: extend, instalments: 6}]"
    (fault,) = refused(tmp_path, "extends: ../base\n", base=base.replace("%s", offer))
    assert "it makes offers" in fault


@pytest.mark.parametrize(
    "base",
    [
        "gates:\n" + gate("g", "{fact: shortfall, op: '>', value: 100}", "refer"),
        "parameters: {p: {title: t, unit: money, source: own, values: {2026-01-01: 100}}}\n",
        "facts: {f: {title: t, unit: money, reference: own, value: {least: {a: {fact: claim}, b: 500}}}}\n",
        "rules:\n" + rule("r", offer="[{measure: forgive, amount: 100.00}]"),
    ],
    ids=["condition", "parameter", "amount", "measure"],
)
def test_another_currency_is_refused_if_the_base_holds_amounts_of_money(tmp_path, base):
    faults = refused(tmp_path, "extends: ../base\ncurrency: EUR\n", base=SMALL + base)
    assert len(faults) == 1
    assert "currency-differs: currency: the amount in mine/../base/policy.yaml:" in faults[0]


def test_another_currency_is_fine_if_there_are_none_and_nothing_is_nothing_in_every_currency(tmp_path):
    base = "gates:\n" + gate("g", "{fact: shortfall, op: '>', value: 0}", "refer") + "rules:\n"
    base += rule("r", offer="[{measure: forgive, amount: {fact: principal, times: 0.1}}]")
    assert laid(tmp_path, "extends: ../base\ncurrency: EUR\n", SMALL + base).currency == "EUR"


# --- digest, listing, cases


def test_the_digest_is_over_the_resolved_content_and_not_over_how_it_is_said(tmp_path):
    mine = laid(tmp_path, "extends: ../base\nremoves: [c]\nrules:\n" + replacing(rule("b", ILL)))
    text = SMALL.replace("name: small", "name: mine").replace('"1"', '"2"').replace("A small policy", "Mine")
    (tmp_path / "flat").mkdir()
    flat = load_policy(
        written(tmp_path / "flat", text + "rules:\n" + rule("a") + rule("b", ILL), "policy.yaml")
    )
    assert mine == flat
    assert mine.at(DAY).digest == flat.at(DAY).digest


@examples(30)
@given(st.data())
def test_extending_is_what_a_flat_policy_says(tmp_path_factory, data):
    tmp_path = tmp_path_factory.mktemp("laid")
    names = data.draw(st.lists(st.sampled_from("abcdefh"), unique=True, min_size=1))
    below = data.draw(st.lists(st.sampled_from(names), unique=True))
    removed = data.draw(st.lists(st.sampled_from(below), unique=True)) if below else []
    rest = [name for name in below if name not in removed]
    replaced = data.draw(st.lists(st.sampled_from(rest), unique=True)) if rest else []
    added = data.draw(st.permutations([name for name in names if name not in rest]))
    base = SMALL + "gates:\n" + gate("g", "{fact: reachable}", "refer")
    base += ("rules:\n" + "".join(map(rule, below))) if below else ""
    own = f"extends: ../base\nremoves: [{', '.join(removed)}]\n"
    said = "".join([*(replacing(rule(name, ILL)) for name in replaced), *(rule(name) for name in added)])
    mine = laid(tmp_path, own + (f"rules:\n{said}" if said else ""), base)
    whens = dict.fromkeys(replaced, ILL)
    flat = [rule(name, whens[name]) if name in whens else rule(name) for name in [*rest, *added]]
    text = base.partition("rules:\n")[0].replace("name: small", "name: mine").replace('"1"', '"2"')
    text = text.replace("A small policy", "Mine") + (f"rules:\n{''.join(flat)}" if flat else "")
    (tmp_path / "flat").mkdir()
    assert mine == load_policy(written(tmp_path / "flat", text, "policy.yaml"))


def test_the_listing_tells_where_each_entry_comes_from_and_what_it_replaced(tmp_path, monkeypatch):
    laid(tmp_path, "extends: ../base\nremoves: [c]\nrules:\n" + replacing(rule("b", ILL)))
    monkeypatch.chdir(tmp_path)
    lines = list(listed(load_located("mine")))
    assert lines[0] == "mine 2, mine/policy.yaml"
    assert "  a: t  [mine/../base/policy.yaml:7]" in lines
    assert "  b: t  [mine/policy.yaml:7, replaces mine/../base/policy.yaml:8]" in lines
    assert lines[-2:] == ["removed", "  c: t  [mine/../base/policy.yaml:9]"]


def test_the_command_line_explains_a_policy(capsys):
    assert main(["explain", str(EXAMPLES / "lender")]) == 0
    shown = capsys.readouterr().out
    assert "illness_extension: 6 from 2025-10-01, 9 from 2026-02-01  [" in shown
    assert ", replaces " in shown
    assert main(["explain", "lendre"]) == 2


def test_the_lenders_cases_pass_and_those_of_what_it_extends_are_run_on_it():
    report = run_cases([EXAMPLES / "lender"])
    assert [one.case.name for one in report.failed] == []
    assert len(report.results) > 50
    assert report.coverages[0].open == []
    assert {one.case.policy.name for one in report.results} == {"lender"}


def test_a_case_that_is_reused_fails_at_its_own_line(tmp_path):
    laid(tmp_path, "extends: ../base\nremoves: [c]\n")
    case = (
        "cases:\n  - {name: n, on: 2026-03-18, given: {facts: {claim: 5}}, expect: {rules: {a: refused}}}\n"
    )
    written(tmp_path / "base", case, "base_test.yaml")
    written(tmp_path / "mine", "reuse: ../base\n", "mine_test.yaml")
    (failed,) = run_cases([tmp_path / "mine"]).failed
    assert failed.failures[0].file.endswith("base_test.yaml")
    assert failed.failures[0].line == 2
    written(tmp_path / "mine", "reuse: ../base\nexcept: n\n", "mine_test.yaml")
    assert run_cases([tmp_path / "mine"]).results == ()


US_HAMP = "20c5673677337843d8dab7daeff79b178c2b2b7e4af481a389fa147daf1b96e0"
"""The digest that the pack had while it wrote `park`."""


def test_a_renamed_measure_is_read_under_its_former_word_and_the_digest_stays(tmp_path):
    text = (EXAMPLES.parent / "rules" / "us-hamp" / "policy.yaml").read_text("utf-8")
    assert "measure: defer" in text
    made = []
    for word in ("defer", "park"):
        path = tmp_path / word / "policy.yaml"
        path.parent.mkdir()
        path.write_text(text.replace("measure: defer", f"measure: {word}"), "utf-8")
        made.append(load_policy(path))
    assert made[0] == made[1]
    assert made[0].at(date(2014, 1, 1)).digest == made[1].at(date(2014, 1, 1)).digest == US_HAMP
