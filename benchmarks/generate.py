"""Number of notes -> a vault with known truth: which links are broken and how, what nobody links to.

Deterministic: the same bytes on every machine. What is wrong is known because it was written on purpose, at a known
place; nothing of kb is asked. `python benchmarks/generate.py 1000 FOLDER` writes the vault to FOLDER/vault and the truth
to FOLDER/truth.json.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.page import Flaw, Page
from benchmarks.plan import PER_CANVAS, PER_FOLDER, Plan

PIXEL: Final = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


class File(NamedTuple):
    """A file of the vault, the files that its links find, and what is wrong in it."""

    path: str
    data: bytes
    linked: frozenset[str] = frozenset()
    flaws: tuple[Flaw, ...] = ()


def generate(count: int) -> Iterator[File]:
    """The files of a vault of `count` notes."""
    plan = Plan(count)
    for number in range(count):
        yield _note(plan, number)
    for number in range(0, count, PER_CANVAS):
        yield _canvas(plan, number)
    for number in range(plan.figures):
        yield File(plan.figure(number), PIXEL)


def write_vault(count: int, folder: Path) -> None:
    """FOLDER/vault and FOLDER/truth.json."""
    flaws: list[Flaw] = []
    linked: set[str] = set()
    paths: list[str] = []
    for file in generate(count):
        path = folder / "vault" / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.data)
        paths.append(file.path)
        linked |= file.linked
        flaws += file.flaws
    (folder / "truth.json").write_text(json.dumps(complete(flaws, paths, linked), ensure_ascii=False, indent=0), "utf-8")


def complete(flaws: list[Flaw], paths: list[str], linked: set[str]) -> list[Flaw]:
    """The flaws, sorted, with the notes and figures that nobody links to."""
    lonely = [path for path in paths if path not in linked]
    orphans = [Flaw(path, 1, 1, "orphan-note", "") for path in lonely if path.endswith(".md")]
    unused = [Flaw(path, 1, 1, "unused-attachment", "") for path in lonely if path.endswith(".png")]
    return sorted([*flaws, *orphans, *unused])


# ------------------------------------------------------------------------------------------------ a note


def _note(plan: Plan, number: int) -> File:
    page = Page(plan, number)
    _write_properties(page)
    page.write(f"# {plan.title(number)}\n\n")
    for heading in plan.headings(number):
        page.write(f"## {heading}\n\n")
        _write_paragraph(page)
        EXTRAS[page.below(len(EXTRAS))](page)
    if plan.has_block(number):
        page.sentence()
        page.write(f"^{plan.block(number)}\n\n" if page.language.space else f" ^{plan.block(number)}\n\n")
    page.write("".join(page.definitions))
    return File(page.path, "".join(page.pieces).encode(), frozenset(page.linked - {page.path}), tuple(page.flaws))


def _write_properties(page: Page) -> None:
    plan, number = page.plan, page.number
    page.write(f"---\nkind: concept\naliases: [{plan.alias(number)}]\ntags:\n  - topic/{page.language.areas[number % 11]}\n")
    page.write(f"created: 202{number % 6}-0{number % 9 + 1}-1{number % 10}\nminutes: {5 + number % 40}\n")
    overview = number // PER_FOLDER * PER_FOLDER
    if number != overview:
        page.linked.add(plan.path(overview))
        page.write(f'up: "[[{plan.path(overview).removesuffix(".md")}]]"\n')
    if number % 4 == 3:
        before = number - 1 - page.below(2)  # always an earlier note, so never in a circle
        page.linked.add(plan.path(before))
        page.write(f'prerequisites:\n  - "[[{plan.path(before).removesuffix(".md")}]]"\n')
    if number % 100 == 7:
        name = plan.misspelt(page.pick())
        page.write('source: "')
        page.wrong("broken-link", name, f"[[{name}]]")
        page.write('"\n')
    page.write("---\n\n")


def _write_paragraph(page: Page) -> None:
    for _ in range(1 + page.below(2)):
        for _ in range(1 + page.below(4)):
            page.sentence()
        page.link()
        page.write(page.language.stop)
        page.sentence()
    page.sentence()
    page.write("\n\n")


def _write_list(page: Page) -> None:
    for mark in ("- ", "- ", "  - ", "- "):
        page.write(mark)
        page.sentence()
        page.write("\n")
    page.write("- ")
    page.link()
    page.write("\n\n")


def _write_tasks(page: Page) -> None:
    for mark in ("- [ ] ", "- [x] "):
        page.write(mark)
        page.sentence()
        page.write("#task\n" if page.language.space else " #task\n")
    page.write("- [ ] ")
    page.link()
    page.write("\n\n")


def _write_table(page: Page) -> None:
    page.write("| a | b |\n| --- | --- |\n")
    for _ in range(2):
        number = page.find()
        page.write(f"| [[{page.plan.title(number)}\\|{number}]] | $x_{number}$ |\n")
    page.write("\n")


def _write_code(page: Page) -> None:
    body = "".join(f"    x = layer_{row}(x[[{row}]])  # [[no link {row}]]\n" for row in range(4 + page.below(12)))
    page.write(f"```python\ndef forward(x):\n{body}    return x\n```\n\n")


def _write_math(page: Page) -> None:
    page.write("$$\n\\nabla_\\theta L = \\sum_{i=1}^{n} \\left( f(x_i) - y_i \\right) x_i\n$$\n\n")
    page.sentence()
    page.write("$\\alpha_{[[t]]}$ `[[no link]]`")
    page.write(page.language.stop)
    page.write("\n\n")


def _write_callout(page: Page) -> None:
    page.write("> [!note] ")
    page.sentence()
    page.write("\n> ")
    page.sentence()
    page.link()
    page.write("\n\n")


def _write_comment(page: Page) -> None:
    page.write("%%[[not written yet]]%% <!-- [[nor this]] -->\n\n")
    _write_paragraph(page)


EXTRAS: Final[tuple[Callable[[Page], None], ...]] = (
    *(_write_paragraph, _write_list, _write_tasks, _write_table, _write_code, _write_math, _write_callout),
    _write_comment,
)


# ------------------------------------------------------------------------------------------------ a canvas


def _canvas(plan: Plan, number: int) -> File:
    """A canvas beside a note: cards of files, of which one in three is gone, and a card of text."""
    page = Page(plan, number)
    page.path = f"{plan.folder(number)}Map {number // PER_CANVAS}.canvas"
    page.write('{"nodes":[\n')
    for row in range(4):
        page.write(f'{{"id":"f{row}","type":"file","x":{row * 400},"y":0,"width":300,"height":200,"file":"')
        page.write(f'{plan.path(page.find())}"}},\n')
    if number // PER_CANVAS % 3 == 2:
        page.write('{"id":"g","type":"file","x":0,"y":300,"width":300,"height":200,"file":"')
        page.wrong("broken-link", f"archive/{number}.md", f"archive/{number}.md")
        page.write('"},\n')
    page.write('{"id":"t","type":"text","x":0,"y":600,"width":300,"height":200,"text":"')
    page.write(f'[[{plan.title(page.find())}]]"}}\n],"edges":[]}}\n')
    return File(page.path, "".join(page.pieces).encode(), frozenset(page.linked), tuple(page.flaws))


if __name__ == "__main__":
    write_vault(int(sys.argv[1]), Path(sys.argv[2]))
