"""What a check found the last time -> what it would find now, where notes changed only in what no other file can see.

Most edits are of this kind: a sentence, a formula, code. What is said of other files is then what was said of them. Of the
notes that changed, the note rules had their say when they were read, and what was said of their links stands where the links
stand now. Whatever is not plainly of this kind is left to a whole check.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from kbtools.lines import Place
from kbtools.syntax.inline import PROPERTY, RawLink
from kbtools.syntax.scan import RawAnchor
from kbtools.vault.blob import load_columns, load_head, load_watched, read_numbers
from kbtools.vault.cache import Blob

MOST: Final = 100
"""Notes that may have changed: where more did, a whole check costs little more."""

RawFinding = tuple[Any, ...]


def is_inward(old: Blob, new: Blob, code: str) -> bool:
    """Whether a note changed only in what no other file can see: its links, places, names, properties and comments to rules
    are the same, wherever they stand, and it shows no `code` (the beginning of the paths of snippets, "" for none)."""
    if code and any(code.encode("utf-8", "surrogatepass") in blob for blob in (old, new)):
        return False
    if read_numbers(old).ignores or read_numbers(new).ignores or load_head(old).properties != load_head(new).properties:
        return False
    before, after = load_columns(old), load_columns(new)
    return (
        before.problem == after.problem
        and before.aliases == after.aliases
        and [_link(raw) for raw in before.links] == [_link(raw) for raw in after.links]
        and [_anchor(raw) for raw in before.anchors] == [_anchor(raw) for raw in after.anchors]
    )


def _link(raw: RawLink) -> tuple[object, ...]:
    """A link without its place, and without how it reads; in a property, with the property's name."""
    return raw[:3] if raw[0] & 7 != PROPERTY else raw[:4]


def _anchor(raw: RawAnchor) -> tuple[object, ...]:
    return raw[:4]


def carry(
    findings: Sequence[RawFinding],
    changed: Sequence[str],
    old: Mapping[str, Blob],
    new: Mapping[str, Blob],
    *,
    local: frozenset[str],
    code: str,
) -> tuple[list[RawFinding], list[RawFinding], int] | None:
    """(what was found of files that did not change, what the note rules named in `local` now find in the others, how many links
    more these have); None where a whole check has to say. `findings` are the last check's, all as `rulebook.pack` gives them;
    `changed` are all files that may have another text now, even where the same was read in it."""
    if len(changed) > MOST or not all(path[-3:].lower() == ".md" and path in old for path in changed):
        return None
    if not all(is_inward(old[path], new[path], code) for path in changed):
        return None
    stale = set(changed)
    kept = [found for found in findings if found[2] not in stale]
    for path in changed:
        said = [found for found in findings if found[2] == path and found[0] not in local]
        moved = _move(said, old[path], new[path]) if said else []
        if moved is None:
            return None
        kept += moved
    fresh = [found for path in changed for found in load_head(new[path]).findings if found[0] in local]
    more = sum(read_numbers(new[path]).links - read_numbers(old[path]).links for path in changed)
    return kept, fresh, more


def _move(said: Sequence[RawFinding], old: Blob, new: Blob) -> list[RawFinding] | None:
    """What was said of the links of a note, and of the note itself, where it stands now that the note changed inwardly; None
    where something was said of anything else, or mends it: that may be due to what changed."""
    before, after = load_columns(old).links, load_columns(new).links
    places = {link[4:]: place for link, place in load_watched(new)}
    now: dict[tuple[int, int], tuple[int, int, Place | None]] = {(0, 0): (0, 0, (1, 1, 1, 1))}  # the note itself
    for was, is_now in zip(before, after, strict=True):
        same = was[:4] == is_now[:4] and was[4:] not in now
        now[was[4:]] = (*is_now[4:], places.get(is_now[4:]) if same else None)
    moved = []
    for rule, severity, path, start, end, message, hint, target, second, fix, _ in said:
        new_start, new_end, place = now.get((start, end), (0, 0, None))
        if place is None or fix is not None:
            return None
        moved.append((rule, severity, path, new_start, new_end, message, hint, target, second, None, place))
    return moved
