"""HTML that stands in a note -> HTML that may stand on a page: tags as written, but nothing that runs code.

Every tag is read and written anew, so what is not understood is text. Tags that are open at the end of the block they stand in
are closed there, end tags without a beginning go: a note cannot tear the page around it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from html import escape, unescape

PIECE = re.compile(
    r"""<!--(?:.*?-->|.*\Z)                                     # comments, declarations and the like are no text
       |<[?!](?:[^>]*>|[^>]*\Z)
       |<(?P<end>/)?(?P<name>[A-Za-z][A-Za-z0-9-]*+)
         (?P<attributes>(?:\s++[A-Za-z_:][\w:.-]*+(?:\s*+=\s*+(?:[^\s"'=<>`]++|'[^']*+'|"[^"]*+"))?+)*+)\s*+(?P<closed>/)?>""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)
ATTRIBUTE = re.compile(r"""(?P<name>[\w:.-]++)(?:\s*+=\s*+(?:"(?P<double>[^"]*+)"|'(?P<single>[^']*+)'|(?P<bare>[^\s]++)))?+""")
UNSEEN = re.compile(r"[\x00-\x20\x7f-\xa0\u200b-\u200f\u2028-\u202f\ufeff]+")
RUNS = ("javascript:", "vbscript:", "data:")
ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")
ADDRESSES = frozenset(("href", "poster", "src"))
ANIMATIONS = ("animate", "animatemotion", "animatetransform", "set")
PAGES = ("base", "body", "frame", "frameset", "head", "html", "link", "meta", "title")
TEXTS = ("noembed", "noframes", "noscript", "plaintext", "textarea", "xmp")
DROPPED = frozenset((*ANIMATIONS, *PAGES, *TEXTS, "applet", "embed", "foreignobject", "object", "template"))
"""Tags that go, what stands in them stays."""
EATEN = {name: re.compile(rf"</{name}\s*>", re.IGNORECASE) for name in ("script", "style", "iframe")}
"""Tags whose content is no HTML."""
VOID = frozenset(("area", "br", "col", "hr", "img", "input", "param", "source", "track", "wbr"))
FOREIGN = ("svg", "math")


class RawHtml:
    """What a page's HTML leaves open, block by block."""

    __slots__ = ("_counts", "_find", "_frames", "_with_ids")

    def __init__(self, *, with_ids: bool, find: Callable[[str], str | None] | None = None) -> None:
        """`find` gives, for an address that counts from the note, one that counts from the page; None where nothing is there."""
        self._with_ids = with_ids
        self._find = find
        self._frames: list[list[str]] = [[]]
        self._counts: list[Counter[str] | None] = [None]

    def open_block(self) -> None:
        """A block begins: what is opened from now on must be closed in it."""
        self._frames.append([])
        self._counts.append(None)

    def close_block(self) -> str:
        """The end tags that the block still needs."""
        self._counts.pop()
        frame = self._frames.pop()
        return _end_tags(frame) if frame else ""

    @property
    def is_open(self) -> bool:
        """Whether a tag is open in the innermost block."""
        return bool(self._frames[-1])

    def write(self, html: str) -> str:
        """A piece of HTML, made safe."""
        written: list[str] = []
        position = 0
        while piece := PIECE.search(html, position):
            written.append(html[position : piece.start()].replace("<", "&lt;"))
            position = piece.end()
            name = (piece["name"] or "").lower()
            if name in EATEN and not piece["end"]:
                end = EATEN[name].search(html, position)
                written.append(self._whole(name, piece, html[position : end.start() if end else len(html)]))
                position = end.end() if end else len(html)
            elif name and name not in DROPPED and name not in EATEN:
                written.append(self._end(name) if piece["end"] else self._begin(name, piece))
        written.append(html[position:].replace("<", "&lt;"))
        return "".join(written)

    def _whole(self, name: str, piece: re.Match[str], content: str) -> str:
        if name == "iframe":
            return f"<iframe{self._attributes(piece['attributes'])}></iframe>"
        return f"<style>{content}</style>" if name == "style" and "<" not in content else ""

    def _begin(self, name: str, piece: re.Match[str]) -> str:
        attributes = self._attributes(piece["attributes"])
        if name in VOID:
            return f"<{name}{attributes}>"
        frame = self._frames[-1]
        counts = self._counts[-1] or Counter()
        if piece["closed"]:
            return f"<{name}{attributes}/>" if any(counts[tag] for tag in FOREIGN) else f"<{name}{attributes}></{name}>"
        counts[name] += 1
        self._counts[-1] = counts
        frame.append(name)
        return f"<{name}{attributes}>"

    def _end(self, name: str) -> str:
        counts = self._counts[-1]
        if not counts or not counts[name]:
            return ""
        frame = self._frames[-1]
        place = len(frame) - 1
        while frame[place] != name:
            place -= 1
        closing = frame[place:]
        del frame[place:]
        counts.subtract(closing)
        return _end_tags(closing)

    def _attributes(self, written: str) -> str:
        kept = []
        for found in ATTRIBUTE.finditer(written):
            name = found["name"]
            value = next((value for value in found.group("double", "single", "bare") if value is not None), None)
            if not self._is_safe(name.lower(), value or ""):
                continue
            if value is not None and self._find is not None and name.lower() in ADDRESSES:
                address = unescape(value).strip()
                if not (address[:1] == "#" and name.lower() == "href") and not is_absolute(address):
                    value = self._find(address)
                    if value is None:
                        continue
            kept.append(f" {name}" if value is None else f' {name}="{escape(unescape(value))}"')
        return "".join(kept)

    def _is_safe(self, name: str, value: str) -> bool:
        if name.startswith("on") or name in {"srcdoc", "srcset"}:  # `src` says the same of one picture
            return False
        if name in {"id", "name"}:  # what the theme finds by its id begins so
            return self._with_ids and not value.startswith("__")
        return not runs_code(unescape(value))


def is_absolute(url: str) -> bool:
    """Whether an address says by itself where it leads."""
    return ABSOLUTE.match(url) is not None


def runs_code(url: str) -> bool:
    """Whether a browser that follows an address might run what it says; pictures in `data:` do not."""
    seen = UNSEEN.sub("", url).lower()
    return seen.startswith(RUNS) and not (seen.startswith("data:image/") and not seen.startswith("data:image/svg"))


def _end_tags(names: list[str]) -> str:
    return "".join(f"</{name}>" for name in reversed(names))
