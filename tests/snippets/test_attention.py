"""注意力的证明：对照 F.scaled_dot_product_attention、逐对循环、核回归与极限。"""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.attention.bias import causal_lower_right

from snippets.attn import attention as module
from snippets.attn.attention import (
    additive_attention,
    attention,
    causal_mask,
    kernel_regression,
    masked_softmax,
    padding_mask,
)

B, T, S, D, V = 2, 5, 7, 4, 3


def qkv(device, dtype, *, t=T, s=S):
    return (
        torch.randn(B, t, D, device=device, dtype=dtype),
        torch.randn(B, s, D, device=device, dtype=dtype),
        torch.randn(B, s, V, device=device, dtype=dtype),
    )


def random_mask(device):
    mask = torch.rand(B, T, S, device=device) < 0.6
    mask[:, :, 0] = True  # 每个查询至少看得到一个键
    return mask


# --- 缩放点积 ---


def check_attention(snippet, device, dtype, assert_close):
    q, k, v = qkv(device, dtype)
    for mask in (None, random_mask(device)):
        output, weights = snippet.attention(q, k, v, mask)
        assert output.shape == (B, T, V)
        assert_close(output, functional.scaled_dot_product_attention(q, k, v, attn_mask=mask))
        assert_close(weights.sum(dim=-1), torch.ones(B, T, device=device, dtype=dtype))


def test_output_is_the_librarys(device, dtype, assert_close):
    check_attention(module, device, dtype, assert_close)


WRONG = {
    "no scaling": ("q = q / math.sqrt(q.shape[-1])", "q = q"),
    "scaled by d": ("math.sqrt(q.shape[-1])", "q.shape[-1]"),
    "softmax over the queries": (
        "return scores.softmax(dim=-1) * mask",
        "return scores.softmax(dim=-2) * mask",
    ),
    "mask inverted": (".masked_fill(~mask", ".masked_fill(mask"),
    "masked after the softmax": (".masked_fill(~mask,", ".masked_fill(mask & ~mask,"),
    "masked with 0": ("torch.finfo(scores.dtype).min)", "0.0)"),
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_wrong_attention_is_noticed(change, assert_close, altered):
    with pytest.raises(AssertionError):
        check_attention(altered(module, *change), torch.device("cpu"), torch.float64, assert_close)


def test_output_is_the_formula_pair_by_pair(device, dtype, assert_close):
    q, k, v = qkv(device, dtype)
    mask = random_mask(device)
    expected = torch.zeros(B, T, V, dtype=torch.float64)
    for n in range(B):
        for t in range(T):
            seen = [s for s in range(S) if mask[n, t, s]]
            scores = [sum(q[n, t, i].item() * k[n, s, i].item() for i in range(D)) / math.sqrt(D) for s in seen]
            total = sum(math.exp(score) for score in scores)
            for s, score in zip(seen, scores, strict=True):
                expected[n, t] += math.exp(score) / total * v[n, s].cpu().double()
    assert_close(attention(q, k, v, mask)[0], expected.to(device, dtype))


def test_attention_passes_gradcheck(device):
    q, k, v = (p.requires_grad_() for p in qkv(device, torch.float64, t=3, s=4))
    mask = causal_mask(3, 4, device=device)
    assert torch.autograd.gradcheck(lambda *p: attention(*p, mask), (q, k, v))


def test_gradients_are_the_librarys(device, dtype, assert_close):
    ours, theirs = ([p.clone().requires_grad_() for p in qkv_] for qkv_ in [qkv(device, dtype)] * 2)
    mask = random_mask(device)
    weight = torch.randn(B, T, V, device=device, dtype=dtype)
    (attention(*ours, mask)[0] * weight).sum().backward()
    (functional.scaled_dot_product_attention(*theirs, attn_mask=mask) * weight).sum().backward()
    for a, b in zip(ours, theirs, strict=True):
        assert_close(a.grad, b.grad)


# --- 掩码 ---


def check_hidden_row(snippet, device, dtype):
    """一个键都看不到：权重与输出为 0，梯度有限；同库的约定。"""
    q, k, v = (p.requires_grad_() for p in qkv(device, dtype))
    mask = random_mask(device)
    mask[0, 2] = False
    output, weights = snippet.attention(q, k, v, mask)
    assert torch.all(weights[0, 2] == 0)
    assert torch.all(output[0, 2] == 0)
    output.sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in (q, k, v))


def test_a_query_that_sees_nothing_gets_zero(device, dtype, assert_close):
    check_hidden_row(module, device, dtype)
    q, k, v = qkv(device, dtype)
    mask = random_mask(device)
    mask[0, 2] = False
    with sdpa_kernel(SDPBackend.MATH):  # 融合内核对整行屏蔽未必有同样的约定
        library = functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    assert_close(attention(q, k, v, mask)[0], library)


