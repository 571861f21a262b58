"""argv -> exit code: finds the command's file, runs it, and says in one line what went wrong.

Exit codes: 0 nothing wrong, 1 findings, 2 the request was wrong, 70 a bug in kb, 130 interrupted, 141 nobody reads the
output any more. A command is a file in `cli/commands/` with HELP, EXAMPLE, `add_arguments(parser)` and `run(options)`; only
the one that is asked for is imported.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import gc
import io
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Final, Protocol

from kbtools import __version__
from kbtools.cli import commands
from kbtools.cli.arguments import Parser
from kbtools.errors import KbError

OK: Final = 0
WRONG_REQUEST: Final = 2
BUG: Final = 70
INTERRUPTED: Final = 130
CLOSED_PIPE: Final = 141

NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
OTHER_WORDS: Final = {
    "add": "new",
    "anki": "cards",
    "autocomplete": "completion",
    "broken": "check",
    "completions": "completion",
    "create": "new",
    "dead-ends": "deadends",
    "dead-links": "unresolved",
    "explain": "why",
    "export": "graph",
    "find": "search",
    "flashcards": "cards",
    "fts": "search",
    "grep": "search",
    "headings": "outline",
    "html": "build",
    "learn": "path",
    "lint": "check",
    "ls": "links",
    "mv": "move",
    "note": "new",
    "preview": "serve",
    "publish": "build",
    "query": "search",
    "ren": "rename",
    "revert": "undo",
    "rg": "search",
    "setup": "init",
    "site": "build",
    "start": "init",
    "test": "check",
    "toc": "outline",
    "touch": "new",
    "validate": "check",
    "verify": "check",
    "where": "search",
}
"""What people call a command elsewhere."""


class Command(Protocol):
    """What a file in `cli/commands/` gives; its docstring is the description."""

    HELP: str
    EXAMPLE: str
    __doc__: str | None

    def add_arguments(self, parser: argparse.ArgumentParser) -> None: ...
    def run(self, options: argparse.Namespace) -> int: ...


def main(argv: Sequence[str] | None = None) -> int:
    """Run `kb` with these arguments (those of the process by default) and return its exit code; raises nothing."""
    if argv is None:
        _insist_on_utf8()
    _prepare_streams()
    collecting = gc.isenabled()
    gc.disable()  # a run is short and leaves few cycles; to look for them took half the time of building a large graph
    try:
        code = _run(list(sys.argv[1:] if argv is None else argv))
        sys.stdout.flush()
        return code
    except KbError as error:
        _say(str(error))
        return WRONG_REQUEST
    except BrokenPipeError:
        _drop_output()
        return CLOSED_PIPE
    except KeyboardInterrupt:
        _say("interrupted")
        return INTERRUPTED
    except Exception as error:  # the last place: whatever comes here is a bug in kb, and is said to be one
        if isinstance(error, OSError) and error.errno in NO_ROOM:
            _drop_output()
            _say(f"cannot write: {error.strerror}" + (f" ('{error.filename}')" if error.filename else ""))
            return WRONG_REQUEST
        _print_bug()
        return BUG
    finally:
        if collecting:
            gc.enable()


def _insist_on_utf8() -> None:
    """File names of a vault are UTF-8; where the locale says otherwise Python is started anew to read them so."""
    if sys.getfilesystemencoding() != "utf-8" and os.environ.get("PYTHONUTF8") != "1":
        os.execve(sys.executable, sys.orig_argv, {**os.environ, "PYTHONUTF8": "1"})


def _prepare_streams() -> None:
    """UTF-8 whatever the locale, and somewhere to write to where a stream is closed."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - it lives as long as the process
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def _run(arguments: list[str]) -> int:
    parser = _GlobalParser()
    options = _parse(parser.parse_args, arguments)
    if options is None:
        return OK
    if options.version:
        print(f"kb {__version__}")
        return OK
    if options.command is None:
        parser.print_help(sys.stderr)
        return WRONG_REQUEST
    command = load_command(options.command)
    own = parser_of(options.command, command, options.vault)
    chosen = _parse(own.parse_intermixed_args, options.rest)
    return OK if chosen is None else command.run(chosen)


class _GlobalParser(Parser):
    """`kb [--vault DIR] COMMAND …`; what follows the command is left to the command's own parser."""

    def __init__(self) -> None:
        super().__init__("kb", "Checks an Obsidian vault: links as Obsidian reads them, code that is proven.")
        self.add_argument("--vault", metavar="DIR", help="the vault's folder (default: the one around here)")
        self.add_argument("--version", action="store_true", help="print the version")
        self.add_argument("command", nargs="?", metavar="COMMAND", help="one of those below; kb COMMAND --help tells more")
        self.add_argument("rest", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
        self.usage = "kb [--vault DIR] COMMAND …"

    def format_help(self) -> str:
        lines = [f"  {name:<12}{load_command(name).HELP}" for name in command_names()]
        self.epilog = "\n".join(["commands:", *lines, "", "example: kb check ~/notes"])
        return super().format_help()


def parser_of(name: str, command: Command, vault: str | None = None) -> Parser:
    """The parser of a command's own arguments."""
    parser = Parser(f"kb {name}", (command.__doc__ or "").strip(), f"example: {command.EXAMPLE}")
    parser.add_argument("--vault", metavar="DIR", default=vault, help="the vault's folder (default: the one around here)")
    command.add_arguments(parser)
    return parser


def _parse(parse: Callable[[list[str]], argparse.Namespace], arguments: list[str]) -> argparse.Namespace | None:
    """The arguments; None when help was asked for and has been printed."""
    try:
        return parse(arguments)
    except SystemExit:
        return None


def command_names() -> list[str]:
    """The commands there are: the files of `cli/commands/`."""
    import pkgutil

    return sorted(module.name for module in pkgutil.iter_modules(commands.__path__))


def load_command(name: str) -> Command:
    """The command of this name. Raises KbError when there is none."""
    names = command_names()
    if name in names:
        command: Command = import_module(f"{commands.__name__}.{name}")
        return command
    raise KbError(f"no command is named '{name}'", _suggest_command(name, names))


def _suggest_command(name: str, names: list[str]) -> str:
    from difflib import get_close_matches

    if name in ("help", "version"):
        return f"kb --{name}"
    word = name.lower()
    near = OTHER_WORDS.get(word) or next(iter(get_close_matches(word, names, n=1)), None)
    if near:
        return f"did you mean kb {near}?"
    return f"did you mean kb check {name}?" if os.path.exists(name) else "kb --help lists them"


def _say(message: str) -> None:
    """One line on stderr."""
    from kbtools.report.escapes import plain

    with contextlib.suppress(OSError):
        print(f"kb: {plain(message)}", file=sys.stderr)


def _drop_output() -> None:
    """Let Python's own flush at the end find no pipe and no full disk."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _print_bug() -> None:
    import platform
    import traceback

    from kbtools.report.escapes import plain_lines

    print(plain_lines(traceback.format_exc().rstrip("\n")), file=sys.stderr)
    _say(
        f"this is a bug in kb {__version__} (Python {platform.python_version()}, {platform.system()}): "
        "please report it with the lines above and the command you typed"
    )
