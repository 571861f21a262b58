"""规模定律：由参数量与训练词元数预测语言模型的损失，算力给定时怎样分配最好。

记号：N 参数量（不含词嵌入），D 训练词元数，C 训练的浮点运算数；损失是每词元的交叉熵（自然对数）。
来源：Kaplan 等 2020, arXiv:2001.08361；Hoffmann 等 2022, arXiv:2203.15556（系数是其第三种拟合）。
"""

from __future__ import annotations

E, A, B, ALPHA, BETA = 1.69, 406.4, 410.7, 0.34, 0.28


def kaplan_loss(n: float) -> float:
    """数据足够时：(8.8e13 / N)^0.076。"""
    return (8.8e13 / n) ** 0.076


def loss_parts(n: float, d: float) -> tuple[float, float, float]:
    """Chinchilla 的三项：降不下去的 1.69，模型不够大的，数据不够多的；相加就是预测的损失。"""
    return E, A / n**ALPHA, B / d**BETA


def training_flops(n: float, d: float) -> float:
    """每个词元每个参数约 6 次浮点运算：前向一乘一加，反向再两份。"""
    return 6 * n * d


def compute_optimal(c: float) -> tuple[float, float]:
    """算力 c 一定时损失最小的 N 与 D：对 A/N^α + B/(c/6N)^β 求极值的闭式。"""
    ratio = (ALPHA * A / (BETA * B)) ** (1 / (ALPHA + BETA))
    budget = c / 6  # N·D
    return ratio * budget ** (BETA / (ALPHA + BETA)), budget ** (ALPHA / (ALPHA + BETA)) / ratio


if __name__ == "__main__":
    for name, n, d in (("GPT-3", 1.75e11, 3e11), ("Gopher", 2.8e11, 3e11), ("Chinchilla", 7e10, 1.4e12)):
        _, size, data = loss_parts(n, d)
        print(f"{name}：每参数 {d / n:.1f} 个词元，参数项 {size:.4f}，数据项 {data:.4f}，预测损失 {E + size + data:.4f}")
