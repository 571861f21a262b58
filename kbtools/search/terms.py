"""A text -> the terms under which search finds it, one for each place, and where in the text each one stands.

A word of a script with spaces is one term. In Chinese, Japanese and Korean every character begins a term: it and its right
neighbour, or it alone where none follows. So the terms of `反向传播` are 反向, 向传, 传播, 播: a word of two characters in
the middle of a sentence is one term, a longer one a phrase, a single character the beginning of terms. Case, width, accents, and
traditional or simplified characters are written alike.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final, NamedTuple

from kbtools.han import fold_script
from kbtools.words import HAN, WORD, fold

TERM: Final = re.compile(rf"(?=(?P<pair>[{HAN}]{{1,2}}))[{HAN}]|(?P<word>[^\W_{HAN}]+)")
"""A term, as `find_terms` finds it: a whole vault goes through here, so no term is made an object."""


class Term(NamedTuple):
    """A term and the characters of the text it stands for."""

    text: str
    start: int
    end: int


def join_terms(text: str) -> str:
    """The terms of a text in their order, with a blank between two."""
    return " ".join([pair or word for pair, word in TERM.findall(fold_all(text))])


def find_terms(text: str) -> list[Term]:
    """The terms of a text with their places in it."""
    folded, places = _fold_with_places(text)
    terms: list[Term] = []
    for match in WORD.finditer(folded):
        run, start, end = match[0], match.start(), match.end()
        if match.lastgroup == "han":
            terms += [Term(folded[at : min(at + 2, end)], at, min(at + 2, end)) for at in range(start, end)]
        else:
            terms.append(Term(run, start, end))
    if places is None:
        return terms
    return [Term(term, places[start], places[end - 1] + 1) for term, start, end in terms]


def plain_name(text: str) -> str:
    """A name as it is compared with a whole query: its words, folded, with a blank between two."""
    return " ".join(match[0] for match in WORD.finditer(fold_all(text)))


def fold_all(text: str) -> str:
    """The text with what a reader takes for the same written alike, character by character."""
    return text.lower() if text.isascii() else text.translate(_folds())


def _fold_with_places(text: str) -> tuple[str, list[int] | None]:
    """The folded text, and for each of its characters the place of the one it was made from; None when these are the same."""
    folds = _folds()
    if text.isascii() or all(len(folds[ord(letter)]) == 1 for letter in set(text)):
        return fold_all(text), None
    places = [at for at, letter in enumerate(text) for _ in folds[ord(letter)]]
    return text.translate(folds), places


class _Folds(dict[int, str]):
    """Code point -> what is written for it, worked out when it is first met."""

    def __missing__(self, code: int) -> str:
        folded = self[code] = fold_script(fold(chr(code)))
        return folded


@cache
def _folds() -> _Folds:
    return _Folds()
