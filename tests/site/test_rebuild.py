"""Building again: what was made before is used, and the site is what it would be had there been nothing before."""

from __future__ import annotations

import logging
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.pages import Page

from kbtools import building
from kbtools.config import Config
from kbtools.plugins.mkdocs import KbPlugin
from kbtools.site import press
from kbtools.vault.cache import cache_folder

NOTES = {
    "index.md": "从[[甲]]开始。\n",
    "文 件夹/甲.md": "---\naliases: [头一篇]\ntags: [类/甲]\n---\n## 节\n\n见[[乙#段|乙的一段]]与$x^2$。\n\n![[乙#段]]\n",
    "文 件夹/乙.md": "## 段\n\n这里写乙。 ^块\n\n见[[甲]]、[[没有]]。\n\n![](图/点.svg)\n",
    "丙.md": "---\nprerequisites: ['[[甲]]']\n---\n[[乙#^块]]，<a href='文 件夹/乙.md'>乙</a>。\n",
    "图/点.svg": "<svg xmlns='http://www.w3.org/2000/svg'/>",
}
Edit = Callable[[Path], object]


@pytest.fixture
def vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KB_CACHE_DIR", str(tmp_path / "cache"))
    for path, text in NOTES.items():
        file = tmp_path / "vault" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    return tmp_path / "vault"


def append(file: Path, text: str) -> None:
    file.write_text(file.read_text("utf-8") + text, "utf-8")


def replace(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


def settle(vault: Path) -> None:
    (vault.parent / "mkdocs.yml").write_text(building.make_settings(vault).replace("language: zh", "language: en"), "utf-8")


def spoil(site: Path) -> None:
    append(site / "index.html", "<p>from somebody else")
    append(site / "assets/kb/tree.js", "x")
    append(site / "assets/kb/search/manifest.js", "x")


EDITS: dict[str, Edit] = {
    "nothing": lambda _: None,
    "a text": lambda vault: append(vault / "文 件夹/甲.md", "又一句。\n"),
    "a heading that others link to": lambda vault: replace(vault / "文 件夹/乙.md", "## 段", "## 段落"),
    "a note more": lambda vault: (vault / "没有.md").write_text("有了。#新标签\n", "utf-8"),
    "a note less": lambda vault: (vault / "文 件夹/乙.md").unlink(),
    "a note elsewhere": lambda vault: (vault / "文 件夹/乙.md").rename(vault / "乙.md"),
    "another address": lambda vault: replace(vault / "文 件夹/甲.md", "aliases", "permalink: jia\naliases"),
    "no tag any more": lambda vault: replace(vault / "文 件夹/甲.md", "tags: [类/甲]\n", ""),
    "a picture": lambda vault: (vault / "图/点.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg' id='a'/>"),
    "a picture less": lambda vault: (vault / "图/点.svg").unlink(),
    "the settings": settle,
    "a file of the site spoilt": lambda vault: spoil(vault.parent / "site"),
    "the site gone": lambda vault: shutil.rmtree(vault.parent / "site"),
    "the site gone, and another text": lambda vault: (
        shutil.rmtree(vault.parent / "site"),
        append(vault / "文 件夹/乙.md", "又一句。\n"),
    ),
    "a file of the site gone": lambda vault: shutil.rmtree(vault.parent / "site/文 件夹"),
}


def make(vault: Path, site: str = "site") -> dict[str, bytes]:
    folder = building.build(Config(root=vault.parent, vault=vault), vault.parent / site, strict=False)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def assert_same(found: dict[str, bytes], wanted: dict[str, bytes]) -> None:
    assert found.keys() == wanted.keys()
    assert [path for path in found if found[path] != wanted[path] and not path.startswith("sitemap")] == []


@pytest.mark.parametrize("name", EDITS)
def test_a_second_build_is_what_a_first_one_would_be(vault: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    make(vault)
    EDITS[name](vault)
    again = make(vault)
    monkeypatch.setenv("KB_CACHE_DIR", str(vault.parent / "empty"))
    assert_same(again, make(vault, "other"))


def test_what_did_not_change_is_neither_rendered_nor_written_again(vault: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    real = press.make_leaf
    monkeypatch.setattr(press, "make_leaf", lambda *given: (made.append(given[1].path), real(*given))[1])
    make(vault)
    assert sorted(made) == sorted(path for path in NOTES if path.endswith(".md"))
    site = vault.parent / "site"
    stamps = {path: path.stat().st_mtime_ns for path in site.rglob("*.html")}
    made.clear()
    append(vault / "丙.md", "又一句。\n")
    make(vault)
    assert made == ["丙.md"]
    written = {path.relative_to(site).as_posix() for path in site.rglob("*.html") if stamps.get(path) != path.stat().st_mtime_ns}
    assert written <= {"丙/index.html", "404.html"}
    assert "丙/index.html" in written


def test_a_site_that_is_gone_is_written_without_the_theme(vault: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = make(vault)
    shutil.rmtree(vault.parent / "site")
    framed: list[str] = []
    real = KbPlugin.on_post_page

    def watch(self: KbPlugin, output: str, *, page: Page, config: MkDocsConfig) -> str:
        framed.append(page.file.src_uri)
        return real(self, output, page=page, config=config)

    monkeypatch.setattr(KbPlugin, "on_post_page", watch)
    assert_same(make(vault), wanted)
    assert [path for path in framed if path in NOTES] == []
    assert framed  # the pages that no note stands behind


def test_a_spoilt_cache_is_made_anew(vault: Path) -> None:
    wanted = make(vault)
    for number, file in enumerate(sorted((cache_folder(vault) / "site").rglob("*"))):
        if file.is_file():
            whole = file.read_bytes()
            file.write_bytes((b"", whole[:-1], b"x" * 100, bytes([*whole[:40], whole[40] ^ 1, *whole[41:]]))[number % 4])
    assert_same(make(vault), wanted)


def test_a_cache_that_cannot_be_written_is_done_without(vault: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = make(vault)
    (vault.parent / "file").write_text("")
    monkeypatch.setenv("KB_CACHE_DIR", str(vault.parent / "file"))
    assert_same(make(vault, "other"), wanted)
    append(vault / "丙.md", "又一句。\n")
    assert "又一句" in make(vault, "other")["丙/index.html"].decode()


def test_two_builds_at_once(vault: Path) -> None:
    wanted = make(vault)
    shutil.rmtree(vault.parent / "cache")
    if os.fork() == 0:
        logging.disable()
        make(vault, "one")
        os._exit(0)
    other = make(vault, "two")
    assert os.waitstatus_to_exitcode(os.wait()[1]) == 0
    assert_same(other, wanted)
    assert_same(make(vault, "one"), wanted)


def test_beside_threads_nothing_is_forked(vault: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = make(vault)
    shutil.rmtree(vault.parent / "cache")
    over = threading.Event()
    thread = threading.Thread(target=over.wait)
    thread.start()
    try:
        monkeypatch.setattr(os, "fork", lambda: pytest.fail("a fork beside threads"))
        assert_same(make(vault, "other"), wanted)
    finally:
        over.set()
        thread.join()


def test_what_is_not_true_is_said_of_pages_that_did_not_change(vault: Path, caplog: pytest.LogCaptureFixture) -> None:
    append(vault / "丙.md", '<a href="#没有这里">x</a>\n')
    for _ in range(2):
        caplog.clear()
        make(vault)
        assert "'丙/' links to '丙/#没有这里'" in caplog.text
        assert "dirty" not in caplog.text
