"""手写反向传播的证明：逐参数对照 autograd、torch.nn 与中心差分；训练只在 CPU 上断言。"""

from __future__ import annotations

import itertools
import math

import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from snippets.nn import mlp_backprop
from snippets.nn.mlp_backprop import (
    backward,
    count_parameters,
    forward,
    initialize,
    mse_delta,
    softmax_ce_delta,
    train,
    two_moons,
)

SIZES, M = (4, 6, 6, 5, 3), 7  # 有一个方阵：转置写漏了，形状不会报错


def random_problem(device, dtype, sizes=SIZES, m=M):
    layers = [(w, torch.randn_like(b) / 2) for w, b in initialize(sizes, device=device, dtype=dtype)]
    x = torch.randn(sizes[0], m, device=device, dtype=dtype)
    layers[-1][1].sub_(forward(x, layers)[1][-1].mean(dim=1, keepdim=True))  # 输出有正有负
    y = torch.randn(sizes[-1], m, device=device, dtype=dtype)
    classes = torch.randint(sizes[-1], (m,), device=device)
    one_hot = torch.eye(sizes[-1], device=device, dtype=dtype)[:, classes]
    return layers, x, y, classes, one_hot


def library(layers):
    """装着同样权重的 torch.nn.Sequential（行写法，输入要转置）。"""
    modules = []
    for w, b in layers:
        linear = torch.nn.Linear(w.shape[1], w.shape[0], device=w.device, dtype=w.dtype)
        with torch.no_grad():
            linear.weight.copy_(w)
            linear.bias.copy_(b[:, 0])
        modules += [linear, torch.nn.ReLU()]
    return torch.nn.Sequential(*modules[:-1])


def gradients(snippet, layers, x, y, delta):
    zs, a = snippet.forward(x, layers)
    return snippet.backward(delta(a[-1], y), layers, zs, a)


# --- 对照 ---


def check_gradients(snippet, device, dtype, assert_close):
    """两种损失，每个参数：手写的梯度 = torch.nn + autograd 的梯度。"""
    layers, x, y, classes, one_hot = random_problem(device, dtype)
    cases = [
        (snippet.mse_delta, y, lambda out: F.mse_loss(out, y.T)),
        (snippet.softmax_ce_delta, one_hot, lambda out: F.cross_entropy(out, classes)),
    ]
    for delta, target, loss in cases:
        net = library(layers)
        out = net(x.T)
        zs, a = snippet.forward(x, layers)
        assert [part.shape for part in zs] == [(n, M) for n in SIZES[1:]]
        assert [part.shape for part in a] == [(n, M) for n in SIZES]
        assert_close(a[-1], out.detach().T)
        loss(out).backward()
        got = gradients(snippet, layers, x, target, delta)
        parameters = list(net.parameters())
        for (dw, db), w, b in zip(got, parameters[::2], parameters[1::2], strict=True):
            assert_close(dw, w.grad)
            assert_close(db, b.grad[:, None])


def test_gradients_are_autograds(device, dtype, assert_close):
    check_gradients(mlp_backprop, device, dtype, assert_close)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("2 * (a - y) / a.numel()", "2 * (a - y)"),
        ("2 * (a - y) / a.numel()", "2 * (a - y) / a.shape[1]"),
        ("(a.softmax(dim=0) - y) / a.shape[1]", "a.softmax(dim=0) - y"),
        ("(a.softmax(dim=0) - y) / a.shape[1]", "(a.softmax(dim=1) - y) / a.shape[1]"),
        ("delta.sum(dim=1, keepdim=True)", "delta.mean(dim=1, keepdim=True)"),
        ("delta.sum(dim=1, keepdim=True)", "delta"),
        (" * (zs[i - 1] > 0)", ""),
        ("(zs[i - 1] > 0)", "(zs[i - 1] < 0)"),
        ("return grads[::-1]", "return grads"),
        ("return zs, [*a[:-1], zs[-1]]", "return zs, a"),
    ],
    ids=[
        "mse without 1/m",
        "mse divided by m alone",
        "cross entropy without 1/m",
        "softmax over the batch",
        "bias gradient averaged",
        "bias gradient not summed",
        "derivative of relu forgotten",
        "derivative of relu mirrored",
        "layers in the wrong order",
        "relu on the output",
    ],
)
def test_wrong_backpropagation_is_noticed(old, new, assert_close, altered):
    with pytest.raises(AssertionError):
        check_gradients(altered(mlp_backprop, old, new), torch.device("cpu"), torch.float64, assert_close)


