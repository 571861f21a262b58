"""Whether the links of a built site are true: each leads to a page and a place that are there, and they are the graph's edges."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from typing import Final, NamedTuple
from urllib.parse import unquote

from kbtools.model import Edge
from kbtools.site.binding import meaning_of
from kbtools.site.book import Meaning, from_root
from kbtools.site.rawhtml import is_absolute
from kbtools.site.sections import Places

TAG: Final = re.compile(r"<[A-Za-z][A-Za-z0-9-]*+(?P<attributes>\s[^<>]*+)>")
ATTRIBUTE: Final = re.compile(r"\s(?P<name>href|src|id|name)=(?P<mark>[\"'])(?P<value>.*?)(?P=mark)", re.DOTALL)
HIDDEN: Final = re.compile(r"<(?P<what>!--|script\b)")
CLOSING: Final = {"!--": "-->", "script": "</script>"}


@dataclass(frozen=True, slots=True)
class Written:
    """What a built page holds: the addresses it links to, from the site's root, and the ids it has."""

    links: tuple[str, ...]
    ids: frozenset[str]


class Untrue(NamedTuple):
    """How often a page shows a link, and how often the graph has it."""

    meaning: Meaning
    shown: int
    meant: int


def read_page(html: str, url: str) -> Written:
    """The links and ids of a page at `url`."""
    links: dict[str, None] = {}
    ids = set()
    for tag in TAG.finditer(_without_hidden(html)):
        for found in ATTRIBUTE.finditer(tag["attributes"]):
            value = unescape(found["value"])
            if found["name"] in ("id", "name"):
                ids.add(value)
            elif value and not is_absolute(value):
                links[from_root(value, url)] = None
    return Written(tuple(links), frozenset(ids))


def _without_hidden(html: str) -> str:
    """HTML without what holds no links, comments and scripts; one that is left open hides nothing."""
    shown = []
    at = start = 0
    left_open: set[str] = set()
    while found := HIDDEN.search(html, at):
        what = found["what"]
        end = -1 if what in left_open else html.find(CLOSING[what], found.end())
        if end < 0:
            left_open.add(what)
            at = found.end()
            continue
        shown.append(html[start : found.start()])
        at = start = end + len(CLOSING[what])
    return "".join((*shown, html[start:]))


class Ledger:
    """Who links where, on a whole site: an address that many pages link to is kept, and looked up, once."""

    def __init__(self) -> None:
        self._ids: dict[str, frozenset[str]] = {}
        self._pages: dict[str, list[str]] = {}

    def add(self, url: str, written: Written) -> None:
        """Note what stands on the page at `url`, or in a part of it."""
        place = unquote(url)
        self._ids[place] = self._ids[place] | written.ids if place in self._ids else written.ids
        for link in written.links:
            self._pages.setdefault(link, []).append(url)

    def find_dead(self, files: Iterable[str]) -> list[tuple[str, str]]:
        """(page, address) of every link of a page that leads nowhere; `files` are the files of the site."""
        known = set(files)
        known.update(path.removesuffix("index.html") for path in files if path.endswith("/index.html") or path == "index.html")
        dead = (link for link in self._pages if not self._leads_on(link, known))
        return sorted({(url, link) for link in dead for url in self._pages[link]})

    def _leads_on(self, link: str, known: Collection[str]) -> bool:
        address, _, anchor = link.partition("#")
        path, anchor = unquote(address.partition("?")[0]), unquote(anchor)
        path = path.removesuffix("index.html") if path.removesuffix("index.html") in self._ids else path
        if path not in self._ids:
            return path in known
        return not anchor or anchor.startswith("__") or anchor in self._ids[path]


def find_untrue(shown: Iterable[Meaning], edges: Iterable[Edge], places: Mapping[str, Places]) -> Iterator[Untrue]:
    """What a note's page links to more or less often than its edges say."""
    links = Counter(shown)
    meant = Counter(meaning_of(edge, places) for edge in edges if edge.link.form != "property" and not edge.link.hidden)
    for meaning in sorted({*links, *meant}, key=repr):
        if meaning.status != "external" and links[meaning] != meant[meaning]:
            yield Untrue(meaning, links[meaning], meant[meaning])
