"""The graphs in a browser, read from files: mouse, finger and keyboard, both schemes, and what axe says."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page as Tab
from playwright.sync_api import expect

from kbtools.app import snapshot_of
from kbtools.site.binding import Wish, bind
from kbtools.site.graphdata import iter_graph_files, render_graph_page
from kbtools.site.localgraph import render_local_graph

OpenTab = Callable[..., Tab]

ASSETS = Path(__file__).parents[2] / "kbtools/site/assets"
NAMES = ("循环神经网络", "注意力机制", "多头注意力", "损失函数", "激活函数", "反向传播", "前向传播", "神经网络")
FILES = {
    f"{name}.md": f"---\nkind: concept\ntags: [nn]\n---\n[[LSTM]] [[{NAMES[number - 1]}]]\n" for number, name in enumerate(NAMES)
}
FILES |= {
    "LSTM.md": "---\nkind: concept\ntags: [seq/rnn]\nprerequisites: ['[[循环神经网络]]']\n---\n[[地图]] [[注意力机制]]\n",
    "地图.md": "---\nkind: map\n---\n[[LSTM]] [[还没写的]]\n",
    "一个人.md": "没有链接\n",
}
PAGE = """<!doctype html><html lang="zh"><head><meta charset="utf-8"><title>t</title>
<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">
<link rel="stylesheet" href="{base}/kb.css"><link rel="stylesheet" href="{base}/graph.css"></head>
<body data-md-color-scheme="default" data-md-color-primary="indigo"><main class="md-typeset"><h1>t</h1>{body}</main>
<script id="__config" type="application/json">{{"base": "{base}"}}</script>
<script src="{base}/graph.js"></script></body></html>"""

SHADED = """canvas => {
  const { data, width, height } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let [left, right, top, bottom, sum] = [width, 0, height, 0, 0];
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) if (data[4 * (y * width + x) + 3]) {
    left = Math.min(left, x); right = Math.max(right, x); top = Math.min(top, y); bottom = Math.max(bottom, y);
    sum = (sum * 31 + data[4 * (y * width + x)] * 7 + data[4 * (y * width + x) + 2]) % 1000000007;
  }
  return { left, right, top, bottom, wide: right - left, sum };
}"""
MIDDLE = """canvas => [...canvas.getContext("2d").getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data].slice(0, 3)"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a page for each note and the page of the graph, a level down."""
    root = tmp_path_factory.mktemp("site")
    book = bind(snapshot_of(FILES), Wish("v", folders=False))
    for asset in (*ASSETS.glob("graph*"), ASSETS / "kb.css"):
        (root / asset.name).write_bytes(asset.read_bytes())
    for name, data in iter_graph_files(book):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    for page in book.pages.values():
        file = root / unquote(page.url)
        file.write_text(PAGE.format(base=".", body=f'<aside style="width:220px">{render_local_graph(page, book)}</aside>'))
    (root / "own").mkdir()
    (root / "own/graph.html").write_text(PAGE.format(base="..", body=render_graph_page(book)))
    return root


@pytest.fixture
def graph(site: Path, open_tab: OpenTab) -> Tab:
    tab = open_tab((site / "own/graph.html").as_uri(), reduced_motion="reduce")
    ready(tab)
    return tab


def ready(tab: Tab) -> None:
    tab.wait_for_selector("[data-kb-graph=ready]")
    settle(tab)


def settle(tab: Tab) -> None:
    tab.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def shaded(tab: Tab) -> dict[str, int]:
    settle(tab)
    return tab.eval_on_selector("canvas", SHADED)


def said(tab: Tab) -> str:
    return tab.inner_text(".kb-graph__status")


def middle(tab: Tab) -> tuple[float, float]:
    box = tab.locator("canvas").bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def bring(tab: Tab, title: str) -> None:
    """Search for a note, so that it stands in the middle of the canvas, and forget the search."""
    tab.fill(".kb-graph__query", title)
    expect(tab.locator(".kb-graph__status")).to_have_text("找到 1 篇")
    settle(tab)


