"""Print the graph of the vault for other programs: notes, canvases, notebooks, attachments and names without a file, and the
links between them."""

from __future__ import annotations

import argparse

HELP = "the graph, for other programs"
EXAMPLE = "kb graph --format mermaid --around LSTM --depth 1"
FORMATS = ("json", "graphml", "gexf", "dot", "mermaid")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", choices=FORMATS, default="json", help="how to print (default: json)")
    parser.add_argument("--around", metavar="NOTE", help="only what lies near a note")
    parser.add_argument("--depth", metavar="N", type=int, default=1, help="how many links away (default: 1)")


def run(options: argparse.Namespace) -> int:
    import sys

    from kbtools import graph
    from kbtools.asking import exports
    from kbtools.cli.find import find_note, open_vault
    from kbtools.errors import KbError

    if options.depth < 0:
        raise KbError(f"--depth {options.depth} is no number of links", "0 or more")
    vault, config = open_vault(options.vault)
    found = graph.build_graph(vault)
    if options.around is not None:
        found = exports.around(found, find_note(vault, config.vault, options.around), options.depth)
    write = {
        "json": exports.to_json,
        "graphml": exports.to_graphml,
        "gexf": exports.to_gexf,
        "dot": exports.to_dot,
        "mermaid": exports.to_mermaid,
    }[options.format]
    sys.stdout.write(write(exports.plain(found)))
    return 0
