"""初始化的证明：对照 torch.nn.init（同一个生成器，逐个数相等）与方差的闭式；深网络里的信号与梯度；写坏的变体。"""

from __future__ import annotations

import math

import pytest
import torch

from snippets.nn import initialization
from snippets.nn.initialization import gradient_sizes, he_std, normal, orthogonal, rms, signal_sizes, uniform, xavier_std

WIDTH, M = 128, 64


def seeded(device, seed=0):
    return torch.Generator(device=device).manual_seed(seed)


# --- 对照 torch.nn.init ---


def check_library(module, device, dtype, assert_close):
    """同一个种子，同一串随机数：每个权重都与库相等。"""
    cases = [
        (module.normal, module.xavier_std(40, 30), lambda w, g: torch.nn.init.xavier_normal_(w, generator=g)),
        (module.uniform, module.xavier_std(40, 30), lambda w, g: torch.nn.init.xavier_uniform_(w, generator=g)),
        (
            module.normal,
            module.he_std(40),
            lambda w, g: torch.nn.init.kaiming_normal_(w, nonlinearity="relu", generator=g),
        ),
        (
            module.uniform,
            module.he_std(40),
            lambda w, g: torch.nn.init.kaiming_uniform_(w, nonlinearity="relu", generator=g),
        ),
    ]
    for make, std, library in cases:
        expected = library(torch.empty(30, 40, device=device, dtype=dtype), seeded(device))
        assert_close(make(30, 40, std, generator=seeded(device), device=device, dtype=dtype), expected)


def test_weights_are_the_librarys(device, dtype, assert_close):
    check_library(initialization, device, dtype, assert_close)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("math.sqrt(2 / (n_in + n_out))", "math.sqrt(1 / (n_in + n_out))"),
        ("math.sqrt(2 / (n_in + n_out))", "math.sqrt(1 / n_in)"),
        ("math.sqrt(2 / n_in)", "math.sqrt(1 / n_in)"),
        ("math.sqrt(2 / n_in)", "2 / n_in"),
        ("a = math.sqrt(3) * std", "a = std"),
        (".normal_(0, std, generator", ".normal_(0, std**2, generator"),
    ],
    ids=["xavier halved", "xavier forward only", "he without the 2", "variance for std", "interval too short", "std squared"],
)
def test_wrong_initialization_is_noticed(old, new, assert_close, altered):
    with pytest.raises(AssertionError):
        check_library(altered(initialization, old, new), torch.device("cpu"), torch.float64, assert_close)


def test_variances_are_the_formulas(device, dtype):
    """两万个数：标准误约 1%。"""
    for make in (normal, uniform):
        w = make(100, 200, he_std(200), generator=seeded(device), device=device, dtype=dtype)
        assert (w.dtype, w.device.type) == (dtype, device.type)
        assert abs(w.var().item() * 200 / 2 - 1) < 0.05
        assert abs(w.mean().item()) < 0.003


def check_orthogonal(module, device, dtype, assert_close):
    q = module.orthogonal(50, generator=seeded(device), device=device, dtype=dtype)
    assert_close(q @ q.T, torch.eye(50, device=device, dtype=dtype))
    x = torch.randn(M, 50, device=device, dtype=dtype, generator=seeded(device, 1))
    assert_close((x @ q.T).norm(dim=1), x.norm(dim=1))


def test_orthogonal_keeps_every_length(device, dtype, assert_close):
    check_orthogonal(initialization, device, dtype, assert_close)


def test_orthogonal_matrices_are_uniform_only_with_the_signs(altered):
    """均匀分布时左上角的元素对称；不定号，LAPACK 的 QR 总给负的。"""
    wrong = altered(initialization, "return q * r.diagonal().sign()", "return q")

    def positive(module):
        generator = seeded("cpu")
        return sum(module.orthogonal(3, generator=generator)[0, 0].item() > 0 for _ in range(400)) / 400

    assert 0.4 < positive(initialization) < 0.6
    assert not 0.4 < positive(wrong) < 0.6


# --- 一层的推导 ---


