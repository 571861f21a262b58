"""Path -> Source: the only place that opens a note."""

from __future__ import annotations

import os
import stat

from kbtools.model import NotePath, Source

DEFAULT_LIMIT = 10 << 20


def read_source(root: str, path: str, limit: int = DEFAULT_LIMIT) -> Source:
    """The file's text without its byte order mark; `problem` says why it cannot be read. Raises nothing."""
    try:
        data = _read_bytes(os.path.join(root, path), limit)
    except OSError as error:
        return Source(NotePath(path), "", problem=f"cannot be read: {error.strerror or error}")
    return decode(path, data, limit)


def _read_bytes(file: str, limit: int) -> bytes:
    descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0))
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(None, "no regular file")
        size = min(status.st_size, limit + 1)
        data = os.read(descriptor, size + 1)
        if len(data) == size:
            return data
        pieces = [data]
        while data and sum(map(len, pieces)) <= limit:
            data = os.read(descriptor, limit + 1)
            pieces.append(data)
        return b"".join(pieces)
    finally:
        os.close(descriptor)


def decode(path: str, data: bytes, limit: int = DEFAULT_LIMIT) -> Source:
    """Bytes -> Source; total."""
    if len(data) > limit:
        return Source(NotePath(path), "", problem=f"larger than the limit of {limit:,} bytes")
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
    try:
        return Source(NotePath(path), data.decode())
    except UnicodeDecodeError as error:
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            return Source(NotePath(path), "", problem="UTF-16, not UTF-8")
        return Source(NotePath(path), "", problem=f"not UTF-8: byte 0x{data[error.start]:02x} at offset {error.start}")
