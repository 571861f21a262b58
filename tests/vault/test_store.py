"""Bytes kept between runs: whole or not at all, and never too many."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kbtools.vault import store as module
from kbtools.vault.store import Store

KEY = "ab" * 32
OTHER = "cd" * 32


def file_of(folder: Path, key: str) -> Path:
    return folder / key[:2] / key[2:]


def test_what_was_written_is_read_by_another_run(tmp_path: Path) -> None:
    Store(tmp_path).write(KEY, b"page")
    assert Store(tmp_path).read(KEY) == b"page"
    assert Store(tmp_path).read(OTHER) is None


@pytest.mark.parametrize(
    "damaged",
    [b"", b"kb", b"nothing of ours, and long enough", bytes(200)],
    ids=["empty", "short", "foreign", "zeros"],
)
def test_a_file_that_is_not_ours_counts_as_none(tmp_path: Path, damaged: bytes) -> None:
    store = Store(tmp_path)
    store.write(KEY, b"page")
    file_of(tmp_path, KEY).write_bytes(damaged)
    assert store.read(KEY) is None
    store.write(KEY, b"page")
    assert store.read(KEY) == b"page"


def test_every_damaged_byte_is_noticed(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write(KEY, b"a page of some length")
    whole = file_of(tmp_path, KEY).read_bytes()
    for place in range(len(whole)):
        file_of(tmp_path, KEY).write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert store.read(KEY) is None, place
        file_of(tmp_path, KEY).write_bytes(whole[:place])
        assert store.read(KEY) is None, place
    file_of(tmp_path, KEY).write_bytes(whole)
    assert store.read(KEY) == b"a page of some length"


def test_a_folder_in_the_way_and_a_file_in_the_way_are_no_errors(tmp_path: Path) -> None:
    file_of(tmp_path, KEY).mkdir(parents=True)
    (tmp_path / "cd").write_text("a file where a folder should be")
    store = Store(tmp_path)
    for key in (KEY, OTHER):
        store.write(key, b"page")
        assert store.read(key) is None
    store.sweep()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    file_of(tmp_path, KEY).parent.mkdir(parents=True)
    os.mkfifo(file_of(tmp_path, KEY))
    assert Store(tmp_path).read(KEY) is None


def test_many_write_the_same_at_once(tmp_path: Path) -> None:
    body = os.urandom(100_000)

    def write_and_read(_: int) -> bool:
        store = Store(tmp_path)
        store.write(KEY, body)
        return store.read(KEY) == body

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(write_and_read, range(200)))
    assert [file.name for file in (tmp_path / "ab").iterdir()] == [KEY[2:]]


def test_what_was_not_asked_for_goes_the_oldest_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SPARE", 2_500)
    keys = [f"{number:02x}" * 32 for number in range(10)]
    for number, key in enumerate(keys):
        Store(tmp_path).write(key, bytes(1_000 - module.HEADER.size))
        os.utime(file_of(tmp_path, key), (number, number))
    store = Store(tmp_path)
    assert store.read(keys[0])
    store.sweep()
    left = [key for key in keys if Store(tmp_path).read(key)]
    assert left == [keys[0], *keys[-3:]]  # as much as was asked for, and what may be left beside it
    store.sweep()
    assert Store(tmp_path).read(keys[-1])


def test_left_overs_of_a_run_that_was_killed_go_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SPARE", 0)
    store = Store(tmp_path)
    store.write(KEY, b"page")
    left = tmp_path / "ab" / "cut.abc123"
    left.write_bytes(bytes(1_000))
    store.sweep()
    assert not left.exists()
    assert store.read(KEY) == b"page"


def test_a_store_that_cannot_be_made_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = Store(tmp_path / "file" / "below")
    store.write(KEY, b"page")
    assert store.read(KEY) is None
    store.sweep()
