"""The graph of a vault -> a text that other programs read: node-link JSON, GraphML, GEXF, DOT, Mermaid. Sorted, so that two
runs on one vault are equal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from kbtools.graph import Graph

SHAPES: Final = {"note": "box", "canvas": "box3d", "notebook": "note", "attachment": "ellipse"}


def around(graph: Graph, path: str, depth: int) -> Graph:
    """The part of the graph within `depth` links of a file, in either direction."""
    import networkx as nx

    near = nx.single_source_shortest_path_length(graph.to_undirected(as_view=True), path, cutoff=depth)
    part: Graph = graph.subgraph(near)
    return part


def plain(graph: Graph) -> Graph:
    """The graph with nothing but texts and numbers on it, in order: `links` is how many stand behind an edge."""
    import networkx as nx

    flat: Graph = nx.DiGraph()
    for node in sorted(graph):
        data = graph.nodes[node]
        flat.add_node(node, kind=data["kind"], exists=data["exists"], title=data["title"])
    for source in sorted(graph):
        for target in sorted(graph.successors(source)):
            flat.add_edge(source, target, links=len(graph[source][target]["links"]))
    return flat


def to_json(graph: Graph) -> str:
    """`{"nodes": [{"path", "kind", "exists", "title"}], "edges": [{"source", "target", "links"}]}`."""
    nodes = [{"path": node, **data} for node, data in graph.nodes(data=True)]
    edges = [{"source": source, "target": target, **data} for source, target, data in graph.edges(data=True)]
    rows = [",\n  ".join(json.dumps(row, ensure_ascii=False) for row in part) for part in (nodes, edges)]
    return f'{{"nodes": [\n  {rows[0]}\n], "edges": [\n  {rows[1]}\n]}}\n'


def to_graphml(graph: Graph) -> str:
    """GraphML, as networkx writes it."""
    import networkx as nx

    return "\n".join(nx.generate_graphml(graph, named_key_ids=True)) + "\n"


def to_gexf(graph: Graph) -> str:
    """GEXF 1.2, as networkx writes it."""
    import networkx as nx

    labelled = graph.copy()
    for _node, data in labelled.nodes(data=True):
        data["label"] = data["title"]
    return "\n".join(nx.generate_gexf(labelled)) + "\n"


def to_dot(graph: Graph) -> str:
    """Graphviz's language."""
    return "".join(f"{line}\n" for line in _dot_lines(graph))


def _dot_lines(graph: Graph) -> Iterator[str]:
    yield "digraph vault {"
    yield '  node [fontname="sans-serif"];'
    for node, data in graph.nodes(data=True):
        look = f"shape={SHAPES.get(data['kind'], 'box')}" + ("" if data["exists"] else ", style=dashed")
        yield f"  {_quoted(node)} [label={_quoted(data['title'])}, {look}];"
    for source, target in graph.edges:
        yield f"  {_quoted(source)} -> {_quoted(target)};"
    yield "}"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"'


def to_mermaid(graph: Graph) -> str:
    """A Mermaid flowchart, to be put into a note."""
    number = {node: f"n{at}" for at, node in enumerate(graph.nodes)}
    lines = ["flowchart LR"]
    for node, data in graph.nodes(data=True):
        title = escape(data["title"].replace("#", "#35;").replace('"', "#quot;")).replace("\n", " ")
        lines.append(f'  {number[node]}["{title}"]' if data["exists"] else f'  {number[node]}("{title}")')
    lines += [f"  {number[source]} --> {number[target]}" for source, target in graph.edges]
    return "".join(f"{line}\n" for line in lines)
