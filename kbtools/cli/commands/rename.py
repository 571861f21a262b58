"""Rename a note (or any file, or a folder), a heading, a block id or a tag, with every link following. The change is planned
first: every link is looked up again in the vault as it will be, and unless each means what it meant, nothing is changed. A
change is made as a whole; `kb undo` takes it back."""

from __future__ import annotations

import argparse

HELP = "rename a note, a heading, a block or a tag, links follow"
EXAMPLE = "kb rename 'LSTM#为什么需要' '它解决什么问题'"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", metavar="WHAT", help="a note, NOTE#HEADING, NOTE#^block, or '#tag'")
    parser.add_argument("name", metavar="NAME", help="the new name")
    parser.add_argument("--dry-run", action="store_true", help="print what would be written, and write nothing")
    parser.add_argument("--adopt", action="store_true", help="let links that were dead lead to what is renamed")
    parser.add_argument("--merge", action="store_true", help="let two tags become one")


def run(options: argparse.Namespace) -> int:
    from pathlib import Path

    from kbtools import app, changing
    from kbtools.cli.changes import find_source, renamed, show
    from kbtools.cli.find import find_note, open_vault

    snapshot, config = open_vault(options.vault)
    project, view = app.Project(config), changing.view_of(snapshot, config)
    what, name = options.what, options.name
    if what.startswith("#"):
        change = changing.plan_tag_rename(project, what[1:], name.removeprefix("#"), merge=options.merge, view=view)
    elif "#" in what and what not in snapshot.attachments:
        note, _, subpath = what.strip("[]").partition("#")
        path = find_note(snapshot, config.vault, note)
        change = changing.plan_place(project, path, subpath, name.removeprefix("#"), adopt=options.adopt, view=view)
    else:
        source = find_source(snapshot, config, what)
        change = changing.plan_move(project, source, renamed(source, name), adopt=options.adopt, view=view)
    return show(change, dry_run=options.dry_run, start=Path.cwd())
