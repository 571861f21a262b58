r"""LaTeX that cannot be drawn, or a `$` that is left open.

Obsidian shows such a formula in red, and a `$` without its partner as plain text, with everything after it. Structure
is checked here (braces, `\left` and `\right`, environments, `&`); where the package `math-core` is installed, it also says
which commands do not exist and where an argument is missing. Money (`$5 and $6`) is not math.

Example: `$\frac{1}{2$`, `$\left( x$`, `$$ \begin{matrix} 1 \end{pmatrix} $$`, `学习率 $\alpha 越大`.

Fix: close what is open; write `\$` for a dollar sign and `\%` for a percent sign inside a formula.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from kbtools.model import Finding, Note, Span

SEVERITY: Final = "error"
NEEDS: Final = "site"
LEFT_OPEN: Final = r"\$(?<![\\$A-Za-z0-9_]\$)(?:\$(?=[^$\n\\^_{]*+[\\^_{])|(?=\\[A-Za-z]{2}|[A-Za-z][_^][A-Za-z0-9{\\]))"
BLANK_CLOSE: Final = r"[^$\n]*+(?<=[ \t])\$(?!\$)"
STRAY: Final = r"(?<![\\$])\$(?!\$)"
BLANK_HINT: Final = "no blank may stand right inside the dollars"


def check_note(note: Note) -> Iterator[Finding]:
    text = note.source.text
    if "$" not in text or not note.path.endswith(".md"):
        return
    from kbtools.syntax import latex, mathcore
    from kbtools.syntax.spans import iter_outside

    formulas = note.math
    body = note.properties_span.end
    left_open = iter_outside(re.finditer(LEFT_OPEN, text), note.opaque)
    for match in iter_outside(left_open, _iter_link_spans(note)):
        if match.start() >= body:
            hint = BLANK_HINT if re.compile(BLANK_CLOSE).match(text, match.end()) else ""
            yield _finding(note, Span(*match.span()), f"'{match[0]}' is never closed", hint)
    converter = mathcore.find_converter(text[span.start : span.end] for span in formulas) if formulas else None
    for span in formulas:
        mark = "$$" if text.startswith("$$", span.start) else "$"
        start, end = span.start + len(mark), span.end - len(mark)
        if end < start or not text.endswith(mark, start, span.end):
            yield _finding(note, Span(span.start, start), f"'{mark}' is never closed")
            continue
        formula = text[start:end]
        if mark == "$" and re.search(STRAY, formula) and re.search(r"[\\^_{]", formula):
            hint = BLANK_HINT if re.match(BLANK_CLOSE, formula) else ""
            yield _finding(note, Span(span.start, start), "'$' is never closed", hint)
            continue
        if converter is not None and converter.draws(formula):
            continue
        problem = latex.find_problem(formula) or (converter.find_problem(formula) if converter else None)
        if problem is not None:
            yield _finding(note, Span(start + problem.offset, span.end), problem.text)


def _iter_link_spans(note: Note) -> Iterator[Span]:
    for link in note.links:
        yield link.span


def _finding(note: Note, span: Span, message: str, hint: str = "") -> Finding:
    return Finding("invalid-math", SEVERITY, note.path, span, message, hint=hint)
