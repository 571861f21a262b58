"""argparse with kb's manners: one line for a mistake, the thing in quotes, then what to do."""

from __future__ import annotations

import argparse
import re
from typing import Any, Final, NoReturn

UNKNOWN: Final = "unrecognized arguments: "
MISSING: Final = "the following arguments are required: "
VALUE: Final = re.compile(r"argument (?P<option>\S+): ignored explicit argument (?P<value>.+)")


class Parser(argparse.ArgumentParser):
    """An argument parser that raises KbError for a mistake."""

    def __init__(self, prog: str, description: str, epilog: str = "") -> None:
        super().__init__(
            prog=prog,
            description=description,
            epilog=epilog,
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )

    def error(self, message: str) -> NoReturn:
        from kbtools.errors import KbError

        help_line = f"{self.prog} --help tells more"
        if message.startswith(UNKNOWN):
            raise KbError(*self._refuse(message.removeprefix(UNKNOWN).split(" ", 1)[0], help_line))
        if message.startswith(MISSING):
            raise KbError(f"{self.prog} needs {message.removeprefix(MISSING)}", help_line)
        if given := VALUE.match(message):
            raise KbError(f"{given['option']} takes no value, and was given {given['value']}", help_line)
        raise KbError(message.removeprefix("argument "), help_line)

    def _refuse(self, word: str, help_line: str) -> tuple[str, str]:
        """(what is wrong with a word that no option and no argument takes, what to do)."""
        from difflib import get_close_matches

        if not word.startswith("-"):
            return f"'{word}' is one argument too many", f"quote names with blanks; {help_line}"
        option = word.partition("=")[0]
        near = get_close_matches(option, self._option_string_actions, n=1)
        return f"no option is named '{option}'", f"did you mean {near[0]}?" if near else help_line

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            *others, last = action.choices
            raise argparse.ArgumentError(action, f"'{value}' is not {', '.join(others)} or {last}")
