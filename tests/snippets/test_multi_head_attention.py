"""多头注意力的证明：对照 torch.nn.MultiheadAttention、SDPA 的分组查询、逐头循环与块结构。"""

from __future__ import annotations

import pytest
import torch
from torch.func import functional_call
from torch.nn import functional

from snippets.attn import multi_head_attention as module
from snippets.attn.multi_head_attention import (
    MultiHeadAttention,
    attend,
    merge_heads,
    split_heads,
)

B, T, S, D, N_HEADS, D_SOURCE = 2, 5, 7, 12, 4, 9


def pair(snippet, device, dtype, *, n_heads=N_HEADS, d_source=None, bias=True):
    """片段的一层与装着同样权重的库的一层。"""
    oracle = torch.nn.MultiheadAttention(D, n_heads, bias=bias, kdim=d_source, vdim=d_source, batch_first=True).to(device, dtype)
    ours = snippet.MultiHeadAttention(D, n_heads, d_source=d_source, bias=bias, device=device, dtype=dtype)
    with torch.no_grad():
        if d_source is None:
            weights = oracle.in_proj_weight.chunk(3)
        else:
            weights = (oracle.q_proj_weight, oracle.k_proj_weight, oracle.v_proj_weight)
        for linear, weight in zip((ours.w_q, ours.w_k, ours.w_v), weights, strict=True):
            linear.weight.copy_(weight)
        ours.w_o.weight.copy_(oracle.out_proj.weight)
        if bias:
            oracle.in_proj_bias.normal_()  # 库的初值是 0，看不出偏置的对错
            oracle.out_proj.bias.normal_()
            biases = (*oracle.in_proj_bias.chunk(3), oracle.out_proj.bias)
            for linear, b in zip((ours.w_q, ours.w_k, ours.w_v, ours.w_o), biases, strict=True):
                linear.bias.copy_(b)
    return ours, oracle


def random_mask(device, *shape):
    mask = torch.rand(*shape, device=device) < 0.6
    mask[..., 0] = True  # 每个查询至少看得到一个键
    return mask


# --- 自注意力与交叉注意力 ---


def check_self(snippet, device, dtype, assert_close, *, bias=True, n_heads=N_HEADS):
    ours, oracle = pair(snippet, device, dtype, bias=bias, n_heads=n_heads)
    x = torch.randn(B, T, D, device=device, dtype=dtype)
    mask = random_mask(device, T, T)
    output, weights = ours(x, mask=mask)
    expected, expected_weights = oracle(x, x, x, attn_mask=~mask, average_attn_weights=False)
    assert_close(output, expected)
    assert_close(weights, expected_weights)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("n_heads", [1, 3, 4, 12])
def test_self_attention_is_the_librarys(n_heads, bias, device, dtype, assert_close):
    check_self(module, device, dtype, assert_close, bias=bias, n_heads=n_heads)


