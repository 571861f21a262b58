"""Bytes kept between runs under keys that say all they depend on: a folder with a file for each, written once and never changed.

Nothing in it is trusted: a file that is cut short, damaged, or somebody else's counts as none. Two runs at once write the same
bytes under the same key, each in one step, so neither can spoil the other's. What was not asked for makes room for what was.
"""

from __future__ import annotations

import contextlib
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from struct import Struct
from typing import Final

from kbtools.vault.cache import open_own, replace_file

HEADER: Final = Struct("<8sQI")  # magic, size, checksum
MAGIC: Final = b"kbstore1"
SPARE: Final = 64 << 20
"""Bytes of what was not asked for that may stay, beside as much as was."""


class Store:
    """The folder, by key (hexadecimal, so that it can be a file's name). What a run reads or writes counts as asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._asked: set[str] = set()

    def read(self, key: str) -> bytes | None:
        """What was written under a key, None where nothing whole is."""
        try:
            with open_own(self._file(key)) as file:
                data = file.read()
        except OSError:
            return None
        if len(data) < HEADER.size:
            return None
        magic, size, checksum = HEADER.unpack_from(data)
        body = data[HEADER.size :]
        if magic != MAGIC or size != len(body) or checksum != zlib.crc32(body):
            return None
        self._asked.add(key)
        return body

    def write(self, key: str, body: bytes) -> None:
        """Keep bytes. A folder that cannot be written is no error: they are made again next time."""
        self._asked.add(key)
        with contextlib.suppress(OSError):
            replace_file(self._file(key), (HEADER.pack(MAGIC, len(body), zlib.crc32(body)), body))

    def ask(self, key: str) -> None:
        """Let a key stay, though another process read or wrote it."""
        self._asked.add(key)

    def sweep(self) -> None:
        """Remove what was not asked for, the oldest first, until little enough of it is left."""
        asked = 0
        others: list[tuple[float, int, str]] = []
        for key, entry in _list_entries(self.folder):
            with contextlib.suppress(OSError):  # another run removed it
                status = entry.stat(follow_symlinks=False)
                if key in self._asked:
                    asked += status.st_size
                else:
                    others.append((status.st_mtime, status.st_size, entry.path))
        spare = asked + SPARE - sum(size for _, size, _ in others)
        for _, size, path in sorted(others):
            if spare >= 0:
                break
            with contextlib.suppress(OSError):
                os.unlink(path)
                spare += size
        self._asked.clear()

    def _file(self, key: str) -> Path:
        return self.folder / key[:2] / key[2:]


def _list_entries(folder: Path) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """(key, file) of what is there, the left-overs of runs that were killed among them."""
    with contextlib.suppress(OSError), os.scandir(folder) as shelves:
        for shelf in shelves:
            with contextlib.suppress(OSError), os.scandir(shelf.path) as entries:
                for entry in entries:
                    yield shelf.name + entry.name, entry
