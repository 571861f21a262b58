"""NumPy 数组从哪里来的证明：对照纯 Python 的列表、按字节读内存、np.shares_memory。"""

from __future__ import annotations

import ctypes

import numpy as np
import pytest

from snippets.basics import numpy_creation
from snippets.basics.numpy_creation import built_in, copies, from_arrays, from_sequences, grid, offset, through_disk, views

ROWS = [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12], [13, 14, 15, 16]]


def listed(results):
    return {name: value.tolist() for name, value in results.items()}


def check_offset(snippet):
    """按算出的字节位置直接读内存，就是那个元素；转置、倒序、隔行取的视图也一样。"""
    a = grid()
    assert a.tolist() == ROWS
    for view in (a, a.T, a[::-1], a[1::2, ::2], a.reshape(2, 2, 4)):
        for index in np.ndindex(*view.shape):
            where = view.ctypes.data + snippet.offset(view, index)
            assert ctypes.c_int64.from_address(where).value == view[index]


def test_strides_lead_to_every_element():
    check_offset(numpy_creation)


def test_layout_of_the_note():
    a = grid()
    assert (a.shape, a.strides, a.itemsize, a.nbytes) == ((4, 4), (32, 8), 8, 128)
    assert offset(a, (1, 2)) == 48
    assert a.T.strides == (8, 32)
    assert a[1::2, ::2].strides == (64, 16)
    assert a[::-1].strides == (-32, 8)
    assert np.broadcast_to(a[0], (3, 4)).strides == (0, 8)


def check_sharing(snippet):
    a = grid()
    assert all(np.shares_memory(a, view) for view in snippet.views(a).values())
    assert not any(np.shares_memory(a, copy) for copy in snippet.copies(a).values())


def test_views_share_memory_and_copies_do_not():
    check_sharing(numpy_creation)


def test_writing_to_a_view_changes_the_array():
    for name in views(grid()):
        a = grid()
        views(a)[name][...] = 0
        assert (a == 0).any(), name
    for name in copies(grid()):
        a = grid()
        copies(a)[name][...] = 0
        assert a.tolist() == ROWS, name


def test_from_sequences():
    results = from_sequences()
    assert listed(results) == {"一维": [1, 2, 3], "二维": [[1, 2], [3, 4]], "浮点": [1.0, 2.5], "指定": [1.0, 2.0]}
    assert [value.dtype for value in results.values()] == [np.int64, np.int64, np.float64, np.float32]
    with pytest.raises(ValueError, match="inhomogeneous"):
        np.array([[1, 2], [3]])  # 参差不齐的列表不是数组


def check_built_in(snippet):
    assert listed(snippet.built_in()) == {
        "全 0": [[0.0] * 3] * 2,
        "全 1": [1, 1, 1],
        "全 7": [[7, 7], [7, 7]],
        "单位阵": [[float(i == j) for j in range(3)] for i in range(3)],
        "步长": list(range(0, 10, 3)),
        "个数": [k / 4 for k in range(5)],
        "按下标": [[10 * i + j for j in range(3)] for i in range(2)],
    }


def test_built_in_functions():
    check_built_in(numpy_creation)


def check_from_arrays(snippet):
    row = ROWS[0]
    assert listed(snippet.from_arrays(grid())) == {
        "连接": [*ROWS, row],
        "并排": [r + r for r in ROWS],
        "堆叠": [ROWS, ROWS],
        "整块": row * 2,
        "逐个": [v for v in row for _ in range(2)],
        "同形": [[0.0] * 4] * 4,
        "补边": [0, *row, 0, 0],
    }


def test_joining_and_repeating():
    check_from_arrays(numpy_creation)
    assert from_arrays(grid())["堆叠"].shape == (2, 4, 4)


def test_through_disk(tmp_path):
    results = through_disk(grid(), tmp_path)
    assert listed(results) == {"npy": ROWS, "npz": [[2 * v for v in row] for row in ROWS], "csv": ROWS}
    assert [value.dtype for value in results.values()] == [np.int64, np.int64, np.float64]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "a.npy", "ab.npz"]
    assert (tmp_path / "a.csv").read_text().splitlines()[0] == "1,2,3,4"


def test_linspace_counts_and_arange_steps():
    """arange 用小数步长可能多出一个：(1.3 - 1) / 0.1 在浮点里略大于 3；要定个数就用 linspace。"""
    assert len(np.arange(1, 1.3, 0.1)) == 4
    assert np.arange(1, 1.3, 0.1)[-1] == pytest.approx(1.3)
    assert len(np.linspace(1, 1.3, 3, endpoint=False)) == 3
    assert len(built_in()["步长"]) == 4


WRONG = {
    "strides of the shape": (check_offset, "a.strides, strict", "a.shape, strict"),
    "elements instead of bytes": (check_offset, "i * stride for", "i * stride // 8 for"),
    "view that is a copy": (check_sharing, "a[1:3, ::2]", "a[1:3, ::2].copy()"),
    "copy that is a view": (check_sharing, "a.flatten()", "a.ravel()"),
    "slice for integer array": (check_sharing, "a[[1, 2]]", "a[1:3]"),
    "end included": (check_built_in, "np.arange(0, 10, 3)", "np.arange(0, 13, 3)"),
    "end left out": (check_built_in, "np.linspace(0, 1, 5)", "np.linspace(0, 1, 5, endpoint=False)"),
    "indices exchanged": (check_built_in, "10 * i + j", "10 * j + i"),
    "joined along the wrong axis": (check_from_arrays, "np.concatenate([a, a], axis=1)", "np.concatenate([a, a], axis=0)"),
    "tile and repeat exchanged": (check_from_arrays, "np.tile(row, 2)", "np.repeat(row, 2)"),
    "stacked without a new axis": (check_from_arrays, "np.stack([a, a])", "np.concatenate([a, a])"),
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_wrong_creation_is_noticed(change, altered):
    check, old, new = change
    with pytest.raises(AssertionError):
        check(altered(numpy_creation, old, new))
