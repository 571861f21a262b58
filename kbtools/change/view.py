"""The files of a vault at one moment -> what every link means, as places that can be compared between two moments."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from kbtools.resolve import Index, find_anchor, names_place
from kbtools.syntax.inline import CANVAS, RawLink
from kbtools.syntax.scan import Columns, RawAnchor, scan

WHOLE = -1
"""The place of a link that means a whole file."""
NOWHERE = -2
"""The place of a link that names one the file does not have."""


class Meaning(NamedTuple):
    """The file a link means ("" for none), the place in it as the number of an anchor, and whether others qualify."""

    path: str
    place: int = WHOLE
    fragile: bool = False


NO_FILE = Meaning("", NOWHERE)


class View:
    """`columns_of` and `text_of` are asked for sources only; `names` are all files."""

    def __init__(
        self,
        sources: Iterable[str],
        names: Iterable[str],
        columns_of: Callable[[str], Columns],
        text_of: Callable[[str], str],
        *,
        aliases_resolve: bool = False,
    ) -> None:
        self.sources = tuple(sorted(sources))
        self._known = frozenset(self.sources)
        self.names = tuple(sorted(names))
        self.text_of = text_of
        self._columns_of = columns_of
        self._columns: dict[str, Columns] = {}
        self._places: dict[tuple[str, str], int] = {}
        self.aliases_resolve = aliases_resolve
        aliases = [(path, alias) for path in self.sources for alias in self.columns(path).aliases] if aliases_resolve else []
        self.index = Index(self.names, aliases)

    def columns(self, path: str) -> Columns:
        """What a source holds; remembered."""
        found = self._columns.get(path)
        if found is None:
            found = self._columns[path] = self._columns_of(path)
        return found

    def anchors(self, path: str) -> tuple[RawAnchor, ...]:
        """The places in a file."""
        return self.columns(path).anchors if path in self._known else ()

    def mean(self, link: RawLink, source: str) -> Meaning:
        """What a link of a source means."""
        found = self.index.look_up(link[1], source, whole=link[0] & 7 == CANVAS)
        return NO_FILE if found is None else Meaning(found.path, self._place(found.path, link[2]), found.fragile)

    def _place(self, path: str, subpath: str) -> int:
        if not subpath or path[-3:].lower() != ".md" or not names_place(subpath):
            return WHOLE
        place = self._places.get((path, subpath))
        if place is None:
            anchors = self.anchors(path)
            anchor = find_anchor(anchors, subpath)
            place = self._places[path, subpath] = NOWHERE if anchor is None else anchors.index(anchor)
        return place

    def after(self, moves: Mapping[str, str], texts: Mapping[str, str]) -> View:
        """The vault after files have moved (old path to new) and got new texts (by old path)."""
        back = {new: old for old, new in moves.items()}

        def columns_of(path: str) -> Columns:
            old = back.get(path, path)
            return scan(path, texts[old]) if old in texts else self.columns(old)

        def text_of(path: str) -> str:
            old = back.get(path, path)
            return texts[old] if old in texts else self.text_of(old)

        return View(
            (moves.get(path, path) for path in self.sources),
            (moves.get(path, path) for path in self.names),
            columns_of,
            text_of,
            aliases_resolve=self.aliases_resolve,
        )


def view_of(files: Mapping[str, str], *, aliases_resolve: bool = False) -> View:
    """The view of a vault given as texts by path."""
    suffixes = (".md", ".canvas", ".ipynb")
    sources = [path for path in files if path.lower().endswith(suffixes)]
    return View(sources, files, lambda path: scan(path, files[path]), files.__getitem__, aliases_resolve=aliases_resolve)
