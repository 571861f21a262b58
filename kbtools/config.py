"""`[tool.kb]` in pyproject.toml, or kb.toml -> a frozen `Config`; every error names the file, the key and what is allowed.

Where both stand in a folder, kb.toml counts.
"""

from __future__ import annotations

import json
import os
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from kbtools.errors import ConfigError, VaultError
from kbtools.vault.ignore import find_glob_problem

Level = Literal["off", "warning", "error"]
LEVELS = ("off", "warning", "error")
SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,15})?)\s*(KiB|MiB|GiB|KB|MB|GB)?", re.IGNORECASE)
UNITS = {"": 1, "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "kb": 10**3, "mb": 10**6, "gb": 10**9}


@dataclass(frozen=True, slots=True)
class Config:
    """What a project asks for. `root` is where snippets and proofs are counted from; `site` says that a mkdocs.yml is there."""

    vault: Path
    root: Path
    file: Path | None = None
    snippets: str = ""
    proofs: str = ""
    timeout: float = 60.0
    memory: int = 4 << 30
    max_note: int = 10 << 20
    ignore: tuple[str, ...] = ()
    aliases_resolve: bool = False
    site: bool = False
    rules: Mapping[str, Level] = field(default_factory=dict)

    @property
    def prefix(self) -> str:
        """The vault's path from the project's root, with a slash at its end ("" when they are the same)."""
        relative = self.vault.relative_to(self.root).as_posix() if self.vault.is_relative_to(self.root) else ""
        return "" if relative in ("", ".") else relative + "/"

    @property
    def top(self) -> Path:
        """The folder that holds all of the project: the vault's own where it lies outside of the root."""
        return self.root if self.vault.is_relative_to(self.root) else self.vault

    @property
    def code_folders(self) -> tuple[str, ...]:
        """The folders of snippets and proofs, from the project's root; none where no snippets are configured."""
        return tuple(folder for folder in (self.snippets, self.proofs) if folder) if self.snippets else ()


def find_config(vault: str | None, start: Path) -> Config:
    """The configuration for the vault named on the command line, or for the one around `start`.

    Raises VaultError where there is no vault, ConfigError where the configuration is wrong.
    """
    if vault is not None:
        return _config_for(_existing_folder(Path(start, os.path.expanduser(vault)), vault))
    for folder in (start, *start.parents):
        config = _config_in(folder)
        if config is not None:
            return config
        if os.path.isdir(folder / ".obsidian"):
            return _config_for(folder.resolve())
    raise VaultError(f"no vault around '{start}'", "name one with --vault DIR, or kb check DIR")


def _existing_folder(path: Path, written: str) -> Path:
    if not os.path.lexists(path):
        raise VaultError(f"no folder '{written}'", "name an existing folder of notes")
    if not os.path.isdir(path):
        raise VaultError(f"'{written}' is no folder", "name the vault's folder")
    return path.resolve()


def _config_for(vault: Path) -> Config:
    """The vault's configuration: in it, or in a folder above whose configuration names it; else the defaults."""
    for folder in (vault, *vault.parents):
        config = _config_in(folder)
        if config is not None and (folder == vault or config.vault == vault):
            return config
    return Config(vault=vault, root=vault)


def _config_in(folder: Path) -> Config | None:
    file = folder / "kb.toml"
    if os.path.isfile(file):
        return parse_config(_parse_toml(_read_bytes(file), file), file)
    file = folder / "pyproject.toml"
    if os.path.isfile(file):
        data = _read_bytes(file)
        tools = _parse_toml(data, file).get("tool") if b"kb" in data else None  # one that is not ours may be broken
        if isinstance(tools, dict) and "kb" in tools:
            return parse_config(tools["kb"], file)
    return None


def _read_bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror or error}", "make it readable") from error


def _parse_toml(data: bytes, file: Path) -> dict[str, object]:
    import tomllib

    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:  # ValueError: no TOML, no UTF-8, or a number nobody could mean
        raise ConfigError(f"{file}: {error}", "mend the file") from error


def parse_config_text(text: str | bytes, *, site: bool = False) -> Config:
    """The Config of a kb.toml that is no file: of a vault given as texts."""
    file = Path("kb.toml")
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    return parse_config(_parse_toml(data, file), file, site=site)


