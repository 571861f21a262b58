"""标量自动微分：每个数记住自己由谁算来、局部导数是多少；backward 沿这张图走回去，一遍得到全部导数。

一个 Value 是计算图的一个节点，edges 里每一项 (上游节点, 局部导数) 是一条边。只用 Python 的浮点数（float64）。
来源：反向模式 Linnainmaa 1976, doi:10.1007/BF01931367；这种小引擎的写法见 Karpathy 2020,
github.com/karpathy/micrograd（那里把局部导数藏在闭包里，拓扑排序用递归；这里两样都不用）。
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Sequence


class Value:
    """一个数 data，和它对别的数的依赖；grad 由 backward 累加。"""

    __slots__ = ("data", "edges", "grad", "op")

    def __init__(self, data: float, edges: tuple[tuple[Value, float], ...] = (), op: str = "") -> None:
        self.data, self.edges, self.op, self.grad = float(data), edges, op, 0.0

    def __repr__(self) -> str:
        return f"Value(data={self.data:.4f}, grad={self.grad:.4f})"

    # region 运算
    def __add__(self, other: Value | float) -> Value:
        other = lift(other)
        return Value(self.data + other.data, ((self, 1.0), (other, 1.0)), "+")

    def __mul__(self, other: Value | float) -> Value:
        other = lift(other)
        return Value(self.data * other.data, ((self, other.data), (other, self.data)), "×")

    def __pow__(self, n: float) -> Value:
        slope = n * self.data ** (n - 1) if n else 0.0  # n 是常数，不对它求导
        return Value(self.data**n, ((self, slope),), f"^{n}")

    def relu(self) -> Value:
        return Value(max(self.data, 0.0), ((self, float(self.data > 0)),), "ReLU")

    def tanh(self) -> Value:
        t = math.tanh(self.data)
        return Value(t, ((self, 1 - t * t),), "tanh")

    def exp(self) -> Value:
        e = math.exp(self.data)
        return Value(e, ((self, e),), "exp")

    def log(self) -> Value:
        return Value(math.log(self.data), ((self, 1 / self.data),), "log")

    # endregion

    def __neg__(self) -> Value:
        return self * -1.0

    def __sub__(self, other: Value | float) -> Value:
        return self + -lift(other)

    def __rsub__(self, other: float) -> Value:
        return lift(other) + -self

    def __truediv__(self, other: Value | float) -> Value:
        return self * lift(other) ** -1.0

    def __rtruediv__(self, other: float) -> Value:
        return lift(other) * self**-1.0

    __radd__, __rmul__ = __add__, __mul__

    def backward(self) -> None:
        """给图里每个节点的 grad 加上 ∂self/∂节点。再调一次就再加一遍，同 PyTorch 的叶子。"""
        grads = {self: 1.0}  # ∂self/∂self
        for node in reversed(topological(self)):  # 轮到一个节点时，它的下游都已算完
            for parent, slope in node.edges:
                grads[parent] = grads.get(parent, 0.0) + slope * grads[node]  # 多条路相加
        for node, grad in grads.items():
            node.grad += grad


def lift(x: Value | float) -> Value:
    """普通的数当作没有来历的节点。"""
    return x if isinstance(x, Value) else Value(x)


def topological(root: Value) -> list[Value]:
    """root 依赖的全部节点，各一次，上游在前。用栈而不用递归：几万层深的链也不爆栈。"""
    order: list[Value] = []
    done: set[Value] = set()
    stack = [(root, False)]
    while stack:
        node, ready = stack.pop()
        if ready:
            order.append(node)  # 上游都已在 order 里
            continue
        if node in done:
            continue
        done.add(node)
        stack.append((node, True))
        stack += [(parent, False) for parent, _ in node.edges if parent not in done]
    return order


class MLP:
    """宽度 sizes = (n_0, …, n_L)，隐藏层 tanh，输出层恒等；每个权重都是一个 Value。"""

    def __init__(self, sizes: Sequence[int], rng: random.Random) -> None:
        self.layers = [
            [([Value(rng.gauss(0, n_in**-0.5)) for _ in range(n_in)], Value(0.0)) for _ in range(n_out)]
            for n_in, n_out in itertools.pairwise(sizes)
        ]

    def parameters(self) -> list[Value]:
        return [p for layer in self.layers for w, b in layer for p in (*w, b)]

    def __call__(self, x: Sequence[Value | float]) -> list[Value]:
        for layer in self.layers:
            z = [sum((w_i * x_i for w_i, x_i in zip(w, x, strict=True)), b) for w, b in layer]  # wᵀx + b
            x = [v.tanh() for v in z]
        return z


def train(net: MLP, data: Sequence[tuple[Sequence[float], float]], *, steps: int, lr: float) -> list[float]:
    """梯度下降压低均方误差 -> 每一步的损失。data 的每一项是 (输入, 目标)。"""
    losses = []
    for _ in range(steps):
        loss = sum((net(x)[0] - y) ** 2 for x, y in data) / len(data)
        for p in net.parameters():
            p.grad = 0.0  # 不清零就会与上一步的梯度相加
        loss.backward()
        for p in net.parameters():
            p.data -= lr * p.grad
        losses.append(loss.data)
    return losses


if __name__ == "__main__":
    a, b = Value(-4.0), Value(2.0)
    e = (3 * a + 4 * b + 3) - (12 * (a * b + b**3) + 4 * (a + b).relu() + (b - a).relu())
    g = e**2 / 2 + 10 / e**2
    g.backward()
    print(f"g = {g.data:.4f}，∂g/∂a = {a.grad:.4f}，∂g/∂b = {b.grad:.4f}")
    xor = [((0.0, 0.0), 0.0), ((0.0, 1.0), 1.0), ((1.0, 0.0), 1.0), ((1.0, 1.0), 0.0)]
    losses = train(MLP((2, 4, 1), random.Random(0)), xor, steps=300, lr=0.3)
    print(f"异或：损失从 {losses[0]:.4f} 降到 {losses[-1]:.2e}")
