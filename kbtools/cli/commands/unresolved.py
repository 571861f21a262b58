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
    from kbtools.cli.find import open_vault
    from kbtools.cli.listing import print_listing
    from kbtools.model import MissingFile
    from kbtools.syntax.names import fold_name

    vault, _ = open_vault(options.vault)
    missing: dict[str, tuple[str, list[str]]] = {}
    for edge in vault.iter_edges():
        if isinstance(edge.to, MissingFile):
            _, sources = missing.setdefault(fold_name(edge.link.target), (edge.link.target, []))
            sources.append(edge.source)
    rows = sorted(UnresolvedRow(target, len(sources), sorted(set(sources))) for target, sources in missing.values())
    print_listing(UnresolvedRow, rows, name="unresolved", form=options.format, lines=_describe)
    return 0


def _describe(rows: Iterable[UnresolvedRow]) -> Iterator[str]:
    return (f"{row.target} ({row.links}): {', '.join(row.sources)}" for row in rows)
