"""A snippet's text and the name of a part -> the part, and the text with the part replaced. Pure: no disk.

A part is a symbol (found by its syntax tree), a region (`# region name` … `# endregion`) or, named "", the whole file.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from kbtools.snippets.find import normal, split_lines

OPEN: Final = re.compile(r"[ \t]*#[ \t]*region[ \t]+(?P<name>\S.*?)[ \t]*$")
CLOSE: Final = re.compile(r"[ \t]*#[ \t]*endregion\b.*$")
BOM: Final = "\ufeff"


@dataclass(frozen=True, slots=True)
class Part:
    """Lines `first` to `last` of a file (counted from 0, `last` left out), dedented by `indent` and without region marks.

    `ragged`: a line reaches left of the indent (in a string), so the part cannot be written back.
    """

    name: str
    code: str
    first: int
    last: int
    indent: str
    ragged: bool


@dataclass(frozen=True, slots=True)
class Problem:
    """Why there is no such part, or why it cannot be replaced; `line` counts from 1, 0 for none."""

    message: str
    hint: str = ""
    line: int = 0


def find_part(text: str, name: str) -> Part | Problem:
    """The part of a file's text that a title names."""
    lines = _lines(text)
    if not name:
        return _part(lines, name, 0, len(lines))
    tree = parse(text)
    if isinstance(tree, ast.Module):
        rows = _find_symbol(tree, name)
        if rows is not None:
            return _part(lines, name, *rows)
    regions = [(first, last) for region, first, last in _iter_regions(lines) if region == name]
    if len(regions) > 1:
        return Problem(f"two regions are named '{name}'", "rename one", regions[1][0])
    if regions and regions[0][1] < 0:
        return Problem(f"the region '{name}' is never closed", "write '# endregion' where it ends", regions[0][0])
    if regions:
        return _part(lines, name, *regions[0])
    if isinstance(tree, Problem):
        return tree
    return Problem(f"it has no '{name}'", _nearest(name, list_parts(text)))


def parse(text: str) -> ast.Module | Problem:
    """The syntax tree of a file's text."""
    try:
        return ast.parse(text.removeprefix(BOM))
    except SyntaxError as error:
        return Problem(f"{error.msg or 'it does not parse'}", "mend the file", error.lineno or 0)
    except (ValueError, RecursionError, MemoryError) as error:
        return Problem(f"it does not parse: {error}", "mend the file")


def list_parts(text: str) -> tuple[str, ...]:
    """Every name a title can use, in the order of the file."""
    tree = parse(text)
    symbols = [] if isinstance(tree, Problem) else [name for name, *_ in _iter_symbols(tree.body, "")]
    return tuple(dict.fromkeys((*symbols, *(name for name, *_ in _iter_regions(_lines(text))))))


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
    written = _with_marks(inner, part, [part.indent + line if line else "" for line in code.splitlines()])
    if written is None:
        return Problem("it holds region marks and the lines around them changed", "change the file instead of the note")
    if part.first == 0 and text.startswith(BOM):
        written[0] = BOM + written[0]
    end = next((end for _, end in pieces if end), "\n")
    before = "".join(line + stop for line, stop in pieces[: part.first])
    after = pieces[part.last - 1][1] + "".join(line + stop for line, stop in pieces[part.last :])
    return _verified(before + end.join(written) + after, name, code)


def _verified(text: str, name: str, code: str) -> str | Problem:
    tree = parse(text)
    if isinstance(tree, Problem):
        return Problem(f"with the note's code the file does not parse: {tree.message}", "mend the block", tree.line)
    again = find_part(text, name)
    if isinstance(again, Problem):
        return Problem(f"the note's code no longer defines '{name}'", "keep the name, or change the title too")
    if again.code != code:
        return Problem(f"the note's code is more than '{name}'", "show the other lines in a block of their own")
    return text


def _lines(text: str) -> list[str]:
    return [line for line, _ in split_lines(text.removeprefix(BOM))]


def _part(lines: Sequence[str], name: str, first: int, last: int) -> Part:
    while first < last and not lines[first].strip():
        first += 1
    while last > first and not lines[last - 1].strip():
        last -= 1
    kept = [line for line in lines[first:last] if not _is_mark(line)]
    written = [line for line in kept if line.strip()]
    indent = written[0][: len(written[0]) - len(written[0].lstrip())] if written else ""
    ragged = any(not line.startswith(indent) for line in written)
    code = normal("\n".join(line.removeprefix(indent) for line in kept).lstrip("\n"))
    return Part(name, code, first, last, indent, ragged)


def _is_mark(line: str) -> bool:
    return "region" in line and bool(OPEN.match(line) or CLOSE.match(line))


def _find_symbol(tree: ast.Module, name: str) -> tuple[int, int] | None:
    """Rows of the last definition of a name: the one an import gets."""
    rows = [(first, last) for symbol, first, last in _iter_symbols(tree.body, "") if symbol == name]
    return rows[-1] if rows else None


def _iter_symbols(body: Sequence[ast.stmt], prefix: str) -> Iterator[tuple[str, int, int]]:
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
    return [target.id for target in targets if isinstance(target, ast.Name)]


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
    from difflib import get_close_matches

    near = get_close_matches(name, names, n=3, cutoff=0.5)
    if near:
        return "did you mean " + " or ".join(f"'{other}'" for other in near) + "?"
    return f"it has {', '.join(names[:5])}" if names else "it names nothing"
