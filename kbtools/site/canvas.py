"""A canvas (JSON Canvas 1.0, https://jsoncanvas.org/spec/1.0) -> the HTML of its page: cards where they lie, lines between them.

Pure and total: what is no canvas gives a page that says so. Cards are written by the renderer of notes, so no canvas can make a
page run code, and each link in them is one that the graph knows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from html import escape

from kbtools.site import embeds, extracts
from kbtools.site.book import Book, Meaning, Page, card_target, relative
from kbtools.site.canvasfile import Box, Node, find_bounds, parse_canvas
from kbtools.site.canvaslines import Line, find_lines
from kbtools.site.render import Rendered, open_scene, write_scene
from kbtools.site.scene import Scene
from kbtools.site.wikilinks import open_external, open_link
from kbtools.syntax.inline import SCHEME

MARGIN = 40
"""Pixels around what lies on a canvas."""
AREA = 420
"""Square pixels that a character of a note takes: a card shows as much of its note as fills it, and begins the rest."""
BROKEN = "这个画布读不出来"
EMPTY = "这个画布上还没有东西。"
NO_PLACE = "这篇笔记里没有这一处。"


def render_canvas(text: str, page: Page, book: Book) -> Rendered:
    """The page of a canvas. `links` are those of its file and text cards, as `Rendered` says."""
    canvas = parse_canvas(text)
    if canvas.problem:
        return Rendered(f'<p class="kb-canvas-broken">{BROKEN}：{escape(canvas.problem)}</p>\n', (), ())
    if not canvas.nodes:
        return Rendered(f"<p>{EMPTY}</p>\n", (), ())
    links: list[Meaning] = []
    writer = _Writer(replace(page, title=""), book, links)  # a card may begin with the page's title and still has to say it
    plane = find_bounds(canvas, MARGIN)
    lines = find_lines(canvas)
    shown = [
        *(writer.group(node, plane) for node in canvas.nodes if node.kind == "group"),
        _write_lines(lines, plane),
        *(writer.card(node, plane) for node in canvas.nodes if node.kind != "group"),
        *(_write_label(line, plane) for line in lines if line.label),
    ]
    named = escape(f"画布 {page.title}，可滚动")
    html = (
        f'<div class="kb-canvas kb-wide">\n<div class="kb-canvas__stage" tabindex="0" role="region" aria-label="{named}">\n'
        f'<div class="kb-canvas__plane" style="width:{plane.width}px;height:{plane.height}px">\n{"".join(shown)}</div>\n</div>\n'
        f"{_write_list(lines, writer.names)}</div>\n"
    )
    return Rendered(html, (), tuple(links))


class _Writer:
    """Writes the cards of one canvas, one after the other; `names` says what each is called."""

    def __init__(self, page: Page, book: Book, links: list[Meaning]) -> None:
        self.page = page
        self.book = book
        self.links = links
        self.taken: set[str] = set()
        self.names: dict[str, str] = {}

    def group(self, node: Node, plane: Box) -> str:
        self.names[node.id] = node.text or "组"
        url = self.book.files.get(node.target, "")
        picture = f";background-image:url(&quot;{relative(url, self.page.url)}&quot;)" if url else ""
        name = f'<span class="kb-canvas__name">{escape(node.text)}</span>' if node.text else ""
        style = f"{_place(node.box, plane)}{_colour(node.colour)}{picture}"
        look = f' data-background="{node.background}"' if url else ""
        return f'<div class="kb-canvas__group" style="{style}"{look}>{name}</div>\n'

    def card(self, node: Node, plane: Box) -> str:
        scene = open_scene(node.text, self.page, self.book, part=f"c{len(self.names)}", links=self.links, taken=self.taken)
        html, name = CARDS[node.kind](node, scene)
        self.names[node.id] = name
        style = f"{_place(node.box, plane)};z-index:{node.depth}{_colour(node.colour)}"
        return f'<div class="kb-canvas__card kb-canvas__card--{node.kind}" style="{style}">\n{html}</div>\n'


def _write_text(node: Node, scene: Scene) -> tuple[str, str]:
    html = write_scene(scene)
    said = extracts.read_text(html).partition("\n")[0]
    return _body(html), (said if len(said) <= 30 else said[:29] + "…") or "空白的卡片"


def _write_file(node: Node, scene: Scene) -> tuple[str, str]:
    meaning = scene.meaning(card_target(node.target), node.subpath)
    there = scene.book.pages.get(meaning.path)
    name = node.target.rpartition("/")[2]
    if there is None or there.kind != "note":
        block = there is not None and there.kind == "canvas"
        shown = embeds.write_target(meaning, node.target, node.subpath, embeds.Look(""), scene, block=block).html
        return _body(shown, "file"), there.title if there else name
    named = embeds.name_place(there, meaning.anchor)
    start, end = open_link(Meaning(meaning.path, meaning.anchor), scene)
    title = f'<p class="kb-canvas__title">{start}{escape(named)}{end}</p>\n'
    return title + _body(_write_beginning(there, meaning, node.box, scene)), named


def _write_beginning(there: Page, meaning: Meaning, box: Box, scene: Scene) -> str:
    """As much of a note as its card can show."""
    if meaning.status == "missing-anchor":
        return f'<p class="kb-embed-cut">{NO_PLACE}</p>\n'
    text = scene.book.texts.get(there.path)
    start, last = embeds.find_lines(there, meaning.anchor)
    if text is None:
        return ""
    whole = scene.write_part(scene, text, there, meaning.anchor, start, last)
    shown = extracts.cut(whole, box.width * box.height // AREA)
    return shown if len(shown.rstrip()) == len(whole.rstrip()) else f'{shown}\n<p class="kb-canvas__more">……</p>\n'


def _write_link(node: Node, scene: Scene) -> tuple[str, str]:
    """A page of the web is named, not shown: nothing on the site asks another host for anything."""
    host = node.target.partition("://")[2].partition("/")[0] or node.target
    start, end = open_external(node.target) if SCHEME.match(node.target) else ("", "")
    address = escape(node.target)
    return _body(f'<p>{start}{escape(host)}{end}</p>\n<p class="kb-canvas__address">{address}</p>\n'), host


CARDS = {"text": _write_text, "file": _write_file, "link": _write_link}


def _body(html: str, look: str = "") -> str:
    more = f" kb-canvas__body--{look}" if look else ""
    return f'<div class="kb-canvas__body{more}">\n{html}</div>\n'


# ------------------------------------------------------------------------------------------------ the plane


def _place(box: Box, plane: Box) -> str:
    return f"left:{box.x - plane.x}px;top:{box.y - plane.y}px;width:{box.width}px;height:{box.height}px"


def _colour(colour: str) -> str:
    """A colour as a style: one of six that the theme knows, or the one that is written."""
    return f";--kb-card:{colour if colour.startswith('#') else f'var(--kb-canvas-{colour})'}" if colour else ""


def _write_lines(lines: Iterable[Line], plane: Box) -> str:
    drawn = "".join(f'<g style="{_colour(line.colour).lstrip(";")}">{_draw(line, plane)}</g>\n' for line in lines)
    size = f'width="{plane.width}" height="{plane.height}" viewBox="{plane.x} {plane.y} {plane.width} {plane.height}"'
    return f'<svg class="kb-canvas__lines" {size} aria-hidden="true">\n{drawn}</svg>\n' if drawn else ""


def _draw(line: Line, plane: Box) -> str:
    arrows = "".join(f'<polygon points="{points}"/>' for points in line.arrows)
    return f'<path d="{line.path}"/>{arrows}'


def _write_label(line: Line, plane: Box) -> str:
    x, y = line.middle
    style = f"left:{x - plane.x}px;top:{y - plane.y}px"
    return f'<span class="kb-canvas__label" style="{style}">{escape(line.label)}</span>\n'


def _write_list(lines: Iterable[Line], names: Mapping[str, str]) -> str:
    """The lines in words, for who cannot see them."""
    items = "".join(_iter_items(lines, names))
    return f'<details class="kb-canvas__list"><summary>以列表查看连线</summary><ul>{items}</ul></details>\n' if items else ""


def _iter_items(lines: Iterable[Line], names: Mapping[str, str]) -> Iterator[str]:
    for line in lines:
        said = f"（{line.label}）" if line.label else ""
        yield f"<li>{escape(names[line.start])} {line.sign} {escape(names[line.end])}{escape(said)}</li>"
