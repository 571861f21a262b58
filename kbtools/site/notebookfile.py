"""A notebook's JSON -> cells in which everything stands where nbformat 4 wants it, with what had to be left out.

Notebooks come from many programs: what is missing is filled in, what cannot be understood is left out and told. A notebook that
is none at all raises ValueError.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, Final

from kbtools.syntax.jsontext import find_problem

FORMAT: Final = 4
KINDS: Final = ("markdown", "code", "raw")
SHELLS: Final = ("display_data", "execute_result", "update_display_data")

Tell = Callable[[str], None]


def read_notebook(text: str, tell: Tell) -> dict[str, Any]:
    """A notebook that nbformat finds valid; each cell's `metadata["kb"]` is its number in the file (from 0), the notebook's own
    the language of its code."""
    problem = find_problem(text)
    if problem:
        raise ValueError(problem)
    data = json.loads(text, parse_int=_number) if text.strip() else {"nbformat": FORMAT, "cells": []}
    if not isinstance(data, dict) or not isinstance(data.get("cells", []), list):
        raise ValueError("it is no notebook: it has no list of cells")
    version = data.get("nbformat")
    if "worksheets" in data or (isinstance(version, int | float) and version < FORMAT):
        raise ValueError("it is written in an old format: open it in Jupyter and save it again")
    cells = [_read_cell(cell, number, tell) for number, cell in enumerate(data.get("cells", []))]
    return {
        "nbformat": FORMAT,
        "nbformat_minor": 5,
        "metadata": {"kb": _language(_mapping(data.get("metadata")))},
        "cells": [cell for cell in cells if cell is not None],
    }


def _read_cell(cell: object, number: int, tell: Tell) -> dict[str, Any] | None:
    kind = cell.get("cell_type") if isinstance(cell, dict) else None
    if not isinstance(cell, dict) or kind not in KINDS:
        tell(f"cell {number + 1}: its kind is {kind!r} (a cell is markdown, code or raw)")
        return None
    source = join(cell.get("source", ""))
    if source is None:
        tell(f"cell {number + 1}: its source is no text")
        source = ""
    metadata = _read_metadata(_mapping(cell.get("metadata")), number)
    read = {"id": f"cell-{number}", "cell_type": kind, "source": source, "metadata": metadata}
    if kind == "markdown":
        metadata["attachments"] = _mapping(cell.get("attachments"))
    if kind == "code":
        found = cell.get("outputs")
        outputs = (_read_output(output, number, tell) for output in (found if isinstance(found, list) else ()))
        read |= {"execution_count": None, "outputs": _join_streams(output for output in outputs if output is not None)}
    return read


def _join_streams(outputs: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """What was printed, in one piece: kernels cut it where the clock says."""
    joined: list[dict[str, Any]] = []
    for output in outputs:
        if output["output_type"] == "stream" and joined and joined[-1].get("name") == output["name"]:
            joined[-1]["text"] += output["text"]
        else:
            joined.append(output)
    return joined


def _read_metadata(metadata: dict[str, Any], number: int) -> dict[str, Any]:
    """What is asked of it later: that Jupyter folds a cell's source away counts as the tag `hide-input`."""
    tags = metadata.get("tags")
    found = [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []
    if _mapping(metadata.get("jupyter")).get("source_hidden") is True:
        found.append("hide-input")
    form = metadata.get("raw_mimetype", metadata.get("format"))
    return {"kb": number, "tags": list(dict.fromkeys(found)), "raw_mimetype": form if isinstance(form, str) else ""}


def _read_output(output: object, number: int, tell: Tell) -> dict[str, Any] | None:
    kind = output.get("output_type") if isinstance(output, dict) else None
    if isinstance(output, dict) and kind == "stream":
        return {"output_type": "stream", "name": str(output.get("name", "stdout")), "text": join(output.get("text", "")) or ""}
    if isinstance(output, dict) and kind == "error":
        lines = output.get("traceback")
        named = {name: str(output.get(name, "")) for name in ("ename", "evalue")}
        return {"output_type": "error", **named, "traceback": [str(line) for line in lines] if isinstance(lines, list) else []}
    if isinstance(output, dict) and kind in SHELLS:
        data = {str(form): _read_form(form, value) for form, value in _mapping(output.get("data")).items()}
        known = {form: value for form, value in data.items() if value is not None}
        return {"output_type": "display_data", "data": known, "metadata": _mapping(output.get("metadata"))}
    tell(f"cell {number + 1}: an output of kind {kind!r} is not known")
    return None


def _read_form(form: str, value: object) -> object:
    """One form of an output: text but for JSON, of which there are many kinds; None where it is something else."""
    return value if form == "application/json" else "" if form.endswith("json") else join(value)


def join(value: object) -> str | None:
    """A text as notebooks hold it: whole, or as a list of its lines; None when it is neither."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "".join(value)
    return None


def _number(digits: str) -> int | float:
    """A number; Python refuses to read very long ones exactly."""
    return int(digits) if len(digits) < 20 else float(digits)


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _language(metadata: dict[str, Any]) -> str:
    """The language of the code: what the kernel says, else Python."""
    for place, name in (("language_info", "name"), ("kernelspec", "language")):
        language = _mapping(metadata.get(place)).get(name)
        if isinstance(language, str) and language.strip():
            return language.strip().lower()
    return "python"
