"""A note -> the places on its page that links can name: headings with their sections, blocks with their lines."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from kbtools import resolve
from kbtools.lines import LineIndex
from kbtools.model import Anchor, Note
from kbtools.site.book import Section
from kbtools.site.context import plain_heading
from kbtools.site.notebooktext import read_markdown
from kbtools.site.slug import make_ids
from kbtools.syntax.note import make_anchor
from kbtools.syntax.scan import RawAnchor

ITEM = re.compile(r"[ \t>]*(?:[-*+]|\d{1,9}[.)])[ \t]")
INDENT = re.compile(r"[ \t]*")


class Places(NamedTuple):
    """The sections of a page in the order of its lines, and the id of each anchor by its offset. `unknown` are the anchors of a
    notebook: the vault does not look for them, the site does."""

    sections: tuple[Section, ...]
    ids: Mapping[int, str]
    unknown: tuple[RawAnchor, ...] = ()

    def id_of(self, anchor: Anchor | None, subpath: str) -> str:
        """The id of what a link was found to name, "" for the whole page."""
        if anchor is not None:
            return self.ids.get(anchor.span.start, "")
        if not self.unknown or not resolve.names_place(subpath):
            return ""
        found = resolve.find_anchor(self.unknown, subpath)
        return self.ids.get(found[4], "") if found else ""


def find_places(note: Note) -> Places:
    """The headings and blocks of a note, or of a notebook's Markdown cells taken together."""
    if not note.path.lower().endswith(".ipynb"):
        return _find_places(note.source.text, note.anchors)
    notebook = read_markdown(note.source.text)
    anchors = [make_anchor(raw) for raw in notebook.anchors]
    return _find_places(notebook.text, anchors)._replace(unknown=notebook.anchors)


def _find_places(text: str, anchors: Sequence[Anchor]) -> Places:
    lines = text.split("\n")
    index = LineIndex(text)
    rows = {anchor.span.start: index.position(anchor.span.start)[0] - 1 for anchor in anchors}
    headings = [anchor for anchor in anchors if anchor.kind == "heading"]
    ids = dict(zip((anchor.span.start for anchor in headings), make_ids([anchor.text for anchor in headings]), strict=True))
    found = [_heading(headings, at, ids, rows, len(lines)) for at in range(len(headings))]
    for anchor in anchors:
        if anchor.kind == "block":
            ids[anchor.span.start] = f"^{anchor.key.removeprefix('^')}"
            start, end = _block_lines(lines, rows[anchor.span.start])
            found.append(Section(ids[anchor.span.start], 0, "", start, end))
    return Places(tuple(sorted(found, key=lambda section: (section.start, section.level == 0, section.anchor))), ids)


def _heading(headings: Sequence[Anchor], at: int, ids: Mapping[int, str], rows: Mapping[int, int], lines: int) -> Section:
    anchor = headings[at]
    below = (rows[other.span.start] for other in headings[at + 1 :] if other.level <= anchor.level)
    start = rows[anchor.span.start]
    return Section(ids[anchor.span.start], anchor.level, plain_heading(anchor.text), start, next(below, lines))


def _block_lines(lines: Sequence[str], row: int) -> tuple[int, int]:
    """The block that an id in this row names: its paragraph, its list item with all below it, or what stands before an id that is
    alone on its line."""
    if re.fullmatch(r"[ \t>]*\^[A-Za-z0-9-]+[ \t\r]*", lines[row]):
        end = row
        while end and not lines[end - 1].strip():
            end -= 1
        start = end
        while start and lines[start - 1].strip():
            start -= 1
        return start, (row + 1 if end == row else end)  # right below it, the id is a part of the block
    if ITEM.match(lines[row]):
        width = _indent(lines[row])
        end = row + 1
        while end < len(lines) and lines[end].strip() and _indent(lines[end]) > width:
            end += 1
        return row, end
    start = row
    while start and lines[start - 1].strip() and not ITEM.match(lines[start]) and not lines[start - 1].lstrip().startswith("#"):
        start -= 1
    return start, row + 1


def _indent(line: str) -> int:
    found = INDENT.match(line)
    return len(found[0].expandtabs(4)) if found else 0
