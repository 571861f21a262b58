"""Bytes become a note's text or a reason why not; whatever the bytes and the file are, nothing is raised, and nothing waits."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbtools.vault.read import decode, read_source


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", ""),
        (b"\xef\xbb\xbf", ""),
        ("\ufeff反向传播".encode(), "反向传播"),
        ("\ufeff\ufeffx".encode(), "\ufeffx"),  # one mark is a mark, the next a character
        ("🎓".encode(), "🎓"),
        (b"a\0b", "a\0b"),
        (b"a\r\nb\rc", "a\r\nb\rc"),
    ],
)
def test_utf_8_is_read_as_it_is(data: bytes, text: str) -> None:
    source = decode("a.md", data)
    assert (source.text, source.problem) == (text, "")


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ("反".encode("utf-16"), "UTF-16, not UTF-8"),
        ("\ufeff反".encode("utf-16-be"), "UTF-16, not UTF-8"),
        ("反".encode("utf-32"), "UTF-32, not UTF-8"),
        ("\ufeff反".encode("utf-32-be"), "UTF-32, not UTF-8"),
        ("反".encode("gb18030"), "not UTF-8: byte 0xb7 at offset 0"),
        (b"abc\xff", "not UTF-8: byte 0xff at offset 3"),
        (b"\xed\xa0\x80", "not UTF-8: byte 0xed at offset 0"),  # half of a surrogate pair
        (b"\xc0\x80", "not UTF-8: byte 0xc0 at offset 0"),  # overlong
        (b"\xf4\x90\x80\x80", "not UTF-8: byte 0xf4 at offset 0"),  # beyond Unicode
        ("反".encode()[:2], "not UTF-8: byte 0xe5 at offset 0"),  # cut short
    ],
)
def test_anything_else_has_a_problem(data: bytes, problem: str) -> None:
    source = decode("a.md", data)
    assert (source.text, source.problem) == ("", problem)


@given(st.binary(max_size=40))
def test_any_bytes_give_a_text_or_a_problem(data: bytes) -> None:
    source = decode("a.md", data)
    assert source.problem or source.text.encode() == data.removeprefix(b"\xef\xbb\xbf")
    assert not (source.problem and source.text)


@pytest.mark.parametrize(
    ("size", "problem"), [(9, ""), (10, ""), (11, "larger than the limit of 10 bytes"), (10**6, "larger than")]
)
def test_the_limit_is_the_largest_size_that_is_read(tmp_path: Path, size: int, problem: str) -> None:
    (tmp_path / "a.md").write_bytes(b"x" * size)
    source = read_source(str(tmp_path), "a.md", 10)
    assert source.problem.startswith(problem)
    assert bool(source.problem) == bool(problem)
    assert source.text == ("" if problem else "x" * size)


def test_a_file_larger_than_the_limit_is_not_read_to_its_end(tmp_path: Path) -> None:
    """A terabyte that is nothing but a hole: reading it would not end before the test's time does."""
    with (tmp_path / "a.md").open("wb") as file:
        file.truncate(1 << 40)
    assert read_source(str(tmp_path), "a.md").problem == "larger than the limit of 10,485,760 bytes"


def test_what_is_no_file_has_a_problem_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.md")
    (tmp_path / "folder.md").mkdir()
    (tmp_path / "zero.md").symlink_to("/dev/zero")
    (tmp_path / "loop.md").symlink_to("loop.md")
    problems = {
        name: read_source(str(tmp_path), name).problem for name in ("pipe.md", "folder.md", "zero.md", "loop.md", "gone.md")
    }
    assert problems == {
        "pipe.md": "cannot be read: no regular file",
        "folder.md": "cannot be read: no regular file",
        "zero.md": "cannot be read: no regular file",
        "loop.md": "cannot be read: Too many levels of symbolic links",
        "gone.md": "cannot be read: No such file or directory",
    }


@pytest.mark.parametrize("name", ["a\0b.md", "\ud800.md", "x" * 300 + ".md"])
def test_a_name_no_file_can_have(tmp_path: Path, name: str) -> None:
    assert read_source(str(tmp_path), name).problem.startswith("cannot be read: ")


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="such files are in /proc")
def test_a_file_whose_size_is_not_told_is_read_all_the_same() -> None:
    source = read_source("/proc/self", "status")
    assert source.problem == ""
    assert "VmRSS" in source.text
    assert read_source("/proc/self", "status", 20).problem == "larger than the limit of 20 bytes"
