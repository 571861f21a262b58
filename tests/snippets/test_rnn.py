"""循环神经网络的证明：对照 torch.nn.RNN、NumPy 逐元素循环、autograd 与闭式。"""

from __future__ import annotations

import numpy as np
import pytest
import torch

from snippets.seq import rnn
from snippets.seq.rnn import (
    WORDS,
    brnn_forward,
    clip_by_norm,
    read,
    reviews,
    rnn_backward,
    rnn_forward,
    rnn_step,
    state_jacobian,
    train,
)

B, T, D, H = 3, 7, 4, 5


def parameters(device, dtype, *, d=D, hidden=H, scale=0.5):
    shapes = ((hidden, d), (hidden, hidden), (hidden,))
    return tuple(scale * torch.randn(*s, device=device, dtype=dtype) for s in shapes)


def library(parts, device, dtype, *, bidirectional=False):
    """装着同样权重的 torch.nn.RNN；偏置拆成随机的两份，证明只有和起作用。"""
    d, hidden = parts[0][0].shape[1], parts[0][1].shape[0]
    oracle = torch.nn.RNN(d, hidden, batch_first=True, bidirectional=bidirectional)
    oracle = oracle.to(device, dtype)
    with torch.no_grad():
        for (w_ih, w_hh, b), suffix in zip(parts, ("l0", "l0_reverse"), strict=False):
            part = torch.randn_like(b)
            getattr(oracle, f"weight_ih_{suffix}").copy_(w_ih)
            getattr(oracle, f"weight_hh_{suffix}").copy_(w_hh)
            getattr(oracle, f"bias_ih_{suffix}").copy_(part)
            getattr(oracle, f"bias_hh_{suffix}").copy_(b - part)
    return oracle


# --- 前向 ---


def check_forward(snippet, device, dtype, assert_close):
    weights = parameters(device, dtype)
    x = torch.randn(B, T, D, device=device, dtype=dtype)
    h_0 = torch.randn(B, H, device=device, dtype=dtype)
    expected, h_n = library([weights], device, dtype)(x, h_0[None])
    h = snippet.rnn_forward(x, h_0, *weights)
    assert h.shape == (B, T + 1, H)
    assert_close(h[:, 0], h_0)
    assert_close(h[:, 1:], expected)
    assert_close(h[:, -1], h_n[0])


def test_forward_is_the_librarys(device, dtype, assert_close):
    check_forward(rnn, device, dtype, assert_close)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("h @ w_hh.T + b)", "h @ w_hh + b)"),
        ("h @ w_hh.T + b)", "h @ w_hh.T)"),
        ("return torch.tanh(", "return torch.relu("),
        ("rnn_step(x_t, h[-1], w_ih", "rnn_step(x_t, h[0], w_ih"),
    ],
    ids=["recurrent weight not transposed", "bias lost", "relu", "state never carried"],
)
def test_wrong_forward_is_noticed(old, new, assert_close, altered):
    with pytest.raises(AssertionError):
        check_forward(altered(rnn, old, new), torch.device("cpu"), torch.float64, assert_close)


def test_step_is_the_formula_element_by_element(device, dtype, assert_close):
    w_ih, w_hh, b = parameters(device, dtype)
    x = torch.randn(B, D, device=device, dtype=dtype)
    h = torch.randn(B, H, device=device, dtype=dtype)
    x_, h_, u, w, b_ = (p.cpu().double().numpy() for p in (x, h, w_ih, w_hh, b))
    expected = np.empty((B, H))
    for n in range(B):
        for j in range(H):
            z = b_[j]
            z += sum(u[j, k] * x_[n, k] for k in range(D))
            z += sum(w[j, k] * h_[n, k] for k in range(H))
            expected[n, j] = np.tanh(z)
    expected = torch.from_numpy(expected).to(device, dtype)
    assert_close(rnn_step(x, h, w_ih, w_hh, b), expected)


