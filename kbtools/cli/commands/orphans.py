"""List the files that no other file links to: notes and attachments."""

from __future__ import annotations

import argparse
import sys

HELP = "files that no other file links to"
EXAMPLE = "kb orphans"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from kbtools.cli.table import add_format

    add_format(parser)


def run(options: argparse.Namespace) -> int:
    from kbtools import graph
    from kbtools.cli.places import open_snapshot
    from kbtools.cli.table import render_rows

    built = graph.build_graph(open_snapshot(options.vault))
    rows = [{"path": path, "kind": built.nodes[path]["kind"]} for path in graph.orphans(built)]
    sys.stdout.write(render_rows(rows, ("path", "kind"), form=options.format, name="orphans"))
    return 0
