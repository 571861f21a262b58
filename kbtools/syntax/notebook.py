"""A notebook's JSON -> its Markdown and code cells, and where each of their characters stands in the file."""

from __future__ import annotations

from typing import NamedTuple

from kbtools.syntax.jsontext import JsonString, iter_strings, offsets


class NotebookCell(NamedTuple):
    """A cell: its number among all cells (from 0), its text, and the strings that make it up in the file."""

    number: int
    text: str
    pieces: list[JsonString]

    def offsets(self, file: str) -> list[int]:
        """For each character of the text, and for its end, the offset in the file that holds the cell."""
        return find_offsets(file, self.pieces)


def find_markdown_cells(file: str) -> list[NotebookCell]:
    """The Markdown cells of a valid JSON text, in its order; none where it is no notebook of format 4."""
    return _find_cells(file, "markdown")


def find_code_cells(file: str) -> list[NotebookCell]:
    """The code cells of a valid JSON text, in its order; none where it is no notebook of format 4."""
    return _find_cells(file, "code")


def _find_cells(file: str, kind: str) -> list[NotebookCell]:
    kinds: dict[object, str] = {}
    sources: dict[object, list[JsonString]] = {}
    for string in iter_strings(file):
        path = string.path
        if len(path) >= 3 and path[0] == "cells":
            if path[2] == "cell_type" and len(path) == 3:
                kinds[path[1]] = string.value
            elif path[2] == "source" and len(path) <= 4:
                sources.setdefault(path[1], []).append(string)
    return [
        NotebookCell(number, "".join(piece.value for piece in pieces), pieces)
        for number, pieces in sources.items()
        if kinds.get(number) == kind and isinstance(number, int)
    ]


def find_offsets(file: str, pieces: list[JsonString]) -> list[int]:
    """For each character of what some strings say together, and for its end, the offset in the file."""
    places: list[int] = []
    for piece in pieces:
        places += offsets(file, piece)[:-1]
    places.append(pieces[-1].end - 1)
    return places
