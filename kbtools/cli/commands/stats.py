"""Count what the vault holds: files by kind, links by form and by status, the shape of the graph they make, blocks of code
(proven ones show a snippet that has a proof, illustrative ones are Python that shows none), and the snippets whose evidence is
up to date, by device."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

HELP = "what the vault holds, counted"
EXAMPLE = "kb stats --format json"


class CountRow(NamedTuple):
    """How many of one kind of thing there are."""

    what: str
    kind: str
    number: int


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from kbtools.cli.listing import add_format

    add_format(parser)


def run(options: argparse.Namespace) -> int:
    from kbtools import app
    from kbtools.cli.find import open_vault
    from kbtools.cli.listing import print_listing
    from kbtools.cli.rows import status_of
    from kbtools.graph import build_graph, count_graph, kind_of
    from kbtools.showing import count_blocks

    vault, config = open_vault(options.vault)
    counts: Counter[tuple[str, str]] = Counter()
    counts.update(("files", kind_of(path)) for path in (*vault.paths, *vault.attachments))
    for edge in vault.iter_edges():
        counts["links by form", edge.link.form] += 1
        counts["links by status", status_of(edge.to)] += 1
    counts.update({("graph", kind): number for kind, number in count_graph(build_graph(vault)).items()})
    counts.update({("blocks of code", kind): number for kind, number in count_blocks(vault).items() if number})
    evidence = app.count_evidence(app.Project(config), vault)
    counts.update({("snippets proven", device): number for device, number in evidence.items()})
    rows = (CountRow(what, kind, number) for (what, kind), number in sorted(counts.items()))
    print_listing(CountRow, rows, name="stats", form=options.format, lines=_describe)
    return 0


def _describe(rows: Iterable[CountRow]) -> Iterator[str]:
    what = ""
    for row in rows:
        if row.what != what:
            what = row.what
            yield what
        yield f"  {row.kind:<16}{row.number:>9,}"
