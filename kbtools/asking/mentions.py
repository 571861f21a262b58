"""A note -> where others name it, or an alias of it, without a link (Obsidian's unlinked mentions).

A name is found in the middle of Chinese text, which has no blanks between words; a name in Latin script is found as a word only.
Where a longer name of another note stands, that one is mentioned and not the shorter one in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from kbtools.model import Note, NotePath, Span
from kbtools.syntax.names import fold_name

WORD = r"0-9A-Za-z\u00c0-\u024f\u0370-\u052f_"


class Mention(NamedTuple):
    """A name of the note in another one's text."""

    source: NotePath
    span: Span
    text: str


def find_mentions(notes: Iterable[Note], path: NotePath, names: Mapping[str, Iterable[NotePath]]) -> Iterator[Mention]:
    """The unlinked mentions of `path`, by note and place; `names` are all names and aliases of the vault, as written, with
    the notes that have them."""
    folded: dict[str, set[NotePath]] = {}
    for name, owners in names.items():
        if name.strip():
            folded.setdefault(fold_name(name.strip()), set()).update(owners)
    own = {name for name, owners in folded.items() if path in owners}
    if not own:
        return
    longer = {name for name in folded if name not in own and any(mine in name for mine in own)}
    pattern = _compile(own | longer)
    for note in notes:
        if note.path == path:
            continue
        text = note.source.text
        folded_text = fold_name(text)
        if not any(name in folded_text for name in own):
            continue
        closed = _closed(note)
        at = 0
        for found in pattern.finditer(text):
            while at < len(closed) and closed[at][1] <= found.start():
                at += 1
            if at < len(closed) and closed[at][0] < found.end():
                continue
            if fold_name(found[0]) in own:
                yield Mention(note.path, Span(*found.span()), found[0])


def _compile(names: Iterable[str]) -> re.Pattern[str]:
    """One pattern for all names, the longest first; at a Latin edge the word must end."""
    parts = []
    for name in sorted(names, key=lambda name: (-len(name), name)):
        before = rf"(?<![{WORD}])" if re.match(rf"[{WORD}]", name) else ""
        after = rf"(?![{WORD}])" if re.search(rf"[{WORD}]\Z", name) else ""
        parts.append(f"{before}{re.escape(name)}{after}")
    return re.compile("|".join(parts), re.IGNORECASE)


def _closed(note: Note) -> list[tuple[int, int]]:
    """Where a name is no mention: links, code, formulas, comments, tags, properties; in order, merged."""
    spans = [*note.opaque, *(link.span for link in note.links), *(tag.span for tag in note.tags)]
    spans.append(Span(0, note.properties_span.end))
    merged: list[tuple[int, int]] = []
    for start, end in sorted((span.start, span.end) for span in spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
