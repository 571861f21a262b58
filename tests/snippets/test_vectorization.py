"""向量化的证明：每个数组版对照它的循环版，再对照 scipy、torch 与 np.matmul。"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from snippets.basics import vectorization
from snippets.basics.vectorization import (
    correlate,
    correlate_loop,
    distances,
    distances_broadcast,
    distances_loop,
    einsum,
    einsum_loop,
    gather,
    one_hot,
    scatter_add,
    softmax,
    softmax_loop,
)

TYPES = pytest.mark.parametrize("kind", [np.float64, np.float32])


def normal(kind, *shape):
    return np.random.default_rng(0).standard_normal(shape).astype(kind)


def torch_of(array):
    return torch.from_numpy(array)


def check_distances(snippet, kind, assert_close):
    x, y = normal(kind, 7, 3), normal(kind, 5, 3) + kind(1)
    expected = (torch.cdist(torch_of(x), torch_of(y), compute_mode="donot_use_mm_for_euclid_dist") ** 2).numpy()
    for f in (snippet.distances_loop, snippet.distances_broadcast, snippet.distances):
        assert_close(f(x, y), expected, factor=20)
    assert_close(np.diag(snippet.distances_broadcast(x, x)), np.zeros(7, kind))
    assert (snippet.distances(x * kind(1e3), x * kind(1e3)) >= 0).all()  # 舍入不至于得出负的距离


@TYPES
def test_distances(kind, assert_close):
    check_distances(vectorization, kind, assert_close)


def test_distances_by_product_lose_digits_far_from_the_origin():
    """两点相距 1，都离原点 1e8：展开平方的算法全错，先减后平方的分毫不差。"""
    x = np.array([[1e8, 0.0]])
    y = np.array([[1e8 + 1, 0.0]])
    assert distances_broadcast(x, y) == [[1.0]]
    assert distances(x, y) != [[1.0]]


def check_softmax(snippet, kind, assert_close):
    z = normal(kind, 6, 4) * kind(3)
    expected = torch_of(z).softmax(dim=1).numpy()
    assert_close(snippet.softmax_loop(z), expected)
    assert_close(snippet.softmax(z), expected)
    assert_close(snippet.softmax(z + kind(1000)), expected, factor=200)  # 平移不变，也不溢出


@TYPES
def test_softmax(kind, assert_close):
    check_softmax(vectorization, kind, assert_close)


def check_correlate(snippet, kind, assert_close):
    image, kernel = normal(kind, 6, 7), normal(kind, 3, 2)
    expected = functional.conv2d(torch_of(image)[None, None], torch_of(kernel)[None, None])[0, 0].numpy()
    assert_close(snippet.correlate_loop(image, kernel), expected)
    assert_close(snippet.correlate(image, kernel), expected)


@TYPES
def test_correlation(kind, assert_close):
    check_correlate(vectorization, kind, assert_close)


def test_correlation_is_not_convolution():
    """F.conv2d 做的是互相关；数学上的卷积先把核转 180 度。"""
    signal = pytest.importorskip("scipy.signal")
    image, kernel = normal(np.float64, 6, 7), normal(np.float64, 3, 2)
    assert np.allclose(correlate(image, kernel), signal.correlate2d(image, kernel, mode="valid"))
    assert np.allclose(correlate(image, kernel[::-1, ::-1]), signal.convolve2d(image, kernel, mode="valid"))
    assert not np.allclose(correlate(image, kernel), signal.convolve2d(image, kernel, mode="valid"))


def test_windows_are_not_copied():
    from numpy.lib.stride_tricks import sliding_window_view

    image = normal(np.float64, 6, 7)
    windows = sliding_window_view(image, (3, 2))
    assert windows.shape == (4, 6, 3, 2)
    assert np.shares_memory(windows, image)
    assert windows.strides == image.strides * 2


def check_pick(snippet, assert_close):
    k, p = np.array([2, 0, 2, 1, 2]), normal(np.float64, 5, 4)
    assert_close(snippet.one_hot(k, 4), functional.one_hot(torch_of(k), 4).double().numpy())
    assert_close(snippet.gather(p, k), torch_of(p).gather(1, torch_of(k)[:, None])[:, 0].numpy())
    assert_close(snippet.gather(p, k), (snippet.one_hot(k, 4) * p).sum(axis=1))
    expected = torch.zeros(3, 4, dtype=torch.float64).index_add(0, torch_of(k), torch_of(p)).numpy()
    assert_close(snippet.scatter_add(p, k, 3), expected)
    assert_close(snippet.scatter_add(p, k, 3), snippet.one_hot(k, 3).T @ p)  # 也是一次矩阵乘


def test_gather_and_scatter(assert_close):
    check_pick(vectorization, assert_close)
    assert one_hot(np.array([1]), 3).tolist() == [[0, 1, 0]]
    assert gather(np.array([[5.0, 6.0]]), np.array([1])).tolist() == [6]
    assert scatter_add(np.ones((3, 1)), np.array([0, 0, 1]), 2).tolist() == [[2], [1]]


def check_einsum(snippet, kind, assert_close):
    a, b = normal(kind, 2, 3, 4), normal(kind, 2, 4, 5)
    for f in (snippet.einsum_loop, snippet.einsum):
        assert_close(f(a, b), np.matmul(a, b))


@TYPES
def test_einsum(kind, assert_close):
    check_einsum(vectorization, kind, assert_close)


@pytest.mark.parametrize(
    ("recipe", "shapes", "plain"),
    [
        ("ij->ji", [(3, 4)], lambda a: a.T),
        ("ii->", [(3, 3)], np.trace),
        ("ij->", [(3, 4)], np.sum),
        ("ij->j", [(3, 4)], lambda a: a.sum(axis=0)),
        ("i,i->", [(3,), (3,)], np.dot),
        ("i,j->ij", [(3,), (4,)], np.outer),
        ("ij,jk->ik", [(3, 4), (4, 2)], np.matmul),
        ("ij,ij->i", [(3, 4), (3, 4)], lambda a, b: (a * b).sum(axis=1)),
        ("bhtd,bhsd->bhts", [(2, 2, 3, 4), (2, 2, 5, 4)], lambda a, b: a @ b.swapaxes(-1, -2)),
    ],
)
def test_the_einsum_table_of_the_note(recipe, shapes, plain, assert_close):
    rng = np.random.default_rng(1)
    arrays = [rng.standard_normal(shape) for shape in shapes]
    assert_close(np.einsum(recipe, *arrays), plain(*arrays))


WRONG = {
    "added": (check_distances, "squares - 2 * x @ y.T", "squares + 2 * x @ y.T"),
    "row for column": (check_distances, "(x**2).sum(axis=1)[:, None] + (y**2).sum(axis=1)", "(x**2).sum() + (y**2).sum(axis=1)"),
    "negative distances": (check_distances, "np.maximum(squares - 2 * x @ y.T, 0)", "squares - 2 * x @ y.T"),
    "summed over the pairs": (check_distances, "** 2).sum(axis=-1)", "** 2).sum(axis=0).T @ np.ones((3, 5))"),
    "over the columns": (check_softmax, "e / e.sum(axis=1, keepdims=True)", "e / e.sum(axis=0, keepdims=True)"),
    "overflow": (check_softmax, "np.exp(z - z.max(axis=1, keepdims=True))", "np.exp(z)"),
    "convolution": (check_correlate, "kernel.shape), kernel)", "kernel.shape), kernel[::-1, ::-1])"),
    "window one to the side": (
        check_correlate,
        "image[i + p, j + q] * kernel[p, q]",
        "image[i + p, j + q] * kernel[p, w - 1 - q]",
    ),
    "first for the k-th": (check_pick, "p[np.arange(len(p)), k]", "p[np.arange(len(p)), k * 0]"),
    "repeated groups counted once": (check_pick, "np.add.at(out, k, values)", "out[k] += values"),
    "shifted classes": (check_pick, "== np.arange(n))", "== np.arange(1, n + 1))"),
    "batches mixed": (check_einsum, 'np.einsum("bij,bjk->bik"', 'np.einsum("bij,cjk->bik"'),
    "not multiplied but paired": (check_einsum, "a[s, i, j] * b[s, j, k]", "a[s, i, j] * b[s, j, i]"),
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_wrong_vectors_are_noticed(change, assert_close, altered):
    check, old, new = change
    wrong = altered(vectorization, old, new)
    with pytest.raises((AssertionError, ValueError)):
        check(wrong, assert_close) if check is check_pick else [
            check(wrong, kind, assert_close) for kind in (np.float64, np.float32)
        ]


def test_loops_and_arrays_agree_on_the_examples_of_the_note():
    x, y = np.array([[0.0, 0], [3, 4]]), np.array([[0.0, 0], [3, 0], [6, 8]])
    table = [[0, 9, 100], [25, 16, 25]]
    assert all(f(x, y).tolist() == table for f in (distances, distances_broadcast, distances_loop))
    z = np.array([[1.0, 2.0, 4.0]])
    assert softmax(z).round(4).tolist() == softmax_loop(z).round(4).tolist() == [[0.042, 0.1142, 0.8438]]
    image = np.arange(12.0).reshape(3, 4)
    kernel = np.array([[1.0, 0], [0, -1]])
    assert correlate(image, kernel).tolist() == correlate_loop(image, kernel).tolist() == [[-5] * 3] * 2
    a, b = np.ones((1, 2, 3)), np.ones((1, 3, 2))
    assert einsum(a, b).tolist() == einsum_loop(a, b).tolist() == [[[3, 3], [3, 3]]]
