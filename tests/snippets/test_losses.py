"""损失函数的证明：对照 torch.nn.functional、autograd、手算与闭式；写坏的变体必须被发现。"""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from snippets.nn import losses
from snippets.nn.losses import (
    bce,
    bce_grad,
    bce_logits,
    bce_logits_grad,
    cross_entropy,
    cross_entropy_grad,
    hinge,
    huber,
    kl,
    mae,
    mse,
    mse_grad,
    targets,
)

M, K = 9, 5


def slope(loss, x):
    """autograd 给出的 ∂loss/∂x。"""
    x = x.detach().clone().requires_grad_()
    return torch.autograd.grad(loss(x), x)[0]


# --- 回归 ---


def check_regression(snippet, device, dtype, assert_close):
    y_hat, y = torch.randn(2, M, 3, device=device, dtype=dtype).mul(2).unbind()
    assert_close(snippet.mse(y_hat, y), F.mse_loss(y_hat, y))
    assert_close(snippet.mse_grad(y_hat, y), slope(lambda v: F.mse_loss(v, y), y_hat))
    assert_close(snippet.mae(y_hat, y), F.l1_loss(y_hat, y))
    for delta in (0.5, 1.0, 2.0):
        assert_close(snippet.huber(y_hat, y, delta), F.huber_loss(y_hat, y, delta=delta))


def test_regression_losses_are_the_librarys(device, dtype, assert_close):
    check_regression(losses, device, dtype, assert_close)


# --- 二分类 ---


def check_binary(snippet, device, dtype, assert_close):
    z = 3 * torch.randn(M, device=device, dtype=dtype)
    y = torch.rand(M, device=device, dtype=dtype).round()
    soft = torch.rand(M, device=device, dtype=dtype)
    p = torch.rand(M, device=device, dtype=dtype) * 0.9 + 0.05
    library = F.binary_cross_entropy_with_logits
    for target in (y, soft):
        assert_close(snippet.bce(p, target), F.binary_cross_entropy(p, target))
        assert_close(snippet.bce_grad(p, target), slope(lambda v, t=target: F.binary_cross_entropy(v, t), p))
        assert_close(snippet.bce_logits(z, target), library(z, target))
        assert_close(snippet.bce_logits_grad(z, target), slope(lambda v, t=target: library(v, t), z))
    sign = 2 * y - 1
    two = torch.stack([-z / 2, z / 2], dim=-1)  # 两类打分之差是 z；库除以类数 2
    assert_close(snippet.hinge(z, sign), 2 * F.multi_margin_loss(two, y.long()))


def test_binary_losses_are_the_librarys(device, dtype, assert_close):
    check_binary(losses, device, dtype, assert_close)


# --- 多分类 ---


def check_classes(snippet, device, dtype, assert_close):
    z = 2 * torch.randn(M, K, device=device, dtype=dtype)
    k = torch.randint(K, (M,), device=device)
    for smoothing in (0.0, 0.1):
        for ignored in (0, 3):
            k = torch.where(torch.arange(M, device=device) < ignored, -100, k)

            def library(v, k=k, smoothing=smoothing):
                return F.cross_entropy(v, k, label_smoothing=smoothing)

            assert_close(snippet.cross_entropy(z, k, smoothing), library(z))
            assert_close(snippet.cross_entropy_grad(z, k, smoothing), slope(library, z))
    log_p, log_q = z.log_softmax(dim=-1), torch.randn_like(z).log_softmax(dim=-1)
    expected = F.kl_div(log_q, log_p, log_target=True, reduction="batchmean")
    assert_close(snippet.kl(log_p, log_q), expected)


def test_class_losses_are_the_librarys(device, dtype, assert_close):
    check_classes(losses, device, dtype, assert_close)


