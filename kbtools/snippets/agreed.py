"""What is remembered between runs: for each block, the digest of its code when it was last seen equal to its snippet.

Losing the file costs nothing but knowledge: which side changed is then unknown, and is asked.
"""

from __future__ import annotations

import json
from pathlib import Path

from kbtools.atomic import replace
from kbtools.snippets.moved import Agreed

VERSION = 1


def read_agreed(file: Path) -> Agreed:
    """What the file remembers; nothing when it is not there, or is no such file."""
    try:
        found = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(found, dict) or found.get("version") != VERSION or not isinstance(found.get("agreed"), list):
        return {}
    rows = [row for row in found["agreed"] if isinstance(row, list) and len(row) == 3 and all(isinstance(x, str) for x in row)]
    return {(note, title): digest for note, title, digest in rows}


def write_agreed(file: Path, agreed: Agreed) -> None:
    """Remember. Raises OSError."""
    rows = [[note, title, digest] for (note, title), digest in sorted(agreed.items())]
    replace(file, json.dumps({"version": VERSION, "agreed": rows}, indent=0).encode() + b"\n")
