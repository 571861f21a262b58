"""List the names that links use and no file has, with the number of links to each and the notes they stand in."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from typing import NamedTuple

HELP = "names that links use and no file has"
EXAMPLE = "kb unresolved --format tsv"


class UnresolvedRow(NamedTuple):
    """A name as first written, the number of links that use it, and where they stand."""

    target: str
    links: int
    sources: list[str]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from kbtools.cli.listing import add_format

    add_format(parser)


def run(options: argparse.Namespace) -> int:
    from kbtools import graph
    from kbtools.cli.find import open_vault
    from kbtools.cli.listing import print_listing

    vault, _ = open_vault(options.vault)
    built = graph.build_graph(vault)
    rows = []
    for target in graph.unresolved(built):
        edges = graph.backlinks(built, target)
        rows.append(UnresolvedRow(target, len(edges), sorted({edge.source for edge in edges})))
    print_listing(UnresolvedRow, rows, name="unresolved", form=options.format, lines=_describe)
    return 0


def _describe(rows: Iterable[UnresolvedRow]) -> Iterator[str]:
    return (f"{row.target} ({row.links}): {', '.join(row.sources)}" for row in rows)
