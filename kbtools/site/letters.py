"""How wide letters are at most in most fonts, and where a line of them may end: for drawings, whose text no browser wraps."""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Final

CLOSING: Final = frozenset("，。、；：！？）】》」』”’…,.;:!?)]}")
"""What does not begin a line."""


@cache
def width_of(character: str) -> float:
    """In ems: a Chinese character is as wide as the font is high, others are narrower."""
    if unicodedata.combining(character) or character == "\u200d":
        return 0.0
    if unicodedata.east_asian_width(character) in "WFA" or ord(character) > 0x2E00:
        return 1.0
    return 0.85 if character in "MWmw@%" else 0.7 if character.isupper() else 0.58


def may_break(before: str, after: str) -> bool:
    """Whether a line may end between two characters: at a space, after a hyphen, beside a character that is a word by itself."""
    if unicodedata.combining(after) or "\u200d" in (before, after) or after in CLOSING:
        return False
    return " " in (before, after) or before in "-/_" or not (before.isascii() and after.isascii())
