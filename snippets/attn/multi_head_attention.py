"""多头注意力：把投影切成几块，每块各自做一次注意力，拼起来再投影；含交叉、分组与多查询。

记号：B 批大小，T 个查询位置，S 个键值位置，h 个查询头，g 个键值头（g 整除 h），d = D / h。
g = h 是普通多头，1 < g < h 是分组查询（GQA），g = 1 是多查询（MQA）。
掩码是布尔张量，True 表示可以看，可广播到 (B, h, T, S)；torch.nn.MultiheadAttention 恰好相反。
来源：Vaswani 等 2017, arXiv:1706.03762；MQA Shazeer 2019, arXiv:1911.02150；
GQA Ainslie 等 2023, arXiv:2305.13245。
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


def split_heads(x: Tensor, n_heads: int) -> Tensor:
    """(B, T, h·d) -> (B, h, T, d)：先切开最后一维，再把头挪到时间之前。"""
    return x.unflatten(-1, (n_heads, -1)).transpose(1, 2)


def merge_heads(x: Tensor) -> Tensor:
    """(B, h, T, d) -> (B, T, h·d)：split_heads 的逆。"""
    return x.transpose(1, 2).flatten(-2)


def attend(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """每个头各做一次缩放点积注意力；相邻的 h/g 个查询头共用一个键值头。

    q (B, h, T, d)，k 与 v (B, g, S, d) -> 输出 (B, h, T, d) 与权重 (B, h, T, S)。
    """
    repeats = q.shape[1] // k.shape[1]
    k = k.repeat_interleave(repeats, dim=1)  # (B, h, S, d) 快的内核不复制，只换读法
    v = v.repeat_interleave(repeats, dim=1)  # (B, h, S, d)
    scores = (q / math.sqrt(q.shape[-1])) @ k.transpose(-2, -1)  # (B, h, T, S)
    if mask is None:
        weights = scores.softmax(dim=-1)
    else:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        weights = scores.softmax(dim=-1) * mask  # 整行被屏蔽时为 0
    return weights @ v, weights


class MultiHeadAttention(nn.Module):
    """自注意力（不给 source）或交叉注意力（键和值来自 source，宽度 d_source）。"""

    def __init__(
        self,
        d_model: int,
        n_heads: int,
        n_kv_heads: int | None = None,
        *,
        d_source: int | None = None,
        bias: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.n_kv_heads = n_heads if n_kv_heads is None else n_kv_heads
        if d_model % n_heads or n_heads % self.n_kv_heads:
            raise ValueError(f"d_model {d_model}, heads {n_heads}, kv heads {self.n_kv_heads}")
        d_kv = d_model // n_heads * self.n_kv_heads
        d_source = d_model if d_source is None else d_source
        self.w_q = nn.Linear(d_model, d_model, bias, device=device, dtype=dtype)
        self.w_k = nn.Linear(d_source, d_kv, bias, device=device, dtype=dtype)
        self.w_v = nn.Linear(d_source, d_kv, bias, device=device, dtype=dtype)
        self.w_o = nn.Linear(d_model, d_model, bias, device=device, dtype=dtype)

    def forward(self, x: Tensor, source: Tensor | None = None, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """x (B, T, D)，source (B, S, d_source) -> 输出 (B, T, D) 与权重 (B, h, T, S)。"""
        source = x if source is None else source
        q = split_heads(self.w_q(x), self.n_heads)  # (B, h, T, d)
        k = split_heads(self.w_k(source), self.n_kv_heads)  # (B, g, S, d)
        v = split_heads(self.w_v(source), self.n_kv_heads)  # (B, g, S, d)
        heads, weights = attend(q, k, v, mask)
        return self.w_o(merge_heads(heads)), weights


if __name__ == "__main__":
    torch.manual_seed(0)
    x = torch.randn(2, 5, 512)
    mask = torch.ones(5, 5, dtype=torch.bool).tril()
    oracle = nn.MultiheadAttention(512, 8, batch_first=True)
    ours = MultiHeadAttention(512, 8)
    for i, linear in enumerate((ours.w_q, ours.w_k, ours.w_v)):
        linear.weight.data = oracle.in_proj_weight.data[512 * i : 512 * (i + 1)]
        linear.bias.data = oracle.in_proj_bias.data[512 * i : 512 * (i + 1)]
    ours.w_o.load_state_dict(oracle.out_proj.state_dict())
    gap = (ours(x, mask=mask)[0] - oracle(x, x, x, attn_mask=~mask)[0]).abs().max().item()
    print(f"与 nn.MultiheadAttention 之差 {gap:.1e}（掩码要取反）")
    for n_kv_heads in (8, 2, 1):
        size = sum(p.numel() for p in MultiHeadAttention(512, 8, n_kv_heads).parameters())
        print(f"键值头 {n_kv_heads}：参数 {size:,}，每个词元缓存 {2 * n_kv_heads * 64} 个数")
