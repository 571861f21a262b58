"""差商求导的证明：对照闭式 (6x₁, 5e^{x₂}) 与 torch.autograd.functional 的雅可比、海森。"""

from __future__ import annotations

import math

import pytest
import torch
from torch.autograd.functional import hessian as exact_hessian
from torch.autograd.functional import jacobian as exact_jacobian

from snippets.basics import gradcheck
from snippets.basics.gradcheck import example, example_gradient, gradient_error, hessian, jacobian


def near(actual, expected, power):
    """差分自有误差，约为 ε^power；留 100 倍的余地。形状、精度、设备须一致。"""
    assert (actual.shape, actual.dtype, actual.device) == (expected.shape, expected.dtype, expected.device)
    bound = 100 * torch.finfo(expected.dtype).eps ** power
    error = (actual - expected).abs() / expected.abs().clamp(min=1)
    assert error.max() <= bound, f"差 {error.max():.1e}，容许 {bound:.1e}"


def curved(x):
    """(2, 3) -> (4,)：各分量互相纠缠，符号有正有负。"""
    return torch.stack([x[0] @ x[1], torch.sin(x).sum(), (x[0, 0] * x[1, 2]).exp(), x.square().sum().sqrt()])


def bowl(x):
    """(2, 3) -> ()：海森不对角。"""
    return (torch.sin(x[0]) * x[1].square()).sum() + x[0, 0] * x[1, 2] * x[0, 1]


# --- 对照 ---


def check_jacobian(snippet, device, dtype):
    x = torch.randn(2, 3, device=device, dtype=dtype)
    near(snippet.jacobian(curved, x), exact_jacobian(curved, x), 2 / 3)
    near(snippet.jacobian(bowl, x), exact_jacobian(bowl, x), 2 / 3)


def test_jacobian_is_autograds(device, dtype):
    check_jacobian(gradcheck, device, dtype)


def check_hessian(snippet, device, dtype):
    x = torch.randn(2, 3, device=device, dtype=dtype)
    numeric = snippet.hessian(bowl, x)
    near(numeric, exact_hessian(bowl, x), 1 / 2)
    near(numeric, numeric.permute(2, 3, 0, 1), 1 / 2)  # 对称


def test_hessian_is_autograds_and_symmetric(device, dtype):
    check_hessian(gradcheck, device, dtype)


def check_example(snippet, device, dtype):
    """(1, 2) 处的梯度是 (6, 5e²) = (6, 36.945)，海森是 diag(6, 5e²)。"""
    x = torch.tensor([1.0, 2.0], device=device, dtype=dtype)
    closed = torch.tensor([6.0, 5 * math.e**2], device=device, dtype=dtype)
    near(snippet.jacobian(snippet.example, x), closed, 2 / 3)
    near(snippet.example_gradient(x), closed, 1)
    near(snippet.hessian(snippet.example, x), closed.diag(), 1 / 2)


def test_the_example_of_the_note(device, dtype):
    check_example(gradcheck, device, dtype)


def check_step(snippet):
    """x = 1000 时 float32 的 x ± h 要舍入：除以真正走过的距离，线性函数的导数才恰好。"""
    x = torch.tensor([1000.0], dtype=torch.float32)
    assert snippet.jacobian(lambda v: 2 * v[0], x).item() == 2


def test_the_step_is_what_was_really_walked():
    check_step(gradcheck)


def cpu(check):
    return lambda snippet: check(snippet, torch.device("cpu"), torch.float64)


