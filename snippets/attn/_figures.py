"""注意力与 Transformer 的图：缩放为什么要紧，位置编码长什么样，学习率怎样先升后降。"""

from __future__ import annotations

import torch
from matplotlib.figure import Figure

from snippets import _drawing as drawing
from snippets.attn import attention, positional_encoding, transformer_block


def attention__scaling() -> Figure:
    """一个查询对 16 个键的权重，从大到小：不缩放时 d 越大越接近独热，除以 √d 之后与 d 无关"""
    figure, axes = drawing.canvas(1, 2, height=2.5, sharey=True)
    for d, color, marker in ((4, drawing.BLUE, "o"), (64, drawing.RED, "s"), (1024, drawing.GREEN, "^")):
        q, k = torch.randn(500, 1, d), torch.randn(500, 16, d)
        raw = attention.masked_softmax(q @ k.transpose(-2, -1))
        scaled = attention.attention(q, k, k)[1]
        for ax, weights in zip(axes, (raw, scaled), strict=True):
            mean = weights[:, 0].sort(dim=-1, descending=True).values.mean(dim=0)
            ax.plot(range(1, 17), mean, color=color, marker=marker, label=f"$d={d}$")
    for ax, title in zip(axes, ("不缩放", r"除以 $\sqrt{d}$"), strict=True):
        ax.set(title=title, xlabel="第几大的权重")
        ax.legend()
    axes[0].set_ylabel("平均权重")
    return figure


def positional_encoding__heatmap() -> Figure:
    """正弦位置编码（左，64 个位置、32 维）与位置两两的内积（右）"""
    pe = positional_encoding.sinusoidal(torch.arange(64, dtype=torch.float64), 32)
    figure, axes = drawing.canvas(1, 2, height=2.9)
    left = drawing.heat(axes[0], pe, cmap="PuOr_r", vmin=-1, vmax=1)
    axes[0].set(title="每行一个位置", xlabel="第几维（左快右慢）", ylabel="位置")
    right = drawing.heat(axes[1], pe @ pe.T, aspect="equal")
    axes[1].set(title="两个位置的内积", xlabel="位置", ylabel="位置")
    figure.colorbar(left, ax=axes[0])
    figure.colorbar(right, ax=axes[1])
    return figure


def positional_encoding__alibi() -> Figure:
    """ALiBi：分数都相同时，八个头对以前各位置的权重"""
    slopes = positional_encoding.alibi_slopes(8)
    bias = positional_encoding.alibi_bias(32, slopes)[:, -1]  # (h, T) 最后一个查询
    figure, ax = drawing.canvas(height=2.3)
    lines = ("-", "--", "-.", ":")
    for n, head in enumerate((0, 2, 4, 7)):
        ax.plot(range(-31, 1), bias[head].softmax(dim=-1), lines[n], label=f"斜率 {slopes[head].item():g}")
    ax.set(xlabel="相对位置（0 是自己）", ylabel="权重")
    ax.legend()
    return figure


def transformer_block__rate() -> Figure:
    """论文的学习率：先线性升 warmup 步，再按步数的平方根降"""
    steps = range(1, 20_001, 50)
    figure, ax = drawing.canvas(height=2.3)
    for d, warmup, line in ((512, 4000, "-"), (512, 8000, "--"), (1024, 4000, "-.")):
        rates = [transformer_block.noam_rate(step, d, warmup) for step in steps]
        ax.plot(steps, rates, line, label=f"$D={d}$，预热 {warmup} 步")
    ax.set(xlabel="步", ylabel="学习率")
    ax.ticklabel_format(axis="y", style="sci", scilimits=(0, 0))
    ax.legend()
    return figure
