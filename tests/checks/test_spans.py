"""Matches outside spans."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from kbtools.model import Span
from kbtools.syntax.spans import iter_outside

SPANS = st.lists(st.builds(lambda start, size: Span(start, start + size), st.integers(0, 40), st.integers(0, 20)))


@given(SPANS)
def test_as_the_plain_definition_says(spans: list[Span]) -> None:
    text = "x" * 50
    found = [match.start() for match in iter_outside(re.finditer("x", text), spans)]
    assert found == [at for at in range(50) if not any(span.start <= at < span.end for span in spans)]
