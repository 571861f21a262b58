"""A link and the text it stands in -> where its target, its subpath and its display text are written, and how.

A link stands in Markdown, in a YAML value, or in a JSON string of a canvas or notebook: what is put in its place is escaped
as that place asks for it. `find_written` gives None where a link cannot be rewritten in place (a YAML value that is folded or
escaped, a link that runs over two strings of a notebook).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple
from urllib.parse import unquote

from kbtools.change.edits import Edit
from kbtools.model import Link
from kbtools.syntax.inline import DEFINITION, ENTITY, TAIL, UNESCAPE
from kbtools.syntax.jsontext import ESCAPE, escape_as, iter_strings

BARE: Final = re.compile(r"[\x00-\x20\x7f()<>%#\\\"]|&(?=[#A-Za-z])")
ANGLE: Final = re.compile(r"[\x00-\x1f\x7f<>%#\\]|&(?=[#A-Za-z])")
UNFIT_FOR_WIKI: Final = re.compile(r"[#|\r\n\[\]]|\\$|^\s|\s$|^$")


class Part(NamedTuple):
    """A stretch of the file's text, and what it says there."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Written:
    """The parts of a link in a file; `display` and `subpath` are None where it has none. The encoders give None for what
    cannot be written in that place."""

    target: Part
    subpath: Part | None
    display: Part | None
    write_target: Callable[[str], str | None]
    write_subpath: Callable[[str], str | None]
    write_display: Callable[[str], str | None]

    def with_target(self, text: str) -> Edit | None:
        """The edit that makes the link's target `text`."""
        return _edit(self.target, self.write_target(text))

    def with_subpath(self, text: str) -> Edit | None:
        """The edit that makes the link's subpath `text`, where it has one."""
        return _edit(self.subpath, self.write_subpath(text)) if self.subpath else None

    def with_display(self, text: str) -> Edit | None:
        """The edit that makes the link's display text `text`, where it has one."""
        return _edit(self.display, self.write_display(text)) if self.display else None


def _edit(part: Part, text: str | None) -> Edit | None:
    return None if text is None else Edit(part.start, part.end, text)


def find_written(path: str, text: str, link: Link) -> Written | None:
    """How `link` is written in the file at `path`, whose text is `text`."""
    start, end = link.span.start, link.span.end
    if path[-3:].lower() == ".md":
        if link.form == "property":
            quote = text[start - 1 : start]
            double = (lambda said: said.replace("'", "''")) if quote == "'" else _refuse_quotes if quote == '"' else _same
            return _read(text[start:end], range(start, end + 1), link, double)
        return _read(text[start:end], range(start, end + 1), link, _same)

    def escape(said: str) -> str:
        return escape_as(said, text)

    if link.form == "canvas":
        return _read_node(text, link, escape)
    found = _decode(text, start, end)
    return _read(*found, link, escape) if found else None


def encode_destination(said: str, *, angle: bool) -> str:
    """A path or a heading as the destination of a Markdown link says it, bare or between `<` and `>`."""
    return (ANGLE if angle else BARE).sub(lambda found: f"%{ord(found[0]):02X}", said)


def _same(said: str) -> str:
    return said


def _refuse_quotes(said: str) -> str | None:
    return None if '"' in said or "\\" in said else said


def _decode(text: str, start: int, end: int) -> tuple[str, Sequence[int]] | None:
    """What a stretch of a JSON string says, and where each character of it (and its end) stands; None over its bounds."""
    said: list[str] = []
    places: list[int] = []
    for piece in ESCAPE.finditer(text, start, end):
        if piece[0] in '"\r\n':
            return None
        value = json.loads(f'"{piece[0]}"', strict=False)
        said.append(value)
        places += [piece.start()] * len(value)
    return "".join(said), [*places, end]


def _read(written: str, places: Sequence[int], link: Link, escape: Callable[[str], str | None]) -> Written | None:
    if link.form in ("wiki", "property"):
        return _read_wiki(written, places, link, escape)
    return _read_markdown(written, places, link, escape)


