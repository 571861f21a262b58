"""A block's title names a snippet, or a part of one, that does not exist.

A title `snippets/….py#name` says: this code is the file's function, class, method, module-level name or region `name`, and
it is proven. Without the file nothing proves it. Titles that name nothing below the snippets folder are plain titles.

Example: `snippets/seq/lstm.py#lstm_step` where the file is called `lstm_cell.py`.

Fix: correct the title; for new code, `kb sync` makes the file from the block.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from kbtools.model import Finding, Fix, Shown, Span, Vault
from kbtools.snippets.extract import explain_path, find_twins
from kbtools.snippets.source import Problem, find_part

SEVERITY: Final = "error"
NEEDS: Final = "snippets"
GUESSES: Final = 20
"""Near names are looked up for so many files only: each costs a look at every snippet."""


def check(vault: Vault) -> Iterator[Finding]:
    missing: dict[str, list[Shown]] = {}
    for block in vault.shown:
        snippet = vault.snippets.get(block.path)
        if snippet is None:
            missing.setdefault(block.path, []).append(block)
            continue
        part = find_part(snippet.text, block.part)
        if snippet.problem:
            yield _finding(block, Problem(f"'{block.path}' {snippet.problem}", "mend the file"))
        elif isinstance(part, Problem):
            yield _finding(block, Problem(f"'{block.path}' {part.message}", part.hint, part.line))
    for number, (path, blocks) in enumerate(missing.items()):
        problem, twin = explain_path(path), ""
        if problem is None:
            problem, twin = _explain_missing(path, blocks, vault, guess=number < GUESSES)
        for block in blocks:
            yield _finding(block, problem, _retitle(vault, block, twin))


def _finding(block: Shown, problem: Problem, fix: Fix | None = None) -> Finding:
    place = f"{block.path}:{problem.line}" if problem.line else ""
    span = Span(block.fence.span.start, block.fence.body_span.start)
    return Finding("missing-snippet", SEVERITY, block.note, span, problem.message, problem.hint, block.title, place, fix)


def _explain_missing(path: str, blocks: Sequence[Shown], vault: Vault, *, guess: bool) -> tuple[Problem, str]:
    """What to say, and the one snippet that has all the code."""
    is_gone = any((block.note, block.title) in vault.agreed for block in blocks)
    message = f"'{path}' is gone" if is_gone else f"'{path}' does not exist"
    written = [block for block in blocks if block.code]
    twins = find_twins(written, vault.snippets) if guess else []
    if twins:
        return Problem(message, f"'{twins[0]}' has this code"), twins[0] if len(twins) == 1 else ""
    near = _near(path, vault.snippets) if guess else []
    ways = ["did you mean " + " or ".join(f"'{other}'" for other in near) + "?"] if near else []
    if is_gone:
        ways = ways or ["restore it, or change the title"]
    elif written:
        ways.append("if not, kb sync makes it from the note" if near else "kb sync makes it from the note")
    return Problem(message, " ".join(ways) or "write the code, or change the title"), ""


def _near(path: str, paths: Iterable[str]) -> list[str]:
    """The snippets of the same name in other folders, else those of a similar name."""
    from difflib import get_close_matches

    by_name: dict[str, list[str]] = {}
    for other in paths:
        by_name.setdefault(_name(other), []).append(other)
    names = [_name(path)] if _name(path) in by_name else get_close_matches(_name(path), by_name, n=2, cutoff=0.75)
    return [other for name in names for other in by_name[name]][:3]


def _name(path: str) -> str:
    return path.rsplit("/", 1)[-1].removesuffix(".py")


def _retitle(vault: Vault, block: Shown, path: str) -> Fix | None:
    """The title with another path: what is proven is the block's own code."""
    header = vault.notes[block.note].source.text[block.fence.span.start : block.fence.body_span.start] if path else ""
    at = header.find(block.path)
    if at < 0:
        return None
    start = block.fence.span.start + at
    return Fix(Span(start, start + len(block.path)), path)
