"""The file of the whole graph and its page: the links of the book, nothing more and nothing less."""

from __future__ import annotations

import json
import math
import re

from kbtools.app import snapshot_of
from kbtools.graph import build_graph as build_vault_graph
from kbtools.site.binding import Wish, bind
from kbtools.site.book import Book, Meaning, Page
from kbtools.site.graphdata import MARKS, build_graph, iter_graph_files, render_graph_page

FILES = {
    "LSTM.md": "---\nkind: concept\ntags: [seq/rnn]\nprerequisites: ['[[甲]]']\n---\n"
    "[[甲]] [[甲#无]] [[还没写]] [[LSTM]] ![[p.png]]\n",
    "甲.md": "---\nkind: concept\n---\n[[LSTM]] [[还没写#x]] [x](https://x.org) %%[[乙]]%%\n",
    "乙.md": "---\nkind: map\n---\n[b](LSTM.md) [[别的]]\n",
    "独.md": "一个人\n",
    "p.png": b"",
}


def book_of(files: dict[str, str | bytes]) -> Book:
    return bind(snapshot_of(files), Wish("v"))


def data_of(book: Book) -> dict[str, list[object]]:
    ((name, script),) = iter_graph_files(book)
    assert name.startswith("assets/kb/")
    found = re.fullmatch(r"window\.__kb_graph=(?P<json>.*);\n", script.decode(), re.DOTALL)
    assert found
    return json.loads(found["json"])


def named_edges(book: Book) -> set[tuple[str, str]]:
    data = data_of(book)
    paths = [node[2] for node in data["nodes"]]
    return {(paths[one], paths[other]) for one, other in zip(data["edges"][::2], data["edges"][1::2], strict=True)}


def test_the_edges_are_those_of_the_vault() -> None:
    vault = build_vault_graph(snapshot_of(FILES))
    notes = {node for node, data in vault.nodes(data=True) if data["kind"] in ("note", "unresolved")}
    expected = {(one, other) for one, other in vault.edges if one != other and {one, other} <= notes}
    assert len(expected) >= 6
    assert named_edges(book_of(FILES)) == expected


def test_targets_that_do_not_exist_are_nodes_once_whatever_their_case() -> None:
    files = {"a.md": "[[Neu]]\n", "b.md": "[[neu]] [[NEU#x]]\n"}
    graph = build_graph(book_of(files))
    assert [(node.path, node.url, node.exists) for node in graph.nodes[2:]] == [("Neu", "", False)]
    assert graph.edges == ((0, 2), (1, 2))


def test_what_only_properties_ask_for_is_an_edge() -> None:
    pages = [Page("a.md", "a/", "a", prerequisites=("b.md",)), Page("b.md", "b/", "b")]
    assert build_graph(Book("v", {page.path: page for page in pages})).edges == ((0, 1),)


def test_links_to_attachments_other_sites_and_itself_are_no_edges() -> None:
    links = {"p.png": Meaning("p.png"), "": Meaning("a.md", "h"), "https://x.org": Meaning("", status="external")}
    graph = build_graph(Book("v", {"a.md": Page("a.md", "a/", "a", links=links)}))
    assert (len(graph.nodes), graph.edges) == (1, ())


def test_nodes_carry_what_filters_and_links_need() -> None:
    book = book_of(FILES)
    data = data_of(book)
    title, url, path, kind, tags, x, y = data["nodes"][0]
    assert (title, path, kind) == ("LSTM", "LSTM.md", 0)
    assert url == book.pages["LSTM.md"].url
    assert [data["tags"][tag] for tag in tags] == ["seq", "seq/rnn"]
    assert all(math.isfinite(value) for value in (x, y))
    assert [node[3] for node in data["nodes"] if not node[1]] == [-1, -1]


def test_two_runs_are_equal_byte_by_byte() -> None:
    turned = dict(reversed(FILES.items()))
    assert list(iter_graph_files(book_of(FILES))) == list(iter_graph_files(book_of(turned)))


def test_the_legend_names_the_kinds_and_how_many() -> None:
    html = render_graph_page(book_of(FILES))
    text = re.sub(r"<[^>]*>", " ", html)
    for said in (r"概念\s+2", r"地图\s+1", r"笔记\s+1", r"未建立的笔记\s+2", r"没有链接的笔记\s+1"):
        assert re.search(said, text), said


def test_many_kinds_share_the_last_mark() -> None:
    pages = {f"{number}.md": Page(f"{number}.md", f"{number}/", str(number), note_kind=f"k{number}") for number in range(30)}
    html = render_graph_page(Book("v", pages))
    assert html.count('name="kind"') == len(MARKS)
    assert re.search(rf"其他 <small>{30 - len(MARKS) + 1}<", html)


def test_kinds_are_escaped() -> None:
    assert "<img" not in render_graph_page(Book("v", {"a.md": Page("a.md", "a/", "a", note_kind="<img src=x>")}))


def test_an_empty_vault_has_a_graph_too() -> None:
    book = Book("v", {})
    assert data_of(book) == {"tags": [], "nodes": [], "edges": []}
    assert "0 篇笔记" in render_graph_page(book)
