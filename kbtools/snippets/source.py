"""A snippet's text and the name of a part -> the part, and the text with the part replaced. Pure: no disk.

A part is a symbol (found by its syntax tree), a region (`# region name` … `# endregion`) or, named "", the whole file.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from kbtools.snippets.block import normal, split_lines

OPEN: Final = re.compile(r"[ \t]*+#[ \t]*+region[ \t]++(?P<name>\S(?:.*\S)?)[ \t]*+$")
CLOSE: Final = re.compile(r"[ \t]*+#[ \t]*+endregion\b")
BOM: Final = "\ufeff"

Symbol = tuple[str, int, int]
"""(name, first row, row after the last)"""


@dataclass(frozen=True, slots=True)
class Part:
    """Lines `first` to `last` of a file (counted from 0, `last` left out), dedented by `indent` and without region marks.

    `rows` are the lines of the file that the lines of `code` come from. `ragged`: a line reaches left of the indent (in a
    string), so the part cannot be written back.
    """

    name: str
    code: str
    first: int
    last: int
    indent: str
    ragged: bool
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why there is no such part (said of the file: "has no 'x'"), or why it cannot be replaced (a sentence of its own);
    `line` counts from 1, 0 for none."""

    message: str
    hint: str = ""
    line: int = 0


def find_part(text: str, name: str) -> Part | Problem:
    """The part of a file's text that a title names."""
    lines, symbols = _outline(text)
    if not name:
        return _part(lines, name, 0, len(lines))
    if not isinstance(symbols, Problem):
        rows = [(first, last) for symbol, first, last in symbols if symbol == name]
        if rows:
            return _part(lines, name, *rows[-1])  # of several definitions an import gets the last
    regions = [(first, last) for region, first, last in _iter_regions(lines) if region == name]
    if len(regions) > 1:
        return Problem(f"has two regions named '{name}'", "rename one", regions[1][0])
    if regions and regions[0][1] < 0:
        return Problem(f"never closes its region '{name}'", "write '# endregion' where it ends", regions[0][0])
    if regions:
        return _part(lines, name, *regions[0])
    if isinstance(symbols, Problem):
        return symbols
    return Problem(f"has no '{name}'", _nearest(name, list_parts(text)))


def code_of(text: str, name: str) -> str | None:
    """The code of a part, None when there is none of that name."""
    part = find_part(text, name)
    return part.code if isinstance(part, Part) else None


