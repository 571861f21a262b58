"""长短期记忆网络的证明：对照 torch.nn.LSTMCell、torch.nn.LSTM、打包序列与闭式。"""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from snippets.seq import lstm_cell
from snippets.seq.lstm_cell import init_layer, lstm, lstm_layer, lstm_step

B, T, D, H = 3, 6, 4, 5


def parameters(device, dtype, *, d=D, hidden=H):
    shapes = ((4 * hidden, d), (4 * hidden, hidden), (4 * hidden,))
    return tuple(0.5 * torch.randn(*s, device=device, dtype=dtype) for s in shapes)


def copy_into(oracle, layers, *, cell=False):
    """把权重拷进 torch 的模块；偏置拆成随机的两份，证明只有和起作用。"""
    with torch.no_grad():
        for n, (w_ih, w_hh, b) in enumerate(layers):
            suffix = "" if cell else f"_l{n}"
            part = torch.randn_like(b)
            getattr(oracle, f"weight_ih{suffix}").copy_(w_ih)
            getattr(oracle, f"weight_hh{suffix}").copy_(w_hh)
            getattr(oracle, f"bias_ih{suffix}").copy_(part)
            getattr(oracle, f"bias_hh{suffix}").copy_(b - part)
    return oracle


# --- 一步 ---


def check_step(snippet, device, dtype, assert_close):
    weights = parameters(device, dtype)
    oracle = copy_into(torch.nn.LSTMCell(D, H).to(device, dtype), [weights], cell=True)
    x = torch.randn(B, D, device=device, dtype=dtype)
    h, c = torch.randn(2, B, H, device=device, dtype=dtype)
    expected_h, expected_c = oracle(x, (h, c))
    actual_h, actual_c = snippet.lstm_step(x, h, c, *weights)
    assert actual_h.shape == actual_c.shape == (B, H)
    assert_close(actual_h, expected_h)
    assert_close(actual_c, expected_c)


def test_step_is_the_librarys_cell(device, dtype, assert_close):
    check_step(lstm_cell, device, dtype, assert_close)


WRONG_STEPS = {
    "order f, i, g, o": ("i, f, g, o = z.chunk", "f, i, g, o = z.chunk"),
    "order i, f, o, g": ("i, f, g, o = z.chunk", "i, f, o, g = z.chunk"),
    "forget gate left out (1997)": ("c = f * c + i * g", "c = c + i * g"),
    "gates coupled (i = 1 - f)": ("c = f * c + i * g", "c = f * c + (1 - f) * g"),
    "candidate through a sigmoid": ("g = torch.tanh(g)", "g = torch.sigmoid(g)"),
    "memory not squashed": ("h = o * torch.tanh(c)", "h = o * c"),
    "output is the memory": ("return h, c\n\n\ndef lstm_layer", "return c, h\n\n\ndef lstm_layer"),
    "bias counted twice": ("h @ w_hh.T + b ", "h @ w_hh.T + 2 * b "),
}


@pytest.mark.parametrize("change", WRONG_STEPS.values(), ids=WRONG_STEPS)
def test_wrong_step_is_noticed(change, assert_close, altered):
    with pytest.raises(AssertionError):
        check_step(altered(lstm_cell, *change), torch.device("cpu"), torch.float64, assert_close)


def test_step_is_the_formula_element_by_element(device, dtype, assert_close):
    w_ih, w_hh, b = parameters(device, dtype)
    x = torch.randn(B, D, device=device, dtype=dtype)
    h, c = torch.randn(2, B, H, device=device, dtype=dtype)
    x_, h_, c_, u, w, b_ = (p.cpu().double().numpy() for p in (x, h, c, w_ih, w_hh, b))
    expected = np.empty((2, B, H))
    for n in range(B):
        for j in range(H):
            z = [b_[r] + u[r] @ x_[n] + w[r] @ h_[n] for r in (j, H + j, 2 * H + j, 3 * H + j)]
            i, f, o = (1 / (1 + math.exp(-z[k])) for k in (0, 1, 3))
            memory = f * c_[n, j] + i * math.tanh(z[2])
            expected[:, n, j] = o * math.tanh(memory), memory
    actual = torch.stack(lstm_step(x, h, c, w_ih, w_hh, b))
    assert_close(actual, torch.from_numpy(expected).to(device, dtype))


def test_step_passes_gradcheck(device):
    weights = parameters(device, torch.float64, d=2, hidden=3)
    x = torch.randn(2, 2, device=device, dtype=torch.float64)
    h, c = torch.randn(2, 2, 3, device=device, dtype=torch.float64)
    inputs = tuple(p.requires_grad_() for p in (x, h, c, *weights))
    assert torch.autograd.gradcheck(lstm_step, inputs)


