"""Embeds -> HTML: pictures, sound, films and papers as what they are, notes and parts of notes as text, canvases as pictures.

A note that comes to embed itself, and one more than a page may hold, is a link with a word of explanation.
"""

from __future__ import annotations

import re
from html import escape
from pathlib import PurePosixPath
from typing import NamedTuple
from urllib.parse import quote

from kbtools.site.book import Meaning, Page, relative
from kbtools.site.canvaspicture import draw_canvas
from kbtools.site.marks import Mark
from kbtools.site.rawhtml import is_absolute, runs_code
from kbtools.site.scene import MAX_DEPTH, Scene
from kbtools.site.wikilinks import NO_ADDRESS, NO_FILE, NO_NOTE, NOT_PUBLISHED, default_text, open_link, read_target

IMAGES = frozenset((".avif", ".bmp", ".gif", ".jpeg", ".jpg", ".png", ".svg", ".webp"))
SOUNDS = frozenset((".3gp", ".flac", ".m4a", ".mp3", ".oga", ".ogg", ".opus", ".wav"))
FILMS = frozenset((".mkv", ".mov", ".mp4", ".ogv", ".webm"))
SIZE = re.compile(r"(?P<width>\d{1,5})(?:x(?P<height>\d{1,5}))?")
HEIGHT = re.compile(r"(?:^|&)height=(\d{1,5})")
NO_PLACE = "这篇笔记里没有这一处"
CYCLE = "这里嵌入的笔记又嵌入了它自己，不再展开："
TOO_MANY = "这一页嵌入的笔记太多，不再展开："


class Embedded(NamedTuple):
    """The HTML of an embed, and whether it is a block, which no paragraph may hold."""

    html: str
    is_block: bool = False


class Look(NamedTuple):
    """What the text between the brackets says of a picture: its alternative text and its size in pixels, "" for none."""

    alt: str
    width: str = ""
    height: str = ""

    @property
    def size(self) -> str:
        width = f' width="{self.width}"' if self.width else ""
        return width + (f' height="{self.height}"' if self.height else "")

    def fill(self, natural: tuple[int, int] | None) -> Look:
        """What is not said of the size, from the picture's own (width, height)."""
        if natural is None or (self.width and self.height):
            return self
        width, height = natural
        if not self.width:
            return self._replace(width=str(width), height=str(height))
        return self._replace(height=str(max(1, round(int(self.width) * height / width))))


def write_embed(mark: Mark, scene: Scene, *, block: bool) -> Embedded:
    """`![[target#place|text]]`; with `block` false what would be a block is a link."""
    meaning = scene.meaning(mark.target, mark.subpath)
    return write_target(meaning, mark.target, mark.subpath, read_look(mark.display), scene, block=block)


def write_image(href: str, alt: str, title: str, scene: Scene, *, block: bool, counted: bool) -> Embedded:
    """`![alt](href "title")`; `counted` says that the link was noted down where its address is defined."""
    href, look = scene.document.prepared.restore(href), read_look(scene.document.prepared.restore(alt))
    local = read_target(href)
    if local is None:
        return Embedded(_write_outside(href, look, title))
    if not any(local) and "#" not in href:
        return Embedded(escape(look.alt, quote=False))
    meaning = scene.meaning(*local, counted=counted)
    if meaning.status == "external":
        return Embedded(_write_outside(href, look, title))
    return write_target(meaning, *local, look, scene, block=block, title=title)


def read_look(display: str) -> Look:
    """The parts of `alt|300x200`, any of which may lack."""
    alt, bar, last = display.rpartition("|")
    size = SIZE.fullmatch(last.strip())
    if size is None:
        return Look(display.strip())
    return Look(alt.strip() if bar else "", size["width"], size["height"] or "")


