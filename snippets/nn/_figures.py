"""神经网络的图：激活函数与导数、优化器在碗里走的路、深网络里信号的大小、暂退法的掩码、归一化沿哪些轴。"""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse, Polygon

from snippets import _drawing as drawing
from snippets.nn import activations, dropout, initialization, optimizers

BOWL = torch.tensor([1.0, 20.0], dtype=torch.float64)  # 两个方向的曲率
STYLES = ("-", "--", "-.", ":")


def activations__curves() -> Figure:
    """激活函数（上）与它们的导数（下）"""
    figure, axes = drawing.canvas(2, 2, height=3.8, sharex=True)
    z = torch.linspace(-5, 5, 161, dtype=torch.float64)
    families = (("sigmoid", "tanh"), ("relu", "gelu", "silu"))
    names = {"sigmoid": r"$\sigma$", "tanh": "tanh", "relu": "ReLU", "gelu": "GELU", "silu": "SiLU"}
    for column, family in enumerate(families):
        for name, style in zip(family, STYLES, strict=False):
            for row, prefix in enumerate(("", "d_")):
                axes[row, column].plot(z, getattr(activations, prefix + name)(z), linestyle=style, label=names[name])
        for ax in axes[:, column]:
            ax.axhline(0, color=drawing.MUTED, linewidth=0.7, zorder=0)
            ax.grid(visible=True)
        axes[0, column].legend(loc="upper left")
        axes[1, column].set_xlabel("$z$")
    axes[0, 0].set(title="S 形", ylabel="$f(z)$")
    axes[0, 1].set_title("整流")
    axes[1, 0].set_ylabel("$f'(z)$")
    axes[1, 0].annotate("饱和：导数近 0", (4, 0.02), (1.2, 0.55), arrowprops={"arrowstyle": "->", "color": drawing.MUTED})
    return figure


def optimizers__paths() -> Figure:
    """狭长的碗里，四种优化器各走 24 步"""
    rules = {
        "SGD": functools.partial(optimizers.sgd, lr=0.09),
        "动量": functools.partial(optimizers.momentum, lr=0.03, mu=0.8),
        "RMSProp": functools.partial(optimizers.rmsprop, lr=0.08, alpha=0.9),
        "Adam": functools.partial(optimizers.adam, lr=0.25),
    }
    figure, axes = drawing.canvas(2, 2, height=4.2, sharex=True, sharey=True)
    start = torch.tensor([-2.5, 0.9], dtype=torch.float64)
    for ax, (name, rule), colour in zip(axes.flat, rules.items(), drawing.CYCLE, strict=False):
        path = optimizers.descend(rule, start, lambda w: BOWL * w, 24)
        for level in (0.3, 1.8, 5):  # 等高线 Σ λ w² = 2·level
            width, height = (2 * (2 * level / curvature) ** 0.5 for curvature in BOWL.tolist())
            ax.add_patch(Ellipse((0, 0), width, height, fill=False, edgecolor=drawing.MUTED, linewidth=0.6))
        ax.plot(*path.T, color=colour, marker="o", markersize=2.6, linewidth=1.1)
        ax.plot(0, 0, marker="*", markersize=9, color=drawing.INK)
        ax.set(xlim=(-2.9, 1.2), ylim=(-1.1, 1.1))
        ax.set_title(f"{name}：终点离最低点 {path[-1].norm().item():.3f}")
    for ax in axes[1]:
        ax.set_xlabel("$w_1$")
    for ax in axes[:, 0]:
        ax.set_ylabel("$w_2$")
    return figure


