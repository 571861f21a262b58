"""线性回归的证明：对照 np.linalg.lstsq、autograd、sklearn、投影的闭式与线性规划。"""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from snippets.ml import linear_regression
from snippets.ml.linear_regression import (
    by_qr,
    gradient,
    gradient_descent,
    least_absolute,
    normal_equations,
    ridge,
    total_least_squares,
    with_intercept,
)

M, N = 40, 3
CPU = torch.device("cpu")


def problem(device, dtype, m=M):
    """带截距的设计矩阵 (m, N + 1) 与带噪声的 y (m,)。"""
    x = torch.randn(m, N, device=device, dtype=dtype)
    y = x @ torch.tensor([2.0, -1.0, 0.5], device=device, dtype=dtype) + 3 + 0.3 * torch.randn(m, device=device, dtype=dtype)
    return with_intercept(x), y


def numpy64(*tensors):
    return [t.detach().cpu().double().numpy() for t in tensors]


def like(array, tensor):
    return torch.from_numpy(np.asarray(array)).to(tensor)


# --- 最小二乘 ---


def check_solvers(snippet, device, dtype, assert_close):
    x = torch.randn(M, N, device=device, dtype=dtype)
    design = snippet.with_intercept(x)
    assert torch.equal(design, torch.nn.functional.pad(x, (0, 1), value=1.0))
    y = torch.randn(M, device=device, dtype=dtype)
    expected = like(np.linalg.lstsq(*numpy64(design, y), rcond=None)[0], y)
    for solve in (snippet.normal_equations, snippet.by_qr):
        assert_close(solve(design, y), expected, factor=3)


def test_both_solutions_are_lstsqs(device, dtype, assert_close):
    check_solvers(linear_regression, device, dtype, assert_close)


def test_numpy_gives_what_torch_gives(assert_close):
    x, y = problem(CPU, torch.float64)
    x_, y_ = numpy64(x, y)
    for f in (normal_equations, by_qr):
        assert isinstance(f(x_, y_), np.ndarray)
        assert_close(f(x_, y_), f(x, y).numpy())
    path = gradient_descent(x_, y_, np.zeros(N + 1), 0.1, 50)
    assert_close(path[-1], gradient_descent(x, y, torch.zeros(N + 1, dtype=torch.float64), 0.1, 50)[-1].numpy())
    assert_close(ridge(x_, y_, np.arange(4.0)), ridge(x, y, torch.arange(4.0).double()).numpy())
    assert_close(np.stack(total_least_squares(x_[:, 0], y_)), torch.stack(total_least_squares(x[:, 0], y)).numpy())
    assert_close(np.stack(least_absolute(x_[:9, 0], y_[:9])), torch.stack(least_absolute(x[:9, 0], y[:9])).numpy())
    assert with_intercept(np.arange(3.0)).tolist() == [[0, 1], [1, 1], [2, 1]]


def test_sklearn_agrees(assert_close):
    linear_model = pytest.importorskip("sklearn.linear_model")
    x, y = numpy64(*problem(CPU, torch.float64))
    model = linear_model.LinearRegression().fit(x[:, :-1], y)
    assert_close(normal_equations(x, y), np.append(model.coef_, model.intercept_))
    model = linear_model.Ridge(alpha=2.5).fit(x[:, :-1], y)  # 它不罚截距
    assert_close(ridge(x, y, np.array([2.5, 2.5, 2.5, 0])), np.append(model.coef_, model.intercept_))


def test_residuals_are_orthogonal_to_the_columns(device, dtype):
    """Xᵀ(y - Xw) = 0：预测是 y 在列空间上的投影；有截距时残差之和为 0。"""
    x, y = problem(device, dtype)
    for solve in (normal_equations, by_qr):
        residual = y - x @ solve(x, y)
        assert (x.T @ residual).abs().max() < 500 * torch.finfo(dtype).eps
        assert residual.abs().max() > 0.1  # 并不是因为残差为 0


def test_least_squares_is_equivariant(device, dtype, assert_close):
    """y 平移 c，截距加 c；y 放大 k 倍，w 放大 k 倍；特征放大 k 倍，它的权重缩小 k 倍。"""
    x, y = problem(device, dtype)
    w, k = by_qr(x, y), 4.0
    moved = torch.tensor([0, 0, 0, 7.0], device=device, dtype=dtype)
    assert_close(by_qr(x, y + 7), w + moved, factor=10)
    assert_close(by_qr(x, k * y), k * w, factor=10)
    units = torch.tensor([k, 1, 1, 1], device=device, dtype=dtype)
    assert_close(by_qr(x * units, y), w / units, factor=10)


