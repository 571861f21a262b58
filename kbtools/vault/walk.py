"""A folder -> the files of the vault in it, with the stamps by which a change is seen. Reads no file's content."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable
from typing import NamedTuple

from kbtools.errors import VaultError

Stamp = tuple[int, int, int, int]
"""(mtime ns, ctime ns, size, inode): any of them differs after a change."""

SOURCE_SUFFIXES = (".md", ".canvas", ".ipynb")


class Listing(NamedTuple):
    """Files by vault-relative path: those that can hold links with their stamps, and the names of all others, sorted."""

    sources: dict[str, Stamp]
    others: list[str]


def list_files(root: str) -> Listing:
    """Every file of the vault at `root`. Names that start with a dot are left out; a symbolic link to a folder is
    followed once, so loops end; what is no regular file (a pipe, a socket, a dead link) is passed over.

    Raises VaultError when the folder cannot be read.
    """
    sources: dict[str, Stamp] = {}
    others: list[str] = []
    visited: set[tuple[int, int]] = set()
    pending: list[tuple[str, str]] = [(root, "")]
    while pending:
        folder, prefix = pending.pop()
        try:
            entries = os.scandir(folder)
        except OSError as error:
            if not prefix:
                raise VaultError(f"'{folder}': {error.strerror or error}", "name a folder you may read") from error
            continue
        with entries:
            for entry in entries:
                name = entry.name
                if name[0] == ".":
                    continue
                _take(entry, prefix + name, sources, others, pending, visited)
    return Listing(sources, sorted(others))


def _take(
    entry: os.DirEntry[str],
    path: str,
    sources: dict[str, Stamp],
    others: list[str],
    pending: list[tuple[str, str]],
    visited: set[tuple[int, int]],
) -> None:
    try:
        if entry.is_symlink():
            status = os.stat(entry.path)
            if stat.S_ISDIR(status.st_mode):
                if _is_new(entry.path, status, visited):
                    pending.append((entry.path, path + "/"))
                return
            if not stat.S_ISREG(status.st_mode):
                return
        elif entry.is_dir():
            pending.append((entry.path, path + "/"))
            return
        elif not entry.is_file():
            return
        if path.endswith(SOURCE_SUFFIXES) or path.lower().endswith(SOURCE_SUFFIXES):
            status = entry.stat()
            sources[path] = (status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino)
        else:
            others.append(path)
    except OSError:
        return  # gone or unreachable meanwhile: not part of the vault


def _is_new(path: str, status: os.stat_result, visited: set[tuple[int, int]]) -> bool:
    """Whether a linked folder is neither around the link nor linked before."""
    identity = (status.st_dev, status.st_ino)
    if identity in visited:
        return False
    visited.add(identity)
    real, here = os.path.realpath(path), os.path.realpath(os.path.dirname(path))
    return not (here + os.sep).startswith(real.rstrip(os.sep) + os.sep)


def compile_globs(patterns: Iterable[str]) -> re.Pattern[str] | None:
    """One pattern for the paths that any of the globs names: `*` stays in a folder, `**` does not, a name without a
    slash matches at any depth, a folder's name stands for all below it. None for no globs."""
    parts = [_glob(pattern) for pattern in patterns if pattern]
    return re.compile("|".join(parts), re.IGNORECASE) if parts else None


def _glob(pattern: str) -> str:
    if len(pattern) > 2 and pattern.startswith("/") and pattern.endswith("/"):
        try:
            re.compile(pattern[1:-1])
        except re.error:
            return re.escape(pattern)
        return rf".*?(?:{pattern[1:-1]})"
    text, anchored = pattern.strip("/"), "/" in pattern.rstrip("/")
    out = "" if anchored else "(?:.*/)?"
    at = 0
    while at < len(text):
        if text.startswith("**/", at):
            out, at = out + "(?:.*/)?", at + 3
        elif text.startswith("**", at):
            out, at = out + ".*", at + 2
        elif text[at] == "*":
            out, at = out + "[^/]*", at + 1
        elif text[at] == "?":
            out, at = out + "[^/]", at + 1
        else:
            out, at = out + re.escape(text[at]), at + 1
    return out + "(?:/.*)?$"
