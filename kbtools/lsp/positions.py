"""Offsets of a text <-> the positions of an editor: lines from 0, columns in the units that both sides agreed on (UTF-16 unless
the editor offers others). A position outside the text means the nearest place in it."""

from __future__ import annotations

from bisect import bisect_right
from typing import Literal

from kbtools.lines import LINE_END

Encoding = Literal["utf-8", "utf-16", "utf-32"]
Position = tuple[int, int]
"""(line, column), both from 0."""

MARK = "\ufeff"


class Lines:
    """The lines of one text as an editor has it. A byte order mark at its start is no part of what offsets count."""

    __slots__ = ("_encoding", "_ends", "_starts", "_text", "_width_of_mark")

    def __init__(self, text: str, encoding: Encoding) -> None:
        self._text = text
        self._encoding = encoding
        self._width_of_mark = len(MARK) if text.startswith(MARK) else 0
        breaks = [found.span() for found in LINE_END.finditer(text)]
        self._starts = [0, *(end for _, end in breaks)]
        self._ends = [*(start for start, _ in breaks), len(text)]

    def position(self, offset: int) -> Position:
        """Where an offset is."""
        at = min(max(offset, 0) + self._width_of_mark, len(self._text))
        line = bisect_right(self._starts, at) - 1
        start = self._starts[line]
        return line, _width(self._text[start : max(start, min(at, self._ends[line]))], self._encoding)

    def offset(self, position: Position) -> int:
        """What offset a position means; one inside a character means its start, one past a line its end."""
        return max(self._raw_offset(position) - self._width_of_mark, 0)

    def changed(self, start: Position, end: Position, text: str) -> str:
        """The whole text with the part between two positions replaced."""
        first, last = sorted((self._raw_offset(start), self._raw_offset(end)))
        return self._text[:first] + text + self._text[last:]

    def _raw_offset(self, position: Position) -> int:
        line, column = position
        if line < 0:
            return 0
        if line >= len(self._starts):
            return len(self._text)
        start, end = self._starts[line], self._ends[line]
        return start + _index(self._text[start:end], max(column, 0), self._encoding)


def _width(text: str, encoding: Encoding) -> int:
    """How many units a text takes."""
    if encoding == "utf-32" or text.isascii():
        return len(text)
    if encoding == "utf-16":
        return len(text) + sum(char > "\uffff" for char in text)
    return len(text.encode("utf-8", "surrogatepass"))


def _index(line: str, column: int, encoding: Encoding) -> int:
    """How many whole characters of a line fit in `column` units."""
    if encoding == "utf-32" or line.isascii():
        return min(column, len(line))
    units = 0
    for index, char in enumerate(line):
        units += _width(char, encoding)
        if units > column:
            return index
    return len(line)