WRONG_ROWS = {
    "-inf gives NaN": ("torch.finfo(scores.dtype).min)", '-float("inf"))'),
    "uniform weights on hidden keys": (
        "return scores.softmax(dim=-1) * mask",
        "return scores.softmax(dim=-1)",
    ),
}


@pytest.mark.parametrize("change", WRONG_ROWS.values(), ids=WRONG_ROWS)
def test_wrong_hidden_row_is_noticed(change, altered):
    with pytest.raises(AssertionError):
        check_hidden_row(altered(module, *change), torch.device("cpu"), torch.float64)


@pytest.mark.parametrize("half", [torch.float16, torch.bfloat16])
def test_masks_survive_half_precision(half, device, assert_close):
    q, k, v = (p.to(half) for p in qkv(device, torch.float32))
    mask = random_mask(device)
    mask[0, 2] = False
    output, weights = attention(q, k, v, mask)
    assert output.dtype == half
    assert torch.isfinite(output).all()
    assert torch.all(weights[~mask] == 0)
    expected, _ = attention(q.float(), k.float(), v.float(), mask)
    assert_close(output, expected.to(half))


def test_minus_a_million_overflows_in_half_precision():
    """常见写法把屏蔽处填成 -1e6：半精度里它就是 -inf，整行屏蔽时得到 NaN。"""
    assert torch.tensor(-1e6).half().item() == -math.inf
    assert torch.full((3,), -1e6).half().softmax(dim=-1).isnan().all()


def test_scaling_first_keeps_half_precision_from_overflowing(device):
    q = torch.full((1, 256), 20.0, device=device, dtype=torch.float16)
    assert (q @ q.T).isinf().all()  # 256·400 = 102400，超过 65504
    output, _ = attention(q, q, q)
    assert torch.isfinite(output).all()


def test_causal_mask_is_the_librarys(device, dtype, assert_close):
    q, k, v = qkv(device, dtype, t=T, s=T)
    output, _ = attention(q, k, v, causal_mask(T, device=device))
    assert_close(output, functional.scaled_dot_product_attention(q, k, v, is_causal=True))


def test_causal_mask_is_aligned_at_the_lower_right(device, dtype, assert_close):
    """T < S：查询是最后 T 个。库的 is_causal 左上对齐，不同；causal_lower_right 相同。"""
    q, k, v = qkv(device, dtype)
    output, _ = attention(q, k, v, causal_mask(T, S, device=device))
    bias = causal_lower_right(T, S)
    assert_close(output, functional.scaled_dot_product_attention(q, k, v, attn_mask=bias))
    with pytest.raises(AssertionError):
        assert_close(output, functional.scaled_dot_product_attention(q, k, v, is_causal=True))


def check_causal(snippet, device, dtype):
    q, k, v = qkv(device, dtype, t=T, s=T)
    mask = snippet.causal_mask(T, device=device)
    for source in (k, v):
        source.requires_grad_()
    output, _ = snippet.attention(q, k, v, mask)
    for t in range(T):
        for slope in torch.autograd.grad(output[:, t].sum(), (k, v), retain_graph=True):
            assert torch.all(slope[:, t + 1 :] == 0)  # 未来一点不漏
            assert t == 0 or torch.all(slope[:, : t + 1].abs().sum(dim=-1) > 0)


def test_nothing_leaks_from_the_future(device, dtype):
    check_causal(module, device, dtype)


@pytest.mark.parametrize(
    ("old", "new"),
    [("diagonal=s - t)", "diagonal=s - t + 1)"), ("tril(", "triu(")],
    ids=["one key too many", "sees the future only"],
)
def test_wrong_causal_mask_is_noticed(old, new, altered):
    with pytest.raises(AssertionError):
        check_causal(altered(module, old, new), torch.device("cpu"), torch.float64)


def test_padding_is_as_if_it_were_not_there(device, dtype, assert_close):
    q, k, v = qkv(device, dtype)
    lengths = torch.tensor([3, 7], device=device)
    output, weights = attention(q, k, v, padding_mask(lengths, S))
    for n, length in enumerate(lengths.tolist()):
        assert_close(output[n], attention(q[n], k[n, :length], v[n, :length])[0])
        assert torch.all(weights[n, :, length:] == 0)


def test_masks_combine_by_and(device):
    mask = padding_mask(torch.tensor([3, 5], device=device), T) & causal_mask(T, device=device)
    assert mask.shape == (B, T, T)
    assert mask[0].sum() == 1 + 2 + 3 + 3 + 3
    assert mask[1].sum() == 1 + 2 + 3 + 4 + 5


# --- 对称与极限 ---


