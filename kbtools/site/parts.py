"""Which blocks of a document are the lines of a section or a block: what an embed and a preview show."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from markdown_it.token import Token

LISTS = {"bullet_list_open", "ordered_list_open"}


def select_lines(tokens: Sequence[Token], line_of: Callable[[int], int], text: str, start: int, end: int) -> list[Token]:
    """The blocks that stand whole on the lines from `start` to `end` (that one left out); a list item comes in a list of its own.
    `line_of` gives the file's line of one of the parsed `text`'s."""
    blank = [not line.strip(" \t>") for line in text.split("\n")]
    found: list[Token] = []
    place = 0
    parents: list[Token] = []
    while place < len(tokens):
        token = tokens[place]
        if token.nesting < 0:
            parents.pop()
            place += 1
            continue
        is_title = token.type == "inline"  # of a callout, which is only a block together with it
        if token.map is None or is_title or line_of(token.map[0]) >= end:
            place = _after(tokens, place)
            continue
        last = token.map[1] - 1
        while last > token.map[0] and (last >= len(blank) or blank[last]):
            last -= 1
        if (line_of(token.map[0]) >= start and line_of(last) < end) or not token.nesting:
            after = _after(tokens, place)
            if line_of(last) >= start:
                found += _standing(tokens[place:after], parents)
            place = after
        elif line_of(last) < start:
            place = _after(tokens, place)
        else:
            parents.append(token)
            place += 1
    return found


def _after(tokens: Sequence[Token], place: int) -> int:
    """Behind the block that begins at `place`."""
    depth = 0
    while True:
        depth += tokens[place].nesting
        place += 1
        if not depth:
            return place


def _standing(block: Sequence[Token], parents: list[Token]) -> list[Token]:
    """A block out of what holds it: an item gets a list, a tight item's text is a paragraph."""
    if block[0].hidden:
        return [block[0].copy(hidden=False), *block[1:]]
    if block[0].type != "list_item_open":
        return list(block)
    parent = parents[-1]
    opening = Token(parent.type, parent.tag, 1, attrs=parent.attrs, map=block[0].map)
    return [opening, *block, Token(parent.type.replace("_open", "_close"), parent.tag, -1)]
