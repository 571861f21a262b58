"""Say what to read before a note, in order, with minutes: the learning path that the notes' prerequisites give. What you
know already (--know) and what only leads to it is left out; with --hours-per-week the path is parted into weeks."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from kbtools.errors import KbError

if TYPE_CHECKING:
    from kbtools.model import NotePath
    from kbtools.vault.snapshot import Snapshot

HELP = "what to read before a note, in order"
EXAMPLE = "kb path LSTM --know 神经网络 --hours-per-week 3"
MOST_HOURS = 168


class StepRow(NamedTuple):
    """A note of the path. `minutes` is its own `minutes` property, None where it has none; `total` counts from the first
    step; `week` is None without --hours-per-week."""

    step: int
    path: NotePath
    minutes: float | None
    total: float
    week: int | None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from kbtools.cli.listing import add_format

    parser.add_argument("note", metavar="NOTE", help="the note to understand")
    parser.add_argument("--know", metavar="A,B", action="append", default=[], help="notes you know already")
    parser.add_argument("--hours-per-week", metavar="H", type=float, help="part the path into weeks of H hours")
    add_format(parser)


def run(options: argparse.Namespace) -> int:
    from kbtools import graph
    from kbtools.cli.find import find_note, open_vault
    from kbtools.cli.listing import print_listing

    hours = options.hours_per_week
    if hours is not None and not 0 < hours <= MOST_HOURS:
        raise KbError(f"--hours-per-week {hours:g} is no number of hours in a week", f"take one above 0, up to {MOST_HOURS}")
    vault, config = open_vault(options.vault)
    goal = find_note(vault, config.vault, options.note)
    names = [name.strip() for names in options.know for name in names.split(",") if name.strip()]
    known = {find_note(vault, config.vault, name) for name in names}
    order = graph.learning_path(graph.prerequisites_of(vault), goal, known)
    rows = _steps(vault, order, None if hours is None else hours * 60)
    print_listing(StepRow, rows, name="path", form=options.format, lines=_describe)
    return 0


def _steps(vault: Snapshot, order: Iterable[NotePath], minutes_per_week: float | None) -> Iterator[StepRow]:
    total = 0.0
    for step, path in enumerate(order, 1):
        minutes = _minutes_of(vault, path)
        week = None if minutes_per_week is None else int(total // minutes_per_week) + 1
        total += minutes or 0
        yield StepRow(step, path, minutes, _plain(total), week)


def _minutes_of(vault: Snapshot, path: NotePath) -> float | None:
    minutes = vault.notes[path].properties.get("minutes") if path in vault.notes else None
    if isinstance(minutes, bool) or not isinstance(minutes, int | float) or not 0 <= minutes < float("inf"):
        return None
    return _plain(minutes)


def _plain(number: float) -> float:
    return int(number) if number == int(number) else number


def _describe(rows: Iterable[StepRow]) -> Iterator[str]:
    from kbtools.graph import title_of

    week = None
    for row in rows:
        if row.week != week:
            week = row.week
            yield f"week {week}"
        minutes = "no minutes given" if row.minutes is None else f"{row.minutes:g} min"
        yield f"{row.step:>3}. {title_of(row.path)} ({minutes}, {row.total:g} in all)"
