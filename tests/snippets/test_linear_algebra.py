"""线性代数的证明：对照 torch.linalg 与 np.linalg 的 eigh、qr、svd，以及 Eckart–Young 的闭式。"""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from snippets.basics import linear_algebra
from snippets.basics.linear_algebra import gram_schmidt, jacobi, low_rank, power_iteration, reflection, svd

CPU = torch.device("cpu")


def symmetric(device, dtype, n=5):
    """特征值 5, -3, 2, 1, 0.5 的对称阵：间隔大，方向由随机的正交阵定。"""
    q, _ = torch.linalg.qr(torch.randn(n, n, device=device, dtype=dtype))
    values = torch.tensor([5.0, 2.0, 1.0, 0.5, -3.0], device=device, dtype=dtype)
    return (q * values) @ q.T, values


def tall(device, dtype):
    return torch.randn(7, 4, device=device, dtype=dtype)


def up_to_sign(v):
    """每列乘 ±1，使绝对值最大的分量为正：特征向量本来就只定到符号。"""
    largest = v.gather(0, v.abs().argmax(dim=0, keepdim=True))
    return v * largest.sign()


# --- 对照 ---


def check_power(snippet, device, dtype, assert_close):
    a, _ = symmetric(device, dtype)
    values, vectors = torch.linalg.eigh(a)
    top = values.abs().argmax()
    value, vector = snippet.power_iteration(a, torch.ones(5, device=device, dtype=dtype), 80)
    assert_close(value, values[top], factor=3)
    assert_close(up_to_sign(vector[:, None]), up_to_sign(vectors[:, top : top + 1]), factor=10)


def test_power_iteration_finds_the_greatest_eigenvalue(device, dtype, assert_close):
    check_power(linear_algebra, device, dtype, assert_close)


def check_qr(snippet, device, dtype, assert_close):
    a = tall(device, dtype)
    q, r = snippet.gram_schmidt(a)
    assert_close(q @ r, a)
    assert_close(q.T @ q, torch.eye(4, device=device, dtype=dtype))
    assert torch.equal(r, r.triu())
    expected_q, expected_r = torch.linalg.qr(a)
    signs = expected_r.diag().sign()
    assert_close(q, expected_q * signs, factor=3)  # 库的 R 对角元可以为负，这里总为正
    assert_close(r, expected_r * signs[:, None], factor=3)


def test_gram_schmidt_is_qr(device, dtype, assert_close):
    check_qr(linear_algebra, device, dtype, assert_close)


def check_eigen(snippet, device, dtype, assert_close):
    a, values = symmetric(device, dtype)
    before = a.clone()
    found, v = snippet.jacobi(a)
    assert torch.equal(a, before)  # 输入没有被改
    assert_close(found, values, factor=3)
    assert_close((v * found) @ v.T, a, factor=5)
    assert_close(v.T @ v, torch.eye(5, device=device, dtype=dtype), factor=5)
    expected = torch.linalg.eigh(a)[1].flip(1)
    assert_close(up_to_sign(v), up_to_sign(expected), factor=20)


def test_jacobi_is_eigh(device, dtype, assert_close):
    check_eigen(linear_algebra, device, dtype, assert_close)


def check_svd(snippet, device, dtype, assert_close):
    a = tall(device, dtype)
    u, sigma, v = snippet.svd(a)
    assert_close((u * sigma) @ v.T, a, factor=5)
    # σ 由 σ² 开方得来，误差放大约 σ₁/σ_n 倍
    assert_close(sigma, torch.linalg.svdvals(a), factor=20)
    assert_close(u.T @ u, torch.eye(4, device=device, dtype=dtype), factor=20)
    _, _, expected = torch.linalg.svd(a, full_matrices=False)
    assert_close(up_to_sign(v), up_to_sign(expected.T), factor=50)


def test_svd_is_the_librarys(device, dtype, assert_close):
    check_svd(linear_algebra, device, dtype, assert_close)


def check_low_rank(snippet, device, dtype, assert_close):
    """Eckart–Young：误差恰为 √(Σ_{i>k} σ_i²)，任何别的秩 k 矩阵都不更近。"""
    a = tall(device, dtype)
    sigma = torch.linalg.svdvals(a)
    for k in (1, 2, 3):
        near = snippet.low_rank(a, k)
        assert torch.linalg.matrix_rank(near, rtol=1e-4) == k
        best = (a - near).norm()
        assert_close(best, sigma[k:].square().sum().sqrt(), factor=20)
        for _ in range(20):
            other = torch.randn(7, k, device=device, dtype=dtype)
            other = other @ torch.linalg.lstsq(other, a).solution  # 这个列空间里最近的
            assert (a - other).norm() > best


