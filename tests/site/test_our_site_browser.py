"""Our own site in a real browser, as `kb build` makes it, and a small one with what our vault does not hold.

Every tab complains about errors on its console and requests to other hosts (`conftest.open_tab`).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.site.conftest import OpenTab
from tests.site.projects import ROOT, SOURCES, TITLES, build_site, find_pages, write_small_project
from tests.site.serving import serving

LSTM, RNN, BACKPROPAGATION, ATTENTION = "lstm/", "rnn/", "backpropagation/", "attention/"
MEMORY, GRADIENT = quote("概念/记忆/"), quote("概念/梯度/")
MOST_BYTES = 150_000
MOST_SHIFT = 0.01
ANCHOR = "document.querySelector(':target')"
SHIFT = """() => new Promise((done) => {
  let sum = 0;
  const watcher = new PerformanceObserver((list) => list.getEntries().forEach((entry) => (sum += entry.value)));
  watcher.observe({ type: "layout-shift", buffered: true });
  requestAnimationFrame(() => requestAnimationFrame(() => done(sum)));
})"""


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our vault, built."""
    return build_site(ROOT, tmp_path_factory.mktemp("ours") / "site")


@pytest.fixture(scope="session")
def ours(folder: Path) -> Iterator[str]:
    with serving(folder) as address:
        yield address


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_project(tmp_path_factory.mktemp("small") / "project")


@pytest.fixture(scope="session")
def small(project: Path) -> Iterator[str]:
    """The small project, built for the address that it has: with instant navigation."""
    site = project.with_name("site")
    site.mkdir()
    with serving(site) as address:
        build_site(project, site, address=address)
        yield address


@pytest.fixture(scope="session")
def filed(project: Path) -> str:
    """The small project, built for reading from files."""
    return build_site(project, project.with_name("文件 夹"), folders=False).as_uri() + "/"


def overflow(page: Page) -> int:
    width: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return width


def hash_of(page: Page) -> str:
    return unquote(page.url.partition("#")[2])


def serious(page: Page) -> list[str]:
    found = Axe().run(page, options={"resultTypes": ["violations"], "preload": False}).response["violations"]
    return [
        f"{rule['id']}: {node['html'][:120]} {node['failureSummary'][:300]}"
        for rule in found
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
    ]


def lands_on(page: Page, text: str) -> None:
    """A place of a page was reached: it is the target, and it is seen."""
    expect(page.locator(":target")).to_contain_text(text)
    expect(page.locator(":target")).to_be_in_viewport()


# ---- links and embeds ----


def test_a_link_leads_to_its_note(ours: str, open_tab: OpenTab) -> None:
    page = open_tab(ours + LSTM)
    page.locator("article p").get_by_role("link", name="循环神经网络").first.click()
    expect(page.locator("h1")).to_have_text("循环神经网络")
    expect(page).to_have_url(ours + RNN)


def test_the_contents_lead_to_a_chinese_heading(ours: str, open_tab: OpenTab) -> None:
    page = open_tab(ours + LSTM)
    page.locator(".md-sidebar--secondary").get_by_role("link", name="误区与勘误").click()
    expect(page.locator("h2[id='误区与勘误']")).to_be_in_viewport()
    assert hash_of(page) == "误区与勘误"
    assert page.evaluate("scrollY") > 1000


@pytest.mark.parametrize(
    ("name", "text", "anchor"),
    [
        ("梯度 > 为什么会消失", "为什么会消失", "为什么会消失"),
        ("长度一节", "长度", "长度"),
        ("梯度 > ^rule", "先裁剪，再更新。", "^rule"),
    ],
)
def test_a_link_leads_to_a_place_of_a_note(small: str, open_tab: OpenTab, name: str, text: str, anchor: str) -> None:
    page = open_tab(small + MEMORY, height=400)
    page.locator("article p").get_by_role("link", name=name).first.click()
    expect(page.locator("h1")).to_have_text("梯度")
    lands_on(page, text)
    assert hash_of(page) == anchor


