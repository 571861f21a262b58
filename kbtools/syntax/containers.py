"""Text -> blocks, line by line, as CommonMark does (https://spec.commonmark.org/0.31.2/#phase-1-block-structure).

Quotes and list items nest; a fence, an HTML block or an indented line belongs to the container it stands in. Inline
markup is not looked at. Total and linear: a line costs at most its own length and `MAX_DEPTH` containers.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Heading(NamedTuple):
    """A heading: `start`, `end` cover its text, marks left out (a setext heading may have several lines)."""

    level: int
    start: int
    end: int


class RawFence(NamedTuple):
    """A fenced block: `line` starts its first line, `mark` its opening marks; `info` is the rest of that line."""

    line: int
    mark: int
    info_start: int
    info_end: int
    body_start: int
    body_end: int
    end: int
    closed: bool


class Blocks(NamedTuple):
    """`opaque` ranges hold no links (sorted, disjoint); `limits` are the offsets where a new inline context begins,
    or None when the quick way was taken and they are not known."""

    opaque: list[tuple[int, int]]
    headings: list[Heading]
    fences: list[RawFence]
    limits: list[int] | None


MAX_DEPTH = 100
LINE = re.compile(r"([^\r\n]*+)(\r\n|\n|\r|\Z)")
ATX = re.compile(r"(#{1,6}+)(?=[ \t]|$)[ \t]*+(.*+)")
ATX_END = re.compile(r"(?:^|[ \t])#++[ \t]*$")
FENCE = re.compile(r"(?P<mark>`{3,}+(?=[^`]*+$)|~{3,}+)[ \t]*+(?P<info>.*+)")
SETEXT = re.compile(r"(=++|-++)[ \t]*+$")
DELIMITERS = re.compile(r"\|?+[ \t]*+:?+-++:?+[ \t]*+(?:\|[ \t]*+:?+-++:?+[ \t]*+)*+\|?+[ \t]*+$")
CELL_END = re.compile(r"(?<!\\)\|")
RULE = re.compile(r"(?:(?:\*[ \t]*+){3,}+|(?:-[ \t]*+){3,}+|(?:_[ \t]*+){3,}+)$")
DEFINITION_LINE = re.compile(
    r"""[ \t>]*+\[(?![\^\]])[^\[\]]++\]:[ \t]*+(?:<[^<>]*+>|(?!<|\[\[)[^\x00-\x20\x7f]++)     # a label, an address
    (?:[ \t]++(?:"[^"]*+"|'[^']*+'|\([^()]*+\)))?+[ \t]*+$                   # perhaps a title""",
    re.VERBOSE,
)
ITEM = re.compile(r"(?:[-+*]|(?P<number>\d{1,9}+)[.)])(?=[ \t]|$)")

ATTRIBUTES = r"""(?:[ \t]++[A-Za-z_:][\w.:-]*+(?:[ \t]*+=[ \t]*+(?:[^\s"'=<>`]++|'[^']*+'|"[^"]*+"))?+)*+"""
TAG = rf"(?:[A-Za-z][A-Za-z0-9-]*+{ATTRIBUTES}[ \t]*+/?>|/[A-Za-z][A-Za-z0-9-]*+[ \t]*+>)"
BLOCK_NAMES = (
    "address|article|aside|base|basefont|blockquote|body|caption|center|col|colgroup|dd|details|dialog|dir|div|dl|dt|"
    "fieldset|figcaption|figure|footer|form|frame|frameset|h1|h2|h3|h4|h5|h6|head|header|hr|html|iframe|legend|li|link|"
    "main|menu|menuitem|nav|noframes|ol|optgroup|option|p|param|search|section|summary|table|tbody|td|tfoot|th|thead|"
    "title|tr|track|ul"
)
HTML_STARTS: tuple[tuple[re.Pattern[str], re.Pattern[str] | None], ...] = (
    (re.compile(r"<(?:script|pre|style|textarea)(?=[\s>]|$)", re.I), re.compile(r"</(?:script|pre|style|textarea)>", re.I)),
    (re.compile(r"<!--"), re.compile(r"-->")),
    (re.compile(r"<\?"), re.compile(r"\?>")),
    (re.compile(r"<![A-Za-z]"), re.compile(r">")),
    (re.compile(r"<!\[CDATA\["), re.compile(r"\]\]>")),
    (re.compile(rf"</?(?:{BLOCK_NAMES})(?=[\s>]|/>|$)", re.I), None),
    (re.compile(rf"<{TAG}[ \t]*+$"), None),
)
"""How an HTML block starts and what ends it (None: a blank line). The last kind cannot interrupt a paragraph."""


def parse_blocks(text: str, start: int) -> Blocks:
    """Blocks of `text` from offset `start` on. Never fails."""
    walker = _Walker(text)
    position, size = start, len(text)
    while position < size:
        match = LINE.match(text, position)
        assert match is not None  # the pattern matches everywhere
        walker.line(position, match.end(1), match.end())
        position = match.end()
    walker.close_leaf(size)
    return Blocks(walker.opaque, walker.headings, walker.fences, sorted(walker.limits))


class _Walker:
    """The open containers and the open leaf while lines go by."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.opaque: list[tuple[int, int]] = []
        self.headings: list[Heading] = []
        self.fences: list[RawFence] = []
        self.limits: list[int] = []
        self.containers: list[int] = []  # 0: a quote, n: a list item whose content is indented by n columns
        self.empty_item = False  # the innermost item has only its marker so far
        self.leaf = ""  # "", paragraph, fence, html, code
        self.leaf_start = 0
        self.leaf_content = 0
        self.in_table = False  # each line of the paragraph is a row
        self.row_start = 0
        self.deep_row = False  # the last line is indented so far that no table can begin with it
        self.leaf_end = 0
        self.fence: tuple[str, int, int, int, int, int] = ("", 0, 0, 0, 0, 0)
        self.html_end: re.Pattern[str] | None = None

    def line(self, start: int, end: int, after: int) -> None:
        """Take the line text[start:end]; the next one starts at `after`."""
        position, column, matched = self._match_containers(start, end)
        whole = matched == len(self.containers)
        if self.leaf == "fence":
            if whole:
                self._fence_line(position, column, end, after)
                return
            self.close_leaf(start)
        elif self.leaf == "html":
            if whole and self._html_line(position, end, after):
                return
            self.close_leaf(start)
        self._open_blocks(start, position, column, end, after, matched)

    def _match_containers(self, start: int, end: int) -> tuple[int, int, int]:
        text, position, column, matched = self.text, start, 0, 0
        for content in self.containers:
            near, reached = _skip_blank(text, position, column, end)
            if content == 0:
                if reached - column > 3 or near >= end or text[near] != ">":
                    break
                position, column = _after_quote(text, near, reached, end)
            elif near >= end:
                if self.empty_item and matched == len(self.containers) - 1:
                    break
            elif reached - column >= content:
                position, column = _advance(text, position, column, content)
            else:
                break
            matched += 1
        return position, column, matched

    def _fence_line(self, position: int, column: int, end: int, after: int) -> None:
        text = self.text
        mark, line, opening, info_start, info_end, body = self.fence
        near, reached = _skip_blank(text, position, column, end)
        if reached - column < 4 and text.startswith(mark, near):
            rest = text[near:end].rstrip(" \t")
            if not rest.strip(mark[0]):
                self.fences.append(RawFence(line, opening, info_start, info_end, body, self.leaf_end, end, True))
                self.opaque.append((self.leaf_start, end))
                self.leaf = ""
                return
        self.leaf_end = after

    def _html_line(self, position: int, end: int, after: int) -> bool:
        """Whether the line belongs to the open HTML block."""
        if self.html_end is None:
            if not self.text[position:end].strip(" \t"):
                return False
            self.leaf_end = after
            return True
        self.leaf_end = after
        if self.html_end.search(self.text, position, end):
            self.close_leaf(after)
        return True

    def close_leaf(self, at: int) -> None:
        """Whatever leaf is open ends before offset `at`."""
        if self.leaf == "fence":
            _, line, opening, info_start, info_end, body = self.fence
            close = max(min(self.leaf_end, at), info_end)
            self.fences.append(RawFence(line, opening, info_start, info_end, min(body, close), close, close, False))
            self.opaque.append((self.leaf_start, close))
        elif self.leaf in ("html", "code"):
            self.opaque.append((self.leaf_start, self.leaf_end))
        self.leaf = ""

    def _open_blocks(self, start: int, position: int, column: int, end: int, after: int, matched: int) -> None:
        """The line's own block starts, and then its text."""
        text = self.text
        near, reached = _skip_blank(text, position, column, end)
        whole = matched == len(self.containers)
        deep = False
        while near < end:
            if reached - column >= 4:
                if self.leaf != "paragraph" or (self.in_table and whole):
                    self._close_unmatched(matched, start)
                    self._code_line(near, after)
                    return
                deep = True
                break
            char = text[near]
            if char == ">" and len(self.containers) < MAX_DEPTH:
                self._open_container(matched, start, 0)
                position, column = _after_quote(text, near, reached, end)
            elif self._leaf_line(char, start, near, end, after, matched, whole):
                return
            else:
                item = ITEM.match(text, near, end) if char in "-+*0123456789" and len(self.containers) < MAX_DEPTH else None
                if item is None or not self._may_open_item(item, end, whole):
                    break
                position, column = self._open_item(item, column, reached, end, matched, start)
            matched += 1
            whole = True
            near, reached = _skip_blank(text, position, column, end)
        self._text_line(start, near, end, matched, whole=whole, deep=deep)

    def _open_container(self, matched: int, start: int, content: int) -> None:
        self._close_unmatched(matched, start)
        self.close_leaf(start)
        self.containers.append(content)
        self.empty_item = False
        self.limits.append(start)

    def _may_open_item(self, item: re.Match[str], end: int, whole: bool) -> bool:
        """A paragraph is interrupted only by an item with text, an ordered one only by number 1."""
        if self.leaf != "paragraph" or not whole:
            return True
        if not self.text[item.end() : end].strip(" \t"):
            return False
        number = item["number"]
        return number is None or int(number) == 1

    def _open_item(self, item: re.Match[str], column: int, reached: int, end: int, matched: int, start: int) -> tuple[int, int]:
        text, width = self.text, item.end() - item.start()
        marker_end = reached + width
        near, content_column = _skip_blank(text, item.end(), marker_end, end)
        spaces = content_column - marker_end
        blank = near >= end
        padding = width + (1 if blank or spaces > 4 else spaces)
        self._open_container(matched, start, reached - column + padding)
        self.empty_item = blank
        if blank:
            return near, content_column
        if spaces > 4:
            return _advance(text, item.end(), marker_end, 1)
        return near, content_column

    def _leaf_line(self, char: str, start: int, near: int, end: int, after: int, matched: int, whole: bool) -> bool:
        """Whether the line is a heading, a fence, an HTML block or a rule; it is then taken."""
        if char == "#":
            return self._heading_line(start, near, end, matched)
        if char in "`~":
            return self._open_fence(start, near, end, after, matched)
        if char == "<":
            return self._open_html(start, near, end, after, matched, whole)
        if char in "=-" and self.leaf == "paragraph" and whole and SETEXT.match(self.text, near, end) and self._has_text():
            self.headings.append(Heading(1 if char == "=" else 2, self.leaf_content, self.leaf_end))
            self.leaf = ""
            self.limits.append(after)
            return True
        if char in "*-_" and RULE.match(self.text, near, end):
            self._close_unmatched(matched, start)
            self.close_leaf(start)
            self.limits.append(after)
            return True
        return False

    def _has_text(self) -> bool:
        """Whether the open paragraph holds more than reference definitions, which are no heading."""
        text = self.text[self.leaf_content : self.leaf_end]
        return text[:1] != "[" or not all(map(DEFINITION_LINE.match, text.splitlines()))

    def _heading_line(self, start: int, near: int, end: int, matched: int) -> bool:
        atx = ATX.match(self.text, near, end)
        if atx is None:
            return False
        self._close_unmatched(matched, start)
        self.close_leaf(start)
        content_end = atx.end(2)
        marks = ATX_END.search(self.text, atx.start(2), content_end)
        if marks:
            content_end = marks.start()
        self.headings.append(Heading(atx.end(1) - atx.start(1), atx.start(2), max(content_end, atx.start(2))))
        self.limits += (start, end)
        self.empty_item = False
        return True

    def _open_fence(self, start: int, near: int, end: int, after: int, matched: int) -> bool:
        fence = FENCE.match(self.text, near, end)
        if fence is None:
            return False
        self._close_unmatched(matched, start)
        self.close_leaf(start)
        self.limits.append(start)
        self.leaf, self.leaf_start, self.leaf_end = "fence", near, after
        self.fence = (fence["mark"], start, near, fence.start("info"), end, after)
        self.empty_item = False
        return True

    def _open_html(self, start: int, near: int, end: int, after: int, matched: int, whole: bool) -> bool:
        for kind, (opening, closing) in enumerate(HTML_STARTS):
            if not opening.match(self.text, near, end):
                continue
            if kind == len(HTML_STARTS) - 1 and self.leaf == "paragraph":
                return False
            self._close_unmatched(matched, start)
            self.close_leaf(start)
            self.limits.append(start)
            self.leaf, self.leaf_start, self.leaf_end, self.html_end = "html", near, after, closing
            self.empty_item = False
            if closing is not None and closing.search(self.text, near, end):
                self.close_leaf(after)
            return True
        return False

    def _code_line(self, near: int, after: int) -> None:
        if self.leaf != "code":
            self.in_table = False
            self.limits.append(near)
            self.leaf, self.leaf_start = "code", near
            self.empty_item = False
        self.leaf_end = after

    def _text_line(self, start: int, near: int, end: int, matched: int, *, whole: bool, deep: bool) -> None:
        if near >= end:
            if self.leaf == "code" and whole:
                return
            self._close_unmatched(matched, start)
            self.close_leaf(start)
            self.limits.append(start)
            if self.empty_item and whole and start != near:
                return
            return
        if self.leaf == "paragraph" and (whole or not self.in_table):  # a continuation, perhaps a lazy one
            self._row_line(start, near, end, may_begin=whole and not deep and not self.deep_row)
            self.deep_row = deep
            self.leaf_end = end
            return
        self._close_unmatched(matched, start)
        self.close_leaf(start)
        self.limits.append(start)
        self.leaf, self.leaf_content, self.leaf_end = "paragraph", near, end
        self.in_table, self.row_start, self.deep_row = False, near, False
        self.empty_item = False

    def _row_line(self, start: int, near: int, end: int, *, may_begin: bool) -> None:
        """A paragraph whose next line is a row of delimiters turns into a table, and each line is a row of its own."""
        text = self.text
        if may_begin and not self.in_table and text[near] in "|:-" and DELIMITERS.match(text, near, end):
            header, delimiters = text[self.row_start : self.leaf_end], text[near:end]
            if ("|" in header or "|" in delimiters) and _count_cells(header) == _count_cells(delimiters):
                self.in_table = True
                self.limits.append(self.row_start)
        if self.in_table:
            self.limits.append(start)
        self.row_start = near

    def _close_unmatched(self, matched: int, start: int) -> None:
        if matched < len(self.containers):
            self.close_leaf(start)
            del self.containers[matched:]
            self.empty_item = False


def _count_cells(row: str) -> int:
    row = row.strip(" \t")
    return len(CELL_END.findall(row.removeprefix("|"))) + (0 if row.endswith("|") and not row.endswith("\\|") else 1)


def _skip_blank(text: str, position: int, column: int, end: int) -> tuple[int, int]:
    """First offset that is no blank and its column; tabs reach the next multiple of four."""
    while position < end:
        char = text[position]
        if char == " ":
            column += 1
        elif char == "\t":
            column += 4 - column % 4
        else:
            break
        position += 1
    return position, column


def _advance(text: str, position: int, column: int, columns: int) -> tuple[int, int]:
    """Go on by `columns` columns of blanks; a tab that reaches further stays, its first columns used up."""
    target = column + columns
    while column < target:
        step = 4 - column % 4 if text[position] == "\t" else 1
        if column + step > target:
            return position, target
        column += step
        position += 1
    return position, column


def _after_quote(text: str, near: int, reached: int, end: int) -> tuple[int, int]:
    """Behind the `>` at `near` and the one blank that may follow it."""
    position, column = near + 1, reached + 1
    if position < end and text[position] == " ":
        return position + 1, column + 1
    if position < end and text[position] == "\t":
        return _advance(text, position, column, 1)
    return position, column
