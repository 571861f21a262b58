"""List the notes that link to nothing."""

from __future__ import annotations

import argparse

HELP = "notes without an outgoing link"
EXAMPLE = "kb deadends"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from kbtools.cli.listing import add_format

    add_format(parser)


def run(options: argparse.Namespace) -> int:
    from kbtools.cli.find import open_vault
    from kbtools.cli.listing import print_listing
    from kbtools.cli.rows import FileRow, describe_files
    from kbtools.graph import kind_of
    from kbtools.model import External

    vault, _ = open_vault(options.vault)
    linking = {edge.source for edge in vault.iter_edges() if not isinstance(edge.to, External)}
    rows = (FileRow(path, "note") for path in vault.paths if kind_of(path) == "note" and path not in linking)
    print_listing(FileRow, rows, name="deadends", form=options.format, lines=describe_files)
    return 0