WRONG = {
    "heads cut across time": (
        "x.unflatten(-1, (n_heads, -1)).transpose(1, 2)",
        "x.reshape(x.shape[0], n_heads, x.shape[1], -1)",
    ),
    "heads interleaved": (
        "x.unflatten(-1, (n_heads, -1)).transpose(1, 2)",
        "x.unflatten(-1, (-1, n_heads)).permute(0, 3, 1, 2)",
    ),
    "heads merged without moving them back": (
        "x.transpose(1, 2).flatten(-2)",
        "x.reshape(x.shape[0], x.shape[2], -1)",
    ),
    "scaled by the model's width": ("q / math.sqrt(q.shape[-1])", "q / math.sqrt(12)"),
    "the library's mask convention": (".masked_fill(~mask", ".masked_fill(mask"),
    "no output projection": ("self.w_o(merge_heads(heads))", "merge_heads(heads)"),
    "values projected like keys": ("self.w_v(source), self", "self.w_k(source), self"),
    "softmax over the heads": (
        "weights = scores.softmax(dim=-1) * mask",
        "weights = scores.softmax(dim=1) * mask",
    ),
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_wrong_attention_is_noticed(change, assert_close, altered):
    with pytest.raises(AssertionError):
        check_self(altered(module, *change), torch.device("cpu"), torch.float64, assert_close)


def test_cross_attention_is_the_librarys(device, dtype, assert_close):
    ours, oracle = pair(module, device, dtype, d_source=D_SOURCE)
    x = torch.randn(B, T, D, device=device, dtype=dtype)
    source = torch.randn(B, S, D_SOURCE, device=device, dtype=dtype)
    lengths = torch.tensor([3, 7], device=device)
    keep = torch.arange(S, device=device) < lengths[:, None]  # (B, S)
    output, weights = ours(x, source, mask=keep[:, None, None, :])
    expected, mean = oracle(x, source, source, key_padding_mask=~keep)
    assert_close(output, expected)
    assert_close(weights.mean(dim=1), mean)  # 库默认返回各头的平均


def test_parameter_gradients_are_the_librarys(device, dtype, assert_close):
    ours, oracle = pair(module, device, dtype)
    x = torch.randn(B, T, D, device=device, dtype=dtype)
    weight = torch.randn(B, T, D, device=device, dtype=dtype)
    (ours(x)[0] * weight).sum().backward()
    (oracle(x, x, x, need_weights=False)[0] * weight).sum().backward()
    layers = (ours.w_q, ours.w_k, ours.w_v)
    # 每个梯度是 B·T = 10 项、再穿过 softmax 之和，求和次序不同，float32 的舍入随之累积
    for linear, w, b in zip(layers, oracle.in_proj_weight.grad.chunk(3), oracle.in_proj_bias.grad.chunk(3), strict=True):
        assert_close(linear.weight.grad, w, factor=10)
        assert_close(linear.bias.grad, b, factor=10)
    assert_close(ours.w_o.weight.grad, oracle.out_proj.weight.grad, factor=10)
    assert_close(ours.w_o.bias.grad, oracle.out_proj.bias.grad, factor=10)


def test_the_key_bias_has_no_gradient(device, assert_close):
    """键的偏置给一行分数加同一个数，softmax 抵消它：梯度恒为 0。"""
    layer = MultiHeadAttention(D, N_HEADS, device=device, dtype=torch.float64)
    x = torch.randn(B, T, D, device=device, dtype=torch.float64)
    layer(x)[0].square().sum().backward()
    assert_close(layer.w_k.bias.grad, torch.zeros_like(layer.w_k.bias))
    assert layer.w_q.bias.grad.abs().max() > 1e-3


# --- 掩码的两种读法 ---


def test_mask_means_the_opposite_in_the_librarys_layer(device, dtype, assert_close):
    """同一个布尔掩码：SDPA 与片段 True 为可看，nn.MultiheadAttention True 为屏蔽。"""
    ours, oracle = pair(module, device, dtype)
    x = torch.randn(B, T, D, device=device, dtype=dtype)
    causal = torch.ones(T, T, dtype=torch.bool, device=device).tril()
    output, _ = ours(x, mask=causal)
    assert_close(output, oracle(x, x, x, attn_mask=~causal)[0])
    q, k, v = (split_heads(w(x), N_HEADS) for w in (ours.w_q, ours.w_k, ours.w_v))
    library = functional.scaled_dot_product_attention(q, k, v, attn_mask=causal)
    assert_close(output, ours.w_o(merge_heads(library)))
    # 忘记取反：最后一行全被屏蔽，库给出 NaN；其余各行只看见未来
    forgotten, _ = oracle(x, x, x, attn_mask=causal, need_weights=True)
    assert forgotten[:, -1].isnan().all()
    with pytest.raises(AssertionError):
        assert_close(forgotten[:, :-1], output[:, :-1])


def test_the_librarys_layer_gives_nan_or_not_by_a_flag(assert_close):
    """整行屏蔽（CPU）：nn.MultiheadAttention 默认给 NaN；不要权重的训练模式走 SDPA，只剩输出偏置。"""
    _, oracle = pair(module, torch.device("cpu"), torch.float64)
    x = torch.randn(B, T, D, dtype=torch.float64)
    nothing = torch.ones(T, T, dtype=torch.bool)
    assert oracle(x, x, x, attn_mask=nothing)[0].isnan().all()
    quiet, _ = oracle(x, x, x, attn_mask=nothing, need_weights=False)
    assert_close(quiet, oracle.out_proj.bias.expand(B, T, D))


def test_nothing_leaks_from_the_future(device, dtype):
    layer = MultiHeadAttention(D, N_HEADS, 2, device=device, dtype=dtype)
    x = torch.randn(1, T, D, device=device, dtype=dtype, requires_grad=True)
    mask = torch.ones(T, T, dtype=torch.bool, device=device).tril()
    output, _ = layer(x, mask=mask)
    for t in range(T):
        (slope,) = torch.autograd.grad(output[0, t].sum(), x, retain_graph=True)
        assert torch.all(slope[0, t + 1 :] == 0)
        assert torch.all(slope[0, : t + 1].abs().sum(dim=-1) > 0)


def test_a_hidden_row_gives_the_output_bias_and_finite_gradients(device, dtype, assert_close):
    layer = MultiHeadAttention(D, N_HEADS, device=device, dtype=dtype)
    x = torch.randn(B, T, D, device=device, dtype=dtype)
    mask = random_mask(device, B, 1, T, T)
    mask[0, 0, 2] = False
    output, weights = layer(x, mask=mask)
    assert torch.all(weights[0, :, 2] == 0)
    assert_close(output[0, 2], layer.w_o.bias)
    output.sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in layer.parameters())