def test_order_of_the_keys_does_not_matter(device, dtype, assert_close):
    q, k, v = qkv(device, dtype)
    order = torch.randperm(S, device=device)
    assert_close(attention(q, k[:, order], v[:, order])[0], attention(q, k, v)[0])


def test_order_of_the_queries_is_the_order_of_the_outputs(device, dtype, assert_close):
    q, k, v = qkv(device, dtype)
    order = torch.randperm(T, device=device)
    assert_close(attention(q[:, order], k, v)[0], attention(q, k, v)[0][:, order])


def test_a_constant_added_to_all_keys_changes_nothing(device, dtype, assert_close):
    """所有键加同一个向量，每行的分数加同一个数，softmax 不变。"""
    q, k, v = qkv(device, dtype)
    shifted = k + torch.randn(D, device=device, dtype=dtype)
    # 加了又抵消：float32 多丢约一位
    assert_close(attention(q, shifted, v)[0], attention(q, k, v)[0], factor=10)


def test_cold_attention_picks_the_best_key_and_hot_attention_averages(device, dtype, assert_close):
    q, k, v = qkv(device, dtype)
    best = (q @ k.transpose(1, 2)).argmax(dim=-1)  # (B, T)
    chosen = v.gather(1, best[..., None].expand(B, T, V))
    assert_close(attention(1e6 * q, k, v)[0], chosen)
    assert_close(attention(0 * q, k, v)[0], v.mean(dim=1, keepdim=True).expand(B, T, V))


def test_outputs_stay_inside_the_values(device, dtype):
    q, k, v = qkv(device, dtype)
    output, _ = attention(q, k, v)
    slack = 4 * torch.finfo(dtype).eps
    assert torch.all(output <= v.amax(dim=1, keepdim=True) + slack)
    assert torch.all(output >= v.amin(dim=1, keepdim=True) - slack)


@pytest.mark.parametrize("d", [4, 64])
def test_dot_products_have_variance_d(d, device):
    """分量独立、方差 1 时 q·k 的方差是 d；样本方差的相对标准误 √((2 + 6/d)/n) 不超过 √(8/n)。"""
    n = 20_000
    q, k = torch.randn(2, n, d, device=device, dtype=torch.float64)
    ratio = (q * k).sum(dim=-1).var().item() / d
    assert abs(ratio - 1) < 5 * math.sqrt(8 / n)


@pytest.mark.parametrize(("d", "peak"), [(4, 0.3), (64, 0.8), (1024, 0.9)])
def test_scaling_keeps_the_weights_spread(d, peak, device):
    """不缩放时 d 越大 softmax 越接近独热；除以 √d 后最大的权重与 d 无关。"""
    q = torch.randn(500, 1, d, device=device)
    k = torch.randn(500, 16, d, device=device)
    raw = masked_softmax(q @ k.transpose(-2, -1)).amax(dim=-1).mean().item()
    scaled = attention(q, k, k)[1].amax(dim=-1).mean().item()
    assert raw > peak
    assert 0.2 < scaled < 0.3


# --- 加性打分 ---


def additive_parts(device, dtype):
    a, d_q, d_k = 6, D, 3
    return (
        torch.randn(B, T, d_q, device=device, dtype=dtype),
        torch.randn(B, S, d_k, device=device, dtype=dtype),
        torch.randn(B, S, V, device=device, dtype=dtype),
        torch.randn(a, d_q, device=device, dtype=dtype),
        torch.randn(a, d_k, device=device, dtype=dtype),
        torch.randn(a, device=device, dtype=dtype),
    )


def check_additive(snippet, device, dtype, assert_close):
    q, k, v, w_q, w_k, w_a = additive_parts(device, dtype)
    mask = random_mask(device)
    expected = torch.zeros(B, T, S, dtype=torch.float64)
    parts = [p.cpu().double() for p in (q, k, w_q, w_k, w_a)]
    for n in range(B):
        for t in range(T):
            scores = torch.full((S,), -math.inf, dtype=torch.float64)
            for s in range(S):
                if mask[n, t, s]:
                    hidden = torch.tanh(parts[2] @ parts[0][n, t] + parts[3] @ parts[1][n, s])
                    scores[s] = parts[4] @ hidden
            expected[n, t] = scores.softmax(dim=0)
    output, weights = snippet.additive_attention(q, k, v, w_q, w_k, w_a, mask)
    assert_close(weights, expected.to(device, dtype))
    assert_close(output, expected.to(device, dtype) @ v)


def test_additive_scores_are_the_formula_pair_by_pair(device, dtype, assert_close):
    check_additive(module, device, dtype, assert_close)


