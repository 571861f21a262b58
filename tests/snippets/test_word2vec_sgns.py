"""负采样词嵌入的证明：对照 autograd、带符号标签的二元交叉熵、闭式最优点与穷举的词对。"""

from __future__ import annotations

import math
from collections import Counter

import pytest
import torch
from torch.nn import functional

from snippets.seq import word2vec_sgns as module
from snippets.seq.word2vec_sgns import (
    best_scores,
    keep_probability,
    noise_distribution,
    sgns_gradients,
    sgns_loss,
    skip_gram_pairs,
    train,
    two_topics,
)

B, D, K = 6, 4, 3


def vectors(device, dtype):
    u, v = torch.randn(2, B, D, device=device, dtype=dtype)
    return u, v, torch.randn(B, K, D, device=device, dtype=dtype)


# --- 损失与梯度 ---


def check_loss(snippet, device, dtype, assert_close):
    """负采样就是 1 + k 个二分类：真的一对标 1，抽来的标 0。"""
    u, v, v_noise = vectors(device, dtype)
    logits = torch.cat([(u * v).sum(1, keepdim=True), torch.einsum("bkd,bd->bk", v_noise, u)], dim=1)  # (B, 1+k)
    labels = torch.zeros_like(logits)
    labels[:, 0] = 1
    expected = functional.binary_cross_entropy_with_logits(logits, labels, reduction="sum") / B
    assert_close(snippet.sgns_loss(u, v, v_noise), expected)


def test_loss_is_the_librarys_cross_entropy(device, dtype, assert_close):
    check_loss(module, device, dtype, assert_close)


LOSS = "functional.logsigmoid(-fake).sum(dim=-1)"
WRONG_LOSSES = {
    "noise drawn near": (LOSS, "functional.logsigmoid(fake).sum(dim=-1)"),
    "noise averaged": (LOSS, "functional.logsigmoid(-fake).mean(dim=-1)"),
    "noise left out": (f" + {LOSS}", ""),
    "sum over the batch": (f"{LOSS}).mean()", f"{LOSS}).sum()"),
}


@pytest.mark.parametrize("change", WRONG_LOSSES.values(), ids=WRONG_LOSSES)
def test_wrong_loss_is_noticed(change, assert_close, altered):
    with pytest.raises(AssertionError):
        check_loss(altered(module, *change), torch.device("cpu"), torch.float64, assert_close)


def test_loss_survives_large_scores(device, dtype):
    u = torch.full((1, 1), 1e4, device=device, dtype=dtype)
    assert sgns_loss(u, -u, u[:, None]).isfinite()
    assert sgns_loss(u, u, -u[:, None]).item() == 0


def check_gradients(snippet, device, dtype, assert_close):
    parts = [p.requires_grad_() for p in vectors(device, dtype)]
    expected = torch.autograd.grad(sgns_loss(*parts), parts)
    assert_close(snippet.sgns_gradients(*(p.detach() for p in parts)), expected)


def test_gradients_are_autograds(device, dtype, assert_close):
    check_gradients(module, device, dtype, assert_close)


WRONG_GRADIENTS = {
    "σ instead of σ - 1": ("torch.sigmoid((u * v).sum(dim=-1)) - 1", "torch.sigmoid((u * v).sum(dim=-1))"),
    "the noise's share of du left out": (" + (fake[..., None] * v_noise).sum(dim=1)", ""),
    "noise pulled closer": ("fake[..., None] * u[:, None]", "-fake[..., None] * u[:, None]"),
    "mean forgotten": ("return du / len(u)", "return du"),
}


@pytest.mark.parametrize("change", WRONG_GRADIENTS.values(), ids=WRONG_GRADIENTS)
def test_wrong_gradients_are_noticed(change, assert_close, altered):
    with pytest.raises(AssertionError):
        check_gradients(altered(module, *change), torch.device("cpu"), torch.float64, assert_close)


def test_loss_passes_gradcheck(device):
    assert torch.autograd.gradcheck(sgns_loss, tuple(p.requires_grad_() for p in vectors(device, torch.float64)))


