"""数学与 NumPy 各篇的图：函数的变换、切线与梯度、差分的误差、线性变换的几何、数组的内存、下标与广播。"""

from __future__ import annotations

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from snippets import _drawing as drawing
from snippets.basics import gradcheck, linear_algebra, numpy_computing, numpy_creation, numpy_indexing


def gradcheck__transforms() -> Figure:
    """同一条抛物线 y = x²：平移、伸缩、翻转各改式子的哪一处"""
    x = np.linspace(-3.2, 3.2, 200)
    panels = (
        ("平移：$f(x-1)+2$", (x - 1) ** 2 + 2, "顶点到 (1, 2)"),
        ("伸缩：$3f(x)$ 与 $f(x/2)$", 3 * x**2, "竖直拉长"),
        ("翻转：$-f(x)$", -(x**2), "关于横轴"),
    )
    figure, axes = drawing.canvas(1, 3, height=2.4, sharey=True)
    for ax, (title, y, note) in zip(axes, panels, strict=True):
        ax.plot(x, x**2, "--", color=drawing.MUTED, label="$f(x)=x^2$")
        ax.plot(x, y, color=drawing.BLUE, label=note)
        ax.set(title=title, xlim=(-3.2, 3.2), ylim=(-6, 9), xlabel="$x$")
    axes[1].plot(x, (x / 2) ** 2, "-.", color=drawing.RED, label="水平拉宽")
    for ax, place in zip(axes, ("lower left", "lower left", "upper center"), strict=True):
        ax.legend(loc=place, fontsize=8)
        ax.axhline(0, color=drawing.MUTED, lw=0.6)
    return figure


def gradcheck__gradient() -> Figure:
    """左：割线逼近切线；右：3x₁² + 5e^{x₂} 的等高线，箭头是梯度的方向，与等高线垂直"""
    figure, (left, right) = drawing.canvas(1, 2, height=2.9)
    x = np.linspace(-0.2, 2.2, 100)
    left.plot(x, x**2, color=drawing.BLUE, label="$f(x)=x^2$")
    for h, line in ((1.0, ":"), (0.5, "-.")):
        left.plot(x, 1 + ((1 + h) ** 2 - 1) / h * (x - 1), line, color=drawing.MUTED, label=f"割线，$h={h:g}$，斜率 {2 + h:g}")
    left.plot(x, 1 + 2 * (x - 1), "--", color=drawing.RED, label="切线，斜率 2")
    left.set(xlabel="$x$", ylim=(-1.5, 5))
    left.legend(fontsize=8, loc="upper left")
    grid = np.meshgrid(np.linspace(-2.2, 2.2, 80), np.linspace(-1, 2, 80))
    levels = right.contour(*grid, 3 * grid[0] ** 2 + 5 * np.exp(grid[1]), levels=8, cmap="cividis", linewidths=1.1)
    right.clabel(levels, fontsize=7)
    for point in ((1.0, 0.5), (-1.2, 0.0), (0.0, 1.2), (1.5, -0.6)):
        slope = gradcheck.jacobian(gradcheck.example, torch.tensor(point, dtype=torch.float64)).numpy()
        right.annotate(
            "",
            np.array(point) + 0.6 * slope / np.linalg.norm(slope),
            point,
            arrowprops={"arrowstyle": "->", "color": drawing.RED},
        )
    right.set(xlabel="$x_1$", ylabel="$x_2$", aspect="equal")
    return figure


