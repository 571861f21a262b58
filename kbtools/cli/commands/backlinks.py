"""List the links that lead to a note or an attachment, with the place each stands in."""

from __future__ import annotations

import argparse
import sys

HELP = "the links that lead to a note"
EXAMPLE = "kb backlinks LSTM"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from kbtools.cli.table import add_format

    parser.add_argument("note", metavar="NOTE", help="a note's or an attachment's name or path")
    add_format(parser)


def run(options: argparse.Namespace) -> int:
    from kbtools import graph
    from kbtools.cli.edges import COLUMNS, line_of
    from kbtools.cli.places import edge_rows, find_note, open_snapshot
    from kbtools.cli.table import render_rows

    snapshot = open_snapshot(options.vault)
    path = find_note(snapshot, options.note)
    rows = edge_rows([edge for edge in snapshot.iter_edges() if graph.path_of(edge) == path], snapshot)
    sys.stdout.write(render_rows(rows, COLUMNS, form=options.format, name="backlinks", line=line_of))
    return 0