# --- 词对、噪声与下采样 ---


def check_pairs(snippet, window):
    words = torch.tensor([3, 1, 4, 1, 5, 9])
    expected = Counter((words[i].item(), words[j].item()) for i in range(6) for j in range(6) if i != j and abs(i - j) <= window)
    assert Counter(tuple(pair) for pair in snippet.skip_gram_pairs(words, window).tolist()) == expected


@pytest.mark.parametrize("window", [1, 2, 5, 9])
def test_pairs_are_all_pairs_within_the_window(window):
    check_pairs(module, window)


@pytest.mark.parametrize(
    "change",
    [("[near, near.flip(1)]", "[near]"), ("range(1, window + 1)", "range(1, window)"), ("range(1, window", "range(2, window")],
    ids=["right contexts only", "window one too narrow", "neighbours left out"],
)
def test_wrong_pairs_are_noticed(change, altered):
    with pytest.raises(AssertionError):
        check_pairs(altered(module, *change), 2)


def test_noise_is_flatter_than_the_words_themselves(device, dtype, assert_close):
    """笔记的例子：词频 1 与 81，3/4 次方后是 1 与 27。"""
    counts = torch.tensor([1.0, 81.0], device=device, dtype=dtype)
    assert_close(noise_distribution(counts), torch.tensor([1 / 28, 27 / 28], device=device, dtype=dtype))
    assert_close(noise_distribution(counts, 1.0), counts / 82)
    assert_close(noise_distribution(counts, 0.0), torch.full_like(counts, 0.5))


def test_frequent_words_are_dropped_and_rare_ones_kept(device, dtype, assert_close):
    """论文：以 1 - √(t/f) 的概率丢掉。f = 0.9 与 0.1，t = 0.1：留下 1/3 与全部。"""
    counts = torch.tensor([9.0, 1.0], device=device, dtype=dtype)
    assert_close(keep_probability(counts, 0.1), torch.tensor([1 / 3, 1.0], device=device, dtype=dtype))


# --- 最优点 ---


COUNTS = [[1.0, 6.0, 3.0], [6.0, 2.0, 1.0], [3.0, 1.0, 5.0]]  # 对称：中心与上下文地位相同


def expected_loss(scores, pair_counts, noise, k):
    """期望损失：每个真对配 k 个按 noise 抽的词；scores (V, V) 是 u_w·v_c。"""
    joint = pair_counts / pair_counts.sum()
    words = joint.sum(dim=1, keepdim=True)  # P(w)
    return -(joint * functional.logsigmoid(scores) + k * words * noise * functional.logsigmoid(-scores)).sum()


def check_optimum(snippet, device, dtype, assert_close, k, power):
    pair_counts = torch.tensor(COUNTS, device=device, dtype=dtype)
    noise = noise_distribution(pair_counts.sum(dim=0), power)
    scores = snippet.best_scores(pair_counts, noise, k).requires_grad_()
    (slope,) = torch.autograd.grad(expected_loss(scores, pair_counts, noise, k), scores)
    assert_close(slope, torch.zeros_like(slope))


@pytest.mark.parametrize("power", [1.0, 0.75])
@pytest.mark.parametrize("k", [1, 5])
def test_the_gradient_vanishes_at_the_best_scores(k, power, device, dtype, assert_close):
    check_optimum(module, device, dtype, assert_close, k, power)


@pytest.mark.parametrize(
    "change",
    [
        ("(conditional / (k * noise)).log()", "(conditional / noise).log()"),
        ("(conditional / (k * noise)).log()", "(pair_counts / (k * noise)).log()"),
        ("(conditional / (k * noise)).log()", "conditional.log()"),
    ],
    ids=["ln k forgotten", "counts not normalised", "noise left out"],
)
def test_wrong_best_scores_are_noticed(change, assert_close, altered):
    with pytest.raises(AssertionError):
        check_optimum(altered(module, *change), torch.device("cpu"), torch.float64, assert_close, 5, 1.0)


