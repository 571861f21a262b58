"""序列模型的图：梯度随步数怎样变小变大，门怎样开合，写词时看哪里。"""

from __future__ import annotations

import torch
from matplotlib.figure import Figure
from torch.nn import functional

from snippets import _drawing as drawing
from snippets.seq import lstm_cell, rnn, seq2seq_attention, word2vec_sgns


def rnn__gradient() -> Figure:
    """隔多少步，梯度还剩多少：循环权重是正交阵的 ρ 倍，静止状态（左）与 ρ = 1.5 的真实状态（右）"""
    q = torch.linalg.qr(torch.randn(16, 16, dtype=torch.float64)).Q
    steps = range(1, 51)
    figure, axes = drawing.canvas(1, 2, height=2.7, sharex=True, sharey=True)
    at_rest = torch.zeros(1, 51, 16, dtype=torch.float64)
    styles = ((0.8, drawing.PURPLE, ":"), (0.9, drawing.BLUE, "-"), (1.0, drawing.MUTED, "--"), (1.1, drawing.RED, "-."))
    for rho, color, line in styles:
        axes[0].plot(steps, [norm_after(at_rest[:, : t + 1], rho * q) for t in steps], line, color=color, label=rf"$\rho={rho}$")
    w_ih = torch.randn(16, 4, dtype=torch.float64)
    zero = torch.zeros(1, 16, dtype=torch.float64)
    for scale, color, line in ((0.0, drawing.RED, "-."), (0.1, drawing.GOLD, "-"), (1.0, drawing.GREEN, "--")):
        x = scale * torch.randn(1, 50, 4, dtype=torch.float64)
        h = rnn.rnn_forward(x, zero, w_ih, 1.5 * q, zero[0])
        label = f"输入的幅度 {scale:g}"
        axes[1].plot(steps, [norm_after(h[:, : t + 1], 1.5 * q) for t in steps], line, color=color, label=label)
    for ax, title in zip(axes, (r"静止状态 $h=0$：正是 $\rho^T$", r"$\rho=1.5$：状态一饱和，爆炸变成消失"), strict=True):
        ax.set(title=title, xlabel="隔多少步 $T$", yscale="log", ylim=(1e-8, 1e10))
        ax.legend(loc="best")
    axes[0].set_ylabel(r"$\Vert\partial h_T/\partial h_0\Vert$")
    return figure


def norm_after(h: torch.Tensor, w_hh: torch.Tensor) -> float:
    return torch.linalg.matrix_norm(rnn.state_jacobian(h, w_hh)[0], ord=2).item()


