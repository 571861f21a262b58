"""Bytes -> a file, whole or not at all: what was there before is kept in a folder, and a file that changed since it was
read is not written.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kbtools.atomic import replace
from kbtools.errors import KbError


@dataclass(frozen=True, slots=True)
class Change:
    """A file to write. `before` is what was read there, None for a file that must not exist yet."""

    path: Path
    before: bytes | None
    after: bytes


def write_all(changes: Sequence[Change], kept: Path, root: Path) -> Path | None:
    """Write every change, or raise KbError before the first one is written. Returns `kept` when it now holds what was
    overwritten (by its path from `root`, and nothing older), None when nothing was.

    A file that cannot be written after others were is an error too; the message says which were written.
    """
    changes = _distinct(changes)
    for change in changes:
        _refuse(change)
    overwritten = [change for change in changes if change.before is not None]
    if overwritten:
        _keep(overwritten, kept, root)
    written: list[Path] = []
    for change in changes:
        try:
            _refuse(change)
            replace(change.path, change.after)
        except (OSError, KbError) as error:
            raise KbError(_explain(change.path, error), _what_was_done(written, kept)) from error
        written.append(change.path)
    return kept if overwritten else None


def read_bytes(path: Path) -> bytes | None:
    """What a file holds, None when it cannot be read."""
    try:
        return path.read_bytes()
    except OSError:
        return None


def _distinct(changes: Sequence[Change]) -> list[Change]:
    """The changes without those of a file under its second name (a link beside the file is listed as a note too)."""
    found: dict[str, Change] = {}
    for change in changes:
        other = found.setdefault(os.path.realpath(change.path), change)
        if (other.before, other.after) != (change.before, change.after):
            raise KbError(f"'{other.path}' and '{change.path}' are one file, and differ", "nothing was written: remove the link")
    return list(found.values())


def _refuse(change: Change) -> None:
    """Raise KbError where the file is not what was read, or may not be written."""
    path = change.path
    try:
        now = path.read_bytes() if os.path.lexists(path) else None
    except OSError as error:
        raise KbError(f"'{path}' cannot be read: {error.strerror or error}", "nothing was written") from error
    if change.before is None and now is not None:
        raise KbError(f"'{path}' is there already", "nothing was written: see that the title is spelt like the file")
    if now != change.before:
        raise KbError(f"'{path}' changed while it was read", "nothing was written: run kb sync again")
    if now is not None and not _is_writable(path):
        raise KbError(f"'{path}' is read-only", "nothing was written: make it writable, or change the other side")


def _is_writable(path: Path) -> bool:
    """Whether the file's own mode lets anybody write it: a folder's mode is enough to replace it, and root may do anything,
    but somebody who locked a file meant it."""
    mode = path.stat().st_mode
    return bool(mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH)) and os.access(path, os.W_OK)


def _keep(changes: Sequence[Change], kept: Path, root: Path) -> None:
    """Copy what will be overwritten below `kept`, in the place of what the last run kept there."""
    fresh = kept.with_name(f"{kept.name}.new")
    try:
        shutil.rmtree(fresh, ignore_errors=True)
        for change in changes:
            below = change.path.relative_to(root) if change.path.is_relative_to(root) else Path(*change.path.parts[1:])
            copy = fresh / below
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(change.before or b"")
        shutil.rmtree(kept, ignore_errors=True)
        os.replace(fresh, kept)
    except OSError as error:
        raise KbError(_explain(kept, error), "nothing was written: set KB_CACHE_DIR to a folder you may write") from error


def _explain(path: Path, error: OSError | KbError) -> str:
    return error.message if isinstance(error, KbError) else f"'{path}' cannot be written: {error.strerror or error}"


def _what_was_done(written: list[Path], kept: Path) -> str:
    if not written:
        return "nothing was written"
    return f"written before: {', '.join(map(str, written))}; what they held is in {kept}"
