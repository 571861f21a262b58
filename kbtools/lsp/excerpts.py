"""A note, or a place in one -> the text that tells a reader what it is about: what a hover shows."""

from __future__ import annotations

import re
from typing import Final

from kbtools.model import Anchor, Note
from kbtools.syntax.frontmatter import parse_properties

MOST: Final = 600
HEADING: Final = re.compile(r"[ ]{0,3}#{1,6}[ \t]")
RULE: Final = re.compile(r"[ ]{0,3}(?:={2,}|-{2,})[ \t]*$")
BLANK: Final = re.compile(r"[ \t>]*$")


def first_paragraph(note: Note) -> str:
    """The first paragraph after the properties and the title; "" where there is none."""
    text = note.source.text
    return _paragraph(text[parse_properties(text).body :])


def paragraph_at(note: Note, anchor: Anchor) -> str:
    """Of a heading the first paragraph below it, of a block or a footnote the text itself."""
    text = note.source.text
    if anchor.kind == "heading":
        start = text.find("\n", anchor.span.end)
        if start < 0:
            return ""
        ends = [other.span.start for other in note.anchors if other.kind == "heading" and other.span.start > anchor.span.start]
        lower = [other for other in note.anchors if other.kind == "heading" and other.span.start in ends]
        end = next((other.span.start for other in lower if other.level <= anchor.level), len(text))
        return _paragraph(text[start + 1 : text.rfind("\n", 0, end) + 1 if end < len(text) else end])
    return _shortened(_around(text, anchor.span.start, anchor.span.end))


def _paragraph(text: str) -> str:
    lines: list[str] = []
    for line in text.splitlines():
        is_break = BLANK.match(line) is not None or HEADING.match(line) is not None
        if is_break or (RULE.match(line) and len(lines) == 1):
            if lines and not RULE.match(line):
                break
            lines.clear()  # a line that was underlined is a heading
            continue
        lines.append(line)
    return _shortened("\n".join(lines))


def _around(text: str, start: int, end: int) -> str:
    """The paragraph a place stands in; of an id alone on its line, the one before."""
    before, after = text[:start].rstrip("^ \t"), text[end:]
    if before.endswith("\n"):
        before = before.rstrip()
    lines: list[str] = []
    for line in reversed(before.splitlines()):
        if BLANK.match(line):
            break
        lines.insert(0, line)
    tail = after.splitlines()[0] if after and not after.startswith(("\n", "\r")) else ""
    return "\n".join([*lines[:-1], lines[-1] + tail] if lines else [tail])


def _shortened(text: str) -> str:
    return text if len(text) <= MOST else text[: MOST - 1].rstrip() + "…"
