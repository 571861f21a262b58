"""逻辑回归的证明：对照 autograd、F.binary_cross_entropy_with_logits、F.cross_entropy、sklearn 与饱和模型的闭式。"""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch.nn import functional

from snippets.ml import logistic_regression
from snippets.ml.logistic_regression import (
    descend,
    gradient,
    log_softmax,
    loss,
    newton,
    sigmoid,
    softmax_gradient,
    softmax_loss,
    softplus,
)

M, N, K = 60, 3, 4
CPU = torch.device("cpu")


def problem(device, dtype):
    """两类有重叠的数据，带截距：X (m, N + 1)，y (m,)，w (N + 1,)，惩罚 (N + 1,)。"""
    x = torch.randn(M, N, device=device, dtype=dtype)
    x = torch.cat([x, torch.ones(M, 1, device=device, dtype=dtype)], dim=1)
    y = (x @ torch.tensor([1.0, -2.0, 0.5, 0.3], device=device, dtype=dtype) + torch.randn(M, device=device, dtype=dtype) > 0).to(
        dtype
    )
    penalty = torch.tensor([0.1, 0.1, 0.1, 0.0], device=device, dtype=dtype)
    return x, y, torch.randn(N + 1, device=device, dtype=dtype), penalty


def classes(device, dtype):
    """K 类：X (m, N + 1)，目标 (m, K) 独热，W (N + 1, K)，惩罚 (N + 1, 1)。"""
    x, _, _, penalty = problem(device, dtype)
    k = torch.randint(K, (M,), device=device)
    return x, functional.one_hot(k, K).to(dtype), torch.randn(N + 1, K, device=device, dtype=dtype), penalty[:, None]


# --- 二分类 ---


def check_binary(snippet, device, dtype, assert_close):
    x, y, w, penalty = problem(device, dtype)
    w.requires_grad_()
    expected = functional.binary_cross_entropy_with_logits(x @ w, y) + 0.5 * (penalty * w**2).sum()
    (slope,) = torch.autograd.grad(expected, w)
    w = w.detach()
    assert_close(snippet.loss(w, x, y, penalty), expected.detach())
    assert_close(snippet.gradient(w, x, y, penalty), slope)


def test_loss_and_gradient_are_the_librarys(device, dtype, assert_close):
    check_binary(logistic_regression, device, dtype, assert_close)


def test_loss_passes_gradcheck(device):
    x, y, w, penalty = problem(device, torch.float64)
    w.requires_grad_()
    assert torch.autograd.gradcheck(lambda w: loss(w, x, y, penalty), w)
    assert torch.autograd.gradcheck(lambda w: gradient(w, x, y, penalty), w)


def check_newton(snippet, device, dtype, assert_close):
    """到了最优处梯度为 0；四步之后误差按平方缩小，八步到底。"""
    x, y, _, penalty = problem(device, dtype)
    zero = torch.zeros(N + 1, device=device, dtype=dtype)
    w = snippet.newton(x, y, zero, penalty, 8)
    assert_close(gradient(w, x, y, penalty), zero)
    if dtype == torch.float64:
        errors = [(snippet.newton(x, y, zero, penalty, steps) - w).norm().item() for steps in (1, 2, 3, 4)]
        assert errors[2] < 10 * errors[1] ** 2
        assert errors[3] < 10 * errors[2] ** 2


def test_newton_doubles_the_digits(device, dtype, assert_close):
    check_newton(logistic_regression, device, dtype, assert_close)


def check_descent(snippet, device, dtype, assert_close):
    x, y, _, penalty = problem(device, dtype)
    zero = torch.zeros(N + 1, device=device, dtype=dtype)
    found = snippet.descend(lambda w: gradient(w, x, y, penalty), zero, 1.0, 400)
    assert_close(found, newton(x, y, zero, penalty, 10), factor=10)


def test_descent_arrives_where_newton_does(device, dtype, assert_close):
    check_descent(logistic_regression, device, dtype, assert_close)


def test_sklearn_agrees():
    linear_model = pytest.importorskip("sklearn.linear_model")
    x, y, w, _ = (p.numpy() for p in problem(CPU, torch.float64))
    model = linear_model.LogisticRegression(C=1.0, tol=1e-12, max_iter=10_000).fit(x[:, :-1], y)
    ours = newton(x, y, 0 * w, np.array([1, 1, 1, 0]) / M, 10)  # 它的损失求和而不平均，所以 λ = 1/(Cm)
    assert np.allclose(ours, np.append(model.coef_, model.intercept_), atol=1e-6)