def gradcheck__error() -> Figure:
    """在 (1, 2) 处差分的误差随 h 的变化：左支是舍入，右支是截断；中心差分的谷比前向差分低得多"""
    x = torch.tensor([1.0, 2.0], dtype=torch.float64)
    exact = gradcheck.example_gradient(x)
    steps = np.logspace(-12, 0, 73)
    central = [gradcheck.gradient_error(gradcheck.example, gradcheck.example_gradient, x, h) for h in steps]
    forward = []
    for h in steps:
        ahead = torch.stack([gradcheck.example(x + h * e) for e in torch.eye(2, dtype=torch.float64)])
        error = (ahead - gradcheck.example(x)) / h - exact
        forward.append((error.abs() / exact.abs().clamp(min=1)).max().item())
    figure, ax = drawing.canvas(height=2.6)
    ax.loglog(steps, forward, "--", color=drawing.RED, label="前向差分，截断误差 ∝ $h$")
    ax.loglog(steps, central, color=drawing.BLUE, label="中心差分，截断误差 ∝ $h^2$")
    ax.axvline(np.finfo(float).eps ** (1 / 3), color=drawing.MUTED, ls=":", lw=1)
    ax.annotate(r"$\epsilon^{1/3}$", (7e-6, 1e-3), color=drawing.MUTED)
    ax.set(xlabel="$h$", ylabel="最大的相对误差")
    ax.legend()
    return figure


# region 线性代数


def _square(ax: Axes, a: np.ndarray, title: str) -> None:
    """单位方格与两个基向量经 A 之后的样子；面积就是行列式的绝对值。"""
    corners = np.array([[0, 1, 1, 0, 0], [0, 0, 1, 1, 0]], float)
    ax.fill(*corners, color=drawing.MUTED, alpha=0.18)
    ax.fill(*(a @ corners), color=drawing.BLUE, alpha=0.3)
    for column, color in zip(a.T, (drawing.RED, drawing.GREEN), strict=True):
        ax.annotate("", column, (0, 0), arrowprops={"arrowstyle": "->", "color": color, "lw": 1.8, "shrinkA": 0, "shrinkB": 0})
    ax.set(
        title=f"{title}\n$\\det={round(float(np.linalg.det(a)), 2) + 0:g}$", xlim=(-1.3, 2.3), ylim=(-1.3, 2.3), aspect="equal"
    )
    ax.set_xticks([-1, 0, 1, 2])
    ax.set_yticks([-1, 0, 1, 2])
    ax.grid()


def linear_algebra__maps() -> Figure:
    """矩阵是对空间的一次变换：灰的是原来的方格，蓝的是变换之后；红、绿箭头是矩阵的两列"""
    figure, axes = drawing.canvas(1, 5, height=2.2, sharey=True)
    c, s = np.cos(np.pi / 6), np.sin(np.pi / 6)
    _square(axes[0], np.array([[2.0, 0], [0, 1.5]]), "伸缩")
    _square(axes[1], np.array([[c, -s], [s, c]]), "旋转 30°")
    _square(axes[2], np.array([[1.0, 1], [0, 1]]), "剪切")
    _square(axes[3], linear_algebra.reflection(np.array([1.0, -1.0])), "反射")
    _square(axes[4], np.array([[0.5, 0.5], [0.5, 0.5]]), "投影（秩 1）")
    return figure


