"""Canvases in a browser, read from files without a server: scrolled by keyboard, followed, both schemes, a phone, and axe."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.site.conftest import OpenTab, Scheme

EVIL = "<script>window.ran=1</script><img alt='' src='data:,' onerror='window.ran=1'><svg onload='window.ran=1'></svg>"
NODES = [
    {"id": "g", "type": "group", "x": -520, "y": -320, "width": 1500, "height": 640, "label": "组", "color": "5"},
    {
        "id": "a",
        "type": "text",
        "x": -500,
        "y": -300,
        "width": 300,
        "height": 160,
        "color": "4",
        "text": "# 读\n\n先[[b|乙]]，$x^2$。\n\n" + EVIL,
    },
    {"id": "b", "type": "file", "x": 0, "y": -300, "width": 300, "height": 240, "file": "b.md", "color": "#804000"},
    {"id": "l", "type": "text", "x": -500, "y": 0, "width": 200, "height": 100, "color": "3", "text": "很长。" * 200},
    {"id": "w", "type": "link", "x": 0, "y": 100, "width": 300, "height": 100, "url": "https://example.org/a"},
    *(
        {
            "id": f"n{colour}",
            "type": "text",
            "x": 1200,
            "y": 400 * colour,
            "width": 300,
            "height": 120,
            "color": str(colour),
            "text": f"第 {colour}",
        }
        for colour in range(1, 7)
    ),
]
EDGES = [
    {"id": "1", "fromNode": "a", "toNode": "b", "label": "先读", "color": "1"},
    {"id": "2", "fromNode": "b", "toNode": "w", "fromEnd": "arrow"},
    {"id": "3", "fromNode": "l", "toNode": "n6", "color": "6"},
]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A vault of a canvas and two notes, as files."""
    root = tmp_path_factory.mktemp("canvas")
    (root / "notes").mkdir()
    (root / "notes/图 一.canvas").write_text(json.dumps({"nodes": NODES, "edges": EDGES}), "utf-8")
    (root / "notes/b.md").write_text(
        "---\npermalink: nn/b\nredirects: [旧/乙]\n---\n## 节\n\n见[[图 一.canvas]]，$\\sigma$。\n" + "文。" * 500, "utf-8"
    )
    (root / "mkdocs.yml").write_text(
        "site_name: 库\nuse_directory_urls: false\ntheme:\n  name: material\n  language: zh\n  font: false\n  palette:\n"
        '    - {media: "(prefers-color-scheme: light)", scheme: default}\n'
        '    - {media: "(prefers-color-scheme: dark)", scheme: slate}\nplugins: [kb]\ndocs_dir: notes\n',
        "utf-8",
    )
    (root / "kb.toml").write_text('vault = "notes"\n')
    environment = {**os.environ, "KB_CACHE_DIR": str(root / "cache")}
    subprocess.run(
        [sys.executable, "-m", "kbtools", "build", "--strict"], cwd=root, env=environment, check=True, capture_output=True
    )
    return root / "site"


def address(site: Path, place: str) -> str:
    path, mark, anchor = place.partition("#")
    return (site / path).as_uri() + mark + quote(anchor)


def opened(site: Path, open_tab: OpenTab, **options: object) -> Page:
    return open_tab(address(site, "图 一.canvas.html"), **options)


def scrolled(page: Page) -> list[int]:
    found: list[int] = page.locator(".kb-canvas__stage").evaluate("stage => [stage.scrollLeft, stage.scrollTop]")
    return found


def test_it_begins_where_content_begins_and_the_keyboard_scrolls_it(site: Path, open_tab: OpenTab) -> None:
    page = opened(site, open_tab)
    assert scrolled(page) == [0, 0]
    stage = page.locator(".kb-canvas__stage").bounding_box()
    card = page.locator(".kb-canvas__card", has_text="先乙").bounding_box()
    assert stage and card and stage["x"] < card["x"] < stage["x"] + 200 and stage["y"] < card["y"] < stage["y"] + 200
    page.locator(".kb-canvas__stage").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.wait_for_function("document.querySelector('.kb-canvas__stage').scrollLeft > 0")
    page.wait_for_function("document.querySelector('.kb-canvas__stage').scrollTop > 0")


