"""去噪扩散的证明：对照逐步加噪的递推、torch.distributions 与 autograd 的得分、高斯数据的精确解。"""

from __future__ import annotations

import math

import pytest
import torch
from torch.distributions import Categorical, MixtureSameFamily, Normal

from snippets.gen import ddpm_toy
from snippets.gen.ddpm_toy import (
    NoiseNet,
    add_noise,
    ddim_step,
    ddpm_step,
    mixture_noise,
    posterior,
    sample,
    schedule,
    train,
    two_peaks,
)

T = 50
PEAKS, STD = (-1.0, 1.0), 0.25


# --- 前向 ---


def check_forward(snippet, device, dtype, assert_close):
    """逐步 x_t = √(1-β_t) x_{t-1} + √β_t ε_t 的均值与方差，与一步到位的相同。"""
    beta, abar = snippet.schedule(T, device=device, dtype=dtype)
    assert beta.shape == abar.shape == (T + 1,)
    assert beta[0] == 0
    assert beta.dtype == dtype
    mean, variance = 1.0, 0.0
    x_0 = torch.full((2, 1), 3.0, device=device, dtype=dtype)
    for t in range(T + 1):
        if t > 0:
            mean, variance = mean * math.sqrt(1 - beta[t]), variance * (1 - beta[t]) + beta[t]
        when = torch.full((2,), t, device=device)
        noise = torch.tensor([[0.0], [1.0]], device=device, dtype=dtype)
        x = snippet.add_noise(x_0, when, noise, abar)
        expected = torch.as_tensor([[3 * mean], [3 * mean + math.sqrt(variance)]], device=device, dtype=dtype)
        assert_close(x, expected, factor=10)  # 五十步的递推，float32 的舍入会累积


def test_one_leap_is_the_many_steps(device, dtype, assert_close):
    check_forward(ddpm_toy, device, dtype, assert_close)


WRONG_FORWARD = {
    "not the root of abar": ("return a.sqrt() * x_0", "return a * x_0"),
    "not the root of the variance": ("+ (1 - a).sqrt() * noise", "+ (1 - a) * noise"),
    "sum instead of product": ("(1 - beta).cumprod(dim=0)", "1 - beta.cumsum(dim=0)"),
    "beta itself": ("(1 - beta).cumprod(dim=0)", "1 - beta"),
    "no step 0": ("beta = torch.cat([beta.new_zeros(1), beta])", "beta = torch.cat([beta[:1], beta])"),
}


@pytest.mark.parametrize("change", WRONG_FORWARD.values(), ids=WRONG_FORWARD)
def test_wrong_forward_is_noticed(change, assert_close, altered):
    with pytest.raises(AssertionError):
        check_forward(altered(ddpm_toy, *change), torch.device("cpu"), torch.float64, assert_close)


def test_the_end_is_almost_standard_normal():
    """笔记的数：这里 50 步剩 ᾱ = 0.0046；论文 1000 步、β 到 0.02，剩 4e-5。"""
    ours, paper = schedule(T, dtype=torch.float64)[1][-1], schedule(1000, last=0.02, dtype=torch.float64)[1][-1]
    assert f"{ours.item():.2g}" == "0.0046"
    assert f"{paper.item():.1g}" == "4e-05"


# --- 后验与退一步 ---


def check_posterior(snippet, device, dtype, assert_close):
    """贝叶斯：q(x_{t-1} | x_t, x_0) ∝ q(x_t | x_{t-1}) q(x_{t-1} | x_0)，两个高斯相乘，精度相加。"""
    beta, abar = snippet.schedule(T, device=device, dtype=dtype)
    x_t, x_0 = torch.randn(2, 5, 1, device=device, dtype=dtype)
    for t in (2, 7, T):
        likelihood = (1 - beta[t]) / beta[t]  # 看作 x_{t-1} 的函数，中心 x_t/√(1-β)
        prior = 1 / (1 - abar[t - 1])
        centre = (likelihood * x_t / (1 - beta[t]).sqrt() + prior * abar[t - 1].sqrt() * x_0) / (likelihood + prior)
        mean, variance = snippet.posterior(x_t, x_0, t, beta, abar)
        # 1 - ᾱ 在 t 小时有抵消
        assert_close(mean, centre, factor=30)
        assert_close(variance, 1 / (likelihood + prior), factor=30)


