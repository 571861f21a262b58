"""NumPy 数组怎么算：算术、广播、统计、变形、随机数。每个函数演示一小题，返回“说法 -> 结果”。

记号：a (4, 4)，例子里是 1 到 16 逐行排成的方阵。只用 CPU。
来源：NumPy 用户指南 numpy.org/doc/stable/user/basics.broadcasting.html；随机数 numpy.org/doc/stable/reference/random。
"""

from __future__ import annotations

import numpy as np

Results = dict[str, np.ndarray]


def arithmetic(a: np.ndarray) -> Results:
    """运算符逐元素；矩阵乘是 @。整数相除得浮点数；整数溢出从头绕回，不报错。"""
    return {
        "逐元素乘": a * a,
        "矩阵乘": a @ a,
        "真除": a / 2,
        "整除": a // 2,
        "余数": a % 3,
        "比较": a > 8,
        "溢出": np.array([250], np.uint8) + np.array([10], np.uint8),  # 260 - 256 = 4
    }


def broadcasting(a: np.ndarray) -> Results:
    """形状右对齐，缺的维补 1，长为 1 的维当作重复；对不上就报错。"""
    row, column = np.arange(4), np.arange(4)[:, None]  # (4,), (4, 1)
    return {"加行": a + row, "加列": a + column, "外积": column * row, "减各列均值": a - a.mean(axis=0)}


def statistics(a: np.ndarray) -> Results:
    """axis 是被消去的那一维；keepdims 留着它，长为 1，好接着广播。"""
    return {
        "总和": a.sum(),
        "列和": a.sum(axis=0),
        "行均值": a.mean(axis=1),
        "留维": a.mean(axis=1, keepdims=True),  # (4, 1)
        "方差 1/n": a.var(axis=0),
        "方差 1/(n-1)": a.var(axis=0, ddof=1),
        "最大在哪": (a % 5).argmax(axis=1),
        "中位数": np.median(a),
        "累加": a[0].cumsum(),
        "排序的次序": np.argsort([3, 1, 2]),
        "去重计数": np.unique([3, 1, 3], return_counts=True)[1],
    }


def reshaping(a: np.ndarray) -> Results:
    """-1 由总数推出；转置不是变形：(2, 8) 只改分行，.T 才换行列。"""
    cube = a.reshape(2, 2, 4)
    return {
        "推出": a.reshape(2, -1),
        "展平": a.ravel(),
        "转置": a.T,
        "换维序": cube.transpose(2, 0, 1),  # (4, 2, 2)
        "去长为 1 的维": a[None].squeeze(0),
        "分块": a.reshape(2, 2, 2, 2).swapaxes(1, 2),  # (2, 2, 2, 2) 四个 2×2 的块
    }


def random_numbers(seed: int) -> Results:
    """同一个种子给出同一串数；Generator 由参数传来传去，不动全局状态。"""
    rng = np.random.default_rng(seed)
    return {
        "均匀": rng.random((2, 3)),  # [0, 1)
        "正态": rng.normal(loc=5, scale=2, size=1000),
        "整数": rng.integers(1, 7, size=600),  # 1 到 6，不含 7
        "打乱": rng.permutation(10),
        "不放回": rng.choice(10, size=4, replace=False),
    }


if __name__ == "__main__":
    a = np.arange(1, 17).reshape(4, 4)
    row, column = np.arange(4), np.arange(4)[:, None]
    kept, lost = statistics(a)["留维"], statistics(a)["行均值"]
    print(f"{row.shape} 与 {column.shape} 相乘得 {(column * row).shape}；行均值留维是 {kept.shape}，不留是 {lost.shape}")
