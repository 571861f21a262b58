"""优化算法的证明：每个规则与 torch.optim 各走 60 步逐步对照，学习率对照 torch 的调度器；闭式、性质与写坏的变体。"""

from __future__ import annotations

import functools
import math

import pytest
import torch

from snippets.nn import optimizers
from snippets.nn.optimizers import adam, adamw, clip_by_norm, descend, momentum, rmsprop, sgd, warmup_cosine

STEPS = 60

# 名字 -> (片段里的规则与超参数, torch 里的同一个)
LIBRARY = {
    "sgd": (("sgd", {"lr": 0.05}), lambda p: torch.optim.SGD(p, lr=0.05)),
    "momentum": (("momentum", {"lr": 0.02, "mu": 0.8}), lambda p: torch.optim.SGD(p, lr=0.02, momentum=0.8)),
    "nesterov": (
        ("nesterov", {"lr": 0.02, "mu": 0.8}),
        lambda p: torch.optim.SGD(p, lr=0.02, momentum=0.8, nesterov=True),
    ),
    "adagrad": (("adagrad", {"lr": 0.1}), lambda p: torch.optim.Adagrad(p, lr=0.1)),
    "rmsprop": (("rmsprop", {"lr": 0.01, "eps": 1e-3}), lambda p: torch.optim.RMSprop(p, lr=0.01, eps=1e-3)),
    "adam": (("adam", {"lr": 0.05, "eps": 1e-3}), lambda p: torch.optim.Adam(p, lr=0.05, eps=1e-3)),
    "adam with l2": (("adam", {"lr": 0.05, "l2": 0.3}), lambda p: torch.optim.Adam(p, lr=0.05, weight_decay=0.3)),
    "adamw": (("adamw", {"lr": 0.05, "decay": 0.3}), lambda p: torch.optim.AdamW(p, lr=0.05, weight_decay=0.3)),
}


def loss(w):
    """不凸、弯得不均匀，(3, 4) -> ()。"""
    scale = torch.linspace(0.3, 6.0, w.numel(), device=w.device, dtype=w.dtype).view_as(w)
    return (scale * w * w / 2 + torch.sin(3 * w)).sum()


def slope(w):
    leaf = w.detach().requires_grad_()
    return torch.autograd.grad(loss(leaf), leaf)[0]


def start(device, dtype):
    return torch.linspace(-1.5, 2.0, 12, dtype=torch.float64).view(3, 4).to(device, dtype)


def library_path(make, w, steps=STEPS):
    parameter = torch.nn.Parameter(w.clone())
    optimizer, path = make([parameter]), [w]
    for _ in range(steps):
        optimizer.zero_grad()
        loss(parameter).backward()
        optimizer.step()
        path.append(parameter.detach().clone())
    return torch.stack(path)


def check(module, name, device, dtype, assert_close):
    (rule, options), make = LIBRARY[name]
    w = start(device, dtype)
    path = module.descend(functools.partial(getattr(module, rule), **options), w, slope, STEPS)
    assert path.shape == (STEPS + 1, 3, 4)
    assert_close(path, library_path(make, w), factor=20)  # 60 步的舍入，在弯的地方还会放大


