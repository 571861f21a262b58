"""What the repository offers to others: hooks for pre-commit, an action for GitHub."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
ACTION = ROOT / ".github" / "actions" / "kb-check"


def test_pre_commit_takes_the_hooks() -> None:
    clientlib = pytest.importorskip("pre_commit.clientlib")
    hooks = {hook["id"]: hook for hook in clientlib.load_manifest(str(ROOT / ".pre-commit-hooks.yaml"))}
    assert sorted(hooks) == ["kb-check", "kb-check-fix"]
    assert not any(hook["pass_filenames"] for hook in hooks.values())


@pytest.mark.parametrize(
    ("name", "fits"), [("笔记/LSTM.md", True), ("a.canvas", True), ("kb.toml", True), ("图.PNG", True), ("README.rst", False)]
)
def test_a_hook_runs_for_what_can_break_a_link(name: str, fits: bool) -> None:
    import re

    for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")):
        assert bool(re.search(hook["files"], name)) == fits


def test_hooks_call_kb_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "kb.toml").write_text("")
    (tmp_path / "a.md").write_text("[[LSMT]]\n")
    (tmp_path / "LSTM.md").write_text("")
    codes = {}
    for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")):
        program, *arguments = hook["entry"].split()
        assert program == "kb"
        codes[hook["id"]] = run([sys.executable, "-m", "kbtools", *arguments], tmp_path).returncode
    assert codes == {"kb-check": 1, "kb-check-fix": 0}


def run(command: list[str], folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join((str(folder / "bin"), os.environ["PATH"]))
    around = {**os.environ, "PYTHONPATH": str(ROOT), "KB_CACHE_DIR": str(folder / ".cache"), "PATH": path, **variables}
    return subprocess.run(command, cwd=folder, env=around, capture_output=True, text=True, timeout=60, check=False)


def test_the_action_hands_every_input_on() -> None:
    action = yaml.safe_load((ACTION / "action.yml").read_text(encoding="utf-8"))
    (step,) = (step for step in action["runs"]["steps"] if step["name"] == "kb check")
    used = {value.removeprefix("${{ inputs.").removesuffix(" }}") for value in step["env"].values()}
    assert used == set(action["inputs"])
    assert "inputs." not in step["run"], "an input in a script is code of whoever wrote it"
    script = (ACTION / "check.sh").read_text(encoding="utf-8")
    assert all(name in script for name in step["env"])


def test_the_action_annotates_and_writes_sarif(tmp_path: Path) -> None:
    notes = tmp_path / "my notes"
    notes.mkdir()
    (tmp_path / "bin").mkdir()
    (tmp_path / ".git").mkdir()
    kb = tmp_path / "bin" / "kb"
    kb.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m kbtools "$@"\n')
    kb.chmod(0o755)
    (notes / "a.md").write_text("[[LSMT]] [[LSTM]] #今天，x\n")
    (notes / "LSTM.md").write_text("")
    (tmp_path / "kb.toml").write_text('vault = "my notes"\n')
    script = ["bash", str(ACTION / "check.sh")]
    done = run(script, tmp_path, KB_PATH="my notes", KB_SARIF="kb.sarif", KB_ARGS="")
    assert done.returncode == 1
    assert "::error file=my notes/a.md,line=1" in done.stdout
    assert len(json.loads((tmp_path / "kb.sarif").read_text())["runs"][0]["results"]) == 2
    done = run(script, tmp_path, KB_PATH="my notes/a.md\nmy notes/LSTM.md\n", KB_ARGS="--ignore broken-link")
    assert done.returncode == 0, done.stderr
    done = run(script, tmp_path, KB_PATH="my notes", KB_ARGS="--ignore broken-link --strict")
    assert done.returncode == 1
    assert run(script, tmp_path, KB_PATH="nowhere", KB_SARIF="kb.sarif").returncode == 2
