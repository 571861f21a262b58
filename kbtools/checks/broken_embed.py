"""An embed names a file that does not exist.

The reader sees an empty box where a figure, a PDF or a part of another note should be. Attachments need their
extension: `![[loss]]` looks for a note, `![[loss.svg]]` for the picture.

Example: `![[损失曲线.png]]` after the picture was renamed; `![](img/old.png)`.

Fix: correct the name, or put the file into the vault.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kbtools.model import Edge, Finding, MissingFile, Vault

SEVERITY: Final = "error"
NEEDS: Final = ""


def check_edge(edge: Edge, vault: Vault) -> Iterator[Finding]:
    link = edge.link
    if not isinstance(edge.to, MissingFile) or not link.embed or link.form == "canvas":
        return
    message = f"nothing is named '{link.target}'"
    yield Finding("broken-embed", SEVERITY, edge.source, link.span, message, target=link.target)
