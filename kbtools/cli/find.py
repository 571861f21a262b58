"""What the command line names -> what it means here: the vault, a part of it, a note."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from kbtools import app
from kbtools.cli.progress import progress_on
from kbtools.config import Config
from kbtools.errors import KbError, NoteError, VaultError
from kbtools.model import NotePath
from kbtools.syntax.names import fold_name

if TYPE_CHECKING:
    from kbtools.vault.snapshot import Snapshot

SHOWN: Final = 3


class Prefixes(NamedTuple):
    """What goes before a path of the vault, and before one of the project, so that it can be opened."""

    vault: str
    project: str


def open_vault(vault: str | None) -> tuple[Snapshot, Config]:
    """The vault named by `--vault`, or the one around the working directory, as it is now, and its configuration."""
    project = app.open_project(vault, Path.cwd())
    with progress_on(sys.stderr) as progress:
        snapshot: Snapshot = app.scan(project, progress=progress)
    return snapshot, project.config


# ------------------------------------------------------------------------------------------------ paths


def find_part(vault: str | None, written: Sequence[str]) -> tuple[app.Project, tuple[str, ...]]:
    """The project and the paths in it that were written after `kb check`; no paths stand for everything.

    A path in the vault around here, or around itself, is a part of that vault; any other folder is a vault itself.
    Raises KbError for paths that do not exist, and for those of more than one vault.
    """
    here = Path.cwd()
    if not written:
        return app.open_project(vault, here), ()
    for path in written:
        if not os.path.lexists(path):
            raise KbError(f"no file or folder '{path}'", "name one that exists")
    project = _project_of(vault, written[0], here)
    parts = []
    for path in written:
        part = _part_of(project.config, path)
        if part is None:
            raise KbError(f"'{path}' is not in the vault '{project.config.vault}'", "one vault at a time")
        if not part:
            return project, ()
        parts.append(part)
    return project, tuple(parts)


def _project_of(vault: str | None, path: str, here: Path) -> app.Project:
    if vault is not None:
        return app.open_project(vault, here)
    around = Path(os.path.abspath(path))
    for start in (here, around if around.is_dir() else around.parent):
        try:
            project = app.open_project(None, start)
        except VaultError:
            continue
        if _part_of(project.config, path) is not None:
            return project
    if not around.is_dir():
        raise VaultError(f"no vault around '{path}'", "name its vault: kb check --vault DIR")
    return app.open_project(path, here)


def _part_of(config: Config, path: str) -> str | None:
    """`path` as findings name it; "" when it is the vault or holds it, None when it is outside."""
    absolute = _real_folder(path)
    if config.vault.is_relative_to(absolute):
        return ""
    if absolute.is_relative_to(config.vault):
        return absolute.relative_to(config.vault).as_posix()
    if config.snippets and absolute.is_relative_to(config.root / config.snippets):
        return absolute.relative_to(config.root).as_posix()
    return None


def _real_folder(path: str) -> Path:
    """The path with the links of its folders followed, but not a link that it names itself."""
    absolute = os.path.abspath(path)
    return Path(os.path.realpath(os.path.dirname(absolute)), os.path.basename(absolute))


def prefixes_from(config: Config, start: Path) -> Prefixes:
    """How paths are written for somebody who stands in `start`."""
    return Prefixes(_way(config.vault, start, config.root), _way(config.root, start, config.root))


def prefixes_in_repository(config: Config) -> Prefixes:
    """How paths are written for a forge: from the folder that holds `.git`, else from the project's."""
    folders = (config.root, *config.root.parents)
    top = next((folder for folder in folders if (folder / ".git").exists()), config.root)
    return prefixes_from(config, top)


def _way(folder: Path, start: Path, root: Path) -> str:
    """`folder/` from `start`: relative within one project or below `start`, else absolute."""
    if folder.is_relative_to(start) or start.is_relative_to(root):
        way = os.path.relpath(folder, start).replace(os.sep, "/")
        return "" if way == "." else way + "/"
    return folder.as_posix().rstrip("/") + "/"


# ------------------------------------------------------------------------------------------------ notes


def find_note(vault: Snapshot, root: Path, written: str) -> NotePath:
    """The file of the vault at `root` that a person means by a path in the vault, a path from here, or a name.

    Raises NoteError when there is none, or when several have that name.
    """
    files = (*vault.notes, *vault.attachments)
    for path in _as_paths(root, written):
        if path in vault.notes or path in vault.attachments:
            return path
    wanted = fold_name(written.replace(os.sep, "/").removeprefix("./").strip("/"))
    folded = {path: fold_name(path) for path in files}
    for spelling in (wanted, f"{wanted}.md"):
        exact = [path for path in files if folded[path] == spelling]
        named = exact if len(exact) == 1 else [path for path in files if f"/{folded[path]}".endswith(f"/{spelling}")]
        if len(named) == 1:
            return named[0]
        if named and wanted:
            raise NoteError(f"'{written}' may mean {len(named)} files", f"write one of: {', '.join(named[: 2 * SHOWN])}")
    raise NoteError(f"the vault has no note '{written}'", _suggest(vault, files, wanted))


def _as_paths(root: Path, written: str) -> Iterable[NotePath]:
    """The paths in the vault that are written exactly so, with or without `.md`: from its top, then from here."""
    from_here = os.path.relpath(_real_folder(written), root).replace(os.sep, "/")
    for path in (written.replace(os.sep, "/"), from_here):
        yield NotePath(path)
        yield NotePath(f"{path}.md")


def _suggest(vault: Snapshot, files: Sequence[NotePath], wanted: str) -> str:
    from kbtools.nearest import Names, loosen

    spellings = [(loosen(path[path.rfind("/") + 1 :].removesuffix(".md")), path) for path in files]
    spellings += [(loosen(alias), path) for path, alias in vault.iter_aliases()]
    near = Names(spellings).nearest(loosen(wanted[wanted.rfind("/") + 1 :].removesuffix(".md")))[:SHOWN]
    return f"did you mean {' or '.join(near)}?" if near else "name it by its path in the vault"
