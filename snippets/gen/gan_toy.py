"""生成对抗网络：判别器学着分真假，生成器学着骗过它；数据是一维的高斯 N(2, 0.5²)。

记号：p 是数据的密度，q 是生成器的密度；判别器给出 logit a(x)，D(x) = σ(a(x)) 是“x 为真”的概率。
来源：Goodfellow 等 2014, arXiv:1406.2661（命题 1、定理 1、第 3 节的非饱和损失）；
WGAN Arjovsky 等 2017, arXiv:1701.07875。
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid

MEAN, STD = 2.0, 0.5


def discriminator_loss(real: Tensor, fake: Tensor) -> Tensor:
    """-E_p log D - E_q log(1 - D)，由 logit 算：1 - σ(a) = σ(-a)，不会取到 log 0。"""
    return -logsigmoid(real).mean() - logsigmoid(-fake).mean()


def generator_loss(fake: Tensor) -> Tensor:
    """非饱和：-E_q log D。D 看穿了假货（a → -∞）时，对 a 的斜率仍接近 -1。"""
    return -logsigmoid(fake).mean()


def saturating_loss(fake: Tensor) -> Tensor:
    """极小极大的原式：E_q log(1 - D)。同样的不动点，但 a → -∞ 时斜率趋于 0。"""
    return logsigmoid(-fake).mean()


def best_discriminator(p: Tensor, q: Tensor) -> Tensor:
    """生成器不动时最好的判别器 D* = p/(p+q)；p、q 是同一批点上的密度。"""
    return p / (p + q)


def jensen_shannon(p: Tensor, q: Tensor, dx: float) -> Tensor:
    """网格上的 JSD（自然对数）：½KL(p‖m) + ½KL(q‖m)，m = (p+q)/2；0·log 0 取 0。"""
    m = (p + q) / 2
    return 0.5 * dx * (torch.xlogy(p, p / m) + torch.xlogy(q, q / m)).nan_to_num().sum()


def wasserstein(x: Tensor, y: Tensor) -> Tensor:
    """两组同样多的一维样本的 W1：排好序，一对一搬过去的平均路程。x、y (n,)。"""
    return (x.sort().values - y.sort().values).abs().mean()


def build_net(hidden: int, *, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> nn.Sequential:
    """(B, 1) -> (B, 1) 的两层网络；生成器与判别器都用它。"""
    first = nn.Linear(1, hidden, device=device, dtype=dtype)
    return nn.Sequential(first, nn.Tanh(), nn.Linear(hidden, 1, device=device, dtype=dtype))


def train(
    generator: nn.Module,
    discriminator: nn.Module,
    real: Tensor,
    *,
    rounds: int,
    rates: tuple[float, float] = (0.002, 0.02),
    batch: int = 128,
) -> None:
    """交替各走一步 Adam：先判别器，后生成器。real (N, 1) 是数据，噪声 z 是标准正态。

    rates 是生成器与判别器的学习率：判别器要学得快，才跟得上会动的靶子（Heusel 等 2017, arXiv:1706.08500）。
    """
    g_step = torch.optim.Adam(generator.parameters(), rates[0], betas=(0.5, 0.999))
    d_step = torch.optim.Adam(discriminator.parameters(), rates[1], betas=(0.5, 0.999))
    for _ in range(rounds):
        x = real[torch.randint(len(real), (batch,), device=real.device)]  # (batch, 1)
        fake = generator(torch.randn_like(x))  # (batch, 1)
        d_step.zero_grad()
        discriminator_loss(discriminator(x), discriminator(fake.detach())).backward()  # 这一步不改生成器
        d_step.step()
        g_step.zero_grad()
        generator_loss(discriminator(fake)).backward()  # 梯度穿过判别器；留在它身上的，下一轮先清零
        g_step.step()


if __name__ == "__main__":
    torch.manual_seed(0)
    real = MEAN + STD * torch.randn(4096, 1)
    for rates in ((0.002, 0.02), (0.01, 0.01)):
        g, d = build_net(16), build_net(32)
        train(g, d, real, rounds=800, rates=rates)
        fake = g(torch.randn(4096, 1))
        print(f"学习率 {rates}：生成的均值 {fake.mean().item():.2f}，标准差 {fake.std().item():.2f}（数据 2 与 0.5）")
