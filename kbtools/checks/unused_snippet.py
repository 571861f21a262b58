"""No note shows this snippet.

Code that was written to be read is then read by nobody; often the note that showed it was rewritten, or its title misspelt.
Files whose name begins with `_` are shared by snippets and need not be shown.

Example: `snippets/seq/gru_cell.py` that no block is titled with.

Fix: show it (a block titled `snippets/seq/gru_cell.py#gru_step`, then `kb sync` fills it), or delete it with its proof.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kbtools.model import Finding, Span, Vault

SEVERITY: Final = "off"
NEEDS: Final = "snippets"


def check(vault: Vault) -> Iterator[Finding]:
    for path, snippet in sorted(vault.snippets.items()):
        if not snippet.shown:
            yield Finding("unused-snippet", "warning", path, Span(0, 0), "no note shows this snippet", target=path)
