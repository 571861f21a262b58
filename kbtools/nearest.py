"""The names nearest to a misspelt one: by edit distance, by shared Chinese characters, by one containing the other."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import nlargest
from typing import Final, TypeVar

T = TypeVar("T")

MOST: Final = 3
EXAMINED: Final = 20
LONGEST: Final = 64
ENOUGH: Final = 0.55
SPREAD: Final = 0.2


def nearest_names(target: str, spellings: Sequence[tuple[str, T]]) -> list[T]:
    """At most three of the things behind `spellings` (folded spelling, thing), likeliest first; none when all are far.

    `target` is folded like the spellings. One pass over them; only the most promising are compared in full.
    """
    if not target or len(target) > LONGEST:
        return []
    letters = set(target)
    size, shared = len(target), letters.intersection
    likely = nlargest(
        EXAMINED,
        [
            (2 * len(shared(spelling)) - abs(len(spelling) - size), -index)
            for index, (spelling, _) in enumerate(spellings)
            if size <= 3 * len(spelling) and len(spelling) <= 2 * size + 2
        ],
    )
    best: dict[T, float] = {}
    for _, index in likely:
        spelling, thing = spellings[-index]
        score = likeness(target, spelling)
        if score >= ENOUGH:
            best[thing] = max(score, best.get(thing, 0.0))
    if not best:
        return []
    top = max(best.values())
    ranked = sorted(
        (thing for thing in best if best[thing] >= top - SPREAD), key=lambda thing: (-best[thing], str(thing))
    )
    return ranked[:MOST]


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
    """How many letters must be inserted, deleted, replaced or swapped with their neighbour (optimal string alignment)."""
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
