"""The graph for other programs: each format is read back by somebody else's reader."""

from __future__ import annotations

import io
import json
import shutil
import subprocess

import networkx as nx
import pytest

from kbtools.app import snapshot_of
from kbtools.asking import exports
from kbtools.graph import build_graph

VAULT = {
    "a.md": '[[b]] [[b|x]] [[无]] ![[p.png]] [[q"<&]]',
    "b.md": "[[a]]",
    "c.canvas": '{"nodes":[{"type":"file","file":"a.md"}]}',
    "p.png": "",
    "far.md": "",
}
EDGES = {("a.md", "b.md"), ("a.md", "无"), ("a.md", "p.png"), ("a.md", 'q"<&'), ("b.md", "a.md"), ("c.canvas", "a.md")}


@pytest.fixture(scope="module")
def graph() -> nx.DiGraph:
    return exports.plain(build_graph(snapshot_of(VAULT)))


def test_json(graph: nx.DiGraph) -> None:
    data = json.loads(exports.to_json(graph))
    assert {(edge["source"], edge["target"]) for edge in data["edges"]} == EDGES
    assert {"source": "a.md", "target": "b.md", "links": 2} in data["edges"]
    assert {"path": "无", "kind": "unresolved", "exists": False, "title": "无"} in data["nodes"]


def test_graphml_and_gexf_are_read_back(graph: nx.DiGraph) -> None:
    assert set(nx.read_graphml(io.BytesIO(exports.to_graphml(graph).encode())).edges) == EDGES
    assert set(nx.read_gexf(io.BytesIO(exports.to_gexf(graph).encode())).edges) == EDGES


def test_dot_and_mermaid_name_every_node_and_edge(graph: nx.DiGraph) -> None:
    dot, mermaid = exports.to_dot(graph), exports.to_mermaid(graph)
    assert dot.count("->") == mermaid.count("-->") == len(EDGES)
    assert '"q\\"<&"' in dot
    assert "q#quot;&lt;&amp;" in mermaid


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_graphviz_reads_it(graph: nx.DiGraph) -> None:
    done = subprocess.run(["dot", "-Tplain"], input=exports.to_dot(graph), capture_output=True, text=True, check=True)
    assert done.stdout.count("\nedge ") == len(EDGES)


def test_around(graph: nx.DiGraph) -> None:
    assert set(exports.around(graph, "b.md", 1)) == {"a.md", "b.md"}
    assert set(exports.around(graph, "b.md", 2)) == set(graph) - {"far.md"}
    assert set(exports.around(graph, "far.md", 5)) == {"far.md"}
