"""A project's folders of snippets and proofs -> their files: the only place that opens a snippet. Imports and runs none."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from kbtools.snippets.find import File

Stamp = tuple[int, int, int, int]
"""(mtime ns, ctime ns, size, inode): any of them differs after a change."""


def list_code(root: Path, folders: Iterable[str]) -> dict[str, Stamp]:
    """The Python files below the folders of the project at `root`, by project path; a folder that is not there has none.

    Names that begin with a dot are left out, and links to folders are not followed.
    """
    return {path: stamp for folder in folders for path, stamp in _iter_files(root, folder)}


def _iter_files(root: Path, folder: str) -> Iterator[tuple[str, Stamp]]:
    try:
        with os.scandir(root / folder) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return
    for entry in found:
        path = f"{folder}/{entry.name}"
        if entry.name.startswith(".") or entry.name == "__pycache__":
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _iter_files(root, path)
        elif entry.name.endswith(".py") and entry.is_file():
            yield path, _stamp(entry.stat())


def stamp_of(file: Path) -> Stamp | None:
    """The stamp of one file, None when there is none."""
    try:
        return _stamp(file.stat())
    except OSError:
        return None


def _stamp(status: os.stat_result) -> Stamp:
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino


def read_code(root: Path, folders: Iterable[str]) -> dict[str, File]:
    """The same files with their texts."""
    return {path: read_file(root, path) for path in list_code(root, folders)}


def read_file(root: Path, path: str) -> File:
    """One file of the project. Raises nothing."""
    try:
        return decode((root / path).read_bytes())
    except OSError as error:
        return File("", f"cannot be read: {error.strerror or error}")


def decode(data: bytes) -> File:
    """A file's text, with its byte order mark and line ends; total."""
    try:
        return File(data.decode())
    except UnicodeDecodeError as error:
        return File("", f"is not UTF-8: byte 0x{data[error.start]:02x} at offset {error.start}")
