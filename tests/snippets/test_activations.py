"""激活函数的证明：对照 torch、五十位十进制小数、autograd；极大极小的输入；写坏的变体。"""

from __future__ import annotations

import math
from decimal import Decimal, localcontext

import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from snippets.nn import activations
from snippets.nn.activations import (
    d_gelu,
    d_leaky_relu,
    d_relu,
    d_sigmoid,
    d_silu,
    d_softmax,
    d_tanh,
    gelu,
    gelu_tanh,
    leaky_relu,
    relu,
    sigmoid,
    silu,
    softmax,
    softplus,
    tanh,
)

# 名字 -> torch 的同一个函数；d_名字 与它的 autograd 导数相比。
LIBRARY = {
    "softplus": F.softplus,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": F.relu,
    "leaky_relu": F.leaky_relu,
    "gelu": F.gelu,
    "silu": F.silu,
}


def points(device, dtype):
    """-12 到 12，不含 0（整流函数在 0 处另测）。"""
    z = torch.linspace(-12, 12, 480, dtype=torch.float64)
    assert (z != 0).all()
    return z.to(device, dtype)


def check(snippet, name, device, dtype, assert_close):
    """函数值与导数都同 torch。F.softplus 在 z > 20 时改用 z，区间内不影响。"""
    z = points(device, dtype).requires_grad_()
    expected = LIBRARY[name](z)
    (slope,) = torch.autograd.grad(expected.sum(), z)
    z = z.detach()
    assert_close(getattr(snippet, name)(z), expected.detach())
    got = getattr(snippet, f"d_{name}")(z)
    assert got.dtype == dtype
    assert_close(got, slope)


@pytest.mark.parametrize("name", LIBRARY)
def test_values_and_derivatives_are_the_librarys(name, device, dtype, assert_close):
    check(activations, name, device, dtype, assert_close)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("sigmoid", "sigmoid(z) * sigmoid(-z)", "sigmoid(z) * sigmoid(z)"),
        ("sigmoid", "torch.exp(-softplus(-z))", "torch.exp(-softplus(z))"),
        ("tanh", "4 * d_sigmoid(2 * z)", "1 - torch.tanh(z)"),
        ("relu", "(z > 0).to(z.dtype)", "(z < 0).to(z.dtype)"),
        ("leaky_relu", "torch.ones_like(z), slope)", "torch.ones_like(z), -slope)"),
        (
            "leaky_relu",
            "torch.where(z > 0, torch.ones_like(z), slope)",
            "torch.where(z > 0, 1.0, slope).to(z.dtype)",
        ),
        ("gelu", "return z * normal_cdf(z)", "return gelu_tanh(z)"),
        ("gelu", "normal_cdf(z) + z * torch.exp(", "normal_cdf(z) + torch.exp("),
        ("silu", "sigmoid(z) + z * d_sigmoid(z)", "sigmoid(z) * (1 + d_sigmoid(z))"),
    ],
    ids=[
        "sigmoid squared",
        "sigmoid mirrored",
        "tanh not squared",
        "relu mirrored",
        "negative slope negated",
        "slope rounded to float32",
        "gelu by its approximation",
        "gelu without z",
        "silu product rule forgotten",
    ],
)
def test_wrong_activation_is_noticed(name, old, new, assert_close, altered):
    with pytest.raises(AssertionError):
        check(altered(activations, old, new), name, torch.device("cpu"), torch.float64, assert_close)


@pytest.mark.parametrize("name", [*LIBRARY, "gelu_tanh", "softmax", "d_gelu", "d_silu"])
def test_gradcheck(name, device):
    z = torch.tensor([[-3.0, -0.7, 0.4, 2.5]], device=device, dtype=torch.float64)
    assert torch.autograd.gradcheck(getattr(activations, name), z.requires_grad_())


@pytest.mark.parametrize("name", [n for n in LIBRARY if "relu" not in n])
def test_autograd_is_right_at_zero(name, device, dtype, assert_close):
    """分段写的稳定公式常在 z = 0 处求错导数；这些没有。"""
    z = torch.zeros(1, device=device, dtype=dtype, requires_grad=True)
    (slope,) = torch.autograd.grad(getattr(activations, name)(z).sum(), z)
    assert_close(slope, getattr(activations, f"d_{name}")(z.detach()))


def exact(name: str, z: float) -> float:
    """五十位十进制小数算出的值。"""
    with localcontext() as context:
        context.prec = 50
        d = Decimal(z)
        s = 1 / (1 + (-d).exp())
        value = {
            "sigmoid": s,
            "d_sigmoid": s * (1 - s),
            "softplus": (1 + d.exp()).ln(),
            "silu": d * s,
            "tanh": 2 / (1 + (-2 * d).exp()) - 1,
            "d_tanh": 1 - (2 / (1 + (-2 * d).exp()) - 1) ** 2,
        }[name]
        return float(value)


