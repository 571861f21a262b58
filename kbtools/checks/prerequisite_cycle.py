"""Prerequisites that go in a circle, so that nobody could start.

`prerequisites` says what to read before a note; an order exists only if no note is, through others, its own
prerequisite. `kb path` cannot plan a circle.

Example: LSTM needs 循环神经网络, 循环神经网络 needs 门控, 门控 needs LSTM.

Fix: remove the weakest of the links from `prerequisites`; keep it as an ordinary link in the text.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kbtools.model import Finding, NotePath, Span, Vault

SEVERITY: Final = "error"
NEEDS: Final = ""


def check(vault: Vault) -> Iterator[Finding]:
    from kbtools import graph

    for cycle in graph.iter_cycles(graph.prerequisites_of(vault)):
        first = cycle.index(min(cycle))
        ring = [*cycle[first:], *cycle[: first + 1]]
        names = " → ".join(path[path.rfind("/") + 1 :].removesuffix(".md") for path in ring)
        span = _find_span(vault, ring[0], ring[1])
        yield Finding("prerequisite-cycle", SEVERITY, ring[0], span, f"prerequisites in a circle: {names}")


def _find_span(vault: Vault, path: NotePath, prerequisite: NotePath) -> Span:
    """Where the properties of `path` name the prerequisite."""
    from kbtools import graph

    for edge in vault.iter_property_edges():
        named = edge.source == path and edge.link.key.partition(".")[0] == "prerequisites"
        if named and graph.path_of(edge) == prerequisite:
            return edge.link.span
    return Span(0, 0)
