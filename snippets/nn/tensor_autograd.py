"""张量自动微分：节点从一个数变成一个数组，边从一个局部导数变成一个“往回乘”的函数；图的走法与标量版相同。

只用 NumPy，精度随输入（float64 或 float32）。每条边 (上游, vjp)：vjp 收下游的梯度，给出对上游的梯度，
形状与上游相同。广播过的轴，梯度要沿它求和：前向复制，反向相加。
来源：向量-雅可比积与反向模式，Baydin 等 2018, arXiv:1502.05767；接口仿 PyTorch。
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Array = np.ndarray
Vjp = Callable[[Array], Array]


def unbroadcast(g: Array, shape: tuple[int, ...]) -> Array:
    """把梯度沿广播过的轴相加，还原成 shape：多出来的前几轴，以及原来长 1 的轴。"""
    g = g.sum(axis=tuple(range(g.ndim - len(shape))))
    stretched = tuple(i for i, n in enumerate(shape) if n == 1 and g.shape[i] != 1)
    return g.sum(axis=stretched, keepdims=True)


class Tensor:
    """数组 data，和它对上游的依赖 edges；grad 由 backward 累加，起初为 0。"""

    __array_ufunc__ = None  # 让 ndarray + Tensor 走 Tensor.__radd__，而不是逐元素造对象

    def __init__(self, data: Array | float, edges: tuple[tuple[Tensor, Vjp], ...] = ()) -> None:
        self.data, self.edges = np.asarray(data), edges
        self.grad: Array = np.zeros_like(self.data)

    def __add__(self, other: Tensor | Array | float) -> Tensor:
        other = lift(other, self)
        edges = ((self, lambda g: unbroadcast(g, self.data.shape)), (other, lambda g: unbroadcast(g, other.data.shape)))
        return Tensor(self.data + other.data, edges)

    def __mul__(self, other: Tensor | Array | float) -> Tensor:
        other = lift(other, self)
        edges = (
            (self, lambda g: unbroadcast(g * other.data, self.data.shape)),
            (other, lambda g: unbroadcast(g * self.data, other.data.shape)),
        )
        return Tensor(self.data * other.data, edges)

    def __pow__(self, n: float) -> Tensor:
        return Tensor(self.data**n, ((self, lambda g: g * n * self.data ** (n - 1)),))

    def exp(self) -> Tensor:
        y = np.exp(self.data)
        return Tensor(y, ((self, lambda g: g * y),))

    def log(self) -> Tensor:
        return Tensor(np.log(self.data), ((self, lambda g: g / self.data),))

    def tanh(self) -> Tensor:
        y = np.tanh(self.data)
        return Tensor(y, ((self, lambda g: g * (1 - y * y)),))

    def relu(self) -> Tensor:
        return Tensor(np.maximum(self.data, 0), ((self, lambda g: g * (self.data > 0)),))

    def __matmul__(self, other: Tensor) -> Tensor:
        """(…, n, k) @ (…, k, m) -> (…, n, m)；两边至少二维，前面的轴照样广播。"""
        a, b = self.data, other.data
        edges = (
            (self, lambda g: unbroadcast(g @ b.swapaxes(-1, -2), a.shape)),  # (n, m)(m, k)
            (other, lambda g: unbroadcast(a.swapaxes(-1, -2) @ g, b.shape)),  # (k, n)(n, m)
        )
        return Tensor(a @ b, edges)

    def sum(self, axis: int | tuple[int, ...] | None = None, *, keepdims: bool = False) -> Tensor:
        """求和的反向是复制：每个加数的导数都是 1。"""
        kept = self.data.sum(axis=axis, keepdims=True)
        result = self.data.sum(axis=axis, keepdims=keepdims)
        return Tensor(result, ((self, lambda g: np.broadcast_to(g.reshape(kept.shape), self.data.shape)),))

    def mean(self, axis: int | tuple[int, ...] | None = None) -> Tensor:
        total = self.sum(axis)
        return total * (total.data.size / self.data.size)

    def __getitem__(self, index: object) -> Tensor:
        """取元素的反向是放回原处；同一处取了几次，就加几次。"""

        def put_back(g: Array) -> Array:
            full = np.zeros_like(self.data)
            np.add.at(full, index, g)  # full[index] += g 遇到重复的下标只加一次
            return full

        return Tensor(self.data[index], ((self, put_back),))

    def reshape(self, *shape: int) -> Tensor:
        return Tensor(self.data.reshape(shape), ((self, lambda g: g.reshape(self.data.shape)),))

    def transpose(self, *axes: int) -> Tensor:
        back = np.argsort(axes)  # 逆置换
        return Tensor(self.data.transpose(axes), ((self, lambda g: g.transpose(back)),))

    def __neg__(self) -> Tensor:
        return self * -1.0

    def __sub__(self, other: Tensor | Array | float) -> Tensor:
        return self + -lift(other, self)

    def __rsub__(self, other: Array | float) -> Tensor:
        return -self + other

    def __truediv__(self, other: Tensor | Array | float) -> Tensor:
        return self * lift(other, self) ** -1.0

    __radd__, __rmul__ = __add__, __mul__

    def backward(self) -> None:
        """self 是一个数；给图里每个节点的 grad 加上 ∂self/∂节点，形状与节点相同。"""
        if self.data.size != 1:
            raise ValueError(f"the shape is {self.data.shape} (only one number has a gradient: sum it first)")
        grads = {self: np.ones_like(self.data)}
        for node in reversed(topological(self)):
            node.grad = node.grad + grads[node]
            for parent, vjp in node.edges:
                grads[parent] = grads.get(parent, 0.0) + vjp(grads[node])


def lift(x: Tensor | Array | float, like: Tensor) -> Tensor:
    """普通的数与数组当作没有来历的节点，精度随 like。"""
    return x if isinstance(x, Tensor) else Tensor(np.asarray(x, dtype=like.data.dtype))


def topological(root: Tensor) -> list[Tensor]:
    """root 依赖的全部节点，各一次，上游在前。"""
    order, done, stack = [], set(), [(root, False)]
    while stack:
        node, ready = stack.pop()
        if ready:
            order.append(node)
        elif node not in done:
            done.add(node)
            stack += [(node, True), *((parent, False) for parent, _ in node.edges)]
    return order


if __name__ == "__main__":
    x, w, b = Tensor([[1.0, 2.0, 3.0]]), Tensor(np.full((3, 2), 0.1)), Tensor(np.zeros(2))
    loss = ((x @ w + b).tanh() ** 2.0).mean()
    loss.backward()
    print(f"损失 {loss.data:.5f}，∂W 的第一列 {w.grad[:, 0].round(5)}，∂b {b.grad.round(5)}")
