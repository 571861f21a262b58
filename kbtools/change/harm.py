"""A vault before and after some edits -> the first link outside of them that would not mean what it means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from kbtools.change.edits import Edit, moved_offset
from kbtools.change.view import View
from kbtools.syntax.inline import RawLink


def find_harm(old: View, new: View, edits: Mapping[str, Sequence[Edit]]) -> tuple[str, RawLink] | None:
    """(source, link) of the vault as it is; None where every link that no edit touches stays, in its place, with its meaning:
    what was alive, and what was dead, too."""
    for source in old.sources:
        made = edits.get(source, ())
        before, after = old.columns(source).links, new.columns(source).links
        if made:
            kept = list(_iter_untouched(before, [(edit.start, edit.end) for edit in made]))
            becomes = list(_iter_untouched(after, [span_after(edit, made) for edit in made]))
            if [_moved(link, made) for link in kept] != becomes:
                return source, next(iter(kept or becomes))
            before, after = tuple(kept), tuple(becomes)
        for link, same in zip(before, after, strict=True):
            if old.mean(link, source) != new.mean(same, source):
                return source, link
    return None


def span_after(edit: Edit, edits: Sequence[Edit]) -> tuple[int, int]:
    """Where an edit's text stands once all are made."""
    start = moved_offset(edit.start, [other for other in edits if other != edit])
    return start, start + len(edit.text)


def _iter_untouched(links: Sequence[RawLink], spans: Sequence[tuple[int, int]]) -> Iterator[RawLink]:
    """The links that overlap none of the spans."""
    ordered, at = sorted(spans), 0
    for link in sorted(links, key=lambda link: link[4]):
        while at < len(ordered) and ordered[at][1] <= link[4]:
            at += 1
        if at == len(ordered) or ordered[at][0] >= link[5]:
            yield link


def _moved(link: RawLink, edits: Sequence[Edit]) -> RawLink:
    bits, target, subpath, display, start, end = link
    return bits, target, subpath, display, moved_offset(start, edits), moved_offset(end, edits)
