"""A text -> its words, as every search of kb cuts them: what is written without spaces apart from what is written with.

Han text (with kana and Hangul) is one run as long as it goes on; other scripts are cut at whatever is no letter and no digit.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Final

HAN: Final = "\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
"""What is written without spaces, as the inside of a character class."""

WORD: Final = re.compile(rf"(?P<han>[{HAN}]+)|(?P<word>[^\W_{HAN}]+)")


def fold(text: str) -> str:
    """The text with what a reader takes for the same written alike: case, width, accents. Each character is folded by itself."""
    return text.lower() if text.isascii() else text.translate(_folds())


class _Folds(dict[int, str]):
    """Code point -> what is written for it, worked out when it is first met."""

    def __missing__(self, code: int) -> str:
        letters = unicodedata.normalize("NFKD", chr(code)).lower()
        plain = "".join(letter for letter in letters if not unicodedata.category(letter).startswith("M"))
        folded = unicodedata.normalize("NFC", plain)
        self[code] = folded
        return folded


@cache
def _folds() -> _Folds:
    return _Folds()
