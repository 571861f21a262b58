"""A process of its own (`run.py` starts it): imports torch once, then forks a process for every job, watches over it and ends it.

A fork costs 10 ms where importing torch costs two seconds, and shares nothing that a job can change. Orders come as one line
on the standard input, endings go out as lines on the standard output. When nobody is there any more to hold the
input open, everything is ended.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import importlib.util
import json
import os
import pkgutil
import select
import signal
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from importlib import metadata
from typing import Final

from kbtools.snippets import child, processes
from kbtools.snippets.job import Ending, Job, Setup, command_for, read_orders, write_orders
from kbtools.snippets.session import set_threads

TICK: Final = 0.1
GRACE: Final = 1.0
"""Seconds that are left to processes which a job has left behind, and to the dump of where one hangs."""
ON_GPU: Final = 4
"""Jobs that share a GPU: each holds half a gigabyte of it before it does anything."""
STUCK: Final = 10.0
KEPT: Final = 20_000
CHUNK: Final = 1 << 20


@dataclass(slots=True)
class Running:
    """A job's process, which leads a session of its own. `base` is what it and its kin share with the nursery, in bytes."""

    job: Job
    pid: int
    pipe: int
    started: float
    base: int
    output: bytearray = field(default_factory=bytearray)
    killed: str = ""
    killed_at: float = 0.0
    peak: int = 0
    status: int | None = None
    ended: float = 0.0


class Nursery:
    """Runs `jobs` in their order, `setup.workers` at a time."""

    def __init__(self, setup: Setup, jobs: list[Job], orders: int, endings: int) -> None:
        self.setup = setup
        self.waiting = list(jobs)
        self.running: dict[int, Running] = {}
        self.orders, self.endings = orders, endings
        self.kills = processes.count_kills()
        self.next_watch = 0.0
        self.wake, wake_end = os.pipe()
        for end in (self.wake, wake_end):
            os.set_blocking(end, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake_end, warn_on_full_buffer=False)

    def serve(self) -> Job | None:
        """Returns twice: with a job in the process that is to do it, with None here when all have ended."""
        try:
            self._say({"ready": True})
            while self.waiting or self.running:
                while (job := self._next()) is not None:
                    if self._start(job):
                        return job
                if not self._listen():
                    break
                self._reap()
                self._watch()
        except BrokenPipeError:
            pass  # nobody listens any more
        for running in self.running.values():
            processes.end_session(running.pid)
        processes.end_descendants()
        return None

    def _next(self) -> Job | None:
        """The job to start now, if there is a place for one."""
        gpu_is_full = sum(running.job.device != "cpu" for running in self.running.values()) >= ON_GPU
        for job in self.waiting if len(self.running) < self.setup.workers else ():
            if job.device == "cpu" or not gpu_is_full:
                self.waiting.remove(job)
                return job
        return None

    def _start(self, job: Job) -> bool:
        """True in the new process."""
        here, there = os.pipe()
        os.set_blocking(here, False)
        processes.widen(there)
        pid = os.fork()
        if pid:
            os.close(there)
            self._say({"started": job.number, "pid": pid})
            self.running[pid] = Running(job, pid, here, time.monotonic(), processes.private_memory(os.getpid()))
            return False
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        child.detach(there)
        if not self.setup.stays:
            os.execv(sys.executable, command_for(child.__name__, write_orders(self.setup, [job])))
        return True

    def _listen(self) -> bool:
        """Wait until something happens, and read what jobs print; False when the other side is gone."""
        pipes = {running.pipe: running for running in self.running.values()}
        ready, _, _ = select.select([self.orders, self.wake, *pipes], [], [], TICK)
        if self.wake in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(self.wake, CHUNK)
        for pipe in ready:
            if pipe in pipes:
                self._read(pipes[pipe])
        return self.orders not in ready or bool(os.read(self.orders, CHUNK))

    def _read(self, running: Running) -> bool:
        """Keep the end of what it prints; False when there is no more."""
        try:
            data = os.read(running.pipe, CHUNK)
        except BlockingIOError:
            return False
        running.output += data[-KEPT:]
        del running.output[:-KEPT]
        if not data and running.status is None:
            time.sleep(TICK / 10)  # it closed its output: that end is ready for ever
        return bool(data)

    def _reap(self) -> None:
        """Learn who has ended; report the jobs of which nobody is left."""
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                break
            if not pid:
                break
            running = self.running.get(pid)
            if running is not None:
                running.status = os.waitstatus_to_exitcode(status)
                running.ended = time.monotonic()
                running.peak = max(running.peak, processes.bytes_of(usage) - running.base)
        now = time.monotonic()
        for running in list(self.running.values()):
            if running.status is None:
                if running.killed and now > running.killed_at + STUCK:
                    running.status, running.ended = -signal.SIGKILL, now  # not even the kernel can end it
                continue
            if running.killed or now > running.ended + GRACE or not processes.session_lives(running.pid):
                self._report(running)

    def _report(self, running: Running) -> None:
        left = not running.killed and processes.has_twin(running.pid)
        processes.end_session(running.pid)
        while self._read(running):
            pass
        os.close(running.pipe)
        del self.running[running.pid]
        kills = processes.count_kills()
        ending = Ending(
            status=running.status or 0,
            seconds=running.ended - running.started,
            killed=running.killed,  # type: ignore[arg-type]
            peak=running.peak,
            out_of_memory=kills > self.kills,
            left=left,
            output=running.output.decode("utf-8", "replace"),
        )
        self.kills = kills
        self._say({"job": running.job.number, "ending": asdict(ending)})

    def _watch(self) -> None:
        """End who takes too long or too much."""
        now = time.monotonic()
        if now < self.next_watch:
            return
        used = processes.memory_by_session(self.running)
        spent = time.monotonic() - now
        self.next_watch = now + max(2 * TICK, 20 * spent)  # looking costs a twentieth at most
        for running in self.running.values():
            size = sum(max(0, each - running.base) for each in used.get(running.pid, ()))
            running.peak = max(running.peak, size)
            if running.killed or running.status is not None:
                continue
            if size > self.setup.memory:
                self._kill(running, "memory")
            elif now > running.started + self.setup.timeout + GRACE / 2:
                self._kill(running, "timeout")

    def _kill(self, running: Running, why: str) -> None:
        running.killed, running.killed_at = why, time.monotonic()
        self._read(running)
        processes.end_session(running.pid)

    def _say(self, what: object) -> None:
        os.write(self.endings, json.dumps(what).encode() + b"\n")


