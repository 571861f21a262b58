"""A property's link is found where its value stands, not where the same text stands in a comment or in another value."""

from __future__ import annotations

import pytest

from kbtools import app


def places(text: str) -> dict[str, str]:
    """The line of each property's link, by key."""
    edges = app.snapshot_of({"x.md": text}).iter_edges()
    return {edge.link.key: text[: edge.link.span.start].splitlines()[-1] + "|" for edge in edges if edge.link.form == "property"}


@pytest.mark.parametrize(
    ("yaml", "expected"),
    [
        ('up: "[[A]]"', {"up": 'up: "|'}),
        ('about: "see [[A]]"\nup: "[[A]]"', {"up": 'up: "|'}),
        ("note: |\n  [[A]]\n  text\nup: '[[A]]'", {"up": "up: '|"}),
        ('# "[[A]]"\nlist:\n  - "[[A]]"', {"list.0": '  - "|'}),
        ('list: ["[[A]]", "[[A]]"]', {"list.0": 'list: ["|', "list.1": 'list: ["[[A]]", "|'}),
        ('a: {b: "[[A]]"}\nc: "[[A]]"', {"a.b": 'a: {b: "|', "c": 'c: "|'}),
        ("up: >-\n  [[A]]", {"up": "  |"}),
        ('up: "[[A\n  b]]"', {"up": 'up: "|'}),
        ('x: "[[B]]"\nup: "[[caf\\u00e9]]"', {"x": 'x: "|', "up": 'up: "|'}),
        ('上级: "[[A]]"', {"上级": '上级: "|'}),
    ],
)
def test_places(yaml: str, expected: dict[str, str]) -> None:
    assert places(f"---\n{yaml}\n---\n") == expected


def test_an_alias_of_yaml_points_at_its_key() -> None:
    text = '---\na: &n "[[A]]"\nb: *n\n---\n'
    [first, second] = app.snapshot_of({"x.md": text}).iter_edges()
    assert first.link.span.start == text.index("[[")
    assert second.link.span.start == text.index("b:")
