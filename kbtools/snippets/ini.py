"""The project's settings of pytest, which hold for its proofs too: which file has them, and what it puts on the path."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

FILES: Final = (
    ("pytest.toml", "pytest"),
    (".pytest.toml", "pytest"),
    ("pytest.ini", "pytest"),
    (".pytest.ini", "pytest"),
    ("pyproject.toml", "tool.pytest"),
    ("tox.ini", "pytest"),
    ("setup.cfg", "tool:pytest"),
)
"""(file, section) in the order in which pytest looks."""
ONLY_ON_THE_COMMAND_LINE: Final = frozenset({"addopts", "testpaths", "cache_dir"})
"""Settings that do not count where kb says what pytest is to do."""


@dataclass(frozen=True, slots=True)
class Settings:
    """`file` is absolute, "" for none; `digest` that of what it sets; `paths` the folders of `pythonpath`."""

    file: str = ""
    digest: str = ""
    paths: tuple[str, ...] = ()


def read_settings(root: Path) -> Settings:
    """The settings in the project's own folder; what is further up is somebody else's."""
    for name, section in FILES:
        file = root / name
        if file.is_file():
            found = _read_toml(file, section) if name.endswith(".toml") else _read_ini(file, section)
            if found is not None or name in ("pytest.ini", ".pytest.ini"):
                return _settings(file, found or {})
    return Settings()


def _settings(file: Path, found: dict[str, Any]) -> Settings:
    kept = {key: value for key, value in found.items() if key not in ONLY_ON_THE_COMMAND_LINE}
    text = json.dumps(kept, sort_keys=True, default=str)
    paths = found.get("pythonpath", ())
    paths = paths.split() if isinstance(paths, str) else [str(path) for path in paths]
    return Settings(str(file), hashlib.sha256(text.encode()).hexdigest(), tuple(paths))


def _read_toml(file: Path, section: str) -> dict[str, Any] | None:
    import tomllib

    try:
        table: Any = tomllib.loads(file.read_bytes().decode("utf-8-sig"))
    except (OSError, ValueError):
        return None
    if section == "tool.pytest":
        table = table.get("tool", {}).get("pytest") if isinstance(table.get("tool", {}), dict) else None
        table = table.get("ini_options", table) if isinstance(table, dict) else None
    else:
        table = table.get(section)
    return table if isinstance(table, dict) else None


def _read_ini(file: Path, section: str) -> dict[str, Any] | None:
    from configparser import Error, RawConfigParser

    parser = RawConfigParser()
    try:
        parser.read_string(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, Error):
        return None
    return dict(parser[section]) if parser.has_section(section) else None
