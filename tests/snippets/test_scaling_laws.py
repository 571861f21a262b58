"""规模定律的证明：闭式的最优分配对照细网格的穷举与 autograd 的驻点，预测对照逐项的手算。"""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
import torch

from snippets.llm import scaling_laws as module
from snippets.llm.scaling_laws import compute_optimal, kaplan_loss, loss_parts, training_flops


def check_optimum(snippet):
    """同样的算力：闭式给出的损失不高于网格上的任何一点，也恰好用完算力。"""
    for c in (1e18, 5.88e23, 1e26):
        n, d = snippet.compute_optimal(c)
        assert training_flops(n, d) == pytest.approx(c, rel=1e-12)
        best = sum(loss_parts(n, d))
        grid = [n * 10 ** (k / 200) for k in range(-400, 401)]
        losses = [sum(loss_parts(g, c / (6 * g))) for g in grid]
        assert best <= min(losses) + 1e-12
        assert losses.index(min(losses)) == 400  # 网格上最低的正是中点


def test_the_closed_form_is_the_lowest_point_of_the_grid():
    check_optimum(module)


WRONG = {
    "powers swapped": ("ratio * budget ** (BETA / (ALPHA + BETA))", "ratio * budget ** (ALPHA / (ALPHA + BETA))"),
    "ratio upside down": ("(ALPHA * A / (BETA * B))", "(BETA * B / (ALPHA * A))"),
    "slopes left out of the ratio": ("(ALPHA * A / (BETA * B))", "(A / B)"),
    "two operations a parameter": ("budget = c / 6", "budget = c / 2"),
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_a_wrong_optimum_is_noticed(change, altered):
    with pytest.raises(AssertionError):
        check_optimum(altered(module, *change))


def test_the_slope_along_the_budget_vanishes_at_the_optimum():
    c = 5.88e23
    log_n = torch.tensor(math.log(compute_optimal(c)[0]), dtype=torch.float64, requires_grad=True)
    n = log_n.exp()
    (slope,) = torch.autograd.grad(sum(loss_parts(n, c / (6 * n))), log_n)
    assert abs(slope.item()) < 1e-12


def check_predictions(snippet):
    """笔记的表。"""
    expected = {
        (1.75e11, 3e11): (0.0611, 0.2511, 2.0023),
        (2.8e11, 3e11): (0.0521, 0.2511, 1.9933),
        (7e10, 1.4e12): (0.0835, 0.1632, 1.9366),
    }
    for (n, d), (size, data, total) in expected.items():
        parts = snippet.loss_parts(n, d)
        assert [round(p, 4) for p in (*parts[1:], sum(parts))] == [size, data, total]
    assert [snippet.training_flops(*pair) for pair in expected] == pytest.approx([3.15e23, 5.04e23, 5.88e23])
    assert round(snippet.kaplan_loss(1e12) / snippet.kaplan_loss(1e11), 3) == 0.839


def test_the_predictions_of_the_note():
    check_predictions(module)


@pytest.mark.parametrize(
    "change",
    [
        ("A / n**ALPHA, B / d**BETA", "A / d**ALPHA, B / n**BETA"),
        ("** 0.076", "** 0.76"),
        ("return 6 * n * d", "return 2 * n * d"),
    ],
    ids=["sizes swapped", "a tenfold power", "forward only"],
)
def test_wrong_predictions_are_noticed(change, altered):
    with pytest.raises(AssertionError):
        check_predictions(altered(module, *change))


def test_more_is_better_and_less_each_time():
    losses = [sum(loss_parts(10**k, 1e12)) for k in range(6, 13)]
    gains = [a - b for a, b in pairwise(losses)]
    assert gains == sorted(gains, reverse=True)
    assert min(gains) > 0
    assert kaplan_loss(1e11) < kaplan_loss(1e9)
    assert sum(loss_parts(1e300, 1e300)) == pytest.approx(1.69)  # 降不下去的一项


def test_both_grow_almost_alike_with_compute():
    """算力乘一万：N 乘 10^(4·0.4516)，D 乘 10^(4·0.5484)；接近各乘一百。"""
    (n_1, d_1), (n_2, d_2) = compute_optimal(1e20), compute_optimal(1e24)
    assert math.log10(n_2 / n_1) == pytest.approx(4 * 0.28 / 0.62)
    assert math.log10(d_2 / d_1) == pytest.approx(4 * 0.34 / 0.62)


def test_the_optimum_of_the_note():
    """这组系数下，5.88e23 次运算的最优点；底部很平：Chinchilla 的大小只差不到百分之二。"""
    n, d = compute_optimal(5.88e23)
    assert (round(n / 1e9, 1), round(d / 1e12, 1), round(d / n)) == (32.5, 3.0, 93)
    assert sum(loss_parts(7e10, 1.4e12)) < 1.02 * sum(loss_parts(n, d))
    assert sum(loss_parts(1.75e11, 3e11)) > sum(loss_parts(*compute_optimal(3.15e23)))
