"""What a note's properties tell its reader: a line under the title (kind, time, names, tags), and its sources at the end."""

from __future__ import annotations

import re
from html import escape

from kbtools.site.book import Book, Page
from kbtools.site.graphdata import NAMES
from kbtools.site.pointers import point_to_tag

MOST_NAMES = 4
ADDRESS = re.compile(
    r"""(?P<url>https?://[^\s<>"]*[^\s<>".,;，。；、)）])
       |doi:(?P<doi>10\.\d{4,9}/[^\s，。；、]*[^\s，。；、.,;])
       |arXiv:(?P<arxiv>(?:[a-z-]+(?:\.[A-Z]{2})?/)?\d[\d.]+\d(?:v\d+)?)
       |(?<![\w./@-])(?P<site>(?:[a-z0-9-]+\.)+(?:org|com|net|edu|io|cc|dev|cn|gov)(?:/[^\s，。；、]*[^\s，。；、.,;])?)(?![\w@])""",
    re.VERBOSE,
)
HOSTS = {"url": "", "doi": "https://doi.org/", "arxiv": "https://arxiv.org/abs/", "site": "https://"}


def render_masthead(page: Page, book: Book) -> str:
    """The line under the title; "" for a note that says nothing of itself."""
    said = [escape(NAMES.get(page.note_kind, page.note_kind))] if page.note_kind else []
    said += [f"约 {page.minutes} 分钟"] if page.minutes else []
    said += [f"又名 {escape('、'.join(page.aliases[:MOST_NAMES]))}"] if page.aliases else []
    tags = (point_to_tag(tag, book, page.url) for tag in page.tags if tag in book.tag_urls)
    items = "".join(f"<li>{item}</li>" for item in (*said, *tags))
    return f'<ul class="kb-masthead" aria-label="关于本篇">{items}</ul>\n' if items else ""


def render_sources(page: Page) -> str:
    """The list of sources, each with a link to where it can be read; "" where there are none."""
    items = "".join(f"<li>{write_source(source)}</li>" for source in page.sources)
    return f'<section class="kb-sources" aria-label="来源">\n<p>来源</p>\n<ul>{items}</ul>\n</section>\n' if items else ""


def write_source(source: str) -> str:
    """A source as it is written, what can be followed in it being a link."""
    pieces, at = [], 0
    for found in ADDRESS.finditer(source):
        name = str(found.lastgroup)
        pieces.append(escape(source[at : found.start()]))
        href = escape(HOSTS[name] + found[name])
        pieces.append(f'<a class="external" rel="noopener" href="{href}">{escape(found[0])}</a>')
        at = found.end()
    return "".join(pieces) + escape(source[at:])
