"""What was read before, kept between runs: one file a vault, in the user's cache folder.

A cache is never trusted further than its checksums: a file that is cut short, foreign, or written by another version of
kb or Python counts as none. Writing goes to a temporary file that then takes the place of the old one, so that two runs
at once, or a run that is killed, leave a whole file. A file whose stamp is too young to be told from a change in the
same tick is not remembered (`RACY_NS`).
"""

from __future__ import annotations

import contextlib
import hashlib
import marshal
import os
import struct
import sys
import tempfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kbtools.vault.walk import Stamp

MAGIC = b"kbcache2"
HEADER = struct.Struct("<8s32sQIQI")  # magic, key, size and checksum of the index, size and checksum of the blobs
RACY_NS = 2_000_000_000

Blob = bytes
"""marshal of (columns, local findings) of one file."""


@dataclass(slots=True)
class Cache:
    """`stamps` and `others` describe the listing it was made from; `results` keeps what a check found, by request."""

    stamps: dict[str, Stamp] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)
    results: dict[str, Any] = field(default_factory=dict)
    _places: dict[str, tuple[int, int]] = field(default_factory=dict)
    _file: Path | None = None
    _blobs_at: int = 0
    _blobs_size: int = 0
    _blobs_sum: int = 0

    def read_blobs(self) -> dict[str, Blob]:
        """Every remembered file's blob; empty when the file is damaged or was replaced meanwhile."""
        if self._file is None:
            return {}
        try:
            with self._file.open("rb") as file:
                header = file.read(HEADER.size)
                file.seek(self._blobs_at)
                data = file.read(self._blobs_size)
        except OSError:
            return {}
        if len(data) != self._blobs_size or zlib.crc32(data) != self._blobs_sum or header[:8] != MAGIC:
            return {}
        return {path: data[start:end] for path, (start, end) in self._places.items()}


def cache_folder(root: Path) -> Path:
    """Where everything remembered about the project at `root` is kept (KB_CACHE_DIR, XDG_CACHE_HOME or ~/.cache)."""
    chosen = os.environ.get("KB_CACHE_DIR")
    if chosen:
        base = Path(chosen)
    elif os.environ.get("XDG_CACHE_HOME"):
        base = Path(os.environ["XDG_CACHE_HOME"]) / "kb"
    else:
        base = Path(os.path.expanduser("~")) / ".cache" / "kb"
    real = os.path.realpath(root)
    return base / hashlib.sha256(os.fsencode(real)).hexdigest()[:20]


def code_key(*parts: str) -> bytes:
    """A key that differs when kb, Python, or any of `parts` (the configuration) does."""
    digest = hashlib.sha256("\0".join((sys.version, *parts)).encode("utf-8", "surrogatepass"))
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    for folder in ("", "syntax", "vault", "checks"):
        with os.scandir(os.path.join(package, folder)) as entries:
            for entry in sorted(entries, key=_name):
                if entry.name.endswith(".py"):
                    status = entry.stat()
                    digest.update(f"{entry.name}\0{status.st_mtime_ns}\0{status.st_size}\n".encode())
    return digest.digest()


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name


def read_cache(file: Path, key: bytes) -> Cache:
    """The cache at `file` when it was written under `key`; an empty one in every other case."""
    try:
        with file.open("rb") as stream:
            header = stream.read(HEADER.size)
            if len(header) != HEADER.size:
                return Cache()
            magic, found, index_size, index_sum, blobs_size, blobs_sum = HEADER.unpack(header)
            if magic != MAGIC or found != key or index_size > 1 << 40:
                return Cache()
            index = stream.read(index_size)
    except OSError:
        return Cache()
    if len(index) != index_size or zlib.crc32(index) != index_sum:
        return Cache()
    stamps, others, results, places = marshal.loads(index)
    return Cache(stamps, others, results, places, file, HEADER.size + index_size, blobs_size, blobs_sum)


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
    """Remember a whole scan that began at `started_ns`. A folder that cannot be written is no error."""
    youngest = started_ns - RACY_NS
    kept = {path: stamp for path, stamp in stamps.items() if stamp[0] < youngest and stamp[1] < youngest}
    if len(kept) < len(stamps):
        results = {}
    places: dict[str, tuple[int, int]] = {}
    pieces: list[bytes] = []
    position = 0
    for path in kept:
        blob = blobs[path]
        pieces.append(blob)
        places[path] = (position, position + len(blob))
        position += len(blob)
    index = marshal.dumps((kept, others, results, places))
    body = b"".join(pieces)
    header = HEADER.pack(MAGIC, key, len(index), zlib.crc32(index), len(body), zlib.crc32(body))
    with contextlib.suppress(OSError):
        replace_file(file, header, index, body)


def replace_file(file: Path, *pieces: bytes) -> None:
    """Write `pieces` to `file` so that a reader sees either the old content or the new one. Raises OSError."""
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=file.name + ".", dir=file.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            for piece in pieces:
                stream.write(piece)
        os.replace(name, file)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise
