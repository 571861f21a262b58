"""A page -> its neighbourhood as an inline SVG: the page in the middle, what leads to it on the left, what it leads to on the
right.

Every neighbour is a link that works without script. Labels stand outside an ellipse and the lines inside it, so no line crosses
a label and no label another one; `place_neighbours` says where everything is. The look lies in `assets/graph.css`.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from itertools import accumulate
from typing import Literal

from kbtools.site.book import Book, Page, relative
from kbtools.site.letters import may_break, width_of

Tie = Literal["before", "in", "both", "out", "after"]

MOST = 24
"""So many neighbours are shown at most."""
MOST_BYTES = 6000
WIDTH = 220
FONT = 11
LINE = 13
ROW = 24
"""The height of a neighbour with one line: what a finger needs."""
GAP = 8
"""From the middle of a dot to its label."""
MOST_CHARACTERS = 60
"""More than this of a title never has room."""
NARROW, WIDE = 18, 46
"""The least and the most that a dot is away from the upright axis at the height of the page."""

TIES: dict[Tie, tuple[str, str, str]] = {
    "before": ("◆", "先读", "M0-5 5 0 0 5-5 0z"),
    "in": ("○", "链接到本篇", "M-3.5 0a3.5 3.5 0 1 0 7 0 3.5 3.5 0 1 0-7 0z"),
    "both": ("◉", "互相链接", "M-4.5 0a4.5 4.5 0 1 0 9 0 4.5 4.5 0 1 0-9 0zM-1.5 0a1.5 1.5 0 1 0 3 0 1.5 1.5 0 1 0-3 0z"),
    "out": ("●", "本篇链接到", "M-3.5 0a3.5 3.5 0 1 0 7 0 3.5 3.5 0 1 0-7 0z"),
    "after": ("▶", "读完可读", "M-4-4.5 5 0-4 4.5z"),
}
"""What ties a neighbour to the page, in the order in which they stand: its mark in the legend, its name and its shape."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A neighbour in its place: the middle of its dot, the lines of its label and the room that the label takes."""

    path: str
    tie: Tie
    x: float
    y: float
    lines: tuple[str, ...]
    box: tuple[float, float, float, float]
    """Left, top, right, bottom."""


