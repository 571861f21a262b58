"""归一化：减均值、除标准差，再乘 γ 加 β；四种做法只差在沿哪些轴求平均。前向与手写的反向。

记号：BN、GN 的 x (N, C, …)，γ 与 β (C,)；LN、RMSNorm 的 x (…, D)，γ 与 β (D,)。方差都除以 n（有偏），
只有 BN 存起来的 running_var 除以 n - 1。ε 在根号里面。
来源：BN Ioffe & Szegedy 2015, arXiv:1502.03167；LN Ba 等 2016, arXiv:1607.06450；
GN Wu & He 2018, arXiv:1803.08494；RMSNorm Zhang & Sennrich 2019, arXiv:1910.07467。
"""

from __future__ import annotations

import torch
from torch import Tensor

Dims = tuple[int, ...]


def standardize(x: Tensor, dims: Dims, eps: float) -> tuple[Tensor, Tensor]:
    """沿 dims 减均值、除以 √(方差 + ε) -> (x̂ 同形状, 除数，被平均的轴长 1)。先减均值再平方：平移不变。"""
    centred = x - x.mean(dim=dims, keepdim=True)
    std = (centred.square().mean(dim=dims, keepdim=True) + eps).sqrt()
    return centred / std, std


def standardize_backward(g: Tensor, x_hat: Tensor, std: Tensor, dims: Dims) -> Tensor:
    """g = ∂L/∂x̂ -> ∂L/∂x。均值与方差也依赖 x，所以要减掉 g 在 1 与 x̂ 两个方向上的分量。"""
    along = x_hat * (g * x_hat).mean(dim=dims, keepdim=True)
    return (g - g.mean(dim=dims, keepdim=True) - along) / std


def per_channel(v: Tensor, x: Tensor) -> Tensor:
    """(C,) -> (1, C, 1, …)，好与 x (N, C, …) 广播。"""
    return v.view(1, -1, *[1] * (x.ndim - 2))


# region 批归一化
def batch_dims(x: Tensor) -> Dims:
    """除通道以外的轴：每个通道用全批、全部位置的统计量。"""
    return (0, *range(2, x.ndim))


def batch_norm(x: Tensor, gamma: Tensor, beta: Tensor, eps: float = 1e-5) -> Tensor:
    """训练时：用这一批自己的均值与方差。x (N, C, …) -> 同形状。"""
    x_hat, _ = standardize(x, batch_dims(x), eps)
    return per_channel(gamma, x) * x_hat + per_channel(beta, x)


def update_running(mean: Tensor, var: Tensor, x: Tensor, momentum: float = 0.1) -> tuple[Tensor, Tensor]:
    """训练时顺便更新的指数平均，各 (C,)。momentum 是新值的份量；方差这里除以 n - 1。"""
    dims = batch_dims(x)
    new_mean = (1 - momentum) * mean + momentum * x.mean(dim=dims)
    new_var = (1 - momentum) * var + momentum * x.var(dim=dims, correction=1)
    return new_mean, new_var


def batch_norm_eval(x: Tensor, mean: Tensor, var: Tensor, gamma: Tensor, beta: Tensor, eps: float = 1e-5) -> Tensor:
    """预测时：用攒下的均值与方差，各样本互不影响，只是一个仿射变换。"""
    scale = gamma / (var + eps).sqrt()  # (C,)
    return per_channel(scale, x) * x + per_channel(beta - scale * mean, x)


def batch_norm_backward(dy: Tensor, x: Tensor, gamma: Tensor, eps: float = 1e-5) -> tuple[Tensor, Tensor, Tensor]:
    """训练时的反向：dy (N, C, …) -> (dx, dγ (C,), dβ (C,))。"""
    dims = batch_dims(x)
    x_hat, std = standardize(x, dims, eps)
    dx = standardize_backward(dy * per_channel(gamma, x), x_hat, std, dims)
    return dx, (dy * x_hat).sum(dim=dims), dy.sum(dim=dims)


# endregion


# region 层归一化
def layer_norm(x: Tensor, gamma: Tensor, beta: Tensor, eps: float = 1e-5) -> Tensor:
    """每个位置用自己的 D 个数：x (…, D) -> 同形状。与批无关，训练与预测一样。"""
    x_hat, _ = standardize(x, (-1,), eps)
    return gamma * x_hat + beta


def layer_norm_backward(dy: Tensor, x: Tensor, gamma: Tensor, eps: float = 1e-5) -> tuple[Tensor, Tensor, Tensor]:
    """dy (…, D) -> (dx, dγ (D,), dβ (D,))。"""
    x_hat, std = standardize(x, (-1,), eps)
    dx = standardize_backward(dy * gamma, x_hat, std, (-1,))
    others = tuple(range(x.ndim - 1))
    return dx, (dy * x_hat).sum(dim=others), dy.sum(dim=others)


def rms_norm(x: Tensor, gamma: Tensor, eps: float = 1e-6) -> Tensor:
    """只除以均方根，不减均值，没有 β：x (…, D) -> 同形状。"""
    return gamma * x / (x.square().mean(dim=-1, keepdim=True) + eps).sqrt()


def rms_norm_backward(dy: Tensor, x: Tensor, gamma: Tensor, eps: float = 1e-6) -> tuple[Tensor, Tensor]:
    """dy (…, D) -> (dx, dγ (D,))。少了减均值，反向也就少减一项。"""
    rms = (x.square().mean(dim=-1, keepdim=True) + eps).sqrt()
    x_hat, g = x / rms, dy * gamma
    dx = (g - x_hat * (g * x_hat).mean(dim=-1, keepdim=True)) / rms
    return dx, (dy * x_hat).sum(dim=tuple(range(x.ndim - 1)))


# endregion


def group_norm(x: Tensor, groups: int, gamma: Tensor, beta: Tensor, eps: float = 1e-5) -> Tensor:
    """每个样本的通道分成几组，组内求平均：x (N, C, …)。一组近似 LN，C 组就是实例归一化 IN。"""
    n, c, *rest = x.shape
    x_hat, _ = standardize(x.reshape(n, groups, c // groups, *rest), tuple(range(2, x.ndim + 1)), eps)
    return per_channel(gamma, x) * x_hat.reshape(x.shape) + per_channel(beta, x)


if __name__ == "__main__":
    x = torch.tensor([1.0, 0.0, 0.0, 0.0], dtype=torch.float64)
    one, zero = torch.ones(4, dtype=torch.float64), torch.zeros(4, dtype=torch.float64)
    print(f"LN(1, 0, 0, 0) = {layer_norm(x, one, zero, eps=0.0).numpy().round(4)}")
    rows = torch.randn(8, 64, generator=torch.Generator().manual_seed(0))
    far = rows + 1e4  # 先把 1e4 加进去，float32 只剩三位小数
    gap = standardize(far, (-1,), 1e-5)[0] - standardize(rows, (-1,), 1e-5)[0]
    print(f"每个数都加一万，归一化的结果最多变 {gap.abs().max().item():.1e}（float32）")
