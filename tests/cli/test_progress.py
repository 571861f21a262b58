"""The bar: on a terminal, after a second, gone at the end."""

from __future__ import annotations

import io
import os
import pty
import select
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from kbtools import app
from kbtools.cli.progress import CLEAR, PATIENCE, REDRAW, Bar, is_terminal, progress_on, wants_colour
from tests.cli.run import kb, write


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[io.TextIOWrapper, int]]:
    """(a stream with a terminal behind it, what the person in front of it reads from)."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    master, slave = pty.openpty()
    with os.fdopen(slave, "w", encoding="utf-8") as stream:
        yield stream, master
    os.close(master)


def read_from(master: int) -> str:
    """What the person in front of a terminal has been shown; a terminal hands it over piece by piece."""
    seen = b""
    while select.select([master], [], [], 1)[0]:
        seen += os.read(master, 10_000)
    return seen.decode("utf-8")


def test_nothing_is_drawn_in_the_first_second_and_not_too_often_after_it() -> None:
    clock, stream = Clock(), io.StringIO()
    bar = Bar(stream, clock)
    bar.start(1000, "reading")
    clock.now += PATIENCE - 0.01
    bar.advance(100)
    assert stream.getvalue() == ""
    clock.now += 0.02
    bar.advance(100)
    assert stream.getvalue() == f"{CLEAR}reading ━━━━╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌ 200/1,000"
    bar.advance(100)
    clock.now += REDRAW / 2
    bar.advance(100)
    assert stream.getvalue().count("reading") == 1
    clock.now += REDRAW
    bar.advance(100)
    assert stream.getvalue().endswith(" 500/1,000")
    bar.advance(10_000)
    bar.finish()
    assert stream.getvalue().endswith(f"500/1,000{CLEAR}")


def test_a_bar_that_was_never_drawn_clears_nothing() -> None:
    stream = io.StringIO()
    bar = Bar(stream, Clock())
    bar.start(0, "reading")
    bar.advance(1)
    bar.finish()
    assert stream.getvalue() == ""


def test_a_long_scan_draws_on_a_terminal_and_leaves_the_line_free(
    terminal: tuple[io.TextIOWrapper, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "vault", {f"{number}.md": "" for number in range(200)})
    stream, master = terminal
    project = app.open_project(str(tmp_path / "vault"), tmp_path)
    slow = count(step=2 * PATIENCE)
    with progress_on(stream, lambda: float(next(slow))) as progress:
        app.scan(project, progress=progress)
    seen = read_from(master)
    assert "reading ━━━━━━━╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌ 64/200" in seen
    assert seen.endswith(CLEAR)


def test_the_line_is_free_after_a_failure_too(terminal: tuple[io.TextIOWrapper, int]) -> None:
    stream, master = terminal
    slow = count(step=2 * PATIENCE)
    with pytest.raises(KeyboardInterrupt), progress_on(stream, lambda: float(next(slow))) as progress:
        assert progress is not None
        progress.start(2, "reading")
        progress.advance(1)
        raise KeyboardInterrupt
    assert read_from(master).endswith(CLEAR)


def test_where_nobody_looks_there_is_no_bar(terminal: tuple[io.TextIOWrapper, int], monkeypatch: pytest.MonkeyPatch) -> None:
    with progress_on(io.StringIO()) as progress:
        assert progress is None
    stream, _ = terminal
    assert is_terminal(stream)
    assert wants_colour(stream)
    monkeypatch.setenv("NO_COLOR", "1")
    assert is_terminal(stream)
    assert not wants_colour(stream)
    monkeypatch.setenv("TERM", "dumb")
    assert not is_terminal(stream)


def test_nothing_but_messages_in_a_pipe(tmp_path: Path) -> None:
    vault = write(tmp_path / "vault", {".obsidian/app.json": "{}", **{f"{number}.md": "" for number in range(500)}})
    assert kb(vault, "check").stderr == b""
