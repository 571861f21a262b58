"""Heading text -> id."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbtools.site.slug import make_ids


@pytest.mark.parametrize(
    ("heading", "slug"),
    [
        ("自测", "自测"),
        ("1.2 链式法则：推导", "12-链式法则推导"),
        ("Self  Attention!", "self-attention"),
        ("`hasTag()`", "hastag"),
        ("`List<T>` 与 `[[x]]`", "listt-与-x"),
        ("a <b>c</b>", "a-c"),
        ("**粗** 与 *斜*", "粗-与-斜"),
        ("见 [[LSTM|长短期记忆]]", "见-长短期记忆"),
        ("见 [[LSTM]]", "见-lstm"),
        ("见 [论文](https://x.org/a)", "见-论文"),
        ("softmax 的 $\\sqrt{d}$", "softmax-的-sqrtd"),
        ("小结 ^abc", "小结"),
        ("小结 %% 暂定 %%", "小结"),
        ("__init__", "init"),
        ("well-known", "well-known"),
        ("！？", "section"),
        ("", "section"),
        ("हिन्दी", "हिन्दी"),
        ("Cafe\u0301", "café"),
    ],
)
def test_a_heading_is_named_by_its_letters(heading: str, slug: str) -> None:
    assert make_ids([heading]) == [slug]


def test_equal_headings_are_told_apart() -> None:
    assert make_ids(["a", "A", "a!", "b", "a-1"]) == ["a", "a-1", "a-2", "b", "a-1-1"]


def test_a_number_that_is_taken_is_left_out() -> None:
    assert make_ids(["a-1", "a", "a"]) == ["a-1", "a", "a-2"]


@given(st.lists(st.text(max_size=12), max_size=12))
def test_ids_are_unique_and_stand_in_an_attribute(headings: list[str]) -> None:
    ids = make_ids(headings)
    assert len(set(ids)) == len(headings)
    assert not any(set(found) & set("\"'<>&#^: \t\r\n") for found in ids)
    assert all(ids)
