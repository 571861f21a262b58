"""Many processes read what one would read, whatever becomes of them."""

from __future__ import annotations

import gc
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kbtools.vault.shards import FORK_FROM, examine_all

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="looks at processes through /proc")

PATHS = [f"{number}.md" for number in range(3 * FORK_FROM)]
HERE = os.getpid()


def name_of(path: str) -> bytes:
    return path.encode()


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


def children() -> list[str]:
    return Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()


@pytest.fixture(autouse=True)
def _nothing_is_left_behind() -> object:
    before = open_files()
    yield
    assert open_files() == before
    assert children() == []
    assert gc.isenabled()


@pytest.mark.parametrize("processes", [0, 1, 2, 3, 7, 100])
@pytest.mark.parametrize("count", [0, 1, FORK_FROM - 1, FORK_FROM, FORK_FROM + 1, 3 * FORK_FROM])
def test_every_path_has_its_blob(processes: int, count: int) -> None:
    assert examine_all(PATHS[:count], name_of, processes=processes) == {path: path.encode() for path in PATHS[:count]}


def test_the_work_is_shared() -> None:
    pids = examine_all(PATHS, lambda path: str(os.getpid()).encode(), processes=3)
    assert len(set(pids.values())) == 3


def test_a_process_has_enough_to_do() -> None:
    """On a machine of a hundred cores, four hundred files are for two."""
    pids = examine_all(PATHS[:FORK_FROM], lambda path: str(os.getpid()).encode(), processes=100)
    assert len(set(pids.values())) == 2


def test_blobs_larger_than_a_pipe_holds() -> None:
    blobs = examine_all(PATHS, lambda path: path.encode() * 5000, processes=4)
    assert {len(blob) for blob in blobs.values()} == {len(path) * 5000 for path in PATHS}


def test_progress_is_told_and_never_more_than_there_is() -> None:
    told: list[int] = []
    examine_all(PATHS, name_of, processes=3, advance=told.append)
    assert 0 < sum(told) <= len(PATHS)


@pytest.mark.parametrize("death", [signal.SIGKILL, signal.SIGHUP, signal.SIGINT, signal.SIGTERM])
def test_a_shard_whose_process_is_killed_is_done_here(death: signal.Signals) -> None:
    def examine(path: str) -> bytes:
        if os.getpid() != HERE and path == PATHS[-1]:
            os.kill(os.getpid(), death)
            time.sleep(60)
        return path.encode()

    assert examine_all(PATHS, examine, processes=3) == {path: path.encode() for path in PATHS}


def test_a_shard_whose_process_dies_in_the_middle_of_its_report_is_done_here() -> None:
    def examine(path: str) -> bytes:
        if os.getpid() != HERE and path == PATHS[-1]:
            signal.signal(signal.SIGALRM, lambda *_: os._exit(0))  # an end that looks like a good one
            signal.setitimer(signal.ITIMER_REAL, 0.2)
        return path.encode() * 2000

    def slow(path: str) -> bytes:
        if os.getpid() == HERE and path == PATHS[0]:
            time.sleep(0.6)  # so that the child stands before a full pipe when its time comes
        return examine(path)

    assert examine_all(PATHS, slow, processes=2) == {path: path.encode() * 2000 for path in PATHS}


def test_a_bug_in_a_process_is_seen_here() -> None:
    def examine(path: str) -> bytes:
        if path == PATHS[-1]:
            raise ZeroDivisionError
        return path.encode()

    with pytest.raises(ZeroDivisionError):
        examine_all(PATHS, examine, processes=3)


def test_a_bug_here_ends_the_processes() -> None:
    def examine(path: str) -> bytes:
        if path == PATHS[0]:
            raise ZeroDivisionError
        time.sleep(60)
        return b""

    started = time.monotonic()
    with pytest.raises(ZeroDivisionError):
        examine_all(PATHS, examine, processes=3)
    assert time.monotonic() - started < 30


def test_without_more_files_to_open_all_is_done_here() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (open_files(), hard))
    try:
        assert examine_all(PATHS, name_of, processes=3) == {path: path.encode() for path in PATHS}
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_where_nobody_hears_of_a_childs_end() -> None:
    """Some programs start others with SIGCHLD ignored; the system then keeps no status."""
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        assert examine_all(PATHS, name_of, processes=3) == {path: path.encode() for path in PATHS}
    finally:
        signal.signal(signal.SIGCHLD, before)


SLEEPERS = f"""
import os, sys, time
from kbtools.vault.shards import examine_all
def examine(path):
    if path in ("0", "{FORK_FROM}", "{2 * FORK_FROM}"):
        os.write(1, b"%d\\n" % os.getpid())
    time.sleep(0.01)
    return b""
try:
    examine_all([str(n) for n in range({3 * FORK_FROM})], examine, processes=3)
except KeyboardInterrupt:
    sys.exit(130)
"""


def is_running(pid: int) -> bool:
    """Whether a process is there and is no zombie that waits for somebody to hear of its end."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("death", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_process_outlives_the_first(death: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", SLEEPERS], stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        pids = [int(first.stdout.readline()) for _ in range(3)]
        assert len(set(pids)) == 3
        os.kill(first.pid, death)  # it alone, not its group as a terminal would
        assert first.wait(20) == (130 if death == signal.SIGINT else -death)
    deadline = time.monotonic() + 20
    while any(map(is_running, pids)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(map(is_running, pids))
