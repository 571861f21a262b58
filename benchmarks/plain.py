"""A generated vault -> the same notes as stock MkDocs reads them: every link that finds its file is a plain Markdown link."""

from __future__ import annotations

import shutil
from pathlib import Path
from posixpath import dirname, relpath
from urllib.parse import quote

from kbtools import app
from kbtools.config import Config
from kbtools.graph import path_of
from kbtools.model import Edge


def write_plain_vault(vault: Path, folder: Path) -> None:
    """Write the notes and pictures of a vault to a folder. What is embedded as text becomes a link, canvases are left out."""
    snapshot = app.scan(app.Project(Config(vault=vault, root=vault)))
    for path in snapshot.attachments:
        _copy(vault / path, folder / path)
    for path in snapshot.paths:
        if path.endswith(".md"):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            edges = [edge for edge in snapshot.edges_of(path) if edge.link.form == "wiki" and not edge.link.hidden]
            (folder / path).write_text(make_plain(snapshot.text_of(path), path, edges), "utf-8")


def make_plain(text: str, source: str, edges: list[Edge]) -> str:
    """A text whose wikilinks are Markdown links."""
    for edge in sorted(edges, key=lambda edge: -edge.link.span.start):
        link, path = edge.link, path_of(edge)
        said = link.display.partition("|")[0].rstrip("\\") or link.target or link.subpath
        shown = said
        if path is not None and (path.endswith(".md") or not path.endswith(".canvas")):
            mark = "!" if link.embed and not path.endswith(".md") else ""
            shown = f"{mark}[{said}]({quote(relpath(path, dirname(source) or '.'))})"
        text = text[: link.span.start] + shown + text[link.span.end :]
    return text


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
