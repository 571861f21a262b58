"""The sentence around a link, as a reader sees it; first sentences; headings without markup."""

from __future__ import annotations

import time

import pytest

from kbtools import app
from kbtools.site.context import MOST, cut_end, cut_start, describe_text, find_context, plain_heading, read_math, read_plain
from kbtools.site.marks import CLOSE, OPEN


def context(text: str) -> str:
    """The sentence around the first link to `b`, the link in angle brackets, formulas in braces."""
    snapshot = app.snapshot_of({"a.md": text, "b.md": ""})
    edge = next(edge for edge in snapshot.iter_edges() if edge.source == "a.md" and edge.link.target.startswith("b"))
    before, said, after = find_context(text, edge.link)
    return f"{before}<{said}>{after}".replace(OPEN, "{").replace(CLOSE, "}")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("前一句。中间见[[b]]，还有。后一句。", "中间见<b>，还有。"),
        ("上一行\n这一行[[b|乙]]好\n下一行", "这一行<乙>好"),
        ("In v1.5 we use [[b]] as e.g. here. Next.", "In v1.5 we use <b> as e.g."),
        ("## 标题 [[b]]", "标题 <b>"),
        ("> - [x] 做[[b]]", "做<b>"),
        ("12. 第[[b]]步", "第<b>步"),
        ("> [!tip]- 看[[b]]", "看<b>"),
        ("[^1]: 脚注[[b]]", "脚注<b>"),
        ("**先**读*[[b]]*，==要紧==，~~作废~~", "先读<b>，要紧，作废"),
        ("**粗[[b]]字**", "粗<b>字"),
        ("__init__ 与 a_b_c 与 2*3*4 [[b]]", "__init__ 与 a_b_c 与 2*3*4 <b>"),
        ("_斜_ 与 \\*星\\* [[b]]", "斜 与 *星* <b>"),
        ("见[[c|丙]]、[丁](d.md)、![[图.png]] 与[[b#节]]", "见丙、丁、图.png 与<b › 节>"),
        ("[维基](https://x.org/a_(b)) [[b]]", "维基 <b>"),
        ("用 `a; b*c*[[x]]` 与 ``a`b`` [[b]]", "用 a; b*c*[[x]] 与 a`b <b>"),
        ("字<br>行 %%隐%%<!-- 隐 -->[[b]][^1] 尾 ^id", "字行 <b> 尾"),
        ("| 甲 | [[b\\|乙]] | 丙 |", "甲 | <乙> | 丙"),
        ("[b 的链接](b.md)好", "<b 的链接>好"),
    ],
)
def test_the_sentence_is_what_a_reader_sees(text: str, shown: str) -> None:
    assert context(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (r"激活 $\sigma(x)$ 见[[b]]", r"激活 {\sigma(x)} 见<b>"),
        (r"$n!$ 种，$a;b$。见[[b]]的 $x_1$", r"见<b>的 {x_1}"),
        (r"$n!$ 种，见[[b]]", r"{n!} 种，见<b>"),
        ("设 $$x  =  y$$ 见[[b]]", "设 {x = y} 见<b>"),
        ("花 $5 和 $6 买[[b]]", "花 $5 和 $6 买<b>"),
        ("命令 `$HOME` 与 `$PATH` [[b]]", "命令 $HOME 与 $PATH <b>"),
        (r"价 \$5 与 $x$ [[b]]", "价 $5 与 {x} <b>"),
        ("$a**b**c_d_$ [[b]]", "{a**b**c_d_} <b>"),
    ],
)
def test_formulas_stay_whole(text: str, shown: str) -> None:
    assert context(text) == shown


def test_a_long_sentence_is_cut_and_a_formula_counts_as_one() -> None:
    said = context("前" * 300 + r"$\alpha+\beta$[[b]]" + "后" * 300)
    assert said == "…" + "前" * (MOST - 1) + r"{\alpha+\beta}<b>" + "后" * MOST + "…"


def test_a_cut_does_not_go_through_a_formula() -> None:
    text = f"甲{OPEN}xyz{CLOSE}乙"
    assert cut_start(text, 2) == f"…{OPEN}xyz{CLOSE}乙"
    assert cut_end(text, 2) == f"甲{OPEN}xyz{CLOSE}…"
    assert cut_end(text, 3) == text


def test_marks_of_ours_in_a_text_do_no_harm() -> None:
    assert context(f"甲{OPEN}0{CLOSE}乙[[b]]") == "甲\ufffd0\ufffd乙<b>"


def test_many_links_in_one_line_take_time_in_proportion() -> None:
    text = "一句，见[[b]]与 $x$、`y` 等" * 800
    edges = list(app.snapshot_of({"a.md": text, "b.md": ""}).iter_edges())
    begun = time.process_time()
    for edge in edges:
        find_context(text, edge.link)
    assert len(edges) == 800
    assert time.process_time() - begun < 3


def test_a_description_is_the_first_prose() -> None:
    assert describe_text("# 标题\n\n> 引\n\n**门**是 `sigmoid`，见[[b|乙]]。\n\n后") == "门是 sigmoid，见乙。"
    assert describe_text("# 只有标题") == ""
    assert describe_text("长" * 200) == "长" * 119 + "…"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"$\sigma$ 函数", "σ 函数"),
        (r"$\frac{a}{b}$ 之比", r"\frac{a}{b} 之比"),
        ("**粗** `code` [[a|乙]] #标签", "粗 code 乙 #标签"),
        ("C# 与 a*b", "C# 与 a*b"),
        ("", ""),
    ],
)
def test_a_heading_is_read_without_markup(written: str, read: str) -> None:
    assert plain_heading(written) == read
    assert read_plain(written) == read


def test_symbols_in_a_row_are_read_and_others_are_left_as_written() -> None:
    assert read_math(r"a \le b") == "a≤b"
    assert read_math("x_1") == "x_1"
