"""词嵌入：带负采样的 Skip-gram（word2vec）。每个词有两个向量，当中心词用 u，当上下文用 v。

记号：V 词表大小，D 向量宽度，B 个（中心词, 上下文词）对，每对另抽 k 个噪声词。
来源：Mikolov 等 2013, arXiv:1301.3781（Skip-gram）与 arXiv:1310.4546（负采样、3/4 次方、下采样）；
最优点 Levy & Goldberg 2014, NeurIPS 27 (Neural Word Embedding as Implicit Matrix Factorization)。
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def skip_gram_pairs(words: Tensor, window: int) -> Tensor:
    """一句话里的全部（中心词, 上下文词）：words (T,) -> (n, 2)，两词相隔 1 到 window。"""
    pairs = [words.new_empty(0, 2)]
    for gap in range(1, window + 1):
        near = torch.stack([words[:-gap], words[gap:]], dim=1)  # (T-gap, 2) 负下标在 gap ≥ T 时恰得空
        pairs += [near, near.flip(1)]  # 左右对称
    return torch.cat(pairs)


def noise_distribution(counts: Tensor, power: float = 0.75) -> Tensor:
    """噪声词的分布：词频的 power 次方，归一化。counts (V,) -> (V,)；0 是均匀，1 是原词频。"""
    weights = counts**power
    return weights / weights.sum()


def keep_probability(counts: Tensor, threshold: float) -> Tensor:
    """下采样：词频 f 的词以 min(1, √(threshold / f)) 的概率留下。counts (V,) -> (V,)。"""
    frequency = counts / counts.sum()
    return (threshold / frequency).sqrt().clamp(max=1)


def sgns_loss(u: Tensor, v: Tensor, v_noise: Tensor) -> Tensor:
    """平均损失：u 与 v (B, D)，v_noise (B, k, D) -> 标量。真的一对要像，抽来的噪声要不像。"""
    real = (u * v).sum(dim=-1)  # (B,)
    fake = (v_noise @ u[:, :, None])[..., 0]  # (B, k)
    return -(functional.logsigmoid(real) + functional.logsigmoid(-fake).sum(dim=-1)).mean()


def sgns_gradients(u: Tensor, v: Tensor, v_noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """上面损失的手算梯度，形状同 u、v、v_noise：误差乘对方的向量。"""
    real = torch.sigmoid((u * v).sum(dim=-1)) - 1  # (B,) σ(u·v) - 1：差多少才到 1
    fake = torch.sigmoid((v_noise @ u[:, :, None])[..., 0])  # (B, k) 差多少才到 0
    du = real[:, None] * v + (fake[..., None] * v_noise).sum(dim=1)  # (B, D)
    return du / len(u), real[:, None] * u / len(u), fake[..., None] * u[:, None] / len(u)


def best_scores(pair_counts: Tensor, noise: Tensor, k: int) -> Tensor:
    """向量够宽时 u·v 的最优值 ln(P(c|w) / (k·noise_c))；noise 取原词频时就是 PMI - ln k。

    pair_counts (V, V)：行是中心词，列是上下文词 -> (V, V)；从未同现的一对得 -∞。
    """
    conditional = pair_counts / pair_counts.sum(dim=1, keepdim=True)  # P(c | w)
    return (conditional / (k * noise)).log()


def train(pairs: Tensor, size: int, d: int, *, k: int, epochs: int, batch: int, lr: float, generator: torch.Generator) -> Tensor:
    """小批量梯度下降：pairs (n, 2)，词表大小 size -> 两组向量 (2, V, D)，先中心后上下文。"""
    noise = noise_distribution(torch.bincount(pairs[:, 1], minlength=size).to(torch.get_default_dtype()))
    u = (torch.rand(size, d, generator=generator, device=pairs.device) - 0.5) / d
    v = torch.zeros_like(u)
    for _ in range(epochs):
        order = torch.randperm(len(pairs), generator=generator, device=pairs.device)
        for w, c in (pairs[i].unbind(dim=1) for i in order.split(batch)):
            bad = torch.multinomial(noise, len(w) * k, replacement=True, generator=generator).view(-1, k)
            du, dv, dn = sgns_gradients(u[w], v[c], v[bad])
            step = lr * len(w)  # 每对各走一步 lr，同原版的逐对更新
            u.index_add_(0, w, du, alpha=-step)  # 同一个词在一批里出现多次，要累加
            v.index_add_(0, c, dv, alpha=-step)
            v.index_add_(0, bad.flatten(), dn.flatten(0, 1), alpha=-step)
    return torch.stack([u, v])


def two_topics(sentences: int, *, generator: torch.Generator) -> Tensor:
    """造句：词 0–4 属一个主题，5–9 属另一个；每句六个词只谈一个主题 -> (sentences, 6)。"""
    topic = torch.randint(2, (sentences, 1), generator=generator)
    return 5 * topic + torch.randint(5, (sentences, 6), generator=generator)


if __name__ == "__main__":
    generator = torch.Generator().manual_seed(0)
    corpus = two_topics(300, generator=generator)
    pairs = torch.cat([skip_gram_pairs(sentence, 2) for sentence in corpus])
    u, _ = train(pairs, 10, 8, k=5, epochs=5, batch=50, lr=0.05, generator=generator)
    cosine = functional.normalize(u) @ functional.normalize(u).T  # (10, 10)
    same = torch.block_diag(torch.ones(5, 5), torch.ones(5, 5)).bool() & ~torch.eye(10, dtype=torch.bool)
    across = ~same & ~torch.eye(10, dtype=torch.bool)
    print(f"余弦相似度：同主题平均 {cosine[same].mean():.2f}，不同主题平均 {cosine[across].mean():.2f}")
