"""Files that nobody meant well: bombs, links, broken tables, mutilated policies. One clear finding each, never a crash."""

import os
import random
import time
from pathlib import Path

import pytest

from cases import PLAIN, SMALL, rule, small, written
from restructure.errors import CATALOGUE, InvalidPolicy
from restructure.policy.loading.loading import load_policy

TABLE = """\
tables:
  - id: relief
    title: Relief by cause
    reason: We lengthen the term.
    reference: own
    hit: first
    inputs: [hardship_cause, income_drop]
    outputs: [months]
    rows: {rows}
    offer: [{{measure: extend, instalments: {{column: months}}}}]
"""


def finding(folder: Path, policy: str | bytes):
    """The one finding about a folder's policy."""
    written(folder, policy, "policy.yaml")
    with pytest.raises(InvalidPolicy) as caught:
        load_policy(folder)
    (issue,) = caught.value.issues
    assert issue.code in CATALOGUE
    assert "\n" not in issue.message
    return issue


def with_csv(folder: Path, text: str | bytes, name: str = "relief.csv") -> str:
    written(folder, text, name)
    return SMALL + TABLE.format(rows=name)


def refused_csv(folder: Path, text: str | bytes):
    return finding(folder, with_csv(folder, text))


# --- too large, too deep, too many


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
        SMALL + "x: &x {y: 1}\nz: {<<: *x}\n",
        SMALL + "x: &x [*x]\n",
    ],
)
def test_a_bomb_of_aliases_is_refused_where_the_first_one_stands(tmp_path, text):
    written(tmp_path, text, "policy.yaml")
    start = time.perf_counter()
    with pytest.raises(InvalidPolicy) as caught:
        load_policy(tmp_path)
    assert time.perf_counter() - start < 2
    assert caught.value.issues[0].code == "yaml-broken"
    assert caught.value.issues[0].line


def test_a_billion_laughs_takes_no_time(tmp_path):
    lines = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 9)}]" for k in range(1, 12)]
    written(tmp_path, "\n".join(lines), "policy.yaml")
    start = time.perf_counter()
    with pytest.raises(InvalidPolicy, match="anchors and aliases are not read"):
        load_policy(tmp_path)
    assert time.perf_counter() - start < 2


def test_ten_megabytes_are_refused_before_they_are_read(tmp_path):
    start = time.perf_counter()
    issue = finding(tmp_path, small() + "# " + "x" * 10_000_000)
    assert time.perf_counter() - start < 1
    assert issue.code == "file-too-large"
    assert "10,000," in issue.message


def test_a_table_of_ten_megabytes_is_refused_where_the_policy_names_it(tmp_path):
    issue = refused_csv(tmp_path, "hardship_cause,income_drop,months\n" + "-,-,6\n" * 2_000_000)
    assert (issue.code, issue.place) == ("file-too-large", "tables.0.rows")


@pytest.mark.parametrize("text", ["[" * 5_000, "{a: " * 5_000, "- " * 5_000])
def test_endless_nesting_is_refused(tmp_path, text):
    assert finding(tmp_path, text).code == "yaml-broken"


def test_nesting_that_can_be_read_and_is_too_deep_is_refused(tmp_path):
    deep = "{not: " * 70 + "{fact: reachable}" + "}" * 70
    assert finding(tmp_path, small(rules=rule(when=deep))).code == "yaml-broken"


def test_facts_that_double_at_every_step_are_read_at_once(tmp_path):
    facts = "facts:\n  f0: {title: F, unit: money, reference: own, value: {fact: claim}}\n"
    facts += "".join(
        f"  f{k}: {{title: F, unit: money, reference: own, "
        f"value: {{difference: [{{fact: f{k - 1}}}, {{fact: f{k - 1}}}]}}}}\n"
        for k in range(1, 59)
    )
    written(tmp_path, small(tail=facts), "policy.yaml")
    start = time.perf_counter()
    policy = load_policy(tmp_path)
    assert len(policy.at(date_of("2026-03-18")).stages) == 59
    assert policy.at(date_of("2026-03-18")).rests_on("f58") == ("claim",)
    assert time.perf_counter() - start < 3


def date_of(text: str):
    from datetime import date

    return date.fromisoformat(text)


