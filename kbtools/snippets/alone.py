"""One snippet, run as a file: fresh interpreter, empty folder, no network, no GPU, bounded time."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PRELUDE: Final = Path(__file__).with_name("prelude.py")
KEPT: Final = ("HOME", "PATH", "LANG", "LC_ALL", "SYSTEMROOT", "TMPDIR", "TEMP", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
FRAME: Final = re.compile(r'^ +File "(?P<file>[^"]+)", line (?P<line>\d+)', re.MULTILINE)
SHOWN_LINES: Final = 30


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a file did not run: `reason` is one of error, exit, crash, timeout, memory; `line` is one of the file's, or 0."""

    reason: str
    detail: str
    line: int = 0


def run_alone(file: Path, root: Path, timeout: float) -> Failure | None:
    """Run `file` as `__main__` with `root` importable; None when it ended well. Whatever it started is ended with it."""
    with tempfile.TemporaryDirectory(prefix="kb-runs-", ignore_cleanup_errors=True) as folder:
        process = subprocess.Popen(
            [sys.executable, "-P", "-B", "-X", "utf8", str(PRELUDE), str(root), str(file)],
            cwd=folder,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=(errors := tempfile.TemporaryFile()),  # noqa: SIM115 - closed with the block below
            start_new_session=True,
        )
        with errors:
            try:
                process.wait(timeout)
            except subprocess.TimeoutExpired:
                return Failure("timeout", f"still running after {timeout:g} s")
            finally:
                _end_group(process)
            errors.seek(max(0, errors.seek(0, os.SEEK_END) - 20_000))
            return _judge(process.returncode, errors.read().decode("utf-8", "replace"), file)


def environment() -> dict[str, str]:
    """What a snippet that runs alone finds in its environment: nothing that steers Python, and no GPU."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {**kept, "CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "MPLBACKEND": "Agg"}


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """End what is left of the process and its children; they are a session of their own."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()


def _judge(status: int, errors: str, file: Path) -> Failure | None:
    if status == 0:
        return None
    lines = [int(frame["line"]) for frame in FRAME.finditer(errors) if frame["file"] == str(file)]
    line = lines[-1] if lines else 0
    tail = "\n".join(errors.rstrip().splitlines()[-SHOWN_LINES:])
    last = tail.rsplit("\n", 1)[-1]
    if status < 0:
        return Failure("crash", f"ended by signal {-status} ({_signal_name(-status)})\n{tail}".rstrip(), line)
    if "Traceback" not in errors and "Error" not in last:
        return Failure("exit", f"the file exits with status {status}\n{tail}".rstrip(), line)
    reason = "memory" if last.startswith("MemoryError") else "error"
    return Failure(reason, tail, line)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "unknown"
