"""损失函数与它们对预测的梯度：回归、二分类、多分类、间隔与分布之间的距离。

记号：m 个样本，K 类；损失都对样本取平均，得到一个数 ()。名字以 _grad 结尾的，是损失对
第一个参数的梯度，形状与它相同。p 是概率，z 是 logit（还没有过 σ 或 softmax 的打分）。
来源：Huber 1964, doi:10.1214/aoms/1177703732；间隔 Cortes & Vapnik 1995, doi:10.1007/BF00994018；
KL Kullback & Leibler 1951, doi:10.1214/aoms/1177729694；标签平滑 Szegedy 等 2016,
arXiv:1512.00567。
"""

from __future__ import annotations

import torch
from torch import Tensor


# region 回归
def mse(y_hat: Tensor, y: Tensor) -> Tensor:
    """均方误差：对全部元素取平均。y_hat, y (m, n) -> ()。"""
    return (y_hat - y).square().mean()


def mse_grad(y_hat: Tensor, y: Tensor) -> Tensor:
    """2(ŷ - y)/(mn)：平均的分母不能丢。"""
    return 2 * (y_hat - y) / y_hat.numel()


def mae(y_hat: Tensor, y: Tensor) -> Tensor:
    """平均绝对误差：最优的常数预测是中位数，而 mse 的是平均数。"""
    return (y_hat - y).abs().mean()


def huber(y_hat: Tensor, y: Tensor, delta: float = 1.0) -> Tensor:
    """误差不超过 delta 时是平方的一半，超过以后是直线，离群点拉不动它。"""
    r = (y_hat - y).abs()
    return torch.where(r <= delta, r.square() / 2, delta * (r - delta / 2)).mean()


# endregion


# region 二分类
def bce(p: Tensor, y: Tensor) -> Tensor:
    """二元交叉熵，p (m,) 是概率，y (m,) 在 [0, 1]。xlogy 规定 0·ln 0 = 0。"""
    return -(torch.xlogy(y, p) + torch.special.xlog1py(1 - y, -p)).mean()


def bce_grad(p: Tensor, y: Tensor) -> Tensor:
    """对概率 p 的梯度：(p - y)/(p(1-p))/m，p 须在 (0, 1) 内；错得离谱时极大。"""
    return (p - y) / (p * (1 - p)) / p.numel()


def softplus(z: Tensor) -> Tensor:
    """ln(1 + e^z)，不溢出。"""
    return torch.logaddexp(z, torch.zeros_like(z))


def bce_logits(z: Tensor, y: Tensor) -> Tensor:
    """同一个损失，从 logit 算：-ln σ(z) = softplus(-z)，不经过会变成 0 的概率。"""
    return (y * softplus(-z) + (1 - y) * softplus(z)).mean()


def bce_logits_grad(z: Tensor, y: Tensor) -> Tensor:
    """对 logit z 的梯度：(σ(z) - y)/m。σ' = p(1-p) 恰好约掉了 bce_grad 的分母。"""
    return (torch.sigmoid(z) - y) / z.numel()


def hinge(s: Tensor, y: Tensor) -> Tensor:
    """s (m,) 是打分，y (m,) 取 ±1：分对而且间隔至少为 1 才没有损失。"""
    return (1 - y * s).clamp(min=0).mean()


# endregion


# region 多分类
def targets(k: Tensor, n: int, smoothing: float, dtype: torch.dtype) -> Tensor:
    """类别号 k (m,) -> 目标分布 (m, K)：真类 1-ε+ε/K，其余 ε/K。"""
    one_hot = k[:, None] == torch.arange(n, device=k.device)  # (m, K)
    return one_hot.to(dtype) * (1 - smoothing) + smoothing / n


def cross_entropy(z: Tensor, k: Tensor, smoothing: float = 0.0, ignore: int = -100) -> Tensor:
    """z (m, K) 是 logit，k (m,) 是类别号；k = ignore 的样本不计入，也不进分母。"""
    log_p = z - z.logsumexp(dim=-1, keepdim=True)  # (m, K) 不先求 softmax 再取对数
    q = targets(k, z.shape[-1], smoothing, z.dtype)  # (m, K)
    per_sample = -torch.where(q > 0, q * log_p, 0).sum(dim=-1)  # (m,) 0·(-∞) 算 0
    kept = k != ignore  # (m,)
    return (per_sample * kept).sum() / kept.sum()


def cross_entropy_grad(z: Tensor, k: Tensor, smoothing: float = 0.0, ignore: int = -100) -> Tensor:
    """(softmax(z) - q)/m，m 只数没有被忽略的样本。"""
    kept = (k != ignore)[:, None]  # (m, 1)
    q = targets(k, z.shape[-1], smoothing, z.dtype)  # (m, K)
    return (z.softmax(dim=-1) - q) * kept / kept.sum()


def kl(log_p: Tensor, log_q: Tensor) -> Tensor:
    """KL(p‖q) = Σ p (ln p - ln q)，对样本平均；log_p, log_q (m, K) -> ()。不对称。"""
    p = log_p.exp()  # (m, K)
    return torch.where(p > 0, p * (log_p - log_q), 0).sum(dim=-1).mean()


# endregion


if __name__ == "__main__":
    p, y = torch.tensor([0.8], dtype=torch.float64), torch.tensor([1.0], dtype=torch.float64)
    z = torch.logit(p)  # σ(z) = 0.8
    print(f"bce 从概率算 {bce(p, y):.6f}，从 logit 算 {bce_logits(z, y):.6f}：同一个数")
    by_p, by_z = bce_grad(p, y).item(), bce_logits_grad(z, y).item()
    print(f"梯度却不同：对 p 是 {by_p:.4f}，对 z 是 {by_z:.4f}")
    z, y = torch.tensor([-200.0]), torch.tensor([1.0])  # float32 的 σ(-200) 已经是 0
    print(f"z = -200, y = 1：从概率算 {bce(z.sigmoid(), y)}，从 logit 算 {bce_logits(z, y)}")
