"""A page, finished, as bytes to be kept: what goes into the theme's frame, what is known of it, what search and previews take.

The three are loaded apart: a build in which a page did not change asks for what is known of it alone.
"""

from __future__ import annotations

import marshal
import zlib
from collections.abc import Iterable, Mapping
from struct import Struct
from typing import Any, Final, NamedTuple

from kbtools.site import extracts, mathfont, verify
from kbtools.site.around import surround
from kbtools.site.blocks import TocEntry
from kbtools.site.book import Book, Meaning, Page
from kbtools.site.render import Rendered
from kbtools.site.searchindex import Entry
from kbtools.site.verify import Untrue, Written

LEVEL: Final = 1
"""HTML becomes a fifth of its size at once; more effort gains little."""
SIZES: Final = Struct("<II")


class Leaf(NamedTuple):
    """The whole article, what stands around the note included, and its headings."""

    html: str
    toc: tuple[TocEntry, ...]


class Facts(NamedTuple):
    """What links and ids are in the article, where they are not the graph's edges, what could not be shown, and the characters in
    its formulas."""

    written: Written
    untrue: tuple[Untrue, ...]
    problems: tuple[str, ...]
    characters: str


class Extract(NamedTuple):
    """What search finds, what previews show, and files that came with the text."""

    entries: tuple[Entry, ...]
    leads: tuple[tuple[str, str], ...]
    files: Mapping[str, bytes]


def make_leaf(rendered: Rendered, page: Page, book: Book, untrue: Iterable[Untrue] = ()) -> bytes:
    """The page of what was rendered of its text, packed."""
    html = surround(rendered.html, page, book)
    toc = [(entry.level, entry.id, entry.name) for entry in rendered.toc]
    written = verify.read_page(html, page.url)
    characters = "".join(sorted(mathfont.find_characters(html)))
    said = [(_plain(one.meaning), one.shown, one.meant) for one in untrue]
    found = extracts.iter_entries(page, rendered.html)
    entries = [(one.url, one.title, one.heading, one.text, one.tags, one.aliases) for one in found]
    leads = tuple(extracts.iter_leads(page, rendered.html))
    parts = (
        (html, toc),
        ((written.links, written.ids), said, rendered.problems, characters),
        (entries, leads, dict(rendered.files)),
    )
    leaf, facts, extract = (zlib.compress(marshal.dumps(part), LEVEL) for part in parts)
    return SIZES.pack(len(leaf), len(facts)) + leaf + facts + extract


def load_leaf(packed: bytes) -> Leaf:
    """The page."""
    html, toc = _load(packed, 0)
    return Leaf(html, tuple(TocEntry(*entry) for entry in toc))


def load_facts(packed: bytes) -> Facts:
    """What is known of it."""
    written, untrue, problems, characters = _load(packed, 1)
    said = tuple(Untrue(Meaning(*meaning), shown, meant) for meaning, shown, meant in untrue)
    return Facts(Written(*written), said, problems, characters)


def load_extract(packed: bytes) -> Extract:
    """What search and previews take."""
    entries, leads, files = _load(packed, 2)
    return Extract(tuple(Entry(*entry) for entry in entries), leads, files)


def _load(packed: bytes, number: int) -> Any:
    first, second = SIZES.unpack_from(packed)
    ends = (SIZES.size, SIZES.size + first, SIZES.size + first + second, len(packed))
    return marshal.loads(zlib.decompress(memoryview(packed)[ends[number] : ends[number + 1]]))


def _plain(meaning: Meaning) -> tuple[str, str, str]:
    return meaning.path, meaning.anchor, meaning.status
