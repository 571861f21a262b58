"""张量自动微分的证明：同一串随机的张量运算交给 torch.autograd，逐个自变量比梯度；广播、重复下标、菱形；写坏的变体。"""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch

from snippets.nn import tensor_autograd
from snippets.nn.tensor_autograd import Tensor, topological, unbroadcast

# 名字 -> (各自变量的形状, 对 Tensor 与 torch.Tensor 都写得通的式子)
FORMULAS = {
    "sum": ([(3, 4), (3, 4)], lambda x, y: x + y),
    "sum with a row": ([(3, 4), (4,)], lambda x, y: x + y),
    "sum with a column": ([(3, 4), (3, 1)], lambda x, y: y + x),
    "sum, both stretched": ([(3, 1), (1, 4)], lambda x, y: x + y),
    "sum with a number": ([(2, 3)], lambda x: x + 1.5),
    "product": ([(3, 4), (3, 4)], lambda x, y: x * y),
    "product with a scalar": ([(3, 4), ()], lambda x, y: x * y),
    "product over three axes": ([(2, 1, 4), (3, 1)], lambda x, y: x * y),
    "square": ([(3,)], lambda x: x * x),
    "power": ([(3, 2)], lambda x: x**3.0),
    "difference": ([(3, 2), (2,)], lambda x, y: x - y),
    "number minus": ([(3,)], lambda x: 2.0 - x),
    "quotient": ([(3, 2), (3, 1)], lambda x, y: x / (y * y + 1.0)),
    "exp": ([(4,)], lambda x: x.exp()),
    "log": ([(4,)], lambda x: (x * x + 0.1).log()),
    "tanh": ([(4, 2)], lambda x: x.tanh()),
    "relu": ([(4, 2)], lambda x: x.relu()),
    "matmul": ([(3, 4), (4, 2)], lambda x, y: x @ y),
    "batched matmul": ([(5, 3, 4), (5, 4, 2)], lambda x, y: x @ y),
    "matmul with one matrix for the batch": ([(5, 3, 4), (4, 2)], lambda x, y: x @ y),
    "matmul, both batches stretched": ([(2, 1, 3, 4), (6, 4, 2)], lambda x, y: x @ y),
    "sum over all": ([(3, 4)], lambda x: x.sum()),
    "sum over rows": ([(3, 4)], lambda x: x.sum(0)),
    "sum over the last, kept": ([(3, 4)], lambda x: x * x.sum(-1, keepdims=True)),
    "sum over two": ([(2, 3, 4)], lambda x: x.sum((0, 2))),
    "mean": ([(3, 4)], lambda x: x.mean()),
    "mean over one": ([(3, 4)], lambda x: x.mean(1)),
    "a row": ([(3, 4)], lambda x: x[1]),
    "a slice": ([(4, 4)], lambda x: x[1:, ::2]),
    "repeated rows": ([(3, 4)], lambda x: x[[0, 2, 0, 0]]),
    "pairs of indices": ([(3, 4)], lambda x: x[[0, 1, 2], [3, 1, 1]]),
    "reshape": ([(3, 4)], lambda x: x.reshape(2, 6)),
    "diamond": ([(3,), (3,)], lambda x, y: (x + y) * (x - y) * (x + y)),
}


def compare(module, formula, arrays, assert_close):
    """输出乘上一个固定的随机数组再求和，使每个输出元素的梯度都不同。"""
    ours = [module.Tensor(a) for a in arrays]
    theirs = [torch.tensor(a, requires_grad=True) for a in arrays]
    result, expected = formula(*ours), formula(*theirs)
    assert_close(result.data, expected.detach().numpy())
    weights = np.random.default_rng(0).standard_normal(result.data.shape).astype(arrays[0].dtype)
    (result * weights).sum().backward()
    slopes = torch.autograd.grad((expected * torch.tensor(weights)).sum(), theirs, allow_unused=True)
    for mine, slope, array in zip(ours, slopes, arrays, strict=True):
        assert mine.grad.shape == array.shape
        assert_close(mine.grad, np.zeros_like(array) if slope is None else slope.numpy(), factor=5)  # 各项相加的次序不同


def draw(shapes, precision, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape).astype(precision) if shape else np.array(1.7, precision) for shape in shapes]


@pytest.mark.parametrize(("shapes", "formula"), FORMULAS.values(), ids=FORMULAS)
@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_every_operation_is_torchs(shapes, formula, precision, assert_close):
    compare(tensor_autograd, formula, draw(shapes, precision), assert_close)


