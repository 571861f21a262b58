"""卷积与池化的证明：对照 F.conv2d、F.conv_transpose2d、F.max_pool2d、F.avg_pool2d 与 scipy；伴随、等变、写坏的变体。"""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from snippets.cnn import conv2d as module
from snippets.cnn.conv2d import (
    avg_pool2d,
    conv2d,
    conv_transpose2d,
    correlate,
    depthwise_separable,
    im2col,
    max_pool2d,
    output_size,
    receptive_field,
    windows,
)

SETTINGS = [
    {"stride": s, "padding": p, "dilation": d, "groups": g} for s, p, d, g in itertools.product((1, 2), (0, 2), (1, 2), (1, 2))
]


def problem(device, dtype, groups=1):
    x = torch.randn(2, 4, 9, 8, device=device, dtype=dtype)
    w = torch.randn(6, 4 // groups, 3, 2, device=device, dtype=dtype)  # 核不是方的
    return x, w, torch.randn(6, device=device, dtype=dtype)


# --- 卷积 ---


def check_conv(snippet, device, dtype, assert_close):
    """每种填充、步幅、空洞、分组：输出与三个梯度都同 F.conv2d。"""
    for options in SETTINGS:
        leaves = [p.requires_grad_() for p in problem(device, dtype, options["groups"])]
        expected, actual = F.conv2d(*leaves, **options), snippet.conv2d(*leaves, **options)
        assert_close(actual, expected, factor=5)  # 最多 24 项之和，次序不同
        g = torch.randn_like(expected)
        pairs = zip(torch.autograd.grad(actual, leaves, g), torch.autograd.grad(expected, leaves, g), strict=True)
        for ours, theirs in pairs:
            assert_close(ours, theirs, factor=30)  # w 与 b 的梯度是几百项之和


def test_convolution_is_the_librarys(device, dtype, assert_close):
    check_conv(module, device, dtype, assert_close)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("y = cols @ w.flatten(1).T", "y = cols @ w.flip(2, 3).flatten(1).T"),
        ("permute(0, 2, 3, 1, 4, 5)", "permute(0, 2, 3, 1, 5, 4)"),
        ("permute(0, 2, 3, 1, 4, 5)", "permute(0, 2, 3, 4, 5, 1)"),
        ("(torch.arange(n, device=x.device) * stride for n in (h, w))", "(torch.arange(n, device=x.device) for n in (h, w))"),
        ("torch.arange(k, device=x.device) * dilation", "torch.arange(k, device=x.device)"),
        ("w.chunk(groups), strict", "w.flip(0).chunk(groups), strict"),
        ("return y if b is None else y + b[:, None, None]", "return y"),
        ("unflatten(2, (h, -1))", "unflatten(2, (-1, h)).transpose(2, 3)"),
    ],
    ids=[
        "kernel flipped",
        "kernel transposed",
        "channels last in the row",
        "stride ignored",
        "dilation ignored",
        "groups swapped",
        "bias forgotten",
        "rows and columns exchanged",
    ],
)
def test_wrong_convolution_is_noticed(old, new, assert_close, altered):
    with pytest.raises(AssertionError):
        check_conv(altered(module, old, new), torch.device("cpu"), torch.float64, assert_close)


def test_the_loop_is_the_formula(device, dtype, assert_close):
    x, w = torch.randn(6, 7, device=device, dtype=dtype), torch.randn(3, 2, device=device, dtype=dtype)
    y = correlate(x, w)
    assert_close(y, F.conv2d(x[None, None], w[None, None])[0, 0])
    assert_close(y, conv2d(x[None, None], w[None, None])[0, 0])
    one = sum(w[a, b] * x[2 + a, 3 + b] for a in range(3) for b in range(2))
    assert_close(y[2, 3], one)


def test_it_is_a_correlation_and_not_the_convolution_of_mathematics(assert_close):
    """勘误：深度学习的“卷积”等于 scipy 的 correlate2d；convolve2d 要把核翻转才相等。"""
    signal = pytest.importorskip("scipy.signal")
    x, w = (torch.randn(s, s, dtype=torch.float64, generator=torch.Generator().manual_seed(s)) for s in (8, 3))
    ours = conv2d(x[None, None], w[None, None])[0, 0].numpy()
    assert_close(ours, signal.correlate2d(x.numpy(), w.numpy(), mode="valid"))
    convolved = signal.convolve2d(x.numpy(), w.numpy(), mode="valid")
    assert np.abs(ours - convolved).max() > 1
    assert_close(conv2d(x[None, None], w.flip(0, 1)[None, None])[0, 0].numpy(), convolved)


