"""Whatever a snippet or a proof does, it is reported as itself, and all others pass."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kbtools.model import Outcome
from tests.proving.culprits import EVERY, in_test
from tests.proving.project import check, outcomes_of, pair, proven, put, write_project

GOOD = [f"good_{number}" for number in range(6)]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KB_CACHE_DIR", str(tmp_path / "cache"))


def complaint(name: str, outcome: Outcome) -> str:
    """What is wrong with what was reported of a culprit; "" for nothing."""
    culprit, told = EVERY[name], outcome.detail.partition("\n")[0]
    wanted = ("failed", culprit.reason) if culprit.reason else ("passed", "")
    if (outcome.status, outcome.reason) != wanted:
        return f"{outcome.status} {outcome.reason}: {outcome.detail}"
    if culprit.says.replace("{name}", name) not in told:
        return told
    return f"line {outcome.line}" if culprit.line and outcome.line != culprit.line else ""


@pytest.mark.slow
def test_every_culprit_is_reported_as_itself_and_the_others_pass(tmp_path: Path) -> None:
    files: dict[str, str] = {}
    for number, (name, culprit) in enumerate(EVERY.items()):
        files |= culprit.files(name)
        if number < len(GOOD):
            files |= pair(GOOD[number])
    report = check(write_project(tmp_path / "project", files, timeout=5, memory="256 MiB"))

    outcomes = outcomes_of(report)
    assert {name: said for name in EVERY if (said := complaint(name, outcomes[name]))} == {}
    assert {name: outcomes[name].status for name in GOOD} == dict.fromkeys(GOOD, "passed")
    found = {Path(finding.path).stem for finding in report.findings if finding.rule == "failing-snippet"}
    assert found == {name for name, culprit in EVERY.items() if culprit.reason}
    assert running("sleep 1234.5") == [], "what proofs leave behind is ended"


def test_who_ends_the_process_above_it_ends_nobody_else(tmp_path: Path) -> None:
    kills = in_test("import os, time; os.kill(os.getppid(), 9); time.sleep(60)").replace("{name}", "murderer")
    files = {**pair("murderer", proof=kills), **{path: text for name in GOOD for path, text in pair(name).items()}}
    assert proven(write_project(tmp_path / "project", files)) == {**dict.fromkeys(GOOD, "passed"), "murderer": "crash"}


WAITS = "import os, subprocess\nsubprocess.Popen(['sleep', '4321.5'])\nopen('{file}', 'w').close()\nimport time; time.sleep(60)\n"


@pytest.mark.parametrize(("end", "status"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_when_kb_is_ended_so_is_everything_it_started(end: int, status: int, tmp_path: Path) -> None:
    begun, root = tmp_path / "begun", tmp_path / "project"
    write_project(root, pair("waits", proof=WAITS.replace("{file}", str(begun)) + in_test("pass").replace("{name}", "waits")))
    environment = {**os.environ, "TMPDIR": str(tmp_path)}  # who is killed leaves its temporary files behind
    kb = subprocess.Popen([sys.executable, "-m", "kbtools", "check"], cwd=root, stderr=subprocess.PIPE, env=environment)
    assert wait_for(begun.exists)
    assert running("sleep 4321.5") != []
    kb.send_signal(end)
    _, errors = kb.communicate(timeout=30)
    assert kb.returncode == status
    assert b"Traceback" not in errors
    assert wait_for(lambda: running("sleep 4321.5") == [] and running("kbtools.snippets.nursery", within=str(root)) == [])


def test_a_repaired_snippet_passes_again(tmp_path: Path) -> None:
    root = tmp_path / "a [b] 目录"
    project = write_project(root, {**pair("one"), **pair("two", "def twice(x):\n    raise ValueError(x)\n")})
    assert proven(project) == {"one": "passed", "two": "error"}
    put(root, "snippets/two.py", "def twice(x):\n    return x * 2\n")
    assert proven(project) == {"one": "passed (cached)", "two": "passed"}


def wait_for(condition: object, seconds: float = 30) -> bool:
    """Whether something becomes true in time."""
    assert callable(condition)
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def running(command: str, within: str = "") -> list[int]:
    """The processes with this command line (in this folder)."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            if command in line and within in os.readlink(folder / "cwd"):
                found.append(int(folder.name))
        except OSError:
            continue
    return found
