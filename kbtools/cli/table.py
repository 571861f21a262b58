"""Rows -> text, JSON or tab-separated values: what every listing command prints."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Mapping, Sequence

Row = Mapping[str, object]

FORMATS = ("text", "json", "tsv")


def add_format(parser: argparse.ArgumentParser) -> None:
    """The --format option of listings."""
    parser.add_argument("--format", choices=FORMATS, default="text", help="how to print (default: text)")


def render_rows(
    rows: Iterable[Row], columns: Sequence[str], *, form: str, name: str, line: Callable[[Row], str] | None = None
) -> str:
    """The rows in the asked form; JSON as {name: [...]}; text by `line`, or the first column alone."""
    listed = list(rows)
    if form == "json":
        import json

        return json.dumps({name: listed}, ensure_ascii=False, indent=2) + "\n"
    if form == "tsv":
        cells = ["\t".join(columns), *("\t".join(_cell(row[column]) for column in columns) for row in listed)]
        return "".join(f"{text}\n" for text in cells)
    shown = line or (lambda row: str(row[columns[0]]))
    return "".join(f"{shown(row)}\n" for row in listed)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).replace("\t", " ").replace("\n", " ").replace("\r", "")
