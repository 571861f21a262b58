"""Measure `kb build` and `kb serve` beside stock Material for MkDocs on the same generated notes, and write benchmarks/README.md.

`python benchmarks/site.py` measures 1,000 and 4,000 notes (needs 2 GB in /tmp and a quarter of an hour, most of it for stock
Material) and writes the table; `--quick` measures 1,000 once and prints it. Stock Material gets the very same files: wikilinks
are text to it, so it looks up a tenth of the links and does less for each page than it would have to.
"""

from __future__ import annotations

import argparse
import compileall
import contextlib
import os
import re
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

import kbtools
from benchmarks.cases import BIN, YOUNG_S, Bench, Case
from benchmarks.generate import write_vault
from benchmarks.measure import Sample, run_timed, run_weighed
from benchmarks.table import describe_machine, target_row, write_table

SMALL: Final = 1_000
LARGE: Final = 4_000
ROUNDS: Final = {SMALL: 2, LARGE: 1}
"""Notes, and how many rounds are run: stock Material takes more than a minute for each."""
SAVES: Final = 5
"""How often a note is saved while it is served: the median is told, for it depends on when MkDocs looks for changes."""
MARKS: Final = re.compile(r"(?<=<!-- site: measured -->\n).*(?=<!-- site: end -->)", re.DOTALL)
STOCK_SETTINGS: Final = """\
site_name: notes
docs_dir: ../vault
theme: material
plugins: [search]
markdown_extensions:
  - admonition
  - footnotes
  - toc: {permalink: true}
  - pymdownx.arithmatex: {generic: true}
  - pymdownx.details
  - pymdownx.highlight
  - pymdownx.mark
  - pymdownx.superfences
  - pymdownx.tasklist: {custom_checkbox: true}
"""
"""Material's search and navigation as they are, and extensions for what the notes have: callouts, code, formulas, tasks."""
STOCK_COMMAND: Final = (str(BIN / "mkdocs"), "build", "--quiet")
KB_COMMAND: Final = (str(BIN / "kb"), "build", "--vault", "vault", "--site-dir", "kb")
HEAD: Final = ("| best round | notes | rounds | s | CPU s | MB of memory | MB of output |", "|---|---:|---:|---:|---:|---:|---:|")
LIVE: Final = re.compile(r"livereload\((?P<epoch>\d+), (?P<request>\d+)\)")
SAVED: Final = "\n\nSaved by the benchmark: "


class Row(NamedTuple):
    """A case on so many notes: the best of its rounds, peak memory and size of the output in bytes; 0 where none was taken."""

    case: str
    size: int
    rounds: int
    sample: Sample
    memory: int = 0
    output: int = 0


def forget_all(bench: Bench) -> None:
    """No cache and no site."""
    bench.forget("site")
    forget_site(bench)


def forget_site(bench: Bench) -> None:
    """A cache, in which no file is young any more, and no site."""
    grow_old(bench)
    bench.put_away(bench.folder / "kb")


def grow_old(bench: Bench) -> None:
    """Wait until no file is young."""
    time.sleep(max(0.0, bench.edited + YOUNG_S - time.time()))


def save_note(bench: Bench, said: str = "") -> None:
    """Write a paragraph at the end of a note, in place of the one written before; one that was never there if nothing is said."""
    note = choose_note(bench)
    bench.edited = time.time()
    note.write_text(f"{note.read_text('utf-8').partition(SAVED)[0]}{SAVED}{said or bench.edited}\n", "utf-8")