def chain(length: int) -> str:
    facts = "facts:\n  f0: {title: F, unit: money, reference: own, value: {fact: claim}}\n"
    return small(
        tail=facts
        + "".join(
            f"  f{k}: {{title: F, unit: money, reference: own, value: {{fact: f{k - 1}}}}}\n"
            for k in range(1, length)
        )
    )


def test_a_chain_of_sixty_facts_is_read_and_a_longer_one_is_refused(tmp_path):
    written(tmp_path, chain(60), "policy.yaml")
    load_policy(tmp_path)
    for length in (61, 2_000):
        issue = finding(tmp_path, chain(length))
        assert (issue.code, issue.place) == ("fact-shape", "facts")
        assert f"{length} facts depend on each other" in issue.message


def test_a_circle_of_two_thousand_facts_is_found(tmp_path):
    facts = "facts:\n" + "".join(
        f"  f{k}: {{title: F, unit: money, reference: own, value: {{fact: f{(k + 1) % 2000}}}}}\n"
        for k in range(2000)
    )
    assert finding(tmp_path, small(tail=facts)).code == "fact-cycle"


def test_a_row_may_be_no_wider_than_a_condition(tmp_path):
    # 4 causes x 3 outlooks x 4 stages = 48 alternatives; one stage more makes 60.
    def table(stages: str) -> str:
        return SMALL + TABLE.format(rows='[["illness, disaster, other, unemployment", "-", 6]]').replace(
            "[hardship_cause, income_drop]",
            "[hardship_cause, income_drop, hardship_outlook, delinquency_stage]",
        ).replace('"-", 6', f'"-", "temporary, lasting, resolved", "{stages}", 6')

    written(tmp_path, table("current, 1-30 days, 31-60 days, 61-90 days"), "policy.yaml")
    load_policy(tmp_path)
    issue = finding(tmp_path, table("current, 1-30 days, 31-60 days, 61-90 days, over 180 days"))
    assert (issue.code, issue.place) == ("condition-too-wide", "tables.0.rows.0")


def test_a_row_that_concludes_is_asked_the_other_way_round_too(tmp_path):
    # Six ranges are six alternatives; outside all of them are 2 x 2 x 2 x 2 x 2 x 2.
    cell = ", ".join(f"[{k}0..{k}5]" for k in range(1, 7))
    tail = """\
facts: {late: {title: L, unit: flag, reference: own}}
tables:
  - {id: t, title: T, reference: own, hit: first, inputs: [days_past_due], outputs: [late], rows: [["CELL", true]]}
"""
    issue = finding(tmp_path, small(tail=tail.replace("CELL", cell)))
    assert (issue.code, issue.place) == ("condition-too-wide", "tables.0.rows.0")
    assert "64 alternatives" in issue.message
    written(tmp_path, small(tail=tail.replace("CELL", cell.rpartition(", ")[0])), "policy.yaml")
    load_policy(tmp_path)
    rules = TABLE.format(rows=f'[["-", "-", "{cell}", 6]]').replace(
        "income_drop]", "income_drop, days_past_due]"
    )
    written(tmp_path, SMALL + rules, "policy.yaml")
    load_policy(tmp_path)


# --- what lies outside the folder


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="no links on this system")
def test_a_link_that_leads_out_of_the_folder_is_refused(tmp_path):
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    outside.mkdir()
    inside.mkdir()
    written(outside, small(), "policy.yaml")
    written(outside, "hardship_cause,income_drop,months\n-,-,6\n", "relief.csv")
    (inside / "policy.yaml").symlink_to(outside / "policy.yaml")
    with pytest.raises(InvalidPolicy) as caught:
        load_policy(inside)
    assert [issue.code for issue in caught.value.issues] == ["file-outside"]
    (inside / "policy.yaml").unlink()
    (inside / "relief.csv").symlink_to(outside / "relief.csv")
    issue = finding(inside, SMALL + TABLE.format(rows="relief.csv"))
    assert (issue.code, issue.place) == ("file-outside", "tables.0.rows")
    assert "copy the file into it" in issue.message
    # A folder that is itself a link is a folder, and a link that stays inside is a file.
    (inside / "relief.csv").unlink()
    (tmp_path / "link").symlink_to(outside)
    (outside / "again.csv").symlink_to(outside / "relief.csv")
    written(outside, SMALL + TABLE.format(rows="again.csv"), "policy.yaml")
    assert load_policy(tmp_path / "link").rules[0].id == "relief-1"


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="no links on this system")
def test_links_in_a_circle_are_refused(tmp_path):
    (tmp_path / "a.csv").symlink_to(tmp_path / "b.csv")
    (tmp_path / "b.csv").symlink_to(tmp_path / "a.csv")
    assert finding(tmp_path, SMALL + TABLE.format(rows="a.csv")).code in ("file-outside", "file-missing")


