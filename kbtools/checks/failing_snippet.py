"""The proof of a snippet failed, or the snippet does not run alone.

The code in the note does not do what the note says, or nobody knows whether it does. A failure is an assertion that does not
hold or an error, and just as well a proof that takes too long or too much memory, ends the interpreter, leaves forked
copies of itself behind, or has no test that shows anything. It is the finding of the snippet that the proof is named
after; all others are proven all the same.

Example: `test_losses.py` says `assert mse(x, y) == 0.25` and it is 0.5.

Fix: mend the snippet, or the proof that asks for the wrong thing. `timeout` and `memory` in the configuration are the limits.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kbtools.model import Finding, Outcome, Shown, Span, Vault
from kbtools.snippets.source import Part, find_part

SEVERITY: Final = "error"
NEEDS: Final = "snippets"
HINTS: Final = {
    "timeout": "make it faster, or raise 'timeout' in the configuration",
    "memory": "make it use less, or raise 'memory' in the configuration",
    "empty": "write a test that can fail and passes",
    "device": "run it where a GPU is",
}


def check(vault: Vault) -> Iterator[Finding]:
    for outcome in vault.outcomes:
        if outcome.status == "failed":
            yield from _tell(outcome, vault)


def _tell(outcome: Outcome, vault: Vault) -> Iterator[Finding]:
    """One finding a note that shows the snippet; one about the snippet's own file when none does."""
    what = outcome.detail.partition("\n")[0]
    message = f"'{outcome.path}' fails on {outcome.device} ({outcome.reason}): {what}"
    hint = HINTS.get(outcome.reason, "")
    text = vault.snippets[outcome.path].text if outcome.path in vault.snippets else ""
    nearest: dict[str, tuple[bool, Shown, int]] = {}
    for block in vault.shown:
        if block.path != outcome.path:
            continue
        part = find_part(text, block.part)
        first, last = (part.first + 1, part.last) if isinstance(part, Part) else (1, 0)
        holds = first <= outcome.line <= last
        if block.note not in nearest or (holds and not nearest[block.note][0]):
            nearest[block.note] = holds, block, outcome.line or first
    for note, (_, block, line) in nearest.items():
        place = f"{outcome.path}:{line}"
        yield Finding("failing-snippet", "error", note, block.fence.span, message, hint, outcome.path, place)
    if not nearest:
        line = outcome.line or 1
        where = (line, 1, line, 1)
        yield Finding("failing-snippet", "error", outcome.path, Span(0, 0), message, hint, outcome.path, where=where)
