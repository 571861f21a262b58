"""Running jobs: what is told meanwhile, and what happens when the process that starts them cannot do what it should."""

from __future__ import annotations

from pathlib import Path

import pytest

from kbtools import app
from kbtools.errors import KbError
from kbtools.snippets.job import Setup
from kbtools.snippets.judge import judge
from kbtools.snippets.run import Task, run_all
from tests.proving.culprits import EVERY
from tests.proving.project import pair, put, write_project


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_project(
        tmp_path, {**pair("one"), **EVERY["crashes_in_test"].files("crashes"), **EVERY["hangs_in_proof"].files("hangs")}
    )
    return tmp_path


def setup_of(root: Path, **rest: object) -> Setup:
    return Setup(**{"root": str(root), "timeout": 3.0, "memory": 1 << 30, "workers": 2, **rest})  # type: ignore[arg-type]


def verdicts(root: Path, setup: Setup, *names: str) -> dict[str, str]:
    tasks = [Task("proof", f"tests/snippets/test_{name}.py", "cpu") for name in names]
    tasks += [Task("alone", f"snippets/{name}.py", "cpu") for name in names]
    found = {}
    for task, ran in run_all(tasks, setup).items():
        verdict = judge(ran.job, ran.events, ran.ending, root=str(root), snippet=task.file)
        found[f"{task.kind} {Path(task.file).stem.removeprefix('test_')}"] = verdict.reason or verdict.status
    return found


def test_a_fresh_interpreter_for_each_job_does_as_well(root: Path) -> None:
    """What is done where processes that have imported torch cannot be forked."""
    assert verdicts(root, setup_of(root, stays=False), "one", "crashes", "hangs") == {
        "proof one": "passed",
        "proof crashes": "crash",
        "proof hangs": "timeout",
        "alone one": "passed",
        "alone crashes": "passed",
        "alone hangs": "passed",
    }


@pytest.mark.parametrize(
    "code", ["import os\nos._exit(0)\n", "import ctypes\nctypes.string_at(0)\n", "raise OSError('broken')\n"]
)
def test_when_what_is_shared_cannot_be_imported_jobs_run_without(code: str, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(root, "path/shared_and_broken.py", code)
    monkeypatch.setenv("PYTHONPATH", str(root / "path"))
    assert verdicts(root, setup_of(root, modules=("shared_and_broken",)), "one") == {"proof one": "passed", "alone one": "passed"}


def test_when_pytest_cannot_be_imported_programs_run_without(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(root, "path/pytest.py", "import os\nos._exit(0)\n")
    monkeypatch.setenv("PYTHONPATH", str(root / "path"))
    assert verdicts(root, setup_of(root), "one") == {"proof one": "exit", "alone one": "passed"}


@pytest.mark.parametrize("code", ["import os\nos._exit(0)\n", "raise OSError('broken')\n"])
def test_a_plugin_of_pytest_that_cannot_be_imported_fails_every_proof(
    code: str, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(root, "path/broken_plugin.py", code)
    put(root, "path/broken-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    put(root, "path/broken-1.0.dist-info/entry_points.txt", "[pytest11]\nbroken = broken_plugin\n")
    monkeypatch.setenv("PYTHONPATH", str(root / "path"))
    found = verdicts(root, setup_of(root), "one")
    assert found["alone one"] == "passed"
    assert found["proof one"] in ("exit", "error")


def test_when_nothing_can_be_started_it_is_said(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(root, "path/json.py", "import os\nos._exit(0)\n")
    monkeypatch.setenv("PYTHONPATH", str(root / "path"))
    with pytest.raises(KbError, match="cannot start"):
        verdicts(root, setup_of(root), "one")


class Watcher:
    """What `app.Progress` is told."""

    def __init__(self) -> None:
        self.told: list[object] = []

    def start(self, total: int, what: str) -> None:
        self.told.append((what, total))

    def advance(self, count: int) -> None:
        self.told.append(count)

    def finish(self) -> None:
        self.told.append("finished")


def test_progress_is_told_of_every_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KB_CACHE_DIR", str(tmp_path / "cache"))
    project = write_project(tmp_path / "project", {**pair("one"), **pair("two")})
    watcher = Watcher()
    app.check(project, app.Request(device="cpu"), progress=watcher)
    begun = watcher.told.index(("proving", 4))
    assert watcher.told[begun:] == [("proving", 4), 1, 1, 1, 1, "finished"]
    watcher.told.clear()
    app.check(project, app.Request(device="cpu"), progress=watcher)
    assert ("proving", 4) not in watcher.told, "nothing had to run"
