"""A file and where a link to it stands -> how the link names it.

A link keeps the style it was written in: a bare name stays one and gets folders only where it needs them, a path stays a path
of as many folders (a whole one a whole one), `./x` stays relative and `/x` counted from the root. What Obsidian is set to
(`newLinkFormat`) decides where it says more than "shortest". Whatever is chosen means the file when it is looked up again;
names that several files could have are passed over while another one is left.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import NamedTuple

from kbtools.resolve import Index
from kbtools.vault.settings import LinkFormat


class Sight(NamedTuple):
    """A file as it is seen from a source, in a vault of certain files."""

    names: Index
    source: str
    path: str

    def means(self, name: str) -> bool:
        """Whether a name, written in the source, means the file."""
        found = self.names.resolve(name, self.source) if name else None
        return found is not None and found.path == self.path

    def is_sure(self, name: str) -> bool:
        """Whether it does so although others exist."""
        found = self.names.resolve(name, self.source) if name else None
        return found is not None and found.path == self.path and not found.fragile


def respell(written: str, before: Sight, after: Sight, wish: LinkFormat = "shortest") -> str | None:
    """What to write instead of `written`, which meant `before.path`, so that it means `after.path`; None for nothing known."""
    bare = before.path[-3:].lower() == ".md" and written[-3:].lower() != ".md"
    candidates = list(dict.fromkeys(_iter_names(written, before, after, wish, bare=bare)))
    return next(filter(after.is_sure, candidates), None) or next(filter(after.means, candidates), None)


def spell(sight: Sight, wish: LinkFormat = "shortest", *, bare: bool = True) -> str | None:
    """What a new link in the source calls the file; a note's suffix is left out where `bare`."""
    candidates = [*_wished(sight, wish, bare=bare), *_suffixes(sight.path, bare=bare)]
    return next(filter(sight.is_sure, candidates), None) or next(filter(sight.means, candidates), None)


def _iter_names(written: str, before: Sight, after: Sight, wish: LinkFormat, *, bare: bool) -> Iterator[str]:
    folders = written.count("/")
    if written.startswith(("./", "../")):
        yield _relative(after, bare=bare, dotted=True)
    elif written.startswith("/"):
        yield "/" + _name(after.path, bare=bare)
    else:
        yield from _wished(after, wish, bare=bare)
        if folders:
            whole = folders == before.path.count("/")
            yield _name(after.path, bare=bare) if whole else _last(after.path, folders, bare=bare)
    yield from _suffixes(after.path, bare=bare)


def _wished(sight: Sight, wish: LinkFormat, *, bare: bool) -> Iterator[str]:
    if wish == "absolute":
        yield _name(sight.path, bare=bare)
    elif wish == "relative":
        yield _relative(sight, bare=bare, dotted=False)


def _suffixes(path: str, *, bare: bool) -> Iterator[str]:
    """The file's name alone, then with one folder more each time, at last from the root."""
    for folders in range(path.count("/") + 1):
        yield _last(path, folders, bare=bare)
    yield "/" + _name(path, bare=bare)
    if bare:
        yield from _suffixes(path, bare=False)


def _name(path: str, *, bare: bool) -> str:
    return path[:-3] if bare and path[-3:].lower() == ".md" else path


def _last(path: str, folders: int, *, bare: bool) -> str:
    return "/".join(_name(path, bare=bare).split("/")[-folders - 1 :])


def _relative(sight: Sight, *, bare: bool, dotted: bool) -> str:
    folder = posixpath.dirname(sight.source)
    way = posixpath.relpath("/" + _name(sight.path, bare=bare), "/" + folder)
    return f"./{way}" if dotted and not way.startswith("../") else way
