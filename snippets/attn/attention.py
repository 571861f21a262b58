"""注意力：用查询给每个键打分，softmax 成权重，再对值加权平均；缩放点积与加性两种打分。

记号：T 个查询，S 个键值对，d 查询与键的宽度，d_v 值的宽度；前面可带任意批维度。
掩码是布尔张量，True 表示可以看（同 F.scaled_dot_product_attention），可广播到 (..., T, S)。
约定：一个键都看不到的查询，权重全为 0，输出为 0。
来源：加性 Bahdanau 等 2015, arXiv:1409.0473；缩放点积 Vaswani 等 2017, arXiv:1706.03762；
核回归 Nadaraya 1964, doi:10.1137/1109020。
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


def masked_softmax(scores: Tensor, mask: Tensor | None = None) -> Tensor:
    """沿最后一维的 softmax，只在 mask 为 True 处分配权重。scores (..., T, S) -> 同形状。

    用 finfo.min 而不用 -inf：整行被屏蔽时 softmax(-inf, …) 是 NaN，梯度也会被它污染；
    乘上 mask 使整行被屏蔽时的均匀权重归零。
    """
    if mask is None:
        return scores.softmax(dim=-1)
    scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
    return scores.softmax(dim=-1) * mask


def attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """缩放点积：q (..., T, d)，k (..., S, d)，v (..., S, d_v) -> 输出 (..., T, d_v) 与权重。"""
    q = q / math.sqrt(q.shape[-1])  # 先缩小再相乘，半精度不易溢出
    scores = q @ k.transpose(-2, -1)  # (..., T, S)
    weights = masked_softmax(scores, mask)  # (..., T, S)
    return weights @ v, weights


def additive_attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    w_q: Tensor,
    w_k: Tensor,
    w_a: Tensor,
    mask: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """加性打分 w_aᵀ tanh(W_q q + W_k k)：查询与键的宽度可以不同。

    q (..., T, d_q)，k (..., S, d_k)，v (..., S, d_v)，w_q (r, d_q)，w_k (r, d_k)，w_a (r,)。
    """
    pairs = (q @ w_q.T)[..., :, None, :] + (k @ w_k.T)[..., None, :, :]  # (..., T, S, r)
    weights = masked_softmax(torch.tanh(pairs) @ w_a, mask)  # (..., T, S)
    return weights @ v, weights


def kernel_regression(x: Tensor, keys: Tensor, values: Tensor, bandwidth: float) -> Tensor:
    """Nadaraya–Watson：高斯核是打分，离 x 越近的样本越要紧。x (T, d)，keys (S, d) -> (T, d_v)。"""
    distance2 = (x[:, None, :] - keys[None, :, :]).square().sum(dim=-1)  # (T, S)
    return masked_softmax(-distance2 / (2 * bandwidth**2)) @ values


def padding_mask(lengths: Tensor, s: int) -> Tensor:
    """每条序列只有前 lengths 个键是真的。lengths (B,) -> (B, 1, S)。"""
    return torch.arange(s, device=lengths.device) < lengths[:, None, None]


def causal_mask(t: int, s: int | None = None, *, device: torch.device | str | None = None) -> Tensor:
    """每个查询只看自己和以前的键 -> (T, S)。

    T < S 时查询是最后 T 个（右下对齐，增量解码所需）；F.scaled_dot_product_attention 的
    is_causal 是左上对齐。T = S 时两者相同。
    """
    s = t if s is None else s
    return torch.ones(t, s, dtype=torch.bool, device=device).tril(diagonal=s - t)


if __name__ == "__main__":
    torch.manual_seed(0)
    for d in (4, 64, 1024):
        q, k = torch.randn(500, 1, d), torch.randn(500, 16, d)  # 500 个查询，各有 16 个键
        scores = q @ k.transpose(-2, -1)  # (500, 1, 16)
        raw = masked_softmax(scores).amax(dim=-1).mean().item()
        scaled = attention(q, k, k)[1].amax(dim=-1).mean().item()
        print(f"d = {d}：q·k 的方差是 {scores.var().item() / d:.2f} d；最大的权重平均 {raw:.2f}，除以 √d 之后 {scaled:.2f}")