def test_later_inputs_do_not_change_earlier_states(device, dtype):
    weights = parameters(device, dtype)
    x = torch.randn(B, T, D, device=device, dtype=dtype)
    h_0 = torch.zeros(B, H, device=device, dtype=dtype)
    before = rnn_forward(x, h_0, *weights)
    x[:, 4:] += 1
    after = rnn_forward(x, h_0, *weights)
    assert torch.equal(before[:, :5], after[:, :5])
    assert not torch.equal(before[:, 5:], after[:, 5:])


def test_a_sequence_can_be_read_in_two_pieces(device, dtype, assert_close):
    weights = parameters(device, dtype)
    x = torch.randn(B, T, D, device=device, dtype=dtype)
    h_0 = torch.randn(B, H, device=device, dtype=dtype)
    first = rnn_forward(x[:, :3], h_0, *weights)
    second = rnn_forward(x[:, 3:], first[:, -1], *weights)
    assert_close(torch.cat([first, second[:, 1:]], dim=1), rnn_forward(x, h_0, *weights))


def test_huge_inputs_saturate_and_stay_finite(device, dtype):
    w_ih, w_hh, b = parameters(device, dtype)
    x = torch.full((B, T, D), 1e30, device=device, dtype=dtype)
    h = rnn_forward(x, torch.zeros(B, H, device=device, dtype=dtype), w_ih, w_hh, b)
    assert torch.all(h[:, 1:].abs() == 1)
    grads = rnn_backward(x, h, torch.ones_like(h[:, 1:]), w_ih, w_hh)
    assert all(torch.all(g == 0) for g in grads)  # 饱和处 tanh' = 0


# --- 随时间反向传播 ---


def check_backward(snippet, device, dtype, assert_close):
    weights = parameters(device, dtype)
    x = torch.randn(B, T, D, device=device, dtype=dtype)
    h_0 = torch.randn(B, H, device=device, dtype=dtype)
    dh = torch.randn(B, T, H, device=device, dtype=dtype)
    leaves = [p.clone().requires_grad_() for p in (x, h_0, *weights)]
    states = rnn_forward(*leaves)[:, 1:]
    expected = torch.autograd.grad(states, leaves, grad_outputs=dh)
    h = rnn_forward(x, h_0, *weights)
    actual = snippet.rnn_backward(x, h, dh, weights[0], weights[1])
    for ours, theirs in zip(actual, expected, strict=True):
        assert ours.shape == theirs.shape
        # 权重的梯度是 B·T = 21 项之和，求和次序不同，float32 的舍入随之累积
        assert_close(ours, theirs, factor=10)


def test_backward_is_autograd(device, dtype, assert_close):
    check_backward(rnn, device, dtype, assert_close)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("* (1 - h[:, t + 1] ** 2)", "* (1 - h[:, t] ** 2)"),
        ("(dh[:, t] + later)", "dh[:, t]"),
        ("dw_hh += dz.T @ h[:, t] ", "dw_hh += dz.T @ h[:, t + 1] "),
        ("dw_ih += dz.T", "dw_ih = dz.T"),
        ("later = dz @ w_hh ", "later = dz @ w_hh.T "),
        ("db += dz.sum(dim=0)", "db += dz.mean(dim=0)"),
        ("in reversed(range(x.shape[1]))", "in range(x.shape[1])"),
    ],
    ids=[
        "slope of the state before",
        "nothing comes back through time",
        "own state instead of the state before",
        "shared weight overwritten",
        "recurrent weight transposed",
        "mean over the batch",
        "walks forward",
    ],
)
def test_wrong_backward_is_noticed(old, new, assert_close, altered):
    with pytest.raises(AssertionError):
        check_backward(altered(rnn, old, new), torch.device("cpu"), torch.float64, assert_close)


def test_forward_passes_gradcheck(device):
    weights = parameters(device, torch.float64, d=2, hidden=3)
    x = torch.randn(2, 4, 2, device=device, dtype=torch.float64)
    h_0 = torch.randn(2, 3, device=device, dtype=torch.float64)
    inputs = tuple(p.requires_grad_() for p in (x, h_0, *weights))
    assert torch.autograd.gradcheck(rnn_forward, inputs)