def test_best_scores_are_shifted_pointwise_mutual_information_only_for_plain_noise(device, dtype, assert_close):
    """噪声按原词频抽：PMI - ln k。按 3/4 次方抽（实际的做法）就不再是 PMI。"""
    pair_counts = torch.tensor(COUNTS, device=device, dtype=dtype)
    joint = pair_counts / pair_counts.sum()
    pmi = (joint / (joint.sum(dim=1, keepdim=True) * joint.sum(dim=0))).log()
    plain = noise_distribution(pair_counts.sum(dim=0), 1.0)
    assert_close(best_scores(pair_counts, plain, 5), pmi - math.log(5))
    flat = noise_distribution(pair_counts.sum(dim=0), 0.75)
    with pytest.raises(AssertionError):
        assert_close(best_scores(pair_counts, flat, 5), pmi - math.log(5))


def test_wide_enough_vectors_reach_the_best_scores():
    """V = 3，D = 3：对期望损失做梯度下降，u·v 收敛到闭式；D = 1 时装不下，到不了。"""
    pair_counts = torch.tensor(COUNTS, dtype=torch.float64)
    noise = noise_distribution(pair_counts.sum(dim=0), 1.0)
    gaps = []
    for d in (3, 1):
        leaves = [torch.randn(3, d, dtype=torch.float64, requires_grad=True) for _ in range(2)]
        optimizer = torch.optim.LBFGS(leaves, max_iter=300, tolerance_grad=1e-12, line_search_fn="strong_wolfe")

        def closure(leaves=leaves, optimizer=optimizer):
            optimizer.zero_grad()
            loss = expected_loss(leaves[0] @ leaves[1].T, pair_counts, noise, 2)
            loss.backward()
            return loss

        optimizer.step(closure)
        gaps.append((leaves[0] @ leaves[1].T - best_scores(pair_counts, noise, 2)).abs().max().item())
    assert gaps[0] < 1e-4
    assert gaps[1] > 0.1


def test_scores_do_not_fix_the_vectors(device, dtype, assert_close):
    """u 乘 R、v 乘 R 的逆转置，损失不变：单个坐标没有含义。"""
    u, v, v_noise = vectors(device, dtype)
    r = torch.linalg.qr(torch.randn(D, D, device=device, dtype=dtype)).Q * 2
    moved = sgns_loss(u @ r, v @ r.inverse().T, v_noise @ r.inverse().T)
    assert_close(moved, sgns_loss(u, v, v_noise), factor=10)  # 多两次矩阵乘与一次求逆


# --- 训练 ---


def similarities(u):
    cosine = functional.normalize(u) @ functional.normalize(u).T
    same = torch.block_diag(torch.ones(5, 5), torch.ones(5, 5)).bool()
    other = ~same
    same &= ~torch.eye(10, dtype=torch.bool)
    return cosine[same].mean().item(), cosine[other].mean().item()


@pytest.mark.parametrize("seed", range(3))
def test_words_of_one_topic_end_up_close(seed):
    generator = torch.Generator().manual_seed(seed)
    pairs = torch.cat([skip_gram_pairs(sentence, 2) for sentence in two_topics(300, generator=generator)])
    u, _ = train(pairs, 10, 8, k=5, epochs=5, batch=50, lr=0.05, generator=generator)
    within, across = similarities(u)
    assert within > 0.9
    assert across < 0.4


def by_autograd(pairs, size, d, *, k, epochs, lr, generator):
    """同样的随机数，整批一步：损失之和（不是平均）的梯度，每步学习率 lr。"""
    noise = noise_distribution(torch.bincount(pairs[:, 1], minlength=size).float())
    u = (torch.rand(size, d, generator=generator) - 0.5) / d
    tables = [u.requires_grad_(), torch.zeros(size, d, requires_grad=True)]
    for _ in range(epochs):
        order = torch.randperm(len(pairs), generator=generator)
        bad = torch.multinomial(noise, len(pairs) * k, replacement=True, generator=generator).view(-1, k)
        w, c = pairs[order].unbind(dim=1)
        loss = len(pairs) * sgns_loss(tables[0][w], tables[1][c], tables[1][bad])
        grads = torch.autograd.grad(loss, tables)
        with torch.no_grad():
            for table, grad in zip(tables, grads, strict=True):
                table -= lr * grad
    return torch.stack([table.detach() for table in tables])


