"""A vault on disk -> its columns and its `Snapshot`: what changed is read, the rest is remembered from the last run."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from kbtools.config import Config
from kbtools.model import NotePath, Source
from kbtools.snippets.read import list_code, read_code, stamp_of
from kbtools.vault.cache import Blob, Cache, cache_folder, code_key, is_settled, read_cache, write_cache
from kbtools.vault.ignore import find_excluded
from kbtools.vault.read import read_source
from kbtools.vault.settings import read_filters
from kbtools.vault.shards import examine_all
from kbtools.vault.walk import Listing, Stamp, list_files

if TYPE_CHECKING:
    from kbtools.resolve import Index
    from kbtools.vault.snapshot import Snapshot

CACHE_NAME = "vault.cache"
AGREED_NAME = "agreed.json"
KEPT_NAME = "overwritten"


class Progress(Protocol):
    """Somebody who shows how far long work has come."""

    def start(self, total: int, what: str) -> None: ...
    def advance(self, count: int) -> None: ...
    def finish(self) -> None: ...


@dataclass
class Disk:
    """A vault on disk before anything was parsed: what is there, and what is remembered of it."""

    config: Config
    listing: Listing
    filters: tuple[str, ...]
    key: bytes
    cache: Cache
    code: dict[str, Stamp]
    started_ns: int

    @property
    def is_unchanged(self) -> bool:
        """Whether the vault is what it was when the cache was written."""
        return self.cache.stamps == self.listing.sources and self.cache.others == self.listing.others

    @property
    def changed(self) -> list[str]:
        """The files that can hold links and may have another text than then; new ones among them."""
        return [path for path, stamp in self.listing.sources.items() if self.cache.stamps.get(path) != stamp]

    @property
    def has_same_names(self) -> bool:
        """Whether the vault has the files that it had then, whatever is in them now."""
        return self.cache.stamps.keys() == self.listing.sources.keys() and self.cache.others == self.listing.others

    @cached_property
    def old_blobs(self) -> dict[str, Blob]:
        """What was read of each file by the run that wrote the cache."""
        return self.cache.read_blobs()

    @cached_property
    def names(self) -> Index:
        """Every file of the vault, to be found by name."""
        from kbtools.resolve import Index

        return Index(sorted([*self.listing.sources, *self.listing.others]))

    @property
    def excluded(self) -> frozenset[str]:
        """What the configuration and Obsidian's settings keep out."""
        return find_excluded((*self.listing.sources, *self.listing.others), self.config.ignore, self.filters)

    @property
    def is_code_settled(self) -> bool:
        """Whether no snippet or proof is so young that a later change might leave its stamp as it is."""
        return all(is_settled(stamp, self.started_ns) for stamp in self.code.values())


def look(config: Config) -> Disk:
    """List the vault and open its cache: nothing else happens when nothing changed."""
    started = time.time_ns()
    listing = list_files(str(config.vault))
    filters = read_filters(config.vault)
    key = code_key(repr(config), repr(filters))
    code = list_code(config.root, config.code_folders)
    return Disk(config, listing, filters, key, read_cache(cache_file(config), key), code, started)


def examiner(disk: Disk, select: Sequence[str]) -> Callable[[str], Blob]:
    """The function a worker calls: a path's columns and what the note rules say of it, as one blob."""
    root, limit = str(disk.config.vault), disk.config.max_note
    return examiner_of(lambda path: read_source(root, path, limit), disk.names, disk.config, select)


def examiner_of(read: Callable[[str], Source], names: Index, config: Config, select: Sequence[str]) -> Callable[[str], Blob]:
    """The same, for sources that `read` gives and the names of their vault."""
    from kbtools.rulebook import examine_note, note_checks, open_rulebook
    from kbtools.syntax.ignores import MARK, find_ignores
    from kbtools.syntax.note import LazyNote
    from kbtools.syntax.scan import Columns, parse_markdown, scan
    from kbtools.vault.blob import digest_properties, pack, watch

    checks = note_checks(open_rulebook(config, select))

    def examine(path: str) -> Blob:
        source = read(path)
        parsed = None
        if path.endswith(".md") or path[-3:].lower() == ".md":
            parsed = parse_markdown(source.text)
            columns = parsed.columns
        else:
            columns = scan(path, source.text)
        if columns.problem:
            source = replace(source, problem=columns.problem)
        if source.problem:
            columns = Columns(problem=source.problem)
        note = LazyNote(path, columns, lambda: source, parsed)
        ignores = find_ignores(source.text, parsed) if parsed and MARK in source.text else ()
        watched = watch(columns.links, path, names, source.text)
        properties = digest_properties(source.text, parsed.frontmatter) if parsed else b""
        return pack(columns, examine_note(note, checks), watched, ignores, properties)

    return examine