def test_extreme_gates_stay_finite(device, dtype):
    weights = tuple(1e4 * w for w in parameters(device, dtype))
    x = torch.randn(B, D, device=device, dtype=dtype)
    h_0, c_0 = torch.randn(2, B, H, device=device, dtype=dtype)
    leaves = [p.requires_grad_() for p in (x, h_0, c_0, *weights)]
    h, c = lstm_step(*leaves)
    slopes = torch.autograd.grad(h.sum() + c.sum(), leaves)
    assert torch.isfinite(h).all()
    assert all(torch.isfinite(slope).all() for slope in slopes)
    assert torch.all(h.abs() <= 1)  # |h| = σ(·)·|tanh(·)|


# --- 一层与多层 ---


def check_layers(snippet, device, dtype, assert_close, lengths=None):
    layers = [parameters(device, dtype), parameters(device, dtype, d=H)]
    oracle = torch.nn.LSTM(D, H, num_layers=2, batch_first=True).to(device, dtype)
    copy_into(oracle, layers)
    x = torch.randn(B, T, D, device=device, dtype=dtype)
    if lengths is None:
        expected, (expected_h, expected_c) = oracle(x)
        actual, h, c = snippet.lstm(x, layers)
    else:
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        packed, (expected_h, expected_c) = oracle(packed)
        expected, _ = pad_packed_sequence(packed, batch_first=True, total_length=T)
        actual, h, c = snippet.lstm(x, layers, lengths.to(device))
    assert_close(actual, expected)
    assert_close(h, expected_h)
    assert_close(c, expected_c)


def test_layers_are_the_librarys(device, dtype, assert_close):
    check_layers(lstm_cell, device, dtype, assert_close)


def test_lengths_are_the_librarys_packed_sequences(device, dtype, assert_close):
    check_layers(lstm_cell, device, dtype, assert_close, torch.tensor([6, 1, 4]))


WRONG_LAYERS = {
    "state runs on through padding": ("torch.where(alive, h_next, h)", "h_next"),
    "memory runs on through padding": ("torch.where(alive, c_next, c)", "c_next"),
    "one step too many": ("(t < lengths)", "(t <= lengths)"),
    "outputs not zeroed": ("outputs.append(h * alive)", "outputs.append(h)"),
    "initial state not zero": ("zero = x.new_zeros(", "zero = x.new_ones("),
    "final memory reported as state": ("h_n.append(h)", "h_n.append(c)"),
}


@pytest.mark.parametrize("change", WRONG_LAYERS.values(), ids=WRONG_LAYERS)
def test_wrong_layers_are_noticed(change, assert_close, altered):
    wrong, lengths = altered(lstm_cell, *change), torch.tensor([6, 1, 4])
    with pytest.raises(AssertionError):
        check_layers(wrong, torch.device("cpu"), torch.float64, assert_close, lengths)


def test_parameter_gradients_are_the_librarys(device, dtype, assert_close):
    layers = [parameters(device, dtype), parameters(device, dtype, d=H)]
    oracle = torch.nn.LSTM(D, H, num_layers=2, batch_first=True).to(device, dtype)
    copy_into(oracle, layers)
    leaves = [[w.clone().requires_grad_() for w in layer] for layer in layers]
    x = torch.randn(B, T, D, device=device, dtype=dtype)
    weight = torch.randn(B, T, H, device=device, dtype=dtype)
    (oracle(x)[0] * weight).sum().backward()
    (lstm(x, leaves)[0] * weight).sum().backward()
    for n, (w_ih, w_hh, b) in enumerate(leaves):
        # 梯度是 B·T = 18 项之和，求和次序不同，float32 的舍入随之累积
        assert_close(w_ih.grad, getattr(oracle, f"weight_ih_l{n}").grad, factor=10)
        assert_close(w_hh.grad, getattr(oracle, f"weight_hh_l{n}").grad, factor=10)
        assert_close(b.grad, getattr(oracle, f"bias_ih_l{n}").grad, factor=10)


def test_padding_is_never_read(device, dtype):
    layers = [parameters(device, dtype), parameters(device, dtype, d=H)]
    lengths = torch.tensor([6, 1, 4], device=device)
    x = torch.randn(B, T, D, device=device, dtype=dtype)
    before = lstm(x, layers, lengths)
    x[torch.arange(T, device=device) >= lengths[:, None]] = 123.0
    after = lstm(x, layers, lengths)
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))


