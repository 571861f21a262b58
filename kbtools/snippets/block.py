"""A block in a note -> its code, and the note with that code replaced. Pure: no disk.

What stands before the opening marks on their line (a list's indent, `> `) is the block's prefix; code has none.
"""

from __future__ import annotations

import re
from typing import Final

from kbtools.model import Fence, Span

PYTHON: Final = frozenset({"python", "py", "python3", "py3"})
LINE: Final = re.compile(r"(?P<text>[^\r\n]*+)(?P<end>\r\n|\n|\r|\Z)")
STEP: Final = re.compile(r">[ ]?|[^>]+")
QUOTE: Final = re.compile(r"[ ]{0,3}>[ ]?")  # one blank after it belongs to the mark
TAB: Final = 4
MARK: Final = re.compile(r"`{3,}+|~{3,}+")


def is_python(fence: Fence) -> bool:
    """Whether a block is Python: `python`, `py`, and pymdownx's `{.python …}` and `{ .python …}`."""
    words = fence.info.lstrip("{ \t").split(None, 1)
    return bool(words) and words[0].strip("{}").removeprefix(".").lower() in PYTHON


def read_code(text: str, fence: Fence) -> str:
    """The code of a block, without the prefixes of lists, quotes and callouts, lines ending in a line feed."""
    body = text[fence.body_span.start : fence.body_span.end]
    lines = [line for line, _ in split_lines(body)]
    return normal("\n".join(strip_prefix(line, fence.prefix) for line in lines)) if fence.prefix else normal("\n".join(lines))


def split_lines(text: str) -> list[tuple[str, str]]:
    """(line, its end) of a text; only CR, LF and CRLF end a line."""
    found = [(match["text"], match["end"]) for match in LINE.finditer(text)]
    return found[:-1] if found and found[-1] == ("", "") else found


def normal(code: str) -> str:
    """Code as it is compared: no blank lines before and after it, none of blanks only, one line feed last; "" for none."""
    lines = [line if line.strip() else "" for line, _ in split_lines(code)]
    while lines and not lines[-1]:
        lines.pop()
    first = next((row for row, line in enumerate(lines) if line), 0)
    return "\n".join(lines[first:]) + "\n" if lines else ""


def span_of_row(text: str, fence: Fence, row: int) -> Span:
    """Where a row of a block's code (counted from 0, as `read_code` gives it) stands in the note; the closing line for a
    row that is not there."""
    start, skipping = fence.body_span.start, True
    for line, end in split_lines(text[fence.body_span.start : fence.body_span.end]):
        skipping = skipping and not strip_prefix(line, fence.prefix).strip()
        if not skipping:
            if row == 0:
                return Span(start + len(line) - len(strip_prefix(line, fence.prefix).lstrip()), start + len(line))
            row -= 1
        start += len(line) + len(end)
    return Span(start, fence.span.end)


def strip_prefix(line: str, prefix: str) -> str:
    """A body line without what its fence's line has before the marks; a list's marker is as wide as its blanks."""
    if line.startswith(prefix) and not prefix.endswith(">"):
        return line[len(prefix) :]
    for step in STEP.findall(prefix):
        if step[0] == ">":
            quote = QUOTE.match(line)
            line = _untab(line, quote.end()) if quote else line
            continue
        line = _strip_blanks(line, len(step.expandtabs(TAB)))
    return line


def _untab(line: str, mark: int) -> str:
    """What follows a quote's mark: of a tab there, one column belongs to the mark and the others stay, as blanks."""
    rest = line[mark:]
    return " " * (TAB - mark % TAB - 1) + rest[1:] if rest[:1] == "\t" and line[mark - 1] == ">" else rest


def _strip_blanks(line: str, width: int) -> str:
    """A line without its first `width` columns, as far as they are blank; of a tab that reaches further, blanks stay."""
    column = 0
    for at, char in enumerate(line):
        if column >= width or char not in " \t":
            return " " * (column - width) + line[at:]
        column += TAB - column % TAB if char == "\t" else 1
    return ""


def add_prefix(line: str, prefix: str) -> str:
    """A body line as it stands in the note."""
    blanks = "".join(char if char in "> \t" else " " for char in prefix)
    if not line:
        return blanks.rstrip()
    return f"{blanks} {line}" if blanks.endswith(">") and line[0] in " \t" else blanks + line


def replace_code(text: str, fence: Fence, code: str) -> str:
    """The note's text with the block's code replaced; prefix and line ends stay, and the marks grow where the code holds some."""
    opening = text[fence.span.start : fence.body_span.start]
    closing = text[fence.body_span.end : fence.span.end]
    end = opening[len(opening.rstrip("\r\n")) :] or "\n"
    lines = [line for line, _ in split_lines(code)]
    found = MARK.match(opening, len(fence.prefix))
    if found:
        char, longest = found[0][0], max((_run(line, found[0][0]) for line in lines), default=0)
        if longest >= len(found[0]):
            opening = fence.prefix + char * (longest + 1) + opening[found.end() :]
            before, marks, after = _cut(closing, char)
            closing = before + char * max(longest + 1, len(marks)) + after
    body = "".join(add_prefix(line, fence.prefix) + end for line in lines)
    return text[: fence.span.start] + opening + body + closing + text[fence.span.end :]


def _run(line: str, char: str) -> int:
    """How many of a mark's character the line begins with."""
    written = line.lstrip(" ")
    return len(written) - len(written.lstrip(char))


def _cut(line: str, char: str) -> tuple[str, str, str]:
    """A closing line as what stands before the marks, the marks, and what follows."""
    start = line.find(char)
    end = len(line.rstrip()) if start >= 0 else 0
    return line[:start], line[start:end], line[end:]
