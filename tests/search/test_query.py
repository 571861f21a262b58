"""What a person types -> what is looked for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbtools.errors import KbError
from kbtools.search.query import Filter, Phrase, parse_query


def test_words_of_chinese_are_pairs_that_follow_each_other() -> None:
    assert parse_query("反向传播").wanted == (Phrase("反向传播", ("反向", "向传", "传播")),)
    assert parse_query("梯度").wanted == (Phrase("梯度", ("梯度",)),)


def test_a_single_character_is_the_beginning_of_pairs() -> None:
    assert parse_query("门").wanted == (Phrase("门", ("门",), open=True),)


def test_a_latin_word_finds_longer_ones_from_three_letters_on() -> None:
    assert parse_query("Grad of").wanted == (
        Phrase("Grad", ("grad",), open=True, exact=True),
        Phrase("of", ("of",)),
    )


def test_quoted_words_are_whole() -> None:
    assert parse_query('"chain rule" “反向”').wanted == (Phrase("chain rule", ("chain", "rule")), Phrase("反向", ("反向",)))


def test_a_quote_left_open_ends_with_the_query() -> None:
    assert parse_query('"chain rule').wanted == (Phrase("chain rule", ("chain", "rule")),)


def test_mixed_words_stay_together() -> None:
    assert parse_query("LSTM网").wanted == (Phrase("LSTM网", ("lstm", "网"), open=True),)
    assert parse_query("门与lstm").wanted == (Phrase("门与lstm", ("门与", "与", "lstm"), open=True, exact=True),)


def test_what_must_not_be_there() -> None:
    query = parse_query('lstm -gru -"to do" -tag:草稿 well-known')
    assert [phrase.written for phrase in query.unwanted] == ["gru", "to do"]
    assert [phrase.written for phrase in query.wanted] == ["lstm", "well-known"]
    assert query.filters == (Filter("tag", "草稿", negated=True),)


def test_filters() -> None:
    query = parse_query('tag:#概念 PATH:"my notes/a" kind：concept title:x')
    assert query.filters == (Filter("tag", "概念"), Filter("path", "my notes/a"), Filter("kind", "concept"))
    assert [phrase.written for phrase in query.wanted] == ["title:x"]


@pytest.mark.parametrize("text", ["", " ", "，。", '""', "+++"])
def test_nothing_to_look_for_is_refused(text: str) -> None:
    with pytest.raises(KbError, match="no letter and no digit"):
        parse_query(text)


@given(st.text(st.sampled_from('ab反向-"“：:tagph ，') | st.characters(codec="utf-8"), max_size=30))
def test_every_text_is_a_query_or_refused(text: str) -> None:
    try:
        query = parse_query(text)
    except KbError as error:
        assert error.hint
        return
    assert query.wanted or query.unwanted or query.filters
