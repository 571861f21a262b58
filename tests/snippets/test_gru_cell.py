"""门控循环单元的证明：对照 torch.nn.GRUCell、torch.nn.GRU、打包序列与逐元素循环。"""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from snippets.seq import gru_cell
from snippets.seq.gru_cell import gru_layer, gru_step, gru_step_reset_before

B, T, D, H = 3, 6, 4, 5


def parameters(device, dtype, *, d=D, hidden=H):
    shapes = ((3 * hidden, d), (3 * hidden, hidden), (3 * hidden,), (3 * hidden,))
    return tuple(0.5 * torch.randn(*s, device=device, dtype=dtype) for s in shapes)


def copy_into(oracle, weights, suffix=""):
    names = (f"weight_ih{suffix}", f"weight_hh{suffix}", f"bias_ih{suffix}", f"bias_hh{suffix}")
    with torch.no_grad():
        for name, w in zip(names, weights, strict=True):
            getattr(oracle, name).copy_(w)
    return oracle


def inputs(device, dtype):
    return torch.randn(B, D, device=device, dtype=dtype), torch.randn(B, H, device=device, dtype=dtype)


# --- 重置在后：库的那一种 ---


def check_step(snippet, device, dtype, assert_close):
    weights = parameters(device, dtype)
    oracle = copy_into(torch.nn.GRUCell(D, H).to(device, dtype), weights)
    x, h = inputs(device, dtype)
    assert_close(snippet.gru_step(x, h, *weights), oracle(x, h))


def test_step_is_the_librarys_cell(device, dtype, assert_close):
    check_step(gru_cell, device, dtype, assert_close)


AFTER = "n = torch.tanh(n_x + r * n_h)"
WRONG_STEPS = {
    "order z, r, n": (
        "r_x, z_x, n_x = (x @ w_ih.T + b_ih).chunk(3, dim=-1)  # 各 (B, H)\n    r_h, z_h",
        "z_x, r_x, n_x = (x @ w_ih.T + b_ih).chunk(3, dim=-1)\n    z_h, r_h",
    ),
    "reset gate left out": (AFTER, "n = torch.tanh(n_x + n_h)"),
    "reset gate on the input too": (AFTER, "n = torch.tanh(r * (n_x + n_h))"),
    "candidate through a sigmoid": (AFTER, "n = torch.sigmoid(n_x + r * n_h)"),
    "bias of the candidate outside the reset gate": (
        AFTER,
        "c = b_hh.chunk(3)[2]\n    n = torch.tanh(n_x + r * (n_h - c) + c)",
    ),
    "update gate the other way round (Chung 2014)": (
        f"{AFTER}  # 候选：先乘矩阵、加偏置，再乘 r\n    return (1 - z) * n + z * h",
        f"{AFTER}\n    return z * n + (1 - z) * h",
    ),
}


@pytest.mark.parametrize("change", WRONG_STEPS.values(), ids=WRONG_STEPS)
def test_wrong_step_is_noticed(change, assert_close, altered):
    with pytest.raises(AssertionError):
        check_step(altered(gru_cell, *change), torch.device("cpu"), torch.float64, assert_close)


# --- 两个版本：逐元素的公式 ---


def by_hand(x, h, w_ih, w_hh, b_ih, b_hh, *, reset_after):
    """逐样本、逐分量按公式算，不用矩阵。"""
    x, h, w_ih, w_hh, b_ih, b_hh = (p.cpu().double().numpy() for p in (x, h, w_ih, w_hh, b_ih, b_hh))
    size = h.shape[1]

    def gate(n, j):
        z = b_ih[j] + b_hh[j] + sum(w_ih[j] * x[n]) + sum(w_hh[j] * h[n])
        return 1 / (1 + math.exp(-z))

    out = np.empty_like(h)
    for n in range(len(x)):
        r = np.array([gate(n, j) for j in range(size)])
        for j in range(size):
            row, z = 2 * size + j, gate(n, size + j)
            if reset_after:
                recurrent = r[j] * (sum(w_hh[row] * h[n]) + b_hh[row])
            else:
                recurrent = sum(w_hh[row] * (r * h[n])) + b_hh[row]
            candidate = math.tanh(b_ih[row] + sum(w_ih[row] * x[n]) + recurrent)
            out[n, j] = (1 - z) * candidate + z * h[n, j]
    return torch.from_numpy(out)


