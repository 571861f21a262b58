"""Transformer：编码块、解码块（先归一化或后归一化）与整个编码器-解码器。

记号：B 批大小，T 目标长，S 源长，D 模型宽，F 前馈宽，V 词表大小。掩码 True 表示可以看。
来源：Vaswani 等 2017, arXiv:1706.03762（后归一化）；先归一化 Xiong 等 2020, arXiv:2002.04745。
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from snippets.attn.attention import causal_mask
from snippets.attn.multi_head_attention import MultiHeadAttention
from snippets.attn.positional_encoding import sinusoidal


class FeedForward(nn.Module):
    """逐位置的两层网络 W_2 f(W_1 x + b_1) + b_2：每个位置各算各的，权重共用。"""

    def __init__(self, d: int, d_ff: int, f: Callable[[Tensor], Tensor] = torch.relu, **factory: Any) -> None:
        super().__init__()
        self.w_1, self.w_2, self.f = nn.Linear(d, d_ff, **factory), nn.Linear(d_ff, d, **factory), f

    def forward(self, x: Tensor) -> Tensor:
        """x (..., D) -> (..., D)。"""
        return self.w_2(self.f(self.w_1(x)))


class Residual(nn.Module):
    """把子层包进残差与层归一化。后：LN(x + Sub(x))；先：x + Sub(LN(x))。"""

    def __init__(self, d: int, *, pre_norm: bool, dropout: float = 0.0, **factory: Any) -> None:
        super().__init__()
        self.norm, self.dropout, self.pre_norm = nn.LayerNorm(d, **factory), nn.Dropout(dropout), pre_norm

    def forward(self, x: Tensor, sublayer: Callable[[Tensor], Tensor]) -> Tensor:
        """x (B, T, D) -> (B, T, D)。"""
        if self.pre_norm:
            return x + self.dropout(sublayer(self.norm(x)))
        return self.norm(x + self.dropout(sublayer(x)))


class EncoderBlock(nn.Module):
    """自注意力，再前馈。"""

    def __init__(
        self,
        d: int,
        n_heads: int,
        d_ff: int,
        *,
        pre_norm: bool = False,
        dropout: float = 0.0,
        f: Callable[[Tensor], Tensor] = torch.relu,
        **factory: Any,
    ) -> None:
        super().__init__()
        self.attention = MultiHeadAttention(d, n_heads, **factory)
        self.feed_forward = FeedForward(d, d_ff, f, **factory)
        self.add_1, self.add_2 = (Residual(d, pre_norm=pre_norm, dropout=dropout, **factory) for _ in range(2))

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """x (B, T, D)，mask 可广播到 (B, h, T, T) -> (B, T, D)。"""
        x = self.add_1(x, lambda y: self.attention(y, mask=mask)[0])
        return self.add_2(x, self.feed_forward)


class DecoderBlock(nn.Module):
    """因果自注意力，再看编码器（交叉注意力），再前馈。"""

    def __init__(self, d: int, n_heads: int, d_ff: int, *, pre_norm: bool = False, dropout: float = 0.0, **factory: Any) -> None:
        super().__init__()
        self.attention, self.cross = (MultiHeadAttention(d, n_heads, **factory) for _ in range(2))
        self.feed_forward = FeedForward(d, d_ff, **factory)
        self.add_1, self.add_2, self.add_3 = (Residual(d, pre_norm=pre_norm, dropout=dropout, **factory) for _ in range(3))

    def forward(self, x: Tensor, memory: Tensor, memory_mask: Tensor | None = None) -> Tensor:
        """x (B, T, D)，memory (B, S, D) 是编码器的输出 -> (B, T, D)。"""
        mask = causal_mask(x.shape[1], device=x.device)  # (T, T)
        x = self.add_1(x, lambda y: self.attention(y, mask=mask)[0])
        x = self.add_2(x, lambda y: self.cross(y, memory, memory_mask)[0])  # 键和值来自编码器，不归一化
        return self.add_3(x, self.feed_forward)


class Transformer(nn.Module):
    """编码器-解码器，后归一化；源、目标与输出层共用一张词嵌入表。"""

    def __init__(
        self, vocabulary: int, d: int, n_heads: int, d_ff: int, n_layers: int, *, dropout: float = 0.0, **factory: Any
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, d, **factory)
        nn.init.normal_(self.embedding.weight, std=d**-0.5)  # 乘 √D 之后方差是 1，与位置编码相当
        self.encoder = nn.ModuleList(EncoderBlock(d, n_heads, d_ff, dropout=dropout, **factory) for _ in range(n_layers))
        self.decoder = nn.ModuleList(DecoderBlock(d, n_heads, d_ff, dropout=dropout, **factory) for _ in range(n_layers))
        self.dropout = nn.Dropout(dropout)

    def embed(self, tokens: Tensor) -> Tensor:
        """词元编号 (B, T) -> 词嵌入乘 √D 加位置编码 (B, T, D)。"""
        d, dtype = self.embedding.embedding_dim, self.embedding.weight.dtype
        positions = torch.arange(tokens.shape[1], device=tokens.device, dtype=dtype)
        return self.dropout(self.embedding(tokens) * math.sqrt(d) + sinusoidal(positions, d))

    def forward(self, source: Tensor, target: Tensor, source_mask: Tensor | None = None) -> Tensor:
        """source (B, S)，target (B, T)（已右移一位），source_mask (B, 1, 1, S) -> logit (B, T, V)。"""
        memory, x = self.embed(source), self.embed(target)
        for block in self.encoder:
            memory = block(memory, source_mask)
        for block in self.decoder:
            x = block(x, memory, source_mask)
        return x @ self.embedding.weight.T


def noam_rate(step: int, d: int, warmup: int = 4000) -> float:
    """论文的学习率：先线性升 warmup 步，再按步数的平方根降；step 从 1 数起。"""
    return d**-0.5 * min(step**-0.5, step * warmup**-1.5)


if __name__ == "__main__":
    base = Transformer(37_000, 512, 8, 2048, 6, device="meta")
    print(f"论文的基本型：{sum(p.numel() for p in base.parameters()):,} 个参数", end="；")
    print(f"学习率在第 4000 步最高，{noam_rate(4000, 512):.2e}")
