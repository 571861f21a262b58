r"""LaTeX -> the first thing in it that no renderer could draw: braces, `\left` without `\right`, environments.

Only structure is judged, and only where TeX, KaTeX and MathJax agree; commands are the renderer's affair. Formulas
that define macros or contain `\verb` are not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

TOKEN = re.compile(
    r"""
     \\(?P<edge>begin|end)[ ]*\{(?P<name>[^{}\\\n]*+)\}
    |\\(?P<side>left|right)(?![A-Za-z])
    |\\(?P<sized>middle|[bB]igg?[lrm]?)(?![A-Za-z])
    |\\(?P<command>[A-Za-z]++)
    |\\(?P<odd>[0-9\u3000-\u303f\u4e00-\u9fff\uff00-\uffef])
    |\\.
    |(?P<comment>%[^\n]*+)
    |(?P<mark>[{}&\#])
    """,
    re.VERBOSE | re.DOTALL,
)
DEFINES = re.compile(
    r"\\(?:(?:re)?new(?:command|environment)|providecommand|[gex]?def|let|DeclareMathOperator|DeclarePairedDelimiter\w*)\*?"
    r"[ ]*\{?\\?(?P<name>[A-Za-z]++)"
)
NO_BRACKET = re.compile(r"\s*+(?P<found>[A-Za-z0-9{}（）【】［］｛｝《》「」]|\Z)")
BRACKETS = {"（": "(", "）": ")", "【": "[", "】": "]", "［": "[", "］": "]", "{": "\\{", "｛": "\\{", "}": "\\}", "｝": "\\}"}
PERCENT = re.compile(r"[0-9](?P<mark>%)(?:\S|\Z)")
"""A percent sign that was meant as one: it starts a comment, and nothing shows that it should."""
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
    depth = dict.fromkeys(("begin", "{", "left"), 0)
    commented = False
    for token in TOKEN.finditer(latex):
        opened, closes = _read(token)
        commented = commented or token["comment"] is not None
        problem = _misplaced(latex, token, depth)
        if problem:
            return problem
        if opened:
            if opened.kind == "begin" and opened.name.rstrip("*") not in ENVIRONMENTS:
                return Problem(opened.offset, f"no environment is named '{opened.name}'")
            stack.append(opened)
            depth[opened.kind] += 1
        elif closes:
            if not stack or (stack[-1].kind, stack[-1].name) != closes[:2]:
                return _mismatch(stack, token, closes)
            depth[stack.pop().kind] -= 1
    if stack:
        return _unclosed(stack[-1], commented=commented)
    hidden = PERCENT.search(latex) if commented else None
    return Problem(hidden.start("mark"), "'%' hides the rest of its line: write '\\%'") if hidden else None


def _misplaced(latex: str, token: re.Match[str], depth: Mapping[str, int]) -> Problem | None:
    """What is wrong with a token at its place, whatever follows; `depth` counts what is open."""
    mark = token["mark"]
    if mark == "&" and depth["begin"] == depth["{"] == 0:
        return Problem(token.start(), "'&' outside an environment such as aligned or matrix")
    if mark == "#" and depth["{"] == 0 and "color" not in latex:
        return Problem(token.start(), "'#' must be written '\\#'")
    if token["odd"]:
        return Problem(token.start(), f"no command is named '{token[0]}'")
    if token["sized"] == "middle" and depth["left"] == 0:
        return Problem(token.start(), "'\\middle' outside of '\\left' and '\\right'")
    return _no_bracket(latex, token) if token["side"] or token["sized"] else None


def _no_bracket(latex: str, token: re.Match[str]) -> Problem | None:
    r"""What stands where a bracket must. `\big{(}` is left alone: some renderers take it."""
    found = NO_BRACKET.match(latex, token.end())
    if found is None or (found["found"] == "{" and token["sized"]):
        return None
    if not found["found"]:
        return Problem(token.start(), f"no bracket follows '{token[0]}'")
    bracket = BRACKETS.get(found["found"], "")
    advice = f" (write '{bracket}')" if bracket else ""
    return Problem(found.start("found"), f"'{found['found']}' is no bracket for '{token[0]}'{advice}")


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
    """(offset, name) of every command that has a name of letters."""
    for token in TOKEN.finditer(latex):
        if token["command"]:
            yield token.start(), token["command"]
