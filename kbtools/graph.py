"""Resolved links -> a networkx DiGraph, and what is asked of it. The only place that imports networkx.

Nodes are the vault's files and, as in Obsidian's graph view, the targets that do not exist (`exists=False`). An edge
carries the links behind it. Everything is a free function over a graph or over the prerequisites it holds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
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
BLOCK = 4096
"""How many notes are asked about at once: bounds the memory of `iter_redundant`."""


def path_of(edge: Edge) -> NotePath | None:
    """The file an edge leads to; None when there is none."""
    match edge.to:
        case Found(path) | MissingAnchor(path) | Ambiguous((path, *_)):
            return path
        case _:
            return None


def build_graph(vault: Vault) -> Graph:
    """The graph of a vault. Node attributes: `kind` (note, canvas, notebook, attachment, unresolved, or excluded: a file that
    the settings keep out and a link leads to), `exists`, `title`; edge attribute `links`: the edges behind it, in order,
    hidden ones too. A target that does not exist is the node of its name as first written (in another spelling it is the
    same), put into `[[…]]` where a file has exactly that path. Links that leave the vault are not in the graph."""
    import networkx as nx

    graph: Graph = nx.DiGraph()
    for path in (*vault.notes, *vault.attachments):
        graph.add_node(path, kind=kind_of(path), exists=True, title=title_of(path))
    links: dict[tuple[str, str], list[Edge]] = {}
    lost: list[Edge] = []
    for edge in vault.iter_edges():
        found = path_of(edge)
        if found is not None:
            links.setdefault((edge.source, found), []).append(edge)
        elif not isinstance(edge.to, External):
            lost.append(edge)
    for outside in dict.fromkeys(target for _, target in links if target not in graph):
        graph.add_node(outside, kind="excluded", exists=True, title=title_of(outside))
    missing: dict[str, str] = {}
    for edge in lost:
        links.setdefault((edge.source, _add_missing(graph, edge.link.target, missing)), []).append(edge)
    graph.add_edges_from((source, target, {"links": tuple(behind)}) for (source, target), behind in links.items())
    return graph


def _add_missing(graph: Graph, name: str, missing: dict[str, str]) -> str:
    """The node of a name that no file has; `missing` knows the nodes by folded name."""
    folded = fold_name(name)
    if folded not in missing:
        node = name
        while node in graph:
            node = f"[[{node}]]"
        graph.add_node(node, kind="unresolved", exists=False, title=name)
        missing[folded] = node
    return missing[folded]


def kind_of(path: str) -> str:
    """note, canvas, notebook or attachment."""
    return KINDS.get(path[path.rfind(".") :].lower(), "attachment") if "." in path else "attachment"


def title_of(path: str) -> str:
    """A file's name as people read it: without folder, a note without its extension."""
    name = path[path.rfind("/") + 1 :]
    return name[:-3] if name[-3:].lower() == ".md" else name


def orphans(graph: Graph) -> list[str]:
    """Files that no other file links to, in order: notes, canvases, notebooks and attachments (what Obsidian's command line
    lists with `orphans all`; without `all` it lists the notes among them). A file's links to itself do not count."""
    return sorted(node for node, data in graph.nodes(data=True) if data.get("exists") and _is_lonely(graph, node))


def _is_lonely(graph: Graph, node: str) -> bool:
    return all(source == node for source in graph.predecessors(node))


def deadends(graph: Graph) -> list[str]:
    """Notes without an outgoing link, in order. A link to something that does not exist yet is an outgoing link, and so is
    one to a place in the note itself; one to another site is none."""
    return sorted(node for node, data in graph.nodes(data=True) if data.get("kind") == "note" and not graph.out_degree(node))


def unresolved(graph: Graph) -> list[str]:
    """Targets that do not exist, as first written, in order."""
    return sorted(node for node, data in graph.nodes(data=True) if not data.get("exists", True))


def backlinks(graph: Graph, path: str) -> list[Edge]:
    """The links to a file, by the place they stand in."""
    return [edge for source in sorted(graph.predecessors(path)) for edge in graph.edges[source, path]["links"]]


def count_graph(graph: Graph) -> dict[str, int]:
    """The shape of a graph in numbers. A component is what hangs together when the direction of links does not count."""
    import networkx as nx

    sizes = [len(component) for component in nx.weakly_connected_components(graph)]
    return {
        "nodes": graph.number_of_nodes(),
        "edges": graph.number_of_edges(),
        "components": len(sizes),
        "largest": max(sizes, default=0),
        "orphans": len(orphans(graph)),
        "dead ends": len(deadends(graph)),
        "unresolved": len(unresolved(graph)),
    }


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
    """One circle for each knot of prerequisites, the shortest from its first note on, each asking for the next."""
    for knot in sorted(map(sorted, _knots(prerequisites))):
        ring = _shortest_ring(prerequisites, knot[0], frozenset(knot))
        if ring:
            yield ring


def _knots(prerequisites: Prerequisites) -> list[set[NotePath]]:
    """The notes, those that ask for each other together, each knot after all that it asks for."""
    try:
        return [{note} for note in TopologicalSorter(prerequisites).static_order()]
    except CycleError:  # rare, and only then is networkx worth the quarter of a second that its import takes
        import networkx as nx

        graph = prerequisite_graph(prerequisites).reverse(copy=False)
        return [{NotePath(note) for note in knot} for knot in nx.strongly_connected_components(graph)]


def _shortest_ring(prerequisites: Prerequisites, first: NotePath, knot: Collection[NotePath]) -> tuple[NotePath, ...]:
    """The way from a note through its prerequisites back to itself, of equally long ones the first by path; () if none."""
    asked_by: dict[NotePath, NotePath] = {}
    pending = deque([first])
    while pending:
        note = pending.popleft()
        for before in sorted(prerequisites.get(note, ())):
            if before == first:
                way = [note]
                while way[-1] != first:
                    way.append(asked_by[way[-1]])
                return tuple(reversed(way))
            if before in knot and before not in asked_by:
                asked_by[before] = note
                pending.append(before)
    return ()


def iter_redundant(prerequisites: Prerequisites) -> Iterator[tuple[NotePath, NotePath, NotePath]]:
    """(note, prerequisite, through): one that follows from another prerequisite of the note. Circles are left out."""
    knots = _knots(prerequisites)
    number_of = {note: number for number, knot in enumerate(knots) for note in knot}
    asked = [{number_of[before] for note in knot for before in prerequisites.get(note, ())} for knot in knots]
    through: dict[tuple[NotePath, NotePath], NotePath] = {}
    for start in range(0, len(knots), BLOCK):
        needs = _all_needs(asked, range(start, start + BLOCK))
        for note, befores in prerequisites.items():
            for before in befores:
                bit = number_of[before] - start
                if not 0 <= bit < BLOCK:
                    continue
                via = [other for other in befores if number_of[other] != number_of[before] and needs[number_of[other]] >> bit & 1]
                if via:
                    through[note, before] = min(via)
    for note, befores in prerequisites.items():
        for before in sorted(befores):
            if (note, before) in through:
                yield note, before, through[note, before]


def _all_needs(asked: Sequence[Collection[int]], block: range) -> list[int]:
    """For each knot, which of the knots in a block it needs, near and far, as the bits of a number."""
    needs: list[int] = []
    for number, direct in enumerate(asked):
        bits = 0
        for other in direct:
            if other != number:
                bits |= needs[other] | (1 << (other - block.start) if other in block else 0)
        needs.append(bits)
    return needs


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
