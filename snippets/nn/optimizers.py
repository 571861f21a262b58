"""优化算法：拿到梯度之后怎样改参数；每个规则是一个函数，(参数, 梯度, 状态, 第几步) -> (新参数, 新状态)。

记号：w 参数，g 梯度，形状相同、任意；t 从 1 数起；状态是与 w 同形状的几个张量，第一步传 ()。全都逐元素。
来源：动量 Polyak 1964, doi:10.1016/0041-5553(64)90137-5；Nesterov 写法 Sutskever 等 2013, PMLR 28:1139；
Adagrad Duchi 等 2011, JMLR 12:2121；RMSProp Hinton 2012 讲义 6e；Adam Kingma & Ba 2015, arXiv:1412.6980；
AdamW 与余弦退火 Loshchilov & Hutter, arXiv:1711.05101、1608.03983。细节（ε 的位置等）同 torch.optim。
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

import torch
from torch import Tensor

State = tuple[Tensor, ...]
Rule = Callable[[Tensor, Tensor, State, int], tuple[Tensor, State]]


# region 一阶
def sgd(w: Tensor, g: Tensor, state: State, t: int, *, lr: float) -> tuple[Tensor, State]:
    """梯度下降：沿梯度的反方向走一步。没有状态。"""
    return w - lr * g, ()


def momentum(w: Tensor, g: Tensor, state: State, t: int, *, lr: float, mu: float = 0.9) -> tuple[Tensor, State]:
    """v ← μv + g：方向一致的梯度累加到 1/(1-μ) 倍，来回摆动的相互抵消。"""
    (v,) = state or (torch.zeros_like(w),)
    v = mu * v + g
    return w - lr * v, (v,)


def nesterov(w: Tensor, g: Tensor, state: State, t: int, *, lr: float, mu: float = 0.9) -> tuple[Tensor, State]:
    """同样的 v，但走 g + μv：等于先按惯性走一步，再用那里的梯度。"""
    (v,) = state or (torch.zeros_like(w),)
    v = mu * v + g
    return w - lr * (g + mu * v), (v,)


# endregion


# region 自适应
def adagrad(w: Tensor, g: Tensor, state: State, t: int, *, lr: float, eps: float = 1e-10) -> tuple[Tensor, State]:
    """每个参数除以自己历次梯度平方和的根：少见的特征步子大；和只增不减，步子越来越小。"""
    (s,) = state or (torch.zeros_like(w),)
    s = s + g * g
    return w - lr * g / (s.sqrt() + eps), (s,)


def rmsprop(
    w: Tensor, g: Tensor, state: State, t: int, *, lr: float, alpha: float = 0.99, eps: float = 1e-8
) -> tuple[Tensor, State]:
    """把和换成指数平均，旧的梯度会被忘掉。s 从 0 起而不修正，所以第一步偏大：lr/√(1-α)。"""
    (s,) = state or (torch.zeros_like(w),)
    s = alpha * s + (1 - alpha) * g * g
    return w - lr * g / (s.sqrt() + eps), (s,)


def adam(
    w: Tensor,
    g: Tensor,
    state: State,
    t: int,
    *,
    lr: float = 1e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    l2: float = 0.0,
) -> tuple[Tensor, State]:
    """梯度与其平方的指数平均，各除以 1-β^t 消去从 0 起步的偏差；ε 在根号外。

    l2 是把 (l2/2)‖w‖² 加进损失：它的梯度也被除以 √s，与 adamw 的衰减不是一回事。
    """
    m, s = state or (torch.zeros_like(w), torch.zeros_like(w))
    g = g + l2 * w
    m = betas[0] * m + (1 - betas[0]) * g
    s = betas[1] * s + (1 - betas[1]) * g * g
    m_hat = m / (1 - betas[0] ** t)
    s_hat = s / (1 - betas[1] ** t)
    return w - lr * m_hat / (s_hat.sqrt() + eps), (m, s)


def adamw(
    w: Tensor, g: Tensor, state: State, t: int, *, lr: float = 1e-3, decay: float = 1e-2, eps: float = 1e-8
) -> tuple[Tensor, State]:
    """解耦的权重衰减：每步先把 w 乘以 1 - lr·decay，再照没有衰减的 Adam 走。"""
    return adam(w * (1 - lr * decay), g, state, t, lr=lr, eps=eps)


# endregion


def descend(rule: Rule, w: Tensor, slope: Callable[[Tensor], Tensor], steps: int) -> Tensor:
    """从 w 起走 steps 步 -> 轨迹 (steps + 1, *w.shape)；slope(w) 是 w 处的梯度。"""
    path, state = [w], ()
    for t in range(1, steps + 1):
        w, state = rule(w, slope(w), state, t)
        path.append(w)
    return torch.stack(path)


def warmup_cosine(t: int, *, lr: float, warmup: int, total: int, lr_min: float = 0.0) -> float:
    """第 t 步（从 1 数起）的学习率：前 warmup 步直线升到 lr，然后沿半个余弦降到 lr_min。"""
    if t <= warmup:
        return lr * t / warmup
    done = (t - warmup) / (total - warmup)  # 0 到 1
    return lr_min + (lr - lr_min) * (1 + math.cos(math.pi * done)) / 2


def clip_by_norm(grads: list[Tensor], max_norm: float) -> list[Tensor]:
    """全部梯度拼成一个向量，太长就整体缩短到 max_norm；方向不变。"""
    norm = torch.stack([g.norm() for g in grads]).norm()
    scale = (max_norm / (norm + 1e-6)).clamp(max=1.0)
    return [g * scale for g in grads]


if __name__ == "__main__":
    curvature = torch.tensor([1.0, 100.0], dtype=torch.float64)  # f(w) = (w_1² + 100 w_2²)/2，狭长的碗
    start = torch.tensor([1.0, 1.0], dtype=torch.float64)
    rules = {
        "SGD": functools.partial(sgd, lr=2 / 101),
        "动量": functools.partial(momentum, lr=(2 / 11) ** 2, mu=(9 / 11) ** 2),
        "Adam": functools.partial(adam, lr=0.1),
    }
    for name, rule in rules.items():
        far = descend(rule, start, lambda w: curvature * w, 1000).norm(dim=1) > 1e-6  # (1001,)
        print(f"{name}：离最低点 1e-6 以内，要 {int(far.nonzero().max()) + 1} 步")
