"""Everything known about a vault at one moment: files, columns, and what every link means.

A `Snapshot` is what rules and commands read (it is a `model.Vault`). It keeps one blob of columns a file and hands out
nouns on demand; links are resolved once per distinct target.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property

from kbtools.lines import LineIndex, Place
from kbtools.model import (
    Ambiguous,
    Answer,
    Edge,
    External,
    Found,
    Ignore,
    MissingAnchor,
    MissingFile,
    Note,
    NotePath,
    Outcome,
    Resolution,
    Shown,
    Snippet,
    Source,
    Span,
)
from kbtools.resolve import Index, Target, find_anchor, names_place
from kbtools.syntax.inline import CANVAS, MARKDOWN, PROPERTY, REFERENCE, SCHEME, RawLink
from kbtools.syntax.names import fold_heading
from kbtools.syntax.note import LazyNote, make_anchor, make_link
from kbtools.syntax.scan import Columns, RawAnchor
from kbtools.vault.blob import load_columns, load_head, load_places, load_watched, read_numbers
from kbtools.vault.cache import Blob


class Snapshot:
    """`blobs` holds what was read of every file that can hold links, `names` finds all files, `excluded` are those that
    settings keep out."""

    def __init__(
        self,
        blobs: Mapping[str, Blob],
        others: list[str],
        read: Callable[[str], Source],
        *,
        names: Index,
        excluded: frozenset[str] = frozenset(),
        aliases_resolve: bool = False,
    ) -> None:
        self.blobs = blobs
        self.read = read
        self.excluded = excluded
        self.attachments: tuple[NotePath, ...] = tuple(NotePath(path) for path in others if path not in excluded)
        self.paths: tuple[NotePath, ...] = tuple(sorted(NotePath(path) for path in blobs if path not in excluded))
        self.snippets: Mapping[str, Snippet] = {}
        self.shown: tuple[Shown, ...] = ()
        self.outcomes: tuple[Outcome, ...] = ()
        self.answers: Mapping[str, Answer] = {}
        self.idle_ignores: tuple[Ignore, ...] = ()
        self.agreed: Mapping[tuple[str, str], str] = {}
        self.index = Index(sorted([*blobs, *others]), self._all_aliases()) if aliases_resolve else names
        self._anchors: dict[str, tuple[RawAnchor, ...]] = {}
        self._places_in: dict[str, frozenset[str]] = {}
        self._meanings: dict[tuple[Target, str], Resolution] = {}

    def columns(self, path: str) -> Columns:
        """The columns of a file that can hold links."""
        return load_columns(self.blobs[path])

    def local_findings(self, path: str) -> list[tuple[object, ...]]:
        """What the note-scope rules found when the file was read, as stored by `app`."""
        blob = self.blobs[path]
        return load_head(blob).findings if read_numbers(blob).findings else []

    def ignores_in(self, path: str) -> tuple[Ignore, ...]:
        """What the comments of a file silence; of a file that is no link source, nothing."""
        blob = self.blobs.get(path)
        if blob is None or not read_numbers(blob).ignores:
            return ()
        raw = load_head(blob).ignores
        return tuple(Ignore(NotePath(path), rule, Span(start, end), line, problem) for rule, start, end, line, problem in raw)

    def iter_ignores(self) -> Iterator[Ignore]:
        """All of them, by path and place."""
        for path in self.paths:
            yield from self.ignores_in(path)

    @cached_property
    def notes(self) -> Mapping[NotePath, Note]:
        """Every link source by path, in path order; parsed on demand."""
        return _Notes(self)

    def note(self, path: str) -> Note:
        """One note; raises KeyError when there is none."""
        return LazyNote(path, self.columns(path), lambda: self.read(path))

    def iter_notes_with(self, text: str) -> Iterator[Note]:
        """The notes whose columns hold a text, as a link's target or a fence's header do; of the others no noun is made."""
        wanted = text.encode("utf-8", "surrogatepass")
        return (self.note(path) for path in self.paths if wanted in self.blobs[path])

    def text_of(self, path: str) -> str:
        """A file's text as it is now ("" when it cannot be read)."""
        return self.read(path).text

    def anchors_of(self, path: str) -> tuple[RawAnchor, ...]:
        """The places in a note; remembered."""
        anchors = self._anchors.get(path)
        if anchors is None:
            anchors = self._anchors[path] = self.columns(path).anchors
        return anchors

    def _names_in(self, path: str) -> frozenset[str]:
        """The names of the places in a file; remembered."""
        names = self._places_in.get(path)
        if names is None:
            names = self._places_in[path] = load_places(self.blobs[path]) if path in self.blobs else frozenset()
        return names

    @cached_property
    def counts(self) -> tuple[int, int]:
        """(link sources, links)."""
        return len(self.paths), sum(read_numbers(self.blobs[path]).links for path in self.paths)

    def iter_aliases(self) -> Iterator[tuple[NotePath, str]]:
        """Every alias of every note."""
        for path, alias in self._all_aliases():
            if path not in self.excluded:
                yield NotePath(path), alias

    def _all_aliases(self) -> Iterator[tuple[str, str]]:
        for path in sorted(self.blobs):
            for alias in load_head(self.blobs[path]).aliases:
                yield path, alias

    def iter_edges(self) -> Iterator[Edge]:
        """Every link with its meaning, by path and place."""
        for path in self.paths:
            yield from self.edges_of(path)

    def iter_property_edges(self) -> Iterator[Edge]:
        """The links in properties, by path and place."""
        for path in self.paths:
            for raw, _ in load_watched(self.blobs[path]):
                if raw[0] & 7 == PROPERTY:
                    yield Edge(path, make_link(raw), self._mean(raw, path))

    def iter_targets(self) -> Iterator[tuple[NotePath, NotePath]]:
        """(source, file) of the links that find their file, once for each pair."""
        for path, targets in self._targets.items():
            for target in targets:
                yield path, target

    @cached_property
    def _targets(self) -> Mapping[NotePath, tuple[NotePath, ...]]:
        """What the links of each file find, every file once."""
        return {path: tuple(dict.fromkeys(self._find_targets(path))) for path in self.paths}

    def _find_targets(self, path: NotePath) -> Iterator[NotePath]:
        resolve, find_exact = self.index.resolve, self.index.find_exact
        for raw in self.columns(path).links:
            if raw[0] & 7 == CANVAS:
                exact = find_exact(raw[1])
                if exact is not None:
                    yield NotePath(exact)
                continue
            found = resolve(raw[1], path)
            if found is not None:
                yield NotePath(found.path)

    def edges_of(self, path: NotePath) -> Iterator[Edge]:
        """The links of one file with their meaning."""
        for raw in self.columns(path).links:
            yield Edge(path, make_link(raw), self._mean(raw, path))

    def iter_trouble(self) -> Iterator[Edge]:
        """The links that did not resolve cleanly, hidden ones left out. Only links that were found worth it where their file
        was read are looked at (`blob.watch`), and nouns are made only of what is yielded."""
        resolve = self.index.resolve
        for path in self.paths:
            for raw, _ in load_watched(self.blobs[path]):
                if raw[0] & 7 != CANVAS:
                    found = resolve(raw[1], path)
                    if found is not None and not found.fragile and (not raw[2] or self._has_place(found.path, raw[2])):
                        continue
                meaning = self._mean(raw, path)
                if not isinstance(meaning, Found | External):
                    yield Edge(path, make_link(raw), meaning)

    def place_of(self, path: str, span: Span) -> Place:
        """Where a span of a file stands: noted when the file was read, or found in its text."""
        return self._places.of(path, span)

    @cached_property
    def _places(self) -> _Places:
        return _Places(self)

    def _has_place(self, path: str, subpath: str) -> bool:
        name = subpath.strip()
        if "#" not in name and name[:1] != "[":
            key = name.lower() if name[:1] == "^" else fold_heading(name)
            if key in self._names_in(path):
                return True
        if path[-3:].lower() != ".md" or not names_place(subpath):
            return True
        return find_anchor(self.anchors_of(path), subpath) is not None or self._is_unreadable(path)

    def _is_unreadable(self, path: str) -> bool:
        """Whether a file's places are unknown: any is then believed to be there."""
        return bool(self.columns(path).problem)

    def _mean(self, raw: RawLink, source: str) -> Resolution:
        bits, target, subpath = raw[0], raw[1], raw[2]
        found = self.index.look_up(target, source, whole=bits & 7 == CANVAS)
        if found is None:
            return External(target) if bits & 7 in (MARKDOWN, REFERENCE) and SCHEME.match(target) else MissingFile()
        meaning = self._meanings.get((found, subpath))
        if meaning is None:
            meaning = self._meanings[found, subpath] = self._mean_found(found, subpath)
        return meaning

    def _mean_found(self, found: Target, subpath: str) -> Resolution:
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

    def resolve(self, written: str, source: NotePath) -> Resolution:
        """What `[[written]]` means in `source`; a subpath may follow a `#`."""
        target, _, subpath = written.partition("#")
        return self._mean((0, target, subpath, "", 0, 0), source)

    def resolve_name(self, name: str, source: str = "") -> NotePath | None:
        """The file a name means when written in `source`."""
        found = self.index.resolve(name, source) if name else None
        return None if found is None else NotePath(found.path)


class _Places:
    """Spans -> lines and columns. Findings come file by file, so the last file is kept."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._path = ""
        self._noted: dict[tuple[int, int], Place | None] = {}
        self._lines: LineIndex | None = None

    def of(self, path: str, span: Span) -> Place:
        if span.end == 0:  # a file as a whole, which may be no text at all
            return 1, 1, 1, 1
        if path != self._path:
            self._path, self._lines = path, None
            blob = self._snapshot.blobs.get(path)
            self._noted = {(link[4], link[5]): place for link, place in load_watched(blob)} if blob else {}
        noted = self._noted.get((span.start, span.end))
        if noted is not None:
            return noted
        if self._lines is None:
            self._lines = LineIndex(self._snapshot.text_of(path))
        return self._lines.place(span)


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
