"""The marks around a code block -> why the site does not find the block between them.

Obsidian closes a block at any marks of its kind that are long enough and indented by less than four; `pymdownx.superfences`
closes it at the very same marks in the very same column, and takes no line for code that begins left of them. Linear.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from kbtools.lines import LineIndex
from kbtools.model import Fence, Fix, Note, Span
from kbtools.syntax.spans import is_inside

OPENING: Final = re.compile(r"(?P<mark>`{3,}+|~{3,}+)(?P<header>[^\r\n]*+)")
LINE: Final = re.compile(r"[^\r\n]*+")
MARKS: Final = re.compile(r"^(?P<lead>[ \t>]*+)(?P<mark>`{3,}+|~{3,}+)[ \t]*+(?P<after>[^`\r\n]*+)(?=[\r\n]|\Z)", re.MULTILINE)
HEADER_START: Final = re.compile(r"[A-Za-z{.]")
LEAD: Final = re.compile(r"[ \t>]*+(?:(?:[-+*]|\d{1,9}+[.)])[ \t]++)*+")
WITH_BACKTICK: Final = re.compile(r"```[^`\n]*+`[^\r\n]*+")
RUN: Final = re.compile(r"`++")
TOO_FAR: Final = re.compile(r"\n(?: {4}| {0,3}\t)[ \t]*+(?P<mark>`{3,}+(?=[^`\n]*+\n)|~{3,}+)[^\r\n]*+")
TEXT: Final = re.compile(r"[ \t]*+(?!#{1,6}+(?:[ \t]|$)|[-=*_ \t]++\r?$|```|~~~)[^\s<][^\n]*+")
TAB: Final = 4


class Mistake(NamedTuple):
    """Something about a block's marks. `span` is what to point at, `fix` what certainly mends it."""

    span: Span
    message: str
    hint: str = ""
    fix: Fix | None = None


class Opening(NamedTuple):
    """The opening line of a fence: `at` is where its marks start, `column` how far right, tabs spread, counted from 0."""

    at: int
    mark: str
    header: str
    column: int

    @property
    def span(self) -> Span:
        """The header."""
        start = self.at + len(self.mark)
        return Span(start, start + len(self.header))


def read_opening(text: str, fence: Fence) -> Opening:
    """The opening line of one of the text's fences."""
    at = fence.span.start + len(fence.prefix)
    line = OPENING.match(text, at)
    assert line is not None  # a fence begins with its marks
    return Opening(at, line["mark"], line["header"], _width(fence.prefix))


def find_lost_end(text: str, fence: Fence, opening: Opening) -> Mistake | None:
    """Why a fence ends nowhere, or not where it should. The next marks without a header are then probably its end."""
    return next(_nested(text, fence, opening), None) if fence.closed else _unclosed(text, fence, opening)


def iter_mistakes(text: str, fence: Fence, opening: Opening) -> Iterator[Mistake]:
    """What is wrong with a closed fence: its closing marks, and the indent of its code."""
    yield from _closing(text, fence, opening)
    if opening.column:
        yield from _outdented(text, fence, opening)


def _width(lead: str) -> int:
    return len(lead.expandtabs(TAB))


# ------------------------------------------------------------------------------------------------ lost ends


def _unclosed(text: str, fence: Fence, opening: Opening) -> Mistake:
    span = Span(opening.at, opening.at + len(opening.mark))
    if fence.span.end < len(text.rstrip()):
        if fence.prefix.rstrip().endswith(">"):
            return Mistake(span, f"the quote ends before '{opening.mark}' is closed", "begin every line of the block with '>'")
        hint = f"indent the code and the closing '{opening.mark}' as the opening one"
        return Mistake(span, f"the list item ends before '{opening.mark}' is closed", hint)
    return Mistake(span, f"'{opening.mark}' is never closed", _guess_end(text, fence, opening))


def _guess_end(text: str, fence: Fence, opening: Opening) -> str:
    """Words about the first marks in an open block: they are probably its end."""
    found = _iter_marks(text, fence, opening, shortest=3)
    marks = next((marks for marks in found if len(marks["mark"]) >= len(opening.mark) or not marks["after"]), None)
    if marks is None:
        return ""
    line, _ = LineIndex(text).position(marks.start("mark"))
    if marks["after"]:
        what = "opens another block" if HEADER_START.match(marks["after"]) else "is followed by text"
    elif len(marks["mark"]) < len(opening.mark):
        what = "is too short"
    else:
        what = "is indented too far"
    return f"'{marks['mark']}' on line {line} {what}"


def _nested(text: str, fence: Fence, opening: Opening) -> Iterator[Mistake]:
    """Marks with something after them close nothing: either the end of this block was forgotten, or it was meant to hold
    another block and now ends with that one."""
    marks = next(_iter_marks(text, fence, opening, shortest=len(opening.mark)), None)
    if marks is None or _width(marks["lead"]) > opening.column + 3 or not marks["after"]:
        return
    span = Span(marks.start("mark"), marks.end())
    written = text[span.start : span.end].rstrip()
    if HEADER_START.match(marks["after"]):
        longer = opening.mark + opening.mark[0]
        hint = f"close the block before it, or open and close that one with '{longer}'"
        yield Mistake(span, f"'{written}' stands inside a block that '{opening.mark}' opened", hint)
        return
    yield Mistake(span, f"'{written}' closes nothing: text follows the marks", "put the text on the next line")


