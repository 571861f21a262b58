"""What was read before, kept between runs: one file a vault, in the user's cache folder.

A cache is never trusted further than its checksums: a file that is cut short, foreign, owned by somebody else, or written
by another version of kb or Python counts as none. Writing goes to a temporary file that then takes the place of the old
one, so that two runs at once, or a run that is killed, leave a whole file. A file whose stamp is too young to be told from
a change in the same tick is remembered by name alone (`is_settled`).
"""

from __future__ import annotations

import contextlib
import hashlib
import marshal
import os
import stat
import struct
import sys
import tempfile
import time
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, BinaryIO

from kbtools import __version__
from kbtools.vault.walk import Stamp

MAGIC = b"kbcache2"
HEADER = struct.Struct("<8s32sQIQI")  # magic, key, size and checksum of the index, size and checksum of the blobs
RACY_NS = 2_000_000_000
"""The coarsest tick of a file system (FAT): a stamp that is older differs from that of any later change."""
UNSETTLED: Stamp = (0, 0, 0, 0)
"""What stands for a stamp that is too young: the file was there, and is read again."""
FUTURE_NS = 86_400 * 10**9
MOST_RESULTS = 16
"""How many requests are remembered, the newest last."""
LEFT_OVER = 3600.0
"""Seconds after which nobody writes to a temporary file any more."""
LIBRARIES = ("yaml", "math_core")
"""What else decides what is found in a note."""

Blob = bytes
"""What is remembered of one file (`vault/blob.py`)."""


@dataclass(slots=True)
class Cache:
    """`stamps` and `others` describe the listing it was made from; `results` keeps what a check found, by request."""

    stamps: dict[str, Stamp] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)
    results: dict[str, Any] = field(default_factory=dict)
    _places: dict[str, tuple[int, int]] = field(default_factory=dict)
    _file: Path | None = None
    _header: bytes = b""

    def read_blobs(self) -> dict[str, Blob]:
        """Every remembered file's blob; empty when the file is damaged or was replaced meanwhile."""
        if self._file is None:
            return {}
        _, _, index_size, _, blobs_size, blobs_sum = HEADER.unpack(self._header)
        try:
            with open_own(self._file) as file:
                header = file.read(HEADER.size)
                file.seek(HEADER.size + index_size)
                data = file.read(blobs_size)
        except OSError:
            return {}
        if header != self._header or len(data) != blobs_size or zlib.crc32(data) != blobs_sum:
            return {}
        return {path: data[start:end] for path, (start, end) in self._places.items()}


def cache_folder(root: Path) -> Path:
    """Where everything remembered about the project at `root` is kept: below KB_CACHE_DIR (counted from the working directory),
    or `kb` in XDG_CACHE_HOME or ~/.cache."""
    chosen, cache_home = os.environ.get("KB_CACHE_DIR"), os.environ.get("XDG_CACHE_HOME", "")
    if chosen:
        base = os.path.expanduser(chosen)
    elif os.path.isabs(cache_home):  # the XDG specification tells to ignore any other
        base = os.path.join(cache_home, "kb")
    else:
        base = os.path.join(os.path.expanduser("~"), ".cache", "kb")
        if not os.path.isabs(base):  # a user without a home
            base = os.path.join(tempfile.gettempdir(), "kb")
    return Path(base, hashlib.sha256(os.fsencode(os.path.realpath(root))).hexdigest()[:20])


def code_key(*parts: str) -> bytes:
    """A key that differs when kb, Python, a library that reads notes, or any of `parts` (the configuration) does."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    digest = hashlib.sha256("\0".join((sys.version, __version__, package, *parts)).encode("utf-8", "surrogatepass"))
    for folder in ("", "syntax", "snippets", "vault", "checks"):
        with os.scandir(os.path.join(package, folder)) as entries:
            for entry in sorted(entries, key=_name):
                if entry.name.endswith(".py"):
                    digest.update(_identity(entry.name, entry.stat()))
    for library in LIBRARIES:
        spec = find_spec(library)
        if spec is not None and spec.origin is not None:
            digest.update(_identity(spec.origin, os.stat(spec.origin)))
    return digest.digest()


def _identity(name: str, status: os.stat_result) -> bytes:
    return f"{name}\0{status.st_mtime_ns}\0{status.st_size}\n".encode("utf-8", "surrogatepass")


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name


def read_cache(file: Path, key: bytes) -> Cache:
    """The cache at `file` when it was written under `key`; an empty one in every other case."""
    try:
        with open_own(file) as stream:
            size = os.fstat(stream.fileno()).st_size
            header = stream.read(HEADER.size)
            if len(header) != HEADER.size:
                return Cache()
            magic, found, index_size, index_sum, blobs_size, _ = HEADER.unpack(header)
            if magic != MAGIC or found != key or HEADER.size + index_size + blobs_size != size:
                return Cache()
            index = stream.read(index_size)
    except OSError:
        return Cache()
    if len(index) != index_size or zlib.crc32(index) != index_sum:
        return Cache()
    stamps, others, results, places = marshal.loads(index)
    return Cache(stamps, others, results, places, file, header)


def open_own(file: Path) -> BinaryIO:
    """A regular file of this user, opened for reading; OSError for any other: `marshal` must not read what a stranger wrote."""
    descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0))
    status = os.fstat(descriptor)
    if stat.S_ISREG(status.st_mode) and (not hasattr(os, "geteuid") or status.st_uid == os.geteuid()):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    raise PermissionError(f"'{file}' is no regular file of this user")


def is_settled(stamp: Stamp, started_ns: int) -> bool:
    """Whether every change after `started_ns` gives another stamp. One that lies days ahead (a wrong clock, an archive from
    elsewhere) is no young one: the next change sets it back to today."""
    return all(not started_ns - RACY_NS <= time_ns <= started_ns + FUTURE_NS for time_ns in stamp[:2])


def write_cache(
    file: Path,
    key: bytes,
    *,
    stamps: dict[str, Stamp],
    others: list[str],
    results: dict[str, Any],
    blobs: dict[str, Blob],
    started_ns: int,
) -> None:
    """Remember a whole scan that began at `started_ns`; of files so young that a later change might leave their stamp as it is,
    what was read, but no stamp. A folder that cannot be written is no error.
    """
    kept = {path: stamp for path, stamp in stamps.items() if is_settled(stamp, started_ns)}
    results = dict(list(results.items())[-MOST_RESULTS:])
    places: dict[str, tuple[int, int]] = {}
    position = checksum = 0
    for path, blob in blobs.items():
        places[path] = (position, position + len(blob))
        position += len(blob)
        checksum = zlib.crc32(blob, checksum)
    listed = {path: kept.get(path, UNSETTLED) for path in stamps}
    index = marshal.dumps((listed, others, results, places))
    header = HEADER.pack(MAGIC, key, len(index), zlib.crc32(index), position, checksum)
    with contextlib.suppress(OSError):
        replace_file(file, (header, index, *blobs.values()))
        _sweep(file)


def replace_file(file: Path, pieces: Iterable[bytes]) -> None:
    """Write `pieces` to `file` so that a reader sees either the old content or the new one. Raises OSError."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=file.name + ".", dir=file.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.writelines(pieces)
        os.replace(name, file)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def _sweep(file: Path) -> None:
    """Remove the temporary files of runs that were killed."""
    oldest = time.time() - LEFT_OVER
    with os.scandir(file.parent) as entries:
        for entry in entries:
            if entry.name.startswith(file.name + ".") and entry.stat(follow_symlinks=False).st_mtime < oldest:
                os.unlink(entry.path)
