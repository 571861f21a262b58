"""去噪扩散模型：一步加到任意噪声的闭式，学着认出噪声，再一步步去掉；数据是一维的两座高斯峰。

记号：t = 1…T，β_t 是第 t 步加的噪声方差，ᾱ_t = Π_{s≤t}(1-β_s)，ᾱ_0 = 1，数组下标就是 t。
x_t = √ᾱ_t x_0 + √(1-ᾱ_t) ε。网络看 x_t 与 t，猜 ε。
来源：Ho 等 2020, arXiv:2006.11239（公式 4、7、11、14）；DDIM Song 等 2021, arXiv:2010.02502（公式 12）。
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

Noise = Callable[[Tensor, Tensor], Tensor]  # (x_t, t) -> 猜的 ε，形状同 x_t


def schedule(steps: int, first: float = 1e-4, last: float = 0.2, **kind: Any) -> tuple[Tensor, Tensor]:
    """线性增加的 β 与 ᾱ，各 (T+1,)；β_0 = 0 只占位。论文 T = 1000、last = 0.02，步数少则每步要加得多。"""
    beta = torch.linspace(first, last, steps, **kind)
    beta = torch.cat([beta.new_zeros(1), beta])
    return beta, (1 - beta).cumprod(dim=0)


def add_noise(x_0: Tensor, t: Tensor, noise: Tensor, abar: Tensor) -> Tensor:
    """q(x_t | x_0) 的一个样本，一步到位。x_0 与 noise (B, D)，t (B,) -> (B, D)。"""
    a = abar[t][:, None]  # (B, 1)
    return a.sqrt() * x_0 + (1 - a).sqrt() * noise


def loss(model: Noise, x_0: Tensor, t: Tensor, noise: Tensor, abar: Tensor) -> Tensor:
    """猜的噪声与真噪声的均方误差（论文的 L_simple）。"""
    return (model(add_noise(x_0, t, noise, abar), t) - noise).square().mean()


def posterior(x_t: Tensor, x_0: Tensor, t: int, beta: Tensor, abar: Tensor) -> tuple[Tensor, Tensor]:
    """q(x_{t-1} | x_t, x_0) 的均值与方差 β̃_t。"""
    before, b = abar[t - 1], beta[t]
    mean = (before.sqrt() * b * x_0 + (1 - b).sqrt() * (1 - before) * x_t) / (1 - abar[t])
    return mean, b * (1 - before) / (1 - abar[t])


def ddpm_step(x_t: Tensor, eps: Tensor, t: int, beta: Tensor, abar: Tensor, z: Tensor, *, small: bool = False) -> Tensor:
    """退一步：把猜的 ε 换算成均值，再加方差 β_t（small 时 β̃_t）的噪声；最后一步不加。"""
    x_0 = (x_t - (1 - abar[t]).sqrt() * eps) / abar[t].sqrt()
    mean, variance = posterior(x_t, x_0, t, beta, abar)
    variance = variance if small else beta[t]
    return mean + variance.sqrt() * z if t > 1 else mean


def ddim_step(x_t: Tensor, eps: Tensor, t: int, before: int, abar: Tensor) -> Tensor:
    """不加噪声的退法：从 t 直接到 before，可以跳步。"""
    x_0 = (x_t - (1 - abar[t]).sqrt() * eps) / abar[t].sqrt()
    return abar[before].sqrt() * x_0 + (1 - abar[before]).sqrt() * eps


@torch.no_grad()
def sample(
    model: Noise, x: Tensor, beta: Tensor, abar: Tensor, generator: torch.Generator | None = None, **options: bool
) -> Tensor:
    """从 x = x_T（标准正态，(B, D)）退到 x_0；options 交给 ddpm_step。"""
    for t in range(len(beta) - 1, 0, -1):
        z = torch.randn(x.shape, generator=generator, device=x.device, dtype=x.dtype)
        x = ddpm_step(x, model(x, torch.full((len(x),), t, device=x.device)), t, beta, abar, z, **options)
    return x


def mixture_noise(x_t: Tensor, t: Tensor, abar: Tensor, means: Tensor, std: float) -> Tensor:
    """数据是等权高斯混合（均值 means (K,)，同一个标准差）时最好的猜法：E[ε | x_t] = -√(1-ᾱ_t) ∇log q(x_t)。"""
    a = abar[t][:, None]  # (B, 1)
    variance = a * std**2 + 1 - a
    away = x_t - a.sqrt() * means  # (B, K) 离每座峰多远；x_t (B, 1)
    weights = (-away.square() / (2 * variance)).softmax(dim=-1)  # 属于每座峰的后验概率
    score = -(weights * away).sum(dim=-1, keepdim=True) / variance  # (B, 1)
    return -(1 - a).sqrt() * score


class NoiseNet(nn.Module):
    """两层的小网络，看 x_t 与时间的几个正弦特征。x (B, 1)，t (B,) -> (B, 1)。"""

    def __init__(self, steps: int, hidden: int = 64, **kind: Any) -> None:
        super().__init__()
        self.steps = steps
        self.layers = nn.Sequential(
            nn.Linear(9, hidden, **kind), nn.SiLU(), nn.Linear(hidden, hidden, **kind), nn.SiLU(), nn.Linear(hidden, 1, **kind)
        )

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        speeds = math.pi * 2.0 ** torch.arange(-1, 3, device=x.device, dtype=x.dtype)  # (4,) 由慢到快
        angles = (t / self.steps).to(x.dtype)[:, None] * speeds  # (B, 4)
        return self.layers(torch.cat([x, angles.sin(), angles.cos()], dim=-1))


def train(
    model: nn.Module,
    data: Tensor,
    abar: Tensor,
    *,
    rounds: int,
    batch: int = 256,
    lr: float = 1e-2,
    generator: torch.Generator | None = None,
) -> float:
    """每轮：抽一批数据、各抽一个 t、抽噪声，走一步 Adam；学习率线性降到 0。返回最后的损失。data (N, D)。"""
    optimizer = torch.optim.Adam(model.parameters(), lr)
    decay = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, rounds)
    kind = {"generator": generator, "device": data.device}
    for _ in range(rounds):
        x_0 = data[torch.randint(len(data), (batch,), **kind)]
        t = torch.randint(1, len(abar), (batch,), **kind)
        value = loss(model, x_0, t, torch.randn(x_0.shape, dtype=data.dtype, **kind), abar)
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        decay.step()
    return value.item()


def two_peaks(n: int, **kind: Any) -> Tensor:
    """数据：一半在 -1 附近，一半在 1 附近，标准差 0.25 -> (n, 1)。"""
    return torch.rand(n, 1, **kind).sub(0.5).sign() + 0.25 * torch.randn(n, 1, **kind)


if __name__ == "__main__":
    torch.manual_seed(0)
    beta, abar = schedule(50)
    model = NoiseNet(50)
    train(model, two_peaks(4096), abar, rounds=1500)
    x = sample(model, torch.randn(4000, 1), beta, abar)
    right = x[x > 0]
    print(f"右峰占 {len(right) / len(x):.3f}，中心 {right.mean().item():.2f}，宽 {right.std().item():.2f}；应为 0.5、1、0.25")
