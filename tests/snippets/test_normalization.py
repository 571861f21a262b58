"""归一化的证明：前向对照 F.batch_norm、layer_norm、group_norm、instance_norm、rms_norm，反向对照 autograd；写坏的变体。"""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from snippets.nn import normalization
from snippets.nn.normalization import batch_norm, batch_norm_eval, group_norm, layer_norm, rms_norm, standardize, update_running

N, C, H, W, D = 6, 4, 3, 5, 16


def affine(n, device, dtype):
    return 1 + 0.5 * torch.randn(n, device=device, dtype=dtype), torch.randn(n, device=device, dtype=dtype)


def images(device, dtype):
    return 2 * torch.randn(N, C, H, W, device=device, dtype=dtype) + 3


def rows(device, dtype):
    return 2 * torch.randn(N, 7, D, device=device, dtype=dtype) + 3


# --- 前向 ---


def check_forward(module, device, dtype, assert_close):
    gamma, beta = affine(C, device, dtype)
    x = images(device, dtype)
    mean, var = torch.randn(C, device=device, dtype=dtype), 1 + torch.rand(C, device=device, dtype=dtype)
    for batch in (x, x[..., 0, 0], x[..., 0]):  # (N, C, H, W)、(N, C)、(N, C, L)
        old_mean, old_var = mean.clone(), var.clone()
        expected = F.batch_norm(batch, old_mean, old_var, gamma, beta, training=True)
        assert_close(module.batch_norm(batch, gamma, beta), expected)
        assert_close(module.update_running(mean, var, batch), (old_mean, old_var))
        expected = F.batch_norm(batch, mean, var, gamma, beta, training=False)
        assert_close(module.batch_norm_eval(batch, mean, var, gamma, beta), expected)
    for groups in (1, 2, 4):
        assert_close(module.group_norm(x, groups, gamma, beta), F.group_norm(x, groups, gamma, beta))
    assert_close(module.group_norm(x, C, gamma, beta), F.instance_norm(x, weight=gamma, bias=beta))
    gamma, beta = affine(D, device, dtype)
    x = rows(device, dtype)
    assert_close(module.layer_norm(x, gamma, beta), F.layer_norm(x, (D,), gamma, beta))
    assert_close(module.layer_norm(x / 1e3, gamma, beta), F.layer_norm(x / 1e3, (D,), gamma, beta))  # ε 看得见
    assert_close(module.rms_norm(x, gamma), F.rms_norm(x, (D,), gamma, eps=1e-6))
    assert_close(module.rms_norm(x / 1e3, gamma), F.rms_norm(x / 1e3, (D,), gamma, eps=1e-6))


def test_forward_is_the_librarys(device, dtype, assert_close):
    check_forward(normalization, device, dtype, assert_close)


STD = "std = (centred.square().mean(dim=dims, keepdim=True) + eps).sqrt()"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (STD, "std = (x.var(dim=dims, correction=1, keepdim=True) + eps).sqrt()"),
        (STD, "std = x.std(dim=dims, correction=1, keepdim=True) + eps"),
        (STD, "std = centred.square().mean(dim=dims, keepdim=True).sqrt() + eps"),
        (STD, STD.replace("centred.square()", "x.square()")),
        ("x.var(dim=dims, correction=1)", "x.var(dim=dims, correction=0)"),
        ("(1 - momentum) * mean + momentum * x.mean(dim=dims)", "momentum * mean + (1 - momentum) * x.mean(dim=dims)"),
        ("return (0, *range(2, x.ndim))", "return (0,)"),
        ("beta - scale * mean", "beta - mean"),
        ("x_hat, _ = standardize(x, (-1,), eps)\n    return gamma", "x_hat, _ = standardize(x, (0,), eps)\n    return gamma"),
        ("x.reshape(n, groups, c // groups, *rest)", "x.reshape(n, c // groups, groups, *rest)"),
        ("return gamma * x / (x.square()", "return gamma * x / ((x - x.mean(dim=-1, keepdim=True)).square()"),
    ],
    ids=[
        "unbiased variance",
        "std(n - 1) + eps (Annotated Transformer)",
        "eps outside the root",
        "mean not taken out",
        "biased running variance",
        "momentum is the old share",
        "every pixel by itself",
        "running mean not scaled",
        "layer norm over the batch",
        "groups interleaved",
        "rms of the centred",
    ],
)
def test_wrong_normalization_is_noticed(old, new, assert_close, altered):
    with pytest.raises(AssertionError):
        check_forward(altered(normalization, old, new), torch.device("cpu"), torch.float64, assert_close)


