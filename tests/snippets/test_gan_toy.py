"""生成对抗网络的证明：对照 torch 的二元交叉熵、最好判别器的闭式、JSD 的数值积分与 scipy 的 W1。"""

from __future__ import annotations

import math

import pytest
import torch
from torch.distributions import Normal
from torch.nn import functional

from snippets.gen import gan_toy
from snippets.gen.ddpm_toy import two_peaks
from snippets.gen.gan_toy import (
    MEAN,
    STD,
    best_discriminator,
    build_net,
    discriminator_loss,
    generator_loss,
    jensen_shannon,
    saturating_loss,
    train,
    wasserstein,
)

GRID = torch.linspace(-12, 14, 5201, dtype=torch.float64)
DX = (GRID[1] - GRID[0]).item()


def density(mean, std):
    return Normal(mean, std).log_prob(GRID).exp()


# --- 损失 ---


def check_losses(snippet, device, dtype, assert_close):
    real, fake = 3 * torch.randn(2, 40, 1, device=device, dtype=dtype)
    one, zero = torch.ones_like(real), torch.zeros_like(real)
    bce = functional.binary_cross_entropy_with_logits
    assert_close(snippet.discriminator_loss(real, fake), bce(real, one) + bce(fake, zero))
    assert_close(snippet.generator_loss(fake), bce(fake, one))
    assert_close(snippet.saturating_loss(fake), -bce(fake, zero))


def test_losses_are_the_librarys_cross_entropy(device, dtype, assert_close):
    check_losses(gan_toy, device, dtype, assert_close)


WRONG_LOSSES = {
    "fake taken for real": (
        "-logsigmoid(real).mean() - logsigmoid(-fake).mean()",
        "-logsigmoid(real).mean() - logsigmoid(fake).mean()",
    ),
    "fakes left out": ("return -logsigmoid(real).mean() - logsigmoid(-fake).mean()", "return -logsigmoid(real).mean()"),
    "generator helps the judge": ("return -logsigmoid(fake).mean()", "return -logsigmoid(-fake).mean()"),
    "saturating with the wrong sign": ("return logsigmoid(-fake).mean()", "return -logsigmoid(-fake).mean()"),
}


@pytest.mark.parametrize("change", WRONG_LOSSES.values(), ids=WRONG_LOSSES)
def test_wrong_losses_are_noticed(change, assert_close, altered):
    with pytest.raises(AssertionError):
        check_losses(altered(gan_toy, *change), torch.device("cpu"), torch.float64, assert_close)


