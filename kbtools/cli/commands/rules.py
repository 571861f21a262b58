"""List the rules with the level each has here, or explain one: what it finds, why, an example, how to mend it."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from kbtools.errors import KbError, VaultError

if TYPE_CHECKING:
    from kbtools.checks import Rule
    from kbtools.config import Config

HELP = "the catalogue of rules; one rule explained"
EXAMPLE = "kb rules broken-link"


class RuleRow(NamedTuple):
    """A rule, its level in this project, its default level where what it `needs` is configured, and its docstring."""

    rule: str
    level: str
    default: str
    needs: str
    finds: str
    explanation: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from kbtools.cli.listing import add_format

    parser.add_argument("rule", nargs="?", metavar="RULE", help="the rule to explain")
    add_format(parser)


def run(options: argparse.Namespace) -> int:
    from kbtools.checks import load_rules
    from kbtools.cli.listing import print_listing
    from kbtools.rulebook import level_of

    config = _config_here(options.vault)
    rules = load_rules() if options.rule is None else (_find_rule(options.rule),)
    rows = (
        RuleRow(rule.name, level_of(rule, config), rule.severity, rule.needs, _first_sentence(rule), rule.doc) for rule in rules
    )
    lines = _list if options.rule is None else _explain
    print_listing(RuleRow, rows, name="rules", form=options.format, lines=lines)
    return 0


def _config_here(vault: str | None) -> Config:
    """The configuration around here; outside of every vault the defaults."""
    from pathlib import Path

    from kbtools import app
    from kbtools.config import Config

    try:
        return app.open_project(vault, Path.cwd()).config
    except VaultError:
        if vault is not None:
            raise
        return Config(vault=Path.cwd(), root=Path.cwd())


def _find_rule(name: str) -> Rule:
    from difflib import get_close_matches

    from kbtools.checks import load_rules

    rules = {rule.name: rule for rule in load_rules()}
    if name in rules:
        return rules[name]
    near = get_close_matches(name, list(rules), n=1)
    raise KbError(f"no rule is named '{name}'", f"did you mean {near[0]}?" if near else "kb rules lists them")


def _first_sentence(rule: Rule) -> str:
    return " ".join(rule.doc.partition("\n\n")[0].split())


def _list(rows: Iterable[RuleRow]) -> Iterator[str]:
    return (f"{row.rule:<24}{row.level:<9}{row.finds}" for row in rows)


def _explain(rows: Iterable[RuleRow]) -> Iterator[str]:
    for row in rows:
        needs = f" where {NEEDS[row.needs]}" if row.needs else ""
        yield f"{row.rule} ({row.level} here; by default {row.default}{needs})"
        yield ""
        yield from row.explanation.splitlines()


NEEDS = {
    "snippets": "snippets are configured",
    "proofs": "proofs are configured",
    "site": "a mkdocs.yml builds the vault",
}