def test_relu_halves_the_second_moment():
    """E[max(0, z)²] = v/2，所以 He 的方差里有 2。"""
    z = 3 * torch.randn(1_000_000, dtype=torch.float64, generator=seeded("cpu"))
    assert abs(torch.relu(z).square().mean().item() / 4.5 - 1) < 0.01


def test_one_layer_keeps_its_size_on_average(device, dtype):
    generator = seeded(device)
    x = torch.randn(M, WIDTH, device=device, dtype=dtype, generator=generator)
    sizes = [
        signal_sizes(x, [normal(WIDTH, WIDTH, he_std(WIDTH), generator=generator, device=device, dtype=dtype)], torch.relu)
        for _ in range(50)
    ]
    assert abs(torch.cat(sizes).square().mean().item() / x.square().mean().item() - 1) < 0.05


# --- 深网络 ---


def check_signal(module, device, dtype, assert_close):
    """逐层手算，以及 torch.nn.Sequential 中各层的输出。"""
    generator = seeded(device)
    x = torch.randn(M, 10, device=device, dtype=dtype, generator=generator)
    weights = [0.3 * torch.randn(12, 10 if not i else 12, device=device, dtype=dtype, generator=generator) for i in range(5)]
    net = torch.nn.Sequential()
    for w in weights:
        linear = torch.nn.Linear(w.shape[1], w.shape[0], bias=False, device=device, dtype=dtype)
        with torch.no_grad():
            linear.weight.copy_(w)
        net.extend([linear, torch.nn.Tanh()])
    outputs, a = [], x.clone().requires_grad_()
    first = a
    for layer in net:
        a = layer(a)
        if isinstance(layer, torch.nn.Tanh):
            a.retain_grad()
            outputs.append(a)
    g = torch.randn(M, 12, device=device, dtype=dtype, generator=generator)
    a.backward(g)
    expected = torch.stack([out.detach().pow(2).mean() ** 0.5 for out in outputs])
    assert_close(module.signal_sizes(x, weights, torch.tanh), expected)
    slopes = [first.grad, *(out.grad for out in outputs[:-1])]
    expected = torch.stack([s.pow(2).mean() ** 0.5 for s in slopes])
    assert_close(module.gradient_sizes(x, weights, torch.tanh, g), expected)


def test_sizes_are_those_of_a_torch_network(device, dtype, assert_close):
    check_signal(initialization, device, dtype, assert_close)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("x.square().mean().sqrt()", "x.std()"),
        ("a = f(a @ w.T)", "a = a @ w.T"),
        ("inputs.append(f(inputs[-1] @ w.T))", "inputs.append(f(inputs[0] @ w.T) if w.shape[1] == 10 else f(inputs[-1] @ w))"),
        ("inputs[-1], inputs[:-1], g)", "inputs[-1], inputs[:-1], torch.ones_like(g))"),
    ],
    ids=["spread instead of size", "no activation", "transposed", "another gradient"],
)
def test_wrong_measurement_is_noticed(old, new, assert_close, altered):
    with pytest.raises(AssertionError):
        check_signal(altered(initialization, old, new), torch.device("cpu"), torch.float64, assert_close)


def deep(std, seed, depth=50, width=256, f=torch.relu):
    generator = seeded("cpu", seed)
    x = torch.randn(M, width, generator=generator)
    weights = [normal(width, width, std, generator=generator) for _ in range(depth)]
    g = torch.randn(M, width, generator=generator)
    return signal_sizes(x, weights, f), gradient_sizes(x, weights, f, g)


@pytest.mark.parametrize("seed", range(3))
def test_fifty_relu_layers(seed):
    """笔记的表：三个种子的末层信号与首层梯度都落在这些区间里。"""
    width = 256
    rows = {
        "he": (he_std(width), (0.3, 1.5), (0.3, 1.5)),
        "xavier": (xavier_std(width, width), (5e-9, 1e-7), (5e-9, 1e-7)),
        "0.12": (0.12, (1e6, 1e7), (1e6, 1e7)),
    }
    for std, (low, high), (slope_low, slope_high) in rows.values():
        signal, slope = deep(std, seed)
        assert low < signal[-1] < high
        assert slope_low < slope[0] < slope_high
    signal, _ = deep(0.01, seed)
    assert signal[-1] == 0  # float32 已经装不下


