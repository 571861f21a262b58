"""NumPy 下标的证明：每种下标对照纯 Python 的循环，视图与副本对照 np.shares_memory。"""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from snippets.basics import numpy_indexing
from snippets.basics.numpy_indexing import (
    assignments,
    booleans,
    fields,
    flat,
    integers,
    mixed,
    positions,
    single,
    slices,
    tools,
    variables,
)

ROWS = [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12], [13, 14, 15, 16]]
CUBE = [[ROWS[0], ROWS[1]], [ROWS[2], ROWS[3]]]
FOUR = range(4)


def grid():
    return np.array(ROWS)


def listed(results):
    return {name: value.tolist() for name, value in results.items()}


def check_positions(snippet):
    """每种起、止、步（含负数与缺省），与 Python 列表的切片一致。"""
    ends = (None, -7, -5, -2, -1, 0, 1, 3, 4, 9)
    for n, start, stop, step in itertools.product((0, 1, 4), ends, ends, (None, -3, -1, 1, 2)):
        cut = slice(start, stop, step)
        assert snippet.positions(cut, n) == list(range(n))[cut] == np.arange(n)[cut].tolist()


def test_slices_are_ranges():
    check_positions(numpy_indexing)
    assert positions(slice(1, None, 2), 4) == [1, 3]
    with pytest.raises(ValueError, match="zero"):
        positions(slice(None, None, 0), 4)


def check_basic(snippet):
    assert listed(snippet.single(grid())) == {"a[1]": ROWS[1], "a[1, 2]": 7, "a[1][2]": 7, "a[-1, -1]": 16}
    assert listed(snippet.slices(grid())) == {
        "a[1, 2:4]": [7, 8],
        "a[:, 1]": [2, 6, 10, 14],
        "a[2:, 2:]": [[11, 12], [15, 16]],
        "a[1::2, ::2]": [[ROWS[i][j] for j in (0, 2)] for i in (1, 3)],
        "a[::-1]": [ROWS[3 - i] for i in FOUR],
        "a[:, 1:2]": [[row[1]] for row in ROWS],
    }
    assert listed(snippet.tools(grid())) == {
        "cube[..., 0]": [[CUBE[i][j][0] for j in range(2)] for i in range(2)],
        "cube[0, ...]": CUBE[0],
        "a[:, np.newaxis]": [[row] for row in ROWS],
        "a[0][:, None]": [[v] for v in ROWS[0]],
    }


def test_basic_indexing():
    check_basic(numpy_indexing)


def check_advanced(snippet):
    i, j = (0, 2), (1, 3)
    assert listed(snippet.integers(grid())) == {
        "a[i]": [ROWS[k] for k in i],
        "a[i, j]": [ROWS[p][q] for p, q in zip(i, j, strict=True)],
        "a[i[:, None], j]": [[ROWS[p][q] for q in j] for p in i],
        "a[np.ix_(i, j)]": [[ROWS[p][q] for q in j] for p in i],
        "take_along_axis": [[min(row)] for row in ROWS],
    }
    everything = [v for row in ROWS for v in row]
    assert listed(snippet.booleans(grid())) == {
        "a[a > 12]": [v for v in everything if v > 12],
        "a[(a % 2 == 0) & (a < 9)]": [v for v in everything if v % 2 == 0 and v < 9],
        "a[a[:, 0] > 4]": [row for row in ROWS if row[0] > 4],
        "np.nonzero(a > 12)": [[3, 3, 3, 3], [0, 1, 2, 3]],
        "np.where(a > 8, a, 0)": [[v if v > 8 else 0 for v in row] for row in ROWS],
    }


def test_advanced_indexing():
    check_advanced(numpy_indexing)


def check_mixed(snippet):
    j = (0, 3, 1)
    assert listed(snippet.mixed(grid())) == {
        "a[1:3, j]": [[ROWS[p][q] for q in j] for p in (1, 2)],
        "cube[:, 0, j]": [[CUBE[p][0][q] for q in j] for p in range(2)],
        "cube[0, :, j]": [[CUBE[0][p][q] for p in range(2)] for q in j],  # j 的维在前
    }


def test_mixed_indexing_and_where_its_axes_go():
    check_mixed(numpy_indexing)
    assert mixed(grid())["cube[0, :, j]"].shape == (3, 2)


def test_basic_indexing_gives_views_and_advanced_gives_copies():
    for f in (slices, tools):
        a = grid()
        assert all(np.shares_memory(a, value) for value in f(a).values()), f.__name__
    for f in (integers, booleans, mixed):
        a = grid()
        assert not any(np.shares_memory(a, value) for value in f(a).values()), f.__name__
    a = grid()
    assert np.shares_memory(a, single(a)["a[1]"])
    assert not np.shares_memory(a, single(a)["a[1, 2]"])  # 一个元素是标量，不是视图


def check_rest(snippet):
    kinds = snippet.fields()
    assert kinds["people['age']"].tolist() == [36, 41]
    assert kinds["people[1]['name']"] == "Alan"
    assert kinds["按年纪"]["name"].tolist() == ["Alan"]
    assert listed(snippet.flat(grid())) == {"a.flat[6]": 7, "a.flat[::5]": [1, 6, 11, 16], "列表": list(range(1, 17))}
    assert listed(snippet.variables(grid())) == {"a[place]": 7, "a[rows]": [ROWS[1], ROWS[2]], "a[part]": [[5, 7], [13, 15]]}