def test_transpose_is_torchs_permute(assert_close):
    (array,) = draw([(2, 3, 4)], "float64")
    mine, other = Tensor(array), torch.tensor(array, requires_grad=True)
    weights = draw([(4, 2, 3)], "float64", seed=1)[0]
    result, expected = mine.transpose(2, 0, 1), other.permute(2, 0, 1)
    (result * weights).sum().backward()
    (expected * torch.tensor(weights)).sum().backward()
    assert_close(result.data, expected.detach().numpy())
    assert_close(mine.grad, other.grad.numpy())


def random_formula(rng, length=12):
    """一串随机运算，形状恒为 (3, 3)，行、列、标量的广播与矩阵乘都会出现。"""
    kinds = {
        "add": lambda x, y: x + y,
        "row": lambda x, y: x * y[1],
        "column": lambda x, y: x - y.sum(1, keepdims=True) * 0.3,
        "matmul": lambda x, y: (x @ y).tanh(),
        "divide": lambda x, y: x / (y * y + 1.0),
        "pick": lambda x, y: x[[2, 0, 2]] + y,
        "mean": lambda x, y: x * y.mean(0),
        "relu": lambda x, y: (x + 0.2).relu() - y.tanh(),
        "exp": lambda x, y: (x.tanh()).exp() * 0.5,
    }
    steps = [(rng.choice(list(kinds)), rng.random(), rng.random()) for _ in range(length)]

    def formula(*values):
        made = list(values)
        for kind, i, j in steps:
            made.append(kinds[kind](made[int(i * len(made))], made[int(j * len(made))]).tanh())
        return made[-1] + made[-2] * made[-3]

    return formula


@pytest.mark.parametrize("seed", range(30))
def test_random_expressions_are_torchs(seed, assert_close):
    compare(tensor_autograd, random_formula(random.Random(seed)), draw([(3, 3)] * 3, "float64", seed), assert_close)


def check_all(module, assert_close):
    for shapes, formula in FORMULAS.values():
        compare(module, formula, draw(shapes, "float64"), assert_close)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("grads.get(parent, 0.0) + vjp(grads[node])", "vjp(grads[node])"),
        ("np.add.at(full, index, g)", "full[index] += g"),
        ("g.sum(axis=stretched, keepdims=True)", "g.mean(axis=stretched, keepdims=True)"),
        ("unbroadcast(g * other.data, self.data.shape)", "unbroadcast(g * self.data, self.data.shape)"),
        ("g * n * self.data ** (n - 1)", "g * self.data ** (n - 1)"),
        ("g * (1 - y * y)", "g * (1 - y)"),
        ("g * (self.data > 0)", "g"),
        ("unbroadcast(a.swapaxes(-1, -2) @ g, b.shape)", "unbroadcast((g.swapaxes(-1, -2) @ a).swapaxes(-1, -2) * 2, b.shape)"),
        ("total.data.size / self.data.size", "1 / self.data.size"),
        ("lambda g: g * y),))", "lambda g: g),))"),
    ],
    ids=[
        "gradients overwritten instead of added",
        "repeated index counted once",
        "broadcast averaged back",
        "product rule mirrored",
        "power without its exponent",
        "tanh not squared",
        "relu always open",
        "matmul doubled",
        "mean divided by everything",
        "exp as the identity",
    ],
)
def test_wrong_engine_is_noticed(old, new, assert_close, altered):
    with pytest.raises(AssertionError):
        check_all(altered(tensor_autograd, old, new), assert_close)


def test_a_forgotten_unbroadcast_is_noticed(assert_close, altered):
    """不求和，偏置的梯度会是 (批, 宽) 而不是 (宽,)。"""
    wrong = altered(tensor_autograd, "(other, lambda g: unbroadcast(g, other.data.shape)))", "(other, lambda g: g))")
    with pytest.raises(AssertionError):
        compare(wrong, lambda x, b: x + b, draw([(3, 4), (4,)], "float64"), assert_close)


# --- 性质 ---


@pytest.mark.parametrize(
    ("big", "shape"),
    [((3, 4), (3, 4)), ((3, 4), (4,)), ((3, 4), (1, 4)), ((3, 4), (3, 1)), ((3, 4), ()), ((2, 3, 4), (3, 1)), ((2, 3), (1, 1))],
)
def test_unbroadcast_counts_how_often_each_number_was_used(big, shape):
    """g 全是 1 时，结果是前向里每个元素被复制了几份。"""
    back = unbroadcast(np.ones(big), shape)
    assert back.shape == shape
    assert (back == np.prod(big) / np.prod(shape)).all()


def test_every_node_comes_once_and_after_what_it_needs():
    x, y = Tensor(np.ones((2, 2))), Tensor(np.ones(2))
    z = x * y
    root = ((z + x) * (z + y)).sum()
    order = topological(root)
    place = {node: i for i, node in enumerate(order)}
    assert len(place) == len(order)
    assert all(place[parent] < place[node] for node in order for parent, _ in node.edges)


