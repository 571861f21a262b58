"""位置编码的证明：对照逐元素的公式、复数旋转、论文里的斜率与距离的直接计算。"""

from __future__ import annotations

import cmath
import math

import pytest
import torch

from snippets.attn import positional_encoding as module
from snippets.attn.attention import attention, causal_mask
from snippets.attn.positional_encoding import (
    LearnedPositions,
    alibi_bias,
    alibi_slopes,
    frequencies,
    shift_matrix,
    sinusoidal,
)

T, D = 12, 8


def positions(t, device, dtype):
    return torch.arange(t, device=device, dtype=dtype)


# --- 正弦 ---


def check_sinusoidal(snippet, device, dtype, assert_close):
    expected = torch.tensor(
        [[f(p / 10000 ** (2 * i / D)) for i in range(D // 2) for f in (math.sin, math.cos)] for p in range(T)],
        dtype=torch.float64,
    )
    assert_close(snippet.sinusoidal(positions(T, device, dtype), D), expected.to(device, dtype))


def test_sinusoidal_is_the_formula_element_by_element(device, dtype, assert_close):
    check_sinusoidal(module, device, dtype, assert_close)


WRONG = {
    "exponent i/d": ("torch.exp(-2 * i / d", "torch.exp(-i / d"),
    "sign of the exponent": ("torch.exp(-2 * i", "torch.exp(2 * i"),
    "cosines first": ("[angles.sin(), angles.cos()]", "[angles.cos(), angles.sin()]"),
    "halves instead of pairs": ("dim=-1).flatten(-2)  # (T, d) 交错排列", "dim=-2).flatten(-2)"),
    "angles per degree": ("positions[:, None] * omega", "positions[:, None] * omega / 57.29578"),
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_wrong_sinusoidal_is_noticed(change, assert_close, altered):
    with pytest.raises(AssertionError):
        check_sinusoidal(altered(module, *change), torch.device("cpu"), torch.float64, assert_close)


def test_an_odd_width_is_refused():
    with pytest.raises(ValueError, match="7 is odd"):
        sinusoidal(torch.arange(3.0), 7)


def check_shift(snippet, device, dtype, assert_close, k):
    pe = sinusoidal(positions(40, device, dtype), D)
    r = snippet.shift_matrix(k, D, device=device, dtype=dtype)
    # 角度是两数之积，float32 的角度本身就有 40 ulp 上下的舍入
    assert_close(pe[:-k] @ r.T, pe[k:], factor=10)
    assert_close(r @ r.T, torch.eye(D, device=device, dtype=dtype))


@pytest.mark.parametrize("k", [1, 5, 30])
def test_a_shift_is_one_rotation_wherever_it_starts(k, device, dtype, assert_close):
    check_shift(module, device, dtype, assert_close, k)


@pytest.mark.parametrize(
    "change",
    [("sin.diag(1) - sin.diag(-1)", "sin.diag(-1) - sin.diag(1)"), ("k * frequencies", "-k * frequencies")],
    ids=["turned backwards", "shifted backwards"],
)
def test_wrong_shift_is_noticed(change, assert_close, altered):
    with pytest.raises(AssertionError):
        check_shift(altered(module, *change), torch.device("cpu"), torch.float64, assert_close, 5)


def test_a_pair_is_one_complex_number_turning(device, assert_close):
    """cos + i·sin = e^{ipω}：每对分量就是一根匀速转动的指针。"""
    pe = sinusoidal(positions(T, device, torch.float64), D)
    for i, omega in enumerate(frequencies(D, dtype=torch.float64).tolist()):
        for p in range(T):
            turned = cmath.exp(1j * p * omega)
            assert_close(pe[p, 2 * i].item(), turned.imag)
            assert_close(pe[p, 2 * i + 1].item(), turned.real)


def test_the_inner_product_depends_on_the_distance_alone(device, dtype, assert_close):
    """PE(p)·PE(q) = Σ cos((p-q)ω_i)：只看距离，而且左右对称，所以自己分不出前后。"""
    pe = sinusoidal(positions(T, device, dtype), D)
    gap = positions(T, device, dtype)[:, None] - positions(T, device, dtype)
    expected = (gap[..., None] * frequencies(D, device=device, dtype=dtype)).cos().sum(dim=-1)
    assert_close(pe @ pe.T, expected, factor=10)
    assert_close((pe @ pe.T).diagonal(), torch.full((T,), D / 2, device=device, dtype=dtype))


def test_no_two_of_many_positions_look_alike():
    pe = sinusoidal(torch.arange(2000, dtype=torch.float64), 64)
    assert torch.pdist(pe).min() > 0.5


# --- 可学习 ---


def test_learned_positions_are_rows_of_a_table(device, dtype, assert_close):
    layer = LearnedPositions(T, D, device=device, dtype=dtype)
    x = torch.randn(2, 5, D, device=device, dtype=dtype)
    assert_close(layer(x), x + layer.table[:5])
    layer(x).sum().backward()
    assert_close(layer.table.grad[:5], torch.full((5, D), 2.0, device=device, dtype=dtype))  # 两条序列都用到
    assert torch.all(layer.table.grad[5:] == 0)  # 没见过的位置学不到东西
    with pytest.raises(ValueError, match="13 positions, but only 12"):
        layer(torch.randn(1, T + 1, D, device=device, dtype=dtype))


def test_the_same_positions_for_every_sequence_is_noticed(altered):
    wrong = altered(module, "x + self.table[: x.shape[1]]", "x + self.table[: x.shape[0], None]")
    x = torch.zeros(2, 5, D)
    layer = wrong.LearnedPositions(T, D)
    assert not torch.equal(layer(x)[0], layer(x)[1])  # 把批当成了时间：两条同样的序列不再相同


# --- ALiBi ---


def check_alibi(snippet, device, dtype, assert_close):
    expected = torch.tensor([1 / 2**n for n in range(1, 9)], device=device, dtype=dtype)
    assert_close(snippet.alibi_slopes(8, device=device, dtype=dtype), expected)  # 论文第 3 节的例子
    slopes = snippet.alibi_slopes(16, device=device, dtype=dtype)
    assert_close(slopes[:3], torch.tensor([2**-0.5, 2**-1, 2**-1.5], device=device, dtype=dtype))
    bias = snippet.alibi_bias(T, slopes)
    for head, p, q in ((0, 5, 2), (3, 11, 0), (15, 4, 4)):
        assert_close(bias[head, p, q], -slopes[head] * (p - q))


def test_alibi_is_the_papers(device, dtype, assert_close):
    check_alibi(module, device, dtype, assert_close)


@pytest.mark.parametrize(
    "change",
    [
        ("torch.arange(1, n_heads + 1", "torch.arange(0, n_heads"),
        ("return -slopes", "return slopes"),
        ("position[:, None] - position[None, :]", "position[None, :] - position[:, None]"),
    ],
    ids=["slopes from 1", "farther is better", "keys minus queries"],
)
def test_wrong_alibi_is_noticed(change, assert_close, altered):
    with pytest.raises(AssertionError):
        check_alibi(altered(module, *change), torch.device("cpu"), torch.float64, assert_close)


def test_six_heads_are_refused():
    with pytest.raises(ValueError, match="no power of two"):
        alibi_slopes(6)


def test_alibi_makes_attention_prefer_the_near(device, dtype):
    """查询与键全同时，只剩偏置：离得越近权重越大，斜率越大忘得越快。"""
    bias = alibi_bias(T, alibi_slopes(8, device=device, dtype=dtype))
    weights = bias.masked_fill(~causal_mask(T, device=device), -math.inf).softmax(dim=-1)  # (h, T, T)
    assert torch.all(weights[:, -1].diff(dim=-1) > 0)
    assert torch.all(weights[:-1, -1, -1] > weights[1:, -1, -1])


# --- 为什么需要 ---


def order_matters(encode, device, dtype):
    """把输入打乱：输出（按同样的次序排回来）变不变。"""
    x = torch.randn(1, T, D, device=device, dtype=dtype)
    order = torch.randperm(T, device=device)
    plain, shuffled = encode(x), encode(x[:, order])
    return (attention(plain, plain, plain)[0][:, order] - attention(shuffled, shuffled, shuffled)[0]).abs().max().item()


def test_attention_sees_the_order_only_through_the_positions(device, dtype):
    pe = sinusoidal(positions(T, device, dtype), D)
    assert order_matters(lambda x: x, device, dtype) < 1e-5
    assert order_matters(lambda x: x + pe, device, dtype) > 0.1


# --- 设备与笔记里的例子 ---


def test_every_tensor_is_made_on_the_inputs_device(on_meta):
    assert on_meta(sinusoidal, torch.arange(3.0), D).shape == (3, D)
    assert shift_matrix(3, D, device="meta").device.type == "meta"
    assert on_meta(alibi_bias, T, alibi_slopes(8)).shape == (8, T, T)
    assert on_meta(LearnedPositions(T, D), torch.randn(1, T, D)).shape == (1, T, D)
    assert LearnedPositions(T, D, device="meta").table.device.type == "meta"


def test_gradients_flow_to_continuous_positions(device):
    p = torch.rand(3, device=device, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda p: sinusoidal(p, D), (p,))


def test_the_worked_example_of_the_note():
    """d = 4：频率 1 与 0.01，位置 0 到 3。"""
    assert frequencies(4, dtype=torch.float64).tolist() == pytest.approx([1, 0.01])
    rows = [[round(v, 4) for v in row] for row in sinusoidal(torch.arange(4, dtype=torch.float64), 4).tolist()]
    assert rows == [
        [0, 1, 0, 1],
        [0.8415, 0.5403, 0.01, 1.0],
        [0.9093, -0.4161, 0.02, 0.9998],
        [0.1411, -0.99, 0.03, 0.9996],
    ]


def test_the_distances_of_the_note():
    """d = 64，内积随距离大致变小，但不单调。"""
    pe = sinusoidal(torch.arange(501, dtype=torch.float64), 64)
    assert [round((pe[0] @ pe[k]).item(), 2) for k in (0, 1, 5, 50, 100, 500)] == [32, 30.92, 23.5, 15.67, 17.87, 6.42]
