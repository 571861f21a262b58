"""`kb check --fix`: the repairs that are proven, made or shown."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from kbtools import app, changing, mending
from kbtools.cli.find import prefixes_from
from kbtools.cli.progress import wants_colour
from kbtools.report import diff
from kbtools.report.escapes import plain
from kbtools.report.numbers import counted

SHOWN = 60
"""How much of what is replaced is quoted."""


def make(project: app.Project, request: app.Request) -> tuple[str, ...]:
    """Write the repairs, all of them or none, and say what was done, a line each."""
    mended = mending.plan_fixes(project, request)
    if mended.fixed:
        changing.carry_out(mended.change)
    return tuple(_iter_lines(mended, prefixes_from(project.config, Path.cwd()).vault))


def show(project: app.Project, request: app.Request, *, strict: bool) -> int:
    """Print what would be written; the exit code is that of the check that would follow."""
    mended = mending.plan_fixes(project, request)
    prefix = prefixes_from(project.config, Path.cwd()).vault
    colour = wants_colour(sys.stdout)
    for rewrite in mended.change.plan.rewrites:
        name = prefix + rewrite.path
        sys.stdout.write(diff.render(rewrite.before, rewrite.after, old=name, new=name, colour=colour))
    sys.stdout.write("".join(f"{line}\n" for line in _iter_summary(mended, would=True)))
    return 1 if any(strict or finding.severity == "error" for finding in mended.left) else 0


def _iter_lines(mended: mending.Mended, prefix: str) -> Iterator[str]:
    for finding, written in mended.fixed:
        line, column = finding.where[:2] if finding.where else (1, 1)
        becomes = finding.fix.text if finding.fix else ""
        yield plain(f"{prefix}{finding.path}:{line}:{column} {finding.rule} fixed: {_quoted(written)} -> {_quoted(becomes)}")
    yield from _iter_summary(mended, would=False)


def _quoted(text: str) -> str:
    return text if 0 < len(text) <= SHOWN else f"'{text[:SHOWN]}{'…' if len(text) > SHOWN else ''}'"


def _iter_summary(mended: mending.Mended, *, would: bool) -> Iterator[str]:
    if mended.refused:
        yield f"{counted(len(mended.refused), 'repair')} left out, for something else would change with it"
    if not mended.fixed:
        yield "nothing can be fixed by itself"
        return
    files = counted(len(mended.change.plan.rewrites), "file")
    verb = "would be fixed" if would else "fixed"
    yield f"{counted(len(mended.fixed), 'finding')} in {files} {verb}{'' if would else ' (kb undo takes it back)'}"
