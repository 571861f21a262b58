"""`.obsidian/` -> what the user's own settings say about the vault: excluded files, the templates folder."""

from __future__ import annotations

import json
from pathlib import Path

from kbtools.vault.read import read_source


def read_filters(vault: Path) -> tuple[str, ...]:
    """What Obsidian's settings keep out, in the way its setting "Excluded files" is written (`vault.ignore` reads it): that
    setting, and the folders of the Templates and Templater plugins. Unreadable settings count as none, as in Obsidian."""
    folder = vault / ".obsidian"
    filters: list[str] = []
    excluded = _read(folder, "app.json").get("userIgnoreFilters")
    if isinstance(excluded, list):
        filters += [item for item in excluded if isinstance(item, str)]
    for file, key in (("templates.json", "folder"), ("plugins/templater-obsidian/data.json", "templates_folder")):
        templates = _read(folder, file).get(key)
        if isinstance(templates, str) and templates.strip("/ "):
            filters.append(templates.strip("/ ") + "/")
    return tuple(filters)


def _read(folder: Path, file: str) -> dict[str, object]:
    """A settings file; {} when it is not there, is no regular file, or holds no JSON object."""
    try:
        value = json.loads(read_source(str(folder), file).text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
