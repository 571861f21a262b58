"""What a process that proves tells the one that judges: one JSON object a line, written as it happens, so that a crash leaves
what came before.

Events: collect, collected (a file); start, result (a test; `when` is setup, call or teardown); finished (the program has
come to its end), gone (its exit handlers too); forked; gpu, no_gpu.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Sequence
from json import dumps, loads
from pathlib import Path
from typing import Any, Final

from kbtools.snippets.alone import Failure

SHOWN_LINES: Final = 30
SHOWN_WIDTH: Final = 400
NO_MEMORY: Final = ("can't allocate memory", "out of memory", "not enough memory", "Unable to allocate", "std::bad_alloc")
MODE: Final = os.O_WRONLY | os.O_APPEND | os.O_CREAT

Event = dict[str, Any]
Frame = tuple[str, int]


class DoesNotRunError(Exception):
    """A snippet did not run alone."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(f"{failure.reason}: {failure.detail}")
        self.failure = failure


class Journal:
    """Appends lines to a file; to none when there is no path. Paths are written relative to `root`.

    The file is opened for each line: a test may close every descriptor there is. Only the process that made the journal
    writes to it: one forked from it that comes here has come back out of somebody's code, and ends.
    """

    def __init__(self, path: str, root: Path) -> None:
        self.path = path
        self.root = root
        self._owner = os.getpid()

    def write(self, event: str, *, path: Path | None = None, **facts: Any) -> None:
        """One line; a single write, so that two processes never share one."""
        if not self.path:
            return
        if os.getpid() != self._owner:
            self.leave_fork(str(facts.get("nodeid", path or "")))
        if path is not None:
            facts["path"] = self._relative(str(path))
        if "frames" in facts:
            facts["frames"] = [(name, line) for file, line in facts["frames"] if (name := self._relative(file))]
        self._append({"event": event, **facts})

    def _append(self, event: Event) -> None:
        if self.path:
            file = os.open(self.path, MODE, 0o644)
            os.write(file, dumps(event, ensure_ascii=True).encode() + b"\n")
            os.close(file)

    def _relative(self, file: str) -> str | None:
        """The project path of a file of the project; None for any other."""
        path = Path(file)
        if not path.is_relative_to(self.root) or "site-packages" in path.parts:
            return None
        return path.relative_to(self.root).as_posix()

    def leave_fork(self, where: str) -> None:
        """End a child process that came back out of a test: it must not go on with the tests of its parent."""
        self._append({"event": "forked", "nodeid": where})
        os.write(2, f"{where}: a forked process came back from the test and was ended\n".encode())
        os._exit(70)


def read_journal(path: str) -> list[Event]:
    """The events of a journal that is there, as far as they are whole."""
    events: list[Event] = []
    try:
        lines = Path(path).read_bytes().splitlines()
    except OSError:
        return events
    for line in lines:
        try:
            event = loads(line)
        except ValueError:
            continue
        if isinstance(event, dict) and isinstance(event.get("event"), str):
            events.append(event)
    return events


def describe_result(report: Any, error: BaseException | None) -> Event:
    """A pytest TestReport as plain values."""
    facts: Event = {"when": report.when, "outcome": report.outcome, "seconds": report.duration}
    if hasattr(report, "wasxfail"):
        facts["outcome"] = "xpassed" if report.outcome == "passed" else "xfailed"
    elif report.outcome == "skipped":
        text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        facts["detail"] = text.removeprefix("Skipped: ")
    if report.outcome == "failed":
        text = report.longreprtext
        reason, cause = (reason_of(error), cause_of(error)) if error is not None else ("assertion", text.strip()[:SHOWN_WIDTH])
        facts |= {"reason": reason, "cause": cause, "detail": last_lines(text), "frames": frames_of(error)}
    return facts


def describe_collection(report: Any, error: BaseException | None) -> Event:
    """A pytest CollectReport as plain values."""
    if report.outcome == "skipped":
        text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        return {"outcome": "skipped", "detail": text.removeprefix("Skipped: ")}
    if report.outcome != "failed":
        return {"outcome": report.outcome}
    error = (error.__cause__ or error) if error is not None else None  # pytest wraps what an import raised
    text = report.longrepr if isinstance(report.longrepr, str) else report.longreprtext
    facts = {"outcome": "failed", "reason": reason_of(error), "cause": cause_of(error), "detail": last_lines(text)}
    return {**facts, "frames": frames_of(error)}


def describe_error(error: BaseException, file: str) -> Event:
    """What ended a program, seen from its own `file` on, where it was ever there."""
    step = error.__traceback__
    while step is not None and step.tb_frame.f_code.co_filename != file:
        step = step.tb_next
    step = step or error.__traceback__
    text = "".join(traceback.format_exception(type(error), error, step))
    return {"reason": reason_of(error), "cause": cause_of(error), "detail": last_lines(text), "frames": frames_of(error)}


def reason_of(error: BaseException | None) -> str:
    """One word for what went wrong: assertion, error, timeout, memory, exit, crash."""
    if isinstance(error, DoesNotRunError):
        return error.failure.reason
    if error is not None and type(error).__name__ == "PytestUnhandledThreadExceptionWarning" and error.__cause__:
        error = error.__cause__  # what a thread died of
    text = str(error)
    if isinstance(error, SystemExit | KeyboardInterrupt) or type(error).__name__ == "Exit":
        return "exit"
    if isinstance(error, MemoryError) or any(words in text for words in NO_MEMORY):
        return "memory"
    if text.startswith("Timeout (>"):
        return "timeout"
    if isinstance(error, AssertionError) or type(error).__name__ == "Failed":
        return "assertion"
    return "error"


def cause_of(error: BaseException | None) -> str:
    """The error in one line."""
    if error is None:
        return ""
    if isinstance(error, SystemExit):
        return f"it exits with {error.code!r}" if isinstance(error.code, str) else f"it exits with status {error.code or 0}"
    first = next((line.strip()[:SHOWN_WIDTH] for line in str(error).splitlines() if line.strip()), "")
    name = type(error).__name__
    return first if name in ("Failed", "DoesNotRunError") else f"{name}: {first}" if first else name


def frames_of(error: BaseException | None) -> Sequence[Frame]:
    """(file, line) from the outermost frame to where it was raised; of a text that does not parse, its line last."""
    frames: list[Frame] = []
    if isinstance(error, DoesNotRunError):
        return frames
    step = error.__traceback__ if error is not None else None
    while step is not None:
        frames.append((step.tb_frame.f_code.co_filename, step.tb_lineno))
        step = step.tb_next
    if isinstance(error, SyntaxError) and error.filename:
        frames.append((error.filename, error.lineno or 0))
    return frames


def last_lines(text: str) -> str:
    """The end of what was printed, no line of it endless."""
    return "\n".join(line[:SHOWN_WIDTH] for line in text.rstrip().splitlines()[-SHOWN_LINES:])
