"""What stands around a note: only what there is, in order, with addresses that hold."""

from __future__ import annotations

import re
from dataclasses import replace

from kbtools.site.around import CONTEXT_CHARACTERS, OPEN_SOURCES, render_around
from kbtools.site.book import Backlink, Book, Page
from kbtools.site.marks import CLOSE, OPEN

HOME = Page(path="index.md", url="", title="首页", minutes=5)
RNN = Page(path="序列/循环神经网络.md", url="rnn/", title="循环神经网络", minutes=25)
LSTM = Page(path="序列/LSTM.md", url="lstm/", title="LSTM <1997>")
ATTENTION = Page(path="注意力机制.md", url="%E6%B3%A8%E6%84%8F/", title="注意力机制", minutes=40)


def book_of(*pages: Page) -> Book:
    return Book(name="库", pages={page.path: page for page in pages})


def around(page: Page, *others: Page) -> str:
    return render_around(page, book_of(page, *others))


def headings(html: str) -> list[str]:
    return re.findall(r'class="kb-around__title">([^<]*)<', html)


def test_a_page_nobody_knows_has_nothing_around_it() -> None:
    assert around(LSTM) == ""


def test_only_what_there_is_is_shown_and_in_order() -> None:
    page = replace(
        LSTM,
        prerequisites=(RNN.path,),
        unlocks=(ATTENTION.path,),
        before=(HOME.path, RNN.path),
        backlinks=(Backlink(ATTENTION.path, "比", "LSTM", "看得远。"),),
    )
    assert headings(around(page, HOME, RNN, ATTENTION)) == ["先读", "读完可读", "学习路径", "反向链接", "局部图谱"]
    assert headings(around(replace(LSTM, unlocks=(ATTENTION.path,)), ATTENTION)) == ["读完可读", "局部图谱"]


def test_addresses_are_counted_from_the_page() -> None:
    html = around(replace(LSTM, prerequisites=(RNN.path, HOME.path)), RNN, HOME)
    assert '<a class="internal-link" href="../rnn/">循环神经网络</a>' in html
    assert '<a class="internal-link" href="../">首页</a>' in html


def test_a_page_that_is_not_published_is_left_out() -> None:
    assert around(replace(LSTM, prerequisites=("草稿.md",), backlinks=(Backlink("草稿.md", "", "LSTM", ""),))) == ""


def test_the_learning_path_is_folded_ordered_and_sums_its_minutes() -> None:
    html = around(replace(LSTM, before=(HOME.path, RNN.path, ATTENTION.path)), HOME, RNN, ATTENTION)
    assert "3 篇，约 1 小时 10 分钟" in html
    assert "<details" in html and "<details open" not in html
    path = html[html.index("<ol") : html.index("</ol>")]
    assert re.findall(r">([^<]+)</a>", path) == ["首页", "循环神经网络", "注意力机制"]
    assert "25 分钟" in path


def test_a_path_without_minutes_says_only_how_long_it_is() -> None:
    html = around(replace(LSTM, before=(RNN.path,)), replace(RNN, minutes=0))
    assert "1 篇" in html
    assert "分钟" not in html


def test_backlinks_are_grouped_by_page_with_their_sentences() -> None:
    first = Backlink(RNN.path, "先看 a < b，再读", "LSTM", "。", anchor="为什么 要")
    second = Backlink(RNN.path, "又见", "长短期记忆", "。")
    html = around(replace(LSTM, backlinks=(first, second)), RNN)
    shown = html[html.index("kb-backlinks") : html.index("局部图谱")]
    assert shown.count(">循环神经网络</a>") == 1
    assert '<a href="../rnn/#%E4%B8%BA%E4%BB%80%E4%B9%88%20%E8%A6%81">先看 a &lt; b，再读<mark>LSTM</mark>。</a>' in shown
    assert '<a href="../rnn/">又见<mark>长短期记忆</mark>。</a>' in shown


def test_a_sentence_said_twice_is_shown_once() -> None:
    same = Backlink(RNN.path, "见", "LSTM", "。")
    html = around(replace(LSTM, backlinks=(same, same)), RNN)
    assert html.count("<mark>LSTM</mark>") == 1


def test_a_long_sentence_is_cut_around_the_link() -> None:
    html = around(replace(LSTM, backlinks=(Backlink(RNN.path, "前" * 500, "LSTM", "后" * 500),)), RNN)
    assert f">…{'前' * CONTEXT_CHARACTERS}<mark>LSTM</mark>{'后' * CONTEXT_CHARACTERS}…</a>" in html


def test_many_sources_are_folded() -> None:
    sources = [replace(RNN, path=f"{number}.md", url=f"{number}/", title=f"第 {number} 篇") for number in range(OPEN_SOURCES + 3)]
    page = replace(LSTM, backlinks=tuple(Backlink(source.path, "见", "LSTM", "") for source in sources))
    html = around(page, *sources)
    assert "另外 3 篇" in html
    folded = html[html.index("另外 3 篇") : html.index("局部图谱")]
    assert re.findall(r">第 (\d+) 篇</a>", folded) == ["8", "9", "10"]


def test_titles_are_escaped() -> None:
    assert "LSTM &lt;1997&gt;</a>" in around(replace(RNN, prerequisites=(LSTM.path,)), LSTM)


def test_a_formula_in_a_sentence_is_set_and_not_cut() -> None:
    said = f"激活 {OPEN}\\sigma(x) < 1{CLOSE} 见"
    html = around(replace(LSTM, backlinks=(Backlink(RNN.path, said, "LSTM", f"{'长' * 59}{OPEN}a^2{CLOSE}尾"),)), RNN)
    assert "激活 <math><mi>σ</mi>" in html
    assert "</math>…</a>" in html
    assert OPEN not in html and CLOSE not in html


def test_a_formula_that_cannot_be_set_is_shown_as_written() -> None:
    html = around(replace(LSTM, backlinks=(Backlink(RNN.path, f"{OPEN}\\frac{{<b>{CLOSE}", "LSTM", ""),)), RNN)
    assert "\\frac{&lt;b&gt;</code>" in html
