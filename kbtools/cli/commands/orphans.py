"""List the files that no other file links to: notes, canvases, notebooks and attachments."""

from __future__ import annotations

import argparse

HELP = "files that no other file links to"
EXAMPLE = "kb orphans"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from kbtools.cli.listing import add_format

    add_format(parser)


def run(options: argparse.Namespace) -> int:
    from kbtools.cli.find import open_vault
    from kbtools.cli.listing import print_listing
    from kbtools.cli.rows import FileRow, describe_files
    from kbtools.graph import kind_of

    vault, _ = open_vault(options.vault)
    linked = {path for source, path in vault.iter_targets() if source != path}
    files = sorted((*vault.paths, *vault.attachments))
    rows = (FileRow(path, kind_of(path)) for path in files if path not in linked)
    print_listing(FileRow, rows, name="orphans", form=options.format, lines=describe_files)
    return 0
