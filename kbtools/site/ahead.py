"""Work that another process does while this one does something else; what it finds out, it leaves where both can read it.

The other process is a new one, not a fork: beside what it needs, a fork would come to hold all that this one writes anew.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys


class Ahead:
    """`python -m module arguments`. Where it cannot be started, or fails, nothing is done: who needs its result must be ready to
    find none."""

    def __init__(self, module: str, *arguments: str) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        with contextlib.suppress(OSError, ValueError):
            self._child = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # an interrupt is for this process, which stops the other one
            )

    def wait(self) -> None:
        """Return when the work is done, or nobody does it."""
        if self._child is not None:
            self._child.wait()

    def stop(self) -> None:
        """End the work, done or not."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()
