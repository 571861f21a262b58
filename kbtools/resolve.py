"""Index and link -> resolution: the only place that knows how Obsidian looks things up (`docs/links.md`, section 3 and 4).

An `Index` is built once from the paths of a vault; `resolve_path` answers which file a name means, `find_anchor` which
place a subpath means.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from kbtools.syntax.names import fold_heading, fold_name
from kbtools.syntax.scan import BLOCK, FOOTNOTE, HEADING, RawAnchor


class Target(NamedTuple):
    """What a name means: the file Obsidian takes, and when the choice is fragile, the others that qualify.
    `fragile` without rivals: the file matched in the middle of a folder's name."""

    path: str
    fragile: bool = False
    rivals: tuple[str, ...] = ()


class Index:
    """Files by folded name. `aliases` resolve too where a vault asks for it (as Obsidian Publish does)."""

    __slots__ = ("_known", "_rivals", "_same", "aliases", "by_name")

    def __init__(self, paths: Iterable[str], aliases: Iterable[tuple[str, str]] = ()) -> None:
        self.by_name: dict[str, list[str]] = {}
        by_name = self.by_name
        for path in paths:
            name = fold_name(path[path.rfind("/") + 1 :])
            same = by_name.get(name)
            if same is None:
                by_name[name] = [path]
            else:
                same.append(path)
        self.aliases: dict[str, str] = {}
        for path, alias in aliases:
            self.aliases.setdefault(fold_name(alias), path)
        self._known: dict[str, Target | None] = {}
        self._same: dict[str, dict[str, str]] = {}
        self._rivals: dict[str, _Rivals] = {}

    def resolve(self, target: str, source: str) -> Target | None:
        """The file `target` means in `source`; None when there is none."""
        known = self._known.get(target, _UNKNOWN)
        if known is not _UNKNOWN:
            return known
        found, depends = self._resolve(target, source)
        if not depends:
            self._known[target] = found
        return found

    def _resolve(self, target: str, source: str) -> tuple[Target | None, bool]:
        """(meaning, whether it depends on the source)."""
        if not target:
            return Target(source), True
        written = fold_name(target)
        candidates = self._candidates(written)
        if candidates is None:
            return self._resolve_alias(written), False
        names, path = candidates
        if len(names) == 1 and "/" not in written:
            return Target(names[0]), False
        relative = path.startswith(("./", "../"))
        if relative:
            path = _from_folder(path, fold_name(_folder(source)))
        rooted = path.startswith("/")
        path = path.removeprefix("/")
        exact = self._by_path(path).get(path)
        if exact is not None:
            return Target(exact), relative
        if rooted:
            return None, relative
        return self._nearest(path, fold_name(_folder(source))), relative or len(names) > 1

    def _by_path(self, path: str) -> dict[str, str]:
        """The files that share the last component of a folded path, by folded path; the first of those that fold alike."""
        name = path[path.rfind("/") + 1 :]
        same = self._same.get(name)
        if same is None:
            same = self._same[name] = {}
            for file in self.by_name.get(name, ()):
                same.setdefault(fold_name(file), file)
        return same

    def _nearest(self, path: str, folder: str) -> Target | None:
        """Among the files whose path ends with `path`: below the source's folder first, then the shortest, then by path."""
        rivals = self._rivals.get(path)
        if rivals is None:
            name = path[path.rfind("/") + 1 :]
            rivals = self._rivals[path] = _Rivals(file for file in self.by_name[name] if fold_name(file).endswith(path))
        return rivals.nearest(path, folder)

    def _candidates(self, written: str) -> tuple[Sequence[str], str] | None:
        """The files of the last component's name, and the path they were found under."""
        last = written[written.rfind("/") + 1 :]
        if "." in last:
            names = self.by_name.get(last)
            if names is not None:
                return names, written
        names = self.by_name.get(last + ".md")
        return None if names is None else (names, written + ".md")

    def _resolve_alias(self, written: str) -> Target | None:
        path = self.aliases.get(written)
        return None if path is None else Target(path)

    def look_up(self, target: str, source: str, *, whole: bool) -> Target | None:
        """The file a link means: by its whole path, as a canvas names its files, or as any other link does."""
        if not whole:
            return self.resolve(target, source)
        exact = self.find_exact(target)
        return None if exact is None else Target(exact)

    def find_exact(self, path: str) -> str | None:
        """The file whose whole path is `path` (case apart): how a canvas names its files."""
        written = fold_name(path)
        return self._by_path(written).get(written)


class _Rivals:
    """Files that qualify for one path, the shortest first. A vault may have thousands of `README.md`: which of them is
    nearest to a folder is looked up, not searched."""

    __slots__ = ("_below", "_files")

    def __init__(self, files: Iterable[str]) -> None:
        self._files = sorted(files, key=lambda file: (len(file), file))
        self._below: dict[str, int] = {}
        for number, file in enumerate(self._files):
            folder = fold_name(_folder(file))
            while folder and folder not in self._below:  # what is below a folder is below those around it
                self._below[folder] = number
                folder = _folder(folder[:-1])

    def nearest(self, path: str, folder: str) -> Target | None:
        """The file that `path` means in a folder: one below the folder first, then the shortest, then by path."""
        if not self._files:
            return None
        if len(self._files) == 1:
            [file] = self._files
            return Target(file, fragile=not f"/{fold_name(file)}".endswith(f"/{path}"))
        best = self._below.get(folder, 0)
        return Target(self._files[best], True, (*self._files[:best], *self._files[best + 1 :]))


_UNKNOWN = Target("")


def _folder(path: str) -> str:
    """The folder of a path with its closing slash, "" at the root."""
    return path[: path.rfind("/") + 1]


def _from_folder(path: str, folder: str) -> str:
    """`./x` and `../x` written in `folder`, as a path from the root; climbing above the root stays there."""
    parts = folder.split("/")[:-1]
    for part in path.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in (".", ""):
            parts.append(part)
    return "/".join(parts)


def find_anchor(anchors: Sequence[RawAnchor], subpath: str) -> RawAnchor | None:
    """The place `subpath` (without its first `#`) means among a note's anchors; None when there is none.

    Call it only for a subpath that names something (`names_place`).
    """
    parts = [part for part in subpath.split("#") if part.strip()]
    last = parts[-1].strip()
    if last.startswith("^"):
        return _find_named(anchors, BLOCK, last[1:])
    if last.startswith("[^"):
        return _find_named(anchors, FOOTNOTE, last[2:].removesuffix("]"))
    level, at, found = 0, 0, None
    for part in parts:
        wanted = fold_heading(part)
        found = None
        while at < len(anchors) and found is None:
            anchor = anchors[at]
            at += 1
            if anchor[0] == HEADING and anchor[3] > level and (anchor[1] == wanted or _key_without_id(anchor) == wanted):
                found = anchor
        if found is None:
            return None
        level = found[3]
    return found


def names_place(subpath: str) -> bool:
    """Whether a subpath names a place at all (`#`, `##` mean the whole note)."""
    return bool(subpath.replace("#", "").strip())


def _find_named(anchors: Sequence[RawAnchor], kind: int, name: str) -> RawAnchor | None:
    wanted = name.lower()
    for anchor in anchors:
        if anchor[0] == kind and anchor[1] == wanted:
            return anchor
    return None


def _key_without_id(anchor: RawAnchor) -> str:
    """A heading's key without the block id at its end."""
    if " ^" not in anchor[2]:
        return anchor[1]
    text, _, name = anchor[2].rpartition(" ^")
    return fold_heading(text) if name.replace("-", "").isalnum() and name.isascii() else anchor[1]
