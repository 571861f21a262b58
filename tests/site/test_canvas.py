"""A canvas as a page: cards where they lie, lines between them, links that the graph knows, and nothing that runs."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbtools import app
from kbtools.site import embeds
from kbtools.site.binding import Wish, bind
from kbtools.site.book import Meaning
from kbtools.site.canvas import MARGIN, render_canvas
from kbtools.site.canvasfile import FARTHEST, HEIGHT, WIDTH, Box, parse_canvas
from kbtools.site.canvaslines import find_lines
from kbtools.site.render import Rendered
from kbtools.site.sections import find_places
from kbtools.site.verify import find_untrue

AROUND = {"b.md": "# b\n\n开头。\n\n## 节\n\n节里。\n\n## 末\n\n尾。", "图.png": "", "另.canvas": "{}", "n.ipynb": "{}"}


def node(id: str, type: str, x: float = 0, y: float = 0, width: float = 300, height: float = 200, **more: Any) -> dict[str, Any]:
    return {"id": id, "type": type, "x": x, "y": y, "width": width, "height": height, **more}


def write(*nodes: dict[str, Any], edges: list[dict[str, Any]] | None = None) -> str:
    return json.dumps({"nodes": nodes, "edges": edges or []}, ensure_ascii=False)


def render(text: str, around: dict[str, str] | None = None) -> Rendered:
    book = bind(app.snapshot_of({**AROUND, **(around or {}), "c.canvas": text}), Wish("x"))
    return render_canvas(text, book.pages["c.canvas"], book)


def card(*nodes: dict[str, Any], around: dict[str, str] | None = None) -> str:
    return render(write(*nodes), around).html


# ------------------------------------------------------------------------------------------------ cards


def test_cards_lie_where_they_were_put_from_where_content_begins() -> None:
    html = card(node("a", "text", -100, 50, 200, 80, text="甲"), node("b", "text", 300, 400, 100, 60, text="乙"))
    assert re.findall(r"left:(\d+)px;top:(\d+)px;width:(\d+)px;height:(\d+)px", html) == [
        (str(MARGIN), str(MARGIN), "200", "80"),
        (str(MARGIN + 400), str(MARGIN + 350), "100", "60"),
    ]
    assert f'class="kb-canvas__plane" style="width:{500 + 2 * MARGIN}px;height:{410 + 2 * MARGIN}px"' in html


def test_the_box_can_be_scrolled_by_the_keyboard_and_has_a_name() -> None:
    assert 'class="kb-canvas__stage" tabindex="0" role="region" aria-label="画布 c，可滚动"' in card(node("a", "text", text="甲"))


def test_cards_come_in_reading_order_and_keep_what_lies_above_what() -> None:
    html = card(node("1", "text", 9, 90, text="丙"), node("2", "text", 50, 0, text="乙"), node("3", "text", 0, 0, text="甲"))
    assert re.findall(r"z-index:(\d)", html) == ["3", "2", "1"]
    assert re.findall(r"<p>(.)</p>", html) == ["甲", "乙", "丙"]


def test_a_text_card_is_a_note_of_its_own() -> None:
    html = card(node("a", "text", text="# c\n\n**粗** $x$ ==亮== #标签\n\n- [x] 做\n\n```python\nx = 1\n```"))
    for part in ("<h2", "c</h2>", "<strong>粗</strong>", "<math", "<mark>亮</mark>", "task-list-item", 'class="language-python'):
        assert part in html


def test_ids_of_cards_do_not_meet() -> None:
    text = "# 甲\n\n一[^1] ^q\n\n[^1]: 脚"
    html = card(node("a", "text", text=text), node("b", "text", 0, 500, text=text))
    ids = re.findall(r'\sid="([^"]*)"', html)
    assert len(ids) == len(set(ids)) == 6
    assert {f"#{name}" for name in ids if name.startswith("fn")} == set(re.findall(r'href="(#fn[^"]*)"', html))


def test_a_file_card_shows_the_beginning_of_its_note_under_its_title() -> None:
    html = card(node("a", "file", file="b.md"))
    assert '<p class="kb-canvas__title"><a class="internal-link" href="../b/">b</a></p>' in html
    assert "开头。" in html and "尾。" in html and "……" not in html
    short = card(node("a", "file", width=20, height=20, file="b.md"))
    assert "开头。" in short and "尾。" not in short and "……" in short


def test_a_file_card_of_a_place_shows_that_place() -> None:
    html = card(node("a", "file", file="b.md", subpath="#节"))
    assert 'href="../b/#%E8%8A%82">b &gt; 节</a>' in html
    assert "节里。" in html and "开头。" not in html and "尾。" not in html


def test_a_place_that_is_not_there_is_said_to_be_missing() -> None:
    html = card(node("a", "file", file="b.md", subpath="#无"))
    assert 'href="../b/">b</a>' in html and "这篇笔记里没有这一处" in html and "开头" not in html


@pytest.mark.parametrize(
    ("file", "shown"),
    [
        ("图.png", '<img src="../%E5%9B%BE.png" alt="图"'),
        ("另.canvas", '<a class="internal-link" href="../%E5%8F%A6.canvas/">另.canvas</a>'),
        ("n.ipynb", '<a class="internal-link" href="../n/">n.ipynb</a>'),
        ("没有.md", f'<span class="kb-unresolved" title="{embeds.NO_NOTE}">没有.md</span>'),
        ("没有.png", f'<span class="kb-unresolved" title="{embeds.NO_FILE}">没有.png</span>'),
    ],
)
def test_other_files_are_shown_as_what_they_are(file: str, shown: str) -> None:
    assert shown in card(node("a", "file", file=file))


def test_a_page_of_the_web_is_a_link_and_nothing_is_fetched() -> None:
    html = card(node("a", "link", url="https://x.org/a?b&c"))
    assert '<a class="external" href="https://x.org/a?b&amp;c" rel="noopener">x.org</a>' in html
    assert "iframe" not in html and "src=" not in html


def test_a_group_has_its_label_colour_and_background() -> None:
    html = card(node("g", "group", label="一 <组>", color="4", background="图.png", backgroundStyle="ratio"))
    assert '<span class="kb-canvas__name">一 &lt;组&gt;</span>' in html
    assert "--kb-card:var(--kb-canvas-4)" in html
    assert "background-image:url(&quot;../%E5%9B%BE.png&quot;)" in html and 'data-background="ratio"' in html
    assert "background-image" not in card(node("g", "group", background="没有.png"))


@pytest.mark.parametrize(("colour", "style"), [("1", "var(--kb-canvas-1)"), ("#Ab12cD", "#Ab12cD"), ("#abc", "#abc")])
def test_a_card_has_its_colour(colour: str, style: str) -> None:
    assert f"--kb-card:{style}" in card(node("a", "text", text="甲", color=colour))


@pytest.mark.parametrize("colour", ["7", "0", "red", "#12", "#xyzxyz", "#fff;position:fixed", 'red"onload="x', 3, None, ["1"]])
def test_what_is_no_colour_is_none(colour: object) -> None:
    assert "--kb-card" not in card(node("a", "text", text="甲", color=colour))


# ------------------------------------------------------------------------------------------------ lines


def lines(*edges: dict[str, Any]) -> str:
    nodes = [node("a", "text", 0, 0, 100, 100, text="# 甲\n\n文"), node("b", "file", 400, 0, 100, 100, file="b.md")]
    return render(write(*nodes, edges=[{"id": "e", "fromNode": "a", "toNode": "b", **edge} for edge in edges])).html


def test_a_line_goes_from_side_to_side_and_ends_in_an_arrow() -> None:
    html = lines({"fromSide": "right", "toSide": "left", "color": "2", "label": "因 <为>"})
    assert 'd="M100 50C250 50 240 50 390 50"' in html
    assert (html.count("<polygon") == 1 and 'points="400,50 389,45 389,55"' in html) or 'points="400,50 389,55 389,45"' in html
    assert "--kb-card:var(--kb-canvas-2)" in html
    assert f'style="left:{245 + MARGIN}px;top:{50 + MARGIN}px">因 &lt;为&gt;</span>' in html


@pytest.mark.parametrize(
    ("ends", "arrows", "sign"),
    [({}, 1, "→"), ({"fromEnd": "arrow"}, 2, "↔"), ({"toEnd": "none"}, 0, "—"), ({"fromEnd": "arrow", "toEnd": "none"}, 1, "←")],
)
def test_arrows_stand_at_the_ends_that_have_one(ends: dict[str, Any], arrows: int, sign: str) -> None:
    html = lines(ends)
    assert html.count("<polygon") == arrows
    assert f"<li>甲 {sign} b</li>" in html


def test_lines_are_told_in_words_too() -> None:
    assert "<li>甲 → b（因）</li>" in lines({"label": "因"})
    assert "<details" not in card(node("a", "text", text="甲"))


def test_sides_that_are_not_given_are_those_that_face_each_other() -> None:
    text = write(
        node("a", "text", 0, 0, 100, 100, text=""),
        node("b", "text", 20, 400, 100, 100, text=""),
        edges=[{"id": "e", "fromNode": "a", "toNode": "b"}, {"id": "f", "fromNode": "b", "toNode": "a"}],
    )
    down, up = find_lines(parse_canvas(text))
    assert down.path.startswith("M50 100C") and down.path.endswith(" 70 390")
    assert up.path.startswith("M70 400C") and up.path.endswith(" 50 110")


def test_a_line_to_nothing_is_not_drawn() -> None:
    assert "<svg" not in lines({"toNode": "c"}, {"fromNode": ["a"]}, {"toNode": None})


# ------------------------------------------------------------------------------------------------ links


def untrue(text: str) -> list[Any]:
    snapshot = app.snapshot_of({**AROUND, "c.canvas": text})
    book = bind(snapshot, Wish("x"))
    shown = render_canvas(text, book.pages["c.canvas"], book).links
    return list(
        find_untrue(shown, snapshot.edges_of("c.canvas"), {path: find_places(snapshot.notes[path]) for path in snapshot.notes})
    )


def test_links_of_a_canvas_are_the_graphs_edges() -> None:
    text = write(
        node("a", "text", text="[[b]] [[b#节|节]] [x](b.md) ![[图.png]] [[无]] %%[[b]]%% `[[b]]` [[#内]]\n\n![[b]]"),
        node("f", "file", file="b.md", subpath="#末"),
        node("g", "file", file="没有.md"),
        node("h", "file", file="图.png"),
        node("i", "group", label="[[b]]"),
        node("j", "link", url="b.md"),
        node("k", "odd", file="b.md", text="[[b]]"),
    )
    assert untrue(text) == []
    links = render(text).links
    assert links.count(Meaning("b.md")) == 3
    assert Meaning("b.md", "节") in links and Meaning("b.md", "末") in links
    assert links.count(Meaning("", "", "missing-file")) == 2


def test_a_card_names_its_file_by_the_whole_path_as_a_link_does_not() -> None:
    text = write(node("a", "text", text="[[b]] [[深/x.md]]"), node("f", "file", file="b"), node("g", "file", file="x.md"))
    assert untrue(text) == []
    assert sorted(meaning.status for meaning in render(text).links) == ["missing-file"] * 3 + ["ok"]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.floats()
    | st.integers()
    | st.sampled_from(["a", "b.md", "text", "file", "group", "[[b]]", "\ud800"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["nodes", "edges", "id", "type", "x", "y", "width", "file", "text", "subpath", "fromNode", "toNode", "label"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)
KEYS = ("id", "x", "y", "width", "height", "text", "file", "subpath", "url", "label", "color", "background")
NODE = st.fixed_dictionaries(
    {"type": st.sampled_from(["text", "file", "link", "group", 1])},
    optional=dict.fromkeys(KEYS, JSON),
)


@given(st.lists(NODE, max_size=4) | JSON, st.lists(JSON, max_size=3) | JSON)
def test_every_json_gives_a_page_whose_links_are_true(nodes: object, edges: object) -> None:
    text = json.dumps({"nodes": nodes, "edges": edges})
    assert untrue(text) == []
    render(text).html.encode()


@given(st.text(max_size=40))
def test_every_text_gives_a_page(text: str) -> None:
    assert render(text).html


# ------------------------------------------------------------------------------------------------ broken and hostile


@pytest.mark.parametrize("text", ['{"nodes": [', "[", "[" * 100_000, "nodes", "[]", "1", "null"])
def test_what_is_no_canvas_is_said_to_be_none(text: str) -> None:
    found = render(text)
    assert '<p class="kb-canvas-broken">这个画布读不出来：' in found.html
    assert found.links == ()


@pytest.mark.parametrize(
    "text", ["", " \n", "{}", '{"nodes": []}', '{"nodes": null, "edges": 3}', '{"nodes": [1, {"type": "odd"}]}']
)
def test_a_canvas_with_nothing_on_it_says_so(text: str) -> None:
    assert render(text).html == "<p>这个画布上还没有东西。</p>\n"


def test_nothing_on_a_canvas_runs_or_leaves_its_card() -> None:
    evil = (
        "<script>alert(1)</script><img src=x onerror=alert(2)></div></div><style>*{display:none}</style>\"'><svg onload=alert(3)>"
    )
    nodes = [
        node("a", "text", text=evil),
        node("b", "link", url="javascript:alert(4)"),
        node("c", "link", url=evil),
        node("d", "group", label=evil, background=evil),
        node("e", "file", file=evil, subpath=evil),
        node(evil, "text", color=evil, text="[x](javascript:alert(5))"),
    ]
    html = render(write(*nodes, edges=[{"fromNode": "a", "toNode": "b", "label": evil, "color": evil}])).html
    found = _Tags()
    found.feed(html)
    assert "script" not in found.names
    assert not [name for name, _ in found.attributes if name.startswith("on")]
    assert not [value for name, value in found.attributes if name in {"href", "src"} and value.startswith("javascript:")]
    assert found.depth == 0 and html.count("<div") == html.count("</div>")


class _Tags(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        self.depth += tag == "div"

    def handle_endtag(self, tag: str) -> None:
        self.depth -= tag == "div"
        assert self.depth >= 0


def test_an_address_without_a_scheme_is_no_link() -> None:
    assert "href" not in card(node("a", "link", url="b.md")) and "b.md" in card(node("a", "link", url="b.md"))


def test_sizes_and_places_are_numbers_that_a_browser_can_draw() -> None:
    text = '{"nodes": [{"id": "a", "type": "text", "text": "", "x": 1e999, "y": "9", "width": -5, "height": 1e300}]}'
    (found,) = parse_canvas(text).nodes
    assert found.box == Box(0, 0, 1, FARTHEST)
    assert parse_canvas('{"nodes": [{"type": "group"}]}').nodes[0].box == Box(0, 0, WIDTH, HEIGHT)


def test_half_a_character_is_written_as_a_mark() -> None:
    html = card(node("a", "text", text="\ud83d [[\udc00]]"), node("b", "file", file="\ud800.md"))
    assert html.count("\ufffd") >= 3
    html.encode()
