"""The tree that all pages share, and the way to a page."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from kbtools.site.book import Book, Page
from kbtools.site.navigation import TREE_FILE, Step, iter_nav_files, trail


def page(path: str, *, url: str = "", ending: str = "/", **more: Any) -> Page:
    stem = path.rsplit(".", 1)[0]
    return Page(path=path, url=url or quote(stem) + ending, title=more.pop("title", stem), **more)


def book_of(*pages: Page) -> Book:
    return Book(name="库", pages={page.path: page for page in pages})


def tree_of(*pages: Page) -> dict[str, Any]:
    ((path, content),) = iter_nav_files(book_of(*pages))
    assert path == TREE_FILE
    start, end = "window.__kb_tree=", ";\n"
    text = content.decode()
    assert text.startswith(start) and text.endswith(end)
    tree: dict[str, Any] = json.loads(text[len(start) : -len(end)])
    return tree


def test_an_address_that_follows_from_the_path_is_not_written() -> None:
    assert tree_of(page("概念/序列/LSTM.md"), page("概念/空 格.md")) == {
        "ending": "/",
        "rows": [["概念", [["序列", ["LSTM"]], "空 格"]]],
    }


def test_a_permalink_is_written_as_it_is_read() -> None:
    assert tree_of(page("概念/LSTM.md", url="%E9%95%BF%E7%9F%AD/"), page("a.md"))["rows"] == [["概念", [["LSTM", "长短/"]]], "a"]


def test_the_usual_ending_is_the_site_s() -> None:
    assert tree_of(page("a.md", ending=".html"), page("b/c.md", ending=".html")) == {
        "ending": ".html",
        "rows": [["b", ["c"]], "a"],
    }
    assert tree_of(page("a.md", ending="/index.html"))["ending"] == "/index.html"


def test_the_index_note_comes_first_then_folders_then_pages() -> None:
    pages = (page("f/a.md"), page("f/sub/b.md"), page("f/index.md", url="f/", title="总览"), page("f/z.md"))
    assert tree_of(*pages)["rows"] == [["f", [["总览", "f/"], ["sub", ["b"]], "a", "z"]]]
    assert tree_of(page("f/a.md"), page("f/f.md"))["rows"] == [["f", ["f", "a"]]]


def test_the_home_page_is_left_to_the_links_above_the_tree() -> None:
    assert tree_of(page("index.md", url="./"), page("a.md"))["rows"] == ["a"]


def test_canvases_and_notebooks_say_what_they_are() -> None:
    canvas = page("图.canvas", kind="canvas")
    assert tree_of(canvas, page("本.ipynb", kind="notebook"))["rows"] == [["图", "图/", "画布"], ["本", "本/", "笔记本"]]


def test_four_thousand_pages_take_few_bytes() -> None:
    pages = [page(f"文件夹 {number % 40}/一篇有名字的笔记 {number}.md") for number in range(4000)]
    ((_, content),) = iter_nav_files(book_of(*pages))
    assert len(content) < 40 * len(pages)


def test_two_runs_are_the_same_whatever_the_order() -> None:
    pages = [page("b.md"), page("a/c.md"), page("a/d.md")]
    assert list(iter_nav_files(book_of(*pages))) == list(iter_nav_files(book_of(*reversed(pages))))


def test_the_way_names_the_folders_and_their_index_notes() -> None:
    lstm = page("概念/序列/LSTM.md")
    book = book_of(lstm, page("概念/index.md", url="gainian/"))
    assert trail(lstm, book) == (Step("概念", "gainian/"), Step("序列", ""))
    assert trail(page("a.md"), book) == ()
