"""主成分分析的证明：对照 sklearn 的 PCA、torch 的 SVD 与二维的闭式，重构误差对照尾部特征值之和。"""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from snippets.ml import pca
from snippets.ml.linear_regression import total_least_squares
from snippets.ml.pca import by_covariance, by_svd, positive, project, restore, share, whiten

M, D = 50, 4
CPU = torch.device("cpu")


def data(device, dtype):
    """方差悬殊、方向歪斜的点云。"""
    scale = torch.tensor([5.0, 2.0, 1.0, 0.3], device=device, dtype=dtype)
    q, _ = torch.linalg.qr(torch.randn(D, D, device=device, dtype=dtype))
    return torch.randn(M, D, device=device, dtype=dtype) * scale @ q + 2


def check_components(snippet, device, dtype, assert_close):
    x = data(device, dtype)
    _, s, vt = torch.linalg.svd(x - x.mean(dim=0), full_matrices=False)
    for f in (snippet.by_covariance, snippet.by_svd):
        mean, w, values = f(x)
        assert_close(mean, x.mean(dim=0))
        assert_close(values, s.square() / (M - 1), factor=10)
        assert_close(w.T @ w, torch.eye(D, device=device, dtype=dtype), factor=10)
        assert_close((w * values) @ w.T, torch.cov(x.T), factor=10)
        signs = (w * vt.T).sum(dim=0).sign()
        assert_close(w * signs, vt.T, factor=100)
        assert (w.abs().max(dim=0).values == w.max(dim=0).values).all()  # 各列绝对值最大的分量为正


def test_components_are_the_singular_vectors(device, dtype, assert_close):
    check_components(pca, device, dtype, assert_close)


def test_sklearn_agrees(assert_close):
    library = pytest.importorskip("sklearn.decomposition")
    x = data(CPU, torch.float64).numpy()
    for k in (1, 2, D):
        model = library.PCA(k).fit(x)
        mean, w, values = by_svd(x)
        assert_close(positive(w)[:, :k], positive(model.components_.T))
        assert_close(values[:k], model.explained_variance_)
        assert_close(share(values)[k - 1], model.explained_variance_ratio_.sum())
        assert_close(restore(project(x, mean, w[:, :k]), mean, w[:, :k]), model.inverse_transform(model.transform(x)))
    white = library.PCA(whiten=True).fit_transform(x)
    assert_close(abs(whiten(x, *by_svd(x))), abs(white))


def test_numpy_gives_what_torch_gives(assert_close):
    x = data(CPU, torch.float64)
    for f in (by_covariance, by_svd):
        for one, other in zip(f(x.numpy()), f(x), strict=True):
            assert isinstance(one, np.ndarray)
            assert_close(one, other.numpy(), factor=10)


def check_error(snippet, device, dtype, assert_close):
    """留 k 个主成分，重构误差恰是 (m-1)Σ_{i>k} λ_i；随便另选 k 维平面都更差。"""
    x = data(device, dtype)
    mean, w, values = by_svd(x)
    for k in (1, 2, 3):
        restored = snippet.restore(snippet.project(x, mean, w[:, :k]), mean, w[:, :k])
        error = (x - restored).square().sum()
        assert_close(error, (M - 1) * values[k:].sum(), factor=100)
        for _ in range(10):
            other, _ = torch.linalg.qr(torch.randn(D, k, device=device, dtype=dtype))
            assert (x - restore(project(x, mean, other), mean, other)).square().sum() > error


def test_the_error_is_the_variance_left_out(device, dtype, assert_close):
    check_error(pca, device, dtype, assert_close)


def test_variance_kept_and_error_make_up_the_whole(device, dtype, assert_close):
    """‖x̃‖² = ‖投影‖² + ‖误差‖²，对任何平面都成立：方差最大就是误差最小。"""
    x = data(device, dtype)
    mean = x.mean(dim=0)
    plane, _ = torch.linalg.qr(torch.randn(D, 2, device=device, dtype=dtype))
    z = project(x, mean, plane)
    error = (x - restore(z, mean, plane)).square().sum()
    assert_close(z.square().sum() + error, (x - mean).square().sum(), factor=10)


def check_whiten(snippet, device, dtype, assert_close):
    x = data(device, dtype)
    z = snippet.whiten(x, *by_svd(x))
    assert_close(torch.cov(z.T), torch.eye(D, device=device, dtype=dtype), factor=50)
    assert z.mean(dim=0).abs().max() < 1e3 * torch.finfo(dtype).eps


def test_whitened_data_has_the_identity_for_covariance(device, dtype, assert_close):
    check_whiten(pca, device, dtype, assert_close)


def check_share(snippet, device, dtype, assert_close):
    values = torch.tensor([6.0, 3.0, 1.0], device=device, dtype=dtype)
    assert_close(snippet.share(values), torch.tensor([0.6, 0.9, 1.0], device=device, dtype=dtype))


def test_shares_add_up(device, dtype, assert_close):
    check_share(pca, device, dtype, assert_close)


