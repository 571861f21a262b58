"""A link could mean several files, and none exactly.

Obsidian picks one without a word: the one below the linking note's folder, else the one with the shortest path. A new
file, or a moved note, can reroute the link. A single file can be a surprise too: `[[b/Note]]` also matches
`a/xb/Note.md`, because its path happens to end with the same letters.

Example: `[[总结]]` with `强化学习/总结.md` and `图神经网络/总结.md`.

Fix: write the whole path, `[[强化学习/总结|总结]]`, or give the notes different names.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kbtools.model import Ambiguous, Edge, Finding, Vault

SEVERITY: Final = "warning"
NEEDS: Final = ""
SHOWN: Final = 3


def check_edge(edge: Edge, vault: Vault) -> Iterator[Finding]:
    if not isinstance(edge.to, Ambiguous):
        return
    taken, *others = edge.to.paths
    target = edge.link.target
    if others:
        rest = ", ".join(f"'{path}'" for path in others[:SHOWN])
        more = f" and {len(others) - SHOWN} more" if len(others) > SHOWN else ""
        message = f"'{target}' means '{taken}' here, but could also be {rest}{more}"
    else:
        message = f"'{target}' means '{taken}' only because that path ends with the same letters"
    hint = f"write the whole path: '{taken.removesuffix('.md')}'"
    yield Finding("ambiguous-link", SEVERITY, edge.source, edge.link.span, message, hint=hint, target=target)
