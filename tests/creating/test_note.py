"""New notes: where they go, what their templates become, and that nothing is ever overwritten."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from kbtools import app
from kbtools.creating.note import Created, create_note, fill_template, find_path
from kbtools.errors import KbError
from kbtools.vault.settings import Templates, read_templates
from tests.cli.run import write

NOW = datetime(2026, 11, 26, 8, 5, tzinfo=UTC)
USUAL = Templates("", "YYYY-MM-DD", "HH:mm")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KB_CACHE_DIR", str(tmp_path / "cache"))


def create(vault: Path, name: str, template: str = "") -> Created:
    project = app.open_project(str(vault), vault)
    return create_note(project.config, app.scan(project), find_path(project.config, name, vault), template, NOW)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("# {{title}}\n", "# 门控\n"),
        ("{{date}} {{time}}", "2026-11-26 08:05"),
        ("{{date:YYYY年M月}} {{time:HH}}", "2026年11月 08"),
        ("{{time:YYYY}}", "2026"),
        ("{{Title}} {{ DATE }}", "门控 2026-11-26"),
        ("{{date:}}", "2026-11-26"),
        ("{{other}} {title} <% tp %>", "{{other}} {title} <% tp %>"),
        ("a\r\n{{title}}\r\n", "a\r\n门控\r\n"),
    ],
)
def test_template(template: str, text: str) -> None:
    assert fill_template(template, "门控", NOW, USUAL) == text


def test_formats_that_are_set_in_obsidian_count(tmp_path: Path) -> None:
    settings = '{"folder": "/模板/", "dateFormat": "YY", "timeFormat": " "}'
    vault = write(tmp_path / "vault", {".obsidian/templates.json": settings, "模板/甲/t.md": "{{date}} {{time}}"})
    assert read_templates(vault) == ("模板", "YY", "HH:mm")
    assert create(vault, "x", "甲/t").path == "x.md"
    assert (vault / "x.md").read_text() == "26 08:05"


def test_templater_has_a_folder_too(tmp_path: Path) -> None:
    files = {".obsidian/plugins/templater-obsidian/data.json": '{"templates_folder": "tp"}', "tp/t.md": "# {{title}}\n<% x %>"}
    created = create(write(tmp_path / "vault", files), "门", "T")
    assert (created.path, created.unfilled) == ("门.md", "<%")


@pytest.mark.parametrize("name", ["a", "A", "a.md", "b/c", "图.png.md", "x"])
def test_nothing_is_overwritten(tmp_path: Path, name: str) -> None:
    files = {
        ".obsidian/app.json": '{"userIgnoreFilters": ["x"]}',
        "a.md": "old",
        "b/C.md": "old",
        "图.png.md": "old",
        "x.md": "old",
    }
    vault = write(tmp_path / "vault", files)
    with pytest.raises(KbError, match="is there already"):
        create(vault, name)
    assert [file.read_text() for file in sorted(vault.rglob("*.md"))] == ["old"] * 4


def test_what_has_the_name_or_links_to_it_is_told(tmp_path: Path) -> None:
    files = {"旧/GRU.md": "", "x.md": "---\naliases: [gru]\n---\n", "y.md": "[[新/GRU]] ![[GRU]]", "z.md": "[GRU](新/GRU.md)"}
    created = create(write(tmp_path / "vault", files), "新/GRU")
    assert created == ("新/GRU.md", ("旧/GRU.md", "x.md"), ("y.md", "z.md"), "")


def test_a_bare_name_goes_where_obsidian_makes_new_notes(tmp_path: Path) -> None:
    settings = '{"newFileLocation": "folder", "newFileFolderPath": "收件箱/"}'
    vault = write(tmp_path / "vault", {".obsidian/app.json": settings, "概念/x.md": ""})
    config = app.open_project(str(vault), vault).config
    assert find_path(config, "新", vault) == "收件箱/新.md"
    assert find_path(config, "概念/新", vault) == "概念/新.md"
    assert find_path(config, "./新", vault / "概念") == "概念/新.md"
    assert find_path(config, "../新.md", vault / "概念") == "新.md"


def test_where_obsidian_takes_the_folder_of_the_open_note_the_top_is_taken(tmp_path: Path) -> None:
    settings = '{"newFileLocation": "current", "newFileFolderPath": "收件箱"}'
    vault = write(tmp_path / "vault", {".obsidian/app.json": settings, "概念/x.md": ""})
    assert find_path(app.open_project(str(vault), vault).config, "新", vault / "概念") == "新.md"


@pytest.mark.parametrize(
    "name", ["", " ", "a#b", "a/../b", "a|b", "a/", "../../x", "/etc/x", ".x", "a./b", "a:b", "x\ny", "[[a]]", "../x"]
)
def test_unfit_names_are_refused(tmp_path: Path, name: str) -> None:
    vault = write(tmp_path / "vault", {"a.md": ""})
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(KbError) as refusal:
        create(vault, name)
    assert refusal.value.hint
    assert [path for path in sorted(tmp_path.rglob("*")) if "cache" not in str(path)] == before


def test_no_template_outside_the_vault_is_read(tmp_path: Path) -> None:
    write(tmp_path, {"secret.md": "secret"})
    vault = write(tmp_path / "vault", {"a.md": "", "own.md": "own"})
    with pytest.raises(KbError, match="no template"):
        create(vault, "x", "../secret.md")
    create(vault, "x", "own")
    assert (vault / "x.md").read_text() == "own"
