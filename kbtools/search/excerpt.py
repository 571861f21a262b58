"""A document and a query -> the place to show: where most of the query's words stand close together, with the words marked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from kbtools.lines import line_start
from kbtools.search.document import Document
from kbtools.search.query import Phrase
from kbtools.search.terms import Term, find_terms

BEFORE: Final = 24
LENGTH: Final = 100
"""Characters that are shown before the first hit at most, and in all."""


class Hit(NamedTuple):
    """Where a phrase of the query stands in a text, and which of them it is."""

    start: int
    end: int
    phrase: int


class Excerpt(NamedTuple):
    """A place in a file: line, column, the heading above it, and the text around it in one line with the hits in it."""

    line: int
    column: int
    heading: str
    text: str
    hits: tuple[tuple[int, int], ...]


def make_excerpt(document: Document, phrases: Sequence[Phrase]) -> Excerpt:
    """The best place in a document; its beginning, where the words are in its name or properties alone."""
    hits = find_hits(document.text, phrases)
    if hits:
        at = _choose(hits, document)
        line, column = document.position(at)
        text, marked = _cut(document.text, at, hits)
        return Excerpt(line, column, document.heading_at(at), text, marked)
    hits = find_hits(document.properties, phrases)
    if hits:
        row = document.properties.count("\n", 0, hits[0].start)
        column = hits[0].start - document.properties.rfind("\n", 0, hits[0].start)
        text, marked = _cut(document.properties, hits[0].start, hits)
        return Excerpt(row + 2, column, "", text, marked)  # the properties begin below their opening line
    start = len(document.text) - len(document.text.lstrip())
    line, column = document.position(start) if start < len(document.text) else (1, 1)
    return Excerpt(line, column, document.heading_at(start), _cut(document.text, start, ())[0], ())


def find_hits(text: str, phrases: Sequence[Phrase]) -> list[Hit]:
    """Where the phrases stand in a text, in its order."""
    terms = find_terms(text) if text and phrases else []
    rows: dict[str, list[int]] = {}
    for row, term in enumerate(terms):
        rows.setdefault(term.text, []).append(row)
    hits = [hit for number, phrase in enumerate(phrases) for hit in _find_phrase(terms, rows, phrase, number)]
    return sorted(hits)


def _find_phrase(terms: Sequence[Term], rows: dict[str, list[int]], phrase: Phrase, number: int) -> Iterator[Hit]:
    *first, last = phrase.terms
    if first:
        starts = rows.get(first[0], [])
    else:
        starts = [row for term in rows if term == last or (phrase.open and term.startswith(last)) for row in rows[term]]
    for row in starts:
        end = row + len(first)
        if end >= len(terms) or any(terms[row + step].text != term for step, term in enumerate(first)):
            continue
        found = terms[end]
        if found.text == last or (phrase.open and found.text.startswith(last)):
            stop = found.end if phrase.exact or found.text == last else found.start + 1  # of a pair, its first character
            yield Hit(terms[row].start, stop, number)


def _choose(hits: Sequence[Hit], document: Document) -> int:
    """Where the hit stands that most others follow; at the same number the first one in a heading, else the first one."""
    headings = {start + offset for start, text in document.headings for offset in range(len(text))}
    best, at = (0, False), 0
    for row, hit in enumerate(hits):
        near = {hit.phrase}
        for other in hits[row + 1 :]:
            if other.start >= hit.start + LENGTH - BEFORE:
                break
            near.add(other.phrase)
        worth = (len(near), hit.start in headings)
        if worth > best:
            best, at = worth, hit.start
    return at


def _cut(text: str, at: int, hits: Sequence[Hit]) -> tuple[str, tuple[tuple[int, int], ...]]:
    """The text around a place in one line, and where the hits stand in it."""
    line = line_start(text, at)
    begin = line if at - line <= BEFORE else at - BEFORE
    end = min(begin + LENGTH, len(text))
    out = "" if begin == line else "…"
    places: list[int] = []
    for letter in text[begin:end]:
        blank = letter.isspace()
        places.append(len(out) - (blank and out.endswith(" ")))
        if not blank or (out and not out.endswith(" ")):
            out += " " if blank else letter
    places.append(len(out))
    marked = tuple((places[hit.start - begin], places[hit.end - begin]) for hit in hits if begin <= hit.start < hit.end <= end)
    out = out.rstrip()
    return out + ("…" if text[end:].strip() else ""), _join(marked)


def _join(spans: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """The spans with those joined that overlap."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)
