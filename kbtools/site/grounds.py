"""What a page's HTML depends on, as a digest: pages whose digests are the same look the same, in this build and in any other.

Whoever lets rendering look at something else of the `Book` must say so here; what is said needlessly costs a page written anew.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from kbtools.site.book import Book, Page
from kbtools.vault.cache import code_key

LIBRARIES: Final = ("markdown-it-py", "mdit-py-plugins", "math-core", "pygments", "mmdr", "nbconvert", "mistune", "numpy")
"""What else writes HTML or lays out graphs."""


def renderer_key(*parts: str) -> str:
    """A digest that differs when what renders does: this package, what it reads notes with, or any of `parts`."""
    state = hashlib.sha256(code_key(*parts))
    folder = Path(__file__).parent
    for file in sorted(file for file in folder.iterdir() if file.suffix in {".py", ".j2"}):
        state.update(file.name.encode() + file.read_bytes())
    for library in LIBRARIES:
        state.update(f"{library} {version_of(library)}\n".encode())
    return state.hexdigest()


ADDRESS: Final = re.compile(r"\s(?:href|poster|src)\s*=", re.IGNORECASE)
"""HTML in a note may name any file."""


class Grounds:
    """The digests of the pages of one book; `read` gives their texts, `renderer` is `renderer_key`'s."""

    def __init__(self, book: Book, read: Callable[[str], str], renderer: str) -> None:
        self._book = book
        self._read = read
        self._renderer = renderer
        self._tags: Mapping[str, str] = {tag.lower(): url for tag, url in book.tag_urls.items()}
        self._addresses = digest(repr((book.files, [(page.path, page.url) for page in book.pages.values()])))
        self._unread = digest(repr(self._tags), self._addresses)
        self._parts: dict[str, str] = {}
        proofs = (book.snippets_url, book.snippets_folder, bool(book.snippets))
        self._everywhere = repr((renderer, proofs))

    def of(self, path: str) -> str:
        """The digest of a page."""
        page = self._book.pages[path]
        shown = [self._part(one) for one in self._find_shown(path)]
        around = [self._face(other) for other in _iter_around(page)]
        return digest(repr((self._everywhere, page, shown, around)))

    def _find_shown(self, path: str) -> list[str]:
        """The pages of which something may stand on this one: itself, and what is embedded, through whatever embeds it."""
        found: dict[str, None] = {path: None}
        waiting = [path]
        while waiting:
            for one in self._book.pages[waiting.pop()].embeds:
                if one not in found:
                    found[one] = None
                    waiting.append(one)
        return sorted(found)

    def _part(self, path: str) -> str:
        """The digest of what a page is by itself: its text and what everything in it means."""
        known = self._parts.get(path)
        if known is None:
            page, text = self._book.pages[path], self._read(path)
            links = [(key, meaning, self._face(meaning.path), self._book.url_of(meaning)) for key, meaning in page.links.items()]
            files = self._addresses if ADDRESS.search(text) else ""
            said = (path, page.url, page.title, page.kind, page.lines, page.sections, links, self._tags_of(page), files)
            known = self._parts[path] = digest(repr((said, self._proofs_in(text))), text)
        return known

    def _tags_of(self, page: Page) -> Iterable[tuple[str, str | None]]:
        if page.kind != "note":  # the vault looks there neither for tags nor for every picture
            return ((self._unread, None),)
        return [(tag, self._tags.get(tag.lower())) for tag in page.tags]

    def _proofs_in(self, text: str) -> list[object]:
        return [listing for path, listing in self._book.snippets.items() if path in text]

    def _face(self, path: str) -> tuple[object, ...]:
        """What other pages say of a page."""
        page = self._book.pages.get(path)
        if page is None:
            return path, self._book.files.get(path), self._book.sizes.get(path)
        return path, page.url, page.title, page.kind, page.minutes


def _iter_around(page: Page) -> Iterator[str]:
    """The pages that are named beside a page."""
    yield from (backlink.source for backlink in page.backlinks)
    yield from page.prerequisites
    yield from page.unlocks
    yield from page.before


def digest(*texts: str) -> str:
    """A digest of texts."""
    return hashlib.sha256("\0".join(texts).encode("utf-8", "surrogatepass")).hexdigest()


def version_of(library: str) -> str:
    """The version of an installed package, "" where it is not there."""
    try:
        return version(library)
    except PackageNotFoundError:
        return ""
