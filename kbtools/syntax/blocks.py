"""Text -> blocks, quickly: two searches are enough for a text that needs no containers to be understood.

What is code or HTML, where headings stand. Anything that could make indentation or nesting matter goes to
`containers.parse_blocks`, which alone knows the rules; a property test holds the two together.
"""

from __future__ import annotations

import re
from functools import lru_cache

from kbtools.syntax.containers import ATX_END, Blocks, Heading, RawFence, parse_blocks

MARKER = r"(?:>[ ]?+|[-*+][ ]|\d{1,9}+[.)][ ])"
RISK = re.compile(
    rf"""\n(?:
        [ \t]*+\n(?:[ ]{{4}}|[ ]{{0,3}}\t)[ \t]*+\S                  # an indented line after a blank one
       |[ \t]*+<[A-Za-z/!?]                                        # an HTML block
       |[ \t]++\#{{1,6}}+(?:[ \t]|\n|\Z)                           # a heading that stands in a list item
       |[ ]{{0,3}}\#{{1,6}}+(?:[ \t][^\n]*+)?\n(?:[ ]{{4}}|[ ]{{0,3}}\t)  # an indented line after a heading
       |(?=[ \t]*+[>*_+\-\d])(?:[ \t>*_+-]|\d{{1,9}}+[.)])++(?:\n|\Z)  # nothing but marks: a rule, an empty item
       |[ ]{{0,3}}=++[ \t]*+(?:\n|\Z)                               # a setext heading
       |[ \t]*+{MARKER}(?:[ ]{{0,3}}{MARKER})*+(?:
            [ ]{{4}}|[ ]*+\t                                       # code right after a marker
           |[ ]{{0,3}}(?:\#{{1,6}}+(?:[ \t]|\n|\Z)|<[A-Za-z/!?]|=++[ \t]*+(?:\n|\Z))
        )
    )""",
    re.VERBOSE,
)
PLAIN_FIRST = re.compile(r"[^\s<>\-=*+0-9_`~#]|#{1,6}[^#\s]|#{1,6}+[ ]++[^\n]*+(?:\n(?![ \t])|\Z)|[-*+] [^\s<>\-=*+0-9_`~#]")
MARKS = re.compile(r"```(?:`*+)|~~~(?:~*+)")
HEADING = re.compile(r"\n {0,3}(#{1,6}+)(?=[ \t\n]|\Z)[ \t]*+([^\n]*+)")
FIRST_HEADING = re.compile(r"(#{1,6}+)(?=[ \t\n]|\Z)[ \t]*+([^\n]*+)")
INDENTED = re.compile(r"[ \t]*\n*(?: {4}| {0,3}\t)")


def find_blocks(text: str, start: int) -> Blocks:
    """Blocks of `text` from `start` (0, or the line after the frontmatter) on. Total and linear."""
    if "\r" in text or not _is_plain(text, start):
        return parse_blocks(text, start)
    fences: list[RawFence] | None = []
    if "```" in text or "~~~" in text:
        fences = _find_fences(text, start)
        if fences is None:
            return parse_blocks(text, start)
    assert fences is not None
    return Blocks([(fence.mark, fence.end) for fence in fences], _find_headings(text, start, fences), fences, None)


def _is_plain(text: str, start: int) -> bool:
    if not start:
        return PLAIN_FIRST.match(text) is not None and RISK.search(text) is None
    return INDENTED.match(text, start) is None and RISK.search(text, start - 1) is None


def _find_fences(text: str, start: int) -> list[RawFence] | None:
    """The fences when each opens at the start of a line; None where one might open inside a quote or a list."""
    fences: list[RawFence] = []
    position = start
    while True:
        marks = MARKS.search(text, position)
        if marks is None:
            return fences
        line = text.rfind("\n", start, marks.start()) + 1 or start
        line_end = text.find("\n", marks.end())
        line_end = len(text) if line_end < 0 else line_end
        prefix = text[line : marks.start()]
        if prefix.strip(" \t>-*+.)0123456789"):
            position = marks.end()  # inside a line of text
            continue
        mark = marks[0]
        if mark[0] == "`" and "`" in text[marks.end() : line_end]:
            if prefix.strip(" "):
                return None
            position = marks.end()
            continue
        if prefix:
            return None
        close = _closing(mark).search(text, line_end)
        info = line_end - len(text[marks.end() : line_end].lstrip(" \t"))
        body = min(line_end + 1, len(text))
        if close is None:
            fences.append(RawFence(line, line, info, line_end, body, len(text), len(text), False))
            return fences
        fences.append(RawFence(line, line, info, line_end, body, max(close.start() + 1, body), close.end(), True))
        position = close.end()
        if INDENTED.match(text, position + 1):
            return None


@lru_cache(maxsize=64)
def _closing(mark: str) -> re.Pattern[str]:
    """What closes a fence opened by `mark`."""
    return re.compile(rf"\n {{0,3}}{mark[0]}{{{len(mark)},}}+[ \t]*+(?=\n|\Z)")


def _find_headings(text: str, start: int, fences: list[RawFence]) -> list[Heading]:
    headings: list[Heading] = []
    position = start - 1 if start else 0
    if not start and (first := FIRST_HEADING.match(text)):
        headings.append(_heading(text, first))
    for fence in fences:
        headings += [_heading(text, found) for found in HEADING.finditer(text, position, max(fence.line, position))]
        position = fence.end
    headings += [_heading(text, found) for found in HEADING.finditer(text, position)]
    return headings


def _heading(text: str, found: re.Match[str]) -> Heading:
    end = found.end(2)
    marks = ATX_END.search(text, found.start(2), end) if text[end - 1 : end] in "# \t" else None
    return Heading(found.end(1) - found.start(1), found.start(2), marks.start() if marks else end)