def _iter_marks(text: str, fence: Fence, opening: Opening, shortest: int) -> Iterator[re.Match[str]]:
    """Lines of a block that begin with marks of its kind."""
    start, end = fence.body_span.start, fence.body_span.end
    if text.find(opening.mark[0] * shortest, start, end) < 0:
        return
    for marks in MARKS.finditer(text, start, end):
        if marks["mark"][0] == opening.mark[0] and len(marks["mark"]) >= shortest:
            yield marks


# ------------------------------------------------------------------------------------------------ closing marks and code


def _closing(text: str, fence: Fence, opening: Opening) -> Iterator[Mistake]:
    marks = MARKS.match(text, fence.body_span.end)
    if marks is None:  # lines that end in a lone carriage return
        return
    span = Span(*marks.span("mark"))
    if len(marks["mark"]) > len(opening.mark):
        message = f"the closing '{marks['mark']}' is longer than the opening '{opening.mark}': the site does not see it"
        yield Mistake(span, message, f"write '{opening.mark}'", Fix(span, opening.mark))
    if _width(marks["lead"]) != opening.column:
        lead = "".join(char if char in "> \t" else " " for char in fence.prefix)
        message = f"the closing '{marks['mark']}' does not stand right below the opening one: the site does not see it"
        yield Mistake(span, message, f"move it to column {len(lead) + 1}", Fix(Span(*marks.span("lead")), lead))


def _outdented(text: str, fence: Fence, opening: Opening) -> Iterator[Mistake]:
    position, end = fence.body_span.start, fence.body_span.end
    quotes = fence.prefix.count(">")
    while position < end:
        line = LINE.match(text, position, end)
        assert line is not None  # the pattern matches everywhere
        code, pending = _first_code(line[0], opening.column, quotes)
        if code >= 0:
            what = "the '>' of this line stand" if pending else "this line stands"
            where = "right" if pending else "left"
            hint = "begin it as the line of the marks begins"
            yield Mistake(Span(position + code, line.end()), f"{what} {where} of the marks of its block", hint)
            return
        position = line.end() + 1


def _first_code(line: str, width: int, quotes: int) -> tuple[int, int]:
    """Where a line's code begins, if left of column `width`, or a quote's `>`, if right of it; else -1. How many quotes are
    then still to come."""
    column = 0
    for at, char in enumerate(line):
        if column >= width:
            return (at, quotes) if quotes else (-1, 0)
        if char == ">" and quotes:
            quotes -= 1
        elif char not in " \t":
            return at, 0
        column += TAB - column % TAB if char == "\t" else 1
    return -1, 0


# ------------------------------------------------------------------------------------------------ marks that open nothing


def iter_backticked(note: Note) -> Iterator[Mistake]:
    """Marks that open nothing because of a backtick after them. The next marks without a header were to close that block."""
    found = list(_iter_backticks(note.source.text))
    if found:
        opaque = note.opaque
        spans = {span.start for span in opaque}  # a code span of several lines
        yield from (mistake for mistake in found if mistake.span.start not in spans and not _is_hidden(mistake, opaque))


def iter_indented(note: Note) -> Iterator[Mistake]:
    """Marks that are indented by four or more and continue a paragraph. After a blank line they may be meant: an indented
    block that shows a fence."""
    found = list(_iter_too_far(note.source.text))
    if found:
        opaque = note.opaque
        fences = {fence.span.start + len(fence.prefix) for fence in note.fences}
        yield from (mistake for mistake in found if mistake.span.start not in fences and not _is_hidden(mistake, opaque))


def _is_hidden(mistake: Mistake, opaque: Sequence[Span]) -> bool:
    return is_inside(opaque, mistake.span.start)


def _iter_backticks(text: str) -> Iterator[Mistake]:
    for found in WITH_BACKTICK.finditer(text):
        line = text.rfind("\n", 0, found.start()) + 1
        opening = OPENING.match(text, found.start())
        if opening is None or not LEAD.fullmatch(text, line, found.start()):
            continue
        runs = RUN.findall(opening["header"])
        if runs and opening["mark"] not in runs:
            message = f"'{opening[0].rstrip()}' opens no block: it has a backtick after the marks"
            yield Mistake(Span(*opening.span()), message, "drop the backtick, or use '~~~' for marks")


def _iter_too_far(text: str) -> Iterator[Mistake]:
    if not any(blank + marks in text for marks in ("```", "~~~") for blank in " \t"):
        return
    position, endless = 0, set[str]()
    while found := TOO_FAR.search(text, position):
        position = found.end()
        line = text.rfind("\n", 0, found.start()) + 1
        if found["mark"] in endless or not TEXT.fullmatch(text, line, found.start()):
            continue
        closing = re.compile(rf"\n[ \t]++{found['mark']}[ \t]*+(?=[\r\n]|\Z)").search(text, position)
        if closing is None:
            endless.add(found["mark"])
            continue
        position = closing.end()
        written = text[found.start("mark") : found.end()].rstrip()
        message = f"'{written}' opens no block: it is indented too far for the text above it"
        yield Mistake(Span(found.start("mark"), found.end()), message, "put it right below the first letter of that text")
