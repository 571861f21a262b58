"""A text -> the terms under which search finds it, and where in the text each one stands.

Han text (with kana and Hangul) has no spaces between words: its terms are all pairs of neighbours, and each character alone.
Other scripts are cut into words; what stands before the fourth letter of a word is a term of its own, so that a word is found
while it is being typed. The browser folds and cuts a query in the same way (`assets/searchwords.js`).
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from typing import Final

HAN: Final = "\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
"""What is written without spaces, as the inside of a character class."""

PREFIX: Final = 3
"""The longest beginning of a word that is a term: a longer one is looked for among the words, which are in order."""

WORD: Final = re.compile(rf"(?P<han>[{HAN}]+)|(?P<word>[^\W_{HAN}]+)")


def fold(text: str) -> str:
    """The text with what a reader takes for the same written alike: case, width, accents. Each character is folded by itself."""
    return text.lower() if text.isascii() else text.translate(_folds())


def find_terms(folded: str) -> Mapping[str, list[int]]:
    """The pairs and words of a folded text, and their places in it, counted in characters."""
    places: dict[str, list[int]] = defaultdict(list)
    for match in WORD.finditer(folded):
        start, run = match.start(), match[0]
        if match.lastgroup == "word":
            places[run].append(start)
            continue
        for at, pair in enumerate(map(str.__add__, run, run[1:]), start):
            places[pair].append(at)
    return places


def find_parts(folded: str) -> set[str]:
    """The characters of a folded text that are terms alone, and the beginnings of its words, each with "*". Where they stand is
    of no use: they stand everywhere."""
    han, words = set[str](), set[str]()
    for match in WORD.finditer(folded):
        if match.lastgroup == "han":
            han.update(match[0])
        else:
            words.add(match[0])
    return han | {word[:length] + "*" for word in words for length in range(1, min(PREFIX, len(word)) + 1)}


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
