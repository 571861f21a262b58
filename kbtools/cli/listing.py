r"""Rows -> text, JSON or TSV: how every listing leaves the program. A row is a NamedTuple; its fields are the JSON keys
and the TSV columns, in their order. In a TSV cell a backslash begins an escape (`\\`, `\t`, `\n`, `\r`, `\x1b` …), and the
items of a list stand between bars, a bar in one of them written `\|`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple, TypeVar

from kbtools.report.escapes import plain, plain_json

Row = TypeVar("Row", bound=NamedTuple)

FORMATS: Final = ("text", "json", "tsv")
ESCAPES: Final = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def add_format(parser: argparse.ArgumentParser) -> None:
    """The option every listing has."""
    parser.add_argument("--format", choices=FORMATS, default="text", help="how to print (default: text)")


def print_listing(
    kind: type[Row],
    rows: Iterable[Row],
    *,
    name: str,
    form: str,
    lines: Callable[[Iterable[Row]], Iterator[str]],
) -> None:
    """Print the rows: as `{name: [...]}`, as a table with a header, or as the lines that `lines` makes of them."""
    if form == "json":
        sys.stdout.writelines(_json(name, rows))
    elif form == "tsv":
        sys.stdout.writelines(_tsv(kind, rows))
    else:
        sys.stdout.writelines(f"{plain(line)}\n" for line in lines(rows))


def _json(name: str, rows: Iterable[Row]) -> Iterator[str]:
    """One row a line, so that large listings stream and two of them can be compared."""
    yield f"{{{json.dumps(name)}: ["
    comma = "\n  "
    for row in rows:
        yield comma + plain_json(json.dumps(row._asdict(), ensure_ascii=False))
        comma = ",\n  "
    yield "]}\n" if comma == "\n  " else "\n]}\n"


def _tsv(kind: type[Row], rows: Iterable[Row]) -> Iterator[str]:
    yield "\t".join(kind._fields) + "\n"
    for row in rows:
        yield "\t".join(_cell(value) for value in row) + "\n"


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "|".join(_cell(item).replace("|", "\\|") for item in value)
    return plain(str(value).translate(ESCAPES))
