"""A name and a template -> a new note on disk. What is there already is never written to."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final, NamedTuple

from kbtools.config import Config
from kbtools.creating.moment import format_moment
from kbtools.errors import KbError
from kbtools.model import MissingFile, NotePath
from kbtools.resolve import Index
from kbtools.scanning import kept_folder
from kbtools.snippets.write import Change, write_all
from kbtools.syntax.names import find_name_problem, fold_name
from kbtools.vault.read import read_source
from kbtools.vault.settings import Templates, read_new_folder, read_templates

if TYPE_CHECKING:
    from kbtools.vault.snapshot import Snapshot

FIELD: Final = re.compile(r"\{\{\s*(?:(?P<title>title)|(?P<kind>date|time)(?:\s*:(?P<format>[^{}]*+))?)\s*\}\}", re.IGNORECASE)
OTHER: Final = re.compile(r"<%|\{\{[^{}\n]*+\}\}")
SHOWN: Final = 5


class Created(NamedTuple):
    """A new note: its path, the notes that have its name too (or call one of theirs so), the notes with links that lead to it
    now, and the first thing in its template that nobody filled in."""

    path: NotePath
    namesakes: tuple[str, ...]
    linked_from: tuple[str, ...]
    unfilled: str


def create_note(config: Config, vault: Snapshot, path: NotePath, template: str, now: datetime) -> Created:
    """Write a note at a path of the vault, from the template that is named ("" for an empty note). Raises KbError when there is a
    file, no such template, or no folder to write to."""
    files = (*vault.paths, *vault.attachments, *vault.excluded)
    taken = next((there for there in files if fold_name(there) == fold_name(path)), "")
    if taken or os.path.lexists(config.vault / path):
        raise KbError(f"'{taken or path}' is there already", "open it, or choose another name")
    title = PurePosixPath(path).name[:-3]
    text = ""
    if template:
        settings = read_templates(config.vault)
        source = read_source(str(config.vault), find_template(config.vault, settings, template), config.max_note)
        if source.problem:
            raise KbError(f"the template '{source.path}' {source.problem}", "choose another one")
        text = fill_template(source.text, title, now, settings)
    write_all([Change(config.vault / path, None, text.encode("utf-8"))], kept_folder(config), config.root)
    names = Index(sorted({*vault.blobs, *vault.attachments, *vault.excluded, path}))
    linked = {
        edge.source
        for edge in vault.iter_trouble()
        if isinstance(edge.to, MissingFile) and (found := names.resolve(edge.link.target, edge.source)) and found.path == path
    }
    left = OTHER.search(text)
    return Created(path, tuple(_find_namesakes(vault, title)), tuple(sorted(linked)), left[0] if left else "")


def find_path(config: Config, written: str, start: Path) -> NotePath:
    """Where a note that was named is to be: a path from the vault's folder, or from `start` where it begins with a dot or slash;
    a bare name goes where Obsidian is set to make new notes. Raises KbError for a name that no note should have."""
    bare = written.strip()
    if bare.startswith(("./", "../", "/", "~")):
        absolute = Path(os.path.abspath(start / os.path.expanduser(bare)))
        if not absolute.is_relative_to(config.vault):
            raise KbError(f"'{written}' is not in the vault '{config.vault}'", "name a path in the vault")
        bare = absolute.relative_to(config.vault).as_posix()
    elif "/" not in bare:
        bare = "/".join(filter(None, (read_new_folder(config.vault), bare)))
    path = bare if bare.lower().endswith(".md") else f"{bare}.md"
    for part in PurePosixPath(path[:-3]).parts or ("",):
        problem = find_name_problem(part) if part else "nothing"
        if problem:
            raise KbError(f"'{written}' is no name for a note: {problem}", "such a name breaks links, or another system")
    if path[:-3].endswith("/"):
        raise KbError(f"'{written}' is a folder", "write the note's name behind it")
    return NotePath(PurePosixPath(path).as_posix())


# ------------------------------------------------------------------------------------------------ templates


def find_template(vault: Path, settings: Templates, written: str) -> str:
    """The path in the vault of a template: by its name in the templates folder, else by a path. Raises KbError."""
    names = list_templates(vault, settings)
    wanted = fold_name(written.removesuffix(".md"))
    for name in names:
        if wanted in (fold_name(name), fold_name(f"{settings.folder}/{name}")):
            return f"{settings.folder}/{name}.md"
    for path in (written, f"{written}.md"):
        if path.endswith(".md") and os.path.isfile(vault / path) and (vault / path).resolve().is_relative_to(vault.resolve()):
            return path
    if not settings.folder:
        raise KbError(f"no template '{written}'", "set a folder in Obsidian (Settings, Templates), or name a file of the vault")
    said = f"one of: {', '.join(names[:SHOWN])}" if names else f"'{settings.folder}' has none"
    raise KbError(f"no template is named '{written}'", said)


def list_templates(vault: Path, settings: Templates) -> list[str]:
    """The names of the templates, in their order: paths in the templates folder without their suffix."""
    folder = vault / settings.folder
    if not settings.folder or not folder.is_dir():
        return []
    return sorted(file.relative_to(folder).as_posix()[:-3] for file in folder.rglob("*.md") if file.is_file())


def fill_template(text: str, title: str, now: datetime, settings: Templates) -> str:
    """A template with its fields filled in: `{{title}}`, `{{date}}`, `{{time}}`, and the last two with a format of their own."""

    def write(found: re.Match[str]) -> str:
        if found["title"]:
            return title
        usual = settings.date_format if found["kind"].lower() == "date" else settings.time_format
        return format_moment(now, (found["format"] or "").strip() or usual)

    return FIELD.sub(write, text)


def _find_namesakes(vault: Snapshot, title: str) -> Sequence[str]:
    """The notes that a reader may take for the new one."""
    wanted = fold_name(title)
    named = [path for path in vault.paths if path[-3:].lower() == ".md" and fold_name(PurePosixPath(path).name[:-3]) == wanted]
    called = [path for path, alias in vault.iter_aliases() if fold_name(alias) == wanted]
    return list(dict.fromkeys([*named, *called]))