@pytest.mark.parametrize("name", ["sigmoid", "d_sigmoid", "softplus", "silu", "tanh", "d_tanh"])
@pytest.mark.parametrize("z", [-40.0, -17.3, -0.5, -1e-9, 1e-9, 0.5, 17.3, 40.0])
def test_relative_error_stays_small_even_in_the_tails(name, z):
    """float64 的相对误差（不是绝对误差）小于 2e-14，尾部 1e-18 大小的值也一样。"""
    got = getattr(activations, name)(torch.tensor(z, dtype=torch.float64)).item()
    assert abs(got / exact(name, z) - 1) < 2e-14


def test_one_minus_sigmoid_loses_the_tail():
    """反例：σ(1-σ) 直接相减，z = 40 时得 0；片段写 σ(z)σ(-z)。"""
    z = torch.tensor(40.0, dtype=torch.float64)
    assert (torch.sigmoid(z) * (1 - torch.sigmoid(z))).item() == 0
    assert d_sigmoid(z).item() > 4e-18


def check_extremes(snippet, device, dtype):
    z = torch.tensor([-1e4, 1e4], device=device, dtype=dtype)
    for name in [*LIBRARY, "gelu_tanh", *(f"d_{name}" for name in LIBRARY)]:
        assert getattr(snippet, name)(z).isfinite().all(), name
    assert snippet.sigmoid(z).tolist() == [0, 1]
    assert snippet.softplus(z).tolist() == [0, 10_000]
    assert snippet.gelu(z).tolist() == [0, 10_000]
    assert snippet.silu(z).tolist() == [0, 10_000]
    assert snippet.softmax(z).tolist() == [0, 1]
    rows = torch.tensor([[1e4, 0.0], [0.0, 0.0]], device=device, dtype=dtype)
    assert snippet.softmax(rows).tolist() == [[1, 0], [0.5, 0.5]]  # 每行各减自己的最大值


def test_nothing_overflows(device, dtype):
    check_extremes(activations, device, dtype)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("torch.logaddexp(z, torch.zeros_like(z))", "torch.log(1 + torch.exp(z))"),
        ("z - z.amax(dim=-1, keepdim=True)", "z"),
        ("z.amax(dim=-1, keepdim=True)", "z.max()"),
    ],
    ids=["softplus by its definition", "softmax by its definition", "one maximum for all rows"],
)
def test_careless_formulas_overflow_or_vanish(old, new, altered):
    with pytest.raises(AssertionError):
        check_extremes(altered(activations, old, new), torch.device("cpu"), torch.float64)


def test_identities(device, dtype, assert_close):
    z = points(device, dtype)
    assert_close(sigmoid(-z), 1 - sigmoid(z))
    assert_close(tanh(z), 2 * sigmoid(2 * z) - 1)
    assert_close(d_tanh(z), 1 - tanh(z) ** 2)
    assert_close(softplus(z) - softplus(-z), z)
    assert_close(gelu(z) - gelu(-z), z)
    assert_close(leaky_relu(z, slope=0.0), relu(z))
    assert_close(silu(z), z * (1 + tanh(z / 2)) / 2)


def test_largest_slopes(device, dtype, assert_close):
    zero = torch.zeros(1, device=device, dtype=dtype)
    z = points(device, dtype)
    assert_close(d_sigmoid(zero), torch.full_like(zero, 0.25))
    assert_close(d_tanh(zero), torch.ones_like(zero))
    assert d_sigmoid(z).max() < 0.25
    assert d_tanh(z).max() < 1


def test_leaky_relu_has_the_leak_at_zero_as_in_the_library(device, dtype, assert_close):
    z = torch.zeros(1, device=device, dtype=dtype, requires_grad=True)
    expected = torch.autograd.grad(F.leaky_relu(z).sum(), z)[0]
    assert_close(torch.autograd.grad(leaky_relu(z).sum(), z)[0], expected)
    assert_close(d_leaky_relu(z.detach()), expected)


def test_relu_has_slope_zero_at_zero_while_its_lookalikes_do_not():
    """同样的函数值，z = 0 处的 autograd 导数却是 0、1、1/2。"""
    slopes = []
    for f in (relu, lambda z: z.clamp(min=0), lambda z: torch.maximum(z, torch.zeros_like(z))):
        z = torch.zeros(1, requires_grad=True)
        slopes.append(torch.autograd.grad(f(z).sum(), z)[0].item())
    assert slopes == [0.0, 1.0, 0.5]
    assert d_relu(torch.zeros(1)).item() == 0


def test_the_two_gelus_differ_by_less_than_half_a_thousandth(device, dtype, assert_close):
    z = points(device, dtype)
    assert_close(gelu_tanh(z), F.gelu(z, approximate="tanh"))
    gap = (gelu(z) - gelu_tanh(z)).abs().max().item()
    assert 4.6e-4 < gap < 4.8e-4


