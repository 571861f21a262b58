"""Validate links and snippets: read the vault, resolve every link, run every rule, and prove the code whose evidence is
out of date. Only files below the configured `snippets` and `proofs` are ever executed; with --no-run nothing is."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kbtools.config import Config
    from kbtools.model import Report

HELP = "validate links and snippets"
EXAMPLE = "kb check ~/notes --select broken-link"
FORMATS = ("text", "json", "github", "sarif")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="*", metavar="PATH", help="a vault, or notes and folders in it (default: everything)")
    parser.add_argument("--no-run", action="store_true", help="never execute anything")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="where proofs run (default: auto)")
    parser.add_argument("--format", choices=FORMATS, default="text", help="how to print (default: text)")
    parser.add_argument("--select", metavar="RULE", action="append", default=[], help="only these rules (repeat, or use commas)")
    parser.add_argument("--ignore", metavar="RULE", action="append", default=[], help="all but these rules")
    parser.add_argument("--strict", action="store_true", help="warnings count too")
    parser.add_argument("--record", action="store_true", help="write the evidence to evidence.json beside the snippets")


def run(options: argparse.Namespace) -> int:
    from kbtools import app
    from kbtools.cli.find import find_part, warn_if_empty
    from kbtools.cli.progress import progress_on

    project, paths = find_part(options.vault, options.paths)
    request = app.Request(
        paths=paths,
        select=_words(options.select),
        ignore=_words(options.ignore),
        run=not options.no_run,
        device=options.device,
        record=options.record,
    )
    with progress_on(sys.stderr) as progress:
        report = app.check(project, request, progress=progress)
    warn_if_empty(report.notes, project.config)
    sys.stdout.write(_render(report, options.format, project.config))
    return 1 if report.errors or (options.strict and report.warnings) else 0


def _render(report: Report, form: str, config: Config) -> str:
    from kbtools.cli.find import prefixes_from, prefixes_in_repository
    from kbtools.cli.progress import wants_colour

    if form == "json":
        from kbtools.report import json

        return json.render(report)
    if form == "text":
        from pathlib import Path

        from kbtools.report import text

        here = Path.cwd()
        way = prefixes_from(config, here)
        colour = wants_colour(sys.stdout)
        return text.render(report, prefix=way.vault, project=way.project, here=here.as_posix(), colour=colour)
    top = prefixes_in_repository(config)
    if form == "sarif":
        from kbtools.checks import load_rules
        from kbtools.report import sarif

        return sarif.render(report, prefix=top.vault, project=top.project, rules=load_rules())
    from kbtools.report import github

    return github.render(report, prefix=top.vault, project=top.project)


def _words(values: list[str]) -> tuple[str, ...]:
    return tuple(sorted({word.strip() for value in values for word in value.split(",") if word.strip()}))