def place_of(tab: Tab, title: str) -> list[int]:
    return tab.evaluate("title => window.__kb_graph.nodes.find(node => node[0] === title).slice(5)", title)


def titles(tab: Tab) -> list[str]:
    if not tab.locator(".kb-graph__list").evaluate("list => list.open"):
        tab.click(".kb-graph__list summary")
    expect(tab.locator(".kb-graph__list li").first).to_be_visible()
    return [text.partition("（")[0] for text in tab.locator(".kb-graph__list li").all_inner_texts()]


def test_the_whole_graph_is_in_view_at_first(graph: Tab) -> None:
    box = graph.locator("canvas").bounding_box()
    found = shaded(graph)
    assert box
    assert found["wide"] > 200
    assert 0 < found["left"] < found["right"] < box["width"]


def test_the_mouse_shows_the_neighbours_of_a_note_and_opens_it(graph: Tab) -> None:
    bring(graph, "注意力机制")
    before = shaded(graph)["sum"]
    graph.mouse.move(*middle(graph))
    expect(graph.locator(".kb-graph__status")).to_have_text("注意力机制：与 3 篇笔记相连")
    assert graph.eval_on_selector("canvas", "canvas => getComputedStyle(canvas).cursor") == "pointer"
    assert shaded(graph)["sum"] != before
    graph.mouse.click(*middle(graph))
    graph.wait_for_url(f"**/{quote('注意力机制')}.html")


def test_a_note_that_does_not_exist_says_so_and_opens_nothing(graph: Tab) -> None:
    bring(graph, "还没写的")
    graph.mouse.click(*middle(graph))
    assert said(graph) == "还没写的：还没有建立，与 1 篇笔记相连"
    assert graph.url.endswith("/own/graph.html")


def test_dragging_moves_the_graph_and_opens_nothing(graph: Tab) -> None:
    x, y = middle(graph)
    before = shaded(graph)
    graph.mouse.move(x, y)
    graph.mouse.down()
    graph.mouse.move(x + 20, y + 10)
    graph.mouse.move(x + 40, y + 20)
    graph.mouse.up()
    graph.mouse.move(0, 0)
    after = shaded(graph)
    assert abs(after["left"] - before["left"] - 40) <= 6
    assert graph.url.endswith("/own/graph.html")


def test_the_wheel_zooms_around_the_pointer_and_not_the_page(graph: Tab) -> None:
    bring(graph, "注意力机制")
    graph.mouse.move(*middle(graph))
    shades = shaded(graph)
    graph.mouse.wheel(0, 400)
    expect(graph.locator(".kb-graph__status")).to_have_text("注意力机制：与 3 篇笔记相连")
    graph.wait_for_function("wide => (" + SHADED + ")(document.querySelector('canvas')).wide < wide", arg=shades["wide"])
    graph.mouse.move(*middle(graph))
    assert said(graph) == "注意力机制：与 3 篇笔记相连"
    assert graph.evaluate("scrollY") == 0


@pytest.mark.parametrize(("button", "grows"), [("缩小", False), ("放大", True)])
def test_buttons_zoom(graph: Tab, button: str, grows: bool) -> None:
    graph.get_by_role("button", name="缩小").click()
    before = shaded(graph)["wide"]
    graph.get_by_role("button", name=button).click()
    assert (shaded(graph)["wide"] > before) == grows
    graph.get_by_role("button", name="显示全图").click()
    assert shaded(graph)["wide"] > before


def test_two_fingers_zoom(site: Path, open_tab: OpenTab) -> None:
    tab = open_tab((site / "own/graph.html").as_uri(), width=390, height=800, has_touch=True, reduced_motion="reduce")
    ready(tab)
    tab.get_by_role("button", name="缩小").tap()
    before = shaded(tab)["wide"]
    x, y = middle(tab)
    wire = tab.context.new_cdp_session(tab)
    for kind, apart in (("touchStart", 40), ("touchMove", 50), ("touchMove", 60), ("touchEnd", 0)):
        points = [{"x": x - apart, "y": y, "id": 0}, {"x": x + apart, "y": y, "id": 1}] if apart else []
        wire.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    assert shaded(tab)["wide"] > 1.2 * before


