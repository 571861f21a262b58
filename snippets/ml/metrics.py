"""分类器的评价：混淆矩阵、查准率、查全率、F1、ROC 与 AUC；K 折划分；线性预测器的偏差与方差。

记号：m 个样本；y (m,) 真类，y_hat (m,) 预测的类；二分类的正类是 1，s (m,) 是打分，越大越像正类。只用 NumPy，CPU。
来源：Fawcett 2006, doi:10.1016/j.patrec.2005.10.010；Hanley & McNeil 1982, doi:10.1148/radiology.143.1.7063747；
Hastie 等 2009, 7 章。
"""

from __future__ import annotations

import numpy as np


# region 分类
def confusion(y: np.ndarray, y_hat: np.ndarray, classes: int) -> np.ndarray:
    """(K, K)，第 i 行第 j 列是真类 i、预测成 j 的个数。"""
    return np.bincount(y * classes + y_hat, minlength=classes**2).reshape(classes, classes)


def precision_recall_f1(table: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """由混淆矩阵得各类的查准率、查全率、F1，各 (K,)；分母为 0 时记 0。"""
    hit = np.diag(table).astype(float)
    named, real = table.sum(axis=0), table.sum(axis=1)  # 预测成它的，本来是它的
    precision = hit / np.maximum(named, 1)
    recall = hit / np.maximum(real, 1)
    return precision, recall, 2 * hit / np.maximum(named + real, 1)  # 等于 2PR/(P+R)


# endregion


# region 排序
def roc(y: np.ndarray, s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """阈值从高到低：假正率与真正率，各 (不同分数的个数 + 1,)，从 (0, 0) 到 (1, 1)。同分的一起过。"""
    order = np.argsort(-s, kind="stable")
    hits, misses = np.cumsum(y[order] == 1), np.cumsum(y[order] == 0)  # 判为正的里面，真正与假正的个数
    last = np.append(np.diff(s[order]) != 0, True)  # 每组同分的最后一个
    return np.append(0, misses[last]) / misses[-1], np.append(0, hits[last]) / hits[-1]


def auc(y: np.ndarray, s: np.ndarray) -> float:
    """ROC 下的面积，梯形法；等于随机取一正一负、正的分高的概率（平分算一半）。"""
    x, height = roc(y, s)
    return float((np.diff(x) * (height[1:] + height[:-1]) / 2).sum())


# endregion


# region 划分与误差
def k_folds(m: int, k: int, rng: np.random.Generator) -> list[tuple[np.ndarray, np.ndarray]]:
    """打乱后均分成 k 份，轮流做验证 -> k 个 (训练的号, 验证的号)。"""
    folds = np.array_split(rng.permutation(m), k)
    return [(np.concatenate([*folds[:i], *folds[i + 1 :]]), folds[i]) for i in range(k)]


def bias_variance(smoother: np.ndarray, f: np.ndarray, sigma: float) -> tuple[float, float, float]:
    """预测是 ŷ = Sy、真值 f (m,)、噪声标准差 sigma：新观测的均方误差 = 偏差² + 方差 + 噪声，对样本平均。

    E[ŷ] = Sf，Cov[ŷ] = σ²SSᵀ；最小二乘的 S 是投影 X(XᵀX)⁻¹Xᵀ，方差就是 σ²n/m。
    """
    bias = smoother @ f - f  # (m,)
    return float((bias**2).mean()), float(sigma**2 * (smoother**2).sum() / len(f)), sigma**2


# endregion


if __name__ == "__main__":
    y, s = np.array([1, 1, 0, 1, 0, 0, 1, 0]), np.array([0.9, 0.8, 0.7, 0.6, 0.55, 0.4, 0.3, 0.2])
    table = confusion(y, (s > 0.5).astype(int), 2)
    precision, recall, f1 = precision_recall_f1(table)
    print(f"混淆矩阵 {table.tolist()}：查准率 {precision[1]:.2f}，查全率 {recall[1]:.2f}，F1 {f1[1]:.4f}，AUC {auc(y, s):.4f}")
    x = np.linspace(-1, 1, 30)
    for degree in (0, 1, 3, 5, 9, 15):
        q, _ = np.linalg.qr(np.vander(x, degree + 1))
        bias, variance, noise = bias_variance(q @ q.T, np.sin(np.pi * x), 0.3)
        print(f"{degree} 次多项式：偏差² {bias:.4f}，方差 {variance:.4f}，噪声 {noise:.2f}，合计 {bias + variance + noise:.4f}")
