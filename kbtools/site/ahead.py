"""Work that a process of its own does while this one does something else; what it finds out, it leaves where both can read it."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable


class Ahead:
    """One piece of work. Where there is no fork, or other threads run (a fork beside them may stop for ever), nobody does it: who
    needs its result must be ready to find none."""

    def __init__(self, work: Callable[[], object]) -> None:
        self._child = 0
        if hasattr(os, "fork") and threading.active_count() == 1:
            with contextlib.suppress(OSError):
                self._child = _fork(work)

    def wait(self) -> None:
        """Return when the work is done, or nobody does it."""
        child, self._child = self._child, 0
        if child:
            with contextlib.suppress(ChildProcessError):  # where nobody is told of a child's end
                os.waitpid(child, 0)

    def stop(self) -> None:
        """End the work, done or not."""
        if self._child:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._child, signal.SIGKILL)
            self.wait()


def _fork(work: Callable[[], object]) -> int:
    """Start the work; raises OSError where the system has no process to give. An interrupt waits meanwhile: in a process that
    does not yet know that it is a child it would do the parent's work."""
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        child = os.fork()
        if child:
            return child
        try:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            work()
        finally:
            os._exit(0)  # no clean-up of what belongs to the parent
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