def remember_first(n: int, t: int, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """任务：第一步给一个符号（±1），其余各步是噪声，末了说出它。-> 输入 (n, t, 2)，答案 (n,)。"""
    answer = torch.randint(2, (n,), generator=generator)
    x = torch.zeros(n, t, 2)
    x[:, 0, 0] = 2.0 * answer - 1
    x[:, 1:, 1] = torch.randn(n, t - 1, generator=generator)
    return x, answer.float()


def lstm_cell__gates() -> Figure:
    """训练后的 LSTM 读一条序列：遗忘门、输入门与记忆随时间的样子（八个单元，按符号的去留排好）"""
    generator = torch.Generator().manual_seed(0)
    layer = [w.requires_grad_() for w in lstm_cell.init_layer(2, 8)]
    readout = torch.zeros(8, requires_grad=True)
    optimizer = torch.optim.Adam([*layer, readout], lr=0.02)
    zero = torch.zeros(64, 8)
    for _ in range(250):
        x, answer = remember_first(64, 20, generator)
        _, h, _ = lstm_cell.lstm_layer(x, zero, zero, tuple(layer))
        optimizer.zero_grad()
        functional.binary_cross_entropy_with_logits(h @ readout, answer).backward()
        optimizer.step()
    with torch.no_grad():
        forget, write, memory = gates(remember_first(1, 20, generator)[0], layer)
    order = forget.mean(dim=1).argsort(descending=True)
    figure, axes = drawing.canvas(1, 3, height=2.3, sharey=True)
    shown = (("遗忘门 $f_t$", forget, {"vmin": 0, "vmax": 1}), ("输入门 $i_t$", write, {"vmin": 0, "vmax": 1}))
    for ax, (title, values, options) in zip(axes, (*shown, ("记忆 $c_t$", memory, drawing.diverging(memory))), strict=True):
        image = drawing.heat(ax, values[order], extent=(0.5, 20.5, 8.5, 0.5), **options)
        ax.set(title=title, xlabel="第几步")
        figure.colorbar(image, ax=ax, shrink=0.9)
    axes[0].set_ylabel("单元")
    return figure


def gates(x: torch.Tensor, layer: list[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """一条序列 x (1, T, D) -> 遗忘门、输入门、记忆，各 (H, T)。"""
    w_ih, w_hh, b = layer
    h = c = torch.zeros(1, w_hh.shape[1])
    rows = []
    for x_t in x.unbind(dim=1):
        i, f, _, _ = (x_t @ w_ih.T + h @ w_hh.T + b).chunk(4, dim=-1)
        h, c = lstm_cell.lstm_step(x_t, h, c, w_ih, w_hh, b)
        rows.append((torch.sigmoid(f)[0], torch.sigmoid(i)[0], c[0]))
    forget, write, memory = (torch.stack(column, dim=1) for column in zip(*rows, strict=True))
    return forget, write, memory


def word2vec_sgns__similarity() -> Figure:
    """两个主题的十个词：训练前后两两的余弦相似度"""
    generator = torch.Generator().manual_seed(0)
    corpus = word2vec_sgns.two_topics(300, generator=generator)
    pairs = torch.cat([word2vec_sgns.skip_gram_pairs(sentence, 2) for sentence in corpus])
    figure, axes = drawing.canvas(1, 2, height=2.8, sharey=True)
    for ax, epochs, title in zip(axes, (0, 5), ("训练前", "训练五轮之后"), strict=True):
        start = torch.Generator().manual_seed(1)
        u, _ = word2vec_sgns.train(pairs, 10, 8, k=5, epochs=epochs, batch=50, lr=0.05, generator=start)
        cosine = functional.normalize(u) @ functional.normalize(u).T
        image = drawing.heat(ax, cosine, cmap="PuOr_r", vmin=-1, vmax=1, aspect="equal")
        ax.set(title=title, xlabel="词（0–4 一个主题，5–9 另一个）", xticks=range(10), yticks=range(10))
    figure.colorbar(image, ax=axes, shrink=0.9)
    axes[0].set_ylabel("词")
    return figure


def seq2seq_attention__weights() -> Figure:
    """倒写数字：写每个词时看源句的哪里。训练前（左）、训练后（右）"""
    source = torch.tensor([[5, 3, 8, 2, 7]])  # 数字 3 1 6 0 5
    target = torch.cat([torch.zeros(1, 1, dtype=torch.long), source.flip(1)], dim=1)
    digits = [str(n - 2) for n in source[0].tolist()]
    figure, axes = drawing.canvas(1, 2, height=2.9, sharey=True)
    model = seq2seq_attention.Seq2Seq(12, 16, 32)
    for ax, title, steps in zip(axes, ("训练前", "训练 120 步之后"), (0, 120), strict=True):
        generator = torch.Generator().manual_seed(0)
        seq2seq_attention.train(model, 10, 5, steps=steps, batch=64, lr=1e-2, generator=generator)
        with torch.no_grad():
            _, weights = model(source, torch.tensor([5]), target)
        image = drawing.heat(ax, weights[0], vmin=0, vmax=1, aspect="equal")
        ax.set(title=title, xlabel="源句", xticks=range(5), xticklabels=digits)
    axes[0].set(ylabel="正在写的词", yticks=range(6), yticklabels=[*digits[::-1], "句尾"])
    figure.colorbar(image, ax=axes, shrink=0.9)
    return figure
