"""What a look at a vault costs when little or nothing changed: what is imported, and what is remembered of young files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kbtools import app, scanning

RUN = """
import sys
from kbtools.cli.main import main
from kbtools.vault import cache
cache.RACY_NS = 0  # the files are old enough
main({arguments})
print([name for name in {names} if name in sys.modules], file=sys.stderr)
"""


@pytest.fixture
def vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KB_CACHE_DIR", str(tmp_path / "cache"))
    folder = tmp_path / "vault"
    (folder / ".obsidian").mkdir(parents=True)
    (folder / "a.md").write_text('---\nprerequisites: ["[[b]]"]\n---\n[[b]] [[gone]] #tag', "utf-8")
    (folder / "b.md").write_text("# B\n", "utf-8")
    return folder


def imported(arguments: list[str], names: list[str]) -> str:
    """Which of these modules are there after `kb` ran in a new process."""
    code = RUN.format(arguments=arguments, names=names)
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=dict(os.environ)).stderr.strip()


def test_to_check_an_unchanged_vault_nothing_is_parsed(vault: Path) -> None:
    names = ["kbtools.syntax.inline", "kbtools.checks.broken_link", "kbtools.vault.snapshot", "networkx", "yaml"]
    arguments = ["--vault", str(vault), "check", "--no-run"]
    assert imported(arguments, names) != "[]"
    assert imported(arguments, names) == "[]"


@pytest.mark.parametrize("command", ["tags", "orphans", "unresolved"])
def test_to_list_what_is_in_an_unchanged_vault_no_rule_is_loaded(vault: Path, command: str) -> None:
    names = ["kbtools.checks.broken_link", "kbtools.snippets.sync", "networkx", "yaml"]
    arguments = ["--vault", str(vault), command]
    assert imported(arguments, names) != "[]"
    assert imported(arguments, names) == "[]"


def test_a_young_file_is_no_new_file(vault: Path) -> None:
    project = app.open_project(str(vault), vault)
    app.scan(project)
    disk = scanning.look(project.config)
    assert disk.has_same_names
    assert not disk.is_unchanged
    (vault / "c.md").write_text("", "utf-8")
    assert not scanning.look(project.config).has_same_names