def test_rotating_the_data_rotates_the_components(device, dtype, assert_close):
    x = data(device, dtype)
    q, _ = torch.linalg.qr(torch.randn(D, D, device=device, dtype=dtype))
    _, w, values = by_svd(x)
    _, turned, same = by_svd(x @ q + 7)
    assert_close(same, values, factor=50)
    assert_close(positive(turned), positive(q.T @ w), factor=500)


def test_scaling_one_feature_changes_everything():
    """换单位不是旋转：一个特征放大一千倍，第一主成分就是它。先标准化，是把量纲拿掉。"""
    x = data(CPU, torch.float64)
    _, w, _ = by_svd(x * torch.tensor([1, 1, 1, 1000.0]))
    assert w[3, 0] > 0.999
    assert by_svd(x)[1][3, 0].abs() < 0.95


def test_without_centring_the_first_direction_points_at_the_mean():
    x = data(CPU, torch.float64) + 100
    _, _, vt = torch.linalg.svd(x)
    cosine = vt[0] @ x.mean(dim=0) / x.mean(dim=0).norm()
    assert cosine.abs() > 0.9999
    assert abs(by_svd(x)[1][:, 0] @ x.mean(dim=0) / x.mean(dim=0).norm()) < 0.999


def test_covariance_loses_half_the_digits():
    """标准差相差 1e9 倍时，协方差的最小特征值淹没在舍入里，奇异值分解仍算得出。"""
    scale = torch.tensor([1.0, 1e-9], dtype=torch.float64)
    q = torch.tensor([[0.6, 0.8], [-0.8, 0.6]], dtype=torch.float64)
    sample = torch.randn(M, 2, dtype=torch.float64)
    x = (sample - sample.mean(dim=0)) * scale @ q
    exact = by_svd((sample - sample.mean(dim=0)) * scale)[2][1]
    assert abs(by_svd(x)[2][1] / exact - 1) < 1e-3
    assert not abs(by_covariance(x)[2][1] / exact - 1) < 1e-3


def test_the_first_component_is_the_total_least_squares_line():
    """二维：第一主成分的直线就是垂直距离平方和最小的直线。笔记的四个点。"""
    x = np.array([[0.0, 1.0], [1.0, 3.0], [2.0, 2.0], [3.0, 5.0]])
    mean, w, values = by_svd(x)
    slope, intercept = total_least_squares(x[:, 0], x[:, 1])
    assert math.isclose(w[1, 0] / w[0, 0], slope)
    assert math.isclose(mean[1] - slope * mean[0], intercept)
    assert np.round(w[:, 0], 4).tolist() == [0.5819, 0.8132]
    assert np.round(values, 4).tolist() == [4.2286, 0.3547]
    assert np.round(np.cov(x.T), 4).tolist() == [[1.6667, 1.8333], [1.8333, 2.9167]]
    assert round(share(values)[0], 4) == 0.9226
    restored = restore(project(x, mean, w[:, :1]), mean, w[:, :1])
    assert round(((x - restored) ** 2).sum(), 4) == 1.0642


def test_gradient_of_the_captured_variance_is_along_the_component(device):
    """在单位球面上 wᵀCw 的驻点是特征向量：梯度 2Cw 与 w 平行。"""
    x = data(device, torch.float64)
    _, w, values = by_svd(x)
    first = w[:, 0].clone().requires_grad_()
    (slope,) = torch.autograd.grad(((x - x.mean(dim=0)) @ first).square().sum() / (M - 1), first)
    torch.testing.assert_close(slope, 2 * values[0] * first.detach())


WRONG = {
    "not centred": (check_components, "svd(x - mean,", "svd(x,"),
    "divided by m": (check_components, "s**2 / (len(x) - 1)", "s**2 / len(x)"),
    "singular values unsquared": (check_components, "s**2 / (len(x) - 1)", "s / (len(x) - 1)"),
    "rows for columns": (check_components, "positive(vt.T)", "positive(vt)"),
    "smallest first": (check_components, "argsort(-values)", "argsort(values)"),
    "vectors unsorted": (check_components, "w[:, order]", "w"),
    "sign left to chance": (check_components, "return w * library(w).sign(w[rows, range(w.shape[1])])", "return -w"),
    "mean not given back": (check_error, "z @ w.T + mean", "z @ w.T"),
    "mean not taken away": (check_error, "return (x - mean) @ w", "return x @ w"),
    "divided by the variance": (check_whiten, "/ values**0.5", "/ values"),
    "not divided": (check_whiten, "/ values**0.5", "* 1"),
    "single shares": (check_share, "values.cumsum(0)", "values"),
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_wrong_components_are_noticed(change, assert_close, altered):
    check, old, new = change
    with pytest.raises(AssertionError):
        check(altered(pca, old, new), CPU, torch.float64, assert_close)


def test_every_tensor_is_made_on_the_inputs_device(on_meta):
    x = torch.zeros(M, D)
    assert on_meta(by_covariance, x)[1].shape == (D, D)
    assert on_meta(by_svd, x)[1].shape == (D, D)
    assert on_meta(whiten, x, x[0], torch.zeros(D, 2), torch.zeros(2)).shape == (M, 2)
