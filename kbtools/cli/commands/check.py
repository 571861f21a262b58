"""Validate links and snippets: read the vault, resolve every link, run every rule, and prove the code whose evidence is
out of date. Only files below the configured `snippets` and `proofs` are ever executed; with --no-run nothing is."""

from __future__ import annotations

import argparse
import os
import sys

from kbtools import app

HELP = "validate links and snippets"
EXAMPLE = "kb check ~/notes --select broken-link"
FORMATS = ("text", "json", "github", "sarif")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="*", metavar="PATH", help="a vault, or notes and folders in it (default: everything)")
    parser.add_argument("--no-run", action="store_true", help="never execute anything")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="where proofs run (default: auto)")
    parser.add_argument("--format", choices=FORMATS, default="text", help="how to print (default: text)")
    parser.add_argument("--select", metavar="RULE", action="append", default=[], help="only these rules (repeat, or part by commas)")
    parser.add_argument("--ignore", metavar="RULE", action="append", default=[], help="all but these rules")
    parser.add_argument("--strict", action="store_true", help="warnings count too")
    parser.add_argument("--record", action="store_true", help="write the evidence to evidence.json beside the snippets")


def run(options: argparse.Namespace) -> int:
    from kbtools.cli.places import prefix_of, split_paths
    from kbtools.cli.progress import ProgressLine

    project, paths = split_paths(options.paths, options.vault)
    request = app.Request(
        paths=paths,
        select=_words(options.select),
        ignore=_words(options.ignore),
        run=not options.no_run,
        device=options.device,
        record=options.record,
    )
    report = app.check(project, request, progress=ProgressLine())
    prefix = prefix_of(project.config)
    if options.format == "json":
        from kbtools.report import json

        sys.stdout.write(json.render(report))
    elif options.format == "sarif":
        from kbtools.checks import load_rules
        from kbtools.report import sarif

        sys.stdout.write(sarif.render(report, prefix=prefix, rules=load_rules()))
    elif options.format == "github":
        from kbtools.report import github

        sys.stdout.write(github.render(report, prefix=prefix))
    else:
        from kbtools.report import text

        colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        sys.stdout.write(text.render(report, prefix=prefix, colour=colour))
    return 1 if report.errors or (options.strict and report.warnings) else 0


def _words(values: list[str]) -> tuple[str, ...]:
    return tuple(sorted({word.strip() for value in values for word in value.split(",") if word.strip()}))