def test_a_link_leads_to_a_place_of_its_own_note_and_an_unresolved_one_nowhere(small: str, open_tab: OpenTab) -> None:
    page = open_tab(small + MEMORY)
    expect(page.locator("article .kb-unresolved")).to_have_text("没有写的")
    page.locator("article p").get_by_role("link", name="图与声").click()
    lands_on(page, "图与声")


def test_what_is_embedded_is_shown_and_leads_to_where_it_is_from(small: str, open_tab: OpenTab) -> None:
    page = open_tab(small + MEMORY)
    whole, section, block, itself = page.locator("article > .kb-embed").all()
    expect(whole).to_contain_text("每走一步都乘一个小于一的数")
    expect(section).to_contain_text("走五十步")
    expect(section).not_to_contain_text("每走一步")
    expect(block).to_contain_text("先裁剪")
    expect(itself.locator(".kb-embed-cut")).to_contain_text("不再展开")
    section.locator(".kb-embed-title a").click()
    expect(page.locator("h1")).to_have_text("梯度")
    lands_on(page, "长度")


def test_pictures_sound_and_documents_are_there(small: str, open_tab: OpenTab) -> None:
    page = open_tab(small + MEMORY)
    picture = page.locator("article img")
    assert picture.evaluate("image => [image.naturalWidth > 0, image.width]") == [True, 120]
    page.wait_for_function("document.querySelector('article audio').readyState > 0")
    address = page.locator("article .kb-pdf").evaluate("frame => frame.src || frame.data")
    assert page.request.get(address).ok


def test_the_pages_of_tags_lead_to_their_notes(ours: str, open_tab: OpenTab) -> None:
    page = open_tab(ours + LSTM)
    page.locator(".kb-nav").get_by_role("link", name="标签").click()
    page.locator("article").get_by_role("link", name="#seq/rnn").click()
    expect(page.locator("h1")).to_have_text("#seq/rnn")
    page.locator("article").get_by_role("link", name="LSTM").click()
    expect(page).to_have_url(ours + LSTM)


def test_another_name_of_a_note_leads_to_it(ours: str, open_tab: OpenTab) -> None:
    page = open_tab(ours + quote("长短期记忆/"))
    expect(page).to_have_url(ours + LSTM)


def test_a_page_that_is_not_there_says_so(ours: str, open_tab: OpenTab) -> None:
    page = open_tab(ours + "404.html")
    expect(page.locator("h1")).to_have_text("没有这一页")
    page.locator("article").get_by_role("link", name="回到首页").click()
    expect(page).to_have_url(ours)


# ---- callouts, tasks, formulas, diagrams ----


def test_a_callout_opens_and_closes_by_mouse_and_by_keyboard(ours: str, open_tab: OpenTab) -> None:
    page = open_tab(ours + LSTM)
    callout = page.locator("article details.question").first
    summary, answer = callout.locator("summary"), callout.locator("p").last
    expect(answer).not_to_be_visible()
    summary.click()
    expect(answer).to_be_visible()
    summary.click()
    expect(answer).not_to_be_visible()
    summary.press("Enter")
    expect(answer).to_be_visible()
    summary.press("Space")
    expect(answer).not_to_be_visible()


def test_a_callout_in_a_callout_has_a_fold_of_its_own(small: str, open_tab: OpenTab) -> None:
    page = open_tab(small + MEMORY)
    outer, inner = page.locator("article details.tip"), page.locator("article details.tip details.question")
    expect(outer.get_by_text("外层。")).to_be_visible()
    expect(inner.get_by_text("里层的答案。")).not_to_be_visible()
    inner.locator("summary").click()
    expect(inner.get_by_text("里层的答案。")).to_be_visible()
    outer.locator("> summary").click()
    expect(outer.get_by_text("外层。")).not_to_be_visible()
    assert page.locator("article .task-list-item input").evaluate_all("boxes => boxes.map(box => box.checked)") == [True, False]


