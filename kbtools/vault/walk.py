"""A folder -> the files of the vault in it, with the stamps by which a change is seen. Reads no file's content."""

from __future__ import annotations

import os
import stat
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
    """Every file of the vault at `root`. Names that start with a dot are left out, and so is what is no regular file (a
    pipe, a socket, a dead link) or cannot be reached (a folder one may not read, a path that is too long).

    A link to a folder is followed as Obsidian does (https://obsidian.md/help/symlinks): when its target lies outside the
    vault, does not hold it, and shares nothing with the target of another link. So loops end and no file is seen twice.

    Raises VaultError when the root cannot be read.
    """
    try:
        os.scandir(root).close()
    except OSError as error:
        raise VaultError(f"'{root}': {error.strerror or error}", "name a folder you may read") from error
    sources: dict[str, Stamp] = {}
    others: list[str] = []
    links: list[str] = []
    followed = [os.path.realpath(root)]
    _walk(root, "", sources, others, links)
    while links:
        links.sort(reverse=True)  # by path: which of two links is followed depends on no file system
        path = links.pop()
        target = os.path.realpath(os.path.join(root, path))
        if not any(_overlap(target, known) for known in followed):
            followed.append(target)
            _walk(os.path.join(root, path), path + "/", sources, others, links)
    return Listing(sources, sorted(others))


def _walk(folder: str, prefix: str, sources: dict[str, Stamp], others: list[str], links: list[str]) -> None:
    """Sort what lies in a folder and below it into sources, others, and links to folders."""
    pending = [(folder, prefix)]
    while pending:
        folder, prefix = pending.pop()
        for entry in _entries(folder):
            name = entry.name
            if name[0] == ".":
                continue
            path = prefix + name
            try:
                if entry.is_dir(follow_symlinks=False):
                    pending.append((entry.path, path + "/"))
                elif path.endswith(SOURCE_SUFFIXES) or path.lower().endswith(SOURCE_SUFFIXES):
                    status = entry.stat()
                    if stat.S_ISREG(status.st_mode):
                        sources[path] = (status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino)
                    elif stat.S_ISDIR(status.st_mode):
                        links.append(path)
                elif entry.is_file():
                    others.append(path)
                elif entry.is_dir():
                    links.append(path)
            except OSError:
                continue  # gone or unreachable meanwhile: not part of the vault


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


def _overlap(one: str, other: str) -> bool:
    """Whether two folders are the same, or one lies in the other."""
    one, other = one.rstrip(os.sep) + os.sep, other.rstrip(os.sep) + os.sep
    return one.startswith(other) or other.startswith(one)
