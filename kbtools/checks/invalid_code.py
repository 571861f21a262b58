"""A Python block that does not compile.

Someone who copies it gets a SyntaxError. Fragments are fine: they may be indented, may `return` or `await` outside of a
function and leave out a body with `...`; lines for Jupyter (`%matplotlib inline`, `!pip install torch`) are passed over.
Nothing is executed.

Example: `print（"你好"）` with full-width brackets, `print "hello"`, a pasted `>>>` session in a block marked `python`.

Fix: mend the code where the finding points; mark what is no Python as what it is: `text`, `pycon`, `bash`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from kbtools.model import Fence, Finding, Note, Span

if TYPE_CHECKING:
    from kbtools.lines import LineIndex
    from kbtools.snippets.compiling import Problem

SEVERITY: Final = "error"
NEEDS: Final = "snippets"


def check_note(note: Note) -> Iterator[Finding]:
    fences = note.fences
    if not fences or not note.path.endswith(".md"):
        return
    from kbtools.snippets.block import is_python
    from kbtools.snippets.compiling import find_problem

    text = note.source.text
    codes = ((fence, _read_lines(text, fence)) for fence in fences if is_python(fence))
    found = [(fence, code, problem) for fence, code in codes if (problem := find_problem(code)) is not None]
    if not found:
        return
    from kbtools.lines import LineIndex
    from kbtools.syntax.spans import is_inside

    opaque, lines = note.opaque, LineIndex(text)
    for fence, code, problem in found:
        if not is_inside(opaque, fence.span.start + len(fence.prefix)):
            yield _finding(note, fence, code, problem, lines)


def _read_lines(text: str, fence: Fence) -> list[str]:
    from kbtools.snippets.block import split_lines, strip_prefix

    lines = [line for line, _ in split_lines(text[fence.body_span.start : fence.body_span.end])]
    return [strip_prefix(line, fence.prefix) for line in lines] if fence.prefix else lines


def _finding(note: Note, fence: Fence, code: list[str], problem: Problem, lines: LineIndex) -> Finding:
    from kbtools.snippets import compiling
    from kbtools.snippets.block import split_lines

    at = fence.body_span.start
    rows = split_lines(note.source.text[at : fence.body_span.end])
    start = at + sum(len(line) + len(end) for line, end in rows[: problem.row])
    # a line's prefix may have been wider than it is long (tabs): columns are counted from the end
    shift = len(rows[problem.row][0]) - len(code[problem.row])
    span = Span(*(start + max(column + shift, 0) for column in (problem.start, problem.end)))
    words = compiling.shift_lines(problem.text, lines.position(at)[0] - 1)
    hint = compiling.advise(problem, code[problem.row])
    return Finding("invalid-code", SEVERITY, note.path, span, f"the code does not compile: {words}", hint)
