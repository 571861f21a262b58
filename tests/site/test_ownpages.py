"""The pages that no note stands behind: tags, proofs, the graph, and what leads on."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from kbtools.site.book import Book, Listing, Page, Proof
from kbtools.site.ownpages import iter_own_pages, iter_redirects, render_redirect
from tests.site.rendering import book_of


def own(book: Book) -> dict[str, tuple[str, str]]:
    return {url: (title, html) for url, title, html in iter_own_pages(book)}


def test_a_vault_without_tags_and_snippets_has_a_graph_alone() -> None:
    assert [title for title, _ in own(book_of({"a.md": ""})).values()] == ["图谱"]


def test_each_tag_and_each_tag_above_it_has_a_page() -> None:
    pages = own(book_of({"a.md": "#网络/循环 <b>", "深/b.md": "#网络"}))
    assert {url for url in pages if url.startswith("tags/")} == {
        "tags/",
        "tags/%E7%BD%91%E7%BB%9C/",
        "tags/%E7%BD%91%E7%BB%9C/%E5%BE%AA%E7%8E%AF/",
    }
    title, html = pages["tags/%E7%BD%91%E7%BB%9C/"]
    assert title == "#网络"
    assert re.findall(r'href="([^"]*)"', html) == ["%E5%BE%AA%E7%8E%AF/", "../../a/", "../../%E6%B7%B1/b/"]
    assert "<b>" not in html


def test_the_list_of_tags_says_how_many_pages_each_has() -> None:
    _, html = own(book_of({"a.md": "#甲", "b.md": "#甲/乙"}))["tags/"]
    assert re.findall(r"#([^<]+)</a> <[^>]+>(\d+) 篇", html) == [("甲", "2"), ("甲/乙", "1")]


def test_a_note_named_like_an_own_page_keeps_its_address() -> None:
    book = book_of({"graph.md": "#甲", "Tags.md": "", "proofs.md": ""})
    assert book.pages["graph.md"].url == "graph/"
    assert (book.graph_url, book.tags_url) == ("graph-/", "tags-/")
    assert len({url.casefold() for url in (*own(book), *(page.url for page in book.pages.values()))}) == 6


def test_the_list_of_proofs_says_what_is_known() -> None:
    proofs = (Proof("cpu", "proven", date="2026-11-25T10:00:00"), Proof("cuda", "stale"))
    listings = {
        "snippets/a.py": Listing(
            "snippets/a.py", "tests/test_a.py", "对照 <numpy>", proofs=proofs, shown=("a.md", "没有.md"), url="proofs/a/"
        ),
        "snippets/b.py": Listing("snippets/b.py", "", url="proofs/b/"),
    }
    book = replace(book_of({"a.md": ""}), snippets=listings, snippets_url="proofs/")
    title, html = own(book)["proofs/"]
    assert title == "代码证明"
    first, second = re.findall(r"<tr id=.*?</tr>", html)
    assert "CPU：已证明（2026-11-25）" in first and "CUDA：已过期" in first
    assert 'href="a/#%E6%BA%90%E7%A0%81"' in first and 'href="a/#%E8%AF%81%E6%98%8E"' in first
    assert "对照 &lt;numpy&gt;" in first and 'href="../a/"' in first and "没有" not in first
    assert "未证明" in second and "%E8%AF%81%E6%98%8E" not in second


CODE = """import torch


@torch.no_grad()
def step(x): return x


class Cell:
    # region 门
    def forward(self, x):
        return '<b>'
    # endregion
