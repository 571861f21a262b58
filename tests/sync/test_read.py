"""Snippets and what is remembered of them, read from disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from kbtools.snippets.agreed import read_agreed, write_agreed
from kbtools.snippets.read import list_code, read_code
from tests.sync.project import put


def test_python_files_below_the_folders_are_read(tmp_path: Path) -> None:
    for path in ("s/a.py", "s/深/b.py", "t/test_a.py", "s/data.csv", "s/.x.py", "s/.git/c.py", "s/__pycache__/d.py", "u/e.py"):
        put(tmp_path, path, "x")
    (tmp_path / "s" / "link.py").symlink_to("a.py")
    (tmp_path / "s" / "dead.py").symlink_to("nothing.py")
    (tmp_path / "s" / "loop").symlink_to(tmp_path / "s")
    assert sorted(read_code(tmp_path, ("s", "t", "missing"))) == ["s/a.py", "s/link.py", "s/深/b.py", "t/test_a.py"]


def test_text_keeps_its_mark_and_line_ends(tmp_path: Path) -> None:
    put(tmp_path, "s/a.py", "\ufeffx\r\ny\n")
    put(tmp_path, "s/b.py", b"# \xb9\xfa\n")
    files = read_code(tmp_path, ("s",))
    assert files["s/a.py"].text == "\ufeffx\r\ny\n"
    assert files["s/b.py"] == ("", "is not UTF-8: byte 0xb9 at offset 2")


def test_a_stamp_changes_with_the_file(tmp_path: Path) -> None:
    put(tmp_path, "s/a.py", "x")
    before = list_code(tmp_path, ("s",))
    assert list_code(tmp_path, ("s",)) == before
    put(tmp_path, "s/a.py", "xy")
    assert list_code(tmp_path, ("s",)) != before


def test_what_agreed_is_read_back(tmp_path: Path) -> None:
    agreed = {("甲.md", "s/a.py#f"): "1", ("b\udcff.md", "s/b.py"): "2"}
    write_agreed(tmp_path / "x" / "agreed.json", agreed)
    assert read_agreed(tmp_path / "x" / "agreed.json") == agreed


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        b'{"version": 2, "agreed": []}',
        b'{"version": 1}',
        b'{"version": 1, "agreed": [["a"], 3, ["a", "b", 1]]}',
        b"[" * 100_000,
    ],
)
def test_a_damaged_memory_is_none(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "agreed.json").write_bytes(data)
    assert read_agreed(tmp_path / "agreed.json") == {}
