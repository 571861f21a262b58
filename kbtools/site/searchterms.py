"""A text -> the terms under which search finds it, and where in the text each one stands.

Han text (with kana and Hangul) has no spaces between words: its terms are all pairs of neighbours, and each character alone.
Other scripts are cut into words; what stands before the fourth letter of a word is a term of its own, so that a word is found
while it is being typed. The browser folds and cuts a query in the same way (`assets/searchwords.js`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from kbtools.words import WORD

PREFIX: Final = 3
"""The longest beginning of a word that is a term: a longer one is looked for among the words, which are in order."""


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