@pytest.mark.parametrize(
    ("check", "old", "new"),
    [
        (check_regression, "2 * (y_hat - y) / y_hat.numel()", "2 * (y_hat - y)"),
        (check_regression, "2 * (y_hat - y) / y_hat.numel()", "2 * (y_hat - y) / len(y_hat)"),
        (check_regression, "2 * (y_hat - y) / y_hat.numel()", "(y_hat - y) / y_hat.numel()"),
        (check_regression, "delta * (r - delta / 2)", "delta * r"),
        (check_binary, "(p - y) / (p * (1 - p)) / p.numel()", "(p - y) / p.numel()"),
        (check_binary, "torch.sigmoid(z) - y", "z - y"),
        (check_binary, "y * softplus(-z) + (1 - y)", "y * softplus(z) + (1 - y)"),
        (check_binary, "(1 - y * s)", "(-y * s)"),
        (check_classes, "* kept / kept.sum()", "* kept / len(z)"),
        (check_classes, "(per_sample * kept).sum() / kept.sum()", "(per_sample * kept).mean()"),
        (check_classes, "(1 - smoothing) + smoothing / n", "(1 - smoothing) + smoothing / (n - 1)"),
        (check_classes, "p * (log_p - log_q), 0)", "p * (log_q - log_p), 0)"),
        (check_classes, "p = log_p.exp()", "p = log_q.exp()"),
    ],
    ids=[
        "mse gradient without 1/m",
        "mse gradient divided by m alone",
        "mse gradient without 2",
        "huber not continuous",
        "bce gradient of the logit given for the probability",
        "sigmoid forgotten",
        "labels swapped",
        "perceptron instead of hinge",
        "gradient averaged over ignored samples",
        "loss averaged over ignored samples",
        "smoothing over the other classes only",
        "kl negated",
        "kl weighted by q",
    ],
)
def test_wrong_loss_is_noticed(check, old, new, assert_close, altered):
    with pytest.raises(AssertionError):
        check(altered(losses, old, new), torch.device("cpu"), torch.float64, assert_close)


# --- 梯度 ---


def test_gradcheck(device):
    options = {"device": device, "dtype": torch.float64}
    a, y = torch.randn(4, 3, **options), torch.randn(4, 3, **options)
    z, label = torch.randn(4, **options), torch.tensor([0.0, 1, 1, 0], **options)
    k = torch.tensor([2, 0, -100, 1], device=device)
    log_q = y.log_softmax(-1)
    cases = [
        (lambda v: mse(v, y), a),
        (lambda v: mae(v, y), a),
        (lambda v: huber(v, y, 0.7), a),
        (lambda v: bce(v, label), z.sigmoid()),
        (lambda v: bce_logits(v, label), z),
        (lambda v: hinge(v, 2 * label - 1), z),
        (lambda v: cross_entropy(v, k, 0.1), a),
        (lambda v: kl(v.log_softmax(-1), log_q), a),
    ]
    for loss, x in cases:
        assert torch.autograd.gradcheck(loss, x.clone().requires_grad_())


def test_autograd_of_our_losses_agrees_with_our_gradients(device, dtype, assert_close):
    a, y = torch.randn(2, M, 3, device=device, dtype=dtype).unbind()
    z, label = a[:, 0], (y[:, 0] > 0).to(dtype)
    p, k = z.sigmoid(), torch.randint(3, (M,), device=device)
    assert_close(slope(lambda v: mse(v, y), a), mse_grad(a, y))
    assert_close(slope(lambda v: bce(v, label), p), bce_grad(p, label))
    assert_close(slope(lambda v: bce_logits(v, label), z), bce_logits_grad(z, label))
    assert_close(slope(lambda v: cross_entropy(v, k, 0.2), a), cross_entropy_grad(a, k, 0.2))
    at_zero = torch.zeros(1, device=device, dtype=dtype)  # 分段的稳定公式在这里常常求错
    one = torch.ones_like(at_zero)
    assert_close(slope(lambda v: bce_logits(v, one), at_zero), -one / 2)


def test_the_errata_example(assert_close):
    """ŷ = 0.8, y = 1：对概率的导数 -1.25，对 logit 的导数 -0.2，两者差 σ' = 0.16 倍。"""
    p, y = torch.tensor([0.8], dtype=torch.float64), torch.tensor([1.0], dtype=torch.float64)
    z = torch.logit(p)
    assert_close(bce_grad(p, y), torch.tensor([-1.25], dtype=torch.float64))
    assert_close(bce_logits_grad(z, y), torch.tensor([-0.2], dtype=torch.float64))
    assert_close(bce_logits_grad(z, y), bce_grad(p, y) * p * (1 - p))
    assert_close(bce(p, y), torch.tensor(-math.log(0.8), dtype=torch.float64))


