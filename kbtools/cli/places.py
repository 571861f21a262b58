"""What a person names on the command line -> paths of the vault."""

from __future__ import annotations

from pathlib import Path

from kbtools import app
from kbtools.config import Config
from kbtools.errors import KbError, NoteError
from kbtools.model import Edge, NotePath
from kbtools.vault.snapshot import Snapshot


def open_snapshot(vault: str | None) -> Snapshot:
    """The vault named by --vault, or the one around the working directory, read."""
    from kbtools.cli.progress import ProgressLine

    return app.scan(app.open_project(vault, Path.cwd()), progress=ProgressLine())


def find_note(snapshot: Snapshot, written: str) -> NotePath:
    """The file a person means by a path (of the vault or of the disk) or by a name. Raises NoteError."""
    name = written.removeprefix("[[").removesuffix("]]")
    for path in (name, f"{name}.md"):
        if path in snapshot.blobs:
            return NotePath(path)
    tail = Path.cwd().joinpath(name).as_posix()
    for path in snapshot.paths:
        if tail.endswith("/" + path) and Path(name).exists():
            return path
    found = snapshot.index.resolve(name, "")
    if found is not None and not found.rivals:
        return NotePath(found.path)
    if found is not None:
        raise NoteError(f"several files are named '{written}'", "name one: " + ", ".join((found.path, *found.rivals)))
    from difflib import get_close_matches

    titles = {path.rsplit("/", 1)[-1].removesuffix(".md"): path for path in snapshot.paths}
    near = get_close_matches(name, list(titles), n=3, cutoff=0.5)
    raise NoteError(f"no note is named '{written}'", f"did you mean {', '.join(near)}?" if near else "kb stats counts the notes")


def split_paths(paths: list[str], vault: str | None) -> tuple[app.Project, tuple[str, ...]]:
    """The project that `kb check PATH…` means, and the part of it to report on. A folder outside of the vault around the
    working directory (or any, when there is none) is a vault itself. Raises KbError."""
    here = Path.cwd()
    if not paths:
        return app.open_project(vault, here), ()
    for path in paths:
        if not here.joinpath(path).exists():
            raise KbError(f"no file or folder '{path}'", "name the vault's folder, or notes in it")
    first = here.joinpath(paths[0]).resolve()
    if vault is None and first.is_dir() and len(paths) == 1:
        project = app.open_project(None, first) if _is_inside_vault(first) else app.open_project(paths[0], here)
    else:
        project = app.open_project(vault, first if vault is None and first.is_dir() else here if vault else first.parent)
    root = project.config.vault
    parts = []
    for path in paths:
        real = here.joinpath(path).resolve()
        if real != root and not real.is_relative_to(root):
            if root.is_relative_to(real):
                return project, ()
            raise KbError(f"'{path}' is not in the vault '{root}'", "check one vault at a time")
        if real != root:
            parts.append(real.relative_to(root).as_posix())
    return project, tuple(parts)


def _is_inside_vault(folder: Path) -> bool:
    """Whether a vault's configuration stands in the folder or above it and takes it in."""
    try:
        config = app.open_project(None, folder).config
    except KbError as error:
        if type(error).__name__ == "ConfigError":
            raise
        return False
    return folder.is_relative_to(config.vault) or config.vault.is_relative_to(folder)


def edge_rows(edges: list[Edge], snapshot: Snapshot) -> list[dict[str, object]]:
    """The rows of `kb links`: the graph's edges as data."""
    from kbtools.cli.edges import row_of
    from kbtools.lines import LineIndex

    lines: dict[str, LineIndex] = {}
    rows = []
    for edge in edges:
        if edge.source not in lines:
            lines = {edge.source: LineIndex(snapshot.text_of(edge.source))}
        rows.append(row_of(edge, *lines[edge.source].position(edge.link.span.start)))
    return rows


def prefix_of(config: Config) -> str:
    """What goes before a vault's path so that the working directory finds it."""
    try:
        relative = config.vault.relative_to(Path.cwd()).as_posix()
    except ValueError:
        return config.vault.as_posix() + "/"
    return "" if relative == "." else relative + "/"
