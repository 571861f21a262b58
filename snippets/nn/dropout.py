"""暂退法（dropout）：训练时随机把一部分激活置零，其余放大，使期望不变；预测时什么也不做。

来源：Srivastava 等 2014, JMLR 15:1929（那里在预测时乘 1-p；这里用通行的反向缩放，训练时除）。
"""

from __future__ import annotations

import torch
from torch import Tensor


def keep_mask(x: Tensor, p: float, generator: torch.Generator | None = None) -> Tensor:
    """与 x 同形状的布尔掩码，每个元素独立地以概率 1 - p 为真。"""
    return torch.rand(x.shape, generator=generator, device=x.device) >= p


def dropout(
    x: Tensor, p: float, *, training: bool, mask: Tensor | None = None, generator: torch.Generator | None = None
) -> Tensor:
    """x (…) -> 同形状。p 是丢弃的概率；mask 为真处保留，不给就现抽。"""
    if not 0 <= p <= 1:
        raise ValueError(f"p is {p} (a probability is between 0 and 1)")
    if not training or p == 0:
        return x
    if p == 1:
        return torch.zeros_like(x) * x  # 1/(1-p) 没有意义；乘 x 使梯度是 0 而不是没有
    mask = keep_mask(x, p, generator) if mask is None else mask
    return x * mask / (1 - p)  # E = x，Var = x² p/(1-p)


if __name__ == "__main__":
    x = torch.full((1_000_000,), 2.0, dtype=torch.float64)
    y = dropout(x, 0.3, training=True, generator=torch.Generator().manual_seed(0))
    print(f"x = 2，p = 0.3：均值 {y.mean().item():.4f}，方差 {y.var().item():.4f}（公式 {4 * 0.3 / 0.7:.4f}）")
