"""What a page depends on: whatever changes its HTML changes its digest, and little else does."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from kbtools import app
from kbtools.site.around import render_around
from kbtools.site.binding import Wish, bind
from kbtools.site.book import Book
from kbtools.site.canvas import render_canvas
from kbtools.site.grounds import Grounds, renderer_key
from kbtools.site.render import render_page

CANVAS = '{"nodes":[{"id":"c","type":"file","file":"b.md","x":0,"y":0,"width":300,"height":300}],"edges":[]}'
FILES = {
    "a.md": "见[[b]]、[[b#节|节]]、![[c#^块]]、[[没有]]。#标签 <img src='图.png'>\n",
    "b.md": "## 节\n\n正文[[a]]。\n",
    "c.md": "一段嵌入[[d]]的话。 ^块\n\n![[e]]\n",
    "d.md": "与 a 无关的话，[[f]]。\n",
    "e.md": "再嵌一层。\n",
    "f.md": "---\nprerequisites: ['[[a]]']\nminutes: 5\n---\n后面的。\n",
    "图.png": "x",
    "板.canvas": CANVAS,
}
CHANGES: dict[str, tuple[Mapping[str, str | None], str]] = {
    "its text": ({"a.md": FILES["a.md"] + "多一句。\n"}, "a"),
    "where a link leads": ({"b.md": "---\npermalink: 别处\n---\n" + FILES["b.md"]}, "abdc板"),
    "a heading that is linked": ({"b.md": FILES["b.md"].replace("## 节", "## 段")}, "ab板"),
    "what is embedded": ({"c.md": FILES["c.md"].replace("一段", "两段")}, "acd"),
    "what is embedded in what is embedded": ({"e.md": "又一层。\n"}, "ace"),
    "what was not there": ({"没有.md": "有了。\n"}, "a板"),
    "a file that HTML names": ({"图.png": None}, "a板"),
    "who asks for it first": ({"f.md": FILES["f.md"].replace("[[a]]", "[[b]]")}, "abfd"),
    "a card of a canvas": ({"b.md": FILES["b.md"] + "卡片上也有。\n"}, "b板"),
}


def digests(files: Mapping[str, str]) -> dict[str, str]:
    book, texts = open_book(files)
    grounds = Grounds(book, texts.__getitem__, "renderer")
    return {path: grounds.of(path) for path in book.pages}


def pages(files: Mapping[str, str]) -> dict[str, str]:
    book, texts = open_book(files)
    found = {}
    for path, page in book.pages.items():
        render = render_canvas if page.kind == "canvas" else render_page
        found[path] = render(texts[path], page, book).html + render_around(page, book)
    return found


def open_book(files: Mapping[str, str]) -> tuple[Book, dict[str, str]]:
    snapshot = app.snapshot_of(dict(files))
    return bind(snapshot, Wish("v")), {path: snapshot.text_of(path) for path in snapshot.paths}


def test_the_same_vault_has_the_same_digests() -> None:
    assert digests(FILES) == digests(dict(reversed(FILES.items())))


@pytest.mark.parametrize("name", CHANGES)
def test_a_page_that_looks_otherwise_has_another_digest(name: str) -> None:
    change, _ = CHANGES[name]
    files = {path: text for path, text in {**FILES, **change}.items() if text is not None}
    before, after = pages(FILES), pages(files)
    changed = {path for path in before.keys() & after.keys() if before[path] != after[path]}
    old, new = digests(FILES), digests(files)
    assert changed, "a change that changes nothing tests nothing"
    assert changed <= {path for path in changed if old[path] != new[path]}


@pytest.mark.parametrize("name", CHANGES)
def test_few_other_pages_have(name: str) -> None:
    change, touched = CHANGES[name]
    files = {path: text for path, text in {**FILES, **change}.items() if text is not None}
    old, new = digests(FILES), digests(files)
    assert {path for path in old.keys() & new.keys() if old[path] != new[path]} <= {
        path for path in old if path.partition(".")[0] in touched
    }


def test_another_renderer_gives_other_digests() -> None:
    book, texts = open_book(FILES)
    one, other = (Grounds(book, texts.__getitem__, key) for key in ("one", "other"))
    assert all(one.of(path) != other.of(path) for path in book.pages)


def test_the_renderer_is_known_by_its_code_and_what_it_is_told() -> None:
    assert renderer_key("a") == renderer_key("a") != renderer_key("b")


def test_notes_that_embed_each_other_have_digests() -> None:
    files = {"a.md": "![[b]]", "b.md": "![[a]]"}
    changed = {**files, "b.md": "![[a]] 。"}
    assert digests(files)["a.md"] != digests(changed)["a.md"]
