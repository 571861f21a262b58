"""线性代数的四个算法：幂迭代、Gram–Schmidt 正交化、Jacobi 特征分解、由它得到的奇异值分解；另有镜面反射。

记号：A (m, n) 或对称 (n, n)；Q 各列标准正交，Λ (n,) 特征值，σ 奇异值。
NumPy 数组与 torch 张量都行，设备与精度随输入而定。
来源：Golub & Van Loan 2013, Matrix Computations 第 4 版：5.1、5.2、7.3、8.5 节；Eckart & Young 1936, doi:10.1007/BF02288367。
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

Array = TypeVar("Array", np.ndarray, Tensor)


def library(x: Array):
    """数组属于哪个库：np 与 torch 的这些函数同名。"""
    return np if isinstance(x, np.ndarray) else torch


def identity_like(a: Array) -> Array:
    """与 A 同宽、同类型、同设备的单位阵 (n, n)。"""
    return library(a).diag(library(a).ones_like(a[0]))


def reflection(v: Array) -> Array:
    """以 v (n,) 为法向的镜面反射 I - 2vvᵀ/vᵀv，(n, n)：v 变成 -v，与 v 垂直的不动，行列式 -1。"""
    return library(v).diag(library(v).ones_like(v)) - 2 * library(v).outer(v, v) / (v @ v)


def power_iteration(a: Array, v: Array, steps: int) -> tuple[Array, Array]:
    """反复 v ← Av/‖Av‖ -> 绝对值最大的特征值 () 与特征向量 (n,)。每步误差乘 |λ₂/λ₁|；A 对称。"""
    for _ in range(steps):
        v = a @ v
        v = v / library(v).linalg.norm(v)
    return v @ a @ v, v


def gram_schmidt(a: Array) -> tuple[Array, Array]:
    """A (m, n) = QR，m ≥ n，列无关。修正的次序：每得到一个方向，立即从后面各列减去它上面的投影。"""
    q, r = a + 0, 0 * (a.T @ a)  # (m, n), (n, n)
    for j in range(a.shape[1]):
        r[j, j] = library(a).linalg.norm(q[:, j])
        q[:, j] = q[:, j] / r[j, j]
        r[j, j + 1 :] = q[:, j] @ q[:, j + 1 :]
        q[:, j + 1 :] = q[:, j + 1 :] - library(a).outer(q[:, j], r[j, j + 1 :])
    return q, r


def jacobi(a: Array, sweeps: int = 12) -> tuple[Array, Array]:
    """对称 A (n, n) = V diag(Λ) Vᵀ，Λ (n,) 从大到小。每次转动两个坐标轴，使一个非对角元成为 0。"""
    v = identity_like(a)
    for _ in range(sweeps):
        for p in range(len(a)):
            for q in range(p + 1, len(a)):
                angle = library(a).arctan2(2 * a[p, q], a[q, q] - a[p, p]) / 2
                turn = identity_like(a)
                turn[p, p] = turn[q, q] = library(a).cos(angle)
                turn[p, q] = library(a).sin(angle)
                turn[q, p] = -turn[p, q]
                a, v = turn.T @ a @ turn, v @ turn
    order = library(a).argsort(-library(a).diag(a))
    return library(a).diag(a)[order], v[:, order]


def svd(a: Array) -> tuple[Array, Array, Array]:
    """A (m, n) = U diag(σ) Vᵀ，满列秩：V 是 AᵀA 的特征向量，σ² 是特征值 -> U (m, n), σ (n,), V (n, n)。"""
    squares, v = jacobi(a.T @ a)
    sigma = squares**0.5
    return a @ v / sigma, sigma, v


def low_rank(a: Array, k: int) -> Array:
    """秩不超过 k 的矩阵里离 A 最近的 (m, n)：只留前 k 个奇异值。误差的范数是 √(Σ_{i>k} σ_i²)。"""
    u, sigma, v = svd(a)
    return u[:, :k] * sigma[:k] @ v[:, :k].T


if __name__ == "__main__":
    a = np.array([[2.0, 1.0], [1.0, 2.0]])
    print(f"特征值 {jacobi(a)[0]}，幂迭代 20 步 {power_iteration(a, np.array([1.0, 0.0]), 20)[0]:.10f}")
    a = np.random.default_rng(0).standard_normal((6, 4))
    u, sigma, v = svd(a)
    for k in range(1, 4):
        error = np.linalg.norm(a - low_rank(a, k))
        print(f"秩 {k}：误差 {error:.6f}，√Σσ² = {np.sqrt((sigma[k:] ** 2).sum()):.6f}")