def linear_algebra__gram_schmidt() -> Figure:
    """左：Gram–Schmidt 从 a₂ 减去它在 q₁ 上的投影；右：两组基下同一个向量的坐标"""
    a = np.array([[2.0, 1.0], [0.5, 1.8]])
    q, r = linear_algebra.gram_schmidt(a)
    figure, (left, right) = drawing.canvas(1, 2, height=2.7)
    shadow = r[0, 1] * q[:, 0]

    def arrow(ax: Axes, end: np.ndarray, name: str, color: str, start: tuple[float, ...] = (0, 0), line: str = "-") -> None:
        ax.annotate(
            "", end, start, arrowprops={"arrowstyle": "->", "color": color, "lw": 1.6, "ls": line, "shrinkA": 0, "shrinkB": 0}
        )
        ax.annotate(
            name, np.array(start) + 0.6 * (end - np.array(start)), xytext=(5, -10), textcoords="offset points", color=color
        )

    arrow(left, a[:, 0], "$a_1$", drawing.BLUE)
    arrow(left, a[:, 1], "$a_2$", drawing.GREEN)
    arrow(left, shadow, "", drawing.MUTED)
    left.annotate("投影", shadow / 2, xytext=(-6, 8), textcoords="offset points", color=drawing.MUTED)
    arrow(left, a[:, 1], "$a_2-$投影", drawing.RED, tuple(shadow), "--")
    left.set(xlim=(-0.4, 2.4), ylim=(-0.4, 2.1), aspect="equal")
    basis, point = np.array([[1.0, -0.5], [0.5, 1.0]]), np.array([1.0, 2.0])
    coordinates = np.linalg.solve(basis, point)
    for k in range(-3, 4):
        for direction, other in ((basis[:, 0], basis[:, 1]), (basis[:, 1], basis[:, 0])):
            ends = np.stack([k * other - 5 * direction, k * other + 5 * direction])
            right.plot(*ends.T, color=drawing.MUTED, lw=0.5, ls=":")
    arrow(right, basis[:, 0], "$p_1$", drawing.BLUE)
    arrow(right, basis[:, 1], "$p_2$", drawing.GREEN)
    arrow(right, point, f"(1, 2) 在新基下是 ({coordinates[0]:g}, {coordinates[1]:g})", drawing.RED)
    right.set(xlim=(-1.5, 3.2), ylim=(-0.6, 2.6), aspect="equal")
    return figure


def linear_algebra__svd() -> Figure:
    """奇异值分解把任何矩阵拆成三步：转（Vᵀ）、沿坐标轴伸缩（Σ）、再转（U）；圆变成椭圆，半轴长是奇异值"""
    a = np.array([[3.0, 0.0], [4.0, 5.0]]) / 3
    _, sigma, v = linear_algebra.svd(a)
    angles = np.linspace(0, 2 * np.pi, 100)
    circle = np.stack([np.cos(angles), np.sin(angles)])
    figure, axes = drawing.canvas(1, 4, height=2.3, sharey=True)
    stages = (
        ("单位圆", np.eye(2)),
        ("$V^{T}$：转", v.T),
        ("$\\Sigma V^{T}$：伸缩", np.diag(sigma) @ v.T),
        ("$U\\Sigma V^{T}=A$：再转", a),
    )
    for ax, (title, b) in zip(axes, stages, strict=True):
        ax.plot(*(b @ circle), color=drawing.BLUE)
        for k, (color, line) in enumerate(((drawing.RED, "-"), (drawing.GREEN, "--"))):
            end = b @ v[:, k]
            ax.plot([0, end[0]], [0, end[1]], color=color, ls=line, marker="o", markevery=[1])
        ax.set(title=title, xlim=(-2.4, 2.4), ylim=(-2.4, 2.4), aspect="equal")
        ax.grid()
    return figure


# endregion

# region 数组


def _cells(
    ax: Axes,
    values: np.ndarray,
    chosen: np.ndarray,
    at: tuple[float, float] = (0, 0),
    color: str = drawing.BLUE,
    *,
    only_chosen: bool = False,
) -> None:
    """画一个二维数组：每格一个数（或只写选中的），chosen 为真的涂色。"""
    rows, columns = values.shape
    ax.hlines(at[1] + np.arange(rows + 1), at[0], at[0] + columns, color=drawing.MUTED, lw=0.8)
    ax.vlines(at[0] + np.arange(columns + 1), at[1], at[1] + rows, color=drawing.MUTED, lw=0.8)
    for i, j in np.ndindex(*values.shape):
        x, y = at[0] + j, at[1] + i
        if chosen[i, j]:
            ax.fill([x, x + 1, x + 1, x], [y, y, y + 1, y + 1], fc=color, alpha=0.35)
        if chosen[i, j] or not only_chosen:
            ax.text(x + 0.5, y + 0.5, f"{values[i, j]:g}", ha="center", va="center", fontsize=8)