def check_before(snippet, device, dtype, assert_close):
    x, h = inputs(device, dtype)
    weights = parameters(device, dtype)
    expected = by_hand(x, h, *weights, reset_after=False)
    assert_close(snippet.gru_step_reset_before(x, h, *weights), expected.to(device, dtype))


def test_both_steps_are_their_formula_element_by_element(device, dtype, assert_close):
    check_before(gru_cell, device, dtype, assert_close)
    x, h = inputs(device, dtype)
    weights = parameters(device, dtype)
    assert_close(gru_step(x, h, *weights), by_hand(x, h, *weights, reset_after=True).to(device, dtype))


BEFORE = "(r * h) @ u_n.T + c_n"
WRONG_BEFORE = {
    "reset after the matrix": (BEFORE, "r * (h @ u_n.T) + c_n"),
    "bias inside the reset gate": (BEFORE, "(r * h) @ u_n.T + r * c_n"),
    "update gate used to reset": (BEFORE, "(z * h) @ u_n.T + c_n"),
}


@pytest.mark.parametrize("change", WRONG_BEFORE.values(), ids=WRONG_BEFORE)
def test_wrong_reset_before_is_noticed(change, assert_close, altered):
    with pytest.raises(AssertionError):
        check_before(altered(gru_cell, *change), torch.device("cpu"), torch.float64, assert_close)


@pytest.mark.parametrize("seed", range(5))
def test_the_two_versions_differ_by_far_more_than_rounding(seed):
    """笔记的数：torch 默认初值、标准正态的输入与状态，一步之差的最大值。"""
    torch.manual_seed(seed)
    cell = torch.nn.GRUCell(D, H, dtype=torch.float64)
    x, h = torch.randn(B, D, dtype=torch.float64), torch.randn(B, H, dtype=torch.float64)
    weights = [w.detach() for w in (cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh)]
    after, before = gru_step(x, h, *weights), gru_step_reset_before(x, h, *weights)
    assert (after - cell(x, h)).abs().max() < 1e-15
    assert 0.05 < (before - after).abs().max() < 0.6


def test_the_two_versions_agree_when_the_matrix_is_diagonal(device, dtype, assert_close):
    """U_n 是对角阵、没有候选的状态偏置时 r⊙(U h) = U(r⊙h)；只要有一个非对角元就不再相等。"""
    x, h = inputs(device, dtype)
    w_ih, w_hh, b_ih, b_hh = parameters(device, dtype)
    w_hh[2 * H :] = torch.randn(H, device=device, dtype=dtype).diag()
    b_hh[2 * H :] = 0
    weights = (w_ih, w_hh, b_ih, b_hh)
    assert_close(gru_step(x, h, *weights), gru_step_reset_before(x, h, *weights))
    w_hh[2 * H, 1] = 1.0
    with pytest.raises(AssertionError):
        assert_close(gru_step(x, h, *weights), gru_step_reset_before(x, h, *weights))


def test_the_candidates_two_biases_cannot_be_one(assert_close):
    """r、z 两段只有偏置之和起作用；n 那一段挪动偏置，结果就变。"""
    x, h = inputs("cpu", torch.float64)
    w_ih, w_hh, b_ih, b_hh = parameters("cpu", torch.float64)
    shift = torch.randn(3 * H, dtype=torch.float64)
    shift[2 * H :] = 0
    expected = gru_step(x, h, w_ih, w_hh, b_ih, b_hh)
    assert_close(gru_step(x, h, w_ih, w_hh, b_ih + shift, b_hh - shift), expected)
    shift[2 * H :] = 1
    with pytest.raises(AssertionError):
        assert_close(gru_step(x, h, w_ih, w_hh, b_ih + shift, b_hh - shift), expected)
    before = gru_step_reset_before(x, h, w_ih, w_hh, b_ih, b_hh)
    assert_close(gru_step_reset_before(x, h, w_ih, w_hh, b_ih + shift, b_hh - shift), before)


