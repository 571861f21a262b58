"""What servers said, remembered in kb's cache folder: a living address for a week, anything else for an hour, and as long as a
server asked to be left alone."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kbtools.model import Answer
from kbtools.vault.cache import open_own, replace_file

VERSION: Final = 1
NAME: Final = "web.json"
ALIVE: Final = 7 * 86_400.0
OTHER: Final = 3_600.0
FORGET: Final = 30 * 86_400.0
"""An address that no note has named for so long is dropped."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An answer, and until when (seconds since 1970) nobody needs to ask again."""

    answer: Answer
    until: float


def entry_of(answer: Answer, *, wait: float = 0.0, now: float | None = None) -> Entry:
    """An answer that was given just now."""
    now = time.time() if now is None else now
    return Entry(answer, now + max(ALIVE if answer.kind == "alive" else OTHER, min(wait, ALIVE)))


def read_memory(folder: Path) -> dict[str, Entry]:
    """What is remembered; nothing where the file is damaged, foreign, or somebody else's."""
    try:
        with open_own(folder / NAME) as file:
            data = json.loads(file.read())
        if data["version"] != VERSION:
            return {}
        return {
            str(url): Entry(Answer(kind, str(detail), str(moved)), float(until))
            for url, (kind, detail, moved, until) in data["answers"].items()
            if kind in ("alive", "dead", "unknown")
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def write_memory(folder: Path, entries: Mapping[str, Entry]) -> None:
    """Remember all of it. A folder that cannot be written is no error."""
    oldest = time.time() - FORGET
    kept = {
        url: [entry.answer.kind, entry.answer.detail, entry.answer.moved, entry.until]
        for url, entry in sorted(entries.items())
        if entry.until > oldest
    }
    text = json.dumps({"version": VERSION, "answers": kept}, ensure_ascii=True, indent=0)
    with contextlib.suppress(OSError):
        replace_file(folder / NAME, (text.encode("ascii"),))
