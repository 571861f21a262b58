"""前向传播的证明：对照来源的数值例、拷贝权重的 torch.nn、NumPy 与逐元素循环、线性插值。"""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch

from snippets.nn import forward_pass
from snippets.nn.forward_pass import forward, forward_rows, identity, neuron, piecewise_linear

SIZES, M = (4, 6, 5, 3), 7


def random_layers(device, dtype, sizes=SIZES):
    """列写法的参数：[(W (n_l, n_{l-1}), b (n_l, 1))]。"""
    options = {"device": device, "dtype": dtype}
    return [(torch.randn(n, k, **options) / math.sqrt(k), torch.randn(n, 1, **options)) for k, n in itertools.pairwise(sizes)]


def as_rows(layers):
    return [(w, b[:, 0]) for w, b in layers]


def library(layers):
    """装着同样权重的 torch.nn.Sequential：Linear、Tanh 相间，最后没有激活。"""
    modules = []
    for w, b in layers:
        linear = torch.nn.Linear(w.shape[1], w.shape[0], device=w.device, dtype=w.dtype)
        with torch.no_grad():
            linear.weight.copy_(w)
            linear.bias.copy_(b[:, 0])
        modules += [linear, torch.nn.Tanh()]
    return torch.nn.Sequential(*modules[:-1])


# --- 来源的数值例 ---

SOURCE = [
    (np.array([[0.1, 0.2], [0.3, 0.4]]), np.array([[0.5], [0.6]])),
    (np.array([[0.7, 0.8], [0.9, 1.0]]), np.array([[1.1], [1.2]])),
]


def test_worked_example_of_the_note(assert_close):
    """A[1] = (1.0, 1.7)，A[2] = (3.16, 3.8)；全是正数，输出层过不过 ReLU 都一样。"""
    x = np.array([[1.0], [2.0]])
    for f_out in (identity, lambda z: np.maximum(z, 0)):
        a = forward(x, SOURCE, lambda z: np.maximum(z, 0), f_out)
        assert_close(a[1], np.array([[1.0], [1.7]]))
        assert_close(a[2], np.array([[3.16], [3.8]]))


def test_relu_on_the_output_throws_negative_answers_away():
    """勘误：回归的输出层套 ReLU，负的预测全成了 0，梯度也没有了。"""
    layers = [(w, b) for w, b in SOURCE[:1]] + [(-SOURCE[1][0], SOURCE[1][1])]
    x = np.array([[1.0], [2.0]])
    right = forward(x, layers, lambda z: np.maximum(z, 0))[-1]
    assert (right < 0).all()
    clipped = forward(x, layers, lambda z: np.maximum(z, 0), lambda z: np.maximum(z, 0))[-1]
    assert (clipped == 0).all()


# --- 对照 ---


def check_columns(snippet, device, dtype, assert_close):
    layers = random_layers(device, dtype)
    x = torch.randn(SIZES[0], M, device=device, dtype=dtype)
    a = snippet.forward(x, layers, torch.tanh)
    assert [tuple(part.shape) for part in a] == [(n, M) for n in SIZES]
    net = library(layers)
    assert_close(a[-1], net(x.T).T)
    assert_close(a[1], net[:2](x.T).T)
    assert_close(a[2], net[:4](x.T).T)


def check_rows(snippet, device, dtype, assert_close):
    layers = random_layers(device, dtype)
    x = torch.randn(M, SIZES[0], device=device, dtype=dtype)
    a = snippet.forward_rows(x, as_rows(layers), torch.tanh)
    assert [tuple(part.shape) for part in a] == [(M, n) for n in SIZES]
    net = library(layers)
    assert_close(a[-1], net(x))
    assert_close(a[1], net[:2](x))


def test_columns_are_the_librarys(device, dtype, assert_close):
    check_columns(forward_pass, device, dtype, assert_close)


def test_rows_are_the_librarys(device, dtype, assert_close):
    check_rows(forward_pass, device, dtype, assert_close)


@pytest.mark.parametrize(
    ("check", "old", "new"),
    [
        (
            check_columns,
            "return [*a, f_out(w @ a[-1] + b)]",
            "return [*a, f_out(w @ a[-1]) + b * 2]",
        ),
        (check_columns, "return [*a, f_out(w @ a[-1] + b)]", "return [*a, f(w @ a[-1] + b)]"),
        (check_columns, "a.append(f(w @ a[-1] + b))", "a.append(f(w @ a[-1]) + b)"),
        (check_columns, "a.append(f(w @ a[-1] + b))", "a.append(w @ a[-1] + b)"),
        (check_rows, "a.append(f(a[-1] @ w.T + b))", "a.append(f(a[-1] @ w.T) + b)"),
        (check_rows, "return [*a, f_out(a[-1] @ w.T + b)]", "return [*a, f_out(a[-1] @ w.T)]"),
    ],
    ids=[
        "bias added twice",
        "activation on the output",
        "bias outside the activation",
        "no activation",
        "rows: bias outside the activation",
        "rows: no output bias",
    ],
)
def test_wrong_forward_is_noticed(check, old, new, assert_close, altered):
    with pytest.raises(AssertionError):
        check(altered(forward_pass, old, new), torch.device("cpu"), torch.float64, assert_close)


