"""Where a piece of HTML is being written: whose text it is, on which page it stands, what was written before."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import unquote

from markdown_it.token import Token

from kbtools.site.book import Book, Meaning, Page, link_key, relative
from kbtools.site.formula import Macros, find_macros
from kbtools.site.markdown import Document
from kbtools.site.rawhtml import RawHtml
from kbtools.site.slug import make_ids

MAX_EMBEDS = 200
"""So many notes one page may show; further ones are links."""
MAX_DEPTH = 8
"""So deep may embedded notes embed notes."""


@dataclass
class Scene:
    """The text of `page` is written onto the page at `base`. `links` collects what is linked, None in a part; `around` names the
    places (path, anchor) that are being shown, this one last; `embeds` counts down for the whole page; `taken` are the page's
    ids; `part` begins those of footnotes where a page has several texts."""

    page: Page
    book: Book
    base: str
    text: str
    document: Document
    write_part: Callable[[Scene, str, Page, str, int, int], str]
    """`(from where, text, page, anchor, start, end) -> HTML` of some lines of a note that is embedded."""
    around: tuple[tuple[str, str], ...]
    links: list[Meaning] | None = None
    embeds: list[int] = field(default_factory=lambda: [MAX_EMBEDS])
    taken: set[str] = field(default_factory=set)
    part: str = ""

    @property
    def with_ids(self) -> bool:
        return self.links is not None

    @cached_property
    def raw(self) -> RawHtml:
        return RawHtml(with_ids=self.with_ids, find=self._find)

    def _find(self, address: str) -> str | None:
        """An address in HTML, as the page has it: such addresses name files, from the note's folder or the vault's root."""
        place, mark, anchor = address.partition("#")
        if not place:
            return None
        place = unquote(place.partition("?")[0])
        folder = "/" if place.startswith("/") else "/" + posixpath.dirname(self.page.path)
        path = posixpath.normpath(posixpath.join(folder, place.lstrip("/"))).lstrip("/")
        url = self.book.url_of(Meaning(path)) or self.book.url_of(Meaning(f"{path}.md"))
        return relative(url + mark + anchor, self.base) if url else None

    def meaning(self, target: str, subpath: str, *, counted: bool = True) -> Meaning:
        """What a link of the text means; noted down as written, unless it only repeats what is `counted` elsewhere."""
        found = self.page.links.get(link_key(target, subpath)) or Meaning("", "", "missing-file")
        if counted and self.links is not None and found.status != "external":
            self.links.append(found)
        return found

    @cached_property
    def macros(self) -> Macros:
        """What the formulas of the text define for each other."""
        marks = self.document.prepared.marks
        return find_macros(mark.target for mark in marks if mark.kind in {"math", "display"})

    def line(self, token: Token) -> int:
        """The line of the file on which a block begins."""
        return self.line_at(token.map[0] if token.map else 0)

    def line_at(self, number: int) -> int:
        """The line of the file that is a line of the parsed text."""
        return self.document.prepared.line(number) + self._cut_off

    @cached_property
    def _cut_off(self) -> int:
        """How many lines of properties the text lacks that somebody else took off, and perhaps an empty one at its end."""
        prepared = self.document.prepared
        missing = self.page.lines - prepared.lines
        if prepared.first or missing <= 0:
            return 0
        lines = [prepared.line(token.map[0]) for token in self.document.tokens if token.type == "heading_open" and token.map]
        guesses = (missing, missing + 1, missing - 1)
        return next((guess for guess in guesses if all(line + guess in self._heading_ids for line in lines)), missing)

    def heading_id(self, opening: Token) -> str:
        """The id of a heading: what links to it call it."""
        return self._claim(self._heading_ids.get(self.line(opening)) or self._spare_ids[self.line(opening)])

    @cached_property
    def _heading_ids(self) -> dict[int, str]:
        return {section.start: section.anchor for section in self.page.sections if section.level}

    @cached_property
    def _spare_ids(self) -> dict[int, str]:
        """Ids for a page of which no headings are known."""
        tokens = self.document.tokens
        openings = [(at, token) for at, token in enumerate(tokens) if token.type == "heading_open"]
        texts = [self.document.prepared.restore(tokens[at + 1].content) for at, _ in openings]
        return dict(zip((self.line(token) for _, token in openings), make_ids(texts), strict=True))

    @cached_property
    def _block_ids(self) -> dict[str, str]:
        return {section.anchor.lower(): section.anchor for section in self.page.sections if not section.level}

    def block_ids(self, opening: Token) -> list[str]:
        """The ids of a block that has names (`^abc`), each given once on a page."""
        if not self.with_ids or "ids" not in opening.meta:
            return []
        wanted = [self._block_ids.get(f"^{name}".lower(), f"^{name}") for name in opening.meta["ids"]]
        return [claimed for name in wanted if (claimed := self._claim(name))]

    def _claim(self, name: str) -> str:
        """An id, "" when the page has it already or has none."""
        if not self.with_ids or name in self.taken:
            return ""
        self.taken.add(name)
        return name
