"""A file's text -> its `Document`: what search finds it by, and what is shown of it. A document can be packed into bytes."""

from __future__ import annotations

import json
import zlib
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from kbtools.lines import LineIndex
from kbtools.search.terms import join_terms
from kbtools.syntax.frontmatter import parse_properties
from kbtools.syntax.jsontext import JsonString, find_problem, iter_strings
from kbtools.syntax.scan import HEADING, Columns, parse_markdown

FIELDS: Final = ("title", "aliases", "headings", "text", "properties")
"""What is searched, in the order of the index's columns."""
LEVEL: Final = 1
"""How hard `zlib` tries: Chinese text becomes a third already."""

Heading = tuple[int, str]
"""Where a heading's text starts, and the text."""


@dataclass(frozen=True, slots=True)
class Document:
    """A note, canvas or notebook as search sees it. `text` is what a person reads of it (of a note all that follows its
    properties, as written); `lines` are the places in it whose line in the file is known: all lines of a note count from its
    one, each string of a canvas or notebook has its own."""

    path: str
    title: str
    aliases: tuple[str, ...]
    headings: tuple[Heading, ...]
    tags: tuple[str, ...]
    kinds: tuple[str, ...]
    properties: str
    text: str
    lines: tuple[tuple[int, int], ...]

    def position(self, at: int) -> tuple[int, int]:
        """(line, column) in the file of a place in the text; the column of a string is not known, so it is 1."""
        if self.kinds[0] == "note":
            line, column = LineIndex(self.text).position(at)
            return line + self.lines[0][1] - 1, column
        row = bisect_right(self.lines, (at, 1 << 62)) - 1
        return (self.lines[row][1] if row >= 0 else 1), 1

    def heading_at(self, at: int) -> str:
        """The heading that a place in the text stands below, or in; "" before the first one."""
        row = bisect_right(self.headings, at, key=lambda heading: heading[0]) - 1
        return self.headings[row][1] if row >= 0 else ""


def read_document(path: str, source: str, columns: Columns | None = None) -> Document:
    """The document of a file; `columns` are those of a note, where they are known already. Total."""
    name = path[path.rfind("/") + 1 :]
    if path[-3:].lower() == ".md":
        return _read_note(path, name[:-3], source, columns)
    kind = "canvas" if path[-7:].lower() == ".canvas" else "notebook"
    readable = bool(source.strip()) and not find_problem(source)
    places = LineIndex(source)
    text = ""
    lines: list[tuple[int, int]] = []
    headings: list[Heading] = []
    for piece in _iter_pieces(source, kind) if readable else ():
        start = len(text)
        for string in piece.strings:
            lines.append((len(text), places.position(string.start)[0]))
            text += string.value
        if piece.is_markdown:
            headings += _find_headings(parse_markdown(text[start:]).columns, -start)
        text += "\n\n"
    return Document(path, name.rpartition(".")[0], (), tuple(headings), (), (kind,), "", text, tuple(lines))


def _read_note(path: str, title: str, source: str, columns: Columns | None) -> Document:
    columns = parse_markdown(source).columns if columns is None else columns
    frontmatter = parse_properties(source)
    body = frontmatter.body
    written = frontmatter.properties.get("kind")
    kinds = written if isinstance(written, list) else [written]
    return Document(
        path=path,
        title=title,
        aliases=columns.aliases,
        headings=_find_headings(columns, body),
        tags=tuple(dict.fromkeys(name for name, _, _ in columns.tags)),
        kinds=("note", *(str(kind) for kind in kinds if kind is not None)),
        properties=source[frontmatter.start : frontmatter.end],
        text=source[body:],
        lines=((0, LineIndex(source[:body]).position(body)[0]),),
    )


def _find_headings(columns: Columns, origin: int) -> tuple[Heading, ...]:
    return tuple((start - origin, text) for kind, _, text, _, start, _ in columns.anchors if kind == HEADING)


class _Piece(NamedTuple):
    """What stands together in a canvas or notebook: a card, a label, a cell."""

    strings: list[JsonString]
    is_markdown: bool


def _iter_pieces(source: str, kind: str) -> Iterator[_Piece]:
    """The cards of a canvas, the cells of a notebook without what they printed."""
    top, told = ("nodes", ("text", "label", "url")) if kind == "canvas" else ("cells", ("source",))
    of_item: dict[object, list[JsonString]] = {}
    types: dict[object, str] = {}
    for string in iter_strings(source):
        path = string.path
        if len(path) < 3 or path[0] != top:
            continue
        if path[2] in told and len(path) <= 4:
            of_item.setdefault(path[1], []).append(string)
        elif path[2] in ("type", "cell_type"):
            types[path[1]] = string.value
    for item, strings in of_item.items():
        yield _Piece(strings, types.get(item) in ("markdown", "text"))


# ------------------------------------------------------------------------------------------------ packed


class Prepared(NamedTuple):
    """A document as it is put into the index: what filters and ranking ask, its bytes, and the terms of each of `FIELDS`."""

    path: str
    names: tuple[str, ...]
    tags: tuple[str, ...]
    kinds: tuple[str, ...]
    packed: bytes
    columns: tuple[str, ...]


def prepare(document: Document) -> Prepared:
    """All that takes time, so that several processes can do it."""
    names = (document.title, *document.aliases)
    return Prepared(document.path, names, document.tags, document.kinds, pack(document), find_columns(document))


def find_columns(document: Document) -> tuple[str, ...]:
    """The terms of each of `FIELDS`."""
    headings = "\n".join(text for _, text in document.headings)
    fields = (document.title, "\n".join(document.aliases), headings, document.text, document.properties)
    return tuple(map(join_terms, fields))


def pack(document: Document) -> bytes:
    """The document as bytes."""
    values = [getattr(document, name) for name in document.__slots__]
    return zlib.compress(json.dumps(values, ensure_ascii=False).encode("utf-8", "surrogatepass"), LEVEL)


def unpack(data: bytes) -> Document:
    """The document that was packed. Raises zlib.error or ValueError for bytes that were no document."""
    path, title, aliases, headings, tags, kinds, properties, text, lines = json.loads(
        zlib.decompress(data).decode("utf-8", "surrogatepass")
    )
    pairs = tuple((at, heading) for at, heading in headings)
    places = tuple((at, line) for at, line in lines)
    return Document(path, title, tuple(aliases), pairs, tuple(tags), tuple(kinds), properties, text, places)