@pytest.mark.parametrize(
    ("old", "new"),
    [("torch.tanh(pairs) @ w_a", "pairs @ w_a"), ("+ (k @ w_k.T)", "- (k @ w_k.T)")],
    ids=["tanh left out", "difference instead of sum"],
)
def test_wrong_additive_is_noticed(old, new, assert_close, altered):
    with pytest.raises(AssertionError):
        check_additive(altered(module, old, new), torch.device("cpu"), torch.float64, assert_close)


def test_without_tanh_the_query_would_be_ignored(device, assert_close, altered):
    """去掉 tanh，查询对一行分数只加同一个常数，被 softmax 抵消：权重与查询无关。"""
    q, k, v, w_q, w_k, w_a = additive_parts(device, torch.float64)
    wrong = altered(module, "torch.tanh(pairs) @ w_a", "pairs @ w_a").additive_attention
    assert_close(wrong(q, k, v, w_q, w_k, w_a)[1], wrong(0 * q, k, v, w_q, w_k, w_a)[1])


def test_additive_passes_gradcheck(device):
    parts = tuple(p.requires_grad_() for p in additive_parts(device, torch.float64))
    assert torch.autograd.gradcheck(additive_attention, parts)


# --- 核回归 ---


def test_equal_key_norms_make_attention_a_kernel_regression(device, dtype, assert_close):
    """键等长时 -‖q-k‖²/(2σ²) 与 q·k/σ² 只差一个与键无关的数：取 σ² = √d 即缩放点积。"""
    q, k, v = (p[0] for p in qkv(device, dtype))
    k = k / k.norm(dim=-1, keepdim=True)
    # 距离平方先加后消，float32 多丢约一位
    assert_close(kernel_regression(q, k, v, D**0.25), attention(q, k, v)[0], factor=10)


def check_kernel(snippet, device, dtype, assert_close):
    x, keys, values = (p[0] for p in qkv(device, dtype))
    kernel = torch.exp(-(torch.cdist(x, keys) ** 2) / (2 * 0.7**2))
    expected = kernel @ values / kernel.sum(dim=-1, keepdim=True)
    # 这里的参考没有减最大值，又用 cdist 开方再平方，float32 精度略低
    assert_close(snippet.kernel_regression(x, keys, values, 0.7), expected, factor=30)


def test_kernel_regression_is_nadaraya_watson(device, dtype, assert_close):
    check_kernel(module, device, dtype, assert_close)


def test_a_wrong_bandwidth_is_noticed(assert_close, altered):
    wrong = altered(module, "/ (2 * bandwidth**2)", "/ bandwidth**2")
    with pytest.raises(AssertionError):
        check_kernel(wrong, torch.device("cpu"), torch.float64, assert_close)


# --- 设备 ---


def test_every_tensor_is_made_on_the_inputs_device(on_meta):
    q, k, v = qkv("cpu", torch.float32)
    assert on_meta(attention, q, k, v, random_mask("cpu"))[0].shape == (B, T, V)
    lengths = torch.tensor([3, 7])
    assert on_meta(padding_mask, lengths, S).shape == (B, 1, S)
    assert causal_mask(T, S, device="meta").device.type == "meta"
    assert on_meta(additive_attention, *additive_parts("cpu", torch.float32))[1].shape == (B, T, S)
    assert on_meta(kernel_regression, q[0], k[0], v[0], 1.0).shape == (T, V)


def test_masked_softmax_without_mask_is_softmax(device, dtype, assert_close):
    scores = torch.randn(B, T, S, device=device, dtype=dtype)
    assert_close(masked_softmax(scores), scores.softmax(dim=-1))
    everything = torch.ones(B, T, S, device=device, dtype=torch.bool)
    assert_close(masked_softmax(scores, everything), scores.softmax(dim=-1))


# --- 笔记里的例子 ---


def test_the_worked_example_of_the_note():
    """d = 4，q = (1, 0, 1, 0)，三个键，值 10、20、30。"""
    q = torch.tensor([[1.0, 0.0, 1.0, 0.0]], dtype=torch.float64)
    k = torch.tensor([[2.0, 0, 0, 0], [1, 0, 1, 5], [2, 3, 2, 0]], dtype=torch.float64)
    v = torch.tensor([[10.0], [20.0], [30.0]], dtype=torch.float64)
    assert (q @ k.T).tolist() == [[2, 2, 4]]
    output, weights = attention(q, k, v)
    assert [round(w, 4) for w in weights[0].tolist()] == [0.2119, 0.2119, 0.5761]
    assert round(output.item(), 4) == 23.6418
    output, weights = attention(q, k, v, torch.tensor([[True, True, False]]))
    assert weights.tolist() == [[0.5, 0.5, 0]]
    assert output.item() == 15
    unscaled = masked_softmax(q @ k.T)
    assert [round(w, 4) for w in unscaled[0].tolist()] == [0.1065, 0.1065, 0.787]
