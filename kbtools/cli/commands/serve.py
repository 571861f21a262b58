"""Serve the site on this machine and build it again whenever a note is saved; Ctrl-C ends it. Needs the extra `site`. No code is
executed."""

from __future__ import annotations

import argparse
from pathlib import Path

HELP = "serve the site while you write"
EXAMPLE = "kb serve --address 127.0.0.1:8000"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--address", metavar="IP:PORT", default="127.0.0.1:8000", help="where to listen (default: %(default)s)")
    parser.add_argument("--strict", action="store_true", help="stop where a link of the site is not true")


def run(options: argparse.Namespace) -> int:
    from kbtools import app, building

    building.serve(app.open_project(options.vault, Path.cwd()).config, options.address, strict=options.strict)
    return 0
