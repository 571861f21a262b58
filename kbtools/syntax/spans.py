"""Places in a text: which matches of a pattern stand outside code, math, comments and links."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter

from kbtools.model import Span


def iter_outside(matches: Iterable[re.Match[str]], spans: Iterable[Span]) -> Iterator[re.Match[str]]:
    """Those of `matches` (in text order) that start in none of `spans` (in any order, nested or not). Linear; where nothing
    matches, the spans are not asked for."""
    ordered: list[Span] | None = None
    covered, at = 0, 0
    for match in matches:
        if ordered is None:
            ordered = sorted(spans, key=attrgetter("start"))
        start = match.start()
        while at < len(ordered) and ordered[at].start <= start:
            covered = max(covered, ordered[at].end)
            at += 1
        if start >= covered:
            yield match


def is_inside(spans: Sequence[Span], offset: int) -> bool:
    """Whether one of `spans` (sorted, disjoint) began before `offset` and is not over."""
    before = bisect_left(spans, Span(offset, offset)) - 1
    return before >= 0 and offset < spans[before].end
