"""视觉 Transformer 的图：Swin 的窗口怎样错开。"""

from __future__ import annotations

import torch
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from snippets import _drawing as drawing
from snippets.repr import swin_window

SIDE, M, SHIFT = 8, 4, 2


def swin_window__shift() -> Figure:
    """格 (3, 3) 看得见谁：不移位（左）、移位 2（中）、先不移位再移位（右）"""
    figure, axes = drawing.canvas(1, 3, height=2.5)
    for ax, shifts, title in zip(axes, ([0], [SHIFT], [0, SHIFT]), ("不移位", "移位 2", "两层：不移位，再移位"), strict=True):
        x = torch.randn(1, SIDE, SIDE, 2, requires_grad=True)
        y = x
        for shift in shifts:
            y = swin_window.window_attention(y, y, y, M, shift)
        (slope,) = torch.autograd.grad(y[0, 3, 3].sum(), x)
        seen = slope[0].abs().sum(dim=-1) > 0
        ax.set(xlim=(0, SIDE), ylim=(SIDE, 0), aspect="equal", title=f"{title}：{int(seen.sum())} 格", xticks=[], yticks=[])
        for row, column in seen.nonzero().tolist():
            ax.add_patch(Rectangle((column, row), 1, 1, facecolor=drawing.BLUE, alpha=0.3, linewidth=0))
        ax.add_patch(Rectangle((3, 3), 1, 1, facecolor=drawing.BLUE))
        for k in range(1, SIDE):
            ax.axhline(k, color=drawing.MUTED, linewidth=0.4)
            ax.axvline(k, color=drawing.MUTED, linewidth=0.4)
        for border in range(shifts[-1] or M, SIDE, M):
            ax.axhline(border, color=drawing.RED, linewidth=1.6)
            ax.axvline(border, color=drawing.RED, linewidth=1.6)
        for spine in ax.spines.values():
            spine.set(visible=True, color=drawing.RED, linewidth=1.6)
    return figure
