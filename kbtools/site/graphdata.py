"""The whole vault as a graph: the file with its nodes, edges and places, and the page that `assets/graph.js` draws it on.

Nodes are the pages and, as in Obsidian's graph view, the targets that do not exist yet. An edge says that one page links to
another or asks for it to be read first; how often does not matter. The file is a script that sets `__kb_graph`, so that it can
be read from file:// as well.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from kbtools.site.book import CARD, Book, Page
from kbtools.site.layout import lay_out
from kbtools.syntax.names import fold_name

DATA_FILE = "assets/kb/graph-data.js"
MARKS = "●■▲◆▼⬢◣★"
"""The shapes of the kinds, as the legend shows them and `assets/graph.js` draws them; the last is for all kinds beyond."""
UNRESOLVED = "○"

NAMES = {
    "concept": "概念",
    "map": "地图",
    "path": "路线",
    "errata": "勘误",
    "meta": "说明",
    "": "笔记",
    "canvas": "画布",
    "notebook": "Notebook",
}
"""What kinds are called in the legend; others by their own name."""


@dataclass(frozen=True, slots=True)
class Node:
    """A page, or a target that no file has (`exists` False, `path` as it was first written, `url` "")."""

    path: str
    url: str
    title: str
    note_kind: str
    tags: tuple[str, ...] = ()
    exists: bool = True


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes in order, pages first by path; edges as pairs of their numbers, sorted. No page has an edge to itself."""

    nodes: tuple[Node, ...]
    edges: tuple[tuple[int, int], ...]


def build_graph(book: Book) -> Graph:
    """The graph of a book."""
    tags: dict[str, list[str]] = {}
    for tag, paths in sorted(book.tags.items()):
        for path in paths:
            tags.setdefault(path, []).append(tag)
    pages = sorted(book.pages.values(), key=lambda page: page.path)
    nodes = [Node(page.path, page.url, page.title, kind_of(page), tuple(tags.get(page.path, ()))) for page in pages]
    numbers = {page.path: number for number, page in enumerate(pages)}
    missing: dict[str, int] = {}
    edges: set[tuple[int, int]] = set()
    for source, page in enumerate(pages):
        targets = [numbers[path] for path in page.prerequisites if path in numbers]
        for written, meaning in page.links.items():
            if meaning.status == "missing-file":
                name = written.partition("#")[0].removesuffix(CARD)
                number = missing.setdefault(fold_name(name), len(nodes))
                if number == len(nodes):
                    nodes.append(Node(name, "", name, "", exists=False))
                targets.append(number)
            elif meaning.path in numbers:
                targets.append(numbers[meaning.path])
        edges.update((source, target) for target in targets if target != source)
    return Graph(tuple(nodes), tuple(sorted(edges)))


def kind_of(page: Page) -> str:
    """What a page is filtered by: its `kind` property, else what sort of file it is ("" for a note)."""
    return page.note_kind or ("" if page.kind == "note" else page.kind)


def iter_graph_files(book: Book) -> Iterator[tuple[str, bytes]]:
    """The one file with the graph, by its address from the site's root."""
    yield DATA_FILE, render_data(build_graph(book), tuple(book.tags)).encode()


def render_data(graph: Graph, tags: tuple[str, ...] = ()) -> str:
    """The graph as a script. A node is [title, url, path, kind's number (-1: does not exist), tags' numbers, x, y]; the edges
    are one list, source and target in turn."""
    kinds = number_kinds(graph)
    tags = tuple(sorted(tags))
    tag_numbers = {tag: number for number, tag in enumerate(tags)}
    places = lay_out(len(graph.nodes), graph.edges)
    rows = [
        [
            node.title,
            node.url,
            node.path,
            kinds[node.note_kind] if node.exists else -1,
            [tag_numbers[tag] for tag in node.tags],
            x,
            y,
        ]
        for node, (x, y) in zip(graph.nodes, places, strict=True)
    ]
    data = {"tags": tags, "nodes": rows, "edges": [number for edge in graph.edges for number in edge]}
    return f"window.__kb_graph={json.dumps(data, ensure_ascii=False, separators=(',', ':'))};\n"


