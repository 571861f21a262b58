"""Resolved links -> a networkx DiGraph, and what is asked of it. The only place that imports networkx.

Nodes are the vault's files and, as in Obsidian's graph view, the targets that do not exist (`exists=False`). An edge
carries the links behind it. Everything is a free function over a graph or over the prerequisites it holds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from kbtools.errors import KbError
from kbtools.model import Ambiguous, Edge, External, Found, MissingAnchor, NotePath, Vault
from kbtools.syntax.names import fold_name

if TYPE_CHECKING:
    import networkx as nx

    Graph = nx.DiGraph[str]

Prerequisites = Mapping[NotePath, tuple[NotePath, ...]]

KINDS = {".md": "note", ".canvas": "canvas", ".ipynb": "notebook"}
PREREQUISITES = "prerequisites"


def path_of(edge: Edge) -> NotePath | None:
    """The file an edge leads to; None when there is none."""
    match edge.to:
        case Found(path) | MissingAnchor(path) | Ambiguous((path, *_)):
            return path
        case _:
            return None


def build_graph(vault: Vault) -> Graph:
    """The graph of a vault. Node attributes: `kind` (note, canvas, notebook, attachment, unresolved), `exists`, `title`;
    edge attribute `links`: the edges behind it, in order."""
    import networkx as nx

    links: dict[tuple[str, str], list[Edge]] = {}
    missing: dict[str, str] = {}
    for edge in vault.iter_edges():
        target: str | None = path_of(edge)
        if target is None:
            if isinstance(edge.to, External):
                continue
            target = missing.setdefault(fold_name(edge.link.target), edge.link.target)
        links.setdefault((edge.source, target), []).append(edge)
    graph: Graph = nx.DiGraph()
    for path in (*vault.notes, *vault.attachments):
        graph.add_node(path, kind=kind_of(path), exists=True, title=title_of(path))
    for name in missing.values():
        graph.add_node(name, kind="unresolved", exists=False, title=name)
    graph.add_edges_from((source, target, {"links": tuple(edges)}) for (source, target), edges in links.items())
    return graph


def kind_of(path: str) -> str:
    """note, canvas, notebook or attachment."""
    return KINDS.get(path[path.rfind(".") :].lower(), "attachment") if "." in path else "attachment"


def title_of(path: str) -> str:
    """A file's name as people read it: without folder, a note without its extension."""
    name = path[path.rfind("/") + 1 :]
    return name[:-3] if name[-3:].lower() == ".md" else name


def orphans(graph: Graph) -> list[str]:
    """Existing files that no other file links to, in order."""
    return sorted(node for node, data in graph.nodes(data=True) if data.get("exists") and _is_lonely(graph, node))


def _is_lonely(graph: Graph, node: str) -> bool:
    return all(source == node for source in graph.predecessors(node))


def deadends(graph: Graph) -> list[str]:
    """Notes without an outgoing link, in order."""
    return sorted(node for node, data in graph.nodes(data=True) if data.get("kind") == "note" and not graph.out_degree(node))


def unresolved(graph: Graph) -> list[str]:
    """Targets that do not exist, as first written, in order."""
    return sorted(node for node, data in graph.nodes(data=True) if not data.get("exists", True))


def backlinks(graph: Graph, path: str) -> list[Edge]:
    """The links to a file, by the place they stand in."""
    return [edge for source in sorted(graph.predecessors(path)) for edge in graph.edges[source, path]["links"]]


# ------------------------------------------------------------------------------------------------ prerequisites


def prerequisites_of(vault: Vault) -> Prerequisites:
    """What each note asks to be read before it: its `prerequisites` property, as far as the links resolve."""
    found: dict[NotePath, dict[NotePath, None]] = {}
    for edge in vault.iter_property_edges():
        if edge.link.key.partition(".")[0] != PREREQUISITES:
            continue
        path = path_of(edge)
        if path is not None:
            found.setdefault(edge.source, {})[path] = None
    return {path: tuple(before) for path, before in sorted(found.items())}


def prerequisite_graph(prerequisites: Prerequisites) -> Graph:
    """Prerequisite -> note."""
    import networkx as nx

    graph: Graph = nx.DiGraph()
    graph.add_edges_from((before, note) for note, befores in prerequisites.items() for before in befores)
    return graph


def iter_cycles(prerequisites: Prerequisites) -> Iterator[tuple[NotePath, ...]]:
    """One circle for each knot of prerequisites, from its first note on, each asking for the next."""
    if not prerequisites:
        return
    import networkx as nx

    graph = prerequisite_graph(prerequisites).reverse(copy=False)
    for knot in sorted(map(sorted, nx.strongly_connected_components(graph))):
        if len(knot) == 1 and not graph.has_edge(knot[0], knot[0]):
            continue
        first = knot[0]
        if graph.has_edge(first, first):
            yield (NotePath(first),)
            continue
        part = graph.subgraph(knot)
        after = min(part.successors(first))
        way = nx.shortest_path(part, after, first)
        yield tuple(NotePath(node) for node in (first, *way[:-1]))


def iter_redundant(prerequisites: Prerequisites) -> Iterator[tuple[NotePath, NotePath, NotePath]]:
    """(note, prerequisite, through): one that follows from another prerequisite of the note. Circles are left out."""
    if not prerequisites:
        return
    import networkx as nx

    graph = prerequisite_graph(prerequisites)
    for note, befores in prerequisites.items():
        for before in sorted(befores):
            for other in sorted(befores):
                if other != before and nx.has_path(graph, before, other) and not nx.has_path(graph, other, before):
                    yield note, before, other
                    break


def learning_path(prerequisites: Prerequisites, goal: NotePath, known: Collection[NotePath] = ()) -> list[NotePath]:
    """What to read first, in order, the goal last: every note after its prerequisites; of those that may come next, the
    one nearest to the start, then by path. What is known, and what only leads to it, is left out.

    Raises KbError when the prerequisites go in a circle: then nobody could start.
    """
    order: list[NotePath] = []
    sorter = TopologicalSorter(_needed(prerequisites, goal, frozenset(known) - {goal}))
    try:
        sorter.prepare()
    except CycleError as error:
        ring = " → ".join(title_of(path) for path in reversed(error.args[1]))
        raise KbError(f"prerequisites in a circle: {ring}", "kb check tells where") from error
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        order += ready
        sorter.done(*ready)
    return order


def _needed(prerequisites: Prerequisites, goal: NotePath, known: Collection[NotePath]) -> dict[NotePath, list[NotePath]]:
    """The goal and all it needs, each with its own prerequisites; what is known is left out."""
    needed: dict[NotePath, list[NotePath]] = {}
    pending = [goal]
    while pending:
        note = pending.pop()
        if note not in needed:
            needed[note] = sorted(before for before in prerequisites.get(note, ()) if before not in known)
            pending += needed[note]
    return needed