def test_columns_element_by_element_and_in_numpy(device, dtype, assert_close):
    layers = random_layers(device, dtype)
    x = torch.randn(SIZES[0], M, device=device, dtype=dtype)
    plain = [(w.cpu().double().numpy(), b.cpu().double().numpy()) for w, b in layers]
    expected = x.cpu().double().numpy()
    for l, (w, b) in enumerate(plain, start=1):  # noqa: E741
        z = np.empty((w.shape[0], M))
        for i in range(w.shape[0]):
            for s in range(M):
                z[i, s] = sum(w[i, j] * expected[j, s] for j in range(w.shape[1])) + b[i, 0]
        expected = z if l == len(plain) else np.tanh(z)
    got = forward(x, layers, torch.tanh)[-1]
    assert_close(got, torch.from_numpy(expected).to(device, dtype))
    in_numpy = forward(x.cpu().double().numpy(), plain, np.tanh)[-1]
    assert isinstance(in_numpy, np.ndarray)
    assert_close(in_numpy, expected)


def test_gradients_flow_as_in_the_library(device, dtype, assert_close):
    layers = random_layers(device, dtype)
    parts = [p.requires_grad_() for pair in layers for p in pair]
    x = torch.randn(SIZES[0], M, device=device, dtype=dtype)
    forward(x, layers, torch.tanh)[-1].square().sum().backward()
    net = library([(w.detach(), b.detach()) for w, b in layers])
    net(x.T).square().sum().backward()
    for part, other in zip(parts, net.parameters(), strict=True):
        assert_close(part.grad, other.grad.reshape(part.shape))


def test_gradcheck(device):
    layers = random_layers(device, torch.float64)
    x = torch.randn(SIZES[0], M, device=device, dtype=torch.float64)
    parts = [p.requires_grad_() for p in (x, *(p for pair in layers for p in pair))]

    def columns(x, *flat):
        return forward(x, list(zip(flat[::2], flat[1::2], strict=True)), torch.tanh)[-1]

    assert torch.autograd.gradcheck(columns, parts)


# --- 性质 ---


def test_the_two_layouts_are_each_others_transpose(device, dtype, assert_close):
    layers = random_layers(device, dtype)
    x = torch.randn(SIZES[0], M, device=device, dtype=dtype)
    columns = forward(x, layers, torch.relu, torch.sigmoid)
    rows = forward_rows(x.T, as_rows(layers), torch.relu, torch.sigmoid)
    for left, right in zip(columns, rows, strict=True):
        assert_close(left, right.T)


def test_a_batch_is_its_samples_one_by_one(device, dtype, assert_close):
    layers = random_layers(device, dtype)
    x = torch.randn(SIZES[0], M, device=device, dtype=dtype)
    whole = forward(x, layers, torch.relu)[-1]
    alone = [forward(x[:, i : i + 1], layers, torch.relu)[-1] for i in range(M)]
    assert_close(whole, torch.cat(alone, dim=1))


def test_a_layer_is_its_neurons(device, dtype, assert_close):
    w, b = random_layers(device, dtype, (4, 6))[0]
    x = torch.randn(4, device=device, dtype=dtype)
    layer = forward(x[:, None], [(w, b)], torch.relu, torch.relu)[-1]
    for i in range(6):
        assert_close(neuron(x, w[i], b[i, 0], torch.relu), layer[i, 0])


def test_bias_is_minus_the_threshold():
    """勘误：偏置不是阈值而是它的相反数。b = -1.5 的阶跃神经元在 wᵀx > 1.5 时打开（与门）。"""
    w, step = np.ones(2), lambda z: float(z > 0)
    table = {x: neuron(np.array(x), w, -1.5, step) for x in [(0, 0), (0, 1), (1, 0), (1, 1)]}
    assert table == {(0, 0): 0, (0, 1): 0, (1, 0): 0, (1, 1): 1}
    assert all(neuron(np.array(x), w, 1.5, step) == 1 for x in table)  # 把阈值当偏置：一直开着


def test_one_hidden_layer_makes_exclusive_or():
    """relu(x+y) - 2 relu(x+y-1) 就是异或；任何一层的线性网络都做不到：最好的直线处处给 1/2。"""
    x = np.array([[0.0, 0, 1, 1], [0, 1, 0, 1]])
    layers = [
        (np.ones((2, 2)), np.array([[0.0], [-1.0]])),
        (np.array([[1.0, -2.0]]), np.zeros((1, 1))),
    ]
    y = forward(x, layers, lambda z: np.maximum(z, 0))[-1]
    assert (y == [[0, 1, 1, 0]]).all()
    design = np.vstack([x, np.ones(4)]).T
    best, residual, *_ = np.linalg.lstsq(design, np.array([0.0, 1, 1, 0]), rcond=None)
    assert np.allclose(design @ best, 0.5)
    assert np.isclose(residual[0], 1.0)


