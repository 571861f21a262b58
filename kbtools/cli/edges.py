"""An edge -> a row of `kb links`, and a line for people."""

from __future__ import annotations

from collections.abc import Mapping

from kbtools.model import Ambiguous, Edge, External, Found, MissingAnchor, MissingFile

COLUMNS = ("source", "line", "column", "form", "target", "subpath", "embed", "hidden", "resolved", "status")


def row_of(edge: Edge, line: int, column: int) -> dict[str, object]:
    """One link as data; `status` is ok, missing-file, missing-anchor or external."""
    resolved: str | None = None
    match edge.to:
        case Found(path) | Ambiguous((path, *_)):
            resolved, status = path, "ok"
        case MissingAnchor(path):
            resolved, status = path, "missing-anchor"
        case External():
            status = "external"
        case MissingFile() | Ambiguous():
            status = "missing-file"
    link = edge.link
    return {
        "source": edge.source,
        "line": line,
        "column": column,
        "form": link.form,
        "target": link.target,
        "subpath": link.subpath,
        "embed": link.embed,
        "hidden": link.hidden,
        "resolved": resolved,
        "status": status,
    }


def line_of(row: Mapping[str, object]) -> str:
    """`a.md:3:1 [[B#h]] -> b.md`."""
    place = f"#{row['subpath']}" if row["subpath"] else ""
    written = f"{'!' if row['embed'] else ''}[[{row['target']}{place}]]"
    meaning = row["resolved"] if row["status"] == "ok" else f"{row['resolved'] or ''} ({row['status']})".strip()
    return f"{row['source']}:{row['line']}:{row['column']} {written} -> {meaning}"
