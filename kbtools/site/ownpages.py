"""The pages that no note stands behind: tags, proofs, snippets, the graph, and redirects from old and other names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

from kbtools.site.book import Book, Listing, Page, relative
from kbtools.site.graphdata import render_graph_page
from kbtools.site.highlight import render_code
from kbtools.site.pointers import point_to_page, point_to_tag
from kbtools.site.sources import Paint, point_to_proof, point_to_source, render_source

STATES = {"proven": "已证明", "stale": "已过期，待重新证明", "none": "未证明"}
DEVICES = {"cpu": "CPU", "cuda": "CUDA"}
HEADS = ("片段与证明", "状态", "对照", "出现在")


def iter_own_pages(book: Book, paint: Paint = render_code) -> Iterator[tuple[str, str, str]]:
    """(address, title, HTML) of each; `paint` highlights code."""
    yield book.graph_url, "图谱", render_graph_page(book)
    if book.tags:
        yield book.tags_url, "标签", _render_tags(book, book.tags_url)
        for tag, paths in book.tags.items():
            yield book.tag_urls[tag], f"#{tag}", _render_tag(book, tag, paths)
    if book.snippets:
        yield book.snippets_url, "代码证明", _render_proofs(book)
        for listing in book.snippets.values():
            yield listing.url, listing.path, render_source(listing, book, paint)


def iter_redirects(book: Book) -> Iterator[tuple[str, str]]:
    """(address, HTML) of the pages that lead on."""
    for url, path in book.redirects.items():
        yield url, render_redirect(book.pages[path], url)


def render_redirect(page: Page, url: str) -> str:
    """A document that leads from `url` to a page. The script keeps the place that the address names; without one the reader is
    led to the page's top."""
    there = escape(relative(page.url, url))
    return (
        f'<!doctype html><html lang="zh"><head><meta charset="utf-8"><title>{escape(page.title)}</title>'
        f'<link rel="canonical" href="{there}"><meta name="robots" content="noindex">'
        f'<meta http-equiv="refresh" content="0; url={there}">'
        f'<script>location.replace("{there}"+location.hash)</script></head>'
        f'<body><p><a href="{there}">{escape(page.title)}</a></p></body></html>\n'
    )


def _render_tags(book: Book, base: str) -> str:
    items = []
    for tag, paths in book.tags.items():
        link = point_to_tag(tag, book, base)
        items.append(f'<li style="--kb-depth:{tag.count("/")}">{link} <span class="kb-about">{len(paths)} 篇</span></li>')
    return f'<ul class="kb-tags">{"".join(items)}</ul>'


def _render_tag(book: Book, tag: str, paths: Iterable[str]) -> str:
    base = book.tag_urls[tag]
    below = [name for name in book.tags if name.startswith(tag + "/")]
    links = "".join(f" {point_to_tag(name, book, base)}" for name in below)
    items = "".join(render_link(book.pages[path], base) for path in paths)
    return (f"<p>{links.strip()}</p>" if links else "") + f"<ul>{items}</ul>"


def render_link(page: Page, base: str) -> str:
    """An item of a list that leads to a page."""
    return f"<li>{point_to_page(page, base)}{_about(page)}</li>"


def _about(page: Page) -> str:
    return f'<br><span class="kb-about">{escape(page.description)}</span>' if page.description else ""


def _render_proofs(book: Book) -> str:
    rows = "".join(_row(listing, book) for listing in book.snippets.values())
    heads = "".join(f'<th scope="col">{name}</th>' for name in HEADS)
    return (
        "<p>每个片段都有一份证明：与独立的实现、闭式或性质对照的测试。这里的状态取自已经记录的证据，建站时不执行任何代码。</p>"
        f"<p>{_count(book)}</p>"
        f'<table class="kb-proofs kb-wide"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'
    )


def _count(book: Book) -> str:
    """How many snippets are proven, and where."""
    said = [f"一共 {len(book.snippets)} 个片段"]
    for device, name in DEVICES.items():
        states = [proof.state for listing in book.snippets.values() for proof in listing.proofs if proof.device == device]
        proven, stale = states.count("proven"), states.count("stale")
        said.append(f"{name} 上已证明 {proven} 个" + (f"，过期 {stale} 个" if stale else ""))
    return "；".join(said) + "。"


def _row(listing: Listing, book: Book) -> str:
    base = book.snippets_url
    states = (
        "<br>".join(
            f'<span class="kb-proof" data-state="{proof.state}">{DEVICES.get(proof.device, escape(proof.device))}：'
            f"{STATES[proof.state]}{_when(proof.date)}</span>"
            for proof in listing.proofs
        )
        or f'<span class="kb-proof" data-state="none">{STATES["none"]}</span>'
    )
    files = _file(listing.path, point_to_source(listing, "", base))
    files += f"<br>{_file(listing.proof, point_to_proof(listing, base))}" if listing.proof else ""
    shown = "、".join(point_to_page(book.pages[path], base) for path in listing.shown if path in book.pages)
    cells = zip(HEADS, (files, states, escape(listing.oracle), shown), strict=True)
    row = "".join(f'<td data-name="{name}">{text}</td>' for name, text in cells)
    return f'<tr id="{escape(listing.path)}">{row}</tr>'


def _file(path: str, url: str) -> str:
    """A file's name, which may be broken after a folder."""
    return f'<a href="{escape(url)}"><code>{escape(path).replace("/", "/<wbr>")}</code></a>'


def _when(date: str) -> str:
    return f"（{escape(date[:10])}）" if date else ""
