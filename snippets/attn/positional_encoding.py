"""位置编码：正弦、旋转矩阵关系、可学习与 ALiBi。注意力本身不知道次序，这里把次序告诉它。

记号：T 个位置，宽 d（偶数），第 i 对分量的频率 ω_i = base^(-2i/d)，i = 0 … d/2-1；h 个头。
来源：正弦 Vaswani 等 2017, arXiv:1706.03762；可学习 Gehring 等 2017, arXiv:1705.03122；
ALiBi Press 等 2022, arXiv:2108.12409。
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


def frequencies(
    d: int, base: float = 10000.0, *, device: torch.device | str | None = None, dtype: torch.dtype | None = None
) -> Tensor:
    """ω_i = base^(-2i/d) -> (d/2,)：从每步 1 弧度，按等比慢下来，到约每步 1/base 弧度。"""
    if d % 2:
        raise ValueError(f"the width {d} is odd: sines and cosines come in pairs")
    i = torch.arange(d // 2, device=device, dtype=dtype or torch.get_default_dtype())
    return torch.exp(-2 * i / d * math.log(base))


def sinusoidal(positions: Tensor, d: int, base: float = 10000.0) -> Tensor:
    """正弦位置编码：positions (T,) 浮点 -> (T, d)，偶数列 sin(pω_i)，奇数列 cos(pω_i)。"""
    omega = frequencies(d, base, device=positions.device, dtype=positions.dtype)
    angles = positions[:, None] * omega  # (T, d/2)
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(-2)  # (T, d) 交错排列


def shift_matrix(
    k: float, d: int, base: float = 10000.0, *, device: torch.device | str | None = None, dtype: torch.dtype | None = None
) -> Tensor:
    """R_k (d, d)，使 PE(p + k) = R_k PE(p)：每对分量 (sin, cos) 各转 kω_i，与 p 无关。"""
    angles = k * frequencies(d, base, device=device, dtype=dtype)  # (d/2,)
    cos = angles.cos().repeat_interleave(2)  # (d,) 对角线
    sin = torch.stack([angles.sin(), torch.zeros_like(angles)], dim=-1).flatten()[:-1]  # (d-1,) 块与块之间是 0
    return cos.diag() + sin.diag(1) - sin.diag(-1)


class LearnedPositions(nn.Module):
    """可学习的位置编码：一张 (T_max, d) 的表，随模型一起训练；超过 T_max 就没有。"""

    def __init__(self, t_max: int, d: int, *, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> None:
        super().__init__()
        self.table = nn.Parameter(0.02 * torch.randn(t_max, d, device=device, dtype=dtype))

    def forward(self, x: Tensor) -> Tensor:
        """x (B, T, d) -> 加上前 T 行，同形状。"""
        if x.shape[1] > len(self.table):
            raise ValueError(f"{x.shape[1]} positions, but only {len(self.table)} were learned")
        return x + self.table[: x.shape[1]]


def alibi_slopes(n_heads: int, *, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> Tensor:
    """各头的斜率 2^(-8/h), 2^(-16/h), …, 2^-8 -> (h,)；头数须是 2 的幂（论文对其他头数另有约定）。"""
    if n_heads & (n_heads - 1):
        raise ValueError(f"{n_heads} heads is no power of two")
    head = torch.arange(1, n_heads + 1, device=device, dtype=dtype or torch.get_default_dtype())
    return 2.0 ** (-8 * head / n_heads)


def alibi_bias(t: int, slopes: Tensor) -> Tensor:
    """加到因果注意力分数上的偏置：离得越远减得越多。slopes (h,) -> (h, T, T)，上三角由掩码管。"""
    position = torch.arange(t, device=slopes.device, dtype=slopes.dtype)
    distance = (position[:, None] - position[None, :]).clamp(min=0)  # (T, T) 查询减键
    return -slopes[:, None, None] * distance


if __name__ == "__main__":
    pe = sinusoidal(torch.arange(200, dtype=torch.float64), 64)
    gap = (pe[150] - shift_matrix(50, 64, dtype=torch.float64) @ pe[100]).abs().max()
    print(f"PE(150) 与 R_50·PE(100) 之差 {gap:.1e}；PE(p)·PE(p+5)：", end="")
    print("、".join(f"p = {p} 得 {(pe[p] @ pe[p + 5]).item():.6f}" for p in (0, 40, 190)))
