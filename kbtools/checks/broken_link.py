"""A link names a file that does not exist.

Obsidian shows such a link in a fainter colour and, when it is clicked, creates an empty note: a typing mistake stays
unseen until a reader meets it. Links in text, in properties and on canvases are all checked; embeds have a rule of
their own (`broken-embed`).

Example: `[[LSMT]]` where the note is called `LSTM.md`; `[[BP]]` where BP is only an alias (an alias never resolves).

Fix: correct the name, write `[[the note|the alias]]`, or create the note.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kbtools.model import Edge, Finding, MissingFile, Vault

SEVERITY: Final = "error"
NEEDS: Final = ""


def check_edge(edge: Edge, vault: Vault) -> Iterator[Finding]:
    link = edge.link
    if not isinstance(edge.to, MissingFile) or (link.embed and link.form != "canvas"):
        return
    where = f"property '{link.key}': " if link.key else ""
    message = f"{where}nothing is named '{link.target}'"
    yield Finding("broken-link", SEVERITY, edge.source, link.span, message, target=link.target)
