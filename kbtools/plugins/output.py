"""What stands in the folder of a built site, and what each file was made of: a build that is told to writes only what changed.

MkDocs calls such a build dirty and warns of it, since it cannot tell what a page depends on. Here that is known.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import marshal
import os
import sys
import threading
import zlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import jinja2
import mkdocs
from mkdocs import utils
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import BasePlugin
from mkdocs.structure.files import File
from mkdocs.theme import Theme

from kbtools import plugins, site
from kbtools.site.grounds import digest, version_of
from kbtools.site.whole import Job, Whole
from kbtools.vault.store import Store

OWN: Final = (Path(plugins.__file__).parent, Path(site.__file__).parent / "theme")

FAST: Final = 1
"""Frames become a third of their size at once."""

Stamp = tuple[int, int]


class Output:
    """The folder of one site. `frame` says what all pages depend on: where it changed, the folder is emptied."""

    def __init__(self, folder: str, store: Store, frame: str) -> None:
        self._folder = folder
        self._store = store
        self._frame = frame
        self._name = digest("output", os.path.realpath(folder))
        self._known: dict[str, tuple[str, Stamp]] = {}
        self._now: dict[str, str] = {}

    def open(self) -> None:
        """Learn what is there."""
        kept = self._store.read(self._name)
        frame, known = marshal.loads(kept) if kept is not None else ("", {})
        if frame == self._frame:
            self._known = known
        else:
            utils.clean_directory(self._folder)

    def is_current(self, place: str, grounds: str) -> bool:
        """Whether a file is there as it was written, and was made of the same."""
        known = self._known.get(place)
        return known is not None and known[0] == grounds and known[1] == self._stamp(place)

    def put(self, place: str, data: bytes) -> None:
        """Write a file that is not what it was."""
        grounds = hashlib.sha256(data).hexdigest()
        self._now[place] = grounds
        if not self.is_current(place, grounds):
            utils.write_file(data, os.path.join(self._folder, place))

    def keep_frame(self, file: Built, before: str, after: str) -> None:
        """Remember what the theme puts around the article of a page."""
        packed = zlib.compress(marshal.dumps((before, after)), FAST)
        self._store.write(self._key_of_frame(file), packed)

    def write_again(self, file: Built, fetch: Callable[[], str]) -> bool:
        """Write a page that was made of the same before, and is not there, without the theme; `fetch` gives its article. False
        where nobody remembers it."""
        packed = self._store.read(self._key_of_frame(file))
        if packed is None:
            return False
        before, after = marshal.loads(zlib.decompress(packed))
        utils.write_file(f"{before}{fetch()}{after}".encode("utf-8", "xmlcharrefreplace"), file.abs_dest_path)
        return True

    def _key_of_frame(self, file: Built) -> str:
        return digest("frame", self._frame, file.dest_uri, file.grounds)

    def has(self, folder: str) -> bool:
        """Whether files of the build before stand in a folder. They stay: new ones are written later."""
        there = {place: known[0] for place, known in self._known.items() if place.startswith(f"{folder}/")}
        self._now.update(there)
        return bool(there)

    def close(self, files: Iterable[Built]) -> None:
        """Remove what was there and is no longer part of the site, and note what is."""
        for file in files:
            self._now[file.dest_uri] = file.grounds
            self._store.ask(self._key_of_frame(file))
        for place in self._known.keys() - self._now.keys():
            with contextlib.suppress(OSError):
                os.unlink(os.path.join(self._folder, place))
                os.removedirs(os.path.dirname(os.path.join(self._folder, place)))
        stamps = {place: (grounds, self._stamp(place)) for place, grounds in self._now.items()}
        self._store.write(self._name, marshal.dumps((self._frame, stamps)))

    def _stamp(self, place: str) -> Stamp:
        try:
            status = os.stat(os.path.join(self._folder, place))
        except OSError:
            return 0, 0
        return status.st_mtime_ns, status.st_size


class Late(threading.Thread):
    """Files that are written while the site can be read already."""

    def __init__(self, whole: Whole, job: Job, output: Output) -> None:
        super().__init__(daemon=True)
        self._whole = whole
        self._job = job
        self._output = output
        self._ahead = whole.start([job])
        self._is_over = False

    def run(self) -> None:
        if self._ahead is not None:
            self._ahead.wait()
        if not self._is_over:
            for place, data in self._whole.read_files(self._job):
                self._output.put(place, data)

    def stop(self) -> None:
        """End it, done or not."""
        self._is_over = True
        if self._ahead is not None:
            self._ahead.stop()
        self.join()


class Templates(jinja2.BytecodeCache):
    """The theme's templates, compiled: they are the same in every build."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def load_bytecode(self, bucket: jinja2.bccache.Bucket) -> None:
        kept = self._store.read(self._key(bucket))
        if kept is not None:
            bucket.bytecode_from_string(kept)

    def dump_bytecode(self, bucket: jinja2.bccache.Bucket) -> None:
        self._store.write(self._key(bucket), bucket.bytecode_to_string())

    def _key(self, bucket: jinja2.bccache.Bucket) -> str:
        return digest("template", sys.version, jinja2.__version__, bucket.key, bucket.checksum)


class Built(File):
    """A file of the site that says what it is made of."""

    grounds: str = ""
    output: Output | None = None
    is_written = False

    def is_modified(self) -> bool:
        if self.output is None:
            return super().is_modified()
        return not self.is_written and not self.output.is_current(self.dest_uri, self.grounds)


def describe_frame(config: MkDocsConfig) -> str:
    """What every page depends on beside its own text: the settings, the theme, and what writes the one into the other."""
    folders = [*OWN, *filter(None, [getattr(config.theme, "custom_dir", None)])]
    stamps = [
        (path, os.stat(path).st_mtime_ns, os.stat(path).st_size)
        for folder in folders
        for above, _, names in os.walk(folder)
        for path in sorted(os.path.join(above, name) for name in names if not name.endswith(".pyc"))
    ]
    versions = (mkdocs.__version__, jinja2.__version__, version_of("mkdocs-material"))
    settings = {name: setting for name, setting in config.items() if name != "config_file_path"}
    return digest(repr((stamps, versions)), json.dumps(settings, default=_describe, sort_keys=True))


def _describe(setting: Any) -> object:
    """A setting that is no plain value, as one."""
    if isinstance(setting, Theme):
        return {name: setting[name] for name in setting}
    if isinstance(setting, BasePlugin):
        return dict(setting.config)
    if isinstance(setting, Mapping):
        return dict(setting)
    return type(setting).__qualname__ if " at 0x" in str(setting) else str(setting)


def stamp_of(path: str) -> str:
    """What says of a file that it is the same, without reading it."""
    status = os.stat(path)
    return f"{status.st_mtime_ns} {status.st_size}"
