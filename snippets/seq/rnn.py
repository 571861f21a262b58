"""循环神经网络：同一个单元沿时间反复使用；前向、手写的沿时间反向传播、双向、梯度裁剪、完整训练。

记号：B 批大小，T 步数，D 输入宽度，H 状态宽度。权重布局同 torch.nn.RNN：w_ih (H, D)，
w_hh (H, H)；b (H,) 等于 torch 的 b_ih + b_hh。
来源：Elman 1990, doi:10.1207/s15516709cog1402_1；Werbos 1990, doi:10.1109/5.58337；
双向 Schuster & Paliwal 1997, doi:10.1109/78.650093；裁剪 Pascanu 等 2013, arXiv:1211.5063。
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

WORDS = ("好", "坏", "不", "很", "这", "店")


def rnn_step(x: Tensor, h: Tensor, w_ih: Tensor, w_hh: Tensor, b: Tensor) -> Tensor:
    """一步：x (B, D)，h (B, H) -> 新状态 (B, H)。"""
    return torch.tanh(x @ w_ih.T + h @ w_hh.T + b)  # (B, H)


def rnn_forward(x: Tensor, h_0: Tensor, w_ih: Tensor, w_hh: Tensor, b: Tensor) -> Tensor:
    """整段：x (B, T, D)，h_0 (B, H) -> 全部状态 h_0 … h_T，(B, T+1, H)。"""
    h = [h_0]
    for x_t in x.unbind(dim=1):  # x_t: (B, D)
        h.append(rnn_step(x_t, h[-1], w_ih, w_hh, b))
    return torch.stack(h, dim=1)  # (B, T+1, H)


def rnn_backward(x: Tensor, h: Tensor, dh: Tensor, w_ih: Tensor, w_hh: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """沿时间反向传播：从最后一步走回第一步。

    h (B, T+1, H) 由 rnn_forward 给出；dh (B, T, H) 是损失直接对每个 h_t 的梯度（不含经由
    以后各步的部分）。返回对 x、h_0、w_ih、w_hh、b 的梯度，形状与它们相同。
    """
    dx = torch.zeros_like(x)
    dw_ih, dw_hh, db = torch.zeros_like(w_ih), torch.zeros_like(w_hh), torch.zeros_like(h[0, 0])
    later = torch.zeros_like(h[:, 0])  # (B, H) 经由以后各步传回来的梯度
    for t in reversed(range(x.shape[1])):
        dz = (dh[:, t] + later) * (1 - h[:, t + 1] ** 2)  # (B, H) tanh' = 1 - tanh^2
        dw_ih += dz.T @ x[:, t]  # (H, D) 权重各步共用，所以相加
        dw_hh += dz.T @ h[:, t]  # (H, H)
        db += dz.sum(dim=0)  # (H,)
        dx[:, t] = dz @ w_ih  # (B, D)
        later = dz @ w_hh  # (B, H)
    return dx, later, dw_ih, dw_hh, db


def state_jacobian(h: Tensor, w_hh: Tensor) -> Tensor:
    """∂h_T/∂h_0：各步 diag(1 - h_t^2) W_hh 的连乘。h (B, T+1, H) -> (B, H, H)。"""
    size = h.shape[-1]
    jacobian = torch.eye(size, device=h.device, dtype=h.dtype).expand(h.shape[0], size, size)
    for h_t in h[:, 1:].unbind(dim=1):  # h_t: (B, H)
        jacobian = (1 - h_t**2)[:, :, None] * (w_hh @ jacobian)  # (B, H, H)
    return jacobian


def brnn_forward(x: Tensor, forth: Sequence[Tensor], back: Sequence[Tensor]) -> Tensor:
    """双向：两组互不相干的 (w_ih, w_hh, b)，各读一个方向。x (B, T, D) -> (B, T, 2H)。"""
    h_0 = x.new_zeros(x.shape[0], forth[1].shape[0])  # (B, H)
    left_to_right = rnn_forward(x, h_0, *forth)[:, 1:]  # (B, T, H)
    right_to_left = rnn_forward(x.flip(1), h_0, *back)[:, 1:].flip(1)  # 翻转输入，再翻回输出
    return torch.cat([left_to_right, right_to_left], dim=-1)  # (B, T, 2H)


def clip_by_norm(grads: Sequence[Tensor], max_norm: float) -> list[Tensor]:
    """全部梯度合成一个长向量，长度超过 max_norm 时按比例缩短；方向不变，1e-6 同 torch。"""
    total = torch.stack([g.norm() for g in grads]).norm()  # ()
    return [g * (max_norm / (total + 1e-6)).clamp(max=1.0) for g in grads]


# region 店评
def reviews(
    n: int,
    *,
    device: torch.device | str | None = None,
    dtype: torch.dtype | None = None,
) -> tuple[Tensor, Tensor]:
    """造 n 条六个词的店评 -> 独热输入 (n, 6, 6)，标签 (n,)，1 是好评。

    每条恰有一个评价词；紧挨在它前面的“不”使它反转，别处的“不”不算数。
    """
    words = torch.randint(2, len(WORDS), (n, 6), device=device)  # (n, 6) 先全用“不很这店”填满
    place = torch.randint(1, 6, (n,), device=device)  # (n,) 评价词在第几个
    opinion = torch.randint(2, (n,), device=device)  # (n,) 0 是“好”，1 是“坏”
    row = torch.arange(n, device=device)  # (n,)
    words[row, place] = opinion
    negated = words[row, place - 1] == WORDS.index("不")  # (n,)
    one_hot = torch.eye(len(WORDS), device=device, dtype=dtype)[words]  # (n, 6, 6)
    return one_hot, ((opinion == 0) ^ negated).to(one_hot.dtype)


def read(x: Tensor, w_ih: Tensor, w_hh: Tensor, b: Tensor, u: Tensor) -> tuple[Tensor, Tensor]:
    """读完最后一个词才打分：x (B, T, D) -> 全部状态 (B, T+1, H)，logit u·h_T (B,)。"""
    h = rnn_forward(x, x.new_zeros(len(x), len(b)), w_ih, w_hh, b)
    return h, h[:, -1] @ u


def train(x: Tensor, y: Tensor, hidden: int, *, epochs: int, batch: int, lr: float, max_norm: float = 1.0) -> list[Tensor]:
    """小批量梯度下降，损失是二元交叉熵：x (n, T, D)，y (n,) -> [w_ih, w_hh, b, u]，u (H,)。"""
    w_ih, w_hh = (torch.randn(hidden, n, device=x.device, dtype=x.dtype) / math.sqrt(n) for n in (x.shape[-1], hidden))
    weights = [w_ih, w_hh, x.new_zeros(hidden), x.new_zeros(hidden)]
    for _ in range(epochs):
        for i in torch.randperm(len(x), device=x.device).split(batch):
            h, logit = read(x[i], *weights)
            error = (torch.sigmoid(logit) - y[i]) / len(i)  # (B,) 损失对 logit 的梯度
            dh = torch.zeros_like(h[:, 1:])  # (B, T, H) 只有最后一步直接碰到损失
            dh[:, -1] = error[:, None] * weights[3]
            _, _, *grads = rnn_backward(x[i], h, dh, *weights[:2])
            grads = clip_by_norm([*grads, h[:, -1].T @ error], max_norm)
            weights = [w - lr * g for w, g in zip(weights, grads, strict=True)]
    return weights


# endregion


if __name__ == "__main__":
    torch.manual_seed(0)
    q = torch.linalg.qr(torch.randn(8, 8, dtype=torch.float64)).Q  # 正交阵：奇异值全是 1
    at_rest = torch.zeros(1, 51, 8, dtype=torch.float64)  # 静止状态 h = 0，那里 tanh' = 1
    for rho in (0.9, 1.0, 1.1):
        norm = torch.linalg.matrix_norm(state_jacobian(at_rest, rho * q)[0], ord=2).item()
        print(f"W_hh 的奇异值都是 {rho}：50 步后 ‖∂h_T/∂h_0‖ = {norm:.4g}（{rho}^50）")
    x, y = reviews(1000)
    held_x, held_y = reviews(2000)  # 另造一份，没有拿来训练
    right = (read(held_x, *train(x, y, 16, epochs=20, batch=20, lr=0.5))[1] > 0) == (held_y > 0.5)
    print(f"店评：没见过的 2000 条，正确率 {right.float().mean().item():.4f}")