def test_a_finger_shows_a_note_first_and_opens_it_then(site: Path, open_tab: OpenTab) -> None:
    tab = open_tab((site / "own/graph.html").as_uri(), width=390, height=800, has_touch=True, reduced_motion="reduce")
    ready(tab)
    bring(tab, "LSTM")
    tab.touchscreen.tap(*middle(tab))
    expect(tab.locator(".kb-graph__status")).to_contain_text("LSTM：与")
    tab.touchscreen.tap(*middle(tab))
    tab.wait_for_url("**/LSTM.html")


@pytest.mark.parametrize(
    ("key", "axis", "sign"), [("ArrowRight", 0, 1), ("ArrowLeft", 0, -1), ("ArrowDown", 1, 1), ("ArrowUp", 1, -1)]
)
def test_arrows_walk_to_a_note_on_that_side(graph: Tab, key: str, axis: int, sign: int) -> None:
    graph.focus("canvas")
    graph.keyboard.press(key)
    name = said(graph).partition("：")[0]
    assert name == "LSTM", "the most linked note is where a walk begins"
    graph.keyboard.press(key)
    there = said(graph).partition("：")[0]
    moved = place_of(graph, there)[axis] - place_of(graph, name)[axis]
    assert moved * sign > 0


def test_the_keyboard_reaches_the_canvas_opens_and_resets(graph: Tab) -> None:
    graph.focus("[name=missing]")
    for _ in range(2):
        graph.keyboard.press("Tab")
    assert graph.evaluate("document.activeElement.tagName") == "CANVAS"
    assert graph.eval_on_selector("canvas", "canvas => getComputedStyle(canvas).outlineStyle") == "solid"
    first = shaded(graph)
    graph.keyboard.press("-")
    assert shaded(graph)["wide"] < first["wide"]
    graph.keyboard.press("+")
    graph.keyboard.press("ArrowUp")
    assert said(graph)
    graph.keyboard.press("Escape")
    assert said(graph) == ""
    assert shaded(graph) == first
    graph.keyboard.press("ArrowUp")
    graph.keyboard.press("Enter")
    graph.wait_for_url("**/LSTM.html")


def test_search_lights_what_it_finds_and_return_goes_there(graph: Tab) -> None:
    before = shaded(graph)["sum"]
    graph.fill(".kb-graph__query", "传播")
    assert said(graph) == "找到 2 篇"
    assert shaded(graph)["sum"] != before
    graph.fill(".kb-graph__query", "没有这篇")
    assert said(graph) == "没有找到"
    graph.fill(".kb-graph__query", "lstm")
    graph.keyboard.press("Enter")
    assert said(graph).startswith("LSTM：")
    graph.keyboard.press("Enter")
    graph.wait_for_url("**/LSTM.html")


def test_filters_by_kind_tag_and_existence(graph: Tab) -> None:
    everything = {*(path.removesuffix(".md") for path in FILES), "还没写的"}
    assert set(titles(graph)) == everything
    graph.get_by_label("未建立的笔记").uncheck()
    assert set(titles(graph)) == everything - {"还没写的"}
    graph.get_by_label("没有链接的笔记").uncheck()
    assert set(titles(graph)) == everything - {"还没写的", "一个人"}
    graph.get_by_label("概念").uncheck()
    assert titles(graph) == ["地图"]
    graph.get_by_label("概念").check()
    graph.get_by_label("标签").select_option("#seq")
    assert titles(graph) == ["LSTM"]


def test_a_hidden_note_is_not_under_the_pointer(graph: Tab) -> None:
    bring(graph, "LSTM")
    graph.get_by_label("概念").uncheck()
    graph.mouse.move(*middle(graph))
    settle(graph)
    assert not said(graph).startswith("LSTM")


def test_the_list_says_the_same_and_links(graph: Tab) -> None:
    titles(graph)
    graph.get_by_role("link", name="激活函数").click()
    graph.wait_for_url(f"**/{quote('激活函数')}.html")