def _bare(ax: Axes, width: float, height: float) -> None:
    ax.set(xlim=(-0.1, width + 0.1), ylim=(height + 0.1, -0.1), aspect="equal")
    ax.axis("off")


def numpy_creation__strides() -> Figure:
    """同一段内存的三种看法：只有形状与步幅不同；括号里是走到下一行、下一列要跳的字节数"""
    a = numpy_creation.grid()
    figure, axes = drawing.canvas(2, 1, height=3.0, height_ratios=[1, 3.2])
    _cells(axes[0], a.reshape(1, 16), np.arange(16).reshape(1, 16) == 6)
    axes[0].set_title("内存：16 个 int64，每个 8 字节；涂色的在第 48 字节")
    _bare(axes[0], 16, 1)
    views = ((a, "a"), (a.T, "a.T"), (a[1::2, ::2], "a[1::2, ::2]"))
    for n, (view, name) in enumerate(views):
        _cells(axes[1], view, view == 7, at=(6 * n, 0.8))
        axes[1].text(6 * n, 0.5, f"{name}：步幅 {view.strides}", fontsize=9)
    _bare(axes[1], 16, 4.9)
    return figure


def numpy_indexing__kinds() -> Figure:
    """六种下标在 4×4 数组上取到的格子；前三种给视图，后三种给副本"""
    a = np.arange(1, 17).reshape(4, 4)
    i, j = np.array([0, 2]), np.array([1, 3])
    kinds = (
        ("a[1, 2:4]", np.s_[1, 2:4]),
        ("a[2:, 2:]", np.s_[2:, 2:]),
        ("a[1::2, ::2]", np.s_[1::2, ::2]),
        ("a[[0, 2], [1, 3]]", (i, j)),
        ("a[np.ix_([0, 2], [1, 3])]", np.ix_(i, j)),
        ("a[(a % 2 == 0) & (a < 9)]", (a % 2 == 0) & (a < 9)),
    )
    assert set(numpy_indexing.slices(a)) >= {name for name, _ in kinds[:3]}
    figure, axes = drawing.canvas(2, 3, height=3.8)
    for ax, (name, index) in zip(axes.flat, kinds, strict=True):
        chosen = np.zeros_like(a, bool)
        chosen[index] = True
        view = np.shares_memory(a, a[index])
        _cells(ax, a, chosen, color=drawing.BLUE if view else drawing.RED, only_chosen=True)
        ax.set_title(f"{name}\n{'视图' if view else '副本'} {a[index].shape}", fontsize=8)
        _bare(ax, 4, 4)
    return figure


def numpy_computing__broadcast() -> Figure:
    """广播：(4,) 的行向下重复，(4, 1) 的列向右重复，长为 1 的维当作复制（实际没有复制）"""
    a = np.arange(1, 17).reshape(4, 4)
    row, column = np.arange(4)[None], np.arange(4)[:, None]
    results = numpy_computing.broadcasting(a)
    figure, axes = drawing.canvas(1, 2, height=2.2)
    head = np.arange(4) == 0  # 真正存着的那一行或一列涂色，其余是重复出来的
    examples = (
        ("(4, 1) × (4,) → (4, 4)", np.broadcast_to(column, (4, 4)), np.tile(head, (4, 1)), "×", results["外积"]),
        ("(4, 4) + (4,) → (4, 4)", a, np.ones((4, 4), bool), "+", results["加行"]),
    )
    for ax, (title, left, solid, sign, total) in zip(axes, examples, strict=True):
        _cells(ax, left, solid)
        _cells(ax, np.broadcast_to(row, (4, 4)), np.tile(head[:, None], (1, 4)), at=(5, 0), color=drawing.GREEN)
        _cells(ax, total, np.zeros((4, 4), bool), at=(10, 0))
        ax.text(4.5, 2, sign, ha="center", va="center")
        ax.text(9.5, 2, "=", ha="center", va="center")
        ax.set_title(title, fontsize=9)
        _bare(ax, 14, 4)
    return figure


# endregion
