"""What binding reads of single notes, so that whoever binds a vault again and again need not read what did not change again."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final, NamedTuple

from kbtools.model import Link, Note
from kbtools.site.context import Context, find_context
from kbtools.site.sections import Places, find_places


class Readers(NamedTuple):
    """The places in a note, and the sentence around a link of a text."""

    find_places: Callable[[Note], Places]
    find_context: Callable[[str, Link], Context]


PLAIN: Final = Readers(find_places, find_context)


def remembering() -> Readers:
    """Readers that know what they read last. They keep the texts: for a server, not for a build."""
    known: dict[str, tuple[str, Places]] = {}

    def places_of(note: Note) -> Places:
        text = note.source.text
        if note.path not in known or known[note.path][0] != text:
            known[note.path] = text, find_places(note)
        return known[note.path][1]

    return Readers(places_of, lru_cache(maxsize=1 << 16)(find_context))
