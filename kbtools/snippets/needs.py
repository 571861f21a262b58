"""A snippet and its proof -> every file of the project they need, by content, and the outside modules they import.

What is imported is read off the syntax trees (`imports.py`). Where it is not certain which file a name means, every file
it may mean is taken: evidence is then renewed once too often, never once too rarely. Files that a program finds by
computing their names are not seen.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from kbtools.snippets.names import Names

LARGE: Final = 8 << 20
"""Files above this size are known by size and time: reading them would cost more than running again."""


@dataclass(frozen=True, slots=True)
class Needs:
    """`files`: project path -> digest of the content; `modules`: top-level names that no file of the project has."""

    files: Mapping[str, str]
    modules: frozenset[str]


class Sources:
    """The files of the project at `root`, each read once. `remembered` gives the names in files by their digests, so that
    a file is parsed once in its life; `extra` are folders that are on the path besides."""

    def __init__(self, root: Path, remembered: Mapping[str, Names], extra: Sequence[str] = ()) -> None:
        self.root = str(root)
        self.extra = tuple(os.path.join(self.root, folder) for folder in extra)
        self.names: dict[str, Names] = {}
        self._remembered = remembered
        self._digests: dict[str, str | None] = {}
        self._is_file = cache(os.path.isfile)

    def needs_of(self, snippet: str, proof: str) -> Needs:
        """Everything that the two files need, themselves included; a proof that is not there is left out."""
        beside = [os.path.dirname(proof), *map(os.path.dirname, self._iter_conftests(proof))] if proof else []
        bases = (self.root, *self.extra, *(os.path.join(self.root, folder) for folder in beside))
        waiting = [snippet, *([proof] if proof else []), *self._iter_conftests(proof)]
        files: dict[str, str] = {}
        outside: set[str] = set()
        while waiting:
            path = waiting.pop()
            digest = self._digest(path)
            if path in files or digest is None:
                continue
            files[path] = digest
            if path.endswith(".py"):
                found, missing = self._follow(path, digest, bases)
                waiting += found
                outside |= missing
        return Needs(dict(sorted(files.items())), frozenset(outside - sys.stdlib_module_names))

    def has(self, path: str) -> bool:
        """Whether there is such a file."""
        return bool(path) and self._digest(path) is not None

    def asks_for_device(self, proof: str) -> bool:
        """Whether a proof's tests may be run on a device (`imports.may_use_device`)."""
        digest = self._digest(proof) if proof else None
        return digest is not None and self.names[digest].device

    def _iter_conftests(self, proof: str) -> Iterator[str]:
        """The conftest.py files that apply to a proof, and the packages it is in."""
        pieces = proof.split("/")[:-1] if proof else []
        for count in range(len(pieces) + 1) if proof else ():
            for name in ("conftest.py", "__init__.py"):
                path = "/".join([*pieces[:count], name])
                if self._is_file(os.path.join(self.root, path)):
                    yield path

    def _digest(self, path: str) -> str | None:
        """The digest of a file's content; None when it cannot be read."""
        if path not in self._digests:
            self._digests[path] = self._read(path)
        return self._digests[path]

    def _read(self, path: str) -> str | None:
        try:
            with open(os.path.join(self.root, path), "rb") as file:
                status = os.fstat(file.fileno())
                if status.st_size > LARGE:
                    return f"{status.st_size} bytes of {status.st_mtime_ns}"
                data = file.read()
        except OSError:
            return None
        digest = hashlib.sha256(data).hexdigest()
        if path.endswith(".py"):
            self.names[digest] = self._remembered.get(digest) or _find_names(data)
        return digest

    def _follow(self, path: str, digest: str, bases: Iterable[str]) -> tuple[list[str], set[str]]:
        """(files of the project that a file mentions, top-level modules that are none of them)."""
        names = self.names[digest]
        here = os.path.dirname(os.path.join(self.root, path))
        found: list[str] = []
        outside: set[str] = set()
        for level, module in names.modules:
            starts = (*bases, here) if level == 0 else (self._above(here, level - 1),)
            local = [file for start in starts for file in self._files_of(start, module)]
            found += local
            if level == 0 and not local:
                outside.add(module.split(".")[0])
        for text in names.strings:
            found += (file for start in (self.root, here) for file in self._named(start, text))
            found += (file for start in (self.root, here) for file in self._files_of(start, text) if "/" not in text)
        return found, outside

    def _above(self, folder: str, count: int) -> str:
        for _ in range(count):
            folder = os.path.dirname(folder)
        return folder

    def _files_of(self, start: str, module: str) -> Iterator[str]:
        """The files that importing a dotted name from a folder runs, as far as they exist."""
        folder = start
        for piece in module.split(".") if module else ():
            if not piece:
                return
            file = f"{folder}/{piece}.py"
            if self._is_file(file):
                yield from self._inside(file)
            folder = f"{folder}/{piece}"
            if self._is_file(f"{folder}/__init__.py"):
                yield from self._inside(f"{folder}/__init__.py")

    def _named(self, start: str, text: str) -> Iterator[str]:
        file = os.path.normpath(os.path.join(start, text))
        if self._is_file(file):
            yield from self._inside(file)

    def _inside(self, file: str) -> Iterator[str]:
        """The project path of a file, if it is one of the project."""
        file = os.path.normpath(file)
        if file.startswith(self.root + os.sep):
            yield file[len(self.root) + 1 :].replace(os.sep, "/")


def _find_names(data: bytes) -> Names:
    from kbtools.snippets.imports import find_names

    return find_names(data.decode("utf-8", "replace"))
