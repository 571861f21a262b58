"""Two texts -> their difference as `diff -u` writes it, for a person to read."""

from __future__ import annotations

from difflib import unified_diff
from typing import Final

from kbtools.report.escapes import plain

RED, GREEN, CYAN, BOLD, PLAIN = "\033[31m", "\033[32m", "\033[36m", "\033[1m", "\033[0m"
TONES: Final = {"-": RED, "+": GREEN, "@": CYAN}
NOTHING: Final = "/dev/null"


def render(before: str | None, after: str, *, old: str, new: str, colour: bool = False) -> str:
    """The difference, "" when there is none; `old` and `new` name the two, `before` is None where there was nothing.

    Line ends are not shown, and what would command a terminal is shown by its escape.
    """
    lines = list(unified_diff(_lines(before or ""), _lines(after), NOTHING if before is None else old, new, lineterm=""))
    return "".join(f"{_painted(line, is_head=row < 2) if colour else line}\n" for row, line in enumerate(lines))


def _lines(text: str) -> list[str]:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if not lines[-1]:
        lines.pop()
    return ["\t".join(map(plain, line.split("\t"))) for line in lines]


def _painted(line: str, *, is_head: bool) -> str:
    tone = BOLD if is_head else TONES.get(line[:1], "")
    return f"{tone}{line}{PLAIN}" if tone else line
