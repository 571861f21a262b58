"""The benchmark of the site: stock Material builds the vault, and the tables say what is met, from measurements made up here."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from benchmarks import site
from benchmarks.measure import Sample
from benchmarks.site import CASES, COLD, LARGE, MARKS, SERVED, SMALL, STOCK, STOCK_COMMAND, UNCHANGED, WARM, Row
from benchmarks.table import README, write_table

ROWS = [
    Row(STOCK, SMALL, 2, Sample(70.0, 60.0), 400_000_000, 600_000_000),
    Row(COLD, SMALL, 2, Sample(7.0, 12.0), 100_000_000, 30_000_000),
    Row(WARM, SMALL, 2, Sample(4.0, 4.0)),
    Row(UNCHANGED, SMALL, 2, Sample(2.0, 2.0)),
    Row(SERVED, SMALL, 5, Sample(1.5, 0.0)),
]


def rows(measured: list[Row]) -> dict[tuple[str, ...], list[str]]:
    """The rows of the tables by their first two cells."""
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in site.render(measured).splitlines()]
    return {tuple(row[:2]): row[2:] for row in cells}


def test_the_table_says_what_is_met() -> None:
    said = rows(ROWS)
    assert said["kb build, cold: CPU time by stock Material's", "1,000"] == ["0.25 ×", "0.20 ×", "met"]
    assert (COLD, "1,000") in said
    assert said[WARM, "1,000"] == ["3 s", "4.00 s", "**not met**"]
    assert said[UNCHANGED, "1,000"] == ["3 s", "2.00 s", "met"]
    assert said[SERVED, "1,000"] == ["2 s", "1.50 s", "met"]


def test_growth_memory_and_output_need_the_large_vault() -> None:
    assert not any("4,000" in first_two for first_two in rows(ROWS))
    said = rows([*ROWS, Row(COLD, LARGE, 1, Sample(35.0, 48.0), 310_000_000, 200_000_000)])
    assert said[f"{COLD}: time by that of 1,000", "4,000"] == ["4.3 ×", "5.00 ×", "**not met**"]
    assert said[f"{COLD}: CPU time by that of 1,000", "4,000"] == ["4.3 ×", "4.00 ×", "met"]
    assert said[f"{COLD}: memory", "4,000"] == ["300 MB", "310.00 MB", "**not met**"]
    assert said[f"{COLD}: output", "4,000"] == ["250 MB", "200.00 MB", "met"]


def test_what_was_not_taken_has_an_empty_cell() -> None:
    assert f"| {SERVED} | 1,000 | 5 | 1.50 |  |  |  |" in site.render(ROWS)


def test_its_tables_leave_those_of_the_checker_alone(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(README.read_text("utf-8"), "utf-8")
    before = readme.read_text("utf-8").partition("<!-- site: measured -->")[0]
    after = readme.read_text("utf-8").partition("<!-- site: end -->")[2]
    write_table("new", readme, MARKS)
    text = readme.read_text("utf-8")
    assert text == f"{before}<!-- site: measured -->\n\nnew\n<!-- site: end -->{after}"


@pytest.mark.slow
def test_stock_material_builds_the_notes(tmp_path: Path) -> None:
    bench = site.open_bench(tmp_path, 5)
    stock = CASES[0]
    stock.prepare(bench)
    subprocess.run(STOCK_COMMAND, cwd=bench.folder / stock.folder, check=True, capture_output=True)
    pages = [file for file in (bench.folder / "stock/site").rglob("index.html") if len(file.relative_to(bench.folder).parts) > 3]
    assert len(pages) == 5
    assert site.size_of(bench.folder / "stock/site") > 1_000_000


def test_saving_a_note_replaces_what_was_saved_before(tmp_path: Path) -> None:
    bench = site.open_bench(tmp_path, 5)
    note = site.choose_note(bench)
    written = note.read_text("utf-8")
    site.save_note(bench, "one")
    site.save_note(bench, "two")
    assert note.read_text("utf-8") == f"{written}\n\nSaved by the benchmark: two\n"