# --- 反向 ---


def check_backward(module, device, dtype, assert_close):
    """手写的三个反向都同 autograd；梯度是许多项之和，float32 放宽。"""
    cases = [
        (F.batch_norm, module.batch_norm_backward, images(device, dtype), C, True),
        (None, module.layer_norm_backward, rows(device, dtype), D, True),
        (None, module.rms_norm_backward, rows(device, dtype), D, False),
    ]
    for library, backward, x, width, shifted in cases:
        gamma, beta = affine(width, device, dtype)
        leaves = [p.clone().requires_grad_() for p in (x, gamma, beta)]
        if library is not None:
            y = library(leaves[0], None, None, leaves[1], leaves[2], training=True)
        elif shifted:
            y = F.layer_norm(leaves[0], (width,), leaves[1], leaves[2])
        else:
            y = F.rms_norm(leaves[0], (width,), leaves[1], eps=1e-6)
        dy = torch.randn_like(y)
        expected = torch.autograd.grad(y, leaves if shifted else leaves[:2], dy)
        assert_close(list(backward(dy, x, gamma)), list(expected), factor=10)


def test_backward_is_autograd(device, dtype, assert_close):
    check_backward(normalization, device, dtype, assert_close)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("(g - g.mean(dim=dims, keepdim=True) - along) / std", "(g - along) / std"),
        ("(g - g.mean(dim=dims, keepdim=True) - along) / std", "(g - g.mean(dim=dims, keepdim=True)) / std"),
        ("(g - g.mean(dim=dims, keepdim=True) - along) / std", "g / std"),
        ("along = x_hat * (g * x_hat)", "along = (g * x_hat)"),
        ("standardize_backward(dy * per_channel(gamma, x), x_hat", "standardize_backward(dy, x_hat"),
        ("(dy * x_hat).sum(dim=dims), dy.sum(dim=dims)", "(dy * x).sum(dim=dims), dy.sum(dim=dims)"),
        ("(dy * x_hat).sum(dim=others), dy.sum(dim=others)", "(dy * x_hat).mean(dim=others), dy.sum(dim=others)"),
        ("(g - x_hat * (g * x_hat).mean(dim=-1, keepdim=True)) / rms", "g / rms"),
    ],
    ids=[
        "mean taken for a constant",
        "variance taken for a constant",
        "both taken for constants",
        "projection without its direction",
        "gamma forgotten",
        "gradient of gamma from x",
        "gradient of gamma averaged",
        "rms taken for a constant",
    ],
)
def test_wrong_backward_is_noticed(old, new, assert_close, altered):
    with pytest.raises(AssertionError):
        check_backward(altered(normalization, old, new), torch.device("cpu"), torch.float64, assert_close)


def test_gradcheck(device):
    x = torch.randn(4, 6, device=device, dtype=torch.float64, requires_grad=True)
    gamma, beta = (p.requires_grad_() for p in affine(6, device, torch.float64))
    for f in (batch_norm, layer_norm, lambda x, g, b: group_norm(x, 3, g, b), lambda x, g, b: rms_norm(x, g) + b):
        assert torch.autograd.gradcheck(f, (x, gamma, beta))


def test_the_gradient_has_no_part_along_one_and_x_hat(device, dtype):
    """平移与缩放不改变 x̂，所以梯度在这两个方向上为 0（ε = 0）。"""
    x, gamma = torch.randn(5, D, device=device, dtype=dtype), torch.ones(D, device=device, dtype=dtype)
    dy = torch.randn_like(x)
    dx, _, _ = normalization.layer_norm_backward(dy, x, gamma, eps=0.0)
    x_hat, _ = standardize(x, (-1,), 0.0)
    tolerance = 1e-10 if dtype == torch.float64 else 1e-4
    assert dx.sum(dim=-1).abs().max() < tolerance
    assert (dx * x_hat).sum(dim=-1).abs().max() < tolerance


