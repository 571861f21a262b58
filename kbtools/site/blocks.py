"""Block tokens -> HTML: headings, lists, tables, callouts, code, and the contents that the headings make."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from markdown_it.token import Token

from kbtools.site import callouts, codeblocks, footnotes, wikilinks
from kbtools.site.inlines import Piece, read_plain, write_line, write_pieces
from kbtools.site.scene import Scene
from kbtools.syntax.names import fold_heading


@dataclass(frozen=True, slots=True)
class TocEntry:
    """A heading on the page: its level there, its id and its text, without markup."""

    level: int
    id: str
    name: str


class BlockWriter:
    """Writes the blocks of one scene, one after the other; `toc` grows while it does."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.marks = scene.document.prepared.marks
        self.out: list[str] = []
        self.toc: list[TocEntry] = []
        self.box = ""  # of a task whose text is still to come
        tokens = scene.document.tokens
        self.title = self._find_title(tokens)
        self.shift = int(any(token.tag == "h1" and token.nesting > 0 and token is not self.title for token in tokens))

    def _find_title(self, tokens: Sequence[Token]) -> Token | None:
        """The heading at the top that only repeats the page's title."""
        if not tokens or tokens[0].tag != "h1" or tokens[0].nesting < 1:
            return None
        children = tokens[1].children or ()
        if not all(child.type in PLAIN for child in children):  # what it says more, a link perhaps, must stay
            return None
        said = read_plain(children, self.marks)
        return tokens[0] if fold_heading(said) == fold_heading(self.scene.page.title) else None

    def write(self, tokens: Sequence[Token]) -> str:
        """The HTML of whole blocks."""
        self.out = out = []
        self.scene.raw.open_block()
        place, size = 0, len(tokens)
        while place < size:
            token = tokens[place]
            if token.type in TEXTS:
                TEXTS[token.type](self, token, tokens[place + 1].children or [])
                place += 3
            elif token.nesting:
                self._tag(token)
                place += 1
            else:
                LEAVES[token.type](self, token)
                place += 1
        out.append(self.scene.raw.close_block())
        return "".join(out)

    def write_footnotes(self) -> str:
        """The list of all footnotes."""
        found = self.scene.document.footnotes
        if not found:
            return ""
        items = []
        for note in found:
            text, back = self.write(note.tokens), footnotes.write_back_links(note, self.scene.part)
            text = f"{text[:-5]} {back}</p>\n" if text.endswith("</p>\n") else f"{text}<p>{back}</p>\n"
            items.append(f'<li id="{escape(note.id(self.scene.part))}">\n{text}</li>\n')
        return f'<div class="footnote">\n<hr>\n<ol>\n{"".join(items)}</ol>\n</div>\n'

    def _tag(self, token: Token) -> None:
        """An opening or closing tag of what holds other blocks."""
        raw, callout = self.scene.raw, token.meta.get("callout")
        if token.nesting < 0:
            end = callouts.close_callout(callout) if callout else f"</{token.tag}>\n"
            self.out.append(raw.close_block() + end)
            return
        attribute, more = self._ids(token)
        if callout:
            self.out.append(callouts.open_callout(callout, attribute) + more)
        elif "task" in token.meta:
            self._open_task(token, attribute, more)
        else:
            attributes = "".join(f' {name}="{escape(str(value))}"' for name, value in token.attrs.items())
            line = "\n" if token.type in HOLDERS else ""
            self.out.append(f"<{token.tag}{attributes}{attribute}>{line}{more}")
        raw.open_block()

    def _ids(self, token: Token) -> tuple[str, str]:
        """A block's id as an attribute, and anchors for the other names it has."""
        if "ids" not in token.meta:
            return "", ""
        found = self.scene.block_ids(token)
        return (f' id="{escape(found[0])}"' if found else ""), "".join(f'<a id="{escape(name)}"></a>' for name in found[1:])

    def _open_task(self, token: Token, attribute: str, more: str) -> None:
        state = token.meta["task"]
        checked = "" if state == " " else " checked"
        self.out.append(f'<li class="task-list-item" data-task="{escape(state)}"{attribute}>{more}')
        box = f'<input type="checkbox" disabled{checked} aria-label="{"已完成" if checked else "未完成"}">'
        self.box = f'<label class="task-list-control">{box}<span class="task-list-indicator"></span></label> '

    def paragraph(self, token: Token, children: list[Token]) -> None:
        pieces = write_pieces(children, self.scene)
        if self.box:
            first = pieces.pop(0).html if pieces and not pieces[0].is_block else ""
            pieces.insert(0, Piece(self.box + first, False))
            self.box = ""
        attribute, more = self._ids(token)
        if attribute and any(piece.is_block for piece in pieces):
            self.out.append(f"<div{attribute}>\n{more}")
            self._write_pieces(token, pieces, "", "")
            self.out.append("</div>\n")
        else:
            self._write_pieces(token, pieces, attribute, more)

    def _write_pieces(self, token: Token, pieces: list[Piece], attribute: str, more: str) -> None:
        for html, is_block in pieces:
            if is_block:
                self.out.append(html)
            elif token.hidden:
                self.out.append(f"{more}{html}\n")
            else:
                self.out.append(f"<p{attribute}>{more}{html}</p>\n")

    def heading(self, token: Token, children: list[Token]) -> None:
        level = min(int(token.tag[1]) + self.shift, 6)
        anchor = self.scene.heading_id(token)
        blocks = "".join(f'<a id="{escape(name)}"></a>' for name in self.scene.block_ids(token))
        attribute = f' id="{escape(anchor)}"' if anchor else ""
        if token is self.title:
            if attribute or blocks:
                self.out.append(f"<a{attribute}></a>{blocks}\n")
            return
        self.out.append(f"<h{level}{attribute}>{blocks}{write_line(children, self.scene)}</h{level}>\n")
        if anchor:
            self.toc.append(TocEntry(level, anchor, read_plain(children, self.marks)))

    def cell(self, token: Token, children: list[Token]) -> None:
        style = f' style="{escape(str(token.attrs["style"]))}"' if "style" in token.attrs else ""
        self.out.append(f"<{token.tag}{style}>{write_line(children, self.scene, in_table=True)}</{token.tag}>\n")

    def surplus(self, token: Token, children: list[Token]) -> None:
        write_line(children, self.scene, in_table=True)  # its links count, though nobody sees them

    def callout_title(self, token: Token, children: list[Token]) -> None:
        callout: callouts.Callout = token.meta["callout"]
        title = write_line(children, self.scene) or escape(callout.default_title)
        start, end = ("<summary>", "</summary>") if callout.fold else ('<p class="admonition-title">', "</p>")
        self.out.append(f"{start}{title}{end}\n")

    def code(self, token: Token) -> None:
        attribute, more = self._ids(token)
        html = codeblocks.write_code(token, self.scene)
        self.out.append(f"<div{attribute}>{more}{html}</div>\n" if attribute else html)

    def rule(self, token: Token) -> None:
        attribute, more = self._ids(token)
        self.out.append(f"<hr{attribute}>{more}\n")

    def html(self, token: Token) -> None:
        attribute, more = self._ids(token)
        anchor = f"<a{attribute}></a>{more}" if attribute else ""
        self.out.append(anchor + self.scene.raw.write(self.scene.document.prepared.restore(token.content)))

    def definition(self, token: Token) -> None:
        target = wikilinks.read_target(token.meta["url"])
        if target is not None and (any(target) or "#" in token.meta["url"]):
            self.scene.meaning(*target)


PLAIN = {"text", "text_special", "code_inline"}
HOLDERS = {"bullet_list_open", "ordered_list_open", "blockquote_open", "table_open", "thead_open", "tbody_open", "tr_open"}
TEXTS: dict[str, Callable[[BlockWriter, Token, list[Token]], None]] = {
    "paragraph_open": BlockWriter.paragraph,
    "heading_open": BlockWriter.heading,
    "td_open": BlockWriter.cell,
    "th_open": BlockWriter.cell,
    "surplus_open": BlockWriter.surplus,
    "callout_title_open": BlockWriter.callout_title,
}
"""Blocks that hold a text: three tokens each."""
LEAVES: dict[str, Callable[[BlockWriter, Token], None]] = {
    "fence": BlockWriter.code,
    "code_block": BlockWriter.code,
    "hr": BlockWriter.rule,
    "html_block": BlockWriter.html,
    "definition": BlockWriter.definition,
}
