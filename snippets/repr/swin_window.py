"""Swin 的窗口注意力：只在 M×M 的窗口里做注意力，隔一层把窗口挪半格，让相邻的窗口互通消息。

记号：特征图 (B, H, W, D)，窗口边长 M，窗口数 n = (H/M)(W/M)。
挪窗用循环移位实现：卷到另一头的格子与原来的邻居不相干，用掩码隔开。True 表示可以看。
来源：Liu 等 2021, arXiv:2103.14030（第 3.2 节、图 4）。
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention


def windows(x: Tensor, m: int) -> Tensor:
    """(B, H, W, D) -> (B·n, M·M, D)：窗口按行排，窗口里的格子也按行排。"""
    b, height, width, d = x.shape
    x = x.reshape(b, height // m, m, width // m, m, d)
    return x.transpose(2, 3).reshape(-1, m * m, d)


def unwindows(x: Tensor, m: int, height: int, width: int) -> Tensor:
    """windows 的逆：(B·n, M·M, D) -> (B, H, W, D)。"""
    x = x.reshape(-1, height // m, width // m, m, m, x.shape[-1])
    return x.transpose(2, 3).reshape(-1, height, width, x.shape[-1])


def shift_mask(height: int, width: int, m: int, shift: int, *, device: torch.device | str | None = None) -> Tensor:
    """移位之后，同一窗口里哪些格子本来就相邻。-> (n, M·M, M·M)。"""
    rows, columns = torch.arange(height, device=device), torch.arange(width, device=device)
    region = (rows >= height - shift)[:, None] * 2 + (columns >= width - shift)[None, :]  # (H, W) 移位后卷到末尾的是另一区
    region = windows(region[None, :, :, None], m)[..., 0]  # (n, M·M)
    return region[:, :, None] == region[:, None, :]


def window_attention(q: Tensor, k: Tensor, v: Tensor, m: int, shift: int = 0) -> Tensor:
    """窗口里的缩放点积注意力；q、k、v 已投影好，各 (B, H, W, D)，单头 -> (B, H, W, D)。"""
    b, height, width, _ = q.shape
    parts = [windows(x.roll((-shift, -shift), dims=(1, 2)), m) for x in (q, k, v)]  # 各 (B·n, M·M, D)
    mask = shift_mask(height, width, m, shift, device=q.device).repeat(b, 1, 1)  # (B·n, M·M, M·M)
    out = unwindows(scaled_dot_product_attention(*parts, attn_mask=mask), m, height, width)
    return out.roll((shift, shift), dims=(1, 2))


def attention_cost(height: int, width: int, d: int, m: int | None = None) -> int:
    """一层注意力的乘加次数（论文公式 1、2）：四个投影 4·HW·D²，加上算分数与加权和；m 为空是全局注意力。"""
    n = height * width
    return 4 * n * d * d + 2 * n * d * (n if m is None else m * m)


if __name__ == "__main__":
    torch.manual_seed(0)
    x = torch.randn(1, 8, 8, 4, requires_grad=True)
    for shift in (0, 2):
        out = window_attention(x, x, x, 4, shift)
        (slope,) = torch.autograd.grad(out[0, 3, 3].sum(), x)
        seen = slope[0].abs().sum(dim=-1) > 0  # (8, 8)
        print(f"移位 {shift}：格 (3, 3) 看得见 {int(seen.sum())} 格，(4, 4) 在内：{bool(seen[4, 4])}")
    for size in (56, 112):
        whole, part = attention_cost(size, size, 96), attention_cost(size, size, 96, 7)
        print(f"{size}×{size}，宽 96：全局 {whole / 1e9:.2f}，7×7 窗口 {part / 1e9:.3f}（十亿次乘加）")
