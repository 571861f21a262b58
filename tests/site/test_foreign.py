"""Other people's vaults: whatever their files are called, the site is built and no link of it is dead."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from kbtools import app, building
from kbtools.config import Config
from kbtools.graph import path_of
from kbtools.model import NotePath
from kbtools.site.binding import Wish, bind
from kbtools.site.render import render_page
from kbtools.site.sections import find_places
from kbtools.site.verify import find_untrue
from tests.site.foreign import list_notes, write_vault


class _Page(HTMLParser):
    """The addresses and ids of a page, and what its links of the vault say."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("href", "src") and value:
                self.links.append(value)
            elif name in ("id", "name") and value:
                self.ids.add(value)


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("foreign") / "某人的 vault & 笔记"
    write_vault(folder)
    return folder


@pytest.fixture(scope="module")
def built(vault: Path) -> Iterator[tuple[Path, list[str]]]:
    """The site as `kb build` makes it without any settings, and what it warned of."""
    said: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("mkdocs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KB_CACHE_DIR", str(vault.parent / "cache"))
        logger.addHandler(handler)
        try:
            yield building.build(Config(root=vault, vault=vault), vault.parent / "site"), said
        finally:
            logger.removeHandler(handler)


def test_nothing_is_said_of_a_vault_that_links_what_is_there(built: tuple[Path, list[str]]) -> None:
    assert built[1] == []


def test_every_link_leads_to_a_file_and_a_place(built: tuple[Path, list[str]]) -> None:
    assert list(find_dead(built[0])) == []


def test_every_note_has_a_page_of_its_own_that_says_what_it_says(built: tuple[Path, list[str]], vault: Path) -> None:
    book = building.bind_project(Config(root=vault, vault=vault), "v").book
    shown = {}
    for path in list_notes():
        page = built[0] / unquote(book.pages[path].url) / "index.html"
        said = (vault / path).read_text("utf-8").partition("这里写着第 ")[2].partition(" 篇")[0]
        assert f"这里写着第 {said} 篇" in page.read_text("utf-8")
        shown[page] = path
    assert len(shown) == len(list_notes())


def test_links_are_the_edges_of_the_graph(built: tuple[Path, list[str]], vault: Path) -> None:
    snapshot = app.scan(app.Project(Config(root=vault, vault=vault)))
    book = building.bind_project(Config(root=vault, vault=vault), "v").book
    checked = 0
    for path in list_notes():
        page = built[0] / unquote(book.pages[path].url) / "index.html"
        found = {address(link, page, built[0])[0] for link in _Page(page.read_text("utf-8")).links}
        for edge in snapshot.edges_of(path):
            there = path_of(edge)
            if there and edge.link.form != "property":
                url = unquote(book.pages[there].url if there in book.pages else book.files[there])
                assert (built[0] / url).resolve() in found, (path, edge.link)
                checked += 1
    assert checked > 5 * len(list_notes())


def test_mkdocs_needs_three_lines(vault: Path, built: tuple[Path, list[str]]) -> None:
    project = vault.parent / "project"
    project.mkdir()
    settings = f'site_name: "名"\ndocs_dir: "{vault}"\nplugins: [kb]\n'
    (project / "mkdocs.yml").write_text(settings, "utf-8")
    run = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict"], cwd=project, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert "WARNING" not in run.stderr
    assert list(find_dead(project / "site")) == []
    there, here = (
        {file.relative_to(site).as_posix() for file in site.rglob("*") if file.is_file()} for site in (built[0], project / "site")
    )
    assert there == here


def find_dead(site: Path) -> Iterator[tuple[str, str]]:
    """(file, address) of what leads nowhere, found without any of the code that wrote it."""
    pages = {file.resolve(): _Page(file.read_text("utf-8")) for file in site.rglob("*.html") if file.is_file()}
    assert pages
    for file, page in pages.items():
        if file.name == "404.html":  # its addresses count from the server's root
            continue
        for link in page.links:
            if urlsplit(link).scheme or link.startswith("//"):
                continue
            there, place = address(link, file, site)
            if there.is_dir():
                there = there / "index.html"
            if not there.is_file() or (place and there in pages and place not in pages[there].ids | {"__search", "__drawer"}):
                yield file.relative_to(site.resolve()).as_posix(), link


