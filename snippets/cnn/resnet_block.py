"""残差块：输出是输入加上一个修正，y = x + F(x)；基本块、瓶颈块、预激活块，以及形状变了时的投影捷径。

x (N, C, H, W) -> (N, C_out, ⌈H/s⌉, ⌈W/s⌉)。卷积不带偏置，因为后面的 BN 会把它减掉。
来源：He 等 2015, arXiv:1512.03385（基本块、瓶颈、投影）；He 等 2016, arXiv:1603.05027（预激活）；
最后一个 BN 的 γ 从 0 起，Goyal 等 2017, arXiv:1706.02677。
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn


def conv(c_in: int, c_out: int, k: int, stride: int = 1, **made: Any) -> nn.Conv2d:
    """k×k（k 是奇数），填充使步幅 1 时大小不变，没有偏置。made 是 device 与 dtype。"""
    return nn.Conv2d(c_in, c_out, k, stride=stride, padding=k // 2, bias=False, **made)


def shortcut(c_in: int, c_out: int, stride: int, **made: Any) -> nn.Module:
    """形状不变就是恒等，没有参数；否则 1×1 卷积（步幅 s）加 BN。"""
    if c_in == c_out and stride == 1:
        return nn.Identity()
    return nn.Sequential(conv(c_in, c_out, 1, stride, **made), nn.BatchNorm2d(c_out, **made))


class BasicBlock(nn.Module):
    """ReLU(捷径(x) + BN(卷积(ReLU(BN(卷积(x))))))，两个 3×3：ResNet-18、34 用它。"""

    def __init__(self, c_in: int, c_out: int, stride: int = 1, **made: Any) -> None:
        super().__init__()
        self.conv_1, self.bn_1 = conv(c_in, c_out, 3, stride, **made), nn.BatchNorm2d(c_out, **made)
        self.conv_2, self.bn_2 = conv(c_out, c_out, 3, **made), nn.BatchNorm2d(c_out, **made)
        self.shortcut = shortcut(c_in, c_out, stride, **made)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.bn_1(self.conv_1(x)))
        y = self.bn_2(self.conv_2(y))  # F(x)，相加之前不过 ReLU
        return F.relu(self.shortcut(x) + y)


class Bottleneck(nn.Module):
    """1×1 降到 c_mid、3×3、1×1 升到 4·c_mid：ResNet-50 以上用它，3×3 只在窄的地方做。"""

    def __init__(self, c_in: int, c_mid: int, stride: int = 1, **made: Any) -> None:
        super().__init__()
        c_out = 4 * c_mid
        self.conv_1, self.bn_1 = conv(c_in, c_mid, 1, **made), nn.BatchNorm2d(c_mid, **made)
        self.conv_2, self.bn_2 = conv(c_mid, c_mid, 3, stride, **made), nn.BatchNorm2d(c_mid, **made)
        self.conv_3, self.bn_3 = conv(c_mid, c_out, 1, **made), nn.BatchNorm2d(c_out, **made)
        self.shortcut = shortcut(c_in, c_out, stride, **made)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.bn_1(self.conv_1(x)))
        y = F.relu(self.bn_2(self.conv_2(y)))
        y = self.bn_3(self.conv_3(y))
        return F.relu(self.shortcut(x) + y)


class PreActBlock(nn.Module):
    """BN 与 ReLU 移到卷积之前，相加之后什么也不做：捷径上一路是恒等。形状不变时用。"""

    def __init__(self, c: int, **made: Any) -> None:
        super().__init__()
        self.bn_1, self.conv_1 = nn.BatchNorm2d(c, **made), conv(c, c, 3, **made)
        self.bn_2, self.conv_2 = nn.BatchNorm2d(c, **made), conv(c, c, 3, **made)

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv_1(F.relu(self.bn_1(x)))
        return x + self.conv_2(F.relu(self.bn_2(y)))


def start_as_identity(block: BasicBlock | Bottleneck) -> None:
    """最后一个 BN 的 γ 置 0：F(x) = 0，训练从捷径（恒等，再过 ReLU）开始。"""
    last = block.bn_3 if isinstance(block, Bottleneck) else block.bn_2
    nn.init.zeros_(last.weight)


def deep(x: Tensor, weights: Sequence[Tensor], *, residual: bool, f: Callable[[Tensor], Tensor] = F.relu) -> list[Tensor]:
    """只留捷径这一个差别的实验：a ← f(a Wᵀ)，或 a ← a + f(a Wᵀ)。x (m, n) -> [A[0], …, A[L]]。"""
    a = [x]
    for w in weights:
        y = f(a[-1] @ w.T)  # (m, n)
        a.append(a[-1] + y if residual else y)
    return a


if __name__ == "__main__":
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(16, 64, generator=generator, dtype=torch.float64, requires_grad=True)
    weights = [0.05 * torch.randn(64, 64, generator=generator, dtype=torch.float64) for _ in range(50)]
    for residual in (False, True):
        (grad,) = torch.autograd.grad(deep(x, weights, residual=residual)[-1].mean(), x)
        print(f"50 层，{'有' if residual else '没有'}捷径：输入的梯度范数 {grad.norm().item():.1e}")
