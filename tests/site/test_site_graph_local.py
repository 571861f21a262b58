"""The graph beside a note: who is in it, that labels keep clear of each other, that it stays small."""

from __future__ import annotations

import re
from itertools import combinations
from urllib.parse import quote
from xml.etree import ElementTree

import pytest

from kbtools.site.book import Backlink, Book, Meaning, Page
from kbtools.site.localgraph import MOST_BYTES, WIDTH, find_neighbours, place_neighbours, render_local_graph, wrap_label

TITLES = (
    "LSTM",
    "循环神经网络",
    "注意力机制与查询、键、值的由来",
    "A Very Long English Title About Backpropagation",
    "🙂 笔记",
    "x",
)


def book_of(*pages: Page) -> Book:
    return Book("v", {page.path: page for page in pages})


def page(name: str, **more: object) -> Page:
    return Page(path=f"{name}.md", url=f"{quote(name)}/", title=name, **more)  # type: ignore[arg-type]


def linked(*names: str) -> dict[str, Meaning]:
    return {name: Meaning(f"{name}.md") for name in names}


def crowd(count: int) -> tuple[Page, Book]:
    names = [f"{TITLES[number % len(TITLES)]} {number}" for number in range(count)]
    middle = page("中", links=linked(*names))
    return middle, book_of(middle, *map(page, names))


def hrefs(html: str) -> list[str]:
    return re.findall(r'href="([^"]*)"', html)


def test_a_page_without_links_has_no_graph() -> None:
    alone = page("a", links={"a": Meaning("a.md"), "zz": Meaning("", status="missing-file"), "p": Meaning("p.png")})
    assert render_local_graph(alone, book_of(alone)) == ""


def test_neighbours_are_told_apart_by_what_ties_them() -> None:
    middle = page(
        "m",
        links=linked("out", "both", "before"),
        backlinks=(Backlink("in.md", "", "m", ""), Backlink("both.md", "", "m", ""), Backlink("after.md", "", "m", "")),
        prerequisites=("before.md",),
        unlocks=("after.md",),
    )
    book = book_of(middle, *map(page, ("in", "out", "both", "before", "after")))
    ties = {path: path.removesuffix(".md") for path in ("before.md", "in.md", "both.md", "out.md", "after.md")}
    assert list(find_neighbours(middle, book).items()) == list(ties.items())
    html = render_local_graph(middle, book)
    assert re.findall(r'<a href="[^"]*" class="kb-(\w+)"', html) == list(ties.values())
    assert len(set(re.findall(r'aria-hidden="true">(.)</i>', html))) == 5


def test_a_link_to_a_missing_heading_still_ties() -> None:
    middle = page("m", links={"a#x": Meaning("a.md", status="missing-anchor")})
    assert find_neighbours(middle, book_of(middle, page("a"))) == {"a.md": "out"}


def test_links_are_written_from_the_page() -> None:
    middle = Page(path="d/m.md", url="d/m/", title="m", links=linked("甲 乙"))
    assert hrefs(render_local_graph(middle, book_of(middle, page("甲 乙")))) == ["../../%E7%94%B2%20%E4%B9%99/"]


def test_titles_are_escaped() -> None:
    middle = page("m", links=linked('<b> & "c"'))
    svg = re.search(r"<svg.*</svg>", render_local_graph(middle, book_of(middle, page('<b> & "c"'))))
    assert svg
    assert '<b> & "c"' in "".join(ElementTree.fromstring(svg.group()).itertext())


@pytest.mark.parametrize("count", [*range(1, 12), 23, 24])
def test_labels_keep_clear_of_each_other_and_of_the_edge(count: int) -> None:
    titles = [TITLES[(count + number) % len(TITLES)] for number in range(count)]
    placed = place_neighbours([(str(number), "out", title) for number, title in enumerate(titles)])
    assert [node.path for node in placed] == [str(number) for number in range(count)]
    for one, other in combinations(placed, 2):
        apart = (
            one.box[2] <= other.box[0] or other.box[2] <= one.box[0] or one.box[3] <= other.box[1] or other.box[3] <= one.box[1]
        )
        assert apart, (one, other)
    assert all(node.box[0] >= -WIDTH / 2 and node.box[2] <= WIDTH / 2 for node in placed)


@pytest.mark.parametrize("count", [5, 12, 24])
def test_no_line_crosses_a_label(count: int) -> None:
    placed = place_neighbours([(str(number), "out", TITLES[number % len(TITLES)]) for number in range(count)])
    for line in placed:
        for node in placed:
            left, top, right, bottom = node.box
            for part in range(1, 100):
                x, y = line.x * part / 100, line.y * part / 100
                assert node is line or not (left < x < right and top < y < bottom), (line.path, node.path)


def test_many_neighbours_are_cut_at_twenty_four_and_said() -> None:
    middle, book = crowd(30)
    html = render_local_graph(middle, book)
    assert len(hrefs(html)) <= 24
    assert f"还有 {30 - len(hrefs(html))} 篇" in html


def test_what_is_to_be_read_is_never_cut() -> None:
    middle, book = crowd(40)
    first = page("zzz")
    middle = Page(path="m.md", url="m/", title="m", links=middle.links, prerequisites=("zzz.md",))
    assert "../zzz/" in hrefs(render_local_graph(middle, Book("v", {**book.pages, "zzz.md": first, "m.md": middle})))


@pytest.mark.parametrize("length", [1, 30, 120])
def test_it_stays_small(length: int) -> None:
    names = [f"{'深' * length}{number}" for number in range(60)]
    middle = page("中", links=linked(*names))
    html = render_local_graph(middle, book_of(middle, *map(page, names)))
    assert len(html.encode()) <= MOST_BYTES
    assert hrefs(html)


def test_the_same_page_gives_the_same_graph() -> None:
    middle, book = crowd(20)
    turned = Page(path=middle.path, url=middle.url, title=middle.title, links=dict(reversed(middle.links.items())))
    assert render_local_graph(middle, book) == render_local_graph(turned, book)


@pytest.mark.parametrize(
    ("title", "lines"),
    [
        ("短", ("短",)),
        ("序列与大模型地图", ("序列与大", "模型地图")),
        ("Gradient descent", ("Gradient", "descent")),
        ("Backpropagation-Through-Time", ("Backpropa", "gation-…")),
        ("注意力机制与查询键值的由来", ("注意力机制", "与查询键…")),
        ("", ("—",)),
    ],
)
def test_labels_are_broken_where_one_may(title: str, lines: tuple[str, ...]) -> None:
    assert wrap_label(title, 62) == lines
