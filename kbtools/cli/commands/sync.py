"""Make the code in notes and the snippet files equal again, in whichever direction changed: only the snippet was edited, and
the block is rewritten; only the block was, and the snippet is; a block that names a snippet that does not exist makes it.
Where both were edited nothing is written and the difference is shown, until --prefer says which counts. Nothing is executed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kbtools.cli.find import Prefixes
    from kbtools.model import Finding
    from kbtools.showing import Synced
    from kbtools.snippets.sync import Left

HELP = "make the code in notes and the snippets equal again"
EXAMPLE = "kb sync --dry-run"
VERBS = {"note": "{block} written from {title}", "file": "{title} written from {block}", "new": "{title} made from {block}"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="*", metavar="PATH", help="notes, snippets, and folders of them (default: all)")
    parser.add_argument("--prefer", choices=("note", "file"), default="", help="which side counts where both were edited")
    parser.add_argument("--dry-run", action="store_true", help="print what would be written, and write nothing")


def run(options: argparse.Namespace) -> int:
    from pathlib import Path

    from kbtools import app
    from kbtools.cli.find import find_part, prefixes_from
    from kbtools.cli.progress import progress_on, wants_colour

    project, paths = find_part(options.vault, options.paths)
    with progress_on(sys.stderr) as progress:
        synced = app.sync(project, paths, prefer=options.prefer, dry_run=options.dry_run, progress=progress)
    here = prefixes_from(project.config, Path.cwd())
    colour = wants_colour(sys.stdout)
    parts = [
        "".join(f"{line}\n" for line in _steps(synced, here)),
        *(_diffs(synced, here, colour=colour) if options.dry_run else ()),
        *(_left(finding, left, here, colour=colour) for finding, left in zip(synced.findings, synced.left, strict=True)),
        _summary(synced, is_dry=options.dry_run) + "\n",
    ]
    sys.stdout.write("\n".join(part for part in parts if part))
    return 1 if synced.left else 0


def _steps(synced: Synced, here: Prefixes) -> Iterator[str]:
    """What was decided, a line each."""
    from kbtools.report.escapes import plain

    for step in synced.plan.steps:
        title, block = here.project + step.block.title, f"{here.vault}{step.block.note}:{synced.lines[step.block]}"
        yield plain(VERBS[step.what].format(title=title, block=block))


def _diffs(synced: Synced, here: Prefixes, *, colour: bool) -> Iterator[str]:
    """What would be written, file by file."""
    from kbtools.report import diff

    for rewrite in synced.rewrites:
        name = (here.vault if rewrite.is_note else here.project) + rewrite.path
        yield diff.render(rewrite.before, rewrite.after, old=name, new=name, colour=colour)


def _left(finding: Finding, left: Left, here: Prefixes, *, colour: bool) -> str:
    """A block that is left as it is: why, and how the two differ."""
    from kbtools.report import diff
    from kbtools.report.text import render_finding

    line = render_finding(finding, prefix=here.vault, project=here.project, colour=colour) + "\n"
    if left.theirs is None:
        return line
    name = f"{here.vault}{finding.path}:{finding.where[0] if finding.where else 1}"
    return line + diff.render(left.block.code, left.theirs, old=name, new=here.project + left.block.title, colour=colour)


def _summary(synced: Synced, *, is_dry: bool) -> str:
    """`2 blocks and 1 snippet written, 1 block left; what was overwritten is in /home/…`."""
    from kbtools.report.escapes import plain
    from kbtools.report.numbers import counted

    steps, left = synced.plan.steps, len(synced.left)
    blocks = len({step.block for step in steps if step.what == "note"})
    written = [counted(blocks, "block")] if blocks else []
    if synced.plan.files:
        written.append(counted(len(synced.plan.files), "snippet"))
    verb = " would be written" if is_dry else " written"
    said = " and ".join(written) + verb if written else ""
    if left:
        said += f"{', ' if said else ''}{counted(left, 'block')} left as {'it is' if left == 1 else 'they are'}"
    if not said:
        theirs = "its snippet" if synced.looked_at == 1 else "their snippets"
        return f"{counted(synced.looked_at, 'block')} and {theirs} are equal"
    kept = f"; what was overwritten is in {synced.kept}" if synced.kept else ""
    return plain(said + kept)
