"""Inline tokens -> HTML, in pieces: what a paragraph can hold, and between that the blocks (notes, formulas) that it cannot."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from markdown_it.token import Token

from kbtools.site import embeds, footnotes, wikilinks
from kbtools.site.book import relative
from kbtools.site.formula import render_math, without_tags
from kbtools.site.marks import OPEN, Mark
from kbtools.site.scene import Scene

BREAK = "<br>\n"
TAGS = {
    "softbreak": BREAK,  # Obsidian shows a line's end as one
    "hardbreak": BREAK,
    "em_open": "<em>",
    "em_close": "</em>",
    "strong_open": "<strong>",
    "strong_close": "</strong>",
    "s_open": "<del>",
    "s_close": "</del>",
    "highlight_open": "<mark>",
    "highlight_close": "</mark>",
}


LONG_FORMULA = 20
"""A formula with more characters than this may be wider than a phone, where it then scrolls in its line: no browser breaks it."""
CLOSING = re.compile(r"[，。、；：！？）」』》”’…,.;:!?)]+")


class Piece(NamedTuple):
    """Some HTML, and whether it is a block."""

    html: str
    is_block: bool


def write_line(children: Sequence[Token], scene: Scene, *, in_table: bool = False) -> str:
    """Inline tokens where no block may stand: a heading, a cell, a title."""
    return "".join(piece.html for piece in write_pieces(children, scene, blocks=False, in_table=in_table))


def write_pieces(children: Sequence[Token], scene: Scene, *, blocks: bool = True, in_table: bool = False) -> list[Piece]:
    """Inline tokens; without `blocks` all is one piece. Line ends next to a block go."""
    writer = _Writer(scene, blocks=blocks, in_table=in_table)
    scene.raw.open_block()
    for token in children:
        html = TAGS.get(token.type)
        if html is not None:
            writer.depth += token.nesting
            writer.put_tag(html, token.nesting)
        elif token.type == "text" or token.type == "text_special":
            writer.put_text(token.content)
        else:
            WRITE[token.type](writer, token)
    while writer.ends:
        writer.put_tag(writer.ends.pop(), -1)
    writer.out.append(scene.raw.close_block())
    writer.end_piece()
    return writer.pieces


def escape(text: str) -> str:
    """Text as it stands between tags."""
    if "&" in text:
        text = text.replace("&", "&amp;")
    if "<" in text:
        text = text.replace("<", "&lt;")
    return text.replace(">", "&gt;") if ">" in text else text


class _Writer:
    """What was written of one text: whole pieces, and the open one."""

    def __init__(self, scene: Scene, *, blocks: bool, in_table: bool) -> None:
        self.scene = scene
        self.blocks = blocks
        self.in_table = in_table
        self.pieces: list[Piece] = []
        self.out: list[str] = []
        self.ends: list[str] = []  # of the links that are open
        self.depth = 0

    @property
    def may_hold_block(self) -> bool:
        return self.blocks and not self.depth and not self.ends and not self.scene.raw.is_open

    def end_piece(self) -> None:
        """The open piece is done: a block follows, or nothing."""
        out = self.out
        if self.pieces:
            while out and out[0] == BREAK:
                del out[0]
        html = "".join(out).strip()
        if html:
            self.pieces.append(Piece(html, False))
        self.out = []

    def put_block(self, html: str) -> None:
        while self.out and self.out[-1] == BREAK:
            self.out.pop()
        self.end_piece()
        self.pieces.append(Piece(html, True))

    def put_tag(self, tag: str, nesting: int) -> None:
        """A tag of ours; what a note's HTML opens within it ends within it."""
        if nesting < 0:
            self.out.append(self.scene.raw.close_block())
        self.out.append(tag)
        if nesting > 0:
            self.scene.raw.open_block()

    def put_text(self, text: str) -> None:
        """Text; what closes the sentence around a formula stays with it, where a browser would break the line between them."""
        closing = CLOSING.match(text) if self.out and self.out[-1].endswith(("</math>", "</math></span>")) else None
        if closing:
            self.out[-1] = f'<span class="kb-together">{self.out[-1]}{escape(closing[0])}</span>'
            text = text[closing.end() :]
        self.out.append(escape(text))

    def link_open(self, token: Token) -> None:
        href, title = str(token.attrs["href"]), str(token.attrs.get("title") or "")
        start, end = wikilinks.open_markdown_link(href, title, self.scene, counted=not token.meta.get("label"))
        self.put_tag(start, 1)
        self.ends.append(end)

    def link_close(self, token: Token) -> None:
        self.put_tag(self.ends.pop(), -1)

    def code(self, token: Token) -> None:
        self.out.append(f"<code>{escape(self.scene.document.prepared.restore(token.content))}</code>")

    def html(self, token: Token) -> None:
        self.out.append(self.scene.raw.write(self.scene.document.prepared.restore(token.content)))

    def image(self, token: Token) -> None:
        href, title = str(token.attrs["src"]), str(token.attrs["title"])
        counted, block = not token.meta["label"], self.may_hold_block
        self._put(embeds.write_image(href, token.content, title, self.scene, block=block, counted=counted))

    def _put(self, embedded: embeds.Embedded) -> None:
        if embedded.is_block:
            self.put_block(embedded.html)
        else:
            self.out.append(embedded.html)

    def footnote(self, token: Token) -> None:
        if "footnote" not in token.meta:  # inside another one
            self.out.append(escape(f"^[{self.scene.document.prepared.restore(token.content)}]"))
            return
        scene = self.scene
        url = "" if scene.with_ids else relative(scene.page.url, scene.base)
        self.out.append(footnotes.write_reference(token, url, scene.part))

    def mark(self, token: Token) -> None:
        mark = self.scene.document.prepared.marks[int(token.content)]
        MARKS[mark.kind](self, mark)

    def wikilink(self, mark: Mark) -> None:
        self.out.append(wikilinks.write_wikilink(mark, self.scene))

    def embed(self, mark: Mark) -> None:
        self._put(embeds.write_embed(mark, self.scene, block=self.may_hold_block))

    def formula(self, mark: Mark) -> None:
        latex = mark.target.replace("\\|", "|") if self.in_table else mark.target
        display = mark.kind == "display"
        html = render_math(latex, display=display, macros=self.scene.macros)
        if display and self.may_hold_block:
            self.put_block(f'<div class="kb-math">{html}</div>\n')
        else:
            is_long = len(without_tags(html)) > LONG_FORMULA
            self.out.append(f'<span class="kb-long">{html}</span>' if is_long else html)

    def tag(self, mark: Mark) -> None:
        self.out.append(escape(mark.written) if self.ends else wikilinks.write_tag(mark, self.scene))

    def written(self, mark: Mark) -> None:
        self.out.append(escape(mark.written))


