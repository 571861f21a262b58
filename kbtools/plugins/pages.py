"""Pages as MkDocs wants them, whose HTML is there already: MkDocs reads no note, and Python-Markdown is not asked."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page
from mkdocs.structure.toc import TableOfContents, get_toc

from kbtools.plugins.markdown import nest
from kbtools.plugins.output import Built
from kbtools.site.addresses import file_of
from kbtools.site.blocks import TocEntry
from kbtools.site.book import Page as BookPage
from kbtools.site.grounds import digest
from kbtools.site.leaf import Leaf


class Published(Built):
    """A file of the vault, which is a page where the book says so, whatever MkDocs would take it for, and at its address."""

    def __init__(self, config: MkDocsConfig, path: str, place: str, *, is_page: bool) -> None:
        self.is_page = is_page
        super().__init__(
            path, config.docs_dir, config.site_dir, config.use_directory_urls, dest_uri=place, inclusion=InclusionLevel.INCLUDED
        )

    def is_documentation_page(self) -> bool:
        return self.is_page


class _Finished(Page):
    """A page of which MkDocs reads and renders nothing."""

    def __init__(self, file: File, config: MkDocsConfig, *, title: str, description: str) -> None:
        super().__init__(title, file, config)
        self._named = title
        self._description = description

    @property
    def title(self) -> str:
        return self._named

    @title.setter
    def title(self, value: str) -> None:
        """Other plugins may set what they like: it is called what the book says."""

    def read_source(self, config: MkDocsConfig) -> None:
        self.markdown, self.meta = "", {"description": self._description} if self._description else {}


class LeafPage(_Finished):
    """A note, canvas or notebook. Its HTML is fetched when it is asked for and not kept: thousands of pages would fill the
    memory."""

    def __init__(self, file: File, config: MkDocsConfig, ours: BookPage, fetch: Callable[[], Leaf]) -> None:
        self._fetch = fetch
        self._changed: str | None = None
        super().__init__(file, config, title=ours.title, description=ours.description)

    @property
    def content(self) -> str:
        return self._fetch().html if self._changed is None else self._changed

    @content.setter
    def content(self, html: str | None) -> None:
        self._changed = None if html is None or html is self._fetch().html else html

    def render(self, config: MkDocsConfig, files: Files) -> None:
        self.toc = make_toc(self._fetch().toc)


class OwnPage(_Finished):
    """A page that no file of the vault stands behind."""

    def __init__(self, file: File, config: MkDocsConfig, *, title: str, html: str) -> None:
        super().__init__(file, config, title=title, description="")
        self._html = html

    def render(self, config: MkDocsConfig, files: Files) -> None:
        self.content = self._html


def make_own_file(config: MkDocsConfig, url: str, title: str, html: str) -> Built:
    """A file for such a page at an address."""
    name = "index" if file_of(url) == "index.html" else digest(url)[:12]  # by this MkDocs knows the front page
    file = Built.generated(config, f"_kb/{name}.md", content="", inclusion=InclusionLevel.NOT_IN_NAV)
    assert isinstance(file, Built)
    file.dest_uri = file_of(url)
    file.grounds = digest(url, title, html)
    OwnPage(file, config, title=title, html=html)
    return file


def make_file(config: MkDocsConfig, place: str, content: str | bytes) -> Built:
    """A file that is no page."""
    file = Built.generated(config, place, content=content, inclusion=InclusionLevel.NOT_IN_NAV)
    assert isinstance(file, Built)
    file.grounds = hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()
    return file


def make_toc(toc: tuple[TocEntry, ...]) -> TableOfContents:
    """Headings, as MkDocs gives them to the theme."""
    tokens: Any = nest(toc)
    return get_toc(tokens)