def test_true_convolution_commutes_and_correlation_does_not():
    """全填充下：卷积可交换，互相关不可；这就是数学家要翻转的理由。"""
    a, b = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([4.0, 5.0, 7.0])

    def full(x, w):
        return F.conv1d(x[None, None], w[None, None], padding=2)[0, 0].tolist()

    assert full(a, b.flip(0)) == full(b, a.flip(0))
    assert full(a, b) != full(b, a)


def test_im2col_is_unfold(device, dtype, assert_close):
    x, _, _ = problem(device, dtype)
    for stride, padding, dilation in itertools.product((1, 2), (0, 1), (1, 2)):
        options = {"stride": stride, "padding": padding, "dilation": dilation}
        assert_close(im2col(x, (3, 2), **options).transpose(1, 2), F.unfold(x, (3, 2), **options))


def test_output_size_counts_the_windows_that_fit():
    """穷举：把窗口一个个往右挪，数到放不下为止。"""
    for n, k, s, p, d in itertools.product(range(1, 12), range(1, 5), range(1, 4), range(3), range(1, 4)):
        places = [start for start in range(0, n + 2 * p, s) if start + d * (k - 1) + 1 <= n + 2 * p]
        if places:
            assert output_size(n, k, stride=s, padding=p, dilation=d) == len(places), (n, k, s, p, d)


def test_padding_of_half_the_kernel_keeps_the_size():
    for k in (1, 3, 5, 7):
        assert output_size(32, k, padding=k // 2) == 32
    assert output_size(224, 7, stride=2, padding=3) == 112


def test_gradcheck(device):
    x = torch.randn(1, 2, 4, 4, device=device, dtype=torch.float64, requires_grad=True)
    w = torch.randn(4, 1, 2, 2, device=device, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x, w: conv2d(x, w, stride=2, padding=1, groups=2), (x, w))
    assert torch.autograd.gradcheck(lambda x: max_pool2d(x, 2), x)
    assert torch.autograd.gradcheck(lambda x: avg_pool2d(x, 3, stride=1), x)


def test_one_by_one_is_a_dense_layer_at_every_pixel(device, dtype, assert_close):
    x = torch.randn(2, 5, 3, 4, device=device, dtype=dtype)
    w = torch.randn(7, 5, 1, 1, device=device, dtype=dtype)
    dense = F.linear(x.movedim(1, -1), w[:, :, 0, 0]).movedim(-1, 1)
    assert_close(conv2d(x, w), dense, factor=5)


def test_it_is_a_dense_layer_with_shared_and_missing_weights(assert_close):
    """把卷积写成矩阵：3×3 的图、2×2 的核，(4, 9) 的矩阵里每行四个非零，四行用同样四个数。"""
    w = torch.tensor([[0.0, 1.0], [2.0, 3.0]], dtype=torch.float64)
    columns = [conv2d(e.view(1, 1, 3, 3), w[None, None]).flatten() for e in torch.eye(9, dtype=torch.float64)]
    matrix = torch.stack(columns, dim=1)  # (4, 9)
    expected = torch.zeros(4, 9, dtype=torch.float64)
    for row, (i, j) in enumerate(itertools.product(range(2), range(2))):
        for a, b in itertools.product(range(2), range(2)):
            expected[row, 3 * (i + a) + j + b] = w[a, b]
    assert torch.equal(matrix, expected)
    x = torch.arange(9.0, dtype=torch.float64)
    assert_close(matrix @ x, conv2d(x.view(1, 1, 3, 3), w[None, None]).flatten())
    assert (matrix @ x).tolist() == [19, 25, 37, 43]  # 笔记里的例子


# --- 平移 ---


def test_shifting_the_image_shifts_the_output(device, dtype, assert_close):
    """等变：环绕填充下恰好成立；零填充时只有离边远的地方成立；步幅 2 时只对偶数格成立。"""
    x = torch.zeros(1, 1, 12, 12, device=device, dtype=dtype)
    x[..., 4:8, 4:8] = torch.randn(4, 4, device=device, dtype=dtype)
    w = torch.randn(3, 1, 3, 3, device=device, dtype=dtype)
    moved = x.roll((1, 2), dims=(2, 3))
    assert_close(conv2d(moved, w, padding=1), conv2d(x, w, padding=1).roll((1, 2), dims=(2, 3)))
    strided = conv2d(x, w, padding=1, stride=2)
    assert_close(conv2d(x.roll(2, dims=2), w, padding=1, stride=2), strided.roll(1, dims=2))
    odd = conv2d(x.roll(1, dims=2), w, padding=1, stride=2)
    assert not torch.allclose(odd, strided, atol=0.1)
    assert not torch.allclose(odd, strided.roll(1, dims=2), atol=0.1)


def test_pooling_is_only_roughly_invariant():
    """挪一格，2×2 最大池化的输出可能一点不变，也可能全变：要看落在哪个窗口里。"""
    x = torch.zeros(1, 1, 4, 4)
    x[0, 0, 0, 0] = 1
    y = max_pool2d(x, 2)
    assert torch.equal(max_pool2d(x.roll(1, dims=3), 2), y)
    assert torch.equal(max_pool2d(x.roll(2, dims=3), 2), y.roll(1, dims=3))


def test_the_sum_over_all_places_does_not_change(device, dtype, assert_close):
    """全局平均池化之后，卷积网络对（不碰边的）平移才真正不变。"""
    x = torch.zeros(1, 1, 12, 12, device=device, dtype=dtype)
    x[..., 4:7, 4:7] = torch.randn(3, 3, device=device, dtype=dtype)
    w = torch.randn(3, 1, 3, 3, device=device, dtype=dtype)

    def head(x):
        return torch.relu(conv2d(x, w, padding=1)).mean(dim=(2, 3))

    assert_close(head(x.roll((2, 1), dims=(2, 3))), head(x))


# --- 转置卷积 ---


def check_transpose(snippet, device, dtype, assert_close):
    for stride, padding, k in itertools.product((1, 2, 3), (0, 1, 3), (2, 3, 4)):
        x = torch.randn(2, 3, 8, 7, device=device, dtype=dtype)
        w = torch.randn(3, 4, k, k, device=device, dtype=dtype)
        expected = F.conv_transpose2d(x, w, stride=stride, padding=padding)
        actual = snippet.conv_transpose2d(x, w, stride=stride, padding=padding)
        assert actual.shape[2] == stride * 7 + k - 2 * padding
        assert_close(actual, expected, factor=5)


def test_transposed_convolution_is_the_librarys(device, dtype, assert_close):
    check_transpose(module, device, dtype, assert_close)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("w.flip(2, 3).transpose(0, 1)", "w.transpose(0, 1)"),
        ("w.shape[2] - 1 - padding)", "w.shape[2] - 1)"),
        ("spread[:, :, ::stride, ::stride] = x", "spread[:, :, :h, :v] = x"),
    ],
    ids=["kernel not flipped", "padding ignored", "pixels not spread"],
)
def test_wrong_transposed_convolution_is_noticed(old, new, assert_close, altered):
    with pytest.raises(AssertionError):
        check_transpose(altered(module, old, new), torch.device("cpu"), torch.float64, assert_close)


