"""主成分分析：找方差最大的正交方向；协方差特征分解与奇异值分解两种算法，降维、还原、白化。

记号：m 个样本，d 个特征，留 k 个主成分；X (m, d)，W (d, k) 各列是主成分，μ (d,) 均值，λ (d,) 各方向的方差，从大到小。
NumPy 数组与 torch 张量都行，设备与精度随输入而定。
来源：Pearson 1901, doi:10.1080/14786440109462720；Hotelling 1933, doi:10.1037/h0071325。
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

Array = TypeVar("Array", np.ndarray, Tensor)


def library(x: Array):
    """数组属于哪个库：np 与 torch 的线性代数同名。"""
    return np if isinstance(x, np.ndarray) else torch


def positive(w: Array) -> Array:
    """每列乘 ±1，使绝对值最大的分量为正：主成分只定到符号，这样两次算的才好比。"""
    rows = abs(w).argmax(0)  # (d,) 各列最大的在哪一行
    return w * library(w).sign(w[rows, range(w.shape[1])])


def by_covariance(x: Array) -> tuple[Array, Array, Array]:
    """协方差 (1/(m-1)) X̃ᵀX̃ 的特征分解 -> μ (d,)，W (d, d)，λ (d,)。"""
    mean = x.mean(0)
    centred = x - mean  # (m, d)
    values, w = library(x).linalg.eigh(centred.T @ centred / (len(x) - 1))  # 从小到大
    order = library(x).argsort(-values)
    return mean, positive(w[:, order]), values[order]


def by_svd(x: Array) -> tuple[Array, Array, Array]:
    """X̃ = U diag(s) Vᵀ：主成分是 V 的列，λ_i = s_i²/(m-1) -> μ, W, λ。不求 X̃ᵀX̃，位数不丢。"""
    mean = x.mean(0)
    _, s, vt = library(x).linalg.svd(x - mean, full_matrices=False)
    return mean, positive(vt.T), s**2 / (len(x) - 1)


def project(x: Array, mean: Array, w: Array) -> Array:
    """降维：(m, d) -> (m, k) 在各主成分上的坐标。"""
    return (x - mean) @ w


def restore(z: Array, mean: Array, w: Array) -> Array:
    """还原：(m, k) -> (m, d)，落在 k 维平面上。"""
    return z @ w.T + mean


def whiten(x: Array, mean: Array, w: Array, values: Array) -> Array:
    """白化：投影后每个方向除以标准差，协方差成为单位阵。"""
    return project(x, mean, w) / values**0.5


def share(values: Array) -> Array:
    """前 k 个主成分解释的方差比例，k = 1, …, d。"""
    return values.cumsum(0) / values.sum()


if __name__ == "__main__":
    x = np.array([[0.0, 1.0], [1.0, 3.0], [2.0, 2.0], [3.0, 5.0]])
    mean, w, values = by_svd(x)
    error = ((x - restore(project(x, mean, w[:, :1]), mean, w[:, :1])) ** 2).sum()
    print(
        f"第一主成分 {w[:, 0].round(4)}，方差 {values.round(4)}；只留一维的重构误差 {error:.4f} = (m-1)·λ₂ = {3 * values[1]:.4f}"
    )
