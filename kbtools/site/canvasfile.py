"""The text of a `.canvas` file -> its nodes and edges, as far as they can be understood. Total: a problem is data."""

from __future__ import annotations

import json
import math
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from kbtools.model import Link, Span
from kbtools.syntax import jsontext

NodeKind = Literal["text", "file", "link", "group"]
KINDS: tuple[NodeKind, ...] = ("text", "file", "link", "group")
SIDES = ("top", "right", "bottom", "left")
BACKGROUNDS = ("cover", "ratio", "repeat")
COLOUR = re.compile(r"[1-6]|#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})")
FARTHEST = 100_000
"""Pixels from the origin, and the size of a card at most: a browser draws no plane of any size."""
WIDTH, HEIGHT = 250, 60
"""The size of a card that says none."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Node:
    """A card or a group. `text` is what it says: Markdown of a text card, the label of a group; `target` the file, address or
    background; `colour` a number from 1 to 6 or a hex code, "" for none; `depth` says what lies above what."""

    id: str
    kind: NodeKind
    box: Box
    depth: int
    text: str = ""
    target: str = ""
    subpath: str = ""
    colour: str = ""
    background: str = "cover"


@dataclass(frozen=True, slots=True)
class Edge:
    """A line between two nodes; sides are "" where none is given."""

    start: str
    end: str
    start_side: str
    end_side: str
    start_arrow: bool
    end_arrow: bool
    colour: str
    label: str


@dataclass(frozen=True, slots=True)
class Canvas:
    """What lies on a canvas, in reading order: from the top, and from the left; `problem` says why nothing could be read."""

    nodes: tuple[Node, ...] = ()
    edges: tuple[Edge, ...] = ()
    problem: str = ""


def parse_canvas(text: str) -> Canvas:
    """A canvas; an empty file is an empty one."""
    problem = jsontext.find_problem(text)
    if problem or not text.strip():
        return Canvas(problem=problem)
    data = json.loads(text, parse_int=float)
    if not isinstance(data, dict):
        return Canvas(problem="it has no nodes")
    nodes = [_node(found, depth) for depth, found in enumerate(_objects(data.get("nodes")), 1)]
    known = [node for node in nodes if node is not None]
    edges = [_edge(found) for found in _objects(data.get("edges"))]
    return Canvas(tuple(sorted(known, key=lambda node: (node.box.y, node.box.x, node.depth))), tuple(edges))


def find_bounds(canvas: Canvas, margin: int) -> Box:
    """What everything on a canvas that is not empty lies in, with a margin in pixels."""
    boxes = [node.box for node in canvas.nodes]
    left, top = min(box.x for box in boxes) - margin, min(box.y for box in boxes) - margin
    right, bottom = max(box.x + box.width for box in boxes), max(box.y + box.height for box in boxes)
    return Box(left, top, right + margin - left, bottom + margin - top)


def find_card(text: str, link: Link) -> tuple[str, Link]:
    """The text around a link of a canvas, with the link as one of it: that of a text card; a file card has none."""
    span = link.span
    if link.form == "canvas":
        return "", replace(link, span=Span(0, 0))
    card = next(string for string in jsontext.iter_strings(text) if string.start < span.start and span.end <= string.end)
    places = jsontext.offsets(text, card)
    return card.value, replace(link, span=Span(places.index(span.start), bisect_left(places, span.end)))


def _objects(value: object) -> Iterator[Mapping[str, Any]]:
    found: Iterable[object] = value if isinstance(value, list) else value.values() if isinstance(value, dict) else ()
    return (one for one in found if isinstance(one, dict))


def _node(data: Mapping[str, Any], depth: int) -> Node | None:
    """A node; None when it is of no kind that is known, or is a file card without a file."""
    kind = next((kind for kind in KINDS if data.get("type") == kind), None)
    if kind is None or (kind in {"file", "text"} and not isinstance(data.get(kind), str)):
        return None
    return Node(
        id=_text(data, "id") or f" {depth}",
        kind=kind,
        box=Box(_number(data, "x", 0), _number(data, "y", 0), _size(data, "width", WIDTH), _size(data, "height", HEIGHT)),
        depth=depth,
        text=_text(data, {"text": "text", "group": "label"}.get(kind, "")),
        target=_text(data, {"file": "file", "link": "url", "group": "background"}.get(kind, "")),
        subpath=_text(data, "subpath").removeprefix("#"),
        colour=_colour(data),
        background=next((style for style in BACKGROUNDS if data.get("backgroundStyle") == style), BACKGROUNDS[0]),
    )


def _edge(data: Mapping[str, Any]) -> Edge:
    sides = [next((side for side in SIDES if data.get(key) == side), "") for key in ("fromSide", "toSide")]
    return Edge(
        start=_text(data, "fromNode"),
        end=_text(data, "toNode"),
        start_side=sides[0],
        end_side=sides[1],
        start_arrow=data.get("fromEnd") == "arrow",
        end_arrow=data.get("toEnd") != "none",
        colour=_colour(data),
        label=_text(data, "label").strip(),
    )


def _text(data: Mapping[str, Any], key: str) -> str:
    value = data.get(key)
    return jsontext.make_whole(value) if isinstance(value, str) else ""


def _number(data: Mapping[str, Any], key: str, default: int) -> int:
    value = data.get(key)
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        return default
    return round(max(-FARTHEST, min(FARTHEST, value)))


def _size(data: Mapping[str, Any], key: str, default: int) -> int:
    return max(1, _number(data, key, default))


def _colour(data: Mapping[str, Any]) -> str:
    value = _text(data, "color")
    return value if COLOUR.fullmatch(value) else ""