def test_posterior_is_bayes(device, dtype, assert_close):
    check_posterior(ddpm_toy, device, dtype, assert_close)


WRONG_POSTERIOR = {
    "variance beta": ("return mean, b * (1 - before) / (1 - abar[t])", "return mean, b"),
    "weights swapped": ("before.sqrt() * b * x_0 +", "before.sqrt() * b * x_t +"),
    "before and after swapped": ("before, b = abar[t - 1], beta[t]", "before, b = abar[t], beta[t]"),
    "root of abar left out": ("(before.sqrt() * b * x_0", "(b * x_0"),
}


@pytest.mark.parametrize("change", WRONG_POSTERIOR.values(), ids=WRONG_POSTERIOR)
def test_wrong_posterior_is_noticed(change, assert_close, altered):
    with pytest.raises(AssertionError):
        check_posterior(altered(ddpm_toy, *change), torch.device("cpu"), torch.float64, assert_close)


def check_step(snippet, device, dtype, assert_close):
    """论文算法 2 的写法：(x_t - β/√(1-ᾱ) ε)/√α，加 √β z；最后一步不加噪声。"""
    beta, abar = snippet.schedule(T, device=device, dtype=dtype)
    x, eps, z = torch.randn(3, 5, 1, device=device, dtype=dtype)
    for t in (1, 2, 30, T):
        mean = (x - beta[t] / (1 - abar[t]).sqrt() * eps) / (1 - beta[t]).sqrt()
        expected = mean + beta[t].sqrt() * z if t > 1 else mean
        assert_close(snippet.ddpm_step(x, eps, t, beta, abar, z), expected, factor=100)  # 除以小的 1 - ᾱ


def test_step_is_the_papers_algorithm(device, dtype, assert_close):
    check_step(ddpm_toy, device, dtype, assert_close)


WRONG_STEPS = {
    "noise in the last step": ("if t > 1 else mean", "if t > 0 else mean"),
    "noise with its variance": ("mean + variance.sqrt() * z", "mean + variance * z"),
    "noise added, not taken away": (
        "x_0 = (x_t - (1 - abar[t]).sqrt() * eps) / abar[t].sqrt()\n    mean",
        "x_0 = (x_t + (1 - abar[t]).sqrt() * eps) / abar[t].sqrt()\n    mean",
    ),
    "small variance": ("variance = variance if small else beta[t]", "pass"),
}


@pytest.mark.parametrize("change", WRONG_STEPS.values(), ids=WRONG_STEPS)
def test_wrong_step_is_noticed(change, assert_close, altered):
    with pytest.raises(AssertionError):
        check_step(altered(ddpm_toy, *change), torch.device("cpu"), torch.float64, assert_close)


# --- 最好的猜法 ---


def check_ideal(snippet, device, dtype, assert_close):
    """混合高斯加噪之后仍是混合高斯：对 torch.distributions 的对数密度求导。"""
    _, abar = snippet.schedule(T, device=device, dtype=dtype)
    x = torch.linspace(-3, 3, 25, device=device, dtype=dtype)
    means = torch.tensor(PEAKS, device=device, dtype=dtype)
    for t in (1, 8, T):
        a = abar[t]
        spread = (a * STD**2 + 1 - a).sqrt().expand(2)
        density = MixtureSameFamily(Categorical(logits=torch.zeros_like(means)), Normal(a.sqrt() * means, spread))
        leaf = x.clone().requires_grad_()
        (score,) = torch.autograd.grad(density.log_prob(leaf).sum(), leaf)
        actual = snippet.mixture_noise(x[:, None], torch.full((25,), t, device=device), abar, means, STD)
        assert_close(actual[:, 0], -(1 - a).sqrt() * score, factor=30)


def test_best_guess_is_the_score(device, dtype, assert_close):
    check_ideal(ddpm_toy, device, dtype, assert_close)


WRONG_IDEAL = {
    "sign of the score": ("return -(1 - a).sqrt() * score", "return (1 - a).sqrt() * score"),
    "score not scaled": ("return -(1 - a).sqrt() * score", "return -score"),
    "peaks do not move": ("away = x_t - a.sqrt() * means", "away = x_t - means"),
    "peaks keep their width": ("variance = a * std**2 + 1 - a", "variance = std**2 + 1 - a"),
}


