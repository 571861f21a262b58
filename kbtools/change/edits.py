"""A text and edits of it -> the new text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Edit(NamedTuple):
    """Put `text` in the place of the characters from `start` to `end`."""

    start: int
    end: int
    text: str


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """The text with all edits made; of two that overlap the first one counts, and equal ones are one."""
    pieces: list[str] = []
    at = 0
    for edit in sorted(set(edits)):
        if edit.start < at:
            continue
        pieces += (text[at : edit.start], edit.text)
        at = edit.end
    return "".join((*pieces, text[at:]))


def moved_offset(offset: int, edits: Iterable[Edit]) -> int:
    """Where an offset of the old text lies in the new one."""
    return offset + sum(len(edit.text) - (edit.end - edit.start) for edit in set(edits) if edit.end <= offset)
