"""List the headings of a note, indented by level; as JSON or TSV its blocks and footnotes too."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from typing import NamedTuple

HELP = "the headings of a note"
EXAMPLE = "kb outline LSTM"


class AnchorRow(NamedTuple):
    """A place that links can name. `level` is 0 for blocks and footnotes."""

    line: int
    kind: str
    level: int
    text: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from kbtools.cli.listing import add_format

    parser.add_argument("note", metavar="NOTE", help="a note's name or path")
    add_format(parser)


def run(options: argparse.Namespace) -> int:
    from kbtools.cli.find import find_note, open_vault
    from kbtools.cli.listing import print_listing
    from kbtools.lines import LineIndex

    vault, config = open_vault(options.vault)
    path = find_note(vault, config.vault, options.note)
    lines = LineIndex(vault.text_of(path))
    anchors = vault.notes[path].anchors if path in vault.notes else ()
    rows = (
        AnchorRow(lines.position(anchor.span.start)[0], anchor.kind, anchor.level, anchor.text)
        for anchor in anchors
        if anchor.kind == "heading" or options.format != "text"
    )
    print_listing(AnchorRow, rows, name="outline", form=options.format, lines=_describe)
    return 0


def _describe(rows: Iterable[AnchorRow]) -> Iterator[str]:
    return ("  " * (row.level - 1) + row.text for row in rows)