@pytest.mark.parametrize("name", LIBRARY)
def test_every_step_is_the_librarys(name, device, dtype, assert_close):
    check(optimizers, name, device, dtype, assert_close)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("sgd", "return w - lr * g, ()", "return w + lr * g, ()"),
        ("momentum", "v = mu * v + g\n    return w - lr * v", "v = mu * v + (1 - mu) * g\n    return w - lr * v"),
        ("nesterov", "w - lr * (g + mu * v)", "w - lr * v"),
        ("nesterov", "w - lr * (g + mu * v)", "w - lr * mu * v"),
        ("adagrad", "s = s + g * g", "s = g * g"),
        (
            "rmsprop",
            "s = alpha * s + (1 - alpha) * g * g\n    return w - lr * g / (s.sqrt() + eps)",
            ("s = alpha * s + (1 - alpha) * g * g\n    return w - lr * g / (s + eps).sqrt()"),
        ),
        ("rmsprop", "s = alpha * s + (1 - alpha) * g * g", "s = alpha * s + (1 - alpha) * g"),
        ("adam", "m_hat = m / (1 - betas[0] ** t)", "m_hat = m"),
        ("adam", "s_hat = s / (1 - betas[1] ** t)", "s_hat = s"),
        ("adam", "m_hat = m / (1 - betas[0] ** t)", "m_hat = m / (1 - betas[0] ** (t + 1))"),
        ("adam", "(s_hat.sqrt() + eps)", "(s_hat + eps).sqrt()"),
        ("adam with l2", "g = g + l2 * w", "w = w * (1 - lr * l2)"),
        ("adamw", "adam(w * (1 - lr * decay), g, state, t, lr=lr, eps=eps)", "adam(w, g, state, t, lr=lr, eps=eps, l2=decay)"),
        ("adamw", "w * (1 - lr * decay)", "w * (1 - decay)"),
    ],
    ids=[
        "uphill",
        "momentum as an average",
        "nesterov without the look ahead",
        "nesterov without the gradient",
        "adagrad forgets",
        "eps inside the root (rmsprop)",
        "gradient not squared",
        "first moment not corrected",
        "second moment not corrected",
        "correction counts one step too many",
        "eps inside the root (adam)",
        "l2 decoupled",
        "decay coupled",
        "decay without lr",
    ],
)
def test_wrong_rule_is_noticed(name, old, new, assert_close, altered):
    with pytest.raises(AssertionError):
        check(altered(optimizers, old, new), name, torch.device("cpu"), torch.float64, assert_close)


def test_momentum_as_an_average_is_the_same_with_a_larger_rate(assert_close):
    """两种写法：v ← μv + (1-μ)g 配上 lr/(1-μ)，轨迹与 v ← μv + g 相同；只换写法不换 lr 则慢十倍。"""

    def averaged(w, g, state, t, *, lr, mu):
        (v,) = state or (torch.zeros_like(w),)
        v = mu * v + (1 - mu) * g
        return w - lr * v, (v,)

    w = start("cpu", torch.float64)
    ours = descend(functools.partial(momentum, lr=0.01, mu=0.9), w, slope, 30)
    assert_close(descend(functools.partial(averaged, lr=0.1, mu=0.9), w, slope, 30), ours)
    first = (descend(functools.partial(averaged, lr=0.01, mu=0.9), w, slope, 1) - w)[1] / (ours[1] - w)
    assert_close(first, torch.full_like(first, 0.1))


def test_the_rate_inside_the_velocity_matters_only_when_it_changes(assert_close):
    """Sutskever 等：v ← μv + ηg，w ← w - v。η 不变时与 torch 的相同，中途减半就不同。"""
    w = start("cpu", torch.float64)
    for rates, same in (([0.02] * 20, True), ([0.02] * 10 + [0.01] * 10, False)):
        inside, outside, v, u = w, w, torch.zeros_like(w), ()
        for t, lr in enumerate(rates, start=1):
            v = 0.9 * v + lr * slope(inside)
            inside = inside - v
            outside, u = momentum(outside, slope(outside), u, t, lr=lr, mu=0.9)
        assert torch.allclose(inside, outside, atol=1e-10) == same


# --- 性质 ---


def test_the_first_step_of_adam_is_the_sign(device, dtype):
    """m̂ = g，√ŝ = |g|：第一步的长度是 lr，与梯度大小无关。"""
    g = torch.tensor([1e-3, -20.0, 4.0], device=device, dtype=dtype)
    w, _ = adam(torch.zeros_like(g), g, (), 1, lr=0.1)
    assert torch.allclose(w, -0.1 * g.sign(), rtol=1e-4)


def test_without_correction_the_first_step_is_three_times_as_long():
    """(1-β₁)/√(1-β₂) = 0.1/√0.001 = 3.16。"""
    g = torch.tensor([2.0], dtype=torch.float64)
    raw = 0.1 * g / (0.001 * g * g).sqrt()
    assert math.isclose(raw.item(), math.sqrt(10), rel_tol=1e-12)


