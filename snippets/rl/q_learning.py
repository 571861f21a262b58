"""强化学习的小格子：已知规则时用值迭代与线性方程组解价值，不知规则时用 Q 学习与 SARSA 从试错里学。

记号：S 个状态，A 个动作；model[s, a, s'] 是转移概率，reward[s'] 是走到 s' 得到的奖励，γ 折扣。
来源：Watkins & Dayan 1992, doi:10.1007/BF00992698；Sutton & Barto《Reinforcement Learning》第 2 版，第 4、6 章（例 6.6 的悬崖）。
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
MOVES = ((-1, 0), (0, 1), (1, 0), (0, -1))  # 上、右、下、左


class World(NamedTuple):
    """model (S, A, S)，reward (S,)，terminal (S,) 布尔。"""

    model: Array
    reward: Array
    terminal: NDArray[np.bool_]


def cliff(size: int = 4, *, slip: float = 0.0) -> World:
    """悬崖：左下角出发，右下角是家，最下一行的中间是悬崖，掉下去扣 10 分，别的每一步扣 1 分；到家或掉下去就结束。

    slip 是打滑的概率：这一步改走四个方向中随机的一个。撞墙则留在原地。状态按行编号。
    """
    n = size * size
    model, reward = np.zeros((n, 4, n)), np.full(n, -1.0)
    terminal = np.arange(n) > n - size  # 最下一行，除了出发点
    reward[n - size + 1 : n - 1] = -10
    for s in range(n):
        row, column = divmod(s, size)
        for a, (down, right) in enumerate(MOVES):
            to = np.clip(row + down, 0, size - 1) * size + np.clip(column + right, 0, size - 1)
            model[s, a, to] = 1
    model = (1 - slip) * model + slip * model.mean(axis=1, keepdims=True)
    return World(model, reward, terminal)


def backup(world: World, v: Array, gamma: float) -> Array:
    """贝尔曼算子的里层：q[s, a] = Σ_s' P(s'|s, a) (r(s') + γ v(s'))，终止态的 v 当 0。v (S,) -> (S, A)。"""
    return world.model @ (world.reward + gamma * np.where(world.terminal, 0.0, v))


def value_iteration(world: World, gamma: float, *, tolerance: float = 1e-12) -> Array:
    """最优动作价值 q* (S, A)：反复 v ← max_a q，直到不再变。"""
    q = np.zeros(world.model.shape[:2])
    while True:
        better = backup(world, q.max(axis=1), gamma)
        if np.abs(better - q).max() < tolerance:
            return better
        q = better


def evaluate(world: World, policy: Array, gamma: float) -> Array:
    """策略 policy (S, A)（每行是动作的概率）的动作价值：解 (I - γ P_π) v = r_π。"""
    p = np.einsum("sa,sat->st", policy, world.model) * ~world.terminal  # (S, S) 走进终止态就断了
    v = np.linalg.solve(np.eye(len(p)) - gamma * p, (policy * (world.model @ world.reward)).sum(axis=1))
    return backup(world, v, gamma)


def epsilon_greedy(q: Array, epsilon: float) -> Array:
    """以 ε 的机会乱走，其余走最好的一个。q (..., A) -> 概率，形状相同。"""
    best = np.eye(q.shape[-1])[q.argmax(axis=-1)]
    return (1 - epsilon) * best + epsilon / q.shape[-1]


def learn(
    world: World,
    gamma: float,
    rng: np.random.Generator,
    *,
    steps: int,
    epsilon: float,
    power: float = 0.6,
    initial: float = 0.0,
    sarsa: bool = False,
) -> Array:
    """从试错学 q (S, A)：Q 学习，或 SARSA。只用走出来的 (s, a, r, s')，不看 model。

    照 epsilon_greedy 走，每局从随机的非终止态出发；q 从 initial 起，同一格第 n 次修改的步长是 n^-power。
    """
    reach = world.model.cumsum(axis=2)  # 只用来掷骰子：下一个状态
    starts = np.flatnonzero(~world.terminal)
    q, visits = np.full(world.model.shape[:2], initial), np.zeros(world.model.shape[:2])

    def act(s: int) -> int:
        return int(rng.integers(q.shape[1]) if rng.random() < epsilon else q[s].argmax())

    s = int(rng.choice(starts))
    a = act(s)
    for _ in range(steps):
        s_next = int(reach[s, a].searchsorted(rng.random(), side="right"))
        r = world.reward[s_next]
        a_next = act(s_next)
        later = q[s_next, a_next] if sarsa else q[s_next].max()
        target = r if world.terminal[s_next] else r + gamma * later  # 终止态之后什么也没有
        visits[s, a] += 1
        q[s, a] += visits[s, a] ** -power * (target - q[s, a])
        s, a = s_next, a_next
        if world.terminal[s]:
            s = int(rng.choice(starts))
            a = act(s)
    return q


def walk(world: World, q: Array, s: int) -> list[int]:
    """从 s 起一直走 q 最大的动作，走到终止态（或走满 S 步）-> 经过的状态；世界要没有随机。"""
    path = [s]
    while not world.terminal[path[-1]] and len(path) <= len(q):
        path.append(int(world.model[path[-1], q[path[-1]].argmax()].argmax()))
    return path


if __name__ == "__main__":
    world, start = cliff(6), 30
    best = value_iteration(world, 0.9)
    for name, sarsa in (("Q 学习", False), ("SARSA", True)):
        q = learn(world, 0.9, np.random.default_rng(0), steps=50_000, epsilon=0.4, sarsa=sarsa)
        gap = np.abs(q - best)[~world.terminal].max()
        print(f"{name}：与 q* 最大差 {gap:.2g}，从出发点走 {len(walk(world, q, start)) - 1} 步到家")
