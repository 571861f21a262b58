"""参数初始化：权重该多大，信号与梯度穿过几十层才不消失也不爆炸；以及看它们消失、爆炸的实验。

行写法：x (m, n_in)，W (n_out, n_in)，一层是 f(x Wᵀ)，不带偏置。大小用均方根 √mean(·²) 量。
来源：Xavier 初始化 Glorot & Bengio 2010, PMLR 9:249；He 初始化 He 等 2015, arXiv:1502.01852；
正交初始化 Saxe 等 2014, arXiv:1312.6120。
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor


def xavier_std(n_in: int, n_out: int) -> float:
    """√(2/(n_in + n_out))：前向要 1/n_in，反向要 1/n_out，取两者的调和平均；用于 tanh 一类。"""
    return math.sqrt(2 / (n_in + n_out))


def he_std(n_in: int) -> float:
    """√(2/n_in)：ReLU 关掉一半，二阶矩减半，所以权重的方差加倍。"""
    return math.sqrt(2 / n_in)


def normal(
    n_out: int,
    n_in: int,
    std: float,
    *,
    generator: torch.Generator | None = None,
    device: torch.device | str | None = None,
    dtype: torch.dtype | None = None,
) -> Tensor:
    """(n_out, n_in)，独立，均值 0，标准差 std。"""
    return torch.empty(n_out, n_in, device=device, dtype=dtype).normal_(0, std, generator=generator)


def uniform(
    n_out: int,
    n_in: int,
    std: float,
    *,
    generator: torch.Generator | None = None,
    device: torch.device | str | None = None,
    dtype: torch.dtype | None = None,
) -> Tensor:
    """同样的标准差，换成均匀分布：区间 ±√3·std。"""
    a = math.sqrt(3) * std
    return torch.empty(n_out, n_in, device=device, dtype=dtype).uniform_(-a, a, generator=generator)


def orthogonal(
    n: int,
    *,
    generator: torch.Generator | None = None,
    device: torch.device | str | None = None,
    dtype: torch.dtype | None = None,
) -> Tensor:
    """(n, n) 的随机正交阵：QR 分解之后照 R 的对角线定号，分布才均匀。长度一点不变。"""
    q, r = torch.linalg.qr(normal(n, n, 1.0, generator=generator, device=device, dtype=dtype))
    return q * r.diagonal().sign()  # 第 j 列乘 sign(r_jj)


def rms(x: Tensor) -> Tensor:
    """均方根，()。"""
    return x.square().mean().sqrt()


def signal_sizes(x: Tensor, weights: Sequence[Tensor], f: Callable[[Tensor], Tensor]) -> Tensor:
    """逐层算 a ← f(a Wᵀ)，x (m, n_0) -> 每层输出的均方根 (L,)。"""
    sizes, a = [], x
    for w in weights:
        a = f(a @ w.T)  # (m, n_l)
        sizes.append(rms(a))
    return torch.stack(sizes)


def gradient_sizes(x: Tensor, weights: Sequence[Tensor], f: Callable[[Tensor], Tensor], g: Tensor) -> Tensor:
    """反向：最后一层输出的梯度是 g (m, n_L) -> 各层输入 A[0], …, A[L-1] 的梯度的均方根 (L,)。"""
    inputs = [x.detach().requires_grad_()]
    for w in weights:
        inputs.append(f(inputs[-1] @ w.T))
    grads = torch.autograd.grad(inputs[-1], inputs[:-1], g)
    return torch.stack([rms(grad) for grad in grads])


if __name__ == "__main__":
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(64, 256, generator=generator)
    for name, std in (("0.01", 0.01), ("Xavier", xavier_std(256, 256)), ("He", he_std(256)), ("0.12", 0.12)):
        weights = [normal(256, 256, std, generator=generator) for _ in range(50)]
        sizes = signal_sizes(x, weights, torch.relu)
        print(f"{name}：50 层 ReLU 之后，信号的均方根 {sizes[-1].item():.1e}")
