"""一个小卷积网络和标准的 PyTorch 训练循环；数参数的公式；不用下载的十个点阵数字。

网络：[卷积 3×3 → ReLU → 最大池化 2×2] 两次，然后一个全连接层；输入 (N, 1, 8, 8)，输出 10 个 logit。
来源：卷积网络 LeCun 等 1998, doi:10.1109/5.726791；训练循环照 PyTorch 教程 Optimizing Model Parameters
(docs.pytorch.org/tutorials/beginner/basics/optimization_tutorial.html)。
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

DIGITS = (  # 每个数字 7 行，一行两位十六进制，低 5 位是像素
    "0e11131519110e",
    "040c040404040e",
    "0e11010204081f",
    "1f02040201110e",
    "02060a121f0202",
    "1f101e0101110e",
    "0608101e11110e",
    "1f010204080808",
    "0e11110e11110e",
    "0e11110f01020c",
)


class SmallCNN(nn.Module):
    """(N, 1, 8, 8) -> (N, 10)，6,090 个参数。"""

    def __init__(self, *, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> None:
        super().__init__()
        self.conv_1 = nn.Conv2d(1, 16, 3, padding=1, device=device, dtype=dtype)
        self.conv_2 = nn.Conv2d(16, 32, 3, padding=1, device=device, dtype=dtype)
        self.out = nn.Linear(32 * 2 * 2, 10, device=device, dtype=dtype)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(F.relu(self.conv_1(x)), 2)  # (N, 16, 4, 4) 卷积 → 激活 → 池化
        x = F.max_pool2d(F.relu(self.conv_2(x)), 2)  # (N, 32, 2, 2)
        return self.out(x.flatten(1))  # (N, 10)


# region 训练
def train_epoch(
    model: nn.Module, optimizer: torch.optim.Optimizer, x: Tensor, y: Tensor, *, batch: int, generator: torch.Generator
) -> float:
    """打乱，切成小批，每批走一步 -> 这一轮的平均损失。generator 在 CPU 上，只用来打乱。"""
    model.train()  # 打开 dropout，BN 用批内统计量
    total = 0.0
    for i in torch.randperm(len(x), generator=generator).to(x.device).split(batch):
        optimizer.zero_grad()  # 梯度会累加，先清零
        loss = F.cross_entropy(model(x[i]), y[i])  # 前向
        loss.backward()  # 反向：只算梯度
        optimizer.step()  # 更新
        total += loss.item() * len(i)  # item() 取出数值，不把计算图留到下一轮
    return total / len(x)


@torch.no_grad()  # 不建计算图，省时间省内存
def evaluate(model: nn.Module, x: Tensor, y: Tensor) -> tuple[float, float]:
    """-> (平均损失, 正确率)。"""
    model.eval()  # 关掉 dropout，BN 用攒下的统计量
    z = model(x)
    return F.cross_entropy(z, y).item(), (z.argmax(dim=1) == y).double().mean().item()


# endregion


# region 数参数
def conv_parameters(c_in: int, c_out: int, k: int) -> int:
    """每个输出通道有 c_in·k² 个权重和一个偏置；与图的大小无关。"""
    return (c_in * k * k + 1) * c_out


def dense_parameters(n_in: int, n_out: int) -> int:
    """全连接：与图的大小成正比，因为每个位置有自己的权重。"""
    return (n_in + 1) * n_out


def stacked_parameters(size: int, channels: list[int], hidden: int, classes: int) -> list[int]:
    """[3×3 卷积（不填充）→ 2×2 池化] 若干次，摊平，两个全连接层 -> 各层的参数量。"""
    counts, c = [], channels[0]
    for c_out in channels[1:]:
        counts.append(conv_parameters(c, c_out, 3))
        size, c = (size - 2) // 2, c_out
    return [*counts, dense_parameters(c * size * size, hidden), dense_parameters(hidden, classes)]


# endregion


def glyphs(n: int, *, noise: float = 0.3, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """5×7 的点阵数字，放在 8×8 图里的随机位置，加正态噪声 -> x (n, 1, 8, 8)，类别 y (n,)。在 CPU 上造。"""
    bits = torch.tensor([[int(rows[2 * i : 2 * i + 2], 16) for i in range(7)] for rows in DIGITS])  # (10, 7)
    font = (bits[:, :, None] >> torch.arange(4, -1, -1) & 1).float()  # (10, 7, 5)
    y = torch.randint(10, (n,), generator=generator)
    x = noise * torch.randn(n, 1, 8, 8, generator=generator)
    down, right = torch.randint(2, (n,), generator=generator), torch.randint(4, (n,), generator=generator)
    for image, k, i, j in zip(x, y, down, right, strict=True):
        image[0, i : i + 7, j : j + 5] += font[k]
    return x, y


if __name__ == "__main__":
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(0)
    (x, y), held = glyphs(1000, generator=generator), glyphs(1000, generator=generator)
    model = SmallCNN()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    print(f"参数 {sum(p.numel() for p in model.parameters())} 个，训练前正确率 {evaluate(model, *held)[1]:.3f}")
    for _ in range(8):
        train_epoch(model, optimizer, x, y, batch=32, generator=generator)
    print(f"八轮之后 {evaluate(model, *held)[1]:.3f}")
