"""What the pytest plugin tells `run.py`: one JSON object a line, written as it happens, so that a crash leaves what came before.

Events: collect, collected (a file); start, result (a test; `when` is setup, call or teardown); forked.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Final

from kbtools.snippets.alone import Failure

SHOWN_LINES: Final = 30
NO_MEMORY: Final = ("can't allocate memory", "out of memory", "not enough memory")


class DoesNotRunError(Exception):
    """A snippet did not run alone."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(f"{failure.reason}: {failure.detail}")
        self.failure = failure


class Journal:
    """Appends lines to a file; to none when there is no path. Paths are written relative to `root`."""

    def __init__(self, path: str, root: Path) -> None:
        self.root = root
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644) if path else -1

    def write(self, event: str, *, path: Path | None = None, **facts: Any) -> None:
        """One line; a single write, so that two processes never share one."""
        if self._file < 0:
            return
        if path is not None:
            facts["path"] = self._relative(path)
        if "frames" in facts:
            frames = ((self._relative(Path(file)), line) for file, line in facts["frames"])
            facts["frames"] = [frame for frame in frames if frame[0] is not None and "site-packages" not in frame[0]]
        line = json.dumps({"event": event, "pid": os.getpid(), **facts}, ensure_ascii=True)
        os.write(self._file, line.encode() + b"\n")

    def _relative(self, path: Path) -> str | None:
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else None

    def leave_fork(self, nodeid: str) -> None:
        """End a child process that came back out of a test: it must not go on with the tests of its parent."""
        self.write("forked", nodeid=nodeid)
        os.write(2, f"{nodeid}: a forked process came back from the test and was ended\n".encode())
        os._exit(70)


def describe_result(report: Any, error: BaseException | None) -> dict[str, Any]:
    """A pytest TestReport as plain values."""
    facts: dict[str, Any] = {"when": report.when, "outcome": report.outcome, "seconds": report.duration}
    if report.outcome == "skipped":
        text = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
        facts["outcome"] = "passed" if hasattr(report, "wasxfail") else "skipped"
        facts["detail"] = text.removeprefix("Skipped: ")
    if report.outcome == "failed":
        facts |= {"reason": reason_of(error), "detail": _tail(report.longreprtext), "frames": _frames(error)}
    return facts


def describe_collection(report: Any) -> dict[str, Any]:
    """A pytest CollectReport as plain values; the number of tests is not in it (they come one by one)."""
    if report.outcome != "failed":
        return {"outcome": report.outcome, "count": len(report.result)}
    text = report.longrepr if isinstance(report.longrepr, str) else report.longreprtext
    reason = "exit" if text.startswith("the file exits") else "error"
    return {"outcome": "failed", "reason": reason, "detail": _tail(text)}


def reason_of(error: BaseException | None) -> str:
    """One word for what went wrong: assertion, error, timeout, memory, exit, crash."""
    if isinstance(error, DoesNotRunError):
        return error.failure.reason
    text = str(error)
    if isinstance(error, SystemExit):
        return "exit"
    if isinstance(error, MemoryError) or any(words in text for words in NO_MEMORY):
        return "memory"
    if text.startswith("Timeout (>"):
        return "timeout"
    if isinstance(error, AssertionError) or type(error).__name__ == "Failed":
        return "assertion"
    return "error"


def _tail(text: str) -> str:
    return "\n".join(text.rstrip().splitlines()[-SHOWN_LINES:])


def _frames(error: BaseException | None) -> list[tuple[str, int]]:
    """(file, line) from the outermost frame to where it was raised."""
    if isinstance(error, DoesNotRunError):
        return []
    frames = []
    step = error.__traceback__ if error is not None else None
    while step is not None:
        frames.append((step.tb_frame.f_code.co_filename, step.tb_lineno))
        step = step.tb_next
    return frames