def test_switching_to_dark_repaints(graph: Tab) -> None:
    bring(graph, "LSTM")
    light = graph.eval_on_selector("canvas", MIDDLE)
    graph.evaluate("document.body.dataset.mdColorScheme = 'slate'")
    settle(graph)
    dark = graph.eval_on_selector("canvas", MIDDLE)
    assert sum(dark) > sum(light) + 100


def test_it_is_sharp_where_pixels_are_small(site: Path, open_tab: OpenTab) -> None:
    tab = open_tab((site / "own/graph.html").as_uri(), device_scale_factor=2)
    ready(tab)
    assert tab.eval_on_selector("canvas", "canvas => canvas.width / canvas.clientWidth") == 2


@pytest.mark.parametrize(("motion", "moves"), [("reduce", False), ("no-preference", True)])
def test_the_view_glides_unless_one_asks_for_less_motion(site: Path, open_tab: OpenTab, motion: str, moves: bool) -> None:
    tab = open_tab((site / "own/graph.html").as_uri(), reduced_motion=motion)
    ready(tab)
    frames = tab.evaluate(
        """async () => {
          const [canvas, field] = [document.querySelector("canvas"), document.querySelector(".kb-graph__query")];
          field.value = "LSTM";
          field.dispatchEvent(new Event("input", { bubbles: true }));
          const seen = new Set();
          for (const begun = performance.now(); performance.now() < begun + 600;) {
            await new Promise(requestAnimationFrame);
            await new Promise(done => setTimeout(done));
            seen.add(canvas.toDataURL());
          }
          return seen.size;
        }"""
    )
    assert (frames > 2) == moves


@pytest.mark.parametrize("scheme", ["default", "slate"])
@pytest.mark.parametrize("name", ["own/graph.html", "LSTM.html"])
def test_axe_finds_nothing_serious(site: Path, open_tab: OpenTab, name: str, scheme: str) -> None:
    tab = open_tab((site / name).as_uri())
    tab.evaluate("scheme => document.body.dataset.mdColorScheme = scheme", scheme)
    if name.startswith("own"):
        ready(tab)
        titles(tab)
    # axe would load the style sheets once more, which no page may that was opened as a file
    results = Axe().run(tab, options={"preload": False}).response
    assert len(results["passes"]) > 10
    serious = [found for found in results["violations"] if found["impact"] in ("serious", "critical")]
    assert [(found["id"], found["nodes"][0]["html"]) for found in serious] == []


# ------------------------------------------------------------------------------------------------ beside a note


@pytest.mark.parametrize("width", ["220px", "100%"])
def test_local_labels_keep_clear_of_each_other_in_real_fonts(site: Path, open_tab: OpenTab, width: str) -> None:
    tab = open_tab((site / "LSTM.html").as_uri(), width=390)
    tab.eval_on_selector("aside", "(aside, width) => (aside.style.width = width)", width)
    boxes = tab.eval_on_selector_all(
        ".kb-local text",
        "texts => texts.map(text => text.getBoundingClientRect()).map(box => [box.left, box.top, box.right, box.bottom])",
    )
    frame = tab.locator(".kb-local svg").bounding_box()
    assert frame
    assert len(boxes) == 9
    assert all(frame["x"] - 1 <= box[0] and box[2] <= frame["x"] + frame["width"] + 1 for box in boxes)
    for one, other in combinations(boxes, 2):
        assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] + 3 or other[3] <= one[1] + 3


def test_local_links_work_by_mouse_and_keyboard_and_show_the_focus(site: Path, open_tab: OpenTab) -> None:
    tab = open_tab((site / "LSTM.html").as_uri())
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.matches('.kb-local a')")
    assert tab.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    tab.keyboard.press("Enter")
    tab.wait_for_url(f"**/{quote('循环神经网络')}.html")
    tab.locator(".kb-local a", has_text="LSTM").click()
    tab.wait_for_url("**/LSTM.html")
    assert tab.get_by_role("link", name="循环神经网络（先读）").count() == 1
