"""Paths -> blobs, on every core: the files of a vault are split into contiguous shards, each read by a forked process.

Threads gain nothing here (measured), and a fork inherits everything imported so far. Where there is no fork, or few
files, all is done in this process.
"""

from __future__ import annotations

import gc
import marshal
import os
from collections.abc import Callable, Sequence

from kbtools.vault.cache import Blob

FORK_FROM = 400
"""Below so many files a second process costs more than it gives (measured)."""

Examine = Callable[[str], Blob]


def examine_all(
    paths: Sequence[str], examine: Examine, *, processes: int = 0, advance: Callable[[int], None] | None = None
) -> dict[str, Blob]:
    """`examine` of every path. `advance` hears how many files this process has done, times the number of shards.

    A shard whose process dies is done again here, so that what killed it is seen as what it is.
    """
    count = processes or len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
    if len(paths) < FORK_FROM or count < 2 or not hasattr(os, "fork"):
        return _examine_here(paths, examine, 1, advance)
    size = -(-len(paths) // count)
    shards = [paths[start : start + size] for start in range(0, len(paths), size)]
    collecting = gc.isenabled()
    gc.disable()
    try:
        children = [_fork(shard, examine) for shard in shards[1:]]
        blobs = _examine_here(shards[0], examine, len(shards), advance)
        for (pid, pipe), shard in zip(children, shards[1:], strict=True):
            blobs.update(_collect(pid, pipe, shard, examine))
    finally:
        if collecting:
            gc.enable()
    return blobs


def _examine_here(paths: Sequence[str], examine: Examine, factor: int, advance: Callable[[int], None] | None) -> dict[str, Blob]:
    if advance is None:
        return {path: examine(path) for path in paths}
    blobs: dict[str, Blob] = {}
    for number, path in enumerate(paths, 1):
        blobs[path] = examine(path)
        if number % 64 == 0:
            advance(64 * factor)
    return blobs


def _fork(paths: Sequence[str], examine: Examine) -> tuple[int, int]:
    """(process, pipe to read its blobs from)."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writer)
        return pid, reader
    status = 1
    try:
        os.close(reader)
        with os.fdopen(writer, "wb") as stream:
            marshal.dump([examine(path) for path in paths], stream)
        status = 0
    finally:
        os._exit(status)  # no clean-up of what belongs to the parent


def _collect(pid: int, pipe: int, paths: Sequence[str], examine: Examine) -> dict[str, Blob]:
    with os.fdopen(pipe, "rb") as stream:
        data = stream.read()
    _, status = os.waitpid(pid, 0)
    if status != 0:
        return _examine_here(paths, examine, 1, None)
    return dict(zip(paths, marshal.loads(data), strict=True))
