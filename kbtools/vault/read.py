"""Path -> Source: the only place that opens a note."""

from __future__ import annotations

import os
import stat

from kbtools.model import NotePath, Source

DEFAULT_LIMIT = 10 << 20
OTHER_ENCODINGS = {
    b"\xff\xfe\x00\x00": "UTF-32",
    b"\x00\x00\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}
"""Encodings by the byte order mark; the longer mark first, for one begins the other."""


def read_source(root: str, path: str, limit: int = DEFAULT_LIMIT) -> Source:
    """The file's text without its byte order mark; `problem` says why it cannot be read. Raises nothing."""
    try:
        data = _read_bytes(os.path.join(root, path), limit)
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        return Source(NotePath(path), "", problem=f"cannot be read: {getattr(error, 'strerror', None) or error}")
    return decode(path, data, limit)


def _read_bytes(file: str, limit: int) -> bytes:
    """At most `limit` + 1 bytes of a regular file. Waits for nobody: a pipe that took a note's place is refused."""
    descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0))
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(None, "no regular file")
        size = min(status.st_size, limit + 1)
        data = os.read(descriptor, size + 1)
        if len(data) == size:
            return data
        pieces, left = [data], limit + 1 - len(data)
        while data and left > 0:  # it grows while we read, or is larger than one read can be
            data = os.read(descriptor, left)
            pieces.append(data)
            left -= len(data)
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
        for mark, encoding in OTHER_ENCODINGS.items():
            if data.startswith(mark):
                return Source(NotePath(path), "", problem=f"{encoding}, not UTF-8")
        return Source(NotePath(path), "", problem=f"not UTF-8: byte 0x{data[error.start]:02x} at offset {error.start}")