def initialization__sizes() -> Figure:
    """五十层 ReLU 网络里信号的大小（左）与往回传的梯度（右）"""
    figure, (left, right) = drawing.canvas(1, 2, height=2.9, sharey=True)
    width, depth = 256, 50
    cases = {
        "0.12": 0.12,
        "He 0.088": initialization.he_std(width),
        "Xavier 0.0625": initialization.xavier_std(width, width),
        "0.04": 0.04,
    }
    for (name, std), style, colour in zip(cases.items(), STYLES, drawing.CYCLE, strict=False):
        generator = torch.Generator().manual_seed(0)
        x = torch.randn(64, width, generator=generator, dtype=torch.float64)
        weights = [initialization.normal(width, width, std, generator=generator, dtype=torch.float64) for _ in range(depth)]
        g = torch.randn(64, width, generator=generator, dtype=torch.float64)
        left.plot(range(1, depth + 1), initialization.signal_sizes(x, weights, torch.relu), style, color=colour)
        slopes = initialization.gradient_sizes(x, weights, torch.relu, g)
        right.plot(range(depth), slopes, style, color=colour, label=name)
    left.set(yscale="log", ylim=(1e-20, 1e9), xlabel="层", ylabel="均方根", title="前向：信号")
    right.set(xlabel="层", title="反向：梯度（从右往左传）")
    right.legend(title=r"$\sigma$", loc="lower right", ncols=2)
    for ax in (left, right):
        ax.grid(visible=True)
    return figure


def dropout__masks() -> Figure:
    """同一个激活，三批各抽一个掩码：关掉的涂白，留下的放大一倍"""
    figure, axes = drawing.canvas(1, 4, height=1.9)
    generator = torch.Generator().manual_seed(2)
    x = torch.rand(6, 6, generator=generator) + 0.5
    for k, ax in enumerate(axes):
        y = x if k == 0 else dropout.dropout(x, 0.5, training=True, generator=generator)
        drawing.heat(ax, torch.where(y == 0, torch.nan, y), aspect="equal", vmin=0, vmax=3)
        ax.set(xticks=[], yticks=[], title="预测：原样" if k == 0 else f"训练，第 {k} 批")
        ax.set_xlabel(f"均值 {y.mean().item():.2f}")
    return figure


def normalization__axes() -> Figure:
    """四种归一化：涂色的格子共用一个均值与一个标准差"""
    figure, axes = drawing.canvas(1, 4, height=1.75)
    n, c, p = 3, 4, 3  # 样本、通道、位置
    chosen = {
        "BN：一个通道，全批": lambda i, j: j == c - 1,
        "LN：一个样本": lambda i, j: i == 0,
        "IN：一样本一通道": lambda i, j: i == 0 and j == c - 1,
        "GN：一样本一组": lambda i, j: i == 0 and j >= c // 2,
    }
    for ax, (title, inside) in zip(axes, chosen.items(), strict=True):
        draw_block(ax, n, c, p, inside)
        ax.set_title(title, fontsize=9.5)
    return figure


def draw_block(ax: Axes, n: int, c: int, p: int, inside: Callable[[int, int], bool]) -> None:
    """斜着看的 n × c × p 的块：看得见的三个面，被选中的格子涂色。"""
    right, up, back = np.array([1.0, 0.0]), np.array([0.0, 1.0]), np.array([0.45, 0.35])

    def face(corner: np.ndarray, one: np.ndarray, other: np.ndarray, *, on: bool) -> None:
        colour = drawing.BLUE if on else drawing.CARD
        corners = [corner, corner + one, corner + one + other, corner + other]
        hatch = "///" if on else None
        ax.add_patch(
            Polygon(corners, facecolor=colour, edgecolor=drawing.INK, linewidth=0.8, alpha=0.75 if on else 1, hatch=hatch)
        )

    for j in range(c):
        for k in range(p):
            face(j * right + k * up, right, up, on=inside(0, j))  # 正面：第一个样本
        for i in range(n):
            face(j * right + p * up + i * back, right, back, on=inside(i, j))  # 顶面
    for i in range(n):
        for k in range(p):
            face(c * right + k * up + i * back, back, up, on=inside(i, c - 1))  # 右面：最后一个通道
    ax.text(c / 2, -0.35, "通道 $C$", ha="center", va="top")
    ax.text(-0.25, p / 2, "位置 $H,W$", ha="right", va="center", rotation=90)
    ax.text(c + n * 0.45 / 2 + 0.35, n * 0.35 / 2 - 0.25, "样本 $N$", ha="left", va="top", fontsize=9)
    ax.set(xlim=(-1.0, c + n * 0.45 + 1.4), ylim=(-1.1, p + n * 0.35 + 0.2), aspect="equal")
    ax.axis("off")
