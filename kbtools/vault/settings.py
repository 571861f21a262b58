"""`.obsidian/` -> what the user's own settings say about the vault: excluded files, the templates folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal, NamedTuple

from kbtools.vault.read import read_source

LinkFormat = Literal["shortest", "relative", "absolute"]


class Templates(NamedTuple):
    """The settings of the Templates plugin: its folder ("" for none), and how `{{date}}` and `{{time}}` are written."""

    folder: str
    date_format: str
    time_format: str


USUAL = ("YYYY-MM-DD", "HH:mm")
"""The formats of one who has set none."""


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


def read_templates(vault: Path) -> Templates:
    """The templates of a vault; where only Templater has a folder, it is that."""
    folder = vault / ".obsidian"
    settings = _read(folder, "templates.json")
    places = (settings.get("folder"), _read(folder, "plugins/templater-obsidian/data.json").get("templates_folder"))
    named = next((place.strip("/ ") for place in places if isinstance(place, str) and place.strip("/ ")), "")
    written = (settings.get(key) for key in ("dateFormat", "timeFormat"))
    formats = (value if isinstance(value, str) and value.strip() else usual for value, usual in zip(written, USUAL, strict=True))
    return Templates(named, *formats)


def read_new_folder(vault: Path, note: str = "") -> str:
    """The folder that Obsidian is set to make new notes in while `note` is open ("" for none); "" for the vault's own."""
    settings = _read(vault / ".obsidian", "app.json")
    folder = settings.get("newFileFolderPath")
    if settings.get("newFileLocation") == "current":
        return note.rpartition("/")[0]
    if settings.get("newFileLocation") != "folder" or not isinstance(folder, str):
        return ""
    return folder.strip("/ ")


def read_link_format(vault: Path) -> LinkFormat:
    """How Obsidian is set to write new links."""
    wish = _read(vault / ".obsidian", "app.json").get("newLinkFormat")
    return "relative" if wish == "relative" else "absolute" if wish == "absolute" else "shortest"


def _read(folder: Path, file: str) -> dict[str, object]:
    """A settings file; {} when it is not there, is no regular file, or holds no JSON object."""
    try:
        value = json.loads(read_source(str(folder), file).text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
