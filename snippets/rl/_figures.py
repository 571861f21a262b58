"""强化学习的图：格子世界里每个动作的价值，与两种学法走出的路。"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Polygon, Rectangle

from snippets import _drawing as drawing
from snippets.rl import q_learning

CORNERS = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])  # 左上起，顺时针；y 向下


def q_learning__grid() -> Figure:
    """悬崖：四乘四的最优动作价值（左）；六乘六里 Q 学习贴着悬崖走，SARSA 绕远（右）"""
    figure, (left, right) = drawing.canvas(1, 2, height=3.4)
    draw_values(left, q_learning.cliff(4), 0.9)
    draw_paths(right, q_learning.cliff(6), 0.9, epsilon=0.4)
    return figure


def prepare(ax: Axes, size: int, title: str) -> None:
    ax.set(xlim=(0, size), ylim=(size, 0), aspect="equal", title=title)
    ax.axis("off")
    ax.add_patch(Rectangle((1, size - 1), size - 2, 1, facecolor=drawing.INK))
    ax.text(size / 2, size - 0.5, "悬崖", color=drawing.CARD, ha="center", va="center")
    ax.text(size - 0.5, size - 0.5, "家", ha="center", va="center")


def draw_values(ax: Axes, world: q_learning.World, gamma: float) -> None:
    q = q_learning.value_iteration(world, gamma)
    size = int(len(q) ** 0.5)
    prepare(ax, size, "$q^*(s,a)$，加框的最好")
    shade = ScalarMappable(Normalize(-9, 1), "YlGnBu_r")
    for s in np.flatnonzero(~world.terminal):
        row, column = divmod(int(s), size)
        for a in range(4):
            corners = [CORNERS[a], CORNERS[(a + 1) % 4], (0.5, 0.5)]
            ax.add_patch(Polygon(corners + np.array([column, row]), facecolor=shade.to_rgba(q[s, a]), edgecolor=drawing.CARD))
            x, y = np.array([column + 0.5, row + 0.5]) + 0.3 * np.array(q_learning.MOVES[a])[::-1]
            best = np.isclose(q[s, a], q[s].max())
            ax.text(
                x,
                y,
                f"{q[s, a]:.1f}",
                fontsize=7.5 if best else 6.5,
                color=drawing.INK if q[s, a] > -6 else drawing.CARD,
                ha="center",
                va="center",
                bbox={"boxstyle": "square,pad=0.15", "facecolor": drawing.CARD, "linewidth": 0.6} if best else None,
            )


def draw_paths(ax: Axes, world: q_learning.World, gamma: float, *, epsilon: float) -> None:
    size = int(len(world.terminal) ** 0.5)
    prepare(ax, size, rf"学到的路，$\varepsilon={epsilon}$")
    for k in range(size + 1):
        ax.plot([0, size], [k, k], color=drawing.MUTED, linewidth=0.5)
        ax.plot([k, k], [0, size], color=drawing.MUTED, linewidth=0.5)
    ax.text(0.5, size - 0.2, "出发", ha="center", va="center", fontsize=8)
    for sarsa, name, colour, style, aside in (
        (False, "Q 学习", drawing.RED, "-", 0.06),
        (True, "SARSA", drawing.BLUE, "--", -0.06),
    ):
        q = q_learning.learn(world, gamma, np.random.default_rng(0), steps=50_000, epsilon=epsilon, sarsa=sarsa)
        rows, columns = np.divmod(q_learning.walk(world, q, size * (size - 1)), size)
        ax.plot(columns + 0.5 + aside, rows + 0.5 - aside, style, color=colour, label=f"{name}：{len(rows) - 1} 步")
        ax.plot(columns[-1] + 0.5 + aside, rows[-1] + 0.2 - aside, marker="v", color=colour)
    ax.legend(loc="upper center")
