"""Vaults in memory with a cursor in one note: `¦` marks where it stands, and is no part of the text."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from kbtools import app
from kbtools.config import Config
from kbtools.vault.snapshot import Snapshot

CURSOR = "¦"
PROJECT = Config(vault=Path("/p/notes"), root=Path("/p"), snippets="snippets", proofs="tests/snippets")


def look(files: Mapping[str, str], config: Config | None = None) -> tuple[Snapshot, str, int]:
    """The vault, the note that holds the cursor, and where in it the cursor is."""
    [path] = [path for path, text in files.items() if CURSOR in text]
    texts = {path: text.replace(CURSOR, "") for path, text in files.items()}
    snapshot: Snapshot = app.snapshot_of(texts, config)
    return snapshot, path.removeprefix(config.prefix if config else ""), files[path].index(CURSOR)
