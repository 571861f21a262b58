"""Python-Markdown learns Obsidian's Markdown: the extension hands a page's whole text to `site.render` and gives back its HTML.

Nothing is resolved here: the option `book` is a `Book`, or the name of a file that holds one. Which page it is says the site
generator (MkDocs: the file of its `relpath` processor; Zensical: the page of its context) or the option `page`. What is no page
of the vault is left to Python-Markdown.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import replace
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree.ElementTree import Element

from markdown import Markdown
from markdown.extensions import Extension
from markdown.preprocessors import Preprocessor
from markdown.treeprocessors import Treeprocessor

from kbtools.site.around import surround
from kbtools.site.book import Book, parse_book
from kbtools.site.render import Rendered, TocEntry, render_page

FIRST, LAST = 10_000, -10_000


class KbExtension(Extension):
    """`markdown_extensions: [kbtools.plugins.markdown]`."""

    def __init__(self, **options: Any) -> None:
        self.config = {
            "book": ["", "a Book, or the name of a file that holds one"],
            "page": ["", "the vault path of the page, where nobody else tells"],
            "pages": [{}, "where to keep what was rendered, by vault path"],
            "around": [True, "whether what stands around a note is written below it"],
        }
        super().__init__(**options)

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802  # Python-Markdown's name
        book = self.getConfig("book") or None
        if isinstance(book, str | Path):
            book = _read_book(str(book), Path(book).stat().st_mtime_ns)
        md.preprocessors.register(_Whole(md, self, book), "kb", FIRST)
        md.preprocessors.register(_Stand(md), "kb-stand", LAST)
        md.treeprocessors.register(_Contents(md), "kb-contents", LAST)


@lru_cache(maxsize=1)  # a site generator makes an extension for every page
def _read_book(file: str, changed: int) -> Book:
    return parse_book(Path(file).read_text("utf-8", errors="surrogatepass"))


def makeExtension(**options: Any) -> KbExtension:  # noqa: N802  # Python-Markdown's name
    """What Python-Markdown calls."""
    return KbExtension(**options)


class _Whole(Preprocessor):
    """The first preprocessor: nobody has touched the text yet."""

    def __init__(self, md: Markdown, extension: KbExtension, book: Book | None) -> None:
        super().__init__(md)
        self.extension = extension
        self.book = book

    def run(self, lines: list[str]) -> list[str]:
        text = "\n".join(lines)
        self.md.kb_toc = self.md.kb_html = None  # type: ignore[attr-defined]  # where the later processors find it
        path, counts_from_folder = self._find_page()
        page = self.book.pages.get(path) if self.book else None
        if page is None or self.book is None:
            return lines
        if counts_from_folder:
            page = replace(page, url=quote(path[: path.rfind("/") + 1]))
        pages: MutableMapping[str, Rendered] = self.extension.getConfig("pages")
        rendered = pages.get(page.path)
        if rendered is None:
            rendered = pages[page.path] = render_page(text, page, self.book)
        self.md.kb_toc = rendered.toc  # type: ignore[attr-defined]
        return self._keep(surround(rendered.html, page, self.book) if self.extension.getConfig("around") else rendered.html)

    def _keep(self, html: str) -> list[str]:
        self.md.kb_html = html  # type: ignore[attr-defined]
        return ["kb"]  # a placeholder now would lose its marks to the next preprocessor

    def _find_page(self) -> tuple[str, bool]:
        """The vault path of the page, and whether addresses on it are written as they count from its file: Zensical makes them
        count from the page, in HTML too."""
        named = self.extension.getConfig("page")
        if named:
            return str(named), False
        mkdocs: Any = self.md.treeprocessors["relpath"] if "relpath" in self.md.treeprocessors else None  # noqa: SIM401  # no dict
        if mkdocs is not None:
            return str(mkdocs.file.src_uri), False
        zensical: list[Any] = [getattr(processor, "page", None) for processor in self.md.preprocessors]
        return next((str(page.path) for page in zensical if hasattr(page, "path")), ""), True


class _Stand(Preprocessor):
    """The last preprocessor: from here on a placeholder stands for the HTML."""

    def run(self, lines: list[str]) -> list[str]:
        html: str | None = self.md.kb_html  # type: ignore[attr-defined]
        return lines if html is None else [self.md.htmlStash.store(html)]


class _Contents(Treeprocessor):
    """The last tree processor: what is in the page's table of contents."""

    def run(self, root: Element) -> None:
        toc: tuple[TocEntry, ...] | None = self.md.kb_toc  # type: ignore[attr-defined]
        if toc is not None:
            self.md.toc_tokens = nest(toc)  # type: ignore[attr-defined]  # as the extension `toc` names it


def nest(toc: tuple[TocEntry, ...]) -> list[dict[str, Any]]:
    """Headings as the extension `toc` gives them: each with those below it."""
    top: list[dict[str, Any]] = []
    above: list[dict[str, Any]] = []
    for entry in toc:
        token = {
            "level": entry.level,
            "id": entry.id,
            "name": escape(entry.name, quote=False),  # themes write it as it is
            "html": escape(entry.name, quote=False),
            "data-toc-label": "",
            "children": [],
        }
        while above and above[-1]["level"] >= entry.level:
            above.pop()
        (above[-1]["children"] if above else top).append(token)
        above.append(token)
    return top
