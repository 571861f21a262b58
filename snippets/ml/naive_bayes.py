"""朴素贝叶斯：先学每一类的特征怎样分布，再用贝叶斯公式反推类别；特征在类内当作独立。高斯与多项式两种。

记号：m 个样本，d 个特征，K 类；X (m, d)，类别号 y (m,)。先验、均值等按类别号排，对数都是自然对数。只用 NumPy，CPU。
来源：Hastie, Tibshirani & Friedman 2009, 6.6.3 节；
多项式 McCallum & Nigam 1998, AAAI-98 Workshop on Learning for Text Categorization。
"""

from __future__ import annotations

import numpy as np


def log_prior(y: np.ndarray, classes: int) -> np.ndarray:
    """各类样本所占比例的对数，(K,)。每类至少要有一个样本。"""
    return np.log(np.bincount(y, minlength=classes) / len(y))


def log_posterior(log_joint: np.ndarray) -> np.ndarray:
    """ln p(x, c) (m, K) -> ln p(c|x) (m, K)：减去 ln Σ_c p(x, c)；先减最大值，免得全都下溢成 0。"""
    top = log_joint.max(axis=1, keepdims=True)  # (m, 1)
    return log_joint - top - np.log(np.exp(log_joint - top).sum(axis=1, keepdims=True))


# region 高斯
def fit_gaussian(x: np.ndarray, y: np.ndarray, classes: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """各类各特征的极大似然 -> 先验的对数 (K,)，均值 (K, d)，方差 (K, d)；方差除以个数 n，不是 n - 1。"""
    groups = [x[y == c] for c in range(classes)]
    means = np.stack([group.mean(axis=0) for group in groups])
    variances = np.stack([group.var(axis=0) for group in groups])
    return log_prior(y, classes), means, variances


def log_normal(x: np.ndarray, mean: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """ln N(x; μ, σ²) = -½[ln 2πσ² + (x - μ)²/σ²]，逐元素。"""
    return -0.5 * (np.log(2 * np.pi * variance) + (x - mean) ** 2 / variance)


def gaussian_posterior(x: np.ndarray, log_priors: np.ndarray, means: np.ndarray, variances: np.ndarray) -> np.ndarray:
    """ln p(c|x)，(m, K)：独立，所以各特征的对数似然相加。"""
    each = log_normal(x[:, None, :], means, variances)  # (m, K, d)
    return log_posterior(log_priors + each.sum(axis=2))


# endregion


# region 多项式
def fit_multinomial(counts: np.ndarray, y: np.ndarray, classes: int, alpha: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """counts (m, d) 是词频 -> 先验的对数 (K,)，ln θ (K, d)。alpha 是拉普拉斯平滑：每个词先记 alpha 次。"""
    total = np.stack([counts[y == c].sum(axis=0) for c in range(classes)]) + alpha  # (K, d)
    return log_prior(y, classes), np.log(total / total.sum(axis=1, keepdims=True))


def multinomial_posterior(counts: np.ndarray, log_priors: np.ndarray, log_theta: np.ndarray) -> np.ndarray:
    """ln p(c|词频)，(m, K)。多项式系数与类别无关，约掉了。"""
    return log_posterior(log_priors + counts @ log_theta.T)


# endregion


if __name__ == "__main__":
    words = ["免费", "中奖", "会议", "报告"]
    counts = np.array([[2, 1, 0, 0], [1, 1, 0, 0], [0, 0, 2, 1], [0, 0, 1, 1], [1, 0, 1, 0]])
    y = np.array([1, 1, 0, 0, 0])  # 1 是垃圾邮件
    log_priors, log_theta = fit_multinomial(counts, y, 2)
    for text in ([1, 1, 0, 0], [1, 0, 1, 0]):
        spam = np.exp(multinomial_posterior(np.array([text]), log_priors, log_theta))[0, 1]
        print(f"{[word for word, n in zip(words, text, strict=True) if n]} 是垃圾邮件的概率 {spam:.4f}")
