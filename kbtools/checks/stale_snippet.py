"""Code in a note differs from the snippet that its title names.

What a reader sees is then not what was proven. Which side was edited is known when `kb check` or `kb sync` has seen both
equal before: the finding stands at the first line of the block that differs, its second address is that line's place in the
snippet. Blank lines at the ends of a block, region marks, and the indent of lists and quotes do not count.

Example: a block titled `snippets/seq/rnn.py#rnn_step` whose code somebody improved in Obsidian.

Fix: `kb sync` writes the side that was not edited; when both were, `kb sync --prefer note` or `--prefer file`.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import Final

from kbtools.model import Finding, Shown, Vault
from kbtools.snippets.block import span_of_row
from kbtools.snippets.moved import explain_moved, what_moved
from kbtools.snippets.source import Part, find_part

SEVERITY: Final = "error"
NEEDS: Final = "snippets"


def check(vault: Vault) -> Iterator[Finding]:
    for block in vault.shown:
        snippet = vault.snippets.get(block.path)
        part = find_part(snippet.text, block.part) if snippet and not snippet.problem else None
        if isinstance(part, Part) and part.code != block.code:
            yield _finding(vault, block, part)


def _finding(vault: Vault, block: Shown, part: Part) -> Finding:
    problem = explain_moved(block, what_moved(block, part.code, vault.agreed))
    pairs = enumerate(zip_longest(block.code.split("\n"), part.code.split("\n")))
    first = next(row for row, (ours, theirs) in pairs if ours != theirs)
    span = span_of_row(vault.notes[block.note].source.text, block.fence, first)
    row = part.rows[min(first, len(part.rows) - 1)] + 1 if part.rows else 1
    place = f"{block.path}:{row}"
    return Finding("stale-snippet", SEVERITY, block.note, span, problem.message, problem.hint, block.title, place)
