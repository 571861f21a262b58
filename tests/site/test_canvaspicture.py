"""A canvas that is embedded: a picture of it, which leads to it."""

from __future__ import annotations

import json
import re
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbtools import app
from kbtools.site.binding import Wish, bind
from kbtools.site.canvas import render_canvas
from kbtools.site.canvaspicture import SMALLEST, draw_canvas
from kbtools.site.grounds import Grounds
from kbtools.site.letters import width_of
from kbtools.site.render import Rendered, render_page
from kbtools.site.scene import MAX_EMBEDS
from kbtools.site.verify import find_untrue


def node(id: str, type: str = "text", x: float = 0, y: float = 0, width: float = 300, height: float = 200, **more: Any) -> Any:
    return {"id": id, "type": type, "x": x, "y": y, "width": width, "height": height, "text": "", **more}


def write(*nodes: Any, edges: Any = ()) -> str:
    return json.dumps({"nodes": nodes, "edges": list(edges)}, ensure_ascii=False)


def draw(*nodes: Any, edges: Any = (), around: dict[str, str] | None = None, room: int = 700) -> str:
    book = bind(app.snapshot_of({"c.canvas": write(*nodes, edges=edges), **(around or {})}), Wish("x"))
    return draw_canvas(write(*nodes, edges=edges), book.pages["c.canvas"], book, room)


def lines(svg: str) -> list[str]:
    return re.findall(r"<tspan[^>]*>([^<]*)</tspan>", svg)


def note(text: str, canvas: str, **more: str) -> Rendered:
    vault = app.snapshot_of({"a.md": text, "图.canvas": canvas, **{name.replace("_", "."): said for name, said in more.items()}})
    book = bind(vault, Wish("x"))
    rendered = render_page(text, book.pages["a.md"], book)
    assert list(find_untrue(rendered.links, vault.edges_of("a.md"), {})) == []  # type: ignore[arg-type]
    return rendered


ONE = write(node("a", text="甲"))


def test_it_is_a_picture_that_leads_to_the_canvas() -> None:
    html = note("![[图.canvas]]", ONE).html
    assert '<div class="kb-canvas-picture"><a class="internal-link" href="../%E5%9B%BE.canvas/"><svg ' in html
    assert '<span class="kb-canvas-picture__name">图</span></a></div>' in html
    assert lines(html) == ["甲"]


def test_it_may_be_called_otherwise_and_have_a_width() -> None:
    html = note("![[图.canvas|总图|300]]", ONE).html
    assert '<div class="kb-canvas-picture" style="width:300px">' in html
    assert ">总图</span>" in html


@pytest.mark.parametrize("canvas", ["", "{}", "no JSON", '{"nodes": 1}'])
def test_nothing_to_draw_is_a_link(canvas: str) -> None:
    html = note("![[图.canvas]]", canvas).html
    assert '<a class="internal-link" href="../%E5%9B%BE.canvas/">图.canvas</a>' in html
    assert "<svg" not in html


def test_a_page_has_only_so_many() -> None:
    html = note("![[图.canvas]]\n\n" * (MAX_EMBEDS + 3), ONE).html
    assert html.count("<svg") == MAX_EMBEDS
    assert html.count(">图.canvas</a>") == 3


def test_cards_are_called_what_they_are() -> None:
    svg = draw(
        node("1", text="# 要点\n\n**粗** 见 [[b|乙]]"),
        node("2", "file", y=300, file="文/b.md"),
        node("3", "file", y=600, file="图.png"),
        node("4", "link", y=900, url="https://arxiv.org/abs/1"),
        node("5", "group", y=-100, height=1300, label="组"),
        around={"文/b.md": "", "图.png": ""},
    )
    assert lines(svg) == ["组", "要点 粗 见 乙", "b", "图.png", "arxiv.org"]


