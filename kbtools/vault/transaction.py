"""A change of many files -> done as a whole, or not at all; and undone.

What is to be done is written down first, in `.kb/change/` beside the vault, with the old and the new bytes of every text. One
rename makes that note valid: a process killed before it has changed nothing, and what one killed after it has left undone is
done by the next (`finish`). Every step can be taken twice. The note of the last change stays: `undo` is the change back.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from kbtools.atomic import locked, replace, sync_folder
from kbtools.errors import KbError

FOLDER: Final = ".kb"
VERSION: Final = 1


class Text(NamedTuple):
    """What a file held, and what it is to hold."""

    before: bytes
    after: bytes


@dataclass(frozen=True, slots=True)
class Change:
    """Files by their path from the root as it is now: where they go, and what their text becomes."""

    title: str
    moves: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, Text] = field(default_factory=dict)


class Left(NamedTuple):
    """What `finish` did: the title of the change, and the files that somebody had written to meanwhile, which it left."""

    title: str
    left: tuple[str, ...] = ()


def commit(root: Path, change: Change) -> Left:
    """Carry out a change. Raises KbError before anything is changed, where a file is not what it was."""
    place = _place(root)
    with locked(place / "lock"):
        _finish(root)
        _refuse(root, change)
        try:
            _write_down(root, change)
        except OSError as error:
            raise KbError(f"'{place}' cannot be written: {error.strerror or error}", "nothing was changed") from error
        return _finish(root)


def finish(root: Path) -> Left | None:
    """Do what a killed process left undone; None where nothing was."""
    if not os.path.lexists(root / FOLDER / "change" / "pending"):
        return None
    with locked(_place(root) / "lock"):
        return _finish(root) if os.path.lexists(root / FOLDER / "change" / "pending") else None


def read_undo(root: Path) -> Change:
    """The change that takes the last one back. Raises KbError where there is none, or a file is not what it left."""
    last = root / FOLDER / "change" / "last"
    try:
        note = json.loads((last / "note.json").read_text("utf-8"))
        if note["version"] != VERSION:
            raise ValueError
        moves = {str(src): str(dst) for src, dst in note["moves"]}
        texts = {
            moves.get(path, path): Text((last / "after" / str(n)).read_bytes(), (last / "before" / str(n)).read_bytes())
            for n, path in enumerate(note["texts"])
        }
        title = str(note["title"])
    except FileNotFoundError:
        raise KbError("there is no change to undo", "kb move, kb rename and kb check --fix can be undone") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise KbError(f"'{last}' cannot be read", "what it holds is in 'before' and 'after'") from error
    undone = title.removeprefix("undo: ") if title.startswith("undo: ") else f"undo: {title}"
    return Change(undone, {dst: src for src, dst in moves.items()}, texts)


# ------------------------------------------------------------------------------------------------ the note


def _place(root: Path) -> Path:
    place = root / FOLDER / "change"
    try:
        place.mkdir(parents=True, exist_ok=True)
        ignore = root / FOLDER / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", "utf-8")
    except OSError as error:
        raise KbError(f"'{place}' cannot be made: {error.strerror or error}", "make the vault's folder writable") from error
    return place


def _refuse(root: Path, change: Change) -> None:
    for path, text in change.texts.items():
        try:
            now = (root / path).read_bytes()
        except OSError as error:
            raise KbError(f"'{path}' cannot be read: {error.strerror or error}", "nothing was changed") from error
        if now != text.before:
            raise KbError(f"'{path}' changed meanwhile", "nothing was changed: try again")
        if not os.access(root / path, os.W_OK):
            raise KbError(f"'{path}' is read-only", "nothing was changed: make it writable")
    leaving = {os.path.normcase(path) for path in change.moves}
    for src, dst in change.moves.items():
        if not os.path.lexists(root / src):
            raise KbError(f"'{src}' is not there", "nothing was changed")
        taken = os.path.lexists(root / dst) and not _is_same(root / src, root / dst)
        if taken and os.path.normcase(dst) not in leaving:
            raise KbError(f"'{dst}' is there already", "nothing was changed: choose another name")


def _is_same(one: Path, other: Path) -> bool:
    """Whether two names are one file: they differ in case, where case does not count."""
    return one.name.casefold() == other.name.casefold() and one.parent == other.parent and os.path.samefile(one, other)


def _write_down(root: Path, change: Change) -> None:
    place = _place(root)
    fresh = place / "fresh"
    shutil.rmtree(fresh, ignore_errors=True)
    for name in ("before", "after", "moved"):
        (fresh / name).mkdir(parents=True)
    for n, text in enumerate(change.texts.values()):
        _put(fresh / "before" / str(n), text.before)
        _put(fresh / "after" / str(n), text.after)
    note = {
        "version": VERSION,
        "title": change.title,
        "moves": list(change.moves.items()),
        "texts": list(change.texts),
        "before": [_digest(text.before) for text in change.texts.values()],
        "after": [_digest(text.after) for text in change.texts.values()],
    }
    _put(fresh / "note.json", json.dumps(note, ensure_ascii=False, indent=1).encode("utf-8", "surrogatepass"))
    for folder in (fresh / "before", fresh / "after", fresh):
        sync_folder(folder)
    os.rename(fresh, place / "pending")
    sync_folder(place)


def _put(file: Path, data: bytes) -> None:
    with file.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


# ------------------------------------------------------------------------------------------------ the doing


def _finish(root: Path) -> Left:
    """Do what the note says and is not done yet; the lock is held."""
    place = root / FOLDER / "change"
    pending = place / "pending"
    if not pending.exists():
        return Left("")
    note = json.loads((pending / "note.json").read_bytes().decode("utf-8", "surrogatepass"))
    moves: list[tuple[str, str]] = [(src, dst) for src, dst in note["moves"]]
    try:
        _take_away(root, pending, moves)
        _put_down(root, pending, moves)
        left = _write_texts(root, pending, note, dict(moves))
    except OSError as error:
        raise KbError(
            f"'{error.filename or root}': {error.strerror or error}",
            f"the change is half done and goes on with the next kb: what it needs is in '{pending}'",
        ) from error
    _remove_empty(root, moves)
    last = place / "last"
    shutil.rmtree(last, ignore_errors=True)
    os.rename(pending, last)
    sync_folder(place)
    return Left(note["title"], left)


def _take_away(root: Path, pending: Path, moves: list[tuple[str, str]]) -> None:
    """Take every file that moves from its place, so that it does not matter who goes where."""
    done = pending / "taken"
    if done.exists():
        return
    for n, (src, _dst) in enumerate(moves):
        taken = pending / "moved" / str(n)
        if not os.path.lexists(taken):
            _rename(root / src, taken)
    sync_folder(pending / "moved")
    _put(done, b"")
    sync_folder(pending)


def _put_down(root: Path, pending: Path, moves: list[tuple[str, str]]) -> None:
    for n, (_src, dst) in enumerate(moves):
        taken, target = pending / "moved" / str(n), root / dst
        if not os.path.lexists(taken):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, "somebody made a file where another goes", str(target))
        _rename(taken, target)
        sync_folder(target.parent)


def _rename(src: Path, dst: Path) -> None:
    """Rename a file; between two file systems it is copied whole, and then taken away."""
    try:
        os.rename(src, dst)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        part = dst.with_name(f".{dst.name[:40]}.kb-part")
        shutil.copy2(src, part, follow_symlinks=False)
        os.rename(part, dst)
        os.unlink(src)


def _write_texts(root: Path, pending: Path, note: Mapping[str, list[str]], moves: Mapping[str, str]) -> tuple[str, ...]:
    left = []
    for n, path in enumerate(note["texts"]):
        target = root / moves.get(path, path)
        now = _digest(target.read_bytes()) if target.exists() else ""
        if now == note["before"][n]:
            _replace(target, pending / "after" / str(n), pending / "part")
        elif now != note["after"][n]:
            left.append(moves.get(path, path))
    return tuple(left)


def _replace(target: Path, new: Path, part: Path) -> None:
    """Put what a file of the note holds in the place of `target`; what is half written lies beside the note, not in the vault."""
    real = Path(os.path.realpath(target))
    shutil.copyfile(new, part)
    shutil.copymode(real, part)
    with part.open("rb") as stream:
        os.fsync(stream.fileno())
    try:
        os.replace(part, real)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        replace(real, new.read_bytes())
    sync_folder(real.parent)


def _remove_empty(root: Path, moves: list[tuple[str, str]]) -> None:
    """Remove the folders that the moves left empty."""
    for src, _dst in moves:
        folder = (root / src).parent
        while folder != root and folder.is_relative_to(root):
            with contextlib.suppress(OSError):
                folder.rmdir()
            if folder.exists():
                break
            folder = folder.parent