def test_saturated_model_is_log_odds(device, dtype, assert_close):
    """x 取 0 或 1，四个格子里有 (30, 10), (8, 24) 个：截距 = ln(10/30)，斜率 = ln(24/8) - ln(10/30)。"""
    x = torch.tensor([0.0] * 40 + [1.0] * 32, device=device, dtype=dtype)
    y = torch.tensor([0.0] * 30 + [1.0] * 10 + [0.0] * 8 + [1.0] * 24, device=device, dtype=dtype)
    design, zero = torch.stack([x, torch.ones_like(x)], dim=1), torch.zeros(2, device=device, dtype=dtype)
    w = newton(design, y, zero, zero, 8)
    closed = torch.tensor([math.log(3) - math.log(1 / 3), math.log(1 / 3)], device=device, dtype=dtype)
    assert_close(w, closed)
    keep = torch.cat([torch.arange(72, device=device), torch.nonzero(y)[:, 0].repeat(4)])  # 正例抄成五份
    again = newton(design[keep], y[keep], zero, zero, 8)
    assert_close(again, closed + torch.tensor([0.0, math.log(5)], device=device, dtype=dtype))  # 只有截距加 ln 5


def test_probabilities_match_the_data(device, dtype):
    """最优处 Xᵀ(p - y) = 0：平均的概率等于正例的比例，各特征的期望也对得上。"""
    x, y, w, _ = problem(device, dtype)
    w = newton(x, y, 0 * w, 0 * w, 12)
    p = sigmoid(x @ w)
    assert (x.T @ (p - y)).abs().max() < 1e3 * torch.finfo(dtype).eps
    assert (p - y).abs().max() > 0.5  # 个个对不上，和却对得上


def test_no_distribution_with_the_same_moments_has_more_entropy():
    """最大熵：在 Xᵀp = Xᵀy 的所有 p 里，逻辑回归的那一个熵最大。"""
    x, y, w, _ = problem(CPU, torch.float64)
    p = sigmoid(x @ newton(x, y, 0 * w, 0 * w, 12))
    null = torch.linalg.svd(x.T)[2][N + 1 :]  # (m - N - 1, m) 沿这些方向走，矩不变

    def entropy(p):
        return -(torch.xlogy(p, p) + torch.xlogy(1 - p, 1 - p)).sum()

    room = torch.minimum(p, 1 - p).min() / 2  # 走多远仍都是概率
    for direction in null[:20]:
        for size in (-room, room):
            moved = p + size * direction
            assert (x.T @ (moved - p)).abs().max() < 1e-12
            assert entropy(moved) < entropy(p)


def source_data():
    """来源的例子：200 个标准正态点，x + y > 0 为正例；截距列在最后。"""
    points = np.random.default_rng(0).standard_normal((200, 2))
    return np.column_stack([points, np.ones(200)]), (points.sum(axis=1) > 0).astype(float)


def test_labels_need_no_loop():
    """勘误：来源逐个写循环生成标签；一行数组运算给出同样的标签。"""
    x, y = source_data()
    assert y.tolist() == [1 if a + b > 0 else 0 for a, b in x[:, :2]]


def test_separable_data_has_no_optimum_without_a_penalty():
    """来源的 x + y > 0：线性可分，权重越走越大，方向趋于 (1, 1)；加了惩罚才有最优解。"""
    x, y = source_data()
    norms, losses, w = [], [], np.array([0.0, 0.0, 1.0])
    for _ in range(4):
        w = descend(lambda w: gradient(w, x, y), w, 1.0, 1000)
        norms.append(np.linalg.norm(w))
        losses.append(loss(w, x, y))
    assert norms == sorted(norms)
    assert norms[-1] > 1.3 * norms[0]
    assert losses == sorted(losses, reverse=True)
    assert abs(math.degrees(math.atan2(w[1], w[0])) - 45) < 2
    penalty = np.array([0.01, 0.01, 0.0])
    best = newton(x, y, np.zeros(3), penalty, 20)
    assert np.abs(gradient(best, x, y, penalty)).max() < 1e-12
    assert ((x @ best > 0) == (y == 1)).mean() > 0.97


def test_accuracy_is_no_measure_when_one_class_is_rare():
    """一百个里一个正例，谁也不认就有 0.99；只有截距的模型给出的概率正是 0.01。"""
    y = np.array([1.0] + [0.0] * 99)
    w = newton(np.ones((100, 1)), y, np.zeros(1), np.zeros(1), 12)
    assert np.allclose(sigmoid(w), 0.01)
    assert (y == 0).mean() == 0.99


# --- 多分类 ---


def check_softmax(snippet, device, dtype, assert_close):
    x, y, w, penalty = classes(device, dtype)
    w.requires_grad_()
    expected = functional.cross_entropy(x @ w, y) + 0.5 * (penalty * w**2).sum()
    (slope,) = torch.autograd.grad(expected, w)
    w = w.detach()
    assert_close(snippet.softmax_loss(w, x, y, penalty), expected.detach())
    assert_close(snippet.softmax_gradient(w, x, y, penalty), slope)


