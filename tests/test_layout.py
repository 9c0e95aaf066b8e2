"""The layout of views: nothing is cut, no line is too wide, and a date or an amount is not broken inside."""

import re
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laws import examples
from restructure.blocks import Heading, Lines, Table, to_html, to_text
from restructure.folding import cells, fold

DATES = st.dates().map(str)
AMOUNTS = st.integers(-(10**9), 10**9).map(lambda minor: f"{minor / 100:,.2f}")
SHARES = st.integers(0, 9999).map(lambda part: f"{part / 100:.2f} %")
IDENTIFIERS = st.from_regex(r"[a-z]{2,8}([-_][a-z]{2,8}){0,3}", fullmatch=True)
WORDS = st.lists(
    st.sampled_from(["the", "borrower", "pays", "a", "smaller", "instalment", "for", "longer"]), max_size=12
).map(" ".join)
CHINESE = st.text("逾期天数罚息展期减免还款人（），。", max_size=40)
CELLS = st.one_of(DATES, AMOUNTS, SHARES, IDENTIFIERS, WORDS, CHINESE)
WIDTHS = st.integers(40, 200)
WHOLE = re.compile(r"\d{4}-\d\d-\d\d|-?[\d,]+\.\d\d")


@st.composite
def tables(draw):
    columns = draw(st.integers(2, 7))
    head = draw(st.lists(st.one_of(IDENTIFIERS, WORDS, CHINESE), min_size=columns, max_size=columns))
    rows = draw(st.lists(st.lists(CELLS, min_size=columns, max_size=columns), min_size=1, max_size=4))
    return Table(tuple(head), tuple(map(tuple, rows)), figures=draw(st.booleans()))


def bare(text):
    return sorted(re.sub(r"[\s-]", "", text))


@examples(100)
@given(tables(), WIDTHS)
def test_a_table_loses_no_cell_and_is_never_too_wide(table, width):
    text = to_text([table], width=width)
    assert "…" not in text
    for line in text.splitlines():
        assert cells(line) <= width, line
    shown = bare(text)
    for row in table.rows:
        for cell in row:
            for char in set(bare(cell)):
                assert shown.count(char) >= sum(part.count(char) for part in row)
    for whole in WHOLE.findall(" ".join(cell for row in table.rows for cell in row)):
        assert whole in text, f"{whole} is broken"


@examples(100)
@given(st.lists(CELLS, min_size=1, max_size=8).map(" ".join), WIDTHS)
def test_a_folded_sentence_has_all_its_characters_in_order(sentence, width):
    lines = fold(sentence, width)
    assert "".join("".join(lines).split()) == "".join(sentence.split())
    assert all(cells(line) <= width for line in lines)


def test_a_word_wider_than_the_line_is_broken_behind_a_mark_and_only_then():
    assert fold("see loan-class-2-and-more now", 12) == ["see", "loan-class-", "2-and-more", "now"]
    assert fold("a" * 30, 12) == ["a" * 12, "a" * 12, "a" * 6]
    assert fold("due 2026-03-18", 11) == ["due", "2026-03-18"]


def test_a_line_of_chinese_does_not_begin_with_a_closing_mark_nor_end_with_an_opening_one():
    for width in range(4, 30):
        for line in fold("申请资料（全部）齐全，可以决策。" * 3, width):
            assert line[0] not in "，。）"
            assert line[-1] != "（"


SEVEN = Table(
    ("no.", "as agreed", "payment", "now", "payment", "difference", "balance"),
    (("1", "2026-03-30", "1,234,567.00", "2026-04-30", "2,046.14", "-1,232,520.86", "36,626,270.00"),),
)


@pytest.mark.parametrize("width", [40, 60])
def test_seven_columns_that_do_not_fit_become_a_block_of_lines_for_each_row(width):
    text = to_text([SEVEN], width=width)
    assert re.search(r"^  as agreed +2026-03-30$", text, re.MULTILINE)
    assert re.search(r"^  balance +36,626,270.00$", text, re.MULTILINE)
    assert all(cells(line) <= width for line in text.splitlines())


@pytest.mark.parametrize("width", [40, 60, 100, 200])
def test_a_terminal_shows_line_for_line_what_a_pipe_gets(width):
    rich = pytest.importorskip("rich.console")
    from restructure.report.terminal import render

    blocks = [
        Heading("标题 and a title", 1),
        Lines(("a sentence that is longer than forty cells and so goes on on a second line",)),
        Heading("a part"),
        SEVEN,
        Table(("rule", "reason"), (("illness-relief", "收入下降，须为患病；" * 9),), figures=False),
    ]
    console = rich.Console(width=width, file=StringIO(), highlight=False, force_terminal=True)
    render(blocks, console)
    shown = re.sub(r"\x1b\[[0-9;]*m", "", console.file.getvalue())
    assert [line.rstrip() for line in shown.splitlines()] == to_text(blocks, width=width).splitlines()


def test_a_page_takes_the_colours_around_it_and_reads_without_its_style():
    page = to_html([Heading("<b>", 1), SEVEN], language="zh")
    assert page.startswith('<div class="restructure" lang="zh"><style>')
    assert "&lt;b&gt;" in page
    style, rest = page.split("</style>")
    assert not re.search(r"#[0-9a-f]{3}|white(?!-space)|black", style)
    assert re.findall(r'<td[^>]*style="text-align:right;[^>]*>', rest)
    assert '<span class="k">2026-03-30</span>' in rest