def test_truncation_is_a_detached_state(device, dtype, assert_close):
    """截断 BPTT：每段各自反传、不跨段，等于在段首对状态 detach。"""
    weights = parameters(device, dtype)
    x = torch.randn(B, 6, D, device=device, dtype=dtype)
    h_0 = torch.randn(B, H, device=device, dtype=dtype)
    h = rnn_forward(x, h_0, *weights)
    dh = torch.randn(B, 6, H, device=device, dtype=dtype)
    pieces = [(slice(0, 3), slice(0, 4)), (slice(3, 6), slice(3, 7))]
    ours = sum(rnn_backward(x[:, steps], h[:, states], dh[:, steps], *weights[:2])[3] for steps, states in pieces)
    w_hh = weights[1].clone().requires_grad_()
    first = rnn_forward(x[:, :3], h_0, weights[0], w_hh, weights[2])
    second = rnn_forward(x[:, 3:], first[:, -1].detach(), weights[0], w_hh, weights[2])
    outputs = torch.cat([first[:, 1:], second[:, 1:]], dim=1)
    assert_close(ours, torch.autograd.grad(outputs, w_hh, dh)[0], factor=10)  # 18 项之和
    full = rnn_backward(x, h, dh, *weights[:2])[3]
    with pytest.raises(AssertionError):
        assert_close(ours, full, factor=10)


# --- 消失与爆炸 ---


def test_jacobian_is_autograds(device, dtype, assert_close):
    weights = parameters(device, dtype)
    x = torch.randn(1, T, D, device=device, dtype=dtype)
    h_0 = torch.randn(H, device=device, dtype=dtype)
    expected = torch.autograd.functional.jacobian(lambda start: rnn_forward(x, start[None], *weights)[0, -1], h_0)
    actual = state_jacobian(rnn_forward(x, h_0[None], *weights), weights[1])
    assert_close(actual[0], expected)


def test_jacobian_of_no_step_is_the_identity(device, dtype, assert_close):
    h = torch.randn(B, 1, H, device=device, dtype=dtype)
    expected = torch.eye(H, device=device, dtype=dtype).expand(B, H, H)
    assert_close(state_jacobian(h, torch.randn(H, H, device=device, dtype=dtype)), expected)


def test_a_jacobian_multiplied_in_the_wrong_order_is_noticed(assert_close, altered):
    wrong = altered(rnn, "(w_hh @ jacobian)", "(jacobian @ w_hh)")
    weights = parameters("cpu", torch.float64)
    h = rnn_forward(torch.randn(1, T, D).double(), torch.zeros(1, H).double(), *weights)
    with pytest.raises(AssertionError):
        assert_close(wrong.state_jacobian(h, weights[1]), state_jacobian(h, weights[1]))


@pytest.mark.parametrize(("rho", "rounded"), [(0.9, 0.005154), (1.0, 1.0), (1.1, 117.4)])
def test_norm_at_rest_is_a_power(rho, rounded, device, assert_close):
    """h = 0 处 tanh' = 1：正交阵乘 ρ，50 步后的范数正是 ρ^50；笔记里的数由此而来。"""
    q = torch.linalg.qr(torch.randn(8, 8, device=device, dtype=torch.float64)).Q
    h = torch.zeros(1, 51, 8, device=device, dtype=torch.float64)
    norm = torch.linalg.matrix_norm(state_jacobian(h, rho * q)[0], ord=2)
    assert_close(norm, torch.tensor(rho**50, device=device, dtype=torch.float64), factor=10)
    assert f"{norm.item():.4g}" == f"{rounded:.4g}"