def test_transposed_convolution_is_the_adjoint(device, dtype, assert_close):
    """⟨Ax, y⟩ = ⟨x, Aᵀy⟩：同一个核，步幅 2；所以它也是卷积对输入求导时用的那个运算，而不是逆运算。"""
    x = torch.randn(2, 3, 9, 9, device=device, dtype=dtype, requires_grad=True)
    w = torch.randn(4, 3, 3, 3, device=device, dtype=dtype)
    z = conv2d(x, w, stride=2)
    y = torch.randn_like(z)
    back = conv_transpose2d(y, w, stride=2)
    assert_close((z * y).sum(), (x * back).sum(), factor=30)
    assert_close(torch.autograd.grad(z, x, y)[0], back, factor=5)
    assert not torch.allclose(conv_transpose2d(z, w, stride=2), x, atol=1)


def test_transposed_convolution_overlaps_unevenly():
    """核宽 3、步幅 2：有的位置被两个窗口盖住，有的一个：棋盘纹的由来。"""
    y = conv_transpose2d(torch.ones(1, 1, 4, 4), torch.ones(1, 1, 3, 3), stride=2)[0, 0]
    assert y[2:6, 4].tolist() == [4, 2, 4, 2]
    assert y[3, 3] == 1


# --- 池化 ---


def check_pools(snippet, device, dtype, assert_close):
    x = torch.randn(2, 3, 9, 8, device=device, dtype=dtype) - 3  # 全是负数：零填充会冒充最大值
    for k, stride, padding in ((2, None, 0), (3, 2, 1), (3, 1, 0), (2, 3, 1)):
        expected = F.max_pool2d(x, k, stride=stride, padding=padding)
        assert_close(snippet.max_pool2d(x, k, stride=stride, padding=padding), expected)
        assert_close(snippet.avg_pool2d(x, k, stride=stride), F.avg_pool2d(x, k, stride=stride))


