"""Text -> terms."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbtools.site.searchterms import find_parts, find_terms
from kbtools.words import fold


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("LSTM", "lstm"),
        ("ＬＳＴＭ", "lstm"),
        ("Café", "cafe"),
        ("Cafe\u0301", "cafe"),
        ("İ", "i"),
        ("ﬁne", "fine"),
        ("½", "1⁄2"),
        ("한국", "한국"),
        ("門", "門"),
        ("㍿", "株式会社"),
    ],
)
def test_what_reads_the_same_is_written_alike(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_han_text_is_found_by_pairs_and_by_characters() -> None:
    assert find_terms("注意力，lstm") == {"注意": [0], "意力": [1], "lstm": [4]}
    assert find_parts("注意力，lstm") == {"注", "意", "力", "l*", "ls*", "lst*"}


def test_a_word_beside_han_text_is_a_word() -> None:
    assert find_terms("用gru门")["gru"] == [1]
    assert find_terms("scaled_dot")["dot"] == [7]


@given(st.text(max_size=60))
def test_places_are_where_the_terms_are(text: str) -> None:
    folded = fold(text)
    for term, places in find_terms(folded).items():
        assert all(folded.startswith(term, place) for place in places)
    assert all(term.removesuffix("*") in folded for term in find_parts(folded))


@given(st.text(max_size=60))
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)
