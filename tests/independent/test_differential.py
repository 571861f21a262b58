"""Our reading of a vault equals the independent one: on hand-written traps, and on vaults made at random."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import given, settings

from kbtools import app
from kbtools.model import Ambiguous, Edge, External, Found, MissingAnchor, MissingFile
from tests.independent.reader import LinkRow, read_vault
from tests.independent.vaults import hostile_notes, vaults

Row = tuple[object, ...]


def our_rows(files: dict[str, bytes | str]) -> Counter[Row]:
    return Counter(_row(edge) for edge in app.snapshot_of(files).iter_edges())


def _row(edge: Edge) -> Row:
    link = edge.link
    match edge.to:
        case Found(path) | Ambiguous((path, *_)):
            resolved, status = path, "ok"
        case MissingAnchor(path):
            resolved, status = path, "missing-anchor"
        case MissingFile():
            resolved, status = None, "missing-file"
        case External():
            resolved, status = None, "external"
    placed = link.form != "property" and edge.source.lower().endswith(".md")
    start = link.span.start if placed else -1
    return (edge.source, start, link.form, link.target, link.subpath, link.embed, link.hidden, resolved, status)


def their_rows(files: dict[str, bytes | str]) -> Counter[Row]:
    return Counter(_their(row) for row in read_vault(files))


def _their(row: LinkRow) -> Row:
    return tuple(row)


CASES = hostile_notes()


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_traps(case: object) -> None:
    assert our_rows(case.files) == their_rows(case.files)  # type: ignore[attr-defined]


# Three places where markdown-it-py, on which the other reader stands, leaves CommonMark: a quote's mark after an indent, text
# that continues a paragraph lazily after an indent, and a tag on the line below a reference definition (to CommonMark both are
# one paragraph until its end, and a tag alone on its line cannot interrupt one).
UNSETTLED = re.compile(r"(?m)(?:^| )(?: {4}|[ ]{0,3}\t)|\]:.*(?:\r\n?|\n)[> \t]*<")


def _text(content: bytes | str) -> str:
    text = content.decode() if isinstance(content, bytes) else content
    return text.replace("\\n", "\n").replace("\\t", "\t")  # what a canvas and a notebook hold is Markdown too


@given(vaults())
@settings(max_examples=300, deadline=None)
def test_random_vaults(files: dict[str, bytes | str]) -> None:
    files = {path: "" if UNSETTLED.search(_text(text)) else text for path, text in files.items()}
    assert our_rows(files) == their_rows(files)
