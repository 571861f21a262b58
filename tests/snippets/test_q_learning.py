"""Q 学习与 SARSA 的证明：对照值迭代、线性方程组、穷举全部确定策略与手算的路程。"""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from snippets.rl import q_learning as module
from snippets.rl.q_learning import (
    World,
    backup,
    cliff,
    epsilon_greedy,
    evaluate,
    learn,
    value_iteration,
    walk,
)

GAMMA = 0.9


def random_world(rng, states=5, actions=3):
    """随机的转移与奖励，最后一个状态终止。"""
    model = rng.dirichlet(np.ones(states), size=(states, actions))
    return World(model, rng.normal(size=states), np.arange(states) == states - 1)


def discounted(steps, last):
    """每步 -1，最后一步 last，第 steps 步结束：手算的回报。"""
    return -sum(GAMMA**k for k in range(steps - 1)) + GAMMA ** (steps - 1) * last


# --- 已知规则 ---


def check_best(snippet):
    """小世界：值迭代得到的 q* 与穷举所有确定策略、逐个解方程的最大者相同。"""
    for seed in range(3):
        world = random_world(np.random.default_rng(seed))
        values = []
        for choice in itertools.product(range(3), repeat=4):  # 终止态选什么都一样
            policy = np.eye(3)[[*choice, 0]]
            p = np.einsum("sa,sat->st", policy, world.model)[:4, :4]
            r = np.einsum("sa,sat,t->s", policy, world.model, world.reward)[:4]
            values.append(np.linalg.solve(np.eye(4) - GAMMA * p, r))
        best = np.max(values, axis=0)  # 最优策略在每个状态都不比别的差
        np.testing.assert_allclose(snippet.value_iteration(world, GAMMA).max(axis=1)[:4], best, rtol=1e-9)


def test_value_iteration_is_the_best_of_all_policies():
    check_best(module)


WRONG_BACKUPS = {
    "terminal state bootstraps": ("np.where(world.terminal, 0.0, v)", "v"),
    "no discount": ("world.reward + gamma * np.where", "world.reward + np.where"),
    "reward left out": ("(world.reward + gamma", "(gamma"),
    "worst action": ("better = backup(world, q.max(axis=1)", "better = backup(world, q.min(axis=1)"),
}


@pytest.mark.parametrize("change", WRONG_BACKUPS.values(), ids=WRONG_BACKUPS)
def test_wrong_backup_is_noticed(change, altered):
    with pytest.raises(AssertionError):
        check_best(altered(module, *change))


def check_evaluation(snippet):
    """策略的价值：与按定义算的期望回报相同，即 Σ_k γ^k E[r_k]，展开 400 步。"""
    rng = np.random.default_rng(0)
    world, policy = random_world(rng), rng.dirichlet(np.ones(3), size=5)
    p = np.einsum("sa,sat->st", policy, world.model)
    expected = np.zeros((5, 3))
    for s, a in itertools.product(range(4), range(3)):
        now, factor = world.model[s, a], 1.0  # 下一个状态的分布
        for _ in range(400):
            expected[s, a] += factor * now @ world.reward
            now, factor = (now * ~world.terminal) @ p, factor * GAMMA
    np.testing.assert_allclose(snippet.evaluate(world, policy, GAMMA)[:4], expected[:4], rtol=1e-9)


def test_evaluation_is_the_expected_discounted_reward():
    check_evaluation(module)


WRONG_EVALUATIONS = {
    "walks on through the terminal state": ("world.model) * ~world.terminal", "world.model)"),
    "no discount": ("np.eye(len(p)) - gamma * p", "np.eye(len(p)) - p"),
    "uniform policy": ("(policy * (world", "(1 / 3 * (world"),
}


@pytest.mark.parametrize("change", WRONG_EVALUATIONS.values(), ids=WRONG_EVALUATIONS)
def test_wrong_evaluation_is_noticed(change, altered):
    with pytest.raises(AssertionError):
        check_evaluation(altered(module, *change))


def test_the_best_values_satisfy_the_bellman_equation_and_are_the_greedy_policys(assert_close):
    world = cliff(slip=0.2)
    q = value_iteration(world, GAMMA)
    assert_close(backup(world, q.max(axis=1), GAMMA), q)
    assert_close(evaluate(world, epsilon_greedy(q, 0.0), GAMMA), q)


def test_the_bellman_operator_shrinks_distances_by_gamma():
    rng, world = np.random.default_rng(0), cliff(slip=0.2)
    for _ in range(20):
        q, p = rng.normal(size=(2, 16, 4))
        apart = np.abs(backup(world, q.max(axis=1), GAMMA) - backup(world, p.max(axis=1), GAMMA)).max()
        assert apart <= GAMMA * np.abs(q - p).max() + 1e-12


def test_gamma_zero_leaves_the_reward_alone(assert_close):
    world = cliff(slip=0.2)
    assert_close(value_iteration(world, 0.0), world.model @ world.reward)


