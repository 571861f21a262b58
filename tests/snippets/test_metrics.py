"""评价的证明：AUC 对照正负样本成对比较的穷举，其余对照逐个计数、蒙特卡洛与 sklearn.metrics。"""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from snippets.ml import metrics
from snippets.ml.metrics import auc, bias_variance, confusion, k_folds, precision_recall_f1, roc

CLASSES = 3


def labels(m=200):
    rng = np.random.default_rng(0)
    y = rng.integers(CLASSES, size=m)
    return y, np.where(rng.random(m) < 0.6, y, rng.integers(CLASSES, size=m))


def scores(m=60):
    """打分只有十档，平分很多。"""
    rng = np.random.default_rng(1)
    y = (rng.random(m) < 0.4).astype(int)
    return y, np.round(rng.random(m) * 5 + 2 * y) / 10


def check_table(snippet, assert_close):
    y, y_hat = labels()
    table = snippet.confusion(y, y_hat, CLASSES)
    pairs = list(zip(y.tolist(), y_hat.tolist(), strict=True))
    assert table.tolist() == [[pairs.count((i, j)) for j in range(CLASSES)] for i in range(CLASSES)]
    precision, recall, f1 = snippet.precision_recall_f1(table)
    for c in range(CLASSES):
        hits = sum(i == j == c for i, j in pairs)
        p, r = hits / sum(j == c for _, j in pairs), hits / sum(i == c for i, _ in pairs)
        assert_close((precision[c], recall[c], f1[c]), (p, r, 2 / (1 / p + 1 / r)))  # 调和平均


def test_counts_are_counted_one_by_one(assert_close):
    check_table(metrics, assert_close)


def pairwise(y, s):
    """每个正例与每个负例比：高者一分，平分半分。"""
    wins = [1 if a > b else 0.5 if a == b else 0 for a in s[y == 1] for b in s[y == 0]]
    return sum(wins) / len(wins)


def check_auc(snippet, assert_close):
    for y, s in (scores(), (scores()[0], np.random.default_rng(2).random(60))):
        assert_close(snippet.auc(y, s), pairwise(y, s))
        x, height = snippet.roc(y, s)
        assert (x[0], height[0], x[-1], height[-1]) == (0, 0, 1, 1)
        assert (np.diff(x) >= 0).all()
        assert (np.diff(height) >= 0).all()
        points = {(float((s[y == 0] >= cut).mean()), float((s[y == 1] >= cut).mean())) for cut in np.unique(s)}
        assert set(zip(x.tolist(), height.tolist(), strict=True)) == points | {(0.0, 0.0)}
        assert len(x) == len(np.unique(s)) + 1


def test_auc_is_the_share_of_pairs_in_order(assert_close):
    check_auc(metrics, assert_close)


def test_sklearn_agrees(assert_close):
    library = pytest.importorskip("sklearn.metrics")
    y, y_hat = labels()
    table = confusion(y, y_hat, CLASSES)
    assert table.tolist() == library.confusion_matrix(y, y_hat).tolist()
    theirs = library.precision_recall_fscore_support(y, y_hat)[:3]
    for ours, other in zip(precision_recall_f1(table), theirs, strict=True):
        assert_close(ours, other)
    y, s = scores()
    assert_close(auc(y, s), float(library.roc_auc_score(y, s)))
    x, height, _ = library.roc_curve(y, s, drop_intermediate=False)
    assert_close(roc(y, s), (x, height))


def test_auc_sees_only_the_order(assert_close):
    """打分单调变换，AUC 不变；反号变成 1 - AUC；全同分是 ½；分得干净是 1。"""
    y, s = scores()
    assert_close(auc(y, np.exp(3 * s) - 7), auc(y, s))
    assert_close(auc(y, -s), 1 - auc(y, s))
    assert auc(y, np.zeros(60)) == 0.5
    assert auc(y, y.astype(float)) == 1.0


def test_auc_does_not_see_the_share_of_the_classes(assert_close):
    """负例抄十份：AUC 不变，查准率却降了。"""
    y, s = scores()
    again = np.concatenate([np.arange(60), np.repeat(np.nonzero(y == 0)[0], 9)])
    assert_close(auc(y[again], s[again]), auc(y, s))
    before = precision_recall_f1(confusion(y, (s > 0.4).astype(int), 2))
    after = precision_recall_f1(confusion(y[again], (s[again] > 0.4).astype(int), 2))
    assert after[1][1] == before[1][1]
    assert after[0][1] < 0.7 * before[0][1]