def parse_config(table: object, file: Path, *, site: bool | None = None) -> Config:
    """The Config of a [tool.kb] table (or of a whole kb.toml, where a [tool.kb] table is accepted too).

    `site` says whether a mkdocs.yml stands beside the file; None: look, and see that the vault's folder exists.
    """
    if not isinstance(table, dict):
        raise ConfigError(f"{file}: tool.kb = {_shown(table)}", "tool.kb is a table: [tool.kb]")
    if list(table) == ["tool"] and isinstance(table["tool"], dict) and isinstance(table["tool"].get("kb"), dict):
        table = table["tool"]["kb"]
    assert isinstance(table, dict)
    reader = _Reader(file, table)
    root = file.parent.resolve()
    written = reader.text("vault", ".")
    vault = root / os.path.expanduser(written)
    if site is None and not os.path.isdir(vault):
        raise ConfigError(f"{file}: vault = {_shown(written)} is no folder", "name the folder of your notes")
    config = Config(
        vault=vault.resolve(),
        root=root,
        file=file,
        snippets=reader.folder("snippets"),
        proofs=reader.folder("proofs"),
        timeout=reader.number("timeout", 60.0),
        memory=reader.size("memory", 4 << 30),
        max_note=reader.size("max-note", 10 << 20),
        ignore=reader.globs("ignore"),
        aliases_resolve=reader.boolean("aliases-resolve"),
        site=os.path.isfile(root / "mkdocs.yml") if site is None else site,
        rules=reader.levels("rules"),
    )
    reader.refuse_unknown()
    return config


def _shown(value: object) -> str:
    """A value as TOML writes it."""
    if isinstance(value, str):
        return f"'{value}'"
    if isinstance(value, bool | int | float | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return "a table" if isinstance(value, dict) else str(value)


class _Reader:
    """Reads typed values from a table and remembers which keys it was asked for."""

    def __init__(self, file: Path, table: dict[str, object]) -> None:
        self.file = file
        self.table = table
        self.asked: list[str] = []

    def _value(self, key: str) -> object:
        self.asked.append(key)
        return self.table.get(key)

    def _wrong(self, key: str, allowed: str) -> ConfigError:
        return ConfigError(f"{self.file}: {key} = {_shown(self.table[key])}", f"{key} takes {allowed}")

    def text(self, key: str, default: str) -> str:
        value = self._value(key)
        if value is None:
            return default
        if not isinstance(value, str):
            raise self._wrong(key, "a text")
        return value

    def folder(self, key: str) -> str:
        """A folder of the project, from its root; "" when none is named."""
        written = self.text(key, "").replace("\\", "/")
        folder = posixpath.normpath(written) if written else ""
        if folder.startswith(("/", "~")) or folder.split("/")[0] in (".", "..") or ":" in folder.split("/")[0]:
            raise self._wrong(key, "a folder inside the project")
        return folder

    def globs(self, key: str) -> tuple[str, ...]:
        value = self._value(key)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self._wrong(key, "a list of names and paths such as 'templates/**'")
        for item in value:
            problem = find_glob_problem(item)
            if problem:
                raise ConfigError(f"{self.file}: {key} holds {_shown(item)}", problem)
        return tuple(value)

    def number(self, key: str, default: float) -> float:
        value = self._value(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e9:
            raise self._wrong(key, "a positive number")
        return float(value)

    def size(self, key: str, default: int) -> int:
        value = self._value(key)
        if value is None:
            return default
        size = value if isinstance(value, int) and not isinstance(value, bool) else 0
        match = SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
        if match is not None:
            size = int(float(match[1]) * UNITS[(match[2] or "").lower()])
        if not 0 < size < 1 << 62:
            raise self._wrong(key, "a size such as '4 GiB' or '10 MB', or a number of bytes")
        return size

    def boolean(self, key: str) -> bool:
        value = self._value(key)
        if value is None:
            return False
        if not isinstance(value, bool):
            raise self._wrong(key, "true or false")
        return value

    def levels(self, key: str) -> dict[str, Level]:
        value = self._value(key)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise self._wrong(key, "a table of rules")
        for rule, level in value.items():
            if level not in LEVELS:
                raise ConfigError(f"{self.file}: rules.{rule} = {_shown(level)}", "a rule is 'off', 'warning' or 'error'")
        return value

    def refuse_unknown(self) -> None:
        for key in self.table:
            if key not in self.asked:
                raise ConfigError(f"{self.file}: unknown key '{key}'", self._known_near(key))

    def _known_near(self, key: str) -> str:
        from difflib import get_close_matches

        near = get_close_matches(key.replace("_", "-").lower(), self.asked, n=1)
        return f"did you mean '{near[0]}'?" if near else f"known keys: {', '.join(sorted(self.asked))}"
