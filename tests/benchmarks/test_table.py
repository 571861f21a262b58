"""The tables of the benchmarks: ratios, targets that are met and not met, and the truth, from measurements made up here."""

from __future__ import annotations

import re
from pathlib import Path

from benchmarks import table
from benchmarks.cases import CASES, CHANGED, COLD, EVERY, RIPGREP, RUMDL, UNCHANGED
from benchmarks.measure import Sample, median_of
from benchmarks.table import Measured, Truth

SECONDS = {RIPGREP: 0.1, RUMDL: 2.0, COLD: 0.9, UNCHANGED: 0.15, CHANGED: 0.39, EVERY: 2.6}


def measured(size: int, factor: float) -> Measured:
    samples = {case: Sample(seconds * factor, seconds * factor * 1.5) for case, seconds in SECONDS.items()}
    return Measured(size, 3, samples, dict.fromkeys(SECONDS, 500_000_000), [Truth(COLD, 324, 0, 2)])


def rows(*results: Measured) -> dict[tuple[str, ...], list[str]]:
    """The rows of the tables by their first two cells."""
    lines = [*table._seconds(results), *table._targets(results, {"`kb --help`": Sample(0.2, 0.2)}), *table._truths(results)]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {tuple(row[:2]): row[2:] for row in cells}


def test_a_ratio_says_whether_it_is_met() -> None:
    said = rows(measured(10_000, 1.0))
    assert said[f"{COLD}, by rumdl", "10,000"] == ["0.5 ×", "0.45 ×", "met"]
    assert said[f"{EVERY}, by rumdl", "10,000"] == ["0.9 ×", "1.30 ×", "**not met**"]
    assert said[f"{UNCHANGED}, by ripgrep", "10,000"] == ["2.0 ×", "1.50 ×", "met"]
    assert said[f"{CHANGED}, by ripgrep", "10,000"] == ["4.0 ×", "3.90 ×", "met"]
    assert said["`kb --help`", "100"] == ["0.15 s", "0.200 s", "**not met**"]


def test_growth_and_memory_need_both_large_vaults() -> None:
    growth = f"{COLD}: time per note against 10,000", "100,000"
    assert growth not in rows(measured(100_000, 12.0))
    said = rows(measured(10_000, 1.0), measured(100_000, 12.0))
    assert said[growth] == ["1.15 ×", "1.20 ×", "**not met**"]
    assert said[f"{COLD}: memory", "100,000"] == ["600 MB", "500 MB", "met"]


def test_seconds_and_truth_stand_in_their_columns() -> None:
    said = rows(measured(1_000, 0.1))
    assert said[RUMDL, "0.200"] == ["0.300", "500"]
    assert said[COLD, "1,000"] == ["324", "0", "2"]
    assert {first for first, *_ in said} >= {case.name for case in CASES}


def test_every_row_of_a_table_has_as_many_cells_as_its_head() -> None:
    for lines in (table._seconds([measured(1_000, 0.1), measured(10_000, 1)]), table._truths([measured(1_000, 1)])):
        assert len({line.count("|") for line in lines}) == 1


def test_only_what_stands_between_the_marks_is_replaced(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("before\n<!-- measured -->\nold\n<!-- end -->\nafter\n", "utf-8")
    table.write_table(r"| new \1 |", readme)
    assert re.sub(r"\n+", "\n", readme.read_text("utf-8")) == "before\n<!-- measured -->\n| new \\1 |\n<!-- end -->\nafter\n"


def test_the_marks_are_in_the_readme() -> None:
    assert table.MARKS.search(table.README.read_text("utf-8"))


def test_the_median_of_each_time() -> None:
    assert median_of([Sample(3.0, 1.0), Sample(1.0, 3.0), Sample(2.0, 2.0)]) == Sample(2.0, 2.0)