def test_duplicating_every_sample_changes_no_loss_and_halves_each_gradient(assert_close):
    a, y = torch.randn(2, M, K, dtype=torch.float64).unbind()
    k = torch.randint(K, (M,))
    twice = (a.repeat(2, 1), y.repeat(2, 1))
    assert_close(mse(*twice), mse(a, y))
    assert_close(2 * mse_grad(*twice)[:M], mse_grad(a, y))
    assert_close(cross_entropy(twice[0], k.repeat(2)), cross_entropy(a, k))
    assert_close(2 * cross_entropy_grad(twice[0], k.repeat(2))[:M], cross_entropy_grad(a, k))


# --- 性质 ---


def test_worked_examples_of_the_note(assert_close):
    z = torch.tensor([[2.0, 1.0, -1.0]], dtype=torch.float64)
    k = torch.tensor([0])
    e = [math.exp(v) for v in (2, 1, -1)]
    p = [v / sum(e) for v in e]
    assert_close(cross_entropy(z, k), torch.tensor(-math.log(p[0]), dtype=torch.float64))
    expected = torch.tensor([[p[0] - 1, p[1], p[2]]], dtype=torch.float64)
    assert_close(cross_entropy_grad(z, k), expected)
    assert [round(v, 4) for v in p] == [0.7054, 0.2595, 0.0351]
    assert round(-math.log(p[0]), 4) == 0.3490
    smoothed = torch.tensor([[1 - 0.1 + 0.1 / 3, 0.1 / 3, 0.1 / 3]], dtype=torch.float64)
    assert_close(targets(k, 3, 0.1, torch.float64), smoothed)
    assert round(cross_entropy(z, k, 0.1).item(), 4) == 0.4823


def test_regression_example_of_the_note(assert_close):
    y_hat = torch.tensor([[2.5], [0.0], [2.0], [8.0]], dtype=torch.float64)
    y = torch.tensor([[3.0], [-0.5], [2.0], [4.0]], dtype=torch.float64)
    assert (mse(y_hat, y).item(), mae(y_hat, y).item()) == (4.125, 1.25)
    assert huber(y_hat, y).item() == 0.9375
    expected = torch.tensor([[-0.25], [0.25], [0.0], [2.0]], dtype=torch.float64)
    assert_close(mse_grad(y_hat, y), expected)


def test_far_logits_neither_overflow_nor_vanish(device, dtype, assert_close):
    z = torch.tensor([-200.0, 200.0], device=device, dtype=dtype)
    one = torch.ones_like(z)
    assert bce_logits(z, one).item() == 100  # (200 + 0)/2
    assert bce_logits(z, 1 - one).item() == 100
    wide = torch.tensor([[1e4, -1e4]], device=device, dtype=dtype)
    assert cross_entropy(wide, torch.tensor([1], device=device)).item() == 20_000
    assert cross_entropy(wide, torch.tensor([0], device=device)).item() == 0
    masked = torch.tensor([[0.0, 0.0, -math.inf]], device=device, dtype=dtype)  # 被屏蔽的类
    k = torch.tensor([0], device=device)
    assert_close(cross_entropy(masked, k), torch.full_like(z[0], math.log(2)))
    assert cross_entropy_grad(masked, k).isfinite().all()
    assert slope(lambda v: cross_entropy(v, k), masked).isfinite().all()


def test_log_of_zero(dtype):
    """0·ln 0 = 0；真的错到 p = 0 则是无穷大。直接照公式写得到 NaN。"""
    p, y = torch.tensor([0.0, 1.0], dtype=dtype), torch.tensor([0.0, 1.0], dtype=dtype)
    assert bce(p, y).item() == 0
    assert bce(p, 1 - y).item() == math.inf
    assert (-(y * p.log() + (1 - y) * (1 - p).log())).mean().isnan()


def test_probability_route_loses_what_the_logit_route_keeps():
    """float32 的 σ(17) 已经是 1，σ(-200) 已经是 0；库把对数截在 -100，完全答错也只报 100。"""
    for far, label in ((17.0, 0.0), (-200.0, 1.0)):
        z, y = torch.tensor([far]), torch.tensor([label])
        assert torch.sigmoid(z).item() == 1 - label
        assert bce(torch.sigmoid(z), y).item() == math.inf
        assert F.binary_cross_entropy(torch.sigmoid(z), y).item() == 100
        assert bce_logits(z, y).item() == abs(far)


