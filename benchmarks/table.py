"""Measurements -> the tables of benchmarks/README.md, with the targets and whether they are met."""

from __future__ import annotations

import datetime
import os
import platform
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.cases import BIN, CASES, CHANGED, COLD, EVERY, RIPGREP, RUMDL, UNCHANGED
from benchmarks.measure import Sample

README: Final = Path(__file__).with_name("README.md")
MARKS: Final = re.compile(r"(?<=<!-- measured -->\n).*(?=<!-- end -->)", re.DOTALL)


class Truth(NamedTuple):
    """How the findings of a case compare with what is known to be wrong."""

    case: str
    known: int
    false: int
    missed: int


class Measured(NamedTuple):
    """One size of vault: medians and peak memory by case."""

    size: int
    rounds: int
    samples: Mapping[str, Sample]
    peaks: Mapping[str, int]
    truths: Sequence[Truth]


class Target(NamedTuple):
    """`case` may take at most so many times as long as `peer`, by number of notes."""

    case: str
    peer: str
    limits: Mapping[int, float]


RATIOS: Final = (
    Target(COLD, RUMDL, {10_000: 0.5, 100_000: 0.5}),
    Target(EVERY, RUMDL, {10_000: 0.9, 100_000: 1.2}),
    Target(UNCHANGED, RIPGREP, {10_000: 2.0, 100_000: 1.5}),
    Target(CHANGED, RIPGREP, {10_000: 4.0, 100_000: 7.0}),
)
SECONDS: Final = {(1_000, COLD): 0.3, (1_000, UNCHANGED): 0.1}
GROWTH: Final = 1.15
MEMORY_MB: Final = 600
START_S: Final = 0.15


def render(results: Sequence[Measured], start: Mapping[str, Sample]) -> str:
    """The tables as Markdown."""
    machine = describe_machine([_version("rg"), _version(str(BIN / "rumdl")), _version(str(BIN / "kb"))])
    return "\n".join([machine, "", *_seconds(results), "", *_targets(results, start), "", *_truths(results), ""])


def write_table(text: str, readme: Path = README, marks: re.Pattern[str] = MARKS) -> None:
    """Put the tables between the marks of the README."""
    readme.write_text(marks.sub(lambda _: "\n" + text + "\n", readme.read_text("utf-8")), "utf-8")


def describe_machine(versions: Sequence[str]) -> str:
    """When and on what was measured, with what, and how busy the machine was with it and with others."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 30
    return (
        f"{datetime.date.today()}: {_processor()}, {os.cpu_count()} cores, {memory} GB, {platform.system()} "
        f"{platform.release()}, Python {platform.python_version()}; {', '.join(versions)}; load when the run ended: "
        f"{os.getloadavg()[2]:.1f}."
    )


def _version(command: str) -> str:
    printed = subprocess.run((command, "--version"), capture_output=True, text=True, check=True).stdout.splitlines()[0]
    return " ".join(printed.split()[:2])


def _processor() -> str:
    try:
        found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text("utf-8"))
    except OSError:
        found = None
    return found[1] if found else platform.machine()


def _seconds(results: Sequence[Measured]) -> list[str]:
    head = " | ".join(f"{result.size:,} notes: s | CPU s | MB" for result in results)
    rows = [
        f"| median of {', '.join(str(result.rounds) for result in results)} | {head} |",
        "|---|" + "---:|" * (3 * len(results)),
    ]
    for case in CASES:
        cells = []
        for result in results:
            sample = result.samples[case.name]
            cells.append(f"{sample.wall:.3f} | {sample.cpu:.3f} | {result.peaks[case.name] / 1e6:,.0f}")
        rows.append(f"| {case.name} | {' | '.join(cells)} |")
    return rows


def _targets(results: Sequence[Measured], start: Mapping[str, Sample]) -> list[str]:
    rows = ["| target | notes | at most | measured | |", "|---|---:|---:|---:|---|"]
    by_size = {result.size: result for result in results}
    for target in RATIOS:
        for size, limit in target.limits.items():
            if size in by_size:
                taken = by_size[size].samples
                ratio = taken[target.case].wall / taken[target.peer].wall
                rows.append(
                    target_row(
                        f"{target.case}, by {target.peer.partition(',')[0]}", size, f"{limit} ×", f"{ratio:.2f} ×", ratio <= limit
                    )
                )
    for (size, case), limit in SECONDS.items():
        if size in by_size:
            wall = by_size[size].samples[case].wall
            rows.append(target_row(case, size, f"{limit} s", f"{wall:.3f} s", wall <= limit))
    if {10_000, 100_000} <= by_size.keys():
        for case in (COLD, EVERY, UNCHANGED, CHANGED):
            growth = by_size[100_000].samples[case].wall / by_size[10_000].samples[case].wall / 10
            rows.append(
                target_row(f"{case}: time per note against 10,000", 100_000, f"{GROWTH} ×", f"{growth:.2f} ×", growth <= GROWTH)
            )
        peak = by_size[100_000].peaks[COLD] / 1e6
        rows.append(target_row(f"{COLD}: memory", 100_000, f"{MEMORY_MB} MB", f"{peak:,.0f} MB", peak <= MEMORY_MB))
    rows += [
        target_row(name, 100, f"{START_S} s", f"{sample.wall:.3f} s", sample.wall <= START_S) for name, sample in start.items()
    ]
    return rows


def target_row(name: str, size: int, limit: str, measured: str, met: bool) -> str:
    """A row of a table of targets."""
    return f"| {name} | {size:,} | {limit} | {measured} | {'met' if met else '**not met**'} |"


def _truths(results: Sequence[Measured]) -> list[str]:
    rows = ["| truth | notes | wrong on purpose | false reports | missed |", "|---|---:|---:|---:|---:|"]
    for result in results:
        rows += [
            f"| {truth.case} | {result.size:,} | {truth.known:,} | {truth.false} | {truth.missed} |" for truth in result.truths
        ]
    return rows
