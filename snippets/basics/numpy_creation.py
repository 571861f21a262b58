"""NumPy 数组从哪里来：内存布局、视图与副本、四类创建办法、存取磁盘。每个函数演示一小题，返回“说法 -> 结果”。

记号：a (4, 4) 是 1 到 16 逐行排成的方阵，见 grid。只用 CPU。
来源：NumPy 用户指南 numpy.org/doc/stable/user；Harris 等 2020, doi:10.1038/s41586-020-2649-2。
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

Results = dict[str, np.ndarray]


def grid() -> np.ndarray:
    """1 到 16 逐行排成 (4, 4)，int64。"""
    return np.arange(1, 17, dtype=np.int64).reshape(4, 4)


# region 内存
def offset(a: np.ndarray, index: tuple[int, ...]) -> int:
    """a[index] 离首元素多少字节：Σ_k i_k · strides_k。变形、转置、切片只改 shape 与 strides，不动数据。"""
    return sum(i * stride for i, stride in zip(index, a.strides, strict=True))


def views(a: np.ndarray) -> Results:
    """与 a 共用内存：改了它们，a 跟着变。"""
    return {"切片": a[1:3, ::2], "转置": a.T, "变形": a.reshape(2, 8), "添一维": a[:, None], "倒序": a[::-1]}


def copies(a: np.ndarray) -> Results:
    """另有内存：整数数组、布尔数组作下标，以及转置之后的变形，都只能复制。"""
    return {
        "copy": a.copy(),
        "整数数组": a[[1, 2]],
        "布尔数组": a[a > 8],
        "转置再展平": a.T.reshape(-1),
        "flatten": a.flatten(),
        "换类型": a.astype(np.float32),
    }


# endregion


# region 创建
def from_sequences() -> Results:
    """嵌套几层就有几维；一个浮点数就使全体成为浮点数。"""
    return {
        "一维": np.array([1, 2, 3]),
        "二维": np.array([[1, 2], [3, 4]]),
        "浮点": np.array([1, 2.5]),
        "指定": np.array([1, 2], np.float32),
    }


def built_in() -> Results:
    """arange 不含终点、给步长；linspace 含终点、给个数。"""
    return {
        "全 0": np.zeros((2, 3)),
        "全 1": np.ones(3, np.int64),
        "全 7": np.full((2, 2), 7),
        "单位阵": np.eye(3),
        "步长": np.arange(0, 10, 3),
        "个数": np.linspace(0, 1, 5),
        "按下标": np.fromfunction(lambda i, j: 10 * i + j, (2, 3)),
    }


def from_arrays(a: np.ndarray) -> Results:
    """连接不添维，堆叠添一维；tile 整块重复，repeat 逐个重复。"""
    row = a[0]  # (4,)
    return {
        "连接": np.concatenate([a, a[:1]]),  # (5, 4)
        "并排": np.concatenate([a, a], axis=1),  # (4, 8)
        "堆叠": np.stack([a, a]),  # (2, 4, 4)
        "整块": np.tile(row, 2),  # (8,) 1 2 3 4 1 2 3 4
        "逐个": np.repeat(row, 2),  # (8,) 1 1 2 2 3 3 4 4
        "同形": np.zeros_like(a, np.float64),  # (4, 4)
        "补边": np.pad(row, (1, 2)),  # (7,) 0 1 2 3 4 0 0
    }


def through_disk(a: np.ndarray, folder: Path) -> Results:
    """npy 一个数组，npz 几个数组，类型与形状原样回来；csv 给人看，读回来是浮点数。"""
    np.save(folder / "a.npy", a)
    np.savez(folder / "ab.npz", a=a, b=2 * a)
    np.savetxt(folder / "a.csv", a, fmt="%d", delimiter=",")
    with np.load(folder / "ab.npz") as both:
        b = both["b"]
    return {"npy": np.load(folder / "a.npy"), "npz": b, "csv": np.loadtxt(folder / "a.csv", delimiter=",")}


# endregion


if __name__ == "__main__":
    a = grid()
    print(f"形状 {a.shape}，步幅 {a.strides} 字节；a[1, 2] 在第 {offset(a, (1, 2))} 字节；a.T 只把步幅换成 {a.T.strides}")