def test_gelu_and_silu_dip_below_zero_where_the_note_says(assert_close):
    """最小值：gelu(-0.7518) = -0.1700，silu(-1.2785) = -0.2785。"""
    z = torch.linspace(-3, 0, 300_001, dtype=torch.float64)
    for f, where, lowest in ((gelu, -0.7518, -0.1700), (silu, -1.2785, -0.2785)):
        value, i = f(z).min(dim=0)
        assert abs(z[i].item() - where) < 1e-4
        assert abs(value.item() - lowest) < 1e-4
    assert d_gelu(torch.tensor(-0.76)).item() < 0 < d_gelu(torch.tensor(-0.74)).item()


def test_table_of_the_note():
    columns = ("sigmoid", "tanh", "relu", "gelu", "silu", "softplus")
    table = {
        ("", -2.0): (0.1192, -0.9640, 0, -0.0455, -0.2384, 0.1269),
        ("", 2.0): (0.8808, 0.9640, 2, 1.9545, 1.7616, 2.1269),
        ("d_", -2.0): (0.1050, 0.0707, 0, -0.0852, -0.0908, 0.1192),
        ("d_", 2.0): (0.1050, 0.0707, 1, 1.0852, 1.0908, 0.8808),
    }
    for (prefix, z), row in table.items():
        for name, number in zip(columns, row, strict=True):
            f = getattr(activations, prefix + name)
            assert round(f(torch.tensor(z, dtype=torch.float64)).item(), 4) == number
    z = torch.linspace(-6, 6, 120_001, dtype=torch.float64)
    assert round(d_gelu(z).max().item(), 3) == 1.129
    assert round(d_silu(z).max().item(), 3) == 1.100


# --- softmax ---


def check_softmax(snippet, device, dtype, assert_close):
    z = 3 * torch.randn(5, 4, device=device, dtype=dtype)
    p = snippet.softmax(z)
    assert_close(p, F.softmax(z, dim=-1))
    assert_close(p.sum(dim=-1), torch.ones_like(p[:, 0]))
    jacobian = torch.stack([torch.autograd.functional.jacobian(torch.nn.Softmax(-1), r) for r in z])
    assert_close(snippet.d_softmax(z), jacobian)


def test_softmax_and_its_jacobian_are_the_librarys(device, dtype, assert_close):
    check_softmax(activations, device, dtype, assert_close)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("torch.diag_embed(p) - p[..., :, None]", "torch.diag_embed(p) + p[..., :, None]"),
        (
            "torch.diag_embed(p) - p[..., :, None] * p[..., None, :]",
            "torch.diag_embed(p * (1 - p))",
        ),
        ("e / e.sum(dim=-1, keepdim=True)", "e / e.sum(dim=0, keepdim=True)"),
    ],
    ids=["sign", "treated as elementwise", "wrong axis"],
)
def test_wrong_softmax_is_noticed(old, new, assert_close, altered):
    with pytest.raises(AssertionError):
        check_softmax(altered(activations, old, new), torch.device("cpu"), torch.float64, assert_close)


def test_softmax_ignores_a_shift_and_keeps_the_order(device, dtype, assert_close):
    z = torch.randn(5, 4, device=device, dtype=dtype)
    assert_close(softmax(z + 3), softmax(z))
    assert_close(softmax(z[:, [2, 0, 3, 1]]), softmax(z)[:, [2, 0, 3, 1]])
    assert torch.equal(softmax(z).argsort(dim=-1), z.argsort(dim=-1))


def test_jacobian_rows_sum_to_zero(device, dtype, assert_close):
    """概率的和恒为 1，所以每一行每一列加起来都是 0。"""
    jacobian = d_softmax(torch.randn(5, 4, device=device, dtype=dtype))
    assert_close(jacobian.sum(dim=-1), torch.zeros_like(jacobian[..., 0]))
    assert_close(jacobian, jacobian.mT)


def test_softmax_of_two_is_sigmoid_of_the_difference(device, dtype, assert_close):
    z = torch.randn(9, 2, device=device, dtype=dtype)
    assert_close(softmax(z)[:, 0], sigmoid(z[:, 0] - z[:, 1]))


def test_stacked_sigmoids_shrink_the_gradient():
    """每过一层 σ，梯度至多乘 1/4（权重为 1）：十层以后不超过 4^-10 ≈ 9.5e-7。"""
    z = torch.linspace(-5, 5, 101, dtype=torch.float64, requires_grad=True)
    a = z
    for _ in range(10):
        a = sigmoid(a)
    (slope,) = torch.autograd.grad(a.sum(), z)
    assert 0 < slope.max() <= math.pow(0.25, 10)


def test_nothing_is_made_on_another_device(on_meta):
    z = torch.zeros(3, 4)
    names = [*LIBRARY, *(f"d_{name}" for name in LIBRARY), "gelu_tanh", "normal_cdf", "softmax"]
    for name in names:
        assert on_meta(getattr(activations, name), z).shape == (3, 4)
    assert on_meta(d_softmax, z).shape == (3, 4, 4)
