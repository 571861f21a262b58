"""URIs of an editor <-> paths on this machine."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final
from urllib.parse import unquote_to_bytes, urlsplit

DRIVE: Final = re.compile(r"/[A-Za-z]:")


def path_of(uri: str) -> Path | None:
    """The absolute path a `file:` URI names; None for any other (an unsaved text without a name, a virtual file)."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return None
    if parts.scheme != "file" or parts.query or parts.fragment:
        return None
    path = os.fsdecode(unquote_to_bytes(parts.path))
    if not path.startswith("/") or "\0" in path:
        return None
    if os.name == "nt" and DRIVE.match(path):
        path = path[1:]
    return Path(os.path.abspath(path))


def uri_of(path: Path) -> str:
    """The URI of an absolute path."""
    return path.as_uri()


def below(folder: Path, path: Path) -> str | None:
    """A path from a folder that it lies in, links on the way followed; None when it does not."""
    for candidate in (path, Path(os.path.realpath(path.parent)) / path.name):
        if candidate.is_relative_to(folder) and candidate != folder:
            return candidate.relative_to(folder).as_posix()
    return None
