"""List the tags of the vault with the number of notes that carry each, those in properties included. Case does not count;
a nested tag (`a/b`) counts for itself only."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from typing import NamedTuple

HELP = "the tags, and how many notes carry each"
EXAMPLE = "kb tags --format tsv"


class TagRow(NamedTuple):
    """A tag as first written, and the number of notes."""

    tag: str
    notes: int


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from kbtools.cli.listing import add_format

    add_format(parser)


def run(options: argparse.Namespace) -> int:
    from kbtools.cli.find import open_vault
    from kbtools.cli.listing import print_listing

    vault, _ = open_vault(options.vault)
    notes: dict[str, set[str]] = {}
    spelling: dict[str, str] = {}
    for path in vault.paths:
        for name, _, _ in vault.columns(path).tags:
            spelling.setdefault(name.casefold(), name)
            notes.setdefault(name.casefold(), set()).add(path)
    rows = (TagRow(spelling[tag], len(notes[tag])) for tag in sorted(notes))
    print_listing(TagRow, rows, name="tags", form=options.format, lines=_describe)
    return 0


def _describe(rows: Iterable[TagRow]) -> Iterator[str]:
    return (f"#{row.tag} {row.notes}" for row in rows)
