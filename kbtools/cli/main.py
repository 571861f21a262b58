"""argv -> exit code. A command is a file in `commands/`; only the one that is asked for is imported."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from kbtools import __version__
from kbtools.errors import KbError

OK, FINDINGS, WRONG_REQUEST, BUG, INTERRUPTED = 0, 1, 2, 70, 130

COMMANDS = Path(__file__).with_name("commands")


def command_names() -> list[str]:
    """The commands there are: the files of the folder."""
    return sorted(file.stem for file in COMMANDS.glob("*.py") if not file.stem.startswith("_"))


def main(argv: Sequence[str] | None = None) -> int:
    """Run `kb`; the result is the exit code (0 fine, 1 findings, 2 a wrong request, 70 a bug in kb)."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        return _run(arguments)
    except KbError as error:
        print(f"kb: {error}", file=sys.stderr)
        return WRONG_REQUEST
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the reader is gone; let Python's own flush find no pipe
        return OK
    except KeyboardInterrupt:
        print("kb: interrupted", file=sys.stderr)
        return INTERRUPTED
    except Exception:  # the last place: whatever comes here is a bug in kb, and is said to be one
        import traceback

        traceback.print_exc()
        python = sys.version.split()[0]
        print(f"kb: this is a bug in kb {__version__} (Python {python}, {sys.platform}).", file=sys.stderr)
        print("    Please report it with the lines above and the command you typed.", file=sys.stderr)
        return BUG


def _run(arguments: Sequence[str]) -> int:
    parser = build_parser(_asked(arguments))
    options = parser.parse_args(arguments)
    if options.command is None:
        parser.print_help()
        return OK
    run = import_module(f"kbtools.cli.commands.{options.command}").run
    code: int = run(options)
    sys.stdout.flush()
    return code


def _asked(arguments: Sequence[str]) -> str:
    """The command named on the line, "" when none is (then all are described)."""
    names = command_names()
    return next((word for word in arguments if word in names), "")


def build_parser(asked: str = "") -> argparse.ArgumentParser:
    """The parser; with `asked`, only that command's arguments are known (the others need not be imported)."""
    parser = argparse.ArgumentParser(
        prog="kb",
        description="Checks an Obsidian vault: links as Obsidian reads them, code that is proven.",
        epilog="Example: kb check ~/notes",
    )
    _add_vault(parser, None)
    parser.add_argument("--version", action="version", version=f"kb {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    for name in command_names():
        if asked and name != asked:
            commands.add_parser(name)
            continue
        module = import_module(f"kbtools.cli.commands.{name}")
        command = commands.add_parser(
            name,
            help=module.HELP,
            description=(module.__doc__ or "").strip(),
            epilog=f"Example: {module.EXAMPLE}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        _add_vault(command, argparse.SUPPRESS)
        module.add_arguments(command)
    return parser


def _add_vault(parser: argparse.ArgumentParser, default: str | None) -> None:
    parser.add_argument("--vault", metavar="DIR", default=default, help="the vault's folder (default: the one around here)")


if __name__ == "__main__":
    sys.exit(main())
