"""暂退法的证明：同一个掩码下等于 F.dropout（取它自己抽出的掩码）；均值与方差的闭式；边界；写坏的变体。"""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from snippets.nn import dropout as module
from snippets.nn.dropout import dropout, keep_mask


def seeded(device, seed=0):
    return torch.Generator(device=device).manual_seed(seed)


def check_library(snippet, device, dtype, assert_close, p=0.3):
    """让库先抽，从它的输出读出掩码（x 没有零），再用同一个掩码；梯度也比。"""
    x = torch.randn(40, 30, device=device, dtype=dtype) + 5
    leaf = x.clone().requires_grad_()
    expected = F.dropout(leaf, p, training=True)
    g = torch.randn_like(x)
    expected.backward(g)
    mask = expected.detach() != 0
    mine = x.clone().requires_grad_()
    y = snippet.dropout(mine, p, training=True, mask=mask)
    y.backward(g)
    assert_close(y.detach(), expected.detach())
    assert_close(mine.grad, leaf.grad)


def test_a_given_mask_does_what_the_library_does(device, dtype, assert_close):
    check_library(module, device, dtype, assert_close)


def check_moments(snippet, p):
    x = torch.full((400_000,), 2.0, dtype=torch.float64)
    y = snippet.dropout(x, p, training=True, generator=seeded("cpu"))
    assert abs(y.mean().item() - 2) < 0.02
    assert abs(y.var().item() / (4 * p / (1 - p)) - 1) < 0.02
    assert abs((y == 0).double().mean().item() - p) < 0.005


@pytest.mark.parametrize("p", [0.1, 0.3, 0.5, 0.8])
def test_mean_is_kept_and_variance_is_the_formula(p):
    check_moments(module, p)


def check_all(snippet, assert_close):
    check_library(snippet, torch.device("cpu"), torch.float64, assert_close)
    check_moments(snippet, 0.3)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("x * mask / (1 - p)", "x * mask"),
        ("x * mask / (1 - p)", "x * mask / p"),
        ("x * mask / (1 - p)", "x * mask * (1 - p)"),
        ("x * mask / (1 - p)", "x * ~mask / (1 - p)"),
        ("device=x.device) >= p", "device=x.device) < p"),
        ("torch.rand(x.shape,", "torch.rand(x.shape[-1:],"),
        ("if not training or p == 0", "if training or p == 0"),
    ],
    ids=[
        "not scaled",
        "scaled by the wrong probability",
        "scaled down (the 2014 rule, at training time)",
        "mask turned round",
        "kept with probability p",
        "one mask for the whole batch",
        "switched off in training",
    ],
)
def test_wrong_dropout_is_noticed(old, new, assert_close, altered):
    wrong = altered(module, old, new)
    with pytest.raises(AssertionError):
        check_all(wrong, assert_close)
        many = wrong.dropout(torch.ones(200, 50), 0.5, training=True, generator=seeded("cpu"))
        assert not torch.equal(many[0], many[1])  # 同一批里各样本的掩码不同


def test_prediction_is_the_identity(device, dtype):
    x = torch.randn(4, 5, device=device, dtype=dtype)
    assert dropout(x, 0.5, training=False) is x
    assert dropout(x, 0.0, training=True) is x


def test_everything_dropped(device, dtype):
    x = torch.randn(4, 5, device=device, dtype=dtype, requires_grad=True)
    y = dropout(x, 1.0, training=True)
    y.sum().backward()
    assert not y.any()
    assert not x.grad.any()
    assert not F.dropout(x, 1.0).any()


@pytest.mark.parametrize("p", [-0.1, 1.5])
def test_a_probability_is_between_zero_and_one(p):
    with pytest.raises(ValueError, match=f"p is {p}"):
        dropout(torch.ones(3), p, training=True)
    with pytest.raises(ValueError, match="probability"):
        F.dropout(torch.ones(3), p)


def test_gradcheck(device):
    x = torch.randn(3, 4, device=device, dtype=torch.float64, requires_grad=True)
    mask = keep_mask(x, 0.4, seeded(device))
    assert torch.autograd.gradcheck(lambda x: dropout(x, 0.4, training=True, mask=mask), x)


def test_the_same_generator_gives_the_same_mask(device):
    x = torch.randn(50, 50, device=device)
    one, other = (keep_mask(x, 0.5, seeded(device)) for _ in range(2))
    assert torch.equal(one, other)
    assert not torch.equal(one, keep_mask(x, 0.5, seeded(device, 1)))


def test_masks_of_neighbours_are_independent():
    mask = keep_mask(torch.empty(200_000), 0.5, seeded("cpu")).double()
    correlation = torch.corrcoef(torch.stack([mask[:-1], mask[1:]]))[0, 1].item()
    assert abs(correlation) < 0.01