def address(link: str, page: Path, site: Path) -> tuple[Path, str]:
    """The file that a link on a page means, and the place in it."""
    path, _, place = link.partition("#")
    path = unquote(path.partition("?")[0])
    base = site if path.startswith("/") else page.parent
    return ((base / path.lstrip("/")) if path else page).resolve(), unquote(place)


# ------------------------------------------------------------------------------------------------ what real vaults had


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("<img src=图/点.png width=4>", '<img src="../%E5%9B%BE/%E7%82%B9.png" width="4">'),
        ("<img src='/夹/图/点.png'>", '<img src="../%E5%9B%BE/%E7%82%B9.png">'),
        ("<a href='../别.md#节'>x</a>", '<a href="../../%E5%88%AB/#节">x</a>'),
        ("<a href='../别'>x</a>", '<a href="../../%E5%88%AB/">x</a>'),
        ("<a href='no/where.html'>x</a>", "<a>x</a>"),
        ("<img src='没有.png' srcset='没有.png 2x' alt=图>", '<img alt="图">'),
        ("<iframe src='#placeholder/link'></iframe>", "<iframe></iframe>"),
        ("<a href='#节'>x</a> <a href='https://a.b'>y</a>", '<a href="#节">x</a> <a href="https://a.b">y</a>'),
        ("[x](https//a.b/c)", '<span class="kb-unresolved" title="这不是完整的网址">x</span>'),
        ("[x](>https://a.b/c)", '<span class="kb-unresolved" title="这不是完整的网址">x</span>'),
        ("[x]([https://a.b/c](https://a.b/c))", '<span class="kb-unresolved" title="这不是完整的网址">x</span>'),
        ("![x](https//a.b/c.png)", '<span class="kb-unresolved" title="这不是完整的网址">x</span>'),
        ("![[别#^x]]", '<p class="admonition-title">题</p>\n<p>一</p>\n<p>二</p>\n</div>'),
    ],
)
def test_shows(source: str, shown: str) -> None:
    files = {"夹/页.md": source, "夹/图/点.png": "x", "别.md": "## 节\n\n> [!done] 题\n> 一\n>\n> 二\n^x\n"}
    book = bind(app.snapshot_of(files), Wish("v"))
    html = render_page(source, book.pages["夹/页.md"], book).html
    assert shown in html


def test_a_heading_in_a_comment_or_a_formula_can_be_linked_and_is_not_shown() -> None:
    text = "正文\n\n%%\n## 藏\n%%\n\n$$\na\n=\nb\n$$\n"
    book = bind(app.snapshot_of({"页.md": text}), Wish("v"))
    page = book.pages["页.md"]
    html = render_page(text, page, book).html
    assert [place.anchor for place in page.sections][:1] == ["藏"]
    assert all(f'<a id="{place.anchor}"></a>' in html for place in page.sections)
    assert "<h" not in html


def test_links_in_cells_beyond_the_last_column_count() -> None:
    text = "| a |\n| - |\n| [[页]] | ![[别]] [[没有\\|x]] |\n\n> a | b\n> - | -\n> 1 | 2 | [[别]] |\n"
    snapshot = app.snapshot_of({"页.md": text, "别.md": ""})
    book = bind(snapshot, Wish("v"))
    rendered = render_page(text, book.pages["页.md"], book)
    places = {path: find_places(snapshot.notes[path]) for path in snapshot.notes}
    assert list(find_untrue(rendered.links, snapshot.edges_of(NotePath("页.md")), places)) == []
    assert len(rendered.links) == 4
    assert "没有" not in rendered.html
