"""A project -> its site: the book with its evidence, and MkDocs run on it in this process. Executes no code of the vault."""

from __future__ import annotations

import gc
import logging
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

from kbtools import app, proving
from kbtools.config import Config
from kbtools.errors import KbError
from kbtools.site.binding import Wish, bind
from kbtools.site.book import Book, Proof, write_book
from kbtools.site.pictures import read_sizes
from kbtools.site.readers import PLAIN, Readers
from kbtools.site.sections import Places
from kbtools.snippets.proof import tolerance
from kbtools.vault.cache import cache_folder

if TYPE_CHECKING:
    from kbtools.vault.snapshot import Snapshot

SETTINGS: Final = "mkdocs.yml"
PLUGINS: Final = frozenset({"kb", "mkdocs-jupyter"})
UNTRUE: Final = ("A 'dirty' build is being performed", "The directory contains stale files")
HIDDEN_VERSIONS: Final = "pytest"
"""What runs a proof and has no part in its numbers."""
DEVICES: Final = {"cpu": "cpu", "cuda": "cuda"}


@dataclass(frozen=True, slots=True)
class Bound:
    """A vault as it is now, the places in its notes, and its book."""

    snapshot: Snapshot
    places: Mapping[str, Places]
    book: Book


def bind_project(config: Config, name: str, *, folders: bool = True, source_url: str = "", readers: Readers = PLAIN) -> Bound:
    """Read the vault and bind it."""
    snapshot = app.scan(app.Project(config))
    evidence = read_evidence(config, snapshot)
    wish = Wish(
        name,
        folders=folders,
        source_url=source_url,
        evidence=evidence,
        tolerance=describe_tolerance(),
        sizes=read_sizes(config.vault, snapshot.attachments),
    )
    places: dict[str, Places] = {path: readers.find_places(snapshot.notes[path]) for path in snapshot.notes}
    return Bound(snapshot, places, bind(snapshot, wish, places, readers))


def store_folder(config: Config) -> Path:
    """Where the pages of a vault's site are kept between builds."""
    return cache_folder(config.vault) / "site"


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
                {name: version for name, version in record.versions if not name.startswith(HIDDEN_VERSIONS)},
                record.date,
            )
            for record, state in found
        )
        for path, found in proving.list_evidence(config, snapshot.snippets).items()
    }


def describe_tolerance() -> str:
    """How far a proof lets numbers differ, unless it says otherwise itself."""
    said = []
    for dtype in ("float64", "float32"):
        relative, absolute = tolerance(dtype, "cpu")
        both = f"相对 {relative:g}、绝对 {absolute:g}" if relative != absolute else f"{relative:g}"
        said.append(f"{dtype} {both}")
    wider = tolerance("float32", "cuda")[0] / tolerance("float32", "cpu")[0]
    return f"{'，'.join(said)}（CUDA 放宽 {wider:g} 倍）".replace("e-0", "e-")


def build(config: Config, site: Path | None, *, strict: bool = False) -> Path:
    """Build the site of a project and say where it is. Raises KbError where MkDocs is not installed, or says no."""
    mkdocs = _load()
    with _settings(config) as file, _asking(mkdocs, file, "built"):
        options: dict[str, Any] = {"strict": strict or None}
        if site is not None or file.parent != config.root:
            options["site_dir"] = str((site or place_site(config)).absolute())
        settings = mkdocs.load_config(config_file=str(file), **options)
        partly = _is_alone(settings)
        settings.plugins.on_startup(command="build", dirty=partly)
        try:
            with _tidying():
                mkdocs.build(settings, dirty=partly)
        finally:
            settings.plugins.on_shutdown()
        return Path(settings.site_dir)


@contextmanager
def _tidying() -> Iterator[None]:
    """Look for circles of garbage, of which MkDocs and its theme leave many; what was there before is none."""
    was_off = not gc.isenabled()
    gc.freeze()
    gc.enable()
    try:
        yield
    finally:
        gc.unfreeze()
        if was_off:
            gc.disable()


def write_book_file(config: Config, file: Path) -> None:
    """Write the book of a project to a file, for another site generator. Raises KbError where it cannot be written."""
    book = bind_project(config, config.vault.name).book
    try:
        file.write_text(write_book(book), "utf-8", errors="surrogatepass")
    except OSError as error:
        raise KbError(f"cannot write '{file}': {error.strerror or error}", "name another file") from error


def place_site(config: Config) -> Path:
    """Where the site of a project goes that does not say: into it, but beside a vault that is the whole project, for the site
    would be a part of the vault."""
    inside = config.root / "site"
    return config.root.with_name(f"{config.root.name}-site") if inside.is_relative_to(config.vault) else inside


def serve(config: Config, address: str, *, strict: bool = False) -> None:
    """Serve the site of a project, and build it again when a note changes, until it is interrupted."""
    mkdocs = _load()
    options: dict[str, Any] = {"dev_addr": address, "strict": strict or None}
    with _settings(config) as file, _asking(mkdocs, file, "served") as refused:
        partly = "dirty" if _is_alone(mkdocs.load_config(config_file=str(file), **options)) else None
        refused.printing = True  # from now on MkDocs itself goes on after an error
        try:
            mkdocs.serve(config_file=str(file), livereload=True, watch_theme=False, build_type=partly, **options)
        except OSError as error:
            raise KbError(f"cannot serve at '{address}': {error.strerror or error}", "name another --address") from error


def _is_alone(settings: Any) -> bool:
    """Whether what does not change need not be written again: other plugins may make anything of anything."""
    return set(settings.plugins) <= PLUGINS and not settings.hooks and not settings.extra_templates


class _Untrue(logging.Filter):
    """Leaves out what MkDocs says of builds that write only what changed: it takes what a page depends on for unknown."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not str(record.msg).startswith(UNTRUE)


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
    log = logging.getLogger(build.__module__)
    if not any(isinstance(one, _Untrue) for one in log.filters):
        log.addFilter(_Untrue())
    return _MkDocs(load_config, build, serve, Abort, MkDocsException)


class _Log(logging.StreamHandler[Any]):
    """What MkDocs says. Its errors end it: they are kept, and told once, as ours are; with `printing` they are told at once."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
        self.errors: list[str] = []
        self.printing = False

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.ERROR:
            self.errors.append(" ".join(record.getMessage().split()))
        if record.levelno < logging.ERROR or self.printing:
            super().emit(record)


@contextmanager
def _asking(mkdocs: _MkDocs, file: Path, what: str) -> Iterator[_Log]:
    """MkDocs' log while it runs, and what it refuses as a KbError."""
    logger, log = logging.getLogger("mkdocs"), _Log()
    logger.addHandler(log)
    logger.setLevel(logging.INFO)
    try:
        yield log
    except mkdocs.Abort as error:
        said = "; ".join(log.errors[:3])
        hint = f"see '{file}'" if said else "see the warnings above"
        raise KbError(f"the site was not {what}: {said or str(error) or 'MkDocs gave up'}", hint) from error
    except mkdocs.Wrong as error:
        raise KbError(f"'{file}': {' '.join(str(error).split())}", "correct the settings of the site") from error
    finally:
        logger.removeHandler(log)


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


def usual_theme() -> dict[str, Any]:
    """The theme where the settings name none."""
    settings: dict[str, dict[str, Any]] = yaml.safe_load(make_settings(Path("notes")))
    return settings["theme"]


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
