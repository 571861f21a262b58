"""键值缓存：以前各位置的键和值只算一次、存起来，每步只算新词元；结果与整段重算相同。

记号：B 批大小，t 本次新词元数，S 缓存里的位置数，L 层数，h 查询头数，g 键值头数，d 头宽，W 滑窗宽。
来源：Pope 等 2022, arXiv:2211.05102（推理的代价）；滑窗 Beltagy 等 2020, arXiv:2004.05150。
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from snippets.attn.multi_head_attention import attend, merge_heads, split_heads
from snippets.attn.transformer_block import EncoderBlock
from snippets.llm.gpt_tiny import GPT, next_distribution

KeyValue = tuple[Tensor, Tensor]  # 各 (B, g, S, d)


@dataclass(frozen=True)
class Cache:
    """每层一对键与值；seen 是已经读过的词元数（滑窗丢掉的也算）。"""

    layers: tuple[KeyValue, ...] = ()
    seen: int = 0

    def nbytes(self) -> int:
        """占多少字节：2·L·g·d·S·B·每个数的字节。"""
        return sum(k.nbytes + v.nbytes for k, v in self.layers)


def seen_mask(t: int, s: int, window: int | None, device: torch.device) -> Tensor:
    """t 个新查询排在 s 个键的末尾：看得见自己和以前的，有滑窗时只看最近 window 个 -> (t, s)。"""
    query = torch.arange(s - t, s, device=device)[:, None]  # (t, 1)
    key = torch.arange(s, device=device)  # (s,)
    mask = key <= query
    return mask if window is None else mask & (key > query - window)


def extend_block(block: EncoderBlock, x: Tensor, old: KeyValue | None, window: int | None) -> tuple[Tensor, KeyValue]:
    """一块：新词元 x (B, t, D) 与旧的键值 -> 输出 (B, t, D) 与新的键值。"""
    layer, y = block.attention, block.add_1.norm(x)
    q = split_heads(layer.w_q(y), layer.n_heads)  # (B, h, t, d) 只有新词元的查询
    k = split_heads(layer.w_k(y), layer.n_kv_heads)  # (B, g, t, d)
    v = split_heads(layer.w_v(y), layer.n_kv_heads)  # (B, g, t, d)
    if old is not None:
        k, v = torch.cat([old[0], k], dim=2), torch.cat([old[1], v], dim=2)  # (B, g, S, d)
    heads, _ = attend(q, k, v, seen_mask(x.shape[1], k.shape[2], window, x.device))
    x = x + layer.w_o(merge_heads(heads))
    x = x + block.feed_forward(block.add_2.norm(x))
    if window is not None:
        k, v = k[:, :, -window:], v[:, :, -window:]  # 以后的查询再也看不到更早的
    return x, (k, v)


def extend(model: GPT, tokens: Tensor, cache: Cache | None = None, window: int | None = None) -> tuple[Tensor, Cache]:
    """读入新词元 tokens (B, t) -> 它们的 logit (B, t, V) 与新的缓存；整段提示一次读入就是预填充。"""
    cache = cache or Cache()
    end = cache.seen + tokens.shape[1]
    if end > len(model.positions.table):
        raise ValueError(f"{end} positions, but only {len(model.positions.table)} were learned")
    x = model.embedding(tokens) + model.positions.table[cache.seen : end]  # 位置接着数，不从 0 开始
    layers = []
    for n, block in enumerate(model.blocks):
        x, kept = extend_block(block, x, cache.layers[n] if cache.layers else None, window)
        layers.append(kept)
    return model.norm(x) @ model.embedding.weight.T, Cache(tuple(layers), end)


@torch.no_grad()
def generate_cached(model: GPT, tokens: Tensor, n: int, *, generator: torch.Generator | None = None, **how: float) -> Tensor:
    """接着写 n 个，每步只算一个词元：tokens (B, T) -> (B, T+n)。"""
    logits, cache = extend(model, tokens)  # 预填充
    for left in reversed(range(n)):
        chosen = torch.multinomial(next_distribution(logits[:, -1], **how), 1, generator=generator)  # (B, 1)
        tokens = torch.cat([tokens, chosen], dim=1)
        if left:
            logits, cache = extend(model, chosen, cache)
    return tokens


def cache_bytes(n_layers: int, n_kv_heads: int, d: int, t: int, batch: int, bytes_each: int) -> int:
    """缓存的大小：键与值各一份，所以乘 2。"""
    return 2 * n_layers * n_kv_heads * d * t * batch * bytes_each


if __name__ == "__main__":
    torch.manual_seed(0)
    gpt = GPT(50, 64, 48, 4, 2, dtype=torch.float64)
    tokens = torch.randint(50, (1, 40))
    whole = gpt(tokens)
    logits, cache = extend(gpt, tokens[:, :30])
    for t in range(30, 40):
        logits, cache = extend(gpt, tokens[:, t : t + 1], cache)
    print(f"逐个读入与整段重算之差 {(logits[:, -1] - whole[:, -1]).abs().max():.1e}；缓存 {cache.nbytes():,} 字节", end="")
    print(f"（公式 {cache_bytes(2, 4, 12, 40, 1, 8):,}）")
