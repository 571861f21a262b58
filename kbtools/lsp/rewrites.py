"""A text before and after -> the few edits that make the one the other: an editor keeps its cursor and its folds."""

from __future__ import annotations

import os.path
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Final

from kbtools.change.edits import Edit

MOST: Final = 20_000
"""Above so many lines the part between what both texts begin and end with is one edit: a finer look would take too long."""


def find_edits(before: str, after: str) -> list[Edit]:
    """Edits of `before`, in order and apart from each other, that make it `after`."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    if len(old) + len(new) > MOST:
        return list(_trimmed(0, before, after))
    starts = [0]
    for line in old:
        starts.append(starts[-1] + len(line))
    edits: list[Edit] = []
    for kind, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        if j - i == m - k:
            for row in range(j - i):
                edits += _trimmed(starts[i + row], old[i + row], new[k + row])
        else:
            edits += _trimmed(starts[i], "".join(old[i:j]), "".join(new[k:m]))
    return edits


def shared_head(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    return len(os.path.commonprefix((one, other)))  # noqa: RUF071 - characters are what is compared here, no paths


def _trimmed(start: int, old: str, new: str) -> Iterator[Edit]:
    """The edit of what differs, without what both begin and end with; never between the two halves of a line's end."""
    if old == new:
        return
    head = shared_head(old, new)
    tail = shared_head(old[head:][::-1], new[head:][::-1])
    if head and old[head - 1] == "\r":
        head -= 1
    if tail and old[len(old) - tail] == "\n" and old[len(old) - tail - 1 : len(old) - tail] == "\r":
        tail -= 1
    yield Edit(start + head, start + len(old) - tail, new[head : len(new) - tail])
