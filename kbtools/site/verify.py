"""Whether the links of a built site are true: each leads to a page and a place that are there, and they are the graph's edges."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from typing import Final
from urllib.parse import quote, unquote

from kbtools.model import Edge
from kbtools.site.binding import meaning_of
from kbtools.site.book import Meaning
from kbtools.site.sections import Places

ATTRIBUTE: Final = re.compile(r"\s(?P<name>href|src|id|name)=(?P<mark>[\"'])(?P<value>.*?)(?P=mark)", re.DOTALL)
HIDDEN: Final = re.compile(r"<(?P<what>!--|script\b|pre\b)")
CLOSING: Final = {"!--": "-->", "script": "</script>", "pre": "</pre>"}
OUTSIDE: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")


@dataclass(frozen=True, slots=True)
class Written:
    """What a built page holds: the addresses it links to, from the site's root, and the ids it has."""

    links: tuple[str, ...]
    ids: frozenset[str]


def read_page(html: str, url: str) -> Written:
    """The links and ids of a page at `url`."""
    links: dict[str, None] = {}
    ids = set()
    for found in ATTRIBUTE.finditer(_without_hidden(html)):
        value = unescape(found["value"])
        if found["name"] in ("id", "name"):
            ids.add(value)
        elif value and not OUTSIDE.match(value):
            links[_from_root(value, url)] = None
    return Written(tuple(links), frozenset(ids))


def _without_hidden(html: str) -> str:
    """HTML without what holds no links: comments, scripts and listings; one that is left open hides nothing."""
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


def find_dead(pages: Mapping[str, Written], files: Iterable[str]) -> Iterator[tuple[str, str]]:
    """(page, address) of every link of a page that leads nowhere; `files` are the other addresses of the site."""
    known = {unquote(url) for url in files}
    places = {unquote(url): page.ids for url, page in pages.items()}
    for url, page in pages.items():
        for link in page.links:
            path, mark, anchor = link.partition("#")
            path = unquote(path).partition("?")[0]
            path = path.removesuffix("index.html") if path.removesuffix("index.html") in places else path
            if path in places:
                if mark and anchor and unquote(anchor) not in places[path] and not unquote(anchor).startswith("__"):
                    yield url, link
            elif path not in known:
                yield url, link


def find_untrue(
    rendered: Mapping[str, tuple[Meaning, ...]], edges: Iterable[Edge], places: Mapping[str, Places]
) -> Iterator[tuple[str, Meaning, int, int]]:
    """(note, meaning, times on its page, times in the graph) where a note's page has other links than the graph has edges."""
    wanted: dict[str, Counter[Meaning]] = {path: Counter() for path in rendered}
    for edge in edges:
        if edge.source in wanted and edge.link.form != "property" and not edge.link.hidden:
            wanted[edge.source][meaning_of(edge, places)] += 1
    for path, found in rendered.items():
        shown, meant = Counter(found), wanted[path]
        for meaning in sorted({*shown, *meant}, key=repr):
            if meaning.status != "external" and shown[meaning] != meant[meaning]:
                yield path, meaning, shown[meaning], meant[meaning]


def _from_root(value: str, base: str) -> str:
    path, mark, anchor = value.partition("#")
    if not path:
        return base + mark + anchor
    there = posixpath.normpath(posixpath.join("/", posixpath.dirname(unquote(base)), unquote(path))).lstrip("/")
    return (
        quote(there + ("/" if there and (path.endswith("/") or path.rpartition("/")[2] in (".", "..")) else "")) + mark + anchor
    )