def test_boxes_lie_where_the_cards_do_groups_below_and_the_last_above() -> None:
    svg = draw(node("1", x=-5, y=9, width=40, height=30), node("g", "group"), node("2", x=2, y=0))
    found = re.findall(r'<rect class="(\w+)" x="(-?\d+)" y="(-?\d+)" width="(\d+)"', svg)
    assert found == [("group", "0", "0", "300"), ("card", "-5", "9", "40"), ("card", "2", "0", "300")]


def test_lines_have_their_arrows_colours_and_labels() -> None:
    edges = [{"id": "e", "fromNode": "1", "toNode": "2", "color": "2", "label": "因为 <所以> 这样那样又这样"}]
    svg = draw(node("1"), node("2", x=600), edges=edges)
    assert re.search(r'<g class="line" style="--kb-card:var\(--kb-canvas-2\)"><path d="M300 100[^"]*"/><polygon ', svg)
    assert re.search(r'<text class="label" x="445"[^>]*>因为 &lt;所以&gt; 这样…</text>', svg)


def test_letters_stay_legible_where_a_large_canvas_is_made_small() -> None:
    assert 'font-size="16"' in draw(node("1"))
    assert 'font-size="48"' in draw(node("1", width=2060))
    assert 'font-size="64"' in draw(node("1", width=90_000))
    assert 'font-size="32"' in draw(node("1", width=560), room=300)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("一二三四五六七八九十", ["一二三四五", "六七八九十"]),
        ("一二三四五，六七八九十", ["一二三四", "五，六七…"]),
        ("one two six", ["one two", "six"]),
        ("一 three", ["一 three"]),
        ("incomprehensibilities", ["incompre", "hensibi…"]),
        ("", []),
    ],
)
def test_a_text_is_wrapped_and_cut(text: str, shown: list[str]) -> None:
    size = SMALLEST
    assert lines(draw(node("1", text=text, width=5.1 * size + 1.2 * size, height=3.2 * size))) == shown


def test_what_has_no_room_is_not_written() -> None:
    assert lines(draw(node("1", text="甲", width=10), node("2", text="乙", height=8, y=300))) == []


@given(
    text=st.text(st.sampled_from("一二，Mi -_%\u0301\u200d😀"), max_size=60),
    width=st.integers(1, 400),
    height=st.integers(1, 200),
)
def test_no_line_is_wider_than_its_box(text: str, width: int, height: int) -> None:
    found = lines(draw(node("1", text=f"甲{text}", width=width, height=height)))
    for line in found:
        assert sum(map(width_of, line)) * SMALLEST <= max(width, 2 * SMALLEST)
    assert len(found) * SMALLEST <= height


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=20))
def test_nothing_on_a_canvas_leaves_its_box(text: str, name: str, label: str) -> None:
    edges = [{"id": "e", "fromNode": "1", "toNode": "2", "label": label, "color": name}]
    svg = draw(node("1", text=text, color=name), node("2", "group", label=name), node("3", "link", url=text), edges=edges)
    tags = {each.tag for each in ElementTree.fromstring(svg.translate(dict.fromkeys(range(32), " "))).iter()}
    assert tags <= {"svg", "g", "rect", "path", "polygon", "text", "tspan"}


def test_a_canvas_on_a_canvas_is_a_picture_and_one_on_itself_ends() -> None:
    vault = app.snapshot_of(
        {"c.canvas": write(node("1", "file", file="d.canvas"), node("2", "file", y=300, file="c.canvas")), "d.canvas": ONE}
    )
    book = bind(vault, Wish("x"))
    html = render_canvas(vault.text_of("c.canvas"), book.pages["c.canvas"], book).html  # type: ignore[arg-type]
    assert html.count("<svg ") == 2
    assert lines(html) == ["甲", "d", "c"]


def test_a_page_is_written_anew_when_a_canvas_on_it_changes() -> None:
    def grounds(canvas: str) -> str:
        vault = app.snapshot_of({"a.md": "![[图.canvas]]", "图.canvas": canvas})
        return Grounds(bind(vault, Wish("x")), vault.text_of, "").of("a.md")  # type: ignore[arg-type]

    assert grounds(ONE) == grounds(ONE) != grounds(write(node("a", text="乙")))
