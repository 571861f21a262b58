"""门控循环单元的两个版本：重置门乘在矩阵之后（torch、cuDNN）与乘在矩阵之前（论文定稿、d2l），数值不同。

记号：B 批大小，T 步数，D 输入宽度，H 状态宽度。权重布局同 torch.nn.GRU，三段依次是 r, z, n：
w_ih (3H, D)，w_hh (3H, H)，b_ih 与 b_hh (3H,)。候选那一段的两个偏置在“之后”版里不能并成一个。
来源：Cho 等 2014, arXiv:1406.1078；Chung 等 2014, arXiv:1412.3555；Keras 文档的 reset_after。
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

Step = Callable[[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor], Tensor]


def gru_step(x: Tensor, h: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, b_hh: Tensor) -> Tensor:
    """一步，重置在矩阵之后（同 torch.nn.GRUCell）：x (B, D)，h (B, H) -> 新状态 (B, H)。"""
    r_x, z_x, n_x = (x @ w_ih.T + b_ih).chunk(3, dim=-1)  # 各 (B, H)
    r_h, z_h, n_h = (h @ w_hh.T + b_hh).chunk(3, dim=-1)  # 各 (B, H)
    r = torch.sigmoid(r_x + r_h)  # 重置门：算候选时旧状态用多少
    z = torch.sigmoid(z_x + z_h)  # 更新门：旧状态留下多少
    n = torch.tanh(n_x + r * n_h)  # 候选：先乘矩阵、加偏置，再乘 r
    return (1 - z) * n + z * h


def gru_step_reset_before(x: Tensor, h: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, b_hh: Tensor) -> Tensor:
    """一步，重置在矩阵之前：只有候选一行不同。"""
    u_r, u_z, u_n = w_hh.chunk(3)  # 各 (H, H)
    c_r, c_z, c_n = b_hh.chunk(3)  # 各 (H,)
    r_x, z_x, n_x = (x @ w_ih.T + b_ih).chunk(3, dim=-1)  # 各 (B, H)
    r = torch.sigmoid(r_x + h @ u_r.T + c_r)
    z = torch.sigmoid(z_x + h @ u_z.T + c_z)
    n = torch.tanh(n_x + (r * h) @ u_n.T + c_n)  # 先乘 r，再乘矩阵
    return (1 - z) * n + z * h


def gru_layer(
    x: Tensor,
    h: Tensor,
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor,
    b_hh: Tensor,
    *,
    lengths: Tensor | None = None,
    step: Step = gru_step,
) -> tuple[Tensor, Tensor]:
    """一层：x (B, T, D)，初始 h (B, H) -> 各步输出 (B, T, H) 与末状态 (B, H)。

    lengths (B,) 给出每条序列的真长度：此后状态冻结、输出为 0，同 torch 的打包序列。
    """
    outputs = []
    for t, x_t in enumerate(x.unbind(dim=1)):  # x_t: (B, D)
        h_next = step(x_t, h, w_ih, w_hh, b_ih, b_hh)
        if lengths is None:
            h = h_next
            outputs.append(h)
            continue
        alive = (t < lengths)[:, None]  # (B, 1)
        h = torch.where(alive, h_next, h)
        outputs.append(h * alive)
    return torch.stack(outputs, dim=1), h


if __name__ == "__main__":
    torch.manual_seed(0)
    cell = torch.nn.GRUCell(4, 5, dtype=torch.float64)
    x, h = torch.randn(3, 4, dtype=torch.float64), torch.randn(3, 5, dtype=torch.float64)
    weights = [w.detach() for w in (cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh)]
    with torch.no_grad():
        library = cell(x, h)
    after, before = gru_step(x, h, *weights), gru_step_reset_before(x, h, *weights)
    print(f"同一组权重，与 torch.nn.GRUCell 之差：重置在后 {(after - library).abs().max():.1e}", end="，")
    print(f"重置在前 {(before - library).abs().max():.2f}")
