"""向量化：同一件事的循环版与数组版各一份。距离矩阵、softmax、滑动窗口、one-hot、按组求和、按下标取数、einsum。

记号：名字以 _loop 结尾的是循环版，供对照；只用 NumPy，CPU。
来源：NumPy 用户指南的广播一节；einsum 见 numpy.org/doc/stable/reference/generated/numpy.einsum.html。
"""

from __future__ import annotations

from time import perf_counter

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


# region 距离
def distances_loop(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """x (m, d)，y (n, d) -> (m, n) 两两之间的距离的平方。"""
    out = np.empty((len(x), len(y)), x.dtype)
    for i in range(len(x)):
        for j in range(len(y)):
            out[i, j] = sum((x[i, k] - y[j, k]) ** 2 for k in range(x.shape[1]))
    return out


def distances_broadcast(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """广播：中间数组 (m, n, d)，占内存，但减法在平方之前，不丢位数。"""
    return ((x[:, None, :] - y[None, :, :]) ** 2).sum(axis=-1)


def distances(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """‖x‖² + ‖y‖² - 2xᵀy：只需矩阵乘；两点极近而离原点很远时相消，丢位数，所以截去负数。"""
    squares = (x**2).sum(axis=1)[:, None] + (y**2).sum(axis=1)  # (m, n)
    return np.maximum(squares - 2 * x @ y.T, 0)


# endregion


# region 逐行归一
def softmax_loop(z: np.ndarray) -> np.ndarray:
    """z (m, K) -> (m, K)，逐行。"""
    out = np.empty_like(z)
    for i, row in enumerate(z):
        top = max(row)
        total = sum(np.exp(v - top) for v in row)
        for j, v in enumerate(row):
            out[i, j] = np.exp(v - top) / total
    return out


def softmax(z: np.ndarray) -> np.ndarray:
    """keepdims 留下 (m, 1)，减与除都靠广播。"""
    e = np.exp(z - z.max(axis=1, keepdims=True))  # (m, K)
    return e / e.sum(axis=1, keepdims=True)


# endregion


# region 滑动窗口
def correlate_loop(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """image (H, W)，kernel (h, w) -> (H - h + 1, W - w + 1) 互相关。"""
    h, w = kernel.shape
    out = np.empty((image.shape[0] - h + 1, image.shape[1] - w + 1), image.dtype)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = sum(image[i + p, j + q] * kernel[p, q] for p in range(h) for q in range(w))
    return out


def correlate(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """窗口是视图 (H - h + 1, W - w + 1, h, w)，只多了步幅，没有复制；einsum 对窗口内两维求和。"""
    return np.einsum("ijpq,pq->ij", sliding_window_view(image, kernel.shape), kernel)


# endregion


# region 取与散
def one_hot(k: np.ndarray, n: int) -> np.ndarray:
    """类别号 k (m,) -> (m, n)：列号与 0…n-1 广播着比。"""
    return (k[:, None] == np.arange(n)).astype(np.float64)


def gather(p: np.ndarray, k: np.ndarray) -> np.ndarray:
    """p (m, K) 的每行取第 k_i 个 -> (m,)：交叉熵里取真类的概率就是它。"""
    return p[np.arange(len(p)), k]


def scatter_add(values: np.ndarray, k: np.ndarray, n: int) -> np.ndarray:
    """values (m, d) 按组号 k (m,) 相加 -> (n, d)：gather 的反向。k 有重复，不能写 out[k] += values。"""
    out = np.zeros((n, values.shape[1]), values.dtype)
    np.add.at(out, k, values)
    return out


# endregion


# region 求和记号
def einsum_loop(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """ "bij,bjk->bik" 的意思：输出的下标各自循环，没有出现在输出里的 j 求和。"""
    out = np.zeros((a.shape[0], a.shape[1], b.shape[2]), a.dtype)
    for s, i, k in np.ndindex(*out.shape):
        for j in range(a.shape[2]):
            out[s, i, k] += a[s, i, j] * b[s, j, k]
    return out


def einsum(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a (B, I, J)，b (B, J, K) -> (B, I, K)，每个 b 一次矩阵乘。"""
    return np.einsum("bij,bjk->bik", a, b)


# endregion


if __name__ == "__main__":
    x = np.random.default_rng(0).random((150, 8))
    expected = distances_loop(x, x)
    for f in (distances_loop, distances_broadcast, distances):
        begin = perf_counter()
        result = f(x, x)
        print(f"{f.__name__}：{1e3 * (perf_counter() - begin):.1f} 毫秒，与循环版最大差 {np.abs(result - expected).max():.0e}")