def test_pools_are_the_librarys(device, dtype, assert_close):
    check_pools(module, device, dtype, assert_close)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('fill=float("-inf")', "fill=0.0"),
        (".amax(dim=(-2, -1))", ".amin(dim=(-2, -1))"),
        (".mean(dim=(-2, -1))", ".sum(dim=(-2, -1))"),
        ("(k, k), stride=stride or k).mean", "(k, k), stride=stride or 1).mean"),
    ],
    ids=["padded with zeros", "smallest", "sum", "default stride 1"],
)
def test_wrong_pools_are_noticed(old, new, assert_close, altered):
    with pytest.raises(AssertionError):
        check_pools(altered(module, old, new), torch.device("cpu"), torch.float64, assert_close)


def test_only_the_largest_gets_the_gradient():
    x = torch.tensor([[1.0, 5.0], [2.0, 3.0]]).view(1, 1, 2, 2).requires_grad_()
    max_pool2d(x, 2).sum().backward()
    assert x.grad.flatten().tolist() == [0, 1, 0, 0]


# --- 感受野、参数与乘法的数目 ---


@pytest.mark.parametrize(
    ("layers", "width"),
    [([(3, 1)], 3), ([(3, 1)] * 2, 5), ([(3, 1)] * 3, 7), ([(5, 2), (3, 1)], 9), ([(3, 1), (2, 2), (3, 1)], 8)],
)
def test_receptive_field_is_where_the_gradient_reaches(layers, width):
    """核全是 1，看中间一个输出对输入的梯度有多宽不为零。"""
    x = torch.randn(1, 1, 41, 41, dtype=torch.float64, requires_grad=True)
    y = x
    for k, s in layers:
        y = conv2d(y, torch.ones(1, 1, k, k, dtype=torch.float64), stride=s)
    n = y.shape[-1]
    (grad,) = torch.autograd.grad(y[0, 0, n // 2, n // 2], x)
    assert int((grad[0, 0].abs().sum(dim=0) > 0).sum()) == width == receptive_field(layers)


def test_most_of_the_receptive_field_weighs_little():
    """十层 3×3、核全是 1/9：感受野宽 21，权重却集中在中间，像正态分布，标准差 √(20/3) = 2.58。"""
    assert receptive_field([(3, 1)] * 10) == 21
    x = torch.zeros(1, 1, 41, 41, dtype=torch.float64)
    x[..., 20, 20] = 1
    for _ in range(10):
        x = conv2d(x, torch.full((1, 1, 3, 3), 1 / 9, dtype=torch.float64), padding=1)
    profile = x[0, 0].sum(dim=0)
    place = torch.arange(41) - 20
    assert math.isclose((profile * place**2).sum().item(), 20 / 3)
    assert round(profile[15:26].sum().item(), 2) == 0.97


def test_depthwise_separable_is_two_library_calls(device, dtype, assert_close):
    x = torch.randn(2, 4, 6, 6, device=device, dtype=dtype)
    w_depth = torch.randn(4, 1, 3, 3, device=device, dtype=dtype)
    w_point = torch.randn(8, 4, 1, 1, device=device, dtype=dtype)
    expected = F.conv2d(F.conv2d(x, w_depth, padding=1, groups=4), w_point)
    assert_close(depthwise_separable(x, w_depth, w_point, padding=1), expected, factor=5)
    whole = w_point * w_depth.movedim(0, 1)  # (8, 4, 3, 3)：秩受限的普通卷积
    assert_close(depthwise_separable(x, w_depth, w_point, padding=1), F.conv2d(x, whole, padding=1), factor=10)


@pytest.mark.parametrize(("c_out", "k"), [(64, 3), (128, 5)])
def test_the_saving_is_the_formula(c_out, k):
    """乘法之比 1/C_out + 1/k²：每个输出位置数一遍权重。"""
    c = 32
    plain = torch.nn.Conv2d(c, c_out, k, bias=False).weight.numel()
    parts = (
        torch.nn.Conv2d(c, c, k, groups=c, bias=False).weight.numel() + torch.nn.Conv2d(c, c_out, 1, bias=False).weight.numel()
    )
    assert math.isclose(parts / plain, 1 / c_out + 1 / k**2)


def test_grouping_divides_the_weights():
    assert [torch.nn.Conv2d(32, 64, 3, groups=g, bias=False).weight.numel() for g in (1, 2, 4)] == [18432, 9216, 4608]


def test_nothing_is_made_on_another_device(on_meta):
    x, w, b = problem("cpu", torch.float32)
    assert on_meta(conv2d, x, w, b, stride=2, padding=1).shape == F.conv2d(x, w, b, stride=2, padding=1).shape
    assert on_meta(conv_transpose2d, x, torch.randn(4, 5, 3, 3), stride=2).shape == (2, 5, 19, 17)
    assert on_meta(max_pool2d, x, 2).shape == (2, 4, 4, 4)
    assert on_meta(windows, x, (3, 3)).shape == (2, 4, 7, 6, 3, 3)
