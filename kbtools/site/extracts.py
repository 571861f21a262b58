"""A page's HTML -> what search finds in it and what previews show of it: its sections' texts, and the beginning of each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape, unescape
from typing import Final, NamedTuple
from urllib.parse import quote

from kbtools.site.book import Page, from_root
from kbtools.site.rawhtml import is_absolute
from kbtools.site.searchindex import Entry

HEADING: Final = re.compile(r"<h(?P<level>[1-6]) id=\"(?P<id>[^\"]*+)\"[^>]*+>(?P<inner>.*?)</h(?P=level)>", re.DOTALL)
BLOCK: Final = re.compile(r"<(?P<tag>[a-z][a-z0-9]*+)[^<>]*?\sid=\"(?P<id>\^[^\"]*+)\"")
SILENT: Final = re.compile(
    r"<(?P<tag>svg|style|script|annotation|aside)\b.*?</(?P=tag)>|<(?P<badge>p|details) class=\"kb-proof\".*?</(?P=badge)>"
    r"|<a class=\"headerlink\".*?</a>",
    re.DOTALL,
)
TAG: Final = re.compile(r"<[^>]*+(?:>|\Z)")
BREAK: Final = re.compile(r"</(?:p|li|tr|h[1-6]|div|pre|td|th|summary)>|<br")
STEP: Final = re.compile(r"<(?P<close>/?)(?P<tag>[a-z][a-z0-9]*+)(?P<rest>[^>]*+)(?:>|\Z)|(?P<text>[^<]++)")
ADDRESS: Final = re.compile(r"(?P<name>\s(?:href|src)=\")(?P<url>[^\"]*+)\"")
ID: Final = re.compile(r"\sid=\"[^\"]*+\"")
VOID: Final = frozenset({"img", "br", "hr", "input", "source", "wbr", "col", "embed", "track"})
LEAD: Final = 220
"""Characters a preview shows at least, if there are so many; it ends with the block that reaches them."""
MOST: Final = 6_000


class _Part(NamedTuple):
    anchor: str
    heading: str
    html: str


def iter_entries(page: Page, html: str) -> Iterator[Entry]:
    """What search finds on a page, a section each."""
    for number, part in enumerate(_iter_parts(html)):
        url = page.url + ("#" + quote(part.anchor, safe="") if part.anchor else "")
        text = read_text(part.html)
        if number == 0:
            yield Entry(url, page.title, "", text, page.tags, page.aliases)
        else:
            yield Entry(url, page.title, part.heading, text)


def iter_leads(page: Page, html: str) -> Iterator[tuple[str, str]]:
    """(address, HTML) of the beginning of the page, of its sections and of its blocks; addresses in it count from the root."""
    if page.kind == "canvas":
        yield page.url, f"<p>{escape(read_text(html)[:LEAD])}</p>"  # no card comes first: what is read of them all
        return
    for part in _iter_parts(html):
        if part.html.strip() or not part.anchor:
            beginning = part.html if part.anchor else html  # a note that begins with a heading is shown from there
            yield page.url + ("#" + quote(part.anchor, safe="") if part.anchor else ""), _lead(beginning, page.url)
    for found in BLOCK.finditer(html):
        yield page.url + "#" + quote(unescape(found["id"]), safe=""), _lead(html[found.start() :], page.url, most=1)


def read_text(html: str) -> str:
    """The text of HTML as it is read."""
    return re.sub(r"[ \t]*\n\s*", "\n", unescape(TAG.sub("", BREAK.sub(r"\n\g<0>", SILENT.sub(" ", html))))).strip()


def cut(html: str, most: int) -> str:
    """The first blocks of HTML, whole ones, until `most` characters are read."""
    open_tags: list[str] = []
    read = 0
    end = 0
    for step in STEP.finditer(html):
        if step["text"] is not None:
            read += len(step["text"])
        elif not step["close"]:
            if step["tag"] not in VOID and not step["rest"].endswith("/"):
                open_tags.append(step["tag"])
        elif open_tags and open_tags[-1] == step["tag"]:
            open_tags.pop()
        else:
            break  # what was open before the section began
        if not open_tags:
            end = step.end()
            if read >= most:
                break
        if step.end() > MOST and end:
            break
    return html[:end]


def _iter_parts(html: str) -> Iterator[_Part]:
    anchor = heading = ""
    start = 0
    for found in HEADING.finditer(html):
        yield _Part(anchor, heading, html[start : found.start()])
        anchor, heading, start = unescape(found["id"]), read_text(found["inner"]), found.end()
    yield _Part(anchor, heading, html[start:])


def _lead(html: str, base: str, most: int = LEAD) -> str:
    """The beginning of HTML, without ids, its addresses counted from the root."""
    return ADDRESS.sub(lambda found: f'{found["name"]}{_place(found["url"], base)}"', ID.sub("", cut(html, most)))


def _place(url: str, base: str) -> str:
    return url if is_absolute(url) or url.startswith("/") else from_root(url, base)
