"""Text -> blocks, quickly: one search is enough for a text that needs no containers to be understood.

What is code or HTML, where headings stand. Anything that could make indentation or nesting matter goes to
`containers.parse_blocks`, which alone knows the rules; a property test holds the two together.
"""

from __future__ import annotations

import re
from functools import lru_cache

from kbtools.syntax.containers import ATX_END, Blocks, Heading, RawFence, parse_blocks

INDENT = r"(?:[ ]{4}|[ ]{0,3}\t)"
MARKER = r"(?:>[ ]?+|[-*+][ ]|\d{1,9}+[.)][ ])"
TABBED = r"(?:[-*+]|\d{1,9}+[.)])\t"
EVENT = re.compile(
    # What a line begins with decides; most begin with a letter and are no event. What has no name is too hard for this file.
    rf"""\n(?:
        \#(?P<more>\#{{0,5}}+)(?=[ \t\n]|\Z)[ \t]*+(?P<heading>[^\n]*+)(?!\n{INDENT})
       |\#{{1,6}}+(?=[ \t\n]|\Z)                                      # a heading, and an indented line after it
       |`(?P<backticks>``++)
       |~(?P<tildes>~~++)
       |\n{INDENT}[ \t]*+\S                                         # an indented line after a blank one
       |(?=[ \t<=>*_+\-\d|:])[ \t]*+(?:
            \n{INDENT}[ \t]*+\S
           |<[A-Za-z/!?]                                            # an HTML block
           |=++[ \t]*+(?:\n|\Z)                                     # a setext heading
           |(?<=[ \t])(?:\#{{1,6}}+(?:[ \t]|\n|\Z)|```|~~~)            # a heading or a fence that stands in a list item
           |(?=[>*_+\-\d])(?:
                (?:[ \t>*_+-]|\d{{1,9}}+[.)])++(?:\n|\Z)              # nothing but marks: a rule, an empty item
               |[ \t>*+\-\d.)]++(?:```|~~~)
               |(?:{MARKER}[ ]{{0,3}})*+{TABBED}[ \t#<=>*+\-\d]       # a tab behind a marker, and no letter
               |{MARKER}(?:[ ]{{0,3}}{MARKER})*+(?:
                    [ ]{{4}}|[ ]*+\t                                # code right after a marker
                   |[ ]{{0,3}}(?:\#{{1,6}}+(?:[ \t]|\n|\Z)|<[A-Za-z/!?]|=++[ \t]*+(?:\n|\Z))
                )
            )
        )
       |{INDENT}[- \t]*+[|:][|:\- \t]*+(?:\n|\Z)                     # a table in a list item, or none
       |[ ]{{0,3}}(?=[|:-])[- \t]*+[|:][|:\- \t]*+(?=\n|\Z)(?P<delimiters>)
       |{INDENT}[ \t]*+\S(?P<indented>)
    )""",
    re.VERBOSE,
)
PLAIN_FIRST = re.compile(r"[^\s<>\-=*+0-9_`~#]|#{1,6}[^#\s]|#{1,6}+[ ]++[^\n]*+(?:\n(?![ \t])|\Z)|[-*+] [^\s<>\-=*+0-9_`~#]")
FIRST_HEADING = re.compile(r"#(?P<more>#{0,5}+)(?=[ \t\n]|\Z)[ \t]*+(?P<heading>[^\n]*+)")
INDENTED = re.compile(r"[ \t]*\n*(?: {4}| {0,3}\t)")


def find_blocks(text: str, start: int) -> Blocks:
    """Blocks of `text` from `start` (0, or the line after the frontmatter) on. Total and linear."""
    hard = "\r" in text or (INDENTED.match(text, start) if start else not PLAIN_FIRST.match(text))
    blocks = None if hard else _find_plain(text, start)
    return parse_blocks(text, start) if blocks is None else blocks


def _find_plain(text: str, start: int) -> Blocks | None:
    """The blocks, or None where something makes indentation or nesting matter."""
    headings: list[Heading] = []
    fences: list[RawFence] = []
    if not start and (first := FIRST_HEADING.match(text)):
        headings.append(_heading(text, first))
    position, table = max(start - 1, 0), -1
    while event := EVENT.search(text, position):
        kind, position = event.lastgroup, event.end()
        if kind == "heading":
            headings.append(_heading(text, event))
        elif kind == "backticks" or kind == "tildes":
            fence = _find_fence(text, event.start() + 1, position)
            if fence is None:
                continue
            if INDENTED.match(text, fence.end + 1):
                return None
            fences.append(fence)
            position = fence.end
        elif kind == "delimiters":
            table = event.start()
        elif kind is None or (table >= 0 and text.find("\n\n", table, position) < 0):  # indented, right below a table
            return None
    return Blocks([(fence.mark, fence.end) for fence in fences], headings, fences, None)


def _find_fence(text: str, line: int, marks_end: int) -> RawFence | None:
    """The fence that the marks at the start of a line open; None where they are code in a line of text."""
    line_end = text.find("\n", marks_end)
    line_end = len(text) if line_end < 0 else line_end
    if text[line] == "`" and "`" in text[marks_end:line_end]:
        return None
    info = line_end - len(text[marks_end:line_end].lstrip(" \t"))
    body = min(line_end + 1, len(text))
    close = _closing(text[line:marks_end]).search(text, line_end)
    if close is None:
        return RawFence(line, line, info, line_end, body, len(text), len(text), False)
    return RawFence(line, line, info, line_end, body, max(close.start() + 1, body), close.end(), True)


@lru_cache(maxsize=64)
def _closing(mark: str) -> re.Pattern[str]:
    """What closes a fence opened by `mark`."""
    return re.compile(rf"\n {{0,3}}{mark[0]}{{{len(mark)},}}+[ \t]*+(?=\n|\Z)")


def _heading(text: str, found: re.Match[str]) -> Heading:
    start, end = found.span("heading")
    if text[end - 1] in "# \t":
        marks = ATX_END.search(text, start, end)
        end = marks.start() if marks else end
    return Heading(len(found["more"]) + 1, start, end)
