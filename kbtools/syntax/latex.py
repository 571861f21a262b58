r"""LaTeX -> the first thing in it that no renderer could draw: braces, `\left` without `\right`, environments.

Only structure is judged, and only where TeX, KaTeX and MathJax agree; commands are the renderer's affair. Formulas
that define macros or contain `\verb` are not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

TOKEN = re.compile(
    r"""
     \\(?P<edge>begin|end)[ ]*\{(?P<name>[^{}\\\n]*+)\}
    |\\(?P<side>left|right)(?![A-Za-z])
    |\\(?P<command>[A-Za-z]++)
    |\\.
    |(?P<comment>%[^\n]*+)
    |(?P<mark>[{}&])
    """,
    re.VERBOSE | re.DOTALL,
)
DEFINES = re.compile(
    r"\\(?:(?:re)?new(?:command|environment)|providecommand|[gex]?def|let|DeclareMathOperator|DeclarePairedDelimiter\w*)\*?"
    r"[ ]*\{?\\?(?P<name>[A-Za-z]++)"
)
UNREAD = re.compile(r"\\(?:verb|require|catcode|begingroup)(?![A-Za-z])")
_ENVIRONMENTS = """
    align alignat aligned alignedat array Bmatrix bmatrix bsmallmatrix Bsmallmatrix cases CD center
    crampedsubarray darray dcases displaymath drcases empheq eqnarray equation flalign gather gathered
    indentalign lgathered math matrix multline multlined numcases pmatrix prooftree psmallmatrix rcases
    rgathered smallmatrix split spreadlines subarray subeqnarray subequations subnumcases tabular vmatrix
    Vmatrix Vsmallmatrix vsmallmatrix xalignat xxalignat
"""
ENVIRONMENTS = frozenset(_ENVIRONMENTS.split())


class Problem(NamedTuple):
    """Something that cannot be drawn: where in the formula, and what."""

    offset: int
    text: str


class _Open(NamedTuple):
    offset: int
    kind: str
    name: str

    def words(self) -> str:
        return {"begin": f"'\\begin{{{self.name}}}'", "{": "'{'", "left": "'\\left'"}[self.kind]

    def closing(self) -> str:
        return {"begin": f"'\\end{{{self.name}}}'", "{": "'}'", "left": "'\\right'"}[self.kind]


def find_problem(latex: str) -> Problem | None:
    """The first structural mistake of a formula (without its dollars), or None. Linear."""
    if UNREAD.search(latex) or DEFINES.search(latex):
        return None
    stack: list[_Open] = []
    commented = False
    for token in TOKEN.finditer(latex):
        opened, closes = _read(token)
        commented = commented or token["comment"] is not None
        if token["mark"] == "&" and all(item.kind == "left" for item in stack):
            return Problem(token.start(), "'&' outside an environment such as aligned or matrix")
        if opened:
            if opened.kind == "begin" and opened.name.rstrip("*") not in ENVIRONMENTS:
                return Problem(opened.offset, f"no environment is named '{opened.name}'")
            stack.append(opened)
        elif closes:
            if not stack or (stack[-1].kind, stack[-1].name) != closes[:2]:
                return _mismatch(stack, token, closes)
            stack.pop()
    return _unclosed(stack[-1], commented=commented) if stack else None


def _read(token: re.Match[str]) -> tuple[_Open | None, tuple[str, str] | None]:
    """(what the token opens, (kind, name) of what it closes)."""
    if token["edge"] == "begin":
        return _Open(token.start(), "begin", token["name"]), None
    if token["side"] == "left":
        return _Open(token.start(), "left", ""), None
    if token["mark"] == "{":
        return _Open(token.start(), "{", ""), None
    closes = ("begin", token["name"]) if token["edge"] else ("left", "") if token["side"] else None
    return None, ("{", "") if token["mark"] == "}" else closes


def _mismatch(stack: list[_Open], token: re.Match[str], closes: tuple[str, str]) -> Problem:
    if any((item.kind, item.name) == closes for item in stack):
        return _unclosed(stack[-1])
    if stack and stack[-1].kind == closes[0] == "begin":
        return Problem(token.start(), f"{stack[-1].words()} is closed by '{token[0]}'")
    return Problem(token.start(), f"'{token[0]}' closes nothing")


def _unclosed(item: _Open, *, commented: bool = False) -> Problem:
    reason = " (a '%' hides the rest of its line: write '\\%')" if commented else ""
    return Problem(item.offset, f"{item.words()} has no {item.closing()}{reason}")


def iter_commands(latex: str) -> Iterator[tuple[int, str]]:
    """(offset, name) of every command of two letters or more."""
    for token in TOKEN.finditer(latex):
        name = token["command"]
        if name and len(name) > 1:
            yield token.start(), name
