"""A page leaves room for its pictures: their sizes are read from the files and written where the note says none."""

from __future__ import annotations

import base64
import os
from dataclasses import replace
from pathlib import Path

import pytest

from kbtools.site.grounds import Grounds
from kbtools.site.pictures import read_sizes
from kbtools.site.render import render_page
from tests.site.rendering import book_of

PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAYAAACddGYaAAAADklEQVR4nGNgQAX/oRgAEvcB/+zQ7VAAAAAASUVORK5CYII=")
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="72pt" height="36pt" viewBox="0 0 72 36"/>'


def test_sizes_are_read_and_damaged_files_have_none(tmp_path: Path) -> None:
    (tmp_path / "图").mkdir()
    (tmp_path / "图/a.PNG").write_bytes(PNG)
    (tmp_path / "b.svg").write_text(SVG)
    (tmp_path / "cut.png").write_bytes(PNG[:18])
    (tmp_path / "no.svg").write_text("<svg")
    (tmp_path / "huge.svg").write_text(SVG.replace("72pt", "1e9"))
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "folder.png").mkdir()
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "other.bin").write_bytes(PNG)
    files = [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")]
    assert read_sizes(tmp_path, [*files, "gone.png"]) == {"图/a.PNG": (3, 2), "b.svg": (96, 48)}


def test_a_picture_that_changes_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "b.svg"
    file.write_text(SVG)
    assert read_sizes(tmp_path, ["b.svg"]) == {"b.svg": (96, 48)}
    file.write_text(SVG.replace("72pt", "144pt"))
    assert read_sizes(tmp_path, ["b.svg"]) == {"b.svg": (192, 48)}


@pytest.mark.parametrize(
    ("written", "size"),
    [
        ("![[p.png]]", ' width="300" height="200"'),
        ("![文](p.png)", ' width="300" height="200"'),
        ("![[p.png|150]]", ' width="150" height="100"'),
        ("![[p.png|30x40]]", ' width="30" height="40"'),
        ("![[q.png]]", ""),
    ],
)
def test_a_page_says_how_large_a_picture_is(written: str, size: str) -> None:
    book = replace(book_of({"a.md": written, "p.png": "", "q.png": ""}), sizes={"p.png": (300, 200)})
    html = render_page(written, book.pages["a.md"], book).html
    assert f'"{size} loading="lazy">' in html


def test_a_page_is_made_anew_when_its_picture_has_another_size() -> None:
    text = "![[p.png]]"
    book = book_of({"a.md": text, "p.png": ""})
    keys = {Grounds(replace(book, sizes={"p.png": (300, height)}), lambda _path: text, "").of("a.md") for height in (1, 2)}
    assert len(keys) == 2
