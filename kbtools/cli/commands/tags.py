"""List the tags of the vault with the number of notes that carry each. Case does not count; a nested tag (`a/b`) counts for
itself only."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping

HELP = "the tags, and how many notes carry each"
EXAMPLE = "kb tags --format tsv"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from kbtools.cli.table import add_format

    add_format(parser)


def run(options: argparse.Namespace) -> int:
    from kbtools.cli.places import open_snapshot
    from kbtools.cli.table import render_rows

    snapshot = open_snapshot(options.vault)
    notes: dict[str, set[str]] = {}
    spelling: dict[str, str] = {}
    for path in snapshot.paths:
        for name, _, _ in snapshot.columns(path).tags:
            spelling.setdefault(name.casefold(), name)
            notes.setdefault(name.casefold(), set()).add(path)
    rows = [{"tag": spelling[tag], "notes": len(notes[tag])} for tag in sorted(notes)]
    sys.stdout.write(render_rows(rows, ("tag", "notes"), form=options.format, name="tags", line=_line))
    return 0


def _line(row: Mapping[str, object]) -> str:
    return f"#{row['tag']} {row['notes']}"
