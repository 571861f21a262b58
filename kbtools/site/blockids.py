"""Block ids (`^abc`): which block each names. The mark goes, the block gets the name.

At the end of a line an id names its paragraph, item or heading; alone on its line the block before (a list, quote, table,
code, formula), or, where nothing is before, what it stands in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markdown_it.token import Token

from kbtools.site.marks import OPEN, Mark

CELLS = {"td_open", "th_open"}


@dataclass(slots=True)
class _Level:
    """An open block, and the last block that was closed in it."""

    token: Token
    last: Token | None = None


def name_blocks(tokens: list[Token], marks: Sequence[Mark]) -> list[Token]:
    """Blocks without the marks of their ids; `token.meta["ids"]` of a block's opening token holds its names."""
    if not any(mark.kind == "block" for mark in marks):
        return tokens
    levels = [_Level(Token("document", "", 1))]
    kept: list[Token] = []
    row = _Row()
    for token in tokens:
        kept.append(token)
        if token.nesting > 0:
            levels.append(_Level(token))
            if token.type == "tr_open":
                row = _Row(len(kept) - 1)
        elif token.nesting < 0:
            closed = levels.pop().token
            if closed.meta.get("dropped"):
                del kept[-3:]
                continue
            levels[-1].last = closed
            if token.type == "tr_close" and row.named and not row.filled:
                del kept[row.start :]
        elif token.type == "inline":
            names = _take_names(token, marks) if OPEN in token.content else []
            row.named = row.named or bool(names)
            row.filled = row.filled or bool(token.children)
            for name in names:
                _find_block(levels, filled=bool(token.children)).meta.setdefault("ids", []).append(name)
        else:
            levels[-1].last = token
    return kept


@dataclass(slots=True)
class _Row:
    """A row of a table: where its tokens start, whether it holds an id, whether anything else."""

    start: int = 0
    named: bool = False
    filled: bool = False


def _take_names(inline: Token, marks: Sequence[Mark]) -> list[str]:
    """The names in a text; their marks are taken out of it, with the blanks and the line ends they leave over."""
    names: list[str] = []
    children: list[Token] = []
    for child in inline.children or []:
        if child.type != "mark" or marks[int(child.content)].kind != "block":
            children.append(child)
            continue
        names.append(marks[int(child.content)].target)
        if children and children[-1].type == "text":
            children[-1].content = children[-1].content.rstrip(" \t")
    while children and _is_blank(children[-1]):
        children.pop()
    if names:
        inline.children = children
    return names


def _is_blank(token: Token) -> bool:
    return token.type in {"softbreak", "hardbreak"} or (token.type == "text" and not token.content.strip())


def _find_block(levels: list[_Level], *, filled: bool) -> Token:
    """What an id names that stands in the innermost of the open blocks."""
    here, around = levels[-1], levels[-2]
    kind = here.token.type
    if filled:
        in_item = kind == "paragraph_open" and around.token.type == "list_item_open"
        return around.token if in_item and (around.last is None or here.token.hidden) else here.token
    if kind in CELLS:
        return next(level.token for level in reversed(levels) if level.token.type == "table_open")
    if kind != "paragraph_open" or (len(levels) == 2 and around.last is None):
        return here.token
    here.token.meta["dropped"] = True
    return around.last or around.token