@pytest.mark.parametrize("name", ["../relief.csv", "sub/../../relief.csv", "/etc/hostname", "~/x.csv"])
def test_a_table_elsewhere_is_refused_whatever_it_holds(tmp_path, name):
    folder = tmp_path / "folder"
    (folder / "sub").mkdir(parents=True)
    written(tmp_path, "hardship_cause,income_drop,months\n-,-,6\n", "relief.csv")
    issue = finding(folder, SMALL + TABLE.format(rows=name))
    assert issue.code == ("file-missing" if name.startswith("~") else "file-outside")
    assert issue.place == "tables.0.rows"


@pytest.mark.parametrize(
    "name", ['"a\\0b.csv"', '"\\ud800.csv"', f"{'x' * 5000}.csv", ".", "sub", '""', "relief.csv/x"]
)
def test_a_name_that_no_table_can_have_is_refused(tmp_path, name):
    (tmp_path / "sub").mkdir()
    written(tmp_path, "hardship_cause,income_drop,months\n-,-,6\n", "relief.csv")
    written(tmp_path, SMALL + TABLE.format(rows=name), "policy.yaml")
    with pytest.raises(InvalidPolicy) as caught:
        load_policy(tmp_path)
    assert {issue.code for issue in caught.value.issues} <= {
        "file-missing", "file-is-folder", "file-outside", "table-shape", "yaml-broken"
    }  # fmt: skip


# --- tables in CSV


def test_a_csv_table_is_read_whatever_its_spelling(tmp_path):
    plain = "hardship_cause,income_drop,months\nillness,>= 50%,12\n-,-,6\n"
    variants = {
        "plain": plain,
        "crlf": plain.replace("\n", "\r\n"),
        "mark": "\ufeff" + plain,
        "quoted": '"hardship_cause","income_drop","months"\n"illness",">= 50%","12"\n"-","","6"\n',
        "spaces": "hardship_cause , income_drop, months\n illness , >= 50% ,12\n-,-, 6\n",
        "order": "months,hardship_cause,income_drop\n12,illness,>= 50%\n6,-,-\n",
        "blank lines": plain.replace("\n-", "\n\n-"),
        "no last line end": plain.rstrip(),
    }
    read = {}
    for name, text in variants.items():
        written(tmp_path, with_csv(tmp_path, text.encode()), "policy.yaml")
        read[name] = load_policy(tmp_path).at(date_of("2026-03-18"))
    assert {one.digest for one in read.values()} == {read["plain"].digest}
    inline = SMALL + TABLE.format(rows='[[illness, ">= 50%", 12], ["-", "-", 6]]')
    written(tmp_path, inline, "policy.yaml")
    assert load_policy(tmp_path).at(date_of("2026-03-18")).digest == read["plain"].digest


