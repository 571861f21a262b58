"""The files of a site that are made of all its pages: search, previews, the graph, the font of its formulas."""

from __future__ import annotations

from collections.abc import Iterator

from kbtools.site import mathfont, previews, searchindex
from kbtools.site.graphdata import build_graph, iter_graph_files
from kbtools.site.press import Job, Press
from kbtools.site.searchindex import Entry


def list_jobs(press: Press) -> list[Job]:
    """What is to be made of a book's leaves; the first takes as long as all others."""
    book = press.book
    characters = "".join(sorted({character for path in book.pages for character in press.facts_of(path).characters}))
    return [
        Job("search", press.keys, lambda: searchindex.iter_search_files(_iter_entries(press))),
        Job("graph", [repr((build_graph(book), tuple(book.tags)))], lambda: iter_graph_files(book)),
        Job("math", [characters], lambda: [(mathfont.PLACE, mathfont.build_math_style(characters))]),
        Job("previews", press.keys, lambda: previews.iter_preview_files(dict(_iter_leads(press)))),
    ]


def _iter_entries(press: Press) -> Iterator[Entry]:
    for path in sorted(press.book.pages):
        yield from press.extract_of(path).entries


def _iter_leads(press: Press) -> Iterator[tuple[str, str]]:
    for path in sorted(press.book.pages):
        yield from press.extract_of(path).leads