def read_changed(
    disk: Disk, select: Sequence[str], progress: Progress | None, *, reuse: bool = True
) -> tuple[dict[str, Blob], bool]:
    """(a blob for every file that can hold links, whether anything was read). Where nothing is, no rule is loaded."""
    known, stamps = disk.cache.stamps, disk.listing.sources
    old = disk.old_blobs if known and reuse else {}
    unchanged = {path: old[path] for path, stamp in stamps.items() if known.get(path) == stamp and path in old}
    blobs = unchanged if disk.has_same_names else {}
    wanted = sorted(path for path in stamps if path not in blobs)
    if wanted:
        examine = examiner(disk, select)
        if unchanged and not blobs:
            examine = _second_look(examine, unchanged, disk.names)
        if progress is not None:
            progress.start(len(wanted), "reading")
        blobs.update(examine_all(wanted, examine, advance=progress.advance if progress else None))
        if progress is not None:
            progress.finish()
    return blobs, bool(wanted) or not disk.is_unchanged


def _second_look(examine: Callable[[str], Blob], known: Mapping[str, Blob], names: Index) -> Callable[[str], Blob]:
    """The function a worker calls when names came or went: links in files that did not change may mean something else now."""
    from kbtools.vault.blob import watch_again

    return lambda path: watch_again(known[path], path, names) if path in known else examine(path)


def build_snapshot(disk: Disk, blobs: Mapping[str, Blob], texts: Mapping[str, str] | None = None) -> Snapshot:
    """Everything known about the vault now; with `texts` of some files, and their blobs, as it would be."""
    from kbtools.showing import show
    from kbtools.snippets.agreed import read_agreed
    from kbtools.vault.snapshot import Snapshot

    config = disk.config
    snapshot = Snapshot(
        blobs,
        disk.listing.others,
        reader(config, texts or {}),
        names=disk.names,
        excluded=disk.excluded,
        aliases_resolve=config.aliases_resolve,
    )
    show(snapshot, config, read_code(config.root, config.code_folders), read_agreed(agreed_file(config)))
    return snapshot


def reader(config: Config, texts: Mapping[str, str]) -> Callable[[str], Source]:
    """The function that reads a file of the vault, where `texts` does not say what is in it."""
    root, limit = str(config.vault), config.max_note

    def read(path: str) -> Source:
        return Source(NotePath(path), texts[path]) if path in texts else read_source(root, path, limit)

    return read


def remember(disk: Disk, blobs: Mapping[str, Blob], results: dict[str, Any]) -> None:
    """Keep what was read, and what a check found, for the next run."""
    write_cache(
        cache_file(disk.config),
        disk.key,
        stamps=disk.listing.sources,
        others=disk.listing.others,
        results=results,
        blobs=dict(blobs),
        started_ns=disk.started_ns,
    )


def code_state(disk: Disk) -> str:
    """A digest that differs when a snippet, a proof, or what is known of their agreement with blocks does."""
    if not disk.code:
        return ""
    from hashlib import sha256

    known = stamp_of(agreed_file(disk.config))
    return sha256(repr((sorted(disk.code.items()), known)).encode("utf-8", "surrogatepass")).hexdigest()


def cache_file(config: Config) -> Path:
    """Where columns and findings are remembered."""
    return cache_folder(config.vault) / CACHE_NAME


def agreed_file(config: Config) -> Path:
    """Where it is remembered what blocks and snippets agreed on."""
    return cache_folder(config.vault) / AGREED_NAME


def kept_folder(config: Config) -> Path:
    """Where copies of overwritten files are kept."""
    return cache_folder(config.vault) / KEPT_NAME
