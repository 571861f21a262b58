"""Obsidian's own settings, as far as kb looks at them; whatever is in the files, reading them ends and raises nothing."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from kbtools.vault.settings import read_filters, read_new_folder


def put(vault: Path, file: str, content: object) -> None:
    path = vault / ".obsidian" / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())


def test_without_settings_nothing_is_kept_out(tmp_path: Path) -> None:
    assert read_filters(tmp_path) == ()
    (tmp_path / ".obsidian").mkdir()
    assert read_filters(tmp_path) == ()


def test_excluded_files_and_template_folders(tmp_path: Path) -> None:
    put(tmp_path, "app.json", {"userIgnoreFilters": ["Archive/", "/x$/", 3, None]})
    put(tmp_path, "templates.json", {"folder": "/模板/"})
    put(tmp_path, "plugins/templater-obsidian/data.json", {"templates_folder": "T/T"})
    assert read_filters(tmp_path) == ("Archive/", "/x$/", "模板/", "T/T/")


@pytest.mark.parametrize("folder", ["", "/", " ", 3, None, ["a"]])
def test_a_template_folder_that_is_none(tmp_path: Path, folder: object) -> None:
    put(tmp_path, "templates.json", {"folder": folder})
    assert read_filters(tmp_path) == ()


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{", b"[]", b"null", b"\xff", b"\0", "{}".encode("utf-16"), b"9" * 10_000),
        *(b'{"userIgnoreFilters": null}', b'{"userIgnoreFilters": {"a": 1}}'),
        pytest.param(b"[" * 100_000, id="deep list"),
        pytest.param(b'{"a":' * 100_000, id="deep object"),
    ],
)
def test_settings_nobody_can_read_count_as_none(tmp_path: Path, content: bytes) -> None:
    put(tmp_path, "app.json", content)
    assert read_filters(tmp_path) == ()


def test_a_byte_order_mark_is_no_hindrance(tmp_path: Path) -> None:
    put(tmp_path, "app.json", b'\xef\xbb\xbf{"userIgnoreFilters": ["a"]}')
    assert read_filters(tmp_path) == ("a",)


def test_settings_that_are_no_file_are_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / ".obsidian" / "templates.json").mkdir(parents=True)
    os.mkfifo(tmp_path / ".obsidian" / "app.json")
    assert read_filters(tmp_path) == ()


def test_an_obsidian_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / ".obsidian").write_text("x")
    assert read_filters(tmp_path) == ()


@pytest.mark.parametrize(
    ("settings", "note", "folder"),
    [
        ({}, "a/b/x.md", ""),
        ({"newFileLocation": "root", "newFileFolderPath": "in"}, "a/b/x.md", ""),
        ({"newFileLocation": "current", "newFileFolderPath": "in"}, "a/b/x.md", "a/b"),
        ({"newFileLocation": "current"}, "x.md", ""),
        ({"newFileLocation": "current"}, "", ""),
        ({"newFileLocation": "folder", "newFileFolderPath": "/in/"}, "a/b/x.md", "in"),
        ({"newFileLocation": "folder", "newFileFolderPath": 3}, "a/b/x.md", ""),
        ({"newFileLocation": ["current"]}, "a/b/x.md", ""),
    ],
)
def test_the_folder_of_new_notes(tmp_path: Path, settings: dict[str, object], note: str, folder: str) -> None:
    put(tmp_path, "app.json", settings)
    assert read_new_folder(tmp_path, note) == folder