def number_kinds(graph: Graph) -> dict[str, int]:
    """The kinds of the pages, the most frequent first; those for which no shape is left share the last number."""
    counts = Counter(node.note_kind for node in graph.nodes if node.exists)
    ranked = sorted(counts, key=lambda kind: (-counts[kind], kind))
    return {kind: min(number, len(MARKS) - 1) for number, kind in enumerate(ranked)}


def render_graph_page(book: Book) -> str:
    """The body of the page with the whole graph, without a title. `assets/graph.js` brings it to life and fills in tags and
    list."""
    graph = build_graph(book)
    pages = sum(node.exists for node in graph.nodes)
    label = f"{pages} 篇笔记与它们之间 {len(graph.edges)} 条链接组成的图"
    return PAGE.format(kinds="".join(_iter_kinds(graph)), label=label)


def _iter_kinds(graph: Graph) -> Iterator[str]:
    """The legend, which is the filter by kind too."""
    numbers = number_kinds(graph)
    counts = Counter(numbers[node.note_kind] for node in graph.nodes if node.exists)
    names = {number: kind for kind, number in numbers.items()}
    crowded = len(numbers) > len(MARKS)
    for number, count in sorted(counts.items()):
        other = crowded and number == len(MARKS) - 1
        name = "其他" if other else NAMES.get(names[number], names[number])
        yield _check(f'name="kind" value="{number}"', f"kind-{number}", MARKS[number], name, count)
    missing = len(graph.nodes) - sum(counts.values())
    if missing:
        yield _check('name="missing"', "missing", UNRESOLVED, "未建立的笔记", missing)
    linked = {number for edge in graph.edges for number in edge}
    if len(linked) < len(graph.nodes):
        yield _check('name="loose"', "loose", "", "没有链接的笔记", len(graph.nodes) - len(linked))


def _check(attributes: str, style: str, mark: str, name: str, count: int) -> str:
    shape = f'<i aria-hidden="true">{mark}</i>' if mark else ""
    return (
        f'<label class="kb-graph__check kb-graph__check--{style}"><input type="checkbox" {attributes} checked>'
        f"{shape}{escape(name)} <small>{count}</small></label>"
    )


PAGE = """\
<div class="kb-graph" data-kb-graph>
<form class="kb-graph__bar" role="search" aria-label="图谱">
<input class="kb-graph__query" type="search" name="query" placeholder="在图中查找" aria-label="在图中查找笔记" autocomplete="off">
<label class="kb-graph__tag">标签 <select name="tag"><option value="">全部</option></select></label>
<fieldset class="kb-graph__kinds"><legend>显示</legend>{kinds}</fieldset>
</form>
<div class="kb-graph__stage">
<canvas class="kb-graph__canvas" tabindex="0" role="application" aria-label="{label}" aria-describedby="kb-graph-keys"></canvas>
<div class="kb-graph__buttons">
<button type="button" data-kb-zoom="in" aria-label="放大" title="放大">+</button>
<button type="button" data-kb-zoom="out" aria-label="缩小" title="缩小">−</button>
<button type="button" data-kb-zoom="fit" aria-label="显示全图" title="显示全图">⤢</button>
</div>
<p class="kb-graph__status" role="status"></p>
</div>
<p class="kb-graph__keys" id="kb-graph-keys">拖动平移，滚轮缩放，点击打开。
键盘：方向键走到邻近的笔记，回车打开，+ 与 − 缩放，Esc 复原。</p>
<details class="kb-graph__list"><summary>以列表查看</summary><ul></ul></details>
<noscript><p>图谱要用脚本来画；所有笔记也都在导航里。</p></noscript>
</div>
"""
