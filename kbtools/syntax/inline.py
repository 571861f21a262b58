"""Text -> links, tags, block ids, footnotes, math: one pass from left to right, where what opens first wins.

`scan_inline` searches one master pattern whose alternatives are the things that can open; code spans, math and comments
are consumed by the same pass that finds links, so nothing inside them is ever taken for a link. Linear: whether a closing
mark exists is remembered, and multi-line constructs end where their paragraph ends.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import unquote

from kbtools.syntax.containers import TAG, Blocks, parse_blocks

WIKI, MARKDOWN, REFERENCE, PROPERTY, CANVAS = range(5)
FORMS = ("wiki", "markdown", "reference", "property", "canvas")
EMBED, HIDDEN = 8, 16

RawLink = tuple[int, str, str, str, int, int]
"""(form | EMBED | HIDDEN, target, subpath, display, start, end)"""

TAG_CHARS = r"""[^\s\u2000-\u206f\u2e00-\u2e7f'!"#$%&()*+,.:;<=>?@^`{|}~\[\]\\]"""
BODY = r"[^\[\]\r\n]*+(?:(?:\](?!\])|\[(?!\[))[^\[\]\r\n]*+)*+"
RARE_HTML = (  # bounded, so that openings without an end cost no time squared
    r"(?:\?(?:[^?\r\n]|\?(?!>)){0,1000}+\?>|!\[CDATA\[(?:[^\]\r\n]|\](?!\]>)){0,1000}+\]\]>|![A-Za-z][^>\r\n]{0,1000}+>)"
)
TOKEN = re.compile(
    # Every alternative begins with a literal character: only then does `search` skip what cannot begin one (20 times faster).
    rf"""
     \\(?P<escape>[!-/:-@\[-`{{-~])
    |`(?P<span>[^`\r\n]++)`(?!`)
    |`(?P<code>`*+)
    |\[\[(?!\[)(?P<wiki>{BODY})\]\]
    |!\[\[(?!\[)(?P<embed>{BODY})\]\]
    |\[\^(?P<foot>[^\s\[\]]++)\]
    |\[(?P<plain>[^\[\]\\`$%<!\#^\r\n]*+)\]\((?P<where>[^\s()<>\\]++)\)
    |\[(?P<open>)
    |!\[(?P<image>)
    |\](?P<close>)
    |\$(?P<formula>(?![\s$])(?:[^$\\\r\n]|\\.)++)(?<![\s\\])\$(?![0-9])
    |\$(?P<math>\$?+)
    |%(?P<comment>%)
    |<(?P<html>!--|{TAG}|[A-Za-z][A-Za-z0-9+.-]{{1,31}}+:[^\x00-\x20\x7f<>]*+>|{RARE_HTML})
    |\#(?<![^\s]\#)(?P<tag>{TAG_CHARS}++)
    |\^(?P<block>[A-Za-z0-9-]++)(?=[ \t]*+(?:[\r\n]|\Z))
    """,
    re.VERBOSE,
)
BARE = r"(?:[^\x00-\x20\x7f()\\]|\\[^\x00-\x20\x7f]|\\(?=[\x00-\x20\x7f]|\Z))"
BARE = rf"(?:{BARE}|\((?:{BARE}|\((?:{BARE}|\({BARE}*+\))*+\))*+\))"  # balanced parentheses, three deep
TITLE = r"""(?:"(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+'|\((?:[^()\\]|\\.)*+\))"""
DESTINATION = rf"(?:<(?P<angle>(?:[^<>\\\r\n]|\\.)*+)>|(?P<bare>(?!<){BARE}++))"
SPACE = r"(?:[ \t]*+(?:\r?\n)?[ \t]*+)"
TAIL = re.compile(rf"\({SPACE}(?:{DESTINATION}(?:(?=[ \t\r\n]){SPACE}{TITLE})?+)?+{SPACE}\)", re.DOTALL)
DEFINITION = re.compile(
    rf":{SPACE}{DESTINATION}(?:(?=[ \t]*+[\r\n]|[ \t]*+\Z)|(?=[ \t\r\n]){SPACE}{TITLE}(?=[ \t]*+(?:[\r\n]|\Z)))", re.DOTALL
)
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|.*?//", re.DOTALL)
ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]*);")
UNESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
MAX_LABEL = 1000
BRACKETS = re.compile(r"(?<!\\)\[([^\[\]]*+)\]$")
CLOSING = re.compile(r"[^\[\]\\`]*+\](?=\()")
MATH_END = re.compile(r"(?<![\s\\$])\$(?![0-9])")
LINE_START = re.compile(r"(?:[ \t>]|(?:[-*+]|\d{1,9}+[.)])[ \t])*+")


