"""List where other notes name a note, or an alias of it, without a link. A name is found in the middle of Chinese text; one in
Latin script only as a word. Code, formulas, comments and links hold no mentions."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from kbtools.model import NotePath

HELP = "where a note is named without a link"
EXAMPLE = "kb mentions LSTM"


class MentionRow(NamedTuple):
    """A mention, with the line it stands in."""

    source: str
    line: int
    column: int
    text: str
    context: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from kbtools.cli.listing import add_format

    parser.add_argument("note", metavar="NOTE", help="a note's name or path")
    add_format(parser)


def run(options: argparse.Namespace) -> int:
    from kbtools.asking.mentions import find_mentions
    from kbtools.cli.find import find_note, open_vault
    from kbtools.cli.listing import print_listing
    from kbtools.lines import LineIndex, line_end, line_start

    vault, config = open_vault(options.vault)
    path = find_note(vault, config.vault, options.note)
    names: dict[str, list[NotePath]] = {}
    for other in vault.paths:
        if other[-3:].lower() == ".md":
            names.setdefault(other[other.rfind("/") + 1 : -3], []).append(other)
    for other, alias in vault.iter_aliases():
        names.setdefault(alias, []).append(other)
    notes = (vault.notes[other] for other in vault.paths if other[-3:].lower() == ".md")

    def rows() -> Iterator[MentionRow]:
        for source, group in groupby(find_mentions(notes, path, names), key=lambda mention: mention.source):
            text = vault.text_of(source)
            lines = LineIndex(text)
            for mention in group:
                line, column = lines.position(mention.span.start)
                context = text[line_start(text, mention.span.start) : line_end(text, mention.span.start)].strip()
                yield MentionRow(source, line, column, mention.text, context)

    print_listing(MentionRow, rows(), name="mentions", form=options.format, lines=_describe)
    return 0


def _describe(rows: Iterable[MentionRow]) -> Iterator[str]:
    """`a.md:3:5 name: the line it stands in`."""
    for row in rows:
        context = row.context if len(row.context) <= 120 else _around(row.context, row.text)
        yield f"{row.source}:{row.line}:{row.column} {row.text}: {context}"


def _around(context: str, text: str) -> str:
    at = max(context.find(text) - 40, 0)
    return ("…" if at else "") + context[at : at + 110] + "…"
