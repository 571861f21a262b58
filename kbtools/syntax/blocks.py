"""Text -> blocks, quickly: a few searches are enough for a text that needs no containers to be understood.

What is code or HTML, where headings stand. Anything that could make indentation or nesting matter goes to
`containers.parse_blocks`, which alone knows the rules; a property test holds the two together.
"""

from __future__ import annotations

import re
from functools import lru_cache

from kbtools.syntax.containers import ATX_END, Blocks, Heading, RawFence, parse_blocks

MARKER = r"(?:>[ ]?+|[-*+][ ]|\d{1,9}+[.)][ ])"
ROW = r"(?:\n(?![ ]{4}|[ ]{0,3}\t)[ \t]*+\S[^\n]*+)"
TABBED = r"(?:[-*+]|\d{1,9}+[.)])\t"
RISK = re.compile(
    rf"""\n(?=[\s<\#=>*_+\-\d|:])(?:                                  # most lines begin with a letter: they are done
        [ \t]*+\n(?:[ ]{{4}}|[ ]{{0,3}}\t)[ \t]*+\S                  # an indented line after a blank one
       |[ \t]*+<[A-Za-z/!?]                                        # an HTML block
       |[ \t]++\#{{1,6}}+(?:[ \t]|\n|\Z)                           # a heading that stands in a list item
       |[ ]{{0,3}}\#{{1,6}}+(?:[ \t][^\n]*+)?\n(?:[ ]{{4}}|[ ]{{0,3}}\t)  # an indented line after a heading
       |(?=[ \t]*+[>*_+\-\d])(?:[ \t>*_+-]|\d{{1,9}}+[.)])++(?:\n|\Z)  # nothing but marks: a rule, an empty item
       |[ ]{{0,3}}[- \t]*+[|:][|:\- \t]*+{ROW}*+\n(?:[ ]{{4}}|[ ]{{0,3}}\t)[ \t]*+\S  # an indented line after a table
       |[ \t]*+=++[ \t]*+(?:\n|\Z)                                  # a setext heading
       |[ \t]*+(?:{MARKER}[ ]{{0,3}})*+{TABBED}[ \t#<=>*+\-\d]       # a tab behind a marker, and no letter
       |[ \t]*+{MARKER}(?:[ ]{{0,3}}{MARKER})*+(?:
            [ ]{{4}}|[ ]*+\t                                       # code right after a marker
           |[ ]{{0,3}}(?:\#{{1,6}}+(?:[ \t]|\n|\Z)|<[A-Za-z/!?]|=++[ \t]*+(?:\n|\Z))
        )
    )""",
    re.VERBOSE,
)
PLAIN_FIRST = re.compile(r"[^\s<>\-=*+0-9_`~#]|#{1,6}[^#\s]|#{1,6}+[ ]++[^\n]*+(?:\n(?![ \t])|\Z)|[-*+] [^\s<>\-=*+0-9_`~#]")
MARKS = re.compile(r"`++|~++")
HEADING = re.compile(r"(#{1,6}+)(?=[ \t\n]|\Z)[ \t]*+([^\n]*+)")
INDENTED = re.compile(r"[ \t]*\n*(?: {4}| {0,3}\t)")


def find_blocks(text: str, start: int) -> Blocks:
    """Blocks of `text` from `start` (0, or the line after the frontmatter) on. Total and linear."""
    if "\r" in text:
        return parse_blocks(text, start)
    fences = _find_fences(text, start)
    if fences is None or not _is_plain(text, start, fences):
        return parse_blocks(text, start)
    return Blocks([(fence.mark, fence.end) for fence in fences], _find_headings(text, start, fences), fences, None)


def _is_plain(text: str, start: int, fences: list[RawFence]) -> bool:
    """Whether nothing outside the fences makes indentation or nesting matter. Code may look like anything."""
    if INDENTED.match(text, start) if start else not PLAIN_FIRST.match(text):
        return False
    position = max(start - 1, 0)
    for fence in fences:
        if RISK.search(text, position, fence.line):
            return False
        position = fence.end
    return RISK.search(text, position) is None


def _find_fences(text: str, start: int) -> list[RawFence] | None:
    """The fences when each opens at the start of a line; None where one might open inside a quote or a list."""
    fences: list[RawFence] = []
    backticks, tildes = text.find("```", start), text.find("~~~", start)
    while backticks >= 0 or tildes >= 0:
        at = backticks if tildes < 0 or 0 <= backticks < tildes else tildes
        after = _take_marks(text, start, at, fences)
        if after is None:
            return None
        backticks = text.find("```", after) if 0 <= backticks < after else backticks
        tildes = text.find("~~~", after) if 0 <= tildes < after else tildes
    return fences


def _take_marks(text: str, start: int, at: int, fences: list[RawFence]) -> int | None:
    """Add the fence that the marks at `at` open, if they open one; where to look for the next, None for too hard a case."""
    marks = MARKS.match(text, at)
    assert marks is not None  # there is one of the characters at least
    line = text.rfind("\n", start, at) + 1 or start
    line_end = text.find("\n", marks.end())
    line_end = len(text) if line_end < 0 else line_end
    prefix, mark = text[line:at], marks[0]
    if prefix.strip(" \t>-*+.)0123456789"):
        return marks.end()  # inside a line of text
    if mark[0] == "`" and "`" in text[marks.end() : line_end]:
        return None if prefix.strip(" ") else marks.end()
    if prefix:
        return None
    info = line_end - len(text[marks.end() : line_end].lstrip(" \t"))
    body = min(line_end + 1, len(text))
    close = _closing(mark).search(text, line_end)
    if close is None:
        fences.append(RawFence(line, line, info, line_end, body, len(text), len(text), False))
        return len(text)
    fences.append(RawFence(line, line, info, line_end, body, max(close.start() + 1, body), close.end(), True))
    return None if INDENTED.match(text, close.end() + 1) else close.end()


@lru_cache(maxsize=64)
def _closing(mark: str) -> re.Pattern[str]:
    """What closes a fence opened by `mark`."""
    return re.compile(rf"\n {{0,3}}{mark[0]}{{{len(mark)},}}+[ \t]*+(?=\n|\Z)")


def _find_headings(text: str, start: int, fences: list[RawFence]) -> list[Heading]:
    """The headings outside the fences; in a plain text each starts its line."""
    headings: list[Heading] = []
    if not start and (first := HEADING.match(text)):
        headings.append(_heading(text, first))
    position = max(start - 1, 0)
    for fence in fences:
        _take_headings(text, position, fence.line, headings)
        position = fence.end
    _take_headings(text, position, len(text), headings)
    return headings


def _take_headings(text: str, position: int, end: int, headings: list[Heading]) -> None:
    position = text.find("\n#", position, end)
    while position >= 0:
        if found := HEADING.match(text, position + 1, end):
            headings.append(_heading(text, found))
        position = text.find("\n#", position + 1, end)


def _heading(text: str, found: re.Match[str]) -> Heading:
    end = found.end(2)
    marks = ATX_END.search(text, found.start(2), end) if text[end - 1 : end] in "# \t" else None
    return Heading(found.end(1) - found.start(1), found.start(2), marks.start() if marks else end)
