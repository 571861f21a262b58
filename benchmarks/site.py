"""Measure `kb build` and `kb serve` beside stock Material for MkDocs on the same generated vault; write benchmarks/README.md.

`python benchmarks/site.py` measures 1,000 and 4,000 notes (needs 2 GB in /tmp and a quarter of an hour, most of it for stock
Material) and writes the table; `--quick` measures 1,000 once and prints it. Stock Material builds the same notes with plain Markdown
links, its own search and its own navigation: `theme: material` and nothing else.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple
from urllib.parse import quote

from benchmarks.cases import BIN, YOUNG_S
from benchmarks.generate import write_vault
from benchmarks.measure import Sample, median_of, run_timed, run_weighed
from benchmarks.plain import write_plain_vault
from benchmarks.table import README, describe_machine

SMALL, LARGE = 1_000, 4_000
MARKS: Final = re.compile(r"(?<=<!-- site: measured -->\n).*(?=<!-- site: end -->)", re.DOTALL)
STOCK: Final = "stock Material, cold"
COLD: Final = "kb build, cold"
WARM: Final = "kb build, unchanged"
CHANGED: Final = "kb build, one note changed"
MKDOCS: Final = "mkdocs build with `plugins: [kb]`, cold"
SERVED: Final = "kb serve: from saving a note to the page with it"
HEAD: Final = ("| | notes | s | CPU s | MB of memory | MB of output |", "|---|---:|---:|---:|---:|---:|")
LIVE: Final = re.compile(r"livereload\((?P<epoch>\d+), (?P<request>\d+)\)")


class Row(NamedTuple):
    """A case with so many notes: medians, peak memory in bytes, size of the output in bytes; 0 where it was not measured."""

    case: str
    size: int
    sample: Sample
    memory: int = 0
    output: int = 0


class Site:
    """The folders for one number of notes."""

    def __init__(self, folder: Path, size: int) -> None:
        self.folder = folder / str(size)
        self.size = size
        self.vault = self.folder / "vault"
        if not (self.folder / "truth.json").exists():
            print(f"generating {size:,} notes", file=sys.stderr)
            write_vault(size, self.folder)
        for name, docs, plugins in (("stock", "plain", "[search]"), ("mkdocs", "vault", "[kb]")):
            (self.folder / name).mkdir(exist_ok=True)
            settings = f"site_name: notes\ndocs_dir: ../{docs}\ntheme: material\nplugins: {plugins}\n"
            (self.folder / name / "mkdocs.yml").write_text(settings, "utf-8")
        if not (self.folder / "plain").exists():
            write_plain_vault(self.vault, self.folder / "plain")
        self.edited = 0.0

    @property
    def extra(self) -> dict[str, str]:
        return {"KB_CACHE_DIR": str(self.folder / "site-cache"), "OMP_NUM_THREADS": "1"}

    def command(self, case: str) -> tuple[Sequence[str], Path]:
        """The command of a case, and where it is run."""
        if case in (STOCK, MKDOCS):
            return (str(BIN / "mkdocs"), "build", "--quiet"), self.folder / ("stock" if case == STOCK else "mkdocs")
        return (str(BIN / "kb"), "build", "--vault", str(self.vault), "--site-dir", str(self.folder / "built")), self.folder

    def prepare(self, case: str) -> None:
        if case in (COLD, MKDOCS):
            time.sleep(max(0.0, self.edited + YOUNG_S - time.time()))
            for name in ("site-cache", "built", "mkdocs/site"):
                shutil.rmtree(self.folder / name, ignore_errors=True)
        elif case == CHANGED:
            self.edit(self.note)
        elif case == WARM:
            time.sleep(max(0.0, self.edited + YOUNG_S - time.time()))

    @property
    def note(self) -> Path:
        """A note as any other: neither the first, which many link to, nor the last."""
        return sorted(self.vault.rglob("*.md"))[self.size // 3]

    def edit(self, note: Path, text: str = "One line more.") -> None:
        """A paragraph more in a note."""
        note.write_text(f"{note.read_text('utf-8').rstrip()}\n\n{text}\n", "utf-8")
        self.edited = time.time()

    def run(self, case: str) -> Sample:
        self.prepare(case)
        command, folder = self.command(case)
        sample = run_timed(command, folder, self.extra, self.folder / "output")
        print(f"  {case}: {sample.wall:.2f} s, {sample.cpu:.2f} s CPU", file=sys.stderr)
        return sample

    def weigh(self, case: str) -> int:
        self.prepare(case)
        command, folder = self.command(case)
        return run_weighed(command, folder, self.extra, self.folder / "output")

    def size_of(self, case: str) -> int:
        folder = {STOCK: "stock/site", MKDOCS: "mkdocs/site"}.get(case, "built")
        return sum(file.stat().st_size for file in (self.folder / folder).rglob("*") if file.is_file())


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parse(arguments)
    rows = list(measure(Site(options.folder, SMALL), rounds=1 if options.quick else 3, stock=1 if options.quick else 2))
    if not options.quick:
        rows += measure(Site(options.folder, LARGE), rounds=2, stock=0)
    text = render(rows)
    print(text)
    if not options.quick:
        README.write_text(MARKS.sub(lambda _: "\n" + text + "\n", README.read_text("utf-8")), "utf-8")
    return 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="1,000 notes, once, no file written")
    parser.add_argument("--folder", type=Path, default=Path("/tmp/kb-benchmarks-site"), help="where the vaults lie")
    return parser.parse_args(arguments)


def measure(site: Site, *, rounds: int, stock: int) -> Iterator[Row]:
    """The rows of one size. Cases take turns; stock Material, which takes longest, has fewer."""
    print(f"{site.size:,} notes", file=sys.stderr)
    cases = [COLD, WARM, CHANGED, MKDOCS]
    taken: dict[str, list[Sample]] = {case: [] for case in (STOCK, *cases)}
    for turn in range(rounds):
        for case in ([STOCK] if turn < stock else []) + cases:
            taken[case].append(site.run(case))
    for case, samples in taken.items():
        if samples:
            memory = 0 if case == STOCK else site.weigh(case)
            yield Row(case, site.size, median_of(samples), memory, site.size_of(case))
    if site.size == SMALL:
        yield Row(SERVED, site.size, Sample(time_serve(site, rounds + 2), 0.0))


# ------------------------------------------------------------------------------------------------ kb serve


def time_serve(site: Site, rounds: int) -> float:
    """Seconds (median) from saving a note until the server has told the browser and given it the page with what was written."""
    with _serving(site) as fetch:
        relative = site.note.relative_to(site.vault).with_suffix("").as_posix()
        address = f"/{quote(relative)}/"
        times = []
        for turn in range(rounds + 1):
            time.sleep(3)  # what is written after a reload has been written
            live = LIVE.search(fetch(address))
            assert live is not None
            said = f"saved in turn {turn} of {os.getpid()}"
            started = time.perf_counter()
            site.edit(site.note, said)
            fetch(f"/livereload/{live['epoch']}/{live['request']}")  # answers when there is something new
            page = fetch(address)
            times.append(time.perf_counter() - started)
            print(f"  {SERVED}: {times[-1]:.2f} s", file=sys.stderr)
            assert said in page
    return median(times[1:])


@contextmanager
def _serving(site: Site) -> Iterator[Callable[[str], str]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = (str(BIN / "kb"), "serve", "--vault", str(site.vault), "--address", f"127.0.0.1:{port}")
    with (site.folder / "output").open("wb") as output:
        server = subprocess.Popen(command, cwd=site.folder, env={**os.environ, **site.extra}, stdout=output, stderr=output)

        def fetch(address: str) -> str:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{address}", timeout=120) as answer:
                text: str = answer.read().decode()
            return text

        try:
            for _ in range(600):
                try:
                    fetch("/")
                    break
                except OSError:
                    time.sleep(0.2)
            yield fetch
        finally:
            server.terminate()
            server.wait()


# ------------------------------------------------------------------------------------------------ table


def render(rows: Sequence[Row]) -> str:
    """The tables as Markdown."""
    found = {(row.case, row.size): row for row in rows}
    packages = [f"{name} {version(name)}" for name in ("kbtools", "mkdocs", "mkdocs-material")]
    lines = [describe_machine(packages), "", *HEAD, *map(_row, rows)]
    lines += ["", "| target | notes | at most | measured | |", "|---|---:|---:|---:|---|", *_targets(found)]
    return "\n".join([*lines, ""])


def _row(row: Row) -> str:
    cpu = f"{row.sample.cpu:.1f}" if row.sample.cpu else ""
    return f"| {row.case} | {row.size:,} | {row.sample.wall:.2f} | {cpu} | {_mega(row.memory)} | {_mega(row.output)} |"


def _mega(size: int) -> str:
    return f"{size / 1e6:,.0f}" if size else ""


def _targets(found: dict[tuple[str, int], Row]) -> Iterator[str]:
    cold, warm, served = found[COLD, SMALL], found[WARM, SMALL], found[SERVED, SMALL]
    if (STOCK, SMALL) in found:
        yield _target(
            "kb build, cold: CPU time by stock Material's", SMALL, 0.25, cold.sample.cpu / found[STOCK, SMALL].sample.cpu, "×"
        )
    yield _target(COLD, SMALL, 8, cold.sample.wall, "s")
    yield _target(WARM, SMALL, 3, warm.sample.wall, "s")
    yield _target(SERVED, SMALL, 2, served.sample.wall, "s")
    if (COLD, LARGE) in found:
        large = found[COLD, LARGE]
        yield _target("kb build, cold: CPU time by that of 1,000", LARGE, 4.3, large.sample.cpu / cold.sample.cpu, "×")
        yield _target("kb build, cold: time by that of 1,000", LARGE, 4.3, large.sample.wall / cold.sample.wall, "×")
        yield _target("kb build, cold: memory", LARGE, 300, large.memory / 1e6, "MB")
        yield _target("kb build, cold: output", LARGE, 250, large.output / 1e6, "MB")


def _target(name: str, notes: int, limit: float, measured: float, unit: str) -> str:
    return f"| {name} | {notes:,} | {limit:g} {unit} | {measured:.2f} {unit} | {'met' if measured <= limit else '**not met**'} |"


if __name__ == "__main__":
    sys.exit(main())
