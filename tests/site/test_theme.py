"""The theme in a real browser: sidebar, drawer, previews, both schemes, a phone, and axe; from a file and from a server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.site.conftest import OpenTab
from tests.site.themed import ATTENTION, LSTM, RNN, build_site, serving_built

SCHEMES = ("light", "dark")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_site(tmp_path_factory.mktemp("from-file"))


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving_built(tmp_path_factory.mktemp("from-server")) as address:
        yield address


def at(folder: Path, path: str) -> str:
    return (folder / path).with_suffix(".html").as_uri()


def overflow(page: Page) -> int:
    width: int = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return width


def serious(page: Page, context: str | None = None) -> list[str]:
    # without "preload": axe would ask for the style sheets once more, which a file must not
    options = {"resultTypes": ["violations"], "preload": False}
    found = Axe().run(page, context=context, options=options).response["violations"]
    return [
        f"{rule['id']}: {node['html'][:120]} {node['failureSummary'][:300]}"
        for rule in found
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
    ]


# ---- sidebar ----


def test_the_tree_opens_at_the_page_and_marks_it(folder: Path, open_tab: OpenTab) -> None:
    page = open_tab(at(folder, LSTM))
    tree = page.locator(".kb-nav .kb-tree").first
    expect(tree.locator("[aria-current=page]")).to_have_text("LSTM")
    expect(tree.get_by_role("button", name="序列")).to_have_attribute("aria-expanded", "true")
    tree.get_by_role("link", name="注意力 机制").click()
    expect(page.locator("h1")).to_have_text("注意力机制")
    expect(page.locator(".kb-tree").get_by_role("button", name="序列")).to_have_attribute("aria-expanded", "false")
    expect(page.locator(".kb-tree").get_by_role("link", name="LSTM")).to_have_count(0)


def test_a_folder_opened_by_keyboard_stays_open_on_the_next_page(folder: Path, open_tab: OpenTab) -> None:
    page = open_tab(at(folder, ATTENTION))
    button = page.locator(".kb-tree").get_by_role("button", name="序列")
    button.focus()
    page.keyboard.press("ArrowRight")
    expect(button).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".kb-tree").get_by_role("link", name="LSTM")).to_be_focused()
    page.goto(at(folder, "index.md"))
    expect(page.locator(".kb-tree").get_by_role("button", name="概念")).to_have_attribute("aria-expanded", "false")
    page.locator(".kb-tree").get_by_role("button", name="概念").press("Enter")
    expect(page.locator(".kb-tree").get_by_role("link", name="LSTM")).to_be_visible()


def test_no_page_carries_the_tree(folder: Path) -> None:
    html = (folder / "index.html").read_text()
    assert 'href="graph/"' in html
    assert "循环神经网络" not in html


def test_without_script_there_are_links_and_the_way_to_the_page(folder: Path, open_tab: OpenTab) -> None:
    page = open_tab(at(folder, LSTM), java_script_enabled=False)
    expect(page.locator(".kb-nav").get_by_role("link", name="图谱")).to_be_visible()
    expect(page.locator(".kb-nav__trail li")).to_have_text(["概念", "序列", "LSTM"])
    page.locator(".kb-nav__trail a").click()
    expect(page).to_have_url(at(folder, LSTM))
    expect(page.locator("article .kb-around")).to_be_visible()


def test_thousands_of_pages_open_without_delay(folder: Path, open_tab: OpenTab) -> None:
    page = open_tab(at(folder, LSTM))
    expect(page.locator(".kb-tree").first).to_be_visible()
    milliseconds = page.evaluate(
        """() => {
            const rows = [...Array(40).keys()].map((f) => [`夹 ${f}`, [...Array(100).keys()].map((n) => `篇 ${f}-${n}`)]);
            rows.unshift(["大", [...Array(3000).keys()].map((n) => `篇 ${n}`)]);
            const body = document.querySelector(".kb-nav__body");
            body.querySelector(".kb-tree").outerHTML = '<ol class="kb-nav__trail"></ol>';
            window.__kb_tree = { ending: ".html", rows };
            const start = performance.now();
            document$.next(document);
            body.querySelector("button").click();
            body.querySelector(".kb-tree li:nth-child(9)").getBoundingClientRect();
            return performance.now() - start;
        }"""
    )
    expect(page.locator(".kb-tree").get_by_role("link", name="篇 2999")).to_have_count(1)
    assert milliseconds < 500


def test_the_phone_s_drawer_holds_tree_and_contents(folder: Path, open_tab: OpenTab) -> None:
    page = open_tab(at(folder, LSTM), width=390, height=844)
    page.locator("label.md-header__button[for=__drawer]").click()
    expect(page.locator(".kb-tree [aria-current=page]")).to_be_in_viewport()
    page.locator(".kb-nav__contents summary").click()
    page.locator(".kb-nav__contents").get_by_role("link", name="代码").click()
    expect(page.locator("h3", has_text="代码")).to_be_in_viewport()
    expect(page.locator("#__drawer")).not_to_be_checked()


# ---- what stands around ----


def test_around_stands_under_the_contents_where_there_is_room(folder: Path, open_tab: OpenTab) -> None:
    page = open_tab(at(folder, LSTM))
    expect(page.locator(".md-sidebar--secondary .kb-around").get_by_role("heading", name="反向链接")).to_be_visible()
    page.set_viewport_size({"width": 1000, "height": 800})
    expect(page.locator("article .kb-around")).to_have_count(1)
    page.set_viewport_size({"width": 1300, "height": 800})
    expect(page.locator(".md-sidebar--secondary .kb-around")).to_have_count(1)


def test_nothing_moves_while_the_page_loads(folder: Path, open_tab: OpenTab) -> None:
    page = open_tab(at(folder, LSTM))
    page.wait_for_timeout(500)
    shift = page.evaluate(
        """() => new Promise((done) => {
            let sum = 0;
            new PerformanceObserver((list) => list.getEntries().forEach((entry) => (sum += entry.value)))
                .observe({ type: "layout-shift", buffered: true });
            setTimeout(() => done(sum), 300);
        })"""
    )
    assert shift < 0.01


# ---- previews ----


def test_a_pointer_that_rests_on_a_link_sees_where_it_leads(folder: Path, open_tab: OpenTab) -> None:
    page = open_tab(at(folder, LSTM))
    link = page.locator("article").get_by_role("link", name="循环神经网络").first
    link.hover()
    card = page.get_by_role("tooltip")
    expect(card).to_contain_text("循环神经网络每一步都读一个输入")
    expect(link).to_have_attribute("aria-describedby", "kb-preview")
    assert page.evaluate("document.querySelector('.kb-preview img').naturalWidth") == 120
    box = card.bounding_box()
    assert box and box["x"] >= 0 and box["x"] + box["width"] <= 1280 and box["y"] + box["height"] <= 900
    card.hover()
    page.mouse.wheel(0, 200)
    page.wait_for_timeout(500)
    assert page.evaluate("document.querySelector('.kb-preview').scrollTop") > 0
    page.mouse.wheel(0, -400)
    card.get_by_role("link", name="状态").click()
    expect(page).to_have_url(at(folder, LSTM))


def test_escape_and_leaving_close_the_card(folder: Path, open_tab: OpenTab) -> None:
    page = open_tab(at(folder, LSTM))
    link = page.locator("article").get_by_role("link", name="循环神经网络").first
    link.hover()
    expect(page.get_by_role("tooltip")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("tooltip")).to_have_count(0)
    expect(link).not_to_have_attribute("aria-describedby", "kb-preview")
    page.mouse.move(5, 5)
    link.hover()
    expect(page.get_by_role("tooltip")).to_be_visible()
    page.mouse.move(5, 5)
    expect(page.get_by_role("tooltip")).to_have_count(0)


def test_the_keyboard_sees_previews_of_chinese_anchors_and_they_move_with_the_focus(folder: Path, open_tab: OpenTab) -> None:
    page = open_tab(at(folder, LSTM))
    page.locator("article").get_by_role("link", name="循环神经网络").first.focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("tooltip")).to_contain_text("每一步都读一个输入")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.querySelector('.kb-preview').scrollTop") > 0
    page.keyboard.press("Tab")
    expect(page.get_by_role("tooltip")).to_have_text("这里说梯度为什么消失。")
    page.keyboard.press("Tab")
    expect(page.get_by_role("tooltip")).to_have_count(0)


def test_touch_follows_the_link(folder: Path, open_tab: OpenTab) -> None:
    page = open_tab(at(folder, LSTM), width=390, height=844, has_touch=True, is_mobile=True)
    page.locator("article").get_by_role("link", name="循环神经网络").first.tap()
    expect(page.locator("h1")).to_have_text("循环神经网络")


def test_a_link_at_the_bottom_has_its_card_above(folder: Path, open_tab: OpenTab) -> None:
    page = open_tab(at(folder, LSTM), height=500)
    link = page.locator(".kb-embed").get_by_role("link", name="循环神经网络")
    link.evaluate("element => scrollTo(0, scrollY + element.getBoundingClientRect().bottom - innerHeight + 8)")
    link.hover()
    expect(page.get_by_role("tooltip")).to_be_visible()
    card, anchor = page.get_by_role("tooltip").bounding_box(), link.bounding_box()
    assert card and anchor and card["y"] >= 0 and card["y"] + card["height"] <= anchor["y"]


# ---- instant navigation ----


def test_everything_survives_instant_navigation(address: str, open_tab: OpenTab) -> None:
    page = open_tab(f"{address}{quote(LSTM.removesuffix('.md'))}/")
    page.evaluate("window.same = true")
    expect(page.locator(".kb-tree [aria-current=page]")).to_have_text("LSTM")
    page.locator(".kb-tree").get_by_role("link", name="循环神经网络").click()
    expect(page.locator("h1")).to_have_text("循环神经网络")
    assert page.evaluate("window.same") is True
    expect(page.locator(".kb-tree [aria-current=page]")).to_have_text("循环神经网络")
    expect(page.locator(".md-sidebar--secondary .kb-around").get_by_role("heading", name="读完可读")).to_be_visible()
    page.locator(".kb-around").get_by_role("link", name="LSTM").first.hover()
    expect(page.get_by_role("tooltip")).to_have_text("长短期记忆网络在状态旁边另设一格记忆。")
    page.locator(".kb-around").get_by_role("link", name="LSTM").first.click()
    expect(page.locator("h1")).to_have_text("LSTM")
    assert page.evaluate("window.same") is True
    expect(page.get_by_role("tooltip")).to_have_count(0)
    page.locator(".kb-nav").get_by_role("link", name="首页").click()
    expect(page.locator("h1")).to_have_text("首页")
    expect(page.locator(".kb-nav__links [aria-current=page]")).to_have_text("首页")


def test_a_page_that_is_not_there_says_so_and_leads_on(address: str, open_tab: OpenTab) -> None:
    page = open_tab(f"{address}404.html", width=390, height=844)
    expect(page.locator("h1")).to_have_text("没有这一页")
    expect(page.locator(".kb-tree")).not_to_have_count(0)
    assert overflow(page) == 0
    page.locator("article").get_by_role("link", name="回到首页").click()
    expect(page).to_have_url(address)


# ---- looks ----


def test_a_line_holds_about_38_characters(folder: Path, open_tab: OpenTab) -> None:
    page = open_tab(at(folder, LSTM), width=1600)
    characters = page.evaluate(
        "(p => p.clientWidth / parseFloat(getComputedStyle(p).fontSize))(document.querySelector('article > p'))"
    )
    assert 37 <= characters <= 39


def test_dark_is_a_click_away_and_stays(folder: Path, open_tab: OpenTab) -> None:
    page = open_tab(at(folder, LSTM))
    background = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(background) == "rgb(255, 255, 255)"
    page.locator("label[title=换成深色]").click()
    assert page.evaluate(background) == "rgb(28, 28, 32)"
    page.reload()
    assert page.evaluate(background) == "rgb(28, 28, 32)"


def test_every_callout_has_its_sign_and_its_colour(folder: Path, open_tab: OpenTab) -> None:
    page = open_tab(at(folder, LSTM), scheme="dark")
    shown = page.evaluate(
        """[...document.querySelectorAll("article .admonition")].map((box) => {
            const sign = getComputedStyle(box.firstElementChild, "::before");
            return [getComputedStyle(box).borderLeftColor === sign.backgroundColor, sign.maskImage.startsWith("url(")];
        })"""
    )
    assert len(shown) == 27
    assert all(colour and sign for colour, sign in shown)


@pytest.mark.parametrize("path", [LSTM, RNN, "index.md"])
def test_nothing_overflows_a_phone(folder: Path, open_tab: OpenTab, path: str) -> None:
    assert overflow(open_tab(at(folder, path), width=390, height=844)) == 0


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_finds_nothing_serious(folder: Path, open_tab: OpenTab, scheme: str, width: int) -> None:
    page = open_tab(at(folder, LSTM), scheme=scheme, width=width)
    expect(page.locator(".kb-tree").first).to_be_attached()
    if width > 1000:
        page.locator("article").get_by_role("link", name="循环神经网络").first.hover()
        expect(page.get_by_role("tooltip")).to_be_visible()
    assert serious(page) == []
