"""The language server, for editors: it is started by them, and speaks the Language Server Protocol over standard input and
output. It reports what `kb check` reports, completes, finds, renames with every link following, and executes nothing. Needs the
extra `lsp`."""

from __future__ import annotations

import argparse

from kbtools.errors import KbError

HELP = "the language server, for editors"
EXAMPLE = "kb lsp --vault notes"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--stdio", action="store_true", help="speak over standard input and output, as it always does")


def run(options: argparse.Namespace) -> int:
    try:
        import pygls  # noqa: F401 - only to say what is missing
    except ModuleNotFoundError as error:
        raise KbError("the language server needs pygls", "pip install 'kbtools[lsp]'") from error
    import sys
    from pathlib import Path

    if sys.stdin is None or sys.stdin.isatty():
        raise KbError("kb lsp speaks with an editor, not with a terminal", "docs/editors.md says how editors start it")
    if options.vault is not None:
        from kbtools import app

        app.open_project(options.vault, Path.cwd())
    from kbtools.lsp.start import start

    return start(options.vault)
