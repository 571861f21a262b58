"""A code block that the site cannot show: its header, its marks or their indent.

Obsidian takes everything after the marks for a header and is lenient about where marks stand. The site's extension
(`pymdownx.superfences`) is not: what it does not take becomes prose, and swallows what follows.

Example: a header `python title=a.py` or `python notest`; a block that is never closed; closing marks that are longer than
the opening ones, or stand in another column.

Fix: after the language write nothing but `title="…"`, `hl_lines="…"` and `linenums="…"`, values in quotes; close the block
with the same marks, right below the opening ones.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from kbtools.model import Finding, Fix, Note, Span

if TYPE_CHECKING:
    from kbtools.syntax.fencemarks import Mistake, Opening
    from kbtools.syntax.superfences import Problem

SEVERITY: Final = "error"
NEEDS: Final = "site"
OPTIONS: Final = {"title": 'title="…"', "hl_lines": 'hl_lines="1 3-5"', "linenums": 'linenums="1"'}


def check_note(note: Note) -> Iterator[Finding]:
    text = note.source.text
    if ("```" not in text and "~~~" not in text) or not note.path.endswith(".md"):
        return
    from kbtools.syntax import fencemarks

    unopened = list(fencemarks.iter_backticked(note))
    mistakes = (*unopened, *fencemarks.iter_indented(note), *_iter_fenced(note, [found.span.start for found in unopened]))
    for mistake in mistakes:
        yield Finding("invalid-fence", SEVERITY, note.path, mistake.span, mistake.message, mistake.hint, fix=mistake.fix)


def _iter_fenced(note: Note, unopened: list[int]) -> Iterator[Mistake]:
    """What is wrong with the note's fences. Marks that were meant to close what is lost above them are passed over."""
    from kbtools.syntax import fencemarks
    from kbtools.syntax.spans import is_inside

    text = note.source.text
    opaque: tuple[Span, ...] | None = None
    lost, after = False, -1
    for fence in note.fences:
        opening = fencemarks.read_opening(text, fence)
        lost = lost or bisect(unopened, after) < bisect(unopened, opening.at)
        after = fence.span.end
        if lost and not opening.header.strip():
            lost = False
            continue
        end = fencemarks.find_lost_end(text, fence, opening)
        lost = end is not None
        found = [*_iter_header(opening), *([end] if end else fencemarks.iter_mistakes(text, fence, opening))]
        if found:
            opaque = note.opaque if opaque is None else opaque
            yield from () if is_inside(opaque, opening.at) else found


def _iter_header(opening: Opening) -> Iterator[Mistake]:
    from kbtools.syntax import fencemarks, superfences

    problem = superfences.find_problem(opening.header)
    if problem:
        yield _in_header(opening, problem)
    elif "mermaid" in opening.header:
        language, options = superfences.split_header(opening.header)
        if language == "mermaid" and options and not options.startswith("{"):
            start = opening.span.start + opening.header.index(options)
            message = f"with '{options}' the site shows the source of this diagram, not the diagram"
            yield fencemarks.Mistake(Span(start, start + len(options)), message, f"write '{opening.mark}mermaid'")


def _in_header(opening: Opening, problem: Problem) -> Mistake:
    from kbtools.syntax.fencemarks import Mistake

    start = opening.span.start
    written = opening.header[problem.start : problem.end]
    message = f"'{written}' in the header turns this block into prose on the site"
    span = Span(start + problem.start, start + problem.end)
    if not problem.repaired:
        return Mistake(span, message, _advice(opening.header, problem))
    return Mistake(span, message, f"write '{opening.mark}{problem.repaired}'", Fix(opening.span, problem.repaired))


def _advice(header: str, problem: Problem) -> str:
    written = header[problem.start : problem.end]
    if written.startswith("{"):
        if written.endswith("}"):
            return "hl_lines and linenums need a value"
        return "nothing may follow the '}'" if "}" in written else "'{' has no '}'"
    if not header[: problem.start].strip():
        return "the language is one word of letters, digits and '#', '+', '-', '.', and a blank follows it"
    for name, example in OPTIONS.items():
        if written.startswith((f'{name}="', f"{name}='")) and name == "title":
            return "the value ends with the quote it begins with, and holds no other"
        if written.startswith(name) and not written[len(name) :][:1].isalnum():
            return f"write {example}"
    return 'only title="…", hl_lines="…" and linenums="…" may follow the language, or anything in braces'
