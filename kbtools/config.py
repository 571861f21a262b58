"""`[tool.kb]` in pyproject.toml, or kb.toml -> a frozen `Config`; every error names the file, the key and what is allowed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from kbtools.errors import ConfigError, VaultError

Level = Literal["off", "warning", "error"]
LEVELS = ("off", "warning", "error")
SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(KiB|MiB|GiB|KB|MB|GB)?$", re.IGNORECASE)
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


def find_config(vault: str | None, start: Path) -> Config:
    """The configuration for the vault named on the command line, or for the one around `start`.

    Raises VaultError where there is no vault, ConfigError where the configuration is wrong.
    """
    if vault is not None:
        return _config_for(_existing_folder(Path(start, vault), vault))
    for folder in (start, *start.parents):
        config = _config_in(folder)
        if config is not None:
            return config
        if (folder / ".obsidian").is_dir():
            return _config_for(folder)
    raise VaultError(f"no vault around '{start}'", "name one: kb check PATH, or write a kb.toml")


def _existing_folder(path: Path, written: str) -> Path:
    if not path.exists():
        raise VaultError(f"no folder '{written}'", "name an existing folder of notes")
    if not path.is_dir():
        raise VaultError(f"'{written}' is a file", "name the vault's folder")
    return path.resolve()


def _config_for(vault: Path) -> Config:
    """The vault's configuration: in it, or in a folder above whose configuration names it; else the defaults."""
    for folder in (vault, *vault.parents):
        config = _config_in(folder)
        if config is not None and config.vault == vault:
            return config
        if config is not None and folder == vault:
            return config
    return Config(vault=vault, root=vault)


def _config_in(folder: Path) -> Config | None:
    file = folder / "kb.toml"
    if file.is_file():
        return parse_config(_read_toml(file), file)
    file = folder / "pyproject.toml"
    if file.is_file():
        table = _read_toml(file).get("tool", {})
        if isinstance(table, dict) and "kb" in table:
            return parse_config(table["kb"], file)
    return None


def _read_toml(file: Path) -> dict[str, object]:
    import tomllib

    try:
        return tomllib.loads(file.read_bytes().decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: {error}", "mend the file") from error


def parse_config_text(text: str | bytes, *, site: bool = False) -> Config:
    """The Config of a kb.toml that is no file: of a vault given as texts."""
    import tomllib

    file = Path("kb.toml")
    try:
        table = tomllib.loads(text if isinstance(text, str) else text.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: {error}", "mend the file") from error
    return parse_config(table, file, site=site)


def parse_config(table: object, file: Path, *, site: bool | None = None) -> Config:
    """The Config of a [tool.kb] table (or of a whole kb.toml, where a [tool.kb] table is accepted too).

    `site` says whether a mkdocs.yml stands beside the file; None: look, and see that the vault's folder exists.
    """
    if not isinstance(table, dict):
        raise ConfigError(f"{file}: [tool.kb] is no table")
    if "tool" in table and isinstance(table["tool"], dict) and isinstance(table["tool"].get("kb"), dict):
        table = table["tool"]["kb"]
    assert isinstance(table, dict)
    reader = _Reader(file, table)
    root = file.parent.resolve()
    vault = root / reader.text("vault", ".")
    if site is None and not vault.is_dir():
        raise ConfigError(f"{file}: vault = '{reader.text('vault', '.')}' is no folder", "name the folder of your notes")
    config = Config(
        vault=vault.resolve(),
        root=root,
        file=file,
        snippets=reader.folder("snippets"),
        proofs=reader.folder("proofs"),
        timeout=reader.number("timeout", 60.0),
        memory=reader.size("memory", 4 << 30),
        max_note=reader.size("max-note", 10 << 20),
        ignore=reader.texts("ignore"),
        aliases_resolve=reader.boolean("aliases-resolve"),
        site=(root / "mkdocs.yml").is_file() if site is None else site,
        rules=reader.levels("rules"),
    )
    reader.refuse_unknown()
    return config


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
        return ConfigError(f"{self.file}: {key} = {self.table[key]!r}", f"{key} takes {allowed}")

    def text(self, key: str, default: str) -> str:
        value = self._value(key)
        if value is None:
            return default
        if not isinstance(value, str):
            raise self._wrong(key, "a text")
        return value

    def folder(self, key: str) -> str:
        value = self.text(key, "").replace("\\", "/").strip("/")
        if value.startswith("..") or "/../" in value:
            raise self._wrong(key, "a folder inside the project")
        return value.removeprefix("./")

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._value(key)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self._wrong(key, "a list of texts")
        return tuple(value)

    def number(self, key: str, default: float) -> float:
        value = self._value(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
            raise self._wrong(key, "a positive number")
        return float(value)

    def size(self, key: str, default: int) -> int:
        value = self._value(key)
        if value is None:
            return default
        match = SIZE.match(value) if isinstance(value, str) else None
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return value
        if match is None:
            raise self._wrong(key, "a size such as '4 GiB'")
        return int(float(match[1]) * UNITS[(match[2] or "").lower()])

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
                raise ConfigError(f"{self.file}: rules.{rule} = {level!r}", "a rule is off, warning or error")
        return value

    def refuse_unknown(self) -> None:
        for key in self.table:
            if key not in self.asked:
                raise ConfigError(f"{self.file}: unknown key '{key}'", f"known keys: {', '.join(sorted(self.asked))}")