@pytest.mark.parametrize(
    ("text", "code", "line", "column", "said"),
    [
        # broken quoting
        ('hardship_cause,income_drop,months\n"illness,-,6\n', "table-shape", 14, 5, "is not CSV"),
        ('hardship_cause,income_drop,months\n"illness"x,-,6\n', "table-shape", 14, 5, "is not CSV"),
        # wrong encoding
        ("hardship_cause,income_drop,months\n疾病,-,6\n".encode("utf-16"), "text-encoding", 14, 5, "not UTF-8"),
        (b"hardship_cause,income_drop,months\n\xff,-,6\n", "text-encoding", 14, 5, "not UTF-8"),
        # wrong head
        ("", "table-shape", None, None, ""),
        ("hardship_cause,income_drop\n-,-\n", "table-shape", 1, 1, 'no column "months"'),
        ("hardship_cause,income_drop,months,why\n-,-,6,x\n", "table-shape", 1, 4, 'has no column "why"'),
        ("hardship_cause,income_drop,months,months\n-,-,6,12\n", "table-shape", 1, 4, 'second column is called "months"'),
        ("hardship_cause,income_drop,months\n", "table-shape", 1, 1, "no rows"),
        # a wrong cell
        ("hardship_cause,income_drop,months\n-,-\n", "table-shape", 2, 1, "2 cells and the head 3"),
        ("hardship_cause,income_drop,months\n-,-,\n", "table-shape", 2, 3, 'gives no "months"'),
        ("hardship_cause,income_drop,months\n\n-,-,6\nilness,-,6\n", "value-kind", 4, 1, "ilness does not fit"),
        ("hardship_cause,income_drop,months\n-,[30%..50%,6\n", "table-shape", 2, 2, "no range"),
        ("hardship_cause,income_drop,months\n-,30%..50%,6\n", "table-shape", 2, 2, "no range"),
        ("hardship_cause,income_drop,months\n-,>= 0.1234567,6\n", "value-scale", 2, 2, "more decimals"),
        ("hardship_cause,income_drop,months\n-,-,six\n", "value-invalid", 2, 1, "not a whole number"),
        ('hardship_cause,income_drop,months\n"illness\n",-,6\n-,-,x\n', "value-invalid", 4, 1, "not a whole number"),
    ],
)  # fmt: skip
def test_a_broken_csv_table_is_refused_with_one_finding_where_it_is(tmp_path, text, code, line, column, said):
    written(tmp_path, with_csv(tmp_path, text), "policy.yaml")
    with pytest.raises(InvalidPolicy) as caught:
        load_policy(tmp_path)
    issues = caught.value.issues
    if text:
        (issue,) = issues
        assert (issue.code, issue.line, issue.column) == (code, line, column)
        assert said in issue.message
        assert issue.file.endswith("policy.yaml" if line == 14 else "relief.csv")
    assert {issue.code for issue in issues} == {code}


def test_a_cell_may_hold_what_a_spreadsheet_would_run_and_is_only_text(tmp_path):
    issue = refused_csv(tmp_path, 'hardship_cause,income_drop,months\n"=cmd|calc",-,6\n')
    assert issue.code == "value-kind"


# --- mutilated policies: a finding or a policy, never anything else


def test_whatever_is_done_to_a_policy_it_is_read_or_refused(tmp_path):
    mutilate(tmp_path, random.Random(20260318), 120)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_done_to_a_policy_very_often_it_is_read_or_refused(tmp_path, seed):
    mutilate(tmp_path, random.Random(seed), 4000)


ALL = small(
    parameters="  floor: {title: F, unit: ratio, source: own, values: {2025-01-01: 2%, 2026-07-01: 0.01}}\n"
    "  most: {title: M, unit: months, source: own, values: {2025-01-01: 24}}\n",
    rules=rule("one", offer="[{measure: waive, of: penalty, amount: {least: {a: {fact: penalty}, b: 100}}}, {measure: extend, instalments: {parameter: most}}]")
    + """\
  - id: found
    title: t
    reason: r
    reference: "own: §1"
    when: {all: [{fact: severity, op: "==", value: severe}, {not: {any: [{fact: disputed}, {fact: burden, op: ">", value: {fact: income_drop, times: 2}}]}}]}
    offer:
      - {measure: capitalise, of: [interest_arrears, accrued]}
      - search:
          target: {fact: payment_to_income_after, op: "<=", value: 31%}
          stop: closest_not_crossing
          steps:
            - {id: rate, measure: {measure: rate, annual_rate: {vary: {from: {fact: contract_rate}, down_to: {greatest: {floor: {parameter: floor}, half: {fact: contract_rate, times: 0.5}}}, by: 0.125%}}}}
            - {id: park, when: {fact: apr_after, op: "<=", value: 10%}, measure: {measure: defer, of: principal, share: {vary: {up_to: 30%, land_on_end: false}}}}
          if_missed: offer
""",
    limits="  - {id: l, title: t, reason: r, reference: own, require: {fact: term_after, op: '<=', value: 480}}\n",
    tail="""\
facts:
  burden: {title: B, unit: ratio, reference: own, value: {round: {quotient: [{fact: instalment_before}, {sum: [{fact: monthly_income}, 1]}]}, to: 0.01, mode: down}}
  severity: {title: S, unit: choice, choices: [severe, mild], reference: own, hit: priority, otherwise: mild}
  strikes: {title: N, unit: count, reference: own, hit: collect, gather: sum}
conclusions:
  - {id: hard, title: H, reference: own, when: {fact: burden, op: ">", value: 0.4}, conclude: {severity: severe, strikes: 2}}
tables:
  - id: by-cause
    title: T
    reference: own
    hit: priority
    inputs: [hardship_cause, income_drop]
    outputs: [{name: severity, values: [severe, mild]}, strikes]
    rows:
      - ["illness, disaster", "[20%..50%)", severe, 1]
      - {hardship_cause: not(over_spending), severity: mild, strikes: 0, reference: own}
  - id: relief
    title: T
    reason: R
    reference: own
    hit: first
    inputs: [severity]
    outputs: [months]
    rows: relief.csv
    offer: [{measure: extend, instalments: {column: months}}]
flags: [{id: f, title: t, reference: own, when: {fact: extra_cost, op: ">", value: 0}}]
rank: [{fact: total_after, order: ascending}]
choose: first
""",
)  # fmt: skip
CSV = "severity,months,reference\nsevere,12,own\n-,6,\n"
WORDS = [
    "null", "true", "{}", "[]", "''", "0", "-1", "1e400", "0.1234567", "fact", "{fact: claim}", "{column: x}",
    "{parameter: floor}", "[[]]", "{vary: {}}", "2026-01-01", "illness", "'-'", "'[1..'", "{measure: extend}",
    "{search: {}}", "known", "{all: []}", "{not: null}", '"\\0"', "severe", "{fact: severity, times: 2}", "&a x", "*a",
]  # fmt: skip
KEYS = [
    "fact", "op", "value", "times", "parameter", "vary", "measure", "search", "all", "not", "rows", "hit", "unit",
    "column", "values", "name", "id", "offer", "up_to", "reference", "gather", "otherwise", "least", "round",
]  # fmt: skip


