"""朴素贝叶斯的证明：对照 torch.distributions 逐特征的密度、精确到分数的手算，以及 sklearn 的 GaussianNB 与 MultinomialNB。"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
import torch
from torch.distributions import Normal

from snippets.ml import naive_bayes
from snippets.ml.naive_bayes import (
    fit_gaussian,
    fit_multinomial,
    gaussian_posterior,
    log_normal,
    log_posterior,
    log_prior,
    multinomial_posterior,
)

M, D, K = 60, 4, 3
COUNTS = np.array([[2, 1, 0, 0], [1, 1, 0, 0], [0, 0, 2, 1], [0, 0, 1, 1], [1, 0, 1, 0]])
SPAM = np.array([1, 1, 0, 0, 0])


def gaussian_data(kind=np.float64):
    rng = np.random.default_rng(0)
    y = np.arange(M) % K
    return (rng.standard_normal((M, D)) * (1 + y[:, None]) + y[:, None]).astype(kind), y


# --- 高斯 ---


def check_gaussian(snippet, kind, assert_close):
    x, y = gaussian_data(kind)
    log_priors, means, variances = snippet.fit_gaussian(x, y, K)
    joint = torch.zeros(M, K, dtype=torch.float64)
    for c in range(K):
        group = torch.from_numpy(x[y == c]).double()
        model = Normal(group.mean(dim=0), group.std(dim=0, correction=0))
        joint[:, c] = math.log(len(group) / M) + model.log_prob(torch.from_numpy(x).double()).sum(dim=1)
    expected = (joint - joint.logsumexp(dim=1, keepdim=True)).numpy()
    posterior = snippet.gaussian_posterior(x, log_priors.astype(kind), means, variances)
    assert posterior.dtype == kind
    assert_close(posterior, expected.astype(kind), factor=20)
    assert_close(np.exp(posterior).sum(axis=1), np.ones(M, kind))


@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_gaussian_posterior_is_bayes_with_torchs_densities(kind, assert_close):
    check_gaussian(naive_bayes, kind, assert_close)


def test_gaussian_agrees_with_sklearn(assert_close):
    library = pytest.importorskip("sklearn.naive_bayes")
    x, y = gaussian_data()
    model = library.GaussianNB(var_smoothing=0).fit(x, y)
    log_priors, means, variances = fit_gaussian(x, y, K)
    assert_close(np.exp(gaussian_posterior(x, log_priors, means, variances)), model.predict_proba(x))
    assert_close(variances, model.var_)


def log_likelihood(x, mean, variance):
    return log_normal(x, mean, variance).sum()


def check_likelihood(snippet):
    """除以 n 的方差使似然最大：各参数动一点都更小，除以 n - 1 的也更小。"""
    x, y = gaussian_data()
    x = x[y == 0]
    _, means, variances = snippet.fit_gaussian(*gaussian_data(), K)
    mean, variance = means[0], variances[0]
    best = log_likelihood(x, mean, variance)
    assert best > log_likelihood(x, mean, x.var(axis=0, ddof=1))
    for k in range(D):
        for size in (-1e-3, 1e-3):
            step = size * np.eye(D)[k]
            assert log_likelihood(x, mean + step, variance) < best
            assert log_likelihood(x, mean, variance + step) < best


def test_the_fit_is_the_greatest_likelihood():
    check_likelihood(naive_bayes)


def test_gradient_of_the_likelihood_is_zero_at_the_fit():
    x, y = gaussian_data()
    _, means, variances = fit_gaussian(x, y, K)
    for c in range(K):
        mean = torch.from_numpy(means[c]).requires_grad_()
        variance = torch.from_numpy(variances[c]).requires_grad_()
        total = Normal(mean, variance.sqrt()).log_prob(torch.from_numpy(x[y == c])).sum()
        for slope in torch.autograd.grad(total, (mean, variance)):
            assert slope.abs().max() < 1e-10


def test_map_with_a_normal_prior_is_a_weighted_mean():
    """均值的先验 N(0, τ²)，数据方差 σ²：后验最大处是 Σx/(n + σ²/τ²)，n → ∞ 时就是极大似然。笔记的数。"""
    x, variance, tau2 = np.array([2.0, 4.0]), 4.0, 1.0
    closed = x.sum() / (len(x) + variance / tau2)
    assert closed == 1.0
    around = np.linspace(-3, 5, 8001)
    posterior = log_normal(x[:, None], around, variance).sum(axis=0) + log_normal(around, 0.0, tau2)
    assert abs(around[posterior.argmax()] - closed) < 1e-3


# --- 多项式 ---


def exact_posterior(text):
    """加一平滑的后验，分数算，一步不舍入。"""
    joint = []
    for c in (0, 1):
        total = [int(COUNTS[c == SPAM][:, j].sum()) + 1 for j in range(4)]
        p = Fraction(int((c == SPAM).sum()), len(SPAM))
        for j, n in enumerate(text):
            p *= Fraction(total[j], sum(total)) ** n
        joint.append(p)
    return [p / sum(joint) for p in joint]


def check_multinomial(snippet, assert_close):
    log_priors, log_theta = snippet.fit_multinomial(COUNTS, SPAM, 2)
    assert_close(np.exp(log_theta).sum(axis=1), np.ones(2))
    for text in ([1, 1, 0, 0], [1, 0, 1, 0], [0, 0, 0, 0], [3, 0, 0, 2]):
        expected = [float(p) for p in exact_posterior(text)]
        assert_close(np.exp(snippet.multinomial_posterior(np.array([text]), log_priors, log_theta))[0], np.array(expected))


def test_multinomial_is_the_exact_fraction(assert_close):
    check_multinomial(naive_bayes, assert_close)


def test_multinomial_agrees_with_sklearn(assert_close):
    library = pytest.importorskip("sklearn.naive_bayes")
    model = library.MultinomialNB(alpha=0.5).fit(COUNTS, SPAM)
    fitted = fit_multinomial(COUNTS, SPAM, 2, alpha=0.5)
    assert_close(np.exp(multinomial_posterior(COUNTS, *fitted)), model.predict_proba(COUNTS))


def test_without_smoothing_one_unseen_word_decides():
    with np.errstate(divide="ignore", invalid="ignore"):
        log_priors, log_theta = fit_multinomial(COUNTS, SPAM, 2, alpha=0.0)
        assert np.isneginf(log_theta[1, 2])  # 垃圾邮件里从没出现过“会议”
        joint = log_priors + sum(n * row for n, row in zip([5, 5, 1], log_theta[:, :3].T, strict=True))
    assert np.isneginf(joint).all()  # 两类都被各自没见过的词否决
    smooth = multinomial_posterior(np.array([[5, 5, 1, 0]]), *fit_multinomial(COUNTS, SPAM, 2))
    assert np.exp(smooth)[0, 1] > 0.99


# --- 性质 ---


def check_normalising(snippet, assert_close):
    """对数联合概率小到 -1e4 也能归一化：直接取指数会全都下溢成 0。"""
    joint = np.array([[-1e4, -1e4 + math.log(3)], [0.0, -2e4]])
    assert_close(np.exp(snippet.log_posterior(joint)), np.array([[0.25, 0.75], [1.0, 0.0]]))
    assert (np.exp(joint[0]) == 0).all()
    assert_close(snippet.log_posterior(joint + 500), snippet.log_posterior(joint), factor=100)


def test_posterior_of_tiny_probabilities(assert_close):
    check_normalising(naive_bayes, assert_close)
    assert log_posterior(np.zeros((1, 4)))[0, 0] == -math.log(4)


def test_the_order_of_the_features_does_not_matter(assert_close):
    x, y = gaussian_data()
    mixed = np.array([2, 0, 3, 1])
    one = gaussian_posterior(x, *fit_gaussian(x, y, K))
    assert_close(gaussian_posterior(x[:, mixed], *fit_gaussian(x[:, mixed], y, K)), one, factor=10)


def test_units_do_not_matter(assert_close):
    """每个特征换单位再平移，后验不变（k 近邻则会变）。"""
    x, y = gaussian_data()
    moved = x * np.array([1000.0, 0.1, 1, 7]) + 5
    assert_close(gaussian_posterior(moved, *fit_gaussian(moved, y, K)), gaussian_posterior(x, *fit_gaussian(x, y, K)), factor=100)


def test_a_feature_given_twice_is_counted_twice():
    """“朴素”的代价：同一个特征抄一份，证据被当成两份，概率更极端。"""
    x, y = gaussian_data()
    twice = np.hstack([x[:, :1], x[:, :1]])
    one = np.exp(gaussian_posterior(x[:, :1], *fit_gaussian(x[:, :1], y, K))).max(axis=1)
    two = np.exp(gaussian_posterior(twice, *fit_gaussian(twice, y, K))).max(axis=1)
    assert two.mean() > one.mean() + 0.05


def test_priors_are_the_shares_of_the_classes():
    assert np.allclose(np.exp(log_prior(np.array([0, 0, 0, 1]), 2)), [0.75, 0.25])


WRONG = {
    "variance of the sample": (lambda s, close: check_likelihood(s), "group.var(axis=0)", "group.var(axis=0, ddof=1)"),
    "deviation for variance": (lambda s, close: check_gaussian(s, np.float64, close), "group.var(axis=0)", "group.std(axis=0)"),
    "prior left out": (
        lambda s, close: check_multinomial(s, close),
        "log_posterior(log_priors + counts",
        "log_posterior(0 * log_priors + counts",
    ),
    "half forgotten": (lambda s, close: check_gaussian(s, np.float64, close), "return -0.5 *", "return -1.0 *"),
    "normaliser without the variance": (
        lambda s, close: check_gaussian(s, np.float64, close),
        "np.log(2 * np.pi * variance)",
        "np.log(2 * np.pi)",
    ),
    "features averaged": (lambda s, close: check_gaussian(s, np.float64, close), "each.sum(axis=2)", "each.mean(axis=2)"),
    "no smoothing": (lambda s, close: check_multinomial(s, close), "alpha: float = 1.0", "alpha: float = 0.1"),
    "smoothed after dividing": (
        lambda s, close: check_multinomial(s, close),
        "np.log(total / total.sum(axis=1, keepdims=True))",
        "np.log(total / total.sum())",
    ),
    "words seen, not counted": (
        lambda s, close: check_multinomial(s, close),
        "counts @ log_theta.T",
        "(counts > 0) @ log_theta.T",
    ),
    "underflow": (
        check_normalising,
        "top = log_joint.max(axis=1, keepdims=True)",
        "top = 0 * log_joint.max(axis=1, keepdims=True)",
    ),
    "not normalised": (check_normalising, "- top - np.log", "- top - 0 * np.log"),
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # 改坏的版本会取 0 的对数，正是要抓的
@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_wrong_bayes_is_noticed(change, assert_close, altered):
    check, old, new = change
    with pytest.raises(AssertionError):
        check(altered(naive_bayes, old, new), assert_close)


# --- 概率与统计一篇里的数 ---


def test_the_letters_of_the_note():
    """[免费, 中奖] 与 [免费, 会议] 是垃圾邮件的概率：0.8566 与 0.2849。"""
    fitted = fit_multinomial(COUNTS, SPAM, 2)
    spam = np.exp(multinomial_posterior(np.array([[1, 1, 0, 0], [1, 0, 1, 0]]), *fitted))[:, 1]
    assert spam.round(4).tolist() == [0.8566, 0.2849]
    assert exact_posterior([1, 1, 0, 0])[1] == Fraction(484, 565)


def test_a_rare_disease():
    """患病率 1%，灵敏度 99%，特异度 95%：阳性者患病的概率只有 1/6 上下。"""
    sick, positive_if_sick, positive_if_well = Fraction(1, 100), Fraction(99, 100), Fraction(5, 100)
    positive = sick * positive_if_sick + (1 - sick) * positive_if_well
    assert sick * positive_if_sick / positive == Fraction(1, 6)


def test_entropies_of_the_note():
    """p = (1/2, 1/4, 1/4)，q = (1/4, 1/4, 1/2)，以 2 为底：H(p) = 1.5，H(p, q) = 1.75，KL(p‖q) = 0.25。"""
    p, q = np.array([0.5, 0.25, 0.25]), np.array([0.25, 0.25, 0.5])
    entropy, cross, kl = -(p * np.log2(p)).sum(), -(p * np.log2(q)).sum(), (p * np.log2(p / q)).sum()
    assert (entropy, cross, kl) == (1.5, 1.75, 0.25)
    assert cross == entropy + kl
    r = np.array([0.25, 0.5, 0.25])
    tilted = np.array([0.1, 0.8, 0.1])
    assert (r * np.log2(r / tilted)).sum() != pytest.approx((tilted * np.log2(tilted / r)).sum())  # 不对称


def test_the_biased_variance_is_too_small_on_average():
    """抽 5 个，1/n 的方差平均是真值的 4/5，1/(n-1) 的才是无偏的；但前者的均方误差更小。"""
    x = np.random.default_rng(0).standard_normal((200_000, 5))
    biased, unbiased = x.var(axis=1), x.var(axis=1, ddof=1)
    assert abs(biased.mean() - 0.8) < 0.01
    assert abs(unbiased.mean() - 1) < 0.01
    assert ((biased - 1) ** 2).mean() < ((unbiased - 1) ** 2).mean()


def test_monte_carlo_errs_like_one_over_the_root():
    """用随机点估计 π：n 增到 100 倍，标准误差降到十分之一。"""
    rng = np.random.default_rng(0)
    spread = [np.std([4 * (rng.random((n, 2)) ** 2).sum(axis=1).__le__(1).mean() for _ in range(200)]) for n in (100, 10_000)]
    assert 8 < spread[0] / spread[1] < 12.5
    assert abs(spread[1] - 4 * math.sqrt(math.pi / 4 * (1 - math.pi / 4) / 10_000)) < 0.003


def test_uncorrelated_is_not_independent():
    x = np.random.default_rng(0).standard_normal(200_000)
    assert abs(np.corrcoef(x, x**2)[0, 1]) < 0.02
    assert np.exp(log_normal(np.zeros(1), 0.0, 0.01)).round(2) == 3.99  # 密度可以大于 1


def test_variances_of_one_name_divide_differently():
    """NumPy 的 var 缺省除以 n，torch 的除以 n - 1。"""
    x = np.array([1.0, 2.0, 6.0])
    assert np.isclose(x.var(), 14 / 3)
    assert np.isclose(torch.from_numpy(x).var().item(), 7)
