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
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from itertools import chain, groupby
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


@dataclass(frozen=True, slots=True)
class _Postings:
    """By term: the sections and fields that have it, as section * 8 + field, and what is written for its places in each. A term
    that has no places is in `keys` alone."""

    keys: dict[str, list[int]] = field(default_factory=partial(defaultdict, list))
    places: dict[str, list[str]] = field(default_factory=partial(defaultdict, list))


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
    shards = [*_term_shards(postings), *_section_shards(sections)]
    firsts = [next(iter(data)) for _, data in shards if isinstance(data, dict)]
    counts = "".join(encode(len(data)) for _, data in shards if isinstance(data, list))
    manifest = {"terms": firsts, "sections": counts, "pages": "".join(map(encode, pages))}
    yield from _render([("manifest", manifest), *shards])


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
    for kind, text in _fields(entry, first=first):
        key, folded = number * 8 + kind, fold(text)
        for term, places in find_terms(folded).items():
            postings.keys[term].append(key)
            postings.places[term].append(_places(places))
        for term in find_parts(folded):
            postings.keys[term].append(key)
    if first:
        for kind, names in ((ALIAS, entry.aliases), (TITLE, (entry.title,))):
            for name in {fold(name).strip() for name in names}:
                postings.keys["=" + name].append(number * 8 + kind)


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


def _posting(keys: Iterable[int], places: Sequence[str]) -> str:
    """What is written for a term, without its places when it has none or too many."""
    where = list(_where(keys))
    if not places or sum(map(len, where)) + sum(map(len, places)) > PLACES_BYTES:
        return "!" + "".join(where)
    return "".join(chain.from_iterable(zip(where, places, strict=True)))


def _where(keys: Iterable[int]) -> Iterator[str]:
    codes = _codes()
    last = 0
    for key in keys:
        step = 2 * (key // 8 - last)
        last = key // 8
        if key % 8:
            yield encode(step + 1) + codes[key % 8]
        else:
            yield codes[step] if step < len(codes) else encode(step)


# ------------------------------------------------------------------------------------------------ files


def _term_shards(postings: _Postings) -> Iterator[tuple[str, dict[str, str]]]:
    ordered = sorted(postings.keys, key=lambda term: term.encode("utf-16-be", "surrogatepass"))  # as a browser compares them
    written = ((term, _posting(postings.keys[term], postings.places.get(term, ()))) for term in ordered)
    for number, shard in enumerate(_shards(written, TERMS_BYTES, lambda item: _size(item[0]) + len(item[1]) + 6)):
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


def _render(files: Iterable[tuple[str, object]]) -> Iterator[tuple[str, bytes]]:
    """The files as scripts. The version tells a browser that a file in its cache is of another build than the manifest."""
    texts = [(name, json.dumps(data, ensure_ascii=False, separators=(",", ":"))) for name, data in files]
    digest = hashlib.sha256("\n".join(text for _, text in texts).encode("utf-8", "replace"))
    version = digest.hexdigest()[:8]
    for name, text in texts:
        yield f"{FOLDER}/{name}.js", f'__kb_search("{version}","{name}",{text});\n'.encode("utf-8", "replace")
