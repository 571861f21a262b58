"""窗口注意力的证明：对照逐个窗口切出来单做的注意力，与按坐标写的邻居名单；逐项数乘加。"""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention

from snippets.repr import swin_window
from snippets.repr.swin_window import attention_cost, shift_mask, unwindows, window_attention, windows

B, H, W, D, M = 2, 8, 12, 3, 4


def qkv(device, dtype):
    return torch.randn(3, B, H, W, D, device=device, dtype=dtype)


def check_windows(snippet, device, dtype):
    x = torch.randn(B, H, W, D, device=device, dtype=dtype)
    parts = snippet.windows(x, M)
    expected = [x[b, r : r + M, c : c + M].reshape(M * M, D) for b in range(B) for r in range(0, H, M) for c in range(0, W, M)]
    assert torch.equal(parts, torch.stack(expected))
    assert torch.equal(snippet.unwindows(parts, M, H, W), x)


def test_windows_are_cut_one_by_one_and_put_back(device, dtype):
    check_windows(swin_window, device, dtype)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("return x.transpose(2, 3).reshape(-1, m * m, d)", "return x.reshape(-1, m * m, d)"),
        ("return x.transpose(2, 3).reshape(-1, height, width, x.shape[-1])", "return x.reshape(-1, height, width, x.shape[-1])"),
        ("height // m, width // m, m, m", "width // m, height // m, m, m"),
    ],
    ids=["strips", "not put back", "rows and columns swapped"],
)
def test_wrong_windows_are_noticed(old, new, altered):
    with pytest.raises((AssertionError, RuntimeError)):
        check_windows(altered(swin_window, old, new), torch.device("cpu"), torch.float64)


def groups(shift: int) -> torch.Tensor:
    """格 (r, c) 与 (r', c') 同属一个（可能被图边截短的）窗口：窗口从 -shift' 起每 M 格一个。-> (HW, HW)。"""
    start = (M - shift) % M  # 移位 shift 之后，窗口的边界在 shift, shift + M, …
    rows, columns = (torch.arange(H) + start) // M, (torch.arange(W) + start) // M
    cell = (rows[:, None] * 100 + columns[None, :]).flatten()
    return cell[:, None] == cell[None, :]


def check_attention(snippet, device, dtype, assert_close, shift):
    """不切窗口，整张图做一次注意力，只许看同窗的格子。"""
    q, k, v = qkv(device, dtype)
    flat = [x.flatten(1, 2) for x in (q, k, v)]
    expected = scaled_dot_product_attention(*flat, attn_mask=groups(shift).to(device)).unflatten(1, (H, W))
    assert_close(snippet.window_attention(q, k, v, M, shift), expected)


@pytest.mark.parametrize("shift", [0, 1, 2])
def test_attention_is_the_whole_maps_with_only_neighbours_seen(shift, device, dtype, assert_close):
    check_attention(swin_window, device, dtype, assert_close, shift)


WRONG = {
    "no mask": ("region[:, :, None] == region[:, None, :]", "region[:, :, None] == region[:, :, None]"),
    "mask inverted": ("region[:, :, None] == region[:, None, :]", "region[:, :, None] != region[:, None, :]"),
    "rows only": ("* 2 + (columns >= width - shift)[None, :]", "* 2 + 0 * (columns >= width - shift)[None, :]"),
    "shifted the other way": ("x.roll((-shift, -shift)", "x.roll((shift, shift)"),
    "not shifted back": ("return out.roll((shift, shift), dims=(1, 2))", "return out"),
    "shifted one way only": ("x.roll((-shift, -shift)", "x.roll((-shift, 0)"),
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_wrong_attention_is_noticed(change, assert_close, altered):
    with pytest.raises(AssertionError):
        check_attention(altered(swin_window, *change), torch.device("cpu"), torch.float64, assert_close, 1)


def test_one_window_is_global_attention(device, dtype, assert_close):
    q, k, v = (x[:, :, :H] for x in qkv(device, dtype))
    flat = scaled_dot_product_attention(*(x.flatten(1, 2) for x in (q, k, v)))
    assert_close(window_attention(q, k, v, H), flat.unflatten(1, (H, H)))


def test_attention_passes_gradcheck(device):
    q, k, v = torch.randn(3, 1, 4, 4, 2, device=device, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda *x: window_attention(*x, 2, 1), (q, k, v))


def test_two_layers_carry_a_message_across_the_border(device):
    """只用不移位的窗口，消息永远出不了窗；隔一层移位，(0, 0) 的消息两层就到得了邻窗。"""
    x = torch.randn(1, H, W, D, device=device, dtype=torch.float64, requires_grad=True)
    for shift, reaches in ((0, False), (2, True)):
        y = window_attention(x, x, x, M, 0)
        y = window_attention(y, y, y, M, shift)
        (slope,) = torch.autograd.grad(y[0, 4, 4].sum(), x)
        assert bool(slope[0, 0, 0].any()) == reaches


def test_mask_of_the_note(device):
    """4×4 的图、窗口 2、移位 1：第一个窗口不用隔，最后一个窗口四格各归各。"""
    mask = shift_mask(4, 4, 2, 1, device=device)
    assert mask.shape == (4, 4, 4)
    assert mask[0].all()
    assert torch.equal(mask[3], torch.eye(4, dtype=torch.bool, device=device))
    assert mask.sum(dim=(1, 2)).tolist() == [16, 8, 8, 4]
    assert shift_mask(4, 4, 2, 0, device=device).all()


def test_cost_is_counted_multiplication_by_multiplication():
    """每一次矩阵乘 (a×b)(b×c) 是 abc 次乘加；笔记的表由此而来。"""

    def product(a, b, c):
        return a * b * c

    n, d = 56 * 56, 96
    projections = 4 * product(n, d, d)
    whole = projections + product(n, d, n) + product(n, n, d)
    local = projections + (n // 49) * (product(49, d, 49) + product(49, 49, d))
    assert attention_cost(56, 56, 96) == whole
    assert attention_cost(56, 56, 96, 7) == local
    assert [f"{attention_cost(s, s, 96, m) / 1e9:.3g}" for s in (56, 112) for m in (None, 7)] == ["2", "0.145", "30.7", "0.58"]
    assert attention_cost(112, 112, 96, 7) == 4 * local  # 格子多四倍，代价正好多四倍
    assert attention_cost(112, 112, 96) > 15 * whole


def test_every_tensor_is_made_on_the_inputs_device(on_meta):
    q, k, v = qkv("cpu", torch.float32)
    assert on_meta(window_attention, q, k, v, M, 2).shape == (B, H, W, D)
    assert unwindows(windows(q.to("meta"), M), M, H, W).device.type == "meta"
