"""Chinese characters folded by sound and by script."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbtools.han import SCRIPTS, SYLLABLES, fold_script, fold_sound


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("反向传播", "反向船舶"),
        ("梯度", "剃度"),
        ("卷积", "卷机"),
        ("权重", "全中"),
        ("学习率", "学习律"),
        ("优化器", "优化起"),
        ("嵌入", "欠入"),
        ("略", "掠"),
        ("啊", "阿"),
        ("坐", "做"),
    ],
)
def test_what_sounds_alike_is_folded_alike(one: str, other: str) -> None:
    assert fold_sound(one) == fold_sound(other)


@pytest.mark.parametrize(("one", "other"), [("绿", "路"), ("女", "怒"), ("虐", "暖"), ("略", "乱"), ("传", "床"), ("机", "家")])
def test_what_sounds_different_stays_different(one: str, other: str) -> None:
    assert fold_sound(one) != fold_sound(other)


@pytest.mark.parametrize(
    ("traditional", "simplified"),
    [("反向傳播", "反向传播"), ("卷積神經網絡", "卷积神经网络"), ("資料增強", "资料增强"), ("LSTM 與 GRU", "LSTM 与 GRU")],
)
def test_traditional_characters_become_simplified_ones(traditional: str, simplified: str) -> None:
    assert fold_script(traditional) == simplified
    assert fold_script(simplified) == simplified


def test_tables() -> None:
    traditional = SCRIPTS[::2]
    assert len(SCRIPTS) % 2 == 0
    assert len(set(traditional)) == len(traditional) > 700
    assert len(set(SYLLABLES)) == len(SYLLABLES) == 396
    codes = [letter.encode("gb2312") for letter in SYLLABLES]
    assert codes == sorted(codes)


@given(st.text())
def test_folding_keeps_lengths_and_is_done_once(text: str) -> None:
    for fold in (fold_script, fold_sound):
        assert len(fold(text)) == len(text)
        assert fold(fold(text)) == fold(text)