@pytest.mark.parametrize("step", [gru_step, gru_step_reset_before])
def test_step_passes_gradcheck(step, device):
    weights = parameters(device, torch.float64, d=2, hidden=3)
    x = torch.randn(2, 2, device=device, dtype=torch.float64)
    h = torch.randn(2, 3, device=device, dtype=torch.float64)
    assert torch.autograd.gradcheck(step, tuple(p.requires_grad_() for p in (x, h, *weights)))


# --- 一层 ---


def check_layer(snippet, device, dtype, assert_close, lengths=None):
    weights = parameters(device, dtype)
    oracle = copy_into(torch.nn.GRU(D, H, batch_first=True).to(device, dtype), weights, "_l0")
    x = torch.randn(B, T, D, device=device, dtype=dtype)
    h_0 = torch.randn(B, H, device=device, dtype=dtype)
    if lengths is None:
        expected, h_n = oracle(x, h_0[None])
        output, h = snippet.gru_layer(x, h_0, *weights)
    else:
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        packed, h_n = oracle(packed, h_0[None])
        expected, _ = pad_packed_sequence(packed, batch_first=True, total_length=T)
        output, h = snippet.gru_layer(x, h_0, *weights, lengths=lengths.to(device))
    assert_close(output, expected)
    assert_close(h, h_n[0])


def test_layer_is_the_librarys(device, dtype, assert_close):
    check_layer(gru_cell, device, dtype, assert_close)


def test_lengths_are_the_librarys_packed_sequences(device, dtype, assert_close):
    check_layer(gru_cell, device, dtype, assert_close, torch.tensor([6, 1, 4]))


WRONG_LAYERS = {
    "state runs on through padding": ("torch.where(alive, h_next, h)", "h_next"),
    "one step too many": ("(t < lengths)", "(t <= lengths)"),
    "outputs not zeroed": ("outputs.append(h * alive)", "outputs.append(h)"),
}


@pytest.mark.parametrize("change", WRONG_LAYERS.values(), ids=WRONG_LAYERS)
def test_wrong_layer_is_noticed(change, assert_close, altered):
    wrong, lengths = altered(gru_cell, *change), torch.tensor([6, 1, 4])
    with pytest.raises(AssertionError):
        check_layer(wrong, torch.device("cpu"), torch.float64, assert_close, lengths)


def test_parameter_gradients_are_the_librarys(device, dtype, assert_close):
    weights = parameters(device, dtype)
    oracle = copy_into(torch.nn.GRU(D, H, batch_first=True).to(device, dtype), weights, "_l0")
    leaves = [w.clone().requires_grad_() for w in weights]
    x = torch.randn(B, T, D, device=device, dtype=dtype)
    mix = torch.randn(B, T, H, device=device, dtype=dtype)
    (oracle(x)[0] * mix).sum().backward()
    (gru_layer(x, x.new_zeros(B, H), *leaves)[0] * mix).sum().backward()
    for leaf, theirs in zip(leaves, oracle.parameters(), strict=True):
        # 梯度是 B·T = 18 项之和，求和次序不同，float32 的舍入随之累积
        assert_close(leaf.grad, theirs.grad, factor=10)


# --- 记忆 ---


def test_open_update_gate_keeps_the_state_for_ever(device, dtype):
    w_ih, w_hh, b_ih, b_hh = (torch.zeros_like(w) for w in parameters(device, dtype))
    b_ih[H : 2 * H] = 100.0
    h_0 = torch.randn(1, H, device=device, dtype=dtype)
    x = torch.randn(1, 1000, D, device=device, dtype=dtype)
    _, h = gru_layer(x, h_0, w_ih, w_hh, b_ih, b_hh)
    assert torch.equal(h, h_0)  # σ(100) 在两种精度里都恰为 1


def test_state_stays_inside_the_unit_cube_once_it_is(device, dtype):
    """h' 是候选（绝对值小于 1）与旧状态的加权平均，所以不会越界；LSTM 的记忆 c 没有这条界。"""
    weights = tuple(10 * w for w in parameters(device, dtype))
    x = 10 * torch.randn(B, 50, D, device=device, dtype=dtype)
    h_0 = 2 * torch.rand(B, H, device=device, dtype=dtype) - 1
    output, _ = gru_layer(x, h_0, *weights)
    assert output.abs().max() <= 1