def mutilate(folder: Path, rng: random.Random, times: int) -> None:
    written(folder, CSV, "relief.csv")
    written(folder, ALL, "policy.yaml")
    load_policy(folder)
    read = 0
    for _ in range(times):
        policy, table = ALL, CSV
        for _ in range(rng.choice([1, 1, 1, 2, 4])):
            policy = mutated(rng, policy)
        if rng.random() < 0.2:
            table = mutated(rng, table)
        written(folder, policy, "policy.yaml")
        written(folder, table, "relief.csv")
        try:
            load_policy(folder).at(date_of("2026-03-18")).case_problem  # noqa: B018
            read += 1
        except InvalidPolicy as error:
            for issue in error.issues:
                assert issue.code in CATALOGUE, issue
                assert "\n" not in issue.message, issue
                assert "Input should" not in issue.message, issue
        except Exception as error:
            raise AssertionError(f"{type(error).__name__}: {error}\n{policy}\n{table}") from error
    assert read < times


def mutated(rng: random.Random, text: str) -> str:
    """Replace a value, a key, a line or a character of a text."""
    import re

    spots = list(re.finditer(r"(?<=: )[^\s,{}\[\]]+|(?<=[\[,] )[^\s,{}\[\]]+|\{[^{}]*\}|\[[^\[\]]*\]", text))
    keys = list(re.finditer(r"[a-z_]+(?=: )", text))
    match rng.randint(0, 6) if spots else 6:
        case 0 | 1 | 2:
            spot = rng.choice(spots)
            return text[: spot.start()] + rng.choice(WORDS) + text[spot.end() :]
        case 3 if keys:
            spot = rng.choice(keys)
            return text[: spot.start()] + rng.choice(KEYS) + text[spot.end() :]
        case 4:
            lines = text.splitlines(keepends=True)
            del lines[rng.randrange(len(lines))]
            return "".join(lines)
        case 5:
            one, two = rng.choice(spots), rng.choice(spots)
            return text[: one.start()] + two.group() + text[one.end() :]
        case _:
            at = rng.randrange(len(text))
            return text[:at] + rng.choice("{}[]:,-x0 '\"\n&*!%") + text[at + 1 :]


def test_the_packaged_policy_may_lose_any_line_and_is_read_or_refused(tmp_path):
    lines = PLAIN.read_text("utf-8").splitlines(keepends=True)
    for k in range(0, len(lines), 4):
        written(tmp_path, "".join(lines[:k] + lines[k + 1 :]), "policy.yaml")
        try:
            load_policy(tmp_path)
        except InvalidPolicy as error:
            assert error.issues
