"""A drawing that a program made -> its size and title, and whether it could do more than be looked at.

An `<img>` never runs what is in a drawing; opened by itself, as a file of the site, a browser would.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple
from xml.etree.ElementTree import Element, ParseError, fromstring

from kbtools.site.rawhtml import runs_code

ACTIVE: Final = frozenset(("audio", "embed", "foreignobject", "handler", "iframe", "listener", "object", "script", "video"))
DECLARES: Final = re.compile(r"<!ATTLIST|<\?xml-stylesheet|@import|url\(\s*+[\"']?+(?!#)", re.IGNORECASE)
LENGTH: Final = re.compile(r"\s*(?P<number>\d{1,6}(?:\.\d*)?)\s*(?P<unit>px|pt|in|cm|mm)?\s*")
BOX: Final = re.compile(r"\s*[-\d.]+[\s,]+[-\d.]+[\s,]+(?P<width>\d{1,6}(?:\.\d*)?)[\s,]+(?P<height>\d{1,6}(?:\.\d*)?)\s*")
PIXELS: Final = {None: 1.0, "px": 1.0, "pt": 4 / 3, "in": 96.0, "cm": 96 / 2.54, "mm": 96 / 25.4}


class Svg(NamedTuple):
    """A drawing; `size` in pixels, 0 where it says none; `is_active` when it might run or fetch something."""

    text: str
    size: tuple[int, int]
    title: str
    is_active: bool


def read_svg(written: str) -> Svg:
    """What is to be known of a drawing. Raises ValueError when it is none."""
    text = written.strip()
    if "<!ENTITY" in text:
        raise ValueError("it declares entities")
    try:
        root = fromstring(text)
    except ParseError as error:
        raise ValueError(f"it is no XML: {error}") from error
    if _local(root.tag) != "svg":
        raise ValueError("it is no drawing")
    title = next(("".join(child.itertext()).strip() for child in root if _local(child.tag) == "title"), "")
    return Svg(text, _size(root), title, bool(DECLARES.search(text)) or any(_is_active(element) for element in root.iter()))


def _is_active(element: Element) -> bool:
    if _local(element.tag) in ACTIVE:
        return True
    for key, value in element.attrib.items():
        name = _local(key)
        if name.startswith("on") or runs_code(value) or (name in {"href", "src"} and not value.startswith(("#", "data:image/"))):
            return True
        if name == "attributename" and value.rpartition(":")[2].lower() in {"href", "src"}:
            return True
    return False


def _local(name: object) -> str:
    return str(name).rpartition("}")[2].rpartition(":")[2].lower()


def _size(root: Element) -> tuple[int, int]:
    """Width and height, or the shape of what is seen of the drawing."""
    width, height = (_pixels(root.get(name, "")) for name in ("width", "height"))
    box = BOX.fullmatch(root.get("viewBox", ""))
    if box and (not width or not height) and float(box["width"]) > 0:
        width = width or float(box["width"])
        height = width * float(box["height"]) / float(box["width"])
    return round(width), round(height)


def _pixels(length: str) -> float:
    found = LENGTH.fullmatch(length)
    return float(found["number"]) * PIXELS[found["unit"]] if found else 0.0