def test_closed_reset_gate_forgets_the_state_in_the_candidate(device, dtype, assert_close):
    x, h = inputs(device, dtype)
    w_ih, w_hh, b_ih, b_hh = parameters(device, dtype)
    b_ih[: 2 * H] = -200.0  # r = z = 0
    weights = (w_ih, w_hh, b_ih, b_hh)
    expected = torch.tanh(x @ w_ih[2 * H :].T + b_ih[2 * H :])
    assert_close(gru_step(x, h, *weights), expected)
    assert_close(gru_step_reset_before(x, h, *weights), torch.tanh(x @ w_ih[2 * H :].T + b_ih[2 * H :] + b_hh[2 * H :]))


def test_direct_path_is_the_product_of_update_gates(device, assert_close):
    """剪断 w_hh，h_T 对 h_0 的导数只剩更新门之积。"""
    w_ih, w_hh, b_ih, b_hh = parameters(device, torch.float64)
    weights = (w_ih, torch.zeros_like(w_hh), b_ih, b_hh)
    x = torch.randn(1, 20, D, device=device, dtype=torch.float64)
    h_0 = torch.randn(1, H, device=device, dtype=torch.float64, requires_grad=True)
    slope = torch.autograd.grad(gru_layer(x, h_0, *weights)[1].sum(), h_0)[0]
    gates = torch.sigmoid(x[0] @ w_ih[H : 2 * H].T + (b_ih + b_hh)[H : 2 * H])  # (T, H)
    assert_close(slope[0], gates.prod(dim=0))


# --- 大小与设备 ---


def test_size_is_three_quarters_of_an_lstm():
    """笔记的数：D = 100，H = 64。"""
    gru = sum(w.numel() for w in torch.nn.GRU(100, 64, device="meta").parameters())
    lstm = sum(w.numel() for w in torch.nn.LSTM(100, 64, device="meta").parameters())
    assert (gru, lstm) == (31_872, 42_496)
    assert 4 * gru == 3 * lstm
    assert sum(w.numel() for w in parameters("meta", torch.float32, d=100, hidden=64)) == gru


def test_every_tensor_is_made_on_the_inputs_device(on_meta):
    weights = parameters("cpu", torch.float32)
    x, h, lengths = torch.randn(B, T, D), torch.randn(B, H), torch.tensor([6, 1, 4])
    assert on_meta(gru_layer, x, h, *weights, lengths=lengths)[0].shape == (B, T, H)
    assert on_meta(gru_step_reset_before, x[:, 0], h, *weights).shape == (B, H)


# --- 笔记里的例子 ---


def test_the_worked_example_of_the_note():
    """D = 1，H = 2：两个版本一步算到底。"""
    x = torch.tensor([[1.0]], dtype=torch.float64)
    h = torch.tensor([[1.0, -1.0]], dtype=torch.float64)
    w_ih = torch.zeros(6, 1, dtype=torch.float64)
    w_hh = torch.zeros(6, 2, dtype=torch.float64)
    b = torch.zeros(6, dtype=torch.float64)
    w_ih[0], w_ih[1] = 2.0, -2.0  # r = σ(2), σ(-2)；z = σ(0)
    w_hh[4:] = torch.tensor([[0.0, 1.0], [1.0, 0.0]])  # U_n 交换两个分量
    r = torch.sigmoid(x @ w_ih[:2].T)[0]
    assert [round(v, 4) for v in r.tolist()] == [0.8808, 0.1192]
    after, before = gru_step(x, h, w_ih, w_hh, b, b), gru_step_reset_before(x, h, w_ih, w_hh, b, b)
    assert [round(v, 4) for v in after[0].tolist()] == [0.1466, -0.4407]
    assert [round(v, 4) for v in before[0].tolist()] == [0.4407, -0.1466]
    candidate_after = torch.tanh(r * torch.tensor([-1.0, 1.0], dtype=torch.float64))
    candidate_before = torch.tanh(torch.stack([-r[1], r[0]]))
    assert [round(v, 4) for v in candidate_after.tolist()] == [-0.7068, 0.1186]
    assert [round(v, 4) for v in candidate_before.tolist()] == [-0.1186, 0.7068]
