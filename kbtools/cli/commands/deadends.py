"""List the notes that link to nothing."""

from __future__ import annotations

import argparse
import sys

HELP = "notes without an outgoing link"
EXAMPLE = "kb deadends"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from kbtools.cli.table import add_format

    add_format(parser)


def run(options: argparse.Namespace) -> int:
    from kbtools import graph
    from kbtools.cli.places import open_snapshot
    from kbtools.cli.table import render_rows

    built = graph.build_graph(open_snapshot(options.vault))
    rows = [{"path": path, "kind": built.nodes[path]["kind"]} for path in graph.deadends(built)]
    sys.stdout.write(render_rows(rows, ("path", "kind"), form=options.format, name="deadends"))
    return 0