def write_target(
    meaning: Meaning, target: str, subpath: str, look: Look, scene: Scene, *, block: bool, title: str = ""
) -> Embedded:
    """What a link means, shown; `target` and `subpath` are as written."""
    named = default_text(target, subpath)
    if meaning.status == "missing-file":
        is_note = PurePosixPath(target).suffix.lower() in {"", ".md"}
        return Embedded(_write_missing(named, NO_NOTE if is_note else NO_FILE))
    page = scene.book.pages.get(meaning.path)
    url = scene.book.url_of(meaning)
    if page is None and not url:
        return Embedded(_write_missing(named, NOT_PUBLISHED))
    if page is None:
        look = look.fill(scene.book.sizes.get(meaning.path))
        return Embedded(_write_file(meaning.path, relative(url, scene.base), subpath, look, title))
    if page.kind == "note" and block:
        return Embedded(_write_note(page, meaning, scene), is_block=True)
    if page.kind == "canvas" and block and (drawn := _draw(page, look, scene)):
        start, end = open_link(meaning, scene)
        said = f'<span class="kb-canvas-picture__name">{escape(look.alt or page.title, quote=False)}</span>'
        style = f' style="width:{look.width}px"' if look.width else ""
        return Embedded(f'<div class="kb-canvas-picture"{style}>{start}{drawn}{said}{end}</div>\n', is_block=True)
    start, end = open_link(meaning, scene, title)
    return Embedded(start + escape(look.alt or named, quote=False) + end)


def _write_missing(named: str, said: str) -> str:
    return f'<span class="kb-unresolved" title="{said}">{escape(named, quote=False)}</span>'


def _write_file(path: str, url: str, subpath: str, look: Look, title: str) -> str:
    name, kind = PurePosixPath(path).name, PurePosixPath(path).suffix.lower()
    src = escape(url)
    if kind in IMAGES:
        return _write_picture(url, look._replace(alt=look.alt or PurePosixPath(path).stem), title)
    if kind in SOUNDS:
        return f'<audio controls preload="metadata" src="{src}"></audio>'
    if kind in FILMS:
        return f'<video controls preload="metadata" src="{src}"{look.size}></video>'
    if kind == ".pdf":
        said = escape(look.alt or name)
        height = HEIGHT.search(subpath)
        size = look._replace(height=look.height or (height[1] if height else "")).size
        place = "#" + quote(subpath, safe="=&,") if subpath else ""
        return f'<iframe class="kb-pdf" src="{src}{escape(place)}" title="{said}" loading="lazy"{size}></iframe>'
    return f'<a class="internal-link" href="{src}">{escape(look.alt or name, quote=False)}</a>'


def _write_outside(url: str, look: Look, title: str) -> str:
    return _write_picture(url, look, title) if is_absolute(url) else _write_missing(look.alt or url, NO_ADDRESS)


def _write_picture(url: str, look: Look, title: str) -> str:
    if runs_code(url):
        return escape(look.alt, quote=False)
    said = f' title="{escape(title)}"' if title else ""
    return f'<img src="{escape(url)}" alt="{escape(look.alt)}"{look.size}{said} loading="lazy">'


def _write_note(page: Page, meaning: Meaning, scene: Scene) -> str:
    place = (meaning.path, meaning.anchor)
    whole = open_link(Meaning(meaning.path, meaning.anchor), scene)
    named = whole.start + escape(name_place(page, meaning.anchor), quote=False) + whole.end
    text = scene.text if page.path == scene.page.path else scene.book.texts.get(page.path)
    if place in scene.around:
        return f'<p class="kb-embed-cut">{CYCLE}{named}</p>\n'
    if text is None or len(scene.around) > MAX_DEPTH or not scene.embeds[0]:
        return f'<p class="kb-embed-cut">{TOO_MANY if text else ""}{named}</p>\n'
    if meaning.status == "missing-anchor":
        return f'<p class="kb-embed-cut">{NO_PLACE}：{named}</p>\n'
    start, end = find_lines(page, meaning.anchor)
    scene.embeds[0] -= 1
    shown = scene.write_part(scene, text, page, meaning.anchor, start, end)
    return f'<div class="kb-embed">\n<p class="kb-embed-title">{named}</p>\n{shown}</div>\n'


def _draw(page: Page, look: Look, scene: Scene) -> str:
    """A picture of a canvas, "" where none can be drawn or the page has too many."""
    text = scene.book.texts.get(page.path)
    if text is None or not scene.embeds[0]:
        return ""
    scene.embeds[0] -= 1
    return draw_canvas(text, page, scene.book, *([int(look.width)] if look.width else []))


def find_lines(page: Page, anchor: str) -> tuple[int, int]:
    """The lines of a place in a note, the last one left out; all of them for no place."""
    return next(((place.start, place.end) for place in page.sections if anchor and place.anchor == anchor), (0, page.lines))


def name_place(page: Page, anchor: str) -> str:
    """What a note, or a place in it, is called."""
    heading = next((section.text for section in page.sections if section.level and section.anchor == anchor), "")
    return f"{page.title} > {heading}" if heading else page.title
