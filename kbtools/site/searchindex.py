"""The sections of a site -> the files of its search index, made so that a browser loads few of them and builds nothing.

Terms (`searchterms.py`) are sorted and cut into shards `t0.js`, `t1.js` …; what a result shows lies in shards `s0.js` … by
section. The manifest says where each shard begins. Every file is a call of `__kb_search(version, name, data)`, which a `<script>`
brings in from file:// as well; `assets/searchindex.js` reads them.

A number is written in `DIGITS`: the last digit is one of the first half, the ones before it of the second. What is written for a
term is "!", if it has no places, then for every section and field that has it: twice the distance from the section before, plus
one when the field is not the text; the field, if so; twice the distance of each place from the one before, plus one at the last.
A term that begins with "=" is a whole title or alias.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby
from typing import Final, TypeVar

from kbtools.site.searchterms import find_parts, find_terms
from kbtools.words import fold

FOLDER: Final = "assets/kb/search"
TEXT, TAG, HEADING, ALIAS, TITLE = range(5)

DIGITS: Final = "".join(chr(code) for code in range(33, 127) if chr(code) not in '!"\\<')
"""Characters that need no escape in a string of JSON, nor within HTML; "!" is left to the terms without places."""

TERMS_BYTES: Final = 12_000
SECTIONS_BYTES: Final = 6_000
PLACES_BYTES: Final = 32_000
"""A term that is written longer than this is in every other section: its places are left out. A word of three characters or more
with such a pair is taken to be wherever all its pairs are, which is hardly ever wrong."""

PIECE: Final = 1_500
"""A longer section is searched and shown in pieces of so many characters."""

T = TypeVar("T")

END: Final = re.compile(r"[\n。！？；.!?;，,、\s]")


@dataclass(frozen=True, slots=True)
class Entry:
    """A section of a page: its address from the site's root ("lstm/#门"), the page's title, its heading ("" before the first
    one), its text as it is read, and the page's tags and other names. The entries of a page follow each other."""

    url: str
    title: str
    heading: str
    text: str
    tags: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


class _Postings:
    """By term, what is written for it: the sections and fields that have it, and the same with its places in each. It is written
    as it is found, which takes a tenth of the memory of numbers and lists."""

    def __init__(self) -> None:
        self._where: dict[str, bytearray] = {}
        self._whole: dict[str, bytearray] = {}
        self._last: dict[str, int] = {}

    def add(self, term: str, section: int, kind: int, places: str = "") -> None:
        """A section in whose field the term stands; sections come in order. A term has places always or never."""
        step = 2 * (section - self._last.get(term, 0))
        self._last[term] = section
        codes = _codes()
        where = codes[step + bool(kind)] if step + 1 < len(codes) else encode(step + bool(kind))
        written = (where + codes[kind] if kind else where).encode()
        known = self._where.get(term)
        if known is None:
            self._where[term] = bytearray(written)
        else:
            known += written
        if places:
            whole = self._whole.get(term)
            if whole is None:
                self._whole[term] = bytearray(written + places.encode())
            elif len(whole) <= PLACES_BYTES:
                whole += written
                whole += places.encode()

    def take(self) -> Iterator[tuple[str, str]]:
        """(term, what is written for it), as a browser compares terms; without places where it has none or too many. What was
        taken is gone."""
        for term in sorted(self._where, key=lambda term: term.encode("utf-16-be", "surrogatepass")):
            where, whole = self._where.pop(term), self._whole.pop(term, b"")
            yield term, whole.decode() if 0 < len(whole) <= PLACES_BYTES else "!" + where.decode()


def iter_search_files(entries: Iterable[Entry]) -> Iterator[tuple[str, bytes]]:
    """The paths, from the site's root, and contents of the files of the index."""
    sections: list[Entry] = []
    pages: list[int] = []
    postings = _Postings()
    for _, group in groupby(entries, key=lambda entry: entry.url.partition("#")[0]):
        page = [piece for entry in group for piece in _cut(entry)]
        for number, piece in enumerate(page, len(sections)):
            _add(postings, number, piece, first=number == len(sections))
        sections += page
        pages.append(len(page))
    firsts: list[str] = []
    counts: list[str] = []
    texts: list[tuple[str, bytes]] = []
    for name, terms in _term_shards(postings):
        firsts.append(next(iter(terms)))
        texts.append((name, _write(terms)))
    for name, shown in _section_shards(sections):
        counts.append(encode(len(shown)))
        texts.append((name, _write(shown)))
    manifest = {"terms": firsts, "sections": "".join(counts), "pages": "".join(map(encode, pages))}
    yield from _render([("manifest", _write(manifest)), *texts])