# --- 分组查询 ---


def check_grouped(snippet, device, dtype, assert_close, n_kv_heads):
    q = torch.randn(B, 4, T, 3, device=device, dtype=dtype)
    k, v = torch.randn(2, B, n_kv_heads, S, 3, device=device, dtype=dtype)
    mask = random_mask(device, B, 1, T, S)
    output, weights = snippet.attend(q, k, v, mask)
    expected = functional.scaled_dot_product_attention(q, k, v, attn_mask=mask, enable_gqa=True)
    assert_close(output, expected)
    for head in range(4):  # 逐头：第 head 个查询头用第 head // (h/g) 个键值头
        shared = head // (4 // n_kv_heads)
        alone = functional.scaled_dot_product_attention(q[:, head], k[:, shared], v[:, shared], attn_mask=mask[:, 0])
        assert_close(output[:, head], alone)
    assert_close(weights.sum(dim=-1), torch.ones(B, 4, T, device=device, dtype=dtype))


@pytest.mark.parametrize("n_kv_heads", [1, 2, 4])
def test_grouped_queries_are_the_librarys(n_kv_heads, device, dtype, assert_close):
    check_grouped(module, device, dtype, assert_close, n_kv_heads)


@pytest.mark.parametrize("name", ["k", "v"])
def test_heads_shared_in_the_wrong_order_are_noticed(name, assert_close, altered):
    """键值头应成段重复（0, 0, 1, 1），整体铺开（0, 1, 0, 1）是常见的错。"""
    wrong = altered(module, f"{name}.repeat_interleave(repeats, dim=1)", f"{name}.repeat(1, repeats, 1, 1)")
    with pytest.raises(AssertionError):
        check_grouped(wrong, torch.device("cpu"), torch.float64, assert_close, 2)


