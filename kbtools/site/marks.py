"""Text -> plain CommonMark: what Obsidian adds to it (wikilinks, math, tags, block ids) stands in as numbered marks.

The vault's own reader (`syntax.scan`) says what is a link, a comment or a formula; so the site shows what the checker checked.
Comments go. A mark holds no character that Markdown knows: a `|` in a wikilink cannot part the cells of a table.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import Literal, NamedTuple

from kbtools.syntax.inline import EMBED, HIDDEN, WIKI
from kbtools.syntax.scan import Parsed, parse_markdown

OPEN, CLOSE = "\ufdd0", "\ufdd1"
"""Around a mark's number: two characters that Unicode keeps out of all texts."""
MARK = re.compile(rf"{OPEN}(?P<number>\d++){CLOSE}")
STRAY = str.maketrans({OPEN: "\ufffd", CLOSE: "\ufffd", "\0": "\ufffd"})
QUOTED = re.compile(r"[ \t>]*+")
LINE_END = re.compile(r"\r\n?")

MarkKind = Literal["link", "embed", "math", "display", "tag", "block"]


class Mark(NamedTuple):
    """One construct of Obsidian's. `written` is its source; the other fields say what the reader of links took it for: target,
    subpath and display text of a link, the LaTeX of a formula, the name of a tag or block as `target`."""

    kind: MarkKind
    written: str
    target: str
    subpath: str = ""
    display: str = ""


class Prepared(NamedTuple):
    """A note's body for the Markdown parser. `first` is the line of the file with which the text begins (from 0), `lines` how
    many the file has; `cuts` says where lines are missing."""

    text: str
    marks: tuple[Mark, ...]
    first: int
    lines: int
    cuts: tuple[tuple[int, int], ...]

    def line(self, number: int) -> int:
        """The line in the file of a line of the text."""
        before = bisect_right(self.cuts, (number, self.lines + 1)) - 1
        return self.first + number + (self.cuts[before][1] if before >= 0 else 0)

    def restore(self, text: str) -> str:
        """A piece of the text as it was written."""
        return MARK.sub(lambda found: self.marks[int(found["number"])].written, text) if OPEN in text else text


class Edit(NamedTuple):
    """Put a mark in the place of some characters, or nothing."""

    start: int
    end: int
    mark: Mark | None


def prepare(text: str) -> Prepared:
    """A note's text, properties included or not; total."""
    text = text.removeprefix("\ufeff").translate(STRAY)
    if "\r" in text:
        text = LINE_END.sub("\n", text)
    parsed = parse_markdown(text)
    position = body = parsed.frontmatter.body
    pieces: list[str] = []
    marks: list[Mark] = []
    cuts: list[tuple[int, int]] = []
    line = lost = 0
    for edit in sorted(_iter_edits(text, parsed)):
        if edit.start < position:  # inside a comment
            continue
        start, end, whole = _whole_lines(text, edit, position)
        pieces.append(text[position:start])
        line += text.count("\n", position, start)
        if edit.mark:
            pieces.append(f"{OPEN}{len(marks)}{CLOSE}")
            marks.append(edit.mark)
        missing = text.count("\n", start, end)
        if missing:
            lost += missing
            cuts.append((line if whole else line + 1, lost))
        position = end
    pieces.append(text[position:])
    return Prepared("".join(pieces), tuple(marks), text.count("\n", 0, body), text.count("\n") + 1, tuple(cuts))


def _iter_edits(text: str, parsed: Parsed) -> Iterator[Edit]:
    inline = parsed.inline
    for start, end in inline.comments:
        yield Edit(start, end, None)
    for start, end in inline.opaque:
        if text.startswith("<!--", start):
            yield Edit(start, end, None)
    for bits, target, subpath, display, start, end in parsed.columns.links:
        if bits & 7 == WIKI and not bits & HIDDEN:
            kind: MarkKind = "embed" if bits & EMBED else "link"
            yield Edit(start, end, Mark(kind, text[start:end], target, subpath, display))
    for start, end in inline.math:
        yield Edit(start, end, _formula(text, start, end))
    for name, start, end in inline.tags:
        yield Edit(start, end, Mark("tag", text[start:end], name))
    for name, start, end in inline.blocks:
        yield Edit(start, end, Mark("block", text[start:end], name))


def _formula(text: str, start: int, end: int) -> Mark:
    written = text[start:end]
    size = 2 if written.startswith("$$") else 1
    latex = written[size:]
    if latex.endswith("$" * size):
        latex = latex[:-size]
    if "\n" in latex:
        opening = QUOTED.match(text, text.rfind("\n", 0, start) + 1)
        depth = opening[0].count(">") if opening else 0
        latex = re.sub(rf"\n(?:[ \t]*>){{0,{depth}}}", "\n", latex)
    return Mark("display" if size == 2 else "math", written, latex.strip())


def _whole_lines(text: str, edit: Edit, position: int) -> tuple[int, int, bool]:
    """Start and end of what an edit takes away; a comment that fills its lines takes them whole."""
    start, end, mark = edit
    if mark:
        return start, end, False
    line = max(text.rfind("\n", 0, start) + 1, position)
    quoted = QUOTED.match(text, line, start)
    stop = text.find("\n", end)
    stop = len(text) if stop < 0 else stop
    if quoted is None or quoted.end() != start or text[end:stop].strip(" \t") or (line and text[line - 1] != "\n"):
        return start, end, False
    return line, min(stop + 1, len(text)), True
