"""前向传播：每层先做线性变换再过激活函数；批量按列放与按行放的两种写法。

记号：L 层，第 l 层宽 n_l，m 个样本；W[l] (n_l, n_{l-1}) 把第 l-1 层的输出变成第 l 层的输入。
除最后一个函数外只用 @ 与 +，NumPy 数组与 torch 张量都行；设备与精度随输入而定。
来源：神经元 McCulloch & Pitts 1943, doi:10.1007/BF02478259；列写法同 Nielsen 2015 第 2 章
(neuralnetworksanddeeplearning.com/chap2.html)，行写法同 torch.nn.Linear；
分段线性网络是 Cybenko 1989 (doi:10.1007/BF02551274) 所说的近似能力在一维的直接构造。
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

Array = TypeVar("Array", np.ndarray, Tensor)


def neuron(x: Array, w: Array, b: Array, f: Callable[[Array], Array]) -> Array:
    """一个神经元：x (n,)，w (n,)，b () -> ()。wᵀx 超过 -b 时 z 才为正。"""
    z = w @ x + b  # ()
    return f(z)


def identity(z: Array) -> Array:
    """恒等：回归问题的输出层用它，负数也出得来。"""
    return z


def forward(
    x: Array,
    layers: Sequence[tuple[Array, Array]],
    f: Callable[[Array], Array],
    f_out: Callable[[Array], Array] = identity,
) -> list[Array]:
    """列写法：x (n_0, m)，b[l] (n_l, 1) -> [A[0], …, A[L]]，A[l] (n_l, m)。"""
    a = [x]  # A[0] = X
    for w, b in layers[:-1]:
        a.append(f(w @ a[-1] + b))  # (n_l, m)
    w, b = layers[-1]
    return [*a, f_out(w @ a[-1] + b)]  # 最后 (n_L, m)


def forward_rows(
    x: Array,
    layers: Sequence[tuple[Array, Array]],
    f: Callable[[Array], Array],
    f_out: Callable[[Array], Array] = identity,
) -> list[Array]:
    """行写法（PyTorch）：x (m, n_0)，b[l] (n_l,) -> [A[0], …, A[L]]，A[l] (m, n_l)。"""
    a = [x]
    for w, b in layers[:-1]:
        a.append(f(a[-1] @ w.T + b))  # (m, n_l)
    w, b = layers[-1]
    return [*a, f_out(a[-1] @ w.T + b)]  # 最后 (m, n_L)


def piecewise_linear(knots: Tensor, values: Tensor) -> list[tuple[Tensor, Tensor]]:
    """不训练，直接写出的单隐层 ReLU 网络：过各点 (knots_i, values_i)，相邻两点间是直线。

    knots (k+1,) 递增，values (k+1,) -> [(W[1] (k, 1), b[1] (k, 1)), (W[2] (1, k), b[2] (1, 1))]。
    第 i 个隐藏神经元的阈值是 knots_i，偏置是它的相反数；它打开以后，斜率改变 bend_i。
    """
    slope = values.diff() / knots.diff()  # (k,) 每段的斜率
    bend = torch.cat([slope[:1], slope.diff()])  # (k,) 每个折点处斜率的改变
    w_1, b_1 = torch.ones_like(slope)[:, None], -knots[:-1, None]  # (k, 1), (k, 1)
    w_2, b_2 = bend[None, :], values[:1, None]  # (1, k), (1, 1)
    return [(w_1, b_1), (w_2, b_2)]


if __name__ == "__main__":
    w_1, b_1 = np.array([[0.1, 0.2], [0.3, 0.4]]), np.array([[0.5], [0.6]])
    w_2, b_2 = np.array([[0.7, 0.8], [0.9, 1.0]]), np.array([[1.1], [1.2]])
    layers = [(w_1, b_1), (w_2, b_2)]
    _, a_1, a_2 = forward(np.array([[1.0], [2.0]]), layers, lambda z: np.maximum(z, 0))
    print(f"一个样本 (1, 2)：A[1] = {a_1.ravel()}，A[2] = {a_2.ravel()}")
    x = torch.linspace(0, 1, 10_001, dtype=torch.float64)[None, :]  # (1, m)
    for k in (8, 16, 32):
        knots = torch.linspace(0, 1, k + 1, dtype=torch.float64)
        net = piecewise_linear(knots, torch.sin(2 * math.pi * knots))
        error = forward(x, net, torch.relu)[-1] - torch.sin(2 * math.pi * x)  # (1, m)
        bound = (2 * math.pi) ** 2 / 8 / k**2  # 线性插值的误差不超过 max|g''| h²/8
        print(f"{k} 个神经元画 sin 2πx：误差 {error.abs().max().item():.5f}，上界 {bound:.5f}")
