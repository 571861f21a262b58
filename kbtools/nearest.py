"""The names nearest to a misspelt one: by edit distance, by shared Chinese characters, by one containing the other."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from heapq import nlargest
from typing import Final, Generic, TypeVar

T = TypeVar("T")

DROPPED: Final = str.maketrans("", "", " -_·\t")
MOST: Final = 3
LONGEST: Final = 64
GATHERED: Final = 400
COMPARED: Final = 20
ENOUGH: Final = 0.55
SPREAD: Final = 0.2


def loosen(name: str) -> str:
    """What stays of a name when case, width, blanks, hyphens and underscores are taken as the same."""
    folded = name.lower() if name.isascii() else unicodedata.normalize("NFKC", name).casefold()
    return folded.translate(DROPPED)


def loosen_heading(text: str) -> str:
    """A heading's letters and digits, folded."""
    return "".join(letter for letter in loosen(text) if letter.isalnum())


class Names(Generic[T]):
    """Folded spellings and the things they mean, to be searched for what resembles a name."""

    def __init__(self, spellings: Iterable[tuple[str, T]]) -> None:
        self._things: dict[str, list[T]] = {}
        for spelling, thing in spellings:
            self._things.setdefault(spelling, []).append(thing)
        self._lines = "\n" + "\n".join(self._things) + "\n"

    def nearest(self, target: str) -> list[T]:
        """At most three things, the likeliest first; none when all are far. `target` is folded like the spellings."""
        if not target or len(target) > LONGEST:
            return []
        letters, size = set(target), len(target)
        likely = nlargest(
            COMPARED,
            (
                (2 * len(letters.intersection(spelling)) - abs(len(spelling) - size), spelling)
                for spelling in sorted(set(self._gather(target)))
                if size <= 3 * len(spelling) and len(spelling) <= 2 * size + 2
            ),
        )
        best: dict[T, float] = {}
        for _, spelling in likely:
            score = likeness(target, spelling)
            for thing in self._things[spelling] if score >= ENOUGH else ():
                best[thing] = max(score, best.get(thing, 0.0))
        top = max(best.values(), default=0.0)
        near = [thing for thing in best if best[thing] >= top - SPREAD]
        return sorted(near, key=lambda thing: (-best[thing], str(thing)))[:MOST]

    def _gather(self, target: str) -> Iterator[str]:
        """Spellings that share two neighbouring letters (or the first, or the last) with the target, rare pairs first."""
        lines, left = self._lines, GATHERED
        padded = f"\n{target}\n"
        pairs = {padded[at : at + 2] for at in range(len(padded) - 1)}
        for _, pair in sorted((count, pair) for pair in pairs if (count := lines.count(pair))):
            at = lines.find(pair)
            while at >= 0 and left:
                start = at + 1 if pair[0] == "\n" else lines.rfind("\n", 0, at + 1) + 1
                end = lines.find("\n", start)
                yield lines[start:end]
                at, left = lines.find(pair, end), left - 1


def likeness(one: str, other: str) -> float:
    """1 for equal names, 0 for strangers."""
    longer, shorter = max(len(one), len(other)), min(len(one), len(other))
    scores = [1 - edit_distance(one, other) / longer]
    chinese, others = ({letter for letter in word if letter > "\u2e7f"} for word in (one, other))
    if len(chinese & others) >= 2:
        scores.append(0.95 * len(chinese & others) / max(len(chinese), len(others)))
    if shorter >= (2 if chinese else 3) and (one in other or other in one):
        scores.append(0.5 + 0.5 * shorter / longer)
    return max(scores)


def edit_distance(one: str, other: str) -> int:
    """How many letters must be inserted, deleted, replaced or swapped with a neighbour (optimal string alignment)."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        older, before, row = before, row, [i]
        for j, against in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != against))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == against:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
    return row[-1]
