"""逻辑回归：二分类的损失、梯度与牛顿法，多分类的 softmax 回归；都可加 L2 惩罚。

记号：m 个样本，n 个特征，K 类；X (m, n) 一行一个样本，要截距就加一列 1；w (n,)，W (n, K)。
y (m,) 取 0 或 1，或者 y (m, K) 每行是目标分布。惩罚 λ 是一个数或 (n,) 的数组，截距那个取 0。
NumPy 数组与 torch 张量都行，设备与精度随输入而定。
来源：Cox 1958, doi:10.1111/j.2517-6161.1958.tb00292.x；牛顿法即迭代加权最小二乘，见 Hastie 等 2009 的 4.4.1 节。
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

Array = TypeVar("Array", np.ndarray, Tensor)


def library(x: Array):
    """数组属于哪个库：np 与 torch 里这些函数同名。"""
    return np if isinstance(x, np.ndarray) else torch


def softplus(z: Array) -> Array:
    """ln(1 + e^z)，z 多大都不溢出。"""
    return library(z).logaddexp(z, 0 * z)


def sigmoid(z: Array) -> Array:
    """σ(z) = 1/(1 + e^{-z})：先算它的对数 -softplus(-z)，就不会溢出。"""
    return library(z).exp(-softplus(-z))


# region 二分类
def loss(w: Array, x: Array, y: Array, penalty: Array | float = 0.0) -> Array:
    """平均的交叉熵加 ½ Σ_j λ_j w_j² -> ()。-ln σ(z) = softplus(z) - z，-ln(1 - σ(z)) = softplus(z)。"""
    z = x @ w  # (m,)
    return (softplus(z) - y * z).mean() + (penalty * w * w).sum() / 2


def gradient(w: Array, x: Array, y: Array, penalty: Array | float = 0.0) -> Array:
    """Xᵀ(σ(Xw) - y)/m + λ⊙w，(n,)。"""
    return x.T @ (sigmoid(x @ w) - y) / len(y) + penalty * w


def newton(x: Array, y: Array, w: Array, penalty: Array, steps: int) -> Array:
    """w ← w - H⁻¹∇，H = Xᵀ diag(p(1-p)) X / m + diag(λ) -> (n,)。两类线性可分时 λ 要大于 0。"""
    for _ in range(steps):
        p = sigmoid(x @ w)  # (m,)
        hessian = (x.T * (p * (1 - p))) @ x / len(y) + library(x).diag(penalty)  # (n, n)
        w = w - library(x).linalg.solve(hessian, gradient(w, x, y, penalty))
    return w


# endregion


# region 多分类
def log_softmax(z: Array) -> Array:
    """z (m, K) -> (m, K) 各类的对数概率：z - logsumexp(z)，先减去每行的最大值。"""
    z = z - library(z).amax(z, -1)[:, None]
    return z - library(z).log(library(z).exp(z).sum(-1))[:, None]


def softmax_loss(w: Array, x: Array, y: Array, penalty: Array | float = 0.0) -> Array:
    """W (n, K)，y (m, K) -> ()。惩罚 (n, 1) 或一个数。"""
    return -(y * log_softmax(x @ w)).sum(-1).mean() + (penalty * w * w).sum() / 2


def softmax_gradient(w: Array, x: Array, y: Array, penalty: Array | float = 0.0) -> Array:
    """Xᵀ(softmax(XW) - Y)/m + λ⊙W，(n, K)。"""
    p = library(x).exp(log_softmax(x @ w))  # (m, K)
    return x.T @ (p - y) / len(y) + penalty * w


# endregion


def descend(slope: Callable[[Array], Array], w: Array, rate: float, steps: int) -> Array:
    """梯度下降：w ← w - rate · slope(w)。"""
    for _ in range(steps):
        w = w - rate * slope(w)
    return w


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    points = rng.standard_normal((200, 2))
    y = (points.sum(axis=1) > 0).astype(float)
    x = np.column_stack([points, np.ones(200)])
    w = np.array([0.0, 0.0, 1.0])
    for steps in (0, 10, 100, 1000, 10000):
        now = descend(lambda w: gradient(w, x, y), w, 1.0, steps)
        right = ((x @ now > 0) == (y == 1)).mean()
        print(f"{steps} 步：w = {now.round(2)}，损失 {loss(now, x, y):.4f}，正确率 {right:.3f}")
