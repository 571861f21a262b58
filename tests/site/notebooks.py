"""Notebooks for tests: cells in a line each."""

from __future__ import annotations

import json
from typing import Any

Cell = dict[str, Any]


def markdown(text: str, **more: Any) -> Cell:
    return {"cell_type": "markdown", "metadata": {}, "source": text, **more}


def code(source: str, *outputs: Cell, **metadata: Any) -> Cell:
    return {"cell_type": "code", "metadata": metadata, "source": source, "outputs": list(outputs), "execution_count": 1}


def shown(**forms: Any) -> Cell:
    """What a cell displays: `html="…"`, `svg="…"`, `png="…"`, `latex="…"`."""
    names = {"html": "text/html", "plain": "text/plain", "latex": "text/latex", "text": "text/markdown", "js": "text/javascript"}
    names |= {"svg": "image/svg+xml", "png": "image/png", "json": "application/json", "plot": "application/vnd.plotly.v1+json"}
    about = forms.pop("about", {})
    data = {names[form]: value for form, value in forms.items()}
    return {"output_type": "display_data", "data": data, "metadata": {names[form]: said for form, said in about.items()}}


def printed(*lines: str, name: str = "stdout") -> Cell:
    return {"output_type": "stream", "name": name, "text": list(lines)}


def failed(*traceback: str) -> Cell:
    return {"output_type": "error", "ename": "ValueError", "evalue": "不行", "traceback": list(traceback)}


def notebook(*cells: Cell, **metadata: Any) -> str:
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": list(cells)}, ensure_ascii=False)
