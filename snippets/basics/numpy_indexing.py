"""NumPy 数组的下标：基础索引给视图，高级索引给副本；两者混用、字段、flat、变量作下标与赋值。每个函数演示一小题。

记号：a (4, 4)，例子里是 1 到 16 逐行排成的方阵；返回“说法 -> 结果”。只用 CPU。
来源：NumPy 用户指南 numpy.org/doc/stable/user/basics.indexing.html。
"""

from __future__ import annotations

import numpy as np

Results = dict[str, np.ndarray]


def positions(cut: slice, n: int) -> list[int]:
    """切片在长 n 的一维上取到哪些下标：indices 把负数与缺省换成 range 的三个参数。"""
    return list(range(*cut.indices(n)))


# region 基础索引
def single(a: np.ndarray) -> Results:
    """整数消去一维；负数从尾数起。a[1, 2] 与 a[1][2] 相等，后者先造一个中间视图。"""
    return {"a[1]": a[1], "a[1, 2]": a[1, 2], "a[1][2]": a[1][2], "a[-1, -1]": a[-1, -1]}


def slices(a: np.ndarray) -> Results:
    """切片留着那一维；起:止:步，止不含；结果都是视图。"""
    return {
        "a[1, 2:4]": a[1, 2:4],  # (2,) 7 8
        "a[:, 1]": a[:, 1],  # (4,) 2 6 10 14
        "a[2:, 2:]": a[2:, 2:],  # (2, 2) 右下角
        "a[1::2, ::2]": a[1::2, ::2],  # (2, 2) 第 1、3 行的第 0、2 列
        "a[::-1]": a[::-1],  # (4, 4) 行倒过来
        "a[:, 1:2]": a[:, 1:2],  # (4, 1) 切片留维，整数不留
    }


def tools(a: np.ndarray) -> Results:
    """... 代表其余各维的 `:`；newaxis（就是 None）插入长为 1 的一维。"""
    cube = a.reshape(2, 2, 4)
    return {
        "cube[..., 0]": cube[..., 0],  # (2, 2) 等于 cube[:, :, 0]
        "cube[0, ...]": cube[0, ...],  # (2, 4)
        "a[:, np.newaxis]": a[:, np.newaxis],  # (4, 1, 4)
        "a[0][:, None]": a[0][:, None],  # (4, 1) 行变列
    }


# endregion


# region 高级索引
def integers(a: np.ndarray) -> Results:
    """下标数组先互相广播，再逐个取：第 k 个结果是 a[i_k, j_k]。要行列交叉，用 ix_。"""
    i, j = np.array([0, 2]), np.array([1, 3])
    return {
        "a[i]": a[i],  # (2, 4) 取整行
        "a[i, j]": a[i, j],  # (2,) 只有 a[0, 1] 与 a[2, 3]
        "a[i[:, None], j]": a[i[:, None], j],  # (2, 2) 交叉
        "a[np.ix_(i, j)]": a[np.ix_(i, j)],  # (2, 2) 同上
        "take_along_axis": np.take_along_axis(a, a.argmin(axis=1)[:, None], axis=1),  # (4, 1) 每行取一个
    }


def booleans(a: np.ndarray) -> Results:
    """与 a 同形的布尔数组：取出为真的，排成一维；一维的布尔数组选整行。与、或、非是 & | ~，要加括号。"""
    return {
        "a[a > 12]": a[a > 12],  # (4,)
        "a[(a % 2 == 0) & (a < 9)]": a[(a % 2 == 0) & (a < 9)],  # (4,)
        "a[a[:, 0] > 4]": a[a[:, 0] > 4],  # (3, 4)
        "np.nonzero(a > 12)": np.stack(np.nonzero(a > 12)),  # (2, 4) 真值的行号与列号
        "np.where(a > 8, a, 0)": np.where(a > 8, a, 0),  # (4, 4)
    }


def mixed(a: np.ndarray) -> Results:
    """切片与数组混用：数组挨着，结果的维放在原处；被切片隔开，数组的维放到最前。"""
    cube = a.reshape(2, 2, 4)
    j = np.array([0, 3, 1])
    return {
        "a[1:3, j]": a[1:3, j],  # (2, 3)
        "cube[:, 0, j]": cube[:, 0, j],  # (2, 3) 0 与 j 挨着
        "cube[0, :, j]": cube[0, :, j],  # (3, 2) 被 : 隔开，j 的维到了最前
    }


# endregion


# region 其余
def fields() -> Results:
    """结构化数组：每个元素是一条记录，用字段名取列，是视图。"""
    kind = np.dtype([("name", "U8"), ("age", np.int64), ("height", np.float64)])
    people = np.array([("Ada", 36, 1.65), ("Alan", 41, 1.78)], dtype=kind)
    return {
        "people": people,
        "people['age']": people["age"],
        "people[1]['name']": people[1]["name"],
        "按年纪": people[people["age"] > 40],
    }


def flat(a: np.ndarray) -> Results:
    """flat 是属性，不是函数：按行优先把全部元素排成一列，可迭代、可下标、可赋值。"""
    return {"a.flat[6]": a.flat[6], "a.flat[::5]": a.flat[::5], "列表": np.array(list(a.flat))}


def variables(a: np.ndarray) -> Results:
    """下标可以先存进变量：元组是“各维各一个”，列表是整数数组，两者不同；切片写成 slice。"""
    place, rows, part = (1, 2), [1, 2], (slice(1, None, 2), slice(None, None, 2))
    return {"a[place]": a[place], "a[rows]": a[rows], "a[part]": a[part]}


def assignments(a: np.ndarray) -> Results:
    """在副本上赋值给下标：右边会广播；下标重复时 += 只加一次，np.add.at 才逐次加。"""
    by_slice, by_mask, by_row, once, each = (a.copy() for _ in range(5))
    by_slice[1:3, 1:3] = 0
    by_mask[by_mask > 8] = -1
    by_row[:] = [1, 2, 3, 4]  # 每行都成为 1 2 3 4
    once[[0, 0, 0]] += 100
    np.add.at(each, [0, 0, 0], 100)
    return {"切片": by_slice, "布尔": by_mask, "广播": by_row, "重复只加一次": once, "逐次加": each}


# endregion


if __name__ == "__main__":
    a = np.arange(1, 17).reshape(4, 4)
    assert (a[1::2, ::2] == [[5, 7], [13, 15]]).all()
    for name, index in [("a[1::2, ::2]", np.s_[1::2, ::2]), ("a[[1, 3]]", [1, 3]), ("a[a > 8]", a > 8)]:
        print(f"{name}：形状 {a[index].shape}，{'视图' if np.shares_memory(a, a[index]) else '副本'}，步幅 {a[index].strides}")
