"""A parsed note -> what its comments silence, and where: `%% kb: ignore broken-link %%`, `%% kb: ignore-file glued-tag %%`.

A comment beside something speaks of its own line, one that stands alone of the next line that is not blank, and
`ignore-file` at the top of a note, before anything else but properties and comments, of the whole note. What follows `--`
is a reason, for people.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from kbtools.lines import LINE_END, LineIndex
from kbtools.syntax.scan import Parsed

MARK: Final = "kb:"
COMMENT: Final = re.compile(r"%%[ \t]*+kb:[ \t]*+(?P<verb>[\w-]*+)(?P<rules>[^%\n]*+)%%")
WORD: Final = re.compile(r"[^\s,，、]++")
REASON: Final = re.compile(r"(?:^|[ \t])(?:--|—)")
BLANK: Final = re.compile(r"[ \t>]*\Z")
WHOLE_NOTE: Final = 0
LINES_AHEAD: Final = 20
"""How many blank lines and other comments may stand between a comment and what it speaks of."""

RawIgnore = tuple[str, int, int, int, str]
"""(rule, start, end, line, what is wrong with the comment); line 0 stands for the whole note."""


def find_ignores(text: str, parsed: Parsed) -> tuple[RawIgnore, ...]:
    """Every rule that a comment names, in order; a comment that cannot silence anything gives one with its problem."""
    comments = frozenset(parsed.inline.comments)
    found = [match for match in COMMENT.finditer(text) if match.span() in comments]
    if not found:
        return ()
    meant = _Lines(text)
    top = _end_of_top(text, parsed)
    return tuple(ignore for match in found for ignore in _read(text, match, meant, top))


def _read(text: str, match: re.Match[str], meant: _Lines, top: int) -> Iterator[RawIgnore]:
    verb = match["verb"]
    if verb not in ("ignore", "ignore-file"):
        yield verb, *match.span(), WHOLE_NOTE, f"kb knows 'ignore' and 'ignore-file', not '{verb}'"
        return
    reason = REASON.search(text, match.start("rules"), match.end("rules"))
    words = list(WORD.finditer(text, match.start("rules"), reason.start() if reason else match.end("rules")))
    if not words:
        yield "", *match.span(), WHOLE_NOTE, "this comment names no rule"
    misplaced = verb == "ignore-file" and match.start() >= top
    problem = "'ignore-file' counts only at the top of a note" if misplaced else ""
    line = WHOLE_NOTE if verb == "ignore-file" else meant.by(match.start())
    for word in words:
        yield word[0], *word.span(), line, problem


class _Lines:
    """The lines of a text, and whether anything but our comments stands on them; each is looked at once."""

    def __init__(self, text: str) -> None:
        self._index = LineIndex(text)
        self._lines = LINE_END.split(text)
        self._blank: dict[int, bool] = {}

    def by(self, offset: int) -> int:
        """The line that a comment at `offset` speaks of: its own, or where nothing else stands on it the next that is not
        blank."""
        line = own = self._index.position(offset)[0]
        while self._is_blank(line) and line < min(own + LINES_AHEAD, len(self._lines)):
            line += 1
        return line

    def _is_blank(self, line: int) -> bool:
        if line not in self._blank:
            self._blank[line] = BLANK.match(COMMENT.sub("", self._lines[line - 1])) is not None
        return self._blank[line]


def _end_of_top(text: str, parsed: Parsed) -> int:
    """Where the note's first word stands, after properties and comments."""
    at, ends = parsed.frontmatter.body, dict(parsed.inline.comments)
    while at < len(text) and (text[at].isspace() or at in ends):
        at = ends.get(at, at + 1)
    return at
