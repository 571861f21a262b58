"""Two notes have names that differ only in case, width or normalisation.

`Attention.md` and `attention.md`, or `Ｑ学习.md` and `Q学习.md`, look alike to a reader and are told apart by nobody
who types a link; the first pair cannot even live in one folder on macOS or Windows. Notes in different folders that share
exactly the same name are ordinary and not reported, nor are `index` and `README`.

Example: `概念/Dropout.md` and `模型/dropout.md`.

Fix: merge the notes, or rename one of them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Final

from kbtools.model import Finding, NotePath, Span, Vault

SEVERITY: Final = "warning"
NEEDS: Final = ""
ORDINARY: Final = frozenset({"index", "readme"})


def check(vault: Vault) -> Iterator[Finding]:
    first: dict[str, NotePath] = {}
    for path in vault.notes:
        if path[-3:].lower() != ".md":
            continue
        folded = _fold(_stem(path))
        other = first.setdefault(folded, path)
        name, known = _stem(path), _stem(other)
        if name == known or folded in ORDINARY:
            continue
        message = f"'{name}' and '{known}' ({other}) differ only in {_difference(name, known)}"
        yield Finding("duplicate-name", SEVERITY, path, Span(0, 0), message, target=name)


def _stem(path: NotePath) -> str:
    return path[path.rfind("/") + 1 : -3]


def _fold(name: str) -> str:
    return name.lower() if name.isascii() else unicodedata.normalize("NFKC", name).casefold()


def _difference(one: str, other: str) -> str:
    if unicodedata.normalize("NFC", one) == unicodedata.normalize("NFC", other):
        return "Unicode normalisation"
    if one.casefold() == other.casefold():
        return "case"
    if unicodedata.normalize("NFKC", one) == unicodedata.normalize("NFKC", other):
        return "width"
    return "case and width"