def test_saturation_makes_even_a_large_weight_vanish(device, dtype):
    """范数 1.1 只是爆炸的必要条件：状态饱和时 tanh' 把连乘压小。"""
    q = torch.linalg.qr(torch.randn(H, H, dtype=torch.float64)).Q.to(device, dtype)
    zero = torch.zeros(H, H, device=device, dtype=dtype)
    b = torch.full((H,), 3.0, device=device, dtype=dtype)
    x = torch.zeros(1, 50, H, device=device, dtype=dtype)
    h = rnn_forward(x, torch.zeros(1, H, device=device, dtype=dtype), zero, 1.1 * q, b)
    assert torch.linalg.matrix_norm(state_jacobian(h, 1.1 * q)[0], ord=2) < 1e-10


# --- 双向 ---


def check_bidirectional(snippet, device, dtype, assert_close):
    forth, back = parameters(device, dtype), parameters(device, dtype)
    x = torch.randn(B, T, D, device=device, dtype=dtype)
    expected, _ = library([forth, back], device, dtype, bidirectional=True)(x)
    assert_close(snippet.brnn_forward(x, forth, back), expected)


def test_bidirectional_is_the_librarys(device, dtype, assert_close):
    check_bidirectional(rnn, device, dtype, assert_close)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("rnn_forward(x.flip(1), h_0", "rnn_forward(x, h_0"),
        ("[:, 1:].flip(1)  #", "[:, 1:]  #"),
        ("[left_to_right, right_to_left]", "[right_to_left, left_to_right]"),
    ],
    ids=["input not reversed", "output not reversed back", "directions swapped"],
)
def test_wrong_bidirectional_is_noticed(old, new, assert_close, altered):
    with pytest.raises(AssertionError):
        check_bidirectional(altered(rnn, old, new), torch.device("cpu"), torch.float64, assert_close)


def test_reversing_time_swaps_the_directions(device, dtype, assert_close):
    forth, back = parameters(device, dtype), parameters(device, dtype)
    x = torch.randn(B, T, D, device=device, dtype=dtype)
    there = brnn_forward(x, forth, back)
    again = brnn_forward(x.flip(1), back, forth).flip(1)
    assert_close(again.roll(H, dims=-1), there)


def test_every_bidirectional_output_sees_the_whole_sequence(device, dtype):
    forth, back = parameters(device, dtype), parameters(device, dtype)
    x = torch.randn(1, T, D, device=device, dtype=dtype, requires_grad=True)
    first = brnn_forward(x, forth, back)[0, 0]
    (slope,) = torch.autograd.grad(first.sum(), x)
    assert torch.all(slope.abs().sum(dim=-1) > 0)  # 所以不能用于在线或自回归


# --- 裁剪 ---


def check_clip(snippet, device, dtype, assert_close, max_norm):
    grads = [torch.randn(s, device=device, dtype=dtype) for s in (D, (H, D), (H, H))]
    holders = [torch.nn.Parameter(torch.zeros_like(g)) for g in grads]
    for holder, g in zip(holders, grads, strict=True):
        holder.grad = g.clone()
    torch.nn.utils.clip_grad_norm_(holders, max_norm)
    for ours, holder in zip(snippet.clip_by_norm(grads, max_norm), holders, strict=True):
        assert_close(ours, holder.grad)


@pytest.mark.parametrize("max_norm", [0.1, 1.0, 1e6])
def test_clipping_is_the_librarys(max_norm, device, dtype, assert_close):
    check_clip(rnn, device, dtype, assert_close, max_norm)


@pytest.mark.parametrize(
    ("old", "new", "max_norm"),
    [(".clamp(max=1.0)", "", 1e6), ("([g.norm() for g in grads])", "([grads[0].norm()])", 0.1)],
    ids=["short gradients stretched", "only the first tensor measured"],
)
def test_wrong_clipping_is_noticed(old, new, max_norm, assert_close, altered):
    with pytest.raises(AssertionError):
        check_clip(altered(rnn, old, new), torch.device("cpu"), torch.float64, assert_close, max_norm)


