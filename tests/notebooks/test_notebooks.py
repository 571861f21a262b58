"""Our notebooks, run again by a real kernel: each says what is stored in it."""

from __future__ import annotations

import resource
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode, v4

from tests.notebooks.executing import ROOT, execute, find_differences, read, tidy

NOTEBOOKS = sorted((ROOT / "notes" / "notebooks").glob("*.ipynb"))
MOST_BYTES, MOST_SECONDS = 300_000, 20
DRAWING = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><title>线</title><path d="M1.25 2L3 4"/></svg>'
by_name = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def drawn(svg: str, *tags: str) -> NotebookNode:
    """A notebook in which one cell drew something."""
    cell = v4.new_code_cell("draw()", metadata={"tags": list(tags)})
    cell.outputs = [v4.new_output("display_data", {"image/svg+xml": svg})]
    return v4.new_notebook(cells=[cell], metadata={"drawn_by": {"matplotlib": "1"}})


def printing(*sources: str) -> NotebookNode:
    return v4.new_notebook(cells=[v4.new_code_cell(source) for source in sources])


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS


@pytest.mark.slow
@by_name
def test_a_notebook_says_what_is_stored_in_it(path: Path) -> None:
    stored = read(path)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    differences = list(find_differences(stored, execute(stored)))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert differences == []
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < MOST_SECONDS


@by_name
def test_a_notebook_is_small_and_tidy(path: Path) -> None:
    stored = read(path)
    nbformat.validate(stored)
    assert path.stat().st_size < MOST_BYTES
    versions = stored.metadata.drawn_by
    tidied = tidy(read(path))
    tidied.metadata.drawn_by = versions
    assert nbformat.writes(tidied, indent=1, ensure_ascii=False) == path.read_text("utf-8")


def test_a_kernel_that_finds_the_snippets_runs_it() -> None:
    done = execute(printing("from snippets.nn import micrograd\nprint(micrograd.Value(2.0) * 3)"))
    assert done.cells[0].outputs[0].text == "Value(data=6.0000, grad=0.0000)\n"


def test_a_cell_that_was_changed_is_noticed() -> None:
    stored = execute(printing("x = 2", "print('x 是', x)\nprint('两倍是', 2 * x)"))
    assert list(find_differences(stored, execute(stored))) == []
    stored.cells[0].source = "x = 3"
    [said] = find_differences(stored, execute(stored))
    assert said == "cell 2 says 'x 是 3\\n两倍是 6\\n', 'x 是 2\\n两倍是 4\\n' is stored"


def test_a_cell_of_our_notebook_that_was_changed_is_noticed() -> None:
    stored = read(NOTEBOOKS[0])
    del stored.cells[5:]
    [number] = [at for at, cell in enumerate(stored.cells) if "np.array([1.2" in cell.source]
    stored.cells[number].source = stored.cells[number].source.replace("7.5", "7.6")
    said = [difference.partition(" says")[0] for difference in find_differences(stored, execute(stored))]
    assert said == ["cell 5"]


def test_a_cell_that_fails_is_an_error() -> None:
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        execute(printing("1 / 0"))


@pytest.mark.parametrize(
    ("change", "is_noticed"),
    [
        (lambda svg: svg, False),
        (lambda svg: svg.replace("1.25", "1.28"), False),  # rounded otherwise
        (lambda svg: svg.replace("1.25", "1.5"), True),
        (lambda svg: svg.replace("L3 4", "L3 4L5 6"), True),
        (lambda svg: svg.replace("线", "面"), True),
    ],
)
def test_a_drawing_must_be_the_same_but_for_rounding(change: Callable[[str], str], is_noticed: bool) -> None:
    assert bool([*find_differences(drawn(DRAWING), drawn(change(DRAWING)))]) is is_noticed


def test_a_drawing_of_another_pen_or_of_rounding_errors_needs_only_be_there() -> None:
    moved = DRAWING.replace("1.25", "8")
    other_pen = drawn(moved)
    other_pen.metadata.drawn_by.matplotlib = "2"
    assert not [*find_differences(drawn(DRAWING), other_pen)]
    assert not [*find_differences(drawn(DRAWING, "rounding"), drawn(moved, "rounding"))]
    assert [*find_differences(drawn(DRAWING), drawn(moved))]
    gone = drawn(DRAWING)
    gone.cells[0].outputs = []
    assert [*find_differences(drawn(DRAWING), gone)] == ["cell 1 has 0 outputs, 1 are stored"]
