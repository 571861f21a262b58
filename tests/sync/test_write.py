"""Files are written whole or not at all, and what they held is kept."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from kbtools.errors import KbError
from kbtools.snippets.write import Change, write_all


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "overwritten"


def test_what_is_overwritten_is_kept_until_the_next_time(tmp_path: Path, kept: Path) -> None:
    one, two, new = tmp_path / "a" / "1.md", tmp_path / "2.py", tmp_path / "deep" / "er" / "3.py"
    one.parent.mkdir()
    one.write_bytes(b"1")
    two.write_bytes(b"2")
    assert write_all([Change(one, b"1", b"one"), Change(new, None, b"three")], kept, tmp_path) == kept
    assert (one.read_bytes(), new.read_bytes(), (kept / "a" / "1.md").read_bytes()) == (b"one", b"three", b"1")
    assert write_all([], kept, tmp_path) is None
    assert (kept / "a" / "1.md").exists()
    write_all([Change(two, b"2", b"two")], kept, tmp_path)
    assert sorted(path.name for path in kept.rglob("*")) == ["2.py"]


def test_nothing_is_left_beside_the_file(tmp_path: Path, kept: Path) -> None:
    file = tmp_path / "a.md"
    file.write_bytes(b"1")
    write_all([Change(file, b"1", b"2")], kept, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.md", "cache"]


def test_a_file_that_changed_meanwhile_stops_everything(tmp_path: Path, kept: Path) -> None:
    one, two = tmp_path / "1", tmp_path / "2"
    one.write_bytes(b"1")
    two.write_bytes(b"other")
    with pytest.raises(KbError, match="changed while it was read"):
        write_all([Change(one, b"1", b"one"), Change(two, b"2", b"two")], kept, tmp_path)
    assert (one.read_bytes(), two.read_bytes(), kept.exists()) == (b"1", b"other", False)


def test_a_file_that_went_away_stops_it(tmp_path: Path, kept: Path) -> None:
    with pytest.raises(KbError, match="changed while it was read"):
        write_all([Change(tmp_path / "1", b"1", b"one")], kept, tmp_path)
    assert not (tmp_path / "1").exists()


def test_a_new_file_takes_nobody_s_place(tmp_path: Path, kept: Path) -> None:
    (tmp_path / "1").write_bytes(b"")
    with pytest.raises(KbError, match="is there already"):
        write_all([Change(tmp_path / "1", None, b"one")], kept, tmp_path)


def test_a_read_only_file_stops_everything(tmp_path: Path, kept: Path) -> None:
    one, two = tmp_path / "1", tmp_path / "2"
    for file in (one, two):
        file.write_bytes(b"x")
    two.chmod(0o444)
    with pytest.raises(KbError, match="is read-only"):
        write_all([Change(one, b"x", b"y"), Change(two, b"x", b"y")], kept, tmp_path)
    assert one.read_bytes() == b"x"


def test_a_file_that_cannot_be_made_is_said_with_what_was_done(tmp_path: Path, kept: Path) -> None:
    (tmp_path / "1").write_bytes(b"x")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(KbError) as caught:
        write_all([Change(tmp_path / "1", b"x", b"y"), Change(tmp_path / "file" / "2.py", None, b"z")], kept, tmp_path)
    assert "cannot be" in caught.value.message
    assert str(tmp_path / "1") in caught.value.hint
    assert (kept / "1").read_bytes() == b"x"


def test_mode_and_link_stay(tmp_path: Path, kept: Path) -> None:
    file, link = tmp_path / "real" / "a.md", tmp_path / "a.md"
    file.parent.mkdir()
    file.write_bytes(b"1")
    file.chmod(0o640)
    link.symlink_to(file)
    write_all([Change(link, b"1", b"2"), Change(file, b"1", b"2")], kept, tmp_path)
    assert link.is_symlink()
    assert file.read_bytes() == b"2"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


def test_one_file_under_two_names_must_become_the_same(tmp_path: Path, kept: Path) -> None:
    file, link = tmp_path / "b.md", tmp_path / "a.md"
    file.write_bytes(b"1")
    link.symlink_to(file)
    with pytest.raises(KbError, match="are one file"):
        write_all([Change(link, b"1", b"2"), Change(file, b"1", b"3")], kept, tmp_path)
    assert file.read_bytes() == b"1"


def test_a_new_file_has_the_mode_that_the_mask_leaves(tmp_path: Path, kept: Path) -> None:
    mask = os.umask(0o027)
    try:
        write_all([Change(tmp_path / "a.py", None, b"")], kept, tmp_path)
    finally:
        os.umask(mask)
    assert stat.S_IMODE((tmp_path / "a.py").stat().st_mode) == 0o640
