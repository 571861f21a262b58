"""`.obsidian/` -> what the user's own settings say about the vault: excluded files, the templates folder."""

from __future__ import annotations

import json
from pathlib import Path


def read_ignored(vault: Path) -> tuple[str, ...]:
    """Globs of what Obsidian's settings keep out: excluded files and the templates folder. Unreadable settings count
    as none, as they do in Obsidian."""
    folder = vault / ".obsidian"
    if not folder.is_dir():
        return ()
    patterns: list[str] = []
    filters = _read(folder / "app.json").get("userIgnoreFilters")
    if isinstance(filters, list):
        patterns += [item for item in filters if isinstance(item, str)]
    for file, key in (("templates.json", "folder"), ("plugins/templater-obsidian/data.json", "templates_folder")):
        templates = _read(folder / file).get(key)
        if isinstance(templates, str) and templates.strip("/ "):
            patterns.append(templates.strip("/ ") + "/**")
    return tuple(patterns)


def _read(file: Path) -> dict[str, object]:
    try:
        value = json.loads(file.read_bytes().decode("utf-8-sig"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