def test_normal_equations_square_the_condition_number():
    """列几乎平行时（cond(X) = 7e6）正规方程丢掉的位数是 QR 的两倍，权重错在第二位小数。"""
    t = np.linspace(0, 1, 50)
    x = np.column_stack([np.ones(50), 1 + 1e-6 * t])
    assert 1e6 < np.linalg.cond(x) < 1e7
    w = np.array([1.0, 2.0])
    y = x @ w
    assert np.abs(by_qr(x, y) - w).max() < 1e-8
    assert np.abs(normal_equations(x, y) - w).max() > 1e-3


# --- 梯度与梯度下降 ---


def check_gradient(snippet, device, dtype, assert_close):
    x, y = problem(device, dtype)
    w = torch.randn(N + 1, device=device, dtype=dtype, requires_grad=True)
    (expected,) = torch.autograd.grad(torch.nn.functional.mse_loss(x @ w, y), w)
    assert_close(snippet.gradient(x, y, w.detach()), expected)


def test_gradient_is_autograds(device, dtype, assert_close):
    check_gradient(linear_regression, device, dtype, assert_close)


def test_gradient_passes_gradcheck(device):
    x, y = problem(device, torch.float64)
    w = torch.randn(N + 1, device=device, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda w: gradient(x, y, w), w)  # 于是海森 (2/m) XᵀX 也对
    hessian = torch.autograd.functional.jacobian(lambda w: gradient(x, y, w), w)
    torch.testing.assert_close(hessian, 2 / M * x.T @ x)


def test_twice_the_same_samples_leave_the_gradient(device, dtype, assert_close):
    x, y = problem(device, dtype)
    w = torch.randn(N + 1, device=device, dtype=dtype)
    assert_close(gradient(torch.cat([x, x]), torch.cat([y, y]), w), gradient(x, y, w))


def check_descent(snippet, device, dtype, assert_close):
    x, y = problem(device, dtype)
    path = snippet.gradient_descent(x, y, torch.zeros(N + 1, device=device, dtype=dtype), 0.2, 300)
    assert len(path) == 301
    assert_close(path[0], torch.zeros(N + 1, device=device, dtype=dtype))
    expected = like(np.linalg.lstsq(*numpy64(x, y), rcond=None)[0], y)
    assert_close(path[-1], expected, factor=3)
    losses = [(x @ w - y).square().mean().item() for w in path[:60]]
    assert all(later < earlier for earlier, later in itertools.pairwise(losses[:20]))


def test_descent_arrives_at_the_closed_form(device, dtype, assert_close):
    check_descent(linear_regression, device, dtype, assert_close)


def test_the_step_size_has_an_exact_limit():
    """海森是 (2/m)XᵀX，每步沿特征方向乘 1 - rate·2λ/m：rate = m/λ_max 是收敛与发散的分界。"""
    x, y = problem(CPU, torch.float64)
    limit = (M / torch.linalg.eigvalsh(x.T @ x)[-1]).item()
    best, start = by_qr(x, y), torch.zeros(N + 1, dtype=torch.float64)
    below, above = (gradient_descent(x, y, start, share * limit, 2000)[-1] for share in (0.98, 1.02))
    assert (below - best).norm() < 1e-9
    assert (above - best).norm() > 1e9


# --- 岭 ---


def check_ridge(snippet, device, dtype, assert_close):
    """等于在 X 下面添 √λ 的对角行、在 y 下面添 0 之后的最小二乘。"""
    x, y = problem(device, dtype)
    penalty = torch.tensor([0.5, 2.0, 8.0, 0.0], device=device, dtype=dtype)
    x_, y_, p_ = numpy64(x, y, penalty)
    tall = np.vstack([x_, np.diag(np.sqrt(p_))])
    expected = np.linalg.lstsq(tall, np.append(y_, np.zeros(N + 1)), rcond=None)[0]
    assert_close(snippet.ridge(x, y, penalty), like(expected, y), factor=3)


def test_ridge_is_least_squares_with_more_rows(device, dtype, assert_close):
    check_ridge(linear_regression, device, dtype, assert_close)


def test_ridge_shrinks_and_has_limits(device, dtype, assert_close):
    """λ = 0 是最小二乘；λ 越大，权重的范数越小；λ 极大时只剩 y 的平均数。"""
    x, y = problem(device, dtype)
    slopes = torch.tensor([1.0, 1, 1, 0], device=device, dtype=dtype)
    assert_close(ridge(x, y, 0 * slopes), normal_equations(x, y))
    norms = [ridge(x, y, lam * slopes)[:-1].norm() for lam in (0.0, 1.0, 10.0, 100.0)]
    assert all(later < earlier for earlier, later in itertools.pairwise(norms))
    flat = ridge(x, y, 1e8 * slopes)
    assert flat[:-1].abs().max() < 1e-5
    assert (flat[-1] - y.mean()).abs() < 1e-5


