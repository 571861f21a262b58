"""Count what the vault holds: notes, links by form and status, code blocks proven and illustrative, evidence by device."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

HELP = "what the vault holds, counted"
EXAMPLE = "kb stats --format json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from kbtools.cli.table import add_format

    add_format(parser)


def run(options: argparse.Namespace) -> int:
    from kbtools import app
    from kbtools.cli.edges import row_of
    from kbtools.cli.table import render_rows
    from kbtools.graph import kind_of

    project = app.open_project(options.vault, Path.cwd())
    snapshot = app.scan(project)
    counts: Counter[tuple[str, str]] = Counter()
    for path in snapshot.paths:
        counts["files", kind_of(path)] += 1
    counts["files", "attachment"] = len(snapshot.attachments)
    for edge in snapshot.iter_edges():
        row = row_of(edge, 1, 1)
        counts["links", str(row["form"])] += 1
        counts["status", str(row["status"])] += 1
    for kind, number in app.count_blocks(project, snapshot).items():
        counts["blocks", kind] = number
    for kind, number in app.count_evidence(project, snapshot).items():
        counts["evidence", kind] = number
    rows = [{"what": what, "kind": kind, "number": number} for (what, kind), number in sorted(counts.items())]
    sys.stdout.write(
        render_rows(
            rows,
            ("what", "kind", "number"),
            form=options.format,
            name="stats",
            line=lambda row: f"{row['what']:<9} {row['kind']:<16} {row['number']:>9,}",
        )
    )
    return 0
