"""二维卷积与池化：先照公式写循环，再用 im2col 化成一次矩阵乘；填充、步幅、空洞、分组、转置。

记号：x (N, C, H, W)，w (C_out, C/groups, k_h, k_w)。深度学习里的“卷积”不翻转卷积核，数学上叫互相关。
来源：LeCun 等 1998, doi:10.1109/5.726791；im2col Chellapilla 等 2006, hal.science/inria-00112631；
尺寸的公式 Dumoulin & Visin 2016, arXiv:1603.07285；深度可分离 Howard 等 2017, arXiv:1704.04861。
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor


def output_size(n: int, k: int, *, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
    """⌊(n + 2p - d(k-1) - 1)/s⌋ + 1：放得下几个窗口。"""
    return (n + 2 * padding - dilation * (k - 1) - 1) // stride + 1


def correlate(x: Tensor, w: Tensor) -> Tensor:
    """照定义写的互相关，一个通道、步幅 1、不填充：x (H, W)，w (k_h, k_w) -> (H - k_h + 1, W - k_w + 1)。"""
    h, v = x.shape[0] - w.shape[0] + 1, x.shape[1] - w.shape[1] + 1
    rows = [torch.stack([(x[i : i + w.shape[0], j : j + w.shape[1]] * w).sum() for j in range(v)]) for i in range(h)]
    return torch.stack(rows)


def windows(
    x: Tensor, kernel: tuple[int, int], *, stride: int = 1, padding: int = 0, dilation: int = 1, fill: float = 0.0
) -> Tensor:
    """每个输出位置看到的那一块：x (N, C, H, W) -> (N, C, H', W', k_h, k_w)。"""
    h, w = (
        output_size(n, k, stride=stride, padding=padding, dilation=dilation) for n, k in zip(x.shape[2:], kernel, strict=True)
    )
    x = F.pad(x, (padding,) * 4, value=fill)
    first, second = (torch.arange(n, device=x.device) * stride for n in (h, w))  # 各窗口的起点
    down, right = (torch.arange(k, device=x.device) * dilation for k in kernel)  # 窗口之内
    i = first[:, None, None, None] + down[:, None]  # (H', 1, k_h, 1)
    j = second[:, None, None] + right  # (W', 1, k_w)
    return x[:, :, i, j]  # 下标广播成 (H', W', k_h, k_w)


def im2col(x: Tensor, kernel: tuple[int, int], *, stride: int = 1, padding: int = 0, dilation: int = 1) -> Tensor:
    """把每个窗口摊成一行：x (N, C, H, W) -> (N, H'W', C k_h k_w)。"""
    patches = windows(x, kernel, stride=stride, padding=padding, dilation=dilation)
    return patches.permute(0, 2, 3, 1, 4, 5).flatten(3).flatten(1, 2)


def conv2d(
    x: Tensor,
    w: Tensor,
    b: Tensor | None = None,
    *,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    groups: int = 1,
) -> Tensor:
    """x (N, C, H, W)，w (C_out, C/groups, k_h, k_w)，b (C_out,) -> (N, C_out, H', W')。"""
    if groups > 1:  # 每组只看自己的那一份通道
        parts = zip(x.chunk(groups, dim=1), w.chunk(groups), strict=True)
        y = torch.cat([conv2d(part, v, stride=stride, padding=padding, dilation=dilation) for part, v in parts], dim=1)
    else:
        h = output_size(x.shape[2], w.shape[2], stride=stride, padding=padding, dilation=dilation)
        cols = im2col(x, (w.shape[2], w.shape[3]), stride=stride, padding=padding, dilation=dilation)
        y = cols @ w.flatten(1).T  # (N, H'W', C_out)
        y = y.transpose(1, 2).unflatten(2, (h, -1))  # (N, C_out, H', W')
    return y if b is None else y + b[:, None, None]


def conv_transpose2d(x: Tensor, w: Tensor, *, stride: int = 1, padding: int = 0) -> Tensor:
    """conv2d 的伴随：x (N, C, H, W)，w (C, C_out, k, k) -> (N, C_out, s(H-1)+k-2p, …)。

    等于：像素之间塞 s - 1 个零，四周补 k - 1 - p 圈，再用翻转的核做步幅 1 的卷积。
    """
    n, c, h, v = x.shape
    spread = x.new_zeros(n, c, stride * (h - 1) + 1, stride * (v - 1) + 1)
    spread[:, :, ::stride, ::stride] = x
    return conv2d(spread, w.flip(2, 3).transpose(0, 1), padding=w.shape[2] - 1 - padding)


def depthwise_separable(x: Tensor, w_depth: Tensor, w_point: Tensor, *, padding: int = 0) -> Tensor:
    """先逐通道卷积 (C, 1, k, k)，再 1×1 混合通道 (C_out, C, 1, 1)：乘法是普通卷积的 1/C_out + 1/k²。"""
    return conv2d(conv2d(x, w_depth, padding=padding, groups=x.shape[1]), w_point)


def max_pool2d(x: Tensor, k: int, *, stride: int | None = None, padding: int = 0) -> Tensor:
    """每个窗口的最大值：(N, C, H, W) -> (N, C, H', W')。填充处是 -∞，不会被选中。"""
    return windows(x, (k, k), stride=stride or k, padding=padding, fill=float("-inf")).amax(dim=(-2, -1))


def avg_pool2d(x: Tensor, k: int, *, stride: int | None = None) -> Tensor:
    """每个窗口的平均值：(N, C, H, W) -> (N, C, H', W')。"""
    return windows(x, (k, k), stride=stride or k).mean(dim=(-2, -1))


def receptive_field(layers: Sequence[tuple[int, int]]) -> int:
    """各层 (核宽 k, 步幅 s) 叠起来，一个输出看到多宽的输入：r ← r + (k-1)·（前面步幅之积）。"""
    r, jump = 1, 1
    for k, s in layers:
        r, jump = r + (k - 1) * jump, jump * s
    return r


if __name__ == "__main__":
    x = torch.arange(9.0).view(3, 3)
    w = torch.tensor([[0.0, 1.0], [2.0, 3.0]])
    print(f"互相关 {correlate(x, w).tolist()}，翻转了核的卷积 {correlate(x, w.flip(0, 1)).tolist()}")
    same = conv2d(x[None, None], w[None, None])[0, 0]
    print(f"im2col 后一次矩阵乘，得 {same.tolist()}；三层 3×3 的感受野是 {receptive_field([(3, 1)] * 3)}")