# --- 性质 ---


def test_layer_norm_ignores_shift_and_scale(device, dtype, assert_close):
    x = torch.randn(5, D, device=device, dtype=dtype)
    gamma, beta = affine(D, device, dtype)
    plain = layer_norm(x, gamma, beta, eps=0.0)
    assert_close(layer_norm(3 * x + 7, gamma, beta, eps=0.0), plain, factor=20)  # 3x + 7 本身有舍入
    assert_close(rms_norm(3 * x, gamma, eps=0.0), rms_norm(x, gamma, eps=0.0))
    assert not torch.allclose(rms_norm(x + 7, gamma, eps=0.0), rms_norm(x, gamma, eps=0.0), atol=0.1)


def test_subtracting_squares_loses_everything_when_the_mean_is_large(altered):
    """E[x²] - E[x]²：均值一万、方差一，float32 有约四分之一的行算成 NaN；先减均值则只有存数的误差。"""
    wrong = altered(
        normalization,
        "std = (centred.square().mean(dim=dims, keepdim=True) + eps).sqrt()",
        "std = (x.square().mean(dim=dims, keepdim=True) - x.mean(dim=dims, keepdim=True) ** 2 + eps).sqrt()",
    )
    x = torch.randn(400, 64, generator=torch.Generator().manual_seed(0))
    one, zero = torch.ones(64), torch.zeros(64)

    def error(module, shift):
        exact = layer_norm((x + shift).double(), one.double(), zero.double())
        return (module.layer_norm(x + shift, one, zero) - exact).abs().nan_to_num(nan=math.inf).max().item()

    assert error(normalization, 1e4) < 3e-3
    assert error(normalization, 1e2) < 5e-5
    assert 2e-3 < error(wrong, 1e2) < 3e-2  # 均值只有一百，误差已是几百倍
    assert 0.1 < wrong.layer_norm(x + 1e4, one, zero).isnan().any(dim=1).float().mean() < 0.6


