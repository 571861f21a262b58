"""Embedded notes: in notes that are embedded, in themselves, and very many."""

from __future__ import annotations

import time

from tests.site.rendering import render


def test_notes_in_embedded_notes_are_shown_and_not_counted() -> None:
    found = render("![[a]]", {"a.md": "甲 ![[b#门]] [[b]]", "b.md": "乙\n\n## 门\n\n丙 [[无]]"})
    assert found.html.count('<div class="kb-embed">') == 2
    assert "丙" in found.html and "乙" not in found.html
    assert [meaning.path for meaning in found.links] == ["a.md"]


def test_addresses_in_an_embedded_note_count_from_the_page() -> None:
    html = render("![[a]]", {"deep/a.md": "[[#门]] ![[图.png]] [[b|b]]\n\n## 门", "deep/图.png": "", "b.md": ""}).html
    assert 'href="../deep/a/#%E9%97%A8"' in html
    assert 'src="../deep/%E5%9B%BE.png"' in html
    assert 'href="../b/">b</a>' in html


def test_an_embedded_note_brings_no_ids_and_no_contents() -> None:
    found = render("## 甲\n\n![[a]]", {"a.md": "## 甲\n\n文 ^q\n\n注[^1]\n\n[^1]: 脚"})
    assert found.html.count("id=") == 1
    assert [entry.id for entry in found.toc] == ["甲"]


def test_a_note_that_embeds_itself_is_cut_with_a_word() -> None:
    html = render("前\n\n![[x]]").html
    assert html.count("前") == 1
    assert '<p class="kb-embed-cut">这里嵌入的笔记又嵌入了它自己，不再展开：<a class="internal-link" href="./">x</a></p>' in html


def test_a_circle_of_notes_is_cut_where_it_closes() -> None:
    html = render("![[a]]", {"a.md": "甲\n\n![[b]]", "b.md": "乙\n\n![[a]]\n\n![[x]]"}).html
    assert html.count("甲") == html.count("乙") == 1
    assert html.count("kb-embed-cut") == 2


def test_a_section_that_embeds_itself_is_cut() -> None:
    html = render("## 甲\n\n文\n\n![[#甲]]\n\n## 乙\n\n![[#甲]]").html
    assert html.count("kb-embed-cut") == 2
    assert html.count("<p>文</p>") == 3


def test_a_note_may_show_another_part_of_the_note_around_it() -> None:
    html = render("![[a]]\n\n## 门\n\n丙", {"a.md": "![[x#门]]"}).html
    assert html.count("<p>丙</p>") == 2 and "kb-embed-cut" not in html


def test_embeds_that_double_at_each_level_come_to_an_end() -> None:
    files = {f"n{level}.md": f"![[n{level + 1}]]\n\n![[n{level + 1}]]" for level in range(30)}
    begun = time.process_time()
    html = render("![[n0]]", {**files, "n30.md": "底"}).html
    assert time.process_time() - begun < 2
    assert "这一页嵌入的笔记太多，不再展开" in html


def test_an_embed_where_no_block_may_stand_is_a_link() -> None:
    found = render("## ![[a]]\n\n**![[a]]** [![[a]]](https://x.org)", {"a.md": "甲"})
    assert "kb-embed" not in found.html
    assert len(found.links) == 3


def test_the_title_of_an_embedded_note_is_not_said_twice() -> None:
    html = render("![[a]]", {"a.md": "# a\n\n## 节"}).html
    assert "<h1" not in html and ">a</h2>" not in html and "<h2>节</h2>" in html
