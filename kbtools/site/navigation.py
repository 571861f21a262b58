"""The folders and pages of a book as one script that every page shares, and the way from the root to a page.

No page carries the whole navigation: `assets/nav.js` draws the tree in the sidebar from this one file, which can be loaded
without a server. A tree of 4,000 pages must stay small, so an address is written only where it is not its page's path.
"""

from __future__ import annotations

import json
import posixpath
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote

from kbtools.site.book import Book, Page

TREE_FILE = "assets/kb/tree.js"
_ENDINGS = ("/", ".html", "/index.html")
_INDEX_NAMES = frozenset({"index", "readme"})
_KINDS = {"canvas": "画布", "notebook": "笔记本"}

Row = str | list[object]
"""A page is its name, or [name, address, kind] where the address does not follow from the path or the page is no note; a
folder is [name, rows]."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the way to a page: a folder and the address of its index note ("" where it has none)."""

    title: str
    url: str


@dataclass(slots=True)
class _Folder:
    folders: dict[str, _Folder] = field(default_factory=dict)
    pages: list[Page] = field(default_factory=list)


def iter_nav_files(book: Book) -> Iterator[tuple[str, bytes]]:
    """The script that sets `__kb_tree` to {"ending", "rows"}: folders first, each in plain order, an index note before all."""
    ending = _usual_ending(book.pages.values())
    tree = {"ending": ending, "rows": _rows(_folders(book), "", ending)}
    text = json.dumps(tree, ensure_ascii=False, separators=(",", ":"))
    yield TREE_FILE, f"window.__kb_tree={text};\n".encode()


def trail(page: Page, book: Book) -> tuple[Step, ...]:
    """The folders above a page, from the root: what a reader without script sees of the navigation."""
    parts = page.path.split("/")[:-1]
    folders = ["/".join(parts[: count + 1]) for count in range(len(parts))]
    return tuple(Step(posixpath.basename(folder), _index_url(folder, book)) for folder in folders)


def _index_url(folder: str, book: Book) -> str:
    names = ("index.md", "README.md", f"{posixpath.basename(folder)}.md")
    found = (book.pages.get(f"{folder}/{name}") for name in names)
    return next((page.url for page in found if page), "")


def _folders(book: Book) -> _Folder:
    root = _Folder()
    for path in sorted(book.pages):
        page = book.pages[path]
        if _is_home(page):
            continue  # the sidebar's first link goes there already
        folder = root
        for name in path.split("/")[:-1]:
            folder = folder.folders.setdefault(name, _Folder())
        folder.pages.append(page)
    return root


def _rows(folder: _Folder, path: str, ending: str) -> list[Row]:
    name = posixpath.basename(path)
    pages = sorted(folder.pages, key=lambda page: (not _is_index(page, name), _name(page), page.path))
    index = [page for page in pages if _is_index(page, name)]
    rows: list[Row] = [_row(page, path, ending) for page in index]
    for title in sorted(folder.folders):
        rows.append([title, _rows(folder.folders[title], posixpath.join(path, title), ending)])
    return rows + [_row(page, path, ending) for page in pages[len(index) :]]


def _row(page: Page, folder: str, ending: str) -> Row:
    name, url = _name(page), unquote(page.url)
    kind = _KINDS.get(page.kind, "")
    if url == posixpath.join(folder, name) + ending and not kind:
        return name
    return [name, url, kind] if kind else [name, url]


def _name(page: Page) -> str:
    stem = posixpath.splitext(posixpath.basename(page.path))[0]
    return page.title if stem.lower() in _INDEX_NAMES else stem


def _is_index(page: Page, folder: str) -> bool:
    stem = posixpath.splitext(posixpath.basename(page.path))[0]
    return page.kind == "note" and (stem.lower() in _INDEX_NAMES or stem == folder)


def _is_home(page: Page) -> bool:
    return page.url in {"", "./", "index.html"}


def _usual_ending(pages: Iterable[Page]) -> str:
    counts = Counter(_ending(page.url, _ENDINGS) for page in pages)
    return max(_ENDINGS, key=lambda ending: counts[ending])


def _ending(url: str, endings: Sequence[str]) -> str:
    return next((ending for ending in reversed(endings) if url.endswith(ending)), "")