def test_xavier_under_relu_halves_the_power_every_layer():
    """每层少一半能量：50 层剩 2^{-25} = 3.0e-8 的大小；宽一些，逐层的比值更接近 1/√2。"""
    generator = seeded("cpu")
    x = torch.randn(M, 1024, generator=generator)
    weights = [normal(1024, 1024, xavier_std(1024, 1024), generator=generator) for _ in range(6)]
    sizes = torch.cat([rms(x)[None], signal_sizes(x, weights, torch.relu)])
    assert torch.allclose(sizes[1:] / sizes[:-1], torch.tensor(0.5).sqrt(), rtol=0.05)
    assert math.isclose(2**-25, 2.98e-8, rel_tol=1e-2)


def test_a_linear_network_scales_by_rho_to_the_depth(device, assert_close):
    """ρ 倍的正交阵连乘 T 次，信号与梯度都恰好乘 ρ^T。"""
    q = orthogonal(16, generator=seeded(device), device=device, dtype=torch.float64)
    x = torch.randn(M, 16, device=device, dtype=torch.float64, generator=seeded(device, 1))
    for rho in (0.9, 1.0, 1.1):
        sizes = signal_sizes(x, [rho * q] * 50, lambda z: z)
        slopes = gradient_sizes(x, [rho * q] * 50, lambda z: z, x)
        assert_close(sizes[-1] / rms(x) / rho**50, torch.ones_like(sizes[-1]), factor=10)
        assert_close(slopes[0] / rms(x) / rho**50, torch.ones_like(sizes[-1]), factor=10)
    assert f"{0.9**50:.4f} {1.1**50:.0f}" == "0.0052 117"


def test_orthogonal_weights_do_not_fade_under_tanh_as_fast_as_small_ones():
    def last(make):
        generator = seeded("cpu")
        x = torch.randn(M, WIDTH, generator=generator)
        weights = [make(generator) for _ in range(50)]
        return signal_sizes(x, weights, torch.tanh)[-1].item()

    kept = last(lambda g: orthogonal(WIDTH, generator=g))
    small = last(lambda g: 0.5 * orthogonal(WIDTH, generator=g))
    assert kept > 0.05
    assert small < 1e-12


def test_equal_weights_stay_equal():
    """权重全取同一个数：各神经元的梯度相同，永远分不开。"""
    w_1 = torch.full((4, 3), 0.2, requires_grad=True)
    w_2 = torch.full((1, 4), 0.3, requires_grad=True)
    x = torch.randn(8, 3, generator=seeded("cpu"))
    (torch.tanh(x @ w_1.T) @ w_2.T).square().mean().backward()
    assert torch.equal(w_1.grad, w_1.grad[:1].expand(4, 3))


def test_the_default_of_torch_is_a_sixth_of_he():
    torch.manual_seed(0)
    w = torch.nn.Linear(400, 300).weight.detach()
    assert abs(w.var().item() / (he_std(400) ** 2 / 6) - 1) < 0.02
    assert w.abs().max().item() <= 400**-0.5


def test_fan_in_of_a_convolution_counts_the_kernel():
    torch.manual_seed(0)
    w = torch.nn.init.kaiming_normal_(torch.empty(128, 64, 3, 3), nonlinearity="relu")
    assert abs(w.std().item() / he_std(64 * 9) - 1) < 0.02


def test_nothing_is_made_on_another_device(on_meta):
    weights = [torch.randn(8, 8) for _ in range(3)]
    assert on_meta(signal_sizes, torch.randn(4, 8), weights, torch.relu).shape == (3,)
    assert on_meta(gradient_sizes, torch.randn(4, 8), weights, torch.relu, torch.randn(4, 8)).shape == (3,)
    made = [normal(3, 4, 1.0, device="meta"), uniform(3, 4, 1.0, device="meta"), orthogonal(3, device="meta")]
    assert {w.device.type for w in made} == {"meta"}
