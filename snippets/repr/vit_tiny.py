"""视觉 Transformer：图切成小块，每块线性映成一个词元，前面加一个分类词元，其余就是 Transformer 编码器。

记号：图 (B, C, H, W)，块边长 P，块数 N = (H/P)(W/P)，宽度 D，头数 h。
与论文同：先归一化（pre-LN）、GELU、可学习的一维位置嵌入、取分类词元的输出再归一化；小图上去掉了暂退法。
来源：Dosovitskiy 等 2021, arXiv:2010.11929（公式 1 至 4）。
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, scaled_dot_product_attention


def patches(images: Tensor, p: int) -> Tensor:
    """(B, C, H, W) -> (B, N, C·P·P)：按行排的块，块内按通道、行、列展平，同卷积核的次序。"""
    b, c, height, width = images.shape
    if height % p or width % p:
        raise ValueError(f"image {height}×{width} does not divide into {p}×{p} patches")
    x = images.reshape(b, c, height // p, p, width // p, p)
    return x.permute(0, 2, 4, 1, 3, 5).reshape(b, -1, c * p * p)


class Block(nn.Module):
    """x + 注意力(LN(x))，再 x + MLP(LN(x))；每个词元看得见所有词元。(B, N, D) -> (B, N, D)。"""

    def __init__(self, d: int, heads: int, hidden: int, **kind: Any) -> None:
        super().__init__()
        self.heads = heads
        self.norm_1, self.norm_2 = nn.LayerNorm(d, **kind), nn.LayerNorm(d, **kind)
        self.qkv, self.out = nn.Linear(d, 3 * d, **kind), nn.Linear(d, d, **kind)
        self.up, self.down = nn.Linear(d, hidden, **kind), nn.Linear(hidden, d, **kind)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attend(self.norm_1(x))
        return x + self.down(gelu(self.up(self.norm_2(x))))

    def attend(self, x: Tensor) -> Tensor:
        q, k, v = self.qkv(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)  # 各 (B, h, N, D/h)
        return self.out(scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))


class ViT(nn.Module):
    """图 (B, C, size, size) -> 类别的 logit (B, classes)。"""

    def __init__(
        self,
        size: int,
        p: int,
        classes: int,
        *,
        channels: int = 1,
        d: int = 32,
        depth: int = 2,
        heads: int = 4,
        hidden: int = 64,
        **kind: Any,
    ) -> None:
        super().__init__()
        self.p = p
        n = (size // p) ** 2
        self.embed = nn.Linear(channels * p * p, d, **kind)
        self.token = nn.Parameter(torch.zeros(1, 1, d, **kind))
        self.position = nn.Parameter(0.02 * torch.randn(1, n + 1, d, **kind))
        self.blocks = nn.Sequential(*(Block(d, heads, hidden, **kind) for _ in range(depth)))
        self.norm, self.head = nn.LayerNorm(d, **kind), nn.Linear(d, classes, **kind)

    def forward(self, images: Tensor) -> Tensor:
        x = self.embed(patches(images, self.p))  # (B, N, D)
        x = torch.cat([self.token.expand(len(x), -1, -1), x], dim=1) + self.position  # (B, N+1, D)
        return self.head(self.norm(self.blocks(x)[:, 0]))  # 只读分类词元


def train(model: nn.Module, images: Tensor, labels: Tensor, *, epochs: int, batch: int = 64, lr: float = 3e-3) -> float:
    """打乱、分批、交叉熵、Adam；返回最后一轮的平均损失。images (N, C, H, W)，labels (N,)。"""
    optimizer = torch.optim.Adam(model.parameters(), lr)
    for _ in range(epochs):
        total = 0.0
        for chosen in torch.randperm(len(images), device=images.device).split(batch):
            loss = nn.functional.cross_entropy(model(images[chosen]), labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(chosen)
    return total / len(images)


if __name__ == "__main__":
    torch.manual_seed(0)
    images, labels = torch.randn(32, 1, 8, 8), torch.arange(32) % 10  # 随机的图与标签：只能背下来
    model = ViT(8, 2, 10)
    before = nn.functional.cross_entropy(model(images), labels).item()
    after = train(model, images, labels, epochs=60, batch=32)
    print(f"参数 {sum(w.numel() for w in model.parameters()):,}；背 32 张图：损失 {before:.2f} -> {after:.3f}（ln 10 = 2.30）")
    with torch.no_grad():
        order = torch.randperm(4)
        moved = images.unflatten(2, (4, 2))[:, :, order].flatten(2, 3)  # 四行块换了次序
        gap = (model(moved) - model(images)).abs().max().item()
        model.position[:, 1:] = 0
        blind = (model(moved) - model(images)).abs().max().item()
    print(f"把四行块换次序，logit 最多变 {gap:.1f}；抹掉块的位置嵌入后最多变 {blind:.0e}")