def test_without_activations_depth_adds_nothing(device, dtype, assert_close):
    layers = random_layers(device, dtype)
    (w_1, b_1), (w_2, b_2), (w_3, b_3) = layers
    x = torch.randn(SIZES[0], M, device=device, dtype=dtype)
    deep = forward(x, layers, identity)[-1]
    w, b = w_3 @ w_2 @ w_1, w_3 @ (w_2 @ b_1 + b_2) + b_3
    assert_close(deep, w @ x + b)


def test_changing_units_changes_the_weight_and_not_the_function(assert_close):
    """勘误：权重的大小不是输入的重要程度。第一个输入由米改成毫米，它的权重就小一千倍。"""
    layers = random_layers("cpu", torch.float64)
    x = torch.randn(SIZES[0], M, dtype=torch.float64)
    units = torch.tensor([1000.0, 1, 1, 1], dtype=torch.float64)
    (w_1, b_1), *rest = layers
    rescaled = [(w_1 / units, b_1), *rest]
    expected = forward(x, layers, torch.tanh)[-1]
    assert_close(forward(units[:, None] * x, rescaled, torch.tanh)[-1], expected, factor=10)


def test_flat_bias_in_the_column_layout_is_wrong_without_a_word():
    """列写法里 b 写成 (n,)：m = n 时不报错，却加到了样本那一维上；m ≠ n 时才报错。"""
    layers = random_layers("cpu", torch.float64, sizes=(4, 3))
    flat = as_rows(layers)
    square = torch.randn(4, 3, dtype=torch.float64)  # m = n = 3
    wrong = forward(square, flat, torch.tanh)[-1]
    assert wrong.shape == (3, 3)
    assert not torch.allclose(wrong, forward(square, layers, torch.tanh)[-1])
    with pytest.raises(RuntimeError):
        forward(torch.randn(4, 5, dtype=torch.float64), flat, torch.tanh)


# --- 分段线性网络 ---


def check_interpolation(snippet, device, dtype, assert_close):
    knots = torch.tensor([-1.0, -0.25, 0.5, 0.75, 2.0], device=device, dtype=dtype)
    values = torch.tensor([2.0, -1.0, 0.5, 0.5, -3.0], device=device, dtype=dtype)
    x = torch.linspace(-1, 2, 301, device=device, dtype=dtype)
    y = forward(x[None], snippet.piecewise_linear(knots, values), torch.relu)[-1][0]
    expected = np.interp(*(p.cpu().double().numpy() for p in (x, knots, values)))
    assert_close(y, torch.from_numpy(expected).to(device, dtype), factor=5)  # 折点处逐项相消


def test_network_written_by_hand_is_linear_interpolation(device, dtype, assert_close):
    check_interpolation(forward_pass, device, dtype, assert_close)


@pytest.mark.parametrize(
    ("old", "new"),
    [("-knots[:-1, None]", "knots[:-1, None]"), ("slope.diff()])", "slope[1:]])")],
    ids=["bias is the threshold", "slopes instead of their changes"],
)
def test_wrong_interpolation_is_noticed(old, new, assert_close, altered):
    with pytest.raises(AssertionError):
        check_interpolation(altered(forward_pass, old, new), torch.device("cpu"), torch.float64, assert_close)


def test_error_falls_with_the_square_of_the_width():
    """sin 2πx：误差不超过 (2π)²/(8k²)；神经元加倍，误差约为四分之一。"""
    x = torch.linspace(0, 1, 20_001, dtype=torch.float64)[None]
    worst = []
    for k in (16, 32, 64):
        knots = torch.linspace(0, 1, k + 1, dtype=torch.float64)
        y = forward(x, piecewise_linear(knots, torch.sin(2 * math.pi * knots)), torch.relu)[-1]
        worst.append((y - torch.sin(2 * math.pi * x)).abs().max().item())
        assert worst[-1] <= (2 * math.pi) ** 2 / 8 / k**2
    for wide, wider in itertools.pairwise(worst):
        assert 3.8 < wide / wider < 4.1


def test_nothing_is_made_on_another_device(on_meta):
    layers = random_layers("cpu", torch.float32)
    x = torch.zeros(SIZES[0], M)
    assert on_meta(forward, x, layers, torch.relu)[-1].shape == (SIZES[-1], M)
    assert on_meta(forward_rows, x.T, as_rows(layers), torch.relu)[-1].shape == (M, SIZES[-1])
    assert on_meta(neuron, x[:, 0], layers[0][0][0], layers[0][1][0, 0], torch.relu).shape == ()
    (w_1, _), (w_2, _) = on_meta(piecewise_linear, torch.arange(5.0), torch.zeros(5))
    assert w_1.shape == (4, 1)
    assert w_2.shape == (1, 4)
