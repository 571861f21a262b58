"""A place in a note -> what stands there: a link, a heading, a block id, a tag, or the title of a block that shows a snippet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kbtools.change.written import find_written
from kbtools.model import Anchor, Edge, NotePath, Shown, Span, Tag
from kbtools.vault.snapshot import Snapshot

Half = Literal["target", "subpath"]


@dataclass(frozen=True, slots=True)
class LinkSpot:
    """A link; `half` says which part of it the place is in, `span` where that part is (both None in its display text, or where
    it cannot be told)."""

    edge: Edge
    half: Half | None
    span: Span | None


@dataclass(frozen=True, slots=True)
class AnchorSpot:
    """A heading, a block id or the definition of a footnote."""

    anchor: Anchor


@dataclass(frozen=True, slots=True)
class TagSpot:
    """A tag."""

    tag: Tag


@dataclass(frozen=True, slots=True)
class TitleSpot:
    """The header of a block that shows a snippet."""

    block: Shown


Spot = LinkSpot | AnchorSpot | TagSpot | TitleSpot


def find_spot(snapshot: Snapshot, path: str, offset: int) -> Spot | None:
    """What stands at an offset of a note, the end of a thing included: a cursor stands there after it was typed."""
    if path not in snapshot.blobs:
        return None
    for edge in snapshot.edges_of(NotePath(path)):
        if edge.link.span.start <= offset <= edge.link.span.end:
            return _link_spot(snapshot, edge, offset)
    note = snapshot.note(path)
    for tag in note.tags:
        if tag.span.start - 1 <= offset <= tag.span.end:
            return TagSpot(tag)
    near = [anchor for anchor in note.anchors if anchor.span.start <= offset <= anchor.span.end]
    if near:
        return AnchorSpot(near[-1])  # a block id lies within its heading
    for block in snapshot.shown:
        if block.note == path and block.fence.span.start <= offset < block.fence.body_span.start:
            return TitleSpot(block)
    text = snapshot.text_of(path)
    start = text.rfind("\n", 0, offset) + 1
    for anchor in note.anchors:  # the marks before a heading's text are the heading too
        if anchor.kind == "heading" and start <= offset <= anchor.span.start and text[start:offset].strip("# ") == "":
            return AnchorSpot(anchor) if text.find("\n", start, anchor.span.start) < 0 else None
    return None


def _link_spot(snapshot: Snapshot, edge: Edge, offset: int) -> LinkSpot:
    written = find_written(edge.source, snapshot.text_of(edge.source), edge.link)
    halves: tuple[Half, ...] = ("target", "subpath")
    for half in halves:
        part = getattr(written, half) if written else None
        if part is not None and part.start <= offset <= part.end and part.start < part.end:
            return LinkSpot(edge, half, Span(part.start, part.end))
    return LinkSpot(edge, None, None)
