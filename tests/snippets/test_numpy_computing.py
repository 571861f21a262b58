"""NumPy 数组怎么算的证明：每一小题对照纯 Python 的循环，广播形状对照 np.broadcast_shapes。"""

from __future__ import annotations

import itertools
import statistics as plain

import numpy as np
import pytest

from snippets.basics import numpy_computing
from snippets.basics.numpy_computing import broadcasting, random_numbers, reshaping, statistics

ROWS = [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12], [13, 14, 15, 16]]
COLUMNS = [list(column) for column in zip(*ROWS, strict=True)]
FOUR = range(4)


def grid():
    return np.array(ROWS)


def listed(results):
    return {name: value.tolist() for name, value in results.items()}


def each(f):
    return [[f(v) for v in row] for row in ROWS]


def check_arithmetic(snippet):
    assert listed(snippet.arithmetic(grid())) == {
        "逐元素乘": each(lambda v: v * v),
        "矩阵乘": [[sum(ROWS[i][k] * ROWS[k][j] for k in FOUR) for j in FOUR] for i in FOUR],
        "真除": each(lambda v: v / 2),
        "整除": each(lambda v: v // 2),
        "余数": each(lambda v: v % 3),
        "比较": each(lambda v: v > 8),
        "溢出": [4],
    }


def test_arithmetic():
    check_arithmetic(numpy_computing)


def test_integers_do_not_become_floats_in_place():
    a = grid()
    with pytest.raises(TypeError):
        a /= 2  # 结果是浮点数，放不回整数数组
    a //= 2
    assert a.dtype == grid().dtype


def check_broadcasting(snippet):
    means = [sum(column) / 4 for column in COLUMNS]
    assert listed(snippet.broadcasting(grid())) == {
        "加行": [[ROWS[i][j] + j for j in FOUR] for i in FOUR],
        "加列": [[ROWS[i][j] + i for j in FOUR] for i in FOUR],
        "外积": [[i * j for j in FOUR] for i in FOUR],
        "减各列均值": [[ROWS[i][j] - means[j] for j in FOUR] for i in FOUR],
    }


def test_broadcasting():
    check_broadcasting(numpy_computing)


def rule(left, right):
    """广播规则的逐字翻译：右对齐，缺的补 1，每维要么相等，要么有一个是 1。"""
    out = []
    for m, n in itertools.zip_longest(reversed(left), reversed(right), fillvalue=1):
        if m != n and 1 not in (m, n):
            return None
        out.append(n if m == 1 else m)
    return tuple(reversed(out))


def test_the_rule_in_words_is_numpys():
    shapes = [shape for n in range(4) for shape in itertools.product((0, 1, 2, 3), repeat=n)]
    for left, right in itertools.product(shapes, repeat=2):
        try:
            expected = np.broadcast_shapes(left, right)
        except ValueError:
            expected = None
        assert rule(left, right) == expected


def test_a_missing_axis_is_wrong_without_a_word():
    """行均值不留维，(4,) 当成了行去减：方阵不报错，数却错了。"""
    a = grid().astype(float)
    kept = a - a.mean(axis=1, keepdims=True)
    wrong = a - a.mean(axis=1)
    assert np.allclose(kept.sum(axis=1), 0)
    assert wrong.shape == kept.shape
    assert not np.allclose(wrong.sum(axis=1), 0)
    with pytest.raises(ValueError, match="broadcast"):
        a[:3] - a[:3].mean(axis=1)


def check_statistics(snippet):
    results = listed(snippet.statistics(grid()))
    assert results == {
        "总和": 136,
        "列和": [sum(column) for column in COLUMNS],
        "行均值": [sum(row) / 4 for row in ROWS],
        "留维": [[sum(row) / 4] for row in ROWS],
        "方差 1/n": [plain.pvariance(column) for column in COLUMNS],
        "方差 1/(n-1)": [pytest.approx(plain.variance(column)) for column in COLUMNS],
        "最大在哪": [max(FOUR, key=lambda j: row[j] % 5) for row in ROWS],
        "中位数": plain.median(itertools.chain(*ROWS)),
        "累加": list(itertools.accumulate(ROWS[0])),
        "排序的次序": [1, 2, 0],
        "去重计数": [1, 2],
    }


def test_statistics():
    check_statistics(numpy_computing)
    assert statistics(grid())["留维"].shape == (4, 1)


def check_reshaping(snippet):
    results = listed(snippet.reshaping(grid()))
    flat = [v for row in ROWS for v in row]
    cube = [[ROWS[0], ROWS[1]], [ROWS[2], ROWS[3]]]
    assert results == {
        "推出": [flat[:8], flat[8:]],
        "展平": flat,
        "转置": COLUMNS,
        "换维序": [[[cube[i][j][k] for j in range(2)] for i in range(2)] for k in FOUR],
        "去长为 1 的维": ROWS,
        "分块": [[[row[c : c + 2] for row in ROWS[r : r + 2]] for c in (0, 2)] for r in (0, 2)],
    }


def test_reshaping():
    check_reshaping(numpy_computing)
    assert reshaping(grid())["换维序"].shape == (4, 2, 2)


def test_reshape_is_not_transpose():
    a = grid()[:2]  # (2, 4)
    assert a.reshape(4, 2).shape == a.T.shape
    assert not np.array_equal(a.reshape(4, 2), a.T)


def check_random(snippet):
    one, two, other = (listed(snippet.random_numbers(seed)) for seed in (7, 7, 8))
    same = one == two  # assert 里直接比，pytest 会逐项写出两千个数的差别，很慢
    assert same
    assert one != other
    assert all(0 <= v < 1 for row in one["均匀"] for v in row)
    assert abs(plain.mean(one["正态"]) - 5) < 4 * 2 / 1000**0.5  # 四倍标准误
    assert abs(plain.stdev(one["正态"]) - 2) < 4 * 2 / 2000**0.5
    assert set(one["整数"]) == {1, 2, 3, 4, 5, 6}
    assert sorted(one["打乱"]) == list(range(10))
    assert len(set(one["不放回"])) == 4


def test_random_numbers():
    check_random(numpy_computing)


def test_a_generator_leaves_the_global_state_alone():
    np.random.seed(0)
    random_numbers(3)
    after = np.random.random()
    np.random.seed(0)
    assert np.random.random() == after


WRONG = {
    "matrix product elementwise": (check_arithmetic, '"矩阵乘": a @ a', '"矩阵乘": a * a'),
    "floor for true division": (check_arithmetic, '"真除": a / 2', '"真除": a // 2'),
    "no overflow": (check_arithmetic, "np.array([10], np.uint8)", "np.array([10])"),
    "column left a row": (check_broadcasting, '"加列": a + column', '"加列": a + row'),
    "row means for column means": (check_broadcasting, "a.mean(axis=0)}", "a.mean(axis=1)}"),
    "axis kept instead of removed": (check_statistics, "a.sum(axis=0)", "a.sum(axis=1)"),
    "variance of the sample": (check_statistics, "a.var(axis=0)", "a.var(axis=0, ddof=1)"),
    "greatest of all": (check_statistics, "argmax(axis=1)", "argmax(axis=0)"),
    "reshape for transpose": (check_reshaping, '"转置": a.T', '"转置": a.reshape(4, 4)'),
    "blocks not exchanged": (check_reshaping, ".swapaxes(1, 2)", ""),
    "axes the other way": (check_reshaping, "transpose(2, 0, 1)", "transpose(1, 2, 0)"),
    "seed ignored": (check_random, "default_rng(seed)", "default_rng()"),
    "die without a six": (check_random, "rng.integers(1, 7", "rng.integers(1, 6"),
    "with replacement": (check_random, "size=4, replace=False", "size=40, replace=True"),
    "variance for scale": (check_random, "scale=2,", "scale=4,"),
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_wrong_computing_is_noticed(change, altered):
    check, old, new = change
    with pytest.raises(AssertionError):
        check(altered(numpy_computing, old, new))


def test_the_broadcasting_example_of_the_note():
    row, column = np.arange(4), np.arange(4)[:, None]
    assert (column * row).shape == (4, 4)
    assert broadcasting(grid())["加列"][3].tolist() == [16, 17, 18, 19]