def test_only_a_number_has_a_gradient():
    with pytest.raises(ValueError, match="sum it first"):
        Tensor(np.ones(3)).backward()


def test_a_second_backward_adds_as_in_pytorch():
    x = Tensor(np.array([1.0, 2.0]))
    y = (x * x).sum()
    y.backward()
    y.backward()
    assert x.grad.tolist() == [4, 8]


def test_a_long_chain_does_not_recurse():
    x = Tensor(np.array(1.0))
    y = x
    for _ in range(5000):
        y = y + 1.0
    y.backward()
    assert x.grad == 1


def test_arrays_on_the_left_make_one_node():
    x = Tensor(np.ones(3))
    for y in (np.arange(3.0) + x, np.arange(3.0) * x):
        assert isinstance(y, Tensor)
        assert y.data.shape == (3,)


def test_precision_is_the_inputs():
    x = Tensor(np.ones((2, 3), dtype=np.float32))
    y = ((2.0 * x - 1.0) @ Tensor(np.ones((3, 2), dtype=np.float32))).tanh().mean()
    y.backward()
    assert y.data.dtype == x.grad.dtype == np.float32


# --- 笔记里的例子 ---


def test_worked_example_of_the_note():
    """x = (1, 2, 3)，W 全 0.1：y = tanh 0.6，L = y²，∂L/∂W = y(1 - y²)·(1, 2, 3)ᵀ（两列各占一半权重）。"""
    x, w, b = Tensor(np.array([[1.0, 2.0, 3.0]])), Tensor(np.full((3, 2), 0.1)), Tensor(np.zeros(2))
    loss = ((x @ w + b).tanh() ** 2.0).mean()
    loss.backward()
    y = np.tanh(0.6)
    assert np.isclose(loss.data, y * y)
    assert f"{float(loss.data):.5f} {y * (1 - y * y):.5f}" == "0.28842 0.38215"
    assert np.allclose(w.grad, y * (1 - y * y) * np.array([[1.0], [2.0], [3.0]]))
    assert np.allclose(b.grad, y * (1 - y * y))


def test_worked_example_in_the_frameworks():
    """三个框架的写法给同一个结果：torch 的 backward 与 torch.func.grad（JAX 的接口）。"""
    x, w, b = torch.tensor([[1.0, 2.0, 3.0]]), torch.full((3, 2), 0.1), torch.zeros(2)

    def loss(w, b):
        return torch.tanh(x @ w + b).square().mean()

    dw, db = torch.func.grad(loss, argnums=(0, 1))(w, b)
    leaf = w.clone().requires_grad_()
    loss(leaf, b).backward()
    assert torch.allclose(leaf.grad, dw)
    assert [round(v, 5) for v in dw[:, 0].tolist()] == [0.38215, 0.76431, 1.14646]
    assert [round(v, 5) for v in db.tolist()] == [0.38215, 0.38215]


def test_softmax_cross_entropy_is_torchs(assert_close):
    """搭一个两层网络：log-softmax、按类别取元素、求平均。"""
    rng = np.random.default_rng(3)
    x, w_1, b_1, w_2 = (rng.standard_normal(s) for s in ((8, 5), (5, 6), (6,), (6, 3)))
    classes = rng.integers(3, size=8)
    ours = [Tensor(p) for p in (w_1, b_1, w_2)]
    z = (Tensor(x) @ ours[0] + ours[1]).relu() @ ours[2]
    log_p = z - z.exp().sum(1, keepdims=True).log()
    loss = -log_p[np.arange(8), classes].mean()
    loss.backward()
    theirs = [torch.tensor(p, requires_grad=True) for p in (w_1, b_1, w_2)]
    out = torch.relu(torch.tensor(x) @ theirs[0] + theirs[1]) @ theirs[2]
    expected = torch.nn.functional.cross_entropy(out, torch.tensor(classes))
    expected.backward()
    assert_close(loss.data, expected.detach().numpy())
    for mine, other in zip(ours, theirs, strict=True):
        assert_close(mine.grad, other.grad.numpy())


def test_forward_and_reverse_mode_agree():
    """前向模式一遍给一个方向的导数，反向模式一遍给全部：方向导数 = 梯度 · 方向。"""
    x, v = torch.randn(2, 5, dtype=torch.float64)

    def f(x):
        return (torch.sin(x) * x.exp()).sum()

    _, along = torch.func.jvp(f, (x,), (v,))
    assert torch.allclose(along, torch.func.grad(f)(x) @ v)