def test_the_first_step_of_rmsprop_is_ten_times_the_rate():
    g = torch.tensor([-3.0], dtype=torch.float64)
    w, _ = rmsprop(torch.zeros_like(g), g, (), 1, lr=0.01)
    assert math.isclose(w.item(), 0.1, rel_tol=1e-6)


def test_adam_does_not_see_the_scale_of_the_loss(assert_close):
    """ε → 0 时，损失乘以一千，Adam 的轨迹不变；SGD 的大变。"""
    w = start("cpu", torch.float64)
    rule = functools.partial(adam, lr=0.05, eps=0.0)
    assert_close(descend(rule, w, lambda w: 1000 * slope(w), 30), descend(rule, w, slope, 30), factor=100)
    plain = functools.partial(sgd, lr=1e-3)
    gap = descend(plain, w, lambda w: 1000 * slope(w), 1) - descend(plain, w, slope, 1)
    assert gap.abs().max() > 1


def bias_of_averages(t, beta, upper):
    """梯度恒为 1 时，从 0 起的指数平均应等于 (1-β)Σβ^i；upper 是求和上限。"""
    return (1 - beta) * sum(beta**i for i in range(upper + 1)), 1 - beta**t


def test_the_weights_of_t_gradients_sum_to_one_minus_beta_to_the_t():
    """勘误：权重是 β^0 … β^{t-1}，求和到 t-1；到 t 就多了一项（β = 0.9，t = 3：2.71 与 3.439）。"""
    average = 0.0
    for t in range(1, 8):
        average = 0.9 * average + 0.1
        right, closed = bias_of_averages(t, 0.9, t - 1)
        wrong, _ = bias_of_averages(t, 0.9, t)
        assert math.isclose(average, closed)
        assert math.isclose(right, closed)
        assert not math.isclose(wrong, closed, rel_tol=1e-2)
    assert round(sum(0.9**i for i in range(3)), 3) == 2.71
    assert round(sum(0.9**i for i in range(4)), 3) == 3.439


def test_l2_and_decay_are_the_same_for_sgd_and_not_for_adam(assert_close):
    """SGD：加 λw 到梯度 = 每步乘 1-ηλ。Adam：梯度大的权重，L2 几乎不起作用。"""
    w, g = torch.tensor([1.0, 1.0], dtype=torch.float64), torch.tensor([100.0, 0.01], dtype=torch.float64)
    coupled, _ = sgd(w, g + 0.1 * w, (), 1, lr=0.01)
    decoupled, _ = sgd(w * (1 - 0.01 * 0.1), g, (), 1, lr=0.01)
    assert_close(coupled, decoupled)
    plain = descend(functools.partial(adam, lr=0.01), w, lambda _: g, 10)[-1]
    by_l2 = descend(functools.partial(adam, lr=0.01, l2=0.1), w, lambda _: g, 10)[-1] - plain
    by_decay = descend(functools.partial(adamw, lr=0.01, decay=0.1), w, lambda _: g, 10)[-1] - plain
    assert by_l2[0].abs() < 1e-6  # 梯度大：λw 除以 √ŝ 之后什么也没剩
    assert by_l2[1].abs() < 1e-3
    assert_close(by_decay[0], by_decay[1], factor=1e6)  # 每个权重一样缩
    assert -0.011 < by_decay[0] < -0.009


def test_adagrad_steps_shrink_like_one_over_root_t():
    g = torch.ones(1, dtype=torch.float64)
    path = descend(functools.partial(optimizers.adagrad, lr=0.1), torch.zeros(1, dtype=torch.float64), lambda _: g, 100)
    steps = -path.diff(dim=0)[:, 0]
    expected = 0.1 / torch.arange(1, 101, dtype=torch.float64).sqrt()
    assert torch.allclose(steps, expected)


def test_momentum_settles_at_ten_times_the_step():
    g = torch.ones(1, dtype=torch.float64)
    path = descend(functools.partial(momentum, lr=0.1, mu=0.9), torch.zeros(1, dtype=torch.float64), lambda _: g, 200)
    assert math.isclose((path[-2] - path[-1]).item(), 1.0, rel_tol=1e-6)


# --- 狭长的碗：笔记里的数 ---

CURVATURE = torch.tensor([1.0, 100.0], dtype=torch.float64)