def encode(number: int) -> str:
    """A number in `DIGITS`."""
    half = len(DIGITS) // 2
    digits = DIGITS[number % half]
    while number := number // half:
        digits = DIGITS[half + number % half] + digits
    return digits


def _cut(entry: Entry) -> Iterator[Entry]:
    """The entry in pieces that are short enough to be shown, each cut behind a sentence or at least a word where there is one."""
    text = entry.text
    while len(text) > PIECE:
        end = max((match.end() for match in END.finditer(text, PIECE // 2, PIECE)), default=PIECE)
        yield replace(entry, text=text[:end])
        text = text[end:]
    yield replace(entry, text=text)


# ------------------------------------------------------------------------------------------------ terms


def _add(postings: _Postings, number: int, entry: Entry, *, first: bool) -> None:
    add = postings.add
    for kind, text in _fields(entry, first=first):
        folded = fold(text)
        for term, places in find_terms(folded).items():
            add(term, number, kind, _places(places))
        for term in find_parts(folded):
            add(term, number, kind)
    if first:
        for kind, names in ((ALIAS, entry.aliases), (TITLE, (entry.title,))):
            for name in {fold(name).strip() for name in names}:
                add("=" + name, number, kind)


def _fields(entry: Entry, *, first: bool) -> Iterator[tuple[int, str]]:
    """What there is to search in a section, by field. What belongs to the page belongs to its first section."""
    yield TEXT, entry.text
    if entry.heading and not (first and entry.heading == entry.title):
        yield HEADING, entry.heading
    if first:
        yield TAG, "\n".join(entry.tags)
        yield ALIAS, "\n".join(entry.aliases)
        yield TITLE, entry.title


def _places(places: Sequence[int]) -> str:
    codes = _codes()
    if len(places) == 1 and 2 * places[0] + 1 < len(codes):
        return codes[2 * places[0] + 1]
    steps = [2 * (place - before) for before, place in zip((0, *places), places, strict=False)]
    return "".join(map(encode, steps[:-1])) + encode(steps[-1] + 1)


@cache
def _codes() -> tuple[str, ...]:
    """The numbers that are common, already written."""
    return tuple(encode(number) for number in range(4096))


# ------------------------------------------------------------------------------------------------ files


def _term_shards(postings: _Postings) -> Iterator[tuple[str, dict[str, str]]]:
    for number, shard in enumerate(_shards(postings.take(), TERMS_BYTES, lambda item: _size(item[0]) + len(item[1]) + 6)):
        yield f"t{number}", dict(shard)


def _section_shards(sections: Iterable[Entry]) -> Iterator[tuple[str, list[tuple[str, ...]]]]:
    shown = ((entry.url, entry.title, entry.heading, entry.text, *entry.tags) for entry in sections)
    for number, shard in enumerate(_shards(shown, SECTIONS_BYTES, lambda item: _size("".join(item)))):
        yield f"s{number}", shard


def _shards(items: Iterable[T], limit: int, size: Callable[[T], int]) -> Iterator[list[T]]:
    """The items in lists whose sizes stay under the limit; a larger item stands alone."""
    shard: list[T] = []
    total = 0
    for item in items:
        total += size(item)
        if shard and total > limit:
            yield shard
            shard, total = [], size(item)
        shard.append(item)
    if shard:
        yield shard


def _size(text: str) -> int:
    return len(text.encode("utf-8", "replace"))


def _write(data: object) -> bytes:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _render(texts: Sequence[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    """The files as scripts. The version tells a browser that a file in its cache is of another build than the manifest."""
    digest = hashlib.sha256()
    for _, text in texts:
        digest.update(text)
    version = digest.hexdigest()[:8].encode()
    for name, text in texts:
        yield f"{FOLDER}/{name}.js", b'__kb_search("%s","%s",%s);\n' % (version, name.encode(), text)
