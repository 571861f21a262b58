"""`kb check`, then the networkx graph of the same vault and who is lonely in it, in one process: the dearest thing kb does.

No rule needs the whole graph, `kb orphans`, `kb graph` and the like do; so this is `kb check` followed by `kb orphans`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from kbtools import app
from kbtools.cli.main import main

if __name__ == "__main__":
    code = main(["check", "--no-run"])
    from kbtools.graph import build_graph, orphans

    graph = build_graph(app.scan(app.open_project(None, Path.cwd())))
    print(f"{len(graph):,} nodes, {graph.number_of_edges():,} edges, {len(orphans(graph)):,} orphans")
    sys.exit(code)