def test_forgotten_transpose_is_noticed_even_where_the_shapes_fit(assert_close, altered):
    wrong = altered(mlp_backprop, "(w.T @ delta)", "(w @ delta)")
    layers, x, y, *_ = random_problem("cpu", torch.float64, sizes=(5, 5, 5, 5))
    right = gradients(mlp_backprop, layers, x, y, mse_delta)
    with pytest.raises(AssertionError):
        for (dw, _), (other, _) in zip(gradients(wrong, layers, x, y, mse_delta), right, strict=True):
            assert_close(dw, other)


def central_differences(layers, x, y, h):
    """不经过任何自动微分：每个参数各挪 ±h，看均方误差变了多少。"""

    def loss():
        return (forward(x, layers)[1][-1] - y).square().mean().item()

    pairs = []
    for pair in layers:
        numeric = [torch.empty_like(parameter) for parameter in pair]
        for flat, slopes in ((p.view(-1), n.view(-1)) for p, n in zip(pair, numeric, strict=True)):
            for i in range(len(flat)):
                before = flat[i].item()
                flat[i] = before + h
                up = loss()
                flat[i] = before - h
                slopes[i] = (up - loss()) / (2 * h)
                flat[i] = before
        pairs.append(tuple(numeric))
    return pairs


def test_gradients_are_central_differences(assert_close):
    layers, x, y, *_ = random_problem("cpu", torch.float64)
    got = gradients(mlp_backprop, layers, x, y, mse_delta)
    for pair, grads in zip(central_differences(layers, x, y, h=1e-5), got, strict=True):
        for numeric, grad in zip(pair, grads, strict=True):
            assert_close(numeric, grad, factor=5)  # 舍入误差约 eps·J/h，八个种子实测不到 1.3 倍容差


def test_smaller_steps_are_not_better():
    """ReLU 加均方误差在一段之内是单个参数的二次函数：没有截断误差，舍入误差随 1/h 增长。"""
    torch.manual_seed(0)
    layers, x, y, *_ = random_problem("cpu", torch.float64)
    got = gradients(mlp_backprop, layers, x, y, mse_delta)
    worst = {}
    for h in (1e-1, 1e-3, 1e-6, 1e-9):
        pairs = central_differences(layers, x, y, h)
        gaps = [
            (n - g).abs().max().item() for pair, grads in zip(pairs, got, strict=True) for n, g in zip(pair, grads, strict=True)
        ]
        worst[h] = max(gaps)
    assert worst[1e-1] > 1e-2  # 跨过了折点
    assert worst[1e-3] < 1e-11
    assert 100 < worst[1e-6] / worst[1e-3] < 10_000
    assert 100 < worst[1e-9] / worst[1e-6] < 10_000


def test_gradcheck_of_the_forward(device):
    layers, x, *_ = random_problem(device, torch.float64)
    parts = [p.requires_grad_() for p in (x, *(p for pair in layers for p in pair))]

    def output(x, *flat):
        return forward(x, list(zip(flat[::2], flat[1::2], strict=True)))[1][-1]

    assert torch.autograd.gradcheck(output, parts)