def main(_: Sequence[str] = ()) -> None:
    """Read the orders, import what is shared, serve."""
    orders, endings = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    setup, jobs = read_orders(_read_line(orders))
    set_threads()
    processes.adopt_orphans()
    if setup.stays:
        _import_all(setup.modules)
    known = frozenset(sys.modules)
    if setup.stays and setup.plugins and any(job.kind == "proof" for job in jobs):
        _import_all(_modules_of_pytest())
    gc.freeze()  # no child looks at, and so copies, what is here already
    job = Nursery(setup, jobs, orders, endings).serve()
    if job is not None:
        child.begin(job, setup, known, is_forked=True)


def _read_line(descriptor: int) -> bytes:
    line = b""
    while not line.endswith(b"\n"):
        piece = os.read(descriptor, CHUNK)
        if not piece:
            sys.exit(0)
        line += piece
    return line


def _modules_of_pytest() -> list[str]:
    """What pytest and its plugins import when they start, or at the end: half a second for every proof."""
    package = importlib.util.find_spec("_pytest")
    folders = package.submodule_search_locations if package else None
    names = [f"_pytest.{module.name}" for module in pkgutil.iter_modules(folders or [])]
    plugins = [point.module for point in metadata.entry_points(group="pytest11")]
    late = ["hypothesis"] if "_hypothesis_pytestplugin" in plugins else []
    return ["pytest", *names, child.PLUGIN, *plugins, *late]


def _import_all(modules: Iterable[str]) -> None:
    """Import what there is of these; what fails here will fail where it is used, and be told there."""
    for module in modules:
        with contextlib.suppress(Exception):
            importlib.import_module(module)