def _read_wiki(written: str, places: Sequence[int], link: Link, escape: Callable[[str], str | None]) -> Written | None:
    start = 3 if written.startswith("![[") else 2
    if not written.endswith("]]") or not written.startswith(("[[", "![[")):
        return None
    body = written[start:-2]
    display = None
    bar = body.find("|")
    if bar > 0:
        display = _trimmed(written, places, start + bar + 1, start + len(body))
        body = body[:bar]
    if "\\" in body:
        body = body.rstrip().removesuffix("\\")
    mark = body.find("#")
    subpath = None
    if mark >= 0:
        at = start + mark + 1
        subpath = Part(places[at], places[at + len(body[mark + 1 :].rstrip())], body[mark + 1 :].rstrip())
        body = body[:mark]
    target = _trimmed(written, places, start, start + len(body))
    if (target.text, subpath.text if subpath else "") != (link.target, link.subpath):
        return None

    def write(said: str) -> str | None:
        return None if UNFIT_FOR_WIKI.search(said) else escape(said)

    return Written(target, subpath, display, write, lambda said: None if "]]" in said or "|" in said else escape(said), escape)


def _trimmed(written: str, places: Sequence[int], start: int, end: int) -> Part:
    text = written[start:end]
    start += len(text) - len(text.lstrip())
    text = text.strip()
    return Part(places[start], places[start + len(text)], text)


def _read_markdown(written: str, places: Sequence[int], link: Link, escape: Callable[[str], str | None]) -> Written | None:
    tail_of = DEFINITION if link.form == "reference" else TAIL
    label = 2 if written.startswith("![") else 1
    at = written.find("]", label)
    while at >= 0:
        tail = tail_of.match(written, at + 1)
        if tail is not None and tail.end() == len(written):
            group = "angle" if tail["angle"] is not None else "bare"
            if tail[group] and _means(tail[group], link):
                break
        at = written.find("]", at + 1)
    else:
        return None
    destination, start = tail[group], tail.start(group)
    path, mark, _subpath = destination.partition("#")

    def encode(said: str) -> str | None:
        return escape(encode_destination(said, angle=group == "angle"))

    def encode_subpath(said: str) -> str | None:
        parts = [encode(part) for part in said.split("#")]
        return "#".join(part for part in parts if part is not None)

    shown = None if link.form == "reference" else Part(places[label], places[at], written[label:at])
    return Written(
        Part(places[start], places[start + len(path)], link.target),
        Part(places[start + len(path) + 1], places[start + len(destination)], link.subpath) if mark else None,
        shown,
        encode,
        encode_subpath,
        lambda said: None if set(said) & set("[]\\`<") else escape(said),
    )


def _means(destination: str, link: Link) -> bool:
    """Whether a destination, decoded as the reader of links does it, is this link's."""
    said = ENTITY.sub(_entity, UNESCAPE.sub(r"\1", destination))
    decoded = unquote(said, errors="surrogateescape")
    said = said if any("\udc80" <= char <= "\udcff" for char in decoded) else decoded
    path, _, subpath = said.partition("#")
    return (path.strip(), subpath) == (link.target, link.subpath)


def _entity(found: re.Match[str]) -> str:
    from html import unescape

    return unescape(found[0])


def _read_node(text: str, link: Link, escape: Callable[[str], str | None]) -> Written | None:
    """A file node of a canvas: its file and its subpath are strings of their own."""
    start, end = link.span.start, link.span.end
    subpath = None
    if link.subpath:
        strings = list(iter_strings(text))
        node = next(string.path[:2] for string in strings if string.start + 1 == start)
        for string in strings:
            if string.path == (*node, "subpath"):
                marked = string.value.startswith("#")
                subpath = Part(string.start + 1 + marked, string.end - 1, link.subpath)
    return Written(Part(start, end, link.target), subpath, None, escape, escape, escape)
