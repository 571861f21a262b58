"""What the command line names -> what it means here: the vault, a part of it, a note."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from kbtools import app
from kbtools.cli.progress import progress_on
from kbtools.config import Config
from kbtools.errors import KbError, NoteError, VaultError
from kbtools.model import NotePath
from kbtools.report.escapes import plain
from kbtools.syntax.names import fold_name

if TYPE_CHECKING:
    from kbtools.vault.snapshot import Snapshot

SHOWN: Final = 3
LINK: Final = re.compile(r"!?\[\[(?P<target>[^\]|#]+)")


class Prefixes(NamedTuple):
    """What goes before a path of the vault, and before one of the project, so that it can be opened."""

    vault: str
    project: str


def open_vault(vault: str | None) -> tuple[Snapshot, Config]:
    """The vault named by `--vault`, or the one around the working directory, as it is now, and its configuration."""
    project = app.open_project(vault, Path.cwd())
    with progress_on(sys.stderr) as progress:
        snapshot: Snapshot = app.scan(project, progress=progress)
    warn_if_empty(len(snapshot.paths), project.config)
    return snapshot, project.config


def warn_if_empty(notes: int, config: Config) -> None:
    """Say on stderr that there was nothing to look at: most often it is the wrong folder."""
    if not notes:
        print(f"kb: no notes in '{plain(str(config.vault))}' (notes are .md files; is this the folder?)", file=sys.stderr)


# ------------------------------------------------------------------------------------------------ paths


def find_part(vault: str | None, written: Sequence[str]) -> tuple[app.Project, tuple[str, ...]]:
    """The project and the paths in it that were written after `kb check`; no paths stand for everything.

    A path in the vault around here, or around itself, is a part of that vault; any other folder is a vault itself.
    Raises KbError for paths that do not exist, and for those of more than one vault.
    """
    here = Path.cwd()
    if not written:
        return app.open_project(vault, here), ()
    if vault is not None:
        project = app.open_project(vault, here)
        paths = [path if os.path.lexists(path) else os.path.join(project.config.vault, path) for path in written]
    else:
        project, paths = None, list(written)
    for path, as_written in zip(paths, written, strict=True):
        if not os.path.lexists(path):
            raise KbError(f"no file or folder '{as_written}'", _suggest_path(as_written))
    if project is None:
        project = _project_of(paths[0], here)
    parts = []
    for path in paths:
        part = _part_of(project.config, path)
        if part is None:
            raise KbError(f"'{path}' is not in the vault '{project.config.vault}'", "one vault at a time")
        parts.append(part)
    return project, () if "" in parts else tuple(parts)


def _project_of(path: str, here: Path) -> app.Project:
    around = Path(os.path.abspath(path))
    outside = ""
    for start in (here, around if around.is_dir() else around.parent):
        try:
            project = app.open_project(None, start)
        except VaultError:
            continue
        if _part_of(project.config, path) is not None:
            return project
        outside = outside or f"'{path}' is not in the vault '{project.config.vault}'"
    if not around.is_dir():
        raise VaultError(outside or f"no vault around '{path}'", "name its vault: kb check --vault DIR")
    return app.open_project(path, here)


def _part_of(config: Config, path: str) -> str | None:
    """`path` as findings name it; "" when it is the vault or holds it, None when it is outside."""
    absolute = os.path.abspath(path)
    real = Path(os.path.realpath(absolute))
    if real == config.root or config.vault.is_relative_to(absolute) or config.vault.is_relative_to(real):
        return ""  # also where the vault lies outside of the project that was named
    part = _below(config.vault, absolute)
    if part is None and config.snippets and _below(config.root / config.snippets, absolute) is not None:
        return _below(config.root, absolute)
    return part


def _below(folder: Path, path: str) -> str | None:
    """`path` from `folder`, "" for the folder itself; None when it is not below. Links are followed on the way to the
    folder but not below it, where a linked file has the name of the link."""
    if not os.path.lexists(folder):
        return None
    for start in (path, os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))):
        parts: list[str] = []
        around = start
        while not (os.path.exists(around) and os.path.samefile(around, folder)):
            around, name = os.path.split(around)
            if not name:
                break
            parts.append(name)
        else:
            return "/".join(reversed(parts))
    return None


def _suggest_path(written: str) -> str:
    """The name in the same folder that looks most alike."""
    from difflib import get_close_matches

    folder, name = os.path.split(written.rstrip("/"))
    try:
        names = sorted(os.listdir(folder or "."))
    except OSError:
        return "name one that exists"
    near = f"{name}.md" if f"{name}.md" in names else next(iter(get_close_matches(name, names, n=1)), "")
    return f"did you mean '{os.path.join(folder, near)}'?" if near else "name one that exists"


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
    """The file of the vault at `root` that a person means by a path in the vault, a path from here, a name, or a link
    (`[[name#heading]]`).

    Raises NoteError when there is none, or when several have that name.
    """
    for path in _as_paths(root, written):
        if path in vault.notes or path in vault.attachments:
            return path
        if path in vault.excluded:
            raise NoteError(f"'{path}' is excluded", "by 'ignore' in the configuration, or by Obsidian's own settings")
    files = (*vault.notes, *vault.attachments)
    folded = {path: fold_name(path) for path in files}
    link = LINK.match(written)
    for name in (written, link["target"] if link else written.partition("#")[0]):
        wanted = fold_name(name.replace(os.sep, "/").removeprefix("./").strip("/"))
        for spelling in (wanted, f"{wanted}.md") if wanted else ():
            exact = [path for path in files if folded[path] == spelling]
            named = exact if len(exact) == 1 else [path for path in files if f"/{folded[path]}".endswith(f"/{spelling}")]
            if len(named) == 1:
                return named[0]
            if named:
                raise NoteError(f"'{written}' may mean {len(named)} files", f"write one of: {', '.join(named[: 2 * SHOWN])}")
    raise NoteError(f"the vault has no note '{written}'", _suggest_note(vault, files, wanted))


def _as_paths(root: Path, written: str) -> Iterable[NotePath]:
    """The paths in the vault that are written exactly so, with or without `.md`: from its top, then from here."""
    from_here = _below(root, os.path.abspath(written))
    for path in (written.replace(os.sep, "/"), from_here):
        if path:
            yield NotePath(path)
            yield NotePath(f"{path}.md")


def _suggest_note(vault: Snapshot, files: Sequence[NotePath], wanted: str) -> str:
    from kbtools.nearest import Names, loosen

    word = loosen(wanted[wanted.rfind("/") + 1 :].removesuffix(".md"))
    aliases = [(loosen(alias), path) for path, alias in vault.iter_aliases()]
    known_as = list(dict.fromkeys(path for alias, path in aliases if alias == word))[:SHOWN]
    if known_as:
        return f"it is an alias of {' and '.join(known_as)}"
    spellings = [(loosen(path[path.rfind("/") + 1 :].removesuffix(".md")), path) for path in files]
    near = Names([*spellings, *aliases]).nearest(word)[:SHOWN]
    return f"did you mean {' or '.join(near)}?" if near else "name it by its path in the vault"
