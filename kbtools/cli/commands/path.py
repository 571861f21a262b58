"""Say what to read before a note, in order, with minutes: the learning path that the notes' prerequisites give. What you
know already (--know) and what only leads to it is left out; with --hours-per-week the path is parted into weeks."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping

from kbtools.errors import KbError

HELP = "what to read before a note, in order"
EXAMPLE = "kb path LSTM --know 神经网络 --hours-per-week 3"
COLUMNS = ("step", "path", "minutes", "total", "week")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from kbtools.cli.table import add_format

    parser.add_argument("note", metavar="NOTE", help="the note to understand")
    parser.add_argument("--know", metavar="A,B", action="append", default=[], help="notes you know already")
    parser.add_argument("--hours-per-week", metavar="H", type=float, help="part the path into weeks of H hours")
    add_format(parser)


def run(options: argparse.Namespace) -> int:
    from kbtools import graph
    from kbtools.cli.places import find_note, open_snapshot
    from kbtools.cli.table import render_rows

    hours = options.hours_per_week
    if hours is not None and not 0 < hours <= 168:
        raise KbError(f"--hours-per-week {hours:g} is no number of hours in a week", "take one between 0 and 168")
    snapshot = open_snapshot(options.vault)
    goal = find_note(snapshot, options.note)
    known = {find_note(snapshot, name.strip()) for names in options.know for name in names.split(",") if name.strip()}
    order = graph.learning_path(graph.prerequisites_of(snapshot), goal, known)
    rows: list[dict[str, object]] = []
    total = 0.0
    for step, path in enumerate(order, 1):
        minutes = snapshot.notes[path].properties.get("minutes")
        spent = float(minutes) if isinstance(minutes, int | float) and not isinstance(minutes, bool) else 0.0
        week = None if hours is None else int(total // (hours * 60)) + 1
        total += spent
        rows.append({"step": step, "path": path, "minutes": round(spent), "total": round(total), "week": week})
    sys.stdout.write(render_rows(rows, COLUMNS, form=options.format, name="path", line=_line))
    return 0


def _line(row: Mapping[str, object]) -> str:
    from kbtools.graph import title_of

    week = f"week {row['week']}  " if row["week"] is not None else ""
    return f"{week}{row['step']}. {title_of(str(row['path']))} ({row['minutes']} min, {row['total']} in all)"