def test_a_formula_is_read(ours: str, open_tab: OpenTab) -> None:
    page = open_tab(ours + LSTM)
    formula = page.locator("article .kb-math math", has_text="tanh").first
    box = formula.bounding_box()
    assert box and box["width"] > 100 and box["height"] > 15
    text = "".join(str(formula.text_content()).split())
    assert "=σ(" in text and "=tanh\u2061(" in text
    assert page.evaluate("document.fonts.check('16px \"KB Math\"')")
    assert page.evaluate("[...document.fonts].filter(font => font.status === 'loaded').map(font => font.family)") == ["KB Math"]


def test_a_bracket_is_as_high_as_what_it_holds(small: str, open_tab: OpenTab) -> None:
    page = open_tab(small + MEMORY)
    bracket = page.locator("article .kb-math mo", has_text="(").first.bounding_box()
    matrix = page.locator("article .kb-math mtable").first.bounding_box()
    assert bracket and matrix and bracket["height"] > 0.9 * matrix["height"] > 20
    expect(page.locator("article .kb-math math")).to_contain_text("其余")


@pytest.mark.parametrize("width", [390, 1440])
def test_a_diagram_s_letters_are_large_enough(ours: str, open_tab: OpenTab, width: int) -> None:
    page = open_tab(ours + LSTM, width=width)
    drawing = page.locator(".kb-diagram svg").first
    scale = drawing.evaluate("svg => svg.getBoundingClientRect().width / svg.viewBox.baseVal.width")
    size = drawing.evaluate("svg => parseFloat(getComputedStyle(svg.querySelector('text')).fontSize)")
    assert scale * size > 11
    if width > 1000:
        frame = page.locator(".kb-diagram").first
        assert frame.evaluate("figure => figure.scrollWidth <= figure.clientWidth")


# ---- previews ----


def test_a_preview_opens_on_hover(ours: str, open_tab: OpenTab) -> None:
    page = open_tab(ours + LSTM)
    page.locator("article p").get_by_role("link", name="循环神经网络").first.hover()
    card = page.get_by_role("tooltip")
    expect(card).to_be_visible()
    expect(card).to_contain_text("循环神经网络（RNN）")
    page.keyboard.press("Escape")
    expect(card).to_have_count(0)


def test_a_preview_of_a_chinese_heading_opens_on_focus(small: str, open_tab: OpenTab) -> None:
    page = open_tab(small + MEMORY)
    link = page.locator("article p").get_by_role("link", name="长度一节")
    page.locator("article p").get_by_role("link", name="梯度 > 为什么会消失").focus()
    page.keyboard.press("Tab")
    expect(link).to_be_focused()
    expect(page.get_by_role("tooltip")).to_contain_text("走五十步，剩下的不到千分之一。")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("梯度")
    lands_on(page, "长度")


# ---- search ----


def test_a_word_of_two_characters_is_found_in_the_middle_of_a_sentence(ours: str, open_tab: OpenTab) -> None:
    page = open_tab(ours)
    page.keyboard.press("/")
    page.keyboard.insert_text("水阀")
    expect(page.locator(".md-search-result__item h1")).to_have_text(["LSTM"])
    expect(page.locator("[role=option] mark").first).to_have_text("水阀")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("LSTM")
    expect(page.locator("article mark").first).to_have_text("水阀")
    expect(page.locator("article mark").first).to_be_in_viewport()


def test_a_result_is_opened_by_the_mouse(ours: str, open_tab: OpenTab) -> None:
    page = open_tab(ours)
    page.locator(".md-search__input").click()
    page.keyboard.insert_text("注意力")
    page.locator(".md-search-result__item", has=page.locator("h1", has_text="注意力机制")).first.locator(
        "[role=option]"
    ).first.click()
    expect(page.locator("h1")).to_have_text("注意力机制")


# ---- graphs ----


def test_the_graph_beside_a_note_leads_on_by_mouse_and_by_keyboard(ours: str, open_tab: OpenTab) -> None:
    page = open_tab(ours + LSTM)
    page.locator(".kb-local").get_by_role("link", name="循环神经网络").click()
    expect(page).to_have_url(ours + RNN)
    page.locator(".kb-local").get_by_role("link", name="LSTM").press("Enter")
    expect(page).to_have_url(ours + LSTM)


