"""`kb check`, then the networkx graph of the same vault, in one process: the dearest thing kb does.

No rule needs the whole graph, so `kb check` never builds it; `kb stats` does, and so does whoever calls `graph.build_graph`.
"""

from __future__ import annotations

import gc
import sys
from pathlib import Path

from kbtools import app
from kbtools.cli.main import main

if __name__ == "__main__":
    gc.disable()  # as `kb` itself runs
    code = main(["check", "--no-run"])
    from kbtools.graph import build_graph, orphans

    graph = build_graph(app.scan(app.open_project(None, Path.cwd())))
    print(f"{len(graph):,} nodes, {graph.number_of_edges():,} edges, {len(orphans(graph)):,} orphans")
    sys.exit(code)
