"""A notebook, run again by a real kernel in the project's folder, and what came out otherwise than it is stored.

`python -m tests.notebooks.executing notes/notebooks/*.ipynb` (or `make notebooks`) runs notebooks and stores what comes out.
"""

from __future__ import annotations

import importlib.metadata
import os
import re
import sys
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Final

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

from kbtools.site.notebooksvg import read_svg

ROOT: Final = Path(__file__).parents[2]
SECONDS: Final = 120
ROUNDING: Final = "rounding"
NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")
NEAR: Final = 0.05
"""How far apart two coordinates of a drawing may lie: they are stored with two decimals."""


def read(path: Path) -> NotebookNode:
    return nbformat.read(path, as_version=4)


def execute(notebook: NotebookNode) -> NotebookNode:
    """A copy with the outputs that its code has now. Raises nbclient's CellExecutionError when a cell fails."""
    again = deepcopy(notebook)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    client = NotebookClient(again, timeout=SECONDS, kernel_name="python3", resources={"metadata": {"path": str(ROOT)}})
    client.create_kernel_manager()
    client.km.transport = "ipc"  # a kernel that listens to this machine's files alone, on no port
    client.execute()
    return tidy(again)


def tidy(notebook: NotebookNode) -> NotebookNode:
    """Nothing in it that is another the next time: no times, no ids by chance, no version of a kernel."""
    matplotlib = importlib.metadata.version("matplotlib")
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
            "drawn_by": {"matplotlib": matplotlib},
        }
    )
    for number, cell in enumerate(notebook.cells, 1):
        cell.id = f"cell-{number}"
        tags = cell.metadata.get("tags")
        cell.metadata = nbformat.from_dict({"tags": tags} if tags else {})
        if cell.cell_type == "code":
            cell.outputs = _join_streams(cell.outputs)
            for output in cell.outputs:
                if "image/svg+xml" in output.get("data", {}):
                    output.data.pop("text/plain", None)  # where the object lay in memory
    return notebook


def _join_streams(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """What was printed, in one piece: how a kernel cuts it depends on the clock."""
    joined: list[NotebookNode] = []
    for output in outputs:
        if output.output_type == "stream" and joined and joined[-1].get("name") == output.name:
            joined[-1].text += output.text
        else:
            joined.append(output)
    return joined


def find_differences(stored: NotebookNode, again: NotebookNode) -> Iterator[str]:
    """Where a notebook says something else than is stored in it. Drawings of another matplotlib need only be there, and so do
    those of cells with the tag `rounding`, which show what a processor rounds."""
    same_pens = stored.metadata.get("drawn_by") == again.metadata.get("drawn_by")
    for number, (old, new) in enumerate(zip(stored.cells, again.cells, strict=True), 1):
        if old.cell_type != "code":
            continue
        if len(old.outputs) != len(new.outputs):
            yield f"cell {number} has {len(new.outputs)} outputs, {len(old.outputs)} are stored"
            continue
        same_pen = same_pens and ROUNDING not in old.metadata.get("tags", ())
        for before, after in zip(old.outputs, new.outputs, strict=True):
            if not _is_same(before, after, same_pen=same_pen):
                yield f"cell {number} says {_said(after)!r}, {_said(before)!r} is stored"


def _is_same(before: NotebookNode, after: NotebookNode, *, same_pen: bool) -> bool:
    if before.output_type != after.output_type or before.output_type == "error":
        return False
    if before.output_type == "stream":
        return (before.name, before.text) == (after.name, after.text)
    old, new = dict(before.data), dict(after.data)
    drawn, draws = old.pop("image/svg+xml", ""), new.pop("image/svg+xml", "")
    return old == new and bool(drawn) == bool(draws) and (not drawn or _is_same_drawing(drawn, draws, same_pen=same_pen))


def _is_same_drawing(before: str, after: str, *, same_pen: bool) -> bool:
    if not same_pen:
        return read_svg(before)[1:] == read_svg(after)[1:]
    if NUMBER.sub("0", before) != NUMBER.sub("0", after):
        return False
    pairs = zip(NUMBER.findall(before), NUMBER.findall(after), strict=True)
    return all(old == new or abs(float(old) - float(new)) <= NEAR for old, new in pairs)


def _said(output: NotebookNode) -> str:
    text = output.get("text") or "\n".join(output.get("traceback", ())) or str(output.get("data", ""))
    return text if len(text) < 300 else text[:300] + "…"


def main(paths: list[str]) -> None:
    for name in paths:
        path = Path(name)
        notebook = execute(read(path))
        nbformat.validate(notebook)
        path.write_text(nbformat.writes(notebook, indent=1, ensure_ascii=False), "utf-8")
        print(f"{path}: {path.stat().st_size // 1000} KB")


if __name__ == "__main__":
    main(sys.argv[1:])