def test_a_card_that_holds_more_can_be_scrolled_by_the_keyboard(site: Path, open_tab: OpenTab) -> None:
    page = opened(site, open_tab)
    body = page.locator(".kb-canvas__body", has_text="很长。")
    page.wait_for_function("body => body.tabIndex === 0", arg=body.element_handle())
    body.focus()
    page.keyboard.press("End")
    page.wait_for_function("body => body.scrollTop > 0", arg=body.element_handle())


def test_links_of_cards_lead_to_pages(site: Path, open_tab: OpenTab) -> None:
    page = opened(site, open_tab)
    page.locator(".kb-canvas__card--text a", has_text="乙").click()
    page.wait_for_url("**/nn/b.html")
    page.locator("article a", has_text="图 一.canvas").first.click()
    page.wait_for_url(lambda url: unquote(url).endswith("/图 一.canvas.html"))
    assert page.locator(".kb-canvas__title a").get_attribute("href") == "nn/b.html"


def test_nothing_on_it_runs(site: Path, open_tab: OpenTab) -> None:
    page = opened(site, open_tab)
    page.wait_for_timeout(200)
    assert page.evaluate("window.ran") is None


def test_lines_meet_their_cards(site: Path, open_tab: OpenTab) -> None:
    page = opened(site, open_tab)
    card = page.locator(".kb-canvas__card--file").bounding_box()
    tip = page.locator(".kb-canvas__lines polygon").first.bounding_box()
    assert card and tip
    assert tip["x"] + tip["width"] == pytest.approx(card["x"], abs=2)
    assert tip["y"] + tip["height"] / 2 == pytest.approx(card["y"] + card["height"] / 2, abs=2)


def test_on_a_phone_only_the_canvas_scrolls_sideways(site: Path, open_tab: OpenTab) -> None:
    page = opened(site, open_tab, width=390, height=844)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator(".kb-canvas__stage").evaluate("stage => stage.scrollWidth > stage.clientWidth")


def test_a_link_to_it_is_previewed_by_its_words(site: Path, open_tab: OpenTab) -> None:
    page = open_tab(address(site, "nn/b.html"))
    page.locator("article a", has_text="图 一.canvas").first.hover()
    page.locator("#kb-preview", has_text="先乙").wait_for()
    assert page.locator("#kb-preview .kb-canvas").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_serious(site: Path, open_tab: OpenTab, scheme: Scheme, width: int) -> None:
    page = opened(site, open_tab, scheme=scheme, width=width)
    page.wait_for_timeout(100)
    found = Axe().run(page, options={"resultTypes": ["violations"], "preload": False}).response["violations"]
    serious = [(one["id"], one["nodes"][0]["html"][:120]) for one in found if one["impact"] in {"serious", "critical"}]
    assert serious == []


def test_an_old_address_leads_to_the_place_it_names(site: Path, open_tab: OpenTab) -> None:
    page = open_tab(address(site, "旧/乙.html#节"))
    page.wait_for_url(lambda url: unquote(url).endswith("/nn/b.html#节"))
    assert page.locator("h2#节").is_visible()


def test_the_way_home_is_a_page_and_no_list_of_files(site: Path, open_tab: OpenTab) -> None:
    page = open_tab(address(site, "nn/b.html"))
    for link in (page.locator(".kb-nav__links a").first, page.locator(".md-header .md-logo").first):
        assert link.get_attribute("href") == "../index.html"


def test_a_backlink_shows_its_formula_set(site: Path, open_tab: OpenTab) -> None:
    page = opened(site, open_tab)
    sentence = page.locator(".kb-backlinks__places a").first
    assert "$" not in sentence.inner_text() and sentence.locator("math").count() == 1
