"""Jobs -> how each ended and what it said: the only place that executes anything.

Nothing runs in this process. A second one, the nursery, imports torch once and forks a third for every job; when a job takes
the nursery with it, what was under way is run again, each alone, so that only the culprit is lost.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from kbtools.errors import KbError
from kbtools.snippets.job import Ending, Job, Kind, Setup, command_for, write_orders
from kbtools.snippets.journal import Event, read_journal

NURSERY: Final = "kbtools.snippets.nursery"
IMPORTING: Final = 120.0
"""Seconds that importing what is shared may take."""
SLACK: Final = 15.0
"""Seconds a job may take beyond its time until it is gone."""
TAKEN: Final = "it ended the process that had started it"


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be executed: a `file` of the project, on a device."""

    kind: Kind
    file: str
    device: str


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of a task."""

    job: Job
    ending: Ending
    events: tuple[Event, ...]


def run_all(tasks: Sequence[Task], setup: Setup, *, advance: Callable[[int], None] | None = None) -> dict[Task, Ran]:
    """Run every task, `setup.workers` at a time, the first ones first. Raises KbError where nothing can be run."""
    _refuse_platform(tasks)
    with tempfile.TemporaryDirectory(prefix="kb-proofs-", ignore_cleanup_errors=True) as folder:
        jobs = [_job(number, task, folder) for number, task in enumerate(tasks)]
        found: dict[int, Ran] = {}

        def keep(ran: Ran) -> None:
            found[ran.job.number] = ran
            if advance is not None:
                advance(1)

        waiting = jobs
        while waiting:
            suspects = _run_together(waiting, setup, keep)
            for job in suspects:
                _forget(job)
                if _run_together([job], replace(setup, workers=1), keep):
                    keep(Ran(job, Ending(-signal.SIGKILL, 0.0, output=TAKEN), tuple(read_journal(job.journal))))
            before, waiting = waiting, [job for job in waiting if job.number not in found]
            if waiting == before:
                if not setup.plugins:
                    raise KbError(f"{sys.executable} cannot start '{NURSERY}'", "see that kb is installed as a whole")
                setup = replace(setup, modules=(), plugins=False)  # importing them may be what ended it
        return {task: found[number] for number, task in enumerate(tasks)}


def count_cores() -> int:
    """How many processes can run at the same time."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _refuse_platform(tasks: Sequence[Task]) -> None:
    if not hasattr(os, "fork"):
        raise KbError("kb runs proofs on Linux and macOS only", "kb check --no-run, or run the proofs with pytest")
    if any(task.kind == "proof" for task in tasks) and find_spec("pytest") is None:
        raise KbError(f"pytest is not installed for {sys.executable}", "pip install 'kbtools[snippets]', or kb check --no-run")


def _job(number: int, task: Task, folder: str) -> Job:
    own = Path(folder, str(number))
    own.mkdir()
    return Job(number, task.kind, task.file, task.device, str(own))


def _forget(job: Job) -> None:
    """Give it an empty folder again."""
    shutil.rmtree(job.folder, ignore_errors=True)
    os.makedirs(job.folder, exist_ok=True)


def _run_together(jobs: Sequence[Job], setup: Setup, keep: Callable[[Ran], None]) -> list[Job]:
    """Keep every job that comes to an end; return those that had begun and were lost with the nursery."""
    waiting = {job.number: job for job in jobs}
    begun: dict[int, int] = {}
    rounds = math.ceil(len(jobs) / setup.workers)
    bound = time.monotonic() + IMPORTING + rounds * (setup.timeout + SLACK)
    nursery = subprocess.Popen(
        command_for(NURSERY),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    with nursery:
        try:
            for message in _talk(nursery, write_orders(setup, jobs), bound):
                if "started" in message:
                    begun[message["started"]] = message["pid"]
                if "job" in message:
                    job = waiting.pop(message["job"])
                    keep(Ran(job, Ending(**message["ending"]), tuple(read_journal(job.journal))))
        finally:
            _end(nursery)
    from kbtools.snippets import processes  # imports what not every system has

    lost = [job for number, job in waiting.items() if number in begun]
    for job in lost:
        processes.end_session(begun[job.number])
    return lost


def _talk(nursery: subprocess.Popen[bytes], orders: str, bound: float) -> Iterator[Mapping[str, Any]]:
    """Say the orders; give what the nursery answers until it is gone, or the time is over."""
    assert nursery.stdin is not None
    assert nursery.stdout is not None
    with contextlib.suppress(BrokenPipeError):
        nursery.stdin.write(orders.encode() + b"\n")
        nursery.stdin.flush()
    rest = b""
    while select.select([nursery.stdout], [], [], max(0.0, bound - time.monotonic()))[0]:
        piece = os.read(nursery.stdout.fileno(), 1 << 16)
        if not piece:
            return
        *lines, rest = (rest + piece).split(b"\n")
        yield from map(json.loads, lines)


def _end(nursery: subprocess.Popen[bytes]) -> None:
    """Let go of its input: it then ends whatever still runs, and itself."""
    assert nursery.stdin is not None
    with contextlib.suppress(BrokenPipeError):
        nursery.stdin.close()
    try:
        nursery.wait(SLACK)
    except subprocess.TimeoutExpired:
        nursery.kill()
