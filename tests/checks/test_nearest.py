"""Which names are near."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbtools.nearest import Names, edit_distance, likeness


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [
        ("lstm", "lstm", 0),
        ("lsmt", "lstm", 1),
        ("", "abc", 3),
        ("反向传播", "反传播", 1),
        ("kitten", "sitting", 3),
        ("ab", "ba", 1),
        ("abc", "ca", 3),
    ],
)
def test_edit_distance(one: str, other: str, distance: int) -> None:
    assert edit_distance(one, other) == distance


@given(st.text("ab反向", max_size=8), st.text("ab反向", max_size=8))
def test_edit_distance_is_symmetric_and_bounded(one: str, other: str) -> None:
    distance = edit_distance(one, other)
    assert distance == edit_distance(other, one)
    assert abs(len(one) - len(other)) <= distance <= max(len(one), len(other))
    assert (distance == 0) == (one == other)


@given(st.text(min_size=1, max_size=12), st.text(min_size=1, max_size=12))
def test_likeness_is_a_share(one: str, other: str) -> None:
    assert 0 <= likeness(one, other) <= 1
    assert likeness(one, one) == 1


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("lsmt", ["lstm"]),
        ("反向传波", ["反向传播"]),
        ("传播反向", ["反向传播"]),
        ("反向传播算法", ["反向传播"]),
        ("transformers", ["transformer"]),
        ("quaternion", []),
        ("图", []),
        ("", []),
        ("x" * 500, []),
    ],
)
def test_nearest_names(target: str, expected: list[str]) -> None:
    names = ["lstm", "gru", "反向传播", "正则化", "transformer", "batchnorm"]
    assert Names((name, name) for name in names).nearest(target) == expected


def test_three_at_most_and_one_thing_once() -> None:
    spellings = [(f"note{letter}", f"note{letter}") for letter in "abcdef"] + [("notea", "notea")]
    assert Names(spellings).nearest("notex") == ["notea", "noteb", "notec"]
    assert Names([("bpck", "x"), ("bqckk", "x")]).nearest("bqck") == ["x"]


def test_a_hundred_thousand_names_are_quick() -> None:
    names = Names((f"note{number:06}", number) for number in range(100_000))
    started = time.perf_counter()
    assert names.nearest("note0123x5")
    assert time.perf_counter() - started < 0.5