def test_low_rank_is_the_nearest(device, dtype, assert_close):
    check_low_rank(linear_algebra, device, dtype, assert_close)


def check_reflection(snippet, device, dtype, assert_close):
    v, w = torch.randn(2, 4, device=device, dtype=dtype)
    h = snippet.reflection(v)
    eye = torch.eye(4, device=device, dtype=dtype)
    assert_close(h @ v, -v, factor=3)
    w = w - (w @ v) / (v @ v) * v
    assert_close(h @ w, w, factor=3)
    assert_close(h @ h, eye, factor=3)
    assert_close(h, h.T)
    assert_close(torch.linalg.det(h), torch.tensor(-1.0, device=device, dtype=dtype), factor=3)


def test_reflection(device, dtype, assert_close):
    check_reflection(linear_algebra, device, dtype, assert_close)


WRONG = {
    "not normalised": (check_power, "v = v / library(v).linalg.norm(v)", "v = v / 3"),
    "smallest": (check_power, "v = a @ v", "v = library(a).linalg.solve(a, v)"),
    "classical subtraction left out": (check_qr, "q[:, j + 1 :] - library", "q[:, j + 1 :] - 0 * library"),
    "length not divided out": (check_qr, "q[:, j] = q[:, j] / r[j, j]", "q[:, j] = q[:, j]"),
    "input overwritten": (check_qr, "a + 0, 0 *", "a, 0 *"),
    "turn the other way": (check_eigen, "turn[q, p] = -turn[p, q]", "turn[q, p] = turn[p, q]"),
    "twice the angle": (check_eigen, "a[q, q] - a[p, p]) / 2", "a[q, q] - a[p, p])"),
    "smallest first": (check_eigen, "argsort(-library", "argsort(library"),
    "vectors unsorted": (check_eigen, "v[:, order]\n", "v\n"),
    "one sweep": (check_eigen, "sweeps: int = 12", "sweeps: int = 1"),
    "root forgotten": (check_svd, "sigma = squares**0.5", "sigma = squares"),
    "transposed": (check_svd, "return a @ v / sigma, sigma, v", "return a @ v / sigma, sigma, v.T"),
    "one too many": (check_low_rank, "u[:, :k] * sigma[:k] @ v[:, :k].T", "u[:, : k + 1] * sigma[: k + 1] @ v[:, : k + 1].T"),
    "last instead of first": (check_low_rank, "u[:, :k] * sigma[:k] @ v[:, :k].T", "u[:, -k:] * sigma[-k:] @ v[:, -k:].T"),
    "projection for reflection": (check_reflection, "- 2 * library", "- library"),
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_wrong_algebra_is_noticed(change, assert_close, altered):
    check, old, new = change
    with pytest.raises(AssertionError):
        check(altered(linear_algebra, old, new), CPU, torch.float64, assert_close)


# --- 性质 ---


def test_numpy_gives_what_torch_gives(assert_close):
    a, _ = symmetric(CPU, torch.float64)
    for f in (jacobi, svd, gram_schmidt, lambda a: (low_rank(a, 2), reflection(a[0]))):
        for one, other in zip(f(a.numpy()), f(a), strict=True):
            assert isinstance(one, np.ndarray)
            assert_close(one, other.numpy(), factor=100)
    values = np.linalg.eigvalsh(a.numpy())
    assert_close(np.sort(jacobi(a.numpy())[0]), values, factor=10)


def test_power_iteration_converges_at_the_ratio():
    """误差每步乘 |λ₂/λ₁|：特征值 3 与 1，十步缩到 3⁻¹⁰ 倍。"""
    a, top = torch.tensor([[2.0, 1.0], [1.0, 2.0]], dtype=torch.float64), torch.tensor([1.0, 1.0], dtype=torch.float64)
    start = torch.tensor([1.0, 0.0], dtype=torch.float64)
    tilt = []
    for steps in (5, 15):
        _, v = power_iteration(a, start, steps)
        tilt.append((v[1] - v[0]).abs() / (v @ top))
    assert math.isclose(tilt[1] / tilt[0], 3**-10, rel_tol=1e-6)


def test_determinant_is_signed_volume():
    """两列张成的平行四边形的有向面积；交换两列变号；三角阵是对角元之积，QR 的 R 因此给出 |det|。"""
    a = torch.tensor([[3.0, 1.0], [1.0, 2.0]], dtype=torch.float64)
    assert math.isclose(torch.linalg.det(a), 3 * 2 - 1 * 1)
    assert math.isclose(torch.linalg.det(a.flip(1)), -5)
    assert math.isclose(gram_schmidt(a)[1].diag().prod(), 5)


def test_trace_and_determinant_are_sum_and_product_of_the_eigenvalues(device, dtype, assert_close):
    a, _ = symmetric(device, dtype)
    values, _ = jacobi(a)
    assert_close(values.sum(), a.trace(), factor=5)
    assert_close(values.prod(), torch.linalg.det(a), factor=50)


def test_modified_order_keeps_the_columns_orthogonal():
    """Läuchli 的例子：列几乎平行时，经典次序（都用原来的列算投影）得出的两列几乎不正交。"""
    e = 1e-8
    a = torch.tensor([[1.0, 1, 1], [e, 0, 0], [0, e, 0], [0, 0, e]], dtype=torch.float64)
    q, _ = gram_schmidt(a)
    classical = []
    for column in a.T:
        rest = column - sum(((u @ column) * u for u in classical), torch.zeros(4, dtype=torch.float64))
        classical.append(rest / rest.norm())
    assert (q[:, 1] @ q[:, 2]).abs() < 1e-7
    assert (classical[1] @ classical[2]).abs() > 0.4


def test_gram_matrix_loses_half_the_digits():
    """σ 从 AᵀA 的特征值开方得来：σ₂/σ₁ 小到 1e-9 时已是舍入误差，库的 SVD 不受影响。"""
    q, _ = torch.linalg.qr(torch.randn(5, 2, dtype=torch.float64))
    a = q * torch.tensor([1.0, 1e-9], dtype=torch.float64) @ torch.tensor([[0.6, 0.8], [-0.8, 0.6]], dtype=torch.float64)
    assert abs(torch.linalg.svdvals(a)[1].item() / 1e-9 - 1) < 1e-6
    assert not abs(svd(a)[1][1].item() / 1e-9 - 1) < 1e-6


def test_changing_the_basis_keeps_the_eigenvalues(assert_close):
    """B = P⁻¹AP 是同一个变换换了一组基：特征值、迹、行列式不变。"""
    a, values = symmetric(CPU, torch.float64)
    p = torch.randn(5, 5, dtype=torch.float64)
    b = torch.linalg.solve(p, a @ p)
    found = torch.linalg.eigvals(b)
    assert_close(found.real.sort().values, values.sort().values, factor=1e3)
    assert found.imag.abs().max() < 1e-9


def test_norms_of_the_note():
    v = np.array([3.0, -4.0, 0.0])
    assert [float(np.linalg.norm(v, p)) for p in (1, 2, np.inf)] == [7, 5, 4]
    a = np.array([[3.0, 0.0], [4.0, 5.0]])
    sigma = svd(a)[1]
    assert np.round(sigma, 4).tolist() == [6.7082, 2.2361]  # √45 与 √5
    assert np.isclose(np.linalg.norm(a), np.sqrt((sigma**2).sum()))  # 弗罗贝尼乌斯范数 √50
    assert np.isclose(np.linalg.norm(a, 2), sigma[0])
    assert np.allclose(low_rank(a, 1), [[1.5, 1.5], [4.5, 4.5]])
    assert np.isclose(np.linalg.norm(a - low_rank(a, 1)), 5**0.5)


def test_the_symmetric_example_of_the_note():
    values, v = jacobi(np.array([[2.0, 1.0], [1.0, 2.0]]))
    assert np.allclose(values, [3, 1])
    assert np.allclose(np.abs(v), 0.5**0.5)


def test_every_tensor_is_made_on_the_inputs_device(on_meta):
    square, a = torch.zeros(3, 3), torch.zeros(5, 3)
    assert on_meta(power_iteration, square, torch.zeros(3), 2)[1].shape == (3,)
    assert on_meta(gram_schmidt, a)[1].shape == (3, 3)
    assert on_meta(jacobi, square)[0].shape == (3,)
    assert on_meta(svd, a)[0].shape == (5, 3)
    assert on_meta(reflection, torch.zeros(3)).shape == (3, 3)