def test_ridge_passes_gradcheck(device):
    x, y = (p.requires_grad_() for p in problem(device, torch.float64, m=8))
    penalty = torch.ones(N + 1, device=device, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(ridge, (x, y, penalty))


def test_ridge_is_defined_where_least_squares_is_not():
    """两列相同：XᵀX 不可逆；岭把权重平分给它们。"""
    x = np.column_stack([np.arange(4.0), np.arange(4.0)])
    y = np.arange(4.0) * 6
    with pytest.raises(np.linalg.LinAlgError):
        normal_equations(x, y)
    w = ridge(x, y, np.array([1e-6, 1e-6]))
    assert np.allclose(w, [3, 3], atol=1e-5)


# --- 三种距离 ---


def line_data(device, dtype, m=12):
    x = torch.randn(m, device=device, dtype=dtype)
    return x, 1.5 * x - 0.5 + 0.4 * torch.randn(m, device=device, dtype=dtype)


def perpendicular(x, y, a, b):
    """垂直距离的平方和，直接按点到直线的距离公式。"""
    return ((y - a * x - b) ** 2).sum() / (1 + a**2)


def check_perpendicular(snippet, device, dtype, assert_close):
    """中心化后的散布矩阵 S 有闭式：a = (s_yy - s_xx + √((s_yy - s_xx)² + 4 s_xy²)) / 2s_xy。"""
    x, y = line_data(device, dtype)
    s_xx, s_yy = (x - x.mean()).square().sum(), (y - y.mean()).square().sum()
    s_xy = ((x - x.mean()) * (y - y.mean())).sum()
    slope = (s_yy - s_xx + ((s_yy - s_xx) ** 2 + 4 * s_xy**2).sqrt()) / (2 * s_xy)
    a, b = snippet.total_least_squares(x, y)
    assert_close(a, slope, factor=10)
    assert_close(b, y.mean() - slope * x.mean(), factor=10)
    for da, db in itertools.product((-1e-2, 0, 1e-2), repeat=2):
        if (da, db) != (0, 0):
            assert perpendicular(x, y, a + da, b + db) > perpendicular(x, y, a, b)


def test_total_least_squares_is_the_closed_form(device, dtype, assert_close):
    check_perpendicular(linear_regression, device, dtype, assert_close)


def check_absolute(snippet, device, dtype, assert_close):
    """线性规划：min Σt，-t ≤ y - ax - b ≤ t；由 scipy 独立求解。没有 scipy 就查不可改进。"""
    x, y = line_data(device, dtype)
    y[x.argmax()] -= 5  # 有离群点，平方与绝对值才分得开
    a, b = snippet.least_absolute(x, y)
    cost = (y - a * x - b).abs().sum()
    for da, db in itertools.product((-1e-2, 0, 1e-2), repeat=2):
        assert (y - (a + da) * x - (b + db)).abs().sum() >= cost
    optimize = pytest.importorskip("scipy.optimize")
    x_, y_ = numpy64(x, y)
    m, design = len(x_), np.column_stack([x_, np.ones_like(x_)])
    sides = np.block([[design, -np.eye(m)], [-design, -np.eye(m)]])
    limits = np.concatenate([y_, -y_])
    free = [(None, None)] * 2 + [(0, None)] * m
    answer = optimize.linprog(np.append(np.zeros(2), np.ones(m)), A_ub=sides, b_ub=limits, bounds=free)
    assert_close(torch.stack([a, b]), like(answer.x[:2], y), factor=100)


def test_least_absolute_is_the_linear_program(device, dtype, assert_close):
    check_absolute(linear_regression, device, dtype, assert_close)


def test_least_absolute_skips_pairs_on_a_vertical():
    a, b = least_absolute(np.array([0.0, 0, 1, 2]), np.array([0.0, 5, 1, 2]))
    assert (a, b) == (1, 0)


def test_three_distances_give_three_lines():
    """勘误：“点到直线的垂直距离之和（或平方和）”把三件不同的事说成了一件。笔记的四个点。"""
    x, y = np.array([0.0, 1, 2, 3]), np.array([1.0, 3, 2, 5])
    squares = normal_equations(with_intercept(x), y)
    assert np.allclose(squares, [1.1, 1.1])
    lines = {"squares": squares, "perpendicular": total_least_squares(x, y), "absolute": least_absolute(x, y)}
    assert [[round(float(v), 4) for v in line] for line in lines.values()] == [[1.1, 1.1], [1.3974, 0.6539], [1.3333, 1.0]]
    costs = {
        "squares": lambda a, b: ((y - a * x - b) ** 2).sum(),
        "perpendicular": lambda a, b: perpendicular(x, y, a, b),
        "absolute": lambda a, b: np.abs(y - a * x - b).sum(),
    }
    table = {name: {line: round(float(cost(*lines[line])), 4) for line in lines} for name, cost in costs.items()}
    assert table == {
        "squares": {"squares": 2.7, "perpendicular": 3.1423, "absolute": 3.2222},
        "perpendicular": {"squares": 1.2217, "perpendicular": 1.0642, "absolute": 1.16},
        "absolute": {"squares": 2.8, "perpendicular": 2.8974, "absolute": 2.3333},
    }
    for name, row in table.items():
        assert min(row, key=row.get) == name  # 各自在自己的标准下最好


def test_an_outlier_pulls_the_square_and_not_the_absolute():
    """直线 y = x 上的五个点，最后一个由 4 记错成 40：最小二乘的斜率变成 8.2，绝对值的那条不动。"""
    x, y = np.array([0.0, 1, 2, 3, 4]), np.array([0.0, 1, 2, 3, 40])
    assert round(float(normal_equations(with_intercept(x), y)[0]), 2) == 8.2
    assert least_absolute(x, y) == (1, 0)


def test_total_least_squares_does_not_care_which_axis_is_y(assert_close):
    """垂直距离对两个坐标一视同仁：交换 x 与 y 是同一条直线；竖直残差则不是。"""
    x, y = numpy64(*line_data(CPU, torch.float64))
    a, b = total_least_squares(x, y)
    a_, b_ = total_least_squares(y, x)
    assert_close(np.array([1 / a_, -b_ / a_]), np.array([a, b]))
    (slope, _), (back, _) = normal_equations(with_intercept(x), y), normal_equations(with_intercept(y), x)
    assert abs(1 / back - slope) > 0.01


# --- 反证 ---

WRONG = {
    "intercept column of zeros": (check_solvers, "ones_like", "zeros_like"),
    "transpose forgotten": (check_solvers, "solve(r, q.T @ y)", "solve(r.T, q.T @ y)"),
    "not XᵀX but its diagonal": (check_solvers, "solve(x.T @ x, x.T @ y)", "solve((x.T @ x) * (x.T @ x > 10), x.T @ y)"),
    "2 forgotten": (check_gradient, "2 / len(y) *", "1 / len(y) *"),
    "1/m forgotten": (check_gradient, "2 / len(y) *", "2 *"),
    "sign": (check_gradient, "(x @ w - y))", "(y - x @ w))"),
    "uphill": (check_descent, "path[-1] - rate", "path[-1] + rate"),
    "gradient of the start for ever": (check_descent, "gradient(x, y, path[-1])", "gradient(x, y, w)"),
    "penalty subtracted": (check_ridge, "x.T @ x + library", "x.T @ x - library"),
    "penalty squared": (check_ridge, ".diag(penalty)", ".diag(penalty**2)"),
    "not centred": (check_perpendicular, "[x - x.mean(), y - y.mean()]", "[x, y]"),
    "widest direction": (check_perpendicular, "[2][-1]", "[2][0]"),
    "normal taken for direction": (check_perpendicular, "a = -normal[0] / normal[1]", "a = normal[1] / normal[0]"),
    "squares again": (check_absolute, "abs(y - (a * x + b)).sum()", "((y - (a * x + b)) ** 2).sum()"),
    "worst pair": (check_absolute, "min(lines", "max(lines"),
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_wrong_regression_is_noticed(change, assert_close, altered):
    check, old, new = change
    with pytest.raises(AssertionError):
        check(altered(linear_regression, old, new), CPU, torch.float64, assert_close)


def test_every_tensor_is_made_on_the_inputs_device(on_meta):
    x, y, w = torch.zeros(M, N), torch.zeros(M), torch.zeros(N)
    assert on_meta(with_intercept, x).shape == (M, N + 1)
    for f in (normal_equations, by_qr):
        assert on_meta(f, x, y).shape == (N,)
    assert on_meta(gradient_descent, x, y, w, 0.1, 3)[-1].shape == (N,)
    assert on_meta(ridge, x, y, w).shape == (N,)
    assert on_meta(total_least_squares, y, y)[0].shape == ()