def open_graph(page: Page, address: str, title: str) -> None:
    """The page of the graph, with a note in the middle of it."""
    page.goto(address + "graph/")
    expect(page.locator("[data-kb-graph=ready]")).to_be_visible()
    page.locator(".kb-graph__query").fill(title)
    expect(page.locator(".kb-graph__status")).to_contain_text("找到")


def test_the_graph_of_all_notes_is_opened_by_mouse(ours: str, open_tab: OpenTab) -> None:
    page = open_tab(ours, reduced_motion="reduce")
    open_graph(page, ours, "LSTM")
    expect(page.locator(".kb-graph__status")).to_have_text("找到 1 篇")
    page.locator("canvas").click()
    expect(page).to_have_url(ours + LSTM)
    expect(page.locator("h1")).to_have_text("LSTM")


def test_the_graph_of_all_notes_is_walked_by_keyboard(ours: str, open_tab: OpenTab) -> None:
    page = open_tab(ours, reduced_motion="reduce")
    open_graph(page, ours, "LSTM")
    page.locator(".kb-graph__query").press("Escape")
    page.locator("canvas").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".kb-graph__status")).not_to_contain_text("找到")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).not_to_have_text("图谱")


def test_the_graph_is_filtered_by_kind_and_by_tag(ours: str, open_tab: OpenTab) -> None:
    page = open_tab(ours + "graph/")
    expect(page.locator("[data-kb-graph=ready]")).to_be_visible()
    page.locator(".kb-graph__list summary").click()
    notes = page.locator(".kb-graph__list")
    expect(notes).to_contain_text("LSTM")
    expect(notes).to_contain_text("序列与大模型地图")
    page.get_by_role("checkbox", name="地图").uncheck()
    expect(notes).not_to_contain_text("序列与大模型地图")
    page.get_by_role("combobox", name="标签").select_option(label="#seq/rnn")
    expect(notes).not_to_contain_text("注意力机制")
    expect(notes).to_contain_text("LSTM")


# ---- going about ----


def test_dark_is_chosen_and_stays_on_the_next_page(ours: str, open_tab: OpenTab) -> None:
    page = open_tab(ours + LSTM)
    page.locator("label[title=换成深色]").click()
    expect(page.locator("body")).to_have_attribute("data-md-color-scheme", "slate")
    page.locator("article p").get_by_role("link", name="循环神经网络").first.click()
    expect(page.locator("h1")).to_have_text("循环神经网络")
    expect(page.locator("body")).to_have_attribute("data-md-color-scheme", "slate")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(28, 28, 32)"


def test_pages_come_at_once_and_going_back_leads_back(small: str, open_tab: OpenTab) -> None:
    page = open_tab(small + MEMORY)
    page.evaluate("window.same = true")
    page.locator("article p").get_by_role("link", name="梯度 > 为什么会消失").first.click()
    expect(page.locator("h1")).to_have_text("梯度")
    expect(page.locator(".kb-tree [aria-current=page]")).to_have_text("梯度")
    expect(page.locator(".md-sidebar--secondary .kb-around")).to_contain_text("开始。")
    page.go_back()
    expect(page.locator("h1")).to_have_text("记忆")
    expect(page.locator(".kb-tree [aria-current=page]")).to_have_text("记忆")
    page.go_forward()
    expect(page.locator("h1")).to_have_text("梯度")
    page.locator(".kb-nav").get_by_role("link", name="图谱").click()
    expect(page.locator("[data-kb-graph=ready]")).to_be_visible()
    assert page.evaluate("window.same") is True


def test_from_files_all_of_it_works_too(filed: str, open_tab: OpenTab) -> None:
    page = open_tab(f"{filed}{MEMORY.removesuffix('/')}.html")
    expect(page.locator(".kb-tree [aria-current=page]")).to_have_text("记忆")
    assert page.evaluate("[...document.fonts].some(font => font.family.includes('KB Math') && font.status === 'loaded')")
    page.locator("article p").get_by_role("link", name="长度一节").hover()
    expect(page.get_by_role("tooltip")).to_contain_text("走五十步")
    page.locator("article p").get_by_role("link", name="长度一节").click()
    lands_on(page, "长度")
    page.keyboard.press("/")
    page.keyboard.insert_text("消失")
    expect(page.locator("[role=option] mark").first).to_have_text("消失")
    page.keyboard.press("Escape")
    page.locator(".kb-nav").get_by_role("link", name="图谱").click()
    expect(page.locator("[data-kb-graph=ready]")).to_be_visible()