def test_a_batch_is_its_sequences_one_by_one(device, dtype, assert_close):
    layers = [parameters(device, dtype), parameters(device, dtype, d=H)]
    lengths = torch.tensor([6, 1, 4], device=device)
    x = torch.randn(B, T, D, device=device, dtype=dtype)
    together, h_n, c_n = lstm(x, layers, lengths)
    for n, length in enumerate(lengths.tolist()):
        alone, h, c = lstm(x[n : n + 1, :length], layers)
        assert_close(together[n, :length], alone[0])
        assert_close(h_n[:, n], h[:, 0])
        assert_close(c_n[:, n], c[:, 0])


# --- 记忆 ---


def gates(device, dtype, *, forget, write):
    """权重为 0、只有偏置的一层：遗忘门 σ(forget)，输入门 σ(write)。"""
    w_ih, w_hh, b = (torch.zeros_like(w) for w in parameters(device, dtype))
    b[:H], b[H : 2 * H] = write, forget
    return w_ih, w_hh, b


def test_open_forget_and_closed_input_keep_the_memory_for_ever(device, dtype):
    layer = gates(device, dtype, forget=100.0, write=-200.0)
    c_0 = torch.randn(1, H, device=device, dtype=dtype)
    x = torch.randn(1, 1000, D, device=device, dtype=dtype)
    _, _, c = lstm_layer(x, torch.zeros_like(c_0), c_0, layer)
    assert torch.equal(c, c_0)  # 1000 步后一位不差


def test_closed_forget_clears_the_memory(device, dtype):
    layer = gates(device, dtype, forget=-200.0, write=-200.0)
    c_0 = torch.randn(1, H, device=device, dtype=dtype)
    x = torch.randn(1, 1, D, device=device, dtype=dtype)
    _, _, c = lstm_layer(x, torch.zeros_like(c_0), c_0, layer)
    assert torch.all(c.abs() < 1e-30)


@pytest.mark.parametrize(("forget", "rounded"), [(0.0, "8.88e-16"), (1.0, "1.58e-07"), (3.0, "0.0881"), (6.0, "0.884")])
def test_direct_path_is_the_product_of_forget_gates(forget, rounded, device, assert_close):
    """剪断 h 的回路，∂c_50/∂c_0 = σ(forget)^50：缓解，而非消除；笔记里的数由此而来。"""
    layer = gates(device, torch.float64, forget=forget, write=0.0)
    c_0 = torch.randn(1, H, device=device, dtype=torch.float64, requires_grad=True)
    x = torch.randn(1, 50, D, device=device, dtype=torch.float64)
    _, _, c = lstm_layer(x, torch.zeros_like(c_0), c_0, layer)
    (slope,) = torch.autograd.grad(c.sum(), c_0)
    closed = torch.full_like(slope, (1 / (1 + math.exp(-forget))) ** 50)
    assert_close(slope / closed, torch.ones_like(slope))
    assert f"{slope[0, 0].item():.3g}" == rounded


def test_direct_path_with_gates_that_depend_on_the_input(device, dtype, assert_close):
    """h 的回路为 0 而门随输入变化时，∂c_T/∂c_0 是各步遗忘门的逐元素乘积。"""
    w_ih, w_hh, b = parameters(device, dtype)
    layer = (w_ih, torch.zeros_like(w_hh), b)
    x = torch.randn(1, T, D, device=device, dtype=dtype)
    c_0 = torch.randn(1, H, device=device, dtype=dtype, requires_grad=True)
    _, _, c = lstm_layer(x, torch.zeros_like(c_0), c_0, layer)
    (slope,) = torch.autograd.grad(c.sum(), c_0)
    forget = torch.sigmoid(x @ w_ih.T + b)[0, :, H : 2 * H]  # (T, H)
    assert_close(slope[0], forget.prod(dim=0))


def slope_over(steps: int, model) -> float:
    """末状态之和对第一个输入的梯度的范数。"""
    x = torch.randn(1, steps, 8, dtype=torch.float64, requires_grad=True)
    return torch.autograd.grad(model(x)[0][:, -1].sum(), x)[0][0, 0].norm().item()


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_fifty_steps_are_eased_but_not_free(seed):
    """笔记的表：初值下隔 50 步的梯度，普通 RNN、遗忘门偏置 0、1、3 的 LSTM（各差几个数量级）。"""
    torch.manual_seed(seed)
    plain = slope_over(50, torch.nn.RNN(8, 32, batch_first=True, dtype=torch.float64))
    layers = [init_layer(8, 32, forget_bias=bias, dtype=torch.float64) for bias in (0.0, 1.0, 3.0)]
    shut, ajar, wide = (slope_over(50, lambda x, w=w: lstm(x, [w])) for w in layers)
    assert plain < 1e-11
    assert 10 * plain < shut < 1e-8
    assert 1e4 * shut < ajar < 1e-3  # 大了许多个数量级，但仍很小
    assert wide > 1e-3


