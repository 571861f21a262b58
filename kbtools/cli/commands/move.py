"""Move a file or a folder of the vault, or a snippet of the project, with every link following. The change is planned first:
every link is looked up again in the vault as it will be, and unless each means what it meant, nothing is changed. A change is
made as a whole; `kb undo` takes it back."""

from __future__ import annotations

import argparse

HELP = "move a file or a folder, links follow"
EXAMPLE = "kb move LSTM archive/"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("src", metavar="SRC", help="a note by its name or path, an attachment, a folder, or a snippet")
    parser.add_argument("dst", metavar="DST", help="the new path, or a folder that is there (with a / one that is not)")
    parser.add_argument("--dry-run", action="store_true", help="print what would be written, and write nothing")
    parser.add_argument("--adopt", action="store_true", help="let links that were dead lead to the moved file")


def run(options: argparse.Namespace) -> int:
    from pathlib import Path

    from kbtools import app, changing
    from kbtools.cli.changes import find_snippet, find_source, find_target, show
    from kbtools.cli.find import open_vault

    snapshot, config = open_vault(options.vault)
    project = app.Project(config)
    snippet = find_snippet(config, options.src)
    if snippet:
        target = find_target(config, options.dst, snippet, base=config.root, near=config.snippets)
        change = changing.plan_snippet(project, snapshot, snippet, target)
    else:
        source = find_source(snapshot, config, options.src)
        target = find_target(config, options.dst, source, base=config.vault)
        view = changing.view_of(snapshot, config)
        change = changing.plan_move(project, source, target, adopt=options.adopt, view=view)
    return show(change, dry_run=options.dry_run, start=Path.cwd())
