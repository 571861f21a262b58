"""标量自动微分的证明：同一串随机运算交给 torch.autograd（float64）与中心差分；手算的例子；写坏的变体。"""

from __future__ import annotations

import math
import random

import pytest
import torch

from snippets.nn import micrograd
from snippets.nn.micrograd import MLP, Value, topological, train

XOR = [((0.0, 0.0), 0.0), ((0.0, 1.0), 1.0), ((1.0, 0.0), 1.0), ((1.0, 1.0), 0.0)]

# 名字 -> (几个自变量, 对 Value 与 torch 张量都写得通的式子)
FORMULAS = {
    "sum": (2, lambda x, y: x + y),
    "sum with a number": (1, lambda x: x + 3.0),
    "number first": (1, lambda x: 3.0 + x * 1.0),
    "product": (2, lambda x, y: x * y),
    "number times": (1, lambda x: 2.5 * x),
    "square": (1, lambda x: x * x),
    "power": (1, lambda x: x**3),
    "reciprocal": (1, lambda x: x**-1.0),
    "to the zero": (1, lambda x: x**0 + x),
    "difference": (2, lambda x, y: x - y),
    "number minus": (1, lambda x: 2.0 - x),
    "negative": (1, lambda x: -x),
    "quotient": (2, lambda x, y: x / y),
    "number over": (1, lambda x: 10.0 / x),
    "relu": (2, lambda x, y: x.relu() + y.relu()),
    "tanh": (1, lambda x: (2.0 * x).tanh()),
    "exp": (1, lambda x: (x * 0.5).exp()),
    "log": (1, lambda x: (x * x).log()),
    "diamond": (2, lambda x, y: (x + y) * (x - y) * (x + y)),
    "one node used five times": (1, lambda x: x * x * x * x + x),
}


def compare(module, formula, numbers, assert_close):
    """值与每个偏导数都同 torch。"""
    ours = [module.Value(v) for v in numbers]
    theirs = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in numbers]
    result, expected = formula(*ours), formula(*theirs)
    assert_close(result.data, expected.item())
    result.backward()
    slopes = torch.autograd.grad(expected, theirs, allow_unused=True)  # 随机式子未必用到每个自变量
    assert_close([v.grad for v in ours], [0.0 if s is None else s.item() for s in slopes])


@pytest.mark.parametrize(("count", "formula"), FORMULAS.values(), ids=FORMULAS)
@pytest.mark.parametrize("signs", [(1, 1), (-1, 1), (1, -1), (-1, -1)])
def test_every_operation_is_torchs(count, formula, signs, assert_close):
    compare(micrograd, formula, [1.3 * signs[0], 0.7 * signs[1]][:count], assert_close)


def random_formula(rng, length=30):
    """一串随机运算：每一步从已有的数里挑一两个，造一个新的；tanh 使数不致太大。"""
    steps = [(rng.choice("+-*/tre"), rng.random(), rng.random()) for _ in range(length)]

    def formula(*values):
        made = list(values)
        for kind, i, j in steps:
            x, y = made[int(i * len(made))], made[int(j * len(made))]
            results = {
                "+": lambda x, y: x + y,
                "-": lambda x, y: x - 0.5 * y,
                "*": lambda x, y: (x * y).tanh(),
                "/": lambda x, y: x / (y * y + 1.0),
                "t": lambda x, y: x.tanh(),
                "r": lambda x, y: (x + 0.3).relu(),
                "e": lambda x, y: x.tanh().exp(),
            }
            made.append(results[kind](x, y))
        return sum(made[-5:-1], made[-1])

    return formula


@pytest.mark.parametrize("seed", range(40))
def test_random_expressions_are_torchs(seed, assert_close):
    rng = random.Random(seed)
    compare(micrograd, random_formula(rng), [rng.gauss(0, 1) for _ in range(3)], assert_close)


def check_all(module, assert_close):
    for count, formula in FORMULAS.values():
        for numbers in ([1.3, 0.7], [-1.3, 0.7]):
            compare(module, formula, numbers[:count], assert_close)
    for seed in range(5):
        rng = random.Random(seed)
        compare(module, random_formula(rng), [rng.gauss(0, 1) for _ in range(3)], assert_close)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("grads.get(parent, 0.0) + slope * grads[node]", "slope * grads[node]"),
        ("((self, other.data), (other, self.data))", "((self, self.data), (other, other.data))"),
        ("((self, float(self.data > 0)),)", "((self, 1.0),)"),
        ("((self, 1 - t * t),)", "((self, 1 - t),)"),
        ("n * self.data ** (n - 1) if n else 0.0", "self.data ** (n - 1) if n else 0.0"),
        ("((self, 1 / self.data),)", "((self, self.data),)"),
        ("((self, e),)", "((self, self.data * e),)"),
        ("return self + -lift(other)", "return self + lift(other)"),
        ("return lift(other) + -self", "return self + -lift(other)"),
    ],
    ids=[
        "gradients overwritten instead of added",
        "product rule mirrored",
        "relu always open",
        "tanh not squared",
        "power without its exponent",
        "log upside down",
        "exp as a power",
        "difference is a sum",
        "number minus mirrored",
    ],
)
def test_wrong_engine_is_noticed(old, new, assert_close, altered):
    with pytest.raises(AssertionError):
        check_all(altered(micrograd, old, new), assert_close)


