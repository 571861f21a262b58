"""Text -> terms, and back to the places they came from."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kbtools.search.terms import find_terms, fold_all, join_terms, plain_name

texts = st.text(st.sampled_from("反向传播門门Aaé́ﬁ½ ,。_1\ud55c\U00020000") | st.characters(codec="utf-8"), max_size=40)


def test_each_character_of_chinese_begins_a_term() -> None:
    assert join_terms("反向传播，梯") == "反向 向传 传播 播 梯"


def test_words_and_numbers_are_terms_beside_chinese() -> None:
    assert join_terms("用GRU的3个lstm_cell") == "用 gru 的 3 个 lstm cell"


def test_what_reads_the_same_is_one_term() -> None:
    assert join_terms("計算圖") == join_terms("计算图")
    assert join_terms("ＬＳＴＭ Café") == "lstm cafe"


def test_rare_characters_are_kept() -> None:
    assert join_terms("𠀀𮯠") == "𠀀𮯠 𮯠"


def test_names_are_compared_without_marks() -> None:
    assert plain_name("Batch-Norm（批归一化）") == "batch norm 批归一化"


def test_places_count_characters_as_written() -> None:
    text = "e\u0301ﬁn 门"
    assert [(text[start:end], term) for term, start, end in find_terms(text)] == [("e\u0301ﬁn", "efin"), ("门", "门")]


@given(texts)
def test_terms_with_and_without_places_are_the_same(text: str) -> None:
    terms = find_terms(text)
    assert " ".join(term.text for term in terms) == join_terms(text)
    for term, start, end in terms:
        assert 0 <= start < end <= len(text)
        assert term in fold_all(text[start:end])
