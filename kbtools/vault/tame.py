"""A regular expression as JavaScript writes it -> Python's, if it is tame: whatever it is asked, it answers soon.

Python's engine has no time limit, and a pattern such as `(a+)+$` takes for ever on forty letters. Patterns come with vaults
that others made, so only those are taken that have few ways to match: nothing is repeated that can itself match in several
ways, and not much is repeated at all. `.*` at either end, which a search does not need, is free.
"""

from __future__ import annotations

import re

MOST_REPEATS = 3
"""`*`, `+`, `{2,}`: each may multiply the time by the length of a path."""
MOST_CHOICES = 8
"""`?` and `|`: each may double the time."""

TOKEN = re.compile(
    r"""
      (?P<escape> \\ (?: u[0-9a-fA-F]{4} | x[0-9a-fA-F]{2} | [dDwWsSbBtnrfv] | [^a-zA-Z0-9] ) )
    | (?P<set> \[ \^? (?: [^\]\\] | \\ [dwstnrfv] | \\ [^a-zA-Z0-9] | \\ u[0-9a-fA-F]{4} )++ \] )
    | (?P<open> \( (?: \? (?: : | <?[=!] ) | (?!\?) ) )
    | (?P<named> \(\?< [A-Za-z_]\w*+ > )
    | (?P<close> \) )
    | (?P<bar> \| )
    | (?P<perhaps> \?\?? )
    | (?P<repeat> (?: [*+] | \{ \d{1,3} , \d{0,3} \} ) \?? )
    | (?P<times> \{ \d{1,3} \} )
    | (?P<plain> [^\\()\[|*+?] )
    """,
    re.VERBOSE | re.DOTALL,
)
EDGES = re.compile(r"^\^?\.\*\??|(?<!\\)\.\*\??\$?$")
ASCII = {r"\d": "[0-9]", r"\D": "[^0-9]", r"\w": "[A-Za-z0-9_]", r"\W": "[^A-Za-z0-9_]"}
"""Classes that in JavaScript know ASCII alone."""
LITERAL = str.maketrans({char: f"\\{char}" for char in "[&~|"})
"""What Python's sets do, or may one day do, more with than JavaScript's."""


def compile_tame(pattern: str) -> re.Pattern[str] | None:
    """The pattern, without case; None when it is no regular expression, not tame, or of a kind that only JavaScript has."""
    translated = _translate(EDGES.sub("", pattern))
    if translated is None:
        return None
    try:
        return re.compile(translated, re.IGNORECASE)
    except (re.error, OverflowError, RecursionError):
        return None


def _translate(pattern: str) -> str | None:
    out: list[str] = []
    at, repeats, choices = 0, 0, 0
    opened: list[bool] = []  # for each open group: does it hold a repeat or a choice?
    varied = False  # does the last item?
    while at < len(pattern):
        token = TOKEN.match(pattern, at)
        if token is None:
            return None
        at, kind = token.end(), token.lastgroup
        if kind in ("open", "named"):
            opened.append(False)
            varied = False
        elif kind == "close":
            if not opened:
                return None
            varied = opened.pop()
        elif kind in ("repeat", "times") and varied:
            return None
        else:
            varied = kind in ("bar", "perhaps", "repeat", "times")
            repeats += kind == "repeat"
            choices += kind in ("bar", "perhaps")
        if varied and opened:
            opened[-1] = True
        out.append(_in_python(kind, token[0]))
    return "".join(out) if not opened and repeats <= MOST_REPEATS and choices <= MOST_CHOICES else None


def _in_python(kind: str | None, text: str) -> str:
    if kind == "escape":
        return ASCII.get(text, text)
    if kind == "named":
        return f"(?P{text[2:]}"
    if kind == "plain":
        return re.escape(text) if text in "{}]" else text
    if kind == "set":
        inner = text[1:-1].translate(LITERAL)
        for escape in (r"\d", r"\w"):
            inner = inner.replace(escape, ASCII[escape][1:-1])
        return f"[{inner.replace('--', '-')}]"
    return text
