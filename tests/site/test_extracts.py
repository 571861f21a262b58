"""What search finds on a page and what previews show of it, read from its HTML."""

from __future__ import annotations

from kbtools.site.book import Page
from kbtools.site.extracts import LEAD, cut, iter_entries, iter_leads, read_text
from tests.site.rendering import render

PAGE = Page(path="深/a.md", url="%E6%B7%B1/a/", title="甲", aliases=("A",), tags=("t",))


def leads(html: str, page: Page = PAGE) -> dict[str, str]:
    return dict(iter_leads(page, html))


def test_a_page_is_an_entry_for_each_section() -> None:
    html = (
        '<p>前 <b>言</b></p>\n<h2 id="一节">一节</h2>\n<p>文</p>\n<h3 id="a&amp;b">a&amp;b</h3>\n<ul><li>项</li><li>二</li></ul>'
    )
    first, second, third = iter_entries(PAGE, html)
    assert (first.url, first.title, first.heading, first.text, first.tags, first.aliases) == (
        PAGE.url,
        "甲",
        "",
        "前 言",
        ("t",),
        ("A",),
    )
    assert (second.url, second.heading, second.text, second.tags) == (PAGE.url + "#%E4%B8%80%E8%8A%82", "一节", "文", ())
    assert (third.url, third.heading, third.text) == (PAGE.url + "#a%26b", "a&b", "项\n二")


def test_what_is_read_is_text_alone() -> None:
    assert read_text("<p>甲&lt;乙&gt;<svg><text>图</text></svg></p><p>丙<br>丁</p>") == "甲<乙>\n丙\n丁"
    assert read_text('<p class="kb-proof" data-state="none">尚未证明</p><p>文</p>') == "文"
    assert read_text("<table><tr><td>一</td><td>二</td></tr></table>") == "一\n二"


def test_a_page_without_text_has_an_entry_too() -> None:
    assert [entry.text for entry in iter_entries(PAGE, "")] == [""]


def test_the_lead_of_a_section_is_whole_blocks() -> None:
    long = "".join(f"<p>{'字' * 100}</p>" for _ in range(9))
    found = leads(f'<p>短</p><h2 id="x">x</h2>{long}')
    assert found[PAGE.url].startswith("<p>短</p><h2>x</h2><p>字")
    assert found[PAGE.url + "#x"].count("<p>") == LEAD // 100 + 1
    assert found[PAGE.url + "#x"].endswith("</p>")


def test_a_block_with_an_id_has_a_lead() -> None:
    found = leads('<p>前</p><ul><li id="^q">项<ul><li>子</li></ul></li></ul>')
    assert found[PAGE.url + "#%5Eq"] == "<li>项<ul><li>子</li></ul></li>"


def test_addresses_in_a_lead_count_from_the_root_and_ids_are_gone() -> None:
    html = '<p id="^a"><a href="../b/#c">b</a><a href="#d">d</a><img src="../../图.png"><a href="https://x.org/">x</a></p>'
    assert leads(html)[PAGE.url] == (
        f'<p><a href="%E6%B7%B1/b/#c">b</a><a href="{PAGE.url}#d">d</a><img src="图.png"><a href="https://x.org/">x</a></p>'
    )


def test_an_empty_section_has_no_lead() -> None:
    assert list(leads('<p>文</p><h2 id="x">x</h2>\n')) == [PAGE.url]


def test_a_cut_stops_before_what_was_open_ends() -> None:
    assert cut("<p>一</p></div><p>二</p>", 100) == "<p>一</p>"
    assert cut("<div><p>一</p><p>二</p></div><p>三</p>", 1) == "<div><p>一</p><p>二</p></div>"
    assert cut("<p>一<br>二<img src=x></p>", 1) == "<p>一<br>二<img src=x></p>"


def test_a_rendered_note_is_read_as_it_is_seen() -> None:
    html = render("见[[b|乙]]，$x$。\n\n## 节\n\n```python\na < b\n```\n", {"b.md": ""}).html
    first, second = iter_entries(PAGE, html)
    assert first.text == "见乙，x。"
    assert second.text.startswith("a < b")


def test_a_canvas_is_previewed_by_what_is_read_of_its_cards() -> None:
    html = f'<div class="kb-canvas"><div><p id="fn:1">一 &lt;二&gt;</p></div><p>{"字" * 500}</p></div>'
    found = leads(html, Page(path="a.canvas", url="a.canvas/", title="a", kind="canvas"))
    assert list(found) == ["a.canvas/"]
    assert found["a.canvas/"].startswith("<p>一 &lt;二&gt;\n字") and len(found["a.canvas/"]) < LEAD + 20
