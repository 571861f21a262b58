"""Which names are near."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbtools.nearest import Names, edit_distance, likeness, loosen, loosen_all

CONCEPTS, ASPECTS = (part.split() for part in (Path(__file__).parent / "words.txt").read_text(encoding="utf-8").split("\n\n"))
NOTES = [*CONCEPTS, *(concept + aspect for aspect in ASPECTS for concept in CONCEPTS)][:10_000]

MISSPELT = {
    # by sound: what an input method gives
    "反向传拨": "反向传播",
    "反向船舶": "反向传播",
    "反项传播": "反向传播",
    "剃度下降": "梯度下降",
    "梯度下将": "梯度下降",
    "梯度消逝": "梯度消失",
    "损失涵数": "损失函数",
    "激活含数": "激活函数",
    "注意力机智": "注意力机制",
    "多头注意利": "多头注意力",
    "子注意力": "自注意力",
    "残查网路": "残差网络",
    "池话": "池化",
    "卷机": "卷积",
    "全中衰减": "权重衰减",
    "过拟和": "过拟合",
    "学习律": "学习率",
    "变分自编马器": "变分自编码器",
    "知识争流": "知识蒸馏",
    "词向亮": "词向量",
    "反向传播的推倒": "反向传播的推导",
    # a character too few, too many, another one, another order
    "反向传": "反向传播",
    "反向向传播": "反向传播",
    "传播反向": "反向传播",
    "反向传播算法": "反向传播",
    "卷积网络": "图卷积网络",
    "主成份分析": "主成分分析",
    "马尔科夫决策过程": "马尔可夫决策过程",
    "蒙特卡罗": "蒙特卡洛",
    "自注意力机制": "注意力机制",
    "自编码": "自编码器",
    # traditional characters
    "反向傳播": "反向传播",
    "卷積神經網絡": "卷积神经网络",
    "循環神經網路": "循环神经网络",
    "過擬合": "过拟合",
    "優化器": "优化器",
    # English: case, plural, hyphens, missing letters
    "transformers": "Transformer",
    "Transfomer": "Transformer",
    "transformer模型": "Transformer",
    "Batch Normalization": "BatchNorm",
    "Multihead Attention": "Multi-Head-Attention",
    "Backpropogation": "Backpropagation",
    "LSTMs": "LSTM",
    "Word2Vect": "Word2Vec",
    "Flash-Atention": "FlashAttention",
}
STRANGERS = (
    "同调代数",
    "今天的日记",
    "会议纪要",
    "购物清单",
    "Quaternion",
    "Kubernetes",
    "2026-11-25",
    "GPT-4",
    "ResNet-152",
    "图",
    "。。。",
)


@pytest.fixture(scope="module")
def library() -> Names[str]:
    return Names((loosen(note), note) for note in NOTES)


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


@pytest.mark.parametrize(("misspelt", "meant"), MISSPELT.items())
def test_what_was_meant_comes_first_among_ten_thousand_notes(library: Names[str], misspelt: str, meant: str) -> None:
    assert library.nearest(loosen(misspelt))[:1] == [meant]


@pytest.mark.parametrize("stranger", STRANGERS)
def test_nothing_is_said_where_nothing_is_near(library: Names[str], stranger: str) -> None:
    assert library.nearest(loosen(stranger)) == []


def test_the_library_is_large() -> None:
    assert len(set(NOTES)) == 10_000


def test_another_number_is_no_misspelling() -> None:
    names = Names((loosen(name), name) for name in ("第3章", "2026-11-24", "GPT-3", "ResNet-101"))
    for name in ("第4章", "2026-11-25", "GPT4", "ResNet-50"):
        assert names.nearest(loosen(name)) == []
    assert names.nearest(loosen("ResNt-101")) == ["ResNet-101"]


def test_twenty_questions_to_ten_thousand_notes_take_no_time_to_speak_of() -> None:
    def ask() -> float:
        started = time.process_time()
        names = Names((loosen(note), note) for note in NOTES)
        for misspelt in list(MISSPELT)[:20]:
            names.nearest(loosen(misspelt))
        return time.process_time() - started

    assert min(ask() for _ in range(3)) < 0.3


def test_a_hundred_thousand_names_are_quick() -> None:
    names = Names((f"note{number:06}", number) for number in range(100_000))
    started = time.process_time()
    assert names.nearest("note0123x5")
    assert time.process_time() - started < 0.5


@given(st.lists(st.text(st.one_of(st.sampled_from("aB1 2-_\nＱ乘\u0301Σ"), st.characters()), max_size=8), max_size=6))
def test_many_names_are_folded_as_each_alone(names: list[str]) -> None:
    assert loosen_all(names) == [loosen(name.replace("\0", " ")) for name in names]
