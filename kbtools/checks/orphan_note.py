"""No other note links to this note.

In a knowledge base that is read by following links, a note without incoming links is never found. Links from canvases,
notebooks and comments count, a note's links to itself do not. Notes that are entrances rather than destinations are
left out: `index`, `README`, `kind: map`, and templates.

Example: `概念/残差连接.md` that nothing mentions in double brackets.

Fix: link to it from a map or from a note that needs it, or delete it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kbtools.model import Finding, NotePath, Span, Vault

SEVERITY: Final = "off"
NEEDS: Final = ""
ENTRANCES: Final = frozenset({"index.md", "readme.md"})
TEMPLATE_FOLDERS: Final = frozenset({"template", "templates", "_templates", "模板"})


def check(vault: Vault) -> Iterator[Finding]:
    linked = {path for source, path in vault.iter_targets() if path != source}
    for path in vault.notes:
        if path in linked or _is_entrance(path) or vault.notes[path].properties.get("kind") == "map":
            continue
        yield Finding("orphan-note", "warning", path, Span(0, 0), "no other note links to this one")


def _is_entrance(path: NotePath) -> bool:
    *folders, name = path.lower().split("/")
    return not name.endswith(".md") or name in ENTRANCES or not TEMPLATE_FOLDERS.isdisjoint(folders)
