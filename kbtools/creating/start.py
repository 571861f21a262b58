"""Somebody's folder of notes -> what it is, and the smallest configuration for it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from kbtools.config import find_config
from kbtools.errors import KbError
from kbtools.vault.ignore import find_excluded
from kbtools.vault.read import read_source
from kbtools.vault.settings import read_filters
from kbtools.vault.walk import list_files

NAME: Final = "kb.toml"
DEEPEST: Final = 2
"""How far below the folder a vault is looked for."""
DOCS: Final = re.compile(r"^docs_dir[ \t]*:[ \t]*[\"']?(?P<folder>[^\"'#\n]+)", re.MULTILINE)
TEMPLATES: Final = re.compile(r"\{\{[^{}\n]+\}\}|<%")
LEFT_OUT: Final = ("logseq", "node_modules", "_site", "public")
"""Folders of programs, whose notes are copies."""
TOOLS: Final = (
    (".obsidian", "Obsidian"),
    ("mkdocs.yml", "MkDocs: blocks and formulas that break on its site are found too"),
    ("logseq/config.edn", "Logseq: [[page]] is read as a file name; ((block references)) and queries are not read"),
    ("dendron.yml", "Dendron: [[a.b]] is read as the file a.b.md"),
    (".foam", "Foam"),
    (".vscode/foam.json", "Foam"),
)
"""What gives a tool away, and what to know about its notes."""


class Start(NamedTuple):
    """A folder before it is configured: `vault` and `ignore` are what the configuration is to say, `tools` are told by files."""

    folder: Path
    vault: str
    notes: int
    tools: tuple[str, ...]
    ignore: tuple[str, ...]

    @property
    def text(self) -> str:
        """The configuration."""
        lines = ["# What kb is told about these notes; every key is optional.", f"vault = {_quoted(self.vault)}"]
        if self.ignore:
            lines.append(f"ignore = [{', '.join(map(_quoted, self.ignore))}]")
        return "\n".join(lines) + "\n"


def look(folder: Path) -> Start:
    """What is in a folder. Raises KbError when it is none, is configured already, or has no notes or several vaults."""
    if not folder.is_dir():
        raise KbError(f"no folder '{folder}'", "name the folder of your notes")
    vault = _find_vault(folder)
    known = find_config(str(folder / vault), folder).file
    if known is not None:
        raise KbError(f"'{known}' configures it already", "kb check reads it; change it by hand, or remove it first")
    root = folder / vault
    sources = list_files(str(root)).sources
    ignore = tuple(_find_ignorable(root, sources))
    excluded = find_excluded(sources, ignore, read_filters(root))
    notes = sum(path[-3:].lower() == ".md" and path not in excluded for path in sources)
    if not notes:
        raise KbError(f"no notes in '{root}'", "notes are .md files; is this the folder?")
    said = [name for file, name in TOOLS if any((place / file).exists() for place in {folder, root})]
    return Start(folder, vault, notes, tuple(dict.fromkeys(said)), ignore)


def write(start: Start) -> Path:
    """Write the configuration; never over another one. Returns the file; raises KbError."""
    file = start.folder / NAME
    try:
        with open(file, "x", encoding="utf-8", newline="\n") as stream:
            stream.write(start.text)
    except FileExistsError as error:
        raise KbError(f"'{file}' is there already", "kb check reads it") from error
    except OSError as error:
        raise KbError(f"'{file}' cannot be written: {error.strerror or error}", "make the folder writable") from error
    return file


def _find_vault(folder: Path) -> str:
    """The folder of the notes, from the one that was named."""
    if (folder / ".obsidian").is_dir():
        return "."
    below = sorted(_iter_vaults(folder, DEEPEST))
    names = [vault.relative_to(folder).as_posix() for vault in below]
    if len(names) > 1:
        raise KbError(f"'{folder}' holds {len(names)} vaults: {', '.join(names[:5])}", f"take one: kb init {names[0]}")
    if names:
        return names[0]
    if (folder / "mkdocs.yml").is_file():
        found = DOCS.search(read_source(str(folder), "mkdocs.yml").text)
        docs = found["folder"].strip() if found else "docs"
        return docs if (folder / docs).is_dir() else "."
    return "."


def _iter_vaults(folder: Path, depth: int) -> Iterator[Path]:
    try:
        entries = [entry for entry in os.scandir(folder) if entry.is_dir(follow_symlinks=False) and entry.name[0] != "."]
    except OSError:
        return
    for entry in entries:
        path = Path(entry.path)
        if (path / ".obsidian").is_dir():
            yield path
        elif depth > 1:
            yield from _iter_vaults(path, depth - 1)


def _find_ignorable(root: Path, sources: Iterable[str]) -> Iterator[str]:
    """Folders at the top whose notes are no notes: copies that programs keep, and templates that Obsidian is not told of."""
    known = read_filters(root)
    notes: dict[str, list[str]] = {}
    for path in sources:
        top, slash, _ = path.partition("/")
        if slash and path[-3:].lower() == ".md":
            notes.setdefault(top, []).append(path)
    for top in sorted(notes):
        if find_excluded(notes[top], (), known):
            continue
        if top.lower() in LEFT_OUT or (_is_templates(top) and all(_has_fields(root, path) for path in notes[top])):
            yield f"{top}/**"


def _is_templates(name: str) -> bool:
    return name.strip("_").lower() in ("template", "templates", "模板")


def _has_fields(root: Path, path: str) -> bool:
    return bool(TEMPLATES.search(read_source(str(root), path).text))


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
