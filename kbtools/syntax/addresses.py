"""A note -> the web addresses in it: of Markdown links and images, `<https://…>`, and those that stand in the text as they are.

What stands in code, math, comments and HTML is none, and neither is what stands inside `[[…]]`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from itertools import chain
from typing import Final, NamedTuple

from kbtools.model import Note, Span
from kbtools.syntax.inline import UNESCAPE
from kbtools.syntax.spans import iter_outside

ENDS: Final = r"\s<>\"`\[\]{}|\\^，。；：！？、（）「」『』《》【】〈〉“”‘’…￥　"
ADDRESS: Final = re.compile(rf"(?i)(?<![A-Za-z0-9_/.])(?:https?)://(?:\\[!-/:-@\[-`{{-~]|[^{ENDS}])++")
IN_ANGLES: Final = re.compile(r"(?i)(?<=\]\(<)https?://[^<>\n]++(?=>)")
AUTOLINK: Final = re.compile(r"(?i)<(https?://[^\s<>]++)>")
TRAILING: Final = "?!.,:;*_~'"
RESERVED: Final = re.compile(
    r"(?i)https?://(?:[^/?#@]*@)?(?:[\w-]+\.)*(?:example\.(?:com|net|org)|example|test|invalid)\.?(?::\d+)?(?:[/?#]|\Z)"
)
"""Names that stand for no host (RFC 2606): they occur in examples."""


class Address(NamedTuple):
    """An address and where it is written. The fragment, which no server ever sees, is no part of `url`."""

    url: str
    span: Span


def find_addresses(note: Note) -> list[Address]:
    """Every http and https address of a note, in order."""
    text = note.source.text
    if "://" not in text or note.path[-3:].lower() != ".md":
        return []
    found = [*_iter_automatic(text, note), *_iter_written(text, note)]
    return sorted((one for one in found if not RESERVED.match(one.url)), key=lambda one: one.span)


def _iter_automatic(text: str, note: Note) -> Iterator[Address]:
    opaque = {(span.start, span.end) for span in note.opaque}
    for match in AUTOLINK.finditer(text):
        if match.span() in opaque:
            yield Address(_clean(match[1]), Span(*match.span(1)))


def _iter_written(text: str, note: Note) -> Iterator[Address]:
    taken = [*note.opaque, *(link.span for link in note.links if link.form in ("wiki", "property"))]
    angled = list(iter_outside(IN_ANGLES.finditer(text), taken))
    for match in angled:
        yield Address(_clean(match[0]), Span(*match.span()))
    for match in iter_outside(ADDRESS.finditer(text), chain(taken, (Span(*match.span()) for match in angled))):
        end = match.start() + _written_length(match[0])
        if text[match.end() : match.end() + 1] != "{":  # the address of something whose name is yet to be filled in
            yield Address(_clean(text[match.start() : end]), Span(match.start(), end))


def _written_length(written: str) -> int:
    """Where an address ends: before punctuation that ends a sentence, and before a bracket that was opened before it."""
    length, opened, closed = len(written), written.count("("), written.count(")")
    while length:
        last = written[length - 1]
        if last == ")" and closed > opened:
            closed -= 1
        elif last not in TRAILING:
            break
        length -= 1
    return length


def _clean(written: str) -> str:
    return html.unescape(UNESCAPE.sub(r"\1", written)).partition("#")[0].strip()
