"""Take back the last change that `kb move`, `kb rename` or `kb check --fix` made, byte for byte; a second time, make it
again. Nothing is changed when one of its files was written to since."""

from __future__ import annotations

import argparse

HELP = "take back the last move or rename"
EXAMPLE = "kb undo --dry-run"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="say what would be undone, and change nothing")


def run(options: argparse.Namespace) -> int:
    import sys
    from pathlib import Path

    from kbtools import app, changing
    from kbtools.report.escapes import plain

    project = app.open_project(options.vault, Path.cwd())
    change = changing.plan_undo(project)
    lines = [f"{src} -> {dst}" for src, dst in change.moves.items()]
    texts = len(change.texts)
    if not options.dry_run:
        changing.undo(project)
    verb = "would be " if options.dry_run else ""
    moved = f"{len(lines)} file{'' if len(lines) == 1 else 's'} {verb}moved" if lines else ""
    written = f"{texts} file{'' if texts == 1 else 's'} {verb}written" if texts else ""
    said = ", ".join(part for part in (moved, written) if part)
    sys.stdout.write("".join(f"{plain(line)}\n" for line in (*lines, f"{change.title}: {said}")))
    return 0
