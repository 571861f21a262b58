"""One file, read: bytes small enough to be kept for 100,000 notes, passed between processes, and remembered.

A blob has a body, the file's columns, and before it what is asked more often and loaded alone: a head, which every run asks
of every file, and the names of the places in a note, which links to it ask for. At the end stand the numbers that need no
loading.
"""

from __future__ import annotations

import hashlib
import marshal
from collections.abc import Sequence
from struct import Struct
from typing import Any, NamedTuple

from kbtools.lines import Place, find_place
from kbtools.resolve import Index
from kbtools.syntax.frontmatter import Frontmatter
from kbtools.syntax.ignores import RawIgnore
from kbtools.syntax.inline import CANVAS, HIDDEN, PROPERTY, RawLink
from kbtools.syntax.scan import BLOCK, FOOTNOTE, Columns, RawAnchor
from kbtools.vault.cache import Blob

Watched = tuple[RawLink, Place | None]
"""A link and where it stands, if that was wanted when its text was at hand."""


class Head(NamedTuple):
    """The links to look at again, the note's aliases, what the note rules said of it, as stored by `rulebook`, what its
    comments silence, and a digest of its properties."""

    watched: list[Watched]
    aliases: tuple[str, ...]
    findings: list[tuple[Any, ...]]
    ignores: tuple[RawIgnore, ...]
    properties: bytes = b""


class Numbers(NamedTuple):
    """Where the places and the body start; how many links the file has, findings of note rules, and silencing comments."""

    places: int
    body: int
    links: int
    findings: int
    ignores: int


NUMBERS = Struct("<IIIII")


def pack(
    columns: Columns,
    findings: list[tuple[Any, ...]],
    watched: list[Watched],
    ignores: tuple[RawIgnore, ...] = (),
    properties: bytes = b"",
) -> Blob:
    """The blob of a file."""
    head = marshal.dumps((watched, columns.aliases, findings, ignores, properties))
    places = marshal.dumps(name_places(columns.anchors))
    body = marshal.dumps(tuple(columns))
    numbers = NUMBERS.pack(len(head), len(head) + len(places), len(columns.links), len(findings), len(ignores))
    return b"".join((head, places, body, numbers))


def digest_properties(text: str, frontmatter: Frontmatter) -> bytes:
    """What differs when the properties of a note are written otherwise; b"" for none."""
    written = text[frontmatter.start : frontmatter.end]
    return hashlib.blake2b(written.encode("utf-8", "surrogatepass"), digest_size=8).digest() if written else b""


def load_head(blob: Blob) -> Head:
    """The head alone: `marshal` stops where it ends."""
    return Head(*marshal.loads(blob))


def load_watched(blob: Blob) -> list[Watched]:
    """The links to look at again: for loops over a whole vault."""
    watched: list[Watched] = marshal.loads(blob)[0]
    return watched


def load_places(blob: Blob) -> frozenset[str]:
    """What `name_places` said of the file."""
    places: frozenset[str] = marshal.loads(memoryview(blob)[read_numbers(blob).places :])
    return places


def load_columns(blob: Blob) -> Columns:
    """The body."""
    return Columns(*marshal.loads(memoryview(blob)[read_numbers(blob).body :]))


def read_numbers(blob: Blob) -> Numbers:
    """The numbers at the end."""
    return Numbers(*NUMBERS.unpack_from(blob, len(blob) - NUMBERS.size))


def name_places(anchors: Sequence[RawAnchor]) -> frozenset[str]:
    """Folded headings, and block ids behind a `^`: enough to see that a link to a single one of them is right."""
    return frozenset(f"^{key}" if kind == BLOCK else key for kind, key, *_ in anchors if kind != FOOTNOTE)


def watch(links: Sequence[RawLink], source: str, index: Index, text: str | None) -> list[Watched]:
    """Of a file's links those that more than the file itself must be known for, or that a rule may ask for alone: links in
    properties, links that name a place, and links that do not find one file cleanly. Most links are none of these, and this
    is done where the file is read, on every core. With a text, places are noted too."""
    watched: list[Watched] = []
    for link in links:
        form, subpath = link[0] & 7, link[2]
        found = None if form == CANVAS else index.resolve(link[1], source)
        if found is not None and not found.fragile and not subpath:
            if form == PROPERTY:
                watched.append((link, None))
            continue
        if not link[0] & HIDDEN:
            watched.append((link, find_place(text, link[4], link[5]) if text is not None else None))
    return watched


def watch_again(blob: Blob, source: str, index: Index) -> Blob:
    """The blob of a file that did not change in a vault whose names did."""
    head, columns = load_head(blob), load_columns(blob)
    places = {link: place for link, place in head.watched if place is not None}
    watched = [(link, places.get(link)) for link, _ in watch(columns.links, source, index, None)]
    return pack(columns, head.findings, watched, head.ignores, head.properties)
