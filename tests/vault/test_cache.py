"""What is remembered is right or is not remembered: damaged, foreign, unreachable and unfinished caches."""

from __future__ import annotations

import os
import resource
import shutil
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

import kbtools
from kbtools.vault.cache import (
    FUTURE_NS,
    LEFT_OVER,
    MOST_RESULTS,
    RACY_NS,
    UNSETTLED,
    Cache,
    cache_folder,
    code_key,
    is_settled,
    read_cache,
    write_cache,
)

KEY = bytes(range(32))
OLD = (10**18, 10**18, 5, 7)
NOW = 2 * 10**18
STAMPS = {"a.md": OLD, "反.md": OLD, os.fsdecode(b"\xff.md"): OLD}
BLOBS = {path: path.encode("utf-8", "surrogateescape") * 40 for path in STAMPS}
OTHERS = ["p.png", "new\nline"]
RESULTS = {"all": ([("broken-link", "a.md", None, (1, 2, 3, 4))], 3, 4)}


def write(file: Path, *, key: bytes = KEY, stamps: dict[str, tuple[int, int, int, int]] = STAMPS) -> None:
    write_cache(file, key, stamps=stamps, others=OTHERS, results=RESULTS, blobs=BLOBS, started_ns=NOW)


def is_whole(cache: Cache) -> bool:
    return (cache.stamps, cache.others, cache.results, cache.read_blobs()) == (STAMPS, OTHERS, RESULTS, BLOBS)


def is_empty(cache: Cache) -> bool:
    return (cache.stamps, cache.others, cache.results, cache.read_blobs()) == ({}, [], {}, {})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "of a vault" / "vault.cache"


# ------------------------------------------------------------------------------------------------ damage


def test_what_was_written_is_read(file: Path) -> None:
    write(file)
    assert is_whole(read_cache(file, KEY))


def test_no_cache_is_an_empty_one(file: Path) -> None:
    assert is_empty(read_cache(file, KEY))


def test_a_cache_under_another_key_is_none(file: Path) -> None:
    write(file)
    assert is_empty(read_cache(file, KEY[::-1]))


@pytest.mark.parametrize("flip", [0x01, 0x80, 0xFF])
def test_a_byte_changed_anywhere_is_noticed(file: Path, flip: int) -> None:
    write(file)
    data = file.read_bytes()
    lost = 0
    for at in range(len(data)):
        file.write_bytes(data[:at] + bytes([data[at] ^ flip]) + data[at + 1 :])
        cache = read_cache(file, KEY)
        lost += is_empty(cache)
        assert is_empty(cache) or (
            (cache.stamps, cache.others, cache.results) == (STAMPS, OTHERS, RESULTS) and not cache.read_blobs()
        )
    assert lost < len(data)  # a blob's byte costs the blobs, not the rest


def test_a_cache_cut_short_or_grown_is_noticed(file: Path) -> None:
    write(file)
    data = file.read_bytes()
    for size in range(len(data)):
        file.write_bytes(data[:size])
        assert is_empty(read_cache(file, KEY))
    file.write_bytes(data + b"x")
    assert is_empty(read_cache(file, KEY))


@pytest.mark.parametrize("data", [b"", b"x", b"\0" * 5000, b"kbcache1" + b"\0" * 500, b"SQLite format 3\0" * 100])
def test_a_foreign_file_is_none(file: Path, data: bytes) -> None:
    file.parent.mkdir()
    file.write_bytes(data)
    assert is_empty(read_cache(file, KEY))


def test_a_cache_that_is_replaced_between_two_looks_gives_no_wrong_blobs(file: Path) -> None:
    write(file)
    cache = read_cache(file, KEY)
    write_cache(file, KEY, stamps=STAMPS, others=[], results={}, blobs=dict.fromkeys(STAMPS, b"y" * 40), started_ns=NOW)
    assert cache.read_blobs() == {}
    file.unlink()
    assert cache.read_blobs() == {}


# ------------------------------------------------------------------------------------------------ whose file


def test_only_its_owner_reads_a_cache(file: Path) -> None:
    write(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_cache_that_somebody_else_put_there_is_none(file: Path) -> None:
    write(file)
    os.chown(file, 12345, -1)
    assert is_empty(read_cache(file, KEY))


def test_what_is_no_file_is_not_waited_for(file: Path) -> None:
    file.parent.mkdir()
    os.mkfifo(file)
    assert is_empty(read_cache(file, KEY))
    write(file)  # and takes its place
    assert is_whole(read_cache(file, KEY))


def test_a_folder_in_the_cache_files_place_is_left_alone(file: Path) -> None:
    file.mkdir(parents=True)
    write(file)
    assert is_empty(read_cache(file, KEY))
    assert os.listdir(file.parent) == [file.name]


# ------------------------------------------------------------------------------------------------ writing


def test_a_folder_that_cannot_be_made_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "blocked").write_text("a file")
    write(tmp_path / "blocked" / "x" / "vault.cache")
    write(Path("/proc/nowhere/vault.cache"))


