"""Figures are as old as the code that draws them, are what that code draws, and are shown by a note.

All but the drawing itself is checked without matplotlib.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from snippets import _gallery as gallery

PLANS = list(gallery.iter_plans())
LOCK = gallery.read_lock()
QUICK = ("ddpm_toy--forward", "swin_window--shift")
"""Figures whose code trains nothing: drawn again, byte by byte, by the test."""


def test_there_are_figures():
    assert PLANS
    assert len({plan.name for plan in PLANS}) == len(PLANS), "two functions draw a figure of the same name"


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.name)
def test_figure_is_up_to_date_and_shown(plan):
    file, entry = gallery.FOLDER / f"{plan.name}.svg", LOCK.get(plan.name)
    assert entry is not None, "never drawn (run 'make figures')"
    assert entry.code == plan.code, "the code that draws it has changed (run 'make figures')"
    assert file.exists(), "the file is gone (run 'make figures')"
    assert entry.svg == gallery.digest(file.read_bytes()), "the file was changed by hand (run 'make figures')"
    assert file.stat().st_size < 60_000, "too large for a note (fewer points, fewer words)"
    snippet, _, _ = plan.name.partition("--")
    assert list((gallery.ROOT / "snippets").glob(f"*/{snippet}.py")), f"no snippet is named '{snippet}'"
    assert file.name in shown(), "no note shows it"


def test_nothing_is_left_over():
    names = {plan.name for plan in PLANS}
    assert LOCK.keys() <= names, "a figure nobody draws any more is in the lock (run 'make figures')"
    assert {file.stem for file in gallery.FOLDER.iterdir()} <= names, "a file in the folder of figures is drawn by nothing"


def shown() -> set[str]:
    notes = gallery.ROOT.joinpath("notes").rglob("*.md")
    return {name for note in notes for name in re.findall(r"!\[\[([^\]|#]+\.svg)", note.read_text(encoding="utf-8"))}


# ------------------------------------------------------------------------------------------------ drawing


@pytest.fixture
def drawing():
    pytest.importorskip("matplotlib")
    pytest.importorskip("mplfonts")
    from snippets import _drawing

    return _drawing


@pytest.mark.parametrize("name", QUICK)
def test_figure_is_what_its_code_draws(name, drawing):
    plan = next(plan for plan in PLANS if plan.name == name)
    version = gallery.matplotlib_version()
    if version != LOCK[name].matplotlib:
        pytest.skip(f"drawn with matplotlib {LOCK[name].matplotlib}, here is {version}")
    assert gallery.draw(plan) == (gallery.FOLDER / f"{name}.svg").read_bytes()


SKETCH = """
from snippets import _drawing as drawing

def sketch():
    \"\"\"一张图：中文，−1\"\"\"
    figure, (left, right) = drawing.canvas(1, 2)
    left.plot([0, 1, 2], [1 / 3, 2 / 3, -1], marker="o", label="线")
    left.set_title(r"$\\partial J$ 与时间")
    left.legend()
    drawing.heat(right, [[-1, 2], [0, 1]], **drawing.diverging([[-1, 2], [0, 1]]))
    return figure

if __name__ == "__main__":
    import sys
    sys.stdout.buffer.write(drawing.render(sketch))
"""


def test_two_processes_draw_the_same_bytes(drawing, tmp_path):
    script = tmp_path / "sketch.py"
    script.write_text(SKETCH, encoding="utf-8")
    environment = {"PYTHONPATH": str(gallery.ROOT), "MPLCONFIGDIR": str(tmp_path)}
    first, second = (
        subprocess.run(
            [sys.executable, script], capture_output=True, check=True, env={**environment, "PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("1", "2")
    )
    assert first == second
    text = first.decode()
    assert "<title>一张图：中文，−1</title>" in text
    assert 'id="cjk-' in text, "Chinese is drawn with the font of mplfonts"
    assert "<text" not in text, "letters are outlines: no font is needed where the figure is shown"
    assert not re.search(r"<dc:date>|Matplotlib v", text)
    assert not re.search(r' d="[^"]*\.\d{3}', text)


def test_colours_can_be_read_on_the_card(drawing):
    paper = luminance(drawing.CARD)
    for colour in (drawing.INK, drawing.MUTED, *drawing.CYCLE):
        assert (paper + 0.05) / (luminance(colour) + 0.05) >= 4.5, colour


def luminance(colour: str) -> float:
    """Relative luminance of WCAG 2."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


