"""用差商求导：中心差分的梯度、雅可比与海森，拿来检查手写的梯度。

记号：x 任意形状，共 n 个数；f 的输出任意形状。雅可比的形状是 (输出的形状, x 的形状)，f 输出一个数时它就是梯度。
设备与精度随 x 而定；机器精度 ε 在 float64 是 2.2e-16，在 float32 是 1.2e-7。
来源：Nocedal & Wright 2006, Numerical Optimization, 8.1 节；例子 3x₁² + 5e^{x₂} 见《动手学深度学习》微积分一节的练习。
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

Function = Callable[[Tensor], Tensor]


def jacobian(f: Function, x: Tensor, h: float | None = None) -> Tensor:
    """中心差分 (f(x + h e_k) - f(x - h e_k)) / 2h，逐个分量 k 做；调用 f 共 2n 次。

    截断误差与 h² 成正比，舍入误差与 ε/h 成正比；缺省的 h = ε^{1/3} 使两者相当。
    """
    h = torch.finfo(x.dtype).eps ** (1 / 3) if h is None else h
    columns = []
    for k in range(x.numel()):
        ahead, behind = x.flatten().clone(), x.flatten().clone()
        ahead[k] += h
        behind[k] -= h
        step = ahead[k] - behind[k]  # () 舍入之后真正走过的距离，不一定恰是 2h
        columns.append((f(ahead.view(x.shape)) - f(behind.view(x.shape))) / step)
    columns = torch.stack(columns, dim=-1)  # (*输出的形状, n)
    return columns.view(columns.shape[:-1] + x.shape)


def hessian(f: Function, x: Tensor, h: float | None = None) -> Tensor:
    """梯度的雅可比：f 输出一个数 -> (x 的形状, x 的形状)。差了两次，舍入误差是 ε/h²，所以 h = ε^{1/4}。"""
    h = torch.finfo(x.dtype).eps ** (1 / 4) if h is None else h
    return jacobian(lambda v: jacobian(f, v, h), x, h)


def gradient_error(f: Function, gradient: Function, x: Tensor, h: float | None = None) -> float:
    """手写的 gradient(x) 与差分差多少：最大的 |差| / max(1, |差分|)。f 须输出一个数。

    float64 下对的梯度通常在 1e-9 以下，推错了的是 1e-2 往上；h 不合适或跨过折点时，对的也会显得错。
    """
    numeric = jacobian(f, x, h)
    return ((gradient(x) - numeric).abs() / numeric.abs().clamp(min=1)).max().item()


def example(x: Tensor) -> Tensor:
    """f(x) = 3x₁² + 5e^{x₂}，x (2,) -> ()。"""
    return 3 * x[0] ** 2 + 5 * torch.exp(x[1])


def example_gradient(x: Tensor) -> Tensor:
    """∇f = (6x₁, 5e^{x₂})，(2,)。"""
    return torch.stack([6 * x[0], 5 * torch.exp(x[1])])


if __name__ == "__main__":
    x = torch.tensor([1.0, 2.0], dtype=torch.float64)
    print(f"在 (1, 2)：公式 {example_gradient(x).tolist()}，差分 {jacobian(example, x).tolist()}")
    for h in (1e-1, 1e-3, 1e-5, 1e-7, 1e-9, 1e-11):
        print(f"h = {h:.0e}：误差 {gradient_error(example, example_gradient, x, h):.1e}")
