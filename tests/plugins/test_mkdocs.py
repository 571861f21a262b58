"""Vaults built by MkDocs itself: addresses, redirects, what is published, and that a link which is not true is told."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import yaml
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.exceptions import Abort

from kbtools import building
from kbtools.config import Config
from kbtools.site.book import Meaning

CANVAS = {
    "nodes": [
        {"id": "a", "type": "text", "text": "读[[LSTM]]", "x": 0, "y": 0, "width": 200, "height": 80},
        {"id": "b", "type": "file", "file": "深/网络 LSTM.md", "x": 300, "y": 0, "width": 200, "height": 80},
    ]
}
FILES: dict[str, str | bytes] = {
    "index.md": "---\naliases: [首页]\n---\n从[[网络 LSTM#门控]]读起，还有[[还没写]]、[[LICENSE]]、[[说明.markdown]]、"
    "[[图.canvas]]与[[大写]]。",
    "README.md": "也是一篇。",
    "深/网络 LSTM.md": "---\npermalink: lstm\naliases: [长短期]\nredirects: [旧/lstm, 2019/lstm.html]\n"
    "tags: [序列/循环]\ntemplate: nothing.html\nhide: true\ntitle: [别的]\n---\n## 门控\n\n见[[index]]与 $\\sigma$。 #标签 ^p",
    "深/图.canvas": json.dumps(CANVAS, ensure_ascii=False),
    "深/坏.canvas": '{"nodes": [',
    "LICENSE": "MIT",
    "LICENSE.md": "许可",
    "大写.MD": "见[[README]]",
    "说明.markdown": "不是笔记",
    "graph.md": "叫图的笔记",
    "乱码.md": b"\xff\xfe\x00GBK \xc4\xe3",
    "图/点.svg": '<svg xmlns="http://www.w3.org/2000/svg"/>',
    "空.md": "",
    ".obsidian/app.json": "{}",
    ".obsidian/秘密.md": "秘密",
    ".trash/扔掉.md": "扔掉",
    "templates/日记.md": "{{date}}",
    "kb.toml": "",
}


def write(folder: Path, files: Mapping[str, str | bytes], **settings: Any) -> Path:
    """A project whose vault is its folder `notes`; gives its mkdocs.yml."""
    for path, text in files.items():
        file = folder / "notes" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
    theme = {"name": "material", "font": False}
    config = {"site_name": "知识库", "docs_dir": "notes", "theme": theme, "plugins": ["kb"], **settings}
    (folder / "mkdocs.yml").write_text(yaml.safe_dump(config, allow_unicode=True), "utf-8")
    return folder / "mkdocs.yml"


def make(settings: Path, **options: Any) -> Path:
    """The folder of the site."""
    config = load_config(str(settings), **options)
    config.plugins.on_startup(command="build", dirty=False)
    build(config)
    config.plugins.on_shutdown()
    return Path(config.site_dir)


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KB_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of all files; strict, so every link of it leads somewhere and is in the graph."""
    return make(write(tmp_path_factory.mktemp("folders"), FILES), strict=True)


