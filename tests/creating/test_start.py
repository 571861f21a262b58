"""Somebody's folder: what it is taken for, and what is written for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from kbtools.config import find_config
from kbtools.creating import start
from kbtools.errors import KbError
from tests.cli.run import write


@pytest.mark.parametrize(
    ("files", "vault", "notes", "tools"),
    [
        ({"a.md": ""}, ".", 1, []),
        ({".obsidian/app.json": "{}", "a.md": "", "b/c.md": ""}, ".", 2, ["Obsidian"]),
        ({"README.md": "", "notes/.obsidian/app.json": "{}", "notes/a.md": ""}, "notes", 1, ["Obsidian"]),
        ({"x/notes/.obsidian/app.json": "{}", "x/notes/a.md": ""}, "x/notes", 1, ["Obsidian"]),
        ({"mkdocs.yml": "site_name: x\n", "docs/a.md": "", "b.md": ""}, "docs", 1, ["MkDocs"]),
        ({"mkdocs.yml": "docs_dir: '文档' # here\n", "文档/a.md": ""}, "文档", 1, ["MkDocs"]),
        ({"mkdocs.yml": "docs_dir: gone\n", "a.md": ""}, ".", 1, ["MkDocs"]),
        ({"mkdocs.yml": "", ".obsidian/app.json": "{}", "a.md": ""}, ".", 1, ["Obsidian", "MkDocs"]),
        ({"logseq/config.edn": "{}", "logseq/bak/a.md": "", "pages/a.md": ""}, ".", 1, ["Logseq"]),
        ({"dendron.yml": "", "root.md": ""}, ".", 1, ["Dendron"]),
        ({".vscode/foam.json": "{}", "a.md": ""}, ".", 1, ["Foam"]),
    ],
)
def test_what_a_folder_is(tmp_path: Path, files: dict[str, str], vault: str, notes: int, tools: list[str]) -> None:
    found = start.look(write(tmp_path / "folder", files))
    assert (found.vault, found.notes) == (vault, notes)
    assert [tool.partition(":")[0] for tool in found.tools] == tools


@pytest.mark.parametrize(
    ("files", "ignore"),
    [
        ({"templates/a.md": "{{title}}"}, ("templates/**",)),
        ({"模板/a.md": "<% tp %>"}, ("模板/**",)),
        ({"templates/a.md": "on templates"}, ()),
        ({"templates/a.md": "{{title}}", ".obsidian/templates.json": '{"folder": "templates"}'}, ()),
        ({"templates/a.md": "{{title}}", ".obsidian/app.json": '{"userIgnoreFilters": ["templates/"]}'}, ()),
        ({"node_modules/x/README.md": ""}, ("node_modules/**",)),
        ({"logseq/bak/a.md": ""}, ("logseq/**",)),
        ({"node_modules/x.js": ""}, ()),
    ],
)
def test_what_is_no_note_is_ignored(tmp_path: Path, files: dict[str, str], ignore: tuple[str, ...]) -> None:
    folder = write(tmp_path / "folder", {"a.md": "", **files})
    found = start.look(folder)
    assert found.ignore == ignore
    start.write(found)
    config = find_config(None, folder)
    assert (config.vault, config.ignore, config.file) == (folder, ignore, folder / "kb.toml")


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"x.txt": ""}, "no notes in"),
        ({"templates/a.md": "{{title}}"}, "no notes in"),
        ({"a/.obsidian/x": "", "b/.obsidian/x": "", "a/n.md": ""}, "holds 2 vaults: a, b"),
        ({"kb.toml": "", "a.md": ""}, "configures it already"),
        ({"pyproject.toml": "[tool.kb]\n", "a.md": ""}, "configures it already"),
        ({"kb.toml": "vault = 'notes'", "notes/.obsidian/x": "", "notes/a.md": ""}, "configures it already"),
    ],
)
def test_what_is_refused(tmp_path: Path, files: dict[str, str], said: str) -> None:
    folder = write(tmp_path / "folder", files)
    before = sorted(folder.rglob("*"))
    with pytest.raises(KbError, match=said) as refusal:
        start.look(folder)
    assert refusal.value.hint
    assert sorted(folder.rglob("*")) == before


def test_nothing_is_written_over(tmp_path: Path) -> None:
    folder = write(tmp_path / "folder", {"a.md": ""})
    found = start.look(folder)
    write(folder, {"kb.toml": "# mine"})
    with pytest.raises(KbError, match="is there already"):
        start.write(found)
    assert (folder / "kb.toml").read_text() == "# mine"


def test_names_are_quoted_as_toml_does(tmp_path: Path) -> None:
    folder = write(tmp_path / "folder", {'我的 "笔记"/.obsidian/x': "", '我的 "笔记"/a.md': ""})
    start.write(start.look(folder))
    assert find_config(None, folder).vault == folder / '我的 "笔记"'
