"""A vault as an editor has it: what is on disk, with unsaved texts in its place. A keystroke costs the reading of one note."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from kbtools import scanning
from kbtools.config import Config
from kbtools.lsp.addresses import below
from kbtools.model import Shown, Source
from kbtools.resolve import Index
from kbtools.showing import build_code, find_all_shown
from kbtools.snippets.agreed import read_agreed
from kbtools.snippets.find import File
from kbtools.snippets.read import decode as decode_code
from kbtools.snippets.read import read_code
from kbtools.syntax.note import LazyNote
from kbtools.vault.blob import load_columns, load_head, load_places, watch_again
from kbtools.vault.cache import Blob
from kbtools.vault.ignore import find_excluded
from kbtools.vault.read import decode, read_source
from kbtools.vault.snapshot import Snapshot
from kbtools.vault.walk import SOURCE_SUFFIXES

SETTINGS: Final = frozenset({"kb.toml", "pyproject.toml", "mkdocs.yml"})


@dataclass(frozen=True, slots=True)
class News:
    """What differs since the shelf was settled last: notes read again, those of them in which places came or went, whether
    all is new (files came or went), whether snippets and whether aliases changed."""

    notes: frozenset[str] = frozenset()
    places: frozenset[str] = frozenset()
    everything: bool = False
    snippets: bool = False
    aliases: bool = False


@dataclass
class Shelf:
    """Tell it what happens (`put`, `drop`, `touch`), `settle` it, and read its `snapshot`. Raises KbError when it is opened and
    the configuration is wrong."""

    config: Config
    texts: dict[str, str] = field(default_factory=dict)
    """Unsaved texts by path in the vault."""
    code: dict[str, str] = field(default_factory=dict)
    """Unsaved texts of snippets and proofs by path in the project."""

    def __post_init__(self) -> None:
        self._dirty: set[str] = set()
        self._stale = self._stale_code = False
        self._disk = scanning.look(self.config)
        self._blobs, is_new = scanning.read_changed(self._disk, (), None)
        if is_new:
            scanning.remember(self._disk, self._blobs, {})
        self._listed = frozenset((*self._disk.listing.sources, *self._disk.listing.others))
        self._name_files()
        self._shown = {path: self._find_shown(path) for path in self._blobs if self._may_show(path)}
        self._read_snippets()
        self.snapshot = self._build()

    # ------------------------------------------------------------------------------------------ what happens

    def path_of(self, file: Path) -> str | None:
        """The vault's path of a file; None for one outside, or hidden."""
        path = below(self.config.vault, file)
        return None if path is None or path.startswith(".") or "/." in path else path

    def code_path_of(self, file: Path) -> str | None:
        """The project's path of a snippet or a proof; None for any other file."""
        path = below(self.config.root, file)
        folders = tuple(f"{folder}/" for folder in self.config.code_folders)
        return path if path and path.endswith(".py") and path.startswith(folders) else None

    def put(self, file: Path, text: str) -> None:
        """In the editor, a file's text is this."""
        path, code = self.path_of(file), self.code_path_of(file)
        if code is not None:
            self.code[code] = text
            self._stale_code = True
        elif path is not None and path.lower().endswith(SOURCE_SUFFIXES):
            self.texts[path] = text
            self._stale |= path not in self._blobs
            self._dirty.add(path)

    def drop(self, file: Path) -> None:
        """The editor has closed a file: what is on disk counts."""
        path, code = self.path_of(file), self.code_path_of(file)
        if code is not None and self.code.pop(code, None) is not None:
            self._stale_code = True
        if path is not None and self.texts.pop(path, None) is not None:
            self._stale |= not (self.config.vault / path).is_file()
            self._dirty.add(path)

    def touch(self, file: Path) -> None:
        """A file on disk changed, came or went (a folder may have, with all in it)."""
        path = self.path_of(file)
        if self.code_path_of(file) is not None:
            self._stale_code = True
        elif path is not None and path not in self.texts:
            self._dirty.add(path)
            self._stale |= (path in self._listed) != file.is_file()

    def list_again(self) -> None:
        """Files may have come or gone."""
        self._stale = True

    def is_settings(self, file: Path) -> bool:
        """Whether a file configures this project: after a change of it a new shelf is needed."""
        return (file.parent == self.config.root and file.name in SETTINGS) or file.parent == self.config.vault / ".obsidian"

    # ------------------------------------------------------------------------------------------ reading

    def settle(self) -> News:
        """Read what changed."""
        is_listed, reads_code = self._stale, self._stale_code
        if is_listed:
            self._list_files()
        if reads_code:
            self._read_snippets()
        before = self._blobs
        dirty, self._dirty = frozenset(self._dirty & before.keys()), set()
        for path in sorted(dirty):
            self._read_again(path)
        if not (is_listed or reads_code or dirty):
            return News()
        self.snapshot = self._build()
        places = frozenset(path for path in dirty if load_places(before[path]) != load_places(self._blobs[path]))
        aliases = any(load_head(before[path]).aliases != load_head(self._blobs[path]).aliases for path in dirty)
        return News(dirty, places, is_listed, reads_code, aliases)

    def read(self, path: str) -> Source:
        """A file of the vault as the editor has it."""
        text = self.texts.get(path)
        if text is None:
            return read_source(str(self.config.vault), path, self.config.max_note)
        return decode(path, text.encode("utf-8", "surrogatepass"), self.config.max_note)

    def _name_files(self) -> None:
        """Make the tables that depend on which files there are."""
        self._names = Index(sorted(self._listed))
        self._examine = scanning.examiner_of(self.read, self._names, self.config, ())
        self._others = sorted(path for path in self._listed if not path.lower().endswith(SOURCE_SUFFIXES))
        self._excluded = find_excluded(self._listed, self.config.ignore, self._disk.filters)

    def _list_files(self) -> None:
        """List the vault. Files that came are read; links in the others are looked up again, for they may mean something else."""
        old = self._disk.listing.sources
        self._disk = scanning.look(self.config)
        listing, listed = self._disk.listing, self._listed
        self._listed = frozenset((*listing.sources, *listing.others, *self.texts))
        if self._listed != listed:
            self._name_files()
        blobs: dict[str, Blob] = {}
        for path in sorted({*listing.sources, *self.texts}):
            is_known = path in self._blobs and (path in self.texts or old.get(path) == listing.sources.get(path))
            if not is_known:
                blobs[path] = self._examine(path)
            else:
                blob = self._blobs[path]
                blobs[path] = blob if self._listed == listed else watch_again(blob, path, self._names)
        self._blobs = blobs
        self._shown = {path: self._find_shown(path) for path in blobs if self._may_show(path)}
        self._stale = False

    def _read_again(self, path: str) -> None:
        """Read one note again. Tables are replaced, never changed: a thread may be reading them."""
        self._blobs = {**self._blobs, path: self._examine(path)}
        self._shown = {other: shown for other, shown in self._shown.items() if other != path}
        if self._may_show(path):
            self._shown[path] = self._find_shown(path)

    def _read_snippets(self) -> None:
        """Read the project's snippets and proofs, and what blocks are known to agree with."""
        config = self.config
        files: Mapping[str, File] = read_code(config.root, config.code_folders) if config.snippets else {}
        unsaved = {path: decode_code(text.encode("utf-8", "surrogatepass")) for path, text in self.code.items()}
        self._files = {**files, **unsaved}
        self._agreed = read_agreed(scanning.agreed_file(config)) if config.snippets else {}
        self._stale_code = False

    def _may_show(self, path: str) -> bool:
        return bool(self.config.snippets) and f"{self.config.snippets}/".encode() in self._blobs[path]

    def _find_shown(self, path: str) -> tuple[Shown, ...]:
        return find_all_shown(self.config, [LazyNote(path, load_columns(self._blobs[path]), lambda: self.read(path))])

    def _build(self) -> Snapshot:
        aliases = self.config.aliases_resolve
        snapshot = Snapshot(
            self._blobs, self._others, self.read, names=self._names, excluded=self._excluded, aliases_resolve=aliases
        )
        if self.config.snippets:
            snapshot.shown = tuple(block for path in sorted(self._shown) for block in self._shown[path])
            snapshot.snippets = build_code(self.config, self._files, snapshot.shown)
            snapshot.agreed = self._agreed
        return snapshot