@pytest.fixture(scope="module")
def flat(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same site for reading without a server."""
    return make(write(tmp_path_factory.mktemp("flat"), FILES, use_directory_urls=False), strict=True)


def article(site: Path, place: str) -> str:
    html = (site / place).read_text("utf-8")
    return html[html.index("<article") : html.index("</article>")]


def title(site: Path, place: str) -> str:
    found = re.search(r"<title>(.*?)</title>", (site / place).read_text("utf-8"), re.DOTALL)
    return unescape(found[1]) if found else ""


# ------------------------------------------------------------------------------------------------ addresses


def test_a_permalink_is_the_address_and_links_lead_there(site: Path) -> None:
    assert "门控</h2>" in article(site, "lstm/index.html")
    assert 'href="lstm/#%E9%97%A8%E6%8E%A7"' in article(site, "index.html")
    assert title(site, "lstm/index.html") == "网络 LSTM - 知识库"


def test_what_a_note_is_called_does_not_change_its_page(site: Path) -> None:
    """Properties such as `template`, `hide` and `title` are settings of MkDocs' pages, and of none of the vault's."""
    assert "kb-nav" in (site / "lstm/index.html").read_text("utf-8")


@pytest.mark.parametrize("place", ["深/网络 LSTM", "长短期", "旧/lstm"])
def test_old_and_other_names_lead_on(site: Path, flat: Path, place: str) -> None:
    up = "../" * (place.count("/") + 1)
    assert f'content="0; url={up}lstm/"' in (site / place / "index.html").read_text("utf-8")
    up = "../" * place.count("/")
    assert f'content="0; url={up}lstm.html"' in (flat / f"{place}.html").read_text("utf-8")


def test_an_old_address_may_name_a_file(site: Path) -> None:
    assert 'content="0; url=../lstm/"' in (site / "2019/lstm.html").read_text("utf-8")


def test_the_front_page_is_called_as_the_site(site: Path) -> None:
    assert title(site, "index.html") == "知识库"
    assert re.search(r"<h1>知识库</h1>", article(site, "index.html"))
    assert '"知识库"' in (site / "assets/kb/graph-data.js").read_text("utf-8")
    assert '<a class="internal-link" href="../">知识库</a>' in (site / "lstm/index.html").read_text("utf-8")
    found = "".join(file.read_text("utf-8") for file in (site / "assets/kb/search").glob("s*.js"))
    assert '["","知识库",""' in found
    assert 'url=../"' in (site / "首页/index.html").read_text("utf-8")


def test_names_that_are_in_each_others_way_all_have_a_place(site: Path) -> None:
    assert (site / "LICENSE").read_text() == "MIT"
    assert "许可" in article(site, "LICENSE-md/index.html")
    assert "叫图的笔记" in article(site, "graph/index.html")
    assert "kb-graph" in article(site, "graph-/index.html")


def test_files_mkdocs_takes_for_something_else_are_what_the_vault_says(site: Path) -> None:
    assert "也是一篇" in article(site, "README/index.html")
    assert 'href="../README/"' in article(site, "大写/index.html")
    assert (site / "说明.markdown").read_text("utf-8") == "不是笔记"


def test_without_folders_the_way_home_names_a_file(flat: Path) -> None:
    html = (flat / "lstm.html").read_text("utf-8")
    assert 'href="index.html"' in html
    assert not re.search(r'href="(?:[^":]*/)?\.{0,2}/?"', html)
    assert 'href="图.png' not in html


# ------------------------------------------------------------------------------------------------ pages


def test_what_is_not_written_yet_is_no_link(site: Path) -> None:
    assert '<span class="kb-unresolved" title="还没有这篇笔记">还没写</span>' in article(site, "index.html")


def test_tags_have_pages(site: Path) -> None:
    assert 'href="../../../lstm/"' in article(site, "tags/序列/循环/index.html")
    assert 'href="../tags/%E6%A0%87%E7%AD%BE/"' in article(site, "lstm/index.html")


def test_a_canvas_is_a_page(site: Path) -> None:
    html = article(site, "深/图.canvas/index.html")
    assert html.count('href="../../lstm/"') == 2
    assert "kb-canvas__stage" in html
    assert "这个画布读不出来" in article(site, "深/坏.canvas/index.html")


def test_a_note_that_is_no_utf8_and_an_empty_one_have_pages(site: Path) -> None:
    assert title(site, "空/index.html") == "空 - 知识库"
    assert title(site, "乱码/index.html") == "乱码 - 知识库"


def test_hidden_files_and_settings_are_not_published_and_attachments_are(site: Path) -> None:
    places = {file.relative_to(site).as_posix() for file in site.rglob("*") if file.is_file()}
    assert "图/点.svg" in places
    assert not [
        place for place in places if place.startswith(".") or "/." in place or place.endswith((".toml", ".md", ".canvas"))
    ]
    assert not [file for file in site.rglob("*.html") if "秘密" in file.read_text("utf-8") or "扔掉" in file.read_text("utf-8")]


def test_a_templates_folder_is_published_only_while_nobody_says_it_is_one(site: Path, tmp_path: Path) -> None:
    assert (site / "templates/日记/index.html").is_file()
    files = {"a.md": "[[日记]]", "templates/日记.md": "", ".obsidian/templates.json": '{"folder": "templates"}'}
    other = make(write(tmp_path, files), strict=True)
    assert not (other / "templates").exists()
    assert '<span class="kb-unresolved" title="这个文件没有发布">日记</span>' in article(other, "a/index.html")


def test_a_vault_without_an_index_has_a_front_page(tmp_path: Path) -> None:
    assert 'href="%E4%B8%80/a/"' in article(make(write(tmp_path, {"一/a.md": ""}), strict=True), "index.html")


def test_an_index_that_stands_elsewhere_is_found_at_the_root(tmp_path: Path) -> None:
    other = make(write(tmp_path, {"index.md": "---\npermalink: home\n---\n家"}), strict=True)
    assert 'url=home/"' in (other / "index.html").read_text("utf-8")
    assert "家" in article(other, "home/index.html")


def test_another_theme_is_refused_in_words(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings = write(tmp_path, {"a.md": ""}, theme={"name": "readthedocs"})
    with pytest.raises(Abort):
        make(settings)
    assert "the plugin 'kb' needs the theme 'material', not 'readthedocs'" in caplog.text


# ------------------------------------------------------------------------------------------------ lies


def test_what_a_note_asks_for_and_does_not_get_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    files: dict[str, str | bytes] = {
        "a.md": "---\npermalink: x\n---\n",
        "b.md": "---\npermalink: x\nredirects: x\n---\n",
        "乱码.md": b"\xff\xfe\x00GBK",
    }
    with caplog.at_level(logging.INFO, "mkdocs"):
        make(write(tmp_path, files), strict=True)
    assert "'b.md': its permalink is the address of 'a.md'" in caplog.text
    assert "'b.md': something else stands at an address of its 'redirects'" in caplog.text
    assert re.search("'乱码.md': .*UTF-8.*, so its page is empty", caplog.text)


def test_a_link_that_is_not_the_graphs_fails_a_strict_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bind_project = building.bind_project

    def bind_lies(config: Config, name: str, **options: Any) -> building.Bound:
        bound = bind_project(config, name, **options)
        page = replace(bound.book.pages["a.md"], links={"b": Meaning("c.md")})
        return replace(bound, book=replace(bound.book, pages={**bound.book.pages, "a.md": page}))

    monkeypatch.setattr(building, "bind_project", bind_lies)
    settings = write(tmp_path, {"a.md": "[[b]]", "b.md": "", "c.md": ""})
    make(settings)
    assert "'a.md' shows 1 links to 'c.md#' (ok), the graph has 0" in caplog.text
    assert "'a.md' shows 0 links to 'b.md#' (ok), the graph has 1" in caplog.text
    with pytest.raises(Abort):
        make(settings, strict=True)


def test_an_address_that_leads_nowhere_fails_a_strict_build(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings = write(tmp_path, {"a.md": '<a href="#nowhere">x</a> <a href="b.md#没有">y</a>', "b.md": "x"})
    make(settings)
    assert "'a/' links to 'a/#nowhere', which is not on the site" in caplog.text
    assert "'a/' links to 'b/#没有', which is not on the site" in caplog.text
    with pytest.raises(Abort):
        make(settings, strict=True)
