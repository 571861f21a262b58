"""The names nearest to a misspelt one: by edit distance, by sound, by shared Chinese characters, by one containing the other."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from heapq import nlargest
from typing import Final, Generic, TypeVar

from kbtools.han import fold_script, fold_sound

T = TypeVar("T")

DROPPED: Final = " -_·\t\n"
BETWEEN_NUMBERS: Final = re.compile(r"(?<=\d)(?:[^\w\0]|_)+(?=\d)")
DECIMAL: Final = re.compile(r"(?<=\d)\.(?=\d)")
NUMBER: Final = re.compile(r"\d+")
MOST: Final = 3
LONGEST: Final = 64
GATHERED: Final = 400
COMPARED: Final = 40
ENOUGH: Final = 0.55
SPREAD: Final = 0.2
SURE: Final = 0.9
RENUMBERED: Final = 0.75


def loosen(name: str) -> str:
    """What stays of a name when case, width, blanks, hyphens and underscores are taken as the same. What parts two numbers
    stays, in one spelling: 1-2 is not 12."""
    folded = name.lower() if name.isascii() else unicodedata.normalize("NFKC", name).casefold()
    folded = BETWEEN_NUMBERS.sub(".", folded)
    for letter in DROPPED:
        folded = folded.replace(letter, "")
    return folded


def loosen_all(names: Sequence[str]) -> list[str]:
    """`loosen` of each name, of many at once ten times as fast; a null in one counts as a blank."""
    return loosen("\0".join([name.replace("\0", " ") for name in names])).split("\0") if names else []


def loosen_heading(text: str) -> str:
    """A heading's letters and digits, folded, and a dot between two numbers."""
    return ".".join("".join(letter for letter in part if letter.isalnum()) for part in DECIMAL.split(loosen(text)))


class Names(Generic[T]):
    """Folded spellings and the things they mean, to be searched for what resembles a name."""

    def __init__(self, spellings: Iterable[tuple[str, T]]) -> None:
        self._things: dict[str, list[T]] = {}
        for spelling, thing in spellings:
            self._things.setdefault(spelling, []).append(thing)
        self._lines = "\n" + "\n".join(self._things) + "\n"
        self._scripts = fold_script(self._lines)
        self._sounds = fold_sound(self._scripts)

    def nearest(self, target: str) -> list[T]:
        """At most three things, the likeliest first; none when all are far. `target` is folded like the spellings."""
        if not target or len(target) > LONGEST:
            return []
        letters, size = set(fold_script(target)), len(target)
        likely = nlargest(
            COMPARED,
            (
                (len(letters.intersection(fold_script(spelling))) / (len(spelling) + size), spelling)
                for spelling in sorted(self._gather(target))
                if size <= 3 * len(spelling) and len(spelling) <= 2 * size + 2
            ),
        )
        best: dict[T, tuple[float, int]] = {}
        for spelling in (*self._sounding_like(target), *(spelling for _, spelling in likely)):
            score = (likeness(target, spelling), _same_beginning(target, spelling))
            for thing in self._things[spelling] if score[0] >= ENOUGH else ():
                best[thing] = max(score, best.get(thing, score))
        top = max(best.values(), default=(0.0, 0))[0]
        spread = SPREAD if top < SURE else SPREAD / 4
        near = [thing for thing in best if best[thing][0] >= top - spread]
        return sorted(near, key=lambda thing: (-best[thing][0], -best[thing][1], str(thing)))[:MOST]

    def _sounding_like(self, target: str) -> Iterator[str]:
        """Spellings whose every character sounds as the target's does."""
        wanted = f"\n{fold_sound(fold_script(target))}\n"
        at = self._sounds.find(wanted)
        while at >= 0:
            yield self._lines[at + 1 : at + len(wanted) - 1]
            at = self._sounds.find(wanted, at + 1)

    def _gather(self, target: str) -> set[str]:
        """Spellings that share two neighbouring letters (or the first, or the last) with the target, rare pairs first."""
        lines, gathered = self._scripts, set[str]()
        padded = f"\n{fold_script(target)}\n"
        pairs = {padded[at : at + 2] for at in range(len(padded) - 1)}
        for _, pair in sorted((count, pair) for pair in pairs if (count := lines.count(pair))):
            at = lines.find(pair)
            while at >= 0 and len(gathered) < GATHERED:
                start = at + 1 if pair[0] == "\n" else lines.rfind("\n", 0, at + 1) + 1
                end = lines.find("\n", start)
                gathered.add(self._lines[start:end])
                at = lines.find(pair, end)
        return gathered


def likeness(one: str, other: str) -> float:
    """1 for equal names, 0 for strangers. Another number makes another name: 0 where nothing else differs."""
    numbers, others = NUMBER.findall(one), NUMBER.findall(other)
    renumbered = bool(numbers and others) and numbers != others
    if renumbered and NUMBER.sub("0", one) == NUMBER.sub("0", other):
        return 0.0
    return _likeness(fold_script(one), fold_script(other)) * (RENUMBERED if renumbered else 1)


def _likeness(one: str, other: str) -> float:
    longer, shorter = max(len(one), len(other)), min(len(one), len(other))
    scores = [1 - edit_distance(one, other) / longer]
    chinese, others = ({letter for letter in word if letter > "\u2e7f"} for word in (one, other))
    if len(chinese & others) >= 2:
        scores.append(0.95 * len(chinese & others) / max(len(chinese), len(others)))
    if chinese and others:
        scores.append(0.95 - edit_distance(fold_sound(one), fold_sound(other)) / longer)
    if shorter >= (2 if chinese else 3) and (one in other or other in one):
        scores.append(0.5 + 0.5 * shorter / longer)
    return max(scores)


def _same_beginning(one: str, other: str) -> int:
    """How many letters they have in common before the first that differs."""
    return next(
        (at for at, (left, right) in enumerate(zip(one, other, strict=False)) if left != right), min(len(one), len(other))
    )


def edit_distance(one: str, other: str) -> int:
    """How many letters must be inserted, deleted, replaced or swapped with a neighbour (optimal string alignment)."""
    start = _same_beginning(one, other)  # what both have at either end costs nothing
    one, other = one[start:], other[start:]
    end = _same_beginning(one[::-1], other[::-1])
    one, other = one[: len(one) - end], other[: len(other) - end]
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