def render_local_graph(page: Page, book: Book) -> str:
    """A `<div class="kb-local">` with the graph around a page; "" when nothing is linked with it."""
    neighbours = list(find_neighbours(page, book).items())
    if not neighbours:
        return ""
    shown = min(MOST, len(neighbours))
    html = _render(page, book, neighbours, shown)
    while (excess := len(html.encode()) - MOST_BYTES) > 0 and shown > 1:
        shown = max(1, shown - 1 - excess // 1000)
        html = _render(page, book, neighbours, shown)
    return html


def find_neighbours(page: Page, book: Book) -> dict[str, Tie]:
    """The pages linked with this one and by what, the nearest ties first within each side; what is asked for in properties
    counts more than a link."""
    sources = {backlink.source for backlink in page.backlinks}
    targets = {meaning.path for meaning in page.links.values() if meaning.status in ("ok", "missing-anchor")}
    ties: dict[str, Tie] = dict.fromkeys(sources, "in")
    ties |= dict.fromkeys(targets, "out")
    ties |= dict.fromkeys(sources & targets, "both")
    ties |= dict.fromkeys(page.unlocks, "after")
    ties |= dict.fromkeys(page.prerequisites, "before")
    ranks = {tie: number for number, tie in enumerate(TIES)}
    known = [path for path in ties if path in book.pages and path != page.path]
    known.sort(key=lambda path: (ranks[ties[path]], book.pages[path].title, path))
    return {path: ties[path] for path in known}


def _render(page: Page, book: Book, neighbours: Sequence[tuple[str, Tie]], count: int) -> str:
    shown = _choose(neighbours, count)
    placed = place_neighbours([(path, tie, book.pages[path].title) for path, tie in shown])
    height = math.ceil(2 * max(max(-node.box[1], node.box[3], ROW / 2) for node in placed))
    lines = "".join(f"M0 0 {_number(node.x)} {_number(node.y)}" for node in placed)
    items = "".join(_item(node, page, book) for node in placed)
    name = escape(f"与“{page.title}”相连的笔记")
    legend = "".join(
        f'<span class="kb-local__key kb-local__key--{tie}"><i aria-hidden="true">{mark}</i>{text}</span>'
        for tie, (mark, text, _) in TIES.items()
        if any(found == tie for _, found in shown)
    )
    rest = len(neighbours) - len(shown)
    more = f'<span class="kb-local__more">还有 {rest} 篇</span>' if rest else ""
    return (
        f'<div class="kb-local"><svg viewBox="{-WIDTH // 2} {-height / 2:g} {WIDTH} {height}" role="group" aria-label="{name}">'
        f'<path class="kb-local__lines" d="{lines}"/><circle class="kb-local__self" r="6"/>{items}</svg>'
        f'<p class="kb-local__legend">{legend}{more}</p></div>'
    )


def _choose(neighbours: Sequence[tuple[str, Tie]], count: int) -> list[tuple[str, Tie]]:
    """So many neighbours, in their order: what is to be read before and after first, then links both ways."""
    worth: dict[Tie, int] = {"before": 0, "after": 0, "both": 1, "out": 2, "in": 2}
    chosen = sorted(range(len(neighbours)), key=lambda number: (worth[neighbours[number][1]], number))[:count]
    return [neighbours[number] for number in sorted(chosen)]


def _item(node: Placed, page: Page, book: Book) -> str:
    there = book.pages[node.path]
    _, name, shape = TIES[node.tie]
    side = -1 if node.x < 0 else 1
    top = FONT * 0.36 - (len(node.lines) - 1) * LINE / 2
    first, *others = map(escape, node.lines)
    text = first + "".join(f'<tspan x="{side * GAP}" dy="{LINE}">{line}</tspan>' for line in others)
    anchor = ' class="kb-l"' if side < 0 else ""
    return (
        f'<a href="{escape(relative(there.url, page.url))}" class="kb-{node.tie}" '
        f'transform="translate({_number(node.x)} {_number(node.y)})"><title>{escape(there.title)}（{name}）</title>'
        f'<path d="{shape}"/><text x="{side * GAP}" y="{_number(top)}"{anchor}>{text}</text></a>'
    )


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0").replace("-0.", "-.")


# ------------------------------------------------------------------------------------------------ places


def place_neighbours(neighbours: Sequence[tuple[str, Tie, str]]) -> list[Placed]:
    """Places for (path, tie, title), the page at (0, 0): the first half on the left, the others on the right, from above."""
    half = len(neighbours) // 2
    return [*_place_side(neighbours[:half], -1), *_place_side(neighbours[half:], 1)]


def _place_side(neighbours: Sequence[tuple[str, Tie, str]], side: int) -> list[Placed]:
    bulge = _bulge_of([title for _, _, title in neighbours])
    rows = [(path, tie, wrap_label(title, _room_at(bulge))) for path, tie, title in neighbours]
    heights = [ROW + (len(lines) - 1) * LINE for _, _, lines in rows]
    total = sum(heights)
    placed, top = [], -total / 2
    for (path, tie, lines), height in zip(rows, heights, strict=True):
        y = top + height / 2
        x = side * bulge * math.sqrt(1 - 0.6 * (2 * y / (total + ROW)) ** 2)
        width = max(map(measure, lines))
        left, right = sorted((x + side * GAP, x + side * (GAP + width)))
        box = (left, y - height / 2, right, y + height / 2)
        placed.append(Placed(path, tie, round(x, 1), round(y, 1), lines, box))
        top += height
    return placed


def _bulge_of(titles: Sequence[str]) -> float:
    """How far the ellipse may reach without a label that needs more lines for it or says less."""
    spare = WIDTH / 2 - GAP - 2 - max(map(measure, titles), default=0)
    if spare >= NARROW:
        return min(spare, WIDE)
    least = _costs(titles, NARROW)
    return next((reach for reach in (WIDE, (NARROW + WIDE) / 2) if _costs(titles, reach) == least), NARROW)


def _costs(titles: Sequence[str], reach: float) -> list[tuple[int, int]]:
    """For each label, how many lines it takes and how much of it is read when it is cut."""
    wrapped = [wrap_label(title, _room_at(reach)) for title in titles]
    return [(len(lines), len("".join(lines)) if lines[-1].endswith("…") else 0) for lines in wrapped]


def _room_at(reach: float) -> float:
    return WIDTH / 2 - reach - GAP - 2


@lru_cache(maxsize=4096)
def wrap_label(title: str, room: float) -> tuple[str, ...]:
    """A title in at most two lines, as long as each other, broken between words or Chinese characters; what does not fit
    becomes `…`."""
    title = " ".join(title.split())[:MOST_CHARACTERS] or "—"
    upto = [0.0, *accumulate(FONT * width_of(character) for character in title)]
    if upto[-1] <= room:
        return (title,)
    breaks = [number for number in range(1, len(title)) if upto[number] <= room and may_break(title[number - 1], title[number])]
    fitting = [number for number in breaks if upto[-1] - upto[number] <= room]
    if fitting:
        middle = min(fitting, key=lambda number: max(upto[number], upto[-1] - upto[number]))
        return (title[:middle].rstrip(), title[middle:].lstrip())
    first = title[: breaks[-1]] if breaks else _fitting(title, room)
    rest = title[len(first) :].lstrip()
    return (first.rstrip(), rest if measure(rest) <= room else _fitting(rest, room - measure("…")) + "…")


def _fitting(text: str, room: float) -> str:
    """The longest start that fits, one character at least."""
    count = 1
    while count < len(text) and measure(text[: count + 1]) <= room:
        count += 1
    while count < len(text) and unicodedata.combining(text[count]):
        count -= 1
    return text[: max(count, 1)]


def measure(text: str) -> float:
    """How wide a label is at most: a Chinese character is as wide as the font is high, others are narrower."""
    return sum(FONT * width_of(character) for character in text)
