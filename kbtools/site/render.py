"""A note's text -> the HTML of its page, as Obsidian's reading view shows it, in the markup of Material for MkDocs.

Pure: what links mean stands in the `Book`. Total: every text gives HTML, and no note can make a page run code. The page's title
is the file's name and written by the caller; where a note has headings of level 1, all its headings go one level down.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from html import escape

from kbtools.site.blocks import BlockWriter, TocEntry
from kbtools.site.book import Book, Meaning, Page
from kbtools.site.markdown import parse
from kbtools.site.parts import select_lines
from kbtools.site.scene import Scene


@dataclass(frozen=True, slots=True)
class Rendered:
    """A note's page. `links` says what its links and embeds of the vault mean, each as often as it is written, in the order in
    which they stand on the page; a reference definition counts, its uses do not; what is hidden, in properties, or in notes
    that are embedded does not count. `files` are pictures that came with the text, by address from the site's root; `problems`
    say what could not be shown, and where it stands."""

    html: str
    toc: tuple[TocEntry, ...]
    links: tuple[Meaning, ...]
    files: Mapping[str, bytes] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


def render_page(text: str, page: Page, book: Book) -> Rendered:
    """The HTML of a note; `text` may come without its properties."""
    links: list[Meaning] = []
    scene = Scene(page, book, page.url, text, parse(text), _write_part, ((page.path, ""),), links)
    writer = BlockWriter(scene)
    html = writer.write(scene.document.tokens) + writer.write_footnotes()
    return Rendered(_write_unseen(page, scene.taken) + html, tuple(writer.toc), tuple(links))


def _write_unseen(page: Page, taken: Collection[str]) -> str:
    """Places that links may name and the page does not show, as a heading in a comment: whoever follows one comes to the top."""
    return "".join(f'<a id="{escape(place.anchor)}"></a>' for place in page.sections if place.anchor not in taken)


def open_scene(text: str, page: Page, book: Book, *, part: str, links: list[Meaning], taken: set[str]) -> Scene:
    """A text that shares its page with others, as the cards of a canvas do: `links` and `taken` (ids) are the page's, `part` is
    this text's own name."""
    return Scene(page, book, page.url, text, parse(text), _write_part, ((page.path, ""),), links, taken=taken, part=f"{part}-")


def write_scene(scene: Scene) -> str:
    """The HTML of such a text, its footnotes at its end."""
    writer = BlockWriter(scene)
    return writer.write(scene.document.tokens) + writer.write_footnotes()


def render_part(text: str, page: Page, book: Book, *, start: int, end: int, base: str) -> str:
    """The HTML of the lines from `start` to `end` (that one left out) of the file, without ids, for the page at `base`."""
    return _write_lines(Scene(page, book, base, text, parse(text), _write_part, ((page.path, ""),)), start, end)


def _write_part(above: Scene, text: str, page: Page, anchor: str, start: int, end: int) -> str:
    """A part of a note that is embedded in another scene."""
    around = (*above.around, (page.path, anchor))
    scene = Scene(page, above.book, above.base, text, parse(text), _write_part, around, embeds=above.embeds)
    return _write_lines(scene, start, end)


def _write_lines(scene: Scene, start: int, end: int) -> str:
    document = scene.document
    if start <= 0 and end >= scene.page.lines:
        return BlockWriter(scene).write(document.tokens)
    return BlockWriter(scene).write(select_lines(document.tokens, scene.line_at, document.prepared.text, start, end))


__all__ = ["Rendered", "TocEntry", "open_scene", "render_page", "render_part", "write_scene"]