def test_a_note_s_properties_are_told(ours: str, open_tab: OpenTab) -> None:
    page = open_tab(ours + LSTM)
    head = page.locator("article h1 + .kb-masthead")
    expect(head).to_contain_text("概念")
    expect(head).to_contain_text("长短期记忆")
    source = page.locator(".kb-sources").get_by_role("link", name="arXiv:1503.04069")
    expect(source).to_have_attribute("href", "https://arxiv.org/abs/1503.04069")
    path = page.locator(".kb-around__part--path")
    path.locator("summary").click()
    expect(path.get_by_role("link", name="反向传播")).to_be_visible()
    head.get_by_role("link", name="#seq/rnn").click()
    expect(page.locator("h1")).to_have_text("#seq/rnn")


# ---- proofs ----


@pytest.mark.parametrize("way", ["mouse", "keyboard", "finger"])
def test_a_badge_opens_to_what_stands_behind_a_proof(small: str, open_tab: OpenTab, way: str) -> None:
    phone = {"width": 390, "height": 844, "has_touch": True, "is_mobile": True}
    page = open_tab(small + MEMORY, **(phone if way == "finger" else {}))
    badge = page.locator("details.kb-proof").nth(list(TITLES).index("both"))
    summary, facts = badge.locator("summary"), badge.locator("dl")
    expect(summary).to_have_text("已在 CPU、CUDA 上证明")
    expect(facts).not_to_be_visible()
    {"mouse": summary.click, "keyboard": lambda: summary.press("Enter"), "finger": summary.tap}[way]()
    expect(facts.locator("dt")).to_have_text(["对照", "容差", "CPU", "CUDA", "源码", "证明", "记录"])
    expect(facts.locator("dd").nth(0)).to_have_text("加法")
    expect(facts.locator("dd").nth(1)).to_contain_text("float64 1e-10")
    expect(facts.locator("dd").nth(2)).to_contain_text("已证明 · 2026-11-26 · python ")
    expect(facts.locator("dd").nth(3)).to_contain_text("NVIDIA H100 80GB HBM3 · python ")
    assert overflow(page) == 0
    outside = facts.get_by_role("link", name="仓库")
    expect(outside.nth(0)).to_have_attribute("href", f"{SOURCES}snippets/both.py")
    expect(outside.nth(1)).to_have_attribute("href", f"{SOURCES}tests/snippets/test_both.py")
    facts.get_by_role("link", name="全部片段的状态").click()
    expect(page.locator("h1")).to_have_text("代码证明")
    lands_on(page, "snippets/both.py")


def test_a_badge_leads_to_the_function_in_its_file(small: str, open_tab: OpenTab) -> None:
    page = open_tab(small + MEMORY)
    badge = page.locator("details.kb-proof").nth(list(TITLES).index("both"))
    badge.locator("summary").click()
    badge.get_by_role("link", name="snippets/both.py", exact=True).click()
    expect(page.locator("h1")).to_have_text("snippets/both.py")
    expect(page.locator("a#double:target")).to_be_in_viewport()
    expect(page.get_by_role("heading", name="证明")).to_have_count(1)
    line = page.locator("article pre code").first.evaluate("code => parseFloat(getComputedStyle(code).lineHeight)")
    assert page.locator("article pre code").first.bounding_box()["height"] < 8 * line, "each line of code is one line"


