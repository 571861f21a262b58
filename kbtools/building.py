"""A project -> its site: the book with its evidence, and MkDocs run on it in this process. Executes no code of the vault."""

from __future__ import annotations

import logging
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from kbtools import app, proving
from kbtools.config import Config
from kbtools.errors import KbError
from kbtools.site.binding import Wish, bind
from kbtools.site.book import Book, Proof
from kbtools.site.sections import Places, find_places

if TYPE_CHECKING:
    from kbtools.vault.snapshot import Snapshot

SETTINGS: Final = "mkdocs.yml"
SHOWN_VERSIONS: Final = ("python", "torch", "numpy")
DEVICES: Final = {"cpu": "cpu", "cuda": "cuda"}


@dataclass(frozen=True, slots=True)
class Bound:
    """A vault as it is now, and its book."""

    snapshot: Snapshot
    book: Book

    def places(self) -> Mapping[str, Places]:
        """The places in every note, to tell what the graph's edges mean on the site."""
        return {path: find_places(self.snapshot.notes[path]) for path in self.snapshot.notes}


def bind_project(config: Config, name: str, *, folders: bool = True, source_url: str = "") -> Bound:
    """Read the vault and bind it."""
    snapshot = app.scan(app.Project(config))
    return Bound(
        snapshot, bind(snapshot, Wish(name, folders=folders, source_url=source_url, evidence=read_evidence(config, snapshot)))
    )


def read_evidence(config: Config, snapshot: Snapshot) -> dict[str, tuple[Proof, ...]]:
    """What is known of each snippet's proofs; nothing is run."""
    if not snapshot.snippets:
        return {}
    return {
        path: tuple(
            Proof(
                record.device,
                "proven" if state == "current" else "stale",
                record.name,
                {name: version for name, version in record.versions if name.lower() in SHOWN_VERSIONS},
                record.date,
            )
            for record, state in found
        )
        for path, found in proving.list_evidence(config, snapshot.snippets).items()
    }


def build(config: Config, site: Path | None, *, strict: bool = False) -> Path:
    """Build the site of a project and say where it is. Raises KbError where MkDocs is not installed, or says no."""
    mkdocs = _load()
    with _settings(config) as file:
        options: dict[str, Any] = {"strict": strict}
        if site is not None or file.parent != config.root:
            options["site_dir"] = str((site or config.root / "site").absolute())
        try:
            settings = mkdocs.load_config(config_file=str(file), **options)
            settings.plugins.on_startup(command="build", dirty=False)
            try:
                mkdocs.build(settings)
            finally:
                settings.plugins.on_shutdown()
        except mkdocs.Abort as error:
            raise KbError("the site was not built", str(error) or "see what MkDocs said above") from error
        except mkdocs.Wrong as error:
            raise KbError(f"'{file}': {error}", "correct the settings of the site") from error
        return Path(settings.site_dir)


def serve(config: Config, address: str, *, strict: bool = False) -> None:
    """Serve the site of a project, and build it again when a note changes, until it is interrupted."""
    mkdocs = _load()
    with _settings(config) as file:
        try:
            mkdocs.serve(config_file=str(file), dev_addr=address, livereload=True, watch_theme=False, strict=strict or None)
        except mkdocs.Abort as error:
            raise KbError("the site was not served", str(error) or "see what MkDocs said above") from error
        except mkdocs.Wrong as error:
            raise KbError(f"'{file}': {error}", "correct the settings of the site") from error


@dataclass(frozen=True, slots=True)
class _MkDocs:
    load_config: Any
    build: Any
    serve: Any
    Abort: Any
    Wrong: Any


def _load() -> _MkDocs:
    try:
        from mkdocs.commands.build import build
        from mkdocs.commands.serve import serve
        from mkdocs.config import load_config
        from mkdocs.exceptions import Abort, MkDocsException
    except ImportError as error:
        raise KbError("MkDocs is not installed", "pip install 'kbtools[site]'") from error
    logger = logging.getLogger("mkdocs")
    if not logger.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
    return _MkDocs(load_config, build, serve, Abort, MkDocsException)


@contextmanager
def _settings(config: Config) -> Iterator[Path]:
    """The settings of the site: the project's mkdocs.yml, or some that are made for it."""
    own = config.root / SETTINGS
    if own.is_file():
        yield own
        return
    with tempfile.TemporaryDirectory(prefix="kb-site-") as folder:
        file = Path(folder, SETTINGS)
        file.write_text(make_settings(config.vault), "utf-8")
        yield file


def make_settings(vault: Path) -> str:
    """The settings of a vault that has none."""
    name = re.sub(r"[\x00-\x1f]", "", vault.name) or "notes"
    quoted = {key: "'" + text.replace("'", "''") + "'" for key, text in {"name": name, "folder": str(vault)}.items()}
    return DEFAULTS.format_map(quoted)


DEFAULTS: Final = """\
site_name: {name}
docs_dir: {folder}
theme:
  name: material
  language: zh
  font: false
  features: [content.code.copy, toc.follow, navigation.top]
  palette:
    - media: "(prefers-color-scheme: light)"
      scheme: default
      toggle: {{icon: material/weather-sunny, name: 换成深色}}
    - media: "(prefers-color-scheme: dark)"
      scheme: slate
      toggle: {{icon: material/weather-night, name: 换成浅色}}
extra: {{generator: false}}
plugins: [kb]
"""
