"""argv -> exit code: finds the command's file, runs it, and says in one line what went wrong.

Exit codes: 0 nothing wrong, 1 findings, 2 the request was wrong, 70 a bug in kb, 130 interrupted, 141 nobody reads the
output any more. A command is a file in `cli/commands/` with HELP, EXAMPLE, `add_arguments(parser)` and `run(options)`; only
the one that is asked for is imported.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final, NoReturn, Protocol

from kbtools import __version__
from kbtools.cli import commands
from kbtools.errors import KbError

OK: Final = 0
WRONG_REQUEST: Final = 2
BUG: Final = 70
INTERRUPTED: Final = 130
CLOSED_PIPE: Final = 141


class Command(Protocol):
    """What a file in `cli/commands/` gives; its docstring is the description."""

    HELP: str
    EXAMPLE: str
    __doc__: str | None

    def add_arguments(self, parser: argparse.ArgumentParser) -> None: ...
    def run(self, options: argparse.Namespace) -> int: ...


class Parser(argparse.ArgumentParser):
    """An argument parser whose complaints are one line like all others."""

    def __init__(self, prog: str, description: str, epilog: str = "") -> None:
        super().__init__(
            prog=prog,
            description=description,
            epilog=epilog,
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )

    def error(self, message: str) -> NoReturn:
        raise KbError(message, f"{self.prog} --help tells more")


def main(argv: Sequence[str] | None = None) -> int:
    """Run `kb` with these arguments (those of the process by default) and return its exit code; raises nothing."""
    _prepare(sys.stdout, sys.stderr)
    try:
        code = _run(list(sys.argv[1:] if argv is None else argv))
        sys.stdout.flush()
        return code
    except KbError as error:
        print(f"kb: {' '.join(str(error).split())}", file=sys.stderr)
        return WRONG_REQUEST
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # let Python's own flush find no pipe
        return CLOSED_PIPE
    except KeyboardInterrupt:
        print("kb: interrupted", file=sys.stderr)
        return INTERRUPTED
    except Exception:  # the last place: whatever comes here is a bug in kb, and is said to be one
        _print_bug()
        return BUG


def _prepare(*streams: object) -> None:
    """UTF-8 whatever the locale; a name that is none is shown by its escapes (in JSON they are what JSON asks for)."""
    for stream in streams:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def _run(arguments: list[str]) -> int:
    parser = _global_parser()
    options = _parse(parser, arguments)
    if options is None:
        return OK
    if options.version:
        print(f"kb {__version__}")
        return OK
    if not options.command:
        parser.epilog = _describe_commands()
        parser.print_help(sys.stderr)
        return WRONG_REQUEST
    command = load_command(options.command)
    own = parser_of(options.command, command, options.vault)
    chosen = _parse(own, options.rest)
    return OK if chosen is None else command.run(chosen)


def parser_of(name: str, command: Command, vault: str | None = None) -> Parser:
    """The parser of a command's own arguments."""
    parser = Parser(f"kb {name}", (command.__doc__ or "").strip(), f"example: {command.EXAMPLE}")
    parser.add_argument("--vault", metavar="DIR", default=vault, help="the vault's folder (default: the one around here)")
    command.add_arguments(parser)
    return parser


def _global_parser() -> Parser:
    parser = Parser("kb", "Checks an Obsidian vault: links as Obsidian reads them, code that is proven.")
    parser.add_argument("--vault", metavar="DIR", help="the vault's folder (default: the one around here)")
    parser.add_argument("--version", action="store_true", help="print the version")
    parser.add_argument("command", nargs="?", metavar="COMMAND", help="one of those below; kb COMMAND --help tells more")
    parser.add_argument("rest", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    parser.usage = "kb [--vault DIR] COMMAND …"
    return parser


def _parse(parser: Parser, arguments: list[str]) -> argparse.Namespace | None:
    """The arguments; None when help was asked for and has been printed."""
    if parser.prog == "kb" and arguments[:1] in (["--help"], ["-h"]):
        parser.epilog = _describe_commands()
    try:
        return parser.parse_args(arguments) if parser.prog == "kb" else parser.parse_intermixed_args(arguments)
    except SystemExit:
        return None


def command_names() -> list[str]:
    """The commands there are: the files of `cli/commands/`."""
    import pkgutil

    return sorted(module.name for module in pkgutil.iter_modules(commands.__path__))


def load_command(name: str) -> Command:
    """The command of this name. Raises KbError when there is none."""
    module = f"{commands.__name__}.{name}"
    if name.isidentifier():
        try:
            command: Command = import_module(module)
            return command
        except ModuleNotFoundError as error:
            if error.name != module:
                raise
    from difflib import get_close_matches

    near = get_close_matches(name, command_names(), n=1)
    raise KbError(f"no command is named '{name}'", f"did you mean kb {near[0]}?" if near else "kb --help lists them")


def _describe_commands() -> str:
    lines = [f"  {name:<12}{load_command(name).HELP}" for name in command_names()]
    return "\n".join(["commands:", *lines, "", "example: kb check ~/notes"])


def _print_bug() -> None:
    import platform
    import traceback

    traceback.print_exc()
    print(
        f"kb: this is a bug in kb {__version__} (Python {platform.python_version()}, {platform.system()}): "
        "please report it with the lines above and the command you typed",
        file=sys.stderr,
    )


if __name__ == "__main__":
    sys.exit(main())
