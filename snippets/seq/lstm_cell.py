"""长短期记忆网络：一步、一层、多层，变长序列；门的排布与 torch.nn.LSTM 相同：i, f, g, o。

记号：B 批大小，T 步数，D 输入宽度，H 状态宽度。w_ih (4H, D)，w_hh (4H, H)，b (4H,)；
torch 有 b_ih 与 b_hh 两个偏置，只有它们的和起作用，这里存和。
来源：Hochreiter & Schmidhuber 1997, doi:10.1162/neco.1997.9.8.1735（没有遗忘门）；
遗忘门 Gers 等 2000, doi:10.1162/089976600300015015。
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

Layer = tuple[Tensor, Tensor, Tensor]  # w_ih, w_hh, b


def lstm_step(x: Tensor, h: Tensor, c: Tensor, w_ih: Tensor, w_hh: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """一步：x (B, D)，h 与 c (B, H) -> 新的 h 与 c，各 (B, H)。"""
    z = x @ w_ih.T + h @ w_hh.T + b  # (B, 4H) 四个门的输入一次算完
    i, f, g, o = z.chunk(4, dim=-1)  # 各 (B, H)
    i, f, o = torch.sigmoid(i), torch.sigmoid(f), torch.sigmoid(o)  # 写入、保留、读出的比例
    g = torch.tanh(g)  # 候选记忆
    c = f * c + i * g  # (B, H) 逐元素：旧记忆留下 f，新内容写进 i
    h = o * torch.tanh(c)  # (B, H)
    return h, c


def lstm_layer(x: Tensor, h: Tensor, c: Tensor, layer: Layer, lengths: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
    """一层：x (B, T, D)，初始 h 与 c (B, H) -> 各步输出 (B, T, H)，末状态 h 与 c。

    lengths (B,) 给出每条序列的真长度：此后状态冻结、输出为 0，同 torch 的打包序列。
    """
    outputs = []
    for t, x_t in enumerate(x.unbind(dim=1)):  # x_t: (B, D)
        h_next, c_next = lstm_step(x_t, h, c, *layer)
        if lengths is None:
            h, c = h_next, c_next
            outputs.append(h)
            continue
        alive = (t < lengths)[:, None]  # (B, 1)
        h, c = torch.where(alive, h_next, h), torch.where(alive, c_next, c)
        outputs.append(h * alive)
    return torch.stack(outputs, dim=1), h, c


def lstm(x: Tensor, layers: Sequence[Layer], lengths: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
    """多层：前一层的输出是后一层的输入，初始状态为 0。

    x (B, T, D) -> 顶层各步输出 (B, T, H)，各层末状态 h 与 c，各 (L, B, H)。
    """
    h_n, c_n = [], []
    for layer in layers:
        zero = x.new_zeros(x.shape[0], layer[1].shape[1])  # (B, H)
        x, h, c = lstm_layer(x, zero, zero, layer, lengths)  # x: (B, T, H)
        h_n.append(h)
        c_n.append(c)
    return x, torch.stack(h_n), torch.stack(c_n)


def init_layer(
    d: int,
    hidden: int,
    *,
    forget_bias: float = 1.0,
    device: torch.device | str | None = None,
    dtype: torch.dtype | None = None,
) -> Layer:
    """一层的参数：均匀分布 ±1/√H，遗忘门偏置 1（Jozefowicz 等 2015，PMLR 37:2342）。"""
    bound = hidden**-0.5
    w_ih = torch.empty(4 * hidden, d, device=device, dtype=dtype).uniform_(-bound, bound)
    w_hh = torch.empty(4 * hidden, hidden, device=device, dtype=dtype).uniform_(-bound, bound)
    b = torch.zeros(4 * hidden, device=device, dtype=dtype)
    b[hidden : 2 * hidden] = forget_bias  # 第二段是遗忘门
    return w_ih, w_hh, b


if __name__ == "__main__":
    torch.manual_seed(0)
    silence = torch.zeros(1, 50, 1, dtype=torch.float64)
    for bias in (0.0, 1.0, 3.0, 6.0):
        w_ih, w_hh, b = init_layer(1, 1, forget_bias=bias, dtype=torch.float64)
        layer = (w_ih, torch.zeros_like(w_hh), b)  # 剪断经过 h 的回路，只留 c 的直路
        c_0 = torch.ones(1, 1, dtype=torch.float64, requires_grad=True)
        _, _, c_50 = lstm_layer(silence, torch.zeros_like(c_0), c_0, layer)
        slope = torch.autograd.grad(c_50.sum(), c_0)[0].item()
        print(f"遗忘门偏置 {bias:.0f}：∂c_50/∂c_0 = σ({bias:.0f})^50 = {slope:.3g}")
