"""Validate links and snippets: read the vault, resolve every link, run every rule, and prove the code whose evidence is
out of date. Only files below the configured `snippets` and `proofs` are ever executed; with --no-run nothing is. Nothing is
written without --fix, and no server is asked without --external."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from kbtools.errors import KbError

if TYPE_CHECKING:
    from kbtools.app import Project, Request
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
    parser.add_argument("--fix", action="store_true", help="make the repairs that are proven right; kb undo takes them back")
    parser.add_argument("--dry-run", action="store_true", help="with --fix: print what would be written, and write nothing")
    parser.add_argument("--baseline", metavar="FILE", help="tolerate the findings in this file, and no more")
    parser.add_argument("--write-baseline", action="store_true", help="write what is found now to that file")
    parser.add_argument("--watch", action="store_true", help="check again whenever a file changes, until Ctrl-C")
    parser.add_argument("--external", action="store_true", help="ask whether web addresses are alive")
    parser.add_argument("--allow-private", action="store_true", help="with --external: ask in private networks, too")
    parser.add_argument("--record", action="store_true", help="write the evidence to evidence.json beside the snippets")


def run(options: argparse.Namespace) -> int:
    from kbtools.cli.find import find_part

    select = _words(options.select)
    _refuse(options, select)
    if not options.watch:
        return _check(options, select)
    from pathlib import Path

    from kbtools.cli.watching import look_at, watch

    config = find_part(options.vault, options.paths)[0].config
    more = [Path(options.baseline)] if options.baseline else []
    return watch(lambda: _check(options, select), lambda: look_at(config, more))


def _refuse(options: argparse.Namespace, select: tuple[str, ...]) -> None:
    """Options that mean nothing without another, or together."""
    if options.dry_run and not options.fix:
        raise KbError("--dry-run goes with --fix", "nothing else is written")
    if options.write_baseline and not options.baseline:
        raise KbError("--write-baseline needs a file", "kb check --baseline kb-baseline.json --write-baseline")
    if options.allow_private and not options.external:
        raise KbError("--allow-private goes with --external", "nobody is asked without it")
    if "broken-url" in select and not options.external:
        raise KbError("broken-url is found with --external only", "add it")
    if options.watch and (options.fix or options.write_baseline):
        raise KbError("--watch writes nothing", "leave out --fix and --write-baseline")


def _check(options: argparse.Namespace, select: tuple[str, ...]) -> int:
    from dataclasses import replace

    from kbtools import app
    from kbtools.cli.find import find_part, warn_if_empty
    from kbtools.cli.progress import progress_on

    project, paths = find_part(options.vault, options.paths)
    request = app.Request(
        paths=paths,
        select=select,
        ignore=_words(options.ignore),
        run=not options.no_run,
        device=options.device,
        record=options.record,
        external=options.external,
        allow_private=options.allow_private,
    )
    fixed: tuple[str, ...] = ()
    if options.fix:
        from kbtools.cli import fixes

        if options.dry_run:
            return fixes.show(project, request, strict=options.strict)
        fixed = fixes.make(project, request)
    with progress_on(sys.stderr) as progress:
        report = app.check(project, request, progress=progress)
    warn_if_empty(report.notes, project.config)
    if options.write_baseline:
        from kbtools.cli import baselines

        print(baselines.write(report, options.baseline, project, request))
        return 0
    if options.baseline:
        report = _without_known(report, options.baseline, project, request)
    _print(replace(report, remarks=(*fixed, *report.remarks)), options.format, project.config)
    return 1 if report.errors or (options.strict and report.warnings) else 0


def _without_known(report: Report, file: str, project: Project, request: Request) -> Report:
    from kbtools.cli import baselines

    return baselines.without_known(report, file, project, request)


def _print(report: Report, form: str, config: Config) -> None:
    """The report; what else is to be said goes where it is read by nobody but people."""
    from kbtools.report.escapes import plain

    sys.stdout.write(_render(report, form, config))
    stream = sys.stdout if form == "text" else sys.stderr
    stream.write("".join(f"{plain(remark)}\n" for remark in report.remarks))


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