def test_grouped_layer_is_a_full_layer_with_repeated_rows(device, dtype, assert_close):
    grouped = MultiHeadAttention(D, N_HEADS, 2, device=device, dtype=dtype)
    full = MultiHeadAttention(D, N_HEADS, device=device, dtype=dtype)
    state = grouped.state_dict()
    for name in ("w_k.weight", "w_k.bias", "w_v.weight", "w_v.bias"):
        rows = state[name].unflatten(0, (2, D // N_HEADS))  # (g, d, …)
        state[name] = rows.repeat_interleave(2, dim=0).flatten(0, 1)
    full.load_state_dict(state)
    x = torch.randn(B, T, D, device=device, dtype=dtype)
    assert_close(grouped(x)[0], full(x)[0])


def test_attend_passes_gradcheck(device):
    q = torch.randn(1, 4, 2, 3, device=device, dtype=torch.float64, requires_grad=True)
    k = torch.randn(1, 2, 3, 3, device=device, dtype=torch.float64, requires_grad=True)
    v = torch.randn(1, 2, 3, 3, device=device, dtype=torch.float64, requires_grad=True)
    mask = random_mask(device, 1, 1, 2, 3)
    assert torch.autograd.gradcheck(lambda *p: attend(*p, mask), (q, k, v))


# --- 块结构 ---


def test_merging_undoes_splitting(device, dtype):
    x = torch.randn(B, T, D, device=device, dtype=dtype)
    heads = split_heads(x, N_HEADS)
    assert heads.shape == (B, N_HEADS, T, D // N_HEADS)
    assert torch.equal(heads[:, 1], x[:, :, 3:6])  # 第 1 头正是第 3 到 5 列
    assert torch.equal(merge_heads(heads), x)


def test_output_is_the_sum_over_heads(device, dtype, assert_close):
    """拼接再乘 W^O，等于各头乘 W^O 的一块再相加：每个头是单头注意力，权重是大矩阵的一块。"""
    layer = MultiHeadAttention(D, N_HEADS, device=device, dtype=dtype)
    x = torch.randn(B, T, D, device=device, dtype=dtype)
    total = layer.w_o.bias.expand(B, T, D)
    for block in torch.arange(D, device=device).chunk(N_HEADS):
        q, k, v = (functional.linear(x, w.weight[block], w.bias[block]) for w in (layer.w_q, layer.w_k, layer.w_v))
        head = functional.scaled_dot_product_attention(q, k, v)  # (B, T, d)
        total = total + head @ layer.w_o.weight[:, block].T
    assert_close(layer(x)[0], total)


def test_heads_can_change_places(device, dtype, assert_close):
    layer = MultiHeadAttention(D, N_HEADS, device=device, dtype=dtype)
    x = torch.randn(B, T, D, device=device, dtype=dtype)
    before, weights = layer(x)
    heads = torch.randperm(N_HEADS, device=device)
    order = torch.arange(D, device=device).view(N_HEADS, -1)[heads].flatten()
    with torch.no_grad():
        for w in (layer.w_q, layer.w_k, layer.w_v):
            w.weight.copy_(w.weight[order])
            w.bias.copy_(w.bias[order])
        layer.w_o.weight.copy_(layer.w_o.weight[:, order])
    after, moved = layer(x)
    assert_close(after, before)
    assert_close(moved, weights[:, heads])


def test_without_positions_order_does_not_matter(device, dtype, assert_close):
    layer = MultiHeadAttention(D, N_HEADS, device=device, dtype=dtype)
    x = torch.randn(B, T, D, device=device, dtype=dtype)
    order = torch.randperm(T, device=device)
    assert_close(layer(x[:, order])[0], layer(x)[0][:, order])


def test_two_heads_read_two_places_and_one_head_cannot(assert_close):
    """目标：第一个数取自位置 0，第二个数取自位置 1，各分量独立、方差 1（总方差 2）。

    两个头各看一处，误差为 0。一个头的权重若只由位置定，为 (α, 1-α)，它读出
    z = α x_0 + (1-α) x_1；对 z 的最优线性读出的均方误差恒为 1，与 α 无关。
    """
    alpha = torch.linspace(0, 1, 11, dtype=torch.float64)
    target = torch.tensor([[1.0, 0, 0, 0], [0, 0, 0, 1.0]], dtype=torch.float64)  # 读 x_0a、x_1b
    for a in alpha.tolist():
        one = torch.tensor([[a, 0, 1 - a, 0], [0, a, 0, 1 - a]], dtype=torch.float64)
        best = target @ torch.linalg.pinv(one)  # 输入协方差是单位阵，最优读出即投影
        assert_close((target - best @ one).square().sum().item(), 1.0)
    layer = MultiHeadAttention(4, 2, bias=False, dtype=torch.float64)
    with torch.no_grad():
        for w in layer.parameters():
            w.zero_()
        # 输入 (内容 a, 内容 b, 是否位置 0, 是否位置 1)；每头宽 2
        layer.w_q.weight[[0, 2], 2:] = 100.0  # 两头的查询都是常数
        layer.w_k.weight[0, 2] = 1.0  # 头 0 只认位置 0
        layer.w_k.weight[2, 3] = 1.0  # 头 1 只认位置 1
        layer.w_v.weight[0, 0] = 1.0  # 头 0 取内容 a
        layer.w_v.weight[2, 1] = 1.0  # 头 1 取内容 b
        layer.w_o.weight[0, 0] = layer.w_o.weight[1, 2] = 1.0
    content = torch.randn(64, 2, 2, dtype=torch.float64)
    x = torch.cat([content, torch.eye(2, dtype=torch.float64).expand(64, 2, 2)], dim=-1)
    output, _ = layer(x)
    wanted = torch.stack([content[:, 0, 0], content[:, 1, 1]], dim=-1)
    assert_close(output[:, 0, :2], wanted)
    assert_close(output[:, 1, :2], wanted)


# --- 大小与设备 ---


@pytest.mark.parametrize(("n_kv_heads", "size", "cache"), [(8, 1_050_624, 1024), (2, 656_640, 256), (1, 590_976, 128)])
def test_sizes_are_those_of_the_note(n_kv_heads, size, cache):
    layer = MultiHeadAttention(512, 8, n_kv_heads, device="meta")
    assert sum(p.numel() for p in layer.parameters()) == size
    d_kv = layer.w_k.out_features
    assert d_kv + layer.w_v.out_features == cache
    assert size == 2 * 512 * 513 + 2 * d_kv * 513


@pytest.mark.parametrize(("n_kv_heads", "gib"), [(32, 2.0), (8, 0.5), (1, 0.0625)])
def test_cache_is_that_of_the_note(n_kv_heads, gib):
    """32 层，D = 4096，32 个查询头，4096 个词元，半精度：要缓存的键与值有多少字节。"""
    layer = MultiHeadAttention(4096, 32, n_kv_heads, device="meta", dtype=torch.float16)
    x = torch.empty(1, 4096, 4096, device="meta", dtype=torch.float16)
    one_layer = layer.w_k(x).nbytes + layer.w_v(x).nbytes
    assert 32 * one_layer / 2**30 == gib


def test_the_number_of_heads_does_not_change_the_size():
    sizes = {sum(p.numel() for p in MultiHeadAttention(512, h, device="meta").parameters()) for h in (1, 2, 8, 64)}
    assert sizes == {1_050_624}


@pytest.mark.parametrize("bias", [True, False])
def test_every_parameter_is_made_as_asked(bias):
    layer = MultiHeadAttention(D, N_HEADS, 2, bias=bias, device="meta", dtype=torch.float64)
    assert len(list(layer.parameters())) == (8 if bias else 4)
    assert {(p.device.type, p.dtype) for p in layer.parameters()} == {("meta", torch.float64)}


@pytest.mark.parametrize("heads", [(5, 5), (4, 3)])
def test_heads_that_do_not_divide_are_refused(heads):
    with pytest.raises(ValueError, match="12"):
        MultiHeadAttention(D, *heads)


def test_every_tensor_is_made_on_the_inputs_device(on_meta):
    layer = MultiHeadAttention(D, N_HEADS, 2, d_source=D_SOURCE)
    names, weights = zip(*layer.state_dict().items(), strict=True)

    def run(x, source, mask, *weights):
        return functional_call(layer, dict(zip(names, weights, strict=True)), (x, source, mask))

    x, source = torch.randn(B, T, D), torch.randn(B, S, D_SOURCE)
    output, attention = on_meta(run, x, source, random_mask("cpu", T, S), *weights)
    assert output.shape == (B, T, D)
    assert attention.shape == (B, N_HEADS, T, S)
    q, k = torch.randn(B, 4, T, 3), torch.randn(B, 2, S, 3)
    assert on_meta(attend, q, k, k)[0].shape == (B, 4, T, 3)
    assert on_meta(merge_heads, q).shape == (B, T, D)
    assert on_meta(split_heads, x, N_HEADS).shape == (B, N_HEADS, T, 3)
