"""Paths -> blobs, on every core: the files of a vault are split into contiguous shards, each read by a forked process.

Threads gain nothing here (measured), and a fork inherits everything imported so far. Where there is no fork, or few
files, all is done in this process.
"""

from __future__ import annotations

import contextlib
import gc
import marshal
import os
import signal
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from kbtools.vault.cache import Blob

FORK_FROM = 400
"""Below so many files a second process costs more than it gives (measured)."""
WATCH_EVERY = 64
"""How many files are read between two looks at whether somebody still waits for them."""

Examine = Callable[[str], Blob]


class _Child(NamedTuple):
    """A process, the pipe its blobs come from, and the paths it was given."""

    pid: int
    pipe: int
    paths: Sequence[str]


def examine_all(
    paths: Sequence[str],
    examine: Examine,
    *,
    processes: int = 0,
    fork_from: int = FORK_FROM,
    advance: Callable[[int], None] | None = None,
) -> dict[str, Blob]:
    """`examine` of every path. `advance` hears how many files this process has done, times the number of shards.

    A shard whose process dies, or cannot be started, is done here, so that what killed it is seen as what it is. When this
    call ends early (an interrupt, a bug), its processes end too.
    """
    count = min(processes or _cores(), 2 * len(paths) // fork_from)
    if count < 2 or not hasattr(os, "fork"):
        return _examine_here(paths, examine, 1, advance)
    size = -(-len(paths) // count)
    shards = [paths[start : start + size] for start in range(0, len(paths), size)]
    children: list[_Child] = []
    collecting = gc.isenabled()
    gc.disable()
    try:
        refused = _fork_all(shards[1:], examine, children)
        blobs = _examine_here([*shards[0], *refused], examine, len(children) + 1, advance)
        while children:
            blobs.update(_collect(children.pop(0), examine))
    finally:
        for child in children:
            os.close(child.pipe)
            _kill(child)
        if collecting:
            gc.enable()
    return blobs


def _cores() -> int:
    """How many processes may run at once."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _examine_here(paths: Sequence[str], examine: Examine, factor: int, advance: Callable[[int], None] | None) -> dict[str, Blob]:
    if advance is None:
        return {path: examine(path) for path in paths}
    blobs: dict[str, Blob] = {}
    for number, path in enumerate(paths, 1):
        blobs[path] = examine(path)
        if number % WATCH_EVERY == 0:
            advance(WATCH_EVERY * factor)
    return blobs


def _fork_all(shards: Sequence[Sequence[str]], examine: Examine, children: list[_Child]) -> list[str]:
    """Start a process for each shard and put it to `children`; the paths of shards for which the system has none to give.

    An interrupt has to wait meanwhile: in a process that does not yet know that it is a child it would do the parent's work.
    """
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    refused: list[str] = []
    try:
        for shard in shards:
            child = _fork(shard, examine, mask)
            if child is None:
                refused += shard
            else:
                children.append(child)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    return refused


def _fork(paths: Sequence[str], examine: Examine, mask: Iterable[int]) -> _Child | None:
    try:
        reader, writer = os.pipe()
    except OSError:
        return None
    parent = os.getpid()
    try:
        pid = os.fork()
    except OSError:
        os.close(reader)
        os.close(writer)
        return None
    if pid:
        os.close(writer)
        return _Child(pid, reader, paths)
    status = 1
    try:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        os.close(reader)
        with os.fdopen(writer, "wb") as stream:
            marshal.dump(_examine_watching(paths, examine, parent), stream)
        status = 0
    finally:
        os._exit(status)  # no clean-up of what belongs to the parent


def _examine_watching(paths: Sequence[str], examine: Examine, parent: int) -> list[Blob]:
    """The blobs, in order; cut short when the parent was killed and nobody waits for them."""
    blobs: list[Blob] = []
    for number, path in enumerate(paths):
        if number % WATCH_EVERY == 0 and os.getppid() != parent:
            break
        blobs.append(examine(path))
    return blobs


def _collect(child: _Child, examine: Examine) -> dict[str, Blob]:
    try:
        with os.fdopen(child.pipe, "rb") as stream:
            data = stream.read()
    except BaseException:
        _kill(child)
        raise
    _wait(child)
    try:
        blobs = marshal.loads(data)
    except (EOFError, ValueError, TypeError):  # it died before it had written everything
        blobs = []
    if len(blobs) != len(child.paths):
        return _examine_here(child.paths, examine, 1, None)
    return dict(zip(child.paths, blobs, strict=True))


def _kill(child: _Child) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(child.pid, signal.SIGKILL)
    _wait(child)


def _wait(child: _Child) -> None:
    with contextlib.suppress(ChildProcessError):  # where nobody is told of a child's end (SIGCHLD ignored)
        os.waitpid(child.pid, 0)