def steps_needed(rule, w=None):
    w = torch.ones(2, dtype=torch.float64) if w is None else w
    far = descend(rule, w, lambda w: CURVATURE * w, 1500).norm(dim=1) > 1e-6
    return int(far.nonzero().max()) + 1


def test_worked_example_of_the_note(assert_close):
    """(1, 1) 处的第一、二步，动量与 Adam 各算一遍。"""
    w = torch.ones(2, dtype=torch.float64)
    path = descend(functools.partial(sgd, lr=0.019), w, lambda w: CURVATURE * w, 2)
    assert_close(path[1], torch.tensor([0.981, -0.9], dtype=torch.float64))
    assert_close(path[2], torch.tensor([0.962361, 0.81], dtype=torch.float64))
    path = descend(functools.partial(momentum, lr=0.01, mu=0.5), w, lambda w: CURVATURE * w, 2)
    assert_close(path[1:], torch.tensor([[0.99, 0.0], [0.9751, -0.5]], dtype=torch.float64))
    path = descend(functools.partial(adam, lr=0.1), w, lambda w: CURVATURE * w, 1)
    assert torch.allclose(path[1], torch.tensor([0.9, 0.9], dtype=torch.float64), atol=1e-8)


def test_rates_on_the_bowl_are_the_theory():
    """每步的收缩：SGD (κ-1)/(κ+1)，动量渐近 (√κ-1)/(√κ+1)；κ = 100。"""
    plain = functools.partial(sgd, lr=2 / 101)
    heavy = functools.partial(momentum, lr=(2 / 11) ** 2, mu=(9 / 11) ** 2)
    assert (steps_needed(plain), steps_needed(heavy)) == (709, 95)
    norms = descend(plain, torch.ones(2, dtype=torch.float64), lambda w: CURVATURE * w, 100).norm(dim=1)
    assert torch.allclose(norms[1:] / norms[:-1], torch.tensor(99 / 101, dtype=torch.float64))
    norms = descend(heavy, torch.ones(2, dtype=torch.float64), lambda w: CURVATURE * w, 400).norm(dim=1)
    assert math.isclose((norms[400] / norms[300]).item() ** 0.01, 9 / 11, rel_tol=0.01)


def test_sgd_leaves_when_the_rate_exceeds_two_over_the_curvature():
    for lr, leaves in ((0.0199, False), (0.0201, True)):
        end = descend(functools.partial(sgd, lr=lr), torch.ones(2, dtype=torch.float64), lambda w: CURVATURE * w, 500)[-1]
        assert (end.norm() > 1) == leaves


def test_adam_depends_on_the_axes_and_sgd_does_not():
    """碗转 45 度：SGD 的步数不变，Adam 的变了，因为它逐坐标缩放。"""
    turn = torch.tensor([[1.0, -1.0], [1.0, 1.0]], dtype=torch.float64) / math.sqrt(2)
    hessian = turn @ torch.diag(CURVATURE) @ turn.T

    def needed(rule, h, w):
        far = descend(rule, w, lambda w: h @ w, 1500).norm(dim=1) > 1e-6
        return int(far.nonzero().max()) + 1

    one = torch.ones(2, dtype=torch.float64)
    plain, adaptive = functools.partial(sgd, lr=2 / 101), functools.partial(adam, lr=0.1)
    assert needed(plain, hessian, turn @ one) == needed(plain, torch.diag(CURVATURE), one) == 709
    assert needed(adaptive, torch.diag(CURVATURE), one) == 267
    assert needed(adaptive, hessian, turn @ one) != 267


def test_the_noise_of_a_batch_halves_when_the_batch_is_four_times_as_large():
    """小批梯度的标准差 ∝ 1/√B：一维回归，抽 4000 批。"""
    generator = torch.Generator().manual_seed(0)
    x, noise = torch.randn(2, 10_000, generator=generator, dtype=torch.float64)
    each = x * (0.5 * x - (x + noise))  # w = 0.5 处逐样本的梯度
    spread = {b: each[torch.randint(10_000, (4000, b), generator=generator)].mean(dim=1).std().item() for b in (4, 16, 64)}
    assert 1.9 < spread[4] / spread[16] < 2.1
    assert 1.9 < spread[16] / spread[64] < 2.1


