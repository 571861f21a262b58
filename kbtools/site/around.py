"""What stands around a note: what to read first, what it opens, the path to it, its neighbours, and who speaks of it.

The aside stands at the end of the article, where a reader without script and on a narrow screen finds it; on a wide screen the
theme moves it under the table of contents. Nothing is shown that is empty.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape
from urllib.parse import quote

from kbtools.site.book import Backlink, Book, Page, relative
from kbtools.site.context import cut_end, cut_start
from kbtools.site.formula import render_math
from kbtools.site.localgraph import render_local_graph
from kbtools.site.marks import CLOSE, OPEN
from kbtools.site.masthead import render_masthead, render_sources
from kbtools.site.pointers import point_to_page

FORMULA = re.compile(f"({OPEN}[^{OPEN}{CLOSE}]*+{CLOSE})")
OPEN_SOURCES = 8
"""So many pages that link here are shown at once; the others are folded away."""
CONTEXT_CHARACTERS = 60


def surround(html: str, page: Page, book: Book) -> str:
    """A page's HTML between what its properties say and what stands around it."""
    return render_masthead(page, book) + html + render_sources(page) + render_around(page, book)


def render_around(page: Page, book: Book) -> str:
    """The `<aside class="kb-around">` of a page; "" when nothing stands around it."""
    sections = [
        _section("prerequisites", "先读", _list(page.prerequisites, page, book)),
        _section("unlocks", "读完可读", _list(page.unlocks, page, book)),
        _learning_path(page, book),
        _section("backlinks", "反向链接", _backlinks(page, book)),
        _section("graph", "局部图谱", render_local_graph(page, book)),
    ]
    shown = "\n".join(filter(None, sections))
    return f'<aside class="kb-around" aria-label="笔记周围">\n{shown}\n</aside>' if shown else ""


def _section(name: str, title: str, body: str) -> str:
    if not body:
        return ""
    heading = f'<h2 class="kb-around__title">{title}</h2>'
    return f'<section class="kb-around__part kb-around__part--{name}">\n{heading}\n{body}\n</section>'


def _list(paths: Iterable[str], page: Page, book: Book) -> str:
    items = [f"<li>{point_to_page(there, page.url)}</li>" for there in _known(paths, book)]
    return f'<ul class="kb-around__list">{"".join(items)}</ul>' if items else ""


def _learning_path(page: Page, book: Book) -> str:
    """The path as an ordered list, folded. A path that only repeats the prerequisites says nothing new, but its order and its
    minutes do, so it is shown from one page on."""
    steps = _known(page.before, book)
    if not steps:
        return ""
    minutes = sum(step.minutes for step in steps)
    length = f"{len(steps)} 篇" + (f"，约 {_spoken(minutes)}" if minutes else "")
    items = "".join(f"<li>{point_to_page(step, page.url)}{_minutes(step)}</li>" for step in steps)
    return (
        '<section class="kb-around__part kb-around__part--path">\n<details class="kb-around__fold">'
        f'<summary><span class="kb-around__title">学习路径</span> <span class="kb-around__note">{length}</span></summary>'
        f'<ol class="kb-around__list">{items}</ol></details>\n</section>'
    )


def _minutes(page: Page) -> str:
    return f' <span class="kb-around__note">{page.minutes} 分钟</span>' if page.minutes else ""


def _spoken(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{rest} 分钟"
    return f"{hours} 小时" + (f" {rest} 分钟" if rest else "")


def _backlinks(page: Page, book: Book) -> str:
    found: dict[str, list[Backlink]] = {}
    for backlink in page.backlinks:
        if backlink.source in book.pages:
            found.setdefault(backlink.source, []).append(backlink)
    items = [_source(book.pages[source], group, page) for source, group in found.items()]
    if not items:
        return ""
    shown = _sources(items[:OPEN_SOURCES])
    rest = items[OPEN_SOURCES:]
    if not rest:
        return shown
    return f'{shown}<details class="kb-around__fold"><summary>另外 {len(rest)} 篇</summary>{_sources(rest)}</details>'


def _sources(items: Sequence[str]) -> str:
    return f'<ul class="kb-backlinks">{"".join(items)}</ul>'


def _source(source: Page, group: Sequence[Backlink], page: Page) -> str:
    places = dict.fromkeys(_sentence(backlink, source, page) for backlink in group)
    sentences = "".join(f"<li>{place}</li>" for place in places)
    return f'<li>{point_to_page(source, page.url)}<ul class="kb-backlinks__places">{sentences}</ul></li>'


def _sentence(backlink: Backlink, source: Page, page: Page) -> str:
    """The sentence leads to the heading it stands under: the page's title above it already leads to the top."""
    anchor = "#" + quote(backlink.anchor, safe="") if backlink.anchor else ""
    href = escape(relative(source.url + anchor, page.url))
    before = _write(cut_start(backlink.before.lstrip(), CONTEXT_CHARACTERS))
    after = _write(cut_end(backlink.after.rstrip(), CONTEXT_CHARACTERS))
    return f'<a href="{href}">{before}<mark>{escape(backlink.text)}</mark>{after}</a>'


def _write(said: str) -> str:
    """A piece of a sentence, its formulas set."""
    return "".join(
        render_math(unit[1:-1], display=False) if unit.startswith(OPEN) else escape(unit) for unit in FORMULA.split(said)
    )


def _known(paths: Iterable[str], book: Book) -> list[Page]:
    return [book.pages[path] for path in paths if path in book.pages]
