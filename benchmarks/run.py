"""Measure kb against ripgrep and rumdl on the same generated vaults, in turns, and write benchmarks/README.md.

`python benchmarks/run.py` measures 1,000, 10,000 and 100,000 notes (needs 3 GB in /tmp and half an hour) and writes the
table; `--quick` measures 1,000 and prints it. ripgrep and rumdl must be installed: `pip install "kbtools[bench]"`,
`apt-get install ripgrep`.
"""

from __future__ import annotations

import argparse
import compileall
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import kbtools
from benchmarks.cases import BIN, CASES, COLD, EVERY, KB_CHECK, LINK_RULES, Bench, Case
from benchmarks.generate import write_vault
from benchmarks.measure import Sample, median_of, run_timed, run_weighed
from benchmarks.table import Measured, Truth, render, write_table

SIZES: Final = {1_000: 7, 10_000: 5, 100_000: 3}
"""Notes, and how many rounds are run."""
SMALL: Final = 100


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parse(arguments)
    sizes = {1_000: 3} if options.quick else {size: rounds for size, rounds in SIZES.items() if size in options.sizes}
    _say_what_is_missing()
    compileall.compile_dir(Path(kbtools.__path__[0]), quiet=1)  # as an installed kb is, whatever PYTHONDONTWRITEBYTECODE says
    results = []
    for size, rounds in sizes.items():
        bench = open_bench(options.folder, size)
        print(f"{size:,} notes", file=sys.stderr)
        results.append(Measured(size, rounds, measure(bench, options.rounds or rounds), weigh(bench), check_truth(bench)))
        bench.clear_away()
    small = measure_start(open_bench(options.folder, SMALL), options.rounds or 7)
    text = render(results, small)
    print(text)
    if not options.quick and set(sizes) == set(SIZES):
        write_table(text)
    return int(any(truth.false or truth.missed for result in results for truth in result.truths))


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="1,000 notes, three rounds, no file written")
    parser.add_argument(
        "--sizes", type=int, nargs="+", default=list(SIZES), choices=list(SIZES), help="only these numbers of notes"
    )
    parser.add_argument("--rounds", type=int, default=0, help="so many rounds for every size")
    parser.add_argument("--folder", type=Path, default=Path("/tmp/kb-benchmarks"), help="where the vaults lie")
    return parser.parse_args(arguments)


def _say_what_is_missing() -> None:
    for command in (("rg", "--version"), (str(BIN / "rumdl"), "--version")):
        try:
            subprocess.run(command, capture_output=True, check=True)
        except OSError as error:
            raise SystemExit(f"'{command[0]}' is not installed: see benchmarks/README.md") from error


def open_bench(folder: Path, size: int) -> Bench:
    """The vault of so many notes, generated when it is not there yet."""
    bench = Bench(folder / str(size))
    if not (bench.folder / "truth.json").exists():
        print(f"generating {size:,} notes", file=sys.stderr)
        write_vault(size, bench.folder)
    bench.write_configurations()
    return bench


def measure(bench: Bench, rounds: int) -> dict[str, Sample]:
    """Medians by case. The cases take turns, so that a slow minute of the machine is everybody's; the first round only warms
    the page cache."""
    samples: dict[str, list[Sample]] = {case.name: [] for case in CASES}
    for number in range(rounds + 1):
        for case in CASES:
            case.prepare(bench)
            sample = run_timed(case.command, bench.folder / case.folder, bench.cache(case.cache), bench.folder / "output")
            print(f"  {case.name}: {sample.wall:.3f} s, {sample.cpu:.3f} s CPU", file=sys.stderr)
            if number:
                samples[case.name].append(sample)
    return {name: median_of(taken) for name, taken in samples.items()}


def weigh(bench: Bench) -> dict[str, int]:
    """Peak memory by case, in runs of their own: looking on costs time."""
    peaks = {}
    for case in CASES:
        case.prepare(bench)
        peaks[case.name] = run_weighed(case.command, bench.folder / case.folder, bench.cache(case.cache), bench.folder / "output")
    return peaks


def measure_start(bench: Bench, rounds: int) -> dict[str, Sample]:
    """What the start of the program costs: on a small vault that was read before."""
    kb = str(BIN / "kb")
    cases = (
        Case("`kb --help`", (kb, "--help"), "links", "links"),
        Case("`kb orphans`, 100 notes", (kb, "orphans"), "links", "links"),
        Case("`kb tags`, 100 notes", (kb, "tags"), "links", "links"),
        Case("`kb check`, 100 notes, unchanged", KB_CHECK, "links", "links"),
    )
    samples: dict[str, list[Sample]] = {case.name: [] for case in cases}
    for _ in range(rounds):
        for case in cases:
            samples[case.name].append(
                run_timed(case.command, bench.folder / case.folder, bench.cache(case.cache), bench.folder / "output")
            )
    return {name: median_of(taken) for name, taken in samples.items()}


def check_truth(bench: Bench) -> list[Truth]:
    """kb's findings against what is known to be wrong, for both configurations."""
    truths = []
    known = [tuple(row) for row in json.loads((bench.folder / "truth.json").read_bytes())]
    for name, case in (("links", COLD), ("every", EVERY)):
        wanted = Counter(row for row in known if name == "every" or row[3] in LINK_RULES)
        command = [*KB_CHECK, "--format", "json"]
        run_timed(command, bench.folder / name, bench.cache(name), bench.folder / "output")
        found = json.loads((bench.folder / "output").read_bytes())["findings"]
        said = Counter((row["path"], row["line"], row["column"], row["rule"], row["target"] or "") for row in found)
        truths.append(Truth(case, wanted.total(), (said - wanted).total(), (wanted - said).total()))
    return truths


if __name__ == "__main__":
    sys.exit(main())
