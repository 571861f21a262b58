"""A progress line on a terminal, for work that takes more than a second; nothing in a pipe."""

from __future__ import annotations

import sys
import time
from typing import TextIO

PATIENCE = 1.0
"""Seconds of work before anything is shown."""
WIDTH = 24


class ProgressLine:
    """Draws on standard error, and only if that is a terminal."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stderr
        self.shown = self.stream.isatty()
        self.total = 0
        self.done = 0
        self.what = ""
        self.started = 0.0
        self.drawn = 0.0

    def start(self, total: int, what: str) -> None:
        """`total` things are to be done; `what` says what is done to them."""
        self.total, self.done, self.what = total, 0, what
        self.started = self.drawn = time.monotonic()

    def advance(self, count: int) -> None:
        """`count` more are done."""
        self.done = min(self.done + count, self.total)
        now = time.monotonic()
        if not self.shown or now - self.started < PATIENCE or now - self.drawn < 0.1:
            return
        self.drawn = now
        filled = WIDTH * self.done // max(self.total, 1)
        bar = "█" * filled + "░" * (WIDTH - filled)
        self.stream.write(f"\r\033[K{self.what} {bar} {self.done:,}/{self.total:,}")
        self.stream.flush()

    def finish(self) -> None:
        """Take the line away."""
        if self.shown:
            self.stream.write("\r\033[K")
            self.stream.flush()
