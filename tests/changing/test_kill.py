"""A change that is killed at any moment leaves the vault as it was, or the next run finishes it; undo brings back each byte."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from kbtools import app, changing
from kbtools.errors import KbError
from kbtools.vault import transaction

FILES = {
    "a/Old.md": b"\xef\xbb\xbf# H\r\n[[x]] [[#H]]\r\n",
    "a/pic.png": bytes(range(256)),
    "x.md": b"[[Old]] ![[pic.png]]\n",
    "b/y.md": "[[a/Old|Old]] 甲\r".encode(),
    "c.canvas": b'{"nodes":[{"type":"file","file":"a/Old.md"}]}',
    "latin.md": b"\xff\xfe no text",
}
KILLER = """
import os, sys
left = int(sys.argv[1])
def counted(function):
    def call(*args, **kwargs):
        global left
        left -= 1
        if left < 0:
            os._exit(9)
        return function(*args, **kwargs)
    return call
for name in ("rename", "replace", "fsync", "unlink", "rmdir", "mkdir"):
    setattr(os, name, counted(getattr(os, name)))
from kbtools.cli.main import main
code = main(sys.argv[2:])
print("steps left", left, file=sys.stderr)
sys.exit(code)
"""


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    for path, data in FILES.items():
        file = tmp_path / "vault" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    (tmp_path / "vault" / ".obsidian").mkdir()
    return tmp_path / "vault"


def contents(vault: Path) -> dict[str, bytes]:
    files = (path for path in vault.rglob("*") if path.is_file() and ".kb" not in path.parts)
    return {path.relative_to(vault).as_posix(): path.read_bytes() for path in files}


def kb(vault: Path, *arguments: str, steps: int = 10_000) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "KB_CACHE_DIR": str(vault.parent / "cache")}
    command = [sys.executable, "-c", textwrap.dedent(KILLER), str(steps), *arguments]
    return subprocess.run(command, cwd=vault, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_killed_at_every_step(vault: Path) -> None:
    before = contents(vault)
    done = kb(vault, "move", "a", "z/b")
    assert done.returncode == 0, done.stderr
    after = contents(vault)
    assert after["z/b/Old.md"] == FILES["a/Old.md"]
    assert after["c.canvas"] == b'{"nodes":[{"type":"file","file":"z/b/Old.md"}]}'
    assert kb(vault, "undo").returncode == 0
    assert contents(vault) == before
    steps = 10_000 - int(done.stderr.rpartition(" ")[2])
    assert steps > 20
    seen = set()
    for step in range(0, steps, 3):
        killed = kb(vault, "move", "a", "z/b", steps=step)
        assert killed.returncode == 9
        assert kb(vault, "tags").returncode == 0
        assert contents(vault) in (before, after), step
        seen.add(contents(vault) == after)
        if contents(vault) == after:
            assert kb(vault, "undo").returncode == 0
            assert contents(vault) == before, step
    assert seen == {True, False}


def test_undo_is_refused_where_somebody_wrote(vault: Path) -> None:
    project = app.open_project(str(vault), vault)
    changing.carry_out(changing.plan_move(project, "a/Old.md", "a/New.md"))
    (vault / "x.md").write_bytes(b"[[New]] and more\n")
    left = contents(vault)
    with pytest.raises(KbError, match="changed meanwhile"):
        changing.undo(project)
    assert contents(vault) == left


def test_nothing_is_changed_where_a_file_changed_after_the_plan(vault: Path) -> None:
    project = app.open_project(str(vault), vault)
    change = changing.plan_move(project, "a/Old.md", "a/New.md")
    (vault / "x.md").write_bytes(b"[[Old]] again\n")
    left = contents(vault)
    with pytest.raises(KbError, match="changed meanwhile"):
        changing.carry_out(change)
    assert contents(vault) == left


def test_what_somebody_wrote_between_is_left(vault: Path) -> None:
    kb(vault, "move", "a", "z", steps=28)
    note = vault / ".kb" / "change" / "pending" / "note.json"
    if not note.exists():
        pytest.fail("the change was not cut short where this test means it to be")
    target = vault / "b" / "y.md"
    target.write_bytes(b"mine [[a/Old]]\n")
    left = transaction.finish(vault)
    assert left is not None
    assert left.left == ("b/y.md",)
    assert target.read_bytes() == b"mine [[a/Old]]\n"


def test_swap_and_back(vault: Path) -> None:
    before = contents(vault)
    project = app.open_project(str(vault), vault)
    transaction.commit(vault, transaction.Change("swap", {"x.md": "b/y.md", "b/y.md": "x.md"}))
    swapped = contents(vault)
    assert (swapped["x.md"], swapped["b/y.md"]) == (before["b/y.md"], before["x.md"])
    changing.undo(project)
    assert contents(vault) == before
    changing.undo(project)
    assert contents(vault) == swapped


def test_mode_line_ends_and_mark_stay(vault: Path) -> None:
    (vault / "b" / "y.md").chmod(0o640)
    project = app.open_project(str(vault), vault)
    changing.carry_out(changing.plan_move(project, "x.md", "neu.md"))
    assert contents(vault)["a/Old.md"] == FILES["a/Old.md"].replace(b"[[x]]", b"[[neu]]")
    changing.carry_out(changing.plan_move(project, "a/Old.md", "a/New.md"))
    assert (vault / "b" / "y.md").stat().st_mode & 0o777 == 0o640
    assert contents(vault)["b/y.md"] == "[[a/New|New]] 甲\r".encode()


def test_hidden_files_of_a_folder_go_with_it(vault: Path) -> None:
    (vault / "a" / ".hidden").write_text("x")
    project = app.open_project(str(vault), vault)
    changing.carry_out(changing.plan_move(project, "a", "q"))
    assert (vault / "q" / ".hidden").read_text() == "x"
    assert not (vault / "a").exists()


@pytest.mark.parametrize("dst", ["a/x?.md", "a/.h.md", "x.md", "a/new.txt", "x.md/z.md"])
def test_unfit_and_taken_names_are_refused(vault: Path, dst: str) -> None:
    project = app.open_project(str(vault), vault)
    with pytest.raises(KbError):
        changing.plan_move(project, "a/Old.md", dst)
