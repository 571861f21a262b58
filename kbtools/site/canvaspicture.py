"""A canvas -> a picture of it, for where it is embedded: boxes where its cards lie, what each is called, the lines between them.

Pure and total.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from kbtools.site.book import Book, Page, card_target, link_key
from kbtools.site.canvasfile import Box, Canvas, Node, find_bounds, parse_canvas
from kbtools.site.canvaslines import find_lines
from kbtools.site.context import read_plain
from kbtools.site.letters import may_break, width_of

MARGIN = 20
"""Pixels of the canvas around what lies on it."""
COLUMN = 700
"""Pixels that a page's text is wide: a wider canvas is made smaller, and its letters stay legible."""
SMALLEST, LARGEST = 16, 64
"""Pixels of a letter on the canvas."""
LABEL = 10
"""Letters that a line's label has at most."""
PADDING = 0.6
LEADING = 1.35
"""Of a letter's size: the space inside a box, and from line to line."""


def draw_canvas(text: str, page: Page, book: Book, room: int = COLUMN) -> str:
    """An SVG of the canvas that is `page`, for so many pixels of a line; "" for one that cannot be read or is empty."""
    canvas = parse_canvas(text)
    if not canvas.nodes:
        return ""
    plane = find_bounds(canvas, MARGIN)
    size = max(SMALLEST, min(LARGEST, round(SMALLEST * plane.width / max(1, room))))
    drawn = "".join(_iter_shapes(canvas, size, page, book))
    box = f"{plane.x} {plane.y} {plane.width} {plane.height}"
    sizes = f'width="{plane.width}" height="{plane.height}" font-size="{size}" style="max-width:{plane.width}px"'
    return f'<svg viewBox="{box}" {sizes} aria-hidden="true">{drawn}</svg>'


def _iter_shapes(canvas: Canvas, size: int, page: Page, book: Book) -> Iterator[str]:
    for node in canvas.nodes:
        if node.kind == "group":
            yield _draw_box(node, "group") + _write(node.text, node.box, size)
    lines = find_lines(canvas)
    for line in lines:
        arrows = "".join(f'<polygon points="{points}"/>' for points in line.arrows)
        yield f'<g class="line"{_colour(line.colour)}><path d="{line.path}"/>{arrows}</g>'
    for node in sorted(canvas.nodes, key=lambda node: node.depth):
        if node.kind != "group":
            yield _draw_box(node, "card") + _write(_name(node, page, book), node.box, size)
    for line in lines:
        if line.label:
            label = next(_wrap(line.label, LABEL, 1))
            yield f'<text class="label" x="{line.middle.x}" y="{line.middle.y + 0.35 * size:g}">{escape(label)}</text>'


def _draw_box(node: Node, kind: str) -> str:
    box = node.box
    place = f'x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}"'
    return f'<rect class="{kind}" {place} rx="6"{_colour(node.colour)}/>'


def _colour(colour: str) -> str:
    return f' style="--kb-card:{colour if colour.startswith("#") else f"var(--kb-canvas-{colour})"}"' if colour else ""


def _name(node: Node, page: Page, book: Book) -> str:
    """What a card is called: the note it shows, the beginning of what it says, or the host it leads to."""
    if node.kind == "text":
        return " ".join(read_plain(node.text).split())
    if node.kind == "link":
        return node.target.partition("://")[2].partition("/")[0] or node.target
    meaning = page.links.get(link_key(card_target(node.target), node.subpath))
    there = book.pages.get(meaning.path) if meaning is not None else None
    return there.title if there is not None else node.target.rpartition("/")[2]


def _write(text: str, box: Box, size: int) -> str:
    """As much of a text as fits into a box."""
    room = box.width - 2 * PADDING * size
    most = int((box.height - PADDING * size / 2) / (LEADING * size))
    lines = list(_wrap(text, room / size, most)) if room >= size else []
    spans = (
        f'<tspan x="{box.x + PADDING * size:g}" y="{box.y + (PADDING + 0.8 + LEADING * number) * size:g}">{escape(line)}</tspan>'
        for number, line in enumerate(lines)
    )
    return f"<text>{''.join(spans)}</text>" if lines else ""


def _wrap(text: str, room: float, most: int) -> Iterator[str]:
    """At most so many lines of so many ems, the last one cut where the text is longer."""
    rest = text
    for number in range(most):
        if not rest:
            return
        end = _fit(rest, room)
        if end < len(rest) and number == most - 1:
            yield rest[: _fit(rest, room - 1)] + "…"
            return
        if end < len(rest):
            end = next((at for at in range(end, 0, -1) if may_break(rest[at - 1], rest[at])), end)
        yield rest[:end].strip()
        rest = rest[end:].lstrip()


def _fit(text: str, room: float) -> int:
    """How many characters, one at least, are as wide as there is room."""
    taken = 0.0
    for at, character in enumerate(text):
        taken += width_of(character)
        if taken > room:
            return max(1, at)
    return len(text)
