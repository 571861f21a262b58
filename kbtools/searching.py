"""A vault on disk -> its search index, brought up to date: what changed is read, the rest is in the index."""

from __future__ import annotations

import marshal
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, TypeVar

from kbtools import scanning
from kbtools.config import Config
from kbtools.scanning import Disk, Progress
from kbtools.search.document import Prepared, prepare, read_document
from kbtools.search.store import Index, with_index
from kbtools.vault.blob import load_columns
from kbtools.vault.cache import cache_folder, code_key, is_settled
from kbtools.vault.read import read_source
from kbtools.vault.shards import examine_all

T = TypeVar("T")

INDEX_NAME: Final = "search.db"
AT_ONCE: Final = 2000
"""How many files are prepared before they are put into the index: more take more memory."""


def search(config: Config, job: Callable[[Index], T], *, progress: Progress | None = None) -> T:
    """What `job` finds in the index of a vault as it is now. Raises KbError."""
    disk = scanning.look(config)
    excluded = disk.excluded
    stamps = {path: stamp for path, stamp in disk.listing.sources.items() if path not in excluded}

    def run(index: Index) -> T:
        index.update(
            stamps,
            lambda paths: _read(disk, paths, progress),
            lambda stamp: is_settled(stamp, disk.started_ns),
        )
        return job(index)

    return with_index(index_file(config), _key(), run)


def index_file(config: Config) -> Path:
    """Where the words of the vault are remembered."""
    return cache_folder(config.vault) / INDEX_NAME


def _read(disk: Disk, paths: list[str], progress: Progress | None) -> Iterator[Prepared]:
    """The documents at these paths, prepared on every core; what they hold was found so before, or is remembered."""
    blobs, changed = scanning.read_changed(disk, (), progress)
    if changed:
        scanning.remember(disk, blobs, {})
    root, limit = str(disk.config.vault), disk.config.max_note

    def examine(path: str) -> bytes:
        source = read_source(root, path, limit)
        return marshal.dumps(tuple(prepare(read_document(path, source.text, load_columns(blobs[path])))))

    if progress is not None:
        progress.start(len(paths), "indexing")
    for start in range(0, len(paths), AT_ONCE):
        prepared = examine_all(paths[start : start + AT_ONCE], examine)
        for path in paths[start : start + AT_ONCE]:
            yield Prepared(*marshal.loads(prepared.pop(path)))
            if progress is not None:
                progress.advance(1)
    if progress is not None:
        progress.finish()


def _key() -> bytes:
    """What differs when kb cuts or keeps words in another way."""
    folder = Path(__file__).parent / "search"
    with os.scandir(folder) as entries:
        files = sorted((entry.name, entry.stat().st_mtime_ns, entry.stat().st_size) for entry in entries if entry.is_file())
    return code_key(repr(files))
