"""视觉的图：窗口怎样摊成矩阵、两种池化、感受野里谁说了算、残差网络里的梯度。"""

from __future__ import annotations

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from snippets import _drawing as drawing
from snippets.cnn import conv2d, resnet_block, small_cnn


def numbers(ax: Axes, values: Tensor, **options: object) -> None:
    """热图，每格写上它的数；深的格子用浅字。"""
    image = drawing.heat(ax, values, aspect="equal", **options)
    for i, row in enumerate(values.tolist()):
        for j, value in enumerate(row):
            dark = image.norm(value) < 0.55
            ax.text(j, i, f"{value:g}", ha="center", va="center", color=drawing.CARD if dark else drawing.INK, fontsize=9)
    ax.set(xticks=[], yticks=[])


def conv2d__im2col() -> Figure:
    """im2col：四个窗口各摊成一行，乘上摊平的核，四个输出一次算完"""
    x = torch.arange(9.0).view(3, 3)
    w = torch.tensor([[0.0, 1.0], [2.0, 3.0]])
    cols = conv2d.im2col(x[None, None], (2, 2))[0]  # (4, 4)
    y = cols @ w.flatten()  # (4,)
    figure, axes = drawing.canvas(1, 5, height=2.2, width_ratios=(3, 2, 4, 1.2, 2))
    numbers(axes[0], x, vmin=-4, vmax=8)
    numbers(axes[1], w, vmin=-4, vmax=8)
    numbers(axes[2], cols, vmin=-4, vmax=8)
    numbers(axes[3], w.flatten()[:, None], vmin=-4, vmax=8)
    numbers(axes[4], y.view(2, 2), vmin=-20, vmax=45)
    marks = (drawing.BLUE, drawing.RED, drawing.GREEN, drawing.PURPLE)
    for k, (colour, style) in enumerate(zip(marks, ("-", "--", "-.", ":"), strict=True)):
        i, j = divmod(k, 2)
        inset = 0.06 * k
        frame = {"fill": False, "edgecolor": colour, "linewidth": 2.2, "linestyle": style, "clip_on": False}
        axes[0].add_patch(Rectangle((j - 0.5 + inset, i - 0.5 + inset), 2 - 2 * inset, 2 - 2 * inset, **frame))
        axes[2].add_patch(Rectangle((-0.47, k - 0.44), 3.94, 0.88, **frame))
        axes[4].add_patch(Rectangle((j - 0.44, i - 0.44), 0.88, 0.88, **frame))
    titles = ("图 $3×3$", "核", "im2col：一行一个窗口", "× 核", "= 输出")
    for ax, title in zip(axes, titles, strict=True):
        ax.set_title(title)
    return figure


def conv2d__pooling() -> Figure:
    """同一张特征图的最大池化与平均池化，窗口 2×2"""
    x = torch.tensor([[1.0, 3.0, 0.0, 2.0], [5.0, 2.0, 1.0, 0.0], [0.0, 1.0, 4.0, 6.0], [2.0, 0.0, 8.0, 3.0]])
    figure, axes = drawing.canvas(1, 3, height=2.3, width_ratios=(4, 2.4, 2.4))
    numbers(axes[0], x, vmin=-3, vmax=8)
    numbers(axes[1], conv2d.max_pool2d(x[None, None], 2)[0, 0], vmin=-3, vmax=8)
    numbers(axes[2], conv2d.avg_pool2d(x[None, None], 2)[0, 0], vmin=-3, vmax=8)
    for i in (0, 2):
        for j in (0, 2):
            axes[0].add_patch(
                Rectangle((j - 0.5, i - 0.5), 2, 2, fill=False, edgecolor=drawing.RED, linewidth=2.2, clip_on=False)
            )
    for ax, title in zip(axes, ("特征图，四个窗口", "最大池化", "平均池化"), strict=True):
        ax.set_title(title)
    return figure


def conv2d__receptive() -> Figure:
    """感受野：一个输出看得到多宽（左），看到的各处分量多重（右）"""
    figure, (left, right) = drawing.canvas(1, 2, height=2.6)
    depths = range(1, 11)
    for name, layers, style, colour in (
        ("3×3，步幅 1", [(3, 1)] * 10, "-o", drawing.BLUE),
        ("3×3，每两层步幅 2", [(3, 1), (3, 2)] * 5, "--s", drawing.RED),
    ):
        left.plot(depths, [conv2d.receptive_field(layers[:n]) for n in depths], style, color=colour, label=name)
    left.set(xlabel="层数", ylabel="感受野的宽", yscale="log", yticks=[3, 10, 30, 100], yticklabels=["3", "10", "30", "100"])
    left.legend()
    left.grid(visible=True)
    x = torch.zeros(1, 1, 41, 41, dtype=torch.float64)
    x[..., 20, 20] = 1
    for n in depths:
        x = conv2d.conv2d(x, torch.full((1, 1, 3, 3), 1 / 9, dtype=torch.float64), padding=1)
        if n in (1, 3, 10):
            style, colour = {1: (":", drawing.GREEN), 3: ("--", drawing.RED), 10: ("-", drawing.BLUE)}[n]
            right.plot(range(-20, 21), x[0, 0].sum(dim=0), style, color=colour, label=f"{n} 层")
    right.axvspan(-10.5, 10.5, color=drawing.MUTED, alpha=0.15)
    right.text(-14.5, 0.25, "10 层的\n感受野", color=drawing.MUTED, ha="center", fontsize=9)
    right.set(xlabel="离中心几格", ylabel="权重")
    right.legend()
    return figure


def small_cnn__glyphs() -> Figure:
    """十个点阵数字，位置随机，加了噪声"""
    figure, axes = drawing.canvas(1, 10, height=0.95)
    x, y = small_cnn.glyphs(60, generator=torch.Generator().manual_seed(0))
    for k, ax in enumerate(axes):
        image = x[y == k][0, 0]
        drawing.heat(ax, image, aspect="equal", cmap="gray_r", vmin=-0.3, vmax=1.3)
        ax.set(xticks=[], yticks=[])
        ax.set_xlabel(str(k))
    return figure


def resnet_block__gradients() -> Figure:
    """五十层里梯度的大小：平铺的逐层打折，有捷径的不会消失"""
    figure, ax = drawing.canvas(height=2.6)
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(16, 64, generator=generator, dtype=torch.float64, requires_grad=True)
    weights = [0.05 * torch.randn(64, 64, generator=generator, dtype=torch.float64) for _ in range(50)]
    for residual, style, name in ((True, "-", "有捷径"), (False, "--", "平铺")):
        a = resnet_block.deep(x, weights, residual=residual)
        grads = torch.autograd.grad(a[-1].mean(), a[:-1])
        ax.plot(range(50), [g.norm().item() for g in grads], style, label=name)
    ax.set(yscale="log", xlabel="层（0 是输入，梯度从右往左传）", ylabel="梯度的范数")
    ax.legend(loc="center right")
    ax.grid(visible=True)
    return figure