def test_a_full_disk_keeps_the_old_cache_and_leaves_nothing_behind(file: Path) -> None:
    write(file)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200, hard))
    try:
        write(file, key=KEY[::-1])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert is_whole(read_cache(file, KEY))
    assert os.listdir(file.parent) == [file.name]


def test_what_killed_runs_left_is_removed_in_time(file: Path) -> None:
    file.parent.mkdir()
    names = ("vault.cache.old", "vault.cache.young", "agreed.json", "vault.cache2")
    for name in names:
        (file.parent / name).write_text("x")
        os.utime(file.parent / name, (1, 1))
    os.utime(file.parent / "vault.cache.young", (time.time() - LEFT_OVER / 2,) * 2)
    write(file)
    assert sorted(os.listdir(file.parent)) == sorted((*names[1:], "vault.cache"))


def test_only_the_newest_results_are_kept(file: Path) -> None:
    results = {str(number): number for number in range(MOST_RESULTS + 5)}
    write_cache(file, KEY, stamps=STAMPS, others=[], results=results, blobs=BLOBS, started_ns=NOW)
    assert list(read_cache(file, KEY).results) == [str(number) for number in range(5, MOST_RESULTS + 5)]


# ------------------------------------------------------------------------------------------------ stamps that are too young


@pytest.mark.parametrize(
    ("age", "settled"),
    [
        *((0, False), (1, False), (RACY_NS, False), (RACY_NS + 1, True), (10**15, True)),
        *((-1, False), (-3600 * 10**9, False), (-FUTURE_NS, False), (-FUTURE_NS - 1, True)),
    ],
)
def test_a_stamp_is_settled_when_every_later_change_differs(age: int, settled: bool) -> None:
    assert is_settled((NOW - age, OLD[1], 5, 7), NOW) is settled
    assert is_settled((OLD[0], NOW - age, 5, 7), NOW) is settled


def test_no_tick_of_two_seconds_hides_a_change() -> None:
    """The coarsest file system cuts times to two seconds. Whatever it stamps a settled file with, any change after the scan
    began gets another stamp."""
    tick = 2 * 10**9
    for offset in range(0, 6 * 10**9, 10**8):
        started = NOW + offset
        for changed in range(started - 5 * 10**9, started, 10**8):
            before = changed - changed % tick
            if is_settled((before, before, 5, 7), started):
                assert started - started % tick > before


def test_of_young_files_what_was_read_is_remembered_but_no_stamp(file: Path) -> None:
    write(file, stamps={**STAMPS, "a.md": (NOW, OLD[1], 5, 7)})
    cache = read_cache(file, KEY)
    assert cache.stamps == {**STAMPS, "a.md": UNSETTLED}
    assert (cache.read_blobs(), cache.results, cache.others) == (BLOBS, RESULTS, OTHERS)


# ------------------------------------------------------------------------------------------------ where


def test_the_cache_lies_where_the_environment_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/of me")
    monkeypatch.setenv("XDG_CACHE_HOME", "/xdg")
    monkeypatch.setenv("KB_CACHE_DIR", "/chosen")
    assert cache_folder(tmp_path).parent == Path("/chosen")
    monkeypatch.setenv("KB_CACHE_DIR", "~/c")
    assert cache_folder(tmp_path).parent == Path("/home/of me/c")
    monkeypatch.setenv("KB_CACHE_DIR", "here")
    assert cache_folder(tmp_path).parent == Path("here")
    monkeypatch.setenv("KB_CACHE_DIR", "")
    assert cache_folder(tmp_path).parent == Path("/xdg/kb")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert cache_folder(tmp_path).parent == Path("/home/of me/.cache/kb")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.delenv("KB_CACHE_DIR")
    assert cache_folder(tmp_path).parent == Path("/home/of me/.cache/kb")


def test_one_folder_has_one_cache_however_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "v").mkdir()
    (tmp_path / "w").mkdir()
    (tmp_path / "link").symlink_to("v")
    assert cache_folder(tmp_path / "link") == cache_folder(tmp_path / "v") == cache_folder(tmp_path / "w/../v")
    assert cache_folder(tmp_path / "v") != cache_folder(tmp_path / "w")
    assert cache_folder(tmp_path / os.fsdecode(b"\xff")).name


# ------------------------------------------------------------------------------------------------ the key


def test_the_key_differs_with_the_configuration() -> None:
    assert code_key("a", "b") == code_key("a", "b")
    assert len({code_key(), code_key("a"), code_key("a", "b"), code_key("b", "a"), code_key("\udcff")}) == 5


def test_the_key_differs_when_kb_changes(tmp_path: Path) -> None:
    package = tmp_path / "kbtools"
    shutil.copytree(Path(kbtools.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))

    def key() -> str:
        code = "from kbtools.vault.cache import code_key; print(code_key().hex())"
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True, timeout=60
        ).stdout

    first = key()
    assert key() == first
    rule = package / "checks" / "broken_link.py"
    rule.write_text(rule.read_text())
    second = key()
    assert second != first
    (package / "checks" / "new_rule.py").write_text("")
    assert key() not in (first, second)