def test_a_depth_first_order_is_not_enough(assert_close, altered):
    """先访问先传，不等下游算完：菱形处的梯度会少一份。"""
    wrong = altered(
        micrograd,
        "stack.append((node, True))\n",
        "order.insert(0, node)\n",
    )
    with pytest.raises(AssertionError):
        check_all(wrong, assert_close)


@pytest.mark.parametrize("seed", range(5))
def test_random_expressions_are_central_differences(seed):
    """不经过任何自动微分的对照：h = 1e-6，误差约 1e-9。"""
    rng = random.Random(seed)
    formula, numbers = random_formula(rng), [rng.gauss(0, 1) for _ in range(3)]
    values = [Value(v) for v in numbers]
    formula(*values).backward()
    for i, value in enumerate(values):
        up, down = ([v + s * 1e-6 * (k == i) for k, v in enumerate(numbers)] for s in (1, -1))
        slope = (formula(*map(Value, up)).data - formula(*map(Value, down)).data) / 2e-6
        assert math.isclose(slope, value.grad, rel_tol=1e-6, abs_tol=1e-8)


# --- 笔记里的例子 ---


def worked_example(a, b):
    e = (3 * a + 4 * b + 3) - (12 * (a * b + b**3) + 4 * (a + b).relu() + (b - a).relu())
    return e, e**2 / 2 + 10 / e**2


def test_worked_example_of_the_note():
    a, b = Value(-4.0), Value(2.0)
    e, g = worked_example(a, b)
    g.backward()
    assert e.data == -7
    assert f"{g.data:.4f} {a.grad:.4f} {b.grad:.4f}" == "24.7041 138.8338 645.5773"
    assert math.isclose(e.grad, e.data - 20 / e.data**3)  # -6.9417
    assert math.isclose(a.grad, -20 * e.grad)
    assert math.isclose(b.grad, -93 * e.grad)


def test_worked_example_is_torchs(assert_close):
    compare(micrograd, lambda a, b: worked_example(a, b)[1], [-4.0, 2.0], assert_close)


# --- 性质 ---


def test_every_node_comes_once_and_after_what_it_needs():
    a, b = Value(1.0), Value(2.0)
    c = a * b
    root = (c + a) * (c + b) + c
    order = topological(root)
    place = {node: i for i, node in enumerate(order)}
    assert len(place) == len(order) == 7
    assert order[-1] is root
    assert all(place[parent] < place[node] for node in order for parent, _ in node.edges)


def test_a_second_backward_adds_as_in_pytorch():
    x = Value(3.0)
    y = x * x
    y.backward()
    y.backward()
    t = torch.tensor(3.0, requires_grad=True)
    z = t * t
    z.backward(retain_graph=True)
    z.backward()
    assert x.grad == t.grad.item() == 12


def test_what_was_made_later_is_not_touched():
    x = Value(2.0)
    y = x * 3.0
    later = y * 5.0
    y.backward()
    assert (x.grad, later.grad) == (3, 0)


def test_relu_passes_nothing_at_zero():
    x = Value(0.0)
    x.relu().backward()
    t = torch.zeros(1, requires_grad=True)
    torch.relu(t).sum().backward()
    assert x.grad == t.grad.item() == 0


def test_a_chain_fifty_thousand_deep_does_not_recurse():
    """递归的拓扑排序在约一千层处报 RecursionError。"""
    x = Value(1.0)
    y = x
    for _ in range(50_000):
        y = y + 1.0
    y.backward()
    assert (y.data, x.grad) == (50_001, 1)

    def recursive(node, done):
        if node not in done:
            done.add(node)
            for parent, _ in node.edges:
                recursive(parent, done)

    with pytest.raises(RecursionError):
        recursive(y, set())