def test_worked_example_of_the_note(assert_close):
    """来源的 2-2-2 网络，x = (1, 2)，目标 (3, 4)：δ[2] = (0.16, -0.2)，手算到底。"""

    def matrix(*rows):
        return torch.tensor(rows, dtype=torch.float64)

    layers = [
        (matrix([0.1, 0.2], [0.3, 0.4]), matrix([0.5], [0.6])),
        (matrix([0.7, 0.8], [0.9, 1.0]), matrix([1.1], [1.2])),
    ]
    x, y = matrix([1.0], [2.0]), matrix([3.0], [4.0])
    zs, a = forward(x, layers)
    assert_close((a[-1] - y).square().mean(), matrix([0.0328]).squeeze())
    delta = mse_delta(a[-1], y)
    (dw_1, db_1), (dw_2, db_2) = backward(delta, layers, zs, a)
    assert_close(delta, matrix([0.16], [-0.2]))
    assert_close(dw_2, matrix([0.16, 0.272], [-0.2, -0.34]))
    assert_close(db_2, matrix([0.16], [-0.2]))
    assert_close(dw_1, matrix([-0.068, -0.136], [-0.072, -0.144]))
    assert_close(db_1, matrix([-0.068], [-0.072]))


# --- 性质 ---


def check_duplicates(snippet, assert_close):
    layers, x, y, _, one_hot = random_problem("cpu", torch.float64)
    for delta, target in ((snippet.mse_delta, y), (snippet.softmax_ce_delta, one_hot)):
        once = gradients(snippet, layers, x, target, delta)
        twice = gradients(snippet, layers, x.repeat(1, 2), target.repeat(1, 2), delta)
        for (dw, db), (dw_2, db_2) in zip(once, twice, strict=True):
            assert_close(dw_2, dw)
            assert_close(db_2, db)


def test_every_sample_twice_gives_the_same_gradient(assert_close, altered):
    """损失是平均，所以梯度不随批的大小变；少了 1/m 就会翻倍。"""
    check_duplicates(mlp_backprop, assert_close)
    with pytest.raises(AssertionError):
        check_duplicates(altered(mlp_backprop, "2 * (a - y) / a.numel()", "2 * (a - y)"), assert_close)


def test_without_one_over_m_the_gradient_is_m_times_too_large(assert_close):
    """勘误：来源的 δ[L] = 2(A - y)，五个样本、一个输出时恰是 autograd 的五倍。"""
    layers, x, y, *_ = random_problem("cpu", torch.float64, sizes=(3, 4, 1), m=5)
    right = gradients(mlp_backprop, layers, x, y, mse_delta)
    source = gradients(mlp_backprop, layers, x, y, lambda a, y: 2 * (a - y))
    for (dw, db), (dw_5, db_5) in zip(right, source, strict=True):
        assert_close(dw_5, 5 * dw)
        assert_close(db_5, 5 * db)


def test_batch_gradient_is_the_mean_of_single_gradients(device, dtype, assert_close):
    layers, x, y, *_ = random_problem(device, dtype)
    whole = gradients(mlp_backprop, layers, x, y, mse_delta)
    alone = [gradients(mlp_backprop, layers, x[:, i : i + 1], y[:, i : i + 1], mse_delta) for i in range(M)]
    for n, (dw, db) in enumerate(whole):
        assert_close(dw, torch.stack([g[n][0] for g in alone]).mean(dim=0))
        assert_close(db, torch.stack([g[n][1] for g in alone]).mean(dim=0))


def test_renumbering_hidden_neurons_renumbers_their_gradients(assert_close):
    layers, x, y, *_ = random_problem("cpu", torch.float64, sizes=(4, 6, 3))
    order = torch.tensor([3, 0, 5, 1, 4, 2])
    (w_1, b_1), (w_2, b_2) = layers
    moved = [(w_1[order], b_1[order]), (w_2[:, order], b_2)]
    (dw_1, db_1), (dw_2, _) = gradients(mlp_backprop, layers, x, y, mse_delta)
    (mw_1, mb_1), (mw_2, _) = gradients(mlp_backprop, moved, x, y, mse_delta)
    assert_close(forward(x, moved)[1][-1], forward(x, layers)[1][-1])
    assert_close(mw_1, dw_1[order])
    assert_close(mb_1, db_1[order])
    assert_close(mw_2, dw_2[:, order])