def test_softmax_loss_and_gradient_are_the_librarys(device, dtype, assert_close):
    check_softmax(logistic_regression, device, dtype, assert_close)


def test_softmax_passes_gradcheck(device):
    x, y, w, penalty = classes(device, torch.float64)
    w.requires_grad_()
    assert torch.autograd.gradcheck(lambda w: softmax_loss(w, x, y, penalty), w)
    assert torch.autograd.gradcheck(lambda w: softmax_gradient(w, x, y, penalty), w)


def test_softmax_regression_agrees_with_sklearn():
    linear_model = pytest.importorskip("sklearn.linear_model")
    x, y, w, _ = (p.numpy() for p in classes(CPU, torch.float64))
    model = linear_model.LogisticRegression(C=1.0, tol=1e-12, max_iter=10_000).fit(x[:, :-1], y.argmax(axis=1))
    lam = np.array([[1.0], [1], [1], [0]]) / M
    ours = descend(lambda w: softmax_gradient(w, x, y, lam), 0 * w, 1.0, 3000)
    theirs = np.vstack([model.coef_.T, model.intercept_])
    p, q = (np.exp(log_softmax(x @ v)) for v in (ours, theirs))
    assert np.abs(p - q).max() < 1e-6  # 截距差一个常数也是同一个模型，所以比概率


def test_two_classes_of_softmax_are_the_sigmoid(device, dtype, assert_close):
    """K = 2 时 softmax 回归就是逻辑回归：只有两列之差起作用。"""
    x, y, w, _ = problem(device, dtype)
    both = torch.stack([0.3 * w, 1.3 * w], dim=1)  # 差是 w
    two = torch.stack([1 - y, y], dim=1)
    assert_close(softmax_loss(both, x, two), loss(w, x, y))
    assert_close(torch.exp(log_softmax(x @ both))[:, 1], sigmoid(x @ w))


def test_softmax_ignores_a_constant(device, dtype, assert_close):
    """每行加同一个数，概率不变：W 的每一行加同一个数也不变，所以不罚时解不唯一。"""
    x, y, w, _ = classes(device, dtype)
    z = x @ w
    assert_close(log_softmax(z + 64), log_softmax(z), factor=10)
    shift = torch.randn(N + 1, 1, device=device, dtype=dtype)
    assert_close(softmax_loss(w + shift, x, y), softmax_loss(w, x, y), factor=10)
    assert_close(torch.exp(log_softmax(z)).sum(dim=-1), torch.ones(M, device=device, dtype=dtype))


# --- 数值 ---


def check_extremes(snippet, device, dtype, assert_close):
    """z = ±1e4：概率是 0 与 1，损失是 1e4 而不是无穷，梯度有限。"""
    z = torch.tensor([-1e4, -40.0, 0.0, 40.0, 1e4], device=device, dtype=dtype)
    assert_close(snippet.sigmoid(z), torch.sigmoid(z))
    assert_close(snippet.sigmoid(z[1:2]).log(), z[1:2])  # σ(-40) = 4e-18 也算得准
    assert_close(snippet.softplus(z), -functional.logsigmoid(-z))
    one = torch.ones(1, device=device, dtype=dtype)
    assert_close(snippet.loss(-1e4 * one, one[:, None], one), 1e4 * one[0])
    rows = torch.tensor([[1e4, 0.0, -1e4], [1e4, 1e4, 1e4]], device=device, dtype=dtype)
    assert_close(snippet.log_softmax(rows), functional.log_softmax(rows, dim=-1))


def test_large_logits_do_not_overflow(device, dtype, assert_close):
    check_extremes(logistic_regression, device, dtype, assert_close)


def test_numpy_gives_what_torch_gives(assert_close):
    x, y, w, penalty = problem(CPU, torch.float64)
    arrays = [p.numpy() for p in (w, x, y, penalty)]
    for f in (loss, gradient):
        assert_close(f(*arrays), f(w, x, y, penalty).numpy())
    assert_close(newton(x.numpy(), y.numpy(), w.numpy() * 0, penalty.numpy(), 8), newton(x, y, 0 * w, penalty, 8).numpy())
    x, y, w, penalty = classes(CPU, torch.float64)
    arrays = [p.numpy() for p in (w, x, y, penalty)]
    for f in (softmax_loss, softmax_gradient):
        assert_close(f(*arrays), f(w, x, y, penalty).numpy())
    assert_close(softplus(x.numpy()), softplus(x).numpy())


# --- 反证 ---

