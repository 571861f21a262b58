"""Build the site: the vault as pages that anybody can read in a browser, with no request to any other host. Needs the extra
`site`. The settings are the project's mkdocs.yml, where there is one. No code is executed."""

from __future__ import annotations

import argparse
from pathlib import Path

HELP = "build the site"
EXAMPLE = "kb build --strict"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--site-dir", metavar="DIR", help="where to (default: site, or what mkdocs.yml says)")
    parser.add_argument("--book", metavar="FILE", help="write what the site knows of the vault to a file, and build nothing")
    parser.add_argument("--strict", action="store_true", help="fail where a link of the site is not true")


def run(options: argparse.Namespace) -> int:
    from kbtools import app, building

    project = app.open_project(options.vault, Path.cwd())
    if options.book:
        building.write_book_file(project.config, Path(options.book))
        return 0
    site = building.build(project.config, Path(options.site_dir) if options.site_dir else None, strict=options.strict)
    print(f"the site is in {site}")
    return 0
