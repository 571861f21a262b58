"""Running kb as a process of its own, as a shell does: with a pipe, a file or a terminal behind its streams."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
KB = (sys.executable, "-m", "kbtools")


def environment(cache: Path, changes: Mapping[str, str | None]) -> dict[str, str]:
    """The environment of a run: this kb wherever it is called from, a cache of its own; None takes a variable away."""
    variables: dict[str, str | None] = {
        **os.environ,
        "PYTHONPATH": str(REPOSITORY),
        "KB_CACHE_DIR": str(cache),
        "NO_COLOR": None,
        "TERM": "xterm",
        **changes,
    }
    return {name: value for name, value in variables.items() if value is not None}


def kb(vault: Path, *arguments: str | bytes, **changes: str | None) -> subprocess.CompletedProcess[bytes]:
    """What `kb` with these arguments prints in the folder `vault`."""
    folder = vault.parent / "cache"
    command = [*KB, *arguments]
    return subprocess.run(command, cwd=vault, env=environment(folder, changes), capture_output=True, timeout=60, check=False)


@contextmanager
def kb_process(vault: Path, *arguments: str, **streams: int) -> Iterator[subprocess.Popen[bytes]]:
    """A run that goes on; it is ended with the block."""
    process = subprocess.Popen([*KB, *arguments], cwd=vault, env=environment(vault.parent / "cache", {}), **streams)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def kb_on_terminal(vault: Path, *arguments: str, patience: float = 60, **changes: str | None) -> tuple[bytes, int]:
    """What a person sees on a terminal, both streams together, and the exit code."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [*KB, *arguments], cwd=vault, env=environment(vault.parent / "cache", changes), stdin=slave, stdout=slave, stderr=slave
    )
    os.close(slave)
    seen, until = b"", time.monotonic() + patience
    while time.monotonic() < until:
        if select.select([master], [], [], 0.1)[0]:
            try:
                seen += os.read(master, 65536)
            except OSError:  # how a terminal says that nobody writes any more
                break
    os.close(master)
    return seen, process.wait(timeout=patience)


def write(vault: Path, files: Mapping[str, str]) -> Path:
    """The vault with these files in it."""
    for name, text in files.items():
        file = vault / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return vault
