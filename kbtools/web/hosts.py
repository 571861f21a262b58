"""Who is asked next: one request at a time for each host, with a pause between, and none while a host asked to be left alone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class _Host:
    lock: threading.Lock = field(default_factory=threading.Lock)
    free_at: float = 0.0


class Hosts:
    """Hosts by name and port; safe for many threads. `pause` are the seconds between the end of a request and the next one."""

    def __init__(
        self, pause: float, *, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._pause, self._clock, self._sleep = pause, clock, sleep
        self._hosts: dict[str, _Host] = {}
        self._lock = threading.Lock()

    @contextmanager
    def turn(self, name: str) -> Iterator[None]:
        """Wait for the host, and hold it."""
        host = self._host(name)
        with host.lock:
            left = host.free_at - self._clock()
            if left > 0:
                self._sleep(left)
            try:
                yield
            finally:
                host.free_at = max(host.free_at, self._clock() + self._pause)

    def leave_alone(self, name: str, seconds: float) -> None:
        """The host asked for it."""
        host = self._host(name)
        host.free_at = max(host.free_at, self._clock() + seconds)

    def seconds_until_free(self, name: str) -> float:
        """How long nobody may ask."""
        return max(self._host(name).free_at - self._clock(), 0.0)

    def _host(self, name: str) -> _Host:
        with self._lock:
            return self._hosts.setdefault(name, _Host())
