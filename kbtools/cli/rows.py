"""Edges -> rows: the links of a vault as data, the same in every command that lists links."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple, assert_never

from kbtools.graph import path_of
from kbtools.lines import LineIndex
from kbtools.model import Ambiguous, Edge, External, Found, MissingAnchor, MissingFile, NotePath, Resolution

if TYPE_CHECKING:
    from kbtools.vault.snapshot import Snapshot


class LinkRow(NamedTuple):
    """One link and what it means; the keys of `kb links --format json` (version 1)."""

    source: NotePath
    line: int
    column: int
    form: str
    target: str
    subpath: str
    embed: bool
    hidden: bool
    resolved: NotePath | None
    status: str


def iter_rows(vault: Snapshot, edges: Iterable[Edge]) -> Iterator[LinkRow]:
    """A row for each edge; edges come file by file, so each text is read once."""
    for source, group in groupby(edges, key=lambda edge: edge.source):
        lines = LineIndex(vault.text_of(source))
        for edge in group:
            link = edge.link
            line, column = lines.position(link.span.start)
            yield LinkRow(
                source,
                line,
                column,
                link.form,
                link.target,
                link.subpath,
                link.embed,
                link.hidden,
                path_of(edge),
                status_of(edge.to),
            )


def status_of(to: Resolution) -> str:
    """ok, missing-file, missing-anchor or external."""
    match to:
        case Found() | Ambiguous():
            return "ok"
        case MissingFile():
            return "missing-file"
        case MissingAnchor():
            return "missing-anchor"
        case External():
            return "external"
    assert_never(to)


def describe_links(rows: Iterable[LinkRow]) -> Iterator[str]:
    """`a.md:3:5 b#c -> folder/b.md`, or what is missing in brackets."""
    for row in rows:
        written = f"{'!' if row.embed else ''}{row.target}{'#' if row.subpath else ''}{row.subpath}"
        meaning = f" -> {row.resolved}" if row.resolved else ""
        status = "" if row.status == "ok" else f" ({row.status})"
        hidden = " (hidden)" if row.hidden else ""
        yield f"{row.source}:{row.line}:{row.column} {written}{meaning}{status}{hidden}"


class FileRow(NamedTuple):
    """A file of the vault and what it is: note, canvas, notebook or attachment."""

    path: NotePath
    kind: str


def describe_files(rows: Iterable[FileRow]) -> Iterator[str]:
    """The paths, one a line."""
    return (row.path for row in rows)