def test_a_class_never_named_has_zeros_and_not_nan():
    precision, recall, f1 = precision_recall_f1(np.array([[5, 0], [2, 0]]))
    assert (precision[1], recall[1], f1[1]) == (0, 0, 0)


def check_folds(snippet):
    folds = snippet.k_folds(23, 5, np.random.default_rng(0))
    assert [len(held) for _, held in folds] == [5, 5, 5, 4, 4]
    assert sorted(np.concatenate([held for _, held in folds])) == list(range(23))  # 每个恰好验证一次
    for train, held in folds:
        assert sorted(np.concatenate([train, held])) == list(range(23))
        assert not set(train) & set(held)
    assert any(held.tolist() != sorted(held.tolist()) for _, held in folds)


def test_each_sample_is_held_out_once():
    check_folds(metrics)


def test_leaving_one_out_has_a_closed_form(assert_close):
    """最小二乘的留一法不必重训：残差除以 1 - S_ii。"""
    rng = np.random.default_rng(0)
    x, y = np.vander(rng.random(20), 3), rng.random(20)
    smoother = x @ np.linalg.solve(x.T @ x, x.T)
    closed = (y - smoother @ y) / (1 - np.diag(smoother))
    for train, held in k_folds(20, 20, rng):
        w = np.linalg.lstsq(x[train], y[train], rcond=None)[0]
        assert_close(y[held] - x[held] @ w, closed[held], factor=100)


def projection(degree, m=30):
    x = np.linspace(-1, 1, m)
    q, _ = np.linalg.qr(np.vander(x, degree + 1))
    return q @ q.T, np.sin(np.pi * x)


def check_bias_variance(snippet):
    """同样的 x、新的噪声重复四万次：新观测的均方误差就是三项之和。"""
    smoother, f = projection(3)
    bias, variance, noise = snippet.bias_variance(smoother, f, 0.3)
    rng = np.random.default_rng(0)
    seen, fresh = (f + 0.3 * rng.standard_normal((40_000, len(f))) for _ in range(2))
    fitted = seen @ smoother.T
    assert math.isclose(((fitted.mean(axis=0) - f) ** 2).mean(), bias, rel_tol=0.02)
    assert math.isclose(fitted.var(axis=0).mean(), variance, rel_tol=0.02)
    assert math.isclose(((fresh - fitted) ** 2).mean(), bias + variance + noise, rel_tol=0.005)


def test_the_error_is_bias_and_variance_and_noise():
    check_bias_variance(metrics)


def test_variance_of_least_squares_is_the_share_of_parameters():
    for degree in (0, 1, 5, 9):
        smoother, f = projection(degree)
        assert math.isclose(bias_variance(smoother, f, 0.3)[1], 0.09 * (degree + 1) / 30)


def test_the_curve_of_the_note():
    """sin πx 上 30 个点、σ = 0.3 的多项式：次数低偏差大，次数高方差大，3 次最好。"""
    table = {}
    for degree in (0, 1, 3, 5, 9, 15):
        bias, variance, noise = bias_variance(*projection(degree), 0.3)
        table[degree] = (round(bias, 4), round(variance, 4), round(bias + variance + noise, 4))
    assert table == {
        0: (0.4833, 0.003, 0.5763),
        1: (0.2197, 0.006, 0.3157),
        3: (0.0056, 0.012, 0.1076),
        5: (0.0, 0.018, 0.108),
        9: (0.0, 0.03, 0.12),
        15: (0.0, 0.048, 0.138),
    }
    assert min(table, key=lambda degree: table[degree][2]) == 3


def ripple(n, m=40, seeds=20, penalty=0.0):
    """n 个随机 ReLU 特征、m 个样本，最小范数的最小二乘（或加岭）：测试均方误差，对种子取中位数。"""
    errors = []
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        x, fresh, w = rng.standard_normal((m, 5)), rng.standard_normal((500, 5)), rng.standard_normal((5, n))
        truth = rng.standard_normal(5)
        y = x @ truth + 0.5 * rng.standard_normal(m)
        tall = np.vstack([np.maximum(x @ w, 0), penalty**0.5 * np.eye(n)])
        fitted = np.linalg.lstsq(tall, np.append(y, np.zeros(n)), rcond=None)[0]
        errors.append(((np.maximum(fresh @ w, 0) @ fitted - fresh @ truth) ** 2).mean())
    return float(np.median(errors))


