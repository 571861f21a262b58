"""Sites with notebooks in them, built by `mkdocs build` and by `kb build`, and one of them in a browser."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.site.conftest import OpenTab
from tests.site.notebooks import code, markdown, notebook, printed, shown
from tests.site.serving import serving

PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><title>方块</title><rect width="40" height="40"/></svg>'
HOSTILE = "<script>window.ran = 1</script><img src=x onerror='window.ran = 1'><b onmouseover='window.ran = 1'>粗</b>"
ACTIVE = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>window.ran = 1</script><path d="M0 0L9 9"/></svg>'
FILES = {
    "index.md": "从 [[第一 课.ipynb]] 的 [[第一 课.ipynb#链式法则]] 开始，嵌入 ![[第一 课.ipynb]]。\n",
    "概念/梯度.md": "---\npermalink: gradient\n---\n## 定义\n\n见 [[第一 课.ipynb#链式法则|实验]]。\n",
    "笔记/第一 课.ipynb": notebook(
        markdown("# 第一课\n\n先读[[梯度#定义]]。\n\n## 链式法则\n\n$$\\frac{dy}{dx}$$\n\n> [!tip] 要点\n> 乘起来。"),
        code("print('鹦鹉螺')", printed("鹦鹉螺\n"), shown(html=HOSTILE), shown(svg=PICTURE), shown(svg=ACTIVE)),
        markdown("[[没有写的]] 与 ![](attachment:a.png)"),
    ),
}
BROKEN = '{"nbformat": 4, "cells": [\n{"cell_type": "code" "source": ""}]}'


def build(root: Path, *command: str, plugins: str = "[kb]", **more: str) -> subprocess.CompletedProcess[str]:
    """A project with these notebooks, built into `site`."""
    for path, text in {**{f"docs/{path}": text for path, text in FILES.items()}, **more}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, "utf-8")
    settings = f"site_name: 书\ntheme: {{name: material, font: false}}\nextra: {{generator: false}}\nplugins: {plugins}\n"
    (root / "mkdocs.yml").write_text(settings, "utf-8")
    environment = {**os.environ, "KB_CACHE_DIR": str(root / "cache"), "NO_MKDOCS_2_WARNING": "1"}
    line = [sys.executable, "-m", *(command or ("mkdocs", "build"))]
    done = subprocess.run(line, cwd=root, env=environment, capture_output=True, text=True)
    assert "Traceback" not in done.stderr, done.stderr
    return done


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    root = tmp_path_factory.mktemp("project")
    done = build(root, "mkdocs", "build", "--strict")
    assert done.returncode == 0, done.stderr
    yield root / "site"


@pytest.fixture(scope="module")
def served(site: Path) -> Iterator[str]:
    with serving(site) as address:
        yield address


def page_of(site: Path, place: str) -> str:
    return (site / place / "index.html").read_text("utf-8")


def test_plain_mkdocs_makes_pages_of_notebooks_with_links_both_ways(site: Path) -> None:
    page = page_of(site, "笔记/第一 课")
    assert "<title>第一课 - 书</title>" in page
    assert '<a class="internal-link" href="../../gradient/#%E5%AE%9A%E4%B9%89">梯度 &gt; 定义</a>' in page
    assert '<h2 id="链式法则">链式法则</h2>' in page
    there = quote("../笔记/第一 课/#链式法则", safe="/.#")
    assert f'<a class="internal-link" href="{there}">实验</a>' in page_of(site, "gradient")


def test_what_stands_around_a_note_stands_around_a_notebook(site: Path) -> None:
    page = page_of(site, "笔记/第一 课")
    around = page[page.index('<aside class="kb-around"') :]
    assert "反向链接" in around and "局部图谱" in around
    assert "<mark>实验</mark>" in around
    assert "先读<mark>梯度 › 定义</mark>" in page_of(site, "gradient")


def test_a_notebook_is_small_and_brings_no_style_of_its_own(site: Path) -> None:
    page = page_of(site, "笔记/第一 课")
    assert len(page.encode()) < 40_000
    assert "jp-" not in page and "mathjax" not in page.lower()


def test_search_and_previews_know_notebooks(site: Path) -> None:
    found = {file.name: file.read_text("utf-8") for file in (site / "assets/kb").rglob("*.js")}
    sections = "".join(text for name, text in found.items() if re.fullmatch(r"s\d+\.js", name))
    assert "鹦鹉螺" in sections
    assert quote("笔记/第一 课/#链式法则", safe="/#") in sections
    previews = "".join(text for name, text in found.items() if re.fullmatch(r"\d+\.js", name))
    assert "笔记/第一 课/#链式法则" in previews


def test_pictures_and_the_file_itself_are_on_the_site(site: Path) -> None:
    assert (site / "笔记/第一 课.ipynb").read_text("utf-8") == FILES["笔记/第一 课.ipynb"]
    [picture] = (site / "assets/kb/notebook").iterdir()
    assert picture.read_text("utf-8") == PICTURE


def test_a_broken_notebook_is_a_page_and_a_warning_that_names_the_place(tmp_path: Path) -> None:
    done = build(tmp_path, **{"docs/坏.ipynb": BROKEN})
    assert done.returncode == 0
    assert "'坏.ipynb': it is no JSON: expecting ',' delimiter in line 2" in done.stderr
    assert "这个 Notebook 读不出来" in page_of(tmp_path / "site", "坏")
    strict = build(tmp_path, "kbtools", "build", "--strict", "--vault", "docs")
    assert strict.returncode != 0
    assert "'坏.ipynb': it is no JSON" in strict.stderr


@pytest.mark.parametrize("plugins", ["[kb, {mkdocs-jupyter: {show_input: false}}]", "[{mkdocs-jupyter: {no_input: true}}, kb]"])
def test_mkdocs_jupyter_beside_kb_keeps_its_settings_and_leaves_our_pages_alone(tmp_path: Path, plugins: str) -> None:
    done = build(tmp_path, "mkdocs", "build", "--strict", plugins=plugins)
    assert done.returncode == 0, done.stderr
    page = page_of(tmp_path / "site", "笔记/第一 课")
    assert "jp-" not in page
    assert 'class="language-python' not in page
    assert "鹦鹉螺</pre>" in page
    assert not (tmp_path / ".cache").exists()


def test_nothing_of_a_notebook_runs_in_a_browser(served: str, open_tab: OpenTab) -> None:
    """`open_tab` forbids errors and requests to other hosts."""
    tab = open_tab(served + quote("笔记/第一 课/"))
    tab.hover(".kb-output--html b")
    assert tab.evaluate("window.ran") is None
    widths = tab.eval_on_selector_all(".kb-output--picture img", "images => images.map(image => image.naturalWidth)")
    assert widths == [40, 9]
    tab.click(f'.md-content a[href$="#{quote("定义")}"]')
    tab.wait_for_url("**/gradient/**")
    assert "window.ran" not in tab.content()