@pytest.mark.parametrize("change", WRONG_IDEAL.values(), ids=WRONG_IDEAL)
def test_wrong_ideal_is_noticed(change, assert_close, altered):
    with pytest.raises(AssertionError):
        check_ideal(altered(ddpm_toy, *change), torch.device("cpu"), torch.float64, assert_close)


def test_best_guess_has_the_least_loss():
    """它是条件均值：损失比放大、缩小或平移过的都小。"""
    _, abar = schedule(T, dtype=torch.float64)
    x_0, noise = two_peaks(50_000, dtype=torch.float64), torch.randn(50_000, 1, dtype=torch.float64)
    t = torch.randint(1, T + 1, (50_000,))
    means = torch.tensor(PEAKS, dtype=torch.float64)

    def loss_of(scale, offset):
        return ddpm_toy.loss(lambda x, t: scale * mixture_noise(x, t, abar, means, STD) + offset, x_0, t, noise, abar).item()

    least = loss_of(1, 0)
    assert 0.28 < least < 0.33  # 笔记的 0.30：看不见的那部分噪声，谁也猜不到
    assert all(loss_of(*worse) > least for worse in ((0.9, 0), (1.1, 0), (1, 0.1), (1, -0.1)))


# --- 方差取 β 还是 β̃ ---


def spread_after(noise_of, variance_0: float, *, small: bool) -> list[float]:
    """数据是 N(0, variance_0)、猜法最好时，从 q(x_T) 的方差起逐步退，每步之后方差与 q(x_{t-1}) 的方差之比。"""
    beta, abar = schedule(T, dtype=torch.float64)
    ratios = []
    for t in range(T, 1, -1):
        exact = abar[t] * variance_0 + 1 - abar[t]
        x = torch.ones(1, 1, dtype=torch.float64)
        zero = torch.zeros_like(x)
        eps = (1 - abar[t]).sqrt() / exact * x
        slope = ddpm_step(x, eps, t, beta, abar, zero)  # 均值是 x 的线性函数
        added = (ddpm_step(zero, zero, t, beta, abar, x, small=small)) ** 2
        before = abar[t - 1] * variance_0 + 1 - abar[t - 1]
        ratios.append(((slope**2 * exact + added) / before).item())
    return ratios


def test_beta_is_exact_for_standard_normal_data_and_beta_tilde_for_a_single_point():
    """论文 3.2 节的两个极端；数据介于其间时，β 偏宽，β̃ 偏窄。"""
    assert all(abs(r - 1) < 1e-12 for r in spread_after(None, 1.0, small=False))
    assert all(abs(r - 1) < 1e-9 for r in spread_after(None, 0.0, small=True))
    assert all(r > 1 for r in spread_after(None, 0.25, small=False))
    assert all(r < 1 for r in spread_after(None, 0.25, small=True))


@pytest.mark.parametrize(("small", "rounded"), [(False, "0.27"), (True, "0.22")])
def test_exact_noise_brings_the_peaks_back(small, rounded):
    """笔记的数：猜法完美，50 步的右峰宽 0.27（方差 β）或 0.22（β̃），真值 0.25；比例各半。"""
    beta, abar = schedule(T, dtype=torch.float64)
    means = torch.tensor(PEAKS, dtype=torch.float64)
    torch.manual_seed(0)
    x = sample(lambda x, t: mixture_noise(x, t, abar, means, STD), torch.randn(20_000, 1).double(), beta, abar, small=small)
    right = x[x > 0]
    assert abs(len(right) / len(x) - 0.5) < 5 * 0.5 / math.sqrt(len(x))
    assert abs(right.mean().item() - 1) < 0.02
    assert f"{right.std().item():.2f}" == rounded


# --- 整条退路 ---


def check_sample(snippet, assert_close):
    """从 T 问到 1，一步不漏；数据是一个点 c 时，最后一步不加噪声，恰好停在 c 上，而途中是散开的。"""
    beta, abar = snippet.schedule(T, dtype=torch.float64)
    c, asked, spread = 1.5, [], []

    def at_one_point(x, t):
        asked.append(t.unique().item())
        spread.append(x.std().item())
        a = abar[t][:, None]
        return (x - a.sqrt() * c) / (1 - a).sqrt()

    x = snippet.sample(at_one_point, torch.randn(500, 1, dtype=torch.float64), beta, abar, small=True)
    assert asked == list(range(T, 0, -1))
    assert_close(x, torch.full_like(x, c), factor=100)
    exact = (1 - abar[1:]).sqrt().flip(0)
    assert torch.allclose(torch.tensor(spread, dtype=torch.float64), exact, rtol=0.2)