def test_forty_doublings_take_forty_steps():
    """y = x + x 连做 40 次：路有 2^40 条，每个节点却只走一次。"""
    x = Value(1.0)
    y = x
    for _ in range(40):
        y = y + y
    y.backward()
    assert x.grad == 2**40


# --- 网络 ---


def check_network(module, assert_close):
    """四个样本的均方误差对每个权重的导数，同装着这些权重的 torch.nn.Sequential。"""
    net = module.MLP((2, 4, 3, 1), random.Random(1))
    loss = sum((net(x)[0] - y) ** 2 for x, y in XOR) / len(XOR)
    loss.backward()
    modules = []
    for layer in net.layers:
        linear = torch.nn.Linear(len(layer[0][0]), len(layer), dtype=torch.float64)
        with torch.no_grad():
            linear.weight.copy_(torch.tensor([[v.data for v in w] for w, _ in layer], dtype=torch.float64))
            linear.bias.copy_(torch.tensor([b.data for _, b in layer], dtype=torch.float64))
        modules += [linear, torch.nn.Tanh()]
    oracle = torch.nn.Sequential(*modules[:-1])
    x, y = (torch.tensor(part, dtype=torch.float64) for part in zip(*XOR, strict=True))
    expected = (oracle(x)[:, 0] - y).square().mean()
    expected.backward()
    assert_close(loss.data, expected.item())
    for layer, linear in zip(net.layers, modules[::2], strict=True):
        assert_close([[v.grad for v in w] for w, _ in layer], linear.weight.grad.tolist())
        assert_close([b.grad for _, b in layer], linear.bias.grad.tolist())


def test_network_is_torchs(assert_close):
    check_network(micrograd, assert_close)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("x = [v.tanh() for v in z]", "x = [v.relu() for v in z]"),
        ("        return z\n", "        return x\n"),
        ("strict=True)), b) for w, b in layer]", "strict=True)), b * 0.0) for w, b in layer]"),
    ],
    ids=["relu instead of tanh", "tanh on the output", "bias without effect"],
)
def test_wrong_network_is_noticed(old, new, assert_close, altered):
    wrong = altered(micrograd, old, new)
    with pytest.raises(AssertionError):
        check_network(wrong, assert_close)


def check_learning(module):
    net = module.MLP((2, 4, 1), random.Random(0))
    losses = module.train(net, XOR, steps=300, lr=0.3)
    assert losses[-1] < 1e-6  # 实测 2.5e-14
    assert [round(net(x)[0].data) for x, _ in XOR] == [0, 1, 1, 0]


def test_exclusive_or_is_learnt():
    check_learning(micrograd)
    assert len(MLP((2, 4, 1), random.Random(0)).parameters()) == 17


def test_training_is_gradient_descent(assert_close):
    """三步之后的权重，同在 torch 里照 w ← w - η g 做三步。"""
    net, twin = MLP((2, 3, 1), random.Random(2)), MLP((2, 3, 1), random.Random(2))
    train(net, XOR, steps=3, lr=0.1)
    weights = [torch.tensor(p.data, dtype=torch.float64, requires_grad=True) for p in twin.parameters()]
    x, y = (torch.tensor(part, dtype=torch.float64) for part in zip(*XOR, strict=True))
    for _ in range(3):
        flat = torch.stack(weights)  # 每个神经元：两个权重、一个偏置；最后是输出
        hidden = torch.tanh(x @ flat[:9].view(3, 3)[:, :2].T + flat[:9].view(3, 3)[:, 2])
        loss = (hidden @ flat[9:12] + flat[12] - y).square().mean()
        slopes = torch.autograd.grad(loss, weights)
        weights = [(w - 0.1 * s).detach().requires_grad_() for w, s in zip(weights, slopes, strict=True)]
    assert_close([p.data for p in net.parameters()], [w.item() for w in weights])


@pytest.mark.parametrize(
    ("old", "new"),
    [("p.grad = 0.0  #", "pass  #"), ("p.data -= lr * p.grad", "p.data += lr * p.grad")],
    ids=["gradients never cleared", "uphill"],
)
def test_wrong_training_is_noticed(old, new, altered):
    wrong = altered(micrograd, old, new)
    with pytest.raises((AssertionError, OverflowError)):
        check_learning(wrong)


def test_weights_start_at_the_same_place_for_the_same_seed():
    one, other = (MLP((3, 5, 1), random.Random(7)).parameters() for _ in range(2))
    assert [p.data for p in one] == [p.data for p in other]
    spread = [p.data for p in MLP((400, 50), random.Random(0)).parameters() if p.data]
    assert abs(sum(v * v for v in spread) / len(spread) * 400 - 1) < 0.05  # 方差 1/n_in
