"""Whether a site's links are true: what is read of a page, what leads nowhere, what differs from the graph."""

from __future__ import annotations

import time
from urllib.parse import unquote

import pytest

from kbtools import app
from kbtools.model import Edge
from kbtools.site.binding import Wish, bind
from kbtools.site.book import Meaning
from kbtools.site.render import render_page
from kbtools.site.sections import Places, find_places
from kbtools.site.verify import Ledger, Untrue, find_untrue, read_page


@pytest.mark.parametrize(
    ("html", "url", "links"),
    [
        ('<a href="../b/#c">', "深/a/", ("深/b/#c",)),
        ('<a href="#c">', "a/", ("a/#c",)),
        ('<a href="./">', "a/", ("a/",)),
        ('<a href="..">', "a/", ("",)),
        ('<img src="../图.png">', "a/", ("图.png",)),
        ("<a href='b.html'>", "a.html", ("b.html",)),
        ('<a href="../a%20b/?x=1&amp;y">', "c/", ("a b/?x=1&y",)),
        ('<a href="https://x.org"><a href="mailto:a@b"><a href="//x.org"><a href="">', "a/", ()),
        ('<!-- <a href="x"> --><script>"<a href=\'x\'>"</script><pre><a href="z"></pre><a href="y">', "", ("z", "y")),
        ('<!-- open <a href="y">', "", ("y",)),
        ('<a data-href="x" class="y" href="z">', "", ("z",)),
    ],
)
def test_the_links_of_a_page_count_from_the_root(html: str, url: str, links: tuple[str, ...]) -> None:
    assert tuple(unquote(link) for link in read_page(html, url).links) == links


def test_the_ids_of_a_page_are_read_as_a_browser_does() -> None:
    assert read_page('<h2 id="a&amp;b"><a name="c"></a><p id=\'^q\'>', "a/").ids == {"a&b", "c", "^q"}


def test_a_page_of_open_comments_takes_time_in_proportion() -> None:
    html = "<!-- <script <pre " * 20_000
    begun = time.process_time()
    read_page(html, "a/")
    assert time.process_time() - begun < 2


def dead(pages: dict[str, str], *files: str) -> list[tuple[str, str]]:
    ledger = Ledger()
    for url, html in pages.items():
        ledger.add(url, read_page(html, url))
    return ledger.find_dead(files)


def test_a_link_leads_to_a_page_a_place_or_a_file() -> None:
    pages = {
        "": '<a href="a/"><a href="./"><a href="index.html"><a href="%E5%9B%BE.png"><a href="a/?q#x"><a href="#__search">',
        "a/": '<h2 id="甲"></h2><i id="x"></i><a href="#%E7%94%B2"><a href="../old/"><a href="../old/index.html">',
    }
    assert dead(pages, "图.png", "index.html", "a/index.html", "old/index.html") == []


def test_a_link_that_leads_nowhere_is_told_with_its_page() -> None:
    pages = {"": '<a href="b/"><a href="a/#no"><a href="图.png">', "a/": '<h2 id="甲"></h2><a href="#乙"><a href="../A/">'}
    assert [(url, unquote(link)) for url, link in dead(pages)] == [
        ("", "a/#no"),
        ("", "b/"),
        ("", "图.png"),
        ("a/", "A/"),
        ("a/", "a/#乙"),
    ]


def test_without_folders_pages_are_files() -> None:
    assert dead({"a.html": '<a href="b.html#x"><a href="index.html">', "b.html": '<i id="x">', "index.html": ""}) == []
    assert dead({"a.html": '<a href="b/">', "b.html": ""}, "b.html") == [("a.html", "b/")]


# ------------------------------------------------------------------------------------------------ against the graph


def judged(text: str) -> tuple[tuple[Meaning, ...], list[Edge], dict[str, Places]]:
    """What a note's page links to, and what the graph knows of it."""
    snapshot = app.snapshot_of({"a.md": text, "b.md": "## 节\n\n文 ^q", "图.png": ""})
    book = bind(snapshot, Wish("x"))
    shown = render_page(text, book.pages["a.md"], book).links
    return shown, list(snapshot.edges_of("a.md")), {path: find_places(snapshot.notes[path]) for path in snapshot.notes}


TEXT = '---\nup: "[[b]]"\n---\n[[b]] [[b#节]] [[b]] ![[b#^q]] [[无]] [[b#无]] %%[[b]]%% [x](b.md) [y](https://x.org) ![[图.png]]'


def test_a_page_shows_each_edge_as_often_as_the_graph_has_it() -> None:
    shown, edges, places = judged(TEXT)
    assert len(shown) == 8
    assert list(find_untrue(shown, edges, places)) == []


def test_a_link_too_few_or_too_many_is_untrue() -> None:
    shown, edges, places = judged(TEXT)
    assert list(find_untrue(shown[1:], edges, places)) == [Untrue(Meaning("b.md"), 2, 3)]
    lie = Meaning("图.png", "x")
    assert list(find_untrue((*shown, lie), edges, places)) == [Untrue(lie, 1, 0)]


def test_a_link_to_another_place_is_untrue_twice() -> None:
    shown, edges, places = judged("[[b#节]]")
    assert list(find_untrue((Meaning("b.md"),), edges, places)) == [
        Untrue(Meaning("b.md"), 1, 0),
        Untrue(Meaning("b.md", "节"), 0, 1),
    ]
    assert shown == (Meaning("b.md", "节"),)
