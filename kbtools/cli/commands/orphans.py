"""List the files that no other file links to: notes, canvases, notebooks and attachments."""

from __future__ import annotations

import argparse

HELP = "files that no other file links to"
EXAMPLE = "kb orphans"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from kbtools.cli.listing import add_format

    add_format(parser)


def run(options: argparse.Namespace) -> int:
    from kbtools import graph
    from kbtools.cli.find import open_vault
    from kbtools.cli.listing import print_listing
    from kbtools.cli.rows import FileRow, describe_files
    from kbtools.model import NotePath

    vault, _ = open_vault(options.vault)
    rows = (FileRow(NotePath(path), graph.kind_of(path)) for path in graph.orphans(graph.build_graph(vault)))
    print_listing(FileRow, rows, name="orphans", form=options.format, lines=describe_files)
    return 0
