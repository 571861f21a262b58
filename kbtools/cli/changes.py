"""What `kb move` and `kb rename` name on the command line, and how they say what they did."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from kbtools.cli.find import find_note, prefixes_from
from kbtools.cli.progress import wants_colour
from kbtools.errors import KbError, NoteError
from kbtools.lines import LineIndex
from kbtools.report import diff
from kbtools.report.escapes import plain
from kbtools.report.numbers import counted
from kbtools.vault.read import read_source

if TYPE_CHECKING:
    from kbtools.changing import Change
    from kbtools.config import Config
    from kbtools.vault.snapshot import Snapshot

SHOWN = 20


def find_snippet(config: Config, written: str) -> str:
    """The project path of a snippet that was named, or ""."""
    if not config.snippets or not written.endswith(".py"):
        return ""
    for path in (Path(os.path.abspath(written)), config.root / written):
        if path.is_file() and path.is_relative_to(config.root / config.snippets):
            return path.relative_to(config.root).as_posix()
    return ""


def find_source(snapshot: Snapshot, config: Config, written: str) -> str:
    """The path of a file or folder of the vault that was named."""
    name = written.rstrip("/").rstrip(os.sep)
    for path in (Path(os.path.abspath(name)), config.vault / name):
        if path.is_dir() and path != config.vault and path.is_relative_to(config.vault):
            return path.relative_to(config.vault).as_posix()
    try:
        return find_note(snapshot, config.vault, written)
    except NoteError:
        excluded = [path for path in (name, f"{name}.md") if path in snapshot.excluded]
        if excluded:
            return excluded[0]
        raise


def find_target(config: Config, written: str, source: str, *, base: Path, near: str = "") -> str:
    """Where a file goes, as a path from `base`: written from here or from the base; into it, where it is a folder."""
    if not written.strip("/"):
        return PurePosixPath(source).name
    here = Path(os.path.abspath(written))
    inside = here.is_relative_to(base) and here != base and (written.startswith((".", os.sep)) or here.parent.is_dir())
    path = here.relative_to(base).as_posix() if inside else written.removeprefix("./").strip("/")
    if ".." in PurePosixPath(path).parts or (os.path.isabs(written) and not inside):
        raise KbError(f"'{written}' is not in '{base}'", "name a path in the vault")
    if near and not path.startswith(f"{near}/") and not inside:
        path = f"{near}/{path}"
    if written.endswith("/") or ((base / path).is_dir() and (base / source).resolve() != (base / path).resolve()):
        return f"{path}/{PurePosixPath(source).name}"
    return _suffixed(path, source, is_file=not (base / source).is_dir())


def renamed(source: str, name: str) -> str:
    """The path of a file or folder under a new name in its folder."""
    if "/" in name.strip("/"):
        raise KbError(f"'{name}' is a path", "kb move takes a file to another folder")
    path = PurePosixPath(source)
    is_file = "." in path.name
    return _suffixed(path.with_name(name.strip("/") or "?").as_posix(), source, is_file=is_file)


def _suffixed(path: str, source: str, *, is_file: bool) -> str:
    """The path with the suffix of the file it is for."""
    suffix = PurePosixPath(source).suffix
    return path if not is_file or path.lower().endswith(suffix.lower()) else path + suffix


def show(change: Change, *, dry_run: bool, start: Path) -> int:
    """Carry out a change, or print it; say why not, and return 1, where it must not be."""
    from kbtools import changing

    here = prefixes_from(change.config, start)
    if change.plan.trouble:
        sys.stdout.writelines(f"{plain(line)}\n" for line in _complain(change, here.vault))
        return 1
    if dry_run:
        colour = wants_colour(sys.stdout)
        for prefix, rewrites in ((here.vault, change.plan.rewrites), (here.project, change.code)):
            for rewrite in rewrites:
                names = {"old": prefix + rewrite.path, "new": prefix + rewrite.to}
                sys.stdout.write(diff.render(rewrite.before, rewrite.after, **names, colour=colour))
    else:
        left = changing.carry_out(change)
        for path in left.left:
            print(f"kb: '{plain(path)}' was written to meanwhile and is left as it is", file=sys.stderr)
    sys.stdout.writelines(f"{plain(line)}\n" for line in _summarise(change, here.vault, here.project, dry_run=dry_run))
    return 0


def _complain(change: Change, prefix: str) -> Iterator[str]:
    texts = {rewrite.path: rewrite.before for rewrite in change.plan.rewrites}
    for trouble in change.plan.trouble[:SHOWN]:
        text = texts.get(trouble.path)
        if text is None:
            text = read_source(str(change.config.vault), trouble.path).text
        line, column = LineIndex(text).position(trouble.span.start)
        hint = f" ({trouble.hint})" if trouble.hint else ""
        yield f"{prefix}{trouble.path}:{line}:{column} {trouble.message}{hint}"
    more = len(change.plan.trouble) - SHOWN
    if more > 0:
        yield f"and {more} more"
    yield "nothing was changed"


def _summarise(change: Change, vault: str, project: str, *, dry_run: bool) -> Iterator[str]:
    plan = change.plan
    moves = [*((vault + src, vault + dst) for src, dst in plan.moves.items())]
    moves += [(project + src, project + dst) for src, dst in change.code_moves]
    for src, dst in moves[:SHOWN]:
        yield f"{src} -> {dst}"
    if len(moves) > SHOWN:
        yield f"and {len(moves) - SHOWN} more"
    files = len(plan.rewrites) + len(change.code)
    would = "would be " if dry_run else ""
    if plan.links:
        yield f"{counted(plan.links, _noun(change))} in {counted(len(plan.rewrites), 'file')} {would}rewritten"
    elif files:
        yield f"{counted(files, 'file')} {would}rewritten"
    else:
        yield "no link needed to change"
    if plan.adopted:
        yield f"{counted(len(plan.adopted), 'dead link')} {would}alive"
    if not dry_run:
        yield "kb undo takes it back"


def _noun(change: Change) -> str:
    return "tag" if change.title.startswith("rename #") else "link"