def test_the_annotated_transformer_differs_even_for_wide_layers(altered):
    """std(n - 1) 加 ε：D = 4 时 1.5 对 1.7321，D = 512 时仍差千分之几。"""
    wrong = altered(normalization, STD, "std = x.std(dim=dims, correction=1, keepdim=True) + eps")
    x = torch.tensor([1.0, 0.0, 0.0, 0.0], dtype=torch.float64)
    one, zero = torch.ones(4, dtype=torch.float64), torch.zeros(4, dtype=torch.float64)
    assert [round(v, 4) for v in wrong.layer_norm(x, one, zero, eps=0.0).tolist()] == [1.5, -0.5, -0.5, -0.5]
    assert [round(v, 4) for v in layer_norm(x, one, zero, eps=0.0).tolist()] == [1.7321, -0.5774, -0.5774, -0.5774]
    x = torch.randn(64, 512, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    one, zero = torch.ones(512, dtype=torch.float64), torch.zeros(512, dtype=torch.float64)
    gap = (wrong.layer_norm(x, one, zero, eps=1e-6) - layer_norm(x, one, zero, eps=1e-6)).abs().max()
    assert 2e-3 < gap < 6e-3


def test_training_mixes_the_samples_and_prediction_does_not(device, dtype):
    x = images(device, dtype)
    gamma, beta = affine(C, device, dtype)
    other = x.clone()
    other[1:] += 5
    assert not torch.allclose(batch_norm(x, gamma, beta)[0], batch_norm(other, gamma, beta)[0])
    mean, var = torch.zeros(C, device=device, dtype=dtype), torch.ones(C, device=device, dtype=dtype)
    first = batch_norm_eval(x, mean, var, gamma, beta)[0]
    assert torch.equal(first, batch_norm_eval(other, mean, var, gamma, beta)[0])
    for f in (lambda x: layer_norm(x, *affine_of_ones(W, x)), lambda x: group_norm(x, 2, gamma, beta)):
        assert torch.equal(f(x)[0], f(other)[0])


def affine_of_ones(n, x):
    return torch.ones(n, device=x.device, dtype=x.dtype), torch.zeros(n, device=x.device, dtype=x.dtype)


def test_output_has_mean_zero_and_variance_one(device, dtype):
    x_hat, _ = standardize(images(device, dtype), (0, 2, 3), 0.0)
    assert x_hat.mean(dim=(0, 2, 3)).abs().max() < 1e-5
    assert (x_hat.var(dim=(0, 2, 3), correction=0) - 1).abs().max() < 1e-5


def test_a_bias_before_batch_norm_has_no_effect(device, dtype, assert_close):
    x = images(device, dtype)
    gamma, beta = affine(C, device, dtype)
    bias = torch.randn(1, C, 1, 1, device=device, dtype=dtype)
    assert_close(batch_norm(x + bias, gamma, beta), batch_norm(x, gamma, beta), factor=5)


def test_weights_before_batch_norm_have_no_scale(device, assert_close):
    """W → 10W：输出不变（ε = 0），梯度变成十分之一；所以有效学习率随权重变大而变小。"""
    x = torch.randn(20, 5, device=device, dtype=torch.float64)
    w = torch.randn(3, 5, device=device, dtype=torch.float64)
    gamma, beta = affine(3, device, torch.float64)
    target = torch.randn(20, 3, device=device, dtype=torch.float64)

    def slope(w):
        leaf = w.clone().requires_grad_()
        y = batch_norm(x @ leaf.T, gamma, beta, eps=0.0)
        return y.detach(), torch.autograd.grad((y - target).square().mean(), leaf)[0]

    (y, g), (y_10, g_10) = slope(w), slope(10 * w)
    assert_close(y_10, y)
    assert_close(10 * g_10, g)
    assert_close((g * w).sum(dim=1), torch.zeros(3, device=device, dtype=torch.float64))  # 与 w 垂直


def test_running_statistics_approach_those_of_the_data():
    generator = torch.Generator().manual_seed(0)
    mean, var = torch.zeros(2), torch.ones(2)
    for _ in range(200):
        x = 3 * torch.randn(64, 2, generator=generator) + 5
        mean, var = update_running(mean, var, x)
    assert (mean - 5).abs().max() < 0.5
    assert (var - 9).abs().max() < 1.5


def test_worked_example_of_the_note(assert_close):
    """两个样本、一个通道：x = 1、3；LN 的三个数 2、4、6。"""
    x = torch.tensor([[1.0], [3.0]], dtype=torch.float64)
    one, zero = torch.ones(1, dtype=torch.float64), torch.zeros(1, dtype=torch.float64)
    assert batch_norm(x, one, zero, eps=0.0).flatten().tolist() == [-1, 1]
    mean, var = update_running(zero, one, x)
    assert math.isclose(mean.item(), 0.2)
    assert math.isclose(var.item(), 0.9 + 0.1 * 2)  # 有偏方差 1，无偏方差 2
    later = batch_norm_eval(x, mean, var, one, zero, eps=0.0).flatten()
    assert_close(later, (x.flatten() - 0.2) / 1.1**0.5)
    row = torch.tensor([2.0, 4.0, 6.0], dtype=torch.float64)
    three = torch.ones(3, dtype=torch.float64)
    assert [round(v, 4) for v in layer_norm(row, three, 0 * three, eps=0.0).tolist()] == [-1.2247, 0, 1.2247]
    assert [round(v, 4) for v in rms_norm(row, three, eps=0.0).tolist()] == [0.4629, 0.9258, 1.3887]


def test_nothing_is_made_on_another_device(on_meta):
    x, gamma = torch.randn(N, C, H, W), torch.ones(C)
    assert on_meta(batch_norm, x, gamma, gamma).shape == x.shape
    assert on_meta(group_norm, x, 2, gamma, gamma).shape == x.shape
    assert on_meta(batch_norm_eval, x, gamma, gamma, gamma, gamma).shape == x.shape
    assert [v.shape for v in on_meta(update_running, gamma, gamma, x)] == [(C,), (C,)]
    assert on_meta(layer_norm, torch.randn(3, D), torch.ones(D), torch.ones(D)).shape == (3, D)
    assert on_meta(rms_norm, torch.randn(3, D), torch.ones(D)).shape == (3, D)
    assert on_meta(normalization.batch_norm_backward, x, x, gamma)[0].shape == x.shape
