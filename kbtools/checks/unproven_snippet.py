"""Nothing proves this snippet, or nothing proves it on a GPU.

A snippet is proven by the file `test_<name>.py` in the folder of proofs. It has to hold tests, and to mention the snippet;
where the snippet computes with torch, its tests have to take the fixture `device`, so that they run on every device
there is. All this is read off the files: nothing is run.

Example: `snippets/seq/gru.py` is there, and no `tests/snippets/test_gru.py`.

Fix: write the proof; compare the snippet with something that was made independently of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kbtools.model import Finding, Snippet, Span, Vault
from kbtools.snippets.imports import has_test, imports, may_use_device, mentions

SEVERITY: Final = "warning"
NEEDS: Final = "proofs"


def check(vault: Vault) -> Iterator[Finding]:
    for path, snippet in vault.snippets.items():
        problem = _find_problem(snippet)
        if problem is not None:
            message, hint = problem
            yield Finding("unproven-snippet", "warning", path, Span(0, 0), message, hint, path)


def _find_problem(snippet: Snippet) -> tuple[str, str] | None:
    """(what is wrong, what to do)."""
    name, proof = snippet.path.rsplit("/", 1)[-1].removesuffix(".py"), snippet.proof
    if not proof:
        return None
    if not snippet.proof_text.strip():
        return f"nothing proves '{snippet.path}'", f"write '{proof}'"
    if not has_test(snippet.proof_text):
        return f"the proof '{proof}' has no test", "a test is a function whose name begins with 'test'"
    if not mentions(snippet.proof_text, name):
        return f"the proof '{proof}' never mentions '{name}'", f"import it: from {snippet.path[:-3].replace('/', '.')} import …"
    if imports(snippet.text, "torch") and not may_use_device(snippet.proof_text):
        return f"'{snippet.path}' is proven on the CPU only", f"let a test of '{proof}' take the fixture 'device'"
    return None
