"""大模型的图：损失怎样降，温度与 top-p 怎样改分布，缓存省下多少。"""

from __future__ import annotations

import math

import torch
from matplotlib.figure import Figure

from snippets import _drawing as drawing
from snippets.llm import gpt_tiny, kv_cache, scaling_laws


def poem() -> tuple[list[str], torch.Tensor]:
    characters = sorted(set(gpt_tiny.POEM))
    return characters, torch.tensor([characters.index(c) for c in gpt_tiny.POEM])


def gpt_tiny__loss() -> Figure:
    """背《春望》：三个种子的损失曲线，起点约为 ln 42"""
    characters, text = poem()
    figure, ax = drawing.canvas(height=2.5)
    for seed, line in zip(range(3), ("-", "--", "-."), strict=True):
        torch.manual_seed(seed)
        model = gpt_tiny.GPT(len(characters), 24, 48, 4, 2)
        generator = torch.Generator().manual_seed(seed)
        losses = gpt_tiny.train(model, text, 24, steps=100, batch=8, lr=3e-3, generator=generator)
        ax.plot(range(100), losses, line, linewidth=1.4, label=f"种子 {seed}")
    ax.axhline(math.log(42), color=drawing.MUTED, linewidth=1)
    ax.annotate(r"$\ln 42=3.738$：全不知道", (99, math.log(42)), xytext=(0, 4), textcoords="offset points", ha="right")
    ax.set(xlabel="步", ylabel="每个字的损失", ylim=(0, 4.2))
    ax.legend(loc="center right")
    return figure


def gpt_tiny__sampling() -> Figure:
    """同一组 logit 在不同设置下的分布"""
    logits = torch.tensor([2.0, 1.0, 0.0, -1.0])
    shown = (("原样", {}), ("温度 0.5", {"temperature": 0.5}), ("温度 2", {"temperature": 2.0}))
    shown += (("top-k = 2", {"top_k": 2}), ("top-p = 0.9", {"top_p": 0.9}))
    figure, axes = drawing.canvas(1, 5, height=1.9, sharey=True)
    for ax, (title, how) in zip(axes, shown, strict=True):
        bars = ax.bar(range(4), gpt_tiny.next_distribution(logits, **how), color=drawing.BLUE)
        ax.bar_label(bars, fmt="%.2f", fontsize=8)
        ax.set(title=title, xticks=range(4), xlabel="词元", ylim=(0, 1))
    axes[0].set_ylabel("概率")
    return figure


def kv_cache__work() -> Figure:
    """生成 n 个词元要把多少个位置送进网络：整段重算是二次，缓存是一次；缓存的大小随长度线性增长"""
    lengths = range(1, 1025, 16)
    figure, axes = drawing.canvas(1, 2, height=2.4)
    axes[0].plot(lengths, [n * (n + 1) / 2 for n in lengths], "--", color=drawing.RED, label="每步整段重算")
    axes[0].plot(lengths, list(lengths), color=drawing.BLUE, label="有缓存")
    axes[0].set(title="送进网络的位置数", xlabel="生成的词元数", yscale="log")
    axes[0].legend()
    shapes = (("GPT-3：96 层，96 头", 96, 96, 128, "--"), ("32 层，32 个键值头", 32, 32, 128, "-"))
    for label, layers, heads, d, line in (*shapes, ("32 层，8 个键值头", 32, 8, 128, "-.")):
        sizes = [kv_cache.cache_bytes(layers, heads, d, t, 1, 2) / 2**30 for t in range(0, 8193, 512)]
        axes[1].plot(range(0, 8193, 512), sizes, line, label=label)
    axes[1].set(title="缓存的大小（GiB，每数两字节）", xlabel="词元数")
    axes[1].legend()
    return figure


def scaling_laws__budget() -> Figure:
    """算力给定时，模型太小或太大都亏：Chinchilla 的公式；圆点是最低处，叉是 GPT-3 与 Chinchilla"""
    figure, ax = drawing.canvas(height=2.7)
    budgets = ((1e20, ":"), (1e22, "-."), (5.88e23, "-"))
    for c, line in budgets:
        best, _ = scaling_laws.compute_optimal(c)
        sizes = [best * 10 ** (k / 20) for k in range(-25, 26)]
        losses = [sum(scaling_laws.loss_parts(n, c / (6 * n))) for n in sizes]
        ax.plot(sizes, losses, line, label=f"$C=${c:.3g}")
        ax.plot(best, min(losses), "o", color=drawing.INK)
    for name, n, d, side in (("GPT-3", 1.75e11, 3e11, 4), ("Chinchilla", 7e10, 1.4e12, -52)):
        loss = sum(scaling_laws.loss_parts(n, d))
        ax.plot(n, loss, "x", color=drawing.RED, markersize=7)
        ax.annotate(name, (n, loss), xytext=(side, 6), textcoords="offset points")
    ax.set(xscale="log", xlabel="参数量 $N$（词元数 $D=C/6N$）", ylabel="预测的损失")
    ax.legend()
    return figure
