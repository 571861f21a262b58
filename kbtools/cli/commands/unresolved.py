"""List the names that links use and no file has, with the number of links to each and the notes they stand in."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping

HELP = "names that links use and no file has"
EXAMPLE = "kb unresolved --format tsv"
COLUMNS = ("target", "links", "sources")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from kbtools.cli.table import add_format

    add_format(parser)


def run(options: argparse.Namespace) -> int:
    from kbtools import graph
    from kbtools.cli.places import open_snapshot
    from kbtools.cli.table import render_rows

    built = graph.build_graph(open_snapshot(options.vault))
    rows = []
    for target in graph.unresolved(built):
        edges = graph.backlinks(built, target)
        rows.append({"target": target, "links": len(edges), "sources": sorted({edge.source for edge in edges})})
    if options.format == "tsv":
        rows = [{**row, "sources": " ".join(map(str, row["sources"]))} for row in rows]
    sys.stdout.write(render_rows(rows, COLUMNS, form=options.format, name="unresolved", line=_line))
    return 0


def _line(row: Mapping[str, object]) -> str:
    sources = row["sources"]
    assert isinstance(sources, list)
    return f"{row['target']} ({row['links']}): {', '.join(sources)}"
