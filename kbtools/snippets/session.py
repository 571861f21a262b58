"""What a pytest process that proves snippets needs to know and to set before it collects."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def is_snippet(path: Path, folder: Path) -> bool:
    """Whether a file is a snippet: a Python file below `folder` whose name does not begin with `_` (those are shared parts)."""
    return path.suffix == ".py" and path.name[0] not in "_." and path.name != "conftest.py" and path.is_relative_to(folder)


def prepare_process(root: Path, *, hide_gpu: bool) -> None:
    """Make `from snippets.a.b import c` work, and set what torch reads when it is imported."""
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    if hide_gpu:
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
    set_threads()
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")


def set_threads() -> None:
    """One thread a process, unless somebody chose otherwise: two on two busy cores were sixty times slower."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")


def has_cuda(device: str) -> bool:
    """Whether tests on a GPU can run; torch is not imported to learn that they were not asked for."""
    return device != "cpu" and bool(import_torch().cuda.is_available())


def import_torch() -> Any:
    """torch, with seeds and precision set when this is what imports it."""
    is_new = "torch" not in sys.modules
    import torch

    if is_new:
        from kbtools.snippets import state

        state.prepare()
    return torch


def snippets_to_add(arguments: Sequence[str], folder: Path, snippets: Path, proofs: Path | None) -> list[str]:
    """The snippets whose `runs` test belongs to the proofs named by pytest's `arguments` (counted from `folder`)."""
    if proofs is None or not snippets.is_dir():
        return []
    paths = [Path(os.path.abspath(folder / argument)) for argument in arguments if "::" not in argument]
    if any(snippets.is_relative_to(path) for path in paths):
        return []
    if any(path.is_dir() and proofs.is_relative_to(path) for path in paths):
        return [str(snippets)]
    wanted: list[Path] = []
    for path in paths:
        if path.is_relative_to(proofs) and path.name.startswith("test_") and path.suffix == ".py":
            name, below = path.name.removeprefix("test_"), path.parent.relative_to(proofs)
            wanted += sorted(snippets.rglob(name)) if below == Path() else [snippets / below / name]
        elif path.is_relative_to(proofs) and path.is_dir():
            wanted.append(snippets / path.relative_to(proofs))
    return [str(path) for path in wanted if path.exists() and path not in paths]
