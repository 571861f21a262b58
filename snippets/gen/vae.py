"""变分自编码器：编码器给出隐变量的分布，解码器由隐变量给出数据的分布，最大化对数似然的下界。

记号：x (B, D)，z (B, K)；q(z|x) = N(μ, diag σ²)，先验 N(0, I)，p(x|z) = N(解码的均值, s² I)。
方差都以对数存放（log_var），取指数即为正。
来源：Kingma & Welling 2014, arXiv:1312.6114（附录 B 的 KL）；线性情形 Lucas 等 2019, arXiv:1911.02469。
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn


def kl_to_standard(mean: Tensor, log_var: Tensor) -> Tensor:
    """KL(N(μ, diag σ²) ‖ N(0, I)) = ½ Σ (μ² + σ² - 1 - ln σ²)。各 (B, K) -> (B,)。"""
    return 0.5 * (mean.square() + log_var.exp() - 1 - log_var).sum(dim=-1)


def reparameterize(mean: Tensor, log_var: Tensor, noise: Tensor) -> Tensor:
    """z = μ + σ ε：随机性移到 ε 里，μ 与 σ 便可以求导。noise 是标准正态，形状同 μ。"""
    return mean + (0.5 * log_var).exp() * noise


def gaussian_log_density(x: Tensor, mean: Tensor, log_var: Tensor) -> Tensor:
    """log N(x; mean, s² I)，log_var = ln s² 是一个数。x (B, D) -> (B,)；不省略常数，下界才能与似然比。"""
    squares = (x - mean).square() / log_var.exp()
    return -0.5 * (squares + log_var + math.log(2 * math.pi)).sum(dim=-1)


class VAE(nn.Module):
    """hidden = 0 时编码器与解码器都是一个线性层，否则各有一个 tanh 隐藏层；s² 也学。"""

    def __init__(self, d: int, latent: int, hidden: int = 0, **kind: Any) -> None:
        super().__init__()
        self.encoder = build_net(d, 2 * latent, hidden, **kind)
        self.decoder = build_net(latent, d, hidden, **kind)
        self.log_var = nn.Parameter(torch.zeros((), **kind))

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """x (B, D) -> q(z|x) 的 μ 与 ln σ²，各 (B, K)。"""
        mean, log_var = self.encoder(x).chunk(2, dim=-1)
        return mean, log_var

    def elbo(self, x: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """每个样本的重构项（用一个 z 估计）与 KL 项，各 (B,)；下界是两者之差。noise (B, K)。"""
        mean, log_var = self.encode(x)
        z = reparameterize(mean, log_var, noise)  # (B, K)
        return gaussian_log_density(x, self.decoder(z), self.log_var), kl_to_standard(mean, log_var)

    def sample(self, z: Tensor, noise: Tensor) -> Tensor:
        """z (B, K) 取自先验，noise (B, D) 是标准正态 -> 新的数据 (B, D)；只取解码的均值，就少了 s² 那份散布。"""
        return self.decoder(z) + (0.5 * self.log_var).exp() * noise


def build_net(d_in: int, d_out: int, hidden: int, **kind: Any) -> nn.Module:
    if hidden == 0:
        return nn.Linear(d_in, d_out, **kind)
    return nn.Sequential(nn.Linear(d_in, hidden, **kind), nn.Tanh(), nn.Linear(hidden, d_out, **kind))


def train(model: VAE, data: Tensor, *, rounds: int, batch: int = 256, lr: float = 0.02) -> None:
    """每轮抽一批 (batch, D) 与噪声，走一步 Adam；学习率线性降到 0。"""
    optimizer = torch.optim.Adam(model.parameters(), lr)
    decay = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, rounds)
    for _ in range(rounds):
        x = data[torch.randint(len(data), (batch,), device=data.device)]
        mean, _ = model.encode(x)
        fit, kl = model.elbo(x, torch.randn_like(mean))
        optimizer.zero_grad()
        (kl - fit).mean().backward()
        optimizer.step()
        decay.step()


def best_linear(data: Tensor, latent: int) -> tuple[Tensor, Tensor]:
    """线性解码器能达到的最大平均对数似然与那时的 s²：概率主成分分析的闭式（Tipping & Bishop 1999）。

    λ 是协方差（除以 N）的特征值，前 K 个各管一个方向，s² 是其余的平均。
    """
    n, d = data.shape
    centred = data - data.mean(dim=0)
    values = torch.linalg.eigvalsh(centred.T @ centred / n).flip(0)  # (D,) 由大到小
    s2 = values[latent:].mean()
    log_det = values[:latent].log().sum() + (d - latent) * s2.log()
    return -0.5 * (d * math.log(2 * math.pi) + log_det + d), s2


if __name__ == "__main__":
    torch.manual_seed(0)
    w = torch.tensor([[1.5, 0.0], [0.5, 1.0], [0.0, 0.5], [1.0, -1.0]])  # 四维数据，两维的因，再加噪声 s = 0.3
    data = torch.randn(4096, 2) @ w.T + 0.3 * torch.randn(4096, 4)
    model = VAE(4, 2)
    train(model, data, rounds=800)
    with torch.no_grad():
        fit, kl = model.elbo(data.repeat(16, 1), torch.randn(16 * 4096, 2))
    most, s2 = best_linear(data, 2)
    print(f"下界 {(fit - kl).mean().item():.3f}，线性解码器的最大对数似然 {most.item():.3f}（每个样本平均）")
    print(f"学到的 s² = {model.log_var.exp().item():.4f}，闭式 {s2.item():.4f}")