WRONG = {
    "σ(-z)": (check_binary, "exp(-softplus(-z))", "exp(-softplus(z))"),
    "sign of y": (check_binary, "(softplus(z) - y * z)", "(softplus(z) + y * z)"),
    "summed instead of averaged": (check_binary, "(softplus(z) - y * z).mean()", "(softplus(z) - y * z).sum()"),
    "no half in the penalty": (
        check_binary,
        "(penalty * w * w).sum() / 2\n\n\ndef gradient",
        "(penalty * w * w).sum()\n\n\ndef gradient",
    ),
    "1/m forgotten": (check_binary, "(sigmoid(x @ w) - y) / len(y)", "(sigmoid(x @ w) - y)"),
    "gradient by the probability": (
        check_binary,
        "x.T @ (sigmoid(x @ w) - y) / len(y)",
        "x.T @ ((sigmoid(x @ w) - y) / (sigmoid(x @ w) * (1 - sigmoid(x @ w)))) / len(y)",
    ),
    "penalty on the gradient forgotten": (check_binary, "/ len(y) + penalty * w\n\n\ndef newton", "/ len(y)\n\n\ndef newton"),
    "hessian without p(1-p)": (check_newton, "(x.T * (p * (1 - p)))", "(x.T * (p * 0 + 1))"),
    "hessian of p alone": (check_newton, "(p * (1 - p))", "p"),
    "away from the optimum": (check_newton, "w = w - library", "w = w + library"),
    "uphill": (check_descent, "w = w - rate", "w = w + rate"),
    "one step too few": (
        check_descent,
        "for _ in range(steps):\n        w = w - rate",
        "for _ in range(steps > 1e6):\n        w = w - rate",
    ),
    "softmax over the samples": (check_softmax, "library(z).exp(z).sum(-1))[:, None]", "library(z).exp(z).sum(0))"),
    "softmax not averaged": (check_softmax, "(y * log_softmax(x @ w)).sum(-1).mean()", "(y * log_softmax(x @ w)).sum(-1).sum()"),
    "target not subtracted": (check_softmax, "x.T @ (p - y) / len(y)", "x.T @ p / len(y)"),
    "maximum not subtracted": (check_extremes, "z = z - library(z).amax(z, -1)[:, None]", "z = z"),
    "softplus overflows": (check_extremes, "library(z).logaddexp(z, 0 * z)", "library(z).log(1 + library(z).exp(z))"),
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_wrong_regression_is_noticed(change, assert_close, altered):
    check, old, new = change
    with pytest.raises((AssertionError, torch.linalg.LinAlgError)):
        check(altered(logistic_regression, old, new), CPU, torch.float64, assert_close)


def test_every_tensor_is_made_on_the_inputs_device(on_meta):
    x, y, w, penalty = problem(CPU, torch.float32)
    assert on_meta(loss, w, x, y, penalty).shape == ()
    assert on_meta(newton, x, y, w, penalty, 2).shape == (N + 1,)
    x, y, w, penalty = classes(CPU, torch.float32)
    assert on_meta(softmax_loss, w, x, y, penalty).shape == ()
    assert on_meta(softmax_gradient, w, x, y, penalty).shape == (N + 1, K)


# --- 笔记里的例子 ---


def test_the_worked_example_of_the_note():
    """三个样本 x = 0, 1, 2，y = 0, 0, 1，从 w = 0 起：一步梯度下降与一步牛顿。"""
    x, y = np.array([[0.0, 1], [1, 1], [2, 1]]), np.array([0.0, 0, 1])
    zero = np.zeros(2)
    assert np.allclose(sigmoid(x @ zero), 0.5)
    assert round(float(loss(zero, x, y)), 4) == 0.6931
    assert np.round(gradient(zero, x, y), 4).tolist() == [-0.1667, 0.1667]
    once = descend(lambda w: gradient(w, x, y), zero, 1.0, 1)
    assert round(float(loss(once, x, y)), 4) == 0.6399
    assert np.round(newton(x, y, zero, zero, 1), 4).tolist() == [2.0, -2.6667]
    assert round(float(loss(newton(x, y, zero, zero, 1), x, y)), 4) == 0.2385


def test_cross_entropy_by_probability_and_by_logit():
    """勘误：ŷ - y 是对 logit 的导数；对概率 ŷ = 0.8，y = 1，是 -1.25，不是 -0.2。"""
    p = torch.tensor(0.8, dtype=torch.float64, requires_grad=True)
    (by_p,) = torch.autograd.grad(-p.log(), p)
    assert round(by_p.item(), 10) == -1.25
    assert round((p.item() - 1) / (p.item() * (1 - p.item())), 10) == -1.25
    z = torch.logit(p).detach().numpy()
    one = np.ones((1, 1))
    assert np.allclose(gradient(np.array([z]), one, np.ones(1)), -0.2)
