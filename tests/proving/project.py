"""A small project on disk, its snippets and their proofs, and what `kb check` makes of them."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

from kbtools import app
from kbtools.model import Outcome, Report

CONFIG = 'vault = "notes"\nsnippets = "snippets"\nproofs = "tests/snippets"\ntimeout = {timeout}\nmemory = "{memory}"\n'
SNIPPET = "def twice(x):\n    return 2 * x\n"
PROOF = "from snippets.{name} import twice\n\n\ndef test_twice():\n    assert twice(3) == 6\n"


def write_project(root: Path, files: Mapping[str, str], *, timeout: float = 20, memory: str = "512 MiB") -> app.Project:
    """The project of these files, a kb.toml and an empty note."""
    for path, text in {"kb.toml": CONFIG.format(timeout=timeout, memory=memory), "notes/index.md": "", **files}.items():
        put(root, path, text)
    return app.open_project(None, root)


def put(root: Path, path: str, text: str) -> None:
    """Write a file; its time is never that of the one before."""
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(dedent(text), encoding="utf-8")
    os.utime(file, ns=(time.time_ns(), time.time_ns()))


def pair(name: str, snippet: str = SNIPPET, proof: str = "") -> dict[str, str]:
    """A snippet and its proof; by default both are right. A `proof` is put behind what it usually begins with."""
    usual = PROOF.format(name=name)
    return {f"snippets/{name}.py": dedent(snippet), f"tests/snippets/test_{name}.py": dedent(proof) or usual}


def check(project: app.Project, **request: object) -> Report:
    """What `kb check` reports."""
    return app.check(project, app.Request(**{"device": "cpu", **request}))  # type: ignore[arg-type]


def outcomes_of(report: Report) -> dict[str, Outcome]:
    """The CPU's outcomes by the snippets' names."""
    return {Path(outcome.path).stem: outcome for outcome in report.outcomes if outcome.device == "cpu"}


def proven(project: app.Project) -> dict[str, str]:
    """`passed`, `passed (cached)`, or why not, by the snippets' names."""
    found = {}
    for name, outcome in outcomes_of(check(project)).items():
        found[name] = outcome.reason or (f"{outcome.status} (cached)" if outcome.cached else outcome.status)
    return found
