"""The graph of a vault and what is asked of it: by hand, and against plain searches on random graphs."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kbtools import app, graph
from kbtools.config import Config
from kbtools.errors import KbError
from kbtools.model import External, Found, NotePath

VAULT: Mapping[str, str] = {
    "index.md": "[[a]] [[a|again]] ![[p.png]] %%[[c]]%% [site](https://x.org) [[Gone]]",
    "a.md": "[[#h]] [[gone]] [[GONE|x]]\n\n# h",
    "b.md": "text",
    "c.md": '---\nup: "[[index]]"\n---\n',
    "board.canvas": json.dumps({"nodes": [{"type": "file", "file": "a.md"}, {"type": "text", "text": "[[nobody]]"}]}),
    "book.ipynb": json.dumps({"cells": [{"cell_type": "markdown", "source": "[[b]]"}]}),
    "p.png": "",
    "unused.png": "",
    "dead": "",
}


def built(files: Mapping[str, str], config: Config | None = None) -> graph.Graph:
    return graph.build_graph(app.snapshot_of(files, config))


# ------------------------------------------------------------------------------------------------ the graph


def test_every_file_and_every_missing_target_is_a_node() -> None:
    nodes = {node: (data["kind"], data["exists"], data["title"]) for node, data in built(VAULT).nodes(data=True)}
    assert nodes == {
        "index.md": ("note", True, "index"),
        "a.md": ("note", True, "a"),
        "b.md": ("note", True, "b"),
        "c.md": ("note", True, "c"),
        "board.canvas": ("canvas", True, "board.canvas"),
        "book.ipynb": ("notebook", True, "book.ipynb"),
        "p.png": ("attachment", True, "p.png"),
        "unused.png": ("attachment", True, "unused.png"),
        "dead": ("attachment", True, "dead"),
        "gone": ("unresolved", False, "gone"),
        "nobody": ("unresolved", False, "nobody"),
    }


def test_an_edge_carries_its_links_in_order() -> None:
    found = built(VAULT)
    assert [edge.link.display for edge in found.edges["index.md", "a.md"]["links"]] == ["", "again"]
    assert [edge.link.hidden for edge in found.edges["index.md", "c.md"]["links"]] == [True]
    assert [edge.link.key for edge in found.edges["c.md", "index.md"]["links"]] == ["up"]
    assert found.has_edge("a.md", "a.md")


def test_spellings_of_a_missing_target_are_one_node_named_as_first_written() -> None:
    found = built(VAULT)
    assert graph.unresolved(found) == ["gone", "nobody"]
    assert [edge.link.target for edge in graph.backlinks(found, "gone")] == ["gone", "GONE", "Gone"]


def test_what_check_reports_is_what_the_edges_say() -> None:
    files = {**VAULT, "d.md": "[[a#nowhere]] ![[no.png]] %%[[hidden]]%% [[#h2]] [[a#h]]"}
    edges = [edge for *_, links in built(files).edges(data="links") for edge in links if not edge.link.hidden]
    dead = sorted((edge.source, edge.link.span) for edge in edges if not isinstance(edge.to, Found))
    rules = ["broken-link", "broken-embed", "broken-anchor", "ambiguous-link"]
    assert sorted((found.path, found.span) for found in app.check_files(files, select=rules).findings) == dead
    assert len(dead) == 7


def test_the_shape_in_numbers() -> None:
    shape = graph.count_graph(built(VAULT))
    assert shape == {
        "nodes": 11,
        "edges": 10,
        "components": 4,
        "largest": 7,
        "orphans": 4,
        "dead ends": 1,
        "unresolved": 2,
    }
    assert graph.count_graph(built({}))["largest"] == 0


def test_a_link_to_another_site_is_no_edge() -> None:
    snapshot = app.snapshot_of({"a.md": "[x](https://x.org) [m](mailto:a@b.c)"})
    assert all(isinstance(edge.to, External) for edge in snapshot.iter_edges())
    assert list(graph.build_graph(snapshot).edges) == []


def test_a_missing_target_named_like_a_file_is_a_node_of_its_own() -> None:
    """`[[dead]]` looks for `dead.md`; the file `dead` without an extension is another thing."""
    found = built({"a.md": "[[dead]] [[[x]]", "dead": "", "[[dead]]": ""})
    assert found.nodes["dead"] == {"kind": "attachment", "exists": True, "title": "dead"}
    assert found.nodes["[[[[dead]]]]"] == {"kind": "unresolved", "exists": False, "title": "dead"}
    assert next(found.successors("a.md")) == "[[[[dead]]]]"


def test_a_file_that_is_kept_out_is_a_node_when_a_link_leads_to_it() -> None:
    config = Config(vault=Path("vault"), root=Path("vault"), ignore=("old/**",))
    found = built({"a.md": "[[b]]", "old/b.md": "[[a]]", "old/c.md": "[[a]]"}, config)
    assert dict(found.nodes(data="kind")) == {"a.md": "note", "old/b.md": "excluded"}
    assert list(found.edges) == [("a.md", "old/b.md")]
    assert graph.orphans(found) == ["a.md"]
    assert graph.deadends(found) == []
    assert graph.unresolved(found) == []


def test_orphans_are_files_that_nothing_else_links_to() -> None:
    assert graph.orphans(built(VAULT)) == ["board.canvas", "book.ipynb", "dead", "unused.png"]
    assert graph.orphans(built({"a.md": "[[a]] [[#x]]"})) == ["a.md"]


def test_dead_ends_are_notes_without_a_link() -> None:
    assert graph.deadends(built(VAULT)) == ["b.md"]
    assert graph.deadends(built({"a.md": "[[gone]]", "b.md": "[x](https://x.org)", "c.md": "[[#h]]\n# h"})) == ["b.md"]


def test_backlinks_come_by_the_place_they_stand_in() -> None:
    found = built({"z.md": "[[t]]", "a.md": "x [[t|2]] [[t|3]]", "t.md": "[[#x]]"})
    assert [(edge.source, edge.link.display) for edge in graph.backlinks(found, "t.md")] == [
        ("a.md", "2"),
        ("a.md", "3"),
        ("t.md", ""),
        ("z.md", ""),
    ]


def test_orphans_are_what_no_target_names() -> None:
    snapshot = app.snapshot_of(VAULT)
    found = graph.build_graph(snapshot)
    linked = {path for source, path in snapshot.iter_targets() if source != path}
    assert graph.orphans(found) == sorted({*snapshot.paths, *snapshot.attachments} - linked)


@pytest.mark.parametrize(
    ("path", "kind", "title"),
    [
        ("a.md", "note", "a"),
        ("A.MD", "note", "A"),
        ("d/v1.2.md", "note", "v1.2"),
        ("x.Canvas", "canvas", "x.Canvas"),
        ("n.ipynb", "notebook", "n.ipynb"),
        ("v1.2/README", "attachment", "README"),
        ("README", "attachment", "README"),
    ],
)
def test_kinds_and_titles(path: str, kind: str, title: str) -> None:
    assert (graph.kind_of(path), graph.title_of(path)) == (kind, title)


def test_a_hundred_thousand_edges_are_quick() -> None:
    """Against the time that listing the edges takes anyway, so that a slow machine is no failure; uncollected, as `kb` runs."""
    files = {f"{n}.md": " ".join(f"[[{(n * 7 + k * k) % 2000}]]" for k in range(50)) for n in range(2000)}
    snapshot = app.snapshot_of(files)
    gc.disable()
    try:
        started = time.process_time()
        listed = sum(1 for _ in snapshot.iter_edges())
        listing = time.process_time() - started
        started = time.process_time()
        found = graph.build_graph(snapshot)
        building = time.process_time() - started
    finally:
        gc.enable()
    assert listed == 100_000
    assert found.size() > 20_000
    assert building < 6 * listing + 0.5


# ------------------------------------------------------------------------------------------------ prerequisites

NAMES = "abcdefgh"


@st.composite
def prerequisite_maps(draw: st.DrawFn) -> graph.Prerequisites:
    notes = [NotePath(name) for name in NAMES[: draw(st.integers(1, len(NAMES)))]]
    befores = st.lists(st.sampled_from(notes), max_size=3, unique=True).map(tuple)
    found = {note: draw(befores) for note in notes}
    return {note: before for note, before in found.items() if before}


def p(**befores: str) -> graph.Prerequisites:
    """`p(c="ab")`: c asks for a and b."""
    return {NotePath(note): tuple(map(NotePath, before)) for note, before in sorted(befores.items())}


def test_prerequisites_are_property_links_that_resolve() -> None:
    front = '---\nprerequisites:\n  - "[[b]]"\n  - "[[gone]]"\n  - "[[b|again]]"\n  - plain\nother: "[[c]]"\n---\n[[c]]'
    files = {"a.md": front, "b.md": '---\nprerequisites: "[[d/c]]"\n---\n', "d/c.md": ""}
    assert graph.prerequisites_of(app.snapshot_of(files)) == {"a.md": ("b.md",), "b.md": ("d/c.md",)}


@pytest.mark.parametrize(
    ("befores", "cycles"),
    [
        ({}, []),
        ({"b": "a"}, []),
        ({"a": "a"}, [("a",)]),
        ({"a": "b", "b": "a"}, [("a", "b")]),
        ({"a": "b", "b": "c", "c": "a"}, [("a", "b", "c")]),
        ({"a": "bc", "b": "d", "c": "a", "d": "a"}, [("a", "c")]),  # the shortest of two
        ({"a": "bc", "b": "a", "c": "a"}, [("a", "b")]),  # of equally short ones the first
        ({"a": "b", "b": "bc", "c": "a"}, [("a", "b", "c")]),
        ({"a": "b", "b": "a", "c": "d", "d": "c"}, [("a", "b"), ("c", "d")]),
    ],
)
def test_a_circle_is_told_once_a_knot(befores: dict[str, str], cycles: list[tuple[str, ...]]) -> None:
    assert list(graph.iter_cycles(p(**befores))) == cycles


@given(prerequisite_maps())
@settings(max_examples=300, deadline=None)
def test_circles_are_circles_and_every_knot_has_one(befores: graph.Prerequisites) -> None:
    found = list(graph.iter_cycles(befores))
    asks = nx.DiGraph((note, before) for note, many in befores.items() for before in many)
    knots = {note: frozenset(knot) for knot in nx.strongly_connected_components(asks) for note in knot}
    circular = {knot for knot in knots.values() if len(knot) > 1 or asks.has_edge(*knot, *knot)}
    for ring in found:
        assert all(asks.has_edge(note, after) for note, after in zip(ring, (*ring[1:], ring[0]), strict=True))
        assert ring[0] == min(knots[ring[0]])
        shortest = min(len(cycle) for cycle in nx.simple_cycles(asks) if ring[0] in cycle)
        assert len(ring) == shortest
    assert {knots[ring[0]] for ring in found} == circular
    assert len(found) == len(circular)
    assert found == sorted(found)


@pytest.mark.parametrize(
    ("befores", "redundant"),
    [
        ({"c": "ab", "b": "a"}, [("c", "a", "b")]),
        ({"c": "ab"}, []),
        ({"d": "ac", "c": "b", "b": "a"}, [("d", "a", "c")]),
        ({"d": "abc", "b": "a", "c": "a"}, [("d", "a", "b")]),  # through the first by name
        ({"c": "ab", "a": "b", "b": "a"}, []),  # in a circle neither follows from the other
    ],
)
def test_a_prerequisite_that_follows_from_another_is_redundant(
    befores: dict[str, str], redundant: list[tuple[str, str, str]]
) -> None:
    assert list(graph.iter_redundant(p(**befores))) == redundant


@given(prerequisite_maps())
@settings(max_examples=300, deadline=None)
def test_redundant_is_what_a_search_finds(befores: graph.Prerequisites) -> None:
    leads = nx.DiGraph((before, note) for note, many in befores.items() for before in many)
    leads.add_nodes_from(befores)

    def follows(one: str, other: str) -> bool:
        return one != other and nx.has_path(leads, one, other) and not nx.has_path(leads, other, one)

    expected = []
    for note in sorted(befores):
        for before in sorted(befores[note]):
            through = [other for other in sorted(befores[note]) if follows(before, other)]
            expected += [(note, before, through[0])] if through else []
    assert list(graph.iter_redundant(befores)) == expected


def test_long_chains_with_shortcuts_are_quick() -> None:
    count = graph.BLOCK + 1000
    names = [NotePath(f"{number:05}") for number in range(count)]
    befores = {names[n]: (names[n - 1], names[0]) for n in range(2, count)} | {names[1]: (names[0],)}
    started = time.process_time()
    assert sum(1 for _ in graph.iter_redundant(befores)) == count - 2
    assert list(graph.iter_cycles(befores)) == []
    assert len(graph.learning_path(befores, names[-1])) == count
    assert time.process_time() - started < 10


@pytest.mark.parametrize(
    ("befores", "known", "order"),
    [
        ({}, "", "g"),
        ({"g": "b", "b": "a"}, "", "abg"),
        ({"g": "ba"}, "", "abg"),
        ({"g": "bc", "b": "a", "c": "a"}, "", "abcg"),
        ({"g": "bz", "b": "a"}, "", "azbg"),  # what can be read at once comes before what needs something
        ({"g": "b", "b": "a"}, "b", "g"),  # a was only needed for b
        ({"g": "bc", "b": "a", "c": "a"}, "b", "acg"),
        ({"g": "b", "b": "a"}, "g", "abg"),
        ({"g": "b", "x": "g"}, "", "bg"),
        ({"g": "b", "b": "a", "a": "b"}, "b", "g"),  # knowing one of them breaks the circle
    ],
)
def test_what_to_read_first(befores: dict[str, str], known: str, order: str) -> None:
    assert "".join(graph.learning_path(p(**befores), NotePath("g"), [NotePath(name) for name in known])) == order


@given(prerequisite_maps(), st.sampled_from(NAMES), st.sets(st.sampled_from(NAMES), max_size=2))
@settings(max_examples=300, deadline=None)
def test_a_way_to_learn_has_everything_once_and_in_time(befores: graph.Prerequisites, goal: str, known: set[str]) -> None:
    open_ = {note: [before for before in many if before not in known - {goal}] for note, many in befores.items()}
    asks = nx.DiGraph((note, before) for note, many in open_.items() for before in many)
    asks.add_node(goal)
    needed = {goal, *nx.descendants(asks, goal)}
    if not nx.is_directed_acyclic_graph(asks.subgraph(needed)):
        with pytest.raises(KbError, match="prerequisites in a circle"):
            graph.learning_path(befores, NotePath(goal), {NotePath(name) for name in known})
        return
    order = graph.learning_path(befores, NotePath(goal), {NotePath(name) for name in known})
    assert set(order) == needed
    assert len(order) == len(needed)
    assert order[-1] == goal
    at = {note: number for number, note in enumerate(order)}
    assert all(at[before] < at[note] for note in order for before in open_.get(note, ()))


def test_a_circle_is_told_in_the_direction_of_asking() -> None:
    with pytest.raises(KbError) as caught:
        graph.learning_path(p(g="a", a="b", b="c", c="a"), NotePath("g"))
    ring = caught.value.message.removeprefix("prerequisites in a circle: ").split(" → ")
    asks = {"a": "b", "b": "c", "c": "a"}
    assert ring[0] == ring[-1]
    assert all(asks[note] == after for note, after in pairwise(ring))


# ------------------------------------------------------------------------------------------------ the same every time

PRINT_ALL = """
import json, sys
from kbtools import app, graph
files = {}
for n in range(60):
    befores = [(n * 7 + 1) % 60, (n + 1) % 60, (n * n) % 60]
    listed = "".join(f'  - "[[{b}]]"\\n' for b in befores)
    files[f"{n}.md"] = f"---\\nprerequisites:\\n{listed}---\\n[[{n % 7}]] [[gone {n % 5}]] [[Gone {n % 5}]]"
snapshot = app.snapshot_of(files)
built = graph.build_graph(snapshot)
befores = graph.prerequisites_of(snapshot)
print(json.dumps([list(built.nodes(data=True)), list(built.edges), graph.orphans(built), graph.unresolved(built),
    list(graph.iter_cycles(befores)), list(graph.iter_redundant(befores))]))
"""


def test_two_runs_give_the_same_whatever_the_hash_seed() -> None:
    def run(seed: str) -> str:
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        return subprocess.run(
            [sys.executable, "-c", PRINT_ALL], env=environment, capture_output=True, text=True, check=True, timeout=60
        ).stdout

    first = run("1")
    assert json.loads(first)[4]
    assert run("2") == first