def test_best_constant_is_mean_or_median():
    """mse 的最优常数是平均数，mae 的是中位数；一个离群点只拉得动前者。"""
    y = torch.tensor([1.0, 2.0, 3.0, 4.0, 100.0], dtype=torch.float64)
    c = torch.linspace(0, 100, 1001, dtype=torch.float64)
    best = {f: min(c, key=lambda v, f=f: f(v.expand(5), y).item()).item() for f in (mse, mae, huber)}
    assert best[mse] == pytest.approx(22.0)
    assert best[mae] == pytest.approx(3.0)
    assert best[huber] == pytest.approx(3.0)


def test_huber_joins_smoothly(device, dtype, assert_close):
    """r = delta 处函数值与斜率都接得上；delta 很大时是 mse 的一半，很小时近于 delta·mae。"""
    zero = torch.zeros(1, device=device, dtype=dtype)
    r = torch.tensor([0.7], device=device, dtype=dtype)
    assert_close(huber(r, zero, 0.7), (r.square() / 2).squeeze())
    a, y = torch.randn(2, M, 3, device=device, dtype=dtype).unbind()
    assert_close(huber(a, y, 1e3), mse(a, y) / 2)
    assert abs(huber(a, y, 1e-3).item() / 1e-3 - mae(a, y).item()) < 1e-3


def test_hinge_by_hand():
    s = torch.tensor([2.0, 0.3, -0.5, -2.0], dtype=torch.float64)
    y = torch.tensor([1.0, 1.0, 1.0, -1.0], dtype=torch.float64)
    assert hinge(s, y).item() == pytest.approx((0 + 0.7 + 1.5 + 0) / 4)


def test_cross_entropy_is_entropy_plus_kl_and_never_below(device, dtype, assert_close):
    log_p = torch.randn(M, K, device=device, dtype=dtype).log_softmax(dim=-1)
    log_q = torch.randn(M, K, device=device, dtype=dtype).log_softmax(dim=-1)
    entropy = -(log_p.exp() * log_p).sum(dim=-1).mean()
    crossed = -(log_p.exp() * log_q).sum(dim=-1).mean()
    assert_close(crossed, entropy + kl(log_p, log_q))
    assert kl(log_p, log_q) > 0
    assert_close(kl(log_p, log_p), torch.zeros_like(entropy))


def test_kl_is_not_symmetric():
    log_p, log_q = (torch.tensor([p], dtype=torch.float64).log() for p in ([0.9, 0.1], [0.5, 0.5]))
    assert round(kl(log_p, log_q).item(), 4) == 0.3681
    assert round(kl(log_q, log_p).item(), 4) == 0.5108


def test_kl_of_an_impossible_class_is_zero(assert_close):
    log_p = torch.tensor([[0.0, -math.inf]], dtype=torch.float64)
    log_q = torch.tensor([[math.log(0.25), math.log(0.75)]], dtype=torch.float64)
    assert_close(kl(log_p, log_q), torch.tensor(math.log(4), dtype=torch.float64))
    assert kl(log_q, log_p).item() == math.inf


def test_two_classes_are_binary_and_uniform_logits_cost_ln_k(device, dtype, assert_close):
    z = torch.randn(M, device=device, dtype=dtype)
    k = torch.randint(2, (M,), device=device)
    two = torch.stack([torch.zeros_like(z), z], dim=-1)
    assert_close(cross_entropy(two, k), bce_logits(z, k.to(dtype)))
    assert_close(cross_entropy(two + 7, k), cross_entropy(two, k))  # softmax 平移不变
    flat = torch.zeros(M, 10, device=device, dtype=dtype)
    assert_close(cross_entropy(flat, k), torch.full_like(z[0], math.log(10)))


def test_nothing_is_made_on_another_device(on_meta):
    a, z, k = torch.zeros(M, K), torch.zeros(M), torch.zeros(M, dtype=torch.long)
    for loss in (mse, mae, huber, kl):
        assert on_meta(loss, a, a).shape == ()
    for loss in (bce, bce_logits, hinge):
        assert on_meta(loss, z, z).shape == ()
    assert on_meta(cross_entropy, a, k, 0.1).shape == ()
    assert on_meta(mse_grad, a, a).shape == (M, K)
    assert on_meta(bce_grad, z, z).shape == (M,)
    assert on_meta(bce_logits_grad, z, z).shape == (M,)
    assert on_meta(cross_entropy_grad, a, k, 0.1).shape == (M, K)
    assert on_meta(targets, k, K, 0.1, torch.float32).shape == (M, K)
