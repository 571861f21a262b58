"""A bar on the terminal for work that takes over a second; nothing in a pipe."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, TextIO

PATIENCE: Final = 1.0
REDRAW: Final = 0.1
WIDTH: Final = 24
CLEAR: Final = "\r\033[K"


class Bar:
    """What `scanning.Progress` asks for, drawn on one line of `stream`."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._total = 0
        self._done = 0
        self._what = ""
        self._next = clock() + PATIENCE
        self._drawn = False

    def start(self, total: int, what: str) -> None:
        """Begin a piece of work of `total` steps."""
        self._total, self._done, self._what = total, 0, what

    def advance(self, count: int) -> None:
        """`count` more steps are done."""
        self._done = min(self._done + count, self._total)
        now = self._clock()
        if now >= self._next:
            self._next = now + REDRAW
            self._draw()

    def finish(self) -> None:
        """The work is done: the line is free again."""
        if self._drawn:
            self._stream.write(CLEAR)
            self._stream.flush()
            self._drawn = False

    def _draw(self) -> None:
        full = WIDTH * self._done // max(self._total, 1)
        bar = "━" * full + "╌" * (WIDTH - full)
        self._stream.write(f"{CLEAR}{self._what} {bar} {self._done:,}/{self._total:,}")
        self._stream.flush()
        self._drawn = True


@contextmanager
def progress_on(stream: TextIO, clock: Callable[[], float] = time.monotonic) -> Iterator[Bar | None]:
    """A bar on `stream`, cleared at the end; None where nobody would see it."""
    if not is_terminal(stream):
        yield None
        return
    bar = Bar(stream, clock)
    try:
        yield bar
    finally:
        bar.finish()


def is_terminal(stream: TextIO) -> bool:
    """Whether a person looks at the stream, and lines can be drawn over."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def wants_colour(stream: TextIO) -> bool:
    """Colour is for terminals whose owner has not set NO_COLOR (https://no-color.org)."""
    return is_terminal(stream) and not os.environ.get("NO_COLOR")
