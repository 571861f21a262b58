"""List the headings of a note, indented by level; with --format json the blocks and footnotes too."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping

HELP = "the headings of a note"
EXAMPLE = "kb outline LSTM"
COLUMNS = ("line", "kind", "level", "text")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from kbtools.cli.table import add_format

    parser.add_argument("note", metavar="NOTE", help="a note's name or path")
    add_format(parser)


def run(options: argparse.Namespace) -> int:
    from kbtools.cli.places import find_note, open_snapshot
    from kbtools.cli.table import render_rows
    from kbtools.lines import LineIndex

    snapshot = open_snapshot(options.vault)
    path = find_note(snapshot, options.note)
    lines = LineIndex(snapshot.text_of(path))
    anchors = snapshot.notes[path].anchors if path in snapshot.notes else ()
    rows = [
        {"line": lines.position(anchor.span.start)[0], "kind": anchor.kind, "level": anchor.level, "text": anchor.text}
        for anchor in anchors
        if anchor.kind == "heading" or options.format != "text"
    ]
    sys.stdout.write(render_rows(rows, COLUMNS, form=options.format, name="outline", line=_line))
    return 0


def _line(row: Mapping[str, object]) -> str:
    level = row["level"]
    assert isinstance(level, int)
    return f"{'  ' * (level - 1)}{row['text']}"
