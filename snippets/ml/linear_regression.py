"""线性回归：最小二乘的三种解法（正规方程、QR、梯度下降）、岭回归，以及换一种距离的两条直线。

记号：m 个样本，n 个特征；X (m, n) 一行一个样本，要截距就加一列 1；y (m,)；w (n,)。
NumPy 数组与 torch 张量都行，设备与精度随输入而定。
来源：Legendre 1805 与 Gauss 1809 的最小二乘；岭 Hoerl & Kennard 1970, doi:10.1080/00401706.1970.10488634；
垂直距离 Pearson 1901, doi:10.1080/14786440109462720；最小绝对偏差过两点 Bloomfield & Steiger 1983。
"""

from __future__ import annotations

import itertools
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

Array = TypeVar("Array", np.ndarray, Tensor)


def library(x: Array):
    """数组属于哪个库：np 与 torch 的线性代数同名。"""
    return np if isinstance(x, np.ndarray) else torch


def with_intercept(x: Array) -> Array:
    """添一列 1，截距就成了它的权重。x (m,) 或 (m, n) -> (m, n + 1)。"""
    ones = library(x).ones_like(x.reshape(len(x), -1)[:, 0])  # (m,)
    return library(x).column_stack([x, ones])


# region 最小二乘
def normal_equations(x: Array, y: Array) -> Array:
    """解 XᵀX w = Xᵀy -> (n,)。快，但 XᵀX 的条件数是 X 的平方。"""
    return library(x).linalg.solve(x.T @ x, x.T @ y)


def by_qr(x: Array, y: Array) -> Array:
    """X = QR，解 R w = Qᵀy -> (n,)。不求 XᵀX，误差小得多。"""
    q, r = library(x).linalg.qr(x)  # q (m, n) 各列标准正交，r (n, n) 上三角
    return library(x).linalg.solve(r, q.T @ y)


def gradient(x: Array, y: Array, w: Array) -> Array:
    """均方误差 (1/m)‖Xw - y‖² 对 w 的梯度 (2/m) Xᵀ(Xw - y)，(n,)。"""
    return 2 / len(y) * (x.T @ (x @ w - y))


def gradient_descent(x: Array, y: Array, w: Array, rate: float, steps: int) -> list[Array]:
    """从 w 出发走 steps 步 -> 途经的 steps + 1 个 w。rate 须小于 m / λ_max(XᵀX)，否则发散。"""
    path = [w]
    for _ in range(steps):
        path.append(path[-1] - rate * gradient(x, y, path[-1]))
    return path


# endregion


def ridge(x: Array, y: Array, penalty: Array) -> Array:
    """使 ‖Xw - y‖² + Σ_j λ_j w_j² 最小 -> (n,)。penalty (n,) 是各个 λ_j，截距那个取 0。"""
    return library(x).linalg.solve(x.T @ x + library(x).diag(penalty), x.T @ y)


# region 两种别的距离
def total_least_squares(x: Array, y: Array) -> tuple[Array, Array]:
    """使点到直线的垂直距离的平方和最小的直线 y = ax + b（不能是竖直线）。x, y (m,) -> a, b 各 ()。"""
    points = library(x).stack([x - x.mean(), y - y.mean()], 1)  # (m, 2) 最优直线过重心
    normal = library(x).linalg.svd(points, full_matrices=False)[2][-1]  # (2,) 散得最少的方向，即直线的法向
    a = -normal[0] / normal[1]
    return a, y.mean() - a * x.mean()


def least_absolute(x: Array, y: Array) -> tuple[Array, Array]:
    """使竖直距离的绝对值之和最小的直线：必有一条最优的过两个数据点，逐对试。x, y (m,) -> a, b 各 ()。"""
    lines = []
    for i, j in itertools.combinations(range(len(x)), 2):
        if x[i] == x[j]:
            continue
        a = (y[j] - y[i]) / (x[j] - x[i])
        b = y[i] - a * x[i]
        lines.append((abs(y - (a * x + b)).sum(), a, b))
    return min(lines, key=lambda line: line[0])[1:]


# endregion


if __name__ == "__main__":
    x, y = np.array([0.0, 1, 2, 3]), np.array([1.0, 3, 2, 5])
    design = with_intercept(x)
    path = gradient_descent(design, y, np.zeros(2), rate=0.1, steps=300)
    print(f"正规方程 {normal_equations(design, y)}，QR {by_qr(design, y)}，梯度下降 300 步 {path[-1]}")
    for name, (a, b) in [("垂直距离", total_least_squares(x, y)), ("绝对值", least_absolute(x, y))]:
        print(f"{name}：y = {a:.4f} x + {b:.4f}")
