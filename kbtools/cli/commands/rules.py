"""List the rules with the level each has here, or explain one: what it finds, why, an example, how to mend it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

from kbtools.errors import KbError, VaultError

HELP = "the catalogue of rules; one rule explained"
EXAMPLE = "kb rules broken-link"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from kbtools.cli.table import add_format

    parser.add_argument("rule", nargs="?", metavar="RULE", help="the rule to explain")
    add_format(parser)


def run(options: argparse.Namespace) -> int:
    from kbtools import app
    from kbtools.checks import load_rules
    from kbtools.cli.table import render_rows
    from kbtools.config import Config
    from kbtools.rulebook import level_of

    try:
        config = app.open_project(options.vault, Path.cwd()).config
    except VaultError:
        if options.vault is not None:
            raise
        config = Config(vault=Path.cwd(), root=Path.cwd())
    rules = load_rules()
    if options.rule is not None:
        found = next((rule for rule in rules if rule.name == options.rule), None)
        if found is None:
            from difflib import get_close_matches

            near = get_close_matches(options.rule, [rule.name for rule in rules], n=1)
            raise KbError(f"no rule is named '{options.rule}'", f"did you mean {near[0]}?" if near else "kb rules lists them")
        rules = (found,)
    rows = [
        {
            "rule": rule.name,
            "level": level_of(rule, config),
            "default": rule.severity,
            "needs": rule.needs,
            "finds": " ".join(rule.doc.partition("\n\n")[0].split()),
            **({"explanation": rule.doc} if options.rule else {}),
        }
        for rule in rules
    ]
    columns = ("rule", "level", "default", "needs", "finds")
    line = _explained if options.rule else _line
    sys.stdout.write(render_rows(rows, columns, form=options.format, name="rules", line=line))
    return 0


def _line(row: Mapping[str, object]) -> str:
    return f"{row['rule']:<24} {row['level']:<8} {row['finds']}"


def _explained(row: Mapping[str, object]) -> str:
    needs = f" where {row['needs']} are configured" if row["needs"] else ""
    return f"{row['rule']} ({row['level']} here; by default {row['default']}{needs})\n\n{row['explanation']}"
