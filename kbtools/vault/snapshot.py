"""Everything known about a vault at one moment: files, columns, and what every link means.

A `Snapshot` is what rules and commands read (it is a `model.Vault`). It keeps one blob of columns a file and hands out
nouns on demand; links are resolved once per distinct target.
"""

from __future__ import annotations

import marshal
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property

from kbtools.model import (
    Ambiguous,
    Edge,
    External,
    Found,
    MissingAnchor,
    MissingFile,
    Note,
    NotePath,
    Outcome,
    Resolution,
    Snippet,
    Source,
)
from kbtools.resolve import Index, Target, find_anchor, names_place
from kbtools.syntax.inline import CANVAS, HIDDEN, PROPERTY, SCHEME, RawLink
from kbtools.syntax.note import LazyNote, make_anchor, make_link
from kbtools.syntax.scan import Columns, RawAnchor
from kbtools.vault.cache import Blob


class Snapshot:
    """`blobs` holds the columns of every file that can hold links, `excluded` those of them that settings keep out."""

    def __init__(
        self,
        blobs: Mapping[str, Blob],
        others: list[str],
        read: Callable[[str], Source],
        *,
        excluded: frozenset[str] = frozenset(),
        aliases_resolve: bool = False,
    ) -> None:
        self.blobs = blobs
        self.read = read
        self.excluded = excluded
        self.attachments: tuple[NotePath, ...] = tuple(NotePath(path) for path in others if path not in excluded)
        self.paths: tuple[NotePath, ...] = tuple(sorted(NotePath(path) for path in blobs if path not in excluded))
        self.snippets: Mapping[str, Snippet] = {}
        self.outcomes: tuple[Outcome, ...] = ()
        self.agreed: Mapping[tuple[str, str], str] = {}
        everything = sorted([*blobs, *others])
        self.index = Index(everything, self._all_aliases() if aliases_resolve else ())
        self._anchors: dict[str, tuple[RawAnchor, ...]] = {}

    def columns(self, path: str) -> Columns:
        """The columns of a file that can hold links."""
        fields, _ = marshal.loads(self.blobs[path])
        return Columns(*fields)

    def local_findings(self, path: str) -> list[tuple[object, ...]]:
        """What the note-scope rules found when the file was read, as stored by `app`."""
        found: list[tuple[object, ...]] = marshal.loads(self.blobs[path])[1]
        return found

    @cached_property
    def notes(self) -> Mapping[NotePath, Note]:
        """Every link source by path, in path order; parsed on demand."""
        return _Notes(self)

    def note(self, path: str) -> Note:
        """One note; raises KeyError when there is none."""
        return LazyNote(path, self.columns(path), lambda: self.read(path))

    def text_of(self, path: str) -> str:
        """A file's text as it is now ("" when it cannot be read)."""
        return self.read(path).text

    def anchors_of(self, path: str) -> tuple[RawAnchor, ...]:
        """The places in a note; remembered."""
        anchors = self._anchors.get(path)
        if anchors is None:
            anchors = self._anchors[path] = self.columns(path).anchors
        return anchors

    @cached_property
    def counts(self) -> tuple[int, int]:
        """(link sources, links)."""
        loads, blobs = marshal.loads, self.blobs
        return len(self.paths), sum(len(loads(blobs[path])[0][0]) for path in self.paths)

    def iter_aliases(self) -> Iterator[tuple[NotePath, str]]:
        """Every alias of every note."""
        for path, alias in self._all_aliases():
            if path not in self.excluded:
                yield NotePath(path), alias

    def _all_aliases(self) -> Iterator[tuple[str, str]]:
        for path in sorted(self.blobs):
            for alias in self.columns(path).aliases:
                yield path, alias

    def iter_edges(self) -> Iterator[Edge]:
        """Every link with its meaning, by path and place."""
        for path in self.paths:
            yield from self.edges_of(path)

    def iter_property_edges(self) -> Iterator[Edge]:
        """The links in properties, by path and place."""
        loads, blobs = marshal.loads, self.blobs
        for path in self.paths:
            for raw in loads(blobs[path])[0][0]:
                if raw[0] & 7 == PROPERTY:
                    yield Edge(path, make_link(raw), self._mean(raw, path))

    def iter_targets(self) -> Iterator[tuple[NotePath, NotePath]]:
        """(source, file) of every link that finds its file."""
        loads, blobs, resolve = marshal.loads, self.blobs, self.index.resolve
        for path in self.paths:
            for raw in loads(blobs[path])[0][0]:
                if raw[0] & 7 == CANVAS:
                    exact = self.index.find_exact(raw[1])
                    if exact is not None:
                        yield path, NotePath(exact)
                    continue
                found = resolve(raw[1], path)
                if found is not None:
                    yield path, NotePath(found.path)

    def edges_of(self, path: NotePath) -> Iterator[Edge]:
        """The links of one file with their meaning."""
        for raw in self.columns(path).links:
            yield Edge(path, make_link(raw), self._mean(raw, path))

    def iter_trouble(self) -> Iterator[Edge]:
        """The links that did not resolve cleanly, hidden ones left out. This loop sees every link of the vault, so it
        makes nouns only for what it yields."""
        loads, blobs = marshal.loads, self.blobs
        resolve = self.index.resolve
        for path in self.paths:
            for raw in loads(blobs[path])[0][0]:
                target, subpath = raw[1], raw[2]
                if raw[0] & HIDDEN:
                    continue
                if raw[0] & 7 != CANVAS:
                    found = resolve(target, path)
                    if found is not None and not found.fragile and (not subpath or self._has_place(found.path, subpath)):
                        continue
                meaning = self._mean(raw, path)
                if not isinstance(meaning, Found | External):
                    yield Edge(path, make_link(raw), meaning)

    def _has_place(self, path: str, subpath: str) -> bool:
        if path[-3:].lower() != ".md" or not names_place(subpath):
            return True
        return find_anchor(self.anchors_of(path), subpath) is not None or self._is_unreadable(path)

    def _is_unreadable(self, path: str) -> bool:
        """Whether a file's places are unknown: any is then believed to be there."""
        return bool(self.columns(path).problem)

    def _mean(self, raw: RawLink, source: str) -> Resolution:
        bits, target, subpath = raw[0], raw[1], raw[2]
        if bits & 7 == CANVAS:
            exact = self.index.find_exact(target)
            found = None if exact is None else Target(exact)
        else:
            found = self.index.resolve(target, source)
        if found is None:
            return External(target) if bits & 7 == 1 and SCHEME.match(target) else MissingFile()
        path = NotePath(found.path)
        if subpath and path[-3:].lower() == ".md" and names_place(subpath):
            anchor = find_anchor(self.anchors_of(path), subpath)
            if anchor is None and not self._is_unreadable(path):
                return MissingAnchor(path)
            if anchor is not None and not found.fragile:
                return Found(path, make_anchor(anchor))
        if found.fragile:
            return Ambiguous((path, *(NotePath(rival) for rival in found.rivals)))
        return Found(path)

    def resolve_name(self, name: str, source: str = "") -> NotePath | None:
        """The file a name means when written in `source`."""
        found = self.index.resolve(name, source) if name else None
        return None if found is None else NotePath(found.path)


class _Notes(Mapping[NotePath, Note]):
    """The notes of a snapshot, parsed when looked at."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._known = frozenset(snapshot.paths)

    def __getitem__(self, path: NotePath) -> Note:
        if path not in self._known:
            raise KeyError(path)
        return self._snapshot.note(path)

    def __iter__(self) -> Iterator[NotePath]:
        return iter(self._snapshot.paths)

    def __len__(self) -> int:
        return len(self._snapshot.paths)

    def __contains__(self, path: object) -> bool:
        return path in self._known
