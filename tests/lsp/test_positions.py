"""Positions of editors and offsets of texts, both ways, in every encoding; a position's meaning is checked against bytes."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbtools.lsp.positions import Encoding, Lines

ENCODINGS: Final[tuple[Encoding, ...]] = ("utf-8", "utf-16", "utf-32")
UNITS: Final = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}
TEXTS: Final = st.text(st.sampled_from("ab字𠮷😀é\u0301\n\r\u2028\x0c\x85"), max_size=40)


def split(text: str) -> list[str]:
    """The lines of a text as editors count them: only CR, LF and CRLF end one."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def width(text: str, encoding: Encoding) -> int:
    """How many units a text takes, by really encoding it."""
    codec, size = UNITS[encoding]
    return len(text.encode(codec)) // size


@given(TEXTS, st.sampled_from(ENCODINGS))
def test_every_offset_comes_back(text: str, encoding: Encoding) -> None:
    lines = Lines(text, encoding)
    for offset in range(len(text) + 1):
        inside = text[offset - 1 : offset + 1] == "\r\n"
        assert lines.offset(lines.position(offset)) == offset - inside


@given(TEXTS, st.sampled_from(ENCODINGS))
def test_columns_are_what_the_encoding_says(text: str, encoding: Encoding) -> None:
    lines = Lines(text, encoding)
    rows = split(text)
    for offset in range(len(text) + 1):
        if text[offset - 1 : offset + 1] == "\r\n":
            continue
        before = split(text[:offset])
        assert lines.position(offset) == (len(before) - 1, width(before[-1], encoding))
    assert lines.position(len(text) + 9) == (len(rows) - 1, width(rows[-1], encoding))


@given(TEXTS, st.sampled_from(ENCODINGS), st.integers(-2, 50), st.integers(-2, 50))
def test_any_position_means_a_place_in_the_text(text: str, encoding: Encoding, line: int, column: int) -> None:
    lines = Lines(text, encoding)
    offset = lines.offset((line, column))
    assert 0 <= offset <= len(text)
    there, before = lines.position(offset)
    if 0 <= line < len(split(text)):
        assert (there, before <= max(column, 0)) == (line, True)


@given(TEXTS, TEXTS, st.sampled_from(ENCODINGS), st.data())
def test_an_edit_replaces_what_lies_between(text: str, new: str, encoding: Encoding, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    lines = Lines(text, encoding)
    start, end = lines.offset(lines.position(start)), lines.offset(lines.position(end))
    changed = lines.changed(lines.position(start), lines.position(end), new)
    assert changed == text[:start] + new + text[end:]


@pytest.mark.parametrize(("encoding", "column"), [("utf-8", 8), ("utf-16", 4), ("utf-32", 2)])
def test_a_rare_character_counts_as_agreed(encoding: Encoding, column: int) -> None:
    assert Lines("😀𠮷x", encoding).position(2) == (0, column)
    assert Lines("😀𠮷x", encoding).offset((0, column)) == 2


def test_the_middle_of_a_character_is_its_start() -> None:
    assert Lines("a😀b", "utf-16").offset((0, 2)) == 1


def test_a_byte_order_mark_is_not_counted_in_offsets() -> None:
    lines = Lines("\ufeff# x\ny", "utf-16")
    assert lines.position(0) == (0, 1)
    assert lines.offset((0, 3)) == 2
    assert lines.position(4) == (1, 0)
    assert lines.changed((0, 3), (0, 4), "z") == "\ufeff# z\ny"