WRITE: dict[str, Callable[[_Writer, Token], None]] = {
    "link_open": _Writer.link_open,
    "link_close": _Writer.link_close,
    "code_inline": _Writer.code,
    "html_inline": _Writer.html,
    "image": _Writer.image,
    "footnote": _Writer.footnote,
    "inline_footnote": _Writer.footnote,
    "mark": _Writer.mark,
}
MARKS: dict[str, Callable[[_Writer, Mark], None]] = {
    "link": _Writer.wikilink,
    "embed": _Writer.embed,
    "math": _Writer.formula,
    "display": _Writer.formula,
    "tag": _Writer.tag,
    "block": _Writer.written,
}


def read_plain(children: Iterable[Token], marks: Sequence[Mark]) -> str:
    """Inline tokens as they are read aloud: no markup, links as their text."""
    said: list[str] = []
    for token in children:
        if token.type in {"text", "text_special", "code_inline", "image"} and OPEN not in token.content:
            said.append(token.content)
        elif token.type in {"softbreak", "hardbreak"}:
            said.append(" ")
        elif token.type == "mark":
            said.append(_plain_mark(marks[int(token.content)]))
    return "".join(said).strip()


def _plain_mark(mark: Mark) -> str:
    if mark.kind in {"link", "embed"}:
        return mark.display or wikilinks.default_text(mark.target, mark.subpath)
    return mark.written if mark.kind == "tag" else mark.target if mark.kind in {"math", "display"} else ""