class Inline(NamedTuple):
    """What stands between the blocks of one text."""

    links: list[RawLink]
    tags: list[tuple[str, int, int]]
    blocks: list[tuple[str, int, int]]
    footnotes: list[tuple[str, int, int]]
    math: list[tuple[int, int]]
    opaque: list[tuple[int, int]]
    comments: list[tuple[int, int]]


def scan_inline(text: str, start: int, blocks: Blocks) -> Inline:
    """Everything inline in `text` from `start` on, outside the opaque blocks."""
    scanner = _Scanner(text, start, blocks)
    position = start
    for opaque_start, opaque_end in blocks.opaque:
        if opaque_start > position:
            scanner.run(position, opaque_start)
        position = max(position, opaque_end)
    if position < len(text):
        scanner.run(position, len(text))
    if scanner.labels:
        _drop_outer(scanner)
    return scanner.found


def _drop_outer(scanner: _Scanner) -> None:
    """Links hold no links: a Markdown link whose text holds a reference to something defined is plain text, and so is
    one whose text is itself the second half of a reference (`[a][label](b)`)."""
    text, labels, links = scanner.text, scanner.labels, scanner.found.links
    inner = sorted(start for start, label in scanner.references if label in labels)
    inner.append(len(text))
    links[:] = [
        link
        for link in links
        if link[0] & 15 != MARKDOWN
        or (inner[bisect_right(inner, link[4])] >= link[5] and not _is_label(text, link[4], link[3], labels))
    ]


def _is_label(text: str, start: int, label: str, labels: set[str]) -> bool:
    """Whether the brackets at `start` belong to the pair before them: `[text][label]`, `[label][]`."""
    if text[start - 1 : start] != "]":
        return False
    before = BRACKETS.search(text, max(start - MAX_LABEL, 0), start)
    return before is not None and _fold_label(label or before[1]) in labels