def test_clipping_zero_gradients_gives_zeros(device, dtype):
    (clipped,) = clip_by_norm([torch.zeros(D, device=device, dtype=dtype)], 1.0)
    assert torch.all(clipped == 0)


# --- 设备 ---


def test_every_tensor_is_made_on_the_inputs_device(on_meta):
    weights = parameters("cpu", torch.float32)
    x, h_0 = torch.randn(B, T, D), torch.zeros(B, H)
    assert on_meta(rnn_forward, x, h_0, *weights).shape == (B, T + 1, H)
    both = on_meta(lambda x, *w: brnn_forward(x, w[:3], w[3:]), x, *weights, *weights)
    assert both.shape == (B, T, 2 * H)
    h, dh = torch.randn(B, T + 1, H), torch.randn(B, T, H)
    assert [g.shape for g in on_meta(rnn_backward, x, h, dh, weights[0], weights[1])] == [
        (B, T, D),
        (B, H),
        (H, D),
        (H, H),
        (H,),
    ]
    assert on_meta(state_jacobian, h, weights[1]).shape == (B, H, H)
    on_meta(lambda *grads: clip_by_norm(grads, 1.0), x, h)
    assert on_meta(read, x, *weights, torch.zeros(H))[1].shape == (B,)
    trained = on_meta(train, x, torch.zeros(B), H, epochs=1, batch=2, lr=0.1)
    assert [w.shape for w in trained] == [(H, D), (H, H), (H,), (H,)]
    assert [part.shape for part in on_meta(reviews, 5, device="meta")] == [(5, 6, len(WORDS)), (5,)]


# --- 笔记里的例子 ---


def test_the_worked_example_of_the_note():
    """w_ih = 0.5，w_hh = 0.8，b = 0，输入 1, 0, 0，损失 L = h_3。"""
    w_ih = torch.tensor([[0.5]], dtype=torch.float64)
    w_hh = torch.tensor([[0.8]], dtype=torch.float64)
    b = torch.zeros(1, dtype=torch.float64)
    x = torch.tensor([[[1.0], [0.0], [0.0]]], dtype=torch.float64)
    h = rnn_forward(x, torch.zeros(1, 1, dtype=torch.float64), w_ih, w_hh, b)
    assert [round(v, 4) for v in h.flatten().tolist()] == [0, 0.4621, 0.3537, 0.2757]
    dh = torch.tensor([[[0.0], [0.0], [1.0]]], dtype=torch.float64)
    dx, _, dw_ih, dw_hh, db = rnn_backward(x, h, dh, w_ih, w_hh)
    assert [round(g.item(), 4) for g in (dw_ih, dw_hh, db)] == [0.4069, 0.6257, 1.9776]
    assert [round(v, 4) for v in (dx / 0.5).flatten().tolist()] == [0.4069, 0.6467, 0.924]  # δ_t
    assert round(state_jacobian(h[:, 1:], w_hh).item(), 4) == 0.5174  # ∂h_3/∂h_1


# --- 完整训练：好评与差评 ---


def test_reviews_are_labelled_by_the_rule():
    """逐条照规则再判一遍：恰有一个评价词，只有紧挨在前面的“不”使它反转。"""
    x, y = reviews(300)
    assert x.shape == (300, 6, len(WORDS))
    assert set(x.sum(dim=-1).flatten().tolist()) == {1}
    elsewhere, places = 0, set()
    for one_hot, label in zip(x, y.tolist(), strict=True):
        words = [WORDS[k] for k in one_hot.argmax(dim=-1).tolist()]
        (place,) = (k for k, word in enumerate(words) if word in "好坏")
        negated = words[place - 1] == "不" and place > 0
        assert label == ((words[place] == "好") != negated)
        places.add(place)
        elsewhere += "不" in words[: max(place - 1, 0)] + words[place:]
    assert places == {1, 2, 3, 4, 5}
    assert 100 < y.sum() < 200
    assert elsewhere > 100  # 别处的“不”很常见，所以数词不够


