"""A link names a heading, block or footnote that its file does not have.

Obsidian opens the file at its top and says nothing, so these links die silently whenever a heading is reworded.
A heading is found by its text without ASCII punctuation and case; `#A#B` wants B below A; a block is found by its
`^id`, a footnote by `[^id]`.

Example: `[[LSTM#遗忘门]]` where the heading became `## 三个门`; `[[#^def-1]]` where no block ends in `^def-1`.

Fix: copy the heading as it is now, or give the block its id.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kbtools.model import Edge, Finding, MissingAnchor, Vault

SEVERITY: Final = "error"
NEEDS: Final = ""


def check_edge(edge: Edge, vault: Vault) -> Iterator[Finding]:
    if not isinstance(edge.to, MissingAnchor):
        return
    link, path = edge.link, edge.to.path
    file = "this note" if path == edge.source else f"'{path}'"
    message = f"no {_name_place(link.subpath)} in {file}"
    if link.key:
        message = f"property '{link.key}': {message}"
    target = f"{link.target}#{link.subpath}"
    yield Finding("broken-anchor", SEVERITY, edge.source, link.span, message, target=target)


def _name_place(subpath: str) -> str:
    parts = [part.strip() for part in subpath.split("#") if part.strip()]
    last = parts[-1] if parts else ""
    if last.startswith("^"):
        return f"block '{last}'"
    if last.startswith("[^"):
        return f"footnote '{last.rstrip(']')}]'"
    return f"heading '{' > '.join(parts)}'"
