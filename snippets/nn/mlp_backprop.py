"""多层感知机：前向、手写的反向传播、小批量梯度下降；不用自动微分。

列写法：X (n_0, m)，W[l] (n_l, n_{l-1})，b[l] (n_l, 1)；隐藏层 ReLU，输出层恒等，所以 A[L] = Z[L]，
回归时它是预测，分类时它是 logit。设备与精度随参数与数据而定。
来源：Rumelhart, Hinton & Williams 1986, doi:10.1038/323533a0；
初始化 He 等 2015, arXiv:1502.01852。
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

Layers = list[tuple[Tensor, Tensor]]  # [(W[1], b[1]), …, (W[L], b[L])]
Delta = Callable[[Tensor, Tensor], Tensor]  # (A[L], Y) -> δ[L]


def initialize(
    sizes: Sequence[int],
    *,
    device: torch.device | str | None = None,
    dtype: torch.dtype | None = None,
) -> Layers:
    """sizes = (n_0, …, n_L)；权重的方差 2/n_{l-1} 使 ReLU 各层的信号大小相近，偏置从 0 起。"""
    layers = []
    for n_in, n_out in itertools.pairwise(sizes):
        w = torch.randn(n_out, n_in, device=device, dtype=dtype) * math.sqrt(2 / n_in)
        layers.append((w, torch.zeros(n_out, 1, device=device, dtype=dtype)))
    return layers


def count_parameters(sizes: Sequence[int]) -> int:
    """Σ_l (n_{l-1} + 1) n_l：每个神经元有 n_{l-1} 个权重和 1 个偏置。"""
    return sum((n_in + 1) * n_out for n_in, n_out in itertools.pairwise(sizes))


def forward(x: Tensor, layers: Layers) -> tuple[list[Tensor], list[Tensor]]:
    """x (n_0, m) -> ([Z[1], …, Z[L]], [A[0], …, A[L]])：反向要用，全部留下。"""
    zs, a = [], [x]
    for w, b in layers:
        zs.append(w @ a[-1] + b)  # (n_l, m)
        a.append(torch.relu(zs[-1]))  # (n_l, m)
    return zs, [*a[:-1], zs[-1]]  # 输出层不过 ReLU


def mse_delta(a: Tensor, y: Tensor) -> Tensor:
    """J = 平均平方误差（对全部 n_L·m 个元素）时的 δ[L] = ∂J/∂Z[L]，(n_L, m)。"""
    return 2 * (a - y) / a.numel()


def softmax_ce_delta(a: Tensor, y: Tensor) -> Tensor:
    """J = softmax 交叉熵对 m 个样本平均时的 δ[L]；y (n_L, m) 每列是目标分布。"""
    return (a.softmax(dim=0) - y) / a.shape[1]


def backward(delta: Tensor, layers: Layers, zs: list[Tensor], a: list[Tensor]) -> Layers:
    """从 δ[L] (n_L, m) 起逐层往回 -> [(∂J/∂W[l], ∂J/∂b[l])]，形状与参数相同。

    只算梯度，不改参数；δ[L] 里已经含有 1/m，所以下面对样本是相加而不是平均。
    """
    grads: Layers = []
    for i in reversed(range(len(layers))):  # layers[i] 与 zs[i] 属于第 l = i + 1 层，a[i] 是 A[l-1]
        dw = delta @ a[i].T  # (n_l, n_{l-1}) 乘积已对 m 个样本求和
        db = delta.sum(dim=1, keepdim=True)  # (n_l, 1)
        grads.append((dw, db))
        if i > 0:
            w = layers[i][0]  # W[l] (n_l, n_{l-1})
            delta = (w.T @ delta) * (zs[i - 1] > 0)  # (n_{l-1}, m) 第 l-1 层的 δ
    return grads[::-1]


def train(layers: Layers, x: Tensor, y: Tensor, delta: Delta, *, epochs: int, batch: int, lr: float) -> Layers:
    """小批量梯度下降：x (n_0, m)，y (n_L, m) -> 新的参数，原来的不动。"""
    for _ in range(epochs):
        for i in torch.randperm(x.shape[1], device=x.device).split(batch):
            zs, a = forward(x[:, i], layers)
            grads = backward(delta(a[-1], y[:, i]), layers, zs, a)
            layers = [(w - lr * dw, b - lr * db) for (w, b), (dw, db) in zip(layers, grads, strict=True)]
    return layers


def two_moons(
    m: int,
    noise: float = 0.1,
    *,
    device: torch.device | str | None = None,
    dtype: torch.dtype | None = None,
) -> tuple[Tensor, Tensor]:
    """两弯交错的月牙，直线分不开：x (2, 2m)，y (2, 2m) 独热，前 m 列是上弯。"""
    t = torch.linspace(0, math.pi, m, device=device, dtype=dtype)  # (m,)
    upper = torch.stack([t.cos(), t.sin()])  # (2, m)
    lower = torch.stack([1 - t.cos(), 0.5 - t.sin()])  # (2, m)
    x = torch.cat([upper, lower], dim=1)
    y = torch.eye(2, device=device, dtype=dtype).repeat_interleave(m, dim=1)  # (2, 2m)
    return x + noise * torch.randn_like(x), y


if __name__ == "__main__":
    torch.manual_seed(0)
    x, y = two_moons(200)
    held_x, held_y = two_moons(200)  # 另抽一份，没有拿来训练
    for sizes in ((2, 2), (2, 16, 16, 2)):
        layers = train(initialize(sizes), x, y, softmax_ce_delta, epochs=60, batch=20, lr=0.2)
        right = forward(held_x, layers)[1][-1].argmax(dim=0) == held_y.argmax(dim=0)
        name = "没有隐藏层" if len(sizes) == 2 else "两个隐藏层"
        count = count_parameters(sizes)
        print(f"{name}，{count} 个参数：月牙的正确率 {right.float().mean().item():.4f}")
