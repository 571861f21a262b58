"""编码器-解码器：双向 GRU 编码，加性注意力解码；掩码损失、束搜索与 BLEU。

记号：B 批大小，S 源长，T 目标长，E 词嵌入宽，H 状态宽，V 词表大小。
来源：Sutskever 等 2014, arXiv:1409.3215；Bahdanau 等 2015, arXiv:1409.0473；
BLEU Papineni 等 2002, doi:10.3115/1073083.1073135。
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from snippets.attn.attention import additive_attention, padding_mask
from snippets.seq.gru_cell import gru_layer, gru_step


def flip_within(x: Tensor, lengths: Tensor) -> Tensor:
    """每条序列只翻转真实的那一段，填充留在原处：x (B, S, …)，lengths (B,) -> 同形状。"""
    place = torch.arange(x.shape[1], device=x.device)  # (S,)
    mirrored = lengths[:, None] - 1 - place  # (B, S)
    index = torch.where(mirrored >= 0, mirrored, place)
    return x[torch.arange(len(x), device=x.device)[:, None], index]


class Seq2Seq(nn.Module):
    """读完源句，再逐词写目标句；每写一个词都重新看一遍源句。源与目标共用词表。"""

    def __init__(self, vocabulary: int, e: int, h: int, **factory: Any) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, e, **factory)
        self.forth, self.back = (nn.GRU(e, h, batch_first=True, **factory) for _ in range(2))
        self.bridge = nn.Linear(2 * h, h, **factory)
        self.w_q, self.w_k = nn.Linear(h, h, False, **factory), nn.Linear(2 * h, h, False, **factory)
        self.w_a = nn.Linear(h, 1, False, **factory)
        self.cell = nn.GRUCell(e + 2 * h, h, **factory)
        self.output = nn.Linear(3 * h, vocabulary, **factory)

    def encode(self, source: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """source (B, S) -> 记忆 (B, S, 2H) 与解码器的初始状态 (B, H)。"""
        x = self.embedding(source)  # (B, S, E)
        zero = x.new_zeros(len(x), self.cell.hidden_size)
        left, _ = gru_layer(x, zero, *self.forth.all_weights[0], lengths=lengths)  # (B, S, H)
        right, last = gru_layer(flip_within(x, lengths), zero, *self.back.all_weights[0], lengths=lengths)
        memory = torch.cat([left, flip_within(right, lengths)], dim=-1)  # (B, S, 2H)
        ends = left[torch.arange(len(x), device=x.device), lengths - 1]  # (B, H) 从左读到头
        return memory, torch.tanh(self.bridge(torch.cat([ends, last], dim=-1)))

    def step(self, token: Tensor, state: Tensor, memory: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """写一个词：token (B,)，state (B, H) -> logit (B, V)、新状态、权重 (B, S)。"""
        attended, weights = additive_attention(
            state[:, None], memory, memory, self.w_q.weight, self.w_k.weight, self.w_a.weight[0], mask
        )
        context = attended[:, 0]  # (B, 2H)
        x = torch.cat([self.embedding(token), context], dim=-1)  # (B, E+2H)
        state = gru_step(x, state, self.cell.weight_ih, self.cell.weight_hh, self.cell.bias_ih, self.cell.bias_hh)
        return self.output(torch.cat([state, context], dim=-1)), state, weights[:, 0]

    def forward(self, source: Tensor, lengths: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """教师强制：target (B, T) 是右移一位的正确答案 -> logit (B, T, V) 与权重 (B, T, S)。"""
        memory, state = self.encode(source, lengths)
        mask = padding_mask(lengths, source.shape[1])  # (B, 1, S)
        logits, weights = [], []
        for token in target.unbind(dim=1):
            logit, state, weight = self.step(token, state, memory, mask)
            logits.append(logit)
            weights.append(weight)
        return torch.stack(logits, dim=1), torch.stack(weights, dim=1)


def masked_cross_entropy(logits: Tensor, target: Tensor, lengths: Tensor) -> Tensor:
    """只算真实的词元，按它们的总数平均：logits (B, T, V)，target (B, T)，lengths (B,) -> 标量。"""
    real = padding_mask(lengths, target.shape[1])[:, 0]  # (B, T)
    losses = functional.cross_entropy(logits.transpose(1, 2), target, reduction="none")  # (B, T)
    return (losses * real).sum() / real.sum()


def beam_search(
    score: Callable[[tuple[int, ...]], Sequence[float]], end: int, width: int, t_max: int, alpha: float = 0.0
) -> tuple[tuple[int, ...], float]:
    """每步留下 width 个最好的前缀，返回最好的一句（含句尾）和它的得分。

    score(前缀) 给出下一个词各自的对数概率；得分是对数概率之和除以 长度^alpha。
    """
    alive: list[tuple[tuple[int, ...], float]] = [((), 0.0)]
    done: list[tuple[tuple[int, ...], float]] = []
    for n in range(1, t_max + 1):
        longer = [((*words, w), total + p) for words, total in alive for w, p in enumerate(score(words))]
        longer.sort(key=lambda item: -item[1])
        done += [(words, total / n**alpha) for words, total in longer[:width] if words[-1] == end]
        alive = [item for item in longer[:width] if item[0][-1] != end]
    done += [(words, total / t_max**alpha) for words, total in alive]  # 到了长度上限还没写完的
    return max(done, key=lambda item: item[1])


def bleu(pairs: Sequence[tuple[Sequence[Any], Sequence[Any]]], n_max: int = 4) -> float:
    """语料级 BLEU：(译文, 参考) 若干对；截断的 n 元精度的几何平均，乘短句惩罚。"""
    log_precision = 0.0
    for n in range(1, n_max + 1):
        hits = total = 0
        for ours, reference in pairs:
            grams, allowed = (Counter(zip(*(s[i:] for i in range(n)), strict=False)) for s in (ours, reference))
            hits += (grams & allowed).total()  # 每个 n 元组至多算参考里出现的次数
            total += grams.total()
        if not hits:
            return 0.0
        log_precision += math.log(hits / total) / n_max
    ours, reference = (sum(len(pair[i]) for pair in pairs) for i in (0, 1))
    return math.exp(min(0.0, 1 - reference / ours) + log_precision)


def train(model: Seq2Seq, digits: int, length: int, *, steps: int, batch: int, lr: float, generator: torch.Generator) -> None:
    """学着把一串数字倒着写：词 0 是句首，1 是句尾，2 起是数字；长度从 2 到 length 不等。"""
    optimizer, device = torch.optim.Adam(model.parameters(), lr=lr), model.output.weight.device
    for _ in range(steps):
        source = torch.randint(2, 2 + digits, (batch, length), generator=generator, device=device)
        lengths = torch.randint(2, length + 1, (batch,), generator=generator, device=device)
        answer = flip_within(source, lengths)
        answer = torch.cat([answer, torch.ones_like(answer[:, :1])], dim=1).scatter(1, lengths[:, None], 1)
        given = torch.cat([torch.zeros_like(answer[:, :1]), answer[:, :-1]], dim=1)  # 右移一位
        loss = masked_cross_entropy(model(source, lengths, given)[0], answer, lengths + 1)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()


if __name__ == "__main__":
    torch.manual_seed(0)
    model = Seq2Seq(12, 16, 32)
    train(model, 10, 5, steps=120, batch=64, lr=1e-2, generator=torch.Generator().manual_seed(0))
    source = torch.randint(2, 12, (500, 5))
    target = torch.cat([torch.zeros_like(source[:, :1]), source.flip(1)], dim=1)
    with torch.no_grad():
        logits, weights = model(source, torch.full((500,), 5), target)
    right = (logits[:, :5].argmax(dim=-1) == source.flip(1)).double().mean()
    print(f"倒写五位数字，教师强制下词元正确率 {right:.3f}；写第 1 到 5 个词时最看重源句的第", end=" ")
    print(weights[:, :5].mean(dim=0).argmax(dim=-1).add(1).tolist(), "个")