def check_training(snippet, device, dtype, assert_close, max_norm):
    """三步之后每个参数都同 torch 的 RNN、交叉熵、clip_grad_norm_ 与 SGD；一批就是全部，次序无关。"""
    x, y = reviews(32, device=device, dtype=dtype)
    torch.manual_seed(1)
    *cell, u = train(x, y, H, epochs=0, batch=32, lr=0.0)  # 同一个种子的初值
    oracle, readout = library([cell], device, dtype), u.clone().requires_grad_()
    parts = [*oracle.parameters(), readout]
    optimizer = torch.optim.SGD(parts, lr=4.0)
    for _ in range(3):
        optimizer.zero_grad()
        logit = oracle(x)[1][0] @ readout
        torch.nn.functional.binary_cross_entropy_with_logits(logit, y).backward()
        oracle.bias_hh_l0.grad.zero_()  # 片段只有一个偏置：两个都动，和就动了两份
        torch.nn.utils.clip_grad_norm_(parts, max_norm)
        optimizer.step()
    torch.manual_seed(1)
    w_ih, w_hh, b, u = snippet.train(x, y, H, epochs=3, batch=32, lr=4.0, max_norm=max_norm)
    assert_close(w_ih, oracle.weight_ih_l0.detach(), factor=10)  # 三步的舍入
    assert_close(w_hh, oracle.weight_hh_l0.detach(), factor=10)
    assert_close(b, (oracle.bias_ih_l0 + oracle.bias_hh_l0).detach(), factor=10)
    assert_close(u, readout.detach(), factor=10)


@pytest.mark.parametrize("max_norm", [0.01, 10.0], ids=["every step clipped", "no step clipped"])
def test_training_is_the_librarys(max_norm, device, dtype, assert_close):
    check_training(rnn, device, dtype, assert_close, max_norm)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("w - lr * g", "w + lr * g"),
        ("- y[i]) / len(i)", "- y[i])"),
        ("dh[:, -1] = error[:, None] * weights[3]", "dh[:, 0] = error[:, None] * weights[3]"),
        ("h[:, -1].T @ error", "h[:, -2].T @ error"),
        ("clip_by_norm([*grads, h[:, -1].T @ error], max_norm)", "[*grads, h[:, -1].T @ error]"),
    ],
    ids=["uphill", "sum instead of mean", "loss at the first step", "readout of the step before", "not clipped"],
)
def test_wrong_training_is_noticed(old, new, assert_close, altered):
    with pytest.raises(AssertionError):
        check_training(altered(rnn, old, new), torch.device("cpu"), torch.float64, assert_close, 0.01)


def test_training_starts_with_weights_that_keep_the_scale():
    w_ih, w_hh, b, u = train(*reviews(1), 400, epochs=0, batch=1, lr=0.0)
    assert abs(w_ih.std().item() * len(WORDS) ** 0.5 - 1) < 0.05
    assert abs(w_hh.std().item() * 400**0.5 - 1) < 0.05
    assert not b.any()
    assert not u.any()


def test_the_order_of_words_is_read_and_a_bag_of_words_cannot():
    """笔记的数：没见过的 2000 条，RNN 全对（十个种子都是），词袋加最小二乘 0.738 到 0.766。"""
    (x, y), (held_x, held_y) = (reviews(n, dtype=torch.float64) for n in (1000, 2000))
    weights = train(x, y, 16, epochs=20, batch=20, lr=0.5)
    _, logit = read(held_x, *weights)
    assert ((logit > 0) == (held_y > 0.5)).double().mean() > 0.98
    bag, held_bag = (torch.cat([s.sum(dim=1), torch.ones(len(s), 1)], dim=1) for s in (x, held_x))
    line = torch.linalg.lstsq(bag, 2 * y[:, None] - 1, driver="gelsd").solution[:, 0]  # 各列相加是常数：不满秩
    assert 0.7 < ((held_bag @ line > 0) == (held_y > 0.5)).double().mean() < 0.8
