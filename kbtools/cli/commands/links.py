"""List the links of a note, or with --all of the whole vault, with what each means: the graph's edges as data."""

from __future__ import annotations

import argparse

from kbtools.errors import KbError

HELP = "the links of a note, and what they mean"
EXAMPLE = "kb links LSTM --format json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from kbtools.cli.listing import add_format

    parser.add_argument("note", nargs="?", metavar="NOTE", help="a note's name or path")
    parser.add_argument("--all", action="store_true", help="those of every note, canvas and notebook")
    add_format(parser)


def run(options: argparse.Namespace) -> int:
    from kbtools.cli.find import find_note, open_vault
    from kbtools.cli.listing import print_listing
    from kbtools.cli.rows import LinkRow, describe_links, iter_rows

    if (options.note is None) != options.all:
        raise KbError("links takes either a note or --all", "kb links NOTE, or kb links --all")
    vault, config = open_vault(options.vault)
    if options.all:
        edges = vault.iter_edges()
    else:
        path = find_note(vault, config.vault, options.note)
        edges = vault.edges_of(path) if path in vault.notes else iter(())
    print_listing(LinkRow, iter_rows(vault, edges), name="links", form=options.format, lines=describe_links)
    return 0
