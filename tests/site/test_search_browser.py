"""The search box in a real browser, on a small Material site: from a server and from file://, with nothing but its own files."""

from __future__ import annotations

import random
from collections.abc import Iterator
from urllib.parse import unquote

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from kbtools.words import WORD, fold
from tests.site.conftest import OpenTab
from tests.site.searching import build_site, entries, serving_with_sitemap


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving_with_sitemap(build_site(tmp_path_factory.mktemp("served"), folders=True)) as address:
        yield address


@pytest.fixture(scope="module")
def instant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving_with_sitemap(
        build_site(tmp_path_factory.mktemp("instant"), folders=True, features=("navigation.instant",))
    ) as address:
        yield address


@pytest.fixture(scope="module")
def filed(tmp_path_factory: pytest.TempPathFactory) -> str:
    return build_site(tmp_path_factory.mktemp("文件 夹"), folders=False).as_uri() + "/"


@pytest.fixture(params=["served", "filed"])
def site(request: pytest.FixtureRequest) -> str:
    """The address of the site's root."""
    return str(request.getfixturevalue(request.param))


def ask(page: Page, query: str) -> None:
    page.keyboard.press("/")
    page.keyboard.insert_text(query)


def ask_again(page: Page, query: str) -> None:
    page.get_by_role("combobox").fill(query)


def titles(page: Page) -> list[str]:
    return page.locator(".md-search-result__item h1").all_inner_texts()


SERIOUS = ("serious", "critical")
COUNT = ".md-search-result__meta"
ACTIVE = "[role=option][aria-selected=true]"


def test_a_chinese_word_is_found_in_the_middle_of_a_sentence(open_tab: OpenTab, site: str) -> None:
    page = open_tab(site + "index.html")
    ask(page, "反向传播")
    expect(page.locator(COUNT)).to_have_text("2 个符合条件的结果")
    assert titles(page) == ["反向传播", "LSTM"]
    section = page.locator(".md-search-result__item").nth(1).locator("[role=option]").nth(1)
    assert section.locator("h2").inner_text() == "为何不消失"
    assert section.locator("mark").all_inner_texts() == ["反向传播"]
    section.click()
    page.wait_for_url("**/lstm**h=*#*")
    assert page.locator("article mark").all_inner_texts() == ["反向传播"]
    expect(page.locator("article mark")).to_be_in_viewport()


def test_words_are_found_apart_and_by_their_beginning(open_tab: OpenTab, site: str) -> None:
    page = open_tab(site + "index.html")
    ask(page, "atten 无用")
    expect(page.locator(COUNT)).to_have_text("找到 1 个符合条件的结果")
    assert page.locator("[role=option] mark").all_inner_texts() == ["atten", "无用"]


def test_nothing_of_the_index_is_loaded_before_the_box_is_opened(open_tab: OpenTab, site: str) -> None:
    page = open_tab(site + "index.html")
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(unquote(request.url)))
    page.reload()
    page.wait_for_load_state("networkidle")
    assert any("search.js" in url for url in loaded)
    assert [url for url in loaded if "search_index" in url or "/kb/search/" in url] == []
    ask(page, "门")
    expect(page.locator("[role=option]").first).to_be_visible()
    assert any("/kb/search/manifest.js" in url for url in loaded)
    assert [url for url in loaded if "search_index" in url] == []


@pytest.mark.parametrize("key", ["/", "s", "f"])
def test_keys_open_the_box_and_escape_closes_it(open_tab: OpenTab, served: str, key: str) -> None:
    page = open_tab(served + "index.html")
    page.keyboard.press(key)
    box = page.get_by_role("combobox")
    expect(box).to_be_focused()
    expect(box).to_have_attribute("aria-expanded", "true")
    expect(box).to_have_value("")
    page.keyboard.press("Escape")
    expect(box).not_to_be_focused()
    expect(box).to_have_attribute("aria-expanded", "false")