def parse(text: str) -> ast.Module | Problem:
    """The syntax tree of a file's text."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Python thinks of an escape is for whoever runs the file
            return ast.parse(text.removeprefix(BOM))
    except SyntaxError as error:
        return Problem(f"does not parse: {error.msg}", "mend the file", error.lineno or 0)
    except (ValueError, RecursionError, MemoryError) as error:
        return Problem(f"does not parse: {error}", "mend the file")


def list_parts(text: str) -> tuple[str, ...]:
    """Every name a title can use, in the order of the file."""
    lines, symbols = _outline(text)
    named = [] if isinstance(symbols, Problem) else [name for name, *_ in symbols]
    return tuple(dict.fromkeys((*named, *(name for name, *_ in _iter_regions(lines)))))


def replace_part(text: str, name: str, code: str) -> str | Problem:
    """The text with the part's code replaced; indent, line ends, byte order mark and region marks stay.

    Refused when the part would not be found again with exactly this code, or the file would not parse.
    """
    part = find_part(text, name)
    if isinstance(part, Problem):
        return part
    code = normal(code)
    if not code:
        return Problem("the block is empty", "write the code, or remove the block")
    if code == part.code:
        return text
    if part.ragged:
        return Problem("a line reaches left of the first one", "change the file instead of the note")
    pieces = split_lines(text)
    inner = [line for line, _ in pieces[part.first : part.last]]
    written = _with_marks(inner, part, [part.indent + line if line else "" for line, _ in split_lines(code)])
    if written is None:
        return Problem("it holds region marks and the lines around them changed", "change the file instead of the note")
    if part.first == 0 and text.startswith(BOM):
        written[0] = BOM + written[0]
    end = next((end for _, end in pieces if end), "\n")
    before = "".join(line + stop for line, stop in pieces[: part.first])
    stop = pieces[part.last - 1][1] if pieces else end
    after = "".join(line + stop for line, stop in pieces[part.last :])
    return _verified(before + end.join(written) + stop + after, name, code)


def _verified(text: str, name: str, code: str) -> str | Problem:
    tree = parse(text)
    if isinstance(tree, Problem):
        return Problem(f"with the note's code the file {tree.message}", "mend the block", tree.line)
    again = find_part(text, name)
    if isinstance(again, Problem):
        return Problem(f"the note's code no longer defines '{name}'", "keep the name, or change the title too")
    if again.code != code:
        return Problem(f"the note's code is more than '{name}'", "show the other lines in a block of their own")
    return text


def _part(lines: Sequence[str], name: str, first: int, last: int) -> Part:
    while first < last and not lines[first].strip():
        first += 1
    while last > first and not lines[last - 1].strip():
        last -= 1
    rows = [row for row in range(first, last) if not _is_mark(lines[row])]
    while rows and not lines[rows[0]].strip():
        rows.pop(0)
    kept = [lines[row] for row in rows]
    written = [line for line in kept if line.strip()]
    indent = written[0][: len(written[0]) - len(written[0].lstrip())] if written else ""
    ragged = any(not line.startswith(indent) for line in written)
    code = normal("\n".join(line.removeprefix(indent) for line in kept))
    return Part(name, code, first, last, indent, ragged, tuple(rows))


def _is_mark(line: str) -> bool:
    return "region" in line and bool(OPEN.match(line) or CLOSE.match(line))


@lru_cache(maxsize=256)  # each rule asks for the parts of the same files
def _outline(text: str) -> tuple[tuple[str, ...], tuple[Symbol, ...] | Problem]:
    """The lines of a file and its definitions, or why it has none."""
    lines = tuple(line for line, _ in split_lines(text.removeprefix(BOM)))
    tree = parse(text)
    return lines, tree if isinstance(tree, Problem) else tuple(_iter_symbols(tree.body, ""))


def _iter_symbols(body: Sequence[ast.stmt], prefix: str) -> Iterator[Symbol]:
    for node in body:
        first, last = node.lineno - 1, node.end_lineno or node.lineno
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            first = min([first, *(decorator.lineno - 1 for decorator in node.decorator_list)])
            yield prefix + node.name, first, last
            if isinstance(node, ast.ClassDef):
                yield from _iter_symbols(node.body, f"{prefix}{node.name}.")
            continue
        for target in _targets(node):
            yield prefix + target, first, last


def _targets(node: ast.stmt) -> list[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    names = [name for target in targets for name in (target.elts if isinstance(target, ast.Tuple) else [target])]
    return [name.id for name in names if isinstance(name, ast.Name)]


def _iter_regions(lines: Sequence[str]) -> Iterator[tuple[str, int, int]]:
    """(name, first row inside, row of the closing mark; -1 where there is none), in the order of their ends."""
    opened: list[tuple[str, int]] = []
    for row, line in enumerate(lines):
        if "region" not in line:
            continue
        mark = OPEN.match(line)
        if mark:
            opened.append((mark["name"], row + 1))
        elif opened and CLOSE.match(line):
            yield (*opened.pop(), row)
    for name, first in opened:
        yield name, first, -1


def _with_marks(old: Sequence[str], part: Part, new: list[str]) -> list[str] | None:
    """The new lines with the old lines' region marks put back where their neighbours are; None where those are gone."""
    old = [line.removeprefix(BOM) for line in old]
    if not any(map(_is_mark, old)):
        return new
    from difflib import SequenceMatcher

    kept = [line for line in old if not _is_mark(line)]
    at: dict[int, int] = {}
    for match in SequenceMatcher(None, kept, new, autojunk=False).get_matching_blocks():
        at |= {match.a + step: match.b + step for step in range(match.size)}
    marks: list[tuple[int, str]] = []
    row = 0
    for line in old:
        if not _is_mark(line):
            row += 1
            continue
        before = at[row - 1] + 1 if row - 1 in at else -1
        after = at.get(row, -1)
        place = next((spot for spot in ((after, before) if OPEN.match(line) else (before, after)) if spot >= 0), -1)
        if place < 0 or (marks and place < marks[-1][0]):
            return None
        marks.append((place, line))
    for place, line in reversed(marks):
        new = [*new[:place], line, *new[place:]]
    return new


def _nearest(name: str, names: Sequence[str]) -> str:
    from difflib import SequenceMatcher

    likeness = {other: SequenceMatcher(None, other, name).ratio() for other in names}
    best = max(likeness.values(), default=0.0)
    if best >= 0.5:
        near = sorted((other for other in names if likeness[other] >= best - 0.1), key=lambda other: -likeness[other])
        return "did you mean " + " or ".join(f"'{other}'" for other in near[:3]) + "?"
    return f"it has {', '.join(names[:5])}" if names else "it names nothing"
