"""A prerequisite that follows from the others.

`prerequisites` names what a reader needs directly before a note. What those notes need themselves is implied; repeating
it makes the graph dense and hides the order.

Example: LSTM needs 循环神经网络 and 反向传播, though 循环神经网络 already needs 反向传播.

Fix: remove the implied link from `prerequisites`; mention it in the text if it helps.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kbtools.model import Finding, NotePath, Span, Vault

SEVERITY: Final = "off"
NEEDS: Final = ""


def check(vault: Vault) -> Iterator[Finding]:
    from kbtools import graph

    redundant = {(note, implied): via for note, implied, via in graph.iter_redundant(graph.prerequisites_of(vault))}
    if not redundant:
        return
    for edge in vault.iter_property_edges():
        implied = graph.path_of(edge) if edge.link.key.partition(".")[0] == "prerequisites" else None
        via = redundant.pop((edge.source, implied), None) if implied else None
        if implied and via:
            yield _finding(edge.source, edge.link.span, implied, via)


def _finding(path: NotePath, span: Span, implied: NotePath, via: NotePath) -> Finding:
    message = f"the prerequisite '{_name(implied)}' already follows from '{_name(via)}'"
    return Finding("redundant-prerequisite", "warning", path, span, message, target=_name(implied))


def _name(path: NotePath) -> str:
    return path[path.rfind("/") + 1 :].removesuffix(".md")
