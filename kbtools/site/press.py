"""The pages of a book, finished: what was made in an earlier build is taken from the store, the rest is made on every core.

A page's texts are let go as soon as they are packed: a build holds the packed pages, a tenth of the site.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from kbtools.site.book import Book, Meaning, Page
from kbtools.site.grounds import Grounds
from kbtools.site.leaf import Extract, Facts, Leaf, load_extract, load_facts, load_leaf, make_leaf
from kbtools.site.render import Rendered
from kbtools.site.verify import Untrue
from kbtools.vault.shards import examine_all
from kbtools.vault.store import Store

FORK_FROM: Final = 40
"""Below so many pages a second process costs more than it gives (measured)."""

TIDY_EVERY: Final = 50

Render = Callable[[str, Page, Book], Rendered]
Judge = Callable[[str, Sequence[Meaning]], Iterable[Untrue]]
"""(path, links on its page) -> what `verify.find_untrue` says of them."""


class Press:
    """The leaves of one book; `renderer` is the digest of what makes them (`grounds.renderer_key`)."""

    def __init__(self, book: Book, store: Store, renderer: str) -> None:
        self.book = book
        self._store = store
        self._renderer = renderer
        self._keys: dict[str, str] = {}
        self._packed: dict[str, bytes] = {}
        self._last: tuple[str, Leaf] | None = None

    def run(self, read: Callable[[str], str], render: Render, judge: Judge) -> list[str]:
        """Have every page ready, and say which ones had to be made."""
        grounds = Grounds(self.book, read, self._renderer)
        for path in self.book.pages:
            self._keys[path] = grounds.of(path)
            packed = self._store.read(self._keys[path])
            if packed is not None:
                self._packed[path] = packed

        count = 0

        def make(path: str) -> bytes:
            nonlocal count
            count += 1
            if count % TIDY_EVERY == 0:
                gc.collect()  # parsing leaves circles, and nobody may look for them before
            page = self.book.pages[path]
            rendered = render(read(path), page, self.book)
            is_whole = rendered.links or not rendered.problems
            packed = make_leaf(rendered, page, self.book, judge(path, rendered.links) if is_whole else ())
            self._store.write(self._keys[path], packed)
            return packed

        missing = sorted(path for path in self.book.pages if path not in self._packed)
        processes = 0 if threading.active_count() == 1 else 1  # a fork beside other threads may stop for ever
        gc.freeze()  # what is there is no garbage
        self._packed.update(examine_all(_interleave(missing), make, processes=processes, fork_from=FORK_FROM))
        gc.unfreeze()
        for path in missing:
            self._store.ask(self._keys[path])
        return missing

    def leaf_of(self, path: str) -> Leaf:
        """The leaf of a page; that of the last one asked for is at hand."""
        if self._last is None or self._last[0] != path:
            self._last = path, load_leaf(self._packed[path])
        return self._last[1]

    def facts_of(self, path: str) -> Facts:
        """What is known of it."""
        return load_facts(self._packed[path])

    def extract_of(self, path: str) -> Extract:
        """What search and previews take of it."""
        return load_extract(self._packed[path])

    def key_of(self, path: str) -> str:
        """What it depends on."""
        return self._keys[path]

    @property
    def keys(self) -> list[str]:
        """What the leaves depend on, in order: files made of leaves depend on these."""
        return [self._keys[path] for path in sorted(self._keys)]


def _interleave(paths: Sequence[str]) -> list[str]:
    """The paths so that halves of the list are alike: neighbours in a folder are often equally long."""
    return [*paths[::2], *paths[1::2]]
