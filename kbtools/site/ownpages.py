"""The pages that no note stands behind: tags, proofs, the graph, and redirects from old and other names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from html import escape
from urllib.parse import quote

from kbtools.site.book import Book, Listing, Page, relative
from kbtools.site.graphdata import render_graph_page

STATES = {"proven": "已证明", "stale": "已过期，待重新证明", "none": "未证明"}
DEVICES = {"cpu": "CPU", "cuda": "CUDA"}


def iter_own_pages(book: Book, tags_url: str, graph_url: str) -> Iterator[tuple[str, str, str]]:
    """(address, title, HTML) of each."""
    yield graph_url, "图谱", render_graph_page(book)
    if book.tags:
        yield tags_url, "标签", _render_tags(book, tags_url)
        for tag, paths in book.tags.items():
            yield book.tag_urls[tag], f"#{tag}", _render_tag(book, tag, paths)
    if book.snippets:
        yield book.snippets_url, "代码证明", _render_proofs(book)


def iter_redirects(book: Book, taken: Iterable[str], olds: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """(address, HTML) of pages that lead on: from the aliases of notes, and from addresses that pages had before (`olds`, address
    to path), where nothing else stands. `taken` are the addresses in use."""
    used = {url.casefold() for url in taken}
    wishes: dict[str, str] = {}
    for path, page in book.pages.items():
        for alias in page.aliases:
            if alias.strip("/. ") and not set(alias) & set("\\?#%\0"):
                wishes.setdefault(quote(alias.strip("/")) + "/", path)
    for url, path in {**wishes, **olds}.items():
        if url.casefold() not in used and path in book.pages:
            used.add(url.casefold())
            yield url, render_redirect(book.pages[path], url)


def render_redirect(page: Page, url: str) -> str:
    """A document that leads from `url` to a page."""
    there = escape(relative(page.url, url))
    return (
        f'<!doctype html><html lang="zh"><head><meta charset="utf-8"><title>{escape(page.title)}</title>'
        f'<link rel="canonical" href="{there}"><meta name="robots" content="noindex">'
        f'<meta http-equiv="refresh" content="0; url={there}"></head>'
        f'<body><p><a href="{there}">{escape(page.title)}</a></p></body></html>\n'
    )


def _render_tags(book: Book, base: str) -> str:
    items = []
    for tag, paths in book.tags.items():
        link = f'<a class="kb-tag" href="{escape(relative(book.tag_urls[tag], base))}">#{escape(tag)}</a>'
        items.append(f'<li style="--kb-depth:{tag.count("/")}">{link} {len(paths)}</li>')
    return f'<ul class="kb-tags">{"".join(items)}</ul>'


def _render_tag(book: Book, tag: str, paths: Iterable[str]) -> str:
    base = book.tag_urls[tag]
    below = [name for name in book.tags if name.startswith(tag + "/")]
    links = "".join(
        f' <a class="kb-tag" href="{escape(relative(book.tag_urls[name], base))}">#{escape(name)}</a>' for name in below
    )
    items = "".join(render_link(book.pages[path], base) for path in paths)
    return (f"<p>{links.strip()}</p>" if links else "") + f"<ul>{items}</ul>"


def render_link(page: Page, base: str) -> str:
    """An item of a list that leads to a page."""
    return f"<li>{_link(page, base)}{_about(page)}</li>"


def _link(page: Page, base: str) -> str:
    return f'<a class="internal-link" href="{escape(relative(page.url, base))}">{escape(page.title)}</a>'


def _about(page: Page) -> str:
    return f"<br>{escape(page.description)}" if page.description else ""


def _render_proofs(book: Book) -> str:
    rows = "".join(_row(listing, book) for listing in book.snippets.values())
    heads = "".join(f"<th>{name}</th>" for name in ("片段", "状态", "证明所对照的", "出现在"))
    return (
        "<p>每个片段都有一份证明：与独立的实现、闭式或性质对照的测试。这里的状态取自已经记录的证据，建站时不执行任何代码。</p>"
        f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
    )


def _row(listing: Listing, book: Book) -> str:
    base = book.snippets_url
    name = f"<code>{escape(listing.path)}</code>"
    if listing.source_url:
        name = f'<a href="{escape(listing.source_url)}">{name}</a>'
    states = (
        "<br>".join(
            f'<span class="kb-proof" data-state="{proof.state}">{DEVICES.get(proof.device, proof.device)}：{STATES[proof.state]}'
            f"{_when(proof.date)}</span>"
            for proof in listing.proofs
        )
        or f'<span class="kb-proof" data-state="none">{STATES["none"]}</span>'
    )
    shown = "、".join(_link(book.pages[path], base) for path in listing.shown if path in book.pages)
    return (
        f'<tr id="{escape(listing.path)}"><td>{name}</td><td>{states}</td><td>{escape(listing.oracle)}</td><td>{shown}</td></tr>'
    )


def _when(date: str) -> str:
    return f"（{escape(date[:10])}）" if date else ""
