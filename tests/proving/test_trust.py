"""What is executed, and what never is."""

from __future__ import annotations

from pathlib import Path

import pytest

from kbtools import app
from kbtools.cli.main import main
from tests.proving.project import check, pair, put, write_project

TRAP = "open({file!r}, 'w').write('executed')\n"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KB_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    """A file that is there once anything was executed."""
    return tmp_path / "trapped"


def test_a_vault_without_configuration_is_never_executed(trap: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = TRAP.format(file=str(trap))
    for name in (
        "conftest",
        "sitecustomize",
        "usercustomize",
        "pytest",
        "torch",
        "json",
        "kbtools",
        "setup",
        "snippets/a",
        "tests/snippets/test_a",
    ):
        put(tmp_path / "vault", f"{name}.py", code)
    put(tmp_path / "vault", "pytest.ini", "[pytest]\naddopts = -p conftest\n")
    put(tmp_path / "vault", "a.md", f'```python title="snippets/a.py"\n{code}```\n')
    (tmp_path / "vault/.obsidian").mkdir()
    monkeypatch.chdir(tmp_path / "vault")
    assert main(["check"]) == 0
    assert main(["check", "--record", "--device", "cpu"]) == 2
    assert not trap.exists()


@pytest.fixture
def project(trap: Path, tmp_path: Path) -> app.Project:
    code = TRAP.format(file=str(trap))
    note = '# one\n\n```python title="snippets/one.py"\ndef twice(x):\n    return 2 * x\n```\n'
    files = {**pair("one"), **pair("two", "def twice(x):\n    return 0\n"), "notes/one.md": note, "sitecustomize.py": code}
    files["tests/snippets/test_one.py"] += f"\n\n{code}"
    return write_project(tmp_path / "project", files)


def test_nothing_runs_unless_it_is_asked_for(project: app.Project, trap: Path) -> None:
    assert check(project, run=False).outcomes == ()
    assert check(project, select=("broken-link",)).outcomes == ()
    assert check(project, select=("unproven-snippet",)).outcomes == ()
    assert check(project, ignore=("failing-snippet",)).outcomes == ()
    assert not trap.exists()
    assert [outcome.status for outcome in check(project, select=("failing-snippet",)).outcomes] == ["passed", "failed"]
    assert trap.exists()


def test_a_rule_that_is_off_runs_nothing(project: app.Project, trap: Path, tmp_path: Path) -> None:
    put(tmp_path / "project", "kb.toml", (tmp_path / "project/kb.toml").read_text() + '[rules]\nfailing-snippet = "off"\n')
    assert check(app.open_project(None, tmp_path / "project")).outcomes == ()
    assert not trap.exists()


def test_paths_choose_what_is_proven(project: app.Project, trap: Path) -> None:
    def chosen(*paths: str) -> list[str]:
        return [outcome.path for outcome in check(project, paths=paths).outcomes]

    assert chosen("index.md") == []
    assert chosen("snippets/two.py") == ["snippets/two.py"]
    assert not trap.exists()
    assert chosen("one.md") == ["snippets/one.py"]
    assert chosen("snippets") == ["snippets/one.py", "snippets/two.py"]


def test_text_in_a_note_is_never_executed(tmp_path: Path, trap: Path) -> None:
    code = TRAP.format(file=str(trap))
    note = (
        f'```python\n{code}```\n\n```python title="snippets/one.py"\n{code}```\n\n```python title="snippets/new.py"\n{code}```\n'
    )
    project = write_project(tmp_path / "project", {**pair("one"), "notes/a.md": note})
    assert [outcome.status for outcome in check(project).outcomes] == ["passed"]
    assert not trap.exists()


def test_the_interpreter_of_proofs_starts_without_the_projects_own_files(project: app.Project, trap: Path) -> None:
    check(project, paths=("snippets/two.py",))
    assert not trap.exists(), "sitecustomize.py of the project's folder is not Python's"