def test_every_state_of_a_proof_is_told(small: str, open_tab: OpenTab) -> None:
    page = open_tab(small + MEMORY)
    badges = page.locator("article .kb-proof")
    assert badges.evaluate_all("all => all.map(one => [one.dataset.state, one.innerText.trim()])") == [
        ["proven", "已在 CPU 上证明"],
        ["proven", "已在 CPU、CUDA 上证明"],
        ["stale", "CPU 上的证明已过期"],
        ["proven", "已在 CPU 上证明；CUDA 上的证明已过期"],
        ["none", "尚未证明"],
        ["illustrative", "示意代码，没有证明"],
    ]
    page.locator(".kb-nav").get_by_role("link", name="代码证明").click()
    expect(page.locator("h1")).to_have_text("代码证明")
    states = page.locator(".kb-proofs tbody tr").evaluate_all(
        "rows => rows.map(row => [row.id, [...row.querySelectorAll('.kb-proof')].map(proof => proof.dataset.state)])"
    )
    assert states == [
        ["snippets/both.py", ["proven", "proven"]],
        ["snippets/cpu.py", ["proven"]],
        ["snippets/mixed.py", ["proven", "stale"]],
        ["snippets/none.py", ["none"]],
        ["snippets/stale.py", ["stale"]],
    ]


def test_our_snippets_lead_to_their_row_in_the_list(ours: str, open_tab: OpenTab) -> None:
    page = open_tab(ours + LSTM)
    page.locator("details.kb-proof summary").first.click()
    page.locator("details.kb-proof").first.get_by_role("link", name="全部片段的状态").click()
    lands_on(page, "snippets/seq/lstm_cell.py")
    page.locator("tr:target").get_by_role("link", name="LSTM", exact=True).click()
    expect(page.locator("h1")).to_have_text("LSTM")


# ---- every page ----


def look_at(page: Page, address: str) -> list[str]:
    """What is wrong with a page on a phone: it is wider than the screen, or something moved while it loaded."""
    page.goto(address)
    expect(page.locator("h1").first).to_be_visible()
    shift = page.evaluate(SHIFT)
    wrong = [f"{overflow(page)} px too wide"] if overflow(page) else []
    return [f"{unquote(address)}: {problem}" for problem in (*wrong, *([f"moved by {shift}"] if shift >= MOST_SHIFT else []))]


@pytest.mark.parametrize("part", [0, 1, 2, 3])
def test_every_page_fits_a_phone_and_nothing_moves(ours: str, folder: Path, open_tab: OpenTab, part: int) -> None:
    page = open_tab(ours, width=390, height=844)
    assert [problem for url in find_pages(folder)[part::4] for problem in look_at(page, ours + url)] == []


def test_every_page_of_the_small_site_does(small: str, project: Path, open_tab: OpenTab) -> None:
    page = open_tab(small, width=390, height=844)
    assert [problem for url in find_pages(project.with_name("site")) for problem in look_at(page, small + url)] == []


@pytest.mark.parametrize("url", ["", LSTM, BACKPROPAGATION, ATTENTION, "graph/", "proofs/"])
def test_nothing_moves_on_a_wide_screen(ours: str, open_tab: OpenTab, url: str) -> None:
    page = open_tab(ours, width=1440)
    assert look_at(page, ours + url) == []


def test_no_page_is_heavy(folder: Path) -> None:
    pages = find_pages(folder)
    assert len(pages) > 15
    sizes = {unquote(url): (folder / unquote(url) / "index.html") for url in pages if not url.endswith(".html")}
    heavy = {url: file.stat().st_size for url, file in sizes.items() if file.stat().st_size > MOST_BYTES}
    assert heavy == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("url", ["", LSTM, "graph/", "tags/", "tags/seq/rnn/", "proofs/", "404.html"])
def test_axe_finds_nothing_serious(ours: str, open_tab: OpenTab, url: str, scheme: str) -> None:
    page = open_tab(ours + url, scheme=scheme)
    expect(page.locator(".kb-tree").first).to_be_attached()
    page.locator("article details").evaluate_all("all => all.forEach(one => (one.open = true))")
    assert serious(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_on_a_phone_with_every_construct(small: str, open_tab: OpenTab, scheme: str) -> None:
    page = open_tab(small + MEMORY, width=390, height=844, scheme=scheme)
    expect(page.locator(".kb-tree").first).to_be_attached()
    page.locator("article details").evaluate_all("all => all.forEach(one => (one.open = true))")
    assert serious(page) == []
