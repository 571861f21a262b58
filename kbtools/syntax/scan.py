"""A file's text -> its columns: plain tuples of everything later stages ask for, small enough to be kept for 100,000 notes.

`scan` is the one door from text to facts; `note.Note` gives the same facts out as nouns.
"""

from __future__ import annotations

from operator import itemgetter
from typing import NamedTuple

from kbtools.model import AnchorKind
from kbtools.syntax import jsontext
from kbtools.syntax.blocks import find_blocks
from kbtools.syntax.containers import Blocks, Heading
from kbtools.syntax.frontmatter import PROPERTY_LINK, Frontmatter, iter_bracketed, parse_properties, words_of
from kbtools.syntax.inline import CANVAS, HIDDEN, PROPERTY, Inline, RawLink, scan_inline, split_body
from kbtools.syntax.names import fold_heading
from kbtools.syntax.notebook import find_markdown_cells, find_offsets
from kbtools.syntax.valueplace import find_value

HEADING, BLOCK, FOOTNOTE = range(3)
ANCHOR_KINDS: tuple[AnchorKind, ...] = ("heading", "block", "footnote")

RawAnchor = tuple[int, str, str, int, int, int]
"""(kind, key, text, level, start, end)"""
RawFence = tuple[str, str, int, int, int, int, bool]
"""(info, prefix, body start, body end, start, end, closed)"""

_by_place = itemgetter(4, 5)
"""Where a link starts and ends."""


class Columns(NamedTuple):
    """What one file holds, in the order of its text. `problem` says why a canvas or notebook could not be read."""

    links: tuple[RawLink, ...] = ()
    anchors: tuple[RawAnchor, ...] = ()
    tags: tuple[tuple[str, int, int], ...] = ()
    fences: tuple[RawFence, ...] = ()
    aliases: tuple[str, ...] = ()
    problem: str = ""


class Parsed(NamedTuple):
    """Everything one pass over a Markdown text saw; the columns are cut from it."""

    columns: Columns
    frontmatter: Frontmatter
    blocks: Blocks
    inline: Inline


def scan(path: str, text: str) -> Columns:
    """The columns of a note, a canvas or a notebook; total."""
    if path.endswith(".md") or path[-3:].lower() == ".md":
        return parse_markdown(text).columns
    problem = jsontext.find_problem(text)
    if problem or not text.strip():
        return Columns(problem=problem)
    links = _canvas_links(text) if path[-7:].lower() == ".canvas" else _notebook_links(text)
    return Columns(links=tuple(links))


def parse_markdown(text: str) -> Parsed:
    """One Markdown text, understood."""
    frontmatter = parse_properties(text) if text.startswith("---") else Frontmatter({}, "", 0, 0, 0)
    blocks = find_blocks(text, frontmatter.body)
    inline = scan_inline(text, frontmatter.body, blocks)
    tags = inline.tags
    aliases: tuple[str, ...] = ()
    links = inline.links
    if frontmatter.properties:
        tags = _property_tags(text, frontmatter) + tags
        aliases = tuple(words_of(frontmatter.properties, "aliases", "alias"))
        if "[[" in text[frontmatter.start : frontmatter.end]:
            links = _property_links(text, frontmatter) + links
    links.sort(key=_by_place)
    columns = Columns(
        links=tuple(links),
        anchors=_anchors(text, blocks, inline),
        tags=tuple(tags),
        fences=_fences(text, blocks) if blocks.fences else (),
        aliases=aliases,
    )
    return Parsed(columns, frontmatter, blocks, inline)


def _anchors(text: str, blocks: Blocks, inline: Inline) -> tuple[RawAnchor, ...]:
    anchors = [_heading_anchor(text, heading, inline) for heading in blocks.headings]
    if inline.blocks or inline.footnotes:
        anchors += [(BLOCK, name.lower(), name, 0, start, end) for name, start, end in inline.blocks]
        anchors += [(FOOTNOTE, name.lower(), name, 0, start, end) for name, start, end in inline.footnotes]
        anchors.sort(key=itemgetter(4))
    return tuple(anchors)


def _heading_anchor(text: str, heading: Heading, inline: Inline) -> RawAnchor:
    written = text[heading.start : heading.end].rstrip()
    key = fold_heading(written)
    return HEADING, key, written, heading.level, heading.start, heading.start + len(written)


def _fences(text: str, blocks: Blocks) -> tuple[RawFence, ...]:
    return tuple(
        (
            text[fence.info_start : fence.info_end].strip(),
            text[fence.line : fence.mark],
            fence.body_start,
            fence.body_end,
            fence.line,
            fence.end,
            fence.closed,
        )
        for fence in blocks.fences
    )


def _property_links(text: str, frontmatter: Frontmatter) -> list[RawLink]:
    links: list[RawLink] = []
    cursor: dict[str, int] = {}
    for key, value in iter_bracketed(frontmatter.properties):
        link = PROPERTY_LINK.match(value)
        named = link and split_body(link["body"])
        if not link or not named:
            continue
        target, subpath, display = named
        written = link[0]
        start, end = find_value(text, key, written, frontmatter.start, frontmatter.end, cursor.get(written, 0))
        cursor[written] = end
        links.append((PROPERTY, target, subpath, f"{key}\n{display}", start, end))
    return links


def _property_tags(text: str, frontmatter: Frontmatter) -> list[tuple[str, int, int]]:
    tags: list[tuple[str, int, int]] = []
    for words in words_of(frontmatter.properties, "tags", "tag"):
        for word in words.split():
            name = word.removeprefix("#")
            start = text.find(name, frontmatter.start, frontmatter.end)
            start = frontmatter.start if start < 0 else start
            if name:
                tags.append((name, start, start + len(name)))
    return tags


def _canvas_links(text: str) -> list[RawLink]:
    nodes: dict[object, dict[str, jsontext.JsonString]] = {}
    for string in jsontext.iter_strings(text):
        if len(string.path) == 3 and string.path[0] == "nodes":
            nodes.setdefault(string.path[1], {})[str(string.path[2])] = string
    links: list[RawLink] = []
    for node in nodes.values():
        kind = node["type"].value if "type" in node else ""
        if kind == "file" and "file" in node:
            file = node["file"]
            subpath = node["subpath"].value.removeprefix("#") if "subpath" in node else ""
            links.append((CANVAS, file.value, subpath, "", file.start + 1, file.end - 1))
        elif kind == "text" and "text" in node:
            links += _embedded_links(text, [node["text"]])
    return sorted(links, key=_by_place)


def _notebook_links(text: str) -> list[RawLink]:
    links: list[RawLink] = []
    for cell in find_markdown_cells(text):
        links += _embedded_links(text, cell.pieces)
    return links


def _embedded_links(text: str, pieces: list[jsontext.JsonString]) -> list[RawLink]:
    """Links of a Markdown text that stands in JSON strings, with their places in the JSON."""
    markdown = "".join(piece.value for piece in pieces)
    if "[" not in markdown:
        return []
    found = scan_inline(markdown, 0, find_blocks(markdown, 0)).links
    if not found:
        return []
    places = find_offsets(text, pieces)
    return [
        (form, target, subpath, display, places[start], places[end - 1] + 1)
        for form, target, subpath, display, start, end in found
    ]


__all__ = ["ANCHOR_KINDS", "BLOCK", "FOOTNOTE", "HEADING", "HIDDEN", "Columns", "Parsed", "parse_markdown", "scan"]
