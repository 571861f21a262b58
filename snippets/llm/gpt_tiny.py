"""字符级 GPT：只有解码器的 Transformer，先归一化，词嵌入与输出层共用权重；训练与采样。

记号：B 批大小，T 长度，T_max 上下文长，D 宽，L 层数，V 词表大小。
来源：Radford 等 2018（GPT）与 2019（GPT-2）；Brown 等 2020, arXiv:2005.14165；
top-k Fan 等 2018, arXiv:1805.04833；top-p Holtzman 等 2020, arXiv:1904.09751。
"""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from snippets.attn.attention import causal_mask
from snippets.attn.positional_encoding import LearnedPositions
from snippets.attn.transformer_block import EncoderBlock

POEM = "国破山河在，城春草木深。感时花溅泪，恨别鸟惊心。烽火连三月，家书抵万金。白头搔更短，浑欲不胜簪。"


class GPT(nn.Module):
    """词元 -> 下一个词元的 logit。块就是先归一化的编码块，只是带上因果掩码。"""

    def __init__(self, vocabulary: int, t_max: int, d: int, n_heads: int, n_layers: int, **factory: Any) -> None:
        super().__init__()
        gelu = partial(functional.gelu, approximate="tanh")  # GPT-2 用的是 tanh 近似
        self.embedding = nn.Embedding(vocabulary, d, **factory)
        self.positions = LearnedPositions(t_max, d, **factory)
        self.blocks = nn.ModuleList(EncoderBlock(d, n_heads, 4 * d, pre_norm=True, f=gelu, **factory) for _ in range(n_layers))
        self.norm = nn.LayerNorm(d, **factory)
        self._init(n_layers)

    def _init(self, n_layers: int) -> None:
        """GPT-2 的初值：权重 N(0, 0.02²)，偏置 0；写回残差的 2L 个矩阵再除以 √(2L)。"""
        for name, p in self.named_parameters():
            if name.endswith("bias"):
                nn.init.zeros_(p)
            elif p.ndim == 2:
                into_residual = name.endswith(("w_o.weight", "w_2.weight"))
                nn.init.normal_(p, std=0.02 / (2 * n_layers) ** 0.5 if into_residual else 0.02)

    def forward(self, tokens: Tensor) -> Tensor:
        """tokens (B, T) -> logit (B, T, V)；第 t 行只看得见前 t 个词元，预测第 t+1 个。"""
        x = self.positions(self.embedding(tokens))  # (B, T, D)
        mask = causal_mask(tokens.shape[1], device=tokens.device)  # (T, T)
        for block in self.blocks:
            x = block(x, mask)
        return self.norm(x) @ self.embedding.weight.T  # (B, T, V) 与词嵌入共用权重


def next_token_loss(model: GPT, tokens: Tensor) -> Tensor:
    """平均每个词元的交叉熵：tokens (B, T+1)，前 T 个是输入，后 T 个是答案 -> 标量。"""
    logits = model(tokens[:, :-1])  # (B, T, V)
    return functional.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten())


def train(model: GPT, text: Tensor, t: int, *, steps: int, batch: int, lr: float, generator: torch.Generator) -> list[float]:
    """AdamW，每步随机截 batch 段长 t+1 的文本：text (n,) -> 每步的损失。"""
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    losses = []
    for _ in range(steps):
        start = torch.randint(len(text) - t, (batch, 1), generator=generator, device=text.device)
        loss = next_token_loss(model, text[start + torch.arange(t + 1, device=text.device)])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
    return losses


def next_distribution(logits: Tensor, *, temperature: float = 1.0, top_k: int | None = None, top_p: float = 1.0) -> Tensor:
    """从 logit 到采样用的分布：(..., V) -> (..., V)。先温度，再 top-k，再 top-p；temperature = 0 是贪心。

    top_p：概率从大到小累加，取刚好达到 top_p 的最小集合，其余归零，再归一化。
    """
    if temperature == 0:
        return functional.one_hot(logits.argmax(dim=-1), logits.shape[-1]).to(logits.dtype)
    ranked, order = (logits / temperature).softmax(dim=-1).sort(dim=-1, descending=True, stable=True)
    if top_k is not None:
        ranked = ranked * (torch.arange(ranked.shape[-1], device=ranked.device) < top_k)
        ranked = ranked / ranked.sum(dim=-1, keepdim=True)
    if top_p < 1:
        before = ranked.cumsum(dim=-1) - ranked  # 排在它前面的概率之和；第一名恰为 0，总是留下
        ranked = ranked * (before < top_p)
        ranked = ranked / ranked.sum(dim=-1, keepdim=True)
    return torch.zeros_like(ranked).scatter(-1, order, ranked)


@torch.no_grad()
def generate(model: GPT, tokens: Tensor, n: int, *, generator: torch.Generator | None = None, **how: Any) -> Tensor:
    """接着写 n 个：tokens (B, T) -> (B, T+n)。超过 T_max 时只看最后 T_max 个。"""
    for _ in range(n):
        logits = model(tokens[:, -len(model.positions.table) :])[:, -1]  # (B, V)
        chosen = torch.multinomial(next_distribution(logits, **how), 1, generator=generator)  # (B, 1)
        tokens = torch.cat([tokens, chosen], dim=1)
    return tokens


if __name__ == "__main__":
    torch.manual_seed(0)
    characters = sorted(set(POEM))
    text = torch.tensor([characters.index(c) for c in POEM])
    gpt = GPT(len(characters), 24, 48, 4, 2)
    losses = train(gpt, text, 24, steps=100, batch=8, lr=3e-3, generator=torch.Generator().manual_seed(0))
    written = generate(gpt, text[None, :2], 22, temperature=0)[0]
    print(f"{sum(p.numel() for p in gpt.parameters()):,} 个参数；损失 {losses[0]:.3f} → {losses[-1]:.3f}", end="；")
    print(f"从“国破”写下去：{''.join(characters[n] for n in written)}")