def test_sampling_asks_for_every_step_and_ends_at_the_point(assert_close):
    check_sample(ddpm_toy, assert_close)


WRONG_SAMPLES = {
    "last step left out": ("range(len(beta) - 1, 0, -1)", "range(len(beta) - 1, 1, -1)"),
    "first step left out": ("range(len(beta) - 1, 0, -1)", "range(len(beta) - 2, 0, -1)"),
    "model told the step before": ("torch.full((len(x),), t, device", "torch.full((len(x),), t - 1, device"),
    "options forgotten": ("abar, z, **options)", "abar, z)"),
    "same noise for all": ("z = torch.randn(x.shape,", "z = torch.randn(1, 1,"),
}


@pytest.mark.parametrize("change", WRONG_SAMPLES.values(), ids=WRONG_SAMPLES)
def test_wrong_sample_is_noticed(change, assert_close, altered):
    with pytest.raises(AssertionError):
        check_sample(altered(ddpm_toy, *change), assert_close)


# --- DDIM ---


def check_ddim(snippet, assert_close):
    """数据是一个点 c 时，ε 一看便知：跳几步都回到 c；每一步都落在同一条直线 √ᾱ c + √(1-ᾱ) ε 上。"""
    _, abar = snippet.schedule(T, dtype=torch.float64)
    eps = torch.randn(4, 1, dtype=torch.float64)
    c = torch.full_like(eps, 1.5)
    x = abar[T].sqrt() * c + (1 - abar[T]).sqrt() * eps
    for t, before in ((T, 20), (20, 3), (3, 0)):
        x = snippet.ddim_step(x, eps, t, before, abar)
        assert_close(x, abar[before].sqrt() * c + (1 - abar[before]).sqrt() * eps)
    assert_close(x, c)


def test_ddim_walks_the_straight_way(assert_close):
    check_ddim(ddpm_toy, assert_close)


@pytest.mark.parametrize(
    ("old", "new"),
    [("abar[before].sqrt() * x_0", "abar[before] * x_0"), ("(1 - abar[before]).sqrt() * eps", "(1 - abar[t]).sqrt() * eps")],
    ids=["root left out", "noise of the step before"],
)
def test_wrong_ddim_is_noticed(old, new, assert_close, altered):
    with pytest.raises(AssertionError):
        check_ddim(altered(ddpm_toy, old, new), assert_close)


def test_ddim_in_ten_leaps_keeps_both_peaks():
    """不加噪声：同样的 x_T 总给同样的 x_0，次序也不变（一维里轨迹不相交）。"""
    _, abar = schedule(T, dtype=torch.float64)
    means = torch.tensor(PEAKS, dtype=torch.float64)
    x = torch.special.ndtri(torch.linspace(0.005, 0.995, 101, dtype=torch.float64))[:, None]  # 标准正态的分位数
    for t in range(T, 0, -5):
        x = ddim_step(x, mixture_noise(x, torch.full((101,), t), abar, means, STD), t, t - 5, abar)
    assert torch.all(x[1:] > x[:-1])
    assert x.abs().median() == pytest.approx(1, abs=0.15)
    assert (x > 0).sum() == 50  # 中间一个恰在 0


@pytest.mark.parametrize(("steps", "rounded"), [(50, "0.99 0.25"), (10, "0.94 0.24"), (5, "0.86 0.27")])
def test_fewer_leaps_are_coarser(steps, rounded):
    """笔记的数：猜法完美，跳几步到底，右峰的中心与宽。"""
    _, abar = schedule(T, dtype=torch.float64)
    means = torch.tensor(PEAKS, dtype=torch.float64)
    torch.manual_seed(0)
    x, leap = torch.randn(20_000, 1).double(), T // steps
    for t in range(T, 0, -leap):
        x = ddim_step(x, mixture_noise(x, torch.full((len(x),), t), abar, means, STD), t, t - leap, abar)
    right = x[x > 0]
    assert f"{right.mean().item():.2f} {right.std().item():.2f}" == rounded


# --- 训练 ---