def test_fields_flat_and_variables():
    check_rest(numpy_indexing)


def test_a_field_is_a_view():
    people = fields()["people"]
    people["age"] += 1
    assert people["age"].tolist() == [37, 42]
    assert people[0]["age"] == 37


def test_flat_is_an_attribute():
    """勘误：x.flat 不是函数，加括号会报错；它不复制，给它赋值就改了数组。"""
    a = grid()
    with pytest.raises(TypeError):
        a.flat()
    assert isinstance(a.flat, np.flatiter)
    a.flat[6] = 0
    assert a[1, 2] == 0
    assert list(a.T.flat)[:4] == [1, 5, 9, 13]  # 按行优先走的是转置以后的样子
    assert flat(grid())["a.flat[6]"] == 7


def test_a_tuple_and_a_list_are_different_indices():
    """(1, 2) 是第 1 行第 2 列；[1, 2] 是第 1、2 两行。"""
    results = variables(grid())
    assert results["a[place]"].shape == ()
    assert results["a[rows]"].shape == (2, 4)


def check_assignments(snippet):
    a = grid()
    results = listed(snippet.assignments(a))
    assert a.tolist() == ROWS  # 原来的没有动
    assert results == {
        "切片": [[0 if i in (1, 2) and j in (1, 2) else ROWS[i][j] for j in FOUR] for i in FOUR],
        "布尔": [[-1 if v > 8 else v for v in row] for row in ROWS],
        "广播": [[1, 2, 3, 4]] * 4,
        "重复只加一次": [[v + 100 for v in ROWS[0]], *ROWS[1:]],
        "逐次加": [[v + 300 for v in ROWS[0]], *ROWS[1:]],
    }


def test_assigning_to_an_index():
    check_assignments(numpy_indexing)
    assert assignments(grid())["广播"].shape == (4, 4)


def test_assigning_to_a_copy_is_lost():
    """a[i][j] = v：a[i] 是高级索引时，改的是副本，a 不变。"""
    a = grid()
    a[[0, 1]][0] = 99
    assert a.tolist() == ROWS
    a[0:2][0] = 99  # 切片是视图
    assert a[0].tolist() == [99] * 4


WRONG = {
    "indices unpacked raw": (check_positions, "range(*cut.indices(n))", "range(cut.start or 0, cut.stop or n, cut.step or 1)"),
    "end included": (check_basic, '"a[1, 2:4]": a[1, 2:4]', '"a[1, 2:4]": a[1, 2:5][:3][::-1][::-1] + 1'),
    "step from the first row": (check_basic, '"a[1::2, ::2]": a[1::2, ::2]', '"a[1::2, ::2]": a[::2, ::2]'),
    "axis lost": (check_basic, '"a[:, 1:2]": a[:, 1:2]', '"a[:, 1:2]": a[:, 1]'),
    "first axis for the last": (check_basic, '"cube[..., 0]": cube[..., 0]', '"cube[..., 0]": cube[0]'),
    "axis put in front": (check_basic, '"a[:, np.newaxis]": a[:, np.newaxis]', '"a[:, np.newaxis]": a[np.newaxis]'),
    "crossed instead of paired": (check_advanced, '"a[i, j]": a[i, j]', '"a[i, j]": a[np.ix_(i, j)]'),
    "paired instead of crossed": (check_advanced, '"a[np.ix_(i, j)]": a[np.ix_(i, j)]', '"a[np.ix_(i, j)]": a[i, j]'),
    "or for and": (check_advanced, ": a[(a % 2 == 0) & (a < 9)]", ": a[(a % 2 == 0) | (a < 9)]"),
    "axes kept in place": (check_mixed, '"cube[0, :, j]": cube[0, :, j]', '"cube[0, :, j]": cube[0][:, j]'),
    "list for tuple": (check_rest, "place, rows, part = (1, 2)", "place, rows, part = [1, 2]"),
    "flat by columns": (check_rest, '"a.flat[6]": a.flat[6]', '"a.flat[6]": a.T.flat[6]'),
    "each time": (check_assignments, "once[[0, 0, 0]] += 100", "np.add.at(once, [0, 0, 0], 100)"),
    "once": (check_assignments, "np.add.at(each, [0, 0, 0], 100)", "each[[0, 0, 0]] += 100"),
    "views of the original": (check_assignments, "(a.copy() for _", "(a[:] for _"),
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_wrong_indexing_is_noticed(change, altered):
    check, old, new = change
    with pytest.raises((AssertionError, TypeError)):
        check(altered(numpy_indexing, old, new))


def test_the_assertions_of_the_source():
    a = grid()
    assert (a[1, 2:4] == [7, 8]).all()
    assert (a[:, 1] == [2, 6, 10, 14]).all()
    assert (a[2:, 2:] == [[11, 12], [15, 16]]).all()
    assert (a[1::2, ::2] == [[5, 7], [13, 15]]).all()
    assert booleans(a)["a[a > 12]"].shape == (4,)
