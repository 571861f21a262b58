"""The plan of a generated vault: which files there are, what they are called and which places they have.

Everything follows from the number of notes, by integer arithmetic alone, so that a note can link to any other before
either is written. Notes live fifty to a folder; the first of each folder is its overview, and all overviews of a language
share one name, which is how ambiguous links come about.
"""

from __future__ import annotations

from functools import cached_property
from random import Random
from typing import Final

from benchmarks.words import CHINESE, ENGLISH, Language, make_sentences

PER_FOLDER: Final = 50
PER_FIGURE: Final = 10
PER_CANVAS: Final = 100
WITH_BLOCK: Final = 3


class Plan:
    """A vault of `count` notes, numbered from 0; the lower its number, the more often a note is linked to."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.figures = max(count // PER_FIGURE, 2)
        self.shown_figures = self.figures - self.figures // 10
        """Only figures below this number are linked to; the others are unused."""
        self.sentences = {language.overview: make_sentences(language) for language in (CHINESE, ENGLISH)}

    def language(self, number: int) -> Language:
        """Two folders in five are Chinese."""
        return CHINESE if number // PER_FOLDER % 5 < 2 else ENGLISH

    def folder(self, number: int) -> str:
        """The note's folder, with its slash."""
        at, language = number // PER_FOLDER, self.language(number)
        area, depth = language.areas[at % len(language.areas)], at // len(language.areas)
        return f"{area}/{language.things[depth % len(language.things)]} {depth}/" if depth else f"{area}/"

    def is_overview(self, number: int) -> bool:
        return number % PER_FOLDER == 0

    def title(self, number: int) -> str:
        """The note's name: unique, except for overviews."""
        language = self.language(number)
        if self.is_overview(number):
            return language.overview
        qualities, things = language.qualities, language.things
        rest, series = number // len(qualities), number // (len(qualities) * len(things))
        name = qualities[number % len(qualities)] + language.space + things[rest % len(things)]
        return f"{name} {series}" if series else name

    def path(self, number: int) -> str:
        return f"{self.folder(number)}{self.title(number)}.md"

    def alias(self, number: int) -> str:
        """Another name of the note, which no file has: Obsidian resolves no alias."""
        return f"alias {number}"

    def headings(self, number: int) -> tuple[str, str, str, str]:
        """The note's four headings below its title; the first and the third are one plain word."""
        language, turn = self.language(number), number // 6
        plain, long = language.plain_headings, language.long_headings
        return plain[number % 6], long[turn % 6], plain[(number + 1) % 6], long[(turn + 1) % 6]

    def absent_heading(self, number: int) -> str:
        """A heading that other notes have and this one has not."""
        return self.language(number).plain_headings[(number + 3) % 6]

    def has_block(self, number: int) -> bool:
        return number % WITH_BLOCK == 0

    def block(self, number: int) -> str:
        return f"def-{number}"

    def figure(self, number: int) -> str:
        return f"attachments/figure-{number}.png"

    @cached_property
    def names(self) -> frozenset[str]:
        """Every name that a link could find, in lower case."""
        return frozenset(self.title(number).lower() for number in range(self.count))

    @cached_property
    def repeated(self) -> frozenset[str]:
        """The names of overviews that several folders have."""
        names = [self.title(number) for number in range(0, self.count, PER_FOLDER)]
        return frozenset(name for name in names if names.count(name) > 1)

    def misspelt(self, number: int) -> str:
        """The note's name without the letter in its middle: the name of no file."""
        title = self.title(number)
        middle = len(title) // 2
        wrong = title[:middle] + title[middle + 1 :]
        return wrong + " x" if wrong.lower() in self.names or wrong != wrong.strip() else wrong

    def pick(self, rng: Random, source: int) -> int:
        """A note to link to, never an overview: six in ten by Zipf's law over all, the others near the source."""
        if rng.random() < 0.6:
            exponent = int(rng.random() * self.count.bit_length())
            number = (1 << exponent) - 1 + int(rng.random() * (1 << exponent))
            number %= self.count
        else:
            start = source // PER_FOLDER * PER_FOLDER
            number = start + int(rng.random() * min(PER_FOLDER, self.count - start))
        return number + 1 if self.is_overview(number) and number + 1 < self.count else max(number, 1)
