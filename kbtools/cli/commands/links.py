"""List the links of a note, or with --all of the whole vault, with what each means: the graph's edges as data."""

from __future__ import annotations

import argparse
import sys

from kbtools.errors import KbError

HELP = "the links of a note, and what they mean"
EXAMPLE = "kb links LSTM --format json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from kbtools.cli.table import add_format

    parser.add_argument("note", nargs="?", metavar="NOTE", help="a note's name or path")
    parser.add_argument("--all", action="store_true", help="of every note, canvas and notebook")
    add_format(parser)


def run(options: argparse.Namespace) -> int:
    from kbtools.cli.edges import COLUMNS, line_of
    from kbtools.cli.places import edge_rows, find_note, open_snapshot
    from kbtools.cli.table import render_rows

    if (options.note is None) != options.all:
        raise KbError("links takes a note or --all", "kb links NOTE, or kb links --all")
    snapshot = open_snapshot(options.vault)
    edges = snapshot.iter_edges() if options.all else snapshot.edges_of(find_note(snapshot, options.note))
    rows = edge_rows(list(edges), snapshot)
    sys.stdout.write(render_rows(rows, COLUMNS, form=options.format, name="links", line=line_of))
    return 0
