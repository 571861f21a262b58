"""What a note's properties say on its page."""

from __future__ import annotations

import pytest

from kbtools.app import snapshot_of
from kbtools.site.binding import Wish, bind
from kbtools.site.masthead import render_masthead, render_sources, write_source

NOTE = """---
kind: concept
aliases: [Long Short-Term Memory, 长短期记忆]
tags: [seq/rnn]
minutes: 35
sources:
  - "Greff 等 2017, arXiv:1503.04069"
  - 手稿 <未刊>
---
正文
"""


def test_kind_time_names_and_tags_stand_under_the_title() -> None:
    book = bind(snapshot_of({"a/LSTM.md": NOTE}), Wish("v"))
    html = render_masthead(book.pages["a/LSTM.md"], book)
    assert "<li>概念</li><li>约 35 分钟</li><li>又名 Long Short-Term Memory、长短期记忆</li>" in html
    assert '<a class="kb-tag" href="../../tags/seq/rnn/">#seq/rnn</a>' in html


def test_sources_stand_at_the_end_and_can_be_followed() -> None:
    html = render_sources(bind(snapshot_of({"LSTM.md": NOTE}), Wish("v")).pages["LSTM.md"])
    assert (
        'Greff 等 2017, <a class="external" rel="noopener" href="https://arxiv.org/abs/1503.04069">arXiv:1503.04069</a>' in html
    )
    assert "<li>手稿 &lt;未刊&gt;</li>" in html


def test_a_note_without_properties_says_nothing() -> None:
    book = bind(snapshot_of({"x.md": "正文\n"}), Wish("v"))
    assert render_masthead(book.pages["x.md"], book) == render_sources(book.pages["x.md"]) == ""


@pytest.mark.parametrize("sources", ["一条", "[一条, 3, null, '']", "{一条: 二}", ""])
def test_any_property_is_read(sources: str) -> None:
    page = bind(snapshot_of({"x.md": f"---\nsources: {sources}\n---\n"}), Wish("v")).pages["x.md"]
    assert page.sources in (("一条",), ())


@pytest.mark.parametrize(
    ("source", "href"),
    [
        ("Rumelhart 1986, doi:10.1038/323533a0", "https://doi.org/10.1038/323533a0"),
        ("Rosasco 2015, doi:10.1016/0893-6080(91)90009-T", "https://doi.org/10.1016/0893-6080(91)90009-T"),
        ("见 https://a.org/b_(c)/d。", "https://a.org/b_(c)/d"),
        ("Duchi 2011, jmlr.org/papers/v12/duchi11a.html", "https://jmlr.org/papers/v12/duchi11a.html"),
        ("旧式 arXiv:cs/9901001", "https://arxiv.org/abs/cs/9901001"),
    ],
)
def test_a_source_s_address_is_a_link(source: str, href: str) -> None:
    assert f'href="{href}"' in write_source(source)


@pytest.mark.parametrize("source", ["PMLR 37:2342-2350", "Goodfellow 等, 6.5 节", "a@b.com", "snippets/a.py", "torch.nn"])
def test_what_is_no_address_is_none(source: str) -> None:
    assert write_source(source) == source