def choose_note(bench: Bench) -> Path:
    """A note as any other: neither the first ones, which many link to, nor the last."""
    notes = sorted(bench.vault.rglob("*.md"))
    return notes[len(notes) // 3]


STOCK: Final = "stock Material, cold"
COLD: Final = "kb build, cold"
WARM: Final = "kb build, warm"
UNCHANGED: Final = "kb build, unchanged"
CHANGED: Final = "kb build, one note changed"
SERVED: Final = "kb serve, from saving a note to its page (median)"

CASES: Final = (
    Case(STOCK, STOCK_COMMAND, "stock", prepare=lambda bench: bench.put_away(bench.folder / "stock/site")),
    Case(COLD, KB_COMMAND, ".", "site", forget_all),
    Case(WARM, KB_COMMAND, ".", "site", forget_site),
    Case(UNCHANGED, KB_COMMAND, ".", "site", grow_old),
    Case(CHANGED, KB_COMMAND, ".", "site", save_note),
)
"""In the order of a round: the cold run leaves the cache and the site that the next ones meet."""
LARGE_CASES: Final = tuple(case for case in CASES if case.name == COLD)
WEIGHED: Final = frozenset({STOCK, COLD, WARM})


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parse(arguments)
    compileall.compile_dir(Path(kbtools.__path__[0]), quiet=1)  # as an installed kb is, whatever PYTHONDONTWRITEBYTECODE says
    small = open_bench(options.folder, SMALL)
    rows = measure(small, SMALL, CASES, 1 if options.quick else ROUNDS[SMALL])
    rows.append(Row(SERVED, SMALL, SAVES, Sample(time_serve(small), 0.0)))
    if not options.quick:
        large = open_bench(options.folder, LARGE)
        rows += measure(large, LARGE, LARGE_CASES, ROUNDS[LARGE])
        large.clear_away()
    small.clear_away()
    text = render(rows)
    print(text)
    if not options.quick:
        write_table(text, marks=MARKS)
    return 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="1,000 notes, one round, no file written")
    parser.add_argument("--folder", type=Path, default=Path("/tmp/kb-benchmarks-site"), help="where the vaults lie")
    return parser.parse_args(arguments)


def open_bench(folder: Path, size: int) -> Bench:
    """The vault of so many notes, generated when it is not there yet, and the settings of stock Material beside it."""
    bench = Bench(folder / str(size))
    if not (bench.folder / "truth.json").exists():
        print(f"generating {size:,} notes", file=sys.stderr)
        write_vault(size, bench.folder)
    (bench.folder / "stock").mkdir(exist_ok=True)
    (bench.folder / "stock" / "mkdocs.yml").write_text(STOCK_SETTINGS, "utf-8")
    return bench


def measure(bench: Bench, size: int, cases: Sequence[Case], rounds: int) -> list[Row]:
    """The rows of one vault. The cases take turns; memory is taken in runs of its own, for looking on costs time.

    Of few rounds the best is told: what others take from the machine only adds.
    """
    samples: dict[str, list[Sample]] = {case.name: [] for case in cases}
    for _ in range(rounds):
        for case in cases:
            case.prepare(bench)
            sample = run_timed(case.command, bench.folder / case.folder, _environment(bench), bench.folder / "output")
            print(f"  {case.name}, {size:,} notes: {sample.wall:.2f} s, {sample.cpu:.2f} s CPU", file=sys.stderr)
            samples[case.name].append(sample)
    return [Row(case.name, size, rounds, best_of(samples[case.name]), *_weigh(bench, case)) for case in cases]


def best_of(samples: Sequence[Sample]) -> Sample:
    """The least of the runs' times."""
    return Sample(min(sample.wall for sample in samples), min(sample.cpu for sample in samples))


def _weigh(bench: Bench, case: Case) -> tuple[int, int]:
    """Peak memory of a case, and the size of what it wrote."""
    if case.name not in WEIGHED:
        return 0, 0
    case.prepare(bench)
    memory = run_weighed(case.command, bench.folder / case.folder, _environment(bench), bench.folder / "output")
    print(f"  {case.name}: {memory / 1e6:.0f} MB", file=sys.stderr)
    return memory, size_of(bench.folder / ("stock/site" if case.name == STOCK else "kb"))


def size_of(folder: Path) -> int:
    """The bytes of all files in a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _environment(bench: Bench) -> dict[str, str]:
    """The cache is the benchmark's own: nothing that was built elsewhere helps, and nothing here stays behind."""
    return bench.cache("site")


# ------------------------------------------------------------------------------------------------ kb serve