@pytest.mark.parametrize("slip", [0.0, 0.2])
def test_the_world_is_a_world(slip, assert_close):
    world = cliff(slip=slip)
    assert_close(world.model.sum(axis=2), np.ones((16, 4)))
    assert np.all(world.model >= 0)
    assert np.flatnonzero(world.terminal).tolist() == [13, 14, 15]
    assert world.reward.tolist() == [-1.0] * 13 + [-10, -10, -1]


# --- 不知规则 ---


def check_q_learning(snippet):
    """世界没有随机、步长为 1 时，乱走也学到 q*，一位不差；从哪里起都一样，终止态的那几格从不改。

    从 0 起看不出终止态自举（那几格恰好是 0），所以也从 5 起。
    """
    world = cliff()
    best, live = value_iteration(world, GAMMA), ~world.terminal
    for initial in (0.0, 5.0):
        q = snippet.learn(world, GAMMA, np.random.default_rng(0), steps=4000, epsilon=1.0, power=0.0, initial=initial)
        np.testing.assert_allclose(q[live], best[live], rtol=1e-12)
        assert np.all(q[~live] == initial)


def test_q_learning_finds_the_best_values_by_walking_at_random():
    check_q_learning(module)


WRONG_STEPS = {
    "terminal state bootstraps": ("r if world.terminal[s_next] else r + gamma * later", "r + gamma * later"),
    "value of the action taken next": ("else q[s_next].max()", "else q[s_next, a_next]"),
    "reward of the state left": ("r = world.reward[s_next]", "r = world.reward[s]"),
    "no discount": ("r + gamma * later", "r + later"),
    "next state's own entry": ("s, a = s_next, a_next", "s, a = s_next, a"),
    "sign of the correction": ("(target - q[s, a])", "(q[s, a] - target)"),
}


@pytest.mark.parametrize("change", WRONG_STEPS.values(), ids=WRONG_STEPS)
def test_wrong_step_is_noticed(change, altered):
    with pytest.raises(AssertionError), np.errstate(all="ignore"):
        check_q_learning(altered(module, *change))


def test_q_learning_in_a_slippery_world_comes_near_the_best():
    """打滑时步长 1 不行，要逐渐变小；笔记里的数由此而来。"""
    world = cliff(slip=0.2)
    best, live = value_iteration(world, GAMMA), ~world.terminal
    gaps = {}
    for power in (0.0, 0.6):
        q = learn(world, GAMMA, np.random.default_rng(0), steps=50_000, epsilon=0.3, power=power)
        gaps[power] = np.abs(q - best)[live].max()
    assert [f"{gap:.2g}" for gap in gaps.values()] == ["4.4", "0.21"]


def test_sarsa_learns_the_value_of_the_policy_it_follows():
    """处处乱走的 SARSA 学到的是乱走的价值，不是 q*。"""
    world = cliff(slip=0.2)
    live, uniform = ~world.terminal, np.full((16, 4), 0.25)
    q = learn(world, GAMMA, np.random.default_rng(0), steps=50_000, epsilon=1.0, sarsa=True)
    own, best = evaluate(world, uniform, GAMMA), value_iteration(world, GAMMA)
    assert np.abs(q - own)[live].mean() < 0.15
    assert np.abs(q - best)[live].mean() > 1


def test_sarsa_keeps_away_from_the_cliff_and_q_learning_does_not():
    """笔记的图：六乘六，ε = 0.4，从左下角走到右下角。"""
    world = cliff(6)
    for seed in (0, 1):
        bold = learn(world, GAMMA, np.random.default_rng(seed), steps=50_000, epsilon=0.4)
        careful = learn(world, GAMMA, np.random.default_rng(seed), steps=50_000, epsilon=0.4, sarsa=True)
        assert len(walk(world, bold, 30)) - 1 == 7
        assert walk(world, bold, 30)[1:-1] == list(range(24, 30))  # 紧贴悬崖的一行
        assert len(walk(world, careful, 30)) - 1 == 9


def test_epsilon_greedy_is_a_distribution(assert_close):
    q = np.array([[0.0, 3.0, 1.0, 2.0], [5.0, 0.0, 0.0, 0.0]])
    assert_close(epsilon_greedy(q, 0.2), np.array([[0.05, 0.85, 0.05, 0.05], [0.85, 0.05, 0.05, 0.05]]))
    assert_close(epsilon_greedy(q, 1.0), np.full((2, 4), 0.25))


# --- 笔记里的例子 ---


def test_the_worked_example_of_the_note(assert_close):
    """四乘四，γ = 0.9：从出发点贴着悬崖走五步到家，值是五步的折扣和。"""
    q = value_iteration(cliff(), GAMMA)
    assert_close(q[12].max(), discounted(5, -1))
    assert [round(v, 4) for v in q[12].tolist()] == [-4.0951, -10.0, -4.6856, -4.6856]
    assert round(q[8].max(), 3) == -3.439
    assert walk(cliff(), q, 12) == [12, 8, 9, 10, 11, 15]
    # 一步更新：q = -2，r = -1，下一格最大 -1.9，步长 0.5
    target = -1 + GAMMA * -1.9
    assert round(target, 2) == -2.71
    assert round(-2 + 0.5 * (target - -2), 3) == -2.355
