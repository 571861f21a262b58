"""Offsets -> lines and columns, both counted from 1, columns in characters. The only place that knows where lines end."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import lru_cache

from kbtools.model import Span

LINE_END = re.compile(r"\r\n|\n|\r")

Place = tuple[int, int, int, int]
"""(line, column, end line, end column)"""


class LineIndex:
    """Where the lines of one text start."""

    __slots__ = ("_starts",)

    def __init__(self, text: str) -> None:
        self._starts = [0, *(found.end() for found in LINE_END.finditer(text))]

    def position(self, offset: int) -> tuple[int, int]:
        """(line, column) of an offset."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def place(self, span: Span) -> Place:
        """First and last position of a span."""
        return (*self.position(span.start), *self.position(span.end))


def find_place(text: str, start: int, end: int) -> Place:
    """First and last position of one span: for a few spans quicker than an index of all lines."""
    if "\r" in text:
        return _index_of(text).place(Span(start, end))
    line, begin = text.count("\n", 0, start) + 1, text.rfind("\n", 0, start) + 1
    last = text.rfind("\n", start, end) + 1
    last_line = line + text.count("\n", start, end) if last else line
    return line, start - begin + 1, last_line, end - (last or begin) + 1


def line_start(text: str, offset: int) -> int:
    """Where the line begins that an offset lies in."""
    return max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1


def line_end(text: str, offset: int) -> int:
    """Where it ends, without its line end."""
    found = LINE_END.search(text, offset)
    return found.start() if found else len(text)


@lru_cache(maxsize=1)
def _index_of(text: str) -> LineIndex:
    return LineIndex(text)
