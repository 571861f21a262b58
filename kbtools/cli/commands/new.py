"""Make a note, from one of the vault's templates or empty, and print its path; or, with the word "snippet" before the name, a
snippet and its proof, and print the block that shows it. Nothing is ever overwritten."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from kbtools.errors import KbError

if TYPE_CHECKING:
    from kbtools.config import Config
    from kbtools.creating.note import Created
    from kbtools.vault.snapshot import Snapshot

HELP = "a note from a template; a snippet with its proof"
EXAMPLE = "kb new 概念/GRU --template 概念"
SNIPPET = "snippet"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="+", metavar="NOTE", help="the note's name or path; or: snippet GROUP/NAME")
    parser.add_argument("--template", metavar="T", help="a template of the vault, by its name")
    parser.add_argument("--note", metavar="NOTE", help="append the snippet's block to this note")


def run(options: argparse.Namespace) -> int:
    from kbtools.cli.find import open_vault

    *kind, name = options.name
    if kind not in ([], [SNIPPET]):
        raise KbError(f"'{options.name[1]}' is one argument too many", "quote names with blanks; kb new --help tells more")
    if kind and options.template:
        raise KbError("a snippet has no template", "leave --template out")
    if not kind and options.note:
        raise KbError("--note is for a snippet's block", f"kb new snippet {name} --note {options.note}")
    vault, config = open_vault(options.vault)
    if kind:
        _make_snippet(vault, config, name, options.note)
    else:
        _make_note(vault, config, name, options.template or "")
    return 0


def _make_note(vault: Snapshot, config: Config, name: str, template: str) -> None:
    from datetime import datetime
    from pathlib import Path

    from kbtools.cli.find import prefixes_from
    from kbtools.creating.note import create_note, find_path
    from kbtools.report.escapes import plain

    here = Path.cwd()
    created = create_note(config, vault, find_path(config, name, here), template, datetime.now().astimezone())
    print(plain(prefixes_from(config, here).vault + created.path))
    sys.stdout.flush()
    for remark in _remarks(created):
        print(f"kb: {plain(remark)}", file=sys.stderr)


def _remarks(created: Created) -> list[str]:
    """What to know about a new note."""
    remarks = []
    if created.namesakes:
        others = ", ".join(created.namesakes)
        remarks.append(f"{others} may be meant by that name too (write [[{created.path[:-3]}]] for the new one)")
    if created.linked_from:
        remarks.append(f"links that were dead lead to it now: {', '.join(created.linked_from)}")
    if created.unfilled:
        remarks.append(f"'{created.unfilled}' stands in the template as it is (title, date and time are filled in)")
    return remarks


def _make_snippet(vault: Snapshot, config: Config, name: str, note: str | None) -> None:
    from pathlib import Path

    from kbtools.cli.find import find_note, prefixes_from
    from kbtools.creating.snippet import create_snippet

    path = find_note(vault, config.vault, note) if note is not None else None
    if path is not None and not path.endswith(".md"):
        raise KbError(f"'{path}' is no note", "name a .md file")
    created = create_snippet(config, vault, name, path)
    way = prefixes_from(config, Path.cwd())
    print(f"{way.project}{created.path}\n{way.project}{created.proof}")
    print(f"{way.vault}{path}" if path is not None else f"\n{created.block}", end="\n" if path is not None else "")
