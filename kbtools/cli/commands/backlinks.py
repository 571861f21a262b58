"""List the links that lead to a note or an attachment, with the place each stands in."""

from __future__ import annotations

import argparse

HELP = "the links that lead to a note"
EXAMPLE = "kb backlinks LSTM"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from kbtools.cli.listing import add_format

    parser.add_argument("note", metavar="NOTE", help="a note's or an attachment's name or path")
    add_format(parser)


def run(options: argparse.Namespace) -> int:
    from kbtools import graph
    from kbtools.cli.find import find_note, open_vault
    from kbtools.cli.listing import print_listing
    from kbtools.cli.rows import LinkRow, describe_links, iter_rows

    vault, config = open_vault(options.vault)
    path = find_note(vault, config.vault, options.note)
    edges = (edge for edge in vault.iter_edges() if graph.path_of(edge) == path)
    print_listing(LinkRow, iter_rows(vault, edges), name="backlinks", form=options.format, lines=describe_links)
    return 0