def test_losses_pass_gradcheck(device):
    real, fake = torch.randn(2, 5, 1, device=device, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(discriminator_loss, (real, fake))
    assert torch.autograd.gradcheck(generator_loss, (fake,))
    assert torch.autograd.gradcheck(saturating_loss, (fake,))


def test_extreme_logits_stay_finite(device, dtype):
    a = torch.tensor([[-1e4], [1e4]], device=device, dtype=dtype, requires_grad=True)
    value = discriminator_loss(a, a) + generator_loss(a)
    assert torch.isfinite(value)
    assert torch.isfinite(torch.autograd.grad(value, a)[0]).all()


def test_saturating_slope_dies_where_the_judge_is_sure(assert_close):
    """笔记的表：logit -5 时 D = 0.0067；原式的斜率 -D，非饱和的斜率 -(1-D)。"""
    a = torch.tensor([-5.0, 0.0, 5.0], dtype=torch.float64, requires_grad=True)
    (flat,) = torch.autograd.grad(3 * saturating_loss(a), a)
    (steep,) = torch.autograd.grad(3 * generator_loss(a), a)
    d = torch.sigmoid(a).detach()
    assert_close(flat, -d)
    assert_close(steep, d - 1)
    assert [round(v, 4) for v in (*flat.tolist(), *steep.tolist())] == [-0.0067, -0.5, -0.9933, -0.9933, -0.5, -0.0067]


# --- 最好的判别器与对局的值 ---


def check_best(snippet, assert_close):
    """在网格上给每个点一个自由的 logit，用 Newton 把判别器的损失降到底，与闭式相同。"""
    p, q = density(2.0, 0.5), density(1.0, 1.0)
    inside = (p > 1e-9) & (q > 1e-9)
    a = torch.zeros_like(p)
    for _ in range(60):  # 每点的损失 -p log σ(a) - q log σ(-a) 是凸的
        s = torch.sigmoid(a)
        a = a - ((p + q) * s - p) / ((p + q) * s * (1 - s)).clamp(min=1e-30) * 0.5
    # 五十多步、步长减半的 Newton 每步把误差减半
    assert_close(snippet.best_discriminator(p, q)[inside], torch.sigmoid(a)[inside], factor=1000)


def test_best_judge_is_p_over_p_plus_q(assert_close):
    check_best(gan_toy, assert_close)


def test_wrong_best_judge_is_noticed(assert_close, altered):
    with pytest.raises(AssertionError):
        check_best(altered(gan_toy, "return p / (p + q)", "return q / (p + q)"), assert_close)


def check_value(snippet, assert_close):
    """代入最好的判别器，对局的值是 2·JSD - ln 4。"""
    p, q = density(2.0, 0.5), density(1.0, 1.0)
    d = best_discriminator(p, q)
    value = DX * (torch.xlogy(p, d) + torch.xlogy(q, 1 - d)).nan_to_num(neginf=0).sum()
    assert_close(value, 2 * snippet.jensen_shannon(p, q, DX) - math.log(4), factor=10)
    assert_close(snippet.jensen_shannon(p, p, DX), torch.zeros_like(value))


def test_value_of_the_game_is_the_divergence(assert_close):
    check_value(gan_toy, assert_close)


@pytest.mark.parametrize(
    ("old", "new"),
    [("m = (p + q) / 2", "m = p + q"), ("return 0.5 * dx", "return dx"), ("torch.xlogy(q, q / m)", "torch.xlogy(q, q / p)")],
    ids=["mixture not halved", "not halved", "plain KL"],
)
def test_wrong_divergence_is_noticed(old, new, assert_close, altered):
    with pytest.raises(AssertionError):
        check_value(altered(gan_toy, old, new), assert_close)


def test_a_fitted_judge_comes_near_the_best():
    """生成器不动，训练出来的判别器在数据密的地方接近 D*。"""
    torch.manual_seed(0)
    judge = build_net(32)
    optimizer = torch.optim.Adam(judge.parameters(), 0.02)
    for _ in range(400):
        x, y = 2 + 0.5 * torch.randn(512, 1), 1 + torch.randn(512, 1)
        optimizer.zero_grad()
        discriminator_loss(judge(x), judge(y)).backward()
        optimizer.step()
    x = torch.linspace(0, 3, 31)[:, None]
    best = best_discriminator(Normal(2.0, 0.5).log_prob(x).exp(), Normal(1.0, 1.0).log_prob(x).exp())
    assert (torch.sigmoid(judge(x)) - best).abs().max() < 0.08


# --- JSD 与 W1 ---


@pytest.mark.parametrize(("apart", "divergence"), [(0.0, 0.0), (0.5, 0.3466), (1.0, 0.6931), (4.0, 0.6931)])
def test_divergence_is_stuck_where_supports_are_apart(apart, divergence):
    """笔记的表：两个宽 1 的均匀分布相距 θ：JSD = min(θ, 1)·ln 2，一旦不重叠就再也不变；W1 = θ。"""
    cells = torch.arange(8000, dtype=torch.float64)
    p = ((cells >= 1000) & (cells < 2000)).double()
    q = ((cells >= 1000 + 1000 * apart) & (cells < 2000 + 1000 * apart)).double()
    assert round(jensen_shannon(p, q, 0.001).item(), 4) == divergence
    x = torch.rand(1000, dtype=torch.float64)
    assert wasserstein(x, x + apart).item() == pytest.approx(apart, abs=1e-12)


def check_wasserstein(snippet, device, dtype, assert_close):
    stats = pytest.importorskip("scipy.stats")
    x, y = torch.randn(2, 200, device=device, dtype=dtype)
    y = 2 * y + 1
    expected = stats.wasserstein_distance(x.cpu().double().numpy(), y.cpu().double().numpy())
    assert_close(snippet.wasserstein(x, y), torch.tensor(expected, device=device, dtype=dtype))


def test_wasserstein_is_scipys(device, dtype, assert_close):
    check_wasserstein(gan_toy, device, dtype, assert_close)


def test_wasserstein_without_sorting_is_noticed(assert_close, altered):
    wrong = altered(gan_toy, "(x.sort().values - y.sort().values)", "(x - y)")
    with pytest.raises(AssertionError):
        check_wasserstein(wrong, torch.device("cpu"), torch.float64, assert_close)


# --- 训练 ---


def trained(seed: int, real, rounds: int, rates):
    torch.manual_seed(seed)
    real = real(4096)
    g, d = build_net(16), build_net(32)
    train(g, d, real, rounds=rounds, rates=rates)
    with torch.no_grad():
        return g(torch.randn(4096, 1)), real, d


def gaussian(n):
    return MEAN + STD * torch.randn(n, 1)


def test_a_quick_judge_leads_the_generator_to_the_data():
    """笔记的数：生成器 0.002、判别器 0.02，800 轮到位；同样的 0.01，散布塌成一小撮。"""
    fake, real, _ = trained(0, gaussian, 800, (0.002, 0.02))
    assert abs(fake.mean().item() - MEAN) < 0.3
    assert abs(fake.std().item() - STD) < 0.2
    assert wasserstein(fake[:, 0], real[:, 0]) < 0.2
    fake, real, _ = trained(0, gaussian, 800, (0.01, 0.01))
    assert fake.std().item() < 0.25
    assert wasserstein(fake[:, 0], real[:, 0]) > 0.2


def test_one_of_two_peaks_may_be_forgotten():
    """模式坍塌：数据有两座峰；笔记的八次里，种子 5 只生成左边一座，种子 0 两座都有。

    判别器知道右边缺一堆；只是生成器的样本都在左峰，那里的斜率不往右指。
    """
    fake, real, judge = trained(5, two_peaks, 800, (0.002, 0.02))
    assert (fake > 0).float().mean() < 0.02
    x = torch.tensor([[-1.0], [-0.75], [1.0]], requires_grad=True)
    a = judge(x)
    (slope,) = torch.autograd.grad(a.sum(), x)
    left, _, right = torch.sigmoid(a)[:, 0].tolist()
    assert 0.25 < left < 0.45  # 最好的判别器：一半的真样本、全部的假样本，三分之一上下
    assert right > 0.9
    assert slope[1] < 0
    assert -discriminator_loss(judge(real), judge(fake)) > -1.1
    fake, _, _ = trained(0, two_peaks, 800, (0.002, 0.02))
    assert 0.3 < (fake > 0).float().mean() < 0.7


def check_round(snippet):
    """两轮之后，两边都与手工走的 Adam 相同：判别器先走，不改生成器；生成器看的是走过一步的判别器。

    float64：Adam 的头几步只看梯度的正负，接近 0 的梯度在 float32 里会翻。
    """
    torch.manual_seed(0)
    real = gaussian(128).double()
    g, d = build_net(4, dtype=torch.float64), build_net(4, dtype=torch.float64)
    by_hand = [{k: v.clone() for k, v in net.state_dict().items()} for net in (g, d)]
    torch.manual_seed(1)
    snippet.train(g, d, real, rounds=2, rates=(0.002, 0.02))
    torch.manual_seed(1)
    call = torch.func.functional_call
    past: list[list[dict[str, torch.Tensor]]] = [[], []]  # 生成器与判别器历次的梯度
    for _ in range(2):
        x = real[torch.randint(128, (128,))]
        z = torch.randn_like(x)
        for which, rate in ((1, 0.02), (0, 0.002)):
            mine = {k: v.detach().requires_grad_() for k, v in by_hand[which].items()}
            if which == 1:
                loss = discriminator_loss(call(d, mine, (x,)), call(d, mine, (call(g, by_hand[0], (z,)),)))
            else:
                loss = generator_loss(call(d, by_hand[1], (call(g, mine, (z,)),)))
            slopes = torch.autograd.grad(loss, list(mine.values()))
            past[which].append(dict(zip(mine, slopes, strict=True)))
            by_hand[which] = {k: adam(v.detach(), [s[k] for s in past[which]], rate) for k, v in mine.items()}
    for net, weights in zip((g, d), by_hand, strict=True):
        assert all(torch.allclose(net.state_dict()[k], v, rtol=0, atol=1e-9) for k, v in weights.items())


def adam(weight, slopes, rate, betas=(0.5, 0.999)):
    """历次的梯度都给出时 Adam 的最后一步：两个指数平均各自除以权重之和。"""
    first, second = 0.0, 0.0
    for slope in slopes:
        first = betas[0] * first + (1 - betas[0]) * slope
        second = betas[1] * second + (1 - betas[1]) * slope**2
    t = len(slopes)
    return weight - rate * first / (1 - betas[0] ** t) / ((second / (1 - betas[1] ** t)).sqrt() + 1e-8)


def test_two_rounds_are_the_steps_by_hand():
    check_round(gan_toy)


WRONG_ROUNDS = {
    "generator helps the judge": (
        "generator_loss(discriminator(fake)).backward()",
        "generator_loss(-discriminator(fake)).backward()",
    ),
    "rates swapped": ("discriminator.parameters(), rates[1]", "discriminator.parameters(), rates[0]"),
    "generator stands still": ("        g_step.step()", "        pass"),
    "generator at the judge's rate": ("generator.parameters(), rates[0]", "generator.parameters(), rates[1]"),
    "judge's gradient not cleared": ("        d_step.zero_grad()", "        pass"),
    "generator's gradient not cleared": ("        g_step.zero_grad()", "        pass"),
    "generator's momentum 0.9": ("rates[0], betas=(0.5, 0.999)", "rates[0]"),
    "judge's momentum 0.9": ("rates[1], betas=(0.5, 0.999)", "rates[1]"),
}


@pytest.mark.parametrize("change", WRONG_ROUNDS.values(), ids=WRONG_ROUNDS)
def test_wrong_round_is_noticed(change, altered):
    with pytest.raises(AssertionError):
        check_round(altered(gan_toy, *change))


def test_every_tensor_is_made_on_the_inputs_device(on_meta):
    real = gaussian(16)
    on_meta(lambda x, g, d: train(g, d, x, rounds=1, batch=4), real, build_net(3), build_net(3))
    assert all(w.device.type == "meta" for w in build_net(3, device="meta").parameters())