def time_serve(bench: Bench) -> float:
    """Seconds (median) from saving a note until the server has told the browser to reload and gives it the new page."""
    address = f"/{quote(choose_note(bench).relative_to(bench.vault).with_suffix('').as_posix())}/"
    times = []
    with _serving(bench) as fetch:
        for turn in range(SAVES + 1):
            time.sleep(3.0)  # the search of the build before has been written
            live = LIVE.search(fetch(address))
            if live is None:
                raise SystemExit("kb serve: the page does not ask to be reloaded")
            said = f"turn {turn} of {os.getpid()}"
            started = time.perf_counter()
            save_note(bench, said)
            fetch(f"/livereload/{live['epoch']}/{live['request']}")  # is answered when there is something new
            while said not in fetch(address):
                time.sleep(0.01)
            times.append(time.perf_counter() - started)
            print(f"  {SERVED}: {times[-1]:.2f} s", file=sys.stderr)
    return median(times[1:])  # the first one still fills what the server remembers


@contextmanager
def _serving(bench: Bench) -> Iterator[Callable[[str], str]]:
    """A server of the vault, and what asks it for an address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = (str(BIN / "kb"), "serve", "--vault", "vault", "--address", f"127.0.0.1:{port}")

    def fetch(address: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{address}", timeout=120) as answer:
            text: str = answer.read().decode()
        return text

    with (bench.folder / "output").open("wb") as output:
        environment = {**os.environ, **_environment(bench)}
        server = subprocess.Popen(command, cwd=bench.folder, env=environment, stdout=output, stderr=output)
        try:
            _wait_for(server, fetch)
            yield fetch
        finally:
            server.terminate()
            server.wait()


def _wait_for(server: subprocess.Popen[bytes], fetch: Callable[[str], str]) -> None:
    """Until the server answers. Raises SystemExit when it ends, or is silent for two minutes."""
    for _ in range(600):
        if server.poll() is not None:
            break
        with contextlib.suppress(OSError):
            fetch("/")
            return
        time.sleep(0.2)
    raise SystemExit("kb serve does not answer")


# ------------------------------------------------------------------------------------------------ table


def render(rows: Sequence[Row]) -> str:
    """The tables as Markdown."""
    packages = [f"{name} {version(name)}" for name in ("kbtools", "mkdocs", "mkdocs-material")]
    lines = [describe_machine(packages), "", *HEAD, *map(_row, rows)]
    lines += ["", "| target | notes | at most | measured | |", "|---|---:|---:|---:|---|", *_targets(rows)]
    return "\n".join([*lines, ""])


def _row(row: Row) -> str:
    cpu = f"{row.sample.cpu:.2f}" if row.sample.cpu else ""
    memory, output = (f"{size / 1e6:,.0f}" if size else "" for size in (row.memory, row.output))
    return f"| {row.case} | {row.size:,} | {row.rounds} | {row.sample.wall:.2f} | {cpu} | {memory} | {output} |"


def _targets(rows: Sequence[Row]) -> Iterator[str]:
    """What the site has to reach, as far as it was measured."""
    found = {(row.case, row.size): row for row in rows}
    stock, cold, warm, unchanged, served = (found[case, SMALL] for case in (STOCK, COLD, WARM, UNCHANGED, SERVED))
    yield _target(f"{COLD}: CPU time by stock Material's", SMALL, 0.25, cold.sample.cpu / stock.sample.cpu, "×")
    for row, limit in ((cold, 8), (warm, 3), (unchanged, 3), (served, 2)):
        yield _target(row.case, SMALL, limit, row.sample.wall, "s")
    if (COLD, LARGE) in found:
        large = found[COLD, LARGE]
        yield _target(f"{COLD}: time by that of 1,000", LARGE, 4.3, large.sample.wall / cold.sample.wall, "×")
        yield _target(f"{COLD}: CPU time by that of 1,000", LARGE, 4.3, large.sample.cpu / cold.sample.cpu, "×")
        yield _target(f"{COLD}: memory", LARGE, 300, large.memory / 1e6, "MB")
        yield _target(f"{COLD}: output", LARGE, 250, large.output / 1e6, "MB")


def _target(name: str, notes: int, limit: float, measured: float, unit: str) -> str:
    return target_row(name, notes, f"{limit:g} {unit}", f"{measured:.2f} {unit}", measured <= limit)


if __name__ == "__main__":
    sys.exit(main())