def test_double_descent():
    """参数个数 n 等于样本个数 40 时最差，再多反而好转；加一点岭，峰就没有了。"""
    few, equal, many = ripple(12), ripple(40), ripple(400)
    assert equal > 10 * few
    assert equal > 10 * many
    assert ripple(40, penalty=10.0) < few


def test_the_worked_example_of_the_note():
    y, s = np.array([1, 1, 0, 1, 0, 0, 1, 0]), np.array([0.9, 0.8, 0.7, 0.6, 0.55, 0.4, 0.3, 0.2])
    table = confusion(y, (s > 0.5).astype(int), 2)
    assert table.tolist() == [[2, 2], [1, 3]]
    precision, recall, f1 = precision_recall_f1(table)
    assert (precision[1], recall[1], round(f1[1], 4)) == (0.6, 0.75, 0.6667)
    assert auc(y, s) == pairwise(y, s) == 0.75
    x, height = roc(y, s)
    assert list(zip(x.tolist(), height.tolist(), strict=True))[:5] == [(0, 0), (0, 0.25), (0, 0.5), (0.25, 0.5), (0.25, 0.75)]


def test_peeking_at_the_labels_flatters():
    """先用全部标签挑出最相关的 20 个特征再做交叉验证：纯噪声上也显得很准；挑选放进每折里面就露了馅。"""
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((50, 1000)), np.arange(50) % 2

    def best(rows):
        return np.argsort(-abs((x[rows] - x[rows].mean(axis=0)).T @ (y[rows] - y[rows].mean())))[:20]

    def nearest_mean(train, held, columns):
        centres = np.stack([x[np.ix_(train[y[train] == c], columns)].mean(axis=0) for c in (0, 1)])
        return ((x[held][:, None, columns] - centres) ** 2).sum(axis=-1).argmin(axis=1) == y[held]

    folds = k_folds(50, 5, rng)
    peeked = np.concatenate([nearest_mean(train, held, best(np.arange(50))) for train, held in folds]).mean()
    honest = np.concatenate([nearest_mean(train, held, best(train)) for train, held in folds]).mean()
    assert peeked > 0.9
    assert honest < 0.65


WRONG = {
    "rows and columns exchanged": (check_table, "y * classes + y_hat", "y_hat * classes + y"),
    "precision and recall exchanged": (
        check_table,
        "named, real = table.sum(axis=0), table.sum(axis=1)",
        "real, named = table.sum(axis=0), table.sum(axis=1)",
    ),
    "arithmetic mean": (check_table, "2 * hit / np.maximum(named + real, 1)", "(precision + recall) / 2"),
    "rising scores": (check_auc, "np.argsort(-s", "np.argsort(s"),
    "equal scores one by one": (check_auc, "np.append(np.diff(s[order]) != 0, True)", "np.full(len(s), True)"),
    "no starting point": (
        check_auc,
        "return np.append(0, misses[last]) / misses[-1], np.append(0, hits[last])",
        "return misses[last] / misses[-1], hits[last]",
    ),
    "axes exchanged": (check_auc, "x, height = roc(y, s)", "height, x = roc(y, s)"),
    "steps instead of slopes": (check_auc, "(height[1:] + height[:-1]) / 2", "height[1:]"),
    "not normalised": (check_auc, "/ hits[-1]", "/ len(y)"),
    "held out and trained on": (lambda s, close: check_folds(s), "[*folds[:i], *folds[i + 1 :]]", "[*folds]"),
    "not shuffled": (lambda s, close: check_folds(s), "rng.permutation(m)", "np.arange(m)"),
    "bias unsquared": (lambda s, close: check_bias_variance(s), "(bias**2).mean()", "abs(bias).mean()"),
    "trace of the smoother squared": (
        lambda s, close: check_bias_variance(s),
        "(smoother**2).sum() / len(f)",
        "(smoother**2).sum() / len(f) ** 2",
    ),
    "noise undone": (lambda s, close: check_bias_variance(s), "sigma**2\n", "sigma\n"),
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_wrong_metrics_are_noticed(change, assert_close, altered):
    check, old, new = change
    with pytest.raises(AssertionError):
        check(altered(metrics, old, new), assert_close)


def test_harmonic_mean_sits_nearer_the_smaller():
    for p, r in itertools.product((0.1, 0.5, 0.9), repeat=2):
        f1 = 2 * p * r / (p + r)
        assert min(p, r) <= f1 <= (p + r) / 2 + 1e-12