class _Scanner:
    """State of one pass: the open brackets, whether a comment is open, what is known to be unclosed."""

    def __init__(self, text: str, start: int, blocks: Blocks) -> None:
        self.text = text
        self.start = start
        self.found = Inline([], [], [], [], [], [], [])
        self.hidden = 0
        self.limits = blocks.limits
        self.limit_index = 0
        self.openers: list[tuple[int, bool, bool, int]] = []  # (offset, is embed, is active, end of the mark)
        self.labels: set[str] = set()  # of reference definitions, folded
        self.references: list[tuple[int, str]] = []  # (offset, folded label) of `[label]` inside other brackets
        self.in_math = False  # display math was opened before this stretch and not closed
        self.defined = -1  # where the last reference definition ended
        self.line = (start, start, -1)  # start of the line last asked about, up to where no other begins, where its marks end
        self.unclosed: dict[object, int] = {}  # mark -> no closing one before this offset
        self.end = 0

    def run(self, position: int, end: int) -> None:
        """Scan text[position:end], which holds no opaque block."""
        self.openers.clear()
        if self.in_math:
            close = self.text.find("$$", position, end)
            self.found.math.append((position, end if close < 0 else close + 2))
            if close < 0:
                return
            self.in_math, position = False, close + 2
        while position < end:
            position = self._scan_comment(position, end) if self.hidden else self._scan(position, end)

    def _scan_comment(self, position: int, end: int) -> int:
        """Scan the inside of an open comment, up to the mark that ends it; nothing in it can reach beyond."""
        close = self.text.find("%%", position, end)
        around, self.openers = self.openers, []
        self._scan(position, end if close < 0 else close)
        self.openers = around
        if close < 0:
            return end
        self.hidden = 0
        self.found.comments[-1] = (self.found.comments[-1][0], close + 2)
        return close + 2

    def _scan(self, position: int, end: int) -> int:
        """Scan text[position:end]; returns its end, or where an open comment begins."""
        self.end = end
        text, take, found, hidden = self.text, self._take, self.found, self.hidden
        while position >= 0:
            rest, position = TOKEN.finditer(text, position, end), -1
            for token in rest:
                kind = token.lastgroup
                if kind == "wiki":
                    self._wiki(token, WIKI)
                elif kind == "span":
                    found.opaque.append(token.span())
                elif kind == "formula" and not self.openers:
                    found.math.append(token.span())
                elif kind != "escape":
                    assert kind is not None  # every alternative is a named group
                    position = take[kind](self, token)
                    if self.hidden != hidden:
                        return position
                    if position != token.end():
                        break
                    position = -1
        return end

    def _wiki(self, token: re.Match[str], form: int) -> None:
        named = split_body(token[token.lastindex or 0])
        if named is not None:
            target, subpath, display = named
            start, end = token.span()
            self.found.links.append((form | self.hidden, target, subpath, display, start, end))

    def _embed(self, token: re.Match[str]) -> int:
        self._wiki(token, WIKI | EMBED)
        return token.end()

    def _plain(self, token: re.Match[str]) -> int:
        """`[text](target)` with nothing special in it."""
        if self.openers:
            self.openers = [(opener, embed, embed, content) for opener, embed, _, content in self.openers]
        self._markdown(MARKDOWN, token["where"], token["plain"], token.start(), token.end())
        return token.end()

    def _open(self, token: re.Match[str]) -> int:
        self.openers.append((token.start(), token.lastgroup == "image", True, token.end()))
        if len(self.openers) > 1000:  # nobody nests so deep; the oldest can no longer matter
            del self.openers[:500]
        return token.end()

    def _close(self, token: re.Match[str]) -> int:
        after = token.end()
        if not self.openers:
            return after
        opener, embed, active, content = self.openers.pop()
        next_char = self.text[after : after + 1]
        if next_char == "(" and active:
            tail = TAIL.match(self.text, after, self.end)
            if tail and self._together(opener, tail.end()):
                if not embed:
                    self.openers = [(o, e, e, c) for o, e, _, c in self.openers]
                target = tail["angle"] if tail["angle"] is not None else tail["bare"]
                if target:
                    display = self.text[content : token.start()]
                    self._drop_inner(opener, embed=embed)
                    self._markdown(MARKDOWN | (EMBED if embed else 0), target, display, opener, tail.end())
                return tail.end()
        elif next_char == ":" and not embed and self._defines(opener):
            definition = DEFINITION.match(self.text, after, self.end)
            if definition and content < token.start() and not definition[0].lstrip(": \t\r\n").startswith(("[[", "![[")):
                target = definition["angle"] if definition["angle"] is not None else definition["bare"]
                label = self.text[content : token.start()]
                self.labels.add(_fold_label(label))
                self._markdown(REFERENCE, target, label, opener, definition.end())
                self.defined = definition.end()
                return definition.end()
        if self.openers and not embed:
            self.references.append((opener, _fold_label(self.text[content : token.start()])))
        return after

    def _drop_inner(self, opener: int, *, embed: bool) -> None:
        """Forget the links in the text of a Markdown link (embeds in it stay) or in an image's alternative text."""
        links = self.found.links
        kept = []
        while links and links[-1][4] > opener:
            link = links.pop()
            if link[0] & EMBED and not embed:
                kept.append(link)
        links += reversed(kept)

    def _markdown(self, form: int, written: str, display: str, start: int, end: int) -> None:
        target = UNESCAPE.sub(r"\1", written) if "\\" in written else written
        if "&" in target:
            target = ENTITY.sub(_entity, target)
        if (":" in target or "//" in target) and SCHEME.match(target):
            return
        if "%" in target:
            decoded = unquote(target, errors="surrogateescape")
            target = target if any("\udc80" <= char <= "\udcff" for char in decoded) else decoded
        path, mark, subpath = target.partition("#")
        path = path.strip()
        if path or mark:
            self.found.links.append((form | self.hidden, path, subpath, display, start, end))

    def _defines(self, opener: int) -> bool:
        """Whether a `[label]:` here may be a definition: first on its line, and in no paragraph."""
        if not self._begins_line(opener):
            return False
        line = self.line[0]
        if line == self.start or (self.defined >= 0 and not self.text[self.defined : line].strip(" \t\r\n>")):
            return True
        before = self.text.rfind("\n", self.start, line - 1) + 1 or self.start
        return not self.text[before:line].strip(" \t\r\n") or self._limit_before(opener) >= line

    def _foot(self, token: re.Match[str]) -> int:
        if self.text[token.end() : token.end() + 1] == ":" and self._begins_line(token.start()):
            self.found.footnotes.append((token["foot"], token.start(), token.end()))
        return token.end()

    def _code(self, token: re.Match[str]) -> int:
        mark, after = token[0], token.end()
        close = self._find_run(mark, after)
        if close < 0:
            return after
        self.found.opaque.append((token.start(), close + len(mark)))
        return close + len(mark)

    def _find_run(self, mark: str, after: int) -> int:
        """Offset of the next run of exactly these backticks in the same paragraph, or -1."""
        size = len(mark)
        if self.unclosed.get(size, -1) > after:
            return -1
        text, end, at = self.text, self.end, after
        while True:
            at = text.find(mark, at, end)
            if at < 0:
                self.unclosed[size] = end
                return -1
            run_end = at + size
            while run_end < end and text[run_end] == "`":
                run_end += 1
            if run_end - at == size:
                if self._together(after, run_end):
                    return at
                self.unclosed[size] = self._limit_after(after)
                return -1
            at = run_end

    def _formula(self, token: re.Match[str]) -> int:
        start, end = token.span()
        if self._closes_link(start, end):
            return start + 1
        self.found.math.append((start, end))
        return end

    def _closes_link(self, start: int, end: int) -> bool:
        """Whether a Markdown link that opened before `start` ends before `end`: what opens first wins."""
        closing = CLOSING.match(self.text, start, end) if self.openers else None
        tail = TAIL.match(self.text, closing.end(), self.end) if closing else None
        return tail is not None and self.openers[-1][2] and self._together(self.openers[-1][0], tail.end())

    def _math(self, token: re.Match[str]) -> int:
        start, after = token.span()
        if token[0] != "$$":
            close = self._find_math_end(after)
        elif self._begins_line(start) and not self.hidden:
            self.openers.clear()
            close = self._find_display_end(after)
        else:
            close = self._find_inner_display_end(after)
        if close < 0 or self._closes_link(start, close):
            return after
        self.found.math.append((start, close))
        return close

    def _find_display_end(self, after: int) -> int:
        """Where display math that begins a line ends: at the next mark, over blank lines and code; never: with the note."""
        close = self.text.find("$$", after, self.end)
        self.in_math = close < 0
        return self.end if close < 0 else close + 2

    def _find_inner_display_end(self, after: int) -> int:
        """Where display math inside a line ends, or -1: in its paragraph or not at all."""
        if self.unclosed.get("$$", -1) > after:
            return -1
        close = self.text.find("$$", after, self.end)
        if close < 0 or not self._together(after, close + 2):
            self.unclosed["$$"] = self.end if close < 0 else self._limit_after(after)
            return -1
        return close + 2

    def _find_math_end(self, after: int) -> int:
        if after >= self.end or self.text[after] in " \t\r\n" or self.unclosed.get("$", -1) > after:
            return -1
        close = MATH_END.search(self.text, after, self.end)
        if close is None:
            self.unclosed["$"] = self.end
            return -1
        if not self._together(after, close.end()):
            self.unclosed["$"] = self._limit_after(after)
            return -1
        return close.end()

    def _comment(self, token: re.Match[str]) -> int:
        start, after = token.span()
        if self._begins_line(start):
            self.openers.clear()
            self._hide(start)
        elif self.unclosed.get("%%", -1) <= after:
            close = self.text.find("%%", after, self.end)
            if close >= 0 and self._together(after, close + 2):
                if not self._closes_link(start, close):
                    self._hide(start)
            else:
                self.unclosed["%%"] = self.end if close < 0 else self._limit_after(after)
        return after

    def _hide(self, start: int) -> None:
        self.hidden = HIDDEN
        self.found.comments.append((start, len(self.text)))

    def _html(self, token: re.Match[str]) -> int:
        start, end = token.span()
        if token["html"] == "!--":
            if self.unclosed.get("<!--", -1) > end:
                return end
            close = self.text.find("-->", start + 2, self.end)
            if close < 0:
                self.unclosed["<!--"] = self.end
                return end
            end = close + 3
        elif not self._together(start, end):
            return start + 1
        self.found.opaque.append((start, end))
        return end

    def _tag(self, token: re.Match[str]) -> int:
        name = token["tag"]
        if not name.isdigit():
            self.found.tags.append((name, token.start(), token.end()))
        return token.end()

    def _block(self, token: re.Match[str]) -> int:
        start, end = token.span()
        before = self.text[start - 1 : start] if start > self.start else "\n"
        if self.hidden and self.text.startswith("%%", self.end) and not self.text[end : self.end].strip(" \t"):
            return end  # the line goes on behind the comment
        if before.isspace() or self.text.startswith("]]", start - 2):
            self.found.blocks.append((token["block"], start, end))
        return end

    def _begins_line(self, position: int) -> bool:
        """Whether nothing but the marks of quotes and lists stands before a token. `line` remembers: a line may hold many."""
        line, seen, marks = self.line
        start = self.text.rfind("\n", seen if seen <= position else self.start, position) + 1
        if start or seen > position:
            line, marks = start or self.start, -1
        if marks < 0:
            found = LINE_START.match(self.text, line)
            marks = found.end() if found else line
        self.line = (line, position, marks)
        return marks == position

    def _together(self, start: int, end: int) -> bool:
        """Whether both offsets stand in one inline context (one paragraph, heading or list item's text)."""
        return (self.text.find("\n", start, end) < 0 and "\r" not in self.text[start:end]) or self._limit_after(start) >= end

    def _limit_after(self, position: int) -> int:
        """Offset where the inline context of `position` ends."""
        limits = self._known_limits()
        after = bisect_right(limits, position)
        return limits[after] if after < len(limits) else len(self.text)

    def _limit_before(self, position: int) -> int:
        limits = self._known_limits()
        after = bisect_right(limits, position)
        return limits[after - 1] if after else self.start

    def _known_limits(self) -> list[int]:
        if self.limits is None:
            self.limits = sorted(parse_blocks(self.text, self.start).limits or ())
        return self.limits

    _take: dict[str, Callable[[_Scanner, re.Match[str]], int]] = {  # noqa: RUF012  # a table, never changed
        "code": _code,
        "foot": _foot,
        "embed": _embed,
        "where": _plain,
        "open": _open,
        "image": _open,
        "close": _close,
        "formula": _formula,
        "math": _math,
        "comment": _comment,
        "html": _html,
        "tag": _tag,
        "block": _block,
    }


def split_body(body: str) -> tuple[str, str, str] | None:
    """(target, subpath, display) of what stands between double brackets; None when it names nothing."""
    bar, display = body.find("|"), ""
    if bar > 0:
        body, display = body[:bar], body[bar + 1 :].strip()
    if "\\" in body:
        body = body.rstrip().removesuffix("\\")
    if "#" not in body:
        body = body.strip()
        return (body, "", display) if body else None
    target, _, subpath = body.partition("#")
    return target.strip(), subpath.rstrip(), display


def _fold_label(label: str) -> str:
    return " ".join(label.split()).casefold()


def _entity(found: re.Match[str]) -> str:
    from html import unescape

    return unescape(found[0])
