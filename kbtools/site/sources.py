"""A snippet and its proof -> the page where both can be read, with an anchor at each part that a block of a note may show."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from html import escape
from typing import Final
from urllib.parse import quote

from kbtools.site.book import Book, Listing, relative
from kbtools.site.grounds import digest
from kbtools.site.highlight import render_code
from kbtools.site.pointers import point_to_page
from kbtools.snippets.source import Part, find_part, list_parts
from kbtools.vault.store import Store

Paint = Callable[[str, str, str], str]
"""(code, language, title) -> HTML, as `render_code` does."""

SOURCE: Final = "源码"
PROOF: Final = "证明"
INNER: Final = "<pre><span></span><code>"


def point_to_source(listing: Listing, part: str, base: str) -> str:
    """The address of a part of the snippet's file on its page, written at `base`; of the whole where there is no such part."""
    return _address(listing, part if part in _rows_of(listing.code) else SOURCE, base)


def point_to_proof(listing: Listing, base: str) -> str:
    """The address of the snippet's proof on the same page."""
    return _address(listing, PROOF, base)


def _address(listing: Listing, anchor: str, base: str) -> str:
    return relative(f"{listing.url}#{quote(anchor, safe='')}", base)


def remembering(store: Store, renderer: str) -> Paint:
    """`render_code` that keeps in the store what it made, as `renderer` does it."""

    def paint(code: str, lang: str, title: str) -> str:
        key = digest(renderer, lang, title, code)
        kept = store.read(key)
        if kept is None:
            kept = render_code(code, lang, title).encode("utf-8", "surrogatepass")
            store.write(key, kept)
        return kept.decode("utf-8", "surrogatepass")

    return paint


def render_source(listing: Listing, book: Book, paint: Paint = render_code) -> str:
    """The page: where the snippet is shown, its whole file, its proof's."""
    parts = []
    pages = [point_to_page(book.pages[path], listing.url) for path in listing.shown if path in book.pages]
    if pages:
        parts.append(f"<p>出现在：{'、'.join(pages)}</p>")
    code = _with_anchors(paint(listing.code, "python", listing.path), _rows_of(listing.code))
    parts += [f'<h2 id="{SOURCE}">{SOURCE}</h2>', _outside(listing.source_url), code]
    if listing.proof:
        said = f"<p>对照：{escape(listing.oracle)}。</p>" if listing.oracle else ""
        proof = paint(listing.proof_code, "python", listing.proof)
        parts += [f'<h2 id="{PROOF}">{PROOF}</h2>', said, _outside(listing.proof_url), proof]
    states = relative(f"{book.snippets_url}#{quote(listing.path, safe='')}", listing.url)
    return "".join((*parts, f'<p><a href="{escape(states)}">全部片段的状态</a></p>'))


def _outside(url: str) -> str:
    return f'<p><a class="external" rel="noopener" href="{escape(url)}">在仓库中查看</a></p>' if url else ""


@lru_cache(maxsize=256)  # every block of a note asks
def _rows_of(code: str) -> Mapping[str, int]:
    """By part, its first line, counted from 0."""
    found = {name: find_part(code, name) for name in list_parts(code) if name not in (SOURCE, PROOF)}
    return {name: part.first for name, part in found.items() if isinstance(part, Part)}


def _with_anchors(html: str, rows: Mapping[str, int]) -> str:
    """Highlighted code with an anchor at the beginning of each part."""
    at = html.index(INNER) + len(INNER)
    lines = html[at:].split("\n")
    for name, row in rows.items():
        lines[row] = f'<a id="{escape(name)}"></a>{lines[row]}'  # with a span's id Material lays every word on a line of its own
    return html[:at] + "\n".join(lines)