def test_loss_passes_gradcheck(device):
    _, abar = schedule(5, device=device, dtype=torch.float64)
    model = NoiseNet(5, 3, device=device, dtype=torch.float64)
    x_0, noise = torch.randn(2, 4, 1, device=device, dtype=torch.float64)
    t = torch.tensor([1, 2, 3, 5], device=device)

    def value(*weights):
        names = [name for name, _ in model.named_parameters()]
        call = lambda x, t: torch.func.functional_call(model, dict(zip(names, weights, strict=True)), (x, t))  # noqa: E731
        return ddpm_toy.loss(call, x_0, t, noise, abar)

    assert torch.autograd.gradcheck(value, tuple(w.detach().clone().requires_grad_() for w in model.parameters()))


class Listener(torch.nn.Module):
    """猜一个常数，记下被问到的时刻。"""

    def __init__(self):
        super().__init__()
        self.guess, self.asked = torch.nn.Parameter(torch.zeros(1)), []

    def forward(self, x, t):
        self.asked.append(t)
        return self.guess.expand_as(x)


def check_times(snippet):
    """每批里各抽各的 t，1 到 T 都均匀地抽到，没有 0。"""
    listener = Listener()
    snippet.train(listener, two_peaks(100), schedule(5)[1], rounds=20, batch=250)
    shares = torch.stack(listener.asked).flatten().bincount(minlength=6) / 5000
    assert torch.allclose(shares, torch.tensor([0, 0.2, 0.2, 0.2, 0.2, 0.2]), atol=0.03)
    assert all(len(t.unique()) == 5 for t in listener.asked)


def test_every_time_is_trained_alike():
    check_times(ddpm_toy)


WRONG_TIMES = {
    "last time left out": ("torch.randint(1, len(abar)", "torch.randint(1, len(abar) - 1"),
    "time 0 too": ("torch.randint(1, len(abar)", "torch.randint(0, len(abar)"),
    "one time for the batch": ("len(abar), (batch,), **kind)", "len(abar), (1,), **kind).expand(batch)"),
}


@pytest.mark.parametrize("change", WRONG_TIMES.values(), ids=WRONG_TIMES)
def test_wrong_times_are_noticed(change, altered):
    with pytest.raises(AssertionError):
        check_times(altered(ddpm_toy, *change))


def test_trained_model_makes_two_peaks():
    torch.manual_seed(0)
    beta, abar = schedule(T)
    model = NoiseNet(T)
    train(model, two_peaks(4096), abar, rounds=1000)
    x = sample(model, torch.randn(4000, 1), beta, abar)
    right = x[x > 0]
    assert abs(len(right) / len(x) - 0.5) < 0.05
    assert abs(right.mean().item() - 1) < 0.1
    assert 0.2 < right.std().item() < 0.4


def test_every_tensor_is_made_on_the_inputs_device(on_meta):
    beta, abar = schedule(5)
    model = NoiseNet(5)
    x = torch.randn(4, 1)
    assert on_meta(sample, model, x, beta, abar).shape == (4, 1)
    assert on_meta(mixture_noise, x, torch.tensor([1, 2, 3, 4]), abar, torch.tensor(PEAKS), STD).shape == (4, 1)
    assert on_meta(add_noise, x, torch.tensor([1, 2, 3, 4]), x, abar).shape == (4, 1)
    assert two_peaks(3, device="meta").device.type == schedule(3, device="meta")[1].device.type == "meta"


# --- 笔记里的例子 ---


def test_the_worked_example_of_the_note():
    """两步：β = (0.1, 0.2)，x_0 = 1，ε = 0.5。"""
    beta = torch.tensor([0, 0.1, 0.2], dtype=torch.float64)
    abar = (1 - beta).cumprod(dim=0)
    assert [round(a, 4) for a in abar.tolist()] == [1, 0.9, 0.72]
    one, half = torch.ones(1, 1, dtype=torch.float64), torch.full((1, 1), 0.5, dtype=torch.float64)
    x_2 = add_noise(one, torch.tensor([2]), half, abar)
    assert round(x_2.item(), 4) == 1.1131
    mean, variance = posterior(x_2, one, 2, beta, abar)
    assert [round(v.item(), 4) for v in (mean, variance)] == [1.0332, 0.0714]
    assert round(ddpm_step(x_2, half, 2, beta, abar, 0 * one).item(), 4) == 1.0332
