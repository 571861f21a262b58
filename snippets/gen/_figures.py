"""生成模型的图：三种模型的分布怎样一步步变成数据的分布。"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from snippets import _drawing as drawing
from snippets.gen import ddpm_toy, gan_toy, vae

PEAKS = (-1.0, 1.0)
WIDTH = 0.25


def peaks_density(x: np.ndarray, abar: float = 1.0) -> np.ndarray:
    """两座峰的数据加噪到 ᾱ 时的密度 q(x_t)；ᾱ = 1 就是数据。"""
    variance = abar * WIDTH**2 + 1 - abar
    powers = [np.exp(-((x - math.sqrt(abar) * m) ** 2) / (2 * variance)) for m in PEAKS]
    return sum(powers) / (len(PEAKS) * math.sqrt(2 * math.pi * variance))


def histogram(ax: Axes, samples: Tensor) -> None:
    ax.hist(samples[:, 0].numpy(), bins=48, range=(-3, 3), density=True, histtype="stepfilled", color=drawing.BLUE, alpha=0.35)


def ddpm_toy__forward() -> Figure:
    """扩散的前向：两座峰逐步变成标准正态"""
    _, abar = ddpm_toy.schedule(50, dtype=torch.float64)
    figure, axes = drawing.canvas(1, 4, height=1.9, sharex=True, sharey=True)
    x = np.linspace(-3, 3, 241)
    for ax, t in zip(axes, (0, 8, 20, 50), strict=True):
        ax.plot(x, np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi), color=drawing.MUTED, linestyle="--", linewidth=1)
        ax.plot(x, peaks_density(x, abar[t].item()), color=drawing.BLUE)
        ax.set_title(rf"$t={t}$，$\bar\alpha_t={abar[t].item():.3f}$")
        ax.set_xlabel("$x_t$")
    axes[0].set_ylabel("密度")
    return figure


def ddpm_toy__reverse() -> Figure:
    """扩散的反向：从标准正态逐步退回两座峰（左四格）；学到的噪声与最好的猜法（右）"""
    steps = 50
    beta, abar = ddpm_toy.schedule(steps)
    model = ddpm_toy.NoiseNet(steps)
    ddpm_toy.train(model, ddpm_toy.two_peaks(4096), abar, rounds=1500)
    figure, axes = drawing.canvas(1, 5, height=2.0)
    grid, samples = np.linspace(-3, 3, 241), torch.randn(4000, 1)
    moments = dict(zip((50, 20, 8, 0), axes[:4], strict=True))
    for t in range(steps, -1, -1):
        if t in moments:
            histogram(moments[t], samples)
            moments[t].plot(grid, peaks_density(grid, abar[t].item()), color=drawing.RED, linewidth=1.2)
            moments[t].set(title=f"$t={t}$", xlabel="$x_t$", ylim=(0, 0.95))
        if t > 0:
            with torch.no_grad():
                guess = model(samples, torch.full((len(samples),), t))
            samples = ddpm_toy.ddpm_step(samples, guess, t, beta, abar, torch.randn(samples.shape))
    for ax in axes[1:4]:
        ax.set_yticklabels([])
    axes[0].set_ylabel("密度")
    x = torch.linspace(-2, 2, 81)[:, None]
    for t, colour in ((8, drawing.GREEN), (20, drawing.PURPLE)):
        when = torch.full((len(x),), t)
        ideal = ddpm_toy.mixture_noise(x, when, abar, torch.tensor(PEAKS), WIDTH)
        with torch.no_grad():
            learned = model(x, when)
        axes[4].plot(x[:, 0], ideal[:, 0], color=colour, linewidth=1, label=f"$t={t}$")
        axes[4].plot(x[::5, 0], learned[::5, 0], color=colour, linestyle="", marker="o", markersize=2.5)
    axes[4].set(title="猜的噪声", xlabel="$x_t$", ylabel=r"$\varepsilon$")
    axes[4].legend(loc="lower right", handlelength=1, borderpad=0)
    return figure


def gan_toy__evolution() -> Figure:
    """对抗训练：生成的分布一步步挪到数据上（左四格）；两座峰只学到一座（右）"""
    figure, axes = drawing.canvas(1, 5, height=2.0, sharey=True)
    grid = np.linspace(-1, 5, 121)
    data = np.exp(-((grid - gan_toy.MEAN) ** 2) / (2 * gan_toy.STD**2)) / (gan_toy.STD * math.sqrt(2 * math.pi))
    for ax, rounds in zip(axes[:4], (0, 50, 200, 800), strict=True):
        fake, judge = train_gan(gaussian, rounds, seed=0)
        ax.hist(fake, bins=60, range=(-1, 5), density=True, histtype="stepfilled", color=drawing.BLUE, alpha=0.35)
        ax.plot(grid, data, color=drawing.RED, linewidth=1.2)
        with torch.no_grad():
            chance = torch.sigmoid(judge(torch.tensor(grid, dtype=torch.float32)[:, None]))
        ax.plot(grid, chance[:, 0], "--", color=drawing.INK, linewidth=1)
        ax.set(title=f"第 {rounds} 轮", xlabel="$x$", ylim=(0, 1.4))
    fake, _ = train_gan(ddpm_toy.two_peaks, 800, seed=5)
    axes[4].hist(fake, bins=48, range=(-3, 3), density=True, histtype="stepfilled", color=drawing.BLUE, alpha=0.35)
    x = np.linspace(-3, 3, 121)
    axes[4].plot(x, peaks_density(x), color=drawing.RED, linewidth=1.2)
    axes[4].set(title="坍塌", xlabel="$x$")
    return figure


def gaussian(n: int) -> Tensor:
    return gan_toy.MEAN + gan_toy.STD * torch.randn(n, 1)


def train_gan(make: Callable[[int], Tensor], rounds: int, *, seed: int) -> tuple[np.ndarray, torch.nn.Module]:
    """从头训练若干轮 -> 四千个生成的样本与判别器；种子与证明里的相同。"""
    torch.manual_seed(seed)
    real = make(4096)
    generator, judge = gan_toy.build_net(16), gan_toy.build_net(32)
    gan_toy.train(generator, judge, real, rounds=rounds)
    with torch.no_grad():
        return generator(torch.randn(4096, 1))[:, 0].numpy(), judge


def vae__evolution() -> Figure:
    """变分自编码器：生成的分布随训练变成两座峰（左四格）；每个 x 的后验与解码的均值（右）"""
    figure, axes = drawing.canvas(1, 5, height=2.0)
    grid = np.linspace(-3, 3, 121)
    data = ddpm_toy.two_peaks(4096)
    for ax, rounds in zip(axes[:4], (0, 50, 200, 600), strict=True):
        torch.manual_seed(0)
        model = vae.VAE(1, 1, 32)
        if rounds:
            vae.train(model, data, rounds=rounds)
        with torch.no_grad():
            histogram(ax, model.sample(torch.randn(4096, 1), torch.randn(4096, 1)))
        ax.plot(grid, peaks_density(grid), color=drawing.RED, linewidth=1.2)
        ax.set(title=f"第 {rounds} 轮", xlabel="$x$", ylim=(0, 0.95))
    for ax in axes[1:4]:
        ax.set_yticklabels([])
    x = torch.linspace(-1.8, 1.8, 61)[:, None]
    with torch.no_grad():
        mean, log_var = model.encode(x)
        spread = (0.5 * log_var).exp()
        z = torch.linspace(-3, 3, 61)[:, None]
        decoded = model.decoder(z)
    axes[4].plot(decoded, z, color=drawing.GREEN)
    axes[4].fill_between(x[:, 0], (mean - spread)[:, 0], (mean + spread)[:, 0], color=drawing.PURPLE, alpha=0.3, linewidth=0)
    axes[4].plot(x, mean, "--", color=drawing.PURPLE)
    axes[4].set(title="后验与解码", xlabel="$x$", ylabel="$z$")
    return figure
