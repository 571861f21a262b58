"""Find notes, canvases and notebooks by what is written in them, the best first, with the place and the words marked.

A query has words, which must all be there, "phrases", -words that must not, and the filters tag: path: kind:. Chinese needs no
blanks between words."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from kbtools.errors import KbError

if TYPE_CHECKING:
    from kbtools.search.query import Query
    from kbtools.search.store import Index

HELP = "full text, Chinese included"
EXAMPLE = "kb search 反向传播 tag:概念"
LIMIT = 20
MINUS = re.compile(r"-[^-]")
"""How a word begins that must not be there, when the shell has taken the quotes away."""


class SearchRow(NamedTuple):
    """A file that was found: the place to look at, the heading above it, the text around it, and where in that the query's words
    stand (`3-7`: from the fourth character to the seventh)."""

    path: str
    line: int
    column: int
    heading: str
    snippet: str
    hits: list[str]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from kbtools.cli.listing import add_format

    parser.add_argument("query", nargs="+", metavar="QUERY", help='words, "phrases", -words, tag: path: kind:')
    parser.add_argument("--limit", type=int, default=LIMIT, metavar="N", help=f"how many to print at most (default: {LIMIT})")
    add_format(parser)
    parser._negative_number_matcher = MINUS  # argparse lets such words be values, as it does -5: no option of kb looks like that


def run(options: argparse.Namespace) -> int:
    from pathlib import Path

    from kbtools import app, searching
    from kbtools.cli.listing import print_listing
    from kbtools.cli.progress import progress_on, wants_colour
    from kbtools.search.query import parse_query

    if options.limit < 1:
        raise KbError(f"--limit {options.limit} prints nothing", "take one above 0")
    query = parse_query(" ".join(options.query))
    project = app.open_project(options.vault, Path.cwd())
    with progress_on(sys.stderr) as progress:
        rows, total, advice = searching.search(
            project.config, lambda index: _find(index, query, options.limit), progress=progress
        )
    if options.format == "text" and wants_colour(sys.stdout):
        sys.stdout.writelines(f"{line}\n" for line in _paint(rows))
    else:
        print_listing(SearchRow, rows, name="search", form=options.format, lines=_describe)
    if options.format == "text" and (not rows or total > len(rows)):
        sys.stdout.flush()
        more = f"{len(rows)} of {total:,} shown (--limit {total} shows all)"
        print(f"kb: {advice if not rows else more}", file=sys.stderr)
    return 0


def _find(index: Index, query: Query, limit: int) -> tuple[list[SearchRow], int, str]:
    """(the rows, how many there are in all, what to say where there are none)."""
    from kbtools.search.excerpt import make_excerpt

    found = index.search(query, limit)
    rows = []
    for document in found.documents:
        place = make_excerpt(document, query.wanted)
        hits = [f"{start}-{end}" for start, end in place.hits]
        rows.append(SearchRow(document.path, place.line, place.column, place.heading, place.text, hits))
    return rows, found.total, "" if rows else _explain(index, query)


def _explain(index: Index, query: Query) -> str:
    """Why nothing was found, and what to do."""
    from kbtools.report.escapes import plain

    missing = [phrase.written for phrase in query.wanted if not index.count(phrase)]
    if not missing:
        return "nothing is found (each word is somewhere, but no note has them all and passes the filters: leave one out)"
    near = [name for written in missing for name in _names_near(index, written)][:3]
    words = " and ".join(f"'{plain(written)}'" for written in missing)
    hint = f"did you mean {' or '.join(map(plain, near))}?" if near else "try another word, or a part of it"
    return f"nothing is found: no note has {words} ({hint})"


def _names_near(index: Index, written: str) -> list[str]:
    """The names of notes that resemble a word."""
    from kbtools.nearest import Names, loosen

    return Names((loosen(name), name) for name in index.names()).nearest(loosen(written))


def _describe(rows: Iterable[SearchRow]) -> Iterator[str]:
    """`a.md:3:5 heading: the text around`."""
    for row in rows:
        yield f"{row.path}:{row.line}:{row.column} {row.heading}{': ' if row.heading else ''}{row.snippet}"


def _paint(rows: Iterable[SearchRow]) -> Iterator[str]:
    """The same for a terminal, with the words of the query in bold."""
    from kbtools.report.escapes import plain
    from kbtools.report.text import BOLD, DIM, PLAIN

    for row in rows:
        text, at = "", 0
        for hit in row.hits:
            start, end = map(int, hit.split("-"))
            text += f"{plain(row.snippet[at:start])}{BOLD}{plain(row.snippet[start:end])}{PLAIN}"
            at = end
        heading = f" {DIM}{plain(row.heading)}:{PLAIN}" if row.heading else ""
        yield f"{plain(f'{row.path}:{row.line}:{row.column}')}{heading} {text}{plain(row.snippet[at:])}"
