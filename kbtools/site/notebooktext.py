"""A notebook's JSON -> what its Markdown cells say, as one text: its headings and blocks, and the words around its links.

The vault's own reader says which cells are Markdown and where they stand, so links of the page are edges of the graph.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from functools import lru_cache

from kbtools.model import Link, Span
from kbtools.site.context import plain_heading
from kbtools.syntax.jsontext import find_problem
from kbtools.syntax.notebook import NotebookCell, find_markdown_cells
from kbtools.syntax.scan import HEADING, RawAnchor, parse_markdown

BETWEEN = "\n\n"


@dataclass(frozen=True, slots=True)
class Cell:
    """A Markdown cell: its number among all cells, its text, and the line of the whole text on which it begins."""

    number: int
    text: str
    line: int

    @property
    def lines(self) -> int:
        return self.text.count("\n") + 1


@dataclass(frozen=True, slots=True)
class NotebookText:
    """All Markdown of a notebook. `places` says of each of its characters where it stands in the file."""

    text: str = ""
    cells: tuple[Cell, ...] = ()
    anchors: tuple[RawAnchor, ...] = ()
    places: tuple[int, ...] = ()

    @property
    def title(self) -> str:
        """What the heading at the very top says, "" where there is none."""
        if not self.anchors or self.cells[0].number:
            return ""
        kind, _, heading, level, start, _ = self.anchors[0]
        is_top = (kind, level) == (HEADING, 1) and not self.text[:start].strip("# \t\n")
        return plain_heading(heading) if is_top else ""

    def locate(self, link: Link) -> Link:
        """A link of the file as a link of the text."""
        start, end = (bisect_left(self.places, place) for place in (link.span.start, link.span.end))
        return replace(link, span=Span(start, end))


@lru_cache(maxsize=32)
def read_markdown(file: str) -> NotebookText:
    """The Markdown of a notebook; of none where the file is no JSON."""
    if find_problem(file) or not file.strip():
        return NotebookText()
    pieces: list[str] = []
    cells: list[Cell] = []
    anchors: list[RawAnchor] = []
    places: list[int] = []
    for found in find_markdown_cells(file):
        text, offsets = _without_properties(found, file)
        start = len(places)
        cells.append(Cell(found.number, text, sum(piece.count("\n") for piece in pieces)))
        anchors += [
            (kind, key, name, level, start + first, start + last)
            for kind, key, name, level, first, last in parse_markdown(text).columns.anchors
        ]
        pieces.append(text + BETWEEN)
        places += offsets[:-1] + [offsets[-1]] * len(BETWEEN)
    return NotebookText("".join(pieces), tuple(cells), tuple(anchors), tuple(places))


def _without_properties(cell: NotebookCell, file: str) -> tuple[str, list[int]]:
    """A cell's text and the places of its characters. No cell has properties: a `---` at its top is a rule, and stays one when it
    does not come first."""
    offsets = cell.offsets(file)
    return ("\n" + cell.text, [offsets[0], *offsets]) if cell.text.startswith("---") else (cell.text, offsets)
