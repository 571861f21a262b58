"""Lines of Python -> where and why Python does not compile them. Nothing is executed, and no disk is touched.

A block in a note is read as its author means it: a fragment may be indented, may `return`, `break` or `await` outside of a
function, and may hold lines that only Jupyter understands (`%matplotlib inline`, `!pip install x`).
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Sequence
from typing import Final, NamedTuple

LONGEST: Final = 50_000
"""Longer code is not looked at: a comprehension of some 300,000 characters overflows the compiler's stack and ends the process,
and a few things (many equal functions, many fields in one f-string) take it quadratic time."""
FRAGMENT: Final = re.compile(
    r"'(?:return|yield|yield from|await|break)' outside (?:function|loop)$|'continue' not properly in loop$"
    r"|nonlocal declaration not allowed at module level$"
)
"""What Python says of lines that are right where they come from."""
JUPYTER: Final = re.compile(r"(?P<indent>[ \t]*+)(?:[%!?]|[\w., ]++=[ \t]*+[%!](?!=)|[\w.]++\?{1,2}+[ \t]*+$)")
LINE_NUMBER: Final = re.compile(r"(?P<words>\b(?:on|at) line )(?P<number>\d++)")
CHARACTER: Final = ("invalid character", "invalid non-printable character")
MEANT: Final = {
    **{chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},
    **dict.fromkeys("“”„‟", '"'),
    **dict.fromkeys("‘’‚‛", "'"),
    **dict(zip("。、—–−×÷·【】《》\u3000\u00a0", ".,---*/*[]<>  ", strict=True)),
    "…": "...",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "→": "->",
}
"""What was probably meant by characters that Python does not take."""
HINTS: Final = (
    ("inconsistent use of tabs and spaces", "", "indent with spaces alone"),
    ("Missing parentheses in call to", "", "that is Python 2"),
    ("expected an indented block", "", "write '...' for what is left out"),
    ("invalid syntax", ">>>", "a session belongs in a block marked 'pycon'"),
)
"""How Python's words begin, what the line then holds, and what to do about it."""


class Problem(NamedTuple):
    """Why code does not compile: `row`, `start` and `end` count from 0; `text` is what Python says, and line numbers in it
    count the code's own lines from 1."""

    row: int
    start: int
    end: int
    text: str


def find_problem(lines: Sequence[str]) -> Problem | None:
    """The first thing Python objects to, or None. Total."""
    code = [line for line in lines if (text := line.lstrip()) and text[0] != "#"]
    if not code or code[0].lstrip().startswith("%%") or sum(map(len, lines)) > LONGEST:
        return None
    around = _open_blocks(code)
    problem = _compile(around, lines)
    if problem is None or not JUPYTER.match(lines[problem.row]):
        return problem
    plain = [f"{found['indent']}pass" if (found := JUPYTER.match(line)) else line for line in lines]
    problem = _compile(around, plain)
    if problem is None or plain[problem.row] == lines[problem.row]:
        return problem
    return problem._replace(start=len(_indent(lines[problem.row])), end=len(lines[problem.row]))


def shift_lines(text: str, by: int) -> str:
    """What Python says, its line numbers moved."""
    return LINE_NUMBER.sub(lambda found: f"{found['words']}{int(found['number']) + by}", text)


def advise(problem: Problem, line: str) -> str:
    """What to do about a problem, where that is known. `line` is the line it stands in."""
    char = line[problem.start : problem.start + 1]
    if problem.text.startswith(CHARACTER):
        meant = MEANT.get(char, "")
        return f"write '{meant}' for '{char}'" if meant.strip() else "put an ordinary space in its place" if meant else ""
    return next((hint for said, held, hint in HINTS if problem.text.startswith(said) and held in line), "")


def _open_blocks(code: Sequence[str]) -> list[str]:
    """Lines to put before a fragment whose first line is indented: a block for each indent it may fall back to."""
    first = _width(code[0])
    if first == 0:
        return []
    margins = {_width(line): _indent(line) for line in code}
    return ["if 1:", *(f"{margins[width]}if 1:" for width in sorted(margins) if 0 < width < first)]


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t"))]


def _width(line: str) -> int:
    return len(_indent(line).expandtabs(8))


def _compile(around: Sequence[str], lines: Sequence[str]) -> Problem | None:
    source = "\n".join((*around, *lines, ""))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(source, "<note>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True, optimize=0)
        except SyntaxError as error:
            return None if FRAGMENT.match(error.msg) else _locate(error, len(around), lines)
        except (RecursionError, MemoryError):
            return Problem(0, 0, len(lines[0]), "it is nested too deeply")
        except ValueError as error:  # a lone surrogate
            return Problem(0, 0, len(lines[0]), str(error))
    return None


def _locate(error: SyntaxError, before: int, lines: Sequence[str]) -> Problem:
    text = shift_lines(error.msg, -before)
    if error.lineno is None:
        row = next((row for row, line in enumerate(lines) if "\0" in line), 0)
        start = max(lines[row].find("\0"), 0)
        return Problem(row, start, min(start + 1, len(lines[row])), text)
    row = min(max(error.lineno - before, 1), len(lines)) - 1
    line = lines[row]
    if isinstance(error, IndentationError):
        indent = len(_indent(line))
        return Problem(row, indent, max(len(line.rstrip()), indent), text)
    start = max((error.offset or 1) - 1, 0)
    known = error.end_lineno == error.lineno and error.end_offset is not None
    end = (error.end_offset or 0) - 1 if known else len(line)
    if error.text is None:  # found after parsing: columns count bytes
        start, end = _characters(line, start), _characters(line, end) if known else end
    elif error.text.startswith("(") and not line.startswith("("):  # in an f-string: columns count from its field
        start, end = max(line.find(error.text.strip()[1:-1]), 0), 0
    start = min(start, len(line))
    return Problem(row, start, min(max(end, start + 1), len(line)), text)


def _characters(line: str, count: int) -> int:
    """How many characters so many bytes of a line are."""
    return len(line.encode()[: max(count, 0)].decode(errors="ignore"))
