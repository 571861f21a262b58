"""What the system knows of processes: who belongs to a session, how much memory they use, and an end for them.

What only Linux tells is empty or zero elsewhere.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

PROC: Final = "/proc"
PAGE: Final = os.sysconf("SC_PAGE_SIZE")
KIB: Final = 1024
BECOME_SUBREAPER: Final = 36
ROUNDS: Final = 20


def session_lives(leader: int) -> bool:
    """Whether anybody is left in the process group of a session's leader."""
    try:
        os.killpg(leader, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def end_session(leader: int) -> None:
    """End everybody in it; nobody can refuse."""
    for end in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            end(leader, signal.SIGKILL)
    for pid, _, session in _iter_processes():
        if session == leader:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)


def has_twin(leader: int) -> bool:
    """Whether a process of the session is a plain copy of the one that started it: forked, and never another program."""
    own = _command_line(os.getpid())
    return bool(own) and any(session == leader and _command_line(pid) == own for pid, _, session in _iter_processes())


def adopt_orphans() -> None:
    """Become the parent of every descendant whose parent ends, so that none is lost out of sight."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(BECOME_SUBREAPER, 1, 0, 0, 0)


def end_descendants() -> None:
    """End every child of this process, and theirs as they become ours."""
    own = os.getpid()
    for _ in range(ROUNDS):
        children = [pid for pid, parent, _ in _iter_processes() if parent == own]
        for pid in children:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            for pid in children:
                os.waitpid(pid, 0)
        if not children:
            return


def private_memory(pid: int) -> int:
    """Bytes that a process has written to; what it only reads from files is left out."""
    try:
        with open(f"{PROC}/{pid}/statm", "rb") as file:
            _, resident, shared, *_ = file.read().split()
    except (OSError, ValueError):
        return 0
    return (int(resident) - int(shared)) * PAGE


def memory_by_session(leaders: Collection[int]) -> dict[int, list[int]]:
    """The private memory of each process of these sessions."""
    found: dict[int, list[int]] = {}
    for pid, _, session in _iter_processes():
        if session in leaders:
            found.setdefault(session, []).append(private_memory(pid))
    return found


def bytes_of(usage: resource.struct_rusage) -> int:
    """The most memory a process that has ended ever had."""
    return usage.ru_maxrss if sys.platform == "darwin" else usage.ru_maxrss * KIB


def widen(pipe: int) -> None:
    """Let a pipe hold a megabyte, where that can be asked for: what prints much then waits little."""
    import fcntl

    if hasattr(fcntl, "F_SETPIPE_SZ"):
        with contextlib.suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, 1 << 20)


def count_kills() -> int:
    """How often the kernel has killed for want of memory, on this machine or in this container."""
    total = 0
    for file in (f"{PROC}/vmstat", "/sys/fs/cgroup/memory.events"):
        with contextlib.suppress(OSError):
            for line in Path(file).read_text(encoding="ascii").splitlines():
                name, _, number = line.partition(" ")
                total += int(number) if name == "oom_kill" else 0
    return total


def _iter_processes() -> Iterator[tuple[int, int, int]]:
    """(process, its parent, its session)."""
    try:
        names = os.listdir(PROC)
    except OSError:
        return
    for name in names:
        if name.isdigit():
            with contextlib.suppress(OSError):
                with open(f"{PROC}/{name}/stat", "rb") as file:
                    fields = file.read().rpartition(b")")[2].split()
                yield int(name), int(fields[1]), int(fields[3])


def _command_line(pid: int) -> bytes:
    with contextlib.suppress(OSError):
        return Path(f"{PROC}/{pid}/cmdline").read_bytes()
    return b""