def test_arrows_go_through_the_results_and_enter_opens_one(open_tab: OpenTab, site: str) -> None:
    page = open_tab(site + "index.html")
    ask(page, "反向传播")
    expect(page.locator("[role=option]").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(page.locator(f"{ACTIVE} h1")).to_have_text("反向传播")
    assert page.get_by_role("combobox").get_attribute("aria-activedescendant") == page.locator(ACTIVE).get_attribute("id")
    page.keyboard.press("ArrowUp")
    expect(page.locator(ACTIVE)).to_have_count(0)
    page.keyboard.press("ArrowUp")
    expect(page.locator(f"{ACTIVE} h2")).to_have_text("为何不消失")
    page.keyboard.press("Enter")
    page.wait_for_url("**/lstm**")


def test_enter_opens_the_first_result_without_waiting_for_it(open_tab: OpenTab, site: str) -> None:
    page = open_tab(site + "index.html")
    ask(page, "遗忘门")
    page.keyboard.press("Enter")
    page.wait_for_url("**/lstm**")


def test_a_query_in_the_address_is_asked(open_tab: OpenTab, site: str) -> None:
    page = open_tab(site + "index.html?q=链式法则")
    expect(page.locator("[role=option] mark").first).to_have_text("链式法则")
    page.keyboard.press("Escape")
    page.wait_for_function("!location.search")


def test_the_clear_button_empties_the_box(open_tab: OpenTab, served: str) -> None:
    page = open_tab(served + "index.html")
    ask(page, "门")
    expect(page.locator("[role=option]").first).to_be_visible()
    page.get_by_role("button", name="清空当前内容").click()
    expect(page.locator("[role=option]")).to_have_count(0)
    expect(page.locator(COUNT)).to_have_text("键入以开始搜索")
    expect(page.get_by_role("combobox")).to_be_focused()


def test_more_sections_and_more_pages_come_when_they_are_asked_for(open_tab: OpenTab, served: str) -> None:
    page = open_tab(served + "index.html")
    ask(page, "重置门")
    expect(page.locator(".kb-search__more")).to_have_text("在该页上还有 4 个符合条件的结果")
    assert page.locator("[role=option]").count() == 4
    page.locator(".kb-search__more").click()
    expect(page.locator("[role=option]")).to_have_count(7)
    ask_again(page, "归一化")
    expect(page.locator(COUNT)).to_have_text("20 个符合条件的结果")
    assert page.locator(".md-search-result__item").count() == 8
    for _ in range(20):
        page.keyboard.press("ArrowDown")
    expect(page.locator(".md-search-result__item")).to_have_count(20)


def test_a_tag_is_shown_where_it_is_why_a_page_is_found(open_tab: OpenTab, served: str) -> None:
    page = open_tab(served + "index.html")
    ask(page, "循环网络")
    expect(page.locator(".md-search-result__item .md-tag mark")).to_have_text("循环网络")
    assert titles(page) == ["GRU"]


def test_nothing_is_found_and_it_is_said(open_tab: OpenTab, served: str) -> None:
    page = open_tab(served + "index.html")
    ask(page, "反向消失")
    expect(page.locator(COUNT)).to_have_text("没有找到符合条件的结果")
    expect(page.locator(COUNT)).to_have_attribute("aria-live", "polite")


def test_keys_are_left_alone_where_one_writes(open_tab: OpenTab, served: str) -> None:
    page = open_tab(served + "index.html")
    page.evaluate("document.querySelector('article').insertAdjacentHTML('beforeend', '<textarea></textarea>')")
    page.locator("textarea").press_sequentially("fs/")
    assert page.locator("textarea").input_value() == "fs/"
    expect(page.get_by_role("combobox", include_hidden=True)).to_have_attribute("aria-expanded", "false")


def test_instant_navigation_keeps_box_and_marks(open_tab: OpenTab, instant: str) -> None:
    page = open_tab(instant + "gru/")
    page.evaluate("window.same = true")
    ask(page, "反向传播")
    page.keyboard.press("Enter")
    page.wait_for_url("**/backprop/**")
    expect(page.locator("article mark")).to_have_text("反向传播")
    page.wait_for_timeout(200)  # Material closes the box a little after a navigation
    ask_again(page, "遗忘门")
    expect(page.locator("[role=option] mark").first).to_have_text("遗忘门")
    page.keyboard.press("Enter")
    page.wait_for_url("**/lstm/**")
    expect(page.locator("article mark")).to_have_text("遗忘门")
    assert page.evaluate("window.same")
    page.wait_for_timeout(200)
    ask_again(page, "通路")
    expect(page.locator("[role=option] mark").first).to_have_text("通路")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("article mark").first).to_have_text("通路")


def test_an_index_of_another_build_is_loaded_anew(open_tab: OpenTab, served: str) -> None:
    """A cached manifest names another version than the shards that come."""
    page = open_tab(served + "index.html")
    page.evaluate(
        """() => { const call = window.__kb_search; let once = true;
        window.__kb_search = (version, name, data) => {
          call(name === "manifest" && once ? "00000000" : version, name, data); if (name === "manifest") once = false } }"""
    )
    ask(page, "遗忘门")
    expect(page.locator("[role=option] mark")).to_have_text("遗忘门")


def test_a_missing_index_is_said(chromium: Browser, served: str) -> None:
    with chromium.new_page() as page:
        page.route("**/manifest.js*", lambda route: route.abort())
        page.goto(served)
        ask(page, "遗忘门")
        expect(page.locator(COUNT)).to_have_text("搜索索引没有载入（manifest.js is not there）")
        page.unroute("**/manifest.js*")
        ask_again(page, "遗忘")
        expect(page.locator("[role=option] mark").first).to_have_text("遗忘")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_open_box_is_accessible_and_fits(open_tab: OpenTab, served: str, scheme: str, width: int) -> None:
    page = open_tab(served + "lstm/", scheme=scheme, width=width)
    ask(page, "反向传播 误差")
    expect(page.locator("[role=option]").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.wait_for_timeout(500)  # until the box has grown
    found = Axe().run(page, options={"preload": False}).response["violations"]
    assert [(fault["id"], [node["html"] for node in fault["nodes"]]) for fault in found if fault["impact"] in SERIOUS] == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert page.get_by_role("dialog", name="搜索").count() == 1


def test_the_browser_finds_what_a_plain_search_finds(open_tab: OpenTab, site: str) -> None:
    page = open_tab(site + "index.html")
    chance = random.Random(5)
    texts: dict[str, str] = {}
    for entry in entries("/"):
        url = entry.url.partition("#")[0]
        texts[url] = "\n".join((texts.get(url, ""), fold("\n".join((entry.title, entry.heading, entry.text, *entry.tags)))))
    whole = "".join(texts.values())
    for _ in range(60):
        at, length = chance.randrange(len(whole)), chance.randrange(1, 9)
        query = "".join(chance.choice((whole[at : at + length], whole[at : at + 1] + " 门")).split("\n"))
        found = page.evaluate("async (query) => (await __kb_search_index.search(query)).pages.map((page) => page.number)", query)
        words = list(WORD.finditer(query))
        expected = [
            number
            for number, text in enumerate(texts.values())
            if words and all(word[0] in text if word["han"] else starts(text, word[0]) for word in words)
        ]
        assert sorted(found) == expected, query


def starts(text: str, word: str) -> bool:
    return any(found[0].startswith(word) for found in WORD.finditer(text) if found["word"])