# --- 学习率与裁剪 ---


def check_schedule(module):
    options = {"lr": 0.3, "warmup": 5, "total": 30, "lr_min": 0.01}
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], lr=0.3)
    up = torch.optim.lr_scheduler.LinearLR(optimizer, start_factor=1 / 5, total_iters=4)
    down = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=25, eta_min=0.01)
    both = torch.optim.lr_scheduler.SequentialLR(optimizer, [up, down], milestones=[4])
    for t in range(1, 31):
        expected = optimizer.param_groups[0]["lr"]
        assert math.isclose(module.warmup_cosine(t, **options), expected, rel_tol=1e-9), t
        optimizer.step()
        both.step()


def test_schedule_is_the_librarys():
    check_schedule(optimizers)
    assert warmup_cosine(5, lr=0.3, warmup=5, total=30) == 0.3
    assert math.isclose(warmup_cosine(30, lr=0.3, warmup=5, total=30, lr_min=0.01), 0.01)
    rates = [warmup_cosine(t, lr=1.0, warmup=10, total=100) for t in range(1, 101)]
    assert rates[:10] == sorted(rates[:10])
    assert rates[9:] == sorted(rates[9:], reverse=True)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("return lr * t / warmup", "return lr * (t - 1) / warmup"),
        ("(t - warmup) / (total - warmup)", "t / total"),
        ("math.cos(math.pi * done)", "math.cos(2 * math.pi * done)"),
        ("(lr - lr_min) * (1 +", "lr * (1 +"),
    ],
    ids=["starts at zero", "cosine from the start", "whole cosine", "minimum added on top"],
)
def test_wrong_schedule_is_noticed(old, new, altered):
    with pytest.raises(AssertionError):
        check_schedule(altered(optimizers, old, new))


def check_clip(module, device, dtype, assert_close, max_norm):
    grads = [torch.linspace(-1, 2, 12, device=device, dtype=dtype).view(3, 4), torch.ones(5, device=device, dtype=dtype)]
    holders = [torch.nn.Parameter(torch.zeros_like(g)) for g in grads]
    for holder, g in zip(holders, grads, strict=True):
        holder.grad = g.clone()
    torch.nn.utils.clip_grad_norm_(holders, max_norm)
    assert_close(module.clip_by_norm(grads, max_norm), [h.grad for h in holders])


@pytest.mark.parametrize("max_norm", [0.1, 1.0, 1e6])
def test_clipping_is_the_librarys(max_norm, device, dtype, assert_close):
    check_clip(optimizers, device, dtype, assert_close, max_norm)


@pytest.mark.parametrize(
    ("old", "new", "max_norm"),
    [(".clamp(max=1.0)", "", 1e6), ("([g.norm() for g in grads])", "([grads[0].norm()])", 0.1)],
    ids=["short gradients stretched", "only the first tensor measured"],
)
def test_wrong_clipping_is_noticed(old, new, max_norm, assert_close, altered):
    with pytest.raises(AssertionError):
        check_clip(altered(optimizers, old, new), torch.device("cpu"), torch.float64, assert_close, max_norm)


def test_clipping_keeps_the_direction(device, dtype):
    grads = [torch.tensor([3.0, 4.0], device=device, dtype=dtype)]
    (clipped,) = clip_by_norm(grads, 1.0)
    assert torch.allclose(clipped, grads[0] / 5, rtol=1e-5)
    (zero,) = clip_by_norm([torch.zeros(2, device=device, dtype=dtype)], 1.0)
    assert not zero.any()


# --- 设备 ---


@pytest.mark.parametrize("name", LIBRARY)
def test_every_state_is_made_where_the_parameters_are(name, on_meta):
    (rule, options), _ = LIBRARY[name]
    step = functools.partial(getattr(optimizers, rule), **options)
    path = on_meta(lambda w: descend(step, w, lambda w: 2 * w, 3), torch.randn(3, 4))
    assert path.shape == (4, 3, 4)
    assert on_meta(lambda g: clip_by_norm([g], 1.0)[0], torch.randn(5)).shape == (5,)