"""


def test_a_snippet_and_its_proof_have_a_page_with_an_anchor_at_each_part() -> None:
    listing = Listing(
        "snippets/a.py",
        "tests/test_a.py",
        "torch <nn>",
        shown=("深/a.md",),
        source_url="https://x.org/a.py",
        url="proofs/a/",
        code=CODE,
        proof_code="def test_step(): pass\n",
    )
    book = replace(book_of({"深/a.md": ""}), snippets={listing.path: listing}, snippets_url="proofs/")
    title, html = own(book)["proofs/a/"]
    assert title == "snippets/a.py"
    lines = html.split("\n")
    for anchor, line in (("step", "@torch"), ("Cell", "class"), ("门", "forward"), ("Cell.forward", "forward")):
        (found,) = [text for text in lines if f'<a id="{anchor}"></a>' in text]
        assert line in found
    assert html.index('id="源码"') < html.index("no_grad") < html.index('id="证明"') < html.index("test_step")
    assert "torch &lt;nn&gt;" in html and "<b>" not in html
    for address in ("../../%E6%B7%B1/a/", "https://x.org/a.py", "../#snippets%2Fa.py"):
        assert f'href="{address}"' in html


@pytest.mark.parametrize(
    "code", ["", "\ufeffx = 1", "def f(:\n", "x = 1\r\ndef f(): pass\r\n", "# region 源码\nx = 1\n# endregion\n"]
)
def test_any_code_has_a_page(code: str) -> None:
    listing = Listing("snippets/a.py", "", url="proofs/a/", code=code)
    book = replace(book_of({"a.md": ""}), snippets={listing.path: listing}, snippets_url="proofs/")
    _, html = own(book)["proofs/a/"]
    ids = re.findall(r' id="([^"]*)"', html)
    assert len(ids) == len(set(ids))


# ------------------------------------------------------------------------------------------------ redirects


def note(**properties: str) -> str:
    return "---\n" + "".join(f"{key}: {value}\n" for key, value in properties.items()) + "---\n文"


def redirects(files: dict[str, str]) -> dict[str, str]:
    return dict(book_of(files).redirects)


def test_old_addresses_of_a_note_lead_on() -> None:
    text = note(permalink="lstm", redirects="[旧/lstm, /long-short/, 2019/lstm.html]", aliases="[长短期记忆]")
    assert redirects({"深/LSTM.md": text}) == {
        "%E6%97%A7/lstm/": "深/LSTM.md",
        "long-short/": "深/LSTM.md",
        "2019/lstm.html": "深/LSTM.md",
        "%E6%B7%B1/LSTM/": "深/LSTM.md",
        "%E9%95%BF%E7%9F%AD%E6%9C%9F%E8%AE%B0%E5%BF%86/": "深/LSTM.md",
    }


def test_one_old_address_needs_no_list() -> None:
    assert redirects({"a.md": note(redirects="b")}) == {"b/": "a.md"}


def test_what_a_note_says_comes_before_another_notes_alias() -> None:
    assert redirects({"a.md": note(aliases="[x]"), "b.md": note(redirects="x")}) == {"x/": "b.md"}


def test_a_note_that_asks_for_what_it_does_not_get_is_told() -> None:
    book = book_of({"a.md": note(redirects="[b, ok]"), "b.md": "", "c.md": note(permalink="../x")})
    assert len(book.problems) == 2
    assert any("'a.md': something else stands" in problem for problem in book.problems)
    assert any("'c.md': a permalink is a text" in problem for problem in book.problems)


def test_a_front_page_with_a_permalink_is_still_found_at_the_root() -> None:
    assert redirects({"index.md": note(permalink="home")}) == {"": "index.md"}


def test_a_redirect_leads_to_the_page_with_and_without_script() -> None:
    ((url, html),) = iter_redirects(book_of({"深/甲.md": note(redirects="一/二")}))
    assert url == "%E4%B8%80/%E4%BA%8C/"
    there = "../../%E6%B7%B1/%E7%94%B2/"
    assert f'<meta http-equiv="refresh" content="0; url={there}">' in html
    assert f'location.replace("{there}"+location.hash)' in html
    assert f'<a href="{there}">甲</a>' in html


def test_a_redirect_runs_nothing_a_title_or_address_says() -> None:
    evil = '"+alert(1)//</script><script>alert(2)</script>'
    book = book_of({"a.md": note(permalink="'x\"+alert(1)//'", redirects="old")})
    html = render_redirect(replace(next(iter(book.pages.values())), title=evil), "old/")
    assert html.count("<script>") == 1
    parser = _Scripts()
    parser.feed(html)
    assert re.fullmatch(r'location\.replace\("[^"<>]*"\+location\.hash\)', parser.script)


class _Scripts(HTMLParser):
    script = ""

    def handle_data(self, data: str) -> None:
        if self.cdata_elem == "script":
            self.script += data


def test_a_page_that_stands_where_an_alias_would_lead_is_not_replaced() -> None:
    files = {"a.md": note(aliases="[b, a, 图.png, '..', 'x?']"), "b.md": "", "图.png": ""}
    assert redirects(files) == {}


def test_a_books_page_of_another_kind_can_be_led_to() -> None:
    page = Page(path="a.md", url="", title="首")
    assert 'url=../"' in render_redirect(page, "x/")
