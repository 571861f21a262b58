"""A command run again whenever what it reads has changed, until Ctrl-C. Changes are seen by the stamps of files."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kbtools.cli.progress import is_terminal
from kbtools.errors import KbError
from kbtools.report.escapes import plain

if TYPE_CHECKING:
    from kbtools.config import Config

EVERY: Final = 0.3
SETTLE: Final = 0.1
SHARE: Final = 10
"""A large vault is looked at less often: looking takes at most one part in ten of the time."""
CLEAR: Final = "\033[H\033[2J\033[3J"


def watch(run: Callable[[], int], look: Callable[[], object]) -> int:
    """Run, and run anew when `look` sees something else than before; the exit code is the last one. A request that is wrong
    for now (a half-written configuration) is said and waited out."""
    code = 2
    try:
        while True:
            seen = look()
            code = _run_once(run)
            print("watching: Ctrl-C ends", file=sys.stderr)
            _wait(look, seen)
    except KeyboardInterrupt:
        sys.stdout.write("\n")
        return code


def _run_once(run: Callable[[], int]) -> int:
    if is_terminal(sys.stdout):
        sys.stdout.write(CLEAR)
    try:
        code = run()
    except KbError as error:
        print(f"kb: {plain(str(error))}", file=sys.stderr)
        code = 2
    sys.stdout.flush()
    gc.collect()  # a single run has no need of it, one that lasts has
    return code


def _wait(look: Callable[[], object], seen: object) -> None:
    """Until something changed, and then until nothing changes any more."""
    while True:
        started = time.monotonic()
        now = look()
        took = time.monotonic() - started
        if now != seen:
            break
        time.sleep(max(EVERY, SHARE * took))
    while True:
        time.sleep(SETTLE)
        after = look()
        if after == now:
            return
        now = after


def look_at(config: Config, files: Iterable[Path] = ()) -> object:
    """The stamps of everything a check reads: the vault, the snippets and proofs, the configuration, and other `files`."""
    from kbtools.snippets.read import list_code, stamp_of
    from kbtools.vault.walk import list_files

    around = [*files, config.vault / ".obsidian" / "app.json", config.root / "kb.toml", config.root / "pyproject.toml"]
    return list_files(str(config.vault)), list_code(config.root, config.code_folders), [stamp_of(file) for file in around]