def test_silent_neurons_get_no_gradient():
    """死 ReLU：对每个样本都没打开的神经元，进来的权重梯度恰为 0。"""
    layers, x, y, *_ = random_problem("cpu", torch.float64, sizes=(4, 6, 3))
    layers[0][1][2] = -1e3
    (dw_1, db_1), (dw_2, _) = gradients(mlp_backprop, layers, x, y, mse_delta)
    assert (dw_1[2] == 0).all()
    assert (db_1[2] == 0).all()
    assert (dw_2[:, 2] == 0).all()
    assert (dw_1[[0, 1, 3, 4, 5]] != 0).any()


def test_a_neuron_exactly_on_its_kink_passes_nothing_back(assert_close):
    """z = 0 时导数取 0，同 torch.relu：全零的第一层（所有的 z 恰为 0）收不到梯度。"""
    layers, x, y, *_ = random_problem("cpu", torch.float64, sizes=(4, 6, 3))
    layers[0] = tuple(torch.zeros_like(part) for part in layers[0])
    net = library(layers)
    F.mse_loss(net(x.T), y.T).backward()
    (dw_1, db_1), (_, db_2) = gradients(mlp_backprop, layers, x, y, mse_delta)
    assert_close(dw_1, net[0].weight.grad)
    assert_close(db_1, net[0].bias.grad[:, None])
    assert not dw_1.any()
    assert db_2.all()


def test_all_zero_weights_never_leave_zero():
    """全零初始化：隐藏层的梯度恰为 0，训练再久也只有输出层的偏置在动。"""
    layers = [(torch.zeros_like(w), torch.zeros_like(b)) for w, b in initialize((2, 8, 2))]
    x, y = two_moons(20)
    (w_1, b_1), (w_2, _) = train(layers, x, y, softmax_ce_delta, epochs=3, batch=8, lr=0.2)
    assert not w_1.any()
    assert not b_1.any()
    assert not w_2.any()


def test_perfect_predictions_have_no_gradient():
    layers, x, *_ = random_problem("cpu", torch.float64)
    y = forward(x, layers)[1][-1]
    for dw, db in gradients(mlp_backprop, layers, x, y, mse_delta):
        assert not dw.any()
        assert not db.any()


def test_parameter_count_is_what_is_there():
    for sizes in ((2, 2), (784, 64, 10), (64, 32, 10), SIZES):
        there = sum(w.numel() + b.numel() for w, b in initialize(sizes))
        assert count_parameters(sizes) == there
        assert count_parameters(sizes) == sum(p.numel() for p in library(initialize(sizes)).parameters())
    assert count_parameters((784, 64, 10)) == 50_890
    assert count_parameters((64, 32, 10)) == 2_410


def test_initial_weights_have_the_variance_of_he(device, dtype):
    (w, b), _ = initialize((500, 400, 1), device=device, dtype=dtype)
    assert (w.device.type, w.dtype) == (device.type, dtype)
    assert not b.any()
    assert abs(w.var().item() / (2 / 500) - 1) < 0.02  # 20 万个数，标准误约 0.3%
    assert abs(w.mean().item()) < 0.001


# --- 训练 ---


def test_one_step_of_training_is_one_step_of_sgd(assert_close):
    layers, x, _, classes, one_hot = random_problem("cpu", torch.float64)
    net = library(layers)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.3)
    for _ in range(4):  # 一批就是全部样本：四轮是四步，次序无关
        optimizer.zero_grad()
        F.cross_entropy(net(x.T), classes).backward()
        optimizer.step()
    before = [w.clone() for w, _ in layers]
    trained = train(layers, x, one_hot, softmax_ce_delta, epochs=4, batch=M, lr=0.3)
    parameters = [p.detach() for p in net.parameters()]
    for (w, b), other_w, other_b in zip(trained, parameters[::2], parameters[1::2], strict=True):
        assert_close(w, other_w)
        assert_close(b, other_b[:, None])
    assert all(torch.equal(w, old) for (w, _), old in zip(layers, before, strict=True))