WRONG = {
    "forward difference": (cpu(check_jacobian), "behind[k] -= h", "behind[k] -= 0"),
    "divided by h": (cpu(check_jacobian), "/ step)", "/ h)"),
    "step as asked, not as walked": (check_step, "step = ahead[k] - behind[k]", "step = 2 * h"),
    "components added up as it goes": (
        cpu(check_jacobian),
        "x.flatten().clone(), x.flatten().clone()",
        "x.flatten(), x.flatten().clone()",
    ),
    "columns laid as rows": (cpu(check_jacobian), "dim=-1)  # (*输出", "dim=0)  # (*输出"),
    "step too small": (cpu(check_jacobian), "eps ** (1 / 3)", "eps"),
    "step of the first derivative in the second": (cpu(check_hessian), "eps ** (1 / 4)", "eps ** (1 / 2)"),
    "exponential forgotten": (cpu(check_example), "6 * x[0], 5 * torch.exp(x[1])", "6 * x[0], 5 * x[1]"),
    "power rule forgotten": (cpu(check_example), "torch.stack([6 * x[0]", "torch.stack([3 * x[0]"),
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_wrong_differences_are_noticed(change, altered):
    check, old, new = change
    with pytest.raises((AssertionError, RuntimeError)):
        check(altered(gradcheck, old, new))


# --- 梯度检查 ---


def check_verdict(snippet):
    x = torch.tensor([1.0, 2.0], dtype=torch.float64)
    assert snippet.gradient_error(example, example_gradient, x) < 1e-9
    for wrong in (
        lambda v: torch.stack([3 * v[0], 5 * torch.exp(v[1])]),  # 忘了指数 2
        lambda v: torch.stack([6 * v[0], 5 * v[1] * torch.exp(v[1] - 1)]),  # 把 e^x 当成幂函数
        lambda v: torch.stack([6 * v[0], torch.exp(v[1])]),  # 丢了系数
        lambda v: torch.stack([6 * v[0], -5 * torch.exp(v[1])]),  # 符号反了
    ):
        assert snippet.gradient_error(example, wrong, x) > 1e-2


def test_a_right_gradient_passes_and_wrong_ones_do_not():
    check_verdict(gradcheck)


@pytest.mark.parametrize(
    ("old", "new"),
    [("(gradient(x) - numeric).abs()", "(gradient(x) - numeric)"), (".max().item()", ".min().item()")],
    ids=["sign decides", "best component decides"],
)
def test_wrong_verdict_is_noticed(old, new, altered):
    with pytest.raises(AssertionError):
        check_verdict(altered(gradcheck, old, new))


def errors(steps):
    x = torch.tensor([1.0, 2.0], dtype=torch.float64)
    return [gradient_error(example, example_gradient, x, h) for h in steps]


def test_the_error_is_v_shaped():
    """左支是截断误差，h 小十倍它小百倍；右支是舍入误差，h 小下去它反而大。"""
    left = errors([1e-1, 1e-2, 1e-3])
    assert 90 < left[0] / left[1] < 110
    assert 90 < left[1] / left[2] < 110
    best, right = errors([1e-5])[0], errors([1e-7, 1e-9, 1e-11])
    assert best < 1e-9
    assert max(right[1:]) > 100 * best
    assert right[2] > right[1] > right[0]


def test_a_kink_makes_a_right_gradient_look_wrong():
    """|x| 在离折点不到 h 处：导数是 1，中心差分却小于 1。"""
    x = torch.tensor([1e-3], dtype=torch.float64)
    assert gradient_error(lambda v: v[0].abs(), lambda v: v.sign(), x, h=1e-4) < 1e-9
    assert gradient_error(lambda v: v[0].abs(), lambda v: v.sign(), x, h=1e-2) > 0.5


def test_central_beats_forward_by_one_order():
    """同样的 h = 1e-3：前向差分的误差是 h 的量级，中心差分是 h²。"""
    x, h = torch.tensor([1.0, 2.0], dtype=torch.float64), 1e-3
    forward = (example(x + h * torch.tensor([0.0, 1.0])) - example(x)) / h
    central = jacobian(example, x, h)[1]
    exact = example_gradient(x)[1]
    assert 1e-2 < (forward - exact).abs() < 2e-2  # h f''/2 = 0.0185
    assert (central - exact).abs() < 1e-5


def test_jacobians_multiply_outer_first(device, dtype):
    """链式法则：J_{f∘g}(x) = J_f(g(x)) J_g(x)，外层在左；次序反了连形状都不对。"""

    def inner(x):  # (3,) -> (2,)
        return torch.stack([x[0] * x[1], torch.sin(x[2])])

    def outer(u):  # (2,) -> (4,)
        return torch.stack([u[0] + u[1], u[0] * u[1], u[0].square(), torch.exp(u[1])])

    x = torch.randn(3, device=device, dtype=dtype)
    j_outer, j_inner = jacobian(outer, inner(x)), jacobian(inner, x)  # (4, 2), (2, 3)
    near(jacobian(lambda v: outer(inner(v)), x), j_outer @ j_inner, 2 / 3)
    with pytest.raises(RuntimeError):
        j_inner @ j_outer


# --- 笔记里的数 ---


def test_newton_finds_the_root_of_two():
    """x ← x - f/f'，f = x² - 2：每步对的位数约加倍。"""
    x, seen = torch.tensor([1.0], dtype=torch.float64), []
    for _ in range(4):
        f = x[0] ** 2 - 2
        x = x - f / jacobian(lambda v: v[0] ** 2 - 2, x)
        seen.append(round(x.item(), 6))
    assert seen == [1.5, 1.416667, 1.414216, 1.414214]


def test_taylor_of_the_example():
    """在 (1, 2) 附近走 (0.1, -0.1)：真值，一阶，二阶。"""
    x, d = torch.tensor([1.0, 2.0], dtype=torch.float64), torch.tensor([0.1, -0.1], dtype=torch.float64)
    first = example(x) + jacobian(example, x) @ d
    second = first + d @ hessian(example, x) @ d / 2
    assert [round(v.item(), 4) for v in (example(x), example(x + d), first, second)] == [39.9453, 37.0595, 36.8508, 37.0655]


def test_lagrange_multiplier_of_the_note():
    """x₁ + x₂ = 1 上 x₁² + 2x₂² 最小在 (2/3, 1/3)：两个梯度平行，λ = 4/3。"""
    x = torch.tensor([2 / 3, 1 / 3], dtype=torch.float64)
    slope = jacobian(lambda v: v[0] ** 2 + 2 * v[1] ** 2, x)
    constraint = jacobian(lambda v: v[0] + v[1] - 1, x)
    near(slope, 4 / 3 * constraint, 2 / 3)
    around = torch.linspace(-1, 1, 201, dtype=torch.float64)  # 沿约束走，没有更小的
    values = (2 / 3 + around).square() + 2 * (1 / 3 - around).square()
    assert values.argmin() == 100


def test_the_gradient_is_the_steepest_way_up():
    """所有单位方向里，方向导数最大的是梯度的方向，最大值是梯度的长度。"""
    x = torch.tensor([1.0, 2.0], dtype=torch.float64)
    slope = jacobian(example, x)
    angles = torch.linspace(0, 2 * math.pi, 361, dtype=torch.float64)[:-1]
    ways = torch.stack([angles.cos(), angles.sin()], dim=1)  # (360, 2)
    origin = torch.zeros((), dtype=torch.float64)
    rates = torch.stack([jacobian(lambda t, way=way: example(x + t * way), origin) for way in ways])
    assert abs(rates.max() / slope.norm() - 1) < 1e-3
    assert ways[rates.argmax()] @ slope / slope.norm() > 0.9999
    assert abs(ways[rates.abs().argmin()] @ slope / slope.norm()) < 0.01  # 垂直于梯度：几乎不变


def test_every_tensor_is_made_on_the_inputs_device(on_meta):
    assert on_meta(lambda x: jacobian(curved, x), torch.zeros(2, 3)).shape == (4, 2, 3)
    assert on_meta(lambda x: hessian(bowl, x), torch.zeros(2, 3)).shape == (2, 3, 2, 3)
    assert on_meta(example_gradient, torch.zeros(2)).shape == (2,)