# ------------------------------------------------------------------------------------------------ what makes a figure old

DRAWING = (
    "INK = 'a'\nGOLD = 'b'\ndef canvas():\n    return INK\ndef gold():\n    return GOLD\ndef render(draw):\n    return draw()\n"
)
SNIPPET = "import math\ndef step(x):\n    return half(x)\ndef half(x):\n    return x / math.pi\ndef other(x):\n    return x\n"
FIGURES = """
from snippets import _drawing as drawing
from snippets.seq import cell
from snippets.seq.cell import step as one
SIZE = 3

def grid():
    return SIZE

def cell__plot():
    return drawing.canvas(), one(grid())

def cell__other():
    return cell.other(1)
"""


def codes(tmp_path: Path, **files: str) -> dict[str, str]:
    texts = {"_drawing": DRAWING, "cell": SNIPPET, "figures": FIGURES, **files}
    paths = {"_drawing": "_drawing.py", "cell": "seq/cell.py", "figures": "seq/_figures.py"}
    folder = tmp_path / "snippets"
    (folder / "seq").mkdir(parents=True, exist_ok=True)
    for key, path in paths.items():
        (folder / path).write_text(texts[key], encoding="utf-8")
    gallery.read_module.cache_clear()
    return {plan.name: plan.code for plan in gallery.iter_plans(tmp_path)}


OLD = {
    "the function": ("figures", "one(grid())", "one(grid() + 1)"),
    "a constant it uses through another function": ("figures", "SIZE = 3", "SIZE = 4"),
    "a snippet under another name": ("cell", "return half(x)", "return -half(x)"),
    "what the snippet uses": ("cell", "x / math.pi", "x / 2"),
    "the paper": ("_drawing", "INK = 'a'", "INK = 'c'"),
    "how it is written": ("_drawing", "return draw()", "return draw() + 1"),
}


@pytest.mark.parametrize("change", OLD.values(), ids=OLD)
def test_what_it_draws_with_makes_a_figure_old(change, tmp_path):
    file, old, new = change
    text = {"_drawing": DRAWING, "cell": SNIPPET, "figures": FIGURES}[file]
    before, after = codes(tmp_path), codes(tmp_path, **{file: text.replace(old, new)})
    assert before.keys() == after.keys() == {"cell--plot", "cell--other"}
    assert before["cell--plot"] != after["cell--plot"]


YOUNG = {
    "a function it does not use": ("cell", "def other(x):\n    return x", "def other(x):\n    return 2 * x"),
    "another figure": ("figures", "cell.other(1)", "cell.other(2)"),
    "a colour it does not use": ("_drawing", "GOLD = 'b'", "GOLD = 'c'"),
    "a line above": ("figures", "SIZE = 3", "\n\nSIZE = 3"),
}


@pytest.mark.parametrize("change", YOUNG.values(), ids=YOUNG)
def test_what_it_does_not_draw_with_leaves_a_figure_young(change, tmp_path):
    file, old, new = change
    text = {"_drawing": DRAWING, "cell": SNIPPET, "figures": FIGURES}[file]
    assert codes(tmp_path)["cell--plot"] == codes(tmp_path, **{file: text.replace(old, new)})["cell--plot"]


def test_a_module_imported_whole_counts_by_what_is_used_of_it(tmp_path):
    before = codes(tmp_path)["cell--other"]
    assert before != codes(tmp_path, cell=SNIPPET.replace("return x\n", "return 2 * x\n"))["cell--other"]
    assert before == codes(tmp_path, cell=SNIPPET.replace("x / math.pi", "x / 2"))["cell--other"]


def test_the_lock_keeps_the_lines_of_others(tmp_path):
    lock = tmp_path / "figures.lock"
    gallery.record({"b--x": gallery.Entry("1", "2", "3.11"), "a--x": gallery.Entry("3", "4", "3.11")}, lock)
    gallery.record({"b--x": None, "c--x": gallery.Entry("5", "6", "3.11")}, lock)
    assert list(gallery.read_lock(lock)) == ["a--x", "c--x"]
