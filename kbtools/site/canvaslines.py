"""The edges of a canvas -> lines that can be drawn: curves from side to side, arrowheads, and where a label stands."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, NamedTuple

from kbtools.site.canvasfile import Box, Canvas, Edge

HEAD: Final = 11
"""Pixels from an arrow's tip to its base."""
WAYS: Final = {"top": (0, -1), "right": (1, 0), "bottom": (0, 1), "left": (-1, 0)}
"""The direction in which a line leaves a side."""
LEAST, MOST = 40, 200
"""Pixels that a curve goes straight on before it bends."""


class Point(NamedTuple):
    """A place on the canvas, in pixels."""

    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Line:
    """A line between two nodes, by id: an SVG path, the corners of its arrowheads, the middle, where its label stands. `sign` is
    the line as one writes it in a text."""

    start: str
    end: str
    path: str
    arrows: tuple[str, ...]
    middle: Point
    colour: str
    label: str
    sign: str


def find_lines(canvas: Canvas) -> list[Line]:
    """The lines between nodes that are there, in the order of the edges."""
    boxes = {node.id: node.box for node in canvas.nodes}
    return [_line(edge, boxes[edge.start], boxes[edge.end]) for edge in canvas.edges if {edge.start, edge.end} <= boxes.keys()]


def _line(edge: Edge, one: Box, other: Box) -> Line:
    nearest = _nearest_sides(one, other)
    start_side, end_side = edge.start_side or nearest[0], edge.end_side or nearest[1]
    tips = _point(one, start_side), _point(other, end_side)
    reach = round(max(LEAST, min(MOST, math.dist(*tips) / 2)))
    start = _step(tips[0], start_side, HEAD - 1 if edge.start_arrow else 0)
    end = _step(tips[1], end_side, HEAD - 1 if edge.end_arrow else 0)
    bends = _step(start, start_side, reach), _step(end, end_side, reach)
    path = f"M{start.x} {start.y}C{bends[0].x} {bends[0].y} {bends[1].x} {bends[1].y} {end.x} {end.y}"
    middle = Point(*(round((start[axis] + 3 * (bends[0][axis] + bends[1][axis]) + end[axis]) / 8) for axis in (0, 1)))
    heads = ((edge.start_arrow, tips[0], start_side), (edge.end_arrow, tips[1], end_side))
    arrows = tuple(_head(tip, side) for wanted, tip, side in heads if wanted)
    sign = {(False, True): "→", (True, False): "←", (True, True): "↔"}.get((edge.start_arrow, edge.end_arrow), "—")
    return Line(edge.start, edge.end, path, arrows, middle, edge.colour, edge.label, sign)


def _nearest_sides(one: Box, other: Box) -> tuple[str, str]:
    """The sides with which two boxes face each other."""
    right = (other.x + other.width / 2) - (one.x + one.width / 2)
    down = (other.y + other.height / 2) - (one.y + one.height / 2)
    if abs(right) >= abs(down):
        return ("right", "left") if right >= 0 else ("left", "right")
    return ("bottom", "top") if down >= 0 else ("top", "bottom")


def _point(box: Box, side: str) -> Point:
    right, down = WAYS[side]
    return Point(box.x + round(box.width * (1 + right) / 2), box.y + round(box.height * (1 + down) / 2))


def _step(point: Point, side: str, length: int) -> Point:
    right, down = WAYS[side]
    return Point(point.x + right * length, point.y + down * length)


def _head(tip: Point, side: str) -> str:
    right, down = WAYS[side]
    base, half = _step(tip, side, HEAD), HEAD // 2
    corners = (tip, Point(base.x - down * half, base.y - right * half), Point(base.x + down * half, base.y + right * half))
    return " ".join(f"{corner.x},{corner.y}" for corner in corners)