# --- 初值 ---


def check_init(snippet, device, dtype, assert_close):
    w_ih, w_hh, b = snippet.init_layer(D, H, device=device, dtype=dtype)
    assert (w_ih.shape, w_hh.shape, b.shape) == ((4 * H, D), (4 * H, H), (4 * H,))
    assert all(w.device.type == device.type and w.dtype == dtype for w in (w_ih, w_hh, b))
    assert 0.8 * H**-0.5 < max(w_ih.abs().max(), w_hh.abs().max()) <= H**-0.5
    assert b.view(4, H).sum(dim=1).tolist() == [0, H, 0, 0]  # 只有遗忘门那一段是 1
    x = torch.zeros(1, D, device=device, dtype=dtype)
    c = torch.ones(1, H, device=device, dtype=dtype)
    kept = lstm_step(x, torch.zeros_like(c), c, w_ih, w_hh, b)[1]  # 输入为 0：候选为 0，只剩遗忘门
    assert_close(kept, torch.sigmoid(torch.ones_like(kept)))


def test_init_opens_the_forget_gate(device, dtype, assert_close):
    check_init(lstm_cell, device, dtype, assert_close)


def test_size_is_four_simple_layers():
    """笔记的数：D = 100，H = 64 时 4(HD + H² + H)；torch 存两个偏置，多 4H。"""
    size = sum(w.numel() for w in init_layer(100, 64, device="meta"))
    library = sum(w.numel() for w in torch.nn.LSTM(100, 64, device="meta").parameters())
    assert (size, library) == (42_240, 42_496)


@pytest.mark.parametrize("segment", ["b[:hidden]", "b[: 2 * hidden]"], ids=["input gate", "input gate too"])
def test_bias_in_the_wrong_segment_is_noticed(segment, assert_close, altered):
    wrong = altered(lstm_cell, "b[hidden : 2 * hidden] = forget_bias", f"{segment} = forget_bias")
    with pytest.raises(AssertionError):
        check_init(wrong, torch.device("cpu"), torch.float64, assert_close)


def test_adding_the_forget_bias_to_both_torch_biases_gives_two(assert_close):
    """torch 的两个偏置都设成 1，遗忘门的偏置就是 2：σ(2)，不是 σ(1)。"""
    cell = torch.nn.LSTMCell(D, H).double()
    with torch.no_grad():
        for w in cell.parameters():
            w.zero_()
        cell.bias_ih[H : 2 * H] = 1
        cell.bias_hh[H : 2 * H] = 1
    zero = torch.zeros(1, H).double()
    _, c = cell(torch.zeros(1, D).double(), (zero, torch.ones_like(zero)))
    assert_close(c, torch.sigmoid(torch.full_like(c, 2.0)))


# --- 设备 ---


def test_every_tensor_is_made_on_the_inputs_device(on_meta):
    layers = [parameters("cpu", torch.float32), parameters("cpu", torch.float32, d=H)]
    x, lengths = torch.randn(B, T, D), torch.tensor([6, 1, 4])
    flat = [w for layer in layers for w in layer]

    def run(x, lengths, *weights):
        return lstm(x, [weights[:3], weights[3:]], lengths)

    output, h, c = on_meta(run, x, lengths, *flat)
    assert output.shape == (B, T, H)
    assert h.shape == c.shape == (2, B, H)
    assert all(w.device.type == "meta" for w in init_layer(D, H, device="meta"))


# --- 笔记里的例子 ---


def test_the_worked_example_of_the_note():
    """D = H = 1，x = 1，h = 0.5，c = 2；权重按 i, f, g, o 排列。"""
    w_ih = torch.tensor([[1.0], [2.0], [0.5], [-1.0]], dtype=torch.float64)
    w_hh = torch.tensor([[0.5], [-1.0], [1.0], [2.0]], dtype=torch.float64)
    b = torch.tensor([0.0, 1.0, 0.0, 0.0], dtype=torch.float64)
    x, h, c = (torch.tensor([[v]], dtype=torch.float64) for v in (1.0, 0.5, 2.0))
    z = (x @ w_ih.T + h @ w_hh.T + b)[0].tolist()
    assert z == [1.25, 2.5, 1.0, 0.0]
    i, f, o = (1 / (1 + math.exp(-z[k])) for k in (0, 1, 3))
    assert [round(v, 4) for v in (i, f, math.tanh(z[2]), o)] == [0.7773, 0.9241, 0.7616, 0.5]
    h, c = lstm_step(x, h, c, w_ih, w_hh, b)
    assert [round(v.item(), 4) for v in (c, h)] == [2.4403, 0.4925]
