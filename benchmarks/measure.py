"""A command -> seconds, CPU seconds and peak memory, its children included."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

import psutil

SAMPLE_S: Final = 0.01


class Sample(NamedTuple):
    """One run: wall clock and CPU time in seconds (user and system, of all processes)."""

    wall: float
    cpu: float


def run_timed(command: Sequence[str], folder: Path, extra: Mapping[str, str], output: Path) -> Sample:
    """Run the command in the folder, its output into a file, as a shell would redirect it. Raises SystemExit when it fails."""
    with output.open("wb") as stream:
        started = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, env={**os.environ, **extra}, stdout=stream, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):  # 1: something was found, which is what it was written for
        raise SystemExit(f"{' '.join(command)}: exit {process.returncode}\n{output.read_text('utf-8', 'replace')[-2000:]}")
    return Sample(wall, usage.ru_utime + usage.ru_stime)


def run_weighed(command: Sequence[str], folder: Path, extra: Mapping[str, str], output: Path) -> int:
    """Peak memory in bytes: the most that the processes of the command held at once. What a forked process shares with its
    parent counts once (proportional set size)."""
    peak = 0
    with output.open("wb") as stream:
        process = psutil.Popen(command, cwd=folder, env={**os.environ, **extra}, stdout=stream, stderr=subprocess.STDOUT)
        while process.poll() is None:
            peak = max(peak, _memory(process))
            time.sleep(SAMPLE_S)
    return peak


def _memory(process: psutil.Process) -> int:
    total = 0
    try:
        family = [process, *process.children(recursive=True)]
    except psutil.Error:
        return 0
    for member in family:
        try:
            total += member.memory_full_info().pss
        except (psutil.Error, AttributeError):
            continue  # it ended meanwhile
    return total


def median_of(samples: Sequence[Sample]) -> Sample:
    """The medians of the runs' times."""
    return Sample(median(sample.wall for sample in samples), median(sample.cpu for sample in samples))
