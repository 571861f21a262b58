"""Cells of a table for which its header has no column: they are not shown, but what they link to, the note links to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from markdown_it.rules_block.table import escapedSplit
from markdown_it.token import Token

QUOTES = re.compile(r"^[ \t>]*")


def keep_surplus(tokens: Iterable[Token], lines: Sequence[str]) -> Iterator[Token]:
    """The blocks, each row with what stands in it beyond the last column, as `surplus_open`, `inline`, `surplus_close`."""
    columns, row = 0, 0
    for token in tokens:
        if token.type == "table_open":
            columns = 0
        columns += token.type == "th_open"
        if token.type == "tr_open" and token.map:
            row = token.map[0]
        surplus = (
            _split(lines[row])[columns:] if token.type == "tr_close" and columns and lines[row].count("|") >= columns else []
        )
        if surplus:
            inline = Token("inline", "", 0, content=" ".join(surplus).strip(), children=[])
            yield from (Token("surplus_open", "", 1), inline, Token("surplus_close", "", -1))
        yield token


def _split(line: str) -> list[str]:
    """The cells of a row, as the table's own rule counts them."""
    cells = escapedSplit(QUOTES.sub("", line).strip())
    if cells and not cells[0]:
        del cells[0]
    if cells and not cells[-1]:
        cells.pop()
    return cells
