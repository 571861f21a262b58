"""How large pictures are, so that a page can leave room for them and nothing moves when they arrive."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path, PurePosixPath
from stat import S_ISREG
from typing import Final

import imagesize  # type: ignore[import-untyped]  # it ships no types

from kbtools.site.embeds import IMAGES

LARGEST: Final = 100_000
"""Pixels: what says it is larger is damaged."""

Size = tuple[int, int]
"""(width, height) in CSS pixels, as the picture is turned when it is shown"""


def read_sizes(folder: Path, paths: Iterable[str]) -> dict[str, Size]:
    """The sizes of the pictures among a folder's files; those that nobody can tell are left out."""
    found = {}
    for path in paths:
        if PurePosixPath(path).suffix.lower() in IMAGES:
            size = _read(folder / path)
            if size is not None:
                found[path] = size
    return found


def _read(file: Path) -> Size | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return _read_once(str(file), status.st_mtime_ns, status.st_size) if S_ISREG(status.st_mode) else None


@lru_cache(maxsize=1 << 16)  # a server asks after every change
def _read_once(file: str, _modified: int, _bytes: int) -> Size | None:
    try:
        width, height = (round(side) for side in imagesize.get(os.fspath(file)))
    except Exception:  # whatever a damaged file makes its reader do: the page can do without
        return None
    return (width, height) if 0 < width <= LARGEST and 0 < height <= LARGEST else None
