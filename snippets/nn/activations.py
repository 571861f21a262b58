"""激活函数与它们的导数：逐元素的 S 形与整流两族，以及把一行打分变成概率的 softmax。

逐元素函数的输入输出同形状 (…)；d_f 是 f 的导数，写成 z 的函数。全都在 |z| 很大时不溢出。
来源：ReLU Nair & Hinton 2010 (icml.cc/Conferences/2010/papers/432.pdf)；GELU Hendrycks & Gimpel
2016, arXiv:1606.08415；SiLU Elfwing 等 2017, arXiv:1702.03118；softmax Bridle 1990,
doi:10.1007/978-3-642-76153-9_28。
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


# region S形
def softplus(z: Tensor) -> Tensor:
    """ln(1 + e^z)，写成 ln(e^z + e^0) 由 logaddexp 先提出较大者，e^z 不会溢出。"""
    return torch.logaddexp(z, torch.zeros_like(z))


def sigmoid(z: Tensor) -> Tensor:
    """σ(z) = 1/(1 + e^{-z}) = exp(-softplus(-z))：z 很负时得到 e^z 而不是 1/∞。"""
    return torch.exp(-softplus(-z))


def d_softplus(z: Tensor) -> Tensor:
    """softplus 的导数就是 σ。"""
    return sigmoid(z)


def d_sigmoid(z: Tensor) -> Tensor:
    """σ(1-σ)，最大 1/4；用 σ(-z) 代替 1-σ(z)，z 很大时不会相减成 0。"""
    return sigmoid(z) * sigmoid(-z)


def tanh(z: Tensor) -> Tensor:
    """等于 2σ(2z) - 1，但 z 很小时那样写会相减丢位，所以用库函数。"""
    return torch.tanh(z)


def d_tanh(z: Tensor) -> Tensor:
    """1 - tanh²(z) = 4σ'(2z)，最大 1。"""
    return 4 * d_sigmoid(2 * z)


# endregion


# region 整流
def relu(z: Tensor) -> Tensor:
    """max(z, 0)。不写 clamp 或 maximum：它们的自动微分在 z = 0 处给 1 与 1/2。"""
    return torch.relu(z)


def d_relu(z: Tensor) -> Tensor:
    """z > 0 时 1，否则 0；z = 0 处不可导，按惯例取 0（torch 也是）。"""
    return (z > 0).to(z.dtype)


def leaky_relu(z: Tensor, slope: float = 0.01) -> Tensor:
    """负半轴留一点斜率，神经元不会永远沉默。"""
    return torch.where(z > 0, z, slope * z)


def d_leaky_relu(z: Tensor, slope: float = 0.01) -> Tensor:
    """z > 0 时 1，否则 slope。"""
    return torch.where(z > 0, torch.ones_like(z), slope)


# endregion


# region 平滑的整流
def normal_cdf(z: Tensor) -> Tensor:
    """标准正态的分布函数 Φ；erfc 在左尾不会相减成 0。"""
    return torch.erfc(-z / math.sqrt(2)) / 2


def gelu(z: Tensor) -> Tensor:
    """z Φ(z)：按"标准正态小于 z 的概率"放行。"""
    return z * normal_cdf(z)


def d_gelu(z: Tensor) -> Tensor:
    """Φ(z) + z φ(z)，φ 是标准正态的密度；z < -0.752 时为负。"""
    return normal_cdf(z) + z * torch.exp(-z * z / 2) / math.sqrt(2 * math.pi)


def gelu_tanh(z: Tensor) -> Tensor:
    """GELU 的 tanh 近似（GPT-2 用的是它），与 gelu 不是同一个函数。"""
    return z * (1 + torch.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z**3))) / 2


def silu(z: Tensor) -> Tensor:
    """z σ(z)，又名 swish。"""
    return z * sigmoid(z)


def d_silu(z: Tensor) -> Tensor:
    """σ(z) + z σ'(z)。"""
    return sigmoid(z) + z * d_sigmoid(z)


# endregion


def softmax(z: Tensor) -> Tensor:
    """最后一维上的概率：z (…, K) -> (…, K)，每行和为 1。先减最大值：平移不改变结果。"""
    e = torch.exp(z - z.amax(dim=-1, keepdim=True))  # (…, K) 全在 [0, 1]
    return e / e.sum(dim=-1, keepdim=True)


def d_softmax(z: Tensor) -> Tensor:
    """雅可比 ∂p_i/∂z_j = p_i (δ_ij - p_j)：z (…, K) -> (…, K, K)。不是逐元素的。"""
    p = softmax(z)  # (…, K)
    return torch.diag_embed(p) - p[..., :, None] * p[..., None, :]


if __name__ == "__main__":
    z = torch.linspace(-6, 6, 120_001, dtype=torch.float64)
    print(f"σ' 最大 {d_sigmoid(z).max().item():.4f}，tanh' 最大 {d_tanh(z).max().item():.4f}")
    gap = (gelu(z) - gelu_tanh(z)).abs().max().item()
    print(f"GELU 与它的 tanh 近似最多差 {gap:.2e}")
    far = torch.tensor([-1e4, 1e4])
    print(f"z = ∓10000：softplus {softplus(far).tolist()}，σ {sigmoid(far).tolist()}")