def accuracy(layers, x, y):
    right = forward(x, layers)[1][-1].argmax(dim=0) == y.argmax(dim=0)
    return right.double().mean().item()


def moons_accuracy(snippet, sizes):
    torch.manual_seed(0)
    (x, y), held = two_moons(200), two_moons(200)
    layers = snippet.train(initialize(sizes), x, y, softmax_ce_delta, epochs=60, batch=20, lr=0.2)
    return accuracy(layers, *held)


def test_moons_need_a_hidden_layer():
    """没有隐藏层只能画直线（十个种子实测 0.865 到 0.895）；两个隐藏层不低于 0.99。"""
    assert moons_accuracy(mlp_backprop, (2, 2)) < 0.92
    assert moons_accuracy(mlp_backprop, (2, 16, 16, 2)) > 0.97


def test_training_uphill_learns_nothing(altered):
    wrong = altered(mlp_backprop, "(w - lr * dw, b - lr * db)", "(w + lr * dw, b + lr * db)")
    with pytest.raises(AssertionError):
        assert moons_accuracy(wrong, (2, 16, 16, 2)) > 0.97


def test_handwritten_digits():
    """scikit-learn 自带的 1797 张 8×8 数字，四分之三训练；五个种子实测 0.958 到 0.973。"""
    digits = pytest.importorskip("sklearn.datasets").load_digits()
    x = torch.tensor(digits.data.T / 16)  # (64, 1797)
    y = torch.eye(10, dtype=torch.float64)[:, digits.target]  # (10, 1797)
    fit, held = torch.randperm(x.shape[1]).tensor_split([1347])
    layers = initialize((64, 32, 10), dtype=torch.float64)
    assert accuracy(layers, x[:, held], y[:, held]) < 0.3
    layers = train(layers, x[:, fit], y[:, fit], softmax_ce_delta, epochs=30, batch=32, lr=0.2)
    assert accuracy(layers, x[:, held], y[:, held]) > 0.93


# --- 数据与设备 ---


def test_moons_lie_on_two_half_circles(device, dtype, assert_close):
    x, y = two_moons(50, noise=0.0, device=device, dtype=dtype)
    assert x.shape == y.shape == (2, 100)
    assert all((part.device.type, part.dtype) == (device.type, dtype) for part in (x, y))
    one = torch.ones(50, device=device, dtype=dtype)
    assert_close(x[:, :50].square().sum(dim=0), one)
    centre = torch.tensor([[1.0], [0.5]], device=device, dtype=dtype)
    assert_close((x[:, 50:] - centre).square().sum(dim=0), one)
    assert y.sum(dim=1).tolist() == [50, 50]
    spread = two_moons(2000, device=device, dtype=dtype)[0]  # 不写就是 0.1
    still = two_moons(2000, noise=0.0, device=device, dtype=dtype)[0]
    assert math.isclose((spread - still).std().item(), 0.1, rel_tol=0.05)


def test_nothing_is_made_on_another_device(on_meta):
    layers, x, y, _, one_hot = random_problem("cpu", torch.float32)
    zs, a = on_meta(forward, x, layers)
    assert a[-1].shape == (SIZES[-1], M)
    for delta, target in ((mse_delta, y), (softmax_ce_delta, one_hot)):
        d = on_meta(delta, a[-1], target)
        got = on_meta(backward, d, layers, zs, a)
        assert [dw.shape for dw, _ in got] == [w.shape for w, _ in layers]
    trained = on_meta(train, layers, x, y, mse_delta, epochs=1, batch=M, lr=0.1)
    assert [w.shape for w, _ in trained] == [w.shape for w, _ in layers]
    made = [*itertools.chain(*initialize(SIZES, device="meta")), *two_moons(5, device="meta")]
    assert {part.device.type for part in made} == {"meta"}
