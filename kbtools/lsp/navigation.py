"""Where things are and who speaks of them: definition, references, the outline of a note, the names of a vault."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final, Literal, NamedTuple

from kbtools.lsp.spots import AnchorSpot, LinkSpot, Spot, TagSpot, TitleSpot
from kbtools.model import Ambiguous, Anchor, Edge, Found, MissingAnchor, NotePath, Span
from kbtools.nearest import loosen
from kbtools.snippets.source import Part, find_part
from kbtools.suggest import Lookup
from kbtools.syntax.note import make_anchor
from kbtools.syntax.scan import HEADING
from kbtools.vault.blob import load_places
from kbtools.vault.snapshot import Snapshot

START: Final = Span(0, 0)
MOST: Final = 200
SHORTEST: Final = 2
"""From so many letters on headings are looked through too."""


class Place(NamedTuple):
    """A span of a file: of the vault, or of the project (`is_code`)."""

    path: str
    span: Span
    is_code: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with all below it; `children` are the headings one level down."""

    anchor: Anchor
    span: Span
    children: tuple[Section, ...]


class Symbol(NamedTuple):
    """A name of the vault and where it leads; `around` is what it belongs to."""

    name: str
    kind: Literal["note", "alias", "heading"]
    around: str
    place: Place


def find_definition(snapshot: Snapshot, spot: Spot) -> Place | None:
    """Where a link, or the title of a block, leads."""
    match spot:
        case LinkSpot(edge=Edge(to=Found(path=path, anchor=anchor))):
            return Place(path, anchor.span if anchor else START)
        case LinkSpot(edge=Edge(to=Ambiguous() | MissingAnchor() as to)):
            return Place(to.path, START)
        case TitleSpot(block=block) if block.path in snapshot.snippets:
            text = snapshot.snippets[block.path].text
            part = find_part(text, block.part)
            return Place(block.path, _span_of_rows(text, part) if isinstance(part, Part) else START, is_code=True)
        case _:
            return None


def _span_of_rows(text: str, part: Part) -> Span:
    lines = text.splitlines(keepends=True)
    start = sum(map(len, lines[: part.rows[0] if part.rows else part.first]))
    return Span(start, start)


def iter_references(snapshot: Snapshot, path: str, spot: Spot | None, *, declared: bool) -> Iterator[Place]:
    """Who speaks of what stands there: of a link's file (and place), of a heading or block, of a tag, of a snippet; of the note
    itself where nothing stands. With `declared` the thing itself is among them."""
    match spot:
        case TagSpot(tag=tag):
            for source in snapshot.paths:
                for name, start, end in snapshot.columns(source).tags:
                    if name.lower() == tag.name.lower():
                        yield Place(source, Span(start, end))
        case TitleSpot(block=block):
            for shown in snapshot.shown:
                if shown.path == block.path:
                    yield Place(shown.note, Span(shown.fence.span.start, shown.fence.body_span.start))
        case AnchorSpot(anchor=anchor):
            if declared:
                yield Place(path, anchor.span)
            yield from _iter_links_to(snapshot, path, anchor)
        case LinkSpot(edge=Edge(to=Found(path=target, anchor=anchor))):
            if declared:
                yield Place(target, anchor.span if anchor else START)
            yield from _iter_links_to(snapshot, target, anchor)
        case LinkSpot(edge=Edge(to=Ambiguous() | MissingAnchor() as to)):
            yield from _iter_links_to(snapshot, to.path, None)
        case LinkSpot(edge=edge):
            for other in snapshot.iter_edges():
                if other.to == edge.to and other.link.target == edge.link.target:
                    yield Place(other.source, other.link.span)
        case None:
            yield from _iter_links_to(snapshot, path, None)


def _iter_links_to(snapshot: Snapshot, path: str, anchor: Anchor | None) -> Iterator[Place]:
    """The links to a file, or to one place in it."""
    for source in snapshot.paths:
        if any(target == path for target in _targets(snapshot, source)):
            for edge in snapshot.edges_of(source):
                if _leads_to(edge, path, anchor):
                    yield Place(source, edge.link.span)


def _targets(snapshot: Snapshot, source: NotePath) -> Iterator[str]:
    """The files that links of a note find, without a noun for each."""
    for raw in snapshot.columns(source).links:
        found = snapshot.index.resolve(raw[1], source)
        if found is not None:
            yield found.path


def _leads_to(edge: Edge, path: str, anchor: Anchor | None) -> bool:
    match edge.to:
        case Found(path=target, anchor=place):
            return target == path and (anchor is None or place == anchor)
        case Ambiguous() | MissingAnchor() as to:
            return to.path == path and anchor is None
        case _:
            return False


# ------------------------------------------------------------------------------------------------ symbols


def outline(anchors: Iterable[Anchor], length: int) -> tuple[Section, ...]:
    """The headings of a note as a tree; each reaches to the next of its level or above, the last to `length`."""
    headings = [anchor for anchor in anchors if anchor.kind == "heading"]
    return _sections(headings, length)


def _sections(headings: list[Anchor], end: int) -> tuple[Section, ...]:
    sections: list[Section] = []
    at = 0
    while at < len(headings):
        head = headings[at]
        after = next((n for n in range(at + 1, len(headings)) if headings[n].level <= head.level), len(headings))
        stop = headings[after].span.start if after < len(headings) else end
        sections.append(Section(head, Span(head.span.start, stop), _sections(headings[at + 1 : after], stop)))
        at = after
    return tuple(sections)


def find_symbols(snapshot: Snapshot, lookup: Lookup, query: str) -> list[Symbol]:
    """The notes, aliases and headings whose name holds the query, loosely read; names that begin with it first."""
    wanted = loosen(query)
    found: list[tuple[bool, str, Symbol]] = []
    for kind, table in (("note", lookup.by_key), ("alias", lookup.by_alias)):
        for key, paths in table.items():
            if wanted in key:
                for path in paths:
                    found.append((not key.startswith(wanted), path, _symbol_of(snapshot, path, kind == "alias", key)))
    found.sort(key=lambda entry: entry[:2])
    symbols = [symbol for _, _, symbol in found[:MOST]]
    if len(wanted) >= SHORTEST and len(symbols) < MOST:
        symbols += list(_iter_headings(snapshot, wanted))[: MOST - len(symbols)]
    return symbols


def _symbol_of(snapshot: Snapshot, path: str, is_alias: bool, key: str) -> Symbol:
    name = PurePosixPath(path).name.removesuffix(".md")
    if is_alias:
        alias = next((alias for alias in snapshot.note(path).aliases if loosen(alias) == key), name)
        return Symbol(alias, "alias", name, Place(path, START))
    return Symbol(name, "note", path.rpartition("/")[0], Place(path, START))


def _iter_headings(snapshot: Snapshot, wanted: str) -> Iterator[Symbol]:
    for path in snapshot.paths:
        if not any(wanted in loosen(key) for key in load_places(snapshot.blobs[path])):
            continue
        for raw in snapshot.anchors_of(path):
            if raw[0] == HEADING and wanted in loosen(raw[2]):
                anchor = make_anchor(raw)
                yield Symbol(anchor.text, "heading", PurePosixPath(path).stem, Place(path, anchor.span))
