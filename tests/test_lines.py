"""Offsets become lines and columns: every kind of line end, and the ends of texts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbtools.lines import LineIndex
from kbtools.model import Span


@pytest.mark.parametrize(
    ("text", "offset", "place"),
    [
        ("", 0, (1, 1)),
        ("a", 1, (1, 2)),
        ("a\nb", 1, (1, 2)),
        ("a\nb", 2, (2, 1)),
        ("a\r\nb", 3, (2, 1)),
        ("a\r\nb", 2, (1, 3)),  # between the two: still on the first line
        ("a\rb", 2, (2, 1)),
        ("a\n\nb", 2, (2, 1)),
        ("a\n", 2, (2, 1)),
        ("神经\n网络", 4, (2, 2)),
        ("🎓x", 1, (1, 2)),  # a character, not two halves of one
        ("a\x0bb\x0cc\u2028d\x85e", 9, (1, 10)),  # what editors do not take for the end of a line
    ],
)
def test_a_place_counts_from_one(text: str, offset: int, place: tuple[int, int]) -> None:
    assert LineIndex(text).position(offset) == place


def test_a_span_has_two_places() -> None:
    assert LineIndex("ab\ncd").place(Span(1, 4)) == (1, 2, 2, 2)


@given(st.text(alphabet="a\n\r文", max_size=30), st.data())
def test_the_place_is_what_one_would_count_by_hand(text: str, data: st.DataObject) -> None:
    offset = data.draw(st.integers(0, len(text)))
    line, column = LineIndex(text).position(offset)
    before, lines = 0, 1
    for at in range(offset):
        ends = text[at] == "\n" or (text[at] == "\r" and not text.startswith("\r\n", at))
        if ends:
            lines, before = lines + 1, at + 1
    assert (line, column) == (lines, offset - before + 1)