def test_a_linear_layer_averages_over_all_masks_to_the_prediction(assert_close):
    """线性层：把 2^4 种掩码的输出按概率加起来，恰等于不丢弃的输出；非线性层则不等。"""
    x = torch.tensor([1.0, -2.0, 3.0, 0.5], dtype=torch.float64)
    w = torch.tensor([0.2, 0.7, -0.4, 1.1], dtype=torch.float64)
    total, bent = torch.zeros((), dtype=torch.float64), torch.zeros((), dtype=torch.float64)
    for code in range(16):
        mask = torch.tensor([bool(code >> i & 1) for i in range(4)])
        chance = math.prod(0.7 if keep else 0.3 for keep in mask.tolist())
        z = w @ dropout(x, 0.3, training=True, mask=mask)
        total, bent = total + chance * z, bent + chance * torch.relu(z)
    assert_close(total, w @ x)
    assert abs(bent - torch.relu(w @ x)) > 0.05  # 0.0675 与 0


def test_worked_example_of_the_note():
    """x = (1, 2, 3, 4)，p = 0.5，留下第一、三、四个。"""
    x = torch.tensor([1.0, 2.0, 3.0, 4.0])
    y = dropout(x, 0.5, training=True, mask=torch.tensor([True, False, True, True]))
    assert y.tolist() == [2, 0, 6, 8]


def test_on_linear_regression_it_is_a_ridge(assert_close):
    """输入上做 dropout，对掩码求平均的平方损失 = 原损失 + p/(1-p) Σ_j w_j² Σ_i x_ij²；最优解同岭回归的公式。"""
    generator = seeded("cpu")
    x, y = torch.randn(6, 3, generator=generator, dtype=torch.float64), torch.randn(6, generator=generator, dtype=torch.float64)
    w, p = torch.tensor([0.5, -1.0, 2.0], dtype=torch.float64), 0.4
    average = torch.zeros((), dtype=torch.float64)
    for row, target in zip(x, y, strict=True):  # 各样本的掩码独立，可以逐个样本求平均
        for code in range(8):
            mask = torch.tensor([bool(code >> i & 1) for i in range(3)])
            chance = math.prod(0.6 if keep else 0.4 for keep in mask.tolist())
            average = average + chance * (w @ dropout(row, p, training=True, mask=mask) - target) ** 2
    penalty = p / (1 - p) * (w.square() * x.square().sum(dim=0)).sum()
    assert_close(average, (x @ w - y).square().sum() + penalty)


def test_nothing_is_made_on_another_device(on_meta):
    x = torch.randn(3, 4)
    assert on_meta(lambda x: dropout(x, 0.5, training=True), x).shape == (3, 4)


# --- 一个过拟合的网络：笔记里的表 ---


class Net(torch.nn.Module):
    """64-128-10，隐藏层之后 dropout。"""

    def __init__(self, p):
        super().__init__()
        self.hidden, self.out, self.p = torch.nn.Linear(64, 128), torch.nn.Linear(128, 10), p

    def forward(self, x):
        return self.out(dropout(F.relu(self.hidden(x.flatten(1))), self.p, training=self.training))


def nudged(x, generator):
    """增广：每张图随机挪至多一格。"""
    down, right = (torch.randint(-1, 2, (len(x),), generator=generator).tolist() for _ in range(2))
    return torch.stack([image.roll((i, j), dims=(1, 2)) for image, i, j in zip(x, down, right, strict=True)])


def overfit(p=0.0, decay=0.0, augment=False, seed=0):
    """300 张带噪声的点阵数字，60 轮 AdamW -> (训练损失, 检验损失, 检验正确率)；检验 2000 张。"""
    from snippets.cnn.small_cnn import evaluate, glyphs, train_epoch

    torch.manual_seed(seed)
    generator = seeded("cpu", seed)
    (x, y), held = glyphs(300, generator=generator), glyphs(2000, generator=generator)
    model = Net(p)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=decay)
    for _ in range(60):
        batch = nudged(x, generator) if augment else x
        train_epoch(model, optimizer, batch, y, batch=32, generator=generator)
    return evaluate(model, x, y)[0], *evaluate(model, *held)


def test_more_data_helps_more_than_a_penalty():
    """三种办法都收窄了训练与检验的差距；挪一格造出来的新样本却把错误减到三分之一。"""
    fit, loss, right = overfit()
    assert fit < 0.02
    assert right < 0.8
    shrunk_fit, shrunk_loss, _ = overfit(decay=1.0)
    assert shrunk_fit > 3 * fit
    assert shrunk_loss < 1.1 * loss
    _, dropped_loss, dropped_right = overfit(p=0.5)
    assert dropped_loss < 1.1 * loss
    assert abs(dropped_right - right) < 0.05
    moved_fit, moved_loss, moved_right = overfit(augment=True)
    assert moved_fit > 10 * fit
    assert moved_loss < loss / 2
    assert 1 - moved_right < (1 - right) / 2
