"""One generated note: its text as it grows, where it stands, what it links to, and what was written wrong on purpose."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from itertools import accumulate
from posixpath import relpath
from random import Random
from typing import Final, NamedTuple

from benchmarks.plan import Plan

SEED: Final = 20_261_125


class Flaw(NamedTuple):
    """Something wrong on purpose: the rule that must say so, where (from 1, in characters), and the name in question."""

    path: str
    line: int
    column: int
    rule: str
    target: str


class Page:
    """A note being written. `linked` are the files its links find, `flaws` what is wrong in it."""

    def __init__(self, plan: Plan, number: int) -> None:
        self.plan = plan
        self.number = number
        self.path = plan.path(number)
        self.rng = Random(SEED + number)
        self.language = plan.language(number)
        self.sentences = plan.sentences[self.language.overview]
        self.pieces: list[str] = []
        self.line, self.column = 1, 1
        self.linked: set[str] = set()
        self.flaws: list[Flaw] = []
        self.definitions: list[str] = []

    def write(self, text: str) -> None:
        """Go on with this text."""
        self.pieces.append(text)
        ends = text.count("\n")
        self.line += ends
        self.column = len(text) - text.rfind("\n") if ends else self.column + len(text)

    def wrong(self, rule: str, target: str, text: str) -> None:
        """Write a text about which a rule must say something."""
        self.flaws.append(Flaw(self.path, self.line, self.column, rule, target))
        self.write(text)

    def below(self, limit: int) -> int:
        """A number from 0 to limit - 1, by chance."""
        return int(self.rng.random() * limit)

    def pick(self) -> int:
        """A note to link to."""
        return self.plan.pick(self.rng, self.number)

    def find(self) -> int:
        """A note to link to, by a link that finds it."""
        number = self.pick()
        self.linked.add(self.plan.path(number))
        return number

    def sentence(self) -> None:
        self.write(self.sentences[self.below(len(self.sentences))])

    def link(self) -> None:
        """A link of any kind, as often right and wrong as in a vault that is looked after now and then."""
        KINDS[bisect_right(LIMITS, self.below(LIMITS[-1]))](self)


def _encode(path: str) -> str:
    return path.replace(" ", "%20")


def _relative(page: Page, path: str) -> str:
    """The path as a Markdown link in the page writes it."""
    return _encode(relpath(path, page.plan.folder(page.number)[:-1]))


# ------------------------------------------------------------------------------------------------ links that work


def write_plain(page: Page) -> None:
    page.write(f"[[{page.plan.title(page.find())}]]")


def write_displayed(page: Page) -> None:
    number = page.find()
    page.write(f"[[{page.plan.title(number)}|{page.plan.alias(number)}]]")


def write_heading(page: Page) -> None:
    number = page.find()
    heading = page.plan.headings(number)[page.below(4)].replace("`", "").replace(": ", " ")
    page.write(f"[[{page.plan.title(number)}#{heading}]]")


def write_block(page: Page) -> None:
    number = page.pick() // 3 * 3
    if page.plan.is_overview(number):
        number += 3
    if number >= page.plan.count:
        return write_plain(page)
    page.linked.add(page.plan.path(number))
    return page.write(f"[[{page.plan.title(number)}#^{page.plan.block(number)}]]")


def write_whole_path(page: Page) -> None:
    page.write(f"[[{page.plan.path(page.find()).removesuffix('.md')}]]")


def write_own_heading(page: Page) -> None:
    page.write(f"[[#{page.plan.headings(page.number)[page.below(4)].replace('`', '')}]]")


def write_figure(page: Page) -> None:
    figure = page.plan.figure(page.below(page.plan.shown_figures))
    page.linked.add(figure)
    page.write(f"![[{figure[figure.rfind('/') + 1 :]}|300]]")


def write_embedded_note(page: Page) -> None:
    number = page.find()
    page.write(f"![[{page.plan.title(number)}#{page.plan.headings(number)[0]}]]")


def write_markdown(page: Page) -> None:
    number = page.find()
    page.write(f"[{page.plan.title(number)}]({_relative(page, page.plan.path(number))})")


def write_markdown_heading(page: Page) -> None:
    number = page.find()
    heading = page.plan.headings(number)[2].lower()
    page.write(f"[{page.plan.title(number)}]({_relative(page, page.plan.path(number))}#{heading})")


def write_markdown_figure(page: Page) -> None:
    figure = page.plan.figure(page.below(page.plan.shown_figures))
    page.linked.add(figure)
    page.write(f"![figure]({_relative(page, figure)})")


def write_reference(page: Page) -> None:
    number, label = page.find(), f"ref{len(page.definitions)}"
    page.definitions.append(f"[{label}]: {_relative(page, page.plan.path(number))}\n")
    page.write(f"[{page.plan.title(number)}][{label}]")


def write_external(page: Page) -> None:
    page.write(f"[source](https://example.org/papers/{page.below(10_000)}.html)")


# ------------------------------------------------------------------------------------------------ links that do not


def write_misspelt(page: Page) -> None:
    name = page.plan.misspelt(page.pick())
    page.wrong("broken-link", name, f"[[{name}]]")


def write_alias(page: Page) -> None:
    name = page.plan.alias(page.pick())
    page.wrong("broken-link", name, f"[[{name}]]")


def write_lost_markdown(page: Page) -> None:
    number = page.pick()
    path = relpath(f"{page.plan.folder(number)}{page.plan.misspelt(number)}.md", page.plan.folder(page.number)[:-1])
    page.wrong("broken-link", path, f"[{page.plan.title(number)}]({_encode(path)})")


def write_lost_heading(page: Page) -> None:
    number = page.find()
    name, heading = page.plan.title(number), page.plan.absent_heading(number)
    page.wrong("broken-anchor", f"{name}#{heading}", f"[[{name}#{heading}]]")


def write_lost_markdown_heading(page: Page) -> None:
    number = page.find()
    path, heading = relpath(page.plan.path(number), page.plan.folder(page.number)[:-1]), page.plan.absent_heading(number).lower()
    page.wrong("broken-anchor", f"{path}#{heading}", f"[{page.plan.title(number)}]({_encode(path)}#{heading})")


def write_lost_block(page: Page) -> None:
    number = page.find()
    name = page.plan.title(number)
    page.wrong("broken-anchor", f"{name}#^gone-{number}", f"[[{name}#^gone-{number}]]")


def write_lost_figure(page: Page) -> None:
    name = f"figure-{page.below(page.plan.figures)}-old.png"
    page.wrong("broken-embed", name, f"![[{name}]]")


def write_lost_markdown_figure(page: Page) -> None:
    path = relpath(f"attachments/figure-{page.below(page.plan.figures)}-old.png", page.plan.folder(page.number)[:-1])
    page.wrong("broken-embed", path, f"![figure]({path})")


def write_ambiguous(page: Page) -> None:
    name = page.language.overview
    if name not in page.plan.repeated:
        return write_plain(page)
    return page.wrong("ambiguous-link", name, f"[[{name}]]")


def write_full_width(page: Page) -> None:
    page.wrong("malformed-link", "", f"［［{page.plan.title(page.pick())}］］")


def write_glued_tag(page: Page) -> None:
    page.write("今天")
    page.wrong("glued-tag", "", "#复习")
    page.write(" ")


SHARES: Final[dict[Callable[[Page], None], int]] = {
    write_plain: 400,
    write_displayed: 150,
    write_heading: 80,
    write_block: 40,
    write_whole_path: 60,
    write_own_heading: 20,
    write_figure: 50,
    write_embedded_note: 20,
    write_markdown: 80,
    write_markdown_heading: 10,
    write_markdown_figure: 20,
    write_reference: 10,
    write_external: 24,
    write_misspelt: 12,
    write_alias: 3,
    write_lost_markdown: 3,
    write_lost_heading: 5,
    write_lost_markdown_heading: 1,
    write_lost_block: 3,
    write_lost_figure: 3,
    write_lost_markdown_figure: 1,
    write_ambiguous: 3,
    write_full_width: 1,
    write_glued_tag: 1,
}
"""Of a thousand links, how many are written so."""

KINDS: Final = tuple(SHARES)
LIMITS: Final = tuple(accumulate(SHARES.values()))