def check_steps(snippet, assert_close):
    """三轮整批更新，词在一批里重复出现，对照 autograd。"""
    pairs = torch.tensor([[0, 1], [0, 2], [0, 1], [2, 1], [1, 0]])
    how = {"k": 2, "epochs": 3, "lr": 0.3}
    ours = snippet.train(pairs, 3, 4, batch=5, **how, generator=torch.Generator().manual_seed(1))
    assert_close(ours, by_autograd(pairs, 3, 4, **how, generator=torch.Generator().manual_seed(1)))


def test_training_steps_are_autograds(assert_close):
    check_steps(module, assert_close)


WRONG_TRAINING = {
    "uphill": ("u.index_add_(0, w, du, alpha=-step)", "u.index_add_(0, w, du, alpha=step)"),
    "contexts written to the centre words": ("v.index_add_(0, c, dv", "v.index_add_(0, w, dv"),
    "repeated words overwritten instead of added up": ("v.index_add_(0, c, dv, alpha=-step)", "v[c] = v[c] - step * dv"),
    "noise not pushed away": ("v.index_add_(0, bad.flatten(), dn.flatten(0, 1), alpha=-step)", "pass"),
}


@pytest.mark.parametrize("change", WRONG_TRAINING.values(), ids=WRONG_TRAINING)
def test_wrong_training_is_noticed(change, assert_close, altered):
    with pytest.raises(AssertionError):
        check_steps(altered(module, *change), assert_close)


# --- 设备 ---


def test_every_tensor_is_made_on_the_inputs_device(on_meta):
    parts = vectors("cpu", torch.float32)
    assert on_meta(sgns_loss, *parts).shape == ()
    assert [g.shape for g in on_meta(sgns_gradients, *parts)] == [p.shape for p in parts]
    counts = torch.ones(3)
    assert on_meta(noise_distribution, counts).shape == (3,)
    assert on_meta(keep_probability, counts, 0.1).shape == (3,)
    assert on_meta(best_scores, torch.ones(3, 3), counts, 5).shape == (3, 3)
    assert on_meta(skip_gram_pairs, torch.zeros(6, dtype=torch.long), 2).shape == (18, 2)


# --- 笔记里的例子 ---


def test_the_worked_example_of_the_note():
    u = torch.tensor([[1.0, 0.0]], dtype=torch.float64)
    v = torch.tensor([[2.0, 1.0]], dtype=torch.float64)
    v_noise = torch.tensor([[[1.0, -1.0]]], dtype=torch.float64)
    assert round(sgns_loss(u, v, v_noise).item(), 4) == 1.4402
    du, dv, dn = sgns_gradients(u, v, v_noise)
    assert [round(x, 4) for x in du[0].tolist()] == [0.4927, -0.8503]
    assert [round(x, 4) for x in dv[0].tolist()] == [-0.1192, 0]
    assert [round(x, 4) for x in dn[0, 0].tolist()] == [0.7311, 0]


def test_the_best_scores_of_the_note():
    """两个词各 10 次：同现 8 次、交叉 2 次，k = 1。"""
    pair_counts = torch.tensor([[8.0, 2.0], [2.0, 8.0]], dtype=torch.float64)
    scores = best_scores(pair_counts, torch.tensor([0.5, 0.5], dtype=torch.float64), 1)
    assert [round(x, 4) for x in scores[0].tolist()] == [0.47, -0.9163]
    scores = best_scores(pair_counts, torch.tensor([0.5, 0.5], dtype=torch.float64), 5)
    assert [round(x, 4) for x in scores[0].tolist()] == [-1.1394, -2.5257]
