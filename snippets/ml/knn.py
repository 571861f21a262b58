"""k 近邻：不训练，预测时找最近的 k 个样本，分类就投票，回归就求平均。

记号：m 个训练样本，t 个待测样本，d 个特征，K 类；X (m, d)，类别号 y (m,) 是整数。
NumPy 数组与 torch 张量都行，设备与精度随输入而定。
来源：Cover & Hart 1967, doi:10.1109/TIT.1967.1053964。
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

Array = TypeVar("Array", np.ndarray, Tensor)


def neighbours(x: Array, queries: Array, k: int) -> Array:
    """每个待测样本最近的 k 个训练样本的号，由近到远。x (m, d)，queries (t, d) -> (t, k)。"""
    distance2 = ((queries[:, None, :] - x[None, :, :]) ** 2).sum(-1)  # (t, m) 不必开方，次序不变
    return distance2.argsort(-1)[:, :k]


def votes(x: Array, y: Array, queries: Array, k: int, classes: int) -> Array:
    """k 个近邻里各类占的比例 -> (t, K)。"""
    near = y[neighbours(x, queries, k)]  # (t, k) 近邻的类别号
    library = np if isinstance(x, np.ndarray) else torch
    return library.stack([(near == c).sum(-1) / k for c in range(classes)], -1)


def classify(x: Array, y: Array, queries: Array, k: int, classes: int) -> Array:
    """得票最多的类 -> (t,)；平票取号小的。"""
    return votes(x, y, queries, k, classes).argmax(-1)


def regress(x: Array, y: Array, queries: Array, k: int) -> Array:
    """近邻的平均 -> (t,)；y (m,) 是实数。"""
    return y[neighbours(x, queries, k)].mean(-1)


def error(x: Array, y: Array, queries: Array, answers: Array, k: int, classes: int) -> float:
    """分错的比例。"""
    wrong = classify(x, y, queries, k, classes) != answers
    return float(wrong.sum()) / len(answers)


def two_moons(rng: np.random.Generator, m: int, noise: float) -> tuple[np.ndarray, np.ndarray]:
    """两弯交错的月牙，m 个点 -> X (m, 2)，y (m,) 取 0 或 1。"""
    y = np.arange(m) % 2
    angle = rng.uniform(0, np.pi, m)
    upper, lower = np.stack([np.cos(angle), np.sin(angle)], -1), np.stack([1 - np.cos(angle), 0.5 - np.sin(angle)], -1)
    return np.where(y[:, None] == 0, upper, lower) + noise * rng.standard_normal((m, 2)), y


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    (x, y), (x_test, y_test) = two_moons(rng, 200, 0.3), two_moons(rng, 2000, 0.3)
    for k in (1, 3, 9, 25, 75, 199):
        print(f"k = {k}：训练错误率 {error(x, y, x, y, k, 2):.3f}，测试错误率 {error(x, y, x_test, y_test, k, 2):.3f}")
